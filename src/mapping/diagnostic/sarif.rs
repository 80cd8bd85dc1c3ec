//! Problems → SARIF 2.1.0 (OASIS), which editors and code hosts read.
//!
//! One run, with the rules that were broken and what is known of them, and a result for each problem. Files are named by
//! relative references where the command line did so, since a code host joins them to its repository; columns are in
//! units of UTF-16.

use std::path::{Component, Path};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Diagnostic, Diagnostics, SourceFile};
use crate::mapping::rules::{Rule, page};
use crate::mapping::yaml::Span;

/// What has no place in a segment of a URI's path (RFC 3986), and the colon, which a relative reference must not begin
/// with.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// All problems of several folders as one log, indented, with a line's end.
pub fn sarif<'d>(all: impl IntoIterator<Item = &'d Diagnostics>) -> String {
    let found: Vec<_> = all.into_iter().flat_map(Diagnostics::located).collect();
    let mut rules: Vec<&'static Rule> = found.iter().map(|(problem, _)| problem.rule).collect();
    rules.sort_by_key(|rule| rule.code);
    rules.dedup_by_key(|rule| rule.code);
    let index = |rule: &Rule| rules.iter().position(|known| known.code == rule.code);
    let results: Vec<Value> = found
        .iter()
        .map(|(problem, file)| result(problem, file, index(problem.rule)))
        .collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Pilaster",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.explanation },
        "help": { "text": rule.explanation, "markdown": page::of_mapping(rule) },
        "defaultConfiguration": { "level": rule.severity.name() },
    })
}

fn result(problem: &Diagnostic, file: &SourceFile, index: Option<usize>) -> Value {
    let mut result = json!({
        "ruleId": problem.code(),
        "ruleIndex": index,
        "level": problem.severity().name(),
        "message": { "text": message(problem) },
        "locations": [{ "physicalLocation": location(file, &problem.span) }],
    });
    if !problem.related.is_empty() {
        let related = problem.related.iter().zip(1..).map(|((span, label), id)| {
            json!({
                "id": id,
                "physicalLocation": location(file, span),
                "message": { "text": label },
            })
        });
        result["relatedLocations"] = related.collect();
    }
    result
}

/// What was found, and below it all that is said beside it: a viewer shows this one text.
fn message(problem: &Diagnostic) -> String {
    let mut text = problem.message.clone();
    if !problem.label.is_empty() {
        text.push_str(": ");
        text.push_str(&problem.label);
    }
    for note in &problem.notes {
        text.push_str("\nnote: ");
        text.push_str(note);
    }
    if let Some(help) = &problem.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    text
}

fn location(file: &SourceFile, span: &Span) -> Value {
    let end = span.end.max(span.start);
    json!({
        "artifactLocation": { "uri": uri(Path::new(&*file.path)) },
        "region": {
            "startLine": file.line_of(span.start),
            "startColumn": file.utf16_column_of(span.start),
            "endLine": file.line_of(end),
            "endColumn": file.utf16_column_of(end),
        },
    })
}

