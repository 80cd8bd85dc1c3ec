//! What a database says of its own tables: columns, types, collations, indexes. What it says of their keys is asked
//! for apart, in [`super::keys`].

use std::collections::HashMap;
use std::sync::Arc;

use super::queries;
use crate::passthrough::{CellRef, PassthroughError, RowRef, Session};
use crate::relation::{Dialect, SqlType};
use crate::sql::Statement;

/// The tables and views of one database.
#[derive(Debug, Default)]
pub struct Live {
    /// By name, as the engine compares it: [`key`].
    pub(super) tables: HashMap<String, LiveTable>,
    /// Of text columns that name none themselves.
    collation: Option<String>,
}

/// A table or view.
#[derive(Debug, Default)]
pub struct LiveTable {
    /// Without its schema.
    pub(super) name: String,
    pub(super) schema: String,
    pub columns: Vec<LiveColumn>,
    /// The columns of each index, in their order.
    pub indexes: Vec<Vec<String>>,
    /// Views have no indexes of their own.
    pub is_view: bool,
    /// The columns of the primary key, in its order. Empty where there is none, or where keys were not asked for.
    pub key: Vec<String>,
    pub foreign_keys: Vec<ForeignKey>,
}

/// Columns that a table declares to be another's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub columns: Vec<String>,
    /// The other table, by its name in a mapping.
    pub table: String,
    /// Its columns, one for each of `columns`.
    pub of: Vec<String>,
}

/// A column.
#[derive(Debug)]
pub struct LiveColumn {
    pub name: String,
    /// As the engine says it, `varchar(40)`.
    pub declared: String,
    /// None where no type of the mapping language is like it.
    pub ty: Option<SqlType>,
    pub collation: Option<String>,
}

impl Live {
    /// A table by its name in a mapping.
    pub fn table(&self, name: &str, dialect: Dialect) -> Option<&LiveTable> {
        self.tables.get(&key(name, dialect))
    }

    /// Names that differ from this one in case only.
    pub fn unlike_in_case(&self, name: &str) -> Option<&str> {
        let mut names = self.tables.keys().map(String::as_str);
        names.find(|known| known.eq_ignore_ascii_case(name))
    }

    /// Every table and view once, by the shortest name that a mapping has for it, in the order of these names.
    pub fn tables(&self, dialect: Dialect) -> Vec<(String, &LiveTable)> {
        let mut tables: Vec<_> = self
            .tables
            .iter()
            .filter_map(|(known_as, table)| {
                let name = self.name_of(&table.schema, &table.name, dialect);
                (*known_as == key(&name, dialect)).then_some((name, table))
            })
            .collect();
        tables.sort_by(|one, other| one.0.cmp(&other.0));
        tables
    }

    /// All columns of all tables and views.
    pub fn columns(&self) -> impl Iterator<Item = &LiveColumn> {
        self.tables.values().flat_map(|table| &table.columns)
    }

    /// A table's name in a mapping: with its schema only where the bare name is another schema's table.
    pub(super) fn name_of(&self, schema: &str, table: &str, dialect: Dialect) -> String {
        match self.tables.get(&key(table, dialect)) {
            Some(bare) if bare.schema != schema => format!("{schema}.{table}"),
            Some(bare) => bare.name.clone(),
            None => table.to_owned(),
        }
    }

    /// The collation of a column's text.
    pub fn collation<'l>(&'l self, column: &'l LiveColumn) -> Option<&'l str> {
        column.collation.as_deref().or(self.collation.as_deref())
    }
}

impl LiveTable {
    /// Whether a dot stands in its name, or in its schema's: a mapping parts the two there.
    pub fn name_has_dot(&self) -> bool {
        self.name.contains('.') || self.schema.contains('.')
    }

    /// A column by its name in a mapping.
    pub fn column(&self, name: &str, dialect: Dialect) -> Option<&LiveColumn> {
        let is_it = |column: &&LiveColumn| key(&column.name, dialect) == key(name, dialect);
        self.columns.iter().find(is_it)
    }

    /// Whether an index begins with a column.
    pub fn leads_an_index(&self, column: &str, dialect: Dialect) -> bool {
        let first = |index: &Vec<String>| {
            index
                .first()
                .is_some_and(|first| key(first, dialect) == key(column, dialect))
        };
        self.indexes.iter().any(first)
    }
}

