//! The SQLite driver: the embedded practice, and databases that an author tries a mapping on.
//!
//! SQLite runs in the caller's thread, so a request's whole work with the database is one job on a thread
//! of the pool's own. There are as many threads as connections and each keeps its own: what a thread's heap
//! and a connection's cache have grown to is then used again, where a runtime's shared blocking threads, of
//! which there are soon dozens, each keep theirs. Connections only read. A statement that runs past its
//! deadline, or whose caller has gone, is interrupted by the engine's progress callback.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use super::jobs::{Jobs, Ticket};
use super::rows::TooLarge;
use super::{CellRef, PassthroughError, Rows, RowsBuilder};
use crate::relation::Value;
use crate::sql::Statement;

/// Bounds of a pool.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections, each with a thread of its own, at the most.
    pub connections: usize,
    /// Requests of a caller that may wait for one; a further one is turned away at once.
    pub waiting: usize,
    /// How long one may wait.
    pub wait: Duration,
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
            statement: Duration::from_secs(30),
            rows: 64 << 20,
        }
    }
}

/// Statements that a connection keeps prepared.
const PREPARED: usize = 128;
/// What a connection keeps of the file, in SQLite's units: -1 is 1 KiB.
const PAGE_CACHE: i64 = -6_000;
/// The bound on a value is never below these bytes.
const LEAST_LONGEST: usize = 1 << 20;
/// Bytes of the longest text that is kept so.
const KEPT_TEXT: usize = 16 * 1024;
/// Virtual machine steps between two looks at the clock: some tens of microseconds.
const STEPS: i32 = 10_000;

/// A pool of read-only connections to one file.
pub struct Pool {
    path: PathBuf,
    limits: Limits,
    jobs: Arc<Jobs<Job>>,
    /// A connection that no thread has yet.
    spare: Mutex<Option<Opened>>,
}

type Job = Box<dyn FnOnce(&mut Option<Opened>) + Send>;

/// A connection, with the file that it has open: another may come to stand at the path.
struct Opened {
    connection: Connection,
    file: FileId,
    /// When the path was last looked at.
    seen: Instant,
}

/// For so long the file at the path is taken to be the same: the question costs as much as a small read.
const SEEN_FOR: Duration = Duration::from_millis(20);

/// What tells a file from another that has its name.
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> Result<FileId, PassthroughError> {
    use std::os::unix::fs::MetadataExt;
    match std::fs::metadata(path) {
        Ok(file) => Ok((file.dev(), file.ino())),
        Err(error) => Err(PassthroughError::Open(error.kind().to_string())),
    }
}

/// Where an open file can be neither renamed nor deleted.
#[cfg(not(unix))]
fn file_id(_: &Path) -> Result<FileId, PassthroughError> {
    Ok((0, 0))
}

/// Does jobs until there will be no more.
fn serve(jobs: &Jobs<Job>) {
    let mut connection = None;
    let mut done = None;
    while let Some((lane, job)) = jobs.next(done) {
        // A job that panics takes its connection with it; another is made for the next.
        let _ = catch_unwind(AssertUnwindSafe(|| job(&mut connection)));
        done = Some(lane);
    }
}

/// A job that somebody waits for. When nobody does any more it is taken back, or interrupted where it runs.
struct Awaited<'p> {
    jobs: &'p Jobs<Job>,
    ticket: Ticket,
    cancelled: Arc<AtomicBool>,
    is_done: bool,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.cancelled.store(true, Ordering::Relaxed);
            drop(self.jobs.withdraw(self.ticket));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs.close();
    }
}

impl Pool {
    /// A pool over a file that must exist; opens the first connection, so that a file that cannot be read
    /// is known now.
    ///
    /// # Errors
    /// [`PassthroughError::Open`] with the engine's reason.
    pub fn open(path: &Path, limits: Limits) -> Result<Pool, PassthroughError> {
        let first = Opened {
            file: file_id(path)?,
            connection: open(path, &limits)?,
            seen: Instant::now(),
        };
        Ok(Pool {
            path: path.to_owned(),
            jobs: Arc::new(Jobs::new(limits.connections, limits.waiting)),
            limits,
            spare: Mutex::new(Some(first)),
        })
    }

