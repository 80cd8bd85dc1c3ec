//! What `/health/ready` says of the mapping's files under `serve --watch`: whether what they hold is served, and what is
//! wrong with them.
//!
//! It quotes the mapping. That is for its author at the author's own machine: without `--watch` nothing of it is kept
//! or shown.

use serde::Serialize;

use crate::mapping::Diagnostics;
use crate::mapping::diagnostic::{Entry, Position, Range};
use crate::verify::Finding;

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

/// A problem of the mapping, or of the mapping beside its database, as `mapping check --json` gives it, with its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingProblem {
    #[serde(flatten)]
    pub entry: Entry,
    /// The line on which it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
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

    /// The same for whom the files are not to be quoted to.
    pub fn without_problems(&self) -> MappingState {
        MappingState {
            problems: Vec::new(),
            more: self.problems.len() + self.more,
            ..self.clone()
        }
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
        let problem = |one| MappingProblem {
            entry: all.entry(one),
            text: all.line(one).map(str::to_owned),
        };
        all.iter().map(problem).collect()
    }

    /// What the database lacks; `text` is that of the file that declares it, where it is at hand.
    pub fn lacking(finding: &Finding, text: Option<&str>) -> MappingProblem {
        let mut place = Range::at(&finding.place);
        let declared = text.and_then(|text| finding.declared(text));
        if let Some((line, declared)) = &declared {
            let column = |at: usize| {
                let before = line[..at].chars().count() + 1;
                u32::try_from(before).unwrap_or(u32::MAX)
            };
            let at = |byte: usize| Position {
                line: finding.place.line,
                column: column(byte),
            };
            (place.start, place.end) = (at(declared.start), at(declared.end));
        }
        MappingProblem {
            entry: Entry {
                code: Some(finding.kind.code()),
                place: Some(place),
                help: Some(finding.remedy.clone()),
                ..Entry::error(finding.message.clone())
            },
            text: declared.map(|(line, _)| line.to_owned()),
        }
    }

    /// An error that has no place in the mapping.
    pub fn error(message: String) -> MappingProblem {
        Entry::error(message).into()
    }
}

impl From<Entry> for MappingProblem {
    fn from(entry: Entry) -> MappingProblem {
        MappingProblem { entry, text: None }
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
        let MappingProblem { entry, text } = &problems[0];
        assert_eq!(entry.severity, "error");
        let place = entry.place.as_ref().expect("a place");
        assert_eq!(&*place.file, "patient.yaml");
        assert_eq!((place.start.line, place.end.line), (5, 5));
        let line = text.as_deref().expect("the line");
        let (from, to) = (place.start.column as usize, place.end.column as usize);
        let marked: String = line.chars().take(to - 1).skip(from - 1).collect();
        assert!(marked.contains("NAMES"), "{marked:?} of {line:?}");
        let help = entry.help.as_deref();
        assert!(help.is_some_and(|help| help.contains("NAME")));
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
