//! The store in a folder: a SQLite database, `state.sqlite`, and files with pages beside it.
//!
//! One thread makes all changes, those that wait together in one transaction; others look things up, and others again
//! seal, write and open the files of pages, so that neither waits for the other. What a change promised is on the disk
//! when it is answered. Each room here has the statements of its tables, as functions of a connection; this one says on
//! which thread they run.
//!
//! Its clock is its callers', who say what moment it is; but for when a row was changed, which nothing goes by.

mod columns;
mod credentials;
mod deliveries;
mod directory;
mod failure;
mod migrations;
mod open;
mod pages;
mod queries;
mod recovery;
mod registered;
mod sweep;
mod tasks;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;

pub use self::open::{DATABASE_FILE, LOCK_FILE, OpenStoreError, StateLock, lock};
use self::pages::Files;
use self::tasks::{Db, Threads};
use super::seal::SealKey;
use super::{
    Change, DeliveryFilter, Directory, Due, Finish, NextDue, PageFound, Recovered, RunFinish,
    Store, StoreError, Swept, Tried, Waiting,
};
use crate::gateway::id::{DeliveryId, QueryId};
use crate::gateway::integrator::Scope;
use crate::gateway::link::{Later, Nature};
use crate::gateway::moment::Moment;
use crate::gateway::query::{ErrorDetails, Page, Query, StatusTiming};
use crate::gateway::registered::{Registered, RegisteredResult};
use crate::gateway::webhook::{Delivery, Receiver};
use crate::passthrough::call::Call;

/// Threads that look things up, and threads for the files of pages.
const READERS: usize = 2;
const FILERS: usize = 2;

/// The name of the secret by which a wrong key is noticed at once.
const CHECK: &str = "check";

/// A store in a folder. Dropping it waits for what was handed over.
pub struct SqliteStore {
    writer: Threads,
    readers: Threads,
    filers: Threads,
    files: Files,
}

impl SqliteStore {
    /// Opens the store of a folder, which is made where it is not there; of a former version, it is brought to this one.
    /// Several processes may have it open; one of them may be serving, see [`lock`].
    ///
    /// # Errors
    /// [`OpenStoreError`]
    pub fn open(folder: &Path, key: SealKey) -> Result<SqliteStore, OpenStoreError> {
        let key = Arc::new(key);
        let db = |sql| Db {
            sql,
            key: Arc::clone(&key),
        };
        let writer = db(open::prepare(folder)?);
        check_key(&writer).map_err(|error| match error {
            StoreError::Sealed => OpenStoreError::Key {
                path: folder.to_owned(),
            },
            error => OpenStoreError::database(&folder.join(DATABASE_FILE), error),
        })?;
        let readers = |count| (0..count).map(|_| open::reader(folder).map(db)).collect();
        let (looking, filing): (Vec<Db>, Vec<Db>) = match (readers(READERS), readers(FILERS)) {
            (Ok(looking), Ok(filing)) => (looking, filing),
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        Ok(SqliteStore {
            writer: Threads::one("state-writer", move |inbox| writer::serve(&writer, inbox))
                .map_err(OpenStoreError::Threads)?,
            readers: Threads::each("state-reader", looking).map_err(OpenStoreError::Threads)?,
            filers: Threads::each("state-pages", filing).map_err(OpenStoreError::Threads)?,
            files: Files::new(folder),
        })
    }

    /// Looks something up, as it stands at one moment.
    fn look<'a, T, W>(&'a self, work: W) -> Later<'a, Result<T, StoreError>>
    where
        T: Send + 'static,
        W: FnOnce(&Db) -> Result<T, StoreError> + Send + 'static,
    {
        Box::pin(self.readers.ask(move |db| {
            let _moment = db.sql.unchecked_transaction()?;
            work(db)
        }))
    }

