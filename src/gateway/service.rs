//! The gateway as its API sees it: what may be asked, of whom, and what comes of it.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::ask::bounds;
use super::caller::{Caller, Denied, Index};
use super::id::{IntegratorId, QueryId, SiteId};
use super::integrator::{Environment, Scope};
use super::lane::{Lane, Start};
use super::link::Link;
use super::moment::Moment;
use super::query::Query;
use super::rate::{RateLimit, RateLimits};
use super::registered::{Registered, RegisteredResult};
use crate::store::{PageFound, Store, StoreError};

/// A practice, as far as its queries need it.
pub struct Practice {
    pub id: SiteId,
    pub environment: Environment,
    /// `BestPractice`
    pub product: String,
    /// Of several databases with one PMS ID, the one that may be asked.
    pub is_authoritative: bool,
    /// Callers' own statements are run.
    pub has_passthrough: bool,
    /// Statements at a time.
    pub connections: usize,
    /// Of one integrator, queries that may wait.
    pub waiting: usize,
    pub link: Arc<dyn Link>,
}

/// Who asks what.
#[derive(Clone)]
pub struct Admitted {
    pub scope: Scope,
    pub caller: Caller,
    pub practice: Arc<Practice>,
}

/// What the gateway goes by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long pages are kept.
    pub pages_kept: Duration,
    pub rate: RateLimit,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            pages_kept: bounds::PAGES_KEPT,
            rate: RateLimit::default(),
        }
    }
}

/// The gateway.
pub struct Gateway {
    pub(super) store: Arc<dyn Store>,
    pub(super) settings: Settings,
    rates: RateLimits,
    index: RwLock<Arc<Index>>,
    practices: RwLock<Arc<HashMap<SiteId, Arc<Practice>>>>,
    lanes: Mutex<HashMap<SiteId, Arc<Lane>>>,
    start: Arc<Start>,
    pub(super) expiries: Mutex<Expiries>,
    /// A message is to be sent.
    pub(super) messages: Notify,
    /// A registered query is to be run.
    pub(super) runs: Notify,
}

/// When waiting queries have waited for as long as they may: each with its site, its integrator and its ticket there.
pub(super) type Expiries = BTreeMap<(Moment, QueryId), (SiteId, IntegratorId, u64)>;

