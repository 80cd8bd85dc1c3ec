//! The tables, by the versions of the program that changed them.
//!
//! A text that was released stays as it is: a file of any former version is brought to the newest by the texts that it
//! has not seen, each in a transaction of its own that notes the version in the file.

use rusqlite::{Connection, TransactionBehavior};

/// The first one makes version 1 of nothing.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
];

/// The version that this program writes.
pub(super) const NEWEST: usize = MIGRATIONS.len();

/// Why a file cannot be brought to the newest version.
#[derive(Debug)]
pub(super) enum MigrationError {
    /// The file is of a version that this program does not know.
    Newer(i64),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for MigrationError {
    fn from(error: rusqlite::Error) -> MigrationError {
        MigrationError::Sqlite(error)
    }
}

/// Brings a file to the newest version.
///
/// # Errors
/// [`MigrationError`]: the file is of a former version, whole.
pub(super) fn migrate(sql: &mut Connection) -> Result<(), MigrationError> {
    loop {
        // Another process may be at the same: the version is read under the lock.
        let transaction = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 =
            transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let done = usize::try_from(version).map_err(|_| MigrationError::Newer(version))?;
        if done > NEWEST {
            return Err(MigrationError::Newer(version));
        }
        let Some(next) = MIGRATIONS.get(done) else {
            return Ok(());
        };
        transaction.execute_batch(next)?;
        transaction.pragma_update(None, "user_version", version + 1)?;
        transaction.commit()?;
    }
}
