//! A connection that writes: `pilaster demo create` fills empty databases with it, and nothing else has one.
//!
//! Takes a server's [`Options`]; creates tables and inserts rows in transactions of its own. It is no
//! [`Connection`](super::super::Connection), and the driver makes none, so that no request of a caller's can reach it:
//! what is served has transactions that read, and no others.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::super::Driver as _;
use super::super::typed::Typed;
use super::super::{CellRef, Limits, PassthroughError, RowSink, TooLarge, Watch};
use super::charset::Charset;
use super::login::{self, Response, response};
use super::message::{self, DESCRIBE, DESCRIPTION};
use super::status::Failure;
use super::wire::{Broken, Wire};
use super::{Firebird, Options};
use crate::sql::Statement;

// Operations of the protocol, as `protocol.h` names them.
const DETACH: u32 = 21;
const TRANSACTION: u32 = 29;
const COMMIT: u32 = 30;
const ROLLBACK: u32 = 31;
const ALLOCATE: u32 = 62;
const EXECUTE: u32 = 63;
const EXECUTE_AT_ONCE: u32 = 64;
const FREE: u32 = 67;
const PREPARE: u32 = 68;

/// What [`FREE`] does: it forgets the statement.
const DROP: u32 = 2;
/// The handle of what was made by the packet before.
const LAST: u32 = 0xffff;
/// Writes, sees what is committed, and waits for no lock: the databases are nobody else's yet.
const WRITES: [u8; 5] = [3, 15, 17, 9, 7];
/// Rows that are sent before their answers are read: no more than both sides' buffers take.
const AT_ONCE: usize = 128;
/// What one step may take; an index of many rows takes longest.
const PATIENCE: Duration = Duration::from_secs(600);
const FAREWELL: Duration = Duration::from_millis(500);

/// Whether a database has any table or view of its own.
const TABLES: &str = "SELECT FIRST 1 1 FROM RDB$RELATIONS WHERE COALESCE(RDB$SYSTEM_FLAG, 0) = 0";

/// One database, being written.
pub struct Scribe {
    wire: Wire,
    database: u32,
    charset: Charset,
    transaction: Option<u32>,
    /// Statements by their text, and which of their markers are BOOLEAN.
    prepared: HashMap<String, (u32, Vec<bool>)>,
    /// Answers that the server keeps back until it has another to give.
    unread: usize,
    is_broken: bool,
}

impl Scribe {
    /// Attaches to a database, counted from 0.
    ///
    /// # Errors
    /// As a driver's connection: the server is not there, the login is not taken, there is no such database.
    pub fn attach(options: &Options, catalogue: usize) -> Result<Scribe, PassthroughError> {
        let none = || PassthroughError::NoDatabase(String::new());
        let (name, path) = options.databases.get(catalogue).ok_or_else(none)?;
        let until = Instant::now() + Limits::default().connect;
        let mut wire = Wire::connect(&options.host, options.port, until)
            .map_err(PassthroughError::Unreachable)?;
        let database = login::attach(&mut wire, options, path, name)?;
        Ok(Scribe {
            wire,
            database,
            charset: options.charset,
            transaction: None,
            prepared: HashMap::new(),
            unread: 0,
            is_broken: false,
        })
    }

    /// Whether a database has no table yet, which the driver is asked.
    ///
    /// # Errors
    /// As [`Scribe::attach`].
    pub fn is_empty(options: &Options, catalogue: usize) -> Result<bool, PassthroughError> {
        struct Any(bool);
        impl RowSink for Any {
            fn begin(&mut self, _: usize, _: &dyn Fn(usize) -> String) {
                self.0 = false;
            }
            fn cell(&mut self, _: CellRef<'_>) -> Result<(), TooLarge> {
                self.0 = true;
                Ok(())
            }
        }
        let limits = Limits::default();
        let watch = Watch::begun(limits.statement);
        let mut connection = Firebird::new(options.clone(), &limits).connect(catalogue, &watch)?;
        connection.begin(&watch)?;
        let mut any = Any(false);
        connection.execute(&Statement::constant(TABLES), &[], &mut any)?;
        connection.end();
        Ok(!any.0)
    }

