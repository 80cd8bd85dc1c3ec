//! What the gateway keeps: integrators with their keys, queries with their pages, registered queries, messages to webhooks.
//!
//! One trait, so that the gateway does not know where: SQLite here ([`sqlite`]). What an answer promises is kept when the
//! method that keeps it returns, whatever happens to the process afterwards. What a caller wrote and what rows hold is
//! sealed, and goes when it is not needed any more.
//!
//! Every method that looks something up for a caller takes the caller's [`Scope`], so that nothing of another's can be
//! found, whatever the id.

#[cfg(test)]
pub mod conformance;
pub mod seal;
pub mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use thiserror::Error;

use crate::gateway::id::{DeliveryId, IntegratorId, KeyId, QueryId, SiteId};
use crate::gateway::integrator::{
    Environment, Integrator, Key, Login, LoginScope, Pairing, Scope, WebhookTarget,
};
use crate::gateway::link::{Later, Nature};
use crate::gateway::moment::Moment;
use crate::gateway::query::{ErrorDetails, Outcome, Page, Query, Status, StatusTiming};
use crate::gateway::registered::{Registered, RegisteredResult};
use crate::gateway::webhook::{Delivery, DeliveryStatus, Receiver};
use crate::passthrough::call::Call;

/// Why something could not be kept or found. No message holds what was to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The medium: full, gone, damaged.
    #[error("the state store failed: {0}")]
    Failed(String),
    /// Too much waits to be kept.
    #[error("the state store is busy")]
    Busy,
    /// A name or place that has to be unique is taken.
    #[error("{0}")]
    Taken(String),
    #[error("{0}")]
    Unknown(String),
    /// What was sealed cannot be opened: with another key, or altered.
    #[error("the state store holds something that its key does not open")]
    Sealed,
}

/// Who may ask whom, as a whole.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    pub integrators: Vec<Integrator>,
    pub keys: Vec<Key>,
    pub pairings: Vec<Pairing>,
    pub logins: Vec<(IntegratorId, LoginScope, Login)>,
    pub webhooks: Vec<WebhookTarget>,
    /// Codes that practices gave for pairing: SHA-256 of the code's text.
    pub pairing_codes: Vec<PairingCode>,
    /// Sites that an operator has made the authoritative one of their PMS ID.
    pub authoritative: Vec<SiteId>,
}

/// A practice's consent, in a code that it gives to an integrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingCode {
    pub site: SiteId,
    /// Whom it is for; None for whoever has it.
    pub integrator: Option<IntegratorId>,
    pub hash: [u8; 32],
    pub expires_at: Moment,
}

/// A change to the directory.
#[derive(Debug, Clone)]
pub enum Change {
    AddIntegrator(Integrator),
    /// All but its id and when it was made.
    SetIntegrator(Integrator),
    /// With all that is its own.
    RemoveIntegrator(IntegratorId),
    AddKey(Key),
    RevokeKey(KeyId, Moment),
    SetPairing(Pairing),
    /// A pairing for a code, which is used up with it.
    PairByCode([u8; 32], Pairing),
    SetLogin(IntegratorId, LoginScope, Login),
    RemoveLogin(IntegratorId, LoginScope),
    SetWebhook(WebhookTarget),
    RemoveWebhook(IntegratorId, Environment),
    AddPairingCode(PairingCode),
    /// A code is good once.
    UsePairingCode([u8; 32]),
    /// Of the sites, this one and none of the others is the authoritative one.
    SetAuthoritative {
        site: SiteId,
        others: Vec<SiteId>,
    },
    /// A choice is taken back.
    ClearAuthoritative(SiteId),
}

/// An async query that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: QueryId,
    pub integrator: IntegratorId,
    pub site: SiteId,
    /// Then it is told as expired.
    pub expires_at: Moment,
}

/// A query's end.
#[derive(Debug, Clone)]
pub struct Finish {
    pub id: QueryId,
    pub status: Status,
    pub at: Moment,
    pub timing: StatusTiming,
    pub execution: Option<Duration>,
    pub error: Option<ErrorDetails>,
    /// Its pages are those that were put.
    pub outcome: Option<Outcome>,
    /// Until when its pages are kept.
    pub expires_at: Moment,
    /// Told in the same step, where the integrator has a webhook.
    pub delivery: Option<Delivery>,
}

/// A page that was asked for.
#[derive(Debug, Clone)]
pub enum PageFound {
    /// The rows as JSON, and where they belong.
    Page(Page, Bytes),
    /// The result has no such page, or not yet.
    None,
    /// It was there, and its time is over.
    Expired,
}

