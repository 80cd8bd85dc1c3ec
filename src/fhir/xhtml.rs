//! The `div` of a narrative: whether a text is one.
//!
//! In JSON it is a string like any other; in XML it stands in the document as it is, so that a tag left open
//! there would spoil the whole answer. Here it must be well-formed XML of one `div` in XHTML's namespace, without
//! comments and instructions, and with no entities but XML's own: there is no document type that would declare
//! `&nbsp;` (<http://hl7.org/fhir/R4/narrative.html>). Which elements of XHTML there may be is not looked at.

const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// Whether the text is a `div` that can stand in XML.
pub fn is_div(text: &str) -> bool {
    text.chars().all(is_char) && read(text).is_some()
}

/// `Char` of XML 1.0 §2.2.
pub const fn is_char(letter: char) -> bool {
    match letter {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => letter >= ' ',
    }
}

/// Reads to the end of the text; None where it is not as it should be.
fn read(text: &str) -> Option<()> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    loop {
        let is_root = open.is_empty();
        if let Some(end) = rest.strip_prefix("</") {
            let (name, after) = end.split_once('>')?;
            if open.pop()? != name.trim_end_matches(is_space) {
                return None;
            }
            rest = after;
        } else {
            let tag = start_tag(rest.strip_prefix('<')?)?;
            let is_xhtml = tag.namespace.map_or(!is_root, |uri| uri == NAMESPACE);
            if !is_xhtml || (is_root && tag.name != "div") {
                return None;
            }
            if !tag.is_empty {
                open.push(tag.name);
            }
            rest = tag.after;
        }
        if open.is_empty() {
            return rest.is_empty().then_some(());
        }
        let text = &rest[..rest.find('<')?];
        if text.contains("]]>") || !has_only_known_references(text) {
            return None;
        }
        rest = &rest[text.len()..];
    }
}

struct StartTag<'t> {
    name: &'t str,
    namespace: Option<&'t str>,
    /// `<br/>`
    is_empty: bool,
    after: &'t str,
}

/// Reads a start tag after its `<`.
fn start_tag(text: &str) -> Option<StartTag<'_>> {
    let (name, mut rest) = name(text)?;
    let mut seen = Vec::new();
    let mut namespace = None;
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        let ended = match (trimmed.strip_prefix("/>"), trimmed.strip_prefix('>')) {
            (Some(after), _) => Some((true, after)),
            (None, Some(after)) => Some((false, after)),
            (None, None) => None,
        };
        if let Some((is_empty, after)) = ended {
            return Some(StartTag {
                name,
                namespace,
                is_empty,
                after,
            });
        }
        // Blanks stand between attributes.
        if trimmed.len() == rest.len() {
            return None;
        }
        let (attribute, after) = self::name(trimmed)?;
        let after = after.trim_start_matches(is_space).strip_prefix('=')?;
        let after = after.trim_start_matches(is_space);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        if value.contains('<') || !has_only_known_references(value) || seen.contains(&attribute) {
            return None;
        }
        if attribute == "xmlns" {
            namespace = Some(value);
        }
        seen.push(attribute);
        rest = after;
    }
}

/// A name and what follows it. One with a prefix is of another namespace, but `xml:lang` is allowed.
fn name(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && (name == "xml:lang" || !name.contains(':'));
    is_name.then_some((name, rest))
}

/// Every `&` begins one of XML's own entities, or a character by its number.
fn has_only_known_references(text: &str) -> bool {
    text.split('&').skip(1).all(|after| {
        let Some((name, _)) = after.split_once(';') else {
            return false;
        };
        let number = match name.strip_prefix('#') {
            None => return matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
            Some(number) => number,
        };
        let (digits, radix) = match number.strip_prefix('x') {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        digits.chars().all(|digit| digit.is_digit(radix))
            && u32::from_str_radix(digits, radix)
                .ok()
                .and_then(char::from_u32)
                .is_some_and(is_char)
    })
}

const fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(inside: &str) -> bool {
        is_div(&format!(
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">{inside}</div>"
        ))
    }

    #[test]
    fn well_formed_xhtml_is_taken() {
        for inside in [
            "",
            "a",
            "<p>a <b>b</b> c<br/><br /></p>\n",
            "<div><div>a</div></div>",
            "a &amp; b &lt; c &#160; &#xA0; &quot;",
            "<a href='x?a=1&amp;b=2' title = \"it's\" xml:lang=\"en\">Zoë</a>",
            "<p xmlns=\"http://www.w3.org/1999/xhtml\">a</p >",
            "a > b ]]",
        ] {
            assert!(judged(inside), "{inside}");
        }
        assert!(is_div("<div xmlns='http://www.w3.org/1999/xhtml'/>"));
    }

    #[test]
    fn what_would_spoil_a_document_is_not() {
        for inside in [
            "<br>",
            "</br>",
            "<p>a</b>",
            "<P>a</p>",
            "</div><div>",
            "a & b",
            "&nbsp;",
            "&amp",
            "&#0;",
            "&#xFFFE;",
            "&#xD800;",
            "&#;",
            "&#x;",
            "&#+1;",
            "a < b",
            "]]>",
            "<!-- a -->",
            "<![CDATA[a]]>",
            "<?a b?>",
            "<p class=a>b</p>",
            "<p class>b</p>",
            "<p class=\"<\">b</p>",
            "<p class=\"&x;\">b</p>",
            "<p a=\"1\"b=\"2\">b</p>",
            "<p a=\"1\" a=\"2\">b</p>",
            "<p a=\"1>b</p>",
            "<x:p>b</x:p>",
            "<p xmlns=\"urn:x\">b</p>",
            "\u{1}",
            "\u{ffff}",
        ] {
            assert!(!judged(inside), "{inside}");
        }
        for text in [
            "",
            "a",
            "<div>a</div>",
            "<p xmlns=\"http://www.w3.org/1999/xhtml\">a</p>",
            " <div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>",
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div> ",
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">a",
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"",
            "<div xmlns=\"urn:x\">a</div>",
        ] {
            assert!(!is_div(text), "{text}");
        }
    }
}
