//! A row's cells, from the client's types into those that all drivers give.

use std::io::Write as _;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use tiberius::{ColumnData, ColumnType, Row, numeric::Numeric, time};

use crate::passthrough::{CellRef, RowSink, TooLarge, exact, single};

/// Money has four places; the client gives it as a binary number, in which they are whole up to here: some 900
/// billion.
const MONEY_EXACT: f64 = 9_007_199_254_740_992.0;

/// Gives a row's cells to the sink, in order.
///
/// # Errors
/// [`TooLarge`]: the sink takes no more.
pub(super) fn give(row: &Row, sink: &mut dyn RowSink) -> Result<(), TooLarge> {
    let mut text = Vec::with_capacity(32);
    for (column, data) in row.cells() {
        text.clear();
        let cell = cell(column.column_type(), data, &mut text);
        sink.cell(cell)?;
    }
    Ok(())
}

/// The cell; `text` holds what has to be written for it.
fn cell<'c>(ty: ColumnType, data: &'c ColumnData<'static>, text: &'c mut Vec<u8>) -> CellRef<'c> {
    match data {
        ColumnData::Bit(value) => value.map_or(CellRef::Null, |v| CellRef::Int(v.into())),
        ColumnData::U8(value) => value.map_or(CellRef::Null, |v| CellRef::Int(v.into())),
        ColumnData::I16(value) => value.map_or(CellRef::Null, |v| CellRef::Int(v.into())),
        ColumnData::I32(value) => value.map_or(CellRef::Null, |v| CellRef::Int(v.into())),
        ColumnData::I64(value) => value.map_or(CellRef::Null, CellRef::Int),
        ColumnData::F32(value) => value.map_or(CellRef::Null, single),
        ColumnData::F64(Some(money)) if matches!(ty, ColumnType::Money | ColumnType::Money4) => {
            let units = (money * 1e4).round();
            match units.abs() < MONEY_EXACT {
                true => number(Numeric::new_with_scale(units as i128, 4), text),
                false => CellRef::Real(*money),
            }
        }
        ColumnData::F64(value) => value.map_or(CellRef::Null, CellRef::Real),
        ColumnData::Numeric(value) => value.map_or(CellRef::Null, |value| number(value, text)),
        ColumnData::String(value) => value
            .as_ref()
            .map_or(CellRef::Null, |value| CellRef::Text(value.as_bytes())),
        ColumnData::Binary(value) => value
            .as_ref()
            .map_or(CellRef::Null, |value| CellRef::Bytes(value)),
        ColumnData::Xml(value) => value.as_ref().map_or(CellRef::Null, |value| {
            text.extend_from_slice(value.as_ref().as_ref().as_bytes());
            CellRef::Text(text)
        }),
        // In capitals, as the server writes them.
        ColumnData::Guid(value) => written(value.as_ref(), text, |guid, text| {
            write!(text, "{:X}", guid.as_hyphenated())
        }),
        ColumnData::Date(value) => written(value.as_ref(), text, |day, text| {
            write!(text, "{}", date(1, i64::from(day.days())))
        }),
        ColumnData::Time(value) => written(value.as_ref(), text, |time, text| {
            let time = of_day(*time);
            write!(text, "{}", time.strftime("%H:%M:%S"))?;
            match time.subsec_nanosecond() {
                0 => Ok(()),
                nanoseconds => write!(text, ".{:07}", nanoseconds / 100),
            }
        }),
        ColumnData::DateTime(value) => written(value.as_ref(), text, |at, text| {
            // 1/300 s, kept as .000, .003 and .007.
            let ticks = i64::from(at.seconds_fragments());
            let milliseconds = ticks / 300 * 1000 + (ticks % 300 * 10 + 1) / 3;
            let midnight = date(1900, i64::from(at.days())).to_datetime(Time::midnight());
            moment(
                midnight.saturating_add(SignedDuration::from_millis(milliseconds)),
                text,
            )
        }),
        ColumnData::SmallDateTime(value) => written(value.as_ref(), text, |at, text| {
            let midnight = date(1900, i64::from(at.days())).to_datetime(Time::midnight());
            let minutes = SignedDuration::from_mins(i64::from(at.seconds_fragments()));
            moment(midnight.saturating_add(minutes), text)
        }),
        ColumnData::DateTime2(value) => {
            written(value.as_ref(), text, |at, text| moment(precise(*at), text))
        }
        ColumnData::DateTimeOffset(value) => written(value.as_ref(), text, |at, text| {
            // It comes in UTC.
            let minutes = i64::from(at.offset());
            let here = precise(at.datetime2()).saturating_add(SignedDuration::from_mins(minutes));
            moment(here, text)?;
            let (sign, minutes) = if minutes < 0 {
                ('-', -minutes)
            } else {
                ('+', minutes)
            };
            write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }),
    }
}

