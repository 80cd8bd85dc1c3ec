//! Rows into a table of the embedded practice.
//!
//! Takes values by column name, gives rows that look as SQL Server's would: `char(n)` padded, dates
//! as text, columns that were not named NULL. Values are bound one by one to one prepared statement,
//! so that a hundred thousand rows need no memory of their own.

use super::calendar::Moment;
use super::schema::{Column, SqlType, Table};
use rusqlite::{Connection, Statement};
use std::fmt::Write as _;

/// A value for a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'v> {
    /// No value.
    Null,
    /// A number.
    Int(i64),
    /// A text, not padded yet.
    Text(&'v str),
    /// A date or a timestamp.
    Moment(Moment),
}

impl From<i32> for Value<'_> {
    fn from(number: i32) -> Self {
        Value::Int(i64::from(number))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Value::Int(i64::from(number))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<Moment> for Value<'_> {
    fn from(moment: Moment) -> Self {
        Value::Moment(moment)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Value::Text(text)
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Value::Text(text)
    }
}

impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// Inserts rows into one table.
pub struct Writer<'conn> {
    table: &'static Table,
    statement: Statement<'conn>,
    /// Where the search for the next column starts: callers name them in order.
    next: usize,
    /// The first failure of the row being built.
    failure: Option<rusqlite::Error>,
    scratch: String,
    rows: u64,
}

impl<'conn> Writer<'conn> {
    /// A writer for a table that exists.
    ///
    /// # Errors
    /// SQLite's, when the table is not there.
    pub fn new(conn: &'conn Connection, table: &'static Table) -> rusqlite::Result<Self> {
        Ok(Writer {
            table,
            statement: conn.prepare(&table.insert_sql())?,
            next: 0,
            failure: None,
            scratch: String::new(),
            rows: 0,
        })
    }

    /// How many rows were inserted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Gives a column of the row being built its value. A column that the table does not have makes
    /// [`Writer::insert`] fail.
    pub fn set<'v>(&mut self, name: &str, value: impl Into<Value<'v>>) -> &mut Self {
        let columns = self.table.columns;
        let found = (self.next..columns.len())
            .chain(0..self.next)
            .find(|position| columns[*position].name == name);
        let outcome = match found {
            Some(position) => {
                self.next = position + 1;
                self.bind(position, columns[position], value.into())
            }
            None => Err(rusqlite::Error::InvalidParameterName(name.to_owned())),
        };
        if let Err(failure) = outcome {
            self.failure.get_or_insert(failure);
        }
        self
    }

    /// Inserts the row that was built and starts the next one.
    ///
    /// # Errors
    /// The first failure since the last insert: an unknown column, or SQLite's.
    pub fn insert(&mut self) -> rusqlite::Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.statement.raw_execute()?;
        self.statement.clear_bindings();
        self.next = 0;
        self.rows += 1;
        Ok(())
    }

    fn bind(&mut self, position: usize, column: Column, value: Value<'_>) -> rusqlite::Result<()> {
        let parameter = position + 1;
        match value {
            Value::Null => self
                .statement
                .raw_bind_parameter(parameter, rusqlite::types::Null),
            Value::Int(number) => self.statement.raw_bind_parameter(parameter, number),
            Value::Text(text) => {
                fit(text, column.sql_type, &mut self.scratch);
                self.statement
                    .raw_bind_parameter(parameter, self.scratch.as_str())
            }
            Value::Moment(moment) => {
                self.scratch.clear();
                // Writing to a String cannot fail.
                let _ = write!(self.scratch, "{moment}");
                self.statement
                    .raw_bind_parameter(parameter, self.scratch.as_str())
            }
        }
    }
}

/// A text as its column holds it: cut at the column's width, as a form's field is, and padded to it
/// when the type is `char`.
fn fit(text: &str, sql_type: SqlType, into: &mut String) {
    into.clear();
    let (width, padded) = match sql_type {
        SqlType::Char(width) => (usize::from(width), true),
        SqlType::VarChar(width) => (usize::from(width), false),
        SqlType::Int | SqlType::DateTime => (usize::MAX, false),
    };
    let mut length = 0;
    for character in text.chars().take(width) {
        into.push(character);
        length += 1;
    }
    if padded {
        into.extend(std::iter::repeat_n(' ', width - length));
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::Day;
    use super::super::schema;
    use super::*;

    #[test]
    fn text_is_cut_and_padded_by_characters() {
        let mut text = String::new();
        fit("Zoë", SqlType::Char(5), &mut text);
        assert_eq!(text, "Zoë  ");
        fit("Müller", SqlType::Char(3), &mut text);
        assert_eq!(text, "Mül");
        fit("Müller", SqlType::VarChar(10), &mut text);
        assert_eq!(text, "Müller");
        fit("", SqlType::Char(2), &mut text);
        assert_eq!(text, "  ");
    }

    #[test]
    fn a_row_is_what_was_named_and_null_elsewhere() -> rusqlite::Result<()> {
        let conn = Connection::open_in_memory()?;
        crate::collation::register(&conn)?;
        conn.execute_batch(&schema::EMAIL.create_sql())?;
        let mut writer = Writer::new(&conn, &schema::EMAIL)?;
        // Out of order on purpose.
        writer
            .set("EMAIL", "a@example.com")
            .set("RECORDID", 5)
            .set("CREATED", Day(0).midnight());
        writer.insert()?;
        assert!(writer.set("NO_SUCH", 1).insert().is_err());
        assert_eq!(writer.rows(), 1);
        let row: (i64, String, Option<i64>, String) = conn.query_row(
            "SELECT RECORDID, EMAIL, INTERNALID, CREATED FROM EMAIL",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        assert_eq!(
            row,
            (
                5,
                "a@example.com".into(),
                None,
                "1970-01-01 00:00:00".into()
            )
        );
        Ok(())
    }
}
