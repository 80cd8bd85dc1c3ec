//! A site's connections, and whose turn it is to use them.
//!
//! A request's whole work with the database is one job on a thread of the pool's own. There are as many
//! threads as connections to a database and each keeps its own: what a thread's heap and a connection's cache
//! have grown to is then used again, where a runtime's shared blocking threads, of which there are soon dozens,
//! each keep theirs. A site of several databases has a connection to each on every thread that was asked for it.
//!
//! Every wait ends: for a thread ([`Limits::wait`]), for a connection ([`Limits::connect`]), for the job's
//! statements together ([`Limits::statement`]); and a thread that comes back from none of them is given up. When the
//! caller goes away its job is taken back, or its statement cancelled. A server that cannot be reached is tried by
//! the pool itself, and by no caller ([`super::breaker`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::breaker::Breaker;
use super::jobs::{Jobs, Next, Ticket};
use super::meter::Meter;
use super::session::{Backing, Held, Session};
use super::{Driver, PassthroughError, Watch};

/// Bounds of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections to a database, each with a thread of its own, at the most.
    pub connections: usize,
    /// Requests of a caller that may wait for one; a further one is turned away at once.
    pub waiting: usize,
    /// How long one may wait.
    pub wait: Duration,
    /// How long it may take to make a connection.
    pub connect: Duration,
    /// How long a job's statements may take together.
    pub statement: Duration,
    /// Bytes of one statement's rows.
    pub rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 4,
            waiting: 256,
            wait: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            statement: Duration::from_secs(30),
            rows: 64 << 20,
        }
    }
}

/// What a client that ends by itself is given beyond its time, before its thread is given up.
const GRACE: Duration = Duration::from_secs(5);

/// The connections of one site.
pub struct Pool {
    backing: Backing,
    jobs: Arc<Jobs<Job>>,
    /// Connections that no thread has yet.
    spare: Mutex<Option<Held>>,
    /// A server that is down is being tried again and again.
    is_tried: AtomicBool,
}

type Job = Box<dyn FnOnce(&mut Held) + Send>;

/// Does jobs until there will be no more.
fn serve(jobs: &Jobs<Job>, idle: Option<Duration>) {
    let mut held = Held::default();
    let mut done = None;
    loop {
        let idle = idle.filter(|_| held.has_any());
        match jobs.next(done.take(), idle) {
            Next::Job(ticket, job) => {
                // A job that panics takes its connections with it; others are made for the next.
                let sound = catch_unwind(AssertUnwindSafe(|| job(&mut held)));
                if sound.is_err() {
                    held = Held::default();
                }
                done = Some(ticket);
            }
            Next::Idle => held = Held::default(),
            Next::End => return,
        }
    }
}

/// A job that somebody waits for. When nobody does any more it is taken back, or cancelled where it runs.
struct Awaited<'p> {
    pool: &'p Arc<Pool>,
    ticket: Ticket,
    watch: Arc<Watch>,
    is_done: bool,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if self.is_done || self.pool.jobs.withdraw(self.ticket).is_some() {
            return;
        }
        self.watch.cancel();
        // A client that does not end by itself would keep its thread.
        let (pool, ticket) = (Arc::downgrade(self.pool), self.ticket);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(GRACE).await;
                if let Some(pool) = pool.upgrade() {
                    pool.give_up(ticket);
                }
            });
        }
    }
}

/// The attempts of a pool: where they end although a server is down, others may begin.
struct Trying {
    pool: Weak<Pool>,
    /// They ended of themselves.
    is_over: bool,
}

impl Trying {
    fn end(&mut self) {
        self.is_over = true;
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        if !self.is_over
            && let Some(pool) = self.pool.upgrade()
        {
            pool.is_tried.store(false, Ordering::Release);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs.close();
    }
}

impl Pool {
    /// A pool without connections: the first job makes one.
    pub fn new(driver: Arc<dyn Driver>, limits: Limits) -> Pool {
        Pool::metered(driver, limits, Meter::default())
    }

    /// As [`Pool::new`], of a site whose numbers are recorded under its id.
    pub fn of_site(id: &str, driver: Arc<dyn Driver>, limits: Limits) -> Pool {
        Pool::metered(driver, limits, Meter::of(id))
    }

    /// As [`Pool::of_site`], by a driver that enters as a caller's own login. What it finds out of that login says nothing of
    /// the site, and is told as the login's; and where it is not let in it is tried again only for who asks.
    pub fn of_callers_login(id: &str, driver: Arc<dyn Driver>, limits: Limits) -> Pool {
        let mut pool = Pool::metered(driver, limits, Meter::of_callers_login(id));
        pool.backing.is_callers = true;
        for breaker in &mut pool.backing.breakers {
            *breaker = Breaker::of_callers_login();
        }
        pool
    }

