//! The gateway as its API sees it: what may be asked, of whom, and what comes of it.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::ask::bounds;
use super::caller::{Caller, CallerOfFile, Denied, Index};
use super::id::{IntegratorId, QueryId, SiteId};
use super::integrator::{Environment, Pairing, Scope};
use super::lane::{Lane, Start};
use super::link::Link;
use super::meter::{self, Counted};
use super::moment::Moment;
use super::query::Query;
use super::rate::{RateLimit, RateLimits};
use super::registered::{Registered, RegisteredResult};
use super::site::{Declared, Live, Product, SiteRecord, Sites};
use super::webhook::{self, Sender, SenderError, TargetOf};
use crate::journal::{Journal, JournalError};
use crate::store::{Change, PageFound, Store, StoreError};

/// A practice that is served.
pub struct Practice {
    pub declared: Declared,
    /// What is known of it at the moment.
    pub live: Box<dyn Fn() -> Live + Send + Sync>,
    /// Callers' own statements are run.
    pub has_passthrough: bool,
    /// Statements at a time.
    pub connections: usize,
    /// Of one integrator, queries that may wait.
    pub waiting: usize,
    pub link: Arc<dyn Link>,
}

impl Practice {
    pub fn id(&self) -> SiteId {
        self.declared.id
    }

    /// As logins name it: `BestPractice`.
    pub fn product(&self) -> &str {
        self.declared.product.wire_name()
    }
}

/// The practices, and which of them is asked for a PMS ID.
#[derive(Default)]
pub struct Served {
    pub practices: HashMap<SiteId, Arc<Practice>>,
    pub sites: Arc<Sites>,
}

/// Who asks what.
#[derive(Clone)]
pub struct Admitted {
    pub scope: Scope,
    pub caller: Caller,
    pub practice: Arc<Practice>,
}

/// Between two looks at what is at work, when the gateway closes.
const CLOSING: Duration = Duration::from_millis(20);

/// Why there is no gateway.
#[derive(Debug, Error)]
pub enum GatewayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Webhooks(#[from] SenderError),
}

/// Ready when the gateway closes, or is gone.
async fn over(mut ended: watch::Receiver<bool>) {
    let _ = ended.wait_for(|ended| *ended).await;
}

/// What the gateway goes by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long pages are kept.
    pub pages_kept: Duration,
    pub rate: RateLimit,
    /// Messages may go to private addresses, by plain HTTP too.
    pub private_webhooks: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            pages_kept: bounds::PAGES_KEPT,
            rate: RateLimit::default(),
            private_webhooks: false,
        }
    }
}

