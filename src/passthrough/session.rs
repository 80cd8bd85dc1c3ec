//! One job's use of a site's connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::breaker::Breaker;
use super::meter::{Counted, Meter};
use super::{CellRef, Connection, Driver, Limits, PassthroughError, Rows, RowsBuilder, Watch};
use crate::relation::Value;
use crate::sql::Statement;

/// The connections that a thread keeps: one for each of the site's databases that it was asked for.
#[derive(Default)]
pub(super) struct Held {
    places: Vec<Option<Counted<dyn Connection>>>,
}

impl Held {
    pub(super) fn has_any(&self) -> bool {
        self.places.iter().any(Option::is_some)
    }
}

/// How a connection is used by the job.
#[derive(Debug, Clone, Copy, Default)]
struct Use {
    begun: bool,
    /// It was made for this job, so that it is no old one which the server has closed since.
    fresh: bool,
    /// It has run a statement for this job.
    asked: bool,
    snapshot: bool,
}

/// What a site's connections are made of and judged by.
pub(super) struct Backing {
    pub(super) driver: Arc<dyn Driver>,
    pub(super) limits: Limits,
    /// One for each of the site's databases.
    pub(super) breakers: Vec<Breaker>,
    /// Somebody asks for a server that was tried seldom.
    pub(super) asked: Arc<Notify>,
    /// How often a server that was down came back.
    pub(super) returns: AtomicU64,
    pub(super) meter: Meter,
    /// They are made with a caller's own login.
    pub(super) is_callers: bool,
}

/// A statement that ran, what it was given, and how long it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub statement: Statement,
    pub values: Vec<Value>,
    /// From its being sent to its last row.
    pub took: Duration,
}

/// A site's databases, for the time of one job.
pub struct Session<'p> {
    backing: &'p Backing,
    held: &'p mut Held,
    watch: &'p Arc<Watch>,
    uses: Vec<Use>,
    snapshot: bool,
    /// Connections are made also to a server that is down.
    insists: bool,
    /// What has run since somebody asked for it.
    measured: Option<Vec<Measured>>,
}

