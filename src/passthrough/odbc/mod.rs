//! Databases behind ODBC: SQL Anywhere, and others with a driver for it.
//!
//! Takes a connection string for the machine's driver manager; gives connections that block, as ODBC's calls do.
//!
//! - Whatever ends a job ends its statement: `SQLCancel` from another thread, as often as it takes, and the engine's own
//!   query timeout should that not be heard.
//! - A connection is asked to only read. Engines differ in what they make of it, so the login's rights must be for
//!   reading only; where an engine has a session for it, [`Options::setup`] says how it is begun. Callers' own statements
//!   ([`line`]) are neither asked nor set up so: they may do what their login may.
//! - A call that no other can end, to connect or to close, runs on a thread of its own, which is left to it when its
//!   time is up. A site has so many connections, those that are being made or closed included, and not one more: when a
//!   driver does not come back, what asks for another is told at once.
//! - Texts come and go in UTF-16, which no locale changes.
//! - What a driver says of an error may quote values: it is read, not passed on.

mod bind;
mod cancel;
mod errors;
mod fetch;
mod kept;
mod line;

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use odbc_api::handles::{AsStatementRef, HasDataType as _, Statement as _};
use odbc_api::parameter::InputParameter;
use odbc_api::sys::{ConnectionAttribute, Pointer};
use odbc_api::{
    ConnectionOptions, DataType, DriverSpecificConnectionOptions, ResultSetMetadata,
    SetConnectionAttributeArgs, escape_attribute_value,
};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::call::{Call, CallError, Line};
use super::{Connection, Driver, Limits, PassthroughError, RowSink, Watch};
use crate::gateway::integrator::Login;
use crate::relation::{Dialect, Value};
use crate::secret::Secret;
use crate::sql::Statement;
use cancel::Canceller;
use fetch::{Columns, FetchError, Fetched};
use kept::{Kept, Open};

/// What a driver that heeds no login timeout is given beyond it.
const GRACE: Duration = Duration::from_secs(1);
/// How long the closing of a connection is waited for.
const FAREWELL: Duration = Duration::from_millis(500);

/// A server and its databases.
#[derive(Debug, Clone)]
pub struct Options {
    /// How the engine spells SQL.
    pub dialect: Dialect,
    /// The connection string without user and password: `Driver={SQL Anywhere 17};Host=server:2638`, or `DSN=practice`.
    pub connection: String,
    /// None where the data source knows it, or the system's own login is used.
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// The site's databases, the default one first: the catalogue's name, and what the connection string says of it,
    /// such as `DBN=clinical`. One alone may be without a name; none is for the one that the connection string names.
    pub databases: Vec<(Arc<str>, String)>,
    /// Statements for each new connection, such as `SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY`. At which
    /// isolation rows are read is what they say, or else the engine's own.
    pub setup: Vec<String>,
}

/// An attribute of a connection string, its value in braces where it needs them.
pub fn attribute(name: &str, value: &str) -> String {
    format!("{name}={}", escape_attribute_value(value))
}

/// The databases of a site, behind a driver manager.
pub struct Odbc {
    server: Arc<Server>,
    catalogues: Vec<Arc<str>>,
}

struct Server {
    options: Options,
    limits: Limits,
    runtime: Handle,
    canceller: Arc<Canceller>,
    /// The driver says rightly how long the values of a column can be, so that rows are fetched in blocks.
    in_blocks: Arc<AtomicBool>,
    /// For connections, from the attempt to make one until it is closed.
    places: Arc<Semaphore>,
    /// As [`Server::places`], for callers' own statements: none of them holds up the site's.
    callers_places: Arc<Semaphore>,
}

/// Attributes of a connection string by which somebody is let in, whoever `UID` and `PWD` name: drivers take the first that
/// is given, or the account that the program runs as.
const ENTERS: [&str; 14] = [
    "uid",
    "userid",
    "user id",
    "user",
    "pwd",
    "password",
    "trusted_connection",
    "authentication",
    "integrated",
    "int",
    "kerberos",
    "krb",
    "encryptedpassword",
    "enp",
];

