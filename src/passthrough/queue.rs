//! Places that may be held at once, and who waits for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::PassthroughError;

/// A number of places, with a bound on those who wait.
pub(super) struct Queue {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    most: usize,
}

impl Queue {
    /// `most` may wait for one of `places`.
    pub(super) fn new(places: usize, most: usize) -> Queue {
        Queue {
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            most,
        }
    }

    /// A place, at once or when one comes free before the deadline.
    ///
    /// # Errors
    /// [`PassthroughError::Busy`]
    pub(super) async fn place(
        &self,
        deadline: Deadline,
    ) -> Result<OwnedSemaphorePermit, PassthroughError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _counted = Waiting::new(&self.waiting, self.most).ok_or(PassthroughError::Busy)?;
        let free = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout_at(deadline.0, free).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(PassthroughError::Busy),
        }
    }
}

/// Until when one waits, in however many queues.
#[derive(Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn after(wait: Duration) -> Deadline {
        Deadline(Instant::now() + wait)
    }
}

/// Counts who waits, within a bound.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize, most: usize) -> Option<Waiting<'a>> {
        let counted = Waiting(count);
        // Counted first, so that the drop takes it back on refusal too.
        (count.fetch_add(1, Ordering::Relaxed) < most).then_some(counted)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
