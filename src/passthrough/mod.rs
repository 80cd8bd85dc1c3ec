//! Commands run at a site, and their rows come back.
//!
//! Takes a statement's text with its values; gives [`Rows`]. Knows nothing of FHIR. A connection is
//! taken here and nowhere earlier.

mod command;
mod jobs;
mod rows;
pub mod sqlite;
#[cfg(test)]
mod tests;

pub use command::{Command, CommandParameter};
pub use rows::{Cell, CellRef, RowRef, Rows, RowsBuilder};

use std::time::Duration;

use thiserror::Error;

use crate::errors::{self, Code};

/// Why no rows came back. No message holds a value of the request or of a row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PassthroughError {
    #[error("the practice database did not answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    #[error("too many requests wait for the practice database")]
    Busy,
    #[error("another program keeps the practice database locked")]
    Locked,
    #[error("the practice database has no table or column that the mapping names: {0}")]
    Schema(String),
    #[error("the practice database refused the command (code {code})")]
    Failed { code: i32 },
    #[error("the practice database cannot be opened: {0}")]
    Open(String),
    #[error("the answer is larger than {0} MiB")]
    TooLarge(usize),
}

impl PassthroughError {
    /// The entry of the table of errors.
    pub fn code(&self) -> Code {
        match self {
            PassthroughError::Timeout(_) => errors::DATABASE_TIMEOUT,
            PassthroughError::Busy | PassthroughError::Locked => errors::DATABASE_BUSY,
            PassthroughError::Schema(_) => errors::DATABASE_SCHEMA,
            PassthroughError::Failed { .. } => errors::DATABASE_FAILED,
            PassthroughError::Open(_) => errors::DATABASE_OPEN,
            PassthroughError::TooLarge(_) => errors::DATABASE_TOO_LARGE,
        }
    }
}