    /// Runs a job with a session of its own on a thread of the pool. When the future is dropped, the job's
    /// statement is interrupted.
    ///
    /// # Errors
    /// When no connection comes free in time, or none can be opened; and the job's own.
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
        let begins = tokio::time::Instant::now() + self.limits.wait;
        let cancelled = Arc::new(AtomicBool::new(false));
        let (answer, mut answered) = oneshot::channel();
        // What the job logs belongs to the request.
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let span = tracing::Span::current();
        let task: Job = Box::new({
            let (pool, cancelled) = (Arc::clone(self), Arc::clone(&cancelled));
            move |connection| {
                let done = tracing::dispatcher::with_default(&dispatch, || {
                    span.in_scope(|| pool.attend(connection, cancelled, job))
                });
                // Nobody may wait for it any more.
                let _ = answer.send(done);
            }
        });
        let taken = self.jobs.push(caller, task);
        let taken = taken.map_err(|_| PassthroughError::Busy)?;
        let mut awaited = Awaited {
            jobs: &self.jobs,
            ticket: taken.ticket,
            cancelled,
            is_done: false,
        };
        if taken.needs_thread {
            self.start_thread()?;
        }
        let answer = match tokio::time::timeout_at(begins, &mut answered).await {
            Ok(answer) => answer,
            Err(_) if self.jobs.withdraw(awaited.ticket).is_some() => {
                return Err(PassthroughError::Busy.into());
            }
            // It has begun, and its statements have a deadline of their own.
            Err(_) => answered.await,
        };
        awaited.is_done = true;
        // Where there is no answer the job panicked.
        answer.unwrap_or_else(|_| Err(PassthroughError::Failed { code: 0 }.into()))
    }

    fn start_thread(&self) -> Result<(), PassthroughError> {
        let jobs = Arc::clone(&self.jobs);
        let started = std::thread::Builder::new()
            .name("sqlite".to_owned())
            .spawn(move || serve(&jobs));
        started.map(drop).map_err(|error| {
            self.jobs.thread_failed();
            PassthroughError::Open(error.to_string())
        })
    }

    /// One job, on its thread.
    fn attend<T, E: From<PassthroughError>>(
        &self,
        connection: &mut Option<Opened>,
        cancelled: Arc<AtomicBool>,
        job: impl FnOnce(&mut Session<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if cancelled.load(Ordering::Relaxed) {
            // Nobody waits for the answer any more, so none is sought, and this one is not seen.
            return Err(PassthroughError::Busy.into());
        }
        let now = Instant::now();
        let mut open = match connection.take() {
            Some(open) if now.duration_since(open.seen) < SEEN_FOR => open,
            // A file that was replaced or deleted would be read on for as long as it is open.
            Some(open) if open.file == file_id(&self.path)? => Opened { seen: now, ..open },
            _ => self.connect()?,
        };
        let deadline = now + self.limits.statement;
        watch(&mut open.connection, move || {
            cancelled.load(Ordering::Relaxed) || Instant::now() >= deadline
        })?;
        let mut session = Session {
            connection: &open.connection,
            limits: &self.limits,
            broken: false,
        };
        let done = job(&mut session);
        session.end();
        // A file that is damaged is opened anew: then its state is known, and may be mended.
        let broken = session.broken;
        if !broken
            && open
                .connection
                .progress_handler(0, None::<fn() -> bool>)
                .is_ok()
        {
            *connection = Some(open);
        }
        done
    }

    fn connect(&self) -> Result<Opened, PassthroughError> {
        let file = file_id(&self.path)?;
        let spare = lock(&self.spare).take().filter(|spare| spare.file == file);
        match spare {
            Some(spare) => Ok(spare),
            None => Ok(Opened {
                file,
                connection: open(&self.path, &self.limits)?,
                seen: Instant::now(),
            }),
        }
    }

    /// A job with a connection now, outside any runtime: for the command line.
    ///
    /// # Errors
    /// As [`Pool::run`].
    pub fn run_now<T, E: From<PassthroughError>>(
        &self,
        job: impl FnOnce(&mut Session<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut open = self.connect()?;
        let deadline = Instant::now() + self.limits.statement;
        watch(&mut open.connection, move || Instant::now() >= deadline)?;
        let mut session = Session {
            connection: &open.connection,
            limits: &self.limits,
            broken: false,
        };
        let done = job(&mut session);
        session.end();
        *lock(&self.spare) = Some(open);
        done
    }
}

/// Has the engine ask, every so many steps, whether a statement is to end.
fn watch(
    connection: &mut Connection,
    is_over: impl FnMut() -> bool + Send + 'static,
) -> Result<(), PassthroughError> {
    connection
        .progress_handler(STEPS, Some(is_over))
        .map_err(|_| PassthroughError::Open("no progress callback".to_owned()))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(path: &Path, limits: &Limits) -> Result<Connection, PassthroughError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let prepare = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", PAGE_CACHE)?;
        // An index made for one statement would be made again for every request.
        connection.pragma_update(None, "automatic_index", false)?;
        // A kept statement keeps its plan: with statistics at hand, SQLite would else plan anew for each value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // A value longer than an answer's rows may be is refused before SQLite takes the memory for it. It reads
        // its own schema under the same bound.
        let longest = i32::try_from(limits.rows.max(LEAST_LONGEST)).unwrap_or(i32::MAX);
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        crate::collation::register(&connection)?;
        // Reads the header: what is no database is found out here.
        connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    };
    prepare().map_err(|error| PassthroughError::Open(reason(&error)))
}

