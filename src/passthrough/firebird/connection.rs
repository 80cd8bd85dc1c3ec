//! An attached database: its transaction, the statements that it keeps prepared, and their rows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::typed::typed;
use super::super::{CellRef, Connection, Limits, PassthroughError, RowSink, TooLarge, Watch};
use super::blob::{self, Held};
use super::cells;
use super::charset::Charset;
use super::login::{RESPONSE, Response, operation, response, response_body};
use super::message::{self, Bound, DESCRIBE, DESCRIPTION, Described, Kind};
use super::status::Failure;
use super::wire::{Broken, Wire};
use crate::relation::Value;
use crate::sql::Statement;

// Operations of the protocol, as `protocol.h` names them.
const DETACH: u32 = 21;
const TRANSACTION: u32 = 29;
pub(super) const COMMIT: u32 = 30;
pub(super) const ROLLBACK: u32 = 31;
const INFO_DATABASE: u32 = 40;
const ALLOCATE: u32 = 62;
pub(super) const EXECUTE: u32 = 63;
const FETCH: u32 = 65;
const FETCH_RESPONSE: u32 = 66;
const FREE: u32 = 67;
const PREPARE: u32 = 68;

/// What [`FREE`] does: it closes the cursor, or forgets the statement.
pub(super) const CLOSE: u32 = 1;
const DROP: u32 = 2;
/// The handle of what was made by the packet before.
const LAST: u32 = 0xffff;
/// No more rows.
const END: u32 = 100;

/// How a transaction reads and locks, in the engine's notation: it reads what was committed before each statement, or
/// before itself for a snapshot, and waits for no lock.
pub(super) const READS: &[u8] = &[3, 15, 17, 8, 7];
const SNAPSHOT: &[u8] = &[3, 2, 8, 7];

/// Statements that a connection keeps prepared.
const PREPARED: usize = 64;
/// Bytes of the longest text that is kept so: hundreds of values seldom come twice.
const KEPT_TEXT: usize = 16 * 1024;
/// Bytes of rows that are asked for at once, at the most.
const BATCH: usize = 256 * 1024;
/// A connection that has rested so long is asked whether it is still there.
const RESTED: Duration = Duration::from_secs(5);
/// The same of a line: what is sent to a server that has gone is not sent once more.
const MOMENT: Duration = Duration::from_secs(1);
/// What closing a connection may take.
const FAREWELL: Duration = Duration::from_millis(100);

/// A statement on the server.
struct Prepared {
    handle: u32,
    described: Arc<Described>,
    /// When it was last used, by the connection's count.
    used: u64,
}

/// A connection to one database.
pub(super) struct Attached {
    pub(super) wire: Wire,
    database: u32,
    pub(super) charset: Charset,
    pub(super) limits: Limits,
    transaction: Option<u32>,
    /// Of the transaction that is begun next.
    isolation: &'static [u8],
    prepared: HashMap<Arc<str>, Prepared>,
    uses: u64,
    /// Answers that come before the next one that is waited for.
    unread: usize,
    watch: Option<Arc<Watch>>,
    /// When the server last answered.
    seen: Instant,
    pub(super) is_broken: bool,
    /// The server has said that it cancelled what it was asked to.
    has_cancelled: bool,
}

impl Attached {
    pub(super) fn new(wire: Wire, database: u32, charset: Charset, limits: &Limits) -> Attached {
        Attached {
            wire,
            database,
            charset,
            limits: limits.clone(),
            transaction: None,
            isolation: READS,
            prepared: HashMap::new(),
            uses: 0,
            unread: 0,
            watch: None,
            seen: Instant::now(),
            is_broken: false,
            has_cancelled: false,
        }
    }

    /// Sends what is to be sent, and reads the answer to its last packet.
    pub(super) fn answer(&mut self) -> Result<Response, Failure> {
        self.settle()?;
        response(&mut self.wire)
    }

