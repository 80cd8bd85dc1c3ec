//! How many queries an account may send: a log of those that were sent, as the upstream keeps one.
//!
//! The upstream counts in a rolling window, so a log of moments is the only count that never goes over it: a
//! bucket that fills evenly lets nearly twice as many through in one window, where it was full at its beginning.
//!
//! A query that would be one too many waits for its place, if that comes soon. Places are given in the order in
//! which they are asked for, and one that is reserved counts at once: so those who wait do not all go when the
//! first place is free.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What an upstream takes from one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Queries within any such time; at least 1.
    pub most: usize,
    pub within: Duration,
    /// How long a query waits for its place; what would wait longer is refused at once.
    pub patience: Duration,
}

impl Default for Rate {
    /// What the SQL Passthrough API documents: 15 in any 5 seconds.
    fn default() -> Self {
        Rate {
            most: 15,
            within: Duration::from_secs(5),
            patience: Duration::from_secs(2),
        }
    }
}

/// A query counts when it arrives, which is not as long after it was sent for each: places are this much further
/// apart than the upstream asks.
const MARGIN: Duration = Duration::from_millis(200);

/// When an account's queries were, or will be, sent; and a pause that the upstream asked for.
#[derive(Debug)]
pub(super) struct Log {
    rate: Option<Rate>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In order: those that count still, and those to come.
    sent: VecDeque<Instant>,
    paused_until: Option<Instant>,
}

impl Log {
    /// Without a rate only the upstream's own pauses count.
    pub(super) fn new(rate: Option<Rate>) -> Log {
        Log {
            rate,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a query that can wait so long at the most: when it may be sent.
    ///
    /// # Errors
    /// How long there is none; nothing was reserved.
    pub(super) fn reserve(&self, now: Instant, left: Duration) -> Result<Instant, Duration> {
        let mut state = self.lock();
        if let Some(until) = state.paused_until {
            if now < until {
                return Err(until - now);
            }
            state.paused_until = None;
        }
        let Some(rate) = self.rate else {
            return Ok(now);
        };
        let most = rate.most.max(1);
        let window = rate.within + MARGIN;
        while state.sent.front().is_some_and(|sent| *sent + window <= now) {
            state.sent.pop_front();
        }
        let place = match state.sent.len() >= most {
            true => {
                let oldest = state.sent[state.sent.len() - most];
                now.max(oldest + window)
            }
            false => now,
        };
        // Never before one that has been given.
        let place = state.sent.back().map_or(place, |last| place.max(*last));
        let wait = place - now;
        if wait > rate.patience.min(left) {
            return Err(wait);
        }
        state.sent.push_back(place);
        Ok(place)
    }

    /// Gives a place back that was not used; only the last, since others were counted from the rest.
    pub(super) fn give_back(&self, place: Instant) {
        let mut state = self.lock();
        if state.sent.back() == Some(&place) {
            state.sent.pop_back();
        }
    }

    /// The upstream takes nothing for so long.
    pub(super) fn pause(&self, now: Instant, pause: Duration) {
        let until = now + pause;
        let mut state = self.lock();
        if state.paused_until.is_none_or(|known| known < until) {
            state.paused_until = Some(until);
        }
    }

    /// How long the upstream's pause still is, for a query that has waited for its place.
    pub(super) fn paused(&self, now: Instant) -> Option<Duration> {
        let until = self.lock().paused_until?;
        (now < until).then(|| until - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn log(most: usize, patience: u64) -> Log {
        Log::new(Some(Rate {
            most,
            within: Duration::from_secs(5),
            patience: Duration::from_millis(patience),
        }))
    }

    /// Whatever is asked for and when: no window holds more than it may.
    #[test]
    fn no_window_holds_too_many() {
        let log = log(15, 600_000);
        let start = Instant::now();
        let given: Vec<Instant> = (0..200u64)
            .map(|asked| {
                let now = start + Duration::from_millis(asked * asked % 977 + asked * 20);
                log.reserve(now, LONG).expect("a place")
            })
            .collect();
        assert!(given.is_sorted());
        for window in given.windows(16) {
            assert!(window[15] - window[0] > Duration::from_secs(5));
        }
    }

    #[test]
    fn who_would_wait_too_long_is_told_so_and_takes_no_place() {
        let log = log(2, 1_000);
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(log.reserve(start, LONG), Ok(start));
        assert_eq!(log.reserve(at(100), LONG), Ok(at(100)));
        let wait = Duration::from_millis(5_200 - 200);
        assert_eq!(log.reserve(at(200), LONG), Err(wait));
        assert_eq!(log.reserve(at(200), LONG), Err(wait));
        assert_eq!(log.reserve(at(4_500), LONG), Ok(at(5_200)));
        // Less time than patience.
        let short = Duration::from_millis(10);
        let wait = Duration::from_millis(5_300 - 4_600);
        assert_eq!(log.reserve(at(4_600), short), Err(wait));
    }

    #[test]
    fn a_place_that_is_given_back_is_anothers() {
        let log = log(1, 10_000);
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(log.reserve(start, LONG), Ok(start));
        let second = log.reserve(start, LONG).expect("a place");
        assert_eq!(second, at(5_200));
        log.give_back(second);
        // The first counts all the same.
        let third = log.reserve(at(100), LONG).expect("a place");
        assert_eq!(third, at(5_200));
    }

    #[test]
    fn nothing_is_sent_in_a_pause() {
        for log in [Log::new(None), log(15, 1_000)] {
            let now = Instant::now();
            assert_eq!(log.reserve(now, LONG), Ok(now));
            log.pause(now, Duration::from_secs(3));
            log.pause(now, Duration::from_secs(1));
            assert_eq!(log.reserve(now, LONG), Err(Duration::from_secs(3)));
            assert_eq!(log.paused(now), Some(Duration::from_secs(3)));
            let after = now + Duration::from_secs(3);
            assert_eq!(
                (log.reserve(after, LONG), log.paused(after)),
                (Ok(after), None)
            );
        }
    }
}
