//! A value as a parameter of its slot's type. The server turns no text into a day or a number, which it would do by
//! the session's language; and a value that is wider than its column stays what it is, and equals nothing there.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};
use tiberius::{ColumnData, Uuid, numeric::Numeric, time};

use crate::passthrough::PassthroughError;
use crate::relation::{SqlType, Value};

const WRONG: PassthroughError = PassthroughError::NotCarried(
    "a value of another kind than the column's that it is compared with",
);

/// Digits of the longest exact number.
const DIGITS: usize = 38;
/// Characters of the longest text that is not `max`.
const SHORT_TEXT: usize = 4000;
/// Bytes of the longest binary that is not `max`.
const SHORT_BYTES: usize = 8000;

/// The parameter that carries `value` to a slot of type `ty`.
///
/// # Errors
/// [`PassthroughError::NotCarried`] where the value is of another kind, such as a word for a number.
pub(super) fn parameter<'v>(
    value: &'v Value,
    ty: SqlType,
) -> Result<ColumnData<'v>, PassthroughError> {
    use SqlType as T;
    if let Value::Null = value {
        return Ok(null(ty));
    }
    Ok(match ty {
        T::Bit | T::TinyInt | T::SmallInt | T::Int | T::BigInt => whole(value, ty).ok_or(WRONG)?,
        T::Decimal(..) | T::Money => exact(value).ok_or(WRONG)?,
        T::Real | T::Float => ColumnData::F64(Some(binary(value).ok_or(WRONG)?)),
        T::Char(_) | T::VarChar(_) => match value {
            // Not text to this program, and the same bytes to the server.
            Value::TextBytes(bytes) => ColumnData::Binary(Some(Cow::Borrowed(bytes))),
            value => text(value, ty).ok_or(WRONG)?,
        },
        T::NChar(_) | T::NVarChar(_) => text(value, ty).ok_or(WRONG)?,
        T::Date => ColumnData::Date(Some(date(moment(value, ty).ok_or(WRONG)?.date()))),
        T::SmallDateTime => ColumnData::SmallDateTime(Some(small(moment(value, ty).ok_or(WRONG)?))),
        T::DateTime => ColumnData::DateTime(Some(legacy(moment(value, ty).ok_or(WRONG)?))),
        T::DateTime2 => ColumnData::DateTime2(Some(precise(moment(value, ty).ok_or(WRONG)?))),
        T::Time => match value {
            Value::Text(text) => {
                let time: Time = text.trim().parse().map_err(|_| WRONG)?;
                ColumnData::Time(Some(of_day(time)))
            }
            _ => return Err(WRONG),
        },
        // What is no GUID is no row's: it compares as NULL does.
        T::UniqueIdentifier => match value {
            Value::Text(text) => ColumnData::Guid(Uuid::parse_str(text.trim()).ok()),
            _ => return Err(WRONG),
        },
        T::VarBinary(_) => match value {
            Value::Bytes(bytes) | Value::TextBytes(bytes) => {
                ColumnData::Binary(Some(Cow::Borrowed(bytes)))
            }
            _ => return Err(WRONG),
        },
    })
}

/// A slot of the type without a value.
pub(super) fn null(ty: SqlType) -> ColumnData<'static> {
    match ty {
        SqlType::Bit => ColumnData::Bit(None),
        SqlType::TinyInt => ColumnData::U8(None),
        SqlType::SmallInt => ColumnData::I16(None),
        SqlType::Int => ColumnData::I32(None),
        SqlType::BigInt => ColumnData::I64(None),
        SqlType::Decimal(..) | SqlType::Money => ColumnData::Numeric(None),
        SqlType::Real | SqlType::Float => ColumnData::F64(None),
        SqlType::Char(_) | SqlType::VarChar(_) | SqlType::NChar(_) | SqlType::NVarChar(_) => {
            ColumnData::String(None)
        }
        SqlType::Date => ColumnData::Date(None),
        SqlType::Time => ColumnData::Time(None),
        SqlType::SmallDateTime => ColumnData::SmallDateTime(None),
        SqlType::DateTime => ColumnData::DateTime(None),
        SqlType::DateTime2 => ColumnData::DateTime2(None),
        SqlType::UniqueIdentifier => ColumnData::Guid(None),
        SqlType::VarBinary(_) => ColumnData::Binary(None),
    }
}