/// Whether a connection string says by itself who is let in.
fn says_who_enters(connection: &str) -> bool {
    connection.split(';').any(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (name.trim(), value.trim());
        let is_off = ["no", "n", "off", "false", "0"]
            .iter()
            .any(|off| value.eq_ignore_ascii_case(off));
        !is_off && ENTERS.iter().any(|one| name.eq_ignore_ascii_case(one))
    })
}

impl Odbc {
    /// Nothing is connected yet; statements are cancelled on threads of `runtime`.
    pub fn new(options: Options, limits: &Limits, runtime: Handle) -> Odbc {
        let names = options.databases.iter().map(|(name, _)| Arc::clone(name));
        let most = places_of(&options, limits);
        Odbc {
            catalogues: names.filter(|name| !name.is_empty()).collect(),
            server: Arc::new(Server {
                limits: limits.clone(),
                canceller: Arc::new(Canceller::new(runtime.clone())),
                runtime,
                in_blocks: Arc::new(AtomicBool::new(true)),
                places: Arc::new(Semaphore::new(most)),
                callers_places: Arc::new(Semaphore::new(most)),
                options,
            }),
        }
    }

    /// The same databases, as a caller's login, with as many connections to read as the site's own has.
    ///
    /// # Errors
    /// [`PassthroughError::LoginNotCarried`] where the connection string says who is let in.
    fn entered_as(&self, login: &Login) -> Result<Odbc, PassthroughError> {
        let server = &*self.server;
        let mut parts = server.options.databases.iter().map(|(_, part)| part);
        if says_who_enters(&server.options.connection) || parts.any(|part| says_who_enters(part)) {
            return Err(PassthroughError::LoginNotCarried);
        }
        let options = Options {
            user: Some(login.user.clone()),
            password: Some(login.password.clone()),
            ..server.options.clone()
        };
        Ok(Odbc {
            catalogues: self.catalogues.clone(),
            server: Arc::new(Server {
                limits: server.limits.clone(),
                canceller: Arc::clone(&server.canceller),
                runtime: server.runtime.clone(),
                in_blocks: Arc::clone(&server.in_blocks),
                places: Arc::new(Semaphore::new(places_of(&options, &server.limits))),
                callers_places: Arc::clone(&server.callers_places),
                options,
            }),
        })
    }
}

/// As many connections as a pool has, and as many again for those that a driver has not come back from.
fn places_of(options: &Options, limits: &Limits) -> usize {
    2 * limits.connections.max(1) * options.databases.len().max(1)
}

impl Driver for Odbc {
    fn dialect(&self) -> Dialect {
        self.server.options.dialect
    }

    fn catalogues(&self) -> &[Arc<str>] {
        &self.catalogues
    }

