//! OperationOutcome: how a problem is said to a FHIR client.
//!
//! Takes issues, most of them made from an error of [`crate::errors`]; gives R4 JSON through serde
//! (<http://hl7.org/fhir/R4/operationoutcome.html>): `details.text` says what happened, `details.coding`
//! carries the error's stable code, `diagnostics` says what to do about it. There is no way to make one
//! without an issue, and nothing that is absent is written.

use std::borrow::Cow;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::errors::Code;

/// The code system of this program's own error codes.
pub const ERROR_SYSTEM: &str = "urn:pilaster:error";

/// A problem, or several, as a FHIR resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationOutcome {
    first: Issue,
    more: Vec<Issue>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// How grave it is.
    pub severity: Severity,
    /// A code of R4's value set issue-type.
    pub code: &'static str,
    /// This program's own code of the error, `PS001`: `details.coding`.
    pub details_code: Option<&'static str>,
    /// What happened: `details.text`. Never holds a value that a person typed or a row held.
    pub text: Option<Cow<'static, str>>,
    /// What to do about it: `diagnostics`.
    pub diagnostics: Option<Cow<'static, str>>,
    /// The FHIRPath of the elements or parameters that are at fault.
    pub expression: Vec<String>,
}

/// R4's value set issue-severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing was done, and nothing can be.
    Fatal,
    /// Nothing was done.
    Error,
    /// It was done, but perhaps not as it was meant.
    Warning,
    /// It was done; something is to be known of it.
    Information,
}

impl Issue {
    /// An error of the table: its issue type, code and remedy, with a text of what happened.
    pub fn error(code: &Code, text: impl Into<Cow<'static, str>>) -> Issue {
        Issue {
            severity: Severity::Error,
            code: code.issue,
            details_code: Some(code.id),
            text: Some(text.into()),
            diagnostics: Some(Cow::Borrowed(code.remedy)),
            expression: Vec::new(),
        }
    }

    /// The same, of what did not keep the request from being answered.
    pub fn warning(code: &Code, text: impl Into<Cow<'static, str>>) -> Issue {
        Issue {
            severity: Severity::Warning,
            ..Issue::error(code, text)
        }
    }

    /// That all went well, or something else worth knowing, without a code of the table.
    pub fn information(text: impl Into<Cow<'static, str>>) -> Issue {
        Issue {
            severity: Severity::Information,
            code: "informational",
            details_code: None,
            text: Some(text.into()),
            diagnostics: None,
            expression: Vec::new(),
        }
    }

    /// That the answer lacks something for which the request is not to blame.
    pub fn incomplete(text: impl Into<Cow<'static, str>>) -> Issue {
        Issue {
            severity: Severity::Warning,
            code: "incomplete",
            ..Issue::information(text)
        }
    }

    /// With the FHIRPath of an element or parameter that is at fault.
    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Issue {
        self.expression.push(expression.into());
        self
    }

    /// With another remedy than the table's.
    #[must_use]
    pub fn with_diagnostics(mut self, diagnostics: impl Into<Cow<'static, str>>) -> Issue {
        self.diagnostics = Some(diagnostics.into());
        self
    }
}

impl OperationOutcome {
    /// Of one issue.
    pub fn new(issue: Issue) -> OperationOutcome {
        OperationOutcome {
            first: issue,
            more: Vec::new(),
        }
    }

    /// Of several issues; None of none.
    pub fn of(issues: impl IntoIterator<Item = Issue>) -> Option<OperationOutcome> {
        let mut issues = issues.into_iter();
        Some(OperationOutcome {
            first: issues.next()?,
            more: issues.collect(),
        })
    }

    /// Adds one.
    pub fn push(&mut self, issue: Issue) {
        self.more.push(issue);
    }

