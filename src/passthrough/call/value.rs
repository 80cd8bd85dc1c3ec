//! A cell as the API writes it: in JSON, or as the text of a parameter that goes back.
//!
//! Takes a cell and what its column holds. Gives what the API's clients read, which are of .NET: a bit as `true`, a moment
//! as `2026-01-05T09:30:00.123` with no more digits than it has, a day as `2026-01-05`, an exact number with the digits that
//! the engine gave, bytes as base64. A binary number that is none (`NaN`) is null; bytes of text that are no UTF-8 come as
//! U+FFFD.

use std::borrow::Cow;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::passthrough::{CellRef, ColumnKind};

/// Decimal places that any engine's exact numbers have, at the most.
const MOST_PLACES: u8 = 38;

/// Appends a cell as JSON.
pub fn write_json(out: &mut Vec<u8>, cell: CellRef<'_>, kind: ColumnKind) {
    match written(cell, kind) {
        Written::Null => out.extend_from_slice(b"null"),
        Written::Bare(text) => out.extend_from_slice(text.as_bytes()),
        Written::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Written::Real(number) => json(out, &number),
        Written::Plain(text) => {
            out.push(b'"');
            out.extend_from_slice(text.as_bytes());
            out.push(b'"');
        }
        Written::Text(text) => json(out, text.as_ref()),
        Written::Bytes(bytes) => {
            out.push(b'"');
            let start = out.len();
            // Never so long: the bytes are in memory.
            let length = base64::encoded_len(bytes.len(), true).unwrap_or(0);
            out.resize(start + length, 0);
            let end = STANDARD.encode_slice(bytes, &mut out[start..]);
            out.truncate(start + end.unwrap_or(0));
            out.push(b'"');
        }
    }
}

/// A cell as the text of a parameter that goes back; None for NULL.
pub fn to_text(cell: CellRef<'_>, kind: ColumnKind) -> Option<String> {
    Some(match written(cell, kind) {
        Written::Null => return None,
        Written::Bare(text) | Written::Plain(text) | Written::Text(text) => text.into_owned(),
        Written::Int(number) => number.to_string(),
        Written::Real(number) => number.to_string(),
        Written::Bytes(bytes) => STANDARD.encode(bytes),
    })
}

/// Appends what serialises without fail: text and numbers into memory do.
pub(super) fn json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value);
}

