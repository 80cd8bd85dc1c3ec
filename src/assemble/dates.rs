//! Dates and times: cells in any of a mapping's forms → R4's `date`, `dateTime` and `instant`.
//!
//! What a row holds is read as local wall-clock time of the practice, and written with the practice's
//! offset for that moment. A day that no calendar has, and a year that R4 has no form for, are odd.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::json::write_two;
use super::values::{Written, number, trimmed};
use crate::mapping::{Binding, Conversion, DateForm, DateLayout, Precision};
use crate::passthrough::{CellRef, RowRef};

/// A day, or what is known of it.
struct Partial {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
}

impl Partial {
    fn new(year: i64, month: i64, day: i64) -> Result<Partial, Written> {
        let year = i16::try_from(year)
            .ok()
            .filter(|year| (1..=9999).contains(year))
            .ok_or(Written::Odd)?;
        if month == 0 {
            return Ok(Partial {
                year,
                month: None,
                day: None,
            });
        }
        let month = i8::try_from(month)
            .ok()
            .filter(|month| (1..=12).contains(month))
            .ok_or(Written::Odd)?;
        if day == 0 {
            return Ok(Partial {
                year,
                month: Some(month),
                day: None,
            });
        }
        let day = i8::try_from(day).map_err(|_| Written::Odd)?;
        Date::new(year, month, day).map_err(|_| Written::Odd)?;
        Ok(Partial {
            year,
            month: Some(month),
            day: Some(day),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let year = u32::from(self.year.unsigned_abs());
        write_two(out, year / 100);
        write_two(out, year % 100);
        for part in [self.month, self.day].into_iter().map_while(|part| part) {
            out.push(b'-');
            write_two(out, u32::from(part.unsigned_abs()));
        }
    }
}

impl From<Date> for Partial {
    fn from(date: Date) -> Self {
        Partial {
            year: date.year(),
            month: Some(date.month()),
            day: Some(date.day()),
        }
    }
}

fn day<'c>(
    form: &DateForm,
    cell: &impl Fn(usize) -> CellRef<'c>,
    binding: &Binding,
    zone: &TimeZone,
) -> Result<Partial, Written> {
    match form {
        DateForm::Parts => {
            let part = |place| match number(cell(place), &[]) {
                Ok(number) => Ok(number as i64),
                Err(Written::Absent) => Ok(0),
                Err(written) => Err(written),
            };
            match part(0)? {
                0 => Err(Written::Absent),
                year => Partial::new(year, part(1)?, part(2)?),
            }
        }
        DateForm::Layout(layout) => {
            let text = trimmed(cell(0), &binding.absent)?;
            from_layout(&text, layout)
        }
        DateForm::Column { utc: false } => {
            trimmed(cell(0), &binding.absent)?;
            Ok(Partial::from(stated(cell(0))?.day(zone)?))
        }
        _ => Ok(Partial::from(instant(form, cell, binding, zone)?.at.date())),
    }
}

fn from_layout(text: &str, layout: &DateLayout) -> Result<Partial, Written> {
    let part = |offset: Option<usize>, length: usize| -> Result<i64, Written> {
        let Some(offset) = offset else { return Ok(0) };
        let digits = text.get(offset..offset + length).ok_or(Written::Odd)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            digits.parse().map_err(|_| Written::Odd)
        } else {
            Err(Written::Odd)
        }
    };
    if text.len() != layout.pattern.len() {
        return Err(Written::Odd);
    }
    let year = part(Some(layout.year), 4)?;
    if year == 0 {
        return Err(Written::Absent);
    }
    Partial::new(year, part(layout.month, 2)?, part(layout.day, 2)?)
}

/// A date or date-time as a database writes it in text: `2026-01-05`, with a time after a blank or `T`, its
/// fraction and an offset allowed.
struct Stated {
    at: DateTime,
    /// `Z` or `+10:00`: the text names a moment, whatever zone the column is in. Odd where something else stands
    /// there, which might say that the time is another.
    offset: Result<Option<Offset>, Written>,
}

/// Wall-clock time at the practice.
struct Local {
    at: DateTime,
    /// The practice's offset, where the moment is known: an hour that clocks go through twice does not tell.
    offset: Option<Offset>,
}

impl Local {
    fn wall_clock(at: DateTime) -> Local {
        Local { at, offset: None }
    }

    fn of_moment(moment: Timestamp, zone: &TimeZone) -> Local {
        Local {
            at: zone.to_datetime(moment),
            offset: Some(zone.to_offset(moment)),
        }
    }

    fn moment(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self.offset {
            Some(offset) => offset.to_timestamp(self.at).ok(),
            None => zone.to_ambiguous_timestamp(self.at).compatible().ok(),
        }
    }
}

