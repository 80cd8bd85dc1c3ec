//! Commands run at a site, and their rows come back.
//!
//! Takes a statement's text with its values; gives [`Rows`]. Knows nothing of FHIR. A connection is
//! taken here and nowhere earlier.

mod breaker;
pub mod call;
mod command;
mod driver;
pub mod firebird;
mod jobs;
mod meter;
pub mod mssql;
mod names;
#[cfg(feature = "odbc")]
pub mod odbc;
mod pool;
mod rows;
mod session;
pub mod sqlite;
#[cfg(test)]
mod tests;
mod typed;
pub mod upstream;
mod watch;
mod written;

pub use command::{Command, CommandParameter};
pub use driver::{ColumnKind, Connection, Driver, RowSink, exact, single};
pub use meter::describe as describe_metrics;
pub use pool::{Limits, Pool};
pub use rows::{Cell, CellRef, RowRef, Rows, RowsBuilder, TooLarge};
pub use session::{Measured, Session};
pub use typed::{Typed, typed};
pub use watch::Watch;
pub(crate) use written::civil;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::errors::{self, Code};

/// Why no rows came back. No message holds a value of the request or of a row, nor a secret of the site's.
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
    /// The engine's own number.
    #[error("the practice database refused the command (code {code})")]
    Failed { code: i32 },
    #[error("the practice database cannot be opened: {0}")]
    Open(String),
    #[error("the answer is larger than {0} MiB")]
    TooLarge(usize),
    /// In the words of the operating system or the client: `connection refused`.
    #[error("the practice's database server cannot be reached: {0}")]
    Unreachable(String),
    /// Why no connection could be made a moment ago. None is made for a caller until one has been.
    #[error("{why}; it is tried again without waiting for a request")]
    Down {
        why: Box<PassthroughError>,
        /// Until the next attempt.
        pause: Duration,
    },
    #[error("the practice's database has not been opened yet")]
    Opening,
    #[error("the connection to the practice's database server was cut")]
    Lost,
    #[error("the practice's database server refuses the login")]
    Login,
    /// [`PassthroughError::Login`], of a caller's: nobody else's connections are made with it.
    #[error("the practice's database server refuses the login that the caller has of its own")]
    CallersLogin,
    /// [`PassthroughError::NoDatabase`], to a caller's login.
    #[error("the login that the caller has of its own may not open {}", database_of(.0))]
    CallersDatabase(String),
    /// [`PassthroughError::Permission`], of a caller's login.
    #[error("the login that the caller has of its own may not read a table that the mapping names")]
    CallersPermission,
    /// [`PassthroughError::Schema`], as a caller's login sees the database: engines hide what may not be read.
    #[error(
        "the login that the caller has of its own sees no table or column that the mapping names: {0}"
    )]
    CallersSchema(String),
    #[error(
        "the site is reached in a way that takes no login of a caller's own, and the caller has one"
    )]
    LoginNotCarried,
    /// The catalogue's name; empty where the site has one database, without a name.
    #[error("the practice's database server does not open {}", database_of(.0))]
    NoDatabase(String),
    /// What is wrong with it: `expired`.
    #[error("the certificate of the practice's database server is not trusted: {0}")]
    Certificate(String),
    #[error("the login may not read a table that the mapping names")]
    Permission,
    #[error("the site has no database for the catalogue `{0}`")]
    Catalogue(Arc<str>),
    /// What the mapping needs and a driver has no form for.
    #[error("the driver cannot carry {0}")]
    NotCarried(&'static str),
    #[error("the upstream SQL passthrough refuses Pilaster's key or its access to the site")]
    UpstreamRefused,
    #[error("the upstream SQL passthrough takes no more queries for now")]
    UpstreamLimit { pause: Duration },
    #[error("the upstream SQL passthrough cannot reach the practice")]
    UpstreamOffline { pause: Option<Duration> },
    #[error("the upstream SQL passthrough failed ({0})")]
    Upstream(String),
}

fn database_of(catalogue: &str) -> String {
    match catalogue {
        "" => "the site's database".to_owned(),
        name => format!("the database of the catalogue `{name}`"),
    }
}

