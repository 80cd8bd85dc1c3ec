//! Who asks a server that is down: none of its callers.
//!
//! A server that cannot be reached costs whoever tries the whole time for connecting. After the first failure callers
//! are told so at once, and why; the pool itself tries again ([`super::Pool`]), with pauses that double, until a
//! connection is made. While nobody asks for a practice, its server is tried less often.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::PassthroughError;

/// The first pause.
const SHORTEST: Duration = Duration::from_millis(500);
/// A server that came back is found within this time.
const LONGEST: Duration = Duration::from_secs(5);
/// Where the server refuses the login: it may lock an account that tries too often. Also where nobody has asked since
/// the last attempt.
const SELDOM: Duration = Duration::from_secs(60);

/// The state of one database, as attempts to connect to it have shown it.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<Option<Down>>,
    /// It is tried only where somebody has asked since the last attempt: what it is tried with may be changed meanwhile, and
    /// nobody come back for it.
    waits_for_callers: bool,
}

#[derive(Debug, Clone)]
struct Down {
    why: PassthroughError,
    /// Until the next attempt, where somebody waits for it.
    pause: Duration,
    /// The last attempt.
    tried: Instant,
    /// Somebody has asked since.
    is_asked: bool,
}

impl Down {
    fn next(&self) -> Instant {
        self.tried + if self.is_asked { self.pause } else { SELDOM }
    }
}

/// What a caller is told of a database that is down.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    pub(super) why: PassthroughError,
    /// Until the next attempt.
    pub(super) pause: Duration,
    /// The attempt is sooner than it was, as somebody waits for it now.
    pub(super) is_sooner: bool,
}

impl Breaker {
    /// Of connections by a caller's own login.
    pub(super) fn of_callers_login() -> Breaker {
        Breaker {
            waits_for_callers: true,
            ..Breaker::default()
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Down>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a caller may have a connection made.
    ///
    /// # Errors
    /// Why not, and for how long.
    pub(super) fn ask(&self, now: Instant) -> Result<(), Refused> {
        let mut state = self.lock();
        let Some(down) = &mut *state else {
            return Ok(());
        };
        let was = std::mem::replace(&mut down.is_asked, true);
        Err(Refused {
            why: down.why.clone(),
            // An attempt that is due takes a moment.
            pause: down.next().saturating_duration_since(now).max(SHORTEST),
            is_sooner: !was,
        })
    }

    /// When the next attempt is to be made; None of a database that is up, or that nobody waits for.
    pub(super) fn next(&self) -> Option<Instant> {
        let state = self.lock();
        let is_tried = |down: &&Down| down.is_asked || !self.waits_for_callers;
        state.as_ref().filter(is_tried).map(Down::next)
    }

    /// Whether the last attempt failed.
    pub(super) fn is_down(&self) -> bool {
        self.lock().is_some()
    }

    /// A connection could not be made, by a caller or by an attempt of the pool's own. True where that is news.
    pub(super) fn failed(&self, now: Instant, why: PassthroughError, is_attempt: bool) -> bool {
        // Whoever names a login that is wrong again and again has it locked.
        let first = match why {
            PassthroughError::Login
            | PassthroughError::CallersLogin
            | PassthroughError::UpstreamRefused => SELDOM,
            _ => SHORTEST,
        };
        let longest = if why.is_refusal() { SELDOM } else { LONGEST };
        let mut state = self.lock();
        let (is_news, pause) = match &*state {
            None => (true, first),
            Some(down) if is_attempt => (false, (down.pause * 2).min(longest).max(first)),
            // What had begun before the server was known to be down says nothing new.
            Some(_) => return false,
        };
        *state = Some(Down {
            why,
            pause,
            tried: now,
            is_asked: is_news && !self.waits_for_callers,
        });
        is_news
    }

    /// An attempt that began then found nothing out: the next is a pause away all the same.
    pub(super) fn tried(&self, began: Instant, now: Instant) {
        if let Some(down) = &mut *self.lock()
            && down.tried < began
        {
            down.tried = now;
        }
    }

    /// The server answered. True where that is news.
    pub(super) fn succeeded(&self) -> bool {
        self.lock().take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable() -> PassthroughError {
        PassthroughError::Unreachable("refused".to_owned())
    }

    #[test]
    fn callers_are_refused_and_pauses_grow_while_they_ask() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        assert_eq!(breaker.ask(now), Ok(()));
        assert_eq!(breaker.next(), None);
        assert!(breaker.failed(now, unreachable(), false));
        assert!(breaker.is_down());
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let refused = breaker.ask(now).expect_err("down");
            assert_eq!(refused.why, unreachable());
            pauses.push(refused.pause.as_millis());
            now = breaker.next().expect("down");
            assert!(!breaker.failed(now, unreachable(), true));
        }
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        assert!(breaker.succeeded());
        assert!(!breaker.succeeded(), "it is up already");
        assert_eq!(breaker.ask(now), Ok(()));
        assert!(!breaker.is_down());
    }

    #[test]
    fn a_server_that_nobody_asks_for_is_tried_seldom() {
        let breaker = Breaker::default();
        let start = Instant::now();
        breaker.failed(start, unreachable(), false);
        // Whoever found it out waits for it.
        assert_eq!(breaker.next(), Some(start + SHORTEST));
        breaker.failed(start, unreachable(), true);
        assert_eq!(breaker.next(), Some(start + SELDOM));
        assert!(breaker.ask(start).expect_err("down").is_sooner);
        assert_eq!(breaker.next(), Some(start + SHORTEST * 2));
        assert!(!breaker.ask(start).expect_err("down").is_sooner);
    }

    #[test]
    fn a_refused_login_is_tried_seldom() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        breaker.failed(now, PassthroughError::Login, false);
        for _ in 0..3 {
            assert_eq!(breaker.ask(now).expect_err("down").pause, SELDOM);
            now = breaker.next().expect("down");
            breaker.failed(now, PassthroughError::Login, true);
        }
        // Then it is let in, and the server goes.
        breaker.failed(now, unreachable(), true);
        assert_eq!(breaker.ask(now).expect_err("down").pause, LONGEST);
    }

    #[test]
    fn a_callers_own_login_is_tried_for_callers_alone() {
        let breaker = Breaker::of_callers_login();
        let start = Instant::now();
        assert!(breaker.failed(start, PassthroughError::CallersLogin, false));
        assert_eq!(breaker.next(), None, "nobody has asked again");
        let refused = breaker.ask(start).expect_err("down");
        assert_eq!((refused.pause, refused.is_sooner), (SELDOM, true));
        let due = start + SELDOM;
        assert_eq!(breaker.next(), Some(due));
        breaker.failed(due, PassthroughError::CallersLogin, true);
        assert_eq!(breaker.next(), None);
    }

    #[test]
    fn what_callers_find_does_not_put_the_next_attempt_off() {
        let breaker = Breaker::default();
        let start = Instant::now();
        breaker.failed(start, unreachable(), false);
        let later = start + Duration::from_millis(400);
        assert!(!breaker.failed(later, unreachable(), false));
        assert_eq!(breaker.next(), Some(start + SHORTEST));
        // An attempt that ended without a word does.
        breaker.tried(later, later);
        assert_eq!(breaker.next(), Some(later + SHORTEST));
        breaker.tried(start, later + SHORTEST);
        assert_eq!(breaker.next(), Some(later + SHORTEST));
    }
}
