//! How many queries an integrator may ask: a true rolling window, refused at once where it is full.
//!
//! Takes an integrator's id when a query of a kind that counts arrives; gives a place for it, or how long
//! there is none. The window is half-open: a query counts from its moment on and no more after exactly 5 seconds, so that
//! in any 5 seconds there are as many as the limit says, and never one more. A bucket that fills evenly would let nearly
//! twice as many through; a window that is begun anew every 5 seconds would too.
//!
//! What is kept of an integrator is the moments of its last queries, as many as its limit and in room that is made once:
//! no more memory however many it asks. What is refused is not kept. The clock is read under the lock under which the moment is kept, so that moments
//! come in order and the count is exact, whatever the threads do.
//!
//! [`crate::passthrough`] has a log of another kind for what it asks of others: there a query waits for its place.

use std::collections::VecDeque;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use thiserror::Error;

use super::id::IntegratorId;

/// How long a query counts.
pub const WINDOW: Duration = Duration::from_secs(5);

/// How many queries there may be in any [`WINDOW`]: at least one, and not so many that keeping their moments costs much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

/// Why a number is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a rate limit is a number of queries in any 5 seconds, from 1 to {}, or `off`",
    Limit::MOST
)]
pub struct LimitError;

impl Limit {
    /// 160 kB of moments.
    pub const MOST: u16 = 10_000;

    /// # Errors
    /// Where it is none of 1 to [`Limit::MOST`].
    pub fn new(queries: u32) -> Result<Limit, LimitError> {
        match u16::try_from(queries) {
            Ok(queries @ 1..=Limit::MOST) => Ok(Limit(queries)),
            _ => Err(LimitError),
        }
    }

    /// The limit that is nearest to a number.
    fn nearest(queries: u32) -> Limit {
        Limit(u16::try_from(queries).map_or(Limit::MOST, |queries| queries.clamp(1, Limit::MOST)))
    }

    fn most(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for Limit {
    /// What the API documents: 15.
    fn default() -> Limit {
        Limit(15)
    }
}

/// Whether queries are counted, and up to how many: `15`, `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Nobody is refused, whatever an integrator's own limit: for benchmarks.
    Off,
    /// For integrators without a limit of their own.
    Most(Limit),
}

impl RateLimit {
    /// The limit that is nearest to a number; off where there is none.
    pub fn of(queries: Option<u32>) -> RateLimit {
        queries.map_or(RateLimit::Off, |queries| {
            RateLimit::Most(Limit::nearest(queries))
        })
    }
}

impl Default for RateLimit {
    fn default() -> RateLimit {
        RateLimit::Most(Limit::default())
    }
}

impl FromStr for RateLimit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<RateLimit, LimitError> {
        if text == "off" {
            return Ok(RateLimit::Off);
        }
        let queries = text.parse().map_err(|_| LimitError)?;
        Limit::new(queries).map(RateLimit::Most)
    }
}

/// The moments of one caller's last queries.
#[derive(Debug, Clone)]
pub struct RollingWindow {
    /// In order, oldest first: those that count, and maybe some that do no more.
    taken: VecDeque<Instant>,
    limit: Limit,
}

impl RollingWindow {
    /// With room for as many moments as it will ever keep.
    pub fn new(limit: Limit) -> RollingWindow {
        RollingWindow {
            taken: VecDeque::with_capacity(limit.most()),
            limit,
        }
    }

    /// Takes a place for a query. A moment before the last one that was given counts as that one.
    ///
    /// # Errors
    /// How long after `now` a place is free, exactly; nothing was taken.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        while (self.taken.front()).is_some_and(|oldest| *oldest + WINDOW <= now) {
            self.taken.pop_front();
        }
        let most = self.limit.most();
        if self.taken.len() >= most {
            // When this one counts no more, one fewer than the limit do.
            let free = self.taken[self.taken.len() - most] + WINDOW;
            return Err(free - now);
        }
        let now = self.taken.back().map_or(now, |last| now.max(*last));
        self.taken.push_back(now);
        Ok(())
    }

    /// Goes on with another limit; what was taken counts as before.
    pub fn set_limit(&mut self, limit: Limit) {
        self.limit = limit;
        let more = limit.most().saturating_sub(self.taken.len());
        self.taken.reserve_exact(more);
    }

    /// Nothing of it counts any more.
    fn is_over(&self, now: Instant) -> bool {
        self.taken.back().is_none_or(|last| *last + WINDOW <= now)
    }
}

/// How many threads can be at it at once, of different callers.
const SHARDS: usize = 16;
/// Fewer windows than that are not looked through for those that are over.
const FEW: usize = 64;

/// The windows of all integrators.
#[derive(Debug)]
pub struct RateLimits {
    limit: RwLock<RateLimit>,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug)]
struct Shard {
    windows: FxHashMap<IntegratorId, RollingWindow>,
    /// At so many of them, those that are over are dropped.
    sweep_at: usize,
}

impl Default for Shard {
    fn default() -> Shard {
        Shard {
            windows: FxHashMap::default(),
            sweep_at: FEW,
        }
    }
}