impl Stated {
    /// The time at the practice; where the text has no offset, it is in UTC or the practice's own.
    fn at_practice(&self, utc: bool, zone: &TimeZone) -> Result<Local, Written> {
        let Some(offset) = self.offset?.or(utc.then_some(Offset::UTC)) else {
            return Ok(Local::wall_clock(self.at));
        };
        let moment = offset.to_timestamp(self.at).map_err(|_| Written::Odd)?;
        Ok(Local::of_moment(moment, zone))
    }

    /// The day at the practice, which no more than an offset changes.
    fn day(&self, zone: &TimeZone) -> Result<Date, Written> {
        match self.offset {
            Ok(_) => Ok(self.at_practice(false, zone)?.at.date()),
            Err(_) => Ok(self.at.date()),
        }
    }
}

/// `Z`, `+10:00`, `+1000`, `-03`; None where nothing is there.
fn offset(text: &[u8]) -> Result<Option<Offset>, Written> {
    let sign = match text.trim_ascii_start() {
        [] => return Ok(None),
        [b'Z' | b'z'] => return Ok(Some(Offset::UTC)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return Err(Written::Odd),
    };
    let digits = &text.trim_ascii_start()[1..];
    let (hours, minutes) = match digits {
        [h, u] => ([*h, *u], [b'0', b'0']),
        [h, u, m, n] | [h, u, b':', m, n] => ([*h, *u], [*m, *n]),
        _ => return Err(Written::Odd),
    };
    let number = |digits: [u8; 2]| match digits {
        [b'0'..=b'9', b'0'..=b'9'] => {
            Ok(i32::from(digits[0] - b'0') * 10 + i32::from(digits[1] - b'0'))
        }
        _ => Err(Written::Odd),
    };
    let seconds = number(hours)? * 3600 + number(minutes)? * 60;
    // The range that R4's own offsets have.
    if seconds > 14 * 3600 {
        return Err(Written::Odd);
    }
    Offset::from_seconds(sign * seconds)
        .map(Some)
        .map_err(|_| Written::Odd)
}

fn stated(cell: CellRef<'_>) -> Result<Stated, Written> {
    let bytes = match cell {
        CellRef::Null => return Err(Written::Absent),
        CellRef::Text(bytes) => bytes.trim_ascii(),
        _ => return Err(Written::Odd),
    };
    let digits = |from: usize, to: usize| -> Result<i16, Written> {
        let part = bytes.get(from..to).ok_or(Written::Odd)?;
        part.iter().try_fold(0i16, |number, byte| {
            if byte.is_ascii_digit() {
                Ok(number * 10 + i16::from(byte - b'0'))
            } else {
                Err(Written::Odd)
            }
        })
    };
    let small = |from: usize, to: usize| {
        digits(from, to).and_then(|number| i8::try_from(number).map_err(|_| Written::Odd))
    };
    if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return Err(Written::Odd);
    }
    let date = Date::new(digits(0, 4)?, small(5, 7)?, small(8, 10)?).map_err(|_| Written::Odd)?;
    if date.year() < 1 {
        return Err(Written::Odd);
    }
    let (time, offset) = match bytes.get(10) {
        None => (Time::midnight(), Ok(None)),
        Some(b' ' | b'T') => {
            let (second, rest) = match bytes.get(16) {
                Some(b':') => (small(17, 19)?, &bytes[19..]),
                _ => (0, bytes.get(16..).ok_or(Written::Odd)?),
            };
            let (fraction, rest) = match rest.split_first() {
                Some((b'.', rest)) => {
                    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let (digits, rest) = rest.split_at(length);
                    let fraction = digits
                        .iter()
                        .take(9)
                        .fold((0i32, 100_000_000i32), |(sum, unit), byte| {
                            (sum + i32::from(byte - b'0') * unit, unit / 10)
                        });
                    (fraction.0, rest)
                }
                _ => (0, rest),
            };
            let time = Time::new(small(11, 13)?, small(14, 16)?, second, fraction);
            (time.map_err(|_| Written::Odd)?, offset(rest))
        }
        Some(_) => return Err(Written::Odd),
    };
    Ok(Stated {
        at: date.to_datetime(time),
        offset,
    })
}

/// The time at the practice, in a year that R4 can write.
fn instant<'c>(
    form: &DateForm,
    cell: &impl Fn(usize) -> CellRef<'c>,
    binding: &Binding,
    zone: &TimeZone,
) -> Result<Local, Written> {
    local(form, cell, binding, zone).and_then(|local| match local.at.year() {
        1..=9999 => Ok(local),
        _ => Err(Written::Odd),
    })
}

