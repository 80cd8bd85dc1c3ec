//! Dates and times: cells in any of a mapping's forms → R4's `date`, `dateTime` and `instant`.
//!
//! What a row holds is read as local wall-clock time of the practice, and written with the practice's
//! offset for that moment. A day that no calendar has, and a year that R4 has no form for, are odd.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
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
            Ok(Partial::from(civil(cell(0))?.date()))
        }
        _ => Ok(Partial::from(instant(form, cell, binding, zone)?.date())),
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
/// fraction and a zone allowed, the zone not read.
fn civil(cell: CellRef<'_>) -> Result<DateTime, Written> {
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
    let time = match bytes.get(10) {
        None => Time::midnight(),
        Some(b' ' | b'T') => {
            let second = if bytes.get(16) == Some(&b':') {
                small(17, 19)?
            } else {
                0
            };
            let fraction = match bytes.get(19) {
                Some(b'.') => {
                    bytes[20..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_digit())
                        .take(9)
                        .fold((0i32, 100_000_000i32), |(sum, unit), byte| {
                            (sum + i32::from(byte - b'0') * unit, unit / 10)
                        })
                        .0
                }
                _ => 0,
            };
            Time::new(small(11, 13)?, small(14, 16)?, second, fraction).map_err(|_| Written::Odd)?
        }
        Some(_) => return Err(Written::Odd),
    };
    Ok(date.to_datetime(time))
}

/// Wall-clock time at the practice, in a year that R4 can write.
fn instant<'c>(
    form: &DateForm,
    cell: &impl Fn(usize) -> CellRef<'c>,
    binding: &Binding,
    zone: &TimeZone,
) -> Result<DateTime, Written> {
    wall_clock(form, cell, binding, zone).and_then(|at| match at.year() {
        1..=9999 => Ok(at),
        _ => Err(Written::Odd),
    })
}

fn wall_clock<'c>(
    form: &DateForm,
    cell: &impl Fn(usize) -> CellRef<'c>,
    binding: &Binding,
    zone: &TimeZone,
) -> Result<DateTime, Written> {
    match form {
        DateForm::Column { utc } => {
            trimmed(cell(0), &binding.absent)?;
            let at = civil(cell(0))?;
            if !utc {
                return Ok(at);
            }
            let timestamp = TimeZone::UTC.to_timestamp(at).map_err(|_| Written::Odd)?;
            Ok(zone.to_datetime(timestamp))
        }
        DateForm::Unix => {
            let seconds = number(cell(0), &binding.absent)?;
            let timestamp = Timestamp::from_second(seconds as i64).map_err(|_| Written::Odd)?;
            Ok(zone.to_datetime(timestamp))
        }
        DateForm::DayAndSeconds { unit, plus } => {
            trimmed(cell(0), &binding.absent)?;
            let date = civil(cell(0))?.date();
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
            write_instant(out, at, zone);
            out.push(b'"');
            Written::Value
        }
        Err(written) => written,
    }
}

/// `2026-01-05T09:30:00+10:00`, with milliseconds where there are any.
fn write_instant(out: &mut Vec<u8>, at: DateTime, zone: &TimeZone) {
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
    let offset = zone
        .to_ambiguous_timestamp(at)
        .compatible()
        .map_or(0, |timestamp| zone.to_offset(timestamp).seconds());
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
            let at = instant(form, &cell, binding, zone).ok()?;
            zone.to_ambiguous_timestamp(at).compatible().ok()
        }
        _ => None,
    }
}
