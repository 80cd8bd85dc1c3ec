//! What SQLite's errors come to.

use rusqlite::ffi;
use rusqlite::{Error, ErrorCode};

use crate::store::StoreError;

/// In the engine's words, which name tables and columns and never what they hold.
impl From<Error> for StoreError {
    fn from(error: Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            _ => StoreError::Failed(error.to_string()),
        }
    }
}

/// For a statement that adds or changes a row: what it comes to that the row's name or place is taken.
pub(super) fn taken(what: &'static str) -> impl Fn(Error) -> StoreError {
    move |error| match extended_code(&error) {
        Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            StoreError::Taken(what.to_owned())
        }
        _ => error.into(),
    }
}

/// The same; and that what the row belongs to is not there.
pub(super) fn unless(what: &'static str, unknown: &'static str) -> impl Fn(Error) -> StoreError {
    move |error| match extended_code(&error) {
        Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => StoreError::Unknown(unknown.to_owned()),
        _ => taken(what)(error),
    }
}

fn extended_code(error: &Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

/// That a change met no row.
pub(super) fn found(rows: usize, unknown: &str) -> Result<(), StoreError> {
    match rows {
        0 => Err(StoreError::Unknown(unknown.to_owned())),
        _ => Ok(()),
    }
}