impl<'p> Session<'p> {
    pub(super) fn new(
        backing: &'p Backing,
        held: &'p mut Held,
        watch: &'p Arc<Watch>,
        insists: bool,
    ) -> Session<'p> {
        let count = backing.breakers.len();
        held.places.resize_with(count, || None);
        Session {
            backing,
            held,
            watch,
            uses: vec![Use::default(); count],
            snapshot: false,
            insists,
            measured: None,
        }
    }

    /// Lets all statements of this session from here on see one state of each database, as far as its engine can.
    /// Without it each statement sees its own, which is as good for one.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub fn snapshot(&mut self) -> Result<(), PassthroughError> {
        self.snapshot = true;
        Ok(())
    }

    /// Runs one statement in its database and gives its rows.
    ///
    /// # Errors
    /// Whatever the engine reports, without any value; the bound on a statement's rows.
    pub fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<Rows, PassthroughError> {
        let mut rows = RowsBuilder::new(self.backing.limits.rows);
        let place = self.place(statement.catalogue.as_ref())?;
        let began = Instant::now();
        self.on(place, |connection| {
            rows.clear();
            connection.execute(statement, values, &mut rows)
        })?;
        let rows = rows.finish();
        if let Some(measured) = &mut self.measured {
            measured.push(Measured {
                statement: statement.clone(),
                values: values.to_vec(),
                took: began.elapsed(),
            });
        }
        Ok(rows)
    }

    /// Does something, and gives with it the statements that ran for it, in their order.
    ///
    /// # Errors
    /// As what is done.
    pub fn measuring<T, E>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(T, Vec<Measured>), E> {
        self.measured = Some(Vec::new());
        let done = act(self);
        let measured = self.measured.take().unwrap_or_default();
        done.map(|done| (done, measured))
    }

    /// Does something with a connection. One that was kept may have been closed by its server since: what fails on
    /// it before it has answered anything is done once more on a new one.
    fn on<T>(
        &mut self,
        place: usize,
        mut act: impl FnMut(&mut dyn Connection) -> Result<T, PassthroughError>,
    ) -> Result<T, PassthroughError> {
        loop {
            let done = self.ready(place).and_then(|()| {
                // It has just been seen to.
                let kept = self.held.places[place].as_mut();
                act(&mut *kept.ok_or(PassthroughError::Lost)?.inner)
            });
            let done = done.map_err(|error| self.backing.told(error));
            let now = &mut self.uses[place];
            let may_retry = !now.fresh && !now.asked && !self.watch.is_over();
            now.asked = true;
            match done {
                Err(error) if error.is_lost() => {
                    self.held.places[place] = None;
                    *now = Use {
                        fresh: true,
                        ..Use::default()
                    };
                    if !may_retry {
                        self.backing.meter.failed(&error);
                        return Err(error);
                    }
                    tracing::debug!("a kept connection had been closed; a new one is made");
                }
                Err(error) => {
                    self.backing.meter.failed(&error);
                    return Err(error);
                }
                Ok(done) => {
                    // Who is answered by a kept connection knows the server to be up, too.
                    if self.backing.driver.is_remote() {
                        self.backing.judge(place, Ok(()), self.insists);
                    }
                    return Ok(done);
                }
            }
        }
    }

    /// Makes sure that there is a connection at a place, begun for this job.
    fn ready(&mut self, place: usize) -> Result<(), PassthroughError> {
        let now = &mut self.uses[place];
        let kept = &mut self.held.places[place];
        if let (Some(connection), false) = (kept.as_mut(), now.begun) {
            match connection.inner.begin(self.watch) {
                Ok(()) => now.begun = true,
                // Another is made.
                Err(error) if error.is_lost() => *kept = None,
                Err(error) => return Err(error),
            }
        }
        let connection = match kept {
            Some(connection) => connection,
            None => {
                let mut made = self.backing.connect(place, self.watch, self.insists)?;
                made.inner.begin(self.watch)?;
                *now = Use {
                    begun: true,
                    fresh: true,
                    ..Use::default()
                };
                kept.insert(made)
            }
        };
        if self.snapshot && !now.snapshot {
            connection.inner.snapshot()?;
            now.snapshot = true;
        }
        Ok(())
    }

    /// Where the database of a catalogue is in the driver's list.
    fn place(&self, catalogue: Option<&Arc<str>>) -> Result<usize, PassthroughError> {
        let Some(name) = catalogue else { return Ok(0) };
        let known = self.backing.driver.catalogues();
        // One database without a name is all that there is: an author's file with every table in it.
        if known.is_empty() {
            return Ok(0);
        }
        known
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| PassthroughError::Catalogue(Arc::clone(name)))
    }

    /// Makes sure of a connection to each of the site's databases.
    ///
    /// # Errors
    /// The first that cannot be had.
    pub fn connect_all(&mut self) -> Result<(), PassthroughError> {
        (0..self.uses.len()).try_for_each(|place| self.ready(place).map(drop))
    }

    /// Makes a connection to one of the site's databases. One that was kept from before says nothing of its server now.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub(super) fn connect_anew(&mut self, place: usize) -> Result<(), PassthroughError> {
        let mut made = self.backing.connect(place, self.watch, self.insists)?;
        made.inner.begin(self.watch)?;
        self.held.places[place] = Some(made);
        self.uses[place] = Use {
            begun: true,
            fresh: true,
            ..Use::default()
        };
        Ok(())
    }

    /// Whether each of the site's databases answers.
    ///
    /// # Errors
    /// The first that does not.
    pub fn ping(&mut self) -> Result<(), PassthroughError> {
        // All are asked: how each stands is known by that alone, and a site is away where none answers.
        (0..self.uses.len())
            .map(|place| self.on(place, |connection| connection.ping()))
            .fold(Ok(()), Result::and)
    }

    /// What the engine says of a statement that it refuses, before any value is bound; None where it takes it, or
    /// cannot be asked.
    ///
    /// # Errors
    /// Where the connection fails.
    pub fn refusal(&mut self, statement: &Statement) -> Result<Option<String>, PassthroughError> {
        let place = self.place(statement.catalogue.as_ref())?;
        self.on(place, |connection| connection.refusal(statement))
    }

    /// Whether a column is declared with a collation; false where there is no such column.
    pub fn declares_collation(
        &mut self,
        catalogue: Option<&Arc<str>>,
        table: &str,
        column: &str,
        collation: &str,
    ) -> bool {
        let declared = self.place(catalogue).and_then(|place| {
            self.on(place, |connection| {
                Ok(connection.declares_collation(table, column, collation))
            })
        });
        declared.unwrap_or(false)
    }

    /// How SQLite would run a statement: a line for each step of its plan.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub fn query_plan(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<Vec<String>, PassthroughError> {
        let explain = Statement {
            text: Arc::from(format!("EXPLAIN QUERY PLAN {}", statement.text)),
            ..statement.clone()
        };
        let rows = self.execute(&explain, values)?;
        Ok((0..rows.len())
            .filter_map(|row| match rows.cell(row, 3) {
                CellRef::Text(detail) => Some(String::from_utf8_lossy(detail).into_owned()),
                _ => None,
            })
            .collect())
    }

    /// Gives the connections back, but for those of no further use.
    pub(super) fn end(self) {
        for (place, used) in self.held.places.iter_mut().zip(&self.uses) {
            if used.begun
                && place
                    .as_mut()
                    .is_some_and(|connection| !connection.inner.end())
            {
                *place = None;
            }
        }
    }
}