    /// Sends what is to be sent, and reads the answers that come before the one to its last packet.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        self.wire.flush()?;
        while self.unread > 0 {
            self.unread -= 1;
            match response(&mut self.wire) {
                Err(Failure::Refused(status)) if status.is_shutdown() => {
                    return Err(Failure::Refused(status));
                }
                // What was closed needs no closing.
                Err(Failure::Refused(_)) | Ok(_) => {}
                Err(broken) => return Err(broken),
            }
        }
        Ok(())
    }

    /// What a failure means to the caller, and to the connection.
    pub(super) fn failed(&mut self, failure: Failure) -> PassthroughError {
        let is_over = self.wire.is_over();
        let timeout = || {
            let limit = self.watch.as_ref().map(|watch| watch.limit());
            PassthroughError::Timeout(limit.unwrap_or(self.limits.statement))
        };
        match failure {
            Failure::Broken(broken) => {
                self.is_broken = true;
                match broken {
                    Broken::Late => timeout(),
                    Broken::Cut if is_over => timeout(),
                    Broken::Cut => PassthroughError::Lost,
                }
            }
            Failure::Refused(status) if status.is_cancelled() => {
                self.has_cancelled = true;
                match is_over {
                    true => timeout(),
                    // By an administrator.
                    false => status.of_statement(),
                }
            }
            Failure::Refused(status) => {
                self.is_broken |= status.is_shutdown();
                status.of_statement()
            }
            Failure::Ours(error) => error,
        }
    }

    /// The job's transaction: begun now, if it has none.
    pub(super) fn transaction(&mut self) -> Result<u32, Failure> {
        if let Some(transaction) = self.transaction {
            return Ok(transaction);
        }
        self.wire.put(TRANSACTION);
        self.wire.put(self.database);
        self.wire.put_opaque(self.isolation);
        let handle = self.answer()?.handle;
        self.transaction = Some(handle);
        Ok(handle)
    }

    /// The next transaction is to be of a kind; one of another kind that there is ends now.
    pub(super) fn isolate(&mut self, isolation: &'static [u8]) {
        if self.isolation != isolation {
            self.commit();
            self.isolation = isolation;
        }
    }

    /// Ends the transaction, by [`COMMIT`] or [`ROLLBACK`], and waits for the server's word.
    pub(super) fn finish(&mut self, how: u32) -> Result<(), Failure> {
        let Some(transaction) = self.transaction else {
            return Ok(());
        };
        self.wire.put(how);
        self.wire.put(transaction);
        self.answer()?;
        self.transaction = None;
        Ok(())
    }

    /// Ends the transaction with the next packet that is sent; its answer is read with a later one.
    pub(super) fn commit(&mut self) {
        if let Some(transaction) = self.transaction.take() {
            self.wire.put(COMMIT);
            self.wire.put(transaction);
            self.unread += 1;
        }
    }

    /// The transaction in which rows are read.
    pub(super) fn current_transaction(&self) -> u32 {
        self.transaction.unwrap_or(LAST)
    }

    /// Bytes that an answer may have.
    pub(super) fn most_bytes(&self) -> usize {
        self.limits.rows
    }

    /// Closes something with the next packet that is sent.
    pub(super) fn close_later(&mut self, operation: u32, handle: u32) {
        self.wire.put(operation);
        self.wire.put(handle);
        self.unread += 1;
    }

    /// The connection can be used for another job: the server owes no answer to a call to cancel.
    pub(super) fn is_sound(&self) -> bool {
        let is_in_step = match self.wire.cancellations() {
            0 => true,
            1 => self.has_cancelled,
            _ => false,
        };
        !self.is_broken && is_in_step
    }

    /// Forgets a statement with the next packet that is sent.
    pub(super) fn forget(&mut self, text: &Arc<str>) {
        if let Some(kept) = self.prepared.remove(text) {
            self.free(kept.handle, DROP);
        }
    }

    /// Forgets all statements with the next packet that is sent.
    pub(super) fn forget_all(&mut self) {
        for (_, kept) in std::mem::take(&mut self.prepared) {
            self.free(kept.handle, DROP);
        }
    }

    /// Closes or forgets a statement with the next packet that is sent.
    pub(super) fn free(&mut self, handle: u32, how: u32) {
        self.wire.put(FREE);
        self.wire.put(handle);
        self.wire.put(how);
        self.unread += 1;
    }

    /// A statement of this text on the server, with its description.
    pub(super) fn prepare(&mut self, text: &Arc<str>) -> Result<(u32, Arc<Described>), Failure> {
        self.uses += 1;
        if let Some(kept) = self.prepared.get_mut(text) {
            kept.used = self.uses;
            return Ok((kept.handle, Arc::clone(&kept.described)));
        }
        let transaction = self.transaction()?;
        if self.prepared.len() >= PREPARED {
            let oldest = self.prepared.iter().min_by_key(|(_, kept)| kept.used);
            if let Some(text) = oldest.map(|(text, _)| Arc::clone(text))
                && let Some(kept) = self.prepared.remove(&text)
            {
                self.free(kept.handle, DROP);
            }
        }
        self.wire.put(ALLOCATE);
        self.wire.put(self.database);
        self.wire.put(PREPARE);
        self.wire.put(transaction);
        self.wire.put(LAST);
        self.wire.put(3);
        self.wire.put_opaque(&self.charset.encode(text));
        self.wire.put_opaque(&DESCRIBE);
        self.wire.put(DESCRIPTION);
        let allocated = self.answer();
        if matches!(allocated, Err(Failure::Refused(_))) {
            // The answer to the second packet comes all the same.
            self.unread += 1;
        }
        let handle = allocated?.handle;
        let described = self
            .answer()
            .and_then(|prepared| Ok(message::describe(&prepared.data)?));
        match described {
            Ok(described) => {
                let described = Arc::new(described);
                let kept = Prepared {
                    handle,
                    described: Arc::clone(&described),
                    used: self.uses,
                };
                self.prepared.insert(Arc::clone(text), kept);
                Ok((handle, described))
            }
            Err(failure) => {
                self.free(handle, DROP);
                Err(failure)
            }
        }
    }

    /// Runs a statement, and gives its rows to a sink.
    fn run(
        &mut self,
        statement: &Statement,
        values: &[Value],
        sink: &mut dyn RowSink,
    ) -> Result<(), Failure> {
        if self.wire.is_over() {
            return Err(Broken::Late.into_timeout(self.watch.as_ref()));
        }
        let transaction = self.transaction()?;
        let (handle, described) = self.prepare(&statement.text)?;
        let values: Vec<_> = statement.bind(values).collect();
        let typed: Vec<_> = values.iter().map(|(value, ty)| typed(value, *ty)).collect();
        if typed.len() != described.booleans.len() || described.columns.is_empty() {
            return Err(PassthroughError::NotCarried("a statement of another form").into());
        }
        let bound = message::bind(&typed, &described.booleans, self.charset)?;
        let mut reading = Reading::new(handle, &described, self.charset, sink);
        if let Err(failure) = self.execute_and_fetch(transaction, &bound, &reading) {
            // The tables may have changed since it was prepared.
            self.prepared.remove(&statement.text);
            self.free(handle, DROP);
            return Err(failure);
        }
        let read = self.rows(&mut reading);
        let is_full = reading.is_full;
        self.free(handle, CLOSE);
        if statement.text.len() > KEPT_TEXT {
            self.prepared.remove(&statement.text);
            self.free(handle, DROP);
        }
        read?;
        match is_full {
            true => Err(PassthroughError::TooLarge(self.limits.rows >> 20).into()),
            false => Ok(()),
        }
    }

    /// Puts in that a statement is to be run, by [`EXECUTE`] or the like.
    pub(super) fn put_execute(
        &mut self,
        operation: u32,
        transaction: u32,
        bound: &Bound,
        (handle, described): (u32, &Described),
    ) {
        let has_values = !described.booleans.is_empty();
        self.wire.put(operation);
        self.wire.put(handle);
        self.wire.put(transaction);
        if has_values {
            self.wire.put_opaque(&bound.layout);
            self.wire.put(0);
            self.wire.put(1);
            self.wire.put_raw(&bound.values);
        } else {
            self.wire.put_opaque(&[]);
            self.wire.put(0);
            self.wire.put(0);
        }
    }

    /// Asks for a statement to be run and for its first rows at once.
    pub(super) fn execute_and_fetch(
        &mut self,
        transaction: u32,
        bound: &Bound,
        reading: &Reading<'_>,
    ) -> Result<(), Failure> {
        self.put_execute(
            EXECUTE,
            transaction,
            bound,
            (reading.handle, reading.described),
        );
        self.fetch(reading);
        let executed = self.answer();
        if matches!(executed, Err(Failure::Refused(_))) {
            // There are no rows then, which the server says as well.
            self.unread += 1;
        }
        executed.map(drop)
    }

    fn fetch(&mut self, reading: &Reading<'_>) {
        self.wire.put(FETCH);
        self.wire.put(reading.handle);
        self.wire.put_opaque(&reading.described.layout);
        self.wire.put(0);
        self.wire.put(reading.batch);
    }

    /// Reads rows as they come, batch by batch.
    pub(super) fn rows(&mut self, reading: &mut Reading<'_>) -> Result<(), Failure> {
        let has_blobs = reading.begin();
        let mut bits = Vec::new();
        loop {
            match operation(&mut self.wire)? {
                FETCH_RESPONSE => {}
                RESPONSE => {
                    response_body(&mut self.wire)?;
                    return Err(Broken::Cut.into());
                }
                _ => return Err(Broken::Cut.into()),
            }
            let (status, messages) = (self.wire.u32()?, self.wire.u32()?);
            if status == END || messages == 0 {
                if has_blobs && !reading.is_full {
                    blob::give(self, reading)?;
                }
                if status == END || reading.is_full {
                    return Ok(());
                }
                if self.wire.is_over() {
                    return Err(Broken::Late.into_timeout(self.watch.as_ref()));
                }
                self.fetch(reading);
                self.wire.flush()?;
                continue;
            }
            reading.row(&mut self.wire, has_blobs, &mut bits)?;
        }
    }

    /// Reads the one row that a procedure gives back.
    pub(super) fn returned(&mut self, reading: &mut Reading<'_>) -> Result<(), Failure> {
        let has_blobs = reading.begin();
        reading.row(&mut self.wire, has_blobs, &mut Vec::new())?;
        // What the server says of the run comes before what it says of blobs.
        response(&mut self.wire)?;
        match has_blobs {
            true => blob::give(self, reading),
            false => Ok(()),
        }
    }

    /// Whether the server is still there, where the connection has rested for a moment: it may have been started anew.
    pub(super) fn has_stayed(&mut self) -> bool {
        if self.seen.elapsed() >= MOMENT {
            self.is_broken |= self.is_there(self.limits.connect).is_err();
            self.seen = Instant::now();
        }
        !self.is_broken
    }

    /// The server says that it is there, within a time.
    fn is_there(&mut self, time: Duration) -> Result<(), Failure> {
        self.wire.until(Instant::now() + time);
        self.wire.put(INFO_DATABASE);
        self.wire.put(self.database);
        self.wire.put(0);
        // The version of the database's layout on disk: the server knows it.
        self.wire.put_opaque(&[32, 1]);
        self.wire.put(64);
        self.answer().map(drop)
    }
}

