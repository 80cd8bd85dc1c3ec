//! A plan's select → the text of a command, in a dialect.
//!
//! The writer walks the select once and asks the dialect's [`Spelling`] wherever engines differ. It
//! sees slots, never values, so a request's text cannot reach what it writes; every name and literal
//! comes from a mapping.

mod mssql;
mod spelling;
mod sqlite;
mod writer;

use std::sync::Arc;

use serde::Serialize;

use crate::relation::{ChildSelect, Dialect, Select, SqlType};

/// The text of a select, and the values that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    pub text: Arc<str>,
    /// What each value is compared as; value n (counted from 0) is marker n + 1.
    pub types: Arc<[SqlType]>,
    /// The names of the columns of a row, in order.
    pub columns: Arc<[String]>,
}

impl Statement {
    /// A statement of the program's own, without values.
    pub fn constant(text: &'static str) -> Statement {
        Statement {
            text: Arc::from(text),
            types: Arc::new([]),
            columns: Arc::new([]),
        }
    }
}

/// Why a select cannot be spelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    #[error("SQL for {0} is not offered yet; use mssql or sqlite")]
    DialectNotOffered(Dialect),
    #[error("the mapping's SQL fragment has no text for {0}; add one under `sql:`")]
    FragmentMissing(Dialect),
}

/// Spells a select in a dialect.
///
/// # Errors
/// When the dialect is not offered, or a fragment of the mapping has no text for it.
pub fn select(select: &Select, dialect: Dialect) -> Result<Statement, SqlError> {
    writer::Writer::new(dialect, spelling(dialect)?).select(select)
}

/// Spells the select of a child table in a dialect.
///
/// # Errors
/// As [`select`].
pub fn children(select: &ChildSelect, dialect: Dialect) -> Result<Statement, SqlError> {
    writer::Writer::new(dialect, spelling(dialect)?).children(select)
}

fn spelling(dialect: Dialect) -> Result<&'static dyn spelling::Spelling, SqlError> {
    match dialect {
        Dialect::Mssql => Ok(&mssql::Mssql),
        Dialect::Sqlite => Ok(&sqlite::Sqlite),
        Dialect::Firebird | Dialect::SqlAnywhere => Err(SqlError::DialectNotOffered(dialect)),
    }
}
