//! Messages to integrators' webhooks: that something is there, never what.

use serde::{Deserialize, Serialize};

use super::id::{DeliveryId, IntegratorId, QueryId, SiteId};
use super::integrator::Environment;
use super::moment::Moment;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// It is tried, or will be.
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
}
