//! The SQLite driver: the embedded practice, and databases that an author tries a mapping on.
//!
//! SQLite runs in the caller's thread. Connections only read. A statement that runs past its deadline, or whose
//! caller has gone, is interrupted by the engine's progress callback.
//!
//! | file | what it does |
//! |---|---|
//! | `mod` | connections whose statements are the program's |
//! | `line` | lines, whose statements are a caller's |
//! | `confined` | what a caller's statement may do |

mod confined;
mod line;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::civil::{Date, DateTime};
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, ValueRef};

use self::line::SqliteLine;
use super::call::{Call, CallError, Line};
use super::rows::TooLarge;
use super::{CellRef, Connection, Driver, Limits, PassthroughError, Pool, RowSink, Watch};
use crate::gateway::integrator::Login;
use crate::relation::{Dialect, Value};
use crate::sql::Statement;

/// Statements that a connection for the program's own keeps prepared.
const PREPARED: usize = 128;
/// Another program's writing is waited for so long.
const BUSY: Duration = Duration::from_secs(5);
/// What a connection keeps of the file, in SQLite's units: -1 is 1 KiB.
const PAGE_CACHE: i64 = -6_000;
/// The bound on a value is never below these bytes.
const LEAST_LONGEST: usize = 1 << 20;
/// Bytes of the longest text that is kept so.
const KEPT_TEXT: usize = 16 * 1024;
/// Virtual machine steps between two looks at the clock: some tens of microseconds.
const STEPS: i32 = 10_000;

/// The files of a site.
pub struct Sqlite {
    catalogues: Vec<Arc<str>>,
    files: Vec<PathBuf>,
    limits: Limits,
    /// Lines may write.
    is_writable: bool,
    /// When it was last looked for the default file, and whether it was there.
    looked: Mutex<Option<(Instant, bool)>>,
}

impl Sqlite {
    /// A site with one file.
    pub fn file(path: &Path, limits: &Limits) -> Sqlite {
        Sqlite {
            catalogues: Vec::new(),
            files: vec![path.to_owned()],
            limits: limits.clone(),
            is_writable: false,
            looked: Mutex::default(),
        }
    }

    /// A site with a file for each catalogue, the default one first.
    pub fn files(files: impl IntoIterator<Item = (Arc<str>, PathBuf)>, limits: &Limits) -> Sqlite {
        let (catalogues, files) = files.into_iter().unzip();
        Sqlite {
            catalogues,
            files,
            limits: limits.clone(),
            is_writable: false,
            looked: Mutex::default(),
        }
    }

    /// Statements of callers' own may change the files; the program's own still only read.
    pub fn writable(self) -> Sqlite {
        Sqlite {
            is_writable: true,
            ..self
        }
    }
}

/// A pool over one file that must exist; opens the first connection, so that a file that cannot be read is known
/// now.
///
/// # Errors
/// [`PassthroughError::Open`] with the engine's reason.
pub fn pool(path: &Path, limits: Limits) -> Result<Pool, PassthroughError> {
    Pool::connected(Arc::new(Sqlite::file(path, &limits)), limits)
}

