//! Messages to integrators' webhooks: that something is there, never what.
//!
//! What an integrator's webhook is told is kept with what it tells of, in one step; from there it is taken up, signed and
//! sent, again where that can help, until it is delivered or has been tried often enough.
//!
//! ```text
//! worker   messages that are due, from the store      lanes   which of them is sent now
//! url      a template and a message → a URL           guard   which addresses may be called at all
//! sign     a message → its body and headers           retry   an answer → sent again, and when
//! ```
//!
//! A URL is what an operator was told by someone else, and names a server of someone else's: it gets five seconds, none of
//! its words are read but a status and `Retry-After`, it leads nowhere else, and it is no way into this network.

pub mod guard;
mod lanes;
pub(super) mod meter;
pub mod retry;
pub mod sign;
#[cfg(test)]
mod tests;
pub mod url;
mod worker;

pub use meter::describe as describe_metrics;
pub use worker::{Options, Sender, SenderError, TargetOf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{DeliveryId, IntegratorId, QueryId, SiteId};
use super::integrator::Environment;
use super::moment::Moment;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// An async query has ended, well or not.
    Async,
    /// A registered query's result has changed.
    Registered,
}

impl Source {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Source::Async => "async",
            Source::Registered => "registered",
        }
    }
}

/// Who is told: an integrator has a webhook in each environment.
pub type Receiver = (IntegratorId, Environment);

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// It is tried, or will be; where its webhook is disabled, when that is enabled again.
    Pending,
    Delivered,
    /// It was tried as often as it may be, or its receiver wants none.
    Failed,
}

/// A message, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub integrator: IntegratorId,
    pub environment: Environment,
    pub site: SiteId,
    pub query: QueryId,
    pub source: Source,
    pub occurred_at: Moment,
    pub status: DeliveryStatus,
    /// Attempts that were begun.
    pub attempts: u32,
    /// When the next one is due.
    pub next_at: Moment,
    /// What the receiver said last; None where nothing came back.
    pub last_status: Option<u16>,
    /// Why nothing came back, in words of our own: `timed out`.
    pub last_problem: Option<String>,
    pub finished_at: Option<Moment>,
    /// The trace that it belongs to: a `traceparent` (W3C Trace Context).
    pub trace: Option<String>,
}

impl Delivery {
    /// A message about a query, due at once.
    pub fn new(
        (integrator, environment): Receiver,
        site: SiteId,
        query: QueryId,
        source: Source,
        trace: Option<String>,
        now: Moment,
    ) -> Delivery {
        Delivery {
            id: DeliveryId::generate(),
            integrator,
            environment,
            site,
            query,
            source,
            occurred_at: now,
            status: DeliveryStatus::Pending,
            attempts: 0,
            next_at: now,
            last_status: None,
            last_problem: None,
            finished_at: None,
            trace,
        }
    }

    /// Who is told.
    pub fn receiver(&self) -> Receiver {
        (self.integrator, self.environment)
    }
}
