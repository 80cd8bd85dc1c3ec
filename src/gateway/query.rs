//! Queries, as they are kept and told: never what they ask, nor what comes of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{IntegratorId, QueryId, SiteId};
use super::integrator::{Environment, Scope};
use super::moment::Moment;
use crate::passthrough::call::Parameter;

/// How a query is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// While its caller waits.
    Immediate,
    /// In pages that are fetched later.
    Async,
}

/// How far a query has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    Initialising,
    InitialisationFailedCacheError,
    InitialisationFailedSiteOffline,
    InitialisationFailedSiteUnreachable,
    Queued,
    ExpiredInQueue,
    Executing,
    ExecutionFailed,
    Uploading,
    UploadFailed,
    Successful,
}

impl Status {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Initialising => "initialising",
            Status::InitialisationFailedCacheError => "initialisationFailedCacheError",
            Status::InitialisationFailedSiteOffline => "initialisationFailedSiteOffline",
            Status::InitialisationFailedSiteUnreachable => "initialisationFailedSiteUnreachable",
            Status::Queued => "queued",
            Status::ExpiredInQueue => "expiredInQueue",
            Status::Executing => "executing",
            Status::ExecutionFailed => "executionFailed",
            Status::Uploading => "uploading",
            Status::UploadFailed => "uploadFailed",
            Status::Successful => "successful",
        }
    }

    /// Nothing comes after it.
    pub fn is_final(self) -> bool {
        !matches!(
            self,
            Status::Initialising | Status::Queued | Status::Executing | Status::Uploading
        )
    }
}

/// A stage of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    #[schema(value_type = String, format = DateTime)]
    pub start_time: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end_time: Option<Moment>,
}

/// The stages that a query has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusTiming {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initialising: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executing: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downloading: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploading: Option<Stage>,
}

/// Whose error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum ErrorType {
    #[serde(rename = "http")]
    Http,
    #[serde(rename = "mssql")]
    Mssql,
    #[serde(rename = "fbsql")]
    Fbsql,
    /// SQL Anywhere.
    #[serde(rename = "sasql")]
    Sasql,
    #[serde(rename = "sqlite")]
    Sqlite,
    /// Of what stands between the API and the practice's database.
    #[serde(rename = "haloLink")]
    HaloLink,
}

impl ErrorType {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            ErrorType::Http => "http",
            ErrorType::Mssql => "mssql",
            ErrorType::Fbsql => "fbsql",
            ErrorType::Sasql => "sasql",
            ErrorType::Sqlite => "sqlite",
            ErrorType::HaloLink => "haloLink",
        }
    }
}

/// Why a query failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetails {
    pub error_type: ErrorType,
    /// The engine's own number, or an HTTP status.
    pub error_code: i64,
    /// For the caller alone: it may repeat names of the caller's statement, never a value of a row.
    pub error_message: String,
}

/// How far a page has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PageStatus {
    Queued,
    Uploading,
    Cached,
}

/// A page of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u32,
    pub status: PageStatus,
    /// Bytes of the rows as JSON.
    pub size: u64,
    /// How many rows.
    pub count: u64,
    /// The first row's place in the whole result, from 1; 0 in a page without rows.
    pub first: u64,
}

impl Page {
    /// The last row's place in the whole result; 0 in a page without rows.
    pub fn last(&self) -> u64 {
        match self.count {
            0 => 0,
            count => self.first + count - 1,
        }
    }
}

/// What came of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    pub rows: u64,
    /// Bytes of the rows as JSON.
    pub size: u64,
    /// Of a command that changes rows; as the engine counts them.
    pub rows_affected: Option<i64>,
    /// What came back in parameters.
    pub parameters: Vec<Parameter>,
    pub pages: Vec<Page>,
}

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub id: QueryId,
    pub integrator: IntegratorId,
    pub environment: Environment,
    pub site: SiteId,
    /// Of a device's query.
    pub device: Option<String>,
    pub mode: Mode,
    pub status: Status,
    pub max_time_in_queue: Duration,
    /// Bytes of the command as JSON, of the request's body, and of the SQL text.
    pub command_size: u64,
    pub request_size: u64,
    pub sql_query_size: u64,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub completed_at: Option<Moment>,
    pub timing: StatusTiming,
    /// How long the database took.
    pub execution: Option<Duration>,
    pub error: Option<ErrorDetails>,
    /// Of a successful one.
    pub outcome: Option<Outcome>,
    /// When its pages go; None before there are any.
    pub expires_at: Option<Moment>,
    /// The trace of the request that sent it: a `traceparent` (W3C Trace Context).
    pub trace: Option<String>,
}

impl Query {
    /// Whose it is.
    pub fn scope(&self) -> Scope {
        Scope {
            integrator: self.integrator,
            environment: self.environment,
            site: self.site,
            device: self.device.clone(),
        }
    }
}
