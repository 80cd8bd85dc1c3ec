//! A line to a file, for statements of a caller's own.
//!
//! A text may be several statements, which run in order; each is done for good when it has ended, unless the text itself
//! begins a transaction. Rows are those of the first statement that gives any. Parameters are bound by name (`@name`,
//! `:name`, `$name`), by number (`?2`) or, where they have neither, in the order in which the command has them. SQLite has no
//! procedures, and no parameters that go back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Batch, Connection, Statement};

use super::super::call::bind::{self, Argument, ArgumentValue, Carries};
use super::super::call::{Call, CallError, Called, CommandType, ExecutionMode, Line, told};
use super::super::{
    CellRef, ColumnKind, Limits, PassthroughError, RowSink, TooLarge, Typed, Watch, exact,
};
use super::{
    BUSY, FileId, KEPT_TEXT, Purpose, STEPS, cell, confined, day_text, file_id, moment_text, open,
    reason, says_broken, watch,
};

/// Of every type whose values have a form as text: what SQLite has no type for is text in the layout that it reads.
const CARRIES: Carries = Carries {
    engine: "SQLite",
    ty: |_| true,
    outputs: false,
    return_value: false,
};

/// Texts that are one statement which only reads, and stay prepared, where they are no longer than [`KEPT_TEXT`].
const KEPT: usize = 16;
/// Statements that the client keeps prepared on a line: those of the texts, and the one that [`Line::reset`] asks. What is no
/// longer among the texts is the one that was used longest ago, and goes with them.
pub(super) const PREPARED: usize = KEPT + 1;

/// Steps between two looks at the clock while a text is only prepared: SQLite counts few of them, and only where preparing can
/// take long, such as a CASE of thousands of branches.
const LOOK_STEPS: i32 = 16;

pub(super) struct SqliteLine {
    connection: Connection,
    /// The one that was used last at the end.
    kept: Vec<Arc<str>>,
    /// How long it may take to find out what a text is, before it is run.
    look: Duration,
    path: PathBuf,
    file: FileId,
    /// The types with which columns are declared can be read as text.
    is_declared_in_text: bool,
    is_broken: bool,
}

/// Why a statement came to nothing.
enum Failure {
    Engine(rusqlite::Error),
    Ours(CallError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Engine(error)
    }
}

impl From<TooLarge> for Failure {
    fn from(_: TooLarge) -> Self {
        Failure::Ours(CallError::TooLarge)
    }
}

impl SqliteLine {
    pub(super) fn open(
        path: &Path,
        limits: &Limits,
        writes: bool,
    ) -> Result<SqliteLine, PassthroughError> {
        let file = file_id(path)?;
        let mut connection = open(path, limits, Purpose::Line { writes })?;
        let failed = |error: rusqlite::Error| PassthroughError::Open(reason(&error));
        let is_declared_in_text = is_schema_text(&connection).map_err(failed)?;
        confined::confine(&mut connection).map_err(failed)?;
        Ok(SqliteLine {
            connection,
            kept: Vec::new(),
            look: limits.connect,
            path: path.to_owned(),
            file,
            is_declared_in_text,
            is_broken: false,
        })
    }

