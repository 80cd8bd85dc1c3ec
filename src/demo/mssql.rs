//! Demos in SQL Server: a database of a server for each catalogue.
//!
//! Takes a server and empty databases on it; writes in one transaction each, tables and indexes included, which the
//! server takes back where it is not kept.

use tokio::runtime::Runtime;

use super::table::{self, Table};
use super::target::Target;
use super::writer::{Batch, Value};
use super::{DemoError, Result, ddl};
use crate::passthrough::PassthroughError;
use crate::passthrough::mssql::{Options, Scribe};
use crate::relation::{self, Dialect, SqlType};
use crate::sql::Statement;

/// Parameters of a procedure, less the two that are the statement and their declaration, and a few to spare.
const MOST_VALUES: usize = 2000;

/// Databases that a demo is written into.
pub struct Mssql {
    // They go before the runtime on which their client is waited for.
    scribes: Vec<Scribe>,
    _runtime: Runtime,
}

fn engine(error: PassthroughError) -> DemoError {
    DemoError::Engine(Box::new(error))
}

impl Mssql {
    /// Begins to write into these databases: one for each catalogue, in the demo's order. Not from within a runtime.
    ///
    /// # Errors
    /// Where one cannot be entered, and [`DemoError::NotEmpty`].
    pub fn begin(options: &Options) -> Result<Mssql> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| DemoError::Engine(Box::new(error)))?;
        let mut scribes = Vec::new();
        for (place, (_, name)) in options.databases.iter().enumerate() {
            let mut scribe =
                Scribe::enter(options, place, runtime.handle().clone()).map_err(engine)?;
            if !scribe.is_empty().map_err(engine)? {
                return Err(DemoError::NotEmpty(name.clone()));
            }
            scribes.push(scribe);
        }
        for scribe in &mut scribes {
            scribe.begin().map_err(engine)?;
        }
        Ok(Mssql {
            scribes,
            _runtime: runtime,
        })
    }

    fn scribe(&mut self, catalogue: usize) -> Result<&mut Scribe> {
        self.scribes
            .get_mut(catalogue)
            .ok_or(DemoError::NoCatalogue(catalogue))
    }
}

/// The type that a column's values are bound as.
const fn bound_as(sql_type: table::SqlType) -> SqlType {
    match sql_type {
        table::SqlType::Int => SqlType::Int,
        table::SqlType::SmallInt => SqlType::SmallInt,
        table::SqlType::Decimal(digits, scale) => SqlType::Decimal(digits, scale),
        table::SqlType::Date => SqlType::Date,
        table::SqlType::DateTime => SqlType::DateTime,
        table::SqlType::Char(width) => SqlType::Char(width),
        table::SqlType::VarChar(width) => SqlType::VarChar(width),
        table::SqlType::Text => SqlType::VarChar(0),
    }
}

fn bound(value: Value<'_>) -> relation::Value {
    match value {
        Value::Null => relation::Value::Null,
        Value::Int(number) => relation::Value::Int(number),
        Value::Decimal(number) => relation::Value::Text(number.to_string()),
        Value::Text(text) => relation::Value::Text(text.to_owned()),
        Value::Day(day) => day
            .date()
            .map_or(relation::Value::Null, relation::Value::Date),
        Value::Moment(moment) => moment
            .date_time()
            .map_or(relation::Value::Null, relation::Value::DateTime),
    }
}

/// Inserts so many rows, each by a statement of its own: where rows are of one statement, its server makes one type of
/// what stands in a column, and a number without places takes those of the next row's.
fn inserts(table: &Table, rows: usize) -> Statement {
    let width = table.columns.len();
    let texts: Vec<String> = (0..rows)
        .map(|row| {
            ddl::insert(table, Dialect::Mssql, |place| {
                format!("@p{}", row * width + place)
            })
        })
        .collect();
    let types: Vec<SqlType> = table
        .columns
        .iter()
        .map(|it| bound_as(it.sql_type))
        .collect();
    Statement::numbered(&texts.join(";\n"), &types.repeat(rows))
}

impl Target for Mssql {
    fn dialect(&self) -> Dialect {
        Dialect::Mssql
    }

    fn execute(&mut self, catalogue: usize, sql: &str) -> Result<()> {
        self.scribe(catalogue)?.execute(sql).map_err(engine)
    }

    fn insert(&mut self, catalogue: usize, batch: &Batch) -> Result<()> {
        let table = batch.table();
        let at_once = (MOST_VALUES / table.columns.len()).max(1);
        let rows: Vec<Vec<relation::Value>> =
            batch.rows().map(|row| row.map(bound).collect()).collect();
        let scribe = self.scribe(catalogue)?;
        for rows in rows.chunks(at_once) {
            let statement = inserts(table, rows.len());
            scribe.write(&statement, &rows.concat()).map_err(engine)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        // Indexes were made of rows that were there, so that what they are worth is known.
        self.scribes
            .iter_mut()
            .try_for_each(|scribe| scribe.commit().map_err(engine))
    }
}