    /// Makes a change.
    fn write<'a, T, W>(&'a self, work: W) -> Later<'a, Result<T, StoreError>>
    where
        T: Send + 'static,
        W: FnOnce(&Db) -> Result<T, StoreError> + Send + 'static,
    {
        Box::pin(self.writer.ask(work))
    }

    /// Removes the files of pages that are none any more. What was changed is changed whether they go or not: nothing
    /// opens them, and what stays goes with the next start.
    async fn remove_files(&self, remove: impl FnOnce(&Files) + Send + 'static) {
        let files = self.files.clone();
        let removed = self.filers.ask(move |_| {
            remove(&files);
            Ok(())
        });
        if let Err(error) = removed.await {
            tracing::warn!(%error, "files of pages that are over were not removed");
        }
    }

    /// The same, for all pages of queries.
    async fn remove_pages(&self, of: Vec<QueryId>) {
        if !of.is_empty() {
            self.remove_files(move |files| files.remove_all(&of)).await;
        }
    }

    async fn put(&self, id: QueryId, page: Page, rows: Bytes) -> Result<(), StoreError> {
        if page.size != rows.len() as u64 {
            return Err(StoreError::Failed("a page is not of its size".to_owned()));
        }
        let files = self.files.clone();
        let write = move |db: &Db| pages::write(db, &files, id, page.number, &rows);
        self.filers.ask(write).await?;
        let at = Moment::now();
        let kept = self
            .writer
            .ask(move |db| pages::put(db, id, &page, at))
            .await;
        if kept.is_err() {
            self.remove_files(move |files| files.remove(id, page.number))
                .await;
        }
        kept
    }
}

/// Whether what the store holds was sealed with its key; then what a former version did not seal is sealed.
fn check_key(db: &Db) -> Result<(), StoreError> {
    db.sql.execute_batch("BEGIN IMMEDIATE")?;
    let checked = credentials::make_own_secret(db, CHECK);
    let sealed = checked.and_then(|_| credentials::seal_urls(db));
    db.sql.execute_batch("COMMIT")?;
    sealed
}