impl RateLimits {
    pub fn new(limit: RateLimit) -> RateLimits {
        RateLimits {
            limit: RwLock::new(limit),
            shards: Default::default(),
        }
    }

    /// Goes on with another limit; what was taken counts as before.
    pub fn set_limit(&self, limit: RateLimit) {
        *self.limit.write().unwrap_or_else(PoisonError::into_inner) = limit;
    }

    fn limit(&self) -> RateLimit {
        *self.limit.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a query that arrives now. `own` is the integrator's own limit, where it has one.
    ///
    /// To be called for integrators whose key was found good, of which there are only so many.
    ///
    /// # Errors
    /// How long there is none, for [`retry_after_seconds`]; nothing was taken.
    pub fn take(&self, integrator: IntegratorId, own: Option<u32>) -> Result<(), Duration> {
        self.take_by(integrator, own, Instant::now)
    }

    fn take_by(
        &self,
        integrator: IntegratorId,
        own: Option<u32>,
        clock: impl FnOnce() -> Instant,
    ) -> Result<(), Duration> {
        let RateLimit::Most(default) = self.limit() else {
            return Ok(());
        };
        let limit = own.map_or(default, Limit::nearest);
        // An id is random, each part of it.
        let shard = usize::from(integrator.0.as_bytes()[15]) % SHARDS;
        let mut shard = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = clock();
        if let Some(window) = shard.windows.get_mut(&integrator) {
            if window.limit != limit {
                window.set_limit(limit);
            }
            return window.take(now);
        }
        shard.sweep(now);
        let mut window = RollingWindow::new(limit);
        let taken = window.take(now);
        shard.windows.insert(integrator, window);
        taken
    }
}

impl Shard {
    /// Makes room for one more: drops windows that are over, at most as often as their number has doubled.
    fn sweep(&mut self, now: Instant) {
        if self.windows.len() >= self.sweep_at {
            self.windows.retain(|_, window| !window.is_over(now));
            self.sweep_at = (2 * self.windows.len()).max(FEW);
        }
    }
}

/// `Retry-After` of a query that was refused for so long: whole seconds, after which there is a place; one at the least.
pub fn retry_after_seconds(wait: Duration) -> u32 {
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;

    fn limit(queries: u32) -> Limit {
        Limit::new(queries).expect("a limit")
    }

    /// All that was ever taken, in milliseconds; looked through from the beginning each time.
    #[derive(Default)]
    struct Model(Vec<u64>);

    const WINDOW_MS: u64 = 5_000;

    impl Model {
        fn count(&self, now: u64) -> usize {
            let counts = |taken: &&u64| now < **taken + WINDOW_MS;
            self.0.iter().filter(counts).count()
        }

        /// When there are fewer than `most`: it can only be when one of them counts no more.
        fn free(&self, now: u64, most: usize) -> u64 {
            let ends = self.0.iter().map(|taken| taken + WINDOW_MS);
            ends.chain([now])
                .filter(|at| *at >= now && self.count(*at) < most)
                .min()
                .expect("after all of them there is none")
        }
    }

    proptest! {
        /// Steps are of the size at which windows fill, empty, and are met at their very end.
        #[test]
        fn it_is_as_a_model_that_keeps_everything(
            first in 1u32..20,
            calls in prop::collection::vec(
                (prop_oneof![Just(0), 1..20u64, 100..700u64, Just(5_000), 4_000..6_000u64], prop::option::weighted(0.05, 1u32..20)),
                1..400,
            ),
        ) {
            let start = Instant::now();
            let at = |milliseconds| start + Duration::from_millis(milliseconds);
            let mut most = first;
            let mut window = RollingWindow::new(limit(first));
            let mut room = window.taken.capacity();
            let mut model = Model::default();
            let mut now = 0;
            for (step, other) in calls {
                now += step;
                if let Some(other) = other {
                    most = other;
                    window.set_limit(limit(most));
                    room = window.taken.capacity();
                }
                let free = model.free(now, most as usize);
                if free == now {
                    prop_assert_eq!(window.take(at(now)), Ok(()));
                    model.0.push(now);
                } else {
                    prop_assert_eq!(window.take(at(now)), Err(Duration::from_millis(free - now)));
                    // The pause is as long as it has to be, and no longer.
                    prop_assert!(window.clone().take(at(free)).is_ok());
                    prop_assert!(window.clone().take(at(free) - Duration::from_nanos(1)).is_err());
                }
                prop_assert_eq!(window.taken.capacity(), room);
                prop_assert!(window.taken.len() <= 20);
            }
        }

        #[test]
        fn a_retry_after_the_seconds_that_are_told_succeeds(early in 0..5_000_000_000u64) {
            let start = Instant::now();
            let mut window = RollingWindow::new(limit(1));
            prop_assert!(window.take(start).is_ok());
            let now = start + Duration::from_nanos(early);
            let wait = window.take(now).expect_err("full");
            let seconds = retry_after_seconds(wait);
            prop_assert!((1..=5).contains(&seconds));
            let at = |seconds: u32| now + Duration::from_secs(seconds.into());
            prop_assert!(window.clone().take(at(seconds)).is_ok());
            prop_assert!(window.clone().take(at(seconds - 1)).is_err());
        }
    }

    #[test]
    fn a_clock_that_goes_back_lets_no_more_through() {
        let start = Instant::now() + WINDOW;
        let mut window = RollingWindow::new(limit(2));
        assert_eq!(window.take(start), Ok(()));
        let earlier = start - Duration::from_secs(1);
        assert_eq!(window.take(earlier), Ok(()));
        // Both count from `start` on.
        let wait = Err(Duration::from_secs(6));
        assert_eq!(window.take(earlier), wait);
        assert_eq!(window.take(start + WINDOW), Ok(()));
        assert_eq!(window.take(start + WINDOW), Ok(()));
    }

    /// Threads with one clock, none of whose readings comes twice: no 5 seconds hold more than 15, and whoever was
    /// refused met 15, and was told when the oldest of them goes.
    #[test]
    fn it_is_exact_whatever_the_threads_do() {
        let limits = RateLimits::new(RateLimit::default());
        let integrator = IntegratorId::generate();
        let start = Instant::now();
        let clock = AtomicU64::new(0);
        let ask = |calls: u64, seed: u64| {
            let mut met = Vec::new();
            for call in 0..calls {
                let mut read = 0;
                let taken = limits.take_by(integrator, None, || {
                    // Steps of 1 to 500 ms.
                    let step = 1 + (call * 7_919 + seed * 104_729) % 500;
                    read = clock.fetch_add(step, Ordering::Relaxed);
                    start + Duration::from_millis(read)
                });
                met.push((read, taken));
            }
            met
        };
        let met: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|seed| scope.spawn(move || ask(2_000, seed)))
                .collect();
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            joined.flatten().collect()
        });
        let mut taken: Vec<u64> = met
            .iter()
            .filter(|(_, taken)| taken.is_ok())
            .map(|(read, _)| *read)
            .collect();
        taken.sort_unstable();
        for window in taken.windows(16) {
            assert!(window[15] - window[0] >= WINDOW_MS, "{window:?}");
        }
        let mut refused = 0;
        for (read, wait) in met
            .iter()
            .filter_map(|(read, taken)| Some((read, taken.err()?)))
        {
            refused += 1;
            let end = taken.partition_point(|taken| taken <= read);
            let count = &taken[taken.partition_point(|taken| taken + WINDOW_MS <= *read)..end];
            assert_eq!(count.len(), 15, "at {read}");
            assert_eq!(wait, Duration::from_millis(count[0] + WINDOW_MS - read));
        }
        assert!(refused > 0 && taken.len() > 15);
    }

    #[test]
    fn integrators_do_not_share_a_window() {
        let limits = RateLimits::new("2".parse().expect("a limit"));
        let now = Instant::now();
        let [one, other] = [IntegratorId::generate(), IntegratorId::generate()];
        let take = |integrator, own| limits.take_by(integrator, own, || now);
        for integrator in [one, other] {
            assert_eq!(take(integrator, None), Ok(()));
            assert_eq!(take(integrator, None), Ok(()));
            assert_eq!(take(integrator, None), Err(WINDOW));
        }
        // A limit of one's own, from one query to the next.
        assert_eq!(take(one, Some(3)), Ok(()));
        assert_eq!(take(one, Some(3)), Err(WINDOW));
        assert_eq!(take(one, Some(0)), Err(WINDOW));
        // Another limit for all, from one query to the next: what was taken counts as before.
        limits.set_limit("3".parse().expect("a limit"));
        assert_eq!(take(other, None), Ok(()));
        assert_eq!(take(other, None), Err(WINDOW));
        limits.set_limit("1".parse().expect("a limit"));
        assert_eq!(take(other, None), Err(WINDOW));
        limits.set_limit(RateLimit::Off);
        assert_eq!(take(other, None), Ok(()));
        let off = RateLimits::new(RateLimit::Off);
        for _ in 0..100 {
            assert_eq!(off.take(one, Some(1)), Ok(()));
        }
    }

    #[test]
    fn who_asks_no_more_is_forgotten() {
        let limits = RateLimits::new(RateLimit::default());
        let start = Instant::now();
        for second in 0..10_000 {
            let now = start + Duration::from_secs(second);
            let taken = limits.take_by(IntegratorId::generate(), None, || now);
            assert_eq!(taken, Ok(()));
        }
        let kept: usize = (limits.shards.iter())
            .map(|shard| shard.lock().expect("no panic").windows.len())
            .sum();
        assert!(kept <= SHARDS * FEW, "{kept}");
    }

    #[test]
    fn a_limit_is_a_number_or_off() {
        assert_eq!("off".parse(), Ok(RateLimit::Off));
        assert_eq!("15".parse(), Ok(RateLimit::default()));
        for text in ["", "0", "-1", "10001", "4294967296", "Off", "1.5", " 1"] {
            assert_eq!(text.parse::<RateLimit>(), Err(LimitError), "{text}");
        }
    }
}