/// What is to be written of a cell.
enum Written<'c> {
    Null,
    /// As it stands, in JSON too: `true`, a number's digits.
    Bare(Cow<'c, str>),
    Int(i64),
    /// A finite one.
    Real(f64),
    /// Text in which JSON escapes nothing.
    Plain(Cow<'c, str>),
    Text(Cow<'c, str>),
    Bytes(&'c [u8]),
}

fn written(cell: CellRef<'_>, kind: ColumnKind) -> Written<'_> {
    match (cell, kind) {
        (CellRef::Null, _) => Written::Null,
        // Not every engine sees to it that a bit is one.
        (CellRef::Int(number @ (0 | 1)), ColumnKind::Bit) => truth(number == 1),
        (CellRef::Int(number), _) => Written::Int(number),
        (CellRef::Real(number), _) if !number.is_finite() => Written::Null,
        // A driver gives a binary number for an exact one only where that says its digits.
        (CellRef::Real(number), ColumnKind::Exact(Some(places))) if places <= MOST_PLACES => {
            let places = usize::from(places);
            Written::Bare(Cow::Owned(format!("{number:.places$}")))
        }
        (CellRef::Real(number), ColumnKind::Exact(_)) => {
            Written::Bare(Cow::Owned(number.to_string()))
        }
        (CellRef::Real(number), _) => Written::Real(number),
        (CellRef::Text(bytes), kind) => of_text(String::from_utf8_lossy(bytes), kind),
        (CellRef::Bytes(bytes), _) => Written::Bytes(bytes),
    }
}

fn truth(is_true: bool) -> Written<'static> {
    Written::Bare(Cow::Borrowed(if is_true { "true" } else { "false" }))
}

fn of_text(text: Cow<'_, str>, kind: ColumnKind) -> Written<'_> {
    let read = match kind {
        ColumnKind::Bit => match text.as_ref() {
            "1" | "true" => return truth(true),
            "0" | "false" => return truth(false),
            _ => None,
        },
        ColumnKind::Integer | ColumnKind::Exact(_) | ColumnKind::Real => {
            number(&text).map(|digits| Written::Bare(Cow::Owned(digits)))
        }
        ColumnKind::DateTime | ColumnKind::DateTimeOffset => {
            moment(&text).map(|moment| Written::Plain(Cow::Owned(moment)))
        }
        ColumnKind::Time => time(&text).map(|time| Written::Plain(Cow::Owned(time))),
        _ => None,
    };
    read.unwrap_or(Written::Text(text))
}

/// An exact number's digits in the form that JSON has for them: `-.50` as `-0.50`.
fn number(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, places) = match digits.split_once('.') {
        Some((whole, places)) => (whole, Some(places)),
        None => (digits, None),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let places = places.filter(|places| !places.is_empty());
    if !is_digits(whole) || !places.is_none_or(is_digits) || (whole.is_empty() && places.is_none())
    {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    Some(match places {
        Some(places) => format!("{sign}{whole}.{places}"),
        None => format!("{sign}{whole}"),
    })
}

/// `2026-01-05 09:30:00.1230000 +10:00` as `2026-01-05T09:30:00.123+10:00`.
fn moment(text: &str) -> Option<String> {
    let (day, rest) = text.split_at_checked(10)?;
    let is_day = day.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let rest = rest.strip_prefix([' ', 'T']).filter(|_| is_day)?;
    let end = rest.find([' ', '+', '-', 'Z']).unwrap_or(rest.len());
    let (time_of_day, offset) = rest.split_at(end);
    let offset = offset.trim_start();
    let is_offset = offset
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b':' | b'Z'));
    let time_of_day = time(time_of_day).filter(|_| is_offset)?;
    Some(format!("{day}T{time_of_day}{offset}"))
}

/// `09:30:00.1230000` as `09:30:00.123`.
fn time(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_whole = (5..=8).contains(&whole.len())
        && whole.bytes().enumerate().all(|(place, byte)| match place {
            2 | 5 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !is_whole || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_as_their_columns_hold_them() {
        use ColumnKind as K;
        let text = |text: &'static str| CellRef::Text(text.as_bytes());
        let cases = [
            (CellRef::Null, K::Bit, "null"),
            (CellRef::Int(1), K::Bit, "true"),
            (CellRef::Int(0), K::Bit, "false"),
            (CellRef::Int(2), K::Bit, "2"),
            (text("true"), K::Bit, "true"),
            (text("maybe"), K::Bit, r#""maybe""#),
            (CellRef::Int(i64::MIN), K::Integer, "-9223372036854775808"),
            (
                text("9223372036854775808"),
                K::Integer,
                "9223372036854775808",
            ),
            (CellRef::Real(10.5), K::Exact(Some(2)), "10.50"),
            (CellRef::Real(-0.001), K::Exact(Some(3)), "-0.001"),
            (CellRef::Real(10.5), K::Exact(None), "10.5"),
            (CellRef::Real(1e20), K::Exact(None), "100000000000000000000"),
            (CellRef::Int(12), K::Exact(Some(2)), "12"),
            (
                text("1234567890123456.70"),
                K::Exact(Some(2)),
                "1234567890123456.70",
            ),
            (text("-.50"), K::Exact(None), "-0.50"),
            (text("+007."), K::Exact(None), "7"),
            (text("1e5"), K::Exact(None), r#""1e5""#),
            (text("12"), K::Text, r#""12""#),
            (text("12"), K::Unknown, r#""12""#),
            (CellRef::Real(37.2), K::Real, "37.2"),
            (CellRef::Real(f64::NAN), K::Real, "null"),
            (CellRef::Real(f64::INFINITY), K::Exact(Some(2)), "null"),
            (text("2026-01-05"), K::Date, r#""2026-01-05""#),
            (
                text("2026-01-05 09:30:00"),
                K::DateTime,
                r#""2026-01-05T09:30:00""#,
            ),
            (
                text("2026-01-05 09:30:00.000"),
                K::DateTime,
                r#""2026-01-05T09:30:00""#,
            ),
            (
                text("2026-01-05 09:30:00.123"),
                K::DateTime,
                r#""2026-01-05T09:30:00.123""#,
            ),
            (
                text("2026-01-05 09:30:00"),
                K::Text,
                r#""2026-01-05 09:30:00""#,
            ),
            (text("2026-01-05"), K::DateTime, r#""2026-01-05""#),
            (text("soon\n"), K::DateTime, r#""soon\n""#),
            (
                text("2026-01-05 09:30:00 \"x"),
                K::DateTime,
                r#""2026-01-05 09:30:00 \"x""#,
            ),
            (
                text("2026-01-05 09:30:00.1230000 +10:00"),
                K::DateTimeOffset,
                r#""2026-01-05T09:30:00.123+10:00""#,
            ),
            (text("09:30:00.5000"), K::Time, r#""09:30:00.5""#),
            (
                text("tab\t\"quote\" \\ \u{1}"),
                K::Text,
                r#""tab\t\"quote\" \\ \u0001""#,
            ),
            (text("Zoë"), K::Text, r#""Zoë""#),
            (CellRef::Text(b"Zo\xeb"), K::Text, "\"Zo\u{fffd}\""),
            (CellRef::Bytes(b"\x00\xff\x10"), K::Bytes, r#""AP8Q""#),
            (CellRef::Bytes(b""), K::Bytes, r#""""#),
        ];
        for (cell, kind, expected) in cases {
            let mut out = Vec::new();
            write_json(&mut out, cell, kind);
            let out = String::from_utf8(out).expect("UTF-8");
            assert_eq!(out, expected, "{cell:?} {kind:?}");
            let read: serde_json::Value = serde_json::from_str(&out).expect("JSON");
            let text = to_text(cell, kind);
            assert_eq!(text.is_none(), read.is_null(), "{cell:?}");
            if let serde_json::Value::String(read) = read {
                assert_eq!(text, Some(read), "{cell:?}");
            }
        }
    }
}
