//! Registered queries: run again and again, told of when their result has changed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{IntegratorId, QueryId, SiteId};
use super::integrator::Environment;
use super::moment::Moment;
use super::query::ErrorDetails;
use crate::passthrough::call::Parameter;

/// What becomes of a registered query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RegisteredStatus {
    InitialisationFailedCacheError,
    Enabled,
    Cancelled,
    /// Its duration is over.
    Completed,
}

impl RegisteredStatus {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            RegisteredStatus::InitialisationFailedCacheError => "initialisationFailedCacheError",
            RegisteredStatus::Enabled => "enabled",
            RegisteredStatus::Cancelled => "cancelled",
            RegisteredStatus::Completed => "completed",
        }
    }
}

/// What its runs came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredMetrics {
    pub last_succeeded_at: Option<Moment>,
    pub last_failed_at: Option<Moment>,
    /// Milliseconds.
    pub last_execution_duration: Option<u64>,
    pub execution_succeeded_count: u64,
    pub execution_failed_count: u64,
    /// Bytes of all results.
    pub result_size_sum: u64,
    /// Bytes of the request that registered it.
    pub request_size: u64,
}

/// A registered query.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    pub id: QueryId,
    pub integrator: IntegratorId,
    pub environment: Environment,
    pub site: SiteId,
    /// Of a device's query.
    pub device: Option<String>,
    /// The integrator's own name for it.
    pub name: String,
    pub status: RegisteredStatus,
    pub frequency: Duration,
    pub duration: Duration,
    /// SHA-256 of the last result in lowercase hex.
    pub last_hash: Option<String>,
    pub last_error: Option<ErrorDetails>,
    pub metrics: RegisteredMetrics,
    pub created_at: Moment,
    pub completed_at: Option<Moment>,
    /// When it is due, not before its last run has ended; or when its duration is over, where it is not run again.
    pub next_at: Moment,
}

/// The last result that was different from the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredResult {
    /// The rows as JSON.
    pub data: Vec<u8>,
    pub rows: u64,
    pub parameters: Vec<Parameter>,
}