impl Backing {
    /// A new connection; whether there is one is what a server is known to be up or down by.
    fn connect(
        &self,
        place: usize,
        watch: &Arc<Watch>,
        insists: bool,
    ) -> Result<Counted<dyn Connection>, PassthroughError> {
        if !insists {
            self.ask(place)?;
        }
        let connected = self.driver.connect(place, watch);
        let connected = connected.map_err(|error| self.told(error));
        let outcome = connected.as_ref().map(drop);
        // Who went away, or had no time left, found out nothing bad of the server.
        if outcome.is_ok() || !watch.is_over() {
            self.meter.connected(outcome);
            if self.driver.is_remote() {
                self.judge(place, outcome, insists);
            }
        }
        connected.map(|made| Counted::new(self.meter.clone(), made))
    }

    /// An error of the driver's, by whose login it came.
    fn told(&self, error: PassthroughError) -> PassthroughError {
        match self.is_callers {
            true => error.of_callers_login(),
            false => error,
        }
    }

    /// Whether a caller may have a connection made.
    ///
    /// # Errors
    /// [`PassthroughError::Down`]
    pub(super) fn ask(&self, place: usize) -> Result<(), PassthroughError> {
        let Err(refused) = self.breakers[place].ask(Instant::now()) else {
            return Ok(());
        };
        if refused.is_sooner {
            self.asked.notify_one();
        }
        Err(PassthroughError::Down {
            why: Box::new(refused.why),
            pause: refused.pause,
        })
    }

    fn judge(&self, place: usize, connected: Result<(), &PassthroughError>, is_attempt: bool) {
        let breaker = &self.breakers[place];
        match connected {
            Ok(()) => {
                if breaker.succeeded() {
                    self.returns.fetch_add(1, Ordering::Relaxed);
                    tracing::info!(
                        site = self.meter.site(),
                        "the database server answers again"
                    );
                }
            }
            Err(error) if error.says_the_server_is_down() => {
                if breaker.failed(Instant::now(), error.clone(), is_attempt) {
                    let code = error.code().id;
                    tracing::warn!(site = self.meter.site(), code, "{error}");
                }
            }
            // A server that is coming back may say so in many ways: it is not there yet.
            Err(error) if is_attempt && breaker.is_down() => {
                breaker.failed(Instant::now(), error.clone(), true);
            }
            // Each caller is told.
            Err(_) => {}
        }
    }
}
