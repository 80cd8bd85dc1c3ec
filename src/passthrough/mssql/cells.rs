//! A row's cells, from the client's types into those that all drivers give.

use tiberius::{ColumnData, ColumnType, Row, numeric::Numeric, time};

use crate::passthrough::written::{FROM_1900, FROM_YEAR_1, SECONDS_OF_A_DAY, Written};
use crate::passthrough::{CellRef, RowSink, TooLarge, exact, single};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = SECONDS_OF_A_DAY as i64 * SECOND;

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

/// As [`cell`], with an exact number as its digits: `10.50`.
pub(super) fn exactly<'c>(
    ty: ColumnType,
    data: &'c ColumnData<'static>,
    text: &'c mut Vec<u8>,
) -> CellRef<'c> {
    let number = match data {
        ColumnData::Numeric(Some(number)) => Some(*number),
        ColumnData::F64(Some(money)) => of_money(ty, *money),
        _ => None,
    };
    match number {
        Some(number) => {
            digits(number, text);
            CellRef::Text(text)
        }
        None => cell(ty, data, text),
    }
}

/// Money, which the client gives as a binary number, with its four places; None for what is no money, or too large to
/// have them.
fn of_money(ty: ColumnType, number: f64) -> Option<Numeric> {
    let units = (number * 1e4).round();
    let is_exact =
        matches!(ty, ColumnType::Money | ColumnType::Money4) && units.abs() < MONEY_EXACT;
    is_exact.then(|| Numeric::new_with_scale(units as i128, 4))
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
        ColumnData::F64(Some(value)) => match of_money(ty, *value) {
            Some(money) => number(money, text),
            None => CellRef::Real(*value),
        },
        ColumnData::F64(None) => CellRef::Null,
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
        ColumnData::Guid(value) => value.as_ref().map_or(CellRef::Null, |guid| {
            let mut digits = [0; 36];
            let digits = guid.as_hyphenated().encode_upper(&mut digits);
            text.extend_from_slice(digits.as_bytes());
            CellRef::Text(text)
        }),
        ColumnData::Date(value) => written(value.as_ref(), text, |day, out| {
            out.day(i64::from(day.days()) - FROM_YEAR_1);
        }),
        ColumnData::Time(value) => written(value.as_ref(), text, |time, out| {
            let nanoseconds = of_day(*time);
            out.time((nanoseconds / SECOND) as u32);
            match nanoseconds % SECOND {
                0 => {}
                rest => out.fraction((rest / 100) as u32, 7),
            }
        }),
        ColumnData::DateTime(value) => written(value.as_ref(), text, |at, out| {
            // 1/300 s, kept as .000, .003 and .007.
            let ticks = at.seconds_fragments();
            out.moment(i64::from(at.days()) - FROM_1900, ticks / 300);
            out.fraction((ticks % 300 * 10 + 1) / 3, 3);
        }),
        ColumnData::SmallDateTime(value) => written(value.as_ref(), text, |at, out| {
            let seconds = u32::from(at.seconds_fragments()) * 60;
            out.moment(i64::from(at.days()) - FROM_1900, seconds);
            out.fraction(0, 3);
        }),
        ColumnData::DateTime2(value) => written(value.as_ref(), text, |at, out| {
            moment(days(*at), of_day(at.time()), out);
        }),
        ColumnData::DateTimeOffset(value) => written(value.as_ref(), text, |at, out| {
            // It comes in UTC.
            let minutes = i64::from(at.offset());
            let here = of_day(at.datetime2().time()) + minutes * 60 * SECOND;
            let midnights = here.div_euclid(DAY);
            moment(days(at.datetime2()) + midnights, here.rem_euclid(DAY), out);
            out.push(if minutes < 0 { b'-' } else { b'+' });
            let minutes = minutes.unsigned_abs() as u32;
            out.digits(minutes / 60, 2);
            out.push(b':');
            out.digits(minutes % 60, 2);
        }),
    }
}

fn written<'c, T>(
    value: Option<&T>,
    text: &'c mut Vec<u8>,
    write: impl FnOnce(&T, &mut Written),
) -> CellRef<'c> {
    let Some(value) = value else {
        return CellRef::Null;
    };
    let mut out = Written::new();
    write(value, &mut out);
    text.extend_from_slice(out.bytes());
    CellRef::Text(text)
}

fn number(value: Numeric, text: &mut Vec<u8>) -> CellRef<'_> {
    digits(value, text);
    std::str::from_utf8(text).map_or(CellRef::Null, exact)
}

/// `-10.50`
fn digits(value: Numeric, text: &mut Vec<u8>) {
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
}

/// In nanoseconds after midnight.
fn of_day(time: time::Time) -> i64 {
    let unit = 10_i64.pow(9 - u32::from(time.scale().min(9)));
    let increments = i64::try_from(time.increments()).unwrap_or(i64::MAX);
    increments.saturating_mul(unit).clamp(0, DAY - 1)
}

/// After 1970-01-01.
fn days(at: time::DateTime2) -> i64 {
    i64::from(at.date().days()) - FROM_YEAR_1
}

/// With three places, or seven where it is finer: as text, moments then sort as moments do.
fn moment(days: i64, nanoseconds: i64, out: &mut Written) {
    out.moment(days, (nanoseconds / SECOND) as u32);
    let rest = nanoseconds % SECOND;
    match rest % 1_000_000 {
        0 => out.fraction((rest / 1_000_000) as u32, 3),
        _ => out.fraction((rest / 100) as u32, 7),
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