    fn connect(
        &self,
        catalogue: usize,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Connection>, PassthroughError> {
        Ok(Box::new(self.open(
            catalogue,
            Purpose::Reads,
            &self.server.places,
            watch,
        )?))
    }

    fn line(
        &self,
        catalogue: usize,
        login: Option<&Login>,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Line>, PassthroughError> {
        let own = login.map(|login| self.entered_as(login)).transpose()?;
        let driver = own.as_ref().unwrap_or(self);
        let opened = driver.open(
            catalogue,
            Purpose::Calls,
            &driver.server.callers_places,
            watch,
        )?;
        Ok(Box::new(line::OdbcLine::new(opened)?))
    }

    fn check(&self, call: &Call) -> Result<(), CallError> {
        line::check(call, self.dialect())
    }

    fn with_login(&self, login: &Login) -> Result<Option<Arc<dyn Driver>>, PassthroughError> {
        Ok(Some(Arc::new(self.entered_as(login)?)))
    }
}

/// What a connection is made for.
#[derive(Clone, Copy)]
enum Purpose {
    /// To read. The site's own statements set the session up.
    Reads,
    /// Statements of a caller's own, for what their login may do.
    Calls,
}

impl Odbc {
    fn open(
        &self,
        catalogue: usize,
        purpose: Purpose,
        places: &Arc<Semaphore>,
        watch: &Arc<Watch>,
    ) -> Result<Opened, PassthroughError> {
        let server = Arc::clone(&self.server);
        let place = Arc::clone(places).try_acquire_owned();
        let place = place.map_err(|_| {
            PassthroughError::Unreachable("earlier attempts have not come back".to_owned())
        })?;
        // A driver's attempt to connect cannot be cancelled: its thread is left to it, and what comes of it is closed.
        let (done, made) = oneshot::channel();
        let started = apart(move || drop(done.send(server.connect(catalogue, purpose, place))));
        started.map_err(|error| PassthroughError::Unreachable(error.kind().to_string()))?;
        let most = self.server.limits.connect + GRACE;
        let connection = self.server.runtime.block_on(async {
            tokio::select! {
                biased;
                () = watch.over() => Err(PassthroughError::Timeout(watch.limit())),
                made = made => made.unwrap_or(Err(PassthroughError::Failed { code: 0 })),
                () = tokio::time::sleep(most) => {
                    Err(PassthroughError::Unreachable("no connection in time".to_owned()))
                }
            }
        })?;
        Ok(Opened {
            server: Arc::clone(&self.server),
            connection: Some(connection),
            watch: Arc::clone(watch),
            is_transaction: false,
            has_asked: false,
            is_sound: true,
        })
    }
}

/// Asks a driver for a connection that only reads.
struct ReadOnly;

impl DriverSpecificConnectionOptions<'static> for ReadOnly {
    fn attributes(&self) -> impl Iterator<Item = SetConnectionAttributeArgs<'static>> {
        /// `SQL_MODE_READ_ONLY`
        const READ_ONLY: usize = 1;
        /// `SQL_IS_UINTEGER`
        const UNSIGNED: i32 = -5;
        let value: Pointer = ptr::without_provenance_mut(READ_ONLY);
        // SAFETY: ODBC's own attribute, whose value is an integer in the pointer's place and refers to no memory.
        let attribute = unsafe {
            SetConnectionAttributeArgs::new(ConnectionAttribute::ACCESS_MODE, value, UNSIGNED)
        };
        std::iter::once(attribute)
    }
}

impl Server {
    /// Blocks for as long as the driver does.
    fn connect(
        &self,
        catalogue: usize,
        purpose: Purpose,
        place: OwnedSemaphorePermit,
    ) -> Result<Open, PassthroughError> {
        let options = &self.options;
        let database = options.databases.get(catalogue);
        let user = options.user.as_ref().map(|user| attribute("UID", user));
        let password = options.password.as_ref();
        let parts = [
            Some(options.connection.clone()),
            database.map(|(_, part)| part.clone()),
            user,
            password.map(|password| attribute("PWD", password.reveal())),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let text = parts.join(";");
        let name = database.map(|(name, _)| &**name);
        let name = name.filter(|name| !name.is_empty()).unwrap_or("default");
        let failed = |error| errors::of_connecting(&error, options.dialect, name);
        let environment = odbc_api::environment().map_err(failed)?;
        let login = self.limits.connect.as_secs_f32().ceil().max(1.0) as u32;
        let timeouts = ConnectionOptions {
            login_timeout_sec: Some(login),
            packet_size: None,
        };
        if let Purpose::Calls = purpose {
            let connection = environment.connect_with_connection_string(&text, timeouts);
            return Ok(Open::new(connection.map_err(failed)?, place));
        }
        // SAFETY: the one attribute is ODBC's own, and known to every driver manager.
        let connection = unsafe {
            environment.connect_with_connection_string_and_driver_specific_options(
                &text, timeouts, ReadOnly,
            )
        };
        let connection = Open::new(connection.map_err(failed)?, place);
        for (number, statement) in (1..).zip(&options.setup) {
            let open = connection.connection().ok_or(PassthroughError::Lost)?;
            let refused = |error| errors::of_setup(&error, options.dialect, number);
            open.execute(statement, (), None).map_err(refused)?;
        }
        Ok(connection)
    }
}

/// Does what may block for ever on a thread that nobody else needs.
fn apart(act: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let named = std::thread::Builder::new().name("odbc".to_owned());
    named.spawn(act).map(drop)
}

/// A connection to one database.
struct Opened {
    server: Arc<Server>,
    connection: Option<Open>,
    watch: Arc<Watch>,
    /// Statements are run in a transaction, which is open.
    is_transaction: bool,
    /// A statement of the job has been answered.
    has_asked: bool,
    is_sound: bool,
}

impl Drop for Opened {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        // A driver takes leave of its server, which may have gone without a word: the pool's thread does not wait for
        // that. Where no thread is to be had it is closed here.
        let (done, closed) = mpsc::channel();
        let started = apart(move || {
            drop(connection);
            let _ = done.send(());
        });
        if started.is_ok() {
            let _ = closed.recv_timeout(FAREWELL);
        }
    }
}

