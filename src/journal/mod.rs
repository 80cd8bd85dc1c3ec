//! The journal: who asked which practice, when, for what and with what success. Metadata alone, kept for years.
//!
//! Takes an [`Entry`] for each request to a practice, for each end of what was done without one, and for each change of who
//! may ask whom; gives them back to an operator, as FHIR AuditEvents ([`audit_event`]) or one by one. It is a database of
//! its own, `audit.sqlite` in the data folder, apart from the state: it is written far more often, is read by others, and
//! outlives what it speaks of.
//!
//! - **Nothing of a patient's.** An entry has no place for SQL text, parameters, searches or messages ([`entry`]).
//! - **Kept when it says so.** [`Journal::record`] is done when the entry stands in the spool (`spool`), from where it is taken
//!   into the database within moments: a process that is killed loses nothing that was acknowledged. (A machine that loses
//!   power may lose those moments: the spool is not flushed for each entry.)
//! - **Only added to.** Triggers refuse every change, and removal but for that of the oldest days. That anybody who can
//!   write the file could remove them is why each entry is tied to all before it by a hash ([`chain`]): [`Reader::verify`]
//!   names the first that is not what it was. What was cut off at the end is seen where the last entry was noted
//!   elsewhere; the log has it once an hour.
//!
//! | module | takes → gives |
//! |---|---|
//! | [`entry`] | what happened → an entry |
//! | [`chain`] | an entry and the hash before it → its hash |
//! | `file` | a data folder → its journal, open |
//! | `spool` | an entry → a line that is kept until it is in the database |
//! | `writer` | entries → transactions; what is past its retention → nothing |
//! | [`reader`] | a filter → entries; a query's id → the query; the file → whether it is whole |
//! | [`audit_event`] | an entry → an AuditEvent of R4 |

pub mod audit_event;
pub mod chain;
pub mod entry;
mod file;
pub mod reader;
mod spool;
mod writer;

use std::future::{Ready, ready};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::Either;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};

pub use entry::{Caller, Cause, Durations, Entry, Interaction, Kind, Sizes, What, millis};
pub use file::FILE;
pub use reader::{Filter, Page, Place, Reader, Recorded, Verdict};
pub use writer::describe as describe_metrics;

use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::moment::Moment;
use crate::gateway::query::Query;
use chain::Head;
use spool::Spool;
use writer::Order;

/// Entries that wait to be written, at the most.
const WAITING: usize = 8_192;
/// How long an entry waits for room among them, and a reader for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Readers at once.
const READERS: usize = 4;
/// How long a page of entries may be read: one is found without an index where a filter leaves most out.
const READ: Duration = Duration::from_secs(30);

/// How long entries are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Whole days of UTC.
    pub days: u32,
}

impl Default for Retention {
    /// Seven years, two leap days among them: for how long medical records are kept in Australia.
    fn default() -> Retention {
        Retention { days: 2_557 }
    }
}

/// Why the journal could not be written or read. No message holds what an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JournalError {
    /// The medium: full, gone, damaged.
    #[error("the journal failed: {0}")]
    Failed(String),
    /// More is to be written, or read, than can be.
    #[error("the journal is busy")]
    Busy,
    #[error(
        "the journal has form {found}, and this program knows {known}: it was written by a newer one, or has yet to be opened by this one's server"
    )]
    Form { found: usize, known: usize },
    /// An entry is not what was written.
    #[error("entry {seq} of the journal cannot be read: see what `verify` says")]
    Damaged { seq: i64 },
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> JournalError {
        JournalError::Failed(error.to_string())
    }
}

/// A journal that is written and read.
pub struct Journal {
    folder: PathBuf,
    orders: Sender<Order>,
    /// What entries go through; without it each is a transaction's.
    spool: Option<Arc<Spool>>,
    /// Places among the entries that wait to be written.
    places: Arc<Semaphore>,
    writer: Option<JoinHandle<()>>,
    turns: Arc<Semaphore>,
    /// How long an entry waits for a place, and a reader for its turn.
    patience: Duration,
    /// How long reading may take.
    longest: Duration,
    /// Readers that nobody uses now.
    readers: Arc<Mutex<Vec<Reader>>>,
}