/// The gateway.
pub struct Gateway {
    pub(super) store: Arc<dyn Store>,
    pub(super) journal: Arc<Journal>,
    pub(super) settings: Settings,
    rates: RateLimits,
    index: RwLock<Arc<Index>>,
    served: RwLock<Arc<Served>>,
    of_file: RwLock<Vec<CallerOfFile>>,
    lanes: Mutex<HashMap<SiteId, Arc<Lane>>>,
    start: Arc<Start>,
    pub(super) expiries: Mutex<Expiries>,
    /// A message is to be sent.
    pub(super) messages: Arc<Notify>,
    /// A registered query is to be run.
    pub(super) runs: Notify,
    /// Whether the practices are known.
    is_serving: AtomicBool,
    /// Whether nothing new begins.
    ended: watch::Sender<bool>,
    /// Held by whatever keeps an end, a clone each.
    pub(super) ending: Arc<()>,
    /// Sends messages.
    sender: Mutex<Option<JoinHandle<()>>>,
    /// Whether it may call private addresses.
    private_webhooks: OnceLock<Arc<AtomicBool>>,
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
        journal: Arc<Journal>,
        settings: Settings,
    ) -> Result<Arc<Gateway>, GatewayError> {
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
                journal,
                rates: RateLimits::new(settings.rate),
                settings,
                index: RwLock::new(Arc::new(index)),
                served: RwLock::default(),
                of_file: RwLock::default(),
                lanes: Mutex::default(),
                start: Arc::new(start),
                expiries: Mutex::default(),
                messages: Arc::default(),
                runs: Notify::new(),
                is_serving: AtomicBool::new(false),
                ended: watch::Sender::new(false),
                ending: Arc::default(),
                sender: Mutex::default(),
                private_webhooks: OnceLock::new(),
            }
        });
        // Before anything is sent: what the last process was sending is due again.
        gateway.take_up().await?;
        gateway.send_messages()?;
        gateway.tend();
        Ok(gateway)
    }

    /// Sends messages to webhooks from now on, for as long as anybody has the gateway.
    fn send_messages(self: &Arc<Self>) -> Result<(), SenderError> {
        let this = Arc::downgrade(self);
        let target_of: TargetOf = Arc::new(move |who, environment| {
            this.upgrade()?.index().webhook(who, environment).cloned()
        });
        let options = webhook::Options {
            allow_private: self.settings.private_webhooks,
            ..webhook::Options::default()
        };
        let sender = Sender::new(Arc::clone(&self.store), target_of, options)?;
        let _ = self.private_webhooks.set(sender.allow_private());
        let (wake, ended) = (Arc::clone(&self.messages), self.ended.subscribe());
        let sending = tokio::spawn(sender.run(wake, over(ended)));
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = Some(sending);
        Ok(())
    }

    /// Goes by another limit, and calls private addresses or none, from the next query and the next attempt on.
    pub fn go_by(&self, rate: RateLimit, private_webhooks: bool) {
        self.rates.set_limit(rate);
        if let Some(allowed) = self.private_webhooks.get() {
            allowed.store(private_webhooks, Ordering::Relaxed);
        }
    }

    /// Gives no more turns, and waits for what is at work, for so long at the most. What is left is as after a restart.
    pub async fn close(&self, limit: Duration) {
        self.ended.send_replace(true);
        let lanes = self.all_lanes();
        lanes.iter().for_each(|lane| lane.close());
        let sending = {
            let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
            sender.take()
        };
        let ended = async {
            while lanes.iter().any(|lane| lane.is_at_work()) || Arc::strong_count(&self.ending) > 1
            {
                tokio::time::sleep(CLOSING).await;
            }
            if let Some(sending) = sending {
                // However it ended.
                let _ = sending.await;
            }
        };
        // What takes longer is told as interrupted when the gateway starts again.
        let _ = tokio::time::timeout(limit, ended).await;
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

    /// Another directory from now on. Of several databases of a practice, another may be the authoritative one.
    pub(super) fn set_index(&self, index: Index) {
        let index = Arc::new(index);
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&index);
        let mut served = self.served.write().unwrap_or_else(PoisonError::into_inner);
        let declared = served.sites.iter().map(|entry| entry.declared.clone());
        let sites = Arc::new(Sites::new(declared, index.authoritative()));
        let practices = served.practices.clone();
        *served = Arc::new(Served { practices, sites });
    }

    /// The practices as they are now.
    pub fn served(&self) -> Arc<Served> {
        Arc::clone(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves these practices from now on. What waits for one that is not among them waits until its time is over.
    pub fn serve(&self, practices: Vec<Practice>) {
        // The index is read while nobody else makes sites of a newer one.
        let mut now_served = self.served.write().unwrap_or_else(PoisonError::into_inner);
        let declared = practices.iter().map(|practice| practice.declared.clone());
        let sites = Arc::new(Sites::new(declared, self.index().authoritative()));
        for site in sites.overruled() {
            tracing::warn!(%site, "an operator has made another database of the practice the authoritative one");
        }
        let practices: HashMap<_, _> = practices
            .into_iter()
            .map(|practice| (practice.id(), Arc::new(practice)))
            .collect();
        let served = Arc::new(Served { practices, sites });
        *now_served = Arc::clone(&served);
        drop(now_served);
        for site in served.practices.keys() {
            self.lane(*site);
        }
        for lane in self.all_lanes() {
            lane.serve(served.practices.get(&lane.site).cloned());
        }
        if !self.is_serving.swap(true, Ordering::Release) {
            self.runs.notify_one();
        }
    }

    /// Whether the practices are known: before that, a site that is not among them may yet be.
    pub(super) fn is_serving(&self) -> bool {
        self.is_serving.load(Ordering::Acquire)
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

    /// A site that a caller may know of, with its environment.
    ///
    /// # Errors
    /// [`Denied`]
    pub fn find(&self, caller: &Caller, site: SiteId) -> Result<Arc<Practice>, Denied> {
        let served = self.served();
        let practice = served.practices.get(&site);
        if caller.all_sites {
            let practice = practice.ok_or(Denied::UnknownSite)?;
            let is_other = |of: Environment| of != practice.declared.environment;
            return match caller.environment.is_some_and(is_other) {
                true => Err(Denied::OtherEnvironment),
                false => Ok(Arc::clone(practice)),
            };
        }
        let index = self.index();
        let is_paired = |environment| index.is_paired(caller.integrator, environment, site);
        match practice {
            Some(practice) if is_paired(practice.declared.environment) => {
                match caller.environment == Some(practice.declared.environment) {
                    true => Ok(Arc::clone(practice)),
                    // It is told of its own pairing, and of nothing else.
                    false => Err(Denied::OtherEnvironment),
                }
            }
            _ => Err(Denied::NotPaired),
        }
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
        let practice = self.find(caller, site)?;
        let served = self.served();
        if !served
            .sites
            .get(site)
            .is_some_and(|entry| entry.is_authoritative)
        {
            return Err(Denied::NotAuthoritative);
        }
        Ok(Admitted {
            scope: Scope {
                integrator: caller.integrator,
                environment: practice.declared.environment,
                site,
                device,
            },
            caller: caller.clone(),
            practice,
        })
    }

    /// The callers of the configuration file from now on: what others of its callers left is not run any more.
    pub fn know_callers_of_file(&self, callers: Vec<CallerOfFile>) {
        *self.of_file.write().unwrap_or_else(PoisonError::into_inner) = callers;
    }

    /// Whether a caller of the configuration file has a key that counts in an environment.
    pub fn is_of_file(&self, integrator: IntegratorId, environment: Environment) -> bool {
        let of_file = self.of_file.read().unwrap_or_else(PoisonError::into_inner);
        of_file
            .iter()
            .any(|(id, of)| *id == integrator && of.is_none_or(|of| of == environment))
    }

    /// Whether what was admitted once may still be run: the integration is enabled, at this database of the practice; or its
    /// key stands in the configuration file, which lets it ask every site.
    pub(super) fn may_run(
        &self,
        integrator: IntegratorId,
        environment: Environment,
        site: SiteId,
    ) -> bool {
        let index = self.index();
        let is_enabled = match index.integrator(integrator) {
            Some(of) => !of.disabled && index.is_paired(integrator, environment, site),
            None => self.is_of_file(integrator, environment),
        };
        let served = self.served();
        let entry = served.sites.get(site);
        is_enabled && entry.is_some_and(|entry| entry.is_authoritative)
    }

    /// What is known of a site.
    ///
    /// # Errors
    /// [`Denied`]
    pub fn site(&self, caller: &Caller, site: SiteId) -> Result<SiteRecord, Denied> {
        let practice = self.find(caller, site)?;
        let served = self.served();
        let entry = served.sites.get(site).ok_or(Denied::UnknownSite)?;
        Ok(entry.record(&(practice.live)()))
    }

    /// The sites that a PMS ID leads to, of those that the caller may know of: the authoritative one, or none.
    pub fn lookup(&self, caller: &Caller, product: &Product, pms_id: &str) -> Vec<SiteRecord> {
        let served = self.served();
        let environments = Environment::ALL.into_iter();
        environments
            .filter(|of| caller.environment.is_none_or(|own| own == *of))
            .filter_map(|environment| served.sites.lookup(product, pms_id, environment))
            .filter_map(|entry| self.site(caller, entry.declared.id).ok())
            .collect()
    }

    /// Enables an integration at a practice, where the practice has given a code for it; gives the site where it is enabled
    /// already.
    ///
    /// # Errors
    /// [`Denied::NotPaired`]: there is no such practice, or it has given no such code. [`StoreError`]
    pub async fn pair(
        &self,
        caller: &Caller,
        product: &Product,
        pms_id: &str,
        code: Option<&str>,
    ) -> Result<Result<SiteRecord, Denied>, StoreError> {
        if let Some(site) = self.lookup(caller, product, pms_id).pop() {
            return Ok(Ok(site));
        }
        let now = Moment::now();
        let served = self.served();
        let found = caller.environment.and_then(|environment| {
            let entry = served.sites.lookup(product, pms_id, environment)?;
            let index = self.index();
            let code = index.pairing_code(code?, caller.integrator, now)?;
            (code.site == entry.declared.id).then(|| (environment, code.clone()))
        });
        let Some((environment, code)) = found else {
            return Ok(Err(Denied::NotPaired));
        };
        let pairing = Pairing {
            integrator: caller.integrator,
            environment,
            site: code.site,
            enabled: true,
            changed_at: now,
        };
        // A code is good once: who uses it up has it.
        match self
            .store
            .change(Change::PairByCode(code.hash, pairing))
            .await
        {
            Ok(()) => {}
            Err(StoreError::Unknown(_)) => return Ok(Err(Denied::NotPaired)),
            Err(error) => return Err(error),
        }
        self.look_at_directory().await?;
        Ok(self.site(caller, code.site))
    }

    /// Counts one of the queries that count.
    ///
    /// # Errors
    /// [`Denied::RateLimited`]
    pub fn count(&self, at: &Admitted, what: Counted) -> Result<(), Denied> {
        let taken = self.rates.take(at.scope.integrator, at.caller.rate);
        taken.map_err(|retry_after| {
            meter::rate_limited(what);
            Denied::RateLimited { retry_after }
        })
    }

    /// A query of the scope, immediate or async.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn query(&self, scope: &Scope, id: QueryId) -> Result<Option<Query>, StoreError> {
        match self.store.query(scope, id).await? {
            Some(query) => Ok(Some(query)),
            // What is known of an immediate query stands in the journal, and nowhere else.
            None => self
                .journal
                .immediate(scope, id)
                .await
                .map_err(kept_elsewhere),
        }
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
        self.store.page(scope, id, number, Moment::now()).await
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

/// Who asks for a query is told the same wherever it is kept.
fn kept_elsewhere(error: JournalError) -> StoreError {
    match error {
        JournalError::Busy => StoreError::Busy,
        other => StoreError::Failed(other.to_string()),
    }
}

/// Does something to its end, also where who waits for it goes away: what is half done would be kept, and not followed up.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and with it who waits.
            Err(_) => std::future::pending().await,
        },
    }
}
