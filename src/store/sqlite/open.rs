//! The folder of the state: who may use it, and how its database is opened.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use thiserror::Error;

use super::migrations::{self, MigrationError};
use super::pages;
use crate::key_file::as_whom;
use crate::store::StoreError;
use crate::store::seal::KEY_FILE;

/// The database.
pub const DATABASE_FILE: &str = "state.sqlite";
/// Held by the server that uses the folder.
pub const LOCK_FILE: &str = "state.lock";

/// How long a connection waits for another process's change.
const BUSY: Duration = Duration::from_secs(5);
/// The log of changes is cut back to this many bytes once it was longer.
const LOG_BYTES: i64 = 64 * 1024 * 1024;

/// Why a store cannot be opened. Nothing was changed in it.
#[derive(Debug, Error)]
pub enum OpenStoreError {
    #[error("the folder {} cannot be used: {source}{}", path.display(), as_whom(source))]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} cannot be used: {problem}; is it a database that pilaster made, on a disk with space left?", path.display())]
    Database { path: PathBuf, problem: StoreError },
    #[error(
        "{} is of version {found}, and this pilaster knows versions up to {known}: run the pilaster that wrote it, or a newer one",
        path.display()
    )]
    Newer {
        path: PathBuf,
        found: i64,
        known: usize,
    },
    #[error(
        "{} holds what its key does not open: put back the {KEY_FILE} that it was made with, or name the configuration whose `state-key` it is; where the key is lost, so are integrators \
         and queries: move state.sqlite and pages away, and they begin anew; audit.sqlite stays",
        path.display()
    )]
    Key { path: PathBuf },
    #[error("another pilaster serves from the folder {}: stop it, or give this one a folder of its own", path.display())]
    InUse { path: PathBuf },
    #[error("the threads of the state store cannot be started: {0}")]
    Threads(#[source] io::Error),
}

impl OpenStoreError {
    pub(super) fn database(path: &Path, problem: impl Into<StoreError>) -> OpenStoreError {
        OpenStoreError::Database {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}

/// That this process is the one that serves from a folder, until it is dropped or the process ends.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

/// Makes this process the one that serves from the folder. Processes that only change the directory need not be.
///
/// # Errors
/// [`OpenStoreError::InUse`], [`OpenStoreError::Folder`]
pub fn lock(folder: &Path) -> Result<StateLock, OpenStoreError> {
    let failed = |source| OpenStoreError::Folder {
        path: folder.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let file = private_file(&folder.join(LOCK_FILE)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(StateLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(OpenStoreError::InUse {
            path: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// A file that only its owner may read; as it is, where it is there.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the folder ready: its database of the newest version, its folder of pages. Gives the connection that writes.
pub(super) fn prepare(folder: &Path) -> Result<Connection, OpenStoreError> {
    let failed = |source| OpenStoreError::Folder {
        path: folder.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(failed)?;
    match pages::private_folder(&folder.join(pages::FOLDER)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let path = folder.join(DATABASE_FILE);
    // Before SQLite makes it, whose files are for everyone; those beside it become as this one.
    private_file(&path).map_err(failed)?;
    let mut sql = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|error| OpenStoreError::database(&path, error))?;
    migrations::migrate(&mut sql).map_err(|error| match error {
        MigrationError::Newer(found) => OpenStoreError::Newer {
            path: path.clone(),
            found,
            known: migrations::NEWEST,
        },
        MigrationError::Sqlite(error) => OpenStoreError::database(&path, error),
    })?;
    Ok(sql)
}

/// A connection that only reads.
pub(super) fn reader(folder: &Path) -> Result<Connection, OpenStoreError> {
    let path = folder.join(DATABASE_FILE);
    let read = || {
        let sql = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        sql.pragma_update(None, "query_only", true)?;
        Ok(sql)
    };
    read().map_err(|error: rusqlite::Error| OpenStoreError::database(&path, error))
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let sql = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    sql.busy_timeout(BUSY)?;
    sql.set_prepared_statement_cache_capacity(64);
    // Readers do not wait for changes, nor changes for readers.
    sql.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // What a transaction's end promised outlives a power cut.
    sql.pragma_update(None, "synchronous", "FULL")?;
    sql.pragma_update(None, "foreign_keys", true)?;
    // What was removed is overwritten, above all the keys of pages.
    sql.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    sql.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
    Ok(sql)
}