impl Journal {
    /// Opens the journal of a data folder, and makes it where there is none; also beside a server that writes it. Each entry
    /// waits for its transaction.
    ///
    /// # Errors
    /// [`JournalError::Failed`], [`JournalError::Form`]
    pub fn open(folder: &Path, retention: Retention) -> Result<Journal, JournalError> {
        Journal::with(folder, retention, None)
    }

    /// Opens the journal of a data folder for a server, whose requests do not wait for transactions; what a former one left
    /// on its way is taken in. One at a time: whoever calls it holds the lock of the folder's state.
    ///
    /// # Errors
    /// As [`Journal::open`]
    pub fn serving(folder: &Path, retention: Retention) -> Result<Journal, JournalError> {
        let mut connection = file::to_write(&file::path(folder))?;
        let spool = Spool::open(folder)?;
        writer::take_in(&mut connection, Some(&spool))?;
        drop(connection);
        Journal::with(folder, retention, Some(Arc::new(spool)))
    }

    fn with(
        folder: &Path,
        retention: Retention,
        spool: Option<Arc<Spool>>,
    ) -> Result<Journal, JournalError> {
        let connection = file::to_write(&file::path(folder))?;
        let (orders, taken) = mpsc::channel();
        let taken_from = spool.clone();
        let writer = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer::write(connection, &taken, retention, taken_from.as_deref()))
            .map_err(|error| JournalError::Failed(error.to_string()))?;
        Ok(Journal {
            folder: folder.to_owned(),
            orders,
            spool,
            places: Arc::new(Semaphore::new(WAITING)),
            writer: Some(writer),
            turns: Arc::new(Semaphore::new(READERS)),
            patience: PATIENCE,
            longest: READ,
            readers: Arc::default(),
        })
    }

    /// Writes an entry. It is on its way when this returns, unless too many wait; the future is ready when it is kept, and
    /// may be dropped by who does not care.
    ///
    /// # Errors
    /// [`JournalError::Busy`] where there was no room for it in time, [`JournalError::Failed`]
    pub fn record(
        &self,
        entry: &Entry,
    ) -> impl Future<Output = Result<(), JournalError>> + Send + use<> {
        self.begin(entry)
    }

    /// Either it is known at once whether the entry is kept, or in time.
    fn begin(
        &self,
        entry: &Entry,
    ) -> Either<
        Ready<Result<(), JournalError>>,
        impl Future<Output = Result<(), JournalError>> + Send + use<>,
    > {
        // Plain data with names for keys, which JSON always has.
        let body = serde_json::to_string(entry).unwrap_or_default();
        match &self.spool {
            Some(spool) => Either::Left(ready(self.put(spool, &body))),
            None => Either::Right(self.order(body)),
        }
    }

    /// Writes an entry for which nobody waits, as where a request is dropped; that it could not be kept is in the log alone.
    /// A server's journal has it when this returns.
    pub fn record_unawaited(&self, entry: &Entry) {
        let request = entry.request;
        let tell = move |kept: Result<(), JournalError>| {
            if let Err(error) = kept {
                let request = request.map(tracing::field::display);
                tracing::error!(request, %error, "the journal lacks an entry");
            }
        };
        let kept = self.begin(entry);
        match (kept, Handle::try_current()) {
            (Either::Left(kept), _) => tell(kept.into_inner()),
            (Either::Right(kept), Ok(runtime)) => {
                runtime.spawn(kept.map(tell));
            }
            // It is on its way, where there is room.
            (Either::Right(_), Err(_)) => {}
        }
    }

    fn put(&self, spool: &Spool, body: &str) -> Result<(), JournalError> {
        let put = spool.put(body);
        match put {
            Ok(false) => {}
            Ok(true) => self.orders.send(Order::Look).map_err(|_| closed())?,
            Err(_) => writer::count_failed(),
        }
        put.map(drop)
    }

    fn order(&self, body: String) -> impl Future<Output = Result<(), JournalError>> + Send + use<> {
        let (kept, awaited) = oneshot::channel();
        let orders = self.orders.clone();
        let patience = self.patience;
        let send = move |place| {
            let order = Order::Record {
                body,
                kept,
                _place: place,
            };
            orders.send(order).map_err(|_| closed())
        };
        let sent = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Ok(send(place)),
            Err(_) => Err((Arc::clone(&self.places), send)),
        };
        async move {
            match sent {
                Ok(sent) => sent?,
                Err((places, send)) => {
                    let place = tokio::time::timeout(patience, places.acquire_owned()).await;
                    let place = place.map_err(|_| JournalError::Busy)?;
                    send(place.map_err(|_| closed())?)?;
                }
            }
            awaited.await.map_err(|_| closed())?
        }
    }

    /// Waits until all that was recorded is in the database.
    ///
    /// # Errors
    /// [`JournalError::Busy`] where that takes too long, [`JournalError::Failed`]
    pub async fn take_in(&self) -> Result<(), JournalError> {
        if self.spool.is_none() {
            return Ok(());
        }
        let (done, awaited) = oneshot::channel();
        let order = Order::TakeIn { done };
        self.orders.send(order).map_err(|_| closed())?;
        let taken = tokio::time::timeout(self.patience, awaited).await;
        taken
            .map_err(|_| JournalError::Busy)?
            .map_err(|_| closed())?
    }

    /// Removes what was past its retention at a time; how many entries. It is done by itself once an hour.
    ///
    /// # Errors
    /// [`JournalError::Failed`]
    pub async fn sweep(&self, now: Moment) -> Result<usize, JournalError> {
        let (removed, awaited) = oneshot::channel();
        let order = Order::Sweep { now, removed };
        self.orders.send(order).map_err(|_| closed())?;
        awaited.await.map_err(|_| closed())?
    }

    /// A page of entries, in the order of time; the first one, or that which begins at a place.
    ///
    /// # Errors
    /// As [`Reader::entries`]; [`JournalError::Busy`]
    pub async fn entries(
        &self,
        filter: Filter,
        after: Option<Place>,
    ) -> Result<Page, JournalError> {
        self.read(move |reader| reader.entries(&filter, after))
            .await
    }

    /// An immediate query of a scope's, without its rows; None where the scope had none with the id.
    ///
    /// # Errors
    /// As [`Reader::immediate`]; [`JournalError::Busy`]
    pub async fn immediate(
        &self,
        scope: &Scope,
        id: QueryId,
    ) -> Result<Option<Query>, JournalError> {
        let scope = scope.clone();
        self.read(move |reader| reader.immediate(&scope, id)).await
    }

    /// The last entry.
    ///
    /// # Errors
    /// [`JournalError::Failed`], [`JournalError::Busy`]
    pub async fn head(&self) -> Result<Head, JournalError> {
        self.read(Reader::head).await
    }

    /// Reads on a thread that may wait, when there is a turn, for so long at the most.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.take_in().await?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(self.patience, turn).await;
        let turn = turn.map_err(|_| JournalError::Busy)?;
        let folder = self.folder.clone();
        let idle = Arc::clone(&self.readers);
        let done = tokio::task::spawn_blocking(move || {
            // Its turn is over when it has read, whether anybody waits or not.
            let _turn = turn;
            let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let reader = lock().pop();
            let reader = match reader {
                Some(reader) => reader,
                None => Reader::open(&folder)?,
            };
            let done = read(&reader);
            lock().push(reader);
            done
        });
        let done = tokio::time::timeout(self.longest, done).await;
        done.map_err(|_| JournalError::Busy)?
            .map_err(|_| closed())?
    }
}

/// Its thread has ended, or a reader's.
fn closed() -> JournalError {
    JournalError::Failed("it is closed".to_owned())
}

/// What is on its way is written first.
impl Drop for Journal {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
