//! The folder's SQL → a practice over databases of its own.
//!
//! A `char(n)` column is padded with blanks as the practice's engine pads it, and SQLite does not: an author writes the
//! rows without.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::limits::Limit;
use thiserror::Error;

use super::practice::{Practice, PracticeError};
use super::rules;
use super::script::{file_name, quoted};
use crate::collation;
use crate::mapping::{Diagnostics, Mapping, Problem, Report, SourceFile};
use crate::relation::SqlType;

/// Why there is no fixture.
#[derive(Debug, Error)]
pub enum FixtureError {
    /// The folder's SQL cannot be run.
    #[error("{0}")]
    Sql(Box<Diagnostics>),
    #[error(transparent)]
    Practice(#[from] PracticeError),
}

/// The mapping over its fixture.
///
/// # Errors
/// SQL that cannot be run, with its place; or why no database can be made.
pub fn fixture(folder: &Path, mapping: Mapping) -> Result<Practice, FixtureError> {
    fixture_with(folder, mapping, |_| {})
}

/// The mapping over its fixture, to whose default database `more` adds.
///
/// # Errors
/// As [`fixture`].
pub fn fixture_with(
    folder: &Path,
    mapping: Mapping,
    more: impl FnOnce(&mut Connection),
) -> Result<Practice, FixtureError> {
    let tables = mapping.tables.values();
    let others: BTreeSet<Arc<str>> = tables.filter_map(|it| it.catalogue.clone()).collect();
    let padded = padded(&mapping);
    let mut more = Some(more);
    let catalogues = std::iter::once(None).chain(others.iter().map(|name| Some(&**name)));
    Practice::with_catalogues(mapping, catalogues, |catalogue, connection| {
        run_script(folder, catalogue, connection)?;
        for column in padded
            .iter()
            .filter(|it| it.catalogue.as_deref() == catalogue)
        {
            column.pad(connection).map_err(PracticeError::Database)?;
        }
        // Of the default catalogue, which comes first.
        if let Some(more) = more.take() {
            more(connection);
        }
        Ok(())
    })
}

fn run_script(
    folder: &Path,
    catalogue: Option<&str>,
    connection: &Connection,
) -> Result<(), FixtureError> {
    let name = file_name(catalogue);
    let script = std::fs::read_to_string(folder.join(&name)).map_err(|error| {
        problem(
            &name,
            "",
            0..0,
            &format!("the file cannot be read: {error}"),
        )
    })?;
    confine(connection).map_err(PracticeError::Database)?;
    connection.execute_batch(&script).map_err(|error| {
        let (span, error) = place_of(&script).unwrap_or((0..0, error));
        let message = match error {
            rusqlite::Error::SqlInputError { msg, .. }
            | rusqlite::Error::SqliteFailure(_, Some(msg)) => msg,
            other => other.to_string(),
        };
        problem(&name, &script, span, &format!("SQLite says: {message}"))
    })
}

/// A mapping may be a stranger's: its SQL makes one database in the temporary folder, and opens no file beside it.
fn confine(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    Ok(())
}

fn problem(file: &str, text: &str, span: Range<usize>, message: &str) -> FixtureError {
    let report = Report::new(vec![SourceFile::new(file, text)]);
    for at in report.files() {
        at.report(Problem::new(&rules::FIXTURE, &span, message));
    }
    FixtureError::Sql(Box::new(report.finish()))
}

/// The statement of a script that fails, and where in it, where SQLite says so; with its words.
fn place_of(script: &str) -> Option<(Range<usize>, rusqlite::Error)> {
    let connection = Connection::open_in_memory().ok()?;
    collation::register(&connection).ok()?;
    confine(&connection).ok()?;
    for span in statements(script) {
        let Err(error) = connection.execute_batch(&script[span.clone()]) else {
            continue;
        };
        let at = match &error {
            rusqlite::Error::SqlInputError { offset, .. } => usize::try_from(*offset).ok(),
            _ => None,
        };
        let span = match at {
            Some(at) if at < span.len() => span.start + at..span.start + at,
            _ => span,
        };
        return Some((span, error));
    }
    None
}

/// The statements of a script, without the blanks and comments before them. A `;` in quotes or in a comment ends none.
fn statements(script: &str) -> Vec<Range<usize>> {
    let mut statements = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(c) = script[at..].chars().next() {
        let rest = &script[at..];
        let until = |end: &str| {
            rest[1..]
                .find(end)
                .map_or(rest.len(), |it| 1 + it + end.len())
        };
        let width = match c {
            '\'' | '"' | '`' => until(&c.to_string()),
            '[' => until("]"),
            '-' if rest.starts_with("--") => {
                at += until("\n");
                continue;
            }
            '/' if rest.starts_with("/*") => {
                at += until("*/");
                continue;
            }
            ';' => {
                statements.extend(start.take().map(|start| start..at));
                at += 1;
                continue;
            }
            c => c.len_utf8(),
        };
        if start.is_none() && !c.is_whitespace() {
            start = Some(at);
        }
        at += width;
    }
    statements.extend(start.map(|start| start..script.len()));
    statements
}

/// A `char(n)` column.
struct Padded {
    catalogue: Option<Arc<str>>,
    table: Arc<str>,
    column: Arc<str>,
    length: u16,
}

fn padded(mapping: &Mapping) -> Vec<Padded> {
    let tables = mapping
        .tables
        .values()
        .filter(|table| table.derived.is_none());
    tables
        .flat_map(|table| {
            table.columns.values().filter_map(|column| {
                let (SqlType::Char(length) | SqlType::NChar(length)) = column.ty else {
                    return None;
                };
                Some(Padded {
                    catalogue: table.catalogue.clone(),
                    table: Arc::clone(&table.name),
                    column: Arc::clone(&column.name),
                    length,
                })
            })
        })
        .collect()
}

impl Padded {
    /// Fills the column's values up with blanks; a fixture without the column has none.
    fn pad(&self, connection: &Connection) -> rusqlite::Result<()> {
        let is_there: bool = connection.query_row(
            "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2 COLLATE NOCASE",
            [&*self.table, &*self.column],
            |row| row.get(0),
        )?;
        if !is_there {
            return Ok(());
        }
        let (table, column) = (quoted(&self.table), quoted(&self.column));
        let length = self.length;
        let blanks = " ".repeat(usize::from(length));
        connection.execute(
            &format!(
                "UPDATE {table} SET {column} = {column} || SUBSTR(?1, 1, {length} - LENGTH({column})) \
                 WHERE LENGTH({column}) < {length}"
            ),
            [blanks],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_opens_no_file_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let other = folder.path().join("other.sqlite");
        let path = other.display();
        for script in [
            format!("ATTACH DATABASE '{path}' AS o; CREATE TABLE o.t (a);"),
            format!("CREATE TABLE t (a); VACUUM INTO '{path}';"),
        ] {
            std::fs::write(folder.path().join("fixture.sql"), &script).expect("written");
            let connection = Connection::open_in_memory().expect("a database");
            let refused = run_script(folder.path(), None, &connection).expect_err("refused");
            assert!(refused.to_string().contains("PT006"), "{refused}");
            assert!(!other.exists(), "{script}");
        }
    }

    #[test]
    fn statements_end_where_sqlite_ends_them() {
        let script = "-- a; b\nCREATE TABLE t (a); /* c; */ INSERT INTO t VALUES ('x;''y');\n;SELECT \"a;b\" FROM [a;b]\n";
        let found: Vec<&str> = statements(script)
            .into_iter()
            .map(|span| script[span].trim())
            .collect();
        assert_eq!(
            found,
            [
                "CREATE TABLE t (a)",
                "INSERT INTO t VALUES ('x;''y')",
                "SELECT \"a;b\" FROM [a;b]"
            ]
        );
        assert!(statements("'never closed").len() == 1);
        assert!(statements("é; -- é").len() == 1);
    }
}
