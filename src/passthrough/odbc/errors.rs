//! SQLSTATEs, and some engines' own numbers → what went wrong.

use odbc_api::Error;
use odbc_api::handles::Record;

use crate::passthrough::{PassthroughError, names};
use crate::relation::Dialect;

fn record(error: &Error) -> Option<&Record> {
    match error {
        Error::Diagnostics { record, .. }
        | Error::UnsupportedOdbcApiVersion(record)
        | Error::InvalidRowArraySize { record, .. }
        | Error::UnableToRepresentNull(record)
        | Error::OracleOdbcDriverDoesNotSupport64Bit(record) => Some(record),
        _ => None,
    }
}

/// The engine's words. They may quote values, of which there are none before any is bound.
pub(super) fn words(error: &Error) -> Option<String> {
    record(error).map(|record| text(&record.message))
}

/// The engine's number and its words, without the names of the drivers that they came through: `[unixODBC]`.
pub(super) fn of_engine(error: &Error) -> Option<(i32, String)> {
    let record = record(error)?;
    let message = text(&record.message);
    let mut words = message.as_str();
    while let Some((_, behind)) = words
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        words = behind.trim_start();
    }
    Some((record.native_error, words.to_owned()))
}

fn text(message: &[u16]) -> String {
    let text = String::from_utf16_lossy(message);
    text.trim_end_matches('\0').to_owned()
}

/// Why a connection was not made to the database of a name.
pub(super) fn of_connecting(error: &Error, dialect: Dialect, name: &str) -> PassthroughError {
    let Some(record) = record(error) else {
        return PassthroughError::Open("the driver manager does not say why".to_owned());
    };
    let message = text(&record.message).to_lowercase();
    let no_database = || PassthroughError::NoDatabase(name.to_owned());
    if dialect == Dialect::SqlAnywhere {
        match record.native_error {
            -103 => return PassthroughError::Login,
            -83 | -87 => return no_database(),
            -100 | -101 | -85 => return unreachable_server(),
            _ => {}
        }
    }
    match record.state.as_str() {
        "28000" | "28P01" => PassthroughError::Login,
        "42501" => PassthroughError::Permission,
        "08001" if message.contains("permission denied") => PassthroughError::Permission,
        "3D000" | "08004" => no_database(),
        // The class says too little; what is read in the words is not told.
        "08001" if message.contains("password") || message.contains("login failed") => {
            PassthroughError::Login
        }
        "08001" if message.contains("database") && message.contains("does not exist") => {
            no_database()
        }
        "08001" | "08S01" | "08007" => unreachable_server(),
        "HYT00" | "HYT01" => PassthroughError::Unreachable("no connection in time".to_owned()),
        "IM002" | "IM003" | "IM004" | "01000" => PassthroughError::Open(
            "the driver manager has no such driver or data source".to_owned(),
        ),
        state => PassthroughError::Open(format!("SQLSTATE {state}")),
    }
}

/// Why a session could not be begun, by the number of the statement that was to do it. Its text may hold a secret.
pub(super) fn of_setup(error: &Error, dialect: Dialect, number: usize) -> PassthroughError {
    match of_statement(error, dialect, "") {
        PassthroughError::Lost => PassthroughError::Lost,
        _ => {
            let state = record(error).map_or("none", |record| record.state.as_str());
            PassthroughError::Open(format!(
                "statement {number} of `setup` is refused (SQLSTATE {state})"
            ))
        }
    }
}

fn unreachable_server() -> PassthroughError {
    PassthroughError::Unreachable("no server answers there".to_owned())
}

/// Why a statement failed; what it says of time is for the caller, who knows the job's.
pub(super) fn of_statement(error: &Error, dialect: Dialect, statement: &str) -> PassthroughError {
    let Some(record) = record(error) else {
        return PassthroughError::Failed { code: 0 };
    };
    let message = text(&record.message);
    let state = record.state.as_str();
    let code = record.native_error;
    let schema = || {
        let name = names::of_statement(&message, statement);
        PassthroughError::Schema(name.map_or_else(|| format!("SQLSTATE {state}"), str::to_owned))
    };
    if dialect == Dialect::SqlAnywhere {
        match code {
            -143..=-141 => return schema(),
            -121 => return PassthroughError::Permission,
            -210 | -306 => return PassthroughError::Locked,
            -299 => return PassthroughError::Timeout(std::time::Duration::ZERO),
            -101 | -308 => return PassthroughError::Lost,
            _ => {}
        }
    }
    match state {
        "08S01" | "08007" | "08003" | "57P01" | "57P02" | "57P03" => PassthroughError::Lost,
        "HYT00" | "HYT01" | "HY008" | "57014" => {
            PassthroughError::Timeout(std::time::Duration::ZERO)
        }
        "42S02" | "42S22" | "42P01" | "42703" => schema(),
        "42501" => PassthroughError::Permission,
        "42000" if message.to_lowercase().contains("permission") => PassthroughError::Permission,
        "40001" | "40P01" | "55P03" => PassthroughError::Locked,
        _ => PassthroughError::Failed { code },
    }
}
