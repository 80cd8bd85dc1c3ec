//! Has statements end when their jobs do.
//!
//! Statements begin and end too often for each to have somebody who watches it: all that run are looked through, many
//! times a second, and those whose job is over are cancelled.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use odbc_api::sys::{HStmt, SQLCancel, SqlReturn};
use tokio::runtime::Handle;

use crate::passthrough::Watch;

/// Between two looks. A cancelling that comes before the statement has begun says nothing to it: it is said again.
const LOOKS: Duration = Duration::from_millis(50);
/// Looks at nothing, after which nobody looks until there is something.
const IDLE_LOOKS: u32 = 100;

/// The statements of one driver that run.
pub(super) struct Canceller {
    runtime: Handle,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Vec<(Arc<Target>, Arc<Watch>)>,
    is_watched: bool,
}

/// The statement, for as long as there is one.
struct Target {
    statement: Mutex<Option<HStmt>>,
    is_cancelling: AtomicBool,
}

// SAFETY: the handle is a number to the driver manager, which locks what belongs to it; `SQLCancel` is the function that
// ODBC lets another thread call while one works with the statement. It is called under the lock alone, which is also
// what the handle is taken away under before the statement is freed.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

impl Target {
    fn lock(&self) -> MutexGuard<'_, Option<HStmt>> {
        self.statement
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn cancel(&self) {
        if let Some(statement) = *self.lock() {
            // SAFETY: the statement is not freed while the lock is held.
            let SqlReturn(_) = unsafe { SQLCancel(statement) };
        }
        self.is_cancelling.store(false, Ordering::Release);
    }
}

/// A statement that runs, until this is dropped.
pub(super) struct Cancelling<'c> {
    canceller: &'c Canceller,
    target: Arc<Target>,
}

impl Canceller {
    /// Nothing runs. Statements are cancelled on threads of `runtime`.
    pub(super) fn new(runtime: Handle) -> Canceller {
        Canceller {
            runtime,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cancels a statement once its job is to end. `statement` has to be there for as long as what is given.
    pub(super) fn begin(self: &Arc<Self>, statement: HStmt, watch: &Arc<Watch>) -> Cancelling<'_> {
        let target = Arc::new(Target {
            statement: Mutex::new(Some(statement)),
            is_cancelling: AtomicBool::new(false),
        });
        let mut state = self.lock();
        state.running.push((Arc::clone(&target), Arc::clone(watch)));
        if !std::mem::replace(&mut state.is_watched, true) {
            self.runtime.spawn(look(Arc::downgrade(self)));
        }
        drop(state);
        Cancelling {
            canceller: self,
            target,
        }
    }
}

/// Looks for as long as statements run, and the driver is there.
async fn look(canceller: Weak<Canceller>) {
    let mut idle = 0;
    loop {
        tokio::time::sleep(LOOKS).await;
        let Some(canceller) = canceller.upgrade() else {
            return;
        };
        let mut state = canceller.lock();
        idle = if state.running.is_empty() {
            idle + 1
        } else {
            0
        };
        if idle > IDLE_LOOKS {
            state.is_watched = false;
            return;
        }
        for (target, watch) in &state.running {
            if watch.is_over() && !target.is_cancelling.swap(true, Ordering::AcqRel) {
                let target = Arc::clone(target);
                // Drivers may connect to the server for it.
                canceller.runtime.spawn_blocking(move || target.cancel());
            }
        }
    }
}

impl Drop for Cancelling<'_> {
    fn drop(&mut self) {
        // Waits for a cancelling that is under way.
        *self.target.lock() = None;
        let mut state = self.canceller.lock();
        let is_it = |(of, _): &(Arc<Target>, _)| Arc::ptr_eq(of, &self.target);
        if let Some(place) = state.running.iter().position(is_it) {
            state.running.swap_remove(place);
        }
    }
}
