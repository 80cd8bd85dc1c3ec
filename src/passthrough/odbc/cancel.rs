//! Has a statement end when its job does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use odbc_api::sys::{HStmt, SQLCancel, SqlReturn};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::passthrough::Watch;

/// A cancelling that comes before the statement has begun says nothing to it: it is said again.
const AGAIN: Duration = Duration::from_millis(50);

/// Cancels a statement once its job is to end, until this is dropped.
pub(super) struct Cancelling {
    target: Arc<Target>,
    task: JoinHandle<()>,
}

/// The statement, for as long as there is one.
struct Target(Mutex<Option<HStmt>>);

// SAFETY: the handle is a number to the driver manager, which locks what belongs to it; `SQLCancel` is the function that
// ODBC lets another thread call while one works with the statement. It is called under the lock alone, which is also
// what the handle is taken away under before the statement is freed.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

impl Target {
    fn lock(&self) -> MutexGuard<'_, Option<HStmt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was a statement to cancel.
    fn cancel(&self) -> bool {
        let handle = self.lock();
        let Some(statement) = *handle else {
            return false;
        };
        // SAFETY: the statement is not freed while the lock is held.
        let SqlReturn(_) = unsafe { SQLCancel(statement) };
        true
    }
}

impl Cancelling {
    /// `statement` has to be there for as long as what is given.
    pub(super) fn begin(runtime: &Handle, statement: HStmt, watch: &Arc<Watch>) -> Cancelling {
        let target = Arc::new(Target(Mutex::new(Some(statement))));
        let task = runtime.spawn({
            let (target, watch) = (Arc::clone(&target), Arc::clone(watch));
            async move {
                watch.over().await;
                loop {
                    let target = Arc::clone(&target);
                    // Drivers may connect to the server for it.
                    let cancelled = tokio::task::spawn_blocking(move || target.cancel()).await;
                    if !cancelled.unwrap_or(false) {
                        return;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        });
        Cancelling { target, task }
    }
}

impl Drop for Cancelling {
    fn drop(&mut self) {
        // Waits for a cancelling that is under way.
        *self.target.lock() = None;
        self.task.abort();
    }
}
