//! Times as people type them: `90d`, `24h`, `2027-01-31`.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::gateway::moment::Moment;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a key can be good for at the most: a century.
const LONGEST: Duration = Duration::from_secs(36_525 * 24 * 60 * 60);
/// How long a pairing code can be good for at the most.
const LONGEST_CODE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A moment, or the beginning of a day in UTC.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
    let at = text.parse().ok().or_else(|| Some(day()?.timestamp()));
    let at: Timestamp = at.ok_or("a day (2026-11-22), or a moment (2026-11-22T10:51:15Z)")?;
    Ok(Moment::from_millis(at.as_millisecond()))
}

/// For how long a pairing code is good: a minute to 30 days.
pub(super) fn code_validity(text: &str) -> Result<Duration, String> {
    let length = length(text).ok_or("a length of time: 24h, 3d, 30m")?;
    match (MINUTE..=LONGEST_CODE).contains(&length) {
        true => Ok(length),
        false => Err(format!(
            "from a minute to {} days",
            LONGEST_CODE.as_secs() / DAY.as_secs()
        )),
    }
}

/// Until when a key is good: `90d` from now, or to the end of a day in UTC.
pub(super) fn expiry(text: &str) -> Result<Moment, String> {
    expiry_at(text, Moment::now())
}

fn expiry_at(text: &str, now: Moment) -> Result<Moment, String> {
    let until = match text.parse::<Date>() {
        Ok(day) => end_of(day),
        Err(_) => length(text).map(|length| now.plus(length)),
    };
    let until = until.ok_or("a day (2027-01-31), or a length of time from now (90d, 26w)")?;
    if until <= now {
        return Err("this is over already".to_owned());
    }
    match until.since(now) <= LONGEST {
        true => Ok(until),
        false => Err("a century at the most; without --expires there is no end".to_owned()),
    }
}

/// When a day is over, in UTC.
fn end_of(day: Date) -> Option<Moment> {
    let next = day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(Moment::from_millis(next.timestamp().as_millisecond()))
}

/// A length of time in weeks, days, hours, minutes and seconds.
fn length(text: &str) -> Option<Duration> {
    // "1e9" and the like are no lengths; a span has a unit to each number, and days have 24 hours here.
    let span: Span = text.parse().ok()?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    match length > SignedDuration::ZERO {
        true => length.unsigned_abs().into(),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn now() -> Moment {
        let at: Timestamp = "2026-11-22T10:51:15Z".parse().expect("a time");
        Moment::from_millis(at.as_millisecond())
    }

    #[test]
    fn a_key_is_good_for_a_time_or_through_a_day() {
        for (text, expected) in [
            ("90d", "2027-02-20T10:51:15.000Z"),
            ("2w", "2026-12-06T10:51:15.000Z"),
            ("36h", "2026-11-23T22:51:15.000Z"),
            ("2027-01-31", "2027-02-01T00:00:00.000Z"),
            ("2026-11-22", "2026-11-23T00:00:00.000Z"),
        ] {
            let until = expiry_at(text, now()).map(|until| until.to_string());
            assert_eq!(until.as_deref(), Ok(expected), "{text}");
        }
        for wrong in [
            "",
            "90",
            "0d",
            "-5d",
            "soon",
            "2026-11-21",
            "2027-02-30",
            "1mo",
            "1y",
            "36526d",
            "9999-12-31",
            "99999999999999999999d",
        ] {
            assert!(expiry_at(wrong, now()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_code_is_good_for_a_minute_to_30_days() {
        assert_eq!(code_validity("24h"), Ok(DAY));
        assert_eq!(code_validity("30d"), Ok(LONGEST_CODE));
        for wrong in ["59s", "31d", "24", "a day", "2027-01-31"] {
            assert!(code_validity(wrong).is_err(), "{wrong}");
        }
    }
}
