//! What form an answer takes: `_format` and `Accept` → a media type.
//!
//! R4 §3.1.0.1.11: `_format` overrides `Accept`; `json`, `application/json` and `application/fhir+json`
//! mean JSON, the same of `xml`, and a caller that accepts a generic type is answered in it. So `_format`
//! always gives FHIR's own type, while `Accept: application/json` and `text/xml` give what they name. Where
//! both forms are as welcome, as with `*/*`, it is JSON. Other forms and other versions of FHIR are refused
//! with 406, and the text says what there is.

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};

/// Ranges of an `Accept` that are looked at; what comes after is not.
const MAX_RANGES: usize = 64;

/// What an answer is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Xml,
}

impl Form {
    /// What its entity tags end in.
    pub const fn variant(self) -> &'static str {
        match self {
            Form::Json => "",
            Form::Xml => "x",
        }
    }
}

/// The media types that an answer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MediaType {
    /// `application/fhir+json`, unless something else is asked for.
    #[default]
    FhirJson,
    /// `application/json`
    Json,
    /// `text/json`
    TextJson,
    /// `application/fhir+xml`
    FhirXml,
    /// `application/xml`
    Xml,
    /// `text/xml`
    TextXml,
}

impl MediaType {
    /// In the order of preference.
    const ALL: [MediaType; 6] = [
        MediaType::FhirJson,
        MediaType::Json,
        MediaType::TextJson,
        MediaType::FhirXml,
        MediaType::Xml,
        MediaType::TextXml,
    ];

    fn parts(self) -> (&'static str, &'static str) {
        match self {
            MediaType::FhirJson => ("application", "fhir+json"),
            MediaType::Json => ("application", "json"),
            MediaType::TextJson => ("text", "json"),
            MediaType::FhirXml => ("application", "fhir+xml"),
            MediaType::Xml => ("application", "xml"),
            MediaType::TextXml => ("text", "xml"),
        }
    }

    /// What an answer of the type is written in.
    pub fn form(self) -> Form {
        match self {
            MediaType::FhirJson | MediaType::Json | MediaType::TextJson => Form::Json,
            MediaType::FhirXml | MediaType::Xml | MediaType::TextXml => Form::Xml,
        }
    }

    /// The `Content-Type` of an answer.
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            MediaType::FhirJson => "application/fhir+json; charset=utf-8",
            MediaType::Json => "application/json; charset=utf-8",
            MediaType::TextJson => "text/json; charset=utf-8",
            MediaType::FhirXml => "application/fhir+xml; charset=utf-8",
            MediaType::Xml => "application/xml; charset=utf-8",
            MediaType::TextXml => "text/xml; charset=utf-8",
        })
    }
}

/// Which of the two asked for what is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAcceptable {
    /// `_format`
    Format,
    /// `Accept`
    Accept,
}

/// Chooses the media type of an answer.
///
/// # Errors
/// When none of the types is among what is asked for.
pub fn media_type(format: Option<&str>, headers: &HeaderMap) -> Result<MediaType, NotAcceptable> {
    match format {
        Some(format) => by_format(format).ok_or(NotAcceptable::Format),
        None => by_accept(headers).ok_or(NotAcceptable::Accept),
    }
}

fn by_format(format: &str) -> Option<MediaType> {
    let (name, parameters) = format.split_once(';').unwrap_or((format, ""));
    // An unencoded `+` of `application/fhir+json` arrives as a space.
    let name = name.trim().replace(' ', "+").to_ascii_lowercase();
    let media_type = match name.as_str() {
        "json" | "application/json" | "application/fhir+json" | "text/json" => MediaType::FhirJson,
        "xml" | "application/xml" | "application/fhir+xml" | "text/xml" => MediaType::FhirXml,
        _ => return None,
    };
    are_met(parameters).then_some(media_type)
}

/// A range of `Accept`.
struct Range {
    main: String,
    sub: String,
    /// In thousandths.
    quality: u16,
    /// Its parameters ask for nothing that an answer is not.
    met: bool,
}

