//! From the bytes of a query string or form body to pairs of decoded text.
//!
//! Both have the same grammar (`application/x-www-form-urlencoded`): pairs joined by `&`, name and value
//! by the first `=`, `+` for a space, `%XX` for a byte. Unlike the decoders of browsers, which mend
//! what they cannot read, this one refuses: a mended search is another search.

use std::borrow::Cow;

/// The raw pairs of a text, empty ones (`a=1&&b=2`) left out. A pair without `=` has an empty value.
pub(super) fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &pair[pair.len()..]),
        })
}

/// Undoes the percent-encoding; borrows where there is none. The error says what is wrong, never where.
pub(super) fn decode(raw: &[u8]) -> Result<Cow<'_, str>, &'static str> {
    let text = if raw.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        Cow::Owned(String::from_utf8(percent_decode(raw)?).map_err(|_| NOT_UTF8)?)
    } else {
        Cow::Borrowed(std::str::from_utf8(raw).map_err(|_| NOT_UTF8)?)
    };
    if text.as_bytes().contains(&0) {
        return Err("a NUL character");
    }
    Ok(text)
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

    #[test]
    fn pairs_are_split_at_the_first_equals_sign() {
        let found: Vec<_> = pairs(b"a=1&&b=x=y&c&=z").collect();
        let expected: Vec<(&[u8], &[u8])> =
            vec![(b"a", b"1"), (b"b", b"x=y"), (b"c", b""), (b"", b"z")];
        assert_eq!(found, expected);
        assert_eq!(pairs(b"").count(), 0);
    }

    #[test]
    fn decoding_borrows_what_needs_no_change() {
        assert!(matches!(decode(b"smith"), Ok(Cow::Borrowed("smith"))));
        assert_eq!(decode(b"a+b%2Bc%c3%A9").as_deref(), Ok("a b+c\u{e9}"));
    }

    #[test]
    fn broken_encoding_is_refused() {
        for raw in [&b"%"[..], b"%4", b"%4g", b"%g4", b"a%%41"] {
            assert_eq!(decode(raw), Err(BAD_PERCENT));
        }
        assert_eq!(decode(b"%ff"), Err(NOT_UTF8));
        assert_eq!(decode(b"\xff"), Err(NOT_UTF8));
        assert!(decode(b"a%00b").is_err());
        assert!(decode(b"a\0b").is_err());
    }
}