impl Opened {
    fn connection(&self) -> Result<&odbc_api::Connection<'static>, PassthroughError> {
        let open = self.connection.as_ref().and_then(Open::connection);
        open.ok_or(PassthroughError::Lost)
    }

    fn failed(&self, error: &odbc_api::Error, text: &str) -> PassthroughError {
        let is_dead = self
            .connection()
            .is_ok_and(|open| open.is_dead().unwrap_or(false));
        match errors::of_statement(error, self.server.options.dialect, text) {
            // Whatever became of it, it was to end.
            _ if self.watch.is_over() && !is_dead => PassthroughError::Timeout(self.watch.limit()),
            PassthroughError::Timeout(_) if !is_dead => {
                PassthroughError::Timeout(self.watch.limit())
            }
            _ if is_dead => PassthroughError::Lost,
            error => error,
        }
    }

    /// Runs a statement, in blocks of rows or row by row.
    ///
    /// One that was prepared when a table was otherwise may be refused for that alone: it is prepared anew.
    fn run(
        &mut self,
        statement: &Statement,
        values: &[Value],
        rows: &mut dyn RowSink,
        in_blocks: bool,
    ) -> Result<Fetched, PassthroughError> {
        let parameters = bind::parameters(statement, values);
        let types: Vec<DataType> = parameters.iter().map(|it| it.data_type()).collect();
        let open = self.connection.as_mut().ok_or(PassthroughError::Lost)?;
        if let Some(mut kept) = open.take(&statement.text, &types) {
            let ran = self.run_prepared(&mut kept, statement, &parameters, rows, in_blocks);
            if let Ok(Fetched::All) = ran {
                self.has_asked = true;
                self.keep(kept);
            }
            let is_refused = matches!(
                ran,
                Err(PassthroughError::Failed { .. } | PassthroughError::Schema(_))
            );
            if !is_refused {
                return ran;
            }
            // Whatever else was prepared before may be as stale.
            if let Some(open) = &mut self.connection {
                open.forget();
            }
            if self.is_transaction {
                // It has failed with its statement. What it has given before is of a state that there is no more.
                if self.has_asked {
                    return ran;
                }
                self.connection()?
                    .rollback()
                    .map_err(|error| self.failed(&error, ""))?;
            }
        }
        let open = self.connection.as_ref().ok_or(PassthroughError::Lost)?;
        let prepared = open.prepare(&statement.text, &types);
        let prepared = prepared.ok_or(PassthroughError::Lost)?;
        let mut kept = prepared.map_err(|error| self.failed(&error, &statement.text))?;
        let ran = self.run_prepared(&mut kept, statement, &parameters, rows, in_blocks);
        self.has_asked = true;
        if let Ok(Fetched::All) = ran {
            self.keep(kept);
        }
        ran
    }

    fn keep(&mut self, kept: Kept) {
        if let Some(open) = &mut self.connection {
            open.keep(kept);
        }
    }

    fn run_prepared(
        &self,
        kept: &mut Kept,
        statement: &Statement,
        parameters: &[Box<dyn InputParameter>],
        rows: &mut dyn RowSink,
        in_blocks: bool,
    ) -> Result<Fetched, PassthroughError> {
        let failed = |error: &odbc_api::Error| self.failed(error, &statement.text);
        let Kept {
            prepared, columns, ..
        } = kept;
        // Beside the cancelling, for a driver that does not heed that: some heed neither.
        let left = self.watch.left().as_secs_f32().ceil().max(1.0) as usize;
        let _ = prepared.set_query_timeout_sec(left + 1);
        let handle = prepared.as_stmt_ref().as_sys();
        // It ends before the statement is used again, or freed.
        let _cancelling = self.server.canceller.begin(handle, &self.watch);
        let cursor = prepared
            .execute(parameters)
            .map_err(|error| failed(&error))?;
        let Some(mut cursor) = cursor else {
            rows.begin(0, &|_| String::new());
            return Ok(Fetched::All);
        };
        let columns = match columns {
            Some(columns) => columns,
            None => columns.insert(Columns::of(&mut cursor).map_err(|error| failed(&error))?),
        };
        let most = self.server.limits.rows;
        let fetched = fetch::rows(cursor, columns, rows, in_blocks, most, &self.watch);
        fetched.map_err(|error| match error {
            FetchError::Odbc(error) => failed(&error),
            FetchError::TooLarge => PassthroughError::TooLarge(most >> 20),
            FetchError::Over => PassthroughError::Timeout(self.watch.limit()),
        })
    }
}

