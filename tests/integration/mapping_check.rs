//! `pilaster mapping check` and `explain-code`: what they write where, in which form, and their exit codes.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::cli::pilaster;

const MANIFEST: &str = "name: Clinic\nengine: sqlite\nverified: illustrative\ncollation: BINARY\n";
const TABLES: &str = "tables:\n  CLIENT: { key: NO, columns: { NO: integer, SURNAME: varchar(40), SEX: varchar(1) } }\n";
const PATIENT: &str = "resource: Patient\ntable: CLIENT as c\nid: c.NO\nelements:\n";

/// A folder with three mappings: one that is right, one with a warning, and one with an error.
fn mappings() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for (name, elements) in [
        ("right", "  name: [ { family: $c.SURNAME } ]\n"),
        ("odd", "  name: [ { family: c.SURNAME } ]\n"),
        ("wrong", "  name: [ { family: $c.SURNAM } ]\n"),
    ] {
        let folder = root.path().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        let patient = format!("{PATIENT}{elements}");
        for (file, text) in [
            ("mapping.yaml", MANIFEST),
            ("tables.yaml", TABLES),
            ("patient.yaml", &patient),
        ] {
            std::fs::write(folder.join(file), text).expect("a file");
        }
    }
    root
}

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = pilaster(&[&["mapping"], args].concat())
        .current_dir(folder)
        .output()
        .expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn several_folders_are_checked_at_once() {
    let root = mappings();
    let check = |args: &[&str]| run(root.path(), &[&["check"], args].concat());
    let (code, served, problems) = check(&["right", "odd", "wrong/", "wrong/patient.yaml"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        served,
        "Clinic can be served: Patient\nClinic can be served: Patient\n"
    );
    insta::assert_snapshot!(problems, @"
    warning[PM046]: `c.SURNAME` is a constant here, and the name of a column
     --> odd/patient.yaml:5:21
      |
    5 |   name: [ { family: c.SURNAME } ]
      |                     ^^^^^^^^^
      |
      = help: for the column, write `$c.SURNAME`

    1 warning

    error[PM021]: the column `SURNAM` is not declared for the table
     --> wrong/patient.yaml:5:24
      |
    5 |   name: [ { family: $c.SURNAM } ]
      |                        ^^^^^^
      |
      = help: did you mean `SURNAME`?

    1 error

    for more about a problem: pilaster mapping explain-code PM021
    ");
    assert_eq!(
        check(&["right"]),
        (Some(0), "Clinic can be served: Patient\n".into(), "".into())
    );
    assert_eq!(check(&["odd"]).0, Some(0));
    assert_eq!(check(&["--deny-warnings", "odd"]).0, Some(1));
    assert_eq!(check(&["--deny-warnings", "right"]).0, Some(0));
    // In the folder itself files need no folder's name.
    let (code, _, problems) = run(&root.path().join("wrong"), &["check", "patient.yaml"]);
    assert!(
        code == Some(1) && problems.contains(" --> patient.yaml:5:"),
        "{problems}"
    );
    let (code, _, problems) = check(&["nowhere"]);
    assert!(
        code == Some(1) && problems.contains("error[PM008]"),
        "{problems}"
    );
    for wrong in [
        &[][..],
        &["--format", "xml", "right"],
        &["--json", "--format", "sarif", "right"],
    ] {
        assert_eq!(check(wrong).0, Some(2), "{wrong:?}");
    }
}

#[test]
fn programs_are_given_documents() {
    let root = mappings();
    let check = |args: &[&str]| {
        let (code, document, problems) = run(root.path(), &[&["check"], args].concat());
        assert_eq!(problems, "");
        let document: Value = serde_json::from_str(&document).expect("JSON");
        (code, document)
    };
    let (code, list) = check(&["--json", "odd", "wrong", "right"]);
    assert_eq!(code, Some(1));
    let codes: Vec<_> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| {
            (
                it["code"].as_str(),
                it["severity"].as_str(),
                it["file"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        codes,
        [
            (Some("PM046"), Some("warning"), Some("odd/patient.yaml")),
            (Some("PM021"), Some("error"), Some("wrong/patient.yaml")),
        ]
    );
    assert_eq!(
        check(&["--format", "json", "right"]),
        (Some(0), serde_json::json!([]))
    );
    let (code, log) = check(&["--format", "sarif", "odd", "wrong"]);
    assert_eq!((code, &log["version"]), (Some(1), &Value::from("2.1.0")));
    let run = &log["runs"][0];
    for result in run["results"].as_array().expect("results") {
        let place = usize::try_from(result["ruleIndex"].as_u64().expect("a place")).expect("small");
        assert_eq!(
            run["tool"]["driver"]["rules"][place]["id"],
            result["ruleId"]
        );
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().expect("a URI");
        assert!(root.path().join(uri).is_file(), "{uri}");
        assert_eq!(location["region"]["startLine"], 5);
    }
    let (code, log) = check(&["--format", "sarif", "right"]);
    assert_eq!(
        (code, &log["runs"][0]["results"]),
        (Some(0), &serde_json::json!([]))
    );
}

#[test]
fn a_code_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let explain = |code: &str| run(root, &["explain-code", code]);
    let (code, page, said) = explain("pm012");
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert!(
        page.starts_with("### PM012\n") && page.contains("error[PM012]: "),
        "{page}"
    );
    for known in ["PV004", "PC016", "PS001", "PP002", "PD003", "PH004"] {
        let (code, page, _) = explain(known);
        assert!(
            code == Some(0) && page.starts_with(&format!("### {known}\n")),
            "{page}"
        );
    }
    let (code, page, said) = explain("PM912");
    assert_eq!((code, page.as_str()), (Some(2), ""));
    assert_eq!(
        said,
        "error: there is no code `PM912`; the nearest is PM062\n"
    );
    let (code, page, _) = run(root, &["explain-code", "--all"]);
    let kept = std::fs::read_to_string(root.join("mappings/rules.md")).expect("the page");
    assert_eq!((code, page), (Some(0), kept));
}
