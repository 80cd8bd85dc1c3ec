//! Problems → JSON, for programs.
//!
//! A list with an object for each problem, in the order in which they are shown to people. Its keys stay as they are;
//! others may come to stand beside them.
//!
//! `/health/ready` lists those of a mapping that is being written in the same form.
//!
//! | key | value |
//! |---|---|
//! | `code` | the rule: `PM011`; null of what a database itself says |
//! | `severity` | `error` or `warning` |
//! | `message` | what was found, in one line |
//! | `file` | the way to the file, as the command line began it; not there where there is no place, as `start` and `end` |
//! | `start`, `end` | `{ line, column }`, counted from 1, columns in characters; the end is behind the last one |
//! | `label` | what to say at the place, such as what is expected there; null where nothing is |
//! | `help` | what to do; null where nothing is said |
//! | `notes` | what else there is to know: a list of texts |
//! | `related` | other places that belong to it: a list of `{ file, start, end, label }` |

use std::sync::Arc;

use serde::Serialize;

use super::{Diagnostic, Diagnostics, SourceFile};
use crate::mapping::Place;
use crate::mapping::rules::Severity;
use crate::mapping::yaml::Span;

/// A problem, as programs get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `PM011`
    pub code: Option<&'static str>,
    /// `error` or `warning`
    pub severity: &'static str,
    pub message: String,
    #[serde(flatten)]
    pub place: Option<Range>,
    pub label: Option<String>,
    pub help: Option<String>,
    pub notes: Vec<String>,
    pub related: Vec<Related>,
}

/// Another place that belongs to a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    #[serde(flatten)]
    pub place: Range,
    pub label: String,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Range {
    pub file: Arc<str>,
    pub start: Position,
    /// Behind the last character.
    pub end: Position,
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    pub line: u32,
    /// In characters.
    pub column: u32,
}

impl Entry {
    /// An error that has no place in the mapping.
    pub fn error(message: String) -> Entry {
        Entry {
            code: None,
            severity: Severity::Error.name(),
            message,
            place: None,
            label: None,
            help: None,
            notes: Vec::new(),
            related: Vec::new(),
        }
    }
}

impl Range {
    /// The beginning of a line, of which no more is known.
    pub fn at(place: &Place) -> Range {
        let start = Position {
            line: place.line,
            column: 1,
        };
        Range {
            file: Arc::clone(&place.file),
            start,
            end: start,
        }
    }
}

/// All problems of several folders as one list, indented, with a line's end.
pub fn json<'d>(all: impl IntoIterator<Item = &'d Diagnostics>) -> String {
    let of_folder = |all: &'d Diagnostics| all.iter().map(|one| all.entry(one));
    let list: Vec<Entry> = all.into_iter().flat_map(of_folder).collect();
    // Texts and numbers only: there is nothing that cannot be written.
    let mut text = serde_json::to_string_pretty(&list).unwrap_or_default();
    text.push('\n');
    text
}

impl Diagnostics {
    /// One of these problems, as programs get it.
    pub fn entry(&self, diagnostic: &Diagnostic) -> Entry {
        let file = self.files.get(diagnostic.file);
        let related = diagnostic.related.iter().filter_map(|(span, label)| {
            Some(Related {
                place: range(file?, span),
                label: label.clone(),
            })
        });
        Entry {
            code: Some(diagnostic.code()),
            severity: diagnostic.severity().name(),
            message: diagnostic.message.clone(),
            place: file.map(|file| range(file, &diagnostic.span)),
            label: Some(diagnostic.label.clone()).filter(|label| !label.is_empty()),
            help: diagnostic.help.clone(),
            notes: diagnostic.notes.clone(),
            related: related.collect(),
        }
    }
}

fn range(file: &SourceFile, span: &Span) -> Range {
    let position = |at| Position {
        line: file.line_of(at),
        column: file.column_of(at),
    };
    Range {
        file: Arc::clone(&file.path),
        start: position(span.start),
        end: position(span.end.max(span.start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic;
    use std::path::Path;

    #[test]
    fn a_problem_has_its_places_and_all_that_is_said_of_it() {
        let file = "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  name: [ { text: 'é𝄞', family: $q.SURNAME } ]\n";
        let problems =
            clinic::problems(&[("patient.yaml", file)]).in_folder(Path::new("a b/clinic"));
        insta::assert_snapshot!(json([&problems, &Diagnostics::default()]), @r#"
        [
          {
            "code": "PM022",
            "severity": "error",
            "message": "no table has the alias `q`",
            "file": "a b/clinic/patient.yaml",
            "start": {
              "line": 5,
              "column": 34
            },
            "end": {
              "line": 5,
              "column": 35
            },
            "label": null,
            "help": "aliases here are: `p`",
            "notes": [],
            "related": [
              {
                "file": "a b/clinic/patient.yaml",
                "start": {
                  "line": 2,
                  "column": 8
                },
                "end": {
                  "line": 2,
                  "column": 21
                },
                "label": "the table's alias is declared here: `p`"
              }
            ]
          }
        ]
        "#);
        assert_eq!(json([&Diagnostics::default()]), "[]\n");
    }
}