fn by_accept(headers: &HeaderMap) -> Option<MediaType> {
    let mut ranges = Vec::new();
    let mut any = false;
    for value in headers.get_all(ACCEPT) {
        // A header that is no text has no range that could match.
        let text = value.to_str().unwrap_or("?");
        any |= !text.trim().is_empty();
        let left = MAX_RANGES - ranges.len();
        ranges.extend(split_unquoted(text, ',').take(left).filter_map(range));
    }
    if !any {
        return Some(MediaType::FhirJson);
    }
    let mut best: Option<((u16, u8), MediaType)> = None;
    for offer in MediaType::ALL {
        // The most specific range decides an offer's quality; between offers of the same quality the one
        // that was named wins, then the first.
        let matching = ranges
            .iter()
            .filter(|range| range.met)
            .filter_map(|range| Some((specificity(range, offer)?, range.quality)))
            .max_by_key(|(specificity, _)| *specificity);
        if let Some((specificity, quality)) = matching
            && quality > 0
            && best.is_none_or(|(rank, _)| (quality, specificity) > rank)
        {
            best = Some(((quality, specificity), offer));
        }
    }
    best.map(|(_, offer)| offer)
}

fn specificity(range: &Range, offer: MediaType) -> Option<u8> {
    let (main, sub) = offer.parts();
    match (range.main.as_str(), range.sub.as_str()) {
        ("*", "*") => Some(0),
        (range_main, "*") if range_main == main => Some(1),
        (range_main, range_sub) if range_main == main && range_sub == sub => Some(2),
        _ => None,
    }
}

fn range(text: &str) -> Option<Range> {
    let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
    let (main, sub) = name.trim().split_once('/')?;
    let mut quality = 1000;
    for (name, value) in pairs(parameters) {
        if name.eq_ignore_ascii_case("q") {
            quality = thousandths(value)?;
        }
    }
    Some(Range {
        main: main.trim().to_ascii_lowercase(),
        sub: sub.trim().to_ascii_lowercase(),
        quality,
        met: are_met(parameters),
    })
}

/// Whether an answer has what parameters ask for. Those of no meaning here ask for nothing.
fn are_met(parameters: &str) -> bool {
    is_r4(parameters) && is_utf8(parameters)
}

/// Whether parameters of a media type name no version of FHIR but the one that is served.
pub(super) fn is_r4(parameters: &str) -> bool {
    all_named(parameters, "fhirVersion", |value| value == "4.0")
}

/// Whether parameters of a media type name no charset but UTF-8.
pub(super) fn is_utf8(parameters: &str) -> bool {
    all_named(parameters, "charset", |value| {
        value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
    })
}

fn all_named(parameters: &str, name: &str, is: impl Fn(&str) -> bool) -> bool {
    pairs(parameters)
        .filter(|(of, _)| of.eq_ignore_ascii_case(name))
        .all(|(_, value)| is(value))
}

/// `a=1; b="2"` → names and values, without quotes.
fn pairs(parameters: &str) -> impl Iterator<Item = (&str, &str)> {
    split_unquoted(parameters, ';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        Some((name.trim(), value.trim().trim_matches('"')))
    })
}

/// The parts between separators that are not within quotes.
pub(super) fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |character| {
        if escaped {
            escaped = false;
        } else if quoted && character == '\\' {
            escaped = true;
        } else if character == '"' {
            quoted = !quoted;
        }
        character == separator && !quoted
    })
}

