//! What a kind of database has to do for a site: make connections, and run statements on them.
//!
//! A connection belongs to one thread of the pool while a job runs, and its methods block. So an engine's own
//! client can be of either kind: one that blocks is called as it is, one that is asynchronous is waited for on the
//! runtime that its driver was made with. Neither holds a thread of the server's.
//!
//! Rows go into a [`RowSink`] cell by cell as they arrive: nothing is held twice, and a sink that has enough
//! ends the statement. Whatever the engine calls a day or a moment comes as text, `2026-01-05` or
//! `2026-01-05 09:30:00.123`, a time as `09:30:00`; a GUID as text with hyphens; an exact number as an
//! integer or, with places, as [`exact`] says.

use std::sync::Arc;
use std::time::Duration;

use super::call::{Call, CallError, Line};
use super::{CellRef, PassthroughError, TooLarge, Watch};
use crate::gateway::integrator::Login;
use crate::relation::{Dialect, Value};
use crate::sql::Statement;

/// A site's databases, of one engine.
pub trait Driver: Send + Sync + 'static {
    /// How the engine's SQL is spelled.
    fn dialect(&self) -> Dialect;

    /// The names of the databases, the default one first; empty where there is but one, without a name.
    fn catalogues(&self) -> &[Arc<str>];

    /// A connection to the database at a place of [`Driver::catalogues`]. It only reads.
    ///
    /// Ends with the watch, and within the driver's own time for connecting.
    ///
    /// # Errors
    /// Why there is none: [`PassthroughError::says_the_server_is_down`] or another.
    fn connect(
        &self,
        catalogue: usize,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Connection>, PassthroughError>;

    /// A line to the database at a place of [`Driver::catalogues`], for statements of a caller's own, as the caller's
    /// login; without one, or where the databases know no logins, as the site's.
    ///
    /// # Errors
    /// As [`Driver::connect`] and [`Driver::with_login`]; [`PassthroughError::NotCarried`] where the driver has no lines.
    fn line(
        &self,
        _catalogue: usize,
        _login: Option<&Login>,
        _watch: &Arc<Watch>,
    ) -> Result<Box<dyn Line>, PassthroughError> {
        Err(PassthroughError::NotCarried("statements of a caller's own"))
    }

    /// Whether a command can be carried, as far as that is seen without the databases: its parameters' types, directions and
    /// values, and whether there are procedures.
    ///
    /// # Errors
    /// [`CallError::Command`]
    fn check(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    /// The same databases, as a caller's login, to read. None where they know no logins, as a SQLite file: then there is but
    /// one way to have them. Whoever has a login is never let in as somebody else where there are logins.
    ///
    /// # Errors
    /// [`PassthroughError::LoginNotCarried`] where the driver cannot enter as another.
    fn with_login(&self, _login: &Login) -> Result<Option<Arc<dyn Driver>>, PassthroughError> {
        Err(PassthroughError::LoginNotCarried)
    }

    /// How long a connection without work is kept; None for as long as there is a thread.
    fn idle(&self) -> Option<Duration> {
        Some(Duration::from_secs(120))
    }

    /// A server elsewhere, which can be down: then it is not asked by every caller anew.
    fn is_remote(&self) -> bool {
        true
    }

    /// Whether the default database is where it was, by a glance that may be cast for each request: for those that are no
    /// servers', of which attempts to connect say nothing lasting.
    fn is_there(&self) -> bool {
        true
    }
}

/// A connection to one database. One job at a time uses it.
pub trait Connection: Send {
    /// A job begins; all its statements end with the watch.
    ///
    /// # Errors
    /// [`PassthroughError::Lost`] where the connection is known to be of no use any more: another is made.
    fn begin(&mut self, watch: &Arc<Watch>) -> Result<(), PassthroughError>;

    /// Lets the job's statements from here on see one state of the database, where the engine can without
    /// holding others up.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    fn snapshot(&mut self) -> Result<(), PassthroughError>;

    /// Runs a statement that reads, and gives its rows.
    ///
    /// # Errors
    /// Whatever the engine reports, without any value of the request or a row. After
    /// [`PassthroughError::Lost`] the connection is not used again. Where a part of the rows has gone into the sink,
    /// it is thrown away.
    fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value],
        rows: &mut dyn RowSink,
    ) -> Result<(), PassthroughError>;

    /// The job is over. Whether the connection can be used for another.
    fn end(&mut self) -> bool;

    /// Whether the database answers, by the cheapest question there is.
    ///
    /// # Errors
    /// Why it does not.
    fn ping(&mut self) -> Result<(), PassthroughError>;

    /// What the engine says of a statement that it would refuse, before any value is bound; None where it takes
    /// it, or where it cannot be asked.
    ///
    /// # Errors
    /// Where the connection fails.
    fn refusal(&mut self, _statement: &Statement) -> Result<Option<String>, PassthroughError> {
        Ok(None)
    }

    /// SQLite only: whether a column is declared with a collation.
    fn declares_collation(&self, _table: &str, _column: &str, _collation: &str) -> bool {
        false
    }
}

