//! A parameter's value as the client sends it, and as it goes back.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use tiberius::{ColumnData, time};

use super::super::bind;
use crate::passthrough::call::ParameterType;
use crate::passthrough::call::bind::ArgumentValue;

/// Numbers in their own widths, days and times in the server's own counts, so that nothing is left to the language of a
/// session. A NULL has no type here: it takes that of the declaration.
pub(super) fn data(value: ArgumentValue<'_>, ty: ParameterType) -> ColumnData<'static> {
    match value {
        ArgumentValue::Null => ColumnData::String(None),
        ArgumentValue::Bit(is) => ColumnData::Bit(Some(is)),
        ArgumentValue::Int(number) => ColumnData::I64(Some(number)),
        ArgumentValue::Exact(digits) => match bind::decimal(digits.trim_start_matches('+')) {
            Some(number) => ColumnData::Numeric(Some(number)),
            // Leading zeros, or none before the point: the server reads digits alike in all languages.
            None => ColumnData::String(Some(Cow::Owned(digits.to_owned()))),
        },
        ArgumentValue::Single(number) => ColumnData::F32(Some(number)),
        ArgumentValue::Real(number) => ColumnData::F64(Some(number)),
        ArgumentValue::Text(text) => ColumnData::String(Some(Cow::Owned(text.to_owned()))),
        ArgumentValue::Date(day) => ColumnData::Date(Some(bind::date(day))),
        ArgumentValue::Time(time) => ColumnData::Time(Some(bind::of_day(time))),
        ArgumentValue::DateTime(at) => match ty {
            ParameterType::DateTime => ColumnData::DateTime(Some(bind::legacy(at))),
            ParameterType::SmallDateTime => {
                // The nearest minute, as the server has it.
                let minute = at.round(jiff::Unit::Minute).unwrap_or(at);
                ColumnData::SmallDateTime(Some(bind::small(minute)))
            }
            _ => ColumnData::DateTime2(Some(bind::precise(at))),
        },
        ArgumentValue::DateTimeOffset(at, offset) => {
            ColumnData::DateTimeOffset(Some(with_offset(at, offset)))
        }
        ArgumentValue::Guid(guid) => ColumnData::Guid(Some(guid)),
        ArgumentValue::Bytes(bytes) => ColumnData::Binary(Some(Cow::Owned(bytes))),
    }
}

/// The moment travels in UTC, beside the minutes that its clock is ahead.
fn with_offset(at: DateTime, offset: Offset) -> time::DateTimeOffset {
    let utc = offset
        .to_timestamp(at)
        .map(|at| Offset::UTC.to_datetime(at));
    let minutes = i16::try_from(offset.seconds() / 60).unwrap_or(0);
    time::DateTimeOffset::new(bind::precise(utc.unwrap_or(at)), minutes)
}

/// A value that came back: an exact number without the places that it was declared with for want of better knowledge.
pub(super) fn shown(ty: ParameterType, value: String) -> String {
    match ty {
        ParameterType::Decimal if value.contains('.') => {
            let digits = value.trim_end_matches('0');
            digits.strip_suffix('.').unwrap_or(digits).to_owned()
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn moments_with_an_offset_travel_in_utc() {
        let at = date(2026, 1, 5).at(9, 30, 0, 123_000_000);
        let offset = Offset::from_seconds(36_000).expect("ten hours");
        let sent = with_offset(at, offset);
        let midnight = date(2026, 1, 4).at(23, 30, 0, 123_000_000);
        assert_eq!(sent.offset(), 600);
        assert_eq!(sent.datetime2(), bind::precise(midnight));
    }

    #[test]
    fn moments_are_the_nearest_that_the_type_has() {
        let late = ArgumentValue::DateTime(date(2026, 1, 5).at(23, 59, 59, 999_000_000));
        assert_eq!(
            data(late.clone(), ParameterType::DateTime),
            ColumnData::DateTime(Some(time::DateTime::new(46_026, 0)))
        );
        assert_eq!(
            data(late, ParameterType::SmallDateTime),
            ColumnData::SmallDateTime(Some(time::SmallDateTime::new(46_026, 0)))
        );
    }

    #[test]
    fn exact_numbers_go_with_all_their_digits() {
        for (digits, value, scale) in [("-10.50", -1050, 2), ("+7", 7, 0), (".5", 5, 1)] {
            let sent = data(ArgumentValue::Exact(digits), ParameterType::Decimal);
            let expected = tiberius::numeric::Numeric::new_with_scale(value, scale);
            assert_eq!(sent, ColumnData::Numeric(Some(expected)), "{digits}");
        }
    }

    #[test]
    fn places_that_nobody_asked_for_are_left_out() {
        let cases = [
            ("12.3400000000", "12.34"),
            ("100.0000000000", "100"),
            ("-0.5000000000", "-0.5"),
            ("100", "100"),
        ];
        for (came, expected) in cases {
            assert_eq!(shown(ParameterType::Decimal, came.to_owned()), expected);
        }
        assert_eq!(shown(ParameterType::Money, "1.5000".to_owned()), "1.5000");
    }
}