impl Gateway {
    /// A gateway that goes on where the last one with the same store ended. To be called once, on a runtime.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn start(
        store: Arc<dyn Store>,
        settings: Settings,
    ) -> Result<Arc<Gateway>, StoreError> {
        let index = Index::new(store.directory().await?);
        let gateway = Arc::new_cyclic(|this: &Weak<Gateway>| {
            let this = Weak::clone(this);
            let start: Start = Box::new(move |waiting, turn| {
                if let Some(gateway) = this.upgrade() {
                    tokio::spawn(gateway.run_stored(waiting, turn));
                }
            });
            Gateway {
                store,
                rates: RateLimits::new(settings.rate),
                settings,
                index: RwLock::new(Arc::new(index)),
                practices: RwLock::default(),
                lanes: Mutex::default(),
                start: Arc::new(start),
                expiries: Mutex::default(),
                messages: Notify::new(),
                runs: Notify::new(),
            }
        });
        gateway.take_up().await?;
        gateway.tend();
        Ok(gateway)
    }

    /// Whose key it is, among those of the state store.
    ///
    /// # Errors
    /// [`Denied`]
    pub fn caller(&self, key: &[u8], address: Option<IpAddr>) -> Result<Caller, Denied> {
        self.index().caller(key, address, Moment::now())
    }

    /// The directory as it is now.
    pub fn index(&self) -> Arc<Index> {
        Arc::clone(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_index(&self, index: Index) {
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(index);
    }

    /// The practices as they are now.
    pub fn practices(&self) -> Arc<HashMap<SiteId, Arc<Practice>>> {
        Arc::clone(
            &self
                .practices
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Serves these practices from now on. What waits for one that is not among them waits until its time is over.
    pub fn serve(&self, practices: Vec<Practice>) {
        let practices: HashMap<_, _> = practices
            .into_iter()
            .map(|practice| (practice.id, Arc::new(practice)))
            .collect();
        let practices = Arc::new(practices);
        *self
            .practices
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::clone(&practices);
        for site in practices.keys() {
            self.lane(*site);
        }
        for lane in self.all_lanes() {
            lane.serve(practices.get(&lane.site).cloned());
        }
    }

    /// The queue of a site.
    pub(super) fn lane(&self, site: SiteId) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes
            .entry(site)
            .or_insert_with(|| Lane::new(site, Arc::clone(&self.start)));
        Arc::clone(lane)
    }

    pub(super) fn all_lanes(&self) -> Vec<Arc<Lane>> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.values().cloned().collect()
    }

    /// Whether a caller may ask a site.
    ///
    /// # Errors
    /// [`Denied`]
    pub fn admit(
        &self,
        caller: &Caller,
        site: SiteId,
        device: Option<String>,
    ) -> Result<Admitted, Denied> {
        let practices = self.practices();
        let practice = practices.get(&site);
        let index = self.index();
        if caller.all_sites {
            let practice = practice.ok_or(Denied::UnknownSite)?;
            let is_other = |of: Environment| of != practice.environment;
            if caller.environment.is_some_and(is_other) {
                return Err(Denied::OtherEnvironment);
            }
        } else {
            let is_paired = |environment| index.is_paired(caller.integrator, environment, site);
            let own = caller.environment;
            let elsewhere = Environment::ALL
                .into_iter()
                .filter(|environment| Some(*environment) != own);
            match practice {
                Some(practice)
                    if Some(practice.environment) == own && is_paired(practice.environment) => {}
                // It is told of its own pairings alone.
                Some(_) if elsewhere.into_iter().any(is_paired) => {
                    return Err(Denied::OtherEnvironment);
                }
                _ => return Err(Denied::NotPaired),
            }
        }
        let practice = practice.ok_or(Denied::NotPaired)?;
        if !practice.is_authoritative {
            return Err(Denied::NotAuthoritative);
        }
        Ok(Admitted {
            scope: Scope {
                integrator: caller.integrator,
                environment: practice.environment,
                site,
                device,
            },
            caller: caller.clone(),
            practice: Arc::clone(practice),
        })
    }

    /// Counts one of the queries that count.
    ///
    /// # Errors
    /// [`Denied::RateLimited`]
    pub fn count(&self, at: &Admitted) -> Result<(), Denied> {
        let Scope {
            integrator,
            environment,
            ..
        } = at.scope;
        let taken = self.rates.take(integrator, environment, at.caller.rate);
        taken.map_err(|retry_after| Denied::RateLimited { retry_after })
    }

    /// A query of the scope, immediate or async.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn query(&self, scope: &Scope, id: QueryId) -> Result<Option<Query>, StoreError> {
        self.store.query(scope, id).await
    }

    /// A page of a query; None where the scope has no such query.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn page(
        &self,
        scope: &Scope,
        id: QueryId,
        number: u32,
    ) -> Result<Option<PageFound>, StoreError> {
        self.store.page(scope, id, number).await
    }

    /// The registered queries of a scope.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registered(&self, scope: &Scope) -> Result<Vec<Registered>, StoreError> {
        self.store.registered(scope).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registered_one(
        &self,
        scope: &Scope,
        id: QueryId,
    ) -> Result<Option<Registered>, StoreError> {
        self.store.registered_one(scope, id).await
    }

    /// Ends one of them. False where the scope has no such query that is enabled.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn cancel(&self, scope: &Scope, id: QueryId) -> Result<bool, StoreError> {
        self.store.cancel(scope, id, Moment::now()).await
    }

    /// What it found last.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn registered_result(
        &self,
        scope: &Scope,
        id: QueryId,
    ) -> Result<Option<RegisteredResult>, StoreError> {
        self.store.registered_result(scope, id).await
    }
}
