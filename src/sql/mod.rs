//! A plan's select → the text of a command, in a dialect.
//!
//! The writer walks the select once and asks the dialect's [`Spelling`] wherever engines differ. It
//! sees slots, never values, so a request's text cannot reach what it writes; every name and literal
//! comes from a mapping.

mod firebird;
mod marker;
mod mssql;
mod spelling;
mod sqlanywhere;
mod sqlite;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;

use serde::Serialize;

pub use marker::Marker;

use crate::relation::{ChildSelect, Dialect, Select, SqlType};

/// The text of a select, and the values that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    pub text: Arc<str>,
    /// The markers: one for each value where the text names values by their number, else one for each `?`, in order.
    /// Values are bound by [`Statement::bind`].
    pub markers: Arc<[Marker]>,
    /// The names of the columns of a row, in order.
    pub columns: Arc<[String]>,
    /// The database among the site's; None for its default one.
    pub catalogue: Option<Arc<str>>,
}

impl Statement {
    /// A text of one's own whose markers stand for the values in their order, each compared as one of these types.
    pub fn numbered(text: &str, types: &[SqlType]) -> Statement {
        let markers = (0..).zip(types).map(|(slot, ty)| Marker::new(slot, *ty));
        Statement {
            text: Arc::from(text),
            markers: markers.collect(),
            columns: Arc::new([]),
            catalogue: None,
        }
    }

    /// A statement of the program's own, without values.
    pub fn constant(text: &'static str) -> Statement {
        Statement {
            text: Arc::from(text),
            markers: Arc::new([]),
            columns: Arc::new([]),
            catalogue: None,
        }
    }
}

/// Why a select cannot be spelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    #[error("the mapping's SQL fragment has no text for {0}; add one under `sql:`")]
    FragmentMissing(Dialect),
    #[error(
        "the search compares {count} values with columns, each value once for each column that its parameter searches; a command takes {limit}"
    )]
    TooManyValues { count: usize, limit: usize },
    #[error("another database of the site's has to be asked before the command can be written")]
    Elsewhere,
}

/// The engine that a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engine {
    pub dialect: Dialect,
    /// SQLite only: every text column is declared with the collation that the mapping says, so that a
    /// comparison need not name it. Named, it keeps SQLite from joining indexes under OR.
    pub declared_collations: bool,
}

impl From<Dialect> for Engine {
    fn from(dialect: Dialect) -> Self {
        Engine {
            dialect,
            declared_collations: false,
        }
    }
}

/// The name of the SQLite collation that compares as a mapping's does; None where that is the column's own.
pub use sqlite::stand_in as sqlite_collation;

/// Spells a select for an engine.
///
/// # Errors
/// When a fragment of the mapping has no text for the dialect, or the text has more markers than a command takes.
pub fn select(select: &Select, engine: impl Into<Engine>) -> Result<Statement, SqlError> {
    let engine = engine.into();
    let statement = writer::Writer::new(engine.dialect, spelling(engine)).select(select)?;
    Ok(Statement {
        catalogue: select.source.catalogue.clone(),
        ..statement
    })
}

/// Spells the select of a child table in a dialect.
///
/// # Errors
/// As [`select`].
pub fn children(select: &ChildSelect, engine: impl Into<Engine>) -> Result<Statement, SqlError> {
    let engine = engine.into();
    let statement = writer::Writer::new(engine.dialect, spelling(engine)).children(select)?;
    Ok(Statement {
        catalogue: select.catalogue.clone(),
        ..statement
    })
}

fn spelling(engine: Engine) -> &'static dyn spelling::Spelling {
    match engine.dialect {
        Dialect::Mssql => &mssql::Mssql,
        Dialect::Firebird => &firebird::Firebird,
        Dialect::SqlAnywhere => &sqlanywhere::SqlAnywhere,
        Dialect::Sqlite if engine.declared_collations => &sqlite::Sqlite {
            name_collations: false,
        },
        Dialect::Sqlite => &sqlite::Sqlite {
            name_collations: true,
        },
    }
}
