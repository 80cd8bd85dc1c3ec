//! Statements of a caller's own over ODBC.
//!
//! Takes a [`Call`]; binds its parameters ([`parameters`]), runs it, and reads all of its results: the first one with columns
//! is the caller's, and an engine may run what is behind a result only when that has been asked for. Each command is a
//! transaction, kept where it ends well and taken back where it does not.
//!
//! - Parameters go back from a stored procedure alone, called by ODBC's own escape, `{? = call name(?, ?)}`, which every
//!   driver turns into its engine's form. They have the procedure's order: ODBC knows no names.
//! - Rows are fetched value by value: a block needs to know how long values are, a driver may say so wrongly, and a
//!   caller's statement cannot be run a second time.
//! - What a session keeps, such as options, variables and temporary tables, is no engine's to forget on demand: a
//!   connection that a caller's statement ran on is closed.

mod parameters;

use std::sync::Arc;
use std::time::Instant;

use odbc_api::handles::{AsStatementRef, Statement as _, StatementRef};
use odbc_api::{Cursor as _, CursorImpl};

use super::fetch::{Columns, FetchError, Scratch};
use super::{Opened, errors};
use crate::passthrough::call::bind::{self, Argument, Carries};
use crate::passthrough::call::lexer::Lexis;
use crate::passthrough::call::procedure::Procedure;
use crate::passthrough::call::{
    Call, CallError, Called, CommandType, Direction, ExecutionMode, Line, Parameter, names, told,
};
use crate::passthrough::{Connection as _, PassthroughError, RowSink, Watch};
use crate::relation::Dialect;
use parameters::Parameters;

/// Bytes of one value.
const LONGEST_VALUE: usize = 64 << 20;

/// A connection for a caller's statements.
pub(super) struct OdbcLine {
    opened: Opened,
    /// A statement of the caller's has run on it.
    is_used: bool,
}

/// A command with a marker for each parameter.
struct Prepared<'c> {
    text: String,
    arguments: Vec<Argument<'c>>,
    /// The argument at each marker.
    markers: Vec<usize>,
    parameters: Parameters,
}

impl OdbcLine {
    /// # Errors
    /// Where no transaction can be begun.
    pub(super) fn new(opened: Opened) -> Result<OdbcLine, PassthroughError> {
        let manual = opened.connection()?.set_autocommit(false);
        manual.map_err(|error| opened.failed(&error, ""))?;
        Ok(OdbcLine {
            opened,
            is_used: false,
        })
    }

    /// Runs a command, and reads all that it gives.
    fn run(
        &self,
        prepared: &mut Prepared<'_>,
        call: &Call,
        rows: &mut dyn RowSink,
    ) -> Result<Option<i64>, CallError> {
        let failed = |error: &odbc_api::Error| self.failed(error, call);
        // It runs once: to prepare it first would cost a way to the server and back.
        let made = self.opened.connection()?.preallocate();
        let mut made = made.map_err(|error| failed(&error))?;
        let watch = &self.opened.watch;
        // Beside the cancelling, for a driver that does not heed that.
        let left = watch.left().as_secs_f32().ceil().max(1.0) as usize;
        let _ = made.set_query_timeout_sec(left + 1);
        let handle = made.as_stmt_ref().as_sys();
        // It ends before the statement is freed.
        let _cancelling = self.opened.server.canceller.begin(handle, watch);
        let first = made
            .execute(&prepared.text, &mut prepared.parameters)
            .map_err(|error| failed(&error))?;
        // Whether a result has rows is told by its columns; a cursor that goes would close what is behind it as well.
        let _ = first.map(CursorImpl::into_stmt);
        let mut statement = made.as_stmt_ref();
        let mut affected: Option<i64> = None;
        let mut is_begun = false;
        loop {
            let width = statement.num_result_cols();
            let width = width
                .into_result(&statement)
                .map_err(|error| failed(&error))?;
            if width == 0 {
                let count = statement.row_count();
                let count = count
                    .into_result(&statement)
                    .map_err(|error| failed(&error))?;
                if let Ok(count @ 0..) = i64::try_from(count) {
                    affected = Some(affected.unwrap_or(0).saturating_add(count));
                }
            } else if call.mode != ExecutionMode::NonQuery && !is_begun {
                is_begun = true;
                // SAFETY: the statement has a result with columns.
                let mut cursor = unsafe { CursorImpl::new(statement) };
                let read = self.read(&mut cursor, call.mode, rows);
                statement = cursor.into_stmt();
                read.map_err(|error| match error {
                    FetchError::Odbc(error) => failed(&error),
                    FetchError::TooLarge => CallError::TooLarge,
                    FetchError::Over => PassthroughError::Timeout(watch.limit()).into(),
                })?;
            }
            // SAFETY: no buffer is bound to the statement.
            let more = unsafe { statement.more_results() };
            if !more
                .into_result_bool(&statement)
                .map_err(|error| failed(&error))?
            {
                break;
            }
        }
        if !is_begun && call.mode != ExecutionMode::NonQuery {
            rows.begin(0, &|_| String::new());
        }
        Ok(affected)
    }