    fn failed(&mut self, failure: Failure, call: &Call, watch: &Watch) -> CallError {
        use rusqlite::ffi::ErrorCode;
        let error = match failure {
            Failure::Ours(error) => return error,
            Failure::Engine(error) => error,
        };
        self.is_broken |= says_broken(&error);
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => {
                return PassthroughError::Timeout(watch.limit()).into();
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                return PassthroughError::Locked.into();
            }
            Some(ErrorCode::TooBig) => return CallError::TooLarge,
            _ => {}
        }
        let (code, message) = match &error {
            rusqlite::Error::SqliteFailure(failure, message) => (
                failure.extended_code,
                message.clone().unwrap_or_else(|| reason(&error)),
            ),
            rusqlite::Error::SqlInputError {
                error: failure,
                msg,
                ..
            } => (failure.extended_code, msg.clone()),
            _ => (0, "SQLite cannot read it".to_owned()),
        };
        let message = match code {
            // What a trigger says may be made of a row's values.
            rusqlite::ffi::SQLITE_CONSTRAINT_TRIGGER => match self.is_of_a_trigger(&message) {
                true => told::one_line(&message),
                false => "a trigger refuses it".to_owned(),
            },
            _ => told::told(&message, &call.text),
        };
        CallError::Engine {
            code: code.into(),
            message,
        }
    }

    /// Whether a message stands in a trigger, as it is.
    fn is_of_a_trigger(&self, message: &str) -> bool {
        let asked = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND instr(sql, ?1) > 0)";
        let literal = format!("'{}'", message.replace('\'', "''"));
        let found = self
            .connection
            .query_row(asked, [literal], |row| row.get(0));
        found.unwrap_or(false)
    }

    /// Whether a text is one statement that only reads, which is then kept, and whether it is any that only reads.
    fn look_at(&mut self, text: &Arc<str>) -> bool {
        if let Some(place) = self.kept.iter().position(|kept| kept == text) {
            let text = self.kept.remove(place);
            let prepared = self.connection.prepare_cached(&text);
            let is_as_ever = prepared.is_ok_and(|statement| statement.readonly());
            if is_as_ever {
                self.kept.push(text);
                return true;
            }
        }
        let mut batch = Batch::new(&self.connection, text);
        let mut statements = 0;
        loop {
            match batch.next() {
                Ok(Some(statement)) if statement.readonly() => statements += 1,
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => return false,
            }
        }
        if statements == 1 && text.len() <= KEPT_TEXT {
            if self.kept.len() == KEPT {
                self.kept.remove(0);
            }
            self.kept.push(Arc::clone(text));
        }
        true
    }

    /// Runs the statements of a text in order.
    fn run(
        &self,
        call: &Call,
        arguments: &[Argument<'_>],
        watch: &Watch,
        sink: &mut dyn RowSink,
    ) -> Result<Option<i64>, Failure> {
        let mut markers = 0;
        if self.kept.last() == Some(&call.text) {
            let mut statement = self.connection.prepare_cached(&call.text)?;
            bind_all(&mut statement, arguments, &mut markers)?;
            let gives = call.mode != ExecutionMode::NonQuery && statement.column_count() > 0;
            let rows = gives.then_some(sink);
            self.step(&mut statement, call.mode, rows)?;
            return Ok(None);
        }
        let mut batch = Batch::new(&self.connection, &call.text);
        let mut changed = None;
        let mut is_given = call.mode == ExecutionMode::NonQuery;
        while let Some(mut statement) = batch.next()? {
            if watch.is_over() {
                return Err(Failure::Ours(
                    PassthroughError::Timeout(watch.limit()).into(),
                ));
            }
            bind_all(&mut statement, arguments, &mut markers)?;
            let (writes, before) = (!statement.readonly(), self.connection.total_changes());
            let gives = !is_given && statement.column_count() > 0;
            is_given |= gives;
            let rows: Option<&mut dyn RowSink> = match gives {
                true => Some(&mut *sink),
                false => None,
            };
            match writes && gives {
                true => self.whole(|| self.step(&mut statement, call.mode, rows))?,
                false => self.step(&mut statement, call.mode, rows)?,
            }
            if writes {
                // The last count stays where a statement, such as CREATE, counts nothing.
                let count = match self.connection.total_changes() == before {
                    true => 0,
                    false => i64::try_from(self.connection.changes()).unwrap_or(i64::MAX),
                };
                changed = Some(changed.unwrap_or(0) + count);
            }
        }
        Ok(changed)
    }

    /// Runs a statement that changes rows and gives them: where they are more than may be, nothing has changed.
    fn whole(&self, step: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        self.connection.execute_batch("SAVEPOINT pilaster")?;
        let stepped = step();
        let end = match &stepped {
            Ok(()) => "RELEASE pilaster",
            Err(_) => "ROLLBACK TO pilaster; RELEASE pilaster",
        };
        match (stepped, self.connection.execute_batch(end)) {
            (Ok(()), ended) => Ok(ended?),
            // A failure that ended the transaction has ended the savepoint with it.
            (failed, _) => failed,
        }
    }

    /// Runs one statement to its end.
    fn step(
        &self,
        statement: &mut Statement<'_>,
        mode: ExecutionMode,
        mut sink: Option<&mut dyn RowSink>,
    ) -> Result<(), Failure> {
        let only_reads = statement.readonly();
        // One that was prepared before a table changed is prepared anew with its first row: its columns are known then.
        let mut width = None;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let Some(taking) = &mut sink else { continue };
            let width = *width.get_or_insert_with(|| self.begin(row.as_ref(), mode, *taking));
            for column in 0..width {
                taking.cell(cell(row.get_ref(column)?))?;
            }
            if mode == ExecutionMode::Scalar {
                if only_reads {
                    return Ok(());
                }
                // What changes rows is run to its end.
                sink = None;
            }
        }
        drop(rows);
        if let (None, Some(sink)) = (width, sink) {
            self.begin(statement, mode, sink);
        }
        Ok(())
    }

    /// Says what a statement's rows are made of. How many columns are wanted of each.
    fn begin(
        &self,
        statement: &Statement<'_>,
        mode: ExecutionMode,
        sink: &mut dyn RowSink,
    ) -> usize {
        let width = match mode {
            ExecutionMode::Scalar => statement.column_count().min(1),
            _ => statement.column_count(),
        };
        let name = |column| statement.column_name(column).unwrap_or_default().to_owned();
        sink.begin(width, &name);
        if self.is_declared_in_text {
            let columns = statement.columns();
            let kinds: Vec<ColumnKind> = columns
                .map(|column| column.decl_type().map_or(ColumnKind::Unknown, declared))
                .collect();
            sink.kinds(&|column| kinds.get(column).copied().unwrap_or_default());
        }
        width
    }
}

