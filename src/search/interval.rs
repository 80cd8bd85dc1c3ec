//! The time that a date of a search covers, in the local time of a site.
//!
//! Takes a [`DateValue`] and the site's time zone; gives a half-open interval of civil date-times, for
//! practice databases hold local time without a zone. R4 §3.1.1.4.5 ("range of the value": from 00:00 to
//! 00:00 exclusive) and §3.1.1.4.7.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::ast::{DateValue, TimePrecision};

/// `[start, end)` in the local time of a site; `start < end`, except at the end of the calendar (the
/// year 9999), where both are its last moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The first moment that belongs to it.
    pub start: DateTime,
    /// The first moment that does not.
    pub end: DateTime,
    /// The same two as instants, where the value says its offset: in the hour that repeats when daylight saving
    /// ends, local time has two of each.
    pub instants: Option<(Timestamp, Timestamp)>,
}

impl DateValue {
    /// The interval that the written precision gives, at a site in `zone`.
    ///
    /// Without an offset, the value is the site's local time. With one, it is an interval of instants too; in local
    /// time it keeps its length, since over the hour that repeats when daylight saving ends converted ends would
    /// run backwards. Years that the calendar does not have give its nearest moment.
    pub fn interval(&self, zone: &TimeZone) -> Interval {
        let local = |start: DateTime, end: DateTime| Interval {
            start,
            end,
            instants: None,
        };
        match *self {
            DateValue::Year(year) => local(first_of(year, 1), first_of(year.saturating_add(1), 1)),
            DateValue::Month(year, 12) => {
                local(first_of(year, 12), first_of(year.saturating_add(1), 1))
            }
            DateValue::Month(year, month) => local(
                first_of(year, month),
                first_of(year, month.saturating_add(1)),
            ),
            DateValue::Day(day) => {
                let next = day.tomorrow();
                let end = next.map_or(DateTime::MAX, |next| next.at(0, 0, 0, 0));
                local(day.at(0, 0, 0, 0), end)
            }
            DateValue::Time {
                at,
                precision,
                offset,
            } => {
                let instant = offset.and_then(|seconds| instant(at, seconds));
                let start = instant.map_or(at, |instant| zone.to_datetime(instant));
                Interval {
                    start,
                    end: start.saturating_add(precision.span()),
                    instants: instant.map(|start| (start, later(start, precision.span()))),
                }
            }
        }
    }
}

impl Interval {
    /// What `ap` asks for: the interval widened at both ends by a tenth of its distance from `now`
    /// (R4: "for a date, 10% of the gap between now and the date"). An interval around `now` stays as it is.
    pub fn approximate(self, now: DateTime) -> Interval {
        let gap = if now < self.start {
            self.start.duration_since(now)
        } else if now > self.end {
            now.duration_since(self.end)
        } else {
            SignedDuration::ZERO
        };
        let margin = gap / 10;
        Interval {
            start: self.start.saturating_sub(margin),
            end: self.end.saturating_add(margin),
            instants: self
                .instants
                .map(|(start, end)| (later(start, -margin), later(end, margin))),
        }
    }
}

impl TimePrecision {
    /// How much time a value of this precision covers.
    fn span(self) -> SignedDuration {
        match self {
            TimePrecision::Minute => SignedDuration::from_secs(60),
            TimePrecision::Second => SignedDuration::from_secs(1),
            TimePrecision::Fraction(digits) => {
                SignedDuration::from_nanos(10_i64.pow(9 - u32::from(digits.clamp(1, 9))))
            }
        }
    }
}

/// Midnight at the start of a month; the nearest end of the calendar where it has no such month.
fn first_of(year: i16, month: i8) -> DateTime {
    match Date::new(year, month, 1) {
        Ok(day) => day.at(0, 0, 0, 0),
        Err(_) if year < 0 => DateTime::MIN,
        Err(_) => DateTime::MAX,
    }
}

/// A time with an offset; None where it cannot be converted, at the ends of the calendar: it then counts as it was
/// written.
fn instant(at: DateTime, offset_seconds: i32) -> Option<Timestamp> {
    let offset = Offset::from_seconds(offset_seconds).ok()?;
    offset.to_timestamp(at).ok()
}