    fn metered(driver: Arc<dyn Driver>, limits: Limits, meter: Meter) -> Pool {
        Pool {
            jobs: Arc::new(Jobs::new(limits.connections, limits.waiting)),
            backing: Backing {
                is_callers: false,
                breakers: std::iter::repeat_with(Breaker::default)
                    .take(driver.catalogues().len().max(1))
                    .collect(),
                asked: Arc::default(),
                returns: AtomicU64::new(0),
                driver,
                limits,
                meter,
            },
            spare: Mutex::new(None),
            is_tried: AtomicBool::new(false),
        }
    }

    /// A pool with a connection to each of the site's databases, so that one that cannot be opened is known now.
    ///
    /// # Errors
    /// The driver's.
    pub fn connected(driver: Arc<dyn Driver>, limits: Limits) -> Result<Pool, PassthroughError> {
        let pool = Pool::new(driver, limits);
        pool.run_now(|session| session.connect_all())?;
        Ok(pool)
    }

    /// What makes its connections.
    pub fn driver(&self) -> &Arc<dyn Driver> {
        &self.backing.driver
    }

    /// Its bounds.
    pub fn limits(&self) -> &Limits {
        &self.backing.limits
    }

    /// The last attempt to connect to one of the databases failed: callers are told so until one succeeds.
    pub fn is_down(&self) -> bool {
        self.backing.breakers.iter().any(Breaker::is_down)
    }

    /// Counts a request that was turned away before it came here.
    pub fn refused(&self, why: &PassthroughError) {
        self.backing.meter.failed(why);
    }

    /// None of the databases can be connected to; or they are files, and that of the default one is not there.
    pub fn is_away(&self) -> bool {
        self.backing.breakers.iter().all(Breaker::is_down) || !self.backing.driver.is_there()
    }

    /// How often a server that was down has come back. It may have been changed meanwhile.
    pub fn returns(&self) -> u64 {
        self.backing.returns.load(Ordering::Relaxed)
    }

