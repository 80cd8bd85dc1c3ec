//! The one thread that writes.
//!
//! What waits for the disk is a transaction's end, not a statement: so all changes that wait go into one transaction, and
//! are answered when it has ended well. Each has a savepoint of its own, so that one that fails takes no other along.

use rusqlite::Connection;

use super::tasks::{Db, Inbox, Task};
use crate::store::StoreError;

/// Changes in one transaction, at the most.
const GROUP: usize = 128;

/// Makes changes until there will be no more.
pub(super) fn serve(db: &Db, mut inbox: Inbox) {
    let mut waiting = Vec::with_capacity(GROUP);
    while inbox.blocking_recv_many(&mut waiting, GROUP) > 0 {
        let mut waiting = waiting.drain(..);
        while !waiting.as_slice().is_empty() {
            commit(db, &mut waiting);
        }
    }
}

/// Makes changes in one transaction: all of them, but where the transaction is lost before the last.
fn commit(db: &Db, waiting: &mut dyn Iterator<Item = Box<dyn Task>>) {
    if let Err(error) = db.sql.execute_batch("BEGIN IMMEDIATE") {
        let error = StoreError::from(error);
        waiting.for_each(|task| task.settle(Err(error.clone())));
        return;
    }
    let mut made = Vec::new();
    let mut ended = Ok(());
    for mut task in waiting {
        ended = one(&db.sql, || task.run(db));
        made.push(task);
        if ended.is_err() {
            break;
        }
    }
    let ended = ended.and_then(|()| Ok(db.sql.execute_batch("COMMIT")?));
    if ended.is_err() && !db.sql.is_autocommit() {
        // The error that counts is the first one.
        let _ = db.sql.execute_batch("ROLLBACK");
    }
    for task in made {
        task.settle(ended.clone());
    }
}

/// Makes one change within the transaction, or leaves no trace of it.
///
/// # Errors
/// Why the whole transaction is lost: SQLite rolls it back itself where the disk is full, say.
fn one(sql: &Connection, run: impl FnOnce() -> bool) -> Result<(), StoreError> {
    sql.execute_batch("SAVEPOINT change")?;
    let end = match run() {
        true => "RELEASE change",
        false => "ROLLBACK TO change; RELEASE change",
    };
    if sql.is_autocommit() {
        let why = "another change, kept together with this one, failed as a full disk lets it";
        return Err(StoreError::Failed(why.to_owned()));
    }
    Ok(sql.execute_batch(end)?)
}
