//! `pilaster mapping test` from outside: what an author sees of cases that hold, and of each way in which one does not.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::pilaster;

/// A mapping of one table, with its fixture.
const FILES: [(&str, &str); 4] = [
    (
        "mapping.yaml",
        "name: Clinic\nengine: sqlite\nverified: illustrative\ncollation: BINARY\n",
    ),
    (
        "tables.yaml",
        "tables:\n  CLIENT:\n    key: ID\n    columns:\n      ID: integer\n      DELETED: integer\n      \
         SURNAME: char(10)\n      GIVEN: varchar(20)\n      SEX: varchar(1)\n      BORN: date\n      PHONE: varchar(20)\n",
    ),
    (
        "patient.yaml",
        r#"resource: Patient
table: CLIENT as c
id: c.ID
rows: c.DELETED = 0
elements:
  name:
    - family: $c.SURNAME
      given: [$c.GIVEN]
  gender: { column: c.SEX, codes: { F: female, M: male, "*": unknown } }
  birthDate: $c.BORN
  telecom:
    - system: phone
      value: $c.PHONE
"#,
    ),
    (
        "fixture.sql",
        "CREATE TABLE CLIENT (ID INTEGER PRIMARY KEY, DELETED INTEGER, SURNAME TEXT, GIVEN TEXT, SEX TEXT, BORN TEXT, PHONE TEXT);\n\
         INSERT INTO CLIENT VALUES\n\
         (1, 0, 'O''Brien', 'Mairéad', 'F', '1979-03-08', '0491 570 156'),\n\
         (2, 0, 'Nguyen', 'Bao', 'M', '1991-11-30', NULL),\n\
         (3, 1, 'Obrecht', 'Test', NULL, NULL, NULL),\n\
         (4, 0, 'O''Brien', 'Sam', 'X', '2011-07-21', '0491 570 157');\n",
    ),
];

const CASES: &str = r#"
- name: by-family
  search: "Patient?family=O'Brien"
  expect:
    ids: ["1", "4"]
    total: 2
    commands: { most: 2 }
    fields:
      name.family: O'Brien
      Patient/1: { "telecom.where(system='phone').value": "0491 570 156", birthDate: 1979-03-08, name.given: [Mairéad] }
      Patient/4: { gender: unknown, photo: [] }
    bundle: { entry.count(): 2 }
- { name: read, read: Patient/2, expect: { ids: ["2"], fields: { name.family: Nguyen, telecom.exists(): false } } }
- { name: deleted, read: Patient/3, expect: { status: 404, code: PH003 } }
- { name: some, search: "Patient?_count=2", expect: { ids: { contains: ["2"], not: ["3"] }, next: true } }
"#;

/// A folder `clinic` in a folder of its own, from which the program is run.
struct Clinic(TempDir);

impl Clinic {
    fn new(cases: Option<&str>) -> Clinic {
        let clinic = Clinic(tempfile::tempdir().expect("a folder"));
        std::fs::create_dir(clinic.0.path().join("clinic")).expect("a folder");
        for (name, text) in FILES {
            clinic.write(name, text);
        }
        if let Some(cases) = cases {
            clinic.write("cases.yaml", cases);
        }
        clinic
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join("clinic").join(name), text).expect("a file");
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let path = self.0.path().join("clinic").join(name);
        let text = std::fs::read_to_string(path).expect("a file");
        assert!(text.contains(from), "{text}");
        self.write(name, &text.replace(from, to));
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = pilaster(&[&["mapping", "test", "clinic"], args].concat());
        command.current_dir(self.0.path());
        command.output().expect("the program runs")
    }

    /// What it says, on standard output and standard error, after its exit code.
    fn says(&self, args: &[&str]) -> String {
        said(&self.run(args))
    }
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let mut said = format!(
        "exit code {}\n",
        output.status.code().expect("an exit code")
    );
    said.push_str(&text(&output.stdout));
    if !output.stderr.is_empty() {
        said.push_str("--- standard error\n");
        said.push_str(&text(&output.stderr));
    }
    said
}

#[test]
fn a_mapping_of_the_repository_is_as_its_snapshots_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = pilaster(&["mapping", "test", "-q", "mappings/dental4windows"]);
    let output = command
        .current_dir(root)
        .output()
        .expect("the program runs");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(output.stderr.is_empty(), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    let [_, title, "", summary] = lines.as_slice() else {
        panic!("{said}");
    };
    assert_eq!(*title, "dental4windows (mappings/dental4windows)");
    let count = summary
        .strip_prefix("dental4windows: ")
        .and_then(|rest| rest.strip_suffix(" ok"))
        .and_then(|count| count.parse::<u32>().ok());
    assert!(count > Some(100), "{said}");
}