/// `0.8` → 800. None for what is no quality (RFC 9110 §12.4.2).
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(values: &[&'static str]) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        media_type(None, &headers).ok()
    }

    #[test]
    fn accept_is_matched_by_quality_then_by_how_exactly_it_names() {
        use MediaType::{FhirJson, FhirXml, Json, TextJson, TextXml, Xml};
        for (values, expected) in [
            (&[][..], Some(FhirJson)),
            (&[""], Some(FhirJson)),
            (&["*/*"], Some(FhirJson)),
            (&["application/*"], Some(FhirJson)),
            (&["application/fhir+json"], Some(FhirJson)),
            (&["APPLICATION/FHIR+JSON"], Some(FhirJson)),
            (&["application/fhir+json;fhirVersion=4.0"], Some(FhirJson)),
            (
                &["application/fhir+json; fhirVersion=\"4.0\"; q=0.5"],
                Some(FhirJson),
            ),
            (&["application/fhir+json; fhirVersion=3.0"], None),
            (
                &["application/fhir+json; fhirVersion=5.0, */*;q=0.1"],
                Some(FhirJson),
            ),
            (&["application/fhir+json; charset=UTF-8"], Some(FhirJson)),
            (&["application/fhir+json; charset=iso-8859-1"], None),
            (&["application/json"], Some(Json)),
            (&["application/json, text/plain, */*"], Some(Json)),
            (&["application/json, application/fhir+json"], Some(FhirJson)),
            (
                &["application/json, application/fhir+json;q=0.9"],
                Some(Json),
            ),
            (&["text/json"], Some(TextJson)),
            (&["text/*"], Some(TextJson)),
            (
                &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
                Some(Xml),
            ),
            (
                &["application/fhir+xml", "application/fhir+json;q=0.1"],
                Some(FhirXml),
            ),
            (
                &["application/fhir+xml;q=0.1", "application/fhir+json"],
                Some(FhirJson),
            ),
            (
                &["application/fhir+xml, application/fhir+json"],
                Some(FhirJson),
            ),
            (&["application/fhir+xml, */*"], Some(FhirXml)),
            (&["application/fhir+xml;q=0.5, */*"], Some(FhirJson)),
            (&["*/*, application/fhir+json;q=0.5"], Some(Json)),
            (&["application/fhir+xml"], Some(FhirXml)),
            (
                &["Application/FHIR+XML; fhirVersion=4.0; charset=utf-8"],
                Some(FhirXml),
            ),
            (&["application/fhir+xml; fhirVersion=3.0"], None),
            (
                &["application/fhir+xml; fhirVersion=1.0, application/xml;q=0.1"],
                Some(Xml),
            ),
            (&["application/xml, text/xml"], Some(Xml)),
            (&["text/xml"], Some(TextXml)),
            (&["text/xml, text/*;q=0.9"], Some(TextXml)),
            (&["text/turtle, application/fhir+turtle"], None),
            (&["text/html"], None),
            (&["*/*;q=0"], None),
            (&["*/*, application/*;q=0"], Some(TextJson)),
            (&["application/json;q=2"], None),
            (&["application/json;q=x"], None),
            (&["nonsense"], None),
            (&["a/b;x=\"application/json,*/*\""], None),
        ] {
            assert_eq!(accept(values), expected, "{values:?}");
        }
    }

    #[test]
    fn format_overrides_accept_and_gives_the_type_of_fhir() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/xml"));
        for format in [
            "json",
            "application/json",
            "text/json",
            "application/fhir+json",
            "application/fhir json",
            "application/fhir+json; fhirVersion=4.0",
            "Application/FHIR+JSON;charset=utf-8",
        ] {
            assert_eq!(
                media_type(Some(format), &headers),
                Ok(MediaType::FhirJson),
                "{format}"
            );
        }
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for format in [
            "xml",
            "XML",
            "text/xml",
            "application/xml",
            "application/fhir+xml",
            "application/fhir xml",
            "application/fhir+xml; fhirVersion=4.0; charset=utf-8",
        ] {
            assert_eq!(
                media_type(Some(format), &headers),
                Ok(MediaType::FhirXml),
                "{format}"
            );
        }
        for format in [
            "ttl",
            "html",
            "jsonp",
            "xhtml",
            "json; fhirVersion=3.0",
            "xml; fhirVersion=5.0",
            "xml; charset=utf-16",
            "*/*",
        ] {
            assert_eq!(
                media_type(Some(format), &HeaderMap::new()),
                Err(NotAcceptable::Format),
                "{format}"
            );
        }
    }

    #[test]
    fn many_ranges_and_open_quotes_do_no_harm() {
        let many = "text/html,".repeat(5_000) + "*/*";
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(&many).expect("a header"));
        assert_eq!(
            media_type(None, &headers),
            Err(NotAcceptable::Accept),
            "the bound comes first"
        );
        assert_eq!(
            accept(&["application/json;a=\"b, */*"]),
            Some(MediaType::Json)
        );
    }
}