/// The kind that a column's declared type is.
///
/// SQLite holds any value in any column, so that no digits are added to a number for its type's sake.
fn declared(ty: &str) -> ColumnKind {
    let name = ty.split('(').next().unwrap_or_default().trim();
    match name.to_ascii_lowercase().as_str() {
        "bit" | "bool" | "boolean" => ColumnKind::Bit,
        "decimal" | "numeric" | "money" | "smallmoney" => ColumnKind::Exact(None),
        "date" => ColumnKind::Date,
        "time" => ColumnKind::Time,
        "datetime" | "datetime2" | "smalldatetime" | "timestamp" => ColumnKind::DateTime,
        "datetimeoffset" => ColumnKind::DateTimeOffset,
        "uniqueidentifier" => ColumnKind::Guid,
        _ => ColumnKind::Unknown,
    }
}

/// Whether all that the file says of itself is text: the client panics at a declared type that is none.
fn is_schema_text(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare("SELECT sql FROM sqlite_schema")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let ValueRef::Text(sql) = row.get_ref(0)?
            && std::str::from_utf8(sql).is_err()
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Binds a statement's parameters; `markers` counts those without a name or number, through all statements of a text.
fn bind_all(
    statement: &mut Statement<'_>,
    arguments: &[Argument<'_>],
    markers: &mut usize,
) -> Result<(), Failure> {
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index).unwrap_or_default();
        let argument = match name.strip_prefix('?') {
            Some(number) => {
                let place = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                place.and_then(|place| arguments.get(place))
            }
            None if name.is_empty() => {
                *markers += 1;
                arguments.get(*markers - 1)
            }
            None => {
                let name = name[1..].to_lowercase();
                let is_it = |argument: &&Argument<'_>| argument.name.to_lowercase() == name;
                arguments.iter().find(is_it)
            }
        };
        let Some(argument) = argument else {
            return Err(Failure::Ours(CallError::Command(format!(
                "parameter {index} of a statement of the text is none of the command's {} parameters: declare it",
                arguments.len()
            ))));
        };
        statement.raw_bind_parameter(index, Held(&argument.value))?;
    }
    Ok(())
}

/// A value as SQLite has it.
struct Held<'v>(&'v ArgumentValue<'v>);

impl rusqlite::ToSql for Held<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = |text: String| ToSqlOutput::Owned(rusqlite::types::Value::Text(text));
        Ok(match self.0 {
            ArgumentValue::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            ArgumentValue::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            value => match value.typed() {
                Typed::Null => ToSqlOutput::Borrowed(ValueRef::Null),
                Typed::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(number)),
                Typed::Real(number) => ToSqlOutput::Borrowed(ValueRef::Real(number)),
                Typed::Exact(digits) => match exact(&digits) {
                    CellRef::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(number)),
                    CellRef::Real(number) => ToSqlOutput::Borrowed(ValueRef::Real(number)),
                    _ => text(digits.into_owned()),
                },
                Typed::Date(day) => text(day_text(day)),
                Typed::Time(time) => text(time.to_string()),
                Typed::DateTime(at) => text(moment_text(at)),
                Typed::Text(words) => text(words.into_owned()),
                // Above.
                Typed::TextBytes(_) | Typed::Bytes(_) => ToSqlOutput::Borrowed(ValueRef::Null),
            },
        })
    }
}

/// What can be run at all: its arguments.
///
/// # Errors
/// [`CallError::Command`]
pub(super) fn arguments(call: &Call) -> Result<Vec<Argument<'_>>, CallError> {
    if call.kind == CommandType::StoredProcedure {
        return Err(CallError::Command(
            "SQLite has no stored procedures: send a statement, of the type `text`".to_owned(),
        ));
    }
    bind::arguments(call, &CARRIES)
}