impl Driver for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn catalogues(&self) -> &[Arc<str>] {
        &self.catalogues
    }

    fn connect(
        &self,
        catalogue: usize,
        _: &Arc<Watch>,
    ) -> Result<Box<dyn Connection>, PassthroughError> {
        let path = &self.files[catalogue];
        Ok(Box::new(Opened {
            file: file_id(path)?,
            connection: open(path, &self.limits, Purpose::Requests)?,
            path: path.clone(),
            seen: Instant::now(),
            limits: self.limits.clone(),
            broken: false,
        }))
    }

    /// SQLite has no logins: whoever may ask the site has the file.
    fn line(
        &self,
        catalogue: usize,
        _: Option<&Login>,
        _: &Arc<Watch>,
    ) -> Result<Box<dyn Line>, PassthroughError> {
        let none = || PassthroughError::NoDatabase(String::new());
        let path = self.files.get(catalogue).ok_or_else(none)?;
        let line = SqliteLine::open(path, &self.limits, self.is_writable)?;
        Ok(Box::new(line))
    }

    fn check(&self, call: &Call) -> Result<(), CallError> {
        line::arguments(call).map(drop)
    }

    fn with_login(&self, _: &Login) -> Result<Option<Arc<dyn Driver>>, PassthroughError> {
        Ok(None)
    }

    fn idle(&self) -> Option<Duration> {
        None
    }

    fn is_remote(&self) -> bool {
        false
    }

    /// Looks for the default file by its name alone: to open one and close it again would give up the locks that SQLite has
    /// on it in this process.
    fn is_there(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, is_there)) = *looked
            && at.elapsed() < LOOKED_FOR
        {
            return is_there;
        }
        let found = self.files.first().map(std::fs::metadata);
        let is_there = found.is_some_and(|found| found.is_ok_and(|found| found.is_file()));
        *looked = Some((Instant::now(), is_there));
        is_there
    }
}

/// A connection, with the file that it has open: another may come to stand at the path.
struct Opened {
    connection: rusqlite::Connection,
    path: PathBuf,
    file: FileId,
    /// When the path was last looked at.
    seen: Instant,
    limits: Limits,
    /// The engine reported that the file is no sound database.
    broken: bool,
}

/// For so long the file at the path is taken to be the same: the question costs as much as a small read.
const SEEN_FOR: Duration = Duration::from_millis(20);

/// For so long a file is taken to be there, or not, where it is only asked whether the site is.
const LOOKED_FOR: Duration = Duration::from_millis(250);

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

/// Has the engine ask, every so many steps, whether a statement is to end.
fn watch(
    connection: &mut rusqlite::Connection,
    steps: i32,
    is_over: impl FnMut() -> bool + Send + 'static,
) -> Result<(), PassthroughError> {
    connection
        .progress_handler(steps, Some(is_over))
        .map_err(|_| PassthroughError::Open("no progress callback".to_owned()))
}

/// What a connection is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Statements of the program's own.
    Requests,
    /// Statements of a caller's own.
    Line { writes: bool },
}

