//! From the bytes of a query string or form body to pairs of decoded text.
//!
//! Both have the same grammar (`application/x-www-form-urlencoded`): pairs joined by `&`, name and value
//! by the first `=`, `+` for a space, `%XX` for a byte. Unlike the decoders of browsers, which mend
//! what they cannot read, this one refuses: a mended search is another search.

use std::borrow::Cow;

/// A query string or form body that is known to be UTF-8.
#[derive(Clone, Copy)]
pub(super) struct Encoded<'a> {
    text: &'a str,
    /// Whether nothing in it is encoded: asked once for the whole, which is far quicker than for each part.
    is_plain: bool,
}

/// What cannot be read: never the text itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable<'a> {
    /// The place among the pairs, counted from 1.
    pub pair: usize,
    /// The raw name of the pair, where that can be read.
    pub name: &'a str,
    pub problem: &'static str,
}

impl<'a> Encoded<'a> {
    pub(super) fn new(raw: &'a [u8]) -> Result<Self, Unreadable<'a>> {
        let text = std::str::from_utf8(raw).map_err(|error| {
            // What is before the error is text: it has the pairs before, and perhaps the name.
            let before = raw
                .get(..error.valid_up_to())
                .and_then(|before| std::str::from_utf8(before).ok());
            let before = before.unwrap_or_default();
            let (pairs_before, pair) = before.rsplit_once('&').unwrap_or(("", before));
            Unreadable {
                pair: pairs(pairs_before).count() + 1,
                name: pair.split_once('=').map_or("", |(name, _)| name),
                problem: NOT_UTF8,
            }
        })?;
        let is_plain = raw
            .iter()
            .fold(true, |plain, byte| plain & !matches!(byte, b'%' | b'+' | 0));
        Ok(Encoded { text, is_plain })
    }

    /// The raw pairs, empty ones (`a=1&&b=2`) left out. A pair without `=` has an empty value.
    pub(super) fn pairs(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        pairs(self.text)
    }

    /// Undoes the percent-encoding of a part; borrows where there is none. The error says what is wrong.
    pub(super) fn decode(self, raw: &'a str) -> Result<Cow<'a, str>, &'static str> {
        if self.is_plain {
            return Ok(Cow::Borrowed(raw));
        }
        let text = if raw.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
            Cow::Owned(String::from_utf8(percent_decode(raw.as_bytes())?).map_err(|_| NOT_UTF8)?)
        } else {
            Cow::Borrowed(raw)
        };
        if text.as_bytes().contains(&0) {
            return Err("a NUL character");
        }
        Ok(text)
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        loop {
            let text = rest?;
            // One walk for both signs; they are ASCII, so that no character is cut.
            let mut equals = None;
            let mut end = text.len();
            for (place, byte) in text.bytes().enumerate() {
                match byte {
                    b'&' => {
                        end = place;
                        break;
                    }
                    b'=' if equals.is_none() => equals = Some(place),
                    _ => {}
                }
            }
            rest = text.get(end + 1..);
            match equals {
                Some(equals) => return Some((&text[..equals], &text[equals + 1..end])),
                None if end > 0 => return Some((&text[..end], "")),
                None => {}
            }
        }
    })
}

const NOT_UTF8: &str = "bytes that are not UTF-8";

fn percent_decode(raw: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().and_then(hex).ok_or(BAD_PERCENT)?;
                let low = rest.next().and_then(hex).ok_or(BAD_PERCENT)?;
                high << 4 | low
            }
            other => *other,
        });
    }
    Ok(decoded)
}

const BAD_PERCENT: &str = "a percent sign without two hexadecimal digits after it";

fn hex(digit: &u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(raw: &str) -> Result<Cow<'_, str>, &'static str> {
        Encoded::new(raw.as_bytes()).expect("UTF-8").decode(raw)
    }

    #[test]
    fn pairs_are_split_at_the_first_equals_sign() {
        let found: Vec<_> = pairs("a=1&&b=x=y&c&=z").collect();
        assert_eq!(found, [("a", "1"), ("b", "x=y"), ("c", ""), ("", "z")]);
        assert_eq!(pairs("").count(), 0);
        assert_eq!(pairs("&&=&").collect::<Vec<_>>(), [("", "")]);
        assert_eq!(pairs("é=ü&").collect::<Vec<_>>(), [("é", "ü")]);
    }

    #[test]
    fn decoding_borrows_what_needs_no_change() {
        assert!(matches!(decode("smith"), Ok(Cow::Borrowed("smith"))));
        assert_eq!(decode("a+b%2Bc%c3%A9").as_deref(), Ok("a b+c\u{e9}"));
    }

    #[test]
    fn broken_encoding_is_refused() {
        for raw in ["%", "%4", "%4g", "%g4", "a%%41", "%\u{e9}"] {
            assert_eq!(decode(raw), Err(BAD_PERCENT));
        }
        assert_eq!(decode("%ff"), Err(NOT_UTF8));
        assert!(decode("a%00b").is_err());
        assert!(decode("a\0b").is_err());
    }

    #[test]
    fn bytes_that_are_no_text_are_told_by_their_pair() {
        let unreadable = |raw| Encoded::new(raw).map(|_| ()).expect_err("not UTF-8");
        let at = |pair, name| Unreadable {
            pair,
            name,
            problem: NOT_UTF8,
        };
        assert_eq!(unreadable(b"a=1&&b=x\xff&c=2"), at(2, "b"));
        assert_eq!(unreadable(b"\xff=1"), at(1, ""));
        assert_eq!(unreadable(b"a&\xc3"), at(2, ""));
    }
}
