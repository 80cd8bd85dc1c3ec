//! Why the program does not start: one message each, exit code 2.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::databases::DatabasesError;
use crate::demo::DemoError;
use crate::gateway::service::GatewayError;
use crate::journal::JournalError;
use crate::key_file::KeyFileError;
use crate::mapping::Diagnostics;
use crate::passthrough::PassthroughError;
use crate::server::OperatorKeyError;
use crate::site::OpenError;
use crate::sql::SqlError;
use crate::store::StoreError;
use crate::store::sqlite::OpenStoreError;

/// What stands in the way of serving. Nothing has been left half done.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The level filter of the environment.
    #[error(
        "{variable} holds no log filter; write a level (warn) or targets with levels (pilaster=debug)"
    )]
    LogFilter { variable: &'static str },
    #[error("the runtime cannot start: {0}")]
    Runtime(#[source] io::Error),
    #[error("metrics cannot be recorded: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    #[error(
        "{address} is in use by another program; choose another with --listen, or port 0 for any free one"
    )]
    InUse { address: SocketAddr },
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("signals cannot be waited for: {0}")]
    Signals(#[source] io::Error),
    #[error("the folder {} cannot be written: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    /// The key that seals page links.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// What the cloud surface keeps.
    #[error(transparent)]
    State(#[from] OpenStoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the journal cannot be used: {0}")]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error("the operator's key cannot be read from {}: {source}", path.display())]
    OperatorKeyFile { path: PathBuf, source: io::Error },
    /// The file or variable that holds it, and what is wrong with it.
    #[error("{place} holds no operator's key: {source}")]
    OperatorKey {
        place: String,
        source: OperatorKeyError,
    },
    #[error("no random numbers are to be had from the operating system")]
    Random,
    #[error("the practice cannot be created: {}{}", .0, because(.0))]
    Demo(#[from] DemoError),
    #[error("the mapping cannot be used\n\n{}", .0.render(false))]
    Mapping(Box<Diagnostics>),
    #[error("the mapping of the site {id} cannot be used\n\n{}", problems.render(false))]
    SiteMapping {
        id: String,
        problems: Box<Diagnostics>,
    },
    #[error(
        "the mapping has no text for SQLite in an SQL fragment that {resource} needs: {source}"
    )]
    Fragment {
        resource: &'static str,
        source: SqlError,
    },
    #[error(
        "the explorer shows what the operator's key opens, and there is none: give one with --operator-key-file, PILASTER_OPERATOR_KEY or, in the configuration, operator-key"
    )]
    ExplorerWithoutKey,
    /// The problems of a configuration file, rendered.
    #[error("the configuration cannot be used\n\n{0}")]
    Config(String),
    #[error("{} has no site of that id; `pilaster config check` lists those it has", path.display())]
    NoSuchSite { path: PathBuf },
    #[error("the driver of the site {id} cannot be made: {source}")]
    Driver {
        id: String,
        source: crate::config::DriverError,
    },
    #[error("the site {id} cannot be asked: {source}")]
    Site {
        id: String,
        source: PassthroughError,
    },
    /// A site's database that is a file.
    #[error("the site {id} cannot be asked: there is no file {}", path.display())]
    NoFile { id: String, path: PathBuf },
    #[error("the site {id} cannot be opened: {source}")]
    SiteOpen { id: String, source: Box<OpenError> },
    #[error(transparent)]
    Databases(#[from] DatabasesError),
    #[error("the database {} cannot be served: {problem}", path.display())]
    Database { path: PathBuf, problem: String },
}

/// SQLite's own words, which name no value.
fn because(error: &DemoError) -> String {
    match error {
        DemoError::Sqlite(error) => match error.sqlite_error_code() {
            Some(code) => format!(" ({code:?})"),
            None => String::new(),
        },
        _ => String::new(),
    }
}

impl StartError {
    pub(super) fn folder(path: &Path, source: io::Error) -> StartError {
        StartError::Folder {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn database(path: &Path, problem: impl Into<String>) -> StartError {
        StartError::Database {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }

    pub(super) fn unreadable(path: &Path, error: &PassthroughError) -> StartError {
        let problem = if path.is_file() {
            format!("{error}; is it a SQLite database that may be read?")
        } else {
            "there is no such file".to_owned()
        };
        StartError::database(path, problem)
    }

    pub(super) fn listen(address: SocketAddr, source: io::Error) -> StartError {
        if source.kind() == io::ErrorKind::AddrInUse {
            StartError::InUse { address }
        } else {
            StartError::Listen { address, source }
        }
    }
}