impl Connection for Opened {
    fn begin(&mut self, watch: &Arc<Watch>) -> Result<(), PassthroughError> {
        self.watch = Arc::clone(watch);
        self.has_asked = false;
        match self.connection()?.is_dead() {
            Ok(true) => Err(PassthroughError::Lost),
            // Not every driver can say.
            _ => Ok(()),
        }
    }

    /// One transaction for all statements, at the isolation that the session has: what they see of each other's time
    /// is the engine's.
    fn snapshot(&mut self) -> Result<(), PassthroughError> {
        let begun = self.connection()?.set_autocommit(false);
        begun.map_err(|error| self.failed(&error, ""))?;
        self.is_transaction = true;
        Ok(())
    }

    fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value],
        rows: &mut dyn RowSink,
    ) -> Result<(), PassthroughError> {
        let in_blocks = self.server.in_blocks.load(Ordering::Relaxed);
        let mut ran = self.run(statement, values, rows, in_blocks);
        if let Ok(Fetched::Truncated) = ran {
            // The driver understates its columns: from here on each value is fetched for itself. What was cut is gone,
            // and rows need not come in the same order again, so all of them are read anew, in what is left of the time.
            self.server.in_blocks.store(false, Ordering::Relaxed);
            ran = match self.watch.is_over() {
                true => Err(PassthroughError::Timeout(self.watch.limit())),
                false => self.run(statement, values, rows, false),
            };
        }
        if let Err(PassthroughError::Lost) = ran {
            self.is_sound = false;
        }
        ran.map(drop)
    }

    fn end(&mut self) -> bool {
        if self.is_transaction {
            self.is_transaction = false;
            let ended = self
                .connection()
                .is_ok_and(|open| open.rollback().is_ok() && open.set_autocommit(true).is_ok());
            self.is_sound &= ended;
        }
        self.is_sound
    }

    fn ping(&mut self) -> Result<(), PassthroughError> {
        let one = match self.server.options.dialect {
            Dialect::Firebird => "SELECT 1 FROM RDB$DATABASE",
            _ => "SELECT 1",
        };
        self.execute(
            &Statement::constant(one),
            &[],
            &mut super::RowsBuilder::new(1 << 10),
        )
    }

    fn refusal(&mut self, statement: &Statement) -> Result<Option<String>, PassthroughError> {
        let connection = self.connection()?;
        let prepared = connection.prepare(&statement.text);
        // Some drivers ask the engine only when they have to know what comes of it.
        let described = prepared.and_then(|mut prepared| prepared.num_result_cols().map(drop));
        match described {
            Ok(()) => Ok(None),
            Err(error) => match self.failed(&error, &statement.text) {
                lost @ (PassthroughError::Lost | PassthroughError::Timeout(_)) => Err(lost),
                other => Ok(Some(
                    errors::words(&error).unwrap_or_else(|| other.to_string()),
                )),
            },
        }
    }
}
