//! A line to a database, for statements of a caller's own.
//!
//! Each command is a transaction: kept when it has ended well, its rows read, and taken back when it has not. It sees what
//! others have committed, and waits a little for what others have locked. One that can change nothing, as [`reads`]
//! says, runs in a transaction that only reads. A text is one statement. Its parameters are names (`@name`) or markers (`?`).
//! A procedure is executed with its inputs in the order in which the command has them; where its rows are wanted, none of its
//! parameters goes back and it can be selected from, it is. Outputs come by name, and where no output has a parameter's name,
//! in their order.
//!
//! What a session keeps beyond a transaction, such as rows of a temporary table or variables of `USER_SESSION`, stays on the
//! line, which is one caller's.

mod asked;
mod taken;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::asked::{Asked, CARRIES, bound, outputs};
use self::taken::{Returned, Taking};
use super::connection::{Attached, CLOSE, COMMIT, EXECUTE, READS, ROLLBACK, Reading};
use super::login::{RESPONSE, operation, response, response_body};
use super::message::{Bound, Described, StatementKind};
use super::status::Failure;
use super::wire::Broken;
use super::{reads, words};
use crate::passthrough::call::bind::{self, Argument};
use crate::passthrough::call::{
    Call, CallError, Called, CommandType, ExecutionMode, Line, Parameter,
};
use crate::passthrough::{Connection as _, PassthroughError, RowSink, Watch};

const EXECUTE_2: u32 = 76;
const SQL_RESPONSE: u32 = 78;
const INFO_SQL: u32 = 70;

/// Reads what is committed, writes, and waits for others' locks, for 5 s.
const WRITES: &[u8] = &[3, 15, 17, 9, 6, 21, 4, 5, 0, 0, 0];

// What is asked of a statement: how many rows it changed, and its plan in full.
const RECORDS: u8 = 23;
const PLAN: u8 = 26;
/// How many rows were inserted, updated and deleted.
const CHANGES: std::ops::RangeInclusive<u8> = 14..=16;
const END: u8 = 1;
/// What an answer to a question may have, in bytes: a longer plan is not believed.
const ANSWER: u32 = 32_000;
/// What taking back may take.
const UNDOING: Duration = Duration::from_secs(5);

pub(super) struct FirebirdLine {
    attached: Attached,
    /// What was last found out by [`Line::only_reads`]: of which text, and what.
    believed: Option<(Arc<str>, bool)>,
}

/// Why a command stops.
enum Stop {
    Failure(Failure),
    Call(CallError),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(failure: E) -> Self {
        Stop::Failure(failure.into())
    }
}

impl FirebirdLine {
    pub(super) fn new(attached: Attached) -> FirebirdLine {
        FirebirdLine {
            attached,
            believed: None,
        }
    }

    /// Whether a statement that was prepared can change nothing.
    fn believe(
        &mut self,
        text: &Arc<str>,
        kind: StatementKind,
        handle: u32,
    ) -> Result<bool, Failure> {
        if kind != StatementKind::Select || !reads::can_only_read(text) {
            return Ok(false);
        }
        if let Some((known, only_reads)) = &self.believed
            && known == text
        {
            return Ok(*only_reads);
        }
        self.ask(handle, &[PLAN]);
        let plan = self.attached.answer()?.data;
        let is_whole = plan.first() == Some(&PLAN);
        let only_reads = is_whole && !reads::runs_a_procedure(&plan);
        self.believed = Some((Arc::clone(text), only_reads));
        Ok(only_reads)
    }

    /// Puts in a question about a statement.
    fn ask(&mut self, handle: u32, items: &[u8]) {
        let wire = &mut self.attached.wire;
        wire.put(INFO_SQL);
        wire.put(handle);
        wire.put(0);
        wire.put_opaque(&[items, &[END]].concat());
        wire.put(ANSWER);
    }

    /// Prepares the command: the first of its texts that the engine takes so. Gives it with its handle and description.
    fn prepare(&mut self, asked: &Asked) -> Result<(Arc<str>, u32, Arc<Described>), Failure> {
        // What can change nothing by its text is likely to be what it seems.
        let seems_to_read = asked.texts.iter().all(|text| reads::can_only_read(text));
        self.attached.isolate(match seems_to_read {
            true => READS,
            false => WRITES,
        });
        let mut others = asked.texts.iter().peekable();
        while let Some(text) = others.next() {
            match self.attached.prepare(text) {
                Ok((handle, described)) => return Ok((Arc::clone(text), handle, described)),
                Err(Failure::Refused(status))
                    if others.peek().is_some() && status.is_not_selectable() => {}
                Err(failure) => return Err(failure),
            }
        }
        // There is one text at the least.
        Err(PassthroughError::NotCarried("a command without a text").into())
    }

