//! Why a search that reads well cannot be answered. No message holds a value of the request.

use thiserror::Error;

use crate::errors::{self, Code};
use crate::fhir::compartment::compartments;

/// A name that the request used: as typed where it is name-like, else by its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    pub name: Option<String>,
    pub position: usize,
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "parameter `{name}`"),
            None => write!(f, "parameter {}", self.position),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Nothing of what was asked is known, or everything unknown is refused.
    #[error("{}{}{}", why(*strict), list(resource, names), nearest(suggestion.as_deref()))]
    UnknownParameters {
        resource: &'static str,
        names: Vec<UnknownName>,
        suggestion: Option<String>,
        /// The caller, or the site, asked to refuse whatever is unknown.
        strict: bool,
    },
    #[error(
        "`{name}` is a search parameter of R4, but this practice's mapping of {resource} has no column that answers it"
    )]
    UnsupportedParameter {
        resource: &'static str,
        name: String,
    },
    #[error(
        "`{name}` does not take the modifier `:{modifier}` here; {}",
        modifiers(allowed)
    )]
    UnsupportedModifier {
        name: String,
        modifier: String,
        allowed: Vec<String>,
    },
    #[error(
        "the search's `_include` and `_revinclude` follow more references than the {limit} that it may"
    )]
    TooManySteps { limit: usize },
    #[error("`_type` names the types of a search at the base; here the path says what is searched")]
    TypeInPath,
    #[error(
        "a search at the base names the types that it looks at, as in `_type=Patient,Practitioner`, or filters by what all types have; metadata lists the types"
    )]
    NoTypes,
    #[error("{} is no search parameter of {resource}; a search of several types takes what all of them have", quoted(name.as_deref()))]
    NotOfAllTypes {
        /// As typed, where it has the form of a name.
        name: Option<String>,
        resource: &'static str,
    },
    #[error("{}", not_in(resource, *of))]
    NotInCompartment {
        resource: &'static str,
        /// None where R4 has no compartments of that type.
        of: Option<&'static str>,
    },
    #[error(
        "{resource} is searched with `{parameter}` from one day on and before another, at most {days} days apart (`{parameter}=ge…&{parameter}=lt…`), or by `_id`"
    )]
    Unbounded {
        resource: &'static str,
        parameter: String,
        days: u16,
    },
    #[error("the search looks into more than {limit} tables beside its own")]
    TooManyTables { limit: usize },
    /// Resources or rows: what there are too many of.
    #[error("what the search goes by in another database is more than {limit} {what} there")]
    TooManyElsewhere { limit: usize, what: &'static str },
    #[error("{what} is not offered; search the other resource first, and use its ids")]
    UnsupportedFeature {
        what: String,
        /// The parameter that asks for it, without what chains or narrows it.
        parameter: String,
    },
    #[error("{resource} cannot be sorted by that parameter (key {position} of `_sort`); it can be sorted by {}", allowed.join(", "))]
    UnsupportedSort {
        resource: &'static str,
        position: usize,
        allowed: Vec<String>,
    },
    #[error("`_elements` names no element of {resource} in place {position}")]
    UnknownElement {
        resource: &'static str,
        position: usize,
    },
    #[error(
        "the search compares {count} values with columns, each value once for each kind of column that its parameter searches; a command takes {limit}"
    )]
    TooManyValues { count: usize, limit: usize },
    #[error(
        "the search takes {count} comparisons, each value once for each column that its parameter searches, in each table that is looked into; it may take {limit}"
    )]
    TooManyComparisons { count: usize, limit: usize },
    #[error(
        "this page link is not valid here: it was altered, has expired, or belongs to another search, site or key"
    )]
    Cursor,
}

fn why(strict: bool) -> &'static str {
    if strict {
        "unknown parameters are refused, as asked: "
    } else {
        "nothing of what the search filters by is known: "
    }
}

