//! A value as the type of the place that it is bound to has it.
//!
//! What a statement is given may have come as text: a key of the last row of a page, whichever type its column is.
//! An engine that is given text for a number or a moment compares as text, or converts the column and loses its
//! index; so it is given what the column holds.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};

use crate::relation::{SqlType, Value};

/// A value to bind.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed<'v> {
    Null,
    Int(i64),
    Real(f64),
    /// An exact number in digits, such as `-10.50`.
    Exact(Cow<'v, str>),
    Text(Cow<'v, str>),
    /// Text that is no UTF-8.
    TextBytes(&'v [u8]),
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    Bytes(&'v [u8]),
}

/// A value for a place of a type. What does not read as the type stays as it is: the engine says what it makes of it.
pub fn typed(value: &Value, ty: SqlType) -> Typed<'_> {
    match value {
        Value::Null => Typed::Null,
        Value::Int(number) => match ty {
            SqlType::Char(_) | SqlType::VarChar(_) | SqlType::NChar(_) | SqlType::NVarChar(_) => {
                Typed::Text(Cow::Owned(number.to_string()))
            }
            _ => Typed::Int(*number),
        },
        // The shortest digits that are this number: those that the row had.
        Value::Real(number) => match ty {
            SqlType::Decimal(..) | SqlType::Money => Typed::Exact(Cow::Owned(number.to_string())),
            _ => Typed::Real(*number),
        },
        Value::Text(text) => from_text(text, ty),
        Value::TextBytes(bytes) => Typed::TextBytes(bytes),
        Value::Date(day) => match ty {
            SqlType::DateTime | SqlType::DateTime2 | SqlType::SmallDateTime => {
                Typed::DateTime(day.to_datetime(Time::midnight()))
            }
            _ => Typed::Date(*day),
        },
        Value::DateTime(at) => Typed::DateTime(*at),
        Value::Bytes(bytes) => Typed::Bytes(bytes),
    }
}

fn from_text(text: &str, ty: SqlType) -> Typed<'_> {
    let trimmed = text.trim();
    let read = match ty {
        SqlType::Bit => match trimmed {
            "true" | "1" => Some(Typed::Int(1)),
            "false" | "0" => Some(Typed::Int(0)),
            _ => None,
        },
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => {
            trimmed.parse().ok().map(Typed::Int)
        }
        SqlType::Decimal(..) | SqlType::Money => {
            is_exact(trimmed).then_some(Typed::Exact(Cow::Borrowed(trimmed)))
        }
        SqlType::Real | SqlType::Float => trimmed.parse().ok().map(Typed::Real),
        SqlType::Date => moment(trimmed).map(|at| Typed::Date(at.date())),
        SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2 => {
            moment(trimmed).map(Typed::DateTime)
        }
        SqlType::Time => trimmed.parse().ok().map(Typed::Time),
        SqlType::Char(_)
        | SqlType::VarChar(_)
        | SqlType::NChar(_)
        | SqlType::NVarChar(_)
        | SqlType::UniqueIdentifier
        | SqlType::VarBinary(_) => None,
    };
    read.unwrap_or(Typed::Text(Cow::Borrowed(text)))
}

/// `-10.50`: digits with at most one point and a sign.
fn is_exact(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    !(whole.is_empty() && places.is_empty())
        && [whole, places]
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `2026-01-05`, `2026-01-05 09:30:00.123` or the same with a `T`.
fn moment(text: &str) -> Option<DateTime> {
    match text.len() {
        10 => Some(text.parse::<Date>().ok()?.to_datetime(Time::midnight())),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn text_is_read_as_its_place_holds_it() {
        let text = |text: &str| Value::Text(text.to_owned());
        let at = date(2026, 1, 5).to_datetime(time(9, 30, 0, 123_000_000));
        let exact = |digits: &'static str| Typed::Exact(Cow::Borrowed(digits));
        let cases = [
            (text("12"), SqlType::Int, Typed::Int(12)),
            (text("-10.50"), SqlType::Decimal(9, 2), exact("-10.50")),
            (
                text("1e5"),
                SqlType::Money,
                Typed::Text(Cow::Borrowed("1e5")),
            ),
            (
                text("2026-01-05"),
                SqlType::Date,
                Typed::Date(date(2026, 1, 5)),
            ),
            (
                text("2026-01-05"),
                SqlType::DateTime,
                Typed::DateTime(date(2026, 1, 5).to_datetime(Time::midnight())),
            ),
            (
                text("2026-01-05 09:30:00.123"),
                SqlType::DateTime2,
                Typed::DateTime(at),
            ),
            (
                text("2026-01-05T09:30:00.123"),
                SqlType::Date,
                Typed::Date(date(2026, 1, 5)),
            ),
            (
                text("09:30:00"),
                SqlType::Time,
                Typed::Time(time(9, 30, 0, 0)),
            ),
            (text("true"), SqlType::Bit, Typed::Int(1)),
            (
                text(" 12 "),
                SqlType::Char(4),
                Typed::Text(Cow::Borrowed(" 12 ")),
            ),
            (
                Value::Int(12),
                SqlType::VarChar(4),
                Typed::Text(Cow::Borrowed("12")),
            ),
            (Value::Real(10.1), SqlType::Decimal(9, 2), exact("10.1")),
            (
                text("not a day"),
                SqlType::Date,
                Typed::Text(Cow::Borrowed("not a day")),
            ),
        ];
        for (value, ty, expected) in cases {
            assert_eq!(typed(&value, ty), expected, "{value:?} {ty}");
        }
    }
}
