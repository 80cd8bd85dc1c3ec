//! Whether a message is sent again, and when. No clock, no chance, no network: both are given.

use std::time::Duration;

use thiserror::Error;

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A status, and how long the receiver wants to be left alone.
    Status(u16, Option<Duration>),
    /// Nothing came back.
    Nothing(Problem),
}

/// Why nothing came back, in words of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Problem {
    #[error("timed out")]
    TimedOut,
    #[error("its host has no address")]
    Unresolved,
    #[error("its host has a private address, which is not called")]
    Closed,
    #[error("no connection")]
    Unreachable,
    #[error("no TLS session, or its certificate is not trusted")]
    Tls,
    #[error("the connection broke off")]
    Lost,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Delivered,
    /// It is sent again after a pause.
    Again(Duration),
    Failed,
}

/// How often, and how far apart, a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// About how long after the first attempt the second is made; each pause is about three times the one before.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// Attempts in all.
    pub tries: u32,
}

/// The longest pause that the API documents.
pub const LONGEST: Duration = Duration::from_secs(90 * 60);

impl Default for Schedule {
    /// What the API documents: 10 attempts, from 5 seconds to 90 minutes apart. The last is made after about 4 hours, so
    /// that a receiver that is down for an afternoon misses nothing.
    fn default() -> Schedule {
        Schedule {
            first: Duration::from_secs(5),
            longest: LONGEST,
            tries: 10,
        }
    }
}

impl Schedule {
    /// What becomes of a message whose attempt of this number, from 1, had this answer. `random` is any number, each as
    /// likely as another: it keeps messages apart that failed together.
    pub fn next(&self, attempt: u32, answer: Answer, random: u32) -> Next {
        let wanted = match answer {
            Answer::Status(200..=299, _) => return Next::Delivered,
            // What a receiver says that is not well, or overrun; other 4xx mean the message, and 3xx lead elsewhere.
            Answer::Status(408 | 429 | 500..=599, pause) => pause,
            Answer::Status(..) => return Next::Failed,
            Answer::Nothing(_) => None,
        };
        if attempt >= self.tries {
            return Next::Failed;
        }
        let pause = self.pause(attempt, random);
        Next::Again(pause.max(wanted.unwrap_or_default()).min(self.longest))
    }

    /// The pause after an attempt: from three to five quarters of a base that triples.
    fn pause(&self, attempt: u32, random: u32) -> Duration {
        let most = self.longest.mul_f64(0.8);
        let factor = 3u32.saturating_pow(attempt.saturating_sub(1));
        let base = self.first.saturating_mul(factor).min(most);
        base.mul_f64(0.75 + 0.5 * f64::from(random) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn again(answer: Answer, attempt: u32, random: u32) -> Option<Duration> {
        match Schedule::default().next(attempt, answer, random) {
            Next::Again(pause) => Some(pause),
            Next::Delivered | Next::Failed => None,
        }
    }

    #[test]
    fn pauses_grow_and_are_never_too_long() {
        let down = Answer::Nothing(Problem::Unreachable);
        let pauses: Vec<_> = (1..10)
            .map(|attempt| {
                let [least, most] =
                    [0, u32::MAX].map(|random| again(down, attempt, random).expect("again"));
                (least.as_secs_f64(), most.as_secs_f64())
            })
            .collect();
        let expected = [
            (3.75, 6.25),
            (11.25, 18.75),
            (33.75, 56.25),
            (101.25, 168.75),
            (303.75, 506.25),
            (911.25, 1518.75),
            (2733.75, 4556.25),
            (3240.0, 5400.0),
            (3240.0, 5400.0),
        ];
        for (found, expected) in pauses.iter().zip(expected) {
            let apart = (found.0 - expected.0).abs() + (found.1 - expected.1).abs();
            assert!(apart < 1e-6, "{pauses:?}");
        }
        assert_eq!(pauses.len(), 9);
        assert_eq!(again(down, 10, 0), None);
        assert_eq!(again(down, u32::MAX, 0), None);
        assert!(again(down, 1, 1 << 20) < again(down, 1, 1 << 30));
    }

    #[test]
    fn an_answer_ends_it_or_not() {
        let schedule = Schedule::default();
        for status in 100..1000 {
            let found = schedule.next(1, Answer::Status(status, None), 0);
            let expected = match status {
                200..=299 => Next::Delivered,
                408 | 429 => Next::Again(SECOND.mul_f64(3.75)),
                500..=599 => Next::Again(SECOND.mul_f64(3.75)),
                _ => Next::Failed,
            };
            assert_eq!(found, expected, "{status}");
            let last = schedule.next(10, Answer::Status(status, Some(SECOND)), 0);
            assert_eq!(last == Next::Delivered, (200..=299).contains(&status));
            assert!(!matches!(last, Next::Again(_)), "{status}");
        }
    }

    #[test]
    fn a_receiver_is_left_alone_for_as_long_as_it_says_within_bounds() {
        let busy = |seconds| Answer::Status(503, Some(Duration::from_secs(seconds)));
        assert_eq!(again(busy(0), 1, 0), Some(SECOND.mul_f64(3.75)));
        assert_eq!(again(busy(60), 1, 0), Some(60 * SECOND));
        assert_eq!(again(busy(60), 9, 0), Some(3240 * SECOND));
        assert_eq!(again(busy(1 << 32), 1, 0), Some(5400 * SECOND));
    }
}