    /// All issues, in their order; at least one.
    pub fn issues(&self) -> impl Iterator<Item = &Issue> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

impl From<Issue> for OperationOutcome {
    fn from(issue: Issue) -> OperationOutcome {
        OperationOutcome::new(issue)
    }
}

impl Extend<Issue> for OperationOutcome {
    fn extend<T: IntoIterator<Item = Issue>>(&mut self, issues: T) {
        self.more.extend(issues);
    }
}

impl Serialize for OperationOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Issues<'a>(&'a OperationOutcome);
        impl Serialize for Issues<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut list = serializer.serialize_seq(Some(self.0.more.len() + 1))?;
                for issue in self.0.issues() {
                    list.serialize_element(issue)?;
                }
                list.end()
            }
        }
        let mut object = serializer.serialize_map(Some(2))?;
        object.serialize_entry("resourceType", "OperationOutcome")?;
        object.serialize_entry("issue", &Issues(self))?;
        object.end()
    }
}

impl Serialize for Issue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // R4 has no empty strings, so an empty text is an absent one.
        let text = self.text.as_deref().filter(|text| !text.is_empty());
        let diagnostics = self.diagnostics.as_deref().filter(|text| !text.is_empty());
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("severity", &self.severity)?;
        object.serialize_entry("code", self.code)?;
        if text.is_some() || self.details_code.is_some() {
            let coding = self.details_code.map(|code| {
                [Coding {
                    system: ERROR_SYSTEM,
                    code,
                }]
            });
            object.serialize_entry("details", &Details { coding, text })?;
        }
        if let Some(diagnostics) = diagnostics {
            object.serialize_entry("diagnostics", diagnostics)?;
        }
        if !self.expression.is_empty() {
            object.serialize_entry("expression", &self.expression)?;
        }
        object.end()
    }
}

/// A CodeableConcept.
#[derive(Serialize)]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    coding: Option<[Coding; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Coding {
    system: &'static str,
    code: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors;
    use crate::fhir::{Primitive, value_set};

    #[test]
    fn an_error_carries_its_code_its_text_and_its_remedy() {
        let issue = Issue::error(&errors::SEARCH_MODIFIER, "birthdate takes no :exact")
            .at("Patient.birthDate");
        let json = serde_json::to_string(&OperationOutcome::new(issue)).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-supported","#,
                r#""details":{"coding":[{"system":"urn:pilaster:error","code":"PS003"}],"text":"birthdate takes no :exact"},"#,
                r#""diagnostics":"Use a modifier that the CapabilityStatement lists for the parameter, or none.","expression":["Patient.birthDate"]}]}"#,
            )
        );
    }

    #[test]
    fn what_is_absent_is_not_written() {
        let bare = Issue {
            severity: Severity::Fatal,
            code: "exception",
            details_code: None,
            text: Some("".into()),
            diagnostics: None,
            expression: Vec::new(),
        };
        assert_eq!(
            serde_json::to_string(&bare).unwrap(),
            r#"{"severity":"fatal","code":"exception"}"#
        );
        let outcome = OperationOutcome::of([Issue::information("All is well."), bare]).unwrap();
        assert_eq!(
            serde_json::to_string(&outcome).unwrap(),
            concat!(
                r#"{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","#,
                r#""details":{"text":"All is well."}},{"severity":"fatal","code":"exception"}]}"#,
            )
        );
        assert_eq!(OperationOutcome::of([]), None);
    }

    #[test]
    fn every_error_of_the_table_makes_an_issue_that_r4_allows() {
        let types = value_set("issue-type").unwrap();
        for code in errors::ALL {
            let issue = Issue::error(code, code.title);
            assert_eq!(
                types.has(issue.code),
                Some(true),
                "{}: {}",
                code.id,
                code.issue
            );
            assert!(
                Primitive::Code.check(code.id) && Primitive::String.check(code.remedy),
                "{}",
                code.id
            );
        }
        assert_eq!(types.has("informational"), Some(true));
    }

    #[test]
    fn severities_are_those_of_r4() {
        let ours = [
            Severity::Fatal,
            Severity::Error,
            Severity::Warning,
            Severity::Information,
        ]
        .map(|severity| serde_json::to_value(severity).unwrap());
        let theirs: Vec<_> = value_set("issue-severity")
            .unwrap()
            .codes()
            .map(|(_, code)| code)
            .collect();
        assert_eq!(ours.to_vec(), theirs);
    }
}