    /// The rows of a result.
    fn read(
        &self,
        cursor: &mut CursorImpl<StatementRef<'_>>,
        mode: ExecutionMode,
        rows: &mut dyn RowSink,
    ) -> Result<(), FetchError> {
        let columns = Columns::of(cursor)?;
        let is_scalar = mode == ExecutionMode::Scalar;
        let width = if is_scalar { 1 } else { usize::MAX };
        columns.begin(width, rows);
        let mut scratch = Scratch::new(LONGEST_VALUE);
        while let Some(mut row) = cursor.next_row()? {
            if self.opened.watch.is_over() {
                return Err(FetchError::Over);
            }
            scratch.row(&mut row, &columns, width, rows)?;
            if is_scalar {
                break;
            }
        }
        Ok(())
    }

    /// What the engine said goes to the caller; what became of the connection goes the way of all drivers.
    fn failed(&self, error: &odbc_api::Error, call: &Call) -> CallError {
        match self.opened.failed(error, "") {
            lost @ (PassthroughError::Lost | PassthroughError::Timeout(_)) => lost.into(),
            other => match errors::of_engine(error) {
                Some((code, words)) => CallError::Engine {
                    code: code.into(),
                    message: told::told(&words, &call.text),
                },
                None => other.into(),
            },
        }
    }

    fn finish(
        &mut self,
        call: &Call,
        ran: Result<Option<i64>, CallError>,
    ) -> Result<Option<i64>, CallError> {
        let ended = match (&ran, self.opened.connection()) {
            (Ok(_), Ok(open)) => open.commit(),
            (Err(_), Ok(open)) => {
                self.opened.is_sound &= open.rollback().is_ok();
                return ran;
            }
            (_, Err(error)) => return ran.and(Err(error.into())),
        };
        if let Err(error) = &ended {
            self.opened.is_sound = false;
            return Err(self.failed(error, call));
        }
        ran
    }
}

impl Line for OdbcLine {
    fn call(
        &mut self,
        call: &Call,
        watch: &Arc<Watch>,
        rows: &mut dyn RowSink,
    ) -> Result<Called, CallError> {
        let dialect = self.opened.server.options.dialect;
        let mut prepared = prepared(call, dialect)?;
        self.opened.begin(watch)?;
        self.is_used = true;
        let begun = Instant::now();
        let ran = self.run(&mut prepared, call, rows);
        let rows_affected = self.finish(call, ran)?;
        let took = begun.elapsed();
        let rows_affected = match call.mode {
            ExecutionMode::NonQuery => Some(rows_affected.unwrap_or(-1)),
            ExecutionMode::Reader | ExecutionMode::Scalar => rows_affected,
        };
        Ok(Called {
            rows_affected,
            parameters: prepared.returned(call)?,
            took,
        })
    }

    fn reset(&mut self) -> bool {
        !self.is_used && self.opened.end()
    }
}

impl Prepared<'_> {
    /// The call's parameters that go back, with their values, in the call's order.
    fn returned(&self, call: &Call) -> Result<Vec<Parameter>, CallError> {
        let mut returned = Vec::new();
        for (place, argument) in self.arguments.iter().enumerate() {
            if argument.direction == Direction::Input {
                continue;
            }
            let marker = self.markers.iter().position(|at| *at == place);
            let value = match marker {
                Some(marker) => self.parameters.came_back(marker, argument)?,
                None => None,
            };
            if let Some(parameter) = call.parameters.get(argument.place) {
                returned.push(Parameter {
                    value,
                    ..parameter.clone()
                });
            }
        }
        Ok(returned)
    }
}

/// Whether a command can be put to the server.
///
/// # Errors
/// [`CallError::Command`]
pub(super) fn check(call: &Call, dialect: Dialect) -> Result<(), CallError> {
    prepared(call, dialect).map(drop)
}

/// A command's text with markers, and its parameters at them.
fn prepared(call: &Call, dialect: Dialect) -> Result<Prepared<'_>, CallError> {
    let carries = Carries {
        engine: match dialect {
            Dialect::SqlAnywhere => "SQL Anywhere",
            _ => "ODBC",
        },
        ty: |_| true,
        outputs: true,
        return_value: true,
    };
    let arguments = bind::arguments(call, &carries)?;
    let mut parameters = Parameters::default();
    let (text, markers) = match call.kind {
        CommandType::Text => {
            if let Some(back) = arguments.iter().find(|it| it.direction != Direction::Input) {
                let why = "over ODBC a parameter goes back from a storedProcedure alone";
                return Err(bind::refused(back.place, back.ty, why));
            }
            let placed = names::placed(call, &arguments, lexis(dialect))?;
            for place in &placed.markers {
                parameters.push_input(&arguments[*place]);
            }
            (placed.text, placed.markers)
        }
        CommandType::StoredProcedure => {
            let name = Procedure::read(&call.text)?.in_quotes();
            let is_status = |place: &usize| arguments[*place].direction == Direction::ReturnValue;
            let (status, given): (Vec<usize>, Vec<usize>) =
                (0..arguments.len()).partition(is_status);
            let result = if status.is_empty() { "" } else { "? = " };
            let holes = vec!["?"; given.len()].join(", ");
            let markers = [status, given].concat();
            for place in &markers {
                parameters.push(&arguments[*place]);
            }
            (format!("{{{result}call {name}({holes})}}"), markers)
        }
    };
    Ok(Prepared {
        text,
        arguments,
        markers,
        parameters,
    })
}

fn lexis(dialect: Dialect) -> Lexis {
    match dialect {
        Dialect::SqlAnywhere => Lexis::SQL_ANYWHERE,
        Dialect::Mssql => Lexis::MSSQL,
        Dialect::Firebird => Lexis::FIREBIRD,
        Dialect::Sqlite => Lexis::SQLITE,
    }
}