fn list(resource: &str, names: &[UnknownName]) -> String {
    names
        .iter()
        .map(|name| format!("{resource} has no search {name}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn nearest(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(|| "a parameter".to_owned(), |name| format!("`{name}`"))
}

fn not_in(resource: &str, of: Option<&str>) -> String {
    match of {
        Some(of) => format!(
            "no {resource} is in a compartment of the type {of} here; see the CapabilityStatement for those that refer to one"
        ),
        None => format!(
            "R4 has compartments of {} only",
            compartments().collect::<Vec<_>>().join(", ")
        ),
    }
}

fn modifiers(allowed: &[String]) -> String {
    if allowed.is_empty() {
        "it takes none".to_owned()
    } else {
        format!(
            "it takes {}",
            allowed
                .iter()
                .map(|name| format!("`:{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        )
    }
}

impl PlanError {
    /// What is asked for by way of a parameter, and not offered.
    pub(super) fn unsupported(what: impl Into<String>, parameter: &str) -> PlanError {
        PlanError::UnsupportedFeature {
            what: what.into(),
            parameter: parameter.to_owned(),
        }
    }

    /// The entry of the table of errors.
    pub fn code(&self) -> Code {
        match self {
            PlanError::UnknownParameters { .. } => errors::UNKNOWN_PARAMETER,
            PlanError::UnsupportedParameter { .. } => errors::UNSUPPORTED_PARAMETER,
            PlanError::UnsupportedModifier { .. } => errors::UNSUPPORTED_MODIFIER,
            PlanError::UnsupportedFeature { .. } => errors::UNSUPPORTED_FEATURE,
            PlanError::UnsupportedSort { .. } => errors::UNSUPPORTED_SORT,
            PlanError::UnknownElement { .. } => errors::UNKNOWN_ELEMENT,
            PlanError::TooManyValues { .. } => errors::TOO_MANY_VALUES,
            PlanError::TooManyComparisons { .. } => errors::TOO_MANY_COMPARISONS,
            PlanError::TooManyElsewhere { .. } => errors::TOO_MANY_ELSEWHERE,
            PlanError::TypeInPath | PlanError::NoTypes | PlanError::NotOfAllTypes { .. } => {
                errors::SEVERAL_TYPES
            }
            PlanError::NotInCompartment { .. } => errors::NOT_IN_COMPARTMENT,
            PlanError::TooManyTables { .. } => errors::TOO_MANY_TABLES,
            PlanError::TooManySteps { .. } => errors::TOO_MANY_STEPS,
            PlanError::Unbounded { .. } => errors::UNBOUNDED,
            PlanError::Cursor => errors::CURSOR,
        }
    }

    /// Where in the request: `http.` and the parameter's name.
    pub fn expression(&self) -> Option<String> {
        match self {
            PlanError::UnknownParameters { names, .. } => match names.as_slice() {
                [
                    UnknownName {
                        name: Some(name), ..
                    },
                ] => Some(errors::expression(name)),
                _ => None,
            },
            PlanError::UnsupportedParameter { name, .. }
            | PlanError::UnsupportedModifier { name, .. }
            | PlanError::Unbounded {
                parameter: name, ..
            }
            | PlanError::UnsupportedFeature {
                parameter: name, ..
            } => Some(format!("http.{name}")),
            PlanError::UnsupportedSort { .. } => Some("http._sort".to_owned()),
            PlanError::UnknownElement { .. } => Some("http._elements".to_owned()),
            PlanError::TooManySteps { .. } => Some("http._include".to_owned()),
            PlanError::TypeInPath | PlanError::NoTypes => Some("http._type".to_owned()),
            PlanError::NotOfAllTypes { name, .. } => name.as_deref().map(errors::expression),
            PlanError::TooManyValues { .. }
            | PlanError::TooManyComparisons { .. }
            | PlanError::TooManyElsewhere { .. }
            | PlanError::TooManyTables { .. }
            | PlanError::NotInCompartment { .. } => None,
            PlanError::Cursor => Some("http._cursor".to_owned()),
        }
    }
}