/// A registered query's run that is due.
#[derive(Debug, Clone)]
pub struct Due {
    pub registered: Registered,
    pub call: Arc<Call>,
}

/// The end of a registered query's run.
#[derive(Debug, Clone)]
pub struct RunFinish {
    /// With its new metrics, hash, error, status and time of the next run.
    pub registered: Registered,
    /// Where it differs from the last one.
    pub result: Option<RegisteredResult>,
    /// Told in the same step.
    pub delivery: Option<Delivery>,
}

/// What a restart found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recovered {
    /// Queries that were at work and could change nothing: they wait again.
    pub again: usize,
    /// Queries and runs that may have changed something: they have failed.
    pub failed: usize,
    /// The queries among these.
    pub ended: Vec<QueryId>,
    /// The registered queries whose runs are among these.
    pub runs: Vec<Registered>,
}

/// What [`Store::sweep`] came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Rows.
    pub removed: usize,
    /// Messages that have failed, for they waited for too long for a webhook that is disabled.
    pub given_up: usize,
}

/// An attempt's end.
#[derive(Debug, Clone)]
pub struct Tried {
    pub id: DeliveryId,
    pub status: DeliveryStatus,
    pub at: Moment,
    pub next_at: Moment,
    pub last_status: Option<u16>,
    pub last_problem: Option<String>,
}

/// Which messages.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    pub id: Option<DeliveryId>,
    pub integrator: Option<IntegratorId>,
    pub environment: Option<Environment>,
    pub status: Option<DeliveryStatus>,
    /// The newest of them, at the most.
    pub limit: usize,
}

/// When the next registered query, and the next message, is due.
pub type NextDue = (Option<Moment>, Option<Moment>);