/// How a parameter is declared: few forms, so that statements of the same text have the same plan.
pub(super) fn declared(parameter: &ColumnData<'_>) -> Cow<'static, str> {
    let name = match parameter {
        ColumnData::Bit(_) => "bit",
        ColumnData::U8(_) => "tinyint",
        ColumnData::I16(_) => "smallint",
        ColumnData::I32(_) => "int",
        ColumnData::I64(_) => "bigint",
        ColumnData::F32(_) => "real",
        ColumnData::F64(_) => "float",
        ColumnData::Numeric(number) => {
            let scale = number.map_or(0, Numeric::scale);
            return Cow::Owned(format!("decimal({DIGITS},{scale})"));
        }
        ColumnData::String(Some(text)) if text.len() > SHORT_TEXT => "nvarchar(max)",
        ColumnData::String(_) | ColumnData::Xml(_) => "nvarchar(4000)",
        ColumnData::Binary(Some(bytes)) if bytes.len() > SHORT_BYTES => "varbinary(max)",
        ColumnData::Binary(_) => "varbinary(8000)",
        ColumnData::Date(_) => "date",
        ColumnData::Time(_) => "time(7)",
        ColumnData::SmallDateTime(_) => "smalldatetime",
        ColumnData::DateTime(_) => "datetime",
        ColumnData::DateTime2(_) => "datetime2(7)",
        ColumnData::DateTimeOffset(_) => "datetimeoffset(7)",
        ColumnData::Guid(_) => "uniqueidentifier",
    };
    Cow::Borrowed(name)
}

/// In the column's own type, where it fits there.
fn whole(value: &Value, ty: SqlType) -> Option<ColumnData<'static>> {
    let number = match value {
        Value::Int(number) => *number,
        Value::Text(text) => match text.trim().parse() {
            Ok(number) => number,
            Err(_) => return exact(value),
        },
        Value::Real(_) => return exact(value),
        _ => return None,
    };
    let own = match ty {
        SqlType::Bit => match number {
            0 | 1 => Some(ColumnData::Bit(Some(number == 1))),
            _ => None,
        },
        SqlType::TinyInt => u8::try_from(number).ok().map(|n| ColumnData::U8(Some(n))),
        SqlType::SmallInt => i16::try_from(number).ok().map(|n| ColumnData::I16(Some(n))),
        SqlType::Int => i32::try_from(number).ok().map(|n| ColumnData::I32(Some(n))),
        _ => None,
    };
    Some(own.unwrap_or(ColumnData::I64(Some(number))))
}

/// With all its digits; a binary number that has more than an exact one can, as it is.
fn exact(value: &Value) -> Option<ColumnData<'static>> {
    let numeric = |text: &str| decimal(text).map(|number| ColumnData::Numeric(Some(number)));
    match value {
        Value::Int(number) => Some(ColumnData::Numeric(Some(Numeric::new_with_scale(
            i128::from(*number),
            0,
        )))),
        // Its shortest text is the number that the row held.
        Value::Real(number) => {
            numeric(&number.to_string()).or(Some(ColumnData::F64(Some(*number))))
        }
        Value::Text(text) => numeric(text.trim())
            .or_else(|| binary(value).map(|number| ColumnData::F64(Some(number)))),
        _ => None,
    }
}

/// `-12.50`
pub(super) fn decimal(text: &str) -> Option<Numeric> {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{places}");
    let figures = digits.strip_prefix('-').unwrap_or(&digits);
    let is_number = !figures.is_empty() && figures.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || figures.len() > DIGITS || places.len() >= DIGITS {
        return None;
    }
    let scale = u8::try_from(places.len()).ok()?;
    Some(Numeric::new_with_scale(digits.parse().ok()?, scale))
}

