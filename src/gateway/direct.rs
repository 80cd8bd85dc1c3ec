//! A practice whose databases this program reaches itself.
//!
//! A statement of a caller's runs on a [`Line`] that no other integrator ever has: what one leaves in a session, another
//! never meets. Lines are kept for a while between two statements of the same integrator, login and database. Each run has a
//! thread for its time; how many run at once, the queue sees to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::id::IntegratorId;
use super::integrator::Login;
use super::link::{Availability, Later, Link, Nature, Run, place_of};
use crate::passthrough::call::{CallError, Called, Line};
use crate::passthrough::{Driver, PassthroughError, Watch};
use crate::relation::Dialect;

/// How long a line without work is kept.
const IDLE: Duration = Duration::from_secs(60);
/// Lines that are kept at a practice without work; the one that was used longest ago is closed first.
const KEPT: usize = 64;
/// What a client that ends by itself is given beyond its time, before its thread is given up.
const GRACE: Duration = Duration::from_secs(5);

/// Whose line it is, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    integrator: IntegratorId,
    login: Option<Login>,
    catalogue: usize,
}

struct Kept {
    owner: Owner,
    line: Box<dyn Line>,
    since: Instant,
}

/// How it stands with a practice's databases.
pub type Standing = Box<dyn Fn() -> Availability + Send + Sync>;

/// A practice's databases, reached by a driver.
pub struct Direct {
    driver: Arc<dyn Driver>,
    standing: Standing,
    kept: Mutex<Vec<Kept>>,
}

impl Direct {
    /// Databases that a driver reaches; `standing` says whether they can be.
    pub fn new(driver: Arc<dyn Driver>, standing: Standing) -> Direct {
        Direct {
            driver,
            standing,
            kept: Mutex::default(),
        }
    }

    fn take(&self, owner: &Owner) -> Option<Box<dyn Line>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let old = take_old(&mut kept);
        let at = kept.iter().rposition(|kept| kept.owner == *owner);
        let line = at.map(|at| kept.swap_remove(at).line);
        drop(kept);
        // Closing may take time.
        drop(old);
        line
    }

    fn keep(&self, owner: Owner, line: Box<dyn Line>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut old = take_old(&mut kept);
        if kept.len() >= KEPT
            && let Some(oldest) = (0..kept.len()).min_by_key(|at| kept[*at].since)
        {
            old.push(kept.swap_remove(oldest));
        }
        let since = Instant::now();
        kept.push(Kept { owner, line, since });
        drop(kept);
        drop(old);
    }

    /// One run, on its thread.
    fn run_now(&self, run: Run, watch: &Arc<Watch>) -> Result<Called, CallError> {
        let owner = Owner {
            catalogue: place_of(self.driver.catalogues(), run.call.catalogue.as_deref())?,
            integrator: run.integrator,
            login: run.login,
        };
        // The thread may have come late.
        over(watch)?;
        let kept = self.take(&owner);
        let connect = || {
            let made = self
                .driver
                .line(owner.catalogue, owner.login.as_ref(), watch);
            made.map_err(|error| match owner.login {
                Some(_) => error.of_callers_login(),
                None => error,
            })
        };
        // One that its server has closed since is found out before a statement is lost on it.
        let mut line = match kept.and_then(|mut line| line.answers().then_some(line)) {
            Some(line) => line,
            None => connect()?,
        };
        over(watch)?;
        // Whether it reads only is asked of the server, which also shows whether a kept line still has one.
        let nature = match line.only_reads(&run.call) {
            true => Nature::Reads,
            false => Nature::MayWrite,
        };
        if !(run.begins)(nature) {
            if line.reset() {
                self.keep(owner, line);
            }
            return Err(CallError::Withdrawn);
        }
        let mut rows = run.rows;
        let called = line.call(&run.call, watch, &mut *rows);
        let is_lost = matches!(&called, Err(CallError::Passthrough(error)) if error.is_lost());
        if !is_lost && line.reset() {
            self.keep(owner, line);
        }
        drop(rows);
        called
    }
}

/// Whether the run's time is over, or nobody waits for it any more.
fn over(watch: &Watch) -> Result<(), CallError> {
    match watch.is_over() {
        true => Err(PassthroughError::Timeout(watch.limit()).into()),
        false => Ok(()),
    }
}

fn take_old(kept: &mut Vec<Kept>) -> Vec<Kept> {
    let now = Instant::now();
    let old = kept.extract_if(.., |kept| now.duration_since(kept.since) > IDLE);
    old.collect()
}

/// Cancels the statement of a run that nobody waits for any more.
struct Cancels(Arc<Watch>);

impl Drop for Cancels {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Link for Direct {
    fn availability(&self) -> Availability {
        (self.standing)()
    }

    fn engine(&self) -> Dialect {
        self.driver.dialect()
    }

    fn catalogues(&self) -> Vec<Arc<str>> {
        self.driver.catalogues().to_vec()
    }

    fn close_idle(&self) {
        let old = take_old(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        // Outside of the lock: closing may take time.
        drop(old);
    }

    fn run(self: Arc<Self>, run: Run) -> Later<'static, Result<Called, CallError>> {
        Box::pin(async move {
            let mut run = run;
            let limit = run.limit;
            // For the connection too: who waits does not care what for.
            let watch = Watch::begun(limit);
            let turn = Arc::new(Mutex::new(run.turn.take()));
            let held = Arc::clone(&turn);
            let _cancels = Cancels(Arc::clone(&watch));
            let done = tokio::task::spawn_blocking(move || {
                let done = self.run_now(run, &watch);
                drop(held);
                done
            });
            match tokio::time::timeout(limit + GRACE * 2, done).await {
                Ok(Ok(done)) => done,
                Ok(Err(_panicked)) => Err(PassthroughError::Failed { code: 0 }.into()),
                Err(_) => {
                    // The thread is given up; its place at the practice is given back.
                    drop(turn.lock().unwrap_or_else(PoisonError::into_inner).take());
                    Err(PassthroughError::Timeout(limit).into())
                }
            }
        })
    }
}
