//! A connection that writes: `pilaster demo create` fills empty databases with it, and nothing else has one.
//!
//! Takes a server's [`Options`]; creates tables and inserts rows in one transaction, which the server takes back where
//! the connection ends before it is kept. It is no [`Connection`](super::super::Connection), and the driver makes none,
//! so that no request of a caller's can reach it.

use std::time::Duration;

use tokio::runtime::Handle;

use super::connection::Opened;
use super::{Mssql, Options};
use crate::passthrough::{
    CellRef, Connection as _, Limits, PassthroughError, RowSink, TooLarge, Watch,
};
use crate::relation::Value;
use crate::sql::Statement;

/// What one step may take; an index of many rows takes longest.
const PATIENCE: Duration = Duration::from_secs(600);

/// A row where a database has a table or view of its own.
const TABLES: &str =
    "SELECT TOP (1) 1 AS a FROM sys.objects WHERE type IN ('U', 'V') AND is_ms_shipped = 0";

/// One database, being written.
pub struct Scribe {
    opened: Opened,
}

/// Notes whether there was any cell.
#[derive(Default)]
struct Any(bool);

impl RowSink for Any {
    fn begin(&mut self, _: usize, _: &dyn Fn(usize) -> String) {}

    fn cell(&mut self, _: CellRef<'_>) -> Result<(), TooLarge> {
        self.0 = true;
        Ok(())
    }
}

impl Scribe {
    /// Enters a database, counted from 0. The client is waited for on `handle`, a runtime with threads of its own.
    ///
    /// # Errors
    /// As a driver's connection: the server is not there, the login is not taken, there is no such database.
    pub fn enter(
        options: &Options,
        catalogue: usize,
        handle: Handle,
    ) -> Result<Scribe, PassthroughError> {
        let limits = Limits {
            statement: PATIENCE,
            ..Limits::default()
        };
        let opened = Mssql::new(options.clone(), &limits, handle)?.open(
            catalogue,
            false,
            &Watch::begun(PATIENCE),
        )?;
        Ok(Scribe { opened })
    }

    /// Whether a database has no table yet.
    ///
    /// # Errors
    /// The engine's.
    pub fn is_empty(&mut self) -> Result<bool, PassthroughError> {
        let mut any = Any::default();
        self.run(&Statement::constant(TABLES), &[], &mut any)?;
        Ok(!any.0)
    }

    /// Begins what [`Scribe::commit`] keeps.
    ///
    /// # Errors
    /// The engine's.
    pub fn begin(&mut self) -> Result<(), PassthroughError> {
        self.execute("BEGIN TRANSACTION")
    }

    /// Runs a statement of the program's own that gives no rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn execute(&mut self, sql: &str) -> Result<(), PassthroughError> {
        self.opened.begin(&Watch::begun(PATIENCE))?;
        self.opened.batch(sql)
    }

    /// Runs a statement that takes values and gives no rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn write(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<(), PassthroughError> {
        self.run(statement, values, &mut Any::default())
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// The engine's.
    pub fn commit(&mut self) -> Result<(), PassthroughError> {
        self.execute("COMMIT TRANSACTION")
    }

    fn run(
        &mut self,
        statement: &Statement,
        values: &[Value],
        rows: &mut dyn RowSink,
    ) -> Result<(), PassthroughError> {
        self.opened.begin(&Watch::begun(PATIENCE))?;
        self.opened.execute(statement, values, rows)
    }
}