#[test]
fn what_is_new_is_kept_and_what_changed_is_shown() {
    let clinic = Clinic::new(Some(CASES));
    insta::assert_snapshot!("new", clinic.says(&[]));
    insta::assert_snapshot!("accepted", clinic.says(&["--accept"]));
    let kept = clinic.0.path().join("clinic/snapshots/read.snap");
    insta::assert_snapshot!("kept", std::fs::read_to_string(&kept).expect("a snapshot"));
    insta::assert_snapshot!("ok", clinic.says(&[]));
    // Neither the head of a file nor the ends of its lines count.
    let text = std::fs::read_to_string(&kept).expect("a snapshot");
    let other = text
        .replace("cases.yaml", "elsewhere.rs")
        .replace('\n', "\r\n");
    std::fs::write(&kept, other).expect("written");
    assert_eq!(clinic.run(&["-q"]).status.code(), Some(0));

    clinic.replace("fixture.sql", "'Bao'", "'Bảo'");
    clinic.replace("cases.yaml", "name: deleted", "name: gone");
    insta::assert_snapshot!("changed", clinic.says(&["-q"]));
    assert_eq!(clinic.run(&["--accept", "-q"]).status.code(), Some(0));
    assert_eq!(clinic.run(&["-q"]).status.code(), Some(0));
    let stale = clinic.0.path().join("clinic/snapshots/deleted.snap");
    assert!(!stale.exists());
}

#[test]
fn a_failure_says_what_was_asked_what_ran_and_what_differs() {
    let clinic = Clinic::new(Some(
        r#"
- { name: missing, search: "Patient?family=O'Brien", expect: { ids: ["1", "2", "3", "5", "4"], total: 3 } }
- { name: other-page, search: "Patient?_count=1", expect: { ids: ["1", "2"], next: false } }
- { name: second-page, search: "Patient?_count=1", follow: 1, expect: { ids: ["4"] } }
- { name: third-page, search: "Patient?family=Nguyen", follow: 2, expect: { ids: ["4"] } }
- { name: order, search: "Patient?family=O'Brien&_sort=-birthdate", expect: { ids: ["1", "4"] } }
- { name: too-many, search: "Patient", expect: { ids: { in-any-order: ["4", "2"] }, commands: 7 } }
- { name: unwanted, search: "Patient", expect: { ids: { contains: ["9"], not: ["2"] }, commands: { most: 0 } } }
- { name: refused, search: "Patient?birthdate=1980-13", expect: { ids: [] } }
- { name: other-code, search: "Patient?birthdate=1980-13", expect: { status: 400, code: PS001 } }
- { name: answered, search: "Patient?gender=male", expect: { status: 400, code: PS001 } }
- name: fields
  search: "Patient?gender=female"
  expect:
    fields:
      name.family: Obrien
      name.given.startsWith('M'): false
      Patient/1: { telecom: phone, birthDate: ~, photo.title: x }
      Patient/2: { active: true, gender: male }
    bundle: { total: 7 }
- name: nothing-to-look-at
  search: "Patient?family=nobody"
  expect: { fields: { active: true } }
- { name: of-a-read, read: Patient/1, expect: { ids: ["2"], fields: { name.given: [Mairéad, Anne] } } }
- { name: no-one-value, search: Patient, expect: { bundle: { entry.resource.id > '1': true } } }
"#,
    ));
    insta::assert_snapshot!("failures", clinic.says(&["-q"]));
}