    /// Runs a job with a session of its own on a thread of the pool. When the future is dropped, the job's
    /// statement is cancelled.
    ///
    /// # Errors
    /// When no connection comes free in time, or none can be made; and the job's own.
    pub async fn run<T, E, F>(self: &Arc<Self>, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<PassthroughError> + Send + 'static,
        F: FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    {
        self.run_for(None, job).await
    }

    /// As [`Pool::run`], within the caller's share of the connections where there is a caller.
    ///
    /// # Errors
    /// As [`Pool::run`].
    pub async fn run_for<T, E, F>(self: &Arc<Self>, caller: Option<u32>, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<PassthroughError> + Send + 'static,
        F: FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    {
        let done = match self.ask_server() {
            Ok(()) => self.submit(caller, false, job).await,
            Err(down) => {
                self.refused(&down);
                Err(down.into())
            }
        };
        self.try_again_where_down();
        done
    }

    async fn submit<T, E, F>(
        self: &Arc<Self>,
        caller: Option<u32>,
        insists: bool,
        job: F,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<PassthroughError> + Send + 'static,
        F: FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    {
        let begins = tokio::time::Instant::now() + self.backing.limits.wait;
        let watch = Watch::new(self.backing.limits.statement);
        let (answer, mut answered) = oneshot::channel();
        // What the job logs belongs to the request.
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let span = tracing::Span::current();
        let task: Job = Box::new({
            let (pool, watch) = (Arc::clone(self), Arc::clone(&watch));
            move |held| {
                watch.begin();
                let done = tracing::dispatcher::with_default(&dispatch, || {
                    span.in_scope(|| pool.attend(held, &watch, insists, job))
                });
                // Nobody may wait for it any more.
                let _ = answer.send(done);
            }
        });
        let taken = self.jobs.push(caller, task);
        let taken = taken.map_err(|_| self.busy())?;
        let mut awaited = Awaited {
            pool: self,
            ticket: taken.ticket,
            watch,
            is_done: false,
        };
        if taken.needs_thread {
            self.start_thread()?;
        }
        let answer = match tokio::time::timeout_at(begins, &mut answered).await {
            Ok(answer) => answer,
            Err(_) if self.jobs.withdraw(awaited.ticket).is_some() => {
                return Err(self.busy().into());
            }
            // It has begun, and its statements have a deadline of their own; so has each attempt to connect.
            Err(_) => {
                let all = self.backing.limits.connect * 2 + self.backing.limits.statement + GRACE;
                let Ok(answer) = tokio::time::timeout(all, answered).await else {
                    awaited.watch.cancel();
                    awaited.is_done = true;
                    self.give_up(awaited.ticket);
                    return Err(PassthroughError::Timeout(all).into());
                };
                answer
            }
        };
        awaited.is_done = true;
        // Where there is no answer the job panicked.
        answer.unwrap_or_else(|_| Err(PassthroughError::Failed { code: 0 }.into()))
    }

    /// Whether any of the databases may be asked; which one the job needs, only the job knows.
    ///
    /// # Errors
    /// [`PassthroughError::Down`]
    fn ask_server(&self) -> Result<(), PassthroughError> {
        let mut asked = (0..self.backing.breakers.len()).map(|place| self.backing.ask(place));
        let first = asked.next().unwrap_or(Ok(()));
        match first.is_ok() || asked.any(|other| other.is_ok()) {
            true => Ok(()),
            false => first,
        }
    }

    /// Somebody wants a database that is away: it is tried sooner. Seconds after which to ask again; None where it is not
    /// away, or nothing tells.
    pub fn seek(self: &Arc<Self>) -> Option<u32> {
        // Whoever found it away may have left before it was tried again.
        self.try_again_where_down();
        let why = match self.backing.driver.is_there() {
            true => self.ask_server().err()?,
            false => PassthroughError::Open("the file is not there".to_owned()),
        };
        why.retry_after()
    }

    /// Tries a server that is down, for as long as it is and somebody has the pool, if that is not done already.
    pub fn try_again_where_down(self: &Arc<Self>) {
        if !self.is_down() || self.is_tried.swap(true, Ordering::AcqRel) {
            return;
        }
        let asked = Arc::clone(&self.backing.asked);
        let pool = Arc::downgrade(self);
        let trying = Trying {
            pool: Weak::clone(&pool),
            is_over: false,
        };
        tokio::spawn(async move {
            let mut trying = trying;
            while let Some(next) = pool.upgrade().and_then(|pool| pool.next_attempt()) {
                tokio::select! {
                    () = tokio::time::sleep_until(next.into()) => {}
                    () = asked.notified() => continue,
                }
                let Some(pool) = pool.upgrade() else { return };
                pool.attempt().await;
            }
            trying.end();
        });
    }

    /// When the next attempt is due; None where all are up, and then nobody tries any more.
    fn next_attempt(&self) -> Option<Instant> {
        let next = || self.backing.breakers.iter().filter_map(Breaker::next).min();
        next().or_else(|| {
            self.is_tried.store(false, Ordering::Release);
            // One that went down just now was told that it is tried.
            next().filter(|_| !self.is_tried.swap(true, Ordering::AcqRel))
        })
    }

    /// Tries the databases whose turn it is.
    async fn attempt(self: &Arc<Self>) {
        for (place, breaker) in self.backing.breakers.iter().enumerate() {
            let began = Instant::now();
            if breaker.next().is_none_or(|due| due > began) {
                continue;
            }
            let attempt = move |session: &mut Session<'_>| session.connect_anew(place);
            // What came of it, the breaker knows.
            let _: Result<(), PassthroughError> = self.submit(None, true, attempt).await;
            breaker.tried(began, Instant::now());
        }
    }

    /// Nobody had time for the caller.
    fn busy(&self) -> PassthroughError {
        self.backing.meter.failed(&PassthroughError::Busy);
        PassthroughError::Busy
    }

    /// Goes on without the thread that is at a job.
    fn give_up(&self, ticket: Ticket) {
        if self.jobs.give_up(ticket) {
            // Else the next job asks for one.
            let _ = self.start_thread();
        }
    }

    fn start_thread(&self) -> Result<(), PassthroughError> {
        let jobs = Arc::clone(&self.jobs);
        let idle = self.backing.driver.idle();
        let started = std::thread::Builder::new()
            .name(self.backing.driver.dialect().name().to_owned())
            .spawn(move || serve(&jobs, idle));
        started.map(drop).map_err(|error| {
            self.jobs.thread_failed();
            PassthroughError::Open(error.to_string())
        })
    }

    /// One job, on its thread.
    fn attend<T, E: From<PassthroughError>>(
        &self,
        held: &mut Held,
        watch: &Arc<Watch>,
        insists: bool,
        job: impl FnOnce(&mut Session<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if watch.is_cancelled() {
            // Nobody waits for the answer any more, so none is sought, and this one is not seen.
            return Err(PassthroughError::Busy.into());
        }
        if !held.has_any()
            && let Some(spare) = lock(&self.spare).take()
        {
            *held = spare;
        }
        let mut session = Session::new(&self.backing, held, watch, insists);
        let done = job(&mut session);
        session.end();
        done
    }

    /// A job with a connection now, outside any runtime, whether the server was down or not: for the command line,
    /// and for what has to be known before anything is served.
    ///
    /// # Errors
    /// As [`Pool::run`].
    pub fn run_now<T, E: From<PassthroughError>>(
        &self,
        job: impl FnOnce(&mut Session<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut held = lock(&self.spare).take().unwrap_or_default();
        let watch = Watch::begun(self.backing.limits.statement);
        let mut session = Session::new(&self.backing, &mut held, &watch, true);
        let done = job(&mut session);
        session.end();
        // Once threads have their own, nobody would come for it.
        if self.jobs.is_idle() {
            *lock(&self.spare) = Some(held);
        }
        done
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
