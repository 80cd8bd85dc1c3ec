//! What a database says of the keys of its tables: primary ones, and those that refer to other tables.
//!
//! A comparison with a mapping needs neither, and runs at every start; so it is a question of its own.

use std::sync::Arc;

use super::live::{ForeignKey, Live, LiveTable, key, names, text};
use super::queries;
use crate::passthrough::{PassthroughError, Session};
use crate::relation::Dialect;
use crate::sql::Statement;

/// Adds the keys to the tables of one of a site's databases.
///
/// # Errors
/// When it cannot be asked.
pub fn keys(
    session: &mut Session<'_>,
    dialect: Dialect,
    catalogue: Option<&Arc<str>>,
    live: &mut Live,
) -> Result<(), PassthroughError> {
    let statement = Statement {
        columns: queries::KEYS
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        catalogue: catalogue.cloned(),
        ..Statement::constant(queries::of(dialect).keys)
    };
    let rows = session.execute(&statement, &[])?;
    let mut last = None;
    for row in 0..rows.len() {
        let cell = |column| text(rows.row(row), column);
        let (schema, table, kind, name, column) = (cell(0), cell(1), cell(2), cell(3), cell(4));
        let (of_schema, of_table, of_column) = (cell(5), cell(6), cell(7));
        let other = live.name_of(&of_schema, &of_table, dialect);
        let this = (schema.clone(), table.clone(), kind.clone(), name);
        let is_new = last.as_ref() != Some(&this);
        last = Some(this);
        for known_as in names(&schema, &table) {
            let found = live.tables.get_mut(&key(&known_as, dialect));
            let Some(table) = found.filter(|table| table.schema == schema) else {
                continue;
            };
            match (&*kind, table.foreign_keys.last_mut()) {
                ("P", _) => table.key.push(column.clone()),
                (_, Some(last)) if !is_new => {
                    last.columns.push(column.clone());
                    last.of.push(of_column.clone());
                }
                _ => table.foreign_keys.push(ForeignKey {
                    columns: vec![column.clone()],
                    table: other.clone(),
                    of: vec![of_column.clone()],
                }),
            }
        }
    }
    complete(live, dialect);
    Ok(())
}

/// SQLite lets a key refer to a table without saying to which columns: it is its primary key. What refers to a table or
/// column that is not there is let go.
fn complete(live: &mut Live, dialect: Dialect) {
    let keys_of = |live: &Live, name: &str| live.table(name, dialect).map(|it| it.key.clone());
    let names: Vec<String> = live.tables.keys().cloned().collect();
    for name in names {
        let Some(mut found) = live
            .tables
            .get_mut(&name)
            .map(|it| std::mem::take(&mut it.foreign_keys))
        else {
            continue;
        };
        for foreign in &mut found {
            if foreign.of.iter().all(String::is_empty) {
                foreign.of = keys_of(live, &foreign.table).unwrap_or_default();
            }
        }
        found.retain(|foreign| {
            let has = |table: &LiveTable, column: &String| table.column(column, dialect).is_some();
            let other = live.table(&foreign.table, dialect);
            foreign.of.len() == foreign.columns.len()
                && other.is_some_and(|other| foreign.of.iter().all(|column| has(other, column)))
        });
        if let Some(table) = live.tables.get_mut(&name) {
            table.foreign_keys = found;
        }
    }
}
