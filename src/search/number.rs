//! Prefixes and decimals: what number, date and quantity share (R4 §3.1.1.4.5, §3.1.1.4.6).

use nom::character::complete::{char, digit1, one_of};
use nom::combinator::{all_consuming, opt, recognize};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::ast::{Decimal, Prefix};

/// Digits of a decimal: what the widest decimal column of a database holds.
const MAX_DIGITS: usize = 38;
/// Size of an exponent: far beyond any measurement, and small enough to write a number out.
const MAX_EXPONENT: u32 = 99;

/// What a message says that a number looks like.
pub(super) const EXPECTED: &str = "a number such as 100, 5.40, -3 or 1e2";

/// Splits the prefix off; `eq` where there is none. None where the text begins with other letters, as no
/// number and no date does.
pub(super) fn prefix(text: &str) -> Option<(Prefix, &str)> {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some((Prefix::Eq, text));
    }
    let (word, rest) = text.split_at_checked(2)?;
    Some((Prefix::from_word(word)?, rest))
}

/// Whether a text that has no prefix has something in its place: two letters before a number.
pub(super) fn has_unknown_prefix(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes, [a, b, c, ..] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && (c.is_ascii_digit() || *c == b'-'))
}

/// Reads a decimal, keeping it as written. Leading zeros are taken (R4 speaks of them), a leading `+`,
/// a bare point and sizes beyond [`MAX_DIGITS`] and [`MAX_EXPONENT`] are not.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let (_, (whole, fraction, exponent)) = all_consuming(parts).parse(text).ok()?;
    let digits = whole.len() + fraction.map_or(0, str::len);
    if digits > MAX_DIGITS {
        return None;
    }
    if let Some(exponent) = exponent {
        let exponent: i32 = exponent.parse().ok()?;
        if exponent.unsigned_abs() > MAX_EXPONENT {
            return None;
        }
    }
    Some(Decimal(text.to_owned()))
}

/// `[-]digits[.digits][e[+-]digits]` → the digits before and after the point, and the signed exponent.
fn parts(input: &str) -> IResult<&str, (&str, Option<&str>, Option<&str>)> {
    preceded(
        opt(char('-')),
        (
            digit1,
            opt(preceded(char('.'), digit1)),
            opt(preceded(
                one_of("eE"),
                recognize((opt(one_of("+-")), digit1)),
            )),
        ),
    )
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_split_off() {
        assert_eq!(prefix("gt5"), Some((Prefix::Gt, "5")));
        assert_eq!(prefix("-5"), Some((Prefix::Eq, "-5")));
        assert_eq!(prefix(""), Some((Prefix::Eq, "")));
        for text in ["xx5", "g5", "g", "GT5", "g\u{e9}5"] {
            assert_eq!(prefix(text), None, "{text}");
        }
        assert!(has_unknown_prefix("xx5") && has_unknown_prefix("GT-5"));
        assert!(
            !has_unknown_prefix("five") && !has_unknown_prefix("g5") && !has_unknown_prefix("gt")
        );
    }

    #[test]
    fn decimals_are_kept_as_written() {
        for text in [
            "0", "100", "100.00", "-3", "1e2", "5.40E-3", "1e+2", "007", "1e-99",
        ] {
            assert_eq!(decimal(text), Some(Decimal(text.to_owned())));
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        let long = "1".repeat(39);
        let huge = format!("1e{}", "9".repeat(1000));
        for text in [
            "", "-", "+1", ".5", "5.", "1e", "1e100", "--1", "1 ", " 1", "0x1", "1,5", "NaN",
            "Infinity", &long, &huge,
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