impl Line for SqliteLine {
    /// Every statement of the text only reads, and can be prepared before another has run, and soon enough.
    fn only_reads(&mut self, call: &Call, watched: &Arc<Watch>) -> bool {
        let (until, watched) = (Watch::begun(self.look), Arc::clone(watched));
        let is_over = move || until.is_over() || watched.is_over();
        call.kind == CommandType::Text
            && watch(&mut self.connection, LOOK_STEPS, is_over).is_ok()
            && self.look_at(&call.text)
    }

    fn call(
        &mut self,
        call: &Call,
        watched: &Arc<Watch>,
        rows: &mut dyn RowSink,
    ) -> Result<Called, CallError> {
        let arguments = arguments(call)?;
        // A file that was replaced or deleted would be read on for as long as it is open.
        if file_id(&self.path).ok() != Some(self.file) {
            self.is_broken = true;
            return Err(PassthroughError::Lost.into());
        }
        let started = Instant::now();
        let watching = Arc::clone(watched);
        watch(&mut self.connection, STEPS, move || watching.is_over())?;
        let waits = BUSY.min(watched.left());
        let ran = match self.connection.busy_timeout(waits) {
            Ok(()) => self.run(call, &arguments, watched, rows),
            Err(error) => Err(error.into()),
        };
        match ran {
            Ok(rows_affected) => Ok(Called {
                rows_affected,
                parameters: Vec::new(),
                took: started.elapsed(),
            }),
            Err(failure) => Err(self.failed(failure, call, watched)),
        }
    }

    /// The file is the one that it was.
    fn answers(&mut self) -> bool {
        file_id(&self.path).ok() == Some(self.file)
    }

    /// A line with temporary tables is not used again: another call would meet them.
    fn reset(&mut self) -> bool {
        let connection = &mut self.connection;
        if connection
            .progress_handler(0, None::<fn() -> bool>)
            .is_err()
        {
            return false;
        }
        if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
            return false;
        }
        let temporary = "SELECT COUNT(*) FROM temp.sqlite_schema";
        let left = connection
            .prepare_cached(temporary)
            .and_then(|mut count| count.query_row([], |row| row.get::<_, i64>(0)));
        !self.is_broken && left == Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> (tempfile::TempDir, SqliteLine) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("practice.sqlite");
        let database = Connection::open(&path).expect("a database");
        database
            .execute_batch("CREATE TABLE patients (id INTEGER PRIMARY KEY)")
            .expect("a table");
        let line = SqliteLine::open(&path, &Limits::default(), false).expect("a line");
        (folder, line)
    }

    fn watched() -> Arc<Watch> {
        Watch::begun(Duration::from_secs(60))
    }

    fn of(text: String) -> Call {
        Call {
            text: Arc::from(text),
            mode: ExecutionMode::NonQuery,
            kind: CommandType::Text,
            parameters: Vec::new(),
            catalogue: None,
        }
    }

    /// A text with so many values, and one more.
    fn long(values: usize) -> Call {
        of(format!(
            "SELECT id FROM patients WHERE id IN ({}1)",
            "1, ".repeat(values)
        ))
    }

    #[test]
    fn few_texts_are_kept_and_no_long_one() {
        let (_folder, mut line) = opened();
        assert!(line.only_reads(&long(KEPT_TEXT), &watched()));
        assert!(line.kept.is_empty());
        let calls: Vec<Call> = (0..KEPT + 3)
            .map(|number| of(format!("SELECT {number}")))
            .collect();
        for call in &calls {
            assert!(line.only_reads(call, &watched()));
        }
        let kept = calls[3..].iter().map(|call| &call.text);
        assert!(line.kept.iter().eq(kept), "those that were used last");
    }

    #[test]
    fn looking_at_a_text_has_an_end() {
        let (_folder, mut line) = opened();
        let branches: String = (0..5000)
            .map(|id| format!(" WHEN id = {id} THEN {id}"))
            .collect();
        let call = of(format!("SELECT CASE{branches} END FROM patients"));
        line.look = Duration::ZERO;
        assert!(
            !line.only_reads(&call, &watched()),
            "it was not found out in time"
        );
        line.look = Duration::from_secs(20);
        assert!(line.only_reads(&call, &watched()), "the line is as it was");
        let cancelled = watched();
        cancelled.cancel();
        assert!(!line.only_reads(&call, &cancelled), "nobody waits for it");
        assert!(line.reset());
    }
}