impl PassthroughError {
    /// The entry of the table of errors.
    pub fn code(&self) -> Code {
        match self {
            PassthroughError::Timeout(_) => errors::DATABASE_TIMEOUT,
            PassthroughError::Busy | PassthroughError::Locked => errors::DATABASE_BUSY,
            PassthroughError::Schema(_) => errors::DATABASE_SCHEMA,
            PassthroughError::Failed { .. } | PassthroughError::NotCarried(_) => {
                errors::DATABASE_FAILED
            }
            PassthroughError::Open(_) => errors::DATABASE_OPEN,
            PassthroughError::TooLarge(_) => errors::DATABASE_TOO_LARGE,
            PassthroughError::Unreachable(_) | PassthroughError::Opening => {
                errors::DATABASE_UNREACHABLE
            }
            PassthroughError::Down { why, .. } => match **why {
                PassthroughError::Timeout(_) | PassthroughError::Lost => {
                    errors::DATABASE_UNREACHABLE
                }
                _ => why.code(),
            },
            PassthroughError::Lost => errors::DATABASE_LOST,
            PassthroughError::Login => errors::DATABASE_LOGIN,
            PassthroughError::CallersLogin => errors::CALLERS_LOGIN,
            PassthroughError::CallersDatabase(_)
            | PassthroughError::CallersPermission
            | PassthroughError::CallersSchema(_) => errors::CALLERS_PERMISSION,
            PassthroughError::LoginNotCarried => errors::LOGIN_NOT_CARRIED,
            PassthroughError::NoDatabase(_) | PassthroughError::Catalogue(_) => {
                errors::DATABASE_MISSING
            }
            PassthroughError::Certificate(_) => errors::DATABASE_CERTIFICATE,
            PassthroughError::Permission => errors::DATABASE_PERMISSION,
            PassthroughError::UpstreamRefused => errors::UPSTREAM_REFUSED,
            PassthroughError::UpstreamLimit { .. } => errors::UPSTREAM_LIMIT,
            PassthroughError::UpstreamOffline { .. } => errors::UPSTREAM_OFFLINE,
            PassthroughError::Upstream(_) => errors::UPSTREAM_FAILED,
        }
    }

    /// The connection is of no use any more.
    pub fn is_lost(&self) -> bool {
        *self == PassthroughError::Lost
    }

    /// Another attempt to connect would end the same way for now.
    pub fn says_the_server_is_down(&self) -> bool {
        self.is_refusal()
            || matches!(
                self,
                PassthroughError::Unreachable(_)
                    | PassthroughError::Lost
                    | PassthroughError::Timeout(_)
                    | PassthroughError::UpstreamOffline { .. }
            )
    }

    /// The server is there and does not let Pilaster in.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            PassthroughError::Login
                | PassthroughError::CallersLogin
                | PassthroughError::NoDatabase(_)
                | PassthroughError::CallersDatabase(_)
                | PassthroughError::Certificate(_)
                | PassthroughError::UpstreamRefused
        )
    }

    /// The same on a connection of a caller's own login, of which it says something, and nothing of the site's.
    pub fn of_callers_login(self) -> PassthroughError {
        match self {
            PassthroughError::Login => PassthroughError::CallersLogin,
            PassthroughError::NoDatabase(name) => PassthroughError::CallersDatabase(name),
            PassthroughError::Permission => PassthroughError::CallersPermission,
            PassthroughError::Schema(what) => PassthroughError::CallersSchema(what),
            other => other,
        }
    }

    /// It is about the login that a caller has of its own.
    pub fn is_of_callers_login(&self) -> bool {
        match self {
            PassthroughError::CallersLogin
            | PassthroughError::CallersDatabase(_)
            | PassthroughError::CallersPermission
            | PassthroughError::CallersSchema(_)
            | PassthroughError::LoginNotCarried => true,
            PassthroughError::Down { why, .. } => why.is_of_callers_login(),
            _ => false,
        }
    }

    /// The database itself said it, so that it can be asked.
    pub fn is_of_the_database(&self) -> bool {
        matches!(
            self,
            PassthroughError::Schema(_)
                | PassthroughError::Failed { .. }
                | PassthroughError::Permission
                | PassthroughError::TooLarge(_)
                | PassthroughError::Locked
        )
    }

    /// Seconds after which to try again, where that can help.
    pub fn retry_after(&self) -> Option<u32> {
        let seconds = |pause: Duration| u32::try_from(pause.as_secs() + 1).unwrap_or(u32::MAX);
        match self {
            // Until somebody has changed the login, or its rights.
            error if error.is_of_callers_login() => None,
            PassthroughError::Busy | PassthroughError::Locked | PassthroughError::Lost => Some(1),
            PassthroughError::Unreachable(_) | PassthroughError::Opening => Some(1),
            PassthroughError::Down { pause, .. } | PassthroughError::UpstreamLimit { pause } => {
                Some(seconds(*pause))
            }
            PassthroughError::UpstreamOffline { pause } => Some(pause.map_or(5, seconds)),
            PassthroughError::Open(_) => Some(5),
            PassthroughError::Login
            | PassthroughError::NoDatabase(_)
            | PassthroughError::Certificate(_) => Some(60),
            _ => None,
        }
    }
}
