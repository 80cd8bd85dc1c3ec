//! A mapping and its live databases → the columns of its tables that it does not declare.

use std::sync::Arc;

use super::databases;
use crate::mapping::Mapping;
use crate::mapping::coverage::Unmapped;
use crate::passthrough::{PassthroughError, Session};
use crate::relation::Dialect;

/// Of each table that the mapping declares and the database has, the columns that the mapping leaves out, in the order
/// of the table. A table of which it leaves none out is not there.
///
/// # Errors
/// When a database cannot be asked.
pub fn undeclared(
    mapping: &Mapping,
    dialect: Dialect,
    session: &mut Session<'_>,
) -> Result<Vec<Unmapped>, PassthroughError> {
    let databases = databases(mapping, dialect, session)?;
    let mut tables = Vec::new();
    for table in mapping.tables.values() {
        let is_its = |of: &Option<&Arc<str>>| *of == table.catalogue.as_ref();
        let found = databases
            .iter()
            .find(|(catalogue, _)| is_its(catalogue))
            .and_then(|(_, live)| live.table(&table.name, dialect));
        let Some(live) = found.filter(|_| table.derived.is_none()) else {
            continue;
        };
        let mut declared: Vec<&str> = Vec::new();
        for name in table.columns.keys() {
            declared.extend(live.column(name, dialect).map(|column| &*column.name));
        }
        let columns: Vec<Arc<str>> = live
            .columns
            .iter()
            .filter(|column| !declared.contains(&&*column.name))
            .map(|column| Arc::from(&*column.name))
            .collect();
        if !columns.is_empty() {
            tables.push(Unmapped {
                table: Arc::clone(&table.name),
                columns,
            });
        }
    }
    Ok(tables)
}