fn open(
    path: &Path,
    limits: &Limits,
    purpose: Purpose,
) -> Result<rusqlite::Connection, PassthroughError> {
    let reads = purpose != Purpose::Line { writes: true };
    let access = match reads {
        true => OpenFlags::SQLITE_OPEN_READ_ONLY,
        false => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let prepare = || -> rusqlite::Result<rusqlite::Connection> {
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "query_only", reads)?;
        connection.pragma_update(None, "cache_size", PAGE_CACHE)?;
        if purpose == Purpose::Requests {
            // An index made for one statement would be made again for every request.
            connection.pragma_update(None, "automatic_index", false)?;
        }
        // A kept statement keeps its plan: with statistics at hand, SQLite would else plan anew for each value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // A value longer than an answer's rows may be is refused before SQLite takes the memory for it. It reads
        // its own schema under the same bound.
        let longest = i32::try_from(limits.rows.max(LEAST_LONGEST)).unwrap_or(i32::MAX);
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest)?;
        connection.set_prepared_statement_cache_capacity(match purpose {
            Purpose::Requests => PREPARED,
            Purpose::Line { .. } => line::PREPARED,
        });
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

impl Connection for Opened {
    fn begin(&mut self, watched: &Arc<Watch>) -> Result<(), PassthroughError> {
        let now = Instant::now();
        if now.duration_since(self.seen) >= SEEN_FOR {
            // A file that was replaced or deleted would be read on for as long as it is open.
            if file_id(&self.path)? != self.file {
                return Err(PassthroughError::Lost);
            }
            self.seen = now;
        }
        let watched = Arc::clone(watched);
        watch(&mut self.connection, STEPS, move || watched.is_over())
    }

    fn snapshot(&mut self) -> Result<(), PassthroughError> {
        self.command("BEGIN").map_err(|error| self.refused(&error))
    }

    fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value],
        sink: &mut dyn RowSink,
    ) -> Result<(), PassthroughError> {
        let mut run = || -> Result<Result<(), TooLarge>, rusqlite::Error> {
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
            sink.begin(width, &|column| {
                prepared.column_name(column).unwrap_or_default().to_owned()
            });
            let mut rows = prepared.raw_query();
            while let Some(row) = rows.next()? {
                for column in 0..width {
                    if sink.cell(cell(row.get_ref(column)?)).is_err() {
                        return Ok(Err(TooLarge));
                    }
                }
            }
            Ok(Ok(()))
        };
        match run() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(TooLarge)) => Err(PassthroughError::TooLarge(self.limits.rows >> 20)),
            Err(error) => Err(self.refused(&error)),
        }
    }

    fn end(&mut self) -> bool {
        if !self.connection.is_autocommit() {
            self.broken |= self.command("COMMIT").is_err();
        }
        // A file that is damaged is opened anew: then its state is known, and may be mended.
        !self.broken
            && self
                .connection
                .progress_handler(0, None::<fn() -> bool>)
                .is_ok()
    }

    fn ping(&mut self) -> Result<(), PassthroughError> {
        // Without a table in it the file would not be looked at.
        let asked = self
            .connection
            .prepare_cached("SELECT COUNT(*) FROM sqlite_schema")
            .and_then(|mut statement| statement.query_row([], |_| Ok(())));
        asked.map_err(|error| self.refused(&error))
    }

    fn refusal(&mut self, statement: &Statement) -> Result<Option<String>, PassthroughError> {
        let prepared = self.connection.prepare(&statement.text).map(drop);
        Ok(match prepared {
            Ok(()) => None,
            Err(
                rusqlite::Error::SqlInputError { msg, .. }
                | rusqlite::Error::SqliteFailure(_, Some(msg)),
            ) => Some(msg),
            Err(other) => Some(self.refused(&other).to_string()),
        })
    }

    fn declares_collation(&self, table: &str, column: &str, collation: &str) -> bool {
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
}

impl Opened {
    fn command(&self, text: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(text)?.execute([]).map(drop)
    }

    fn refused(&mut self, error: &rusqlite::Error) -> PassthroughError {
        use rusqlite::ffi::ErrorCode;
        self.broken |= says_broken(error);
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
}

/// The file is no sound database.
fn says_broken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::ErrorCode;
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
        )
    )
}

fn cell(value: ValueRef<'_>) -> CellRef<'_> {
    match value {
        ValueRef::Null => CellRef::Null,
        ValueRef::Integer(number) => CellRef::Int(number),
        ValueRef::Real(number) => CellRef::Real(number),
        ValueRef::Text(bytes) => CellRef::Text(bytes),
        ValueRef::Blob(bytes) => CellRef::Bytes(bytes),
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
            Value::Date(day) => ToSqlOutput::from(day_text(*day)),
            Value::DateTime(at) => ToSqlOutput::from(moment_text(*at)),
        })
    }
}

/// `2026-01-05`
fn day_text(day: Date) -> String {
    day.strftime("%Y-%m-%d").to_string()
}

/// `2026-01-05 09:30:00.123`
fn moment_text(at: DateTime) -> String {
    let (milliseconds, rest) = (
        at.subsec_nanosecond() / 1_000_000,
        at.subsec_nanosecond() % 1_000_000,
    );
    let mut text = format!("{}.{milliseconds:03}", at.strftime("%Y-%m-%d %H:%M:%S"));
    // As text, three digits come before all that begin with them: what is finer stays finer.
    if rest > 0 {
        text.push_str(&format!("{rest:06}"));
    }
    text
}