/// Where the gateway keeps what outlives a request.
pub trait Store: Send + Sync + 'static {
    /// The whole directory. Another number of [`Store::directory_version`] says that it has changed.
    fn directory(&self) -> Later<'_, Result<Directory, StoreError>>;

    /// Another number whenever the directory has changed, in this process or another. Cheap.
    fn directory_version(&self) -> Later<'_, Result<u64, StoreError>>;

    /// Changes the directory.
    ///
    /// # Errors
    /// [`StoreError::Taken`], [`StoreError::Unknown`]: nothing was changed.
    fn change(&self, change: Change) -> Later<'_, Result<(), StoreError>>;

    /// A secret of the store's own, 32 random bytes, made when it is asked for first.
    fn own_secret(&self, name: &'static str) -> Later<'_, Result<[u8; 32], StoreError>>;

    /// Keeps a query that waits, with its command. Its integrator need not be of the directory: a configuration file has
    /// callers, too.
    fn add_query(&self, query: Query, call: Arc<Call>) -> Later<'_, Result<(), StoreError>>;

    /// Takes up what a former process left: to be called once, before anything runs. Interrupted queries that could
    /// change nothing wait again, without the pages that they had; all others end as [`Status::ExecutionFailed`] with
    /// `error`, and their messages are kept. Runs of registered queries likewise. Messages that it was sending are due now.
    fn recover(
        &self,
        now: Moment,
        error: ErrorDetails,
        keep: Duration,
    ) -> Later<'_, Result<Recovered, StoreError>>;

    /// The queries that wait, oldest first, after one of them; so many at the most.
    fn waiting(
        &self,
        after: Option<QueryId>,
        limit: usize,
    ) -> Later<'_, Result<Vec<Waiting>, StoreError>>;

    /// A waiting query's command; None where it waits no more.
    fn call(&self, id: QueryId) -> Later<'_, Result<Option<Arc<Call>>, StoreError>>;

    /// A waiting query begins. False where it waits no more: then it must not be run.
    fn begin(
        &self,
        id: QueryId,
        nature: Nature,
        timing: StatusTiming,
        at: Moment,
    ) -> Later<'_, Result<bool, StoreError>>;

    /// Keeps a page of a query that is at work. The first one makes it [`Status::Uploading`].
    fn put_page(&self, id: QueryId, page: Page, rows: Bytes) -> Later<'_, Result<(), StoreError>>;

    /// Ends a query, keeps its message, and forgets its command. False where it had ended before: nothing is changed.
    fn finish(&self, finish: Finish) -> Later<'_, Result<bool, StoreError>>;

    /// A query with its pages.
    fn query(&self, scope: &Scope, id: QueryId) -> Later<'_, Result<Option<Query>, StoreError>>;

    /// A query, whosever it is: for the gateway itself, never for a caller.
    fn any_query(&self, id: QueryId) -> Later<'_, Result<Option<Query>, StoreError>>;

    /// A page of a query, as it stands at a moment; None where the scope has no such query. A page whose time is over is
    /// not given, whether it was removed yet or not.
    fn page(
        &self,
        scope: &Scope,
        id: QueryId,
        number: u32,
        now: Moment,
    ) -> Later<'_, Result<Option<PageFound>, StoreError>>;

    /// Removes what is over: pages past their time, and a day after these what is known of their queries; results of
    /// registered queries a day after their end, and what is known of these a week after it; messages a week after theirs;
    /// pairing codes past their time. Messages that were due a week ago, and still wait for a webhook that is disabled, have
    /// failed.
    ///
    /// What waits for longer than it may, because the clock was ahead and has been set back, is made due: registered
    /// queries beyond their frequency, messages beyond two hours.
    fn sweep(&self, now: Moment) -> Later<'_, Result<Swept, StoreError>>;

    /// Keeps a registered query. False where `most` of its integrator's are enabled at its site and environment, whichever
    /// devices they are of: then it is not kept.
    fn register(
        &self,
        registered: Registered,
        call: Arc<Call>,
        most: usize,
    ) -> Later<'_, Result<bool, StoreError>>;

    /// The registered queries of a scope, oldest first.
    fn registered(&self, scope: &Scope) -> Later<'_, Result<Vec<Registered>, StoreError>>;

    /// One of them.
    fn registered_one(
        &self,
        scope: &Scope,
        id: QueryId,
    ) -> Later<'_, Result<Option<Registered>, StoreError>>;

    /// Ends one of them as cancelled. False where there is none that is enabled.
    fn cancel(&self, scope: &Scope, id: QueryId, at: Moment)
    -> Later<'_, Result<bool, StoreError>>;

    /// The result that was kept last; None where the scope has no such query, or there is none yet.
    fn registered_result(
        &self,
        scope: &Scope,
        id: QueryId,
    ) -> Later<'_, Result<Option<RegisteredResult>, StoreError>>;

    /// Enabled registered queries that are due and not at work, so many at the most; they are at work from now on, until
    /// [`Store::finish_run`]. Those whose duration is over are completed instead.
    fn due(&self, now: Moment, limit: usize) -> Later<'_, Result<Vec<Due>, StoreError>>;

    /// Notes what a run's statement can do, before it is run. False where it was cancelled meanwhile.
    fn begin_run(&self, id: QueryId, nature: Nature) -> Later<'_, Result<bool, StoreError>>;

    /// Ends a run. False where the query was cancelled meanwhile: it stays so, and nothing of the run is kept.
    fn finish_run(&self, finish: RunFinish) -> Later<'_, Result<bool, StoreError>>;

    /// When the next registered query, and the next message, is due.
    fn next_due(&self) -> Later<'_, Result<NextDue, StoreError>>;

    /// Messages that are due, so many at the most; each counts one attempt more, and is due again at `again` unless
    /// [`Store::tried`] says otherwise: an attempt that a restart cuts off is made anew, see [`Store::recover`].
    ///
    /// Those to a webhook that is disabled wait as they are, until it is enabled again; [`Store::next_due`] does not count
    /// them.
    fn due_deliveries(
        &self,
        now: Moment,
        again: Moment,
        limit: usize,
    ) -> Later<'_, Result<Vec<Delivery>, StoreError>>;

    /// As [`Store::due_deliveries`], but of one receiver `each` at the most, and none of those that are `busy`: so that
    /// much that is due to one, which may be slow, does not keep others waiting. A store that cannot tell them apart
    /// gives what is due.
    fn due_deliveries_for_all(
        &self,
        now: Moment,
        again: Moment,
        limit: usize,
        _each: usize,
        _busy: Vec<Receiver>,
    ) -> Later<'_, Result<Vec<Delivery>, StoreError>> {
        self.due_deliveries(now, again, limit)
    }

    /// What came of an attempt.
    fn tried(&self, tried: Tried) -> Later<'_, Result<(), StoreError>>;

    /// A message that was taken up was not sent after all: that counts no attempt, and it is due at `next_at`.
    fn put_back(&self, id: DeliveryId, next_at: Moment) -> Later<'_, Result<(), StoreError>>;

    /// Messages of a filter that have failed are pending again, due `now` with their ids, and with all their attempts before
    /// them; no other status is looked for. How many they are.
    fn redeliver(
        &self,
        filter: DeliveryFilter,
        now: Moment,
    ) -> Later<'_, Result<usize, StoreError>>;

    /// Messages, the newest first.
    fn deliveries(&self, filter: DeliveryFilter) -> Later<'_, Result<Vec<Delivery>, StoreError>>;
}
