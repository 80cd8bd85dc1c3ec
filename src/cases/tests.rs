//! What an author writes is read, or refused with its place.

use proptest::prelude::*;

use super::*;

#[test]
fn a_case_says_what_must_be_true() {
    let cases = read(
        r#"
- { name: plain, search: "Patient?family=smith", form: "given=jane", strict: true, follow: 2, expect: { ids: ["1", "2"], total: 2, commands: 3, next: true } }
- name: a-read
  read: Patient/1
  depends_on_today: true
  expect:
    ids: { in-any-order: ["1"] }
    commands: { most: 3 }
    fields:
      name[0].family: O'Brien
      name.given: [Siobhán, Mary]
      photo: []
      maritalStatus: ~
- name: some
  search: Patient
  expect:
    ids: { contains: ["1"], not: ["5"] }
    fields:
      Patient/1: { "telecom.where(system='phone').value": "0491 570 156", birthDate: 1980-05-17 }
      active: true
    bundle: { entry.count(): 2 }
- { name: refused, read: Patient/5, expect: { status: 404, code: PH003 } }
- { name: posted, search: "Patient/_search?_count=1", form: "family=okafor", expect: {} }
- { name: the-practice, practice: true, expect: { practice: { name: Harbour Street, siteId: [], version: ~ }, commands: 1 } }
"#,
    )
    .unwrap_or_else(|problems| panic!("{problems}"));
    let search = cases[0].search().expect("a search");
    assert_eq!((search.follow, search.strict), (2, true));
    assert_eq!(search.form, "given=jane");
    assert_eq!(cases[0].expect.commands, Some(Commands::Exactly(3)));
    assert_eq!(
        cases[0].expect.ids,
        Some(Ids::InOrder(vec!["1".to_owned(), "2".to_owned()]))
    );
    assert_eq!((cases[1].line, cases[1].depends_on_today), (3, true));
    assert_eq!(cases[1].expect.commands, Some(Commands::AtMost(3)));
    let values: Vec<usize> = cases[1]
        .expect
        .fields
        .iter()
        .map(|it| it.values.len())
        .collect();
    assert_eq!(values, [1, 2, 0, 0]);
    let subjects: Vec<&Subject> = cases[2].expect.fields.iter().map(|it| &it.of).collect();
    let patient = Subject::Resource("Patient/1".to_owned());
    assert_eq!(
        subjects,
        [&patient, &patient, &Subject::Each, &Subject::Bundle]
    );
    assert!(cases[3].is_refused() && !cases[2].is_refused());
    let posted = cases[4].search().expect("a search");
    assert_eq!(posted.text, "Patient?_count=1");
    assert_eq!(cases[4].resource(), "Patient");
    assert!(cases[5].is_of_practice() && !cases[4].is_of_practice());
    let said = [
        ("name", Some("Harbour Street".to_owned())),
        ("siteId", None),
        ("version", None),
    ];
    assert_eq!(cases[5].expect.practice, said);
    assert_eq!(cases[5].resource(), "");
}

#[test]
fn what_is_asked_of_the_practice_is_no_search_and_no_resource() {
    let problems = read(
        r#"
- { name: two, practice: true, read: Patient/1, expect: {} }
- { name: none, practice: false, expect: {} }
- { name: no-search, practice: true, strict: true, expect: { practice: { name: [a] } } }
- { name: no-resource, practice: true, expect: { ids: [], fields: { active: true }, practice: { nam: x } } }
- { name: not-asked, search: Patient, expect: { practice: { name: x } } }
"#,
    );
    insta::assert_snapshot!(problems.expect_err("refused").to_string());
}

/// A mapping of a practice's table, with a `practice:` or without, over two rows of it.
fn practice(about: &str) -> Practice {
    let manifest =
        format!("name: X\nengine: mssql\nverified: public\ncollation: BINARY\n{about}\n");
    let files = [
        ("mapping.yaml", manifest.as_str()),
        (
            "tables.yaml",
            "tables:\n  P: { key: ID, columns: { ID: int, NAME: varchar(40), NR: int } }\n",
        ),
        (
            "patient.yaml",
            "resource: Patient\ntable: P as p\nid: p.ID\nelements: { active: true }\n",
        ),
    ];
    let loaded = crate::mapping::load_files("x", &files, &Default::default());
    let mapping = loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .mapping;
    let made: Result<Practice, PracticeError> = Practice::with_catalogues(
        mapping,
        [None].into_iter(),
        |_, database| {
            let rows = "CREATE TABLE P (ID INTEGER PRIMARY KEY, NAME TEXT, NR INTEGER); INSERT INTO P VALUES (2, 'Later', 1), (1, ' First ', 4711);";
            database
                .execute_batch(rows)
                .map_err(PracticeError::Database)
        },
    );
    made.expect("a practice")
}