fn written<'c, T>(
    value: Option<&T>,
    text: &'c mut Vec<u8>,
    write: impl FnOnce(&T, &mut Vec<u8>) -> std::io::Result<()>,
) -> CellRef<'c> {
    match value {
        // Writing into memory does not fail.
        Some(value) if write(value, text).is_ok() => CellRef::Text(text),
        _ => CellRef::Null,
    }
}

fn number(value: Numeric, text: &mut Vec<u8>) -> CellRef<'_> {
    let digits = value.value().unsigned_abs().to_string();
    let scale = usize::from(value.scale());
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, places) = digits.split_at(digits.len() - scale);
    if value.value() < 0 {
        text.push(b'-');
    }
    text.extend_from_slice(whole.as_bytes());
    if scale > 0 {
        text.push(b'.');
        text.extend_from_slice(places.as_bytes());
    }
    std::str::from_utf8(text).map_or(CellRef::Null, exact)
}

/// A day, counted from the first of January of a year on.
fn date(from_year: i16, days: i64) -> Date {
    let first = jiff::civil::date(from_year, 1, 1);
    first.saturating_add(SignedDuration::from_hours(days.saturating_mul(24)))
}

fn of_day(time: time::Time) -> Time {
    let unit = 10_i64.pow(9 - u32::from(time.scale().min(9)));
    let nanoseconds = i64::try_from(time.increments())
        .unwrap_or(i64::MAX)
        .saturating_mul(unit);
    Time::midnight().saturating_add(SignedDuration::from_nanos(nanoseconds))
}

fn precise(at: time::DateTime2) -> DateTime {
    date(1, i64::from(at.date().days())).to_datetime(of_day(at.time()))
}

/// With three places, or seven where it is finer: as text, moments then sort as moments do.
fn moment(at: DateTime, text: &mut Vec<u8>) -> std::io::Result<()> {
    let (milliseconds, rest) = (
        at.subsec_nanosecond() / 1_000_000,
        at.subsec_nanosecond() % 1_000_000,
    );
    write!(
        text,
        "{}.{milliseconds:03}",
        at.strftime("%Y-%m-%d %H:%M:%S")
    )?;
    match rest {
        0 => Ok(()),
        rest => write!(text, "{:04}", rest / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(data: ColumnData<'static>) -> String {
        let mut text = Vec::new();
        match cell(ColumnType::Null, &data, &mut text) {
            CellRef::Text(text) => String::from_utf8(text.to_vec()).expect("text"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ticks_are_written_as_the_server_does() {
        let at = |ticks: u32| {
            let of = time::DateTime::new(46_025, (9 * 60 + 30) * 60 * 300 + ticks);
            text_of(ColumnData::DateTime(Some(of)))
        };
        let written: Vec<String> = (0..4u32).map(at).collect();
        assert_eq!(
            written,
            [
                "2026-01-05 09:30:00.000",
                "2026-01-05 09:30:00.003",
                "2026-01-05 09:30:00.007",
                "2026-01-05 09:30:00.010",
            ]
        );
    }

    #[test]
    fn money_keeps_its_places_and_numbers_their_digits() {
        let mut text = Vec::new();
        let money = ColumnData::F64(Some(-922_337.1));
        assert_eq!(
            cell(ColumnType::Money, &money, &mut text),
            CellRef::Real(-922_337.1)
        );
        assert_eq!(text, b"-922337.1000");
        let mut text = Vec::new();
        let large = ColumnData::F64(Some(123_456_789_012.345_6));
        assert_eq!(
            cell(ColumnType::Money, &large, &mut text),
            CellRef::Text(b"123456789012.3456")
        );
        let mut text = Vec::new();
        let small = ColumnData::Numeric(Some(Numeric::new_with_scale(-5, 2)));
        assert_eq!(
            cell(ColumnType::Null, &small, &mut text),
            CellRef::Real(-0.05)
        );
    }
}
