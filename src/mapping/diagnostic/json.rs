//! Problems → JSON, for programs.
//!
//! A list with an object for each problem, in the order in which they are shown to people. Its keys stay as they are;
//! others may come to stand beside them.
//!
//! | key | value |
//! |---|---|
//! | `code` | the rule: `PM011` |
//! | `severity` | `error` or `warning` |
//! | `message` | what was found, in one line |
//! | `file` | the way to the file, as the command line began it |
//! | `start`, `end` | `{ line, column }`, counted from 1, columns in characters; the end is behind the last one |
//! | `label` | what to say at the place, such as what is expected there; null where nothing is |
//! | `help` | what to do; null where nothing is said |
//! | `notes` | what else there is to know: a list of texts |
//! | `related` | other places that belong to it: a list of `{ file, start, end, label }` |

use serde::Serialize;

use super::{Diagnostic, Diagnostics, SourceFile};
use crate::mapping::yaml::Span;

#[derive(Serialize)]
struct Entry<'d> {
    code: &'static str,
    severity: &'static str,
    message: &'d str,
    #[serde(flatten)]
    place: Range<'d>,
    label: Option<&'d str>,
    help: Option<&'d str>,
    notes: &'d [String],
    related: Vec<Related<'d>>,
}

#[derive(Serialize)]
struct Related<'d> {
    #[serde(flatten)]
    place: Range<'d>,
    label: &'d str,
}

#[derive(Serialize)]
struct Range<'d> {
    file: &'d str,
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

/// All problems of several folders as one list, indented, with a line's end.
pub fn json<'d>(all: impl IntoIterator<Item = &'d Diagnostics>) -> String {
    let list: Vec<Entry<'_>> = all.into_iter().flat_map(entries).collect();
    // Texts and numbers only: there is nothing that cannot be written.
    let mut text = serde_json::to_string_pretty(&list).unwrap_or_default();
    text.push('\n');
    text
}

fn entries(diagnostics: &Diagnostics) -> impl Iterator<Item = Entry<'_>> {
    diagnostics
        .located()
        .map(|(diagnostic, file)| entry(diagnostic, file))
}

fn entry<'d>(diagnostic: &'d Diagnostic, file: &'d SourceFile) -> Entry<'d> {
    let related = diagnostic.related.iter().map(|(span, label)| Related {
        place: range(file, span),
        label,
    });
    Entry {
        code: diagnostic.code(),
        severity: diagnostic.severity().name(),
        message: &diagnostic.message,
        place: range(file, &diagnostic.span),
        label: Some(diagnostic.label.as_str()).filter(|label| !label.is_empty()),
        help: diagnostic.help.as_deref(),
        notes: &diagnostic.notes,
        related: related.collect(),
    }
}

fn range<'d>(file: &'d SourceFile, span: &Span) -> Range<'d> {
    let position = |at| Position {
        line: file.line_of(at),
        column: file.column_of(at),
    };
    Range {
        file: &file.path,
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
