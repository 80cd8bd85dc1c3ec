//! What practices' own databases say of them, kept up to date: asked when a site opens, and every hour after.
//!
//! Takes sites that can be asked ([`Practices`]); gives what they said last ([`Known`]). A thousand sites are asked a few at
//! a time. What a site said is kept while it is served, also when it is away: it is the same practice when it comes back.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::id::SiteId;
use super::link::Later;
use super::moment::Moment;
use super::site::{Enriched, PracticeMetadata, Sites};
use crate::passthrough::PassthroughError;

/// Between two looks at which sites have opened.
const LOOK: Duration = Duration::from_secs(2);
/// Between two questions to one site.
const AGAIN: Duration = Duration::from_secs(60 * 60);
/// After a question that came to nothing.
const AFTER_FAILURE: Duration = Duration::from_secs(5 * 60);
/// Sites that are asked at a time.
const AT_A_TIME: usize = 8;
/// A site that takes longer is not waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// Sites that may be asked which practices they are.
pub trait Practices: Send + Sync + 'static {
    /// All that are served.
    fn sites(&self) -> Arc<Sites>;

    /// Those that can be asked now, each with a number that is another when it was opened anew.
    fn open(&self) -> Vec<(SiteId, u64)>;

    /// Asks one.
    fn ask(&self, site: SiteId) -> Later<'static, Result<PracticeMetadata, PassthroughError>>;
}

/// What sites said of themselves last.
#[derive(Debug, Default)]
pub struct Known(RwLock<HashMap<SiteId, Enriched>>);

impl Known {
    /// What a site said; None before it was asked.
    pub fn get(&self, site: SiteId) -> Option<Enriched> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&site).cloned()
    }

    /// Keeps what a site said, and gives what it said before.
    fn keep(&self, site: SiteId, said: Enriched) -> Option<Enriched> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(site, said)
    }

    /// Forgets sites that are served no more.
    fn retain(&self, sites: &Sites) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|site, _| sites.get(*site).is_some());
    }
}

/// Keeps what is known of the practices up to date, until the future is dropped.
pub async fn keep_enriched(practices: Arc<dyn Practices>, known: Arc<Known>) {
    let mut schedule = Schedule::default();
    let mut asked = FuturesUnordered::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // Each once.
    let mut waiting: VecDeque<SiteId> = VecDeque::new();
    loop {
        tokio::select! {
            _ = look.tick() => {
                known.retain(&practices.sites());
                for site in schedule.due(&practices.open(), Instant::now()) {
                    if !waiting.contains(&site) {
                        waiting.push_back(site);
                    }
                }
            }
            Some((site, said)) = asked.next(), if !asked.is_empty() => {
                match said {
                    Ok(Ok(metadata)) => told(&practices.sites(), &known, site, metadata),
                    Ok(Err(error)) => {
                        let error: PassthroughError = error;
                        let code = error.code().id;
                        match error.is_of_the_database() {
                            true => tracing::warn!(%site, code, "which practice it is stays unknown: {error}"),
                            false => tracing::debug!(%site, code, "the practice was not asked which it is: {error}"),
                        }
                        schedule.failed(site, Instant::now());
                    }
                    Err(_) => schedule.failed(site, Instant::now()),
                }
            }
        }
        while asked.len() < AT_A_TIME
            && let Some(site) = waiting.pop_front()
        {
            let answer = tokio::time::timeout(LONGEST, practices.ask(site));
            asked.push(async move { (site, answer.await) });
        }
    }
}

/// Keeps what a site said. Where its database has another PMS ID than the configuration, that is said once.
fn told(sites: &Sites, known: &Known, site: SiteId, metadata: PracticeMetadata) {
    let Some(entry) = sites.get(site) else { return };
    let differs = entry.differs_from(&metadata);
    let said = Enriched {
        at: Moment::now(),
        metadata,
    };
    let before = known.keep(site, said);
    if differs && !before.is_some_and(|before| entry.differs_from(&before.metadata)) {
        tracing::warn!(
            %site,
            "the practice's database has another PMS ID than the configuration, which counts"
        );
    }
}

/// When each site is to be asked.
#[derive(Debug, Default)]
struct Schedule(HashMap<SiteId, Next>);

#[derive(Debug)]
struct Next {
    /// As it was opened.
    version: u64,
    due: Instant,
}

