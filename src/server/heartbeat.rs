//! Each practice's databases are asked now and then whether they answer, so that it is known how a site stands where nobody asks
//! it anything.
//!
//! A caller's own command does not come by the pool that FHIR asks with, and a site may have databases that FHIR does not read:
//! what callers meet does not tell on its own that a practice is away. One that is known to be away is not asked here; its
//! pool tries it by itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::app::App;

/// Between two times: a practice of which nothing is heard for two minutes is unreachable.
pub const HEARTBEAT: Duration = Duration::from_secs(60);
/// Practices that are asked at a time.
const AT_A_TIME: usize = 16;
/// What one may take, beyond the bounds of its own pool.
const LONGEST: Duration = Duration::from_secs(45);

/// Asks each practice that is up every so often, until the future is dropped.
pub async fn keep_heard(app: Arc<App>, pause: Duration) {
    let mut beat = tokio::time::interval(pause);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first comes at once, and the sites have just been opened.
    beat.tick().await;
    loop {
        beat.tick().await;
        let places = Arc::new(Semaphore::new(AT_A_TIME));
        let mut asked = JoinSet::new();
        for site in app.served().sites().filter(|site| site.is_up()) {
            let (site, places) = (Arc::clone(site), Arc::clone(&places));
            asked.spawn(async move {
                let _place = places.acquire().await;
                // What comes of it, the practice's pool knows.
                let _ = tokio::time::timeout(LONGEST, site.ready()).await;
            });
        }
        while asked.join_next().await.is_some() {}
    }
}