    /// Runs a command in a transaction of its own, which is left open.
    fn run(
        &mut self,
        call: &Call,
        arguments: &[Argument<'_>],
        asked: &Asked,
        sink: &mut dyn RowSink,
    ) -> Result<Called, Stop> {
        let (text, handle, described) = self.prepare(asked)?;
        let only_reads = self.believe(&text, described.kind, handle)?;
        self.attached
            .isolate(if only_reads { READS } else { WRITES });
        let ran = self.run_prepared(call, arguments, asked, (&text, handle, &described), sink);
        // A statement that is kept holds on to its tables.
        self.attached.forget(&text);
        ran
    }

    fn run_prepared(
        &mut self,
        call: &Call,
        arguments: &[Argument<'_>],
        asked: &Asked,
        (text, handle, described): (&str, u32, &Described),
        sink: &mut dyn RowSink,
    ) -> Result<Called, Stop> {
        let command = |why: &str| Stop::Call(CallError::Command(why.to_owned()));
        if described.kind == StatementKind::Transaction {
            return Err(command(
                "each command is a transaction of its own: leave out what begins or ends one",
            ));
        }
        let bound = bound(arguments, asked, described, &self.attached)?;
        let outputs = outputs(arguments, described).map_err(Stop::Call)?;
        let transaction = self.attached.transaction()?;
        let mut called = Called::default();
        match described.kind {
            StatementKind::Select => {
                self.select(call.mode, &bound, (handle, described), sink)?;
            }
            StatementKind::Procedure if !described.columns.is_empty() => {
                let mut returned = Returned::new(call.mode, described, sink);
                self.execute_for_one(&bound, (handle, described), &mut returned)?;
                called.parameters = outputs
                    .into_iter()
                    .map(|(argument, column)| Parameter {
                        value: returned.texts.get(column).cloned().flatten(),
                        ..call.parameters[argument.place].clone()
                    })
                    .collect();
                called.rows_affected = self.changes(handle, text)?;
            }
            _ => {
                let prepared = (handle, described);
                self.attached
                    .put_execute(EXECUTE, transaction, &bound, prepared);
                self.attached.answer()?;
                called.rows_affected = self.changes(handle, text)?;
            }
        }
        Ok(called)
    }

    /// Reads a statement's rows.
    fn select(
        &mut self,
        mode: ExecutionMode,
        bound: &Bound,
        (handle, described): (u32, &Described),
        sink: &mut dyn RowSink,
    ) -> Result<(), Stop> {
        let transaction = self.attached.transaction()?;
        let mut taking = Taking::new(mode, described.columns.len(), sink);
        let charset = self.attached.charset;
        let mut reading = Reading::new(handle, described, charset, &mut taking);
        self.attached
            .execute_and_fetch(transaction, bound, &reading)?;
        let read = self.attached.rows(&mut reading);
        let is_full = reading.is_full;
        self.attached.free(handle, CLOSE);
        read?;
        match is_full && !taking.has_enough {
            true => Err(Stop::Call(CallError::TooLarge)),
            false => Ok(()),
        }
    }

    /// Executes a statement that gives back one row, or none.
    fn execute_for_one(
        &mut self,
        bound: &Bound,
        (handle, described): (u32, &Described),
        returned: &mut Returned<'_>,
    ) -> Result<(), Stop> {
        let attached = &mut self.attached;
        let transaction = attached.transaction()?;
        attached.put_execute(EXECUTE_2, transaction, bound, (handle, described));
        attached.wire.put_opaque(&described.layout);
        attached.wire.put(0);
        attached.settle()?;
        match operation(&mut attached.wire)? {
            SQL_RESPONSE => {}
            RESPONSE => {
                response_body(&mut attached.wire)?;
                return Err(Broken::Cut.into());
            }
            _ => return Err(Broken::Cut.into()),
        }
        if attached.wire.u32()? == 0 {
            // Why there is none; or an INSERT that inserted nothing.
            response(&mut attached.wire)?;
            returned.begin_empty(described);
            return Ok(());
        }
        let charset = attached.charset;
        let mut reading = Reading::new(handle, described, charset, returned);
        attached.returned(&mut reading)?;
        match reading.is_full {
            true => Err(Stop::Call(CallError::TooLarge)),
            false => Ok(()),
        }
    }

    /// How many rows a statement has changed; None where the engine does not say: it counts none of a procedure's.
    fn changes(&mut self, handle: u32, text: &str) -> Result<Option<i64>, Failure> {
        if reads::executes_a_procedure(text) {
            return Ok(None);
        }
        self.ask(handle, &[RECORDS]);
        Ok(changes(&self.attached.answer()?.data))
    }

    /// What a stop means to the caller. The transaction is taken back.
    fn stopped(&mut self, stop: Stop, call: &Call) -> CallError {
        let error = match stop {
            Stop::Call(error) => error,
            Stop::Failure(Failure::Refused(status))
                if !status.is_cancelled() && !status.is_shutdown() =>
            {
                CallError::Engine {
                    code: status.telling().into(),
                    message: words::told(&status, &call.text),
                }
            }
            Stop::Failure(Failure::Ours(PassthroughError::NotCarried(what))) => {
                CallError::Command(format!("the Firebird driver cannot carry {what}"))
            }
            Stop::Failure(failure) => self.attached.failed(failure).into(),
        };
        self.undo();
        error
    }

    /// Takes back what the transaction did. Where that cannot be said to the server, it finds out by the connection's end.
    fn undo(&mut self) {
        if !self.attached.is_sound() {
            self.attached.is_broken = true;
            return;
        }
        self.attached.wire.until(Instant::now() + UNDOING);
        if self.attached.finish(ROLLBACK).is_err() {
            self.attached.is_broken = true;
        }
    }

    fn begin(&mut self, watch: &Arc<Watch>) -> Result<(), PassthroughError> {
        match self.attached.is_broken {
            true => Err(PassthroughError::Lost),
            false => self.attached.begin(watch),
        }
    }

    fn try_only_reads(&mut self, call: &Call, watch: &Arc<Watch>) -> Option<bool> {
        let arguments = bind::arguments(call, &CARRIES).ok()?;
        let asked = Asked::of(call, &arguments).ok()?;
        let [text] = asked.texts.as_slice() else {
            return Some(false);
        };
        if call.kind != CommandType::Text || !reads::can_only_read(text) {
            return Some(false);
        }
        self.begin(watch).ok()?;
        let asked = self
            .prepare(&asked)
            .and_then(|(text, handle, described)| self.believe(&text, described.kind, handle));
        match asked {
            Ok(only_reads) => {
                // The statement stays prepared for the call that comes; the transaction ends with the next packet.
                self.attached.commit();
                Some(only_reads)
            }
            Err(failure) => {
                self.stopped(Stop::Failure(failure), call);
                None
            }
        }
    }
}

/// Whether a command can be put to the server.
///
/// # Errors
/// [`CallError::Command`]
pub(super) fn check(call: &Call) -> Result<(), CallError> {
    let arguments = bind::arguments(call, &CARRIES)?;
    Asked::of(call, &arguments).map(drop)
}

impl Line for FirebirdLine {
    /// A SELECT whose text and plan call nothing that could write.
    fn only_reads(&mut self, call: &Call, watch: &Arc<Watch>) -> bool {
        self.try_only_reads(call, watch).unwrap_or(false)
    }

    fn call(
        &mut self,
        call: &Call,
        watch: &Arc<Watch>,
        rows: &mut dyn RowSink,
    ) -> Result<Called, CallError> {
        let arguments = bind::arguments(call, &CARRIES)?;
        let asked = Asked::of(call, &arguments)?;
        self.begin(watch)?;
        let started = Instant::now();
        let ran = self.run(call, &arguments, &asked, rows).and_then(|called| {
            let took = started.elapsed();
            self.attached.finish(COMMIT)?;
            Ok(Called { took, ..called })
        });
        ran.map_err(|stop| self.stopped(stop, call))
    }

    fn answers(&mut self) -> bool {
        !self.attached.is_broken && self.attached.has_stayed()
    }

    fn reset(&mut self) -> bool {
        self.believed = None;
        self.attached.forget_all();
        self.attached.end()
    }
}

/// Reads how many rows were changed.
fn changes(data: &[u8]) -> Option<i64> {
    let (&item, rest) = data.split_first()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let mut counts = rest.get(..usize::from(u16::from_le_bytes(*length)))?;
    if item != RECORDS {
        return None;
    }
    let mut sum = 0;
    while let Some((&kind, rest)) = counts.split_first()
        && kind != END
    {
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (number, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        if CHANGES.contains(&kind) {
            let number = number.first_chunk::<4>()?;
            sum += i64::from(u32::from_le_bytes(*number));
        }
        counts = rest;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_rows_are_counted() {
        let mut data = vec![RECORDS, 29, 0];
        for (kind, count) in [(13u8, 7u32), (14, 1), (15, 2), (16, 3)] {
            data.extend_from_slice(&[kind, 4, 0]);
            data.extend_from_slice(&count.to_le_bytes());
        }
        data.extend_from_slice(&[END, END]);
        assert_eq!(changes(&data), Some(6));
        for odd in [&[][..], &[END], &[RECORDS, 9, 0, 14], &[2]] {
            assert_eq!(changes(odd), None);
        }
    }
}
