//! What a caller asks of the gateway, and how it may be refused.

use std::time::Duration;

use thiserror::Error;

use super::query::Query;
use crate::passthrough::PassthroughError;
use crate::passthrough::call::Call;
use crate::store::StoreError;

/// Bounds of the contract.
pub mod bounds {
    use std::ops::RangeInclusive;
    use std::time::Duration;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// How long an immediate query may wait, in milliseconds, and how long it does where nothing is said.
    pub const IMMEDIATE_WAIT: RangeInclusive<u64> = 0..=60_000;
    pub const IMMEDIATE_WAIT_DEFAULT: u64 = 30_000;
    /// The same of an async query.
    pub const ASYNC_WAIT: RangeInclusive<u64> = 0..=7_200_000;
    pub const ASYNC_WAIT_DEFAULT: u64 = 3_600_000;
    /// How long a statement may take.
    pub const IMMEDIATE_LIMIT: Duration = seconds(30);
    pub const ASYNC_LIMIT: Duration = seconds(300);
    pub const REGISTERED_LIMIT: Duration = seconds(60);
    /// Bytes of the rows, as JSON, of an immediate and of a registered query.
    pub const RESULT_BYTES: usize = 8 << 20;
    /// Bytes of an async query's page, about.
    pub const PAGE_BYTES: usize = 1 << 20;
    /// How long pages are kept.
    pub const PAGES_KEPT: Duration = seconds(24 * 3600);
    /// Seconds between two runs of a registered query, and for how long it runs.
    pub const FREQUENCY: RangeInclusive<u64> = 60..=86_400;
    pub const DURATION: RangeInclusive<u64> = 60..=86_400;
    /// Characters of a registered query's name.
    pub const NAME_CHARACTERS: usize = 256;
    /// Registered queries of one integrator at one site that are enabled, those of its devices included.
    pub const REGISTERED_MOST: usize = 100;
    /// Ids in one request for statuses.
    pub const STATUS_IDS: usize = 1_000;
}

/// A command that is to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub call: Call,
    pub max_time_in_queue: Duration,
    /// Bytes of the command as it was sent, and of the request's body.
    pub command_size: u64,
    pub request_size: u64,
}

/// A command that is to be run again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    pub name: String,
    pub frequency: Duration,
    pub duration: Duration,
    pub call: Call,
    pub request_size: u64,
}

/// An immediate query that went well: what is told of it, and its rows as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    pub query: Query,
    /// None for a command that gives no rows.
    pub rows: Option<Vec<u8>>,
}

/// Why nothing came of what was asked. No text holds what a caller wrote, but [`Refused::Failed`]'s, which is its caller's.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Refused {
    /// 400: what the driver cannot carry, or an unknown catalogue.
    #[error("{0}")]
    Command(String),
    /// 400, with the query.
    #[error("the statement failed")]
    Failed(Box<Query>),
    /// 403: the caller's own login is not let in at the practice.
    #[error(transparent)]
    Login(PassthroughError),
    /// 503.
    #[error("the practice is offline")]
    Offline,
    /// 503. Seconds after which to ask again, where they are known.
    #[error("the practice cannot be reached")]
    Unreachable { retry_after: Option<u32> },
    /// 503: as many wait as may.
    #[error("as many queries wait for the practice as may")]
    QueueFull,
    /// 504.
    #[error("the query waited for as long as it may")]
    Expired,
    /// 504.
    #[error("the practice database did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// 400: as many are registered as may be.
    #[error("{most} registered queries are enabled at the site, and no more may be")]
    TooManyRegistered { most: usize },
    /// 503: something here, which may be over soon.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refused {
    /// The HTTP status that says it.
    pub fn status(&self) -> u16 {
        match self {
            Refused::Command(_) | Refused::Failed(_) | Refused::TooManyRegistered { .. } => 400,
            Refused::Login(_) => 403,
            Refused::Offline
            | Refused::Unreachable { .. }
            | Refused::QueueFull
            | Refused::Store(_) => 503,
            Refused::Expired | Refused::Timeout(_) => 504,
        }
    }
}