impl Store for SqliteStore {
    fn directory(&self) -> Later<'_, Result<Directory, StoreError>> {
        self.look(directory::read)
    }

    fn directory_version(&self) -> Later<'_, Result<u64, StoreError>> {
        self.look(directory::version)
    }

    fn change(&self, change: Change) -> Later<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let gone = self.writer.ask(|db| directory::change(db, change)).await?;
            self.remove_pages(gone).await;
            Ok(())
        })
    }

    fn own_secret(&self, name: &'static str) -> Later<'_, Result<[u8; 32], StoreError>> {
        Box::pin(async move {
            let known = self
                .look(move |db| credentials::own_secret(db, name))
                .await?;
            match known {
                Some(secret) => Ok(secret),
                None => {
                    let make = move |db: &Db| credentials::make_own_secret(db, name);
                    self.writer.ask(make).await
                }
            }
        })
    }

    fn add_query(&self, query: Query, call: Arc<Call>) -> Later<'_, Result<(), StoreError>> {
        self.write(move |db| queries::add(db, &query, &call))
    }

    fn recover(
        &self,
        now: Moment,
        error: ErrorDetails,
        keep: Duration,
    ) -> Later<'_, Result<Recovered, StoreError>> {
        Box::pin(async move {
            let recover = move |db: &Db| recovery::recover(db, now, &error, keep);
            let (recovered, without_pages) = self.writer.ask(recover).await?;
            self.remove_pages(without_pages).await;
            let files = self.files.clone();
            self.filers
                .ask(move |db| pages::remove_strays(db, &files))
                .await?;
            Ok(recovered)
        })
    }

    fn waiting(
        &self,
        after: Option<QueryId>,
        limit: usize,
    ) -> Later<'_, Result<Vec<Waiting>, StoreError>> {
        self.look(move |db| queries::waiting(db, after, limit))
    }

    fn call(&self, id: QueryId) -> Later<'_, Result<Option<Arc<Call>>, StoreError>> {
        self.look(move |db| queries::call(db, id))
    }

    fn begin(
        &self,
        id: QueryId,
        nature: Nature,
        timing: StatusTiming,
        at: Moment,
    ) -> Later<'_, Result<bool, StoreError>> {
        self.write(move |db| queries::begin(db, id, nature, &timing, at))
    }

    fn put_page(&self, id: QueryId, page: Page, rows: Bytes) -> Later<'_, Result<(), StoreError>> {
        Box::pin(self.put(id, page, rows))
    }

    fn finish(&self, finish: Finish) -> Later<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let without_pages = match finish.outcome {
                Some(_) => Vec::new(),
                None => vec![finish.id],
            };
            let has_ended = self
                .writer
                .ask(move |db| queries::finish(db, &finish))
                .await?;
            if has_ended {
                self.remove_pages(without_pages).await;
            }
            Ok(has_ended)
        })
    }

    fn query(&self, scope: &Scope, id: QueryId) -> Later<'_, Result<Option<Query>, StoreError>> {
        let scope = scope.clone();
        self.look(move |db| queries::find(db, &scope, id))
    }

    fn any_query(&self, id: QueryId) -> Later<'_, Result<Option<Query>, StoreError>> {
        self.look(move |db| queries::find_any(db, id))
    }

    fn page(
        &self,
        scope: &Scope,
        id: QueryId,
        number: u32,
        now: Moment,
    ) -> Later<'_, Result<Option<PageFound>, StoreError>> {
        let scope = scope.clone();
        let files = self.files.clone();
        let read = move |db: &Db| pages::read(db, &files, &scope, id, number, now);
        Box::pin(self.filers.ask(read))
    }

    fn sweep(&self, now: Moment) -> Later<'_, Result<Swept, StoreError>> {
        Box::pin(async move {
            let mut swept = Swept::default();
            loop {
                let step = self.writer.ask(move |db| sweep::step(db, now)).await?;
                self.remove_pages(step.pages).await;
                swept.removed += step.removed;
                swept.given_up += step.given_up;
                if step.is_last {
                    return Ok(swept);
                }
            }
        })
    }

    fn register(
        &self,
        registered: Registered,
        call: Arc<Call>,
        most: usize,
    ) -> Later<'_, Result<bool, StoreError>> {
        self.write(move |db| registered::add(db, &registered, &call, most))
    }

    fn registered(&self, scope: &Scope) -> Later<'_, Result<Vec<Registered>, StoreError>> {
        let scope = scope.clone();
        self.look(move |db| registered::all(db, &scope))
    }

    fn registered_one(
        &self,
        scope: &Scope,
        id: QueryId,
    ) -> Later<'_, Result<Option<Registered>, StoreError>> {
        let scope = scope.clone();
        self.look(move |db| registered::one(db, &scope, id))
    }

    fn cancel(
        &self,
        scope: &Scope,
        id: QueryId,
        at: Moment,
    ) -> Later<'_, Result<bool, StoreError>> {
        let scope = scope.clone();
        self.write(move |db| registered::cancel(db, &scope, id, at))
    }

    fn registered_result(
        &self,
        scope: &Scope,
        id: QueryId,
    ) -> Later<'_, Result<Option<RegisteredResult>, StoreError>> {
        let scope = scope.clone();
        self.look(move |db| registered::result(db, &scope, id))
    }

    fn due(&self, now: Moment, limit: usize) -> Later<'_, Result<Vec<Due>, StoreError>> {
        self.write(move |db| registered::due(db, now, limit))
    }

    fn begin_run(&self, id: QueryId, nature: Nature) -> Later<'_, Result<bool, StoreError>> {
        self.write(move |db| registered::begin_run(db, id, nature))
    }

    fn finish_run(&self, finish: RunFinish) -> Later<'_, Result<bool, StoreError>> {
        self.write(move |db| registered::finish_run(db, &finish))
    }

    fn next_due(&self) -> Later<'_, Result<NextDue, StoreError>> {
        self.look(|db| Ok((registered::next(db)?, deliveries::next(db)?)))
    }

    fn due_deliveries(
        &self,
        now: Moment,
        again: Moment,
        limit: usize,
    ) -> Later<'_, Result<Vec<Delivery>, StoreError>> {
        self.due_deliveries_for_all(now, again, limit, usize::MAX, Vec::new())
    }

    fn due_deliveries_for_all(
        &self,
        now: Moment,
        again: Moment,
        limit: usize,
        each: usize,
        busy: Vec<Receiver>,
    ) -> Later<'_, Result<Vec<Delivery>, StoreError>> {
        self.write(move |db| deliveries::due(db, now, again, limit, each, &busy))
    }

    fn tried(&self, tried: Tried) -> Later<'_, Result<(), StoreError>> {
        self.write(move |db| deliveries::tried(db, &tried))
    }

    fn put_back(&self, id: DeliveryId, next_at: Moment) -> Later<'_, Result<(), StoreError>> {
        self.write(move |db| deliveries::put_back(db, id, next_at))
    }

    fn redeliver(
        &self,
        filter: DeliveryFilter,
        now: Moment,
    ) -> Later<'_, Result<usize, StoreError>> {
        self.write(move |db| deliveries::redeliver(db, &filter, now))
    }

    fn deliveries(&self, filter: DeliveryFilter) -> Later<'_, Result<Vec<Delivery>, StoreError>> {
        self.look(move |db| deliveries::find(db, &filter))
    }
}
