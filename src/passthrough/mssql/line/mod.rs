//! Statements of a caller's own on SQL Server.
//!
//! Takes a [`Call`]; sends it ([`command`], [`declare`], [`value`]) and reads what comes ([`read`]).
//!
//! # What a statement leaves
//! It runs inside `sp_executesql`, so that the server itself takes back settings, the database that was entered and local
//! temporary tables. A transaction that was left open, a global temporary table, a session's context and a lock of an
//! application's are not taken back, and the client cannot ask for a session to be begun anew: tiberius 0.13 sends no
//! packet with the flag that asks for it, and no statement does the same. So a session that a caller's statement ran in is
//! ended, and the next one has its own.

mod command;
mod declare;
mod read;
mod value;

use std::sync::Arc;
use std::time::Instant;

use tiberius::error::TokenError;

use super::connect::Session;
use super::connection::Opened;
use crate::passthrough::call::{
    Call, CallError, Called, Direction, ExecutionMode, Line, Parameter, told,
};
use crate::passthrough::{Connection as _, RowSink, TooLarge, Watch};

/// A session for a caller's statements.
pub(super) struct MssqlLine {
    opened: Opened,
    /// A statement of the caller's has run in it.
    is_used: bool,
}

impl MssqlLine {
    pub(super) fn new(opened: Opened) -> MssqlLine {
        MssqlLine {
            opened,
            is_used: false,
        }
    }
}

/// Whether a command can be put to the server.
///
/// # Errors
/// [`CallError::Command`]
pub(super) fn check(call: &Call) -> Result<(), CallError> {
    command::prepared(call).map(drop)
}

impl Line for MssqlLine {
    fn call(
        &mut self,
        call: &Call,
        watch: &Arc<Watch>,
        rows: &mut dyn RowSink,
    ) -> Result<Called, CallError> {
        let mut prepared = command::prepared(call)?;
        let places = std::mem::take(&mut prepared.outputs);
        let command = prepared.into_command();
        self.opened.begin(watch)?;
        self.is_used = true;
        let begun = Instant::now();
        let read = self.opened.answer(async |session: &mut Session| {
            read::read(session, command, call.mode, !places.is_empty(), rows).await
        })?;
        let took = begun.elapsed();
        let answer = match read {
            Ok(Ok(answer)) => answer,
            Ok(Err(TooLarge)) => {
                // Between two rows the client knows its place.
                self.opened.cancel();
                return Err(CallError::TooLarge);
            }
            Err(refusal) => return Err(of_engine(&refusal, call)),
        };
        let rows_affected = match call.mode {
            ExecutionMode::NonQuery => Some(answer.affected.unwrap_or(-1)),
            ExecutionMode::Reader | ExecutionMode::Scalar => answer.affected,
        };
        Ok(Called {
            rows_affected,
            parameters: returned(call, &places, answer.outputs.unwrap_or_default()),
            took,
        })
    }

    fn reset(&mut self) -> bool {
        !self.is_used && self.opened.end()
    }
}

/// The parameters at `places` with their values: the first of `values` is what the procedure returned, the others are those
/// of the variables in their order. Those that did not come, as where the caller's statement ended the batch, are NULL.
fn returned(call: &Call, places: &[usize], values: Vec<Option<String>>) -> Vec<Parameter> {
    let mut values = values.into_iter();
    let status = values.next().flatten();
    let given = places
        .iter()
        .filter_map(|place| call.parameters.get(*place));
    given
        .map(|parameter| Parameter {
            value: match parameter.direction {
                Direction::ReturnValue => status.clone(),
                _ => values
                    .next()
                    .flatten()
                    .map(|value| value::shown(parameter.ty, value)),
            },
            ..parameter.clone()
        })
        .collect()
}

fn of_engine(refusal: &TokenError, call: &Call) -> CallError {
    CallError::Engine {
        code: refusal.code().into(),
        message: told::told(refusal.message(), &call.text),
    }
}