/// Takes the cells of a statement's rows, in order.
pub trait RowSink {
    /// Before the first cell, also where there are no rows: how many columns a row has, and their names. Said once more,
    /// the rows begin anew, and what came before is forgotten.
    fn begin(&mut self, width: usize, name: &dyn Fn(usize) -> String);

    /// What each column holds, said after [`RowSink::begin`] where a driver knows it and the rows are a caller's own.
    fn kinds(&mut self, _kind: &dyn Fn(usize) -> ColumnKind) {}

    /// The next cell of a row.
    ///
    /// # Errors
    /// [`TooLarge`]: no more is taken.
    fn cell(&mut self, cell: CellRef<'_>) -> Result<(), TooLarge>;

    /// The next cell of a row, as a whole value of JSON that another API wrote. None from a sink that takes cells alone: it is
    /// then given the value as one.
    fn json(&mut self, _value: &str) -> Option<Result<(), TooLarge>> {
        None
    }
}

/// What a column holds, where its cells alone do not say: a moment comes as text does, an exact number as a binary one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColumnKind {
    /// The cells say it themselves.
    #[default]
    Unknown,
    /// True or false, as 1 and 0.
    Bit,
    Integer,
    /// A decimal or money, with its decimal places where the engine says how many.
    Exact(Option<u8>),
    /// A binary number.
    Real,
    Text,
    Date,
    Time,
    DateTime,
    DateTimeOffset,
    Guid,
    Bytes,
}

/// Digits up to which a binary number says an exact one, and comes back the same.
const EXACT_DIGITS: usize = 15;

/// An exact number, which an engine gives as text such as `-10.50`, as a cell: a number where a binary one says it
/// exactly, else the text.
pub fn exact(text: &str) -> CellRef<'_> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if let Ok(integer) = text.parse::<i64>() {
        return CellRef::Int(integer);
    }
    match text.parse::<f64>() {
        Ok(number) if digits <= EXACT_DIGITS && number.is_finite() => CellRef::Real(number),
        _ => CellRef::Text(text.as_bytes()),
    }
}

/// A binary number of four bytes as the number that its digits say: 37.2, not 37.200000762939453.
pub fn single(number: f32) -> CellRef<'static> {
    let digits = number.to_string().parse();
    CellRef::Real(digits.unwrap_or_else(|_| f64::from(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_keep_their_value() {
        let cases = [
            ("12", CellRef::Int(12)),
            ("-3", CellRef::Int(-3)),
            ("10.50", CellRef::Real(10.5)),
            ("0.1", CellRef::Real(0.1)),
            ("12345678901234.5", CellRef::Real(12_345_678_901_234.5)),
            ("1234567890123456.78", CellRef::Text(b"1234567890123456.78")),
            (
                "99999999999999999999",
                CellRef::Text(b"99999999999999999999"),
            ),
            ("1e999", CellRef::Text(b"1e999")),
        ];
        for (text, cell) in cases {
            assert_eq!(exact(text), cell, "{text}");
        }
    }

    #[test]
    fn short_binary_numbers_are_what_their_digits_say() {
        assert_eq!(single(37.2), CellRef::Real(37.2));
        assert_eq!(single(-0.5), CellRef::Real(-0.5));
    }
}
