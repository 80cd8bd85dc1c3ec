//! Who tries a caller's own login at a database.
//!
//! A server may lock an account that is tried too often with a password that is wrong. So a login of which it is not known that
//! it is let in is tried by one statement at a time, while the others wait for what comes of it; and one that was refused is
//! not tried for a while. A login with another password is another.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::integrator::Login;
use crate::passthrough::{PassthroughError, Watch};

/// How long a login that was refused is not tried again.
const REFUSED: Duration = Duration::from_secs(60);
/// Logins that are known at a practice; of more, those that were heard of longest ago are forgotten.
const KNOWN: usize = 64;
/// Between two looks at whether the run of who waits is over.
const LOOK: Duration = Duration::from_millis(100);

/// What is known of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Tried,
    LetIn,
    Refused(Instant),
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    LetIn,
    Refused,
    /// It did not come to that.
    Unknown,
}

/// Callers' own logins at a practice.
#[derive(Default)]
pub struct Logins {
    /// The one that was heard of last at the end.
    known: Mutex<Vec<(Login, State)>>,
    changed: Condvar,
}

/// A login is being tried. Dropped without an end, nothing is known of it.
pub struct Attempt<'l> {
    logins: &'l Logins,
    login: &'l Login,
    /// It is the only one.
    is_alone: bool,
}

impl Logins {
    fn lock(&self) -> MutexGuard<'_, Vec<(Login, State)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a login be tried, when nobody else does.
    ///
    /// # Errors
    /// [`PassthroughError::CallersLogin`] where it was refused just now; [`PassthroughError::Timeout`] where the watch ended
    /// first.
    pub fn attempt<'l>(
        &'l self,
        login: &'l Login,
        watch: &Watch,
    ) -> Result<Attempt<'l>, PassthroughError> {
        let mut known = self.lock();
        loop {
            let is_alone = match state(&known, login) {
                Some(State::LetIn) => false,
                Some(State::Refused(at)) if at.elapsed() < REFUSED => {
                    return Err(PassthroughError::CallersLogin);
                }
                Some(State::Refused(_)) | None => {
                    set(&mut known, login, Some(State::Tried));
                    true
                }
                Some(State::Tried) => {
                    if watch.is_over() {
                        return Err(PassthroughError::Timeout(watch.limit()));
                    }
                    let waited = self.changed.wait_timeout(known, LOOK);
                    known = waited.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
            };
            return Ok(Attempt {
                logins: self,
                login,
                is_alone,
            });
        }
    }
}

impl Attempt<'_> {
    /// What came of it.
    pub fn ended(self, ending: Ending) {
        let state = match ending {
            Ending::LetIn => Some(State::LetIn),
            Ending::Refused => Some(State::Refused(Instant::now())),
            // The others know as much as before.
            Ending::Unknown => return,
        };
        set(&mut self.logins.lock(), self.login, state);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut known = self.logins.lock();
        if self.is_alone && state(&known, self.login) == Some(State::Tried) {
            set(&mut known, self.login, None);
        }
        drop(known);
        self.logins.changed.notify_all();
    }
}

fn state(known: &[(Login, State)], login: &Login) -> Option<State> {
    let found = known.iter().find(|(other, _)| other == login);
    found.map(|(_, state)| *state)
}

fn set(known: &mut Vec<(Login, State)>, login: &Login, state: Option<State>) {
    known.retain(|(other, _)| other != login);
    let Some(state) = state else { return };
    if known.len() >= KNOWN {
        // One that is being tried is still to be told of: there are no more of them than places at the practice.
        let oldest = known.iter().position(|(_, state)| *state != State::Tried);
        known.remove(oldest.unwrap_or(0));
    }
    known.push((login.clone(), state));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::secret::Secret;

    fn login(user: &str) -> Login {
        Login {
            user: user.to_owned(),
            password: Secret::new("password"),
        }
    }

    fn watch() -> Arc<Watch> {
        Watch::begun(Duration::from_secs(20))
    }

    /// Many come at once; what the login comes to is said by the first, and how often it was tried is given.
    fn many(ending: Ending) -> usize {
        let (logins, tried) = (Logins::default(), AtomicUsize::new(0));
        let own = login("own");
        let begin = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    begin.wait();
                    let Ok(attempt) = logins.attempt(&own, &watch()) else {
                        return;
                    };
                    tried.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    attempt.ended(ending);
                });
            }
        });
        tried.into_inner()
    }

    #[test]
    fn many_at_once_try_a_login_that_is_refused_once() {
        assert_eq!(many(Ending::Refused), 1);
        // Each finds out for itself what keeps it from being let in.
        assert_eq!(many(Ending::Unknown), 8);
        assert_eq!(many(Ending::LetIn), 8);
    }

    #[test]
    fn those_that_are_let_in_do_not_wait_for_one_another() {
        let (logins, own) = (Logins::default(), login("own"));
        let first = logins.attempt(&own, &watch()).expect("nobody tries it");
        let short = Watch::begun(Duration::from_millis(150));
        let second = logins.attempt(&own, &short).map(|_| ());
        assert_eq!(second, Err(PassthroughError::Timeout(short.limit())));
        // Another login is another.
        assert!(logins.attempt(&login("other"), &short).is_ok());
        first.ended(Ending::LetIn);
        let one = logins.attempt(&own, &watch()).expect("it is let in");
        let two = logins.attempt(&own, &short).expect("at the same time");
        // Its password was changed meanwhile.
        one.ended(Ending::Refused);
        two.ended(Ending::Unknown);
        let refused = logins.attempt(&own, &watch()).map(|_| ());
        assert_eq!(refused, Err(PassthroughError::CallersLogin));
    }

    #[test]
    fn refused_logins_are_few_and_forgotten() {
        let mut known = Vec::new();
        let long_ago = Instant::now().checked_sub(REFUSED);
        let long_ago = long_ago.expect("the machine has run for a minute");
        for number in 0..=KNOWN {
            set(
                &mut known,
                &login(&number.to_string()),
                Some(State::Refused(long_ago)),
            );
        }
        assert_eq!(state(&known, &login("0")), None);
        assert!(state(&known, &login("1")).is_some());
        let logins = Logins {
            known: Mutex::new(known),
            changed: Condvar::new(),
        };
        assert!(logins.attempt(&login("1"), &watch()).is_ok());
    }
}
