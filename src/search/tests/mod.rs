//! Tests of the whole way from text to tree and back: a table of cases, and properties.

mod cases;
mod properties;
mod refusals;

use super::{Input, Limits, ParameterKind, ParameterTypes, SearchError, SearchRequest, parse};

/// A few of R4's parameters, with at least one of each kind.
pub(super) struct Table;

const PARAMETERS: &[(&str, &str, ParameterKind)] = &[
    ("*", "_id", ParameterKind::Token),
    ("*", "_lastUpdated", ParameterKind::Date),
    ("*", "_profile", ParameterKind::Uri),
    ("Patient", "family", ParameterKind::String),
    ("Patient", "given", ParameterKind::String),
    ("Patient", "name", ParameterKind::String),
    ("Patient", "birthdate", ParameterKind::Date),
    ("Patient", "gender", ParameterKind::Token),
    ("Patient", "identifier", ParameterKind::Token),
    ("Patient", "general-practitioner", ParameterKind::Reference),
    ("Patient", "organization", ParameterKind::Reference),
    ("Patient", "link", ParameterKind::Reference),
    ("Practitioner", "family", ParameterKind::String),
    ("Practitioner", "identifier", ParameterKind::Token),
    ("PractitionerRole", "organization", ParameterKind::Reference),
    ("Organization", "name", ParameterKind::String),
    ("Organization", "identifier", ParameterKind::Token),
    ("Organization", "partof", ParameterKind::Reference),
    ("Group", "code", ParameterKind::Token),
    ("Group", "identifier", ParameterKind::Token),
    ("Group", "member", ParameterKind::Reference),
    ("Location", "name", ParameterKind::String),
    ("Location", "near", ParameterKind::Special),
    ("Observation", "code", ParameterKind::Token),
    ("Observation", "date", ParameterKind::Date),
    ("Observation", "patient", ParameterKind::Reference),
    ("Observation", "subject", ParameterKind::Reference),
    ("Observation", "value-quantity", ParameterKind::Quantity),
    (
        "Observation",
        "code-value-quantity",
        ParameterKind::Composite,
    ),
    ("RiskAssessment", "probability", ParameterKind::Number),
    ("RiskAssessment", "subject", ParameterKind::Reference),
    ("ValueSet", "url", ParameterKind::Uri),
    ("AuditEvent", "entity", ParameterKind::Reference),
    ("AuditEvent", "type", ParameterKind::Token),
];

impl ParameterTypes for Table {
    fn kind(&self, resource: &str, name: &str) -> Option<ParameterKind> {
        PARAMETERS
            .iter()
            .find(|(of, parameter, _)| (*of == resource || *of == "*") && *parameter == name)
            .map(|(_, _, kind)| *kind)
    }

    fn components(&self, _: &str, name: &str) -> Option<Vec<ParameterKind>> {
        (name == "code-value-quantity").then(|| vec![ParameterKind::Token, ParameterKind::Quantity])
    }

    fn reference_targets(&self, resource: &str, name: &str) -> Vec<&str> {
        match (resource, name) {
            ("Patient", "general-practitioner") => {
                vec!["Organization", "Practitioner", "PractitionerRole"]
            }
            ("Patient" | "PractitionerRole", "organization") | ("Organization", "partof") => {
                vec!["Organization"]
            }
            ("Patient", "link") => vec!["Patient"],
            ("Observation", "patient") => vec!["Patient"],
            ("Observation" | "RiskAssessment", "subject") => vec!["Patient", "Group", "Location"],
            ("Group", "member") => vec!["Patient", "Practitioner"],
            _ => Vec::new(),
        }
    }
}

/// Reads `Patient?family=x`, with the default limits.
pub(super) fn read(text: &str) -> Result<SearchRequest, SearchError> {
    let (resource, query) = text.split_once('?').unwrap_or((text, ""));
    parse(resource, Input::query(query), &Table, &Limits::default())
}
