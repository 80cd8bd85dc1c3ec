//! What can be wrong with the text of a search.
//!
//! A message names the parameter, the number of the value and what is allowed. It never holds the text
//! of a value, nor a name that has not the form of a name: either may be what a person typed about a patient.

use std::borrow::Cow;
use std::fmt;

use crate::errors::{self, Code};

/// Where in a request: a parameter by its name, or by its number where the name has not the form of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As typed, modifier and chain included; None if it has not the form of a name.
    pub name: Option<String>,
    /// The place among the request's parameters, counted from 1.
    pub position: usize,
}

impl Place {
    pub(super) fn new(name: &str, position: usize) -> Self {
        Place {
            name: is_name_like(name).then(|| name.to_owned()),
            position,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "parameter `{name}`"),
            None => write!(f, "parameter number {}", self.position),
        }
    }
}

/// Whether a name may be repeated in messages: `-?[A-Za-z_][A-Za-z0-9_.:-]{0,63}`.
pub(super) fn is_name_like(name: &str) -> bool {
    let bytes = name.strip_prefix('-').unwrap_or(name).as_bytes();
    bytes.len() <= 64
        && bytes
            .first()
            .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-'))
}

/// Why the text of a search was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// Percent-encoding, UTF-8 or a NUL.
    #[error("{place} cannot be read: {problem}")]
    Encoding { place: Place, problem: &'static str },
    /// A value that has not the form of its parameter's type.
    #[error("{place}, value {number}: expected {expected}")]
    Value {
        place: Place,
        number: usize,
        expected: Cow<'static, str>,
    },
    /// Nothing between two commas: as a prefix of a string it would match everything.
    #[error(
        "{place}, value {number}: empty; write no comma or dollar sign without a value on both sides, and one within a value as \\, or \\$"
    )]
    EmptyValue { place: Place, number: usize },
    /// A modifier that R4 does not define for the kind of the parameter.
    #[error("{place}: the modifier does not apply; {allowed}")]
    Modifier { place: Place, allowed: String },
    /// Letters before a number, date or quantity that are no prefix.
    #[error(
        "{place}, value {number}: expected {expected} after one of the prefixes eq, ne, gt, lt, ge, le, sa, eb, ap or none"
    )]
    Prefix {
        place: Place,
        number: usize,
        expected: &'static str,
    },
    /// More parameters than [`Limits::parameters`](super::Limits::parameters).
    #[error("more than {limit} parameters")]
    TooManyParameters { limit: usize },
    /// More values than [`Limits::values`](super::Limits::values).
    #[error("{place}: more than {limit} values in the search")]
    TooManyValues { place: Place, limit: usize },
    /// A chain longer than [`Limits::chain_depth`](super::Limits::chain_depth).
    #[error("{place}: a chain of more than {limit} steps")]
    ChainTooDeep { place: Place, limit: usize },
    /// A result parameter given more than once.
    #[error("{place} is given more than once")]
    Repeated { place: Place },
    /// A value that a result parameter does not take.
    #[error("{place}, value {number}: expected {expected}")]
    ResultParameter {
        place: Place,
        number: usize,
        expected: &'static str,
    },
    /// A query string of more than [`Limits::query_bytes`](super::Limits::query_bytes).
    #[error("the query string has more than {limit} bytes")]
    QueryTooLong { limit: usize },
    /// A body of more than [`Limits::form_bytes`](super::Limits::form_bytes).
    #[error("the form body has more than {limit} bytes")]
    FormTooLong { limit: usize },
    /// A name whose parts do not fit: a chain through something that is no reference, an unknown end.
    #[error("{place}: {problem}")]
    Name {
        place: Place,
        problem: Cow<'static, str>,
    },
}

impl SearchError {
    /// The entry in the table of errors.
    pub fn code(&self) -> Code {
        match self {
            SearchError::Encoding { .. } => errors::SEARCH_SYNTAX,
            SearchError::Value { .. } | SearchError::EmptyValue { .. } => errors::SEARCH_VALUE,
            SearchError::Modifier { .. } => errors::SEARCH_MODIFIER,
            SearchError::Prefix { .. } => errors::SEARCH_PREFIX,
            SearchError::TooManyParameters { .. }
            | SearchError::TooManyValues { .. }
            | SearchError::ChainTooDeep { .. } => errors::SEARCH_TOO_MANY,
            SearchError::Repeated { .. } => errors::SEARCH_REPEATED,
            SearchError::ResultParameter { .. } => errors::SEARCH_RESULT_PARAMETER,
            SearchError::QueryTooLong { .. } => errors::SEARCH_TOO_LONG,
            SearchError::FormTooLong { .. } => errors::SEARCH_BODY_TOO_LONG,
            SearchError::Name { .. } => errors::SEARCH_NAME,
        }
    }

    /// `OperationOutcome.issue.expression`: `http.` and the parameter without its modifier, as R4 says
    /// for errors of HTTP parameters. None where no parameter can be named.
    pub fn expression(&self) -> Option<String> {
        let name = self.place()?.name.as_deref()?;
        Some(errors::expression(name))
    }

    /// The parameter that the error is about.
    pub fn place(&self) -> Option<&Place> {
        match self {
            SearchError::Encoding { place, .. }
            | SearchError::Value { place, .. }
            | SearchError::EmptyValue { place, .. }
            | SearchError::Modifier { place, .. }
            | SearchError::Prefix { place, .. }
            | SearchError::TooManyValues { place, .. }
            | SearchError::ChainTooDeep { place, .. }
            | SearchError::Repeated { place }
            | SearchError::ResultParameter { place, .. }
            | SearchError::Name { place, .. } => Some(place),
            SearchError::TooManyParameters { .. }
            | SearchError::QueryTooLong { .. }
            | SearchError::FormTooLong { .. } => None,
        }
    }
}
