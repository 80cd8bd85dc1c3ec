//! The journal's file: made for its owner alone, brought to the form that this program knows, opened to write or to read.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::JournalError;
use crate::key_file::as_whom;

/// In the data folder.
pub const FILE: &str = "audit.sqlite";

/// What brings the file from one form to the next, in order. One that was released is never changed.
const MIGRATIONS: [&str; 2] = [
    include_str!("migrations/001.sql"),
    include_str!("migrations/002.sql"),
];

/// Pages in the log before they are brought into the file. Many of them are the same pages anew, of which the last alone is
/// brought; and while it is done, nothing is written.
const LOG_PAGES: u32 = 8_192;

/// Another process, such as `pilaster admin`, may be writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the journal of a data folder is.
pub fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Opens the file to write, and makes it where it is not there.
///
/// # Errors
/// [`JournalError::Failed`], [`JournalError::Form`]
pub fn to_write(path: &Path) -> Result<Connection, JournalError> {
    for_owner_alone(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit is in the file also when the machine loses power. No request waits for one.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    // So that REPLACE cannot go past them.
    connection.pragma_update(None, "recursive_triggers", true)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens the file to read.
///
/// # Errors
/// [`JournalError::Failed`] where it is not there, [`JournalError::Form`]
pub fn to_read(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let found = version(&connection)?;
    if found != MIGRATIONS.len() {
        return Err(JournalError::Form {
            found,
            known: MIGRATIONS.len(),
        });
    }
    Ok(connection)
}

/// The files that SQLite makes beside it have the rights that it has.
fn for_owner_alone(path: &Path) -> Result<(), JournalError> {
    let failed = |error: std::io::Error| {
        let path = path.display();
        JournalError::Failed(format!(
            "{path} cannot be written: {error}{}",
            as_whom(&error)
        ))
    };
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let file = options.mode(0o600).open(path).map_err(failed)?;
        let owner = std::fs::Permissions::from_mode(0o600);
        file.set_permissions(owner).map_err(failed)
    }
    #[cfg(not(unix))]
    options.open(path).map(drop).map_err(failed)
}

fn version(connection: &Connection) -> Result<usize, JournalError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(found).unwrap_or(usize::MAX))
}

fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    // Two processes may open it at once.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    let missing = MIGRATIONS.get(found..).ok_or(JournalError::Form {
        found,
        known: MIGRATIONS.len(),
    })?;
    for (form, migration) in (found + 1..).zip(missing) {
        transaction.execute_batch(migration)?;
        transaction.execute_batch(&format!("PRAGMA user_version = {form}"))?;
    }
    transaction.commit()?;
    Ok(())
}
