//! A practice whose databases this program reaches itself.
//!
//! A statement of a caller's runs on a [`Line`] that no other integrator ever has: what one leaves in a session, another
//! never meets. Lines are kept for a while between two statements of the same integrator, login and database. Each run has a
//! thread for its time; how many run at once, the queue sees to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::id::IntegratorId;
use super::integrator::Login;
use super::lane::Turn;
use super::link::{Availability, Later, Link, Nature, Run, place_of};
use super::logins::{Ending, Logins};
use crate::passthrough::call::{Call, CallError, Called, Line};
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
pub trait Standing: Send + Sync + 'static {
    fn availability(&self) -> Availability;

    /// As [`Link::seek`].
    fn seek(&self) -> Option<u32> {
        None
    }
}

/// It always stands so.
impl Standing for Availability {
    fn availability(&self) -> Availability {
        *self
    }
}

/// A practice's databases, reached by a driver.
pub struct Direct {
    driver: Arc<dyn Driver>,
    standing: Box<dyn Standing>,
    kept: Mutex<Vec<Kept>>,
    logins: Logins,
}

impl Direct {
    /// Databases that a driver reaches; `standing` says whether they can be.
    pub fn new(driver: Arc<dyn Driver>, standing: impl Standing) -> Direct {
        Direct {
            driver,
            standing: Box::new(standing),
            kept: Mutex::default(),
            logins: Logins::default(),
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
        // One that its server has closed since is found out before a statement is lost on it.
        let mut line = match kept.and_then(|mut line| line.answers().then_some(line)) {
            Some(line) => line,
            None => self.connect(&owner, watch)?,
        };
        over(watch)?;
        // Whether it reads only is asked of the server, which also shows whether a kept line still has one.
        let mut nature = nature(&mut *line, &run.call, watch);
        if !watch.is_over() && !line.answers() {
            line = self.connect(&owner, watch)?;
            nature = self::nature(&mut *line, &run.call, watch);
            if !watch.is_over() && !line.answers() {
                // Nothing was run.
                let why = "its connections are cut".to_owned();
                return Err(PassthroughError::Unreachable(why).into());
            }
        }
        if watch.is_over() {
            self.put_back(owner, line);
            return Err(PassthroughError::Timeout(watch.limit()).into());
        }
        if !(run.begins)(nature) {
            self.put_back(owner, line);
            return Err(CallError::Withdrawn);
        }
        let mut rows = run.rows;
        let called = line.call(&run.call, watch, &mut *rows);
        let is_lost = matches!(&called, Err(CallError::Passthrough(error)) if error.is_lost());
        if !is_lost {
            self.put_back(owner, line);
        }
        drop(rows);
        called
    }

    /// A line of its owner's own. A login that was refused just now is not tried.
    fn connect(
        &self,
        owner: &Owner,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Line>, PassthroughError> {
        let Some(login) = &owner.login else {
            return self.driver.line(owner.catalogue, None, watch);
        };
        let attempt = self.logins.attempt(login, watch)?;
        let made = self.driver.line(owner.catalogue, Some(login), watch);
        let made = made.map_err(PassthroughError::of_callers_login);
        attempt.ended(match &made {
            Ok(_) => Ending::LetIn,
            Err(PassthroughError::CallersLogin) => Ending::Refused,
            Err(_) => Ending::Unknown,
        });
        made
    }

    /// A line that has done its work, without what that left behind.
    fn put_back(&self, owner: Owner, mut line: Box<dyn Line>) {
        if line.reset() {
            self.keep(owner, line);
        }
    }
}

fn nature(line: &mut dyn Line, call: &Call, watch: &Arc<Watch>) -> Nature {
    match line.only_reads(call, watch) {
        true => Nature::Reads,
        false => Nature::MayWrite,
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

/// A run's place at the practice, until its thread has done its work or is given up.
type Place = Arc<Mutex<Option<Turn>>>;

fn give_back(place: &Place) {
    drop(place.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// Cancels the statement of a run that nobody waits for any more. Where that does not end it, its place is given back all the
/// same.
struct Cancels {
    watch: Arc<Watch>,
    place: Place,
}

impl Drop for Cancels {
    fn drop(&mut self) {
        self.watch.cancel();
        let is_held = self
            .place
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some();
        if let (true, Ok(runtime)) = (is_held, Handle::try_current()) {
            let place = Arc::clone(&self.place);
            runtime.spawn(async move {
                tokio::time::sleep(GRACE * 2).await;
                give_back(&place);
            });
        }
    }
}

impl Link for Direct {
    fn availability(&self) -> Availability {
        self.standing.availability()
    }

    fn seek(&self) -> Option<u32> {
        self.standing.seek()
    }

    fn engine(&self) -> Dialect {
        self.driver.dialect()
    }

    fn catalogues(&self) -> Vec<Arc<str>> {
        self.driver.catalogues().to_vec()
    }

    fn check(&self, call: &Call) -> Result<(), CallError> {
        self.driver.check(call)
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
            let place: Place = Arc::new(Mutex::new(run.turn.take()));
            let held = Arc::clone(&place);
            let _cancels = Cancels {
                watch: Arc::clone(&watch),
                place: Arc::clone(&place),
            };
            let done = tokio::task::spawn_blocking(move || {
                let done = self.run_now(run, &watch);
                give_back(&held);
                done
            });
            let done = tokio::time::timeout(limit + GRACE * 2, done).await;
            // Of a thread that panicked, or is given up.
            give_back(&place);
            match done {
                Ok(Ok(done)) => done,
                Ok(Err(_panicked)) => Err(PassthroughError::Failed { code: 0 }.into()),
                Err(_) => Err(PassthroughError::Timeout(limit).into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::gateway::link::Nature;
    use crate::passthrough::call::{Call, CommandType, ExecutionMode};
    use crate::passthrough::{Connection, RowSink};
    use crate::secret::Secret;

    /// Databases that let nobody in with a login of their own, and count who tries.
    #[derive(Default)]
    struct Closed {
        tried: AtomicUsize,
    }

    impl Driver for Closed {
        fn dialect(&self) -> Dialect {
            Dialect::Mssql
        }

        fn catalogues(&self) -> &[Arc<str>] {
            &[]
        }

        fn connect(
            &self,
            _: usize,
            _: &Arc<Watch>,
        ) -> Result<Box<dyn Connection>, PassthroughError> {
            Err(PassthroughError::Login)
        }

        fn line(
            &self,
            _: usize,
            login: Option<&Login>,
            _: &Arc<Watch>,
        ) -> Result<Box<dyn Line>, PassthroughError> {
            self.tried.fetch_add(1, Ordering::Relaxed);
            match login {
                Some(login) if login.user == "lost" => Err(PassthroughError::Lost),
                Some(login) if login.user == "confined" => {
                    Err(PassthroughError::NoDatabase("the default one".to_owned()))
                }
                _ => Err(PassthroughError::Login),
            }
        }
    }

    struct Nowhere;

    impl RowSink for Nowhere {
        fn begin(&mut self, _: usize, _: &dyn Fn(usize) -> String) {}

        fn cell(
            &mut self,
            _: crate::passthrough::CellRef<'_>,
        ) -> Result<(), crate::passthrough::TooLarge> {
            Ok(())
        }
    }

    fn login(user: &str, password: &str) -> Login {
        Login {
            user: user.to_owned(),
            password: Secret::new(password),
        }
    }

    async fn run(link: &Arc<Direct>, login: Option<Login>) -> CallError {
        let run = Run {
            call: Arc::new(Call {
                text: "SELECT 1".into(),
                mode: ExecutionMode::Reader,
                kind: CommandType::Text,
                parameters: Vec::new(),
                catalogue: None,
            }),
            integrator: IntegratorId::generate(),
            login,
            limit: Duration::from_secs(10),
            rows: Box::new(Nowhere),
            begins: Box::new(|_: Nature| true),
            turn: None,
        };
        let ran = Arc::clone(link).run(run).await;
        ran.expect_err("nobody is let in")
    }

    #[tokio::test]
    async fn a_login_that_was_refused_is_not_tried_at_once_again() {
        let driver = Arc::new(Closed::default());
        let link = Direct::new(Arc::clone(&driver) as Arc<dyn Driver>, Availability::Online);
        let link = Arc::new(link);
        let tried = || driver.tried.swap(0, Ordering::Relaxed);
        let refused = CallError::from(PassthroughError::CallersLogin);
        for _ in 0..3 {
            assert_eq!(run(&link, Some(login("own", "wrong"))).await, refused);
        }
        assert_eq!(tried(), 1);
        // What was put right is tried; and what is no refusal of a login, each time.
        assert_eq!(run(&link, Some(login("own", "right"))).await, refused);
        assert_eq!(tried(), 1);
        for other in ["lost", "confined"] {
            for _ in 0..2 {
                assert_ne!(run(&link, Some(login(other, ""))).await, refused);
            }
            assert_eq!(tried(), 2, "{other}");
        }
        // The site's own is watched over where it is used for FHIR too.
        for _ in 0..2 {
            let of_the_site = CallError::from(PassthroughError::Login);
            assert_eq!(run(&link, None).await, of_the_site);
        }
        assert_eq!(tried(), 2);
    }
}