#[test]
fn a_case_says_which_practice_the_fixture_is_of() {
    let of = |about: &str, expected: &str| {
        let text = format!("- {{ name: a, practice: true, expect: {{ {expected} }} }}");
        let cases = read(&text).unwrap_or_else(|problems| panic!("{problems}"));
        let ran = run(&practice(about), &cases[0]).expect("it ran");
        (differences(&cases[0], &ran), snapshot_text(&ran, false))
    };
    let about = "practice: { table: P as p, name: p.NAME, siteId: p.NR }";
    let all = "practice: { name: First, siteId: 4711, version: [] }, commands: 1";
    let (wrong, text) = of(about, all);
    assert_eq!(wrong, []);
    insta::assert_snapshot!(text);
    let (wrong, _) = of(about, "practice: { name: Later, siteId: [], version: '1' }");
    let shown = wrong
        .iter()
        .map(|it| format!("{}: {} is {}", it.what, it.expected, it.found));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "practice: name: \"Later\" is \"First\"",
            "practice: siteId: null is \"4711\"",
            "practice: version: \"1\" is null",
        ]
    );
    // A manifest that says nothing of it is named.
    let (wrong, _) = of("", "practice: { name: First }, commands: 0");
    assert!(
        wrong.len() == 1 && wrong[0].notes[0].contains("no `practice:`"),
        "{wrong:?}"
    );
    assert_eq!(of("", "practice: { name: [] }").0, []);
}

#[test]
fn every_mistake_is_shown_in_its_place() {
    let problems = read(
        r#"
- { name: by family, search: "Patient?family=smith", expect: { ids: ["1"] } }
- { name: twice, read: Patient/1, expect: {} }
- { name: twice, read: Patient/2, expect: {} }
- { nam: misspelt, serach: "Patient", expect: { id: ["1"], totl: 2 } }
- { name: nothing-asked, expect: {} }
- { name: two-asked, search: Patient, read: Patient/1, expect: {} }
- { name: no-resource, read: Patient, expect: {} }
- { name: form-of-a-read, read: Patient/1, form: x, expect: {} }
- { name: no-form, search: "Patient/_search?family=okafor", expect: {} }
- { name: nothing-expected, read: Patient/1 }
- { name: shapes, search: Patient, follow: -1, strict: maybe, expect: { ids: "1", total: many, status: 42, next: 1, commands: { least: 1 } } }
- { name: ways, search: Patient, expect: { ids: { in-any-order: ["1"], not: ["2"] } } }
- { name: refused, search: Patient, expect: { status: 400, ids: ["1"], bundle: { total: 1 } } }
- { name: answered, search: Patient, expect: { status: 200, code: PH003 } }
- { name: of-a-read, read: Patient/1, expect: { total: 1, next: false } }
- name: fields
  search: Patient
  expect:
    fields:
      nmae.family: Smith
      "telecom.where(sytem='phone').value": "1"
      name.given.matches('x'): true
      deceasedBoolean: true
      name[0]: { family: Smith }
      Patient/1: { gender = 'x: true }
    bundle: { entrie.count(): 2 }
- just text
"#,
    )
    .expect_err("mistakes");
    insta::assert_snapshot!(problems);
}

#[test]
fn what_is_no_list_of_cases_is_refused() {
    for text in ["", "[]", "cases: []", "- a: [", "text", "- &x { name: y }"] {
        let problems = read(text).expect_err(text);
        assert!(problems.has_errors(), "{text}: {problems}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let problems = read_folder(folder.path()).expect_err("no file");
    assert!(problems.to_string().contains("PT001"));
}

proptest! {
    #[test]
    fn no_file_panics(text in "(- \\{ (name|search|read|expect|ids|fields): [^\n]{0,30}\\}?\n|[^\n]{0,20}\n){0,6}") {
        let _ = read(&text).map_err(|problems| problems.to_string());
    }
}
