//! What `/health/ready` says of the mapping's files under `serve --watch`: whether what they hold is served, and what is
//! wrong with them.
//!
//! It quotes the mapping. That is for its author at the author's own machine: without `--watch` nothing of it is kept
//! or shown.

use serde::Serialize;

use crate::mapping::{Diagnostic, Diagnostics, Place, Severity};

/// Problems that are shown. More are counted.
const MOST: usize = 50;

/// The mapping's files as they were last looked at, beside what is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingState {
    pub status: MappingStatus,
    /// How often a mapping has been taken up: another number is another mapping.
    pub revision: u64,
    /// Errors, and warnings of what is served.
    pub problems: Vec<MappingProblem>,
    /// Problems that are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

/// What becomes of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MappingStatus {
    /// What they hold is served.
    Served,
    /// They have errors; the last good mapping is served, if there was one.
    Broken,
}

/// A problem of the mapping, or of the mapping beside its database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingProblem {
    /// `error` or `warning`
    pub severity: &'static str,
    /// `PM011`; none of what the database itself says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Counted from 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// How many characters of the line the problem is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// The line itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl MappingState {
    /// Of files that are served, with their warnings.
    pub fn served(revision: u64, problems: Vec<MappingProblem>) -> MappingState {
        MappingState::new(MappingStatus::Served, revision, problems)
    }

    /// Of files that cannot be served; `revision` is that of what is.
    pub fn broken(revision: u64, problems: Vec<MappingProblem>) -> MappingState {
        MappingState::new(MappingStatus::Broken, revision, problems)
    }

    fn new(
        status: MappingStatus,
        revision: u64,
        mut problems: Vec<MappingProblem>,
    ) -> MappingState {
        let more = problems.len().saturating_sub(MOST);
        problems.truncate(MOST);
        MappingState {
            status,
            revision,
            problems,
            more,
        }
    }
}

impl MappingProblem {
    /// Each of a mapping's.
    pub fn of(all: &Diagnostics) -> Vec<MappingProblem> {
        all.iter()
            .map(|one| MappingProblem::one(all, one))
            .collect()
    }

    fn one(all: &Diagnostics, diagnostic: &Diagnostic) -> MappingProblem {
        let line = all.line(diagnostic);
        let width = line.map(|line| {
            let rest = line.chars().count() + 1;
            let left = rest.saturating_sub(diagnostic.column as usize);
            let span = diagnostic.span.end.saturating_sub(diagnostic.span.start);
            // Bytes are at least as many as characters, and a span may go on below the line.
            span.min(left).max(1)
        });
        MappingProblem {
            severity: match diagnostic.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: Some(diagnostic.code()),
            column: Some(diagnostic.column),
            width,
            text: line.map(str::to_owned),
            label: diagnostic.label.clone(),
            notes: diagnostic.notes.clone(),
            help: diagnostic.help.clone(),
            ..MappingProblem::at(&diagnostic.place, diagnostic.message.clone())
        }
    }

    /// An error at a place of the mapping.
    pub fn at(place: &Place, message: String) -> MappingProblem {
        MappingProblem {
            file: Some(place.file.to_string()),
            line: Some(place.line),
            ..MappingProblem::error(message)
        }
    }

    /// An error that has no place in the mapping.
    pub fn error(message: String) -> MappingProblem {
        MappingProblem {
            severity: "error",
            message,
            ..MappingProblem::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Options, load_files};

    fn problems(patient: &str) -> Vec<MappingProblem> {
        let manifest = "name: Small\nengine: sqlite\nverified: illustrative\ncollation: BINARY\ntables:\n  T: { key: ID, columns: { ID: integer, NAME: varchar(20) } }\n";
        let files = [("mapping.yaml", manifest), ("patient.yaml", patient)];
        let refused = load_files("small", &files, &Options::default());
        MappingProblem::of(&refused.expect_err("a problem"))
    }

    #[test]
    fn a_problem_has_its_place_and_its_line() {
        let problems = problems(
            "resource: Patient\ntable: T as t\nid: t.ID\nelements:\n  name: [ { family: $t.NAMES } ]\n",
        );
        let problem = &problems[0];
        assert_eq!(problem.severity, "error");
        assert_eq!(problem.file.as_deref(), Some("patient.yaml"));
        assert_eq!(problem.line, Some(5));
        let line = problem.text.as_deref().expect("the line");
        let (from, width) = (
            problem.column.unwrap_or(0) as usize,
            problem.width.unwrap_or(0),
        );
        let marked: String = line.chars().skip(from - 1).take(width).collect();
        assert!(marked.contains("NAMES"), "{marked:?} of {line:?}");
        assert!(
            problem
                .help
                .as_deref()
                .is_some_and(|help| help.contains("NAME"))
        );
    }

    #[test]
    fn what_has_too_many_problems_says_how_many_more() {
        let one = MappingProblem::error("x".to_owned());
        let state = MappingState::broken(1, vec![one; MOST + 3]);
        assert_eq!((state.problems.len(), state.more), (MOST, 3));
        let json = serde_json::to_value(&state).expect("JSON");
        assert_eq!(json["status"], "broken");
        assert!(json["problems"][0].get("file").is_none());
    }
}
