//! Why a run came to nothing → what its query says of it, and what its caller is told.

use std::time::Duration;

use super::ask::Refused;
use super::query::{ErrorDetails, ErrorType};
use crate::passthrough::PassthroughError;
use crate::passthrough::call::CallError;
use crate::relation::Dialect;

/// The type of an engine's own errors.
pub fn error_type(engine: Dialect) -> ErrorType {
    match engine {
        Dialect::Mssql => ErrorType::Mssql,
        Dialect::Firebird => ErrorType::Fbsql,
        Dialect::SqlAnywhere => ErrorType::Sasql,
        Dialect::Sqlite => ErrorType::Sqlite,
    }
}

/// What a query says of a run that failed.
pub fn details(error: &CallError, engine: Dialect, limit: Duration) -> ErrorDetails {
    let (error_type, error_code, error_message) = match error {
        CallError::Engine { code, message } => (error_type(engine), *code, message.clone()),
        CallError::Command(text) => (ErrorType::Http, 400, text.clone()),
        CallError::TooLarge | CallError::Passthrough(PassthroughError::TooLarge(_)) => {
            (ErrorType::Http, 413, "the result is larger than it may be".to_owned())
        }
        CallError::Passthrough(PassthroughError::Timeout(_)) => {
            let seconds = limit.as_secs();
            (ErrorType::Http, 504, format!("the statement took longer than {seconds} s"))
        }
        CallError::Passthrough(PassthroughError::Lost) => (
            ErrorType::HaloLink,
            502,
            "the connection to the practice database was cut: whether the statement took effect is not known".to_owned(),
        ),
        CallError::Passthrough(PassthroughError::Failed { code }) => {
            (error_type(engine), i64::from(*code), "the practice database refused the statement".to_owned())
        }
        CallError::Passthrough(error) if error.is_of_callers_login() => {
            (ErrorType::Http, 403, error.to_string())
        }
        CallError::Withdrawn | CallError::Passthrough(_) => {
            (ErrorType::HaloLink, 503, error.to_string())
        }
    };
    ErrorDetails {
        error_type,
        error_code,
        error_message,
    }
}

/// How the caller of an immediate query is told, where it is not by the query itself.
pub fn refused(error: &CallError, limit: Duration) -> Option<Refused> {
    let CallError::Passthrough(error) = error else {
        return match error {
            CallError::Command(text) => Some(Refused::Command(text.clone())),
            _ => None,
        };
    };
    match error {
        PassthroughError::Timeout(_) => Some(Refused::Timeout(limit)),
        PassthroughError::NotCarried(what) => Some(Refused::Command(format!(
            "the site's database has no form for {what}"
        ))),
        error if error.is_of_callers_login() => Some(Refused::Login(error.clone())),
        PassthroughError::Catalogue(_) => Some(Refused::Command(error.to_string())),
        PassthroughError::Lost
        | PassthroughError::TooLarge(_)
        | PassthroughError::Failed { .. } => None,
        error => Some(Refused::Unreachable {
            retry_after: error.retry_after(),
        }),
    }
}
