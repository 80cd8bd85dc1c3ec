//! Why a site gives no answer: the stages' errors, and its own.

use thiserror::Error;

use crate::errors::{self, Code};
use crate::passthrough::PassthroughError;
use crate::plan::PlanError;
use crate::search::SearchError;
use crate::sql::SqlError;

#[derive(Debug, Error)]
pub enum SiteError {
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error(transparent)]
    Passthrough(#[from] PassthroughError),
    #[error("that resource type is not served at this site; it serves {}", served.join(", "))]
    UnknownResourceType { served: Vec<&'static str> },
    #[error("there is no resource of that type with that id")]
    NoSuchResource,
    #[error("value {number} of `_type` is no type that may be asked for here; it may be {}", served.join(", "))]
    TypeNotServed {
        number: usize,
        served: Vec<&'static str>,
    },
    #[error("{} is no parameter of the operation; it takes start, end, _since, _type, _count, _format and _pretty", .parameter.as_deref().map_or("what is given".to_owned(), |name| format!("`{name}`")))]
    NotOfOperation {
        /// As typed, where it has the form of a name.
        parameter: Option<String>,
    },
    #[error("`{parameter}` takes one date or moment, without a prefix or modifier, once")]
    OperationValue { parameter: String },
    #[error(
        "`{parameter}` does not apply to a read; _summary (but for count), _elements, _format and _pretty do"
    )]
    NotForReads { parameter: String },
}

impl SiteError {
    /// The entry of the table of errors.
    pub fn code(&self) -> Code {
        match self {
            SiteError::Search(error) => error.code(),
            SiteError::Plan(error) => error.code(),
            SiteError::Sql(_) => errors::INTERNAL,
            SiteError::Passthrough(error) => error.code(),
            SiteError::UnknownResourceType { .. } => errors::UNKNOWN_RESOURCE_TYPE,
            SiteError::NoSuchResource => errors::NO_SUCH_RESOURCE,
            SiteError::NotForReads { .. } => errors::NOT_FOR_READS,
            SiteError::TypeNotServed { .. } => errors::SEVERAL_TYPES,
            SiteError::NotOfOperation { .. } => errors::OPERATION_PARAMETER,
            SiteError::OperationValue { .. } => errors::SEARCH_VALUE,
        }
    }

    /// Where in the request, for `OperationOutcome.issue.expression`.
    pub fn expression(&self) -> Option<String> {
        match self {
            SiteError::Search(error) => error.expression(),
            SiteError::Plan(error) => error.expression(),
            SiteError::TypeNotServed { .. } => Some("http._type".to_owned()),
            SiteError::NotOfOperation { parameter } => parameter.as_deref().map(errors::expression),
            SiteError::NotForReads { parameter } | SiteError::OperationValue { parameter } => {
                Some(format!("http.{parameter}"))
            }
            _ => None,
        }
    }

    /// Seconds after which to try again, where that can help.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            SiteError::Passthrough(PassthroughError::Busy | PassthroughError::Locked) => Some(1),
            SiteError::Passthrough(PassthroughError::Open(_)) => Some(5),
            _ => None,
        }
    }
}
