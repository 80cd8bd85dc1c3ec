//! A mapping and a SQLite database → a [`Site`] that can be served, or what is missing.
//!
//! All that a search would stumble over is found here: a file that is no database, a table or column that
//! the mapping needs and the database lacks, an SQL fragment without text for SQLite or that it refuses. Columns that are
//! declared `optional` may be absent; the mapping is then loaded without them.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{StartError, prepare};
use crate::cursor::CursorKey;
use crate::mapping::{Diagnostics, Loaded, Mapping, Options, TableInfo};
use crate::passthrough::{CellRef, Limits as PoolLimits, PassthroughError, Pool, Session, sqlite};
use crate::plan::CountLimits;
use crate::relation::{Dialect, SqlType, Value};
use crate::site::{Site, SiteConfig};
use crate::sql::Statement;

/// Missing tables and columns that one message names.
const NAMED: usize = 10;

/// Bounds of a site.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    pub pool: PoolLimits,
    pub count: CountLimits,
}

/// A site over a SQLite database, opened read-only.
///
/// `load` loads the mapping; it is called again if the database lacks columns that are optional. The
/// mapping's warnings are given back with the site.
///
/// # Errors
/// [`StartError::Mapping`], [`StartError::Fragment`], [`StartError::Database`]
pub fn open_site(
    id: &str,
    zone: TimeZone,
    cursor_key: Arc<CursorKey>,
    database: &Path,
    limits: Limits,
    load: impl Fn(&Options) -> Result<Loaded, Diagnostics>,
) -> Result<(Site, Diagnostics), StartError> {
    let load = |options: &Options| load(options).map_err(|all| StartError::Mapping(Box::new(all)));
    let mut loaded = load(&Options::default())?;
    let pool = sqlite::pool(database, limits.pool)
        .map_err(|error| StartError::unreadable(database, &error))?;
    let lacks = lacking(&loaded.mapping, &pool)
        .map_err(|error| StartError::unreadable(database, &error))?;
    if !lacks.needed.is_empty() {
        return Err(StartError::database(database, lacks.to_string()));
    }
    if !lacks.optional.is_empty() {
        loaded = load(&Options {
            missing: lacks.optional,
        })?;
    }
    let config = SiteConfig {
        id: id.to_owned(),
        zone_name: zone.iana_name().unwrap_or("UTC").to_owned(),
        zone,
        dialect: Dialect::Sqlite,
        count: limits.count,
        cursor_key,
    };
    let site = Site::new(config, Arc::new(loaded.mapping), Arc::new(pool));
    prepare::prepare(&site, database)?;
    Ok((site, loaded.warnings))
}

/// What a database has not.
#[derive(Default)]
struct Lacks {
    /// Names of tables, or of columns with their table.
    needed: Vec<String>,
    /// Table and column.
    optional: HashSet<(String, String)>,
}

impl std::fmt::Display for Lacks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named: Vec<&str> = self.needed.iter().take(NAMED).map(String::as_str).collect();
        write!(
            f,
            "the mapping names what it does not have: {}",
            named.join(", ")
        )?;
        match self.needed.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

fn lacking(mapping: &Mapping, pool: &Pool) -> Result<Lacks, PassthroughError> {
    pool.run_now(|session| {
        let mut lacks = Lacks::default();
        // A derived table is SQL of the mapping's own.
        for table in mapping
            .tables
            .values()
            .filter(|table| table.derived.is_none())
        {
            let Some(columns) = columns(session, table)? else {
                lacks.needed.push(format!("table {}", table.name));
                continue;
            };
            for column in table.columns.values() {
                // SQLite compares names without case.
                let has = |name: &String| name.eq_ignore_ascii_case(&column.name);
                if columns.iter().any(has) {
                    continue;
                }
                if column.optional {
                    let missing = (table.name.to_string(), column.name.to_string());
                    lacks.optional.insert(missing);
                } else {
                    lacks
                        .needed
                        .push(format!("column {}.{}", table.name, column.name));
                }
            }
        }
        Ok(lacks)
    })
}

/// The names of a table's or view's columns; None where there is no such table.
fn columns(
    session: &mut Session<'_>,
    table: &TableInfo,
) -> Result<Option<Vec<String>>, PassthroughError> {
    let statement = Statement {
        catalogue: table.catalogue.clone(),
        types: Arc::new([SqlType::VarChar(0)]),
        ..Statement::constant("SELECT name FROM pragma_table_info(?1)")
    };
    let name = Value::Text(table.name.to_string());
    let rows = session.execute(&statement, &[name])?;
    let names: Vec<String> = (0..rows.len())
        .filter_map(|row| match rows.cell(row, 0) {
            CellRef::Text(name) => Some(String::from_utf8_lossy(name).into_owned()),
            _ => None,
        })
        .collect();
    Ok((!names.is_empty()).then_some(names))
}