impl Schedule {
    /// The sites that are to be asked now, of those that are open; each is due again an hour later. One that is not open is
    /// forgotten, and asked when it is.
    fn due(&mut self, open: &[(SiteId, u64)], now: Instant) -> Vec<SiteId> {
        let ids: HashSet<SiteId> = open.iter().map(|(site, _)| *site).collect();
        self.0.retain(|site, _| ids.contains(site));
        let mut due = Vec::new();
        for (site, version) in open {
            let known = self.0.get(site);
            if known.is_some_and(|next| next.version == *version && next.due > now) {
                continue;
            }
            let next = Next {
                version: *version,
                due: now + AGAIN,
            };
            self.0.insert(*site, next);
            due.push(*site);
        }
        due
    }

    /// A site could not be asked.
    fn failed(&mut self, site: SiteId, now: Instant) {
        if let Some(next) = self.0.get_mut(&site) {
            next.due = now + AFTER_FAILURE;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::gateway::integrator::Environment;
    use crate::gateway::site::{Declared, Product};

    fn id(number: u128) -> SiteId {
        SiteId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_site_is_asked_when_it_opens_and_every_hour() {
        let mut schedule = Schedule::default();
        let start = Instant::now();
        let later = |time: Duration| start + time;
        let (one, other) = (id(1), id(2));
        assert_eq!(schedule.due(&[(one, 7)], start), [one]);
        assert_eq!(schedule.due(&[(one, 7), (other, 8)], later(LOOK)), [other]);
        assert_eq!(schedule.due(&[(one, 7), (other, 8)], later(AGAIN / 2)), []);
        assert_eq!(schedule.due(&[(one, 7), (other, 8)], later(AGAIN)), [one]);
        // It was opened anew.
        let now = later(AGAIN + Duration::from_secs(1));
        assert_eq!(schedule.due(&[(one, 9), (other, 8)], now), [one]);
        // It could not be asked, went away, and came back.
        schedule.failed(one, now);
        let soon = now + AFTER_FAILURE / 2;
        assert_eq!(schedule.due(&[(one, 9)], soon), []);
        assert_eq!(schedule.due(&[(one, 9)], now + AFTER_FAILURE), [one]);
        assert_eq!(schedule.due(&[], now + AFTER_FAILURE), []);
        assert_eq!(schedule.due(&[(one, 9)], now + AFTER_FAILURE), [one]);
    }

    /// Sites of which so many are asked at a time, at the most.
    struct Many {
        sites: Arc<Sites>,
        now: Arc<AtomicUsize>,
        most: Arc<AtomicUsize>,
    }

    impl Practices for Many {
        fn sites(&self) -> Arc<Sites> {
            Arc::clone(&self.sites)
        }

        fn open(&self) -> Vec<(SiteId, u64)> {
            self.sites
                .iter()
                .map(|site| (site.declared.id, 1))
                .collect()
        }

        fn ask(&self, site: SiteId) -> Later<'static, Result<PracticeMetadata, PassthroughError>> {
            let (now, most) = (Arc::clone(&self.now), Arc::clone(&self.most));
            Box::pin(async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
                match site == id(3) {
                    true => Err(PassthroughError::Permission),
                    false => Ok(PracticeMetadata {
                        practice_name: Some(Arc::from(format!("Practice {site}"))),
                        ..PracticeMetadata::default()
                    }),
                }
            })
        }
    }

    #[tokio::test]
    async fn a_thousand_sites_are_asked_a_few_at_a_time() {
        let declared = (0..1000).map(|number| Declared {
            id: id(number),
            environment: Environment::Production,
            product: Product::Zedmed,
            pms_id: None,
            authoritative: None,
            name: None,
            catalogues: Vec::new(),
        });
        let many = Arc::new(Many {
            sites: Arc::new(Sites::new(declared, &[])),
            now: Arc::default(),
            most: Arc::default(),
        });
        let known = Arc::new(Known::default());
        let practices: Arc<dyn Practices> = Arc::clone(&many) as Arc<dyn Practices>;
        let keeping = tokio::spawn(keep_enriched(practices, Arc::clone(&known)));
        while (0..1000).any(|number| number != 3 && known.get(id(number)).is_none()) {
            tokio::task::yield_now().await;
        }
        keeping.abort();
        assert_eq!(many.most.load(Ordering::SeqCst), AT_A_TIME);
        let said = known.get(id(5)).expect("asked").metadata.practice_name;
        assert_eq!(said, Some(Arc::from(format!("Practice {}", id(5)))));
        assert_eq!(known.get(id(3)), None);
        known.retain(&Sites::default());
        assert_eq!(known.get(id(5)), None);
    }
}
