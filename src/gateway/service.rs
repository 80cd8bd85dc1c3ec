//! The gateway as its API sees it: what may be asked, of whom, and what comes of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use super::ask::{Answered, Ask, Refused, Registration};
use super::caller::{Caller, Denied, Index};
use super::id::{QueryId, SiteId};
use super::integrator::{Environment, Scope};
use super::link::Link;
use super::moment::Moment;
use super::query::Query;
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

/// The gateway.
pub struct Gateway {
    pub(super) store: Arc<dyn Store>,
    index: RwLock<Arc<Index>>,
    practices: RwLock<Arc<HashMap<SiteId, Arc<Practice>>>>,
}

impl Gateway {
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

    /// The practices as they are now.
    pub fn practices(&self) -> Arc<HashMap<SiteId, Arc<Practice>>> {
        Arc::clone(
            &self
                .practices
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
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
        let _ = (caller, site, device);
        Err(Denied::UnknownSite)
    }

    /// Counts one of the queries that count.
    ///
    /// # Errors
    /// [`Denied::RateLimited`]
    pub fn count(&self, caller: &Caller) -> Result<(), Denied> {
        let _ = caller;
        Ok(())
    }

    /// Runs a command while its caller waits. When the future is dropped, the statement is cancelled.
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn immediate(&self, at: &Admitted, ask: Ask) -> Result<Answered, Refused> {
        let _ = (at, ask);
        Err(Refused::Offline)
    }

    /// Keeps a command that is run later. Where the practice is away the query has ended as that says.
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn submit(&self, at: &Admitted, ask: Ask) -> Result<Query, Refused> {
        let _ = (at, ask);
        Err(Refused::Offline)
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

    /// Keeps a command that is run again and again.
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn register(&self, at: &Admitted, new: Registration) -> Result<QueryId, Refused> {
        let _ = (at, new);
        Err(Refused::Offline)
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
