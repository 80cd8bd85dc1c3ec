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
const COMMIT: u32 = 30;
const INFO_DATABASE: u32 = 40;
const ALLOCATE: u32 = 62;
const EXECUTE: u32 = 63;
const FETCH: u32 = 65;
const FETCH_RESPONSE: u32 = 66;
const FREE: u32 = 67;
const PREPARE: u32 = 68;

/// What [`FREE`] does: it closes the cursor, or forgets the statement.
const CLOSE: u32 = 1;
const DROP: u32 = 2;
/// The handle of what was made by the packet before.
const LAST: u32 = 0xffff;
/// No more rows.
const END: u32 = 100;

/// Statements that a connection keeps prepared.
const PREPARED: usize = 64;
/// Bytes of the longest text that is kept so: hundreds of values seldom come twice.
const KEPT_TEXT: usize = 16 * 1024;
/// Bytes of rows that are asked for at once, at the most.
const BATCH: usize = 256 * 1024;
/// A connection that has rested so long is asked whether it is still there.
const RESTED: Duration = Duration::from_secs(5);
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
    charset: Charset,
    limits: Limits,
    transaction: Option<u32>,
    /// The transaction is to see one state of the database.
    snapshot: bool,
    prepared: HashMap<Arc<str>, Prepared>,
    uses: u64,
    /// Answers that come before the next one that is waited for.
    unread: usize,
    watch: Option<Arc<Watch>>,
    /// When the server last answered.
    seen: Instant,
    is_broken: bool,
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
            snapshot: false,
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
        response(&mut self.wire)
    }

    /// What a failure means to the caller, and to the connection.
    fn failed(&mut self, failure: Failure) -> PassthroughError {
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

    /// The job's transaction: begun now, if it has none. It reads what was committed before each statement, or before
    /// itself for a snapshot; it waits for no lock.
    fn transaction(&mut self) -> Result<u32, Failure> {
        if let Some(transaction) = self.transaction {
            return Ok(transaction);
        }
        let parameters: &[u8] = match self.snapshot {
            true => &[3, 2, 8, 7],
            false => &[3, 15, 17, 8, 7],
        };
        self.wire.put(TRANSACTION);
        self.wire.put(self.database);
        self.wire.put_opaque(parameters);
        let handle = self.answer()?.handle;
        self.transaction = Some(handle);
        Ok(handle)
    }

    /// Ends the transaction with the next packet that is sent; its answer is read with a later one.
    fn commit(&mut self) {
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

    /// Closes or forgets a statement with the next packet that is sent.
    fn free(&mut self, handle: u32, how: u32) {
        self.wire.put(FREE);
        self.wire.put(handle);
        self.wire.put(how);
        self.unread += 1;
    }

    /// A statement of this text on the server, with its description.
    fn prepare(&mut self, text: &Arc<str>) -> Result<(u32, Arc<Described>), Failure> {
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
        let batch = u32::try_from(BATCH / described.row.max(1)).unwrap_or(u32::MAX);
        let mut reading = Reading {
            handle,
            described: &described,
            batch: batch.clamp(40, 1_000),
            sink,
            is_full: false,
            held: Vec::new(),
            charset: self.charset,
        };
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

    /// Asks for a statement to be run and for its first rows at once.
    fn execute_and_fetch(
        &mut self,
        transaction: u32,
        bound: &Bound,
        reading: &Reading<'_>,
    ) -> Result<(), Failure> {
        let has_values = !reading.described.booleans.is_empty();
        self.wire.put(EXECUTE);
        self.wire.put(reading.handle);
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
    fn rows(&mut self, reading: &mut Reading<'_>) -> Result<(), Failure> {
        let columns = &reading.described.columns;
        let has_blobs = columns
            .iter()
            .any(|column| matches!(column.kind, Kind::Blob { .. }));
        reading
            .sink
            .begin(columns.len(), &|column| columns[column].name.clone());
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
            cells::nulls(&mut self.wire, columns.len(), &mut bits)?;
            for (index, column) in columns.iter().enumerate() {
                let is_null = bits[index / 8] >> (index % 8) & 1 != 0;
                reading.cell(&mut self.wire, column.kind, is_null, has_blobs)?;
            }
        }
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

impl Reading<'_> {
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
        self.snapshot = false;
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
        if !self.snapshot {
            self.commit();
            self.snapshot = true;
        }
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
        let is_sound = match self.wire.cancellations() {
            0 => true,
            1 => self.has_cancelled,
            _ => false,
        };
        if self.is_broken || !is_sound {
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
