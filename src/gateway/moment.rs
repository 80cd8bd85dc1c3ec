//! Moments as the API writes them: UTC, to the millisecond.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer, de};

/// A moment: `2026-11-22T10:51:15.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    pub fn now() -> Moment {
        Moment(Timestamp::now().as_millisecond())
    }

    /// Milliseconds since 1970 began in UTC.
    pub const fn from_millis(millis: i64) -> Moment {
        Moment(millis)
    }

    /// Milliseconds since 1970 began in UTC.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// As much later.
    #[must_use]
    pub fn plus(self, by: Duration) -> Moment {
        Moment(
            self.0
                .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` it is; nothing where it is not.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::MAX);
        write!(f, "{}", at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Moment, D::Error> {
        let text = String::deserialize(from)?;
        let at: Timestamp = text.parse().map_err(|_| de::Error::custom("no moment"))?;
        Ok(Moment(at.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_to_the_millisecond_in_utc() {
        let at = Moment::from_millis(1_795_344_675_007);
        assert_eq!(at.to_string(), "2026-11-22T10:51:15.007Z");
        let json = serde_json::to_string(&at).expect("JSON");
        assert_eq!(serde_json::from_str::<Moment>(&json).expect("read"), at);
        assert_eq!(
            at.plus(Duration::from_secs(1)).since(at),
            Duration::from_secs(1)
        );
        assert_eq!(at.since(at.plus(Duration::from_secs(1))), Duration::ZERO);
    }
}
