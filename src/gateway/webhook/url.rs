//! Where messages go: a URL, or a template of one.
//!
//! Takes the text that an operator set; gives a template that was looked at as a whole, so that what is wrong is said when
//! it is set and not when a message is lost. Takes a message; gives its URL. Which server is called is the operator's to
//! say: a message's ids may be in the path and the query, and never in the host.
//!
//! The text is read as the client reads it, by the WHATWG's rules, in which `http://2130706433/` and `http://0x7f.1/` are
//! `127.0.0.1`: one reading, so that no other form of an address gets past the check.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use thiserror::Error;

use super::guard::{host_address, may_be_called};
use super::{Delivery, Source};
use crate::gateway::id::{QueryId, SiteId};

/// All that has no meaning of its own in a URL (RFC 3986 §2.3) stands for itself.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Why a text is no webhook's URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UrlError {
    #[error("a webhook's URL has at most {} bytes", Template::LONGEST)]
    Length,
    #[error("a webhook's URL has no blanks and no control characters")]
    Blank,
    #[error("`{{{0}}}` in a webhook's URL is none of {{siteId}}, {{queryId}} and {{source}}")]
    Place(String),
    /// In the query, where secrets stand: what is in the braces is not shown.
    #[error(
        "what stands in braces in the query of a webhook's URL is none of {{siteId}}, {{queryId}} and {{source}}"
    )]
    PlaceInQuery,
    #[error("a webhook's URL has a brace without its other one")]
    Brace,
    #[error("a webhook's URL is of the form https://host/path")]
    Form,
    #[error("a webhook's URL begins with https://")]
    Plain,
    #[error("a webhook's URL has no user and no password")]
    User,
    #[error("a webhook's URL has no fragment: nothing of one is sent")]
    Fragment,
    #[error(
        "{{siteId}}, {{queryId}} and {{source}} are for the path and the query of a webhook's URL"
    )]
    PlaceInHost,
    #[error(
        "a webhook's host is a public one: no address of this computer or of a private network"
    )]
    Address,
}

/// A webhook's URL, with places for what a message is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// Where it leads is shown by its text alone, which is the operator's.
impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Template").finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Place),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Site,
    Query,
    Source,
}

/// What goes into the places.
#[derive(Clone, Copy)]
struct About {
    site: SiteId,
    query: QueryId,
    source: Source,
}

impl Template {
    pub const LONGEST: usize = 2000;

    /// Reads the text of a webhook's URL. `allow_private` lets it be of a private address, and plain `http`.
    ///
    /// # Errors
    /// [`UrlError`], the first that is found.
    pub fn parse(text: &str, allow_private: bool) -> Result<Template, UrlError> {
        if text.len() > Template::LONGEST {
            return Err(UrlError::Length);
        }
        // The client would leave some of them out without a word.
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(UrlError::Blank);
        }
        let template = Template(pieces(text)?);
        // Two messages that have nothing in common.
        let one = template.fill(About {
            site: SiteId(uuid::Uuid::nil()),
            query: QueryId(uuid::Uuid::nil()),
            source: Source::Async,
        })?;
        check(&one, allow_private)?;
        let other = template.fill(About {
            site: SiteId(uuid::Uuid::max()),
            query: QueryId(uuid::Uuid::max()),
            source: Source::Registered,
        });
        // Where a place is in the host, the other one may be no URL at all.
        if !other.is_ok_and(|other| one.origin() == other.origin()) {
            return Err(UrlError::PlaceInHost);
        }
        Ok(template)
    }

    /// Where a message goes.
    ///
    /// # Errors
    /// [`UrlError::Form`]; not after [`Template::parse`], which has tried it.
    pub fn expand(&self, delivery: &Delivery) -> Result<Url, UrlError> {
        self.fill(About {
            site: delivery.site,
            query: delivery.query,
            source: delivery.source,
        })
    }

    fn fill(&self, about: About) -> Result<Url, UrlError> {
        let mut text = String::with_capacity(256);
        for piece in &self.0 {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Place(place) => {
                    let value = match place {
                        Place::Site => about.site.to_string(),
                        Place::Query => about.query.to_string(),
                        Place::Source => about.source.name().to_owned(),
                    };
                    text.extend(utf8_percent_encode(&value, ENCODED));
                }
            }
        }
        Url::parse(&text).map_err(|_| UrlError::Form)
    }
}

/// The text of a webhook's URL as people may see it: many have a token in the query, so that its values are asterisks. Those
/// that are a place alone are shown. For any text, also one that is no URL.
pub fn masked(text: &str) -> String {
    let Some((before, query)) = text.split_once('?') else {
        return text.to_owned();
    };
    let is_place = |value: &str| ["{siteId}", "{queryId}", "{source}"].contains(&value);
    let part = |part: &str| match part.split_once('=') {
        Some((_, value)) if is_place(value) || value.is_empty() => part.to_owned(),
        Some((name, _)) => format!("{name}={MASK}"),
        // Without a name it may be a token by itself.
        None if is_place(part) || part.is_empty() => part.to_owned(),
        None => MASK.to_owned(),
    };
    let parts: Vec<String> = query.split('&').map(part).collect();
    format!("{before}?{}", parts.join("&"))
}

/// As long for every value: how long it is is not to be seen either.
const MASK: &str = "***";

/// A text with places in braces.
fn pieces(text: &str) -> Result<Vec<Piece>, UrlError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        let inside = from.strip_prefix('{').ok_or(UrlError::Brace)?;
        let (name, after) = inside.split_once('}').ok_or(UrlError::Brace)?;
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Place(match name {
            "siteId" => Place::Site,
            "queryId" => Place::Query,
            "source" => Place::Source,
            _ if name.contains('{') => return Err(UrlError::Brace),
            // The rest of the text is a part of it.
            _ if text[..text.len() - from.len()].contains('?') => {
                return Err(UrlError::PlaceInQuery);
            }
            _ => return Err(UrlError::Place(name.chars().take(40).collect())),
        }));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

