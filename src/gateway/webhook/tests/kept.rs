//! A store in memory that keeps messages, and nothing else.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::watch;

use super::PATIENCE;
use crate::gateway::id::{DeliveryId, QueryId};
use crate::gateway::integrator::Scope;
use crate::gateway::link::{Later, Nature};
use crate::gateway::moment::Moment;
use crate::gateway::query::{ErrorDetails, Page, Query, StatusTiming};
use crate::gateway::registered::{Registered, RegisteredResult};
use crate::gateway::webhook::{Delivery, DeliveryStatus, Receiver};
use crate::passthrough::call::Call;
use crate::store::{
    Change, DeliveryFilter, Directory, Due, Finish, PageFound, Recovered, RunFinish, Store,
    StoreError, Swept, Tried, Waiting,
};

/// Messages in memory, in the order in which they came.
pub(super) struct Kept {
    deliveries: Mutex<Vec<Delivery>>,
    /// Calls that are still to fail.
    pub(super) failures: Mutex<usize>,
    /// Messages that were taken up and not sent.
    pub(super) put_back: Mutex<usize>,
    changed: watch::Sender<()>,
}

impl Kept {
    pub(super) fn new(deliveries: impl IntoIterator<Item = Delivery>) -> Arc<Kept> {
        Arc::new(Kept {
            deliveries: Mutex::new(deliveries.into_iter().collect()),
            failures: Mutex::new(0),
            put_back: Mutex::new(0),
            changed: watch::Sender::new(()),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Delivery>> {
        self.deliveries.lock().expect("no panic")
    }

    pub(super) fn one(&self) -> Delivery {
        self.lock()[0].clone()
    }

    /// Waits until the messages are as they are to be.
    pub(super) async fn until(&self, are: impl Fn(&[Delivery]) -> bool) {
        let mut changes = self.changed.subscribe();
        let wait = async {
            while !are(&self.lock()) {
                changes.changed().await.expect("it is there");
            }
        };
        let came = tokio::time::timeout(PATIENCE, wait).await;
        assert!(came.is_ok(), "{:#?}", self.lock());
    }

    pub(super) async fn until_all(&self, status: DeliveryStatus) {
        self.until(|all| all.iter().all(|delivery| delivery.status == status))
            .await;
    }

    fn fails(&self) -> Result<(), StoreError> {
        let mut failures = self.failures.lock().expect("no panic");
        if *failures > 0 {
            *failures -= 1;
            return Err(StoreError::Busy);
        }
        Ok(())
    }
}

fn now<T: Send + 'static>(value: T) -> Later<'static, T> {
    Box::pin(std::future::ready(value))
}

/// What no message needs.
macro_rules! not_asked {
    ($($name:ident($($argument:ty),*) -> $answer:ty;)*) => {$(
        fn $name(&self $(, _: $argument)*) -> Later<'_, Result<$answer, StoreError>> {
            unreachable!(stringify!($name))
        }
    )*};
}

impl Store for Kept {
    fn next_due(&self) -> Later<'_, Result<(Option<Moment>, Option<Moment>), StoreError>> {
        let next = |all: &[Delivery]| {
            all.iter()
                .filter(|delivery| delivery.status == DeliveryStatus::Pending)
                .map(|delivery| delivery.next_at)
                .min()
        };
        now(self.fails().map(|()| (None, next(&self.lock()))))
    }

    fn due_deliveries(
        &self,
        now: Moment,
        again: Moment,
        limit: usize,
    ) -> Later<'_, Result<Vec<Delivery>, StoreError>> {
        self.due_deliveries_for_all(now, again, limit, usize::MAX, Vec::new())
    }

    fn due_deliveries_for_all(
        &self,
        at: Moment,
        again: Moment,
        limit: usize,
        each: usize,
        busy: Vec<Receiver>,
    ) -> Later<'_, Result<Vec<Delivery>, StoreError>> {
        let take = || {
            let mut taken: Vec<Delivery> = Vec::new();
            for delivery in self.lock().iter_mut() {
                let receiver = delivery.receiver();
                let its = taken.iter().filter(|other| other.receiver() == receiver);
                let is_due = delivery.status == DeliveryStatus::Pending
                    && delivery.next_at <= at
                    && taken.len() < limit
                    && its.count() < each
                    && !busy.contains(&receiver);
                if is_due {
                    delivery.attempts += 1;
                    delivery.next_at = again;
                    taken.push(delivery.clone());
                }
            }
            taken
        };
        now(self.fails().map(|()| take()))
    }

    fn tried(&self, tried: Tried) -> Later<'_, Result<(), StoreError>> {
        if let Err(error) = self.fails() {
            return now(Err(error));
        }
        let mut all = self.lock();
        let delivery = all.iter_mut().find(|delivery| delivery.id == tried.id);
        let delivery = delivery.expect("it is kept");
        delivery.status = tried.status;
        delivery.next_at = tried.next_at;
        delivery.last_status = tried.last_status;
        delivery.last_problem = tried.last_problem;
        delivery.finished_at = (tried.status != DeliveryStatus::Pending).then_some(tried.at);
        drop(all);
        self.changed.send_replace(());
        now(Ok(()))
    }

    fn put_back(&self, id: DeliveryId, next_at: Moment) -> Later<'_, Result<(), StoreError>> {
        let mut all = self.lock();
        let delivery = all.iter_mut().find(|delivery| delivery.id == id);
        let delivery = delivery.expect("it is kept");
        delivery.attempts -= 1;
        delivery.next_at = next_at;
        drop(all);
        *self.put_back.lock().expect("no panic") += 1;
        self.changed.send_replace(());
        now(Ok(()))
    }

    not_asked! {
        directory() -> Directory;
        directory_version() -> u64;
        change(Change) -> ();
        own_secret(&'static str) -> [u8; 32];
        add_query(Query, Arc<Call>) -> ();
        recover(Moment, ErrorDetails, Duration) -> Recovered;
        waiting(Option<QueryId>, usize) -> Vec<Waiting>;
        call(QueryId) -> Option<Arc<Call>>;
        begin(QueryId, Nature, StatusTiming, Moment) -> bool;
        put_page(QueryId, Page, Bytes) -> ();
        finish(Finish) -> bool;
        query(&Scope, QueryId) -> Option<Query>;
        any_query(QueryId) -> Option<Query>;
        page(&Scope, QueryId, u32, Moment) -> Option<PageFound>;
        sweep(Moment) -> Swept;
        register(Registered, Arc<Call>, usize) -> bool;
        registered(&Scope) -> Vec<Registered>;
        registered_one(&Scope, QueryId) -> Option<Registered>;
        cancel(&Scope, QueryId, Moment) -> bool;
        registered_result(&Scope, QueryId) -> Option<RegisteredResult>;
        due(Moment, usize) -> Vec<Due>;
        begin_run(QueryId, Nature) -> bool;
        finish_run(RunFinish) -> bool;
        redeliver(DeliveryFilter, Moment) -> usize;
        deliveries(DeliveryFilter) -> Vec<Delivery>;
    }
}
