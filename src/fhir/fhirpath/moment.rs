//! Dates, times and both, of the precision that they are written with.
//!
//! Two of them are compared part by part from the year on. Where one has no more parts and all so far are equal,
//! neither is before the other nor are they equal: the specification asks for no answer then, and so it does where
//! one has a zone and the other has none.

use std::cmp::Ordering;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::fhir::Primitive;

/// A date, a dateTime or a time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moment {
    /// `2020-05-17T10:30`
    text: String,
    is_time: bool,
}

impl Moment {
    /// What stands behind an `@`: `2020-05`, `2020-05-17T10:30`, `T10:30`.
    pub(super) fn literal(text: &str) -> Option<Moment> {
        match text.strip_prefix('T') {
            Some(time) => is_time(time).then(|| Moment::new(time, true)),
            None => {
                let (date, time) = text.split_once('T').unwrap_or((text, ""));
                let (time, _) = zone(time);
                let is_whole = time.is_empty() || date.len() == 10;
                (Primitive::Date.check(date) && is_whole && (time.is_empty() || is_time(time)))
                    .then(|| Moment::new(text.trim_end_matches('T'), false))
            }
        }
    }

    /// A value of an element of type `date`, `dateTime`, `instant` or `time`.
    pub(super) fn of(text: &str, is_time: bool) -> Moment {
        Moment::new(text, is_time)
    }

    fn new(text: &str, is_time: bool) -> Moment {
        Moment {
            text: text.to_owned(),
            is_time,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_time(&self) -> bool {
        self.is_time
    }

    /// None where their precision, or a zone that one has not, leaves it open.
    pub(super) fn compare(&self, other: &Moment) -> Option<Ordering> {
        let (one, two) = (self.parts(), other.parts());
        let shifted = match (one.shifted(), two.shifted()) {
            // A day says nothing of hours, with a zone or without.
            _ if one.numbers.len() < 4 || two.numbers.len() < 4 => None,
            (Some(one), Some(two)) => Some((one, two)),
            (None, None) => None,
            _ => return None,
        };
        let (one, two) = shifted.unwrap_or((one.numbers, two.numbers));
        for (one, two) in one.iter().zip(&two) {
            match one.partial_cmp(two)? {
                Ordering::Equal => {}
                order => return Some(order),
            }
        }
        (one.len() == two.len()).then_some(Ordering::Equal)
    }

    fn parts(&self) -> Parts {
        let (date, time) = match self.is_time {
            true => ("", self.text.as_str()),
            false => self.text.split_once('T').unwrap_or((&self.text, "")),
        };
        let (time, minutes) = zone(time);
        let of = |text: &str, sign: char| -> Vec<f64> {
            let parts = text.split(sign).filter(|part| !part.is_empty());
            parts.filter_map(|part| part.parse().ok()).collect()
        };
        let mut numbers = of(date, '-');
        numbers.extend(of(time, ':'));
        Parts {
            numbers,
            zone: minutes,
        }
    }
}

struct Parts {
    /// From the year, or of a time the hour, as far as they are written.
    numbers: Vec<f64>,
    /// Minutes east of UTC.
    zone: Option<i64>,
}

impl Parts {
    /// The same in UTC; None without a zone.
    fn shifted(&self) -> Option<Vec<f64>> {
        let minutes = self.zone?;
        let [year, month, day, hour, minute, ..] = *self.numbers.as_slice() else {
            return None;
        };
        // Digits that were counted before: a year has four.
        let at = DateTime::new(
            year as i16,
            month as i8,
            day as i8,
            hour as i8,
            minute as i8,
            0,
            0,
        );
        let at = at
            .ok()?
            .checked_sub(SignedDuration::from_mins(minutes))
            .ok()?;
        let mut shifted: Vec<f64> = vec![
            at.year().into(),
            at.month().into(),
            at.day().into(),
            at.hour().into(),
            at.minute().into(),
        ];
        shifted.extend(self.numbers.get(5));
        Some(shifted)
    }
}

/// A time, and the minutes east of UTC that its zone says.
fn zone(time: &str) -> (&str, Option<i64>) {
    if let Some(time) = time.strip_suffix('Z') {
        return (time, Some(0));
    }
    let Some(at) = time.find(['+', '-']) else {
        return (time, None);
    };
    let (time, zone) = time.split_at(at);
    let (hours, minutes) = zone[1..].split_once(':').unwrap_or((&zone[1..], "0"));
    let minutes = match (hours.parse::<u8>(), minutes.parse::<u8>()) {
        (Ok(hours), Ok(minutes)) => i64::from(hours) * 60 + i64::from(minutes),
        _ => return (time, None),
    };
    match zone.starts_with('-') {
        true => (time, Some(-minutes)),
        false => (time, Some(minutes)),
    }
}

/// `10`, `10:30`, `10:30:15`, `10:30:15.250`
fn is_time(text: &str) -> bool {
    let whole = match text.len() {
        2 => format!("{text}:00:00"),
        5 => format!("{text}:00"),
        _ => text.to_owned(),
    };
    Primitive::Time.check(&whole)
}
