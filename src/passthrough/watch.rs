//! How long a job may go on: until its deadline, or until nobody waits for it any more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::trace_context::{self, TraceContext};

/// One job's end. Those who wait for a database ask it, or wait for it.
pub struct Watch {
    /// When the job's time is up; it has none before it begins.
    deadline: OnceLock<Instant>,
    /// How long the job's statements may take together.
    limit: Duration,
    cancelled: AtomicBool,
    notify: Notify,
    /// Of the request that the job is for.
    trace: Option<TraceContext>,
}

impl Watch {
    /// A job that begins now, whose statements may take so long together.
    pub fn begun(limit: Duration) -> Arc<Watch> {
        let watch = Watch::new(limit);
        watch.begin();
        watch
    }

    /// A job that has not begun.
    pub(super) fn new(limit: Duration) -> Arc<Watch> {
        Arc::new(Watch {
            deadline: OnceLock::new(),
            limit,
            cancelled: AtomicBool::new(false),
            notify: Notify::new(),
            trace: trace_context::current(),
        })
    }

    /// The place in a trace of the request that the job is for; None where it is for none.
    pub fn trace(&self) -> Option<&TraceContext> {
        self.trace.as_ref()
    }

    /// The job's time runs from now.
    pub(super) fn begin(&self) {
        let _ = self.deadline.set(Instant::now() + self.limit);
    }

    /// When the job's time is up.
    pub fn deadline(&self) -> Instant {
        let begun = self.deadline.get().copied();
        begun.unwrap_or_else(|| Instant::now() + self.limit)
    }

    /// How long the job's statements may take together.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// What is left of the job's time.
    pub fn left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// Nobody waits for the job.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// The job is to end, for either reason.
    pub fn is_over(&self) -> bool {
        self.is_cancelled() || Instant::now() >= self.deadline()
    }

    /// Ready when the job is to end, for either reason.
    pub async fn over(&self) {
        let notified = self.notify.notified();
        if self.is_over() {
            return;
        }
        let deadline = tokio::time::Instant::from_std(self.deadline());
        let _ = tokio::time::timeout_at(deadline, notified).await;
    }

    /// Nobody waits for the job any more.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.notify.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_told_of_both_ends() {
        let watch = Watch::begun(Duration::from_secs(60));
        let waiting = tokio::spawn({
            let watch = Arc::clone(&watch);
            async move { watch.over().await }
        });
        tokio::task::yield_now().await;
        watch.cancel();
        waiting.await.expect("told");
        assert!(watch.is_over() && watch.left() > Duration::ZERO);
        let short = Watch::begun(Duration::from_millis(5));
        short.over().await;
        assert!(short.is_over() && !short.is_cancelled());
    }
}
