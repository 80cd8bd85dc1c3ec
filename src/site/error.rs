//! Why a site gives no answer: the stages' errors, and its own.

use thiserror::Error;

use super::summary::{BUNDLE_PROFILE, COMPOSITION_PROFILE};
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
    #[error("{} is no parameter of the operation; it takes {}", .parameter.as_deref().map_or("what is given".to_owned(), |name| format!("`{name}`")), .takes.join(", "))]
    NotOfOperation {
        /// As typed, where it has the form of a name.
        parameter: Option<String>,
        /// The names of those that it takes.
        takes: Vec<&'static str>,
    },
    #[error("`{parameter}` takes one date or moment, without a prefix or modifier, once")]
    OperationValue { parameter: String },
    #[error("`end` lies before `start`: nothing is between them")]
    RangeReversed,
    #[error(
        "without an id in the path, `identifier` takes one identifier, as system|value or value, once"
    )]
    SummaryIdentifier,
    #[error(
        "`profile` takes {COMPOSITION_PROFILE} or {BUNDLE_PROFILE}, of edition 1.1.0, 2.0.0 or 2.0.1 where |edition follows, once"
    )]
    SummaryProfile,
    #[error("several patients have that identifier")]
    SeveralPatients,
    #[error("the document cannot be written")]
    Unwritable,
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
            SiteError::Sql(SqlError::TooManyValues { .. }) => errors::TOO_MANY_VALUES,
            SiteError::Sql(SqlError::FragmentMissing(_) | SqlError::Elsewhere) => errors::INTERNAL,
            SiteError::Passthrough(error) => error.code(),
            SiteError::UnknownResourceType { .. } => errors::UNKNOWN_RESOURCE_TYPE,
            SiteError::NoSuchResource => errors::NO_SUCH_RESOURCE,
            SiteError::NotForReads { .. } => errors::NOT_FOR_READS,
            SiteError::TypeNotServed { .. } => errors::SEVERAL_TYPES,
            SiteError::NotOfOperation { .. } => errors::OPERATION_PARAMETER,
            SiteError::OperationValue { .. } | SiteError::RangeReversed => errors::SEARCH_VALUE,
            SiteError::SummaryIdentifier | SiteError::SummaryProfile => errors::OPERATION_VALUE,
            SiteError::SeveralPatients => errors::SEVERAL_MATCHES,
            SiteError::Unwritable => errors::INTERNAL,
        }
    }

    /// Where in the request, for `OperationOutcome.issue.expression`.
    pub fn expression(&self) -> Option<String> {
        match self {
            SiteError::Search(error) => error.expression(),
            SiteError::Plan(error) => error.expression(),
            SiteError::TypeNotServed { .. } => Some("http._type".to_owned()),
            SiteError::NotOfOperation { parameter, .. } => {
                parameter.as_deref().map(errors::expression)
            }
            SiteError::NotForReads { parameter } | SiteError::OperationValue { parameter } => {
                Some(format!("http.{parameter}"))
            }
            SiteError::RangeReversed => Some("http.end".to_owned()),
            SiteError::SummaryIdentifier | SiteError::SeveralPatients => {
                Some("http.identifier".to_owned())
            }
            SiteError::SummaryProfile => Some("http.profile".to_owned()),
            _ => None,
        }
    }

    /// Seconds after which to try again, where that can help.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            SiteError::Passthrough(error) => error.retry_after(),
            _ => None,
        }
    }
}