/// A name as the engine compares it where it stands in quotes.
pub(super) fn key(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Firebird => name.to_owned(),
        _ => name.to_ascii_lowercase(),
    }
}

/// Reads the catalogue of one of a site's databases.
///
/// # Errors
/// When it cannot be asked.
pub fn read(
    session: &mut Session<'_>,
    dialect: Dialect,
    catalogue: Option<&Arc<str>>,
) -> Result<Live, PassthroughError> {
    let questions = queries::of(dialect);
    let mut ask = |text: &'static str, columns: &[&str]| {
        let statement = Statement {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            catalogue: catalogue.cloned(),
            ..Statement::constant(text)
        };
        session.execute(&statement, &[])
    };
    let mut live = Live::default();
    let columns = ask(questions.columns, queries::COLUMNS)?;
    for row in 0..columns.len() {
        let row = columns.row(row);
        let (schema, table, name) = (text(row, 0), text(row, 1), text(row, 2));
        let is_view = number(row, 8) == Some(1);
        let declared = declared(row);
        let name_of_table = table.clone();
        let column = || LiveColumn {
            ty: SqlType::parse(&declared),
            name: name.clone(),
            declared: declared.clone(),
            collation: Some(text(row, 7)).filter(|name| !name.is_empty()),
        };
        for known_as in names(&schema, &table) {
            let table = live.tables.entry(key(&known_as, dialect)).or_default();
            if table.columns.is_empty() {
                table.schema.clone_from(&schema);
                table.name.clone_from(&name_of_table);
            }
            // The bare name is that of the first schema which has it.
            if table.schema == schema {
                table.is_view = is_view;
                table.columns.push(column());
            }
        }
    }
    let indexes = ask(questions.indexes, queries::INDEXES)?;
    let mut last = None;
    for row in 0..indexes.len() {
        let row = indexes.row(row);
        let (schema, table, index, column) =
            (text(row, 0), text(row, 1), text(row, 2), text(row, 3));
        let this = (schema.clone(), table.clone(), index);
        let is_new = last.as_ref() != Some(&this);
        last = Some(this);
        for known_as in names(&schema, &table) {
            let Some(table) = live.tables.get_mut(&key(&known_as, dialect)) else {
                continue;
            };
            if table.schema != schema {
                continue;
            }
            match table.indexes.last_mut() {
                Some(columns) if !is_new => columns.push(column.clone()),
                _ => table.indexes.push(vec![column.clone()]),
            }
        }
    }
    if let Some(question) = questions.collation {
        let rows = ask(question, queries::COLLATION)?;
        live.collation = Some(text(rows.row(0), 0)).filter(|name| !name.is_empty());
    }
    Ok(live)
}

/// A table is known by its name, and by that of its schema before it.
pub(super) fn names(schema: &str, table: &str) -> Vec<String> {
    match schema {
        "" => vec![table.to_owned()],
        schema => vec![table.to_owned(), format!("{schema}.{table}")],
    }
}

/// A type as a mapping would write it. Lengths are in characters; -1 is without a bound.
fn declared(row: RowRef<'_>) -> String {
    let name = text(row, 3).to_ascii_lowercase();
    let (length, precision, scale) = (number(row, 4), number(row, 5), number(row, 6));
    match (&*name, length, precision) {
        ("char" | "varchar" | "nchar" | "nvarchar" | "binary" | "varbinary", Some(-1), _) => {
            format!("{name}(max)")
        }
        ("char" | "varchar" | "nchar" | "nvarchar" | "binary" | "varbinary", Some(length), _) => {
            format!("{name}({length})")
        }
        ("decimal" | "numeric", _, Some(precision)) => {
            format!("{name}({precision},{})", scale.unwrap_or(0))
        }
        _ => name,
    }
}

pub(super) fn text(row: RowRef<'_>, column: usize) -> String {
    match row.cell(column) {
        // Firebird pads its names with blanks; one that begins with them is so called.
        CellRef::Text(bytes) => String::from_utf8_lossy(bytes).trim_end().to_owned(),
        CellRef::Int(number) => number.to_string(),
        _ => String::new(),
    }
}

fn number(row: RowRef<'_>, column: usize) -> Option<i64> {
    match row.cell(column) {
        CellRef::Int(number) => Some(number),
        CellRef::Text(bytes) => std::str::from_utf8(bytes).ok()?.trim().parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "lengths and digits")]
        CellRef::Real(number) => Some(number as i64),
        _ => None,
    }
}
