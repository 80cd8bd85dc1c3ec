//! Who may ask a server that is down: nobody, for a while.
//!
//! A server that cannot be reached costs each caller the whole time for connecting. After the first failure
//! callers are told so at once; when the pause is over one of them is let through, and the pause doubles
//! until a connection is made.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The first pause.
const SHORTEST: Duration = Duration::from_millis(500);
/// A server that came back is found within this time.
const LONGEST: Duration = Duration::from_secs(5);
/// Where the server refused the login: it may lock an account that tries too often.
const LONGEST_REFUSED: Duration = Duration::from_secs(60);

/// The state of one server, as its connections have shown it.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<Option<Down>>,
}

#[derive(Debug, Clone, Copy)]
struct Down {
    pause: Duration,
    until: Instant,
    /// One was let through, and has not told what came of it.
    is_tried: bool,
}

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, Option<Down>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the server may be asked; else how long it is not. Who may after a pause is the only one until it
    /// would be over again.
    pub(super) fn ask(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.lock();
        match &mut *state {
            None => Ok(()),
            Some(down) if now < down.until => Err(down.until - now),
            Some(down) => {
                down.until = now + down.pause;
                down.is_tried = true;
                Ok(())
            }
        }
    }

    /// Somebody asks whatever the server was like: it is not for callers, but to find out.
    pub(super) fn insist(&self) {
        if let Some(down) = &mut *self.lock() {
            down.is_tried = true;
        }
    }

    /// How long the server is not to be asked, if it is down and nobody is trying it: what was waiting when it went
    /// down need not find out for itself.
    pub(super) fn paused(&self, now: Instant) -> Option<Duration> {
        let state = *self.lock();
        let down = state.filter(|down| !down.is_tried && now < down.until)?;
        Some(down.until - now)
    }

    /// Whether a connection would have to wait, without being the one that is let through.
    pub(super) fn is_down(&self) -> bool {
        self.lock().is_some()
    }

    /// A connection could not be made. True where that is news.
    pub(super) fn failed(&self, now: Instant, is_refusal: bool) -> bool {
        let longest = if is_refusal { LONGEST_REFUSED } else { LONGEST };
        let mut state = self.lock();
        let pause = match &*state {
            // What had begun before the server was known to be down says nothing new.
            Some(down) if now < down.until && !down.is_tried => return false,
            Some(down) => (down.pause * 2).min(longest),
            None => SHORTEST,
        };
        let is_news = state.is_none();
        *state = Some(Down {
            pause,
            until: now + pause,
            is_tried: false,
        });
        is_news
    }

    /// The server answered. True where that is news.
    pub(super) fn succeeded(&self) -> bool {
        self.lock().take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_let_through_after_each_pause_and_pauses_grow() {
        let breaker = Breaker::default();
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(breaker.ask(start), Ok(()));
        breaker.failed(start, false);
        assert!(breaker.is_down());
        assert_eq!(breaker.ask(at(100)), Err(Duration::from_millis(400)));
        assert_eq!(breaker.paused(at(100)), Some(Duration::from_millis(400)));
        // The pause is over: one may, the next may not.
        assert_eq!(breaker.ask(at(500)), Ok(()));
        assert_eq!(breaker.ask(at(501)), Err(Duration::from_millis(499)));
        assert_eq!(breaker.paused(at(501)), None, "it is being tried");
        let mut now = 1_000;
        let mut pauses = Vec::new();
        for _ in 0..5 {
            assert_eq!(breaker.ask(at(now)), Ok(()), "{now}");
            breaker.failed(at(now), false);
            let pause = breaker.ask(at(now)).expect_err("down");
            pauses.push(pause.as_millis());
            now += u64::try_from(pause.as_millis()).expect("short");
        }
        assert_eq!(pauses, [1_000, 2_000, 4_000, 5_000, 5_000]);
        breaker.succeeded();
        assert_eq!(breaker.ask(at(now)), Ok(()));
        assert!(!breaker.is_down());
    }

    #[test]
    fn a_refused_login_is_tried_seldom() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        for _ in 0..12 {
            breaker.failed(now, true);
            now += breaker.ask(now).expect_err("down");
        }
        breaker.failed(now, true);
        assert_eq!(breaker.ask(now), Err(LONGEST_REFUSED));
    }
}