/// The engine's words for an error, which name no value.
fn reason(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(code) => format!("{code:?}"),
        None => "SQLite cannot read it".to_owned(),
    }
}

/// A connection for the time of one job.
pub struct Session<'c> {
    connection: &'c Connection,
    limits: &'c Limits,
    /// The engine reported that the file is no sound database.
    broken: bool,
}

impl Session<'_> {
    /// Lets all statements of this session from here on see one state of the database, and take its lock once.
    /// Without it each sees its own, which is as good for one.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub fn snapshot(&mut self) -> Result<(), PassthroughError> {
        self.command("BEGIN").map_err(|error| self.refused(&error))
    }

    /// Ends what [`Session::snapshot`] began. A connection that cannot is opened anew.
    fn end(&mut self) {
        if !self.connection.is_autocommit() {
            self.broken |= self.command("COMMIT").is_err();
        }
    }

    fn command(&self, text: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(text)?.execute([]).map(drop)
    }

    /// Runs one statement and gives its rows.
    ///
    /// # Errors
    /// Whatever the engine reports, without any value; the bound on a statement's rows.
    pub fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<Rows, PassthroughError> {
        let limit = self.limits.rows;
        let run = || -> Result<Result<Rows, TooLarge>, rusqlite::Error> {
            // Kept as they are or thrown away after this run: the text of a search with hundreds of values
            // seldom comes twice, and what SQLite makes of it is larger still.
            let mut kept;
            let mut once;
            let prepared: &mut rusqlite::Statement<'_> = if statement.text.len() <= KEPT_TEXT {
                kept = self.connection.prepare_cached(&statement.text)?;
                &mut kept
            } else {
                once = self.connection.prepare(&statement.text)?;
                &mut once
            };
            let bound = statement.bind(values).take(prepared.parameter_count());
            for (index, (value, _)) in bound.enumerate() {
                prepared.raw_bind_parameter(index + 1, Bound(&value))?;
            }
            let width = prepared.column_count();
            let mut builder = RowsBuilder::new(width, limit);
            let mut rows = prepared.raw_query();
            while let Some(row) = rows.next()? {
                for column in 0..width {
                    let cell = match row.get_ref(column)? {
                        ValueRef::Null => CellRef::Null,
                        ValueRef::Integer(number) => CellRef::Int(number),
                        ValueRef::Real(number) => CellRef::Real(number),
                        ValueRef::Text(bytes) => CellRef::Text(bytes),
                        ValueRef::Blob(bytes) => CellRef::Bytes(bytes),
                    };
                    if builder.push(cell).is_err() {
                        return Ok(Err(TooLarge));
                    }
                }
            }
            Ok(Ok(builder.finish()))
        };
        match run() {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(TooLarge)) => Err(PassthroughError::TooLarge(limit >> 20)),
            Err(error) => Err(self.refused(&error)),
        }
    }

    fn refused(&mut self, error: &rusqlite::Error) -> PassthroughError {
        use rusqlite::ffi::ErrorCode;
        self.broken |= matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
            )
        );
        match error {
            rusqlite::Error::SqliteFailure(failure, _)
            | rusqlite::Error::SqlInputError { error: failure, .. }
                if failure.code == ErrorCode::OperationInterrupted =>
            {
                PassthroughError::Timeout(self.limits.statement)
            }
            // Another program writes, and has not been done with it within `busy_timeout`.
            rusqlite::Error::SqliteFailure(failure, _)
            | rusqlite::Error::SqlInputError { error: failure, .. }
                if matches!(
                    failure.code,
                    ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked
                ) =>
            {
                PassthroughError::Locked
            }
            rusqlite::Error::SqliteFailure(failure, _) if failure.code == ErrorCode::TooBig => {
                PassthroughError::TooLarge(self.limits.rows >> 20)
            }
            rusqlite::Error::SqlInputError { msg, .. } if msg.starts_with("no such ") => {
                // `no such column: p.X`: a name of the mapping.
                PassthroughError::Schema(msg.clone())
            }
            rusqlite::Error::SqliteFailure(_, Some(msg)) if msg.starts_with("no such ") => {
                PassthroughError::Schema(msg.clone())
            }
            other => PassthroughError::Failed {
                code: match other {
                    rusqlite::Error::SqliteFailure(failure, _)
                    | rusqlite::Error::SqlInputError { error: failure, .. } => {
                        failure.extended_code
                    }
                    _ => 0,
                },
            },
        }
    }

    /// What the engine says of a statement that it refuses, before any value is bound; None where it takes it.
    pub fn refusal(&mut self, statement: &Statement) -> Option<String> {
        match self.connection.prepare(&statement.text) {
            Ok(_) => None,
            Err(
                rusqlite::Error::SqlInputError { msg, .. }
                | rusqlite::Error::SqliteFailure(_, Some(msg)),
            ) => Some(msg),
            Err(other) => Some(self.refused(&other).to_string()),
        }
    }

    /// The names of a table's or view's columns; None where there is no such table.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub fn columns(&mut self, table: &str) -> Result<Option<Vec<String>>, PassthroughError> {
        let read = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached("SELECT name FROM pragma_table_info(?1)")?
                .query_map([table], |row| row.get(0))?
                .collect()
        };
        match read() {
            Ok(columns) if columns.is_empty() => Ok(None),
            Ok(columns) => Ok(Some(columns)),
            Err(error) => Err(self.refused(&error)),
        }
    }

    /// Whether a column is declared with a collation; false where there is no such column.
    pub fn declares_collation(&self, table: &str, column: &str, collation: &str) -> bool {
        self.connection
            .column_metadata(Some("main"), table, column)
            .is_ok_and(|(_, declared, ..)| {
                declared.is_some_and(|declared| {
                    declared
                        .to_bytes()
                        .eq_ignore_ascii_case(collation.as_bytes())
                })
            })
    }

    /// How the engine would run a statement: a line for each step of its plan.
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
            markers: Arc::clone(&statement.markers),
            columns: Arc::new([]),
        };
        let rows = self.execute(&explain, values)?;
        Ok((0..rows.len())
            .filter_map(|row| match rows.cell(row, 3) {
                CellRef::Text(detail) => Some(String::from_utf8_lossy(detail).into_owned()),
                _ => None,
            })
            .collect())
    }
}

struct Bound<'v>(&'v Value);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Value::Real(number) => ToSqlOutput::Borrowed(ValueRef::Real(*number)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            // Text of a row that is no UTF-8, come back as a key: as bytes it would sort behind all text.
            Value::TextBytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Text(bytes)),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            // Days and times are text in SQLite, in the layout that its own functions write.
            Value::Date(day) => ToSqlOutput::from(day.strftime("%Y-%m-%d").to_string()),
            Value::DateTime(at) => {
                let (milliseconds, rest) = (
                    at.subsec_nanosecond() / 1_000_000,
                    at.subsec_nanosecond() % 1_000_000,
                );
                let mut text = format!("{}.{milliseconds:03}", at.strftime("%Y-%m-%d %H:%M:%S"));
                // As text, three digits come before all that begin with them: what is finer stays finer.
                if rest > 0 {
                    text.push_str(&format!("{rest:06}"));
                }
                ToSqlOutput::from(text)
            }
        })
    }
}