    /// Runs a statement that gives no rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn execute(&mut self, sql: &str) -> Result<(), PassthroughError> {
        self.try_execute(sql)
            .map_err(|failure| self.failed(failure))
    }

    /// Inserts rows by a statement with a `?` for each value.
    ///
    /// # Errors
    /// The engine's; some of the rows may be there.
    pub fn insert(&mut self, sql: &str, rows: &[Vec<Typed<'_>>]) -> Result<(), PassthroughError> {
        self.try_insert(sql, rows)
            .map_err(|failure| self.failed(failure))
    }

    /// Keeps what was written since the last time.
    ///
    /// # Errors
    /// The engine's: indexes are made only now.
    pub fn commit(&mut self) -> Result<(), PassthroughError> {
        self.finish(COMMIT).map_err(|failure| self.failed(failure))
    }

    /// Takes back what was written since the last [`Scribe::commit`], and lets go of every table.
    ///
    /// # Errors
    /// The engine's.
    pub fn roll_back(&mut self) -> Result<(), PassthroughError> {
        let undone = self.finish(ROLLBACK);
        self.forget();
        undone.map_err(|failure| self.failed(failure))
    }

    fn answer(&mut self) -> Result<Response, Failure> {
        self.wire.flush()?;
        while self.unread > 0 {
            self.unread -= 1;
            match response(&mut self.wire) {
                // What was forgotten need not be there.
                Ok(_) | Err(Failure::Refused(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        response(&mut self.wire)
    }

    fn transaction(&mut self) -> Result<u32, Failure> {
        self.wire.until(Instant::now() + PATIENCE);
        if let Some(transaction) = self.transaction {
            return Ok(transaction);
        }
        self.wire.put(TRANSACTION);
        self.wire.put(self.database);
        self.wire.put_opaque(&WRITES);
        let handle = self.answer()?.handle;
        self.transaction = Some(handle);
        Ok(handle)
    }

    fn finish(&mut self, how: u32) -> Result<(), Failure> {
        let Some(transaction) = self.transaction else {
            return Ok(());
        };
        self.wire.until(Instant::now() + PATIENCE);
        self.wire.put(how);
        self.wire.put(transaction);
        self.answer()?;
        self.transaction = None;
        Ok(())
    }

    /// A statement that is kept holds on to its table.
    fn forget(&mut self) {
        for (_, (handle, _)) in std::mem::take(&mut self.prepared) {
            self.wire.put(FREE);
            self.wire.put(handle);
            self.wire.put(DROP);
            self.unread += 1;
        }
    }

    fn try_execute(&mut self, sql: &str) -> Result<(), Failure> {
        let transaction = self.transaction()?;
        self.wire.put(EXECUTE_AT_ONCE);
        self.wire.put(transaction);
        self.wire.put(self.database);
        self.wire.put(3);
        self.wire.put_opaque(&self.charset.encode(sql));
        self.wire.put_opaque(&[]);
        self.wire.put(0);
        self.answer().map(drop)
    }

    fn prepare(&mut self, transaction: u32, sql: &str) -> Result<(u32, Vec<bool>), Failure> {
        if let Some(kept) = self.prepared.get(sql) {
            return Ok(kept.clone());
        }
        self.wire.put(ALLOCATE);
        self.wire.put(self.database);
        self.wire.put(PREPARE);
        self.wire.put(transaction);
        self.wire.put(LAST);
        self.wire.put(3);
        self.wire.put_opaque(&self.charset.encode(sql));
        self.wire.put_opaque(&DESCRIBE);
        self.wire.put(DESCRIPTION);
        let handle = self.answer()?.handle;
        let described = message::describe(&self.answer()?.data)?;
        let kept = (handle, described.booleans);
        self.prepared.insert(sql.to_owned(), kept.clone());
        Ok(kept)
    }

    fn try_insert(&mut self, sql: &str, rows: &[Vec<Typed<'_>>]) -> Result<(), Failure> {
        let transaction = self.transaction()?;
        let (handle, booleans) = self.prepare(transaction, sql)?;
        for rows in rows.chunks(AT_ONCE) {
            for row in rows {
                if row.len() != booleans.len() {
                    return Err(PassthroughError::NotCarried("a statement of another form").into());
                }
                let bound = message::bind(row, &booleans, self.charset)?;
                self.wire.put(EXECUTE);
                self.wire.put(handle);
                self.wire.put(transaction);
                self.wire.put_opaque(&bound.layout);
                self.wire.put(0);
                self.wire.put(1);
                self.wire.put_raw(&bound.values);
            }
            self.wire.flush()?;
            // Each has an answer; the first that refuses says why.
            let mut refused = Ok(());
            for _ in rows {
                match response(&mut self.wire) {
                    Ok(_) => {}
                    Err(Failure::Broken(broken)) => return Err(broken.into()),
                    Err(failure) => refused = refused.and(Err(failure)),
                }
            }
            refused?;
        }
        Ok(())
    }

    fn failed(&mut self, failure: Failure) -> PassthroughError {
        match failure {
            Failure::Broken(broken) => {
                self.is_broken = true;
                match broken {
                    Broken::Late => PassthroughError::Timeout(PATIENCE),
                    Broken::Cut => PassthroughError::Lost,
                }
            }
            Failure::Refused(status) => status.of_statement(),
            Failure::Ours(error) => {
                // What was put may lie half written in the buffer.
                self.is_broken = true;
                error
            }
        }
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        if self.is_broken {
            return;
        }
        self.wire.until(Instant::now() + FAREWELL);
        self.wire.put(DETACH);
        self.wire.put(self.database);
        // The server then lets go before the next client comes.
        let _ = self.answer();
    }
}