fn binary(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Real(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

fn text(value: &Value, ty: SqlType) -> Option<ColumnData<'_>> {
    let text = match value {
        Value::Text(text) => Cow::Borrowed(text.as_str()),
        Value::TextBytes(bytes) => String::from_utf8_lossy(bytes),
        Value::Int(number) => Cow::Owned(number.to_string()),
        Value::Real(number) => Cow::Owned(number.to_string()),
        Value::Date(day) => Cow::Owned(day.to_string()),
        Value::DateTime(at) => Cow::Owned(ty.next_moment(*at).to_string()),
        Value::Null | Value::Bytes(_) => return None,
    };
    Some(ColumnData::String(Some(text)))
}

/// The moment that the type holds: of a request, the next one; of a row, which comes back as text, the same.
fn moment(value: &Value, ty: SqlType) -> Option<DateTime> {
    let at = match value {
        Value::Date(day) => day.to_datetime(Time::midnight()),
        Value::DateTime(at) => ty.next_moment(*at),
        Value::Text(text) => {
            let text = text.trim();
            let day = || {
                text.parse()
                    .map(|day: Date| day.to_datetime(Time::midnight()))
            };
            text.parse().or_else(|_| day()).ok()?
        }
        _ => return None,
    };
    // Beyond what the type has: a bound there is as good at its end.
    let (first, last) = match ty {
        SqlType::DateTime => (
            jiff::civil::date(1753, 1, 1).at(0, 0, 0, 0),
            jiff::civil::date(9999, 12, 31).at(23, 59, 59, 997_000_000),
        ),
        SqlType::SmallDateTime => (
            jiff::civil::date(1900, 1, 1).at(0, 0, 0, 0),
            jiff::civil::date(2079, 6, 6).at(23, 59, 0, 0),
        ),
        _ => (jiff::civil::date(1, 1, 1).at(0, 0, 0, 0), DateTime::MAX),
    };
    Some(at.clamp(first, last))
}

/// Days from the first of January of a year on.
fn days(from_year: i16, day: Date) -> i64 {
    let first = jiff::civil::date(from_year, 1, 1);
    day.duration_since(first).as_hours() / 24
}

pub(super) fn date(day: Date) -> time::Date {
    time::Date::new(u32::try_from(days(1, day)).unwrap_or(0))
}

fn nanoseconds(time: Time) -> i64 {
    time.duration_since(Time::midnight()).as_nanos() as i64
}

/// In 100 ns.
pub(super) fn of_day(time: Time) -> time::Time {
    time::Time::new(u64::try_from(nanoseconds(time) / 100).unwrap_or(0), 7)
}

pub(super) fn precise(at: DateTime) -> time::DateTime2 {
    time::DateTime2::new(date(at.date()), of_day(at.time()))
}

/// In 1/300 s, the nearest.
pub(super) fn legacy(at: DateTime) -> time::DateTime {
    const OF_A_DAY: i64 = 24 * 60 * 60 * 300;
    let ticks = (nanoseconds(at.time()) * 3 + 5_000_000) / 10_000_000;
    // The last thousandth of a day is nearest to the next one's first.
    let day = days(1900, at.date()) + ticks / OF_A_DAY;
    time::DateTime::new(
        i32::try_from(day).unwrap_or(0),
        u32::try_from(ticks % OF_A_DAY).unwrap_or(0),
    )
}

/// In minutes.
pub(super) fn small(at: DateTime) -> time::SmallDateTime {
    let minutes = nanoseconds(at.time()) / 60_000_000_000;
    time::SmallDateTime::new(
        u16::try_from(days(1900, at.date())).unwrap_or(0),
        u16::try_from(minutes).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    fn shown(value: Value, ty: SqlType) -> String {
        match parameter(&value, ty) {
            Ok(data) => format!("{} {data:?}", declared(&data)),
            Err(error) => error.to_string(),
        }
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_number_is_bound_as_its_column_is() {
        use SqlType as T;
        let cases = [
            (Value::Int(1), T::Bit, "bit Bit(Some(true))"),
            (Value::Int(2), T::Bit, "bigint I64(Some(2))"),
            (Value::Int(7), T::TinyInt, "tinyint U8(Some(7))"),
            (Value::Int(-7), T::TinyInt, "bigint I64(Some(-7))"),
            (Value::Int(7), T::SmallInt, "smallint I16(Some(7))"),
            (Value::Int(7), T::Int, "int I32(Some(7))"),
            (
                Value::Int(1 << 40),
                T::Int,
                "bigint I64(Some(1099511627776))",
            ),
            (text(" 42 "), T::Int, "int I32(Some(42))"),
            (Value::Int(7), T::BigInt, "bigint I64(Some(7))"),
            (Value::Int(7), T::Float, "float F64(Some(7.0))"),
            (text("0.5"), T::Real, "float F64(Some(0.5))"),
            (Value::Null, T::Int, "int I32(None)"),
            (Value::Null, T::Decimal(9, 2), "decimal(38,0) Numeric(None)"),
        ];
        for (value, ty, expected) in cases {
            assert_eq!(shown(value.clone(), ty), expected, "{value:?} {ty}");
        }
        let refused = shown(text("many"), T::Int);
        assert!(refused.starts_with("the driver cannot carry"), "{refused}");
    }

    #[test]
    fn exact_numbers_keep_their_digits() {
        let of = |value: Value| match parameter(&value, SqlType::Decimal(38, 4)) {
            Ok(ColumnData::Numeric(Some(number))) => (number.value(), number.scale()),
            other => panic!("{other:?}"),
        };
        assert_eq!(of(Value::Int(-3)), (-3, 0));
        assert_eq!(of(Value::Real(0.1)), (1, 1));
        assert_eq!(of(text("-10.50")), (-1050, 2));
        assert_eq!(of(text("-0.5")), (-5, 1));
        assert_eq!(
            of(text("12345678901234567890.1234")),
            (123_456_789_012_345_678_901_234, 4)
        );
        assert_eq!(shown(Value::Real(1e300), SqlType::Money)[..6], *"float ");
    }

    #[test]
    fn days_and_moments_are_counted_as_the_server_does() {
        fn of(value: Value, ty: SqlType) -> ColumnData<'static> {
            let value: &'static Value = Box::leak(Box::new(value));
            parameter(value, ty).expect("a parameter")
        }
        let at = day(2026, 1, 5).at(9, 30, 0, 0);
        assert_eq!(
            of(text("2026-01-05 09:30:00.123"), SqlType::DateTime),
            ColumnData::DateTime(Some(time::DateTime::new(
                46_025,
                (9 * 60 + 30) * 60 * 300 + 37
            )))
        );
        assert_eq!(
            of(Value::DateTime(at), SqlType::SmallDateTime),
            ColumnData::SmallDateTime(Some(time::SmallDateTime::new(46_025, 570)))
        );
        assert_eq!(
            of(text("2026-01-05 09:30:00.1234567"), SqlType::DateTime2),
            ColumnData::DateTime2(Some(time::DateTime2::new(
                time::Date::new(739_620),
                time::Time::new(342_001_234_567, 7)
            )))
        );
        assert_eq!(
            of(text("2026-01-05"), SqlType::Date),
            ColumnData::Date(Some(time::Date::new(739_620)))
        );
        assert_eq!(
            of(text("09:30:00"), SqlType::Time),
            ColumnData::Time(Some(time::Time::new(342_000_000_000, 7)))
        );
        // Before the first day of `datetime`, and behind the last of `smalldatetime`.
        assert_eq!(
            of(Value::Date(day(1600, 1, 1)), SqlType::DateTime),
            ColumnData::DateTime(Some(time::DateTime::new(-53_690, 0)))
        );
        assert_eq!(
            of(Value::Date(day(2100, 1, 1)), SqlType::SmallDateTime),
            ColumnData::SmallDateTime(Some(time::SmallDateTime::new(65_535, 1439)))
        );
    }

    #[test]
    fn texts_guids_and_bytes() {
        let of = |value: Value, ty| shown(value, ty);
        let name = of(text("O'Brien"), SqlType::VarChar(40));
        assert_eq!(name, "nvarchar(4000) String(Some(\"O'Brien\"))");
        let long = text(&"x".repeat(5000));
        assert!(of(long, SqlType::NVarChar(0)).starts_with("nvarchar(max) "));
        let bytes = Value::TextBytes(vec![0xe9]);
        assert_eq!(
            of(bytes.clone(), SqlType::Char(4)),
            "varbinary(8000) Binary(Some([233]))"
        );
        assert_eq!(
            of(bytes, SqlType::NChar(4)),
            "nvarchar(4000) String(Some(\"\u{fffd}\"))"
        );
        let guid = text("0F8FAD5B-D9CB-469F-A165-70867728950E");
        assert_eq!(
            of(guid, SqlType::UniqueIdentifier),
            "uniqueidentifier Guid(Some(0f8fad5b-d9cb-469f-a165-70867728950e))"
        );
        assert_eq!(
            of(text("none"), SqlType::UniqueIdentifier),
            "uniqueidentifier Guid(None)"
        );
        assert_eq!(
            of(Value::Bytes(vec![1]), SqlType::VarBinary(8)),
            "varbinary(8000) Binary(Some([1]))"
        );
    }
}
