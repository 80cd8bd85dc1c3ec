//! Work for threads that hold a connection each: how it is handed over, and how its answer comes back.
//!
//! A queue has a bound. Whoever finds it full waits a moment and is then told so, for a caller that waits longer has
//! given up, and what it wanted kept would be kept for nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};
use tokio::sync::{mpsc, oneshot};

use crate::store::StoreError;
use crate::store::seal::{Place, SealKey};

/// Tasks that may wait for a thread.
pub(super) const WAITING: usize = 1024;
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection, and the key to what it finds.
pub(super) struct Db {
    pub(super) sql: Connection,
    pub(super) key: Arc<SealKey>,
}

impl Db {
    /// Seals a value for a column of a row.
    pub(super) fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.key.seal(value, place)
    }

    /// Seals a value, as JSON, for a column of a row.
    pub(super) fn seal_json<T>(&self, place: Place<'_>, value: &T) -> Result<Vec<u8>, StoreError>
    where
        T: Serialize + ?Sized,
    {
        let json = serde_json::to_vec(value);
        let json = json.map_err(|_| StoreError::Failed("a value is not written".to_owned()))?;
        self.seal(place, &json)
    }

    /// Opens what [`Db::seal`] sealed.
    pub(super) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.key.open(sealed, place)
    }

    /// Opens what [`Db::seal_json`] sealed.
    pub(super) fn open_json<T>(&self, place: Place<'_>, sealed: &[u8]) -> Result<T, StoreError>
    where
        T: DeserializeOwned,
    {
        serde_json::from_slice(&self.open(place, sealed)?).map_err(|_| StoreError::Sealed)
    }
}

/// Work whose answer is not told before it counts.
pub(super) trait Task: Send {
    /// Does the work. False where it failed: what it changed is to be undone.
    fn run(&mut self, db: &Db) -> bool;

    /// Tells the answer; or, where what was done does not count, why.
    fn settle(self: Box<Self>, counts: Result<(), StoreError>);
}

struct Asked<W, T> {
    work: Option<W>,
    answer: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<W, T> Task for Asked<W, T>
where
    W: FnOnce(&Db) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, db: &Db) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // One that panics is not to take the thread, and with it everyone's work, along.
        let answer = catch_unwind(AssertUnwindSafe(|| work(db)))
            .unwrap_or_else(|_| Err(StoreError::Failed("a step of its own panicked".to_owned())));
        let is_done = answer.is_ok();
        self.answer = Some(answer);
        is_done
    }

    fn settle(self: Box<Self>, counts: Result<(), StoreError>) {
        let answer = match (counts, self.answer) {
            (Ok(()), Some(answer)) | (Err(_), Some(answer @ Err(_))) => answer,
            (Ok(()), None) => Err(stopped()),
            (Err(why), _) => Err(why),
        };
        // Nobody may wait for it any more.
        let _ = self.reply.send(answer);
    }
}

fn stopped() -> StoreError {
    StoreError::Failed("it has stopped".to_owned())
}

/// The queue of a number of threads. They end, after what waits, when it is dropped.
pub(super) struct Threads {
    tasks: Option<mpsc::Sender<Box<dyn Task>>>,
    threads: Vec<JoinHandle<()>>,
    /// How long a caller waits for a place in the queue.
    pub(super) patience: Duration,
}

/// Where a thread gets its tasks from.
pub(super) type Inbox = mpsc::Receiver<Box<dyn Task>>;

impl Threads {
    /// One thread, which takes its tasks from the queue as it likes.
    pub(super) fn one(
        name: &str,
        serve: impl FnOnce(Inbox) + Send + 'static,
    ) -> std::io::Result<Threads> {
        let (tasks, inbox) = mpsc::channel(WAITING);
        let thread = thread::Builder::new().name(name.to_owned());
        Ok(Threads {
            tasks: Some(tasks),
            threads: vec![thread.spawn(move || serve(inbox))?],
            patience: PATIENCE,
        })
    }

    /// A thread for each connection, which does one task after the other.
    pub(super) fn each(name: &str, connections: Vec<Db>) -> std::io::Result<Threads> {
        let (tasks, inbox) = mpsc::channel::<Box<dyn Task>>(WAITING);
        let inbox = Arc::new(Mutex::new(inbox));
        let mut threads = Vec::with_capacity(connections.len());
        for db in connections {
            let inbox = Arc::clone(&inbox);
            let serve = move || {
                loop {
                    // Whoever holds the lock sleeps for the next task, the others for the lock.
                    let next = inbox
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .blocking_recv();
                    let Some(mut task) = next else { break };
                    task.run(&db);
                    task.settle(Ok(()));
                }
            };
            threads.push(thread::Builder::new().name(name.to_owned()).spawn(serve)?);
        }
        Ok(Threads {
            tasks: Some(tasks),
            threads,
            patience: PATIENCE,
        })
    }

    /// Has work done, and waits for its answer. Work that was handed over is done, whether anyone waits or not.
    ///
    /// No more than the work's own waits bounds this one: who stopped waiting for a change would not know whether it was
    /// made.
    ///
    /// # Errors
    /// The work's own; [`StoreError::Busy`] where no place in the queue came free.
    pub(super) async fn ask<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Db) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task: Box<dyn Task> = Box::new(Asked {
            work: Some(work),
            answer: None,
            reply,
        });
        let tasks = self.tasks.as_ref().ok_or_else(stopped)?;
        match tasks.try_send(task) {
            Ok(()) => {}
            Err(TrySendError::Closed(_)) => return Err(stopped()),
            Err(TrySendError::Full(task)) => match tasks.send_timeout(task, self.patience).await {
                Ok(()) => {}
                Err(SendTimeoutError::Closed(_)) => return Err(stopped()),
                Err(SendTimeoutError::Timeout(_)) => return Err(StoreError::Busy),
            },
        }
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        drop(self.tasks.take());
        for thread in self.threads.drain(..) {
            // It has told whoever waited.
            let _ = thread.join();
        }
    }
}