/// A path as a URI reference: relative where it is, else `file:///…`.
fn uri(path: &Path) -> String {
    let mut segments = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir | Component::RootDir => {}
            // A drive keeps its colon: it stands behind the root.
            Component::Prefix(drive) => {
                segments.push(drive.as_os_str().to_string_lossy().into_owned())
            }
            other => {
                let text = other.as_os_str().to_string_lossy();
                segments.push(utf8_percent_encode(&text, SEGMENT).to_string());
            }
        }
    }
    let root = if path.is_absolute() { "file:///" } else { "" };
    format!("{root}{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic;

    #[test]
    fn a_log_has_its_rules_its_places_and_what_belongs_to_them() {
        let file = "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements:\n  name: [ { text: 'é𝄞', family: $q.SURNAME } ]\n  active: yes\n";
        let problems =
            clinic::problems(&[("patient.yaml", file)]).in_folder(Path::new("a b/clinic"));
        let mut log: Value = serde_json::from_str(&sarif([&problems])).expect("JSON");
        let rules = log["runs"][0]["tool"]["driver"]["rules"]
            .as_array_mut()
            .expect("rules");
        for rule in rules.iter_mut() {
            let page = rule["help"]["markdown"].take();
            let code = rule["id"].as_str().expect("an id");
            assert!(
                page.as_str().is_some_and(|page| page.contains(code)),
                "{page}"
            );
        }
        insta::assert_snapshot!(format!("{log:#}"), @r#"
        {
          "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
          "version": "2.1.0",
          "runs": [
            {
              "tool": {
                "driver": {
                  "name": "Pilaster",
                  "semanticVersion": "0.1.0",
                  "rules": [
                    {
                      "id": "PM015",
                      "shortDescription": {
                        "text": "A constant does not have the form of its type"
                      },
                      "fullDescription": {
                        "text": "Each primitive type of R4 has a lexical form: http://hl7.org/fhir/R4/datatypes.html. A boolean is `true` or `false`, a date is `2026-03-02`, a code has no blanks around it."
                      },
                      "help": {
                        "text": "Each primitive type of R4 has a lexical form: http://hl7.org/fhir/R4/datatypes.html. A boolean is `true` or `false`, a date is `2026-03-02`, a code has no blanks around it.",
                        "markdown": null
                      },
                      "defaultConfiguration": {
                        "level": "error"
                      }
                    },
                    {
                      "id": "PM022",
                      "shortDescription": {
                        "text": "No table, lookup or child has that alias"
                      },
                      "fullDescription": {
                        "text": "A column is written `alias.COLUMN`; aliases come from `table: PATIENTS as p`, from the names under `lookups:` and from `children:`."
                      },
                      "help": {
                        "text": "A column is written `alias.COLUMN`; aliases come from `table: PATIENTS as p`, from the names under `lookups:` and from `children:`.",
                        "markdown": null
                      },
                      "defaultConfiguration": {
                        "level": "error"
                      }
                    }
                  ]
                }
              },
              "columnKind": "utf16CodeUnits",
              "results": [
                {
                  "ruleId": "PM022",
                  "ruleIndex": 1,
                  "level": "error",
                  "message": {
                    "text": "no table has the alias `q`\nhelp: aliases here are: `p`"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "a%20b/clinic/patient.yaml"
                        },
                        "region": {
                          "startLine": 5,
                          "startColumn": 35,
                          "endLine": 5,
                          "endColumn": 36
                        }
                      }
                    }
                  ],
                  "relatedLocations": [
                    {
                      "id": 1,
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "a%20b/clinic/patient.yaml"
                        },
                        "region": {
                          "startLine": 2,
                          "startColumn": 8,
                          "endLine": 2,
                          "endColumn": 21
                        }
                      },
                      "message": {
                        "text": "the table's alias is declared here: `p`"
                      }
                    }
                  ]
                },
                {
                  "ruleId": "PM015",
                  "ruleIndex": 0,
                  "level": "error",
                  "message": {
                    "text": "`yes` does not have the form of `boolean`, the type of `Patient.active`: expected `true` or `false`"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "a%20b/clinic/patient.yaml"
                        },
                        "region": {
                          "startLine": 6,
                          "startColumn": 11,
                          "endLine": 6,
                          "endColumn": 14
                        }
                      }
                    }
                  ]
                }
              ]
            }
          ]
        }
        "#);
    }

    #[test]
    fn no_problems_are_a_log_without_results() {
        let log: Value = serde_json::from_str(&sarif([&Diagnostics::default()])).expect("JSON");
        assert_eq!(log["runs"][0]["results"], json!([]));
    }

    #[test]
    fn paths_are_uri_references() {
        assert_eq!(
            uri(Path::new("./mappings/a b/é.yaml")),
            "mappings/a%20b/%C3%A9.yaml"
        );
        assert_eq!(uri(Path::new("../x.yaml")), "../x.yaml");
        assert_eq!(uri(Path::new("a:b/x.yaml")), "a%3Ab/x.yaml");
        #[cfg(unix)]
        assert_eq!(uri(Path::new("/m/x.yaml")), "file:///m/x.yaml");
    }
}