/// So much later, or at the end of the calendar.
fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone of the bundled database")
    }

    fn read(text: &str) -> DateValue {
        super::super::date::date(text).expect("a date")
    }

    fn interval(text: &str, zone_name: &str) -> (String, String) {
        let interval = read(text).interval(&zone(zone_name));
        (interval.start.to_string(), interval.end.to_string())
    }

    #[test]
    fn every_precision_has_its_interval() {
        let cases = [
            ("2024", "2024-01-01T00:00:00", "2025-01-01T00:00:00"),
            ("2024-02", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
            ("2024-12", "2024-12-01T00:00:00", "2025-01-01T00:00:00"),
            ("2024-02-29", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
            (
                "2024-05-31T14:30",
                "2024-05-31T14:30:00",
                "2024-05-31T14:31:00",
            ),
            (
                "2024-05-31T23:59:59",
                "2024-05-31T23:59:59",
                "2024-06-01T00:00:00",
            ),
            (
                "2024-05-31T14:30:00.5",
                "2024-05-31T14:30:00.5",
                "2024-05-31T14:30:00.6",
            ),
            (
                "2024-05-31T14:30:00.000000001",
                "2024-05-31T14:30:00.000000001",
                "2024-05-31T14:30:00.000000002",
            ),
        ];
        for (text, start, end) in cases {
            assert_eq!(
                interval(text, "Australia/Brisbane"),
                (start.to_owned(), end.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn offsets_are_converted_to_the_site() {
        let expected = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        assert_eq!(
            interval("2024-05-31T23:30Z", "Australia/Brisbane"),
            expected("2024-06-01T09:30:00", "2024-06-01T09:31:00")
        );
        assert_eq!(
            interval("2024-05-31T09:30+10:00", "Australia/Perth"),
            expected("2024-05-31T07:30:00", "2024-05-31T07:31:00")
        );
        // Sydney, 7 April 2024: 02:59 summer time, a minute before the clock goes back to 02:00.
        assert_eq!(
            interval("2024-04-07T02:59+11:00", "Australia/Sydney"),
            expected("2024-04-07T02:59:00", "2024-04-07T03:00:00")
        );
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        let zone = zone("Australia/Sydney");
        for date in [
            DateValue::Year(9999),
            DateValue::Year(i16::MAX),
            DateValue::Year(i16::MIN),
            DateValue::Month(9999, 12),
            DateValue::Month(i16::MAX, i8::MAX),
            DateValue::Month(i16::MIN, i8::MIN),
            DateValue::Day(date(9999, 12, 31)),
            DateValue::Day(date(-9999, 1, 1)),
            DateValue::Time {
                at: DateTime::MAX,
                precision: TimePrecision::Minute,
                offset: Some(-50_400),
            },
            DateValue::Time {
                at: DateTime::MIN,
                precision: TimePrecision::Fraction(0),
                offset: Some(i32::MAX),
            },
            DateValue::Time {
                at: DateTime::MAX,
                precision: TimePrecision::Fraction(u8::MAX),
                offset: None,
            },
        ] {
            let interval = date.interval(&zone);
            assert!(interval.start <= interval.end, "{date:?}");
            for now in [DateTime::MIN, DateTime::MAX, DateTime::ZERO] {
                let wider = interval.approximate(now);
                assert!(wider.start <= interval.start && interval.end <= wider.end);
            }
        }
    }

    #[test]
    fn approximation_grows_with_the_distance_from_now() {
        let zone = zone("Australia/Brisbane");
        let now = date(2024, 6, 11).at(0, 0, 0, 0);
        let wide = read("2024-05-31").interval(&zone).approximate(now);
        assert_eq!(
            (wide.start, wide.end),
            (
                date(2024, 5, 30).at(0, 0, 0, 0),
                date(2024, 6, 2).at(0, 0, 0, 0)
            )
        );
        let ahead = read("2024-06-21").interval(&zone).approximate(now);
        assert_eq!(
            (ahead.start, ahead.end),
            (
                date(2024, 6, 20).at(0, 0, 0, 0),
                date(2024, 6, 23).at(0, 0, 0, 0)
            )
        );
        let today = read("2024-06-11").interval(&zone);
        assert_eq!(today.approximate(now), today);
    }
}