#[test]
fn programs_are_told_the_same() {
    let clinic = Clinic::new(Some(CASES));
    clinic.run(&["--accept"]);
    clinic.replace("fixture.sql", "'1979-03-08'", "'1979-03-09'");
    let output = clinic.run(&["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let cases = json[0]["cases"].as_array().expect("cases");
    let states: Vec<&str> = cases.iter().filter_map(|it| it["state"].as_str()).collect();
    assert_eq!(states, ["failed", "ok", "ok", "changed"]);
    let failed = &cases[0];
    assert_eq!(failed["line"], 2);
    assert_eq!(failed["search"], "Patient?family=O'Brien");
    assert_eq!(failed["differences"][0]["what"], "Patient/1: birthDate");
    assert_eq!(failed["differences"][0]["expected"], "1979-03-08");
    assert_eq!(failed["differences"][0]["found"], "1979-03-09");
    assert!(failed["explanation"]["parts"][0]["command"].is_object());
    let diff = cases[3]["diff"].as_str().expect("a difference");
    assert!(
        diff.contains("-         \"birthDate\": \"1979-03-08\""),
        "{diff}"
    );
}

#[test]
fn what_an_author_has_not_written_yet_is_asked_for() {
    let clinic = Clinic::new(None);
    std::fs::remove_file(clinic.0.path().join("clinic/fixture.sql")).expect("removed");
    insta::assert_snapshot!("not-begun", clinic.says(&[]));
}

#[test]
fn problems_of_the_files_are_shown_as_the_checker_shows_them() {
    let clinic = Clinic::new(Some(
        "- { name: a, read: Patient/1, expect: { idz: [\"1\"] } }\n",
    ));
    clinic.replace("patient.yaml", "birthDate", "birthDat");
    insta::assert_snapshot!("problems", clinic.says(&[]));

    let clinic = Clinic::new(Some(CASES));
    clinic.replace("fixture.sql", "INTO CLIENT", "INTO CLIENTS");
    insta::assert_snapshot!("no-such-table", clinic.says(&[]));
    clinic.replace("fixture.sql", "INSERT INTO", "INSRT INTO");
    insta::assert_snapshot!("no-sql", clinic.says(&[]));
    // A column that the fixture has not is told once, before any case.
    let clinic = Clinic::new(Some(
        "- { name: a, read: Patient/1, expect: { ids: [\"1\"] } }\n",
    ));
    clinic.replace("fixture.sql", "BORN TEXT", "BIRTH TEXT");
    insta::assert_snapshot!("no-such-column", clinic.says(&[]));
    // One that is optional is not needed, as at a site.
    clinic.replace(
        "tables.yaml",
        "BORN: date",
        "BORN: { type: date, optional: true }",
    );
    assert_eq!(clinic.run(&["--accept"]).status.code(), Some(0));
    // SQL of the mapping's own that the engine refuses has its place.
    clinic.replace(
        "patient.yaml",
        "$c.GIVEN",
        "{ sql: 'PRNTF({c.GIVEN})', type: text }",
    );
    insta::assert_snapshot!("refused-fragment", clinic.says(&[]));
}

#[test]
fn a_practice_is_where_the_author_says() {
    let clinic = Clinic::new(Some(
        "- { name: a, search: Patient/_search, form: \"family=nguyen\", expect: { ids: [\"2\"] } }\n",
    ));
    let said = clinic.says(&["--accept", "--time-zone", "Australia/Perth"]);
    assert!(
        said.contains("clinic (clinic), in Australia/Perth\n"),
        "{said}"
    );
    let nowhere = clinic.run(&["--time-zone", "Australia/Nowhere"]);
    assert_eq!(nowhere.status.code(), Some(2));
}

#[test]
fn types_that_no_case_asks_for_are_named() {
    let clinic = Clinic::new(Some("- { name: a, read: Patient/2, expect: {} }\n"));
    clinic.write(
        "person.yaml",
        "resource: Person\ntable: CLIENT as c\nid: c.ID\nelements: { name: [ { text: $c.SURNAME } ] }\n",
    );
    let said = clinic.says(&["--accept"]);
    assert!(said.ends_with("no case asks for Person\n"), "{said}");
    let said = clinic.says(&["--quiet"]);
    assert!(!said.contains("no case asks"), "{said}");
}

#[test]
fn some_cases_may_be_chosen_and_snapshots_lie_elsewhere() {
    let clinic = Clinic::new(Some(CASES));
    let output = clinic.run(&[
        "--case",
        "rea",
        "--case",
        "som",
        "--accept",
        "--snapshots",
        "kept",
    ]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("2 accepted") && !said.contains("deleted"),
        "{said}"
    );
    let kept = clinic.0.path().join("kept/clinic");
    assert!(kept.join("read.snap").exists() && kept.join("some.snap").exists());
    // The snapshots of the others are not asked after.
    let output = clinic.run(&["--case", "some", "--snapshots", "kept"]);
    assert_eq!(output.status.code(), Some(0));

    for (args, message) in [
        (
            &["--case", "nothing"][..],
            "error: no case has `nothing` in its name",
        ),
        (&["--review"], "standard input is no terminal"),
        (&["--review", "--accept"], "cannot be used with"),
    ] {
        let output = clinic.run(args);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(message), "{told}");
    }
    assert!(!clinic.0.path().join("clinic/snapshots").exists());
}

#[test]
fn several_folders_are_counted_together() {
    let clinic = Clinic::new(Some(CASES));
    let root = clinic.0.path();
    std::fs::create_dir(root.join("other")).expect("a folder");
    for entry in std::fs::read_dir(root.join("clinic")).expect("files") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name");
        std::fs::copy(&path, root.join("other").join(name)).expect("copied");
    }
    let output = clinic.run(&["other", "absent", "--accept", "-q"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("\nall: 8 accepted\n"), "{said}");
    assert!(said.contains("the folder absent cannot be read"), "{said}");
    assert!(root.join("other/snapshots/read.snap").exists());
}