/// What is read of one statement.
pub(super) struct Reading<'r> {
    handle: u32,
    pub(super) described: &'r Described,
    batch: u32,
    pub(super) sink: &'r mut dyn RowSink,
    /// The sink takes no more: what is on its way is read over.
    pub(super) is_full: bool,
    /// The cells of a batch whose blobs are still to be asked for.
    pub(super) held: Vec<Held>,
    pub(super) charset: Charset,
}

impl<'r> Reading<'r> {
    pub(super) fn new(
        handle: u32,
        described: &'r Described,
        charset: Charset,
        sink: &'r mut dyn RowSink,
    ) -> Reading<'r> {
        let batch = u32::try_from(BATCH / described.row.max(1)).unwrap_or(u32::MAX);
        Reading {
            handle,
            described,
            batch: batch.clamp(40, 1_000),
            sink,
            is_full: false,
            held: Vec::new(),
            charset,
        }
    }

    /// Tells the sink what comes. Whether there are blobs in it.
    fn begin(&mut self) -> bool {
        let columns = &self.described.columns;
        let name = |column: usize| columns[column].name.clone();
        self.sink.begin(columns.len(), &name);
        self.sink.kinds(&|column| columns[column].kind.of_column());
        let is_blob = |kind| matches!(kind, Kind::Blob { .. });
        columns.iter().any(|column| is_blob(column.kind))
    }

    /// Reads one row; `bits` is kept from row to row.
    fn row(&mut self, wire: &mut Wire, has_blobs: bool, bits: &mut Vec<u8>) -> Result<(), Broken> {
        let columns = &self.described.columns;
        cells::nulls(wire, columns.len(), bits)?;
        for (index, column) in columns.iter().enumerate() {
            let is_null = bits[index / 8] >> (index % 8) & 1 != 0;
            self.cell(wire, column.kind, is_null, has_blobs)?;
        }
        Ok(())
    }

    fn cell(
        &mut self,
        wire: &mut Wire,
        kind: Kind,
        is_null: bool,
        has_blobs: bool,
    ) -> Result<(), Broken> {
        if is_null {
            self.take(CellRef::Null, kind, has_blobs);
            return Ok(());
        }
        let charset = self.charset;
        cells::read(wire, kind, charset, |cell| self.take(cell, kind, has_blobs))
    }

    fn take(&mut self, cell: CellRef<'_>, kind: Kind, has_blobs: bool) {
        if self.is_full {
            return;
        }
        if has_blobs {
            self.held.push(Held::new(cell, kind));
        } else if self.sink.cell(cell) == Err(TooLarge) {
            self.is_full = true;
        }
    }
}