fn local<'c>(
    form: &DateForm,
    cell: &impl Fn(usize) -> CellRef<'c>,
    binding: &Binding,
    zone: &TimeZone,
) -> Result<Local, Written> {
    match form {
        DateForm::Column { utc } => {
            trimmed(cell(0), &binding.absent)?;
            stated(cell(0))?.at_practice(*utc, zone)
        }
        DateForm::Unix => {
            let seconds = number(cell(0), &binding.absent)?;
            let timestamp = Timestamp::from_second(seconds as i64).map_err(|_| Written::Odd)?;
            Ok(Local::of_moment(timestamp, zone))
        }
        DateForm::DayAndSeconds { unit, plus } => {
            trimmed(cell(0), &binding.absent)?;
            let date = stated(cell(0))?.day(zone)?;
            let since_midnight = number(cell(1), &[])?;
            let length = match (plus, number(cell(2), &[])) {
                (false, _) | (true, Err(Written::Absent)) => 0.0,
                (true, length) => length?,
            };
            let seconds = (since_midnight + length) * *unit as f64;
            if since_midnight < 0.0 || length < 0.0 || !(0.0..=31_622_400.0).contains(&seconds) {
                return Err(Written::Odd);
            }
            date.to_datetime(Time::midnight())
                .checked_add((seconds as i64).seconds())
                .map(Local::wall_clock)
                .map_err(|_| Written::Odd)
        }
        DateForm::Parts | DateForm::Layout(_) => Err(Written::Odd),
    }
}

/// Appends a day, or what is known of it, in quotes.
pub(super) fn write_day<'c>(
    out: &mut Vec<u8>,
    form: &DateForm,
    cell: &impl Fn(usize) -> CellRef<'c>,
    binding: &Binding,
    zone: &TimeZone,
) -> Written {
    match day(form, cell, binding, zone) {
        Ok(partial) => {
            out.push(b'"');
            partial.write(out);
            out.push(b'"');
            Written::Value
        }
        Err(written) => written,
    }
}

/// Appends a `dateTime` or `instant` in quotes; a day only where no time of day is kept.
pub(super) fn write_date_time<'c>(
    out: &mut Vec<u8>,
    form: &DateForm,
    precision: Precision,
    cell: &impl Fn(usize) -> CellRef<'c>,
    binding: &Binding,
    zone: &TimeZone,
) -> Written {
    let only_day =
        precision == Precision::Day || matches!(form, DateForm::Parts | DateForm::Layout(_));
    if only_day {
        return write_day(out, form, cell, binding, zone);
    }
    match instant(form, cell, binding, zone) {
        Ok(at) => {
            out.push(b'"');
            write_instant(out, &at, zone);
            out.push(b'"');
            Written::Value
        }
        Err(written) => written,
    }
}

/// `2026-01-05T09:30:00+10:00`, with milliseconds where there are any.
fn write_instant(out: &mut Vec<u8>, local: &Local, zone: &TimeZone) {
    let at = local.at;
    Partial::from(at.date()).write(out);
    out.push(b'T');
    for (index, part) in [at.hour(), at.minute(), at.second()]
        .into_iter()
        .enumerate()
    {
        if index > 0 {
            out.push(b':');
        }
        write_two(out, u32::from(part.unsigned_abs()));
    }
    let milliseconds = at.subsec_nanosecond() / 1_000_000;
    if milliseconds > 0 {
        out.push(b'.');
        out.push(b'0' + (milliseconds / 100 % 10) as u8);
        write_two(out, (milliseconds % 100).unsigned_abs());
    }
    let offset = local
        .offset
        .or_else(|| Some(zone.to_offset(local.moment(zone)?)))
        .map_or(0, Offset::seconds);
    out.push(if offset < 0 { b'-' } else { b'+' });
    write_two(out, offset.unsigned_abs() / 3600);
    out.push(b':');
    write_two(out, offset.unsigned_abs() / 60 % 60);
}

/// The instant of a binding, for `Last-Modified` and `If-Modified-Since`.
pub(super) fn timestamp(
    binding: &Binding,
    columns: &[usize],
    row: RowRef<'_>,
    zone: &TimeZone,
) -> Option<Timestamp> {
    let cell = |place: usize| {
        columns
            .get(place)
            .map_or(CellRef::Null, |column| row.cell(*column))
    };
    match &binding.conversion {
        Conversion::First(bindings) => {
            let mut from = 0;
            bindings.iter().find_map(|inner| {
                let to = (from + inner.columns.len()).min(columns.len());
                let found = timestamp(inner, &columns[from..to], row, zone);
                from = to;
                found
            })
        }
        Conversion::Date(form) | Conversion::DateTime { form, .. } => {
            instant(form, &cell, binding, zone).ok()?.moment(zone)
        }
        _ => None,
    }
}
