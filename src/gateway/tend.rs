//! What the gateway does of itself: ends what has waited too long, takes up changes of the directory, starts registered
//! queries, and removes what is over.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::caller::Index;
use super::meter;
use super::moment::Moment;
use super::service::Gateway;
use super::webhook;
use crate::store::{StoreError, Swept};

/// Between two looks at what waits.
const LOOK: Duration = Duration::from_millis(250);
/// Between two looks at the directory, which another process may change.
const DIRECTORY: Duration = Duration::from_millis(500);
/// Between two removals of what is over.
const SWEEP: Duration = Duration::from_secs(60);
/// The longest pause between two looks at registered queries.
const RUNS: Duration = Duration::from_secs(60);

impl Gateway {
    /// Does all of it for as long as anybody has the gateway.
    pub(super) fn tend(self: &Arc<Self>) {
        every(Arc::downgrade(self), LOOK, async |gateway: Arc<Gateway>| {
            gateway.expire(Moment::now());
            // Practices that were away may be back.
            let lanes = gateway.all_lanes();
            lanes.iter().for_each(|lane| lane.give());
            let waiting = lanes.iter().map(|lane| lane.waiting());
            let (immediate, background) =
                waiting.fold((0, 0), |sum, lane| (sum.0 + lane.0, sum.1 + lane.1));
            meter::queued(meter::Class::Immediate, immediate);
            meter::queued(meter::Class::Async, background);
        });
        every(
            Arc::downgrade(self),
            SWEEP,
            async |gateway: Arc<Gateway>| {
                let lanes = gateway.all_lanes();
                // On a thread that may wait; nobody waits for it.
                drop(tokio::task::spawn_blocking(move || {
                    let practices = lanes.iter().filter_map(|lane| lane.practice());
                    practices.for_each(|practice| practice.link.close_idle());
                }));
                match gateway.store.sweep(Moment::now()).await {
                    Ok(Swept { given_up: 0, .. }) => {}
                    Ok(Swept { given_up, .. }) => {
                        webhook::meter::given_up(given_up);
                        tracing::warn!(
                            messages = given_up,
                            "messages were due a week ago, their webhooks are disabled, and they are given up"
                        );
                    }
                    Err(error) => tracing::error!(%error, "what is over could not be removed"),
                }
            },
        );
        tokio::spawn(follow(Arc::downgrade(self)));
        tokio::spawn(run(Arc::downgrade(self)));
    }

    /// Takes the directory up as it is now.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn look_at_directory(&self) -> Result<(), StoreError> {
        self.set_index(Index::new(self.store.directory().await?));
        // What waits for a webhook that was disabled may be sent now.
        self.messages.notify_one();
        Ok(())
    }
}

fn every<F>(
    gateway: Weak<Gateway>,
    pause: Duration,
    act: impl Fn(Arc<Gateway>) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(pause).await;
            let Some(gateway) = gateway.upgrade() else {
                return;
            };
            act(gateway).await;
        }
    });
}

/// Takes up changes of the directory.
async fn follow(gateway: Weak<Gateway>) {
    let mut seen = None;
    loop {
        {
            let Some(gateway) = gateway.upgrade() else {
                return;
            };
            let now = gateway.store.directory_version().await;
            match now {
                Ok(now) if seen != Some(now) => match gateway.look_at_directory().await {
                    Ok(()) => seen = Some(now),
                    Err(error) => tracing::error!(%error, "the directory cannot be read"),
                },
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "the directory cannot be looked at"),
            }
        }
        tokio::time::sleep(DIRECTORY).await;
    }
}

/// Starts registered queries when they are due.
async fn run(gateway: Weak<Gateway>) {
    loop {
        let pause = {
            let Some(gateway) = gateway.upgrade() else {
                return;
            };
            let now = Moment::now();
            // A run of a site that is not served yet would have failed for that.
            let next = match gateway.is_serving() {
                true => gateway.run_due(now).await,
                false => None,
            };
            next.map_or(RUNS, |next| next.since(now)).min(RUNS)
        };
        // Who is told waits by itself, so that the gateway can go meanwhile.
        let told = async {
            match gateway.upgrade() {
                Some(gateway) => gateway.runs.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = told => {}
        }
    }
}