impl Broken {
    /// The time was up between two questions, so that the connection is in step.
    fn into_timeout(self, watch: Option<&Arc<Watch>>) -> Failure {
        match watch {
            Some(watch) => PassthroughError::Timeout(watch.limit()).into(),
            None => self.into(),
        }
    }
}

impl Connection for Attached {
    fn begin(&mut self, watch: &Arc<Watch>) -> Result<(), PassthroughError> {
        self.has_cancelled = false;
        self.isolation = READS;
        if self.seen.elapsed() >= RESTED {
            // A server that has vanished would be waited for until the job's end.
            let time = self.limits.connect.min(watch.left());
            if self.is_there(time).is_err() {
                self.is_broken = true;
                return Err(PassthroughError::Lost);
            }
        }
        self.wire.watch(watch);
        self.watch = Some(Arc::clone(watch));
        Ok(())
    }

    fn snapshot(&mut self) -> Result<(), PassthroughError> {
        self.isolate(SNAPSHOT);
        Ok(())
    }

    fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value],
        rows: &mut dyn RowSink,
    ) -> Result<(), PassthroughError> {
        self.run(statement, values, rows)
            .map_err(|failure| self.failed(failure))
    }

    fn end(&mut self) -> bool {
        self.watch = None;
        if !self.is_sound() {
            // What the server was asked to cancel may yet be the next job's statement.
            return false;
        }
        self.commit();
        self.wire.until(Instant::now() + FAREWELL);
        self.seen = Instant::now();
        self.wire.flush().is_ok()
    }

    fn ping(&mut self) -> Result<(), PassthroughError> {
        struct Nothing;
        impl RowSink for Nothing {
            fn begin(&mut self, _: usize, _: &dyn Fn(usize) -> String) {}
            fn cell(&mut self, _: CellRef<'_>) -> Result<(), TooLarge> {
                Ok(())
            }
        }
        let ping = Statement::constant("SELECT 1 FROM RDB$DATABASE");
        self.execute(&ping, &[], &mut Nothing)
    }

    fn refusal(&mut self, statement: &Statement) -> Result<Option<String>, PassthroughError> {
        match self.prepare(&statement.text) {
            Ok(_) => Ok(None),
            Err(Failure::Refused(status)) if !status.is_shutdown() && !status.is_cancelled() => {
                Ok(Some(status.words()))
            }
            Err(Failure::Ours(error)) => Ok(Some(error.to_string())),
            Err(failure) => Err(self.failed(failure)),
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if self.is_broken {
            return;
        }
        // The server then need not find out by itself; its answer tells nothing.
        self.wire.until(Instant::now() + FAREWELL);
        self.wire.put(DETACH);
        self.wire.put(self.database);
        let _ = self.wire.flush();
    }
}