fn check(url: &Url, allow_private: bool) -> Result<(), UrlError> {
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        "http" => return Err(UrlError::Plain),
        _ => return Err(UrlError::Form),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::User);
    }
    if url.fragment().is_some() {
        return Err(UrlError::Fragment);
    }
    let host = url.host_str().ok_or(UrlError::Form)?;
    if allow_private {
        return Ok(());
    }
    // A name is looked up when it is called; this one needs no looking up (RFC 6761 §6.3).
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_here = name == "localhost" || name.ends_with(".localhost");
    match host_address(url) {
        Some(address) if !may_be_called(address) => Err(UrlError::Address),
        None if is_here => Err(UrlError::Address),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::webhook::tests::delivery;

    fn parse(text: &str) -> Result<Template, UrlError> {
        Template::parse(text, false)
    }

    #[test]
    fn a_message_says_where_it_goes() {
        let delivery = delivery();
        let (site, query) = (delivery.site, delivery.query);
        let cases = [
            ("https://hook.example", "https://hook.example/".to_owned()),
            (
                "https://hook.example:8443/a%20b/{siteId}/{queryId}?from={source}&from={source}",
                format!("https://hook.example:8443/a%20b/{site}/{query}?from=async&from=async"),
            ),
            (
                "https://hook.example/x{source}y?%7BsiteId%7D",
                "https://hook.example/xasyncy?%7BsiteId%7D".to_owned(),
            ),
            (
                "https://bücher.example/ü",
                "https://xn--bcher-kva.example/%C3%BC".to_owned(),
            ),
            ("https://1.1.1.1/", "https://1.1.1.1/".to_owned()),
            (
                "https://[2606:4700::1]/",
                "https://[2606:4700::1]/".to_owned(),
            ),
        ];
        for (text, expected) in cases {
            let template = parse(text).expect(text);
            assert_eq!(template.expand(&delivery).expect(text).as_str(), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_said_when_it_is_set() {
        let place = |name: &str| UrlError::Place(name.to_owned());
        let cases = [
            ("", UrlError::Form),
            ("hook.example/x", UrlError::Form),
            ("ftp://hook.example", UrlError::Form),
            ("file:///etc/passwd", UrlError::Form),
            ("https://", UrlError::Form),
            ("http://hook.example", UrlError::Plain),
            ("https://user@hook.example", UrlError::User),
            ("https://:word@hook.example", UrlError::User),
            ("https://hook.example/#part", UrlError::Fragment),
            ("https://hook.example/#", UrlError::Fragment),
            ("https://hook.example/ x", UrlError::Blank),
            ("https://hook.exa\tmple/", UrlError::Blank),
            ("https://hook.example/\n", UrlError::Blank),
            ("https://hook.example/{siteid}", place("siteid")),
            ("https://hook.example/{}", place("")),
            ("https://hook.example/{patient}", place("patient")),
            ("https://hook.example/{siteId", UrlError::Brace),
            ("https://hook.example/siteId}", UrlError::Brace),
            ("https://hook.example/{{siteId}}", UrlError::Brace),
            ("https://{siteId}.hook.example/", UrlError::PlaceInHost),
            ("https://hook.example:{source}/", UrlError::Form),
            ("https://{source}", UrlError::PlaceInHost),
            ("{source}://hook.example", UrlError::Form),
            ("https://{source}@hook.example/", UrlError::User),
            ("https://localhost/", UrlError::Address),
            ("https://LOCALHOST./", UrlError::Address),
            ("https://a.localhost:8443/", UrlError::Address),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        let long = format!("https://hook.example/{}", "x".repeat(Template::LONGEST));
        assert_eq!(parse(&long), Err(UrlError::Length));
        let shown = place("patient").to_string();
        assert_eq!(
            shown,
            "`{patient}` in a webhook's URL is none of {siteId}, {queryId} and {source}"
        );
    }

    #[test]
    fn values_of_the_query_are_not_shown() {
        for (text, shown) in [
            (
                "https://hook.example/a/{siteId}",
                "https://hook.example/a/{siteId}",
            ),
            (
                "https://hook.example/?code=s3cret==&q={queryId}&empty=&s=x{source}",
                "https://hook.example/?code=***&q={queryId}&empty=&s=***",
            ),
            ("https://hook.example/?s3cret", "https://hook.example/?***"),
            (
                "https://hook.example/?a=b?c=d&{source}&",
                "https://hook.example/?a=***&{source}&",
            ),
            ("no url?a=s3cret", "no url?a=***"),
        ] {
            assert_eq!(masked(text), shown);
        }
        let error = parse("https://hook.example/?token={s3cret}").expect_err("no place");
        assert_eq!(error, UrlError::PlaceInQuery);
        assert!(!error.to_string().contains("s3cret"));
    }

    #[test]
    fn an_address_is_one_in_every_form() {
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "127.1",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "169.254.169.254",
            "10.0.0.1",
            "0",
        ] {
            let text = format!("https://{host}/");
            assert_eq!(parse(&text), Err(UrlError::Address), "{text}");
            assert!(Template::parse(&text, true).is_ok(), "{text}");
        }
        assert!(Template::parse("http://localhost:8080/{queryId}", true).is_ok());
        let user = Template::parse("http://a@localhost", true);
        assert_eq!(user, Err(UrlError::User));
    }
}
