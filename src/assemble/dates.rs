//! Dates and times: cells in any of a mapping's forms → R4's `date`, `dateTime` and `instant`.
//!
//! What a row holds is read as local wall-clock time of the practice, and written with the practice's
//! offset for that moment. A day that no calendar has, and a year that R4 has no form for, are odd.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::values::{Written, number, trim_blanks, trimmed};
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
        let mut text = *b"\"0000-00-00\"";
        let year = u32::from(self.year.unsigned_abs());
        put_two(&mut text, 1, year / 100);
        put_two(&mut text, 3, year % 100);
        let mut length = 5;
        for part in [self.month, self.day].into_iter().map_while(|part| part) {
            put_two(&mut text, length + 1, u32::from(part.unsigned_abs()));
            length += 3;
        }
        text[length] = b'"';
        out.extend_from_slice(&text[..=length]);
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
            let stated = stated(cell(0), &binding.absent)?;
            Ok(Partial::from(stated.day(zone)?))
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
    let (month, day) = (part(layout.month, 2)?, part(layout.day, 2)?);
    // A layout knows the whole day, or has no place for it: `00` is none.
    if (layout.month.is_some() && month == 0) || (layout.day.is_some() && day == 0) {
        return Err(Written::Odd);
    }
    Partial::new(year, month, day)
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
    let seconds = i32::from(two(hours)?) * 3600 + i32::from(two(minutes)?) * 60;
    // The range that R4's own offsets have.
    if seconds > 14 * 3600 {
        return Err(Written::Odd);
    }
    Offset::from_seconds(sign * seconds)
        .map(Some)
        .map_err(|_| Written::Odd)
}

/// What a column of dates or of text says; Absent where that is blank or stands for "unknown".
fn stated(cell: CellRef<'_>, absent: &[Arc<str>]) -> Result<Stated, Written> {
    if !absent.is_empty() {
        trimmed(cell, absent)?;
    }
    let bytes = match cell {
        CellRef::Null => return Err(Written::Absent),
        CellRef::Text(bytes) => trim_blanks(bytes).trim_ascii(),
        _ => return Err(Written::Odd),
    };
    let Some((day, time)) = bytes.split_first_chunk::<10>() else {
        return Err(if bytes.is_empty() {
            Written::Absent
        } else {
            Written::Odd
        });
    };
    let [y, e, a, r, b'-', m, o, b'-', d, t] = *day else {
        return Err(Written::Odd);
    };
    let year = i16::from(two([y, e])?) * 100 + i16::from(two([a, r])?);
    let date = Date::new(year, two([m, o])?, two([d, t])?).map_err(|_| Written::Odd)?;
    if date.year() < 1 {
        return Err(Written::Odd);
    }
    let (time, offset) = match *time {
        [] => (Time::midnight(), Ok(None)),
        [b' ' | b'T', h, o, b':', m, i, ref rest @ ..] => {
            let (second, rest) = match *rest {
                [b':', s, e, ref rest @ ..] => (two([s, e])?, rest),
                _ => (0, rest),
            };
            let (nanosecond, rest) = match rest {
                [b'.', rest @ ..] => fraction(rest),
                _ => (0, rest),
            };
            let time = Time::new(two([h, o])?, two([m, i])?, second, nanosecond);
            (time.map_err(|_| Written::Odd)?, offset(rest))
        }
        _ => return Err(Written::Odd),
    };
    Ok(Stated {
        at: date.to_datetime(time),
        offset,
    })
}

/// A number of two digits.
fn two(digits: [u8; 2]) -> Result<i8, Written> {
    match digits {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Ok((tens - b'0') as i8 * 10 + (ones - b'0') as i8)
        }
        _ => Err(Written::Odd),
    }
}

/// The nanoseconds of a second's fraction, and what follows its digits.
fn fraction(text: &[u8]) -> (i32, &[u8]) {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let (nanoseconds, _) = digits
        .iter()
        .take(9)
        .fold((0i32, 100_000_000i32), |(sum, unit), byte| {
            (sum + i32::from(byte - b'0') * unit, unit / 10)
        });
    (nanoseconds, rest)
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
        DateForm::Column { utc } => stated(cell(0), &binding.absent)?.at_practice(*utc, zone),
        DateForm::Unix => {
            let seconds = number(cell(0), &binding.absent)?;
            let timestamp = Timestamp::from_second(seconds as i64).map_err(|_| Written::Odd)?;
            Ok(Local::of_moment(timestamp, zone))
        }
        DateForm::DayAndSeconds { unit, plus } => {
            let date = stated(cell(0), &binding.absent)?.day(zone)?;
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
            partial.write(out);
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
            write_instant(out, &at, zone);
            Written::Value
        }
        Err(written) => written,
    }
}

/// `"2026-01-05T09:30:00+10:00"`, with milliseconds where there are any.
fn write_instant(out: &mut Vec<u8>, local: &Local, zone: &TimeZone) {
    let at = local.at;
    let year = u32::from(at.year().unsigned_abs());
    let mut start = *b"\"0000-00-00T00:00:00";
    put_two(&mut start, 1, year / 100);
    put_two(&mut start, 3, year % 100);
    for (place, part) in [at.month(), at.day(), at.hour(), at.minute(), at.second()]
        .into_iter()
        .enumerate()
    {
        put_two(&mut start, 6 + 3 * place, u32::from(part.unsigned_abs()));
    }
    out.extend_from_slice(&start);
    let milliseconds = (at.subsec_nanosecond() / 1_000_000).unsigned_abs();
    if milliseconds > 0 {
        let mut fraction = [b'.', b'0' + (milliseconds / 100) as u8, 0, 0];
        put_two(&mut fraction, 2, milliseconds % 100);
        out.extend_from_slice(&fraction);
    }
    let offset = local
        .offset
        .or_else(|| Some(zone.to_offset(local.moment(zone)?)))
        .map_or(0, Offset::seconds);
    let mut end = *b"+00:00\"";
    if offset < 0 {
        end[0] = b'-';
    }
    put_two(&mut end, 1, offset.unsigned_abs() / 3600);
    put_two(&mut end, 4, offset.unsigned_abs() / 60 % 60);
    out.extend_from_slice(&end);
}

/// Puts a number of two digits at a place of a text.
fn put_two(text: &mut [u8], place: usize, number: u32) {
    if let Some([tens, ones]) = text.get_mut(place..place + 2) {
        *tens = b'0' + (number / 10 % 10) as u8;
        *ones = b'0' + (number % 10) as u8;
    }
}

/// The instant of a binding, for `Last-Modified` and `If-Modified-Since`.
pub(super) fn timestamp(
    binding: &Binding,
    columns: &[u16],
    row: RowRef<'_>,
    zone: &TimeZone,
) -> Option<Timestamp> {
    let cell = |place: usize| {
        columns
            .get(place)
            .map_or(CellRef::Null, |column| row.cell(usize::from(*column)))
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
