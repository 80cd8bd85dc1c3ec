//! Days and moments of the embedded practice, on its own wall clock.
//!
//! Takes day numbers, gives the text that the tables hold. Generating data is arithmetic on days
//! back from today, in bounds that are known beforehand, so a day is a plain number here and no
//! step can fail; the proleptic Gregorian calendar is that of Hinnant's `civil_from_days`.

use jiff::civil::{Date, DateTime, Time};
use std::fmt;

/// A day: how many days after 1970-01-01. Shown as the tables hold it, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// A day and a time of it, in seconds since midnight. Shown as the tables hold it,
/// `YYYY-MM-DD HH:MM:SS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The day.
    pub day: Day,
    /// Seconds since midnight.
    pub second: i32,
}

impl Day {
    /// The number of a civil date.
    pub fn of(date: Date) -> Day {
        let year = i32::from(date.year());
        let month = i32::from(date.month());
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(date.day()) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Day(era * 146_097 + day_of_era - 719_468)
    }

    /// The day some days later, or earlier when negative.
    pub fn plus(self, days: i32) -> Day {
        Day(self.0.saturating_add(days))
    }

    /// Year, month (1–12) and day of the month (1–31).
    pub fn civil(self) -> (i32, i32, i32) {
        let (year, month, day) = crate::passthrough::civil(i64::from(self.0));
        let narrow = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        (narrow(year), narrow(month.into()), narrow(day.into()))
    }

    /// The civil date; None beyond the calendar, where no demo has a day.
    pub fn date(self) -> Option<Date> {
        let (year, month, day) = self.civil();
        let narrow = |number: i32| i8::try_from(number).ok();
        Date::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok()
    }

    /// The day of the week, 0 for Monday to 6 for Sunday.
    pub fn weekday(self) -> i32 {
        // 1970-01-01 was a Thursday.
        (self.0.rem_euclid(7) + 3) % 7
    }

    /// The start of the day.
    pub fn midnight(self) -> Moment {
        Moment {
            day: self,
            second: 0,
        }
    }

    /// A time of the day, in seconds since midnight.
    pub fn at(self, second: i32) -> Moment {
        Moment { day: self, second }
    }
}

impl Moment {
    /// The civil date and time; None beyond the calendar.
    pub fn date_time(self) -> Option<DateTime> {
        let midnight = self.day.date()?.to_datetime(Time::midnight());
        let since = jiff::Span::new().try_seconds(self.second).ok()?;
        midnight.checked_add(since).ok()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.day;
        let (hour, minute, second) = (self.second / 3600, self.second / 60 % 60, self.second % 60);
        write!(f, "{day} {hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_are_those_of_the_calendar() {
        let start = date(1896, 1, 1);
        for offset in 0..120_000 {
            let expected = start.saturating_add(jiff::Span::new().days(offset));
            let day = Day::of(start).plus(offset);
            assert_eq!(Day::of(expected), day);
            let (year, month, of_month) = day.civil();
            assert_eq!(
                (year, month, of_month),
                (
                    i32::from(expected.year()),
                    i32::from(expected.month()),
                    i32::from(expected.day())
                )
            );
            assert_eq!(
                day.weekday(),
                i32::from(expected.weekday().to_monday_zero_offset())
            );
        }
        assert_eq!(Day::of(date(1970, 1, 1)), Day(0));
    }

    #[test]
    fn a_moment_is_written_as_the_tables_hold_it() {
        let day = Day::of(date(2026, 2, 3));
        assert_eq!(day.midnight().to_string(), "2026-02-03 00:00:00");
        assert_eq!(day.at(29_705).to_string(), "2026-02-03 08:15:05");
    }
}
