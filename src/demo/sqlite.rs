//! Demos in SQLite: a file for each catalogue.
//!
//! Takes connections to empty databases; writes in one transaction each, so that on an error nothing is there. While
//! the rows are written the files are not safe against a loss of power.

use rusqlite::Connection;

use super::target::Target;
use super::writer::{Batch, Value};
use super::{DemoError, Result, ddl};
use crate::relation::Dialect;

/// Statements that a connection keeps prepared: more than a demo has tables.
const PREPARED: usize = 128;

/// Databases that a demo is written into.
pub struct Sqlite<'c> {
    databases: Vec<&'c Connection>,
    settings: Vec<Settings>,
    is_finished: bool,
    scratch: String,
}

impl<'c> Sqlite<'c> {
    /// Begins to write into these databases: one for each catalogue, in the demo's order. The collations that the tables
    /// need are registered; any other connection to a file registers them with [`crate::collation::register`].
    ///
    /// # Errors
    /// SQLite's.
    pub fn begin(databases: Vec<&'c Connection>) -> Result<Sqlite<'c>> {
        let mut target = Sqlite {
            databases: Vec::new(),
            settings: Vec::new(),
            is_finished: false,
            scratch: String::new(),
        };
        for database in databases {
            crate::collation::register(database)?;
            database.set_prepared_statement_cache_capacity(PREPARED);
            target.settings.push(Settings::relax(database)?);
            database.execute_batch("BEGIN")?;
            target.databases.push(database);
        }
        Ok(target)
    }

    fn database(&self, catalogue: usize) -> Result<&'c Connection> {
        self.databases
            .get(catalogue)
            .copied()
            .ok_or(DemoError::NoCatalogue(catalogue))
    }

    fn restore(&mut self) -> Result<()> {
        for (database, settings) in self.databases.iter().zip(self.settings.drain(..)) {
            settings.restore(database)?;
        }
        Ok(())
    }
}

impl Target for Sqlite<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn execute(&mut self, catalogue: usize, sql: &str) -> Result<()> {
        Ok(self.database(catalogue)?.execute_batch(sql)?)
    }

    fn insert(&mut self, catalogue: usize, batch: &Batch) -> Result<()> {
        let sql = ddl::insert(batch.table(), Dialect::Sqlite, |_| "?".to_owned());
        let mut statement = self.database(catalogue)?.prepare_cached(&sql)?;
        for row in batch.rows() {
            for (position, value) in row.enumerate() {
                let parameter = position + 1;
                match value {
                    Value::Null => {
                        statement.raw_bind_parameter(parameter, rusqlite::types::Null)?;
                    }
                    Value::Int(number) => statement.raw_bind_parameter(parameter, number)?,
                    Value::Text(text) => statement.raw_bind_parameter(parameter, text)?,
                    Value::Decimal(number) => {
                        statement.raw_bind_parameter(parameter, number.to_f64())?;
                    }
                    other => {
                        use std::fmt::Write as _;
                        self.scratch.clear();
                        // Writing to a String cannot fail.
                        let _ = match other {
                            Value::Day(day) => write!(self.scratch, "{day}"),
                            Value::Moment(moment) => write!(self.scratch, "{moment}"),
                            _ => Ok(()),
                        };
                        statement.raw_bind_parameter(parameter, self.scratch.as_str())?;
                    }
                }
            }
            statement.raw_execute()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        for database in &self.databases {
            // Samples of values speak only to a planner that sees the values; a kept statement is planned without
            // them, and SQLite then takes a range for the whole table. Row counts alone serve it better.
            database.execute_batch("ANALYZE; DROP TABLE IF EXISTS sqlite_stat4")?;
        }
        for database in &self.databases {
            database.execute_batch("COMMIT")?;
        }
        self.is_finished = true;
        self.restore()
    }
}

impl Drop for Sqlite<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            for database in &self.databases {
                // What cannot be rolled back was never begun, or is over.
                let _ = database.execute_batch("ROLLBACK");
            }
        }
        let _ = self.restore();
    }
}

/// The settings of a connection that creation changes.
struct Settings {
    synchronous: i64,
    journal_mode: String,
    cache_size: i64,
}

impl Settings {
    /// Notes the settings and trades safety for speed. The journal stays, in memory: there is next
    /// to nothing in it for a new database, and without one a failure could not be rolled back.
    fn relax(conn: &Connection) -> rusqlite::Result<Settings> {
        let read = |name| conn.pragma_query_value(None, name, |row| row.get(0));
        let settings = Settings {
            synchronous: read("synchronous")?,
            journal_mode: conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?,
            cache_size: read("cache_size")?,
        };
        conn.pragma_update(None, "synchronous", "OFF")?;
        conn.pragma_update(None, "journal_mode", "MEMORY")?;
        // In KiB when negative.
        conn.pragma_update(None, "cache_size", -16_384)?;
        Ok(settings)
    }

    fn restore(self, conn: &Connection) -> rusqlite::Result<()> {
        conn.pragma_update(None, "cache_size", self.cache_size)?;
        conn.pragma_update(None, "journal_mode", self.journal_mode)?;
        conn.pragma_update(None, "synchronous", self.synchronous)
    }
}
