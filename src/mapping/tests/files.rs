//! Folders, manifests, tables, and what several files have to do with each other.

use super::*;

/// The problems of a whole folder.
fn of(files: &[(&str, &str)]) -> String {
    match load_files("test", files, &Options::default()) {
        Ok(loaded) => loaded.warnings.to_string(),
        Err(diagnostics) => diagnostics.to_string(),
    }
}

#[test]
fn a_folder_becomes_a_mapping() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("cases")).unwrap();
    for (name, text) in [
        ("mapping.yaml", MANIFEST),
        ("tables.yaml", TABLES),
        ("patient.yaml", &patient("  active: true\n")),
        ("notes.md", "not: [read"),
        (".hidden.yaml", "not: [read"),
        ("cases/x.yaml", "not: [read"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let loaded = load_folder(folder.path(), &Options::default()).unwrap();
    assert!(loaded.warnings.is_empty());
    let mapping = loaded.mapping;
    assert_eq!(
        Some(&*mapping.id),
        folder.path().file_name().unwrap().to_str()
    );
    assert_eq!(
        (&*mapping.name, mapping.engine.name()),
        ("Test PMS", "mssql")
    );
    assert_eq!(mapping.verified, Verified::Illustrative);
    assert_eq!(mapping.resources["Patient"].sources, [0]);
    let patients = &mapping.tables["PATIENTS"];
    assert!(!patients.columns["ID"].nullable && patients.columns["SURNAME"].nullable);
    assert!(patients.columns["GENDERTEXT"].optional);
    assert_eq!(mapping.tables["DRUGS"].catalogue.as_deref(), Some("DRUGS"));
    assert_eq!(patients.place.to_string(), "tables.yaml:2");
}

#[test]
fn the_mappings_of_the_repository_load_without_a_warning() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            match load_folder(&path, &Options::default()) {
                Ok(loaded) => assert!(loaded.warnings.is_empty(), "{}", loaded.warnings),
                Err(diagnostics) => panic!("{diagnostics}"),
            }
        }
    }
}

#[test]
fn a_folder_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let load = || {
        load_folder(folder.path(), &Options::default())
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(load(), @r#"
    error[PM008]: the folder has no `mapping.yaml`
    --> mapping.yaml
     = help: begin a mapping with `pilaster mapping new NAME`, or name the folder that holds one

    1 error
    "#);
    std::fs::write(folder.path().join("mapping.yaml"), MANIFEST).unwrap();
    insta::assert_snapshot!(load(), @r#"
    error[PM008]: the mapping has no source: no file has a `resource:` key
     --> mapping.yaml:1:1
      |
    1 | name: Test PMS
      | ^
      |
      = help: add a file for a resource type: `resource: Patient`, `table: …`, `id: …`, `elements: …`

    1 error
    "#);
    std::fs::write(folder.path().join("a.yaml"), b"a: \xff").unwrap();
    insta::assert_snapshot!(load(), @r#"
    error[PM008]: the file is not UTF-8: byte 3
    --> a.yaml

    1 error
    "#);
    std::fs::write(folder.path().join("a.yaml"), vec![b' '; load::MAX_FILE + 1]).unwrap();
    insta::assert_snapshot!(load(), @r#"
    error[PM008]: the file is larger than 1 MiB
    --> a.yaml

    1 error
    "#);
    for n in 0..=load::MAX_FILES {
        std::fs::write(folder.path().join(format!("{n}.yaml")), "").unwrap();
    }
    insta::assert_snapshot!(load(), @r#"
    error[PM008]: the folder has more than 200 YAML files
    --> mapping.yaml

    1 error
    "#);
    let gone = load_folder(&folder.path().join("gone"), &Options::default()).unwrap_err();
    assert_eq!(gone.iter().next().unwrap().code(), "PM008");
}

#[test]
fn the_manifest_is_checked() {
    let manifest = "engine: mysql\nverified: maybe\ncollation: Swiss\nnmae: x\n";
    insta::assert_snapshot!(of(&[("mapping.yaml", manifest)]), @r#"
    error[PM007]: no SQL is written for `mysql`
     --> mapping.yaml:1:9
      |
    1 | engine: mysql
      |         ^^^^^ no dialect
      |
      = help: a copy of its tables in SQLite can be served: `engine: sqlite`

    error[PM007]: `maybe` is no value of `verified:`
     --> mapping.yaml:2:11
      |
    2 | verified: maybe
      |           ^^^^^
      |
      = help: it takes: `public`, `illustrative`

    error[PM024]: the collation `Swiss` is not known
     --> mapping.yaml:3:12
      |
    3 | collation: Swiss
      |            ^^^^^
      |
      = help: give the engine's name for it: `Latin1_General_CI_AS`, `UNICODE_CI_AI`, `BINARY`

    error[PM004]: the manifest has no key `nmae`
     --> mapping.yaml:4:1
      |
    4 | nmae: x
      | ^^^^
      |
      = help: did you mean `name`?

    4 errors
    "#);
}

#[test]
fn yaml_that_mappings_do_not_use_is_refused() {
    insta::assert_snapshot!(of(&[
        ("mapping.yaml", MANIFEST),
        ("a.yaml", "resource: Patient\n\ttable: x\n"),
        ("b.yaml", "tables: &t {}\ncodes: *t\ncodes: {}\n"),
        ("c.yaml", "- a\n"),
    ]), @r"
    error[PM001]: the file is not YAML from here on
     --> a.yaml:1:11
      |
    1 | resource: Patient
      |           ^ while scanning a plain scalar, found a tab
      |
      = help: indent with blanks; tabs have no place in YAML

    error[PM002]: an anchor has no place in a mapping
     --> b.yaml:1:9
      |
    1 | tables: &t {}
      |         ^^
      |
      = help: write the value out where it is used; a table of codes has a name under `codes:`

    error[PM002]: an alias has no place in a mapping
     --> b.yaml:2:8
      |
    2 | codes: *t
      |        ^^
      |
      = help: write the value out where it is used; a table of codes has a name under `codes:`

    error[PM006]: a file of a mapping is a mapping, and this is a list
     --> c.yaml:1:1
      |
    1 | - a
      | ^^^ expected a mapping

    4 errors
    ");
}

#[test]
fn tables_are_checked() {
    let tables = "\
tables:
  A:
    key: [ID, IDD]
    columns: { ID: integr, NAME: { type: char(0) }, B: { optional: yes, colation: x, type: int } }
    catalogue: OTHER
  B: { columns: { X: { type: char(3), collation: Klingon } } }
  C: { key: X, columns: { X: int }, sql: 'select {c.X} from d' }
";
    let again = "tables: { A: { key: X, columns: { X: int } } }\nviews: {}\n";
    insta::assert_snapshot!(of(&[("mapping.yaml", MANIFEST), ("t.yaml", tables), ("u.yaml", again)]), @r"
    error[PM021]: the column `IDD` is not declared for the table
     --> t.yaml:3:15
      |
    3 |     key: [ID, IDD]
      |               ^^^
      |
      = help: declared are: `B`

    error[PM024]: the type `integr` is not known
     --> t.yaml:4:20
      |
    4 |     columns: { ID: integr, NAME: { type: char(0) }, B: { optional: yes, colation: x, type: int } }
      |                    ^^^^^^
      |
      = help: did you mean `integer`?

    error[PM024]: the type `char(0)` is not known
     --> t.yaml:4:42
      |
    4 |     columns: { ID: integr, NAME: { type: char(0) }, B: { optional: yes, colation: x, type: int } }
      |                                          ^^^^^^^
      |
      = help: what stands in parentheses is not its length, or precision and scale

    error[PM006]: `optional:` is `true` or `false`, and this is `yes`
     --> t.yaml:4:68
      |
    4 |     columns: { ID: integr, NAME: { type: char(0) }, B: { optional: yes, colation: x, type: int } }
      |                                                                    ^^^ expected `true` or `false`

    error[PM004]: the column `B` has no key `colation`
     --> t.yaml:4:73
      |
    4 |     columns: { ID: integr, NAME: { type: char(0) }, B: { optional: yes, colation: x, type: int } }
      |                                                                         ^^^^^^^^
      |
      = help: did you mean `collation`?

    error[PM038]: the catalogue `OTHER` is not declared
     --> t.yaml:5:16
      |
    5 |     catalogue: OTHER
      |                ^^^^^
      |
      = help: list it under `catalogues:` in `mapping.yaml`, behind the default one

    error[PM005]: the table `B` has no `key:`
     --> t.yaml:6:3
      |
    6 |   B: { columns: { X: { type: char(3), collation: Klingon } } }
      |   ^
      |
      = help: the columns that identify a row: `key: INTERNALID`

    error[PM024]: the collation `Klingon` is not known
     --> t.yaml:6:50
      |
    6 |   B: { columns: { X: { type: char(3), collation: Klingon } } }
      |                                                  ^^^^^^^
      |
      = help: give the engine's name for it: `Latin1_General_CI_AS`, `UNICODE_CI_AI`, `BINARY`

    error[PM035]: the select of a table names a column in braces
     --> t.yaml:7:51
      |
    7 |   C: { key: X, columns: { X: int }, sql: 'select {c.X} from d' }
      |                                                   ^^^
      |
      = help: a table's select stands on its own: write its columns plainly

    error[PM009]: the table `A` is declared twice
     --> u.yaml:1:11
      |
    1 | tables: { A: { key: X, columns: { X: int } } }
      |           ^
      |
      = note: first at t.yaml:2
      = help: put all columns under one of them

    error[PM004]: a file of shared tables and codes has no key `views`
     --> u.yaml:2:1
      |
    2 | views: {}
      | ^^^^^
      |
      = help: the keys are: `tables`, `codes`, `resource`

    11 errors
    ");
}

#[test]
fn code_tables_are_checked() {
    let codes = "\
codes:
  sex: { Male: male, MALE: male, x: [a], y: { display: Y }, z: { code: z, system: 'a b' } }
  none: {}
";
    insta::assert_snapshot!(
        of(&[("mapping.yaml", MANIFEST), ("c.yaml", codes), ("d.yaml", "codes: { sex: { a: b } }\n")]),
        @r#"
    error[PM043]: the raw value `MALE` stands twice
     --> c.yaml:2:22
      |
    2 |   sex: { Male: male, MALE: male, x: [a], y: { display: Y }, z: { code: z, system: 'a b' } }
      |          ----        ^^^^ again here
      |          |
      |          first here
      |
      = note: raw values compare without case and without blanks around them

    error[PM006]: a code is text, and this is a list
     --> c.yaml:2:37
      |
    2 |   sex: { Male: male, MALE: male, x: [a], y: { display: Y }, z: { code: z, system: 'a b' } }
      |                                     ^^^ expected text

    error[PM005]: the entry has no `code:`
     --> c.yaml:2:45
      |
    2 |   sex: { Male: male, MALE: male, x: [a], y: { display: Y }, z: { code: z, system: 'a b' } }
      |                                             ^^^^^^^^^^^^^^
      |
      = help: an entry is `raw: code` or `raw: { code: …, display: …, system: … }`

    error[PM015]: `a b` is no URI
     --> c.yaml:2:83
      |
    2 |   sex: { Male: male, MALE: male, x: [a], y: { display: Y }, z: { code: z, system: 'a b' } }
      |                                                                                   ^^^^^

    error[PM043]: the code table has no entries
     --> c.yaml:3:9
      |
    3 |   none: {}
      |         ^^

    error[PM009]: the code table `sex` is defined twice
     --> d.yaml:1:10
      |
    1 | codes: { sex: { a: b } }
      |          ^^^
      |
      = note: first in c.yaml

    6 errors
    "#
    );
}

#[test]
fn sources_of_a_type_have_names_and_references_lead_to_them() {
    let source = |name: &str, id: &str, to: &str| {
        format!(
            "resource: Patient\n{name}table: PATIENTS as p\nid: {id}\nelements:\n  link: [ {{ type: seealso, other: {{ reference: {{ {to}, id: p.USERID }} }} }} ]\n"
        )
    };
    let result = load(
        &[
            ("a.yaml", &source("", "p.ID", "to: RelatedPerson")),
            ("b.yaml", &source("", "p.ID", "to: Patient, source: kim")),
            (
                "c.yaml",
                &source(
                    "source: kin\n",
                    "[p.ID, p.FLAGS]",
                    "to: Patient, source: kin",
                ),
            ),
        ],
        &Options::default(),
    );
    insta::assert_snapshot!(result.unwrap_err(), @r#"
    warning[PM051]: the mapping has no source of RelatedPerson
     --> a.yaml:5:54
      |
    5 |   link: [ { type: seealso, other: { reference: { to: RelatedPerson, id: p.USERID } } } ]
      |                                                      ^^^^^^^^^^^^^
      |
      = help: map it in a file with `resource: RelatedPerson`, or take the reference out

    error[PM009]: another source of Patient has no name either
     --> b.yaml:1:1
      |
    1 | resource: Patient
      | ^^^^^^^^
      |
      = note: first at a.yaml:1
      = help: give this one a name, which becomes part of its ids: `source: kin`

    warning[PM051]: no source of Patient is named `kim`
     --> b.yaml:5:71
      |
    5 |   link: [ { type: seealso, other: { reference: { to: Patient, source: kim, id: p.USERID } } } ]
      |                                                                       ^^^
      |
      = help: did you mean `kin`?

    error[PM052]: the id of a Patient has 2 columns
     --> c.yaml:6:71
      |
    6 |   link: [ { type: seealso, other: { reference: { to: Patient, source: kin, id: p.USERID } } } ]
      |                                                                       ^^^
      |
      = note: its source is at c.yaml:1
      = help: a type whose id has several columns cannot be referred to: make the id one fragment, and refer by the same: `{ sql: "…", type: varchar(40) }` that puts its columns together with a dot between

    2 errors, 2 warnings
    "#);
}

#[test]
fn a_source_without_resource_is_not_taken_for_tables() {
    insta::assert_snapshot!(of(&[("mapping.yaml", MANIFEST), ("a.yaml", "table: X\nid: x.Y\n")]), @r#"
    error[PM005]: the file has no `resource:`
     --> a.yaml:1:1
      |
    1 | table: X
      | ^^^^^
      |
      = help: a source says which resource its rows are: `resource: Patient`

    1 error
    "#);
}

#[test]
fn a_table_may_be_a_select() {
    let file = "\
resource: Patient
table: FREE as f
id: f.ID
elements: { active: true }
tables:
  FREE: { key: ID, columns: { ID: int }, sql: { mssql: 'select 1 as ID', sqlite: 'select 1 as ID' } }
";
    let source = good(file);
    assert!(
        matches!(&source.relation.table.source, crate::relation::TableSource::Derived(raw)
        if raw.for_dialect(crate::relation::Dialect::Mssql) == Some("select 1 as ID"))
    );
}

#[test]
fn any_text_is_a_mapping_or_problems() {
    let good = patient(
        "  name: [ { family: $p.SURNAME } ]\n  telecom: [ { each: emails, value: $e.EMAIL } ]\n",
    );
    // Cut, and with one character changed, all along.
    for (at, _) in good.char_indices().step_by(7) {
        let _ = load(&[("a.yaml", &good[..at])], &Options::default());
        for with in ["", "$", "{", "'", ":", "\n", "é", "*"] {
            let changed = format!("{}{with}{}", &good[..at], &good[at + 1..]);
            if let Err(diagnostics) = load(&[("a.yaml", &changed)], &Options::default()) {
                assert!(!diagnostics.to_string().is_empty());
            }
        }
    }
}

#[test]
fn hostile_files_take_bounded_time() {
    let many = |n: usize, one: &dyn Fn(usize) -> String| (0..n).map(one).collect::<String>();
    let files = [
        format!("{{{}}}", many(40_000, &|n| format!("key{n}: 1, "))),
        format!(
            "{PATIENT}elements: {{ name: [ {} ] }}",
            many(8_000, &|_| "{ family: $p.SURENAME }, ".into())
        ),
        format!(
            "{PATIENT}elements: {{ name: [ {} ] }}",
            many(8_000, &|_| "{ family: $p.SURNAME, use: x }, ".into())
        ),
        format!(
            "{PATIENT}elements: {{ {} }}",
            many(40_000, &|n| format!("naem{n}: x, "))
        ),
        patient(&format!(
            "  name: [ {{ text: {{ sql: '{}', type: text }} }} ]",
            "{p.SURENAME} ".repeat(1_200)
        )),
        with_rows(&"p.STATUS = 1 or ".repeat(1_000)),
        with_rows(&format!("{}p.STATUS = 1", "(".repeat(10_000))),
        format!("a: {}", "[".repeat(200_000)),
        format!("a: {}", "- ".repeat(200_000)),
        format!("{}: 1", "? ".repeat(100_000)),
        "&a [*a, *a]".repeat(10_000),
    ];
    let start = std::time::Instant::now();
    for file in &files {
        assert!(file.len() < load::MAX_FILE);
        let diagnostics = load(&[("a.yaml", file)], &Options::default()).unwrap_err();
        assert!(diagnostics.has_errors());
        assert!(diagnostics.to_string().len() < 1_000_000);
    }
    // Without optimisation and beside other tests; a quadratic step would take minutes.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// Patient with this condition on its rows.
fn with_rows(condition: &str) -> String {
    patient("  active: true\n").replace("p.STATUS = 1\nid", &format!("{condition}\nid"))
}

/// What one file keeps from being read is reported there, and nowhere else.
#[test]
fn one_broken_file_is_one_problem() {
    let referring =
        patient("  generalPractitioner: [ { reference: { to: Practitioner, id: p.USERID } } ]\n");
    let practitioner =
        "resource: Practitioner\ntable: USERS as u\nid: u.USERID\nelements: { active: true }\n";
    let codes = |files: &[(&str, &str)]| -> Vec<String> {
        of(files)
            .lines()
            .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()))
            .filter(|code| code.starts_with("PM"))
            .collect()
    };
    let with = |manifest: &str, tables: &str, source: &str| {
        codes(&[
            ("mapping.yaml", manifest),
            ("tables.yaml", tables),
            ("patient.yaml", &referring),
            ("practitioner.yaml", source),
            (
                "medication.yaml",
                "resource: Medication\ntable: DRUGS as d\nid: d.DRUGID\nelements: { status: active }\n",
            ),
        ])
    };
    let none: [&str; 0] = [];
    assert_eq!(with(MANIFEST, TABLES, practitioner), none);
    // A source that is no YAML, that R4 does not know, that does not say what it is.
    assert_eq!(with(MANIFEST, TABLES, "resource: [Practitioner"), ["PM001"]);
    let unknown = practitioner.replace("Practitioner", "Practicioner");
    assert_eq!(with(MANIFEST, TABLES, &unknown), ["PM010"]);
    let unsaid = practitioner.replace("resource: Practitioner\n", "");
    assert_eq!(with(MANIFEST, TABLES, &unsaid), ["PM005"]);
    // Tables, all of them and one.
    assert_eq!(with(MANIFEST, "tables: [", practitioner), ["PM001"]);
    assert_eq!(with(MANIFEST, "tables: none", practitioner), ["PM006"]);
    let one = TABLES.replace("  DRUGS: {", "  DRUGS: none\n  OTHER: {");
    assert_eq!(with(MANIFEST, &one, practitioner), ["PM006"]);
    // The manifest with its catalogues.
    assert_eq!(with("name: [", TABLES, practitioner), ["PM001"]);
    let nowhere = MANIFEST.replace("catalogues: [MAIN, DRUGS]\n", "");
    assert_eq!(with(&nowhere, TABLES, practitioner), ["PM038"]);
    let joined = "resource: Practitioner\ntable: USERS as u\nid: u.USERID\nlookups: { d: DRUGS on d.DRUGID = u.USERID }\nelements: { name: [ { text: $d.NAME } ] }\n";
    assert_eq!(with(MANIFEST, TABLES, joined), ["PM038"]);
    assert_eq!(with(&nowhere, TABLES, joined), ["PM038"]);
}

/// What of the manifest stands elsewhere, or is empty, is told with what to do.
#[test]
fn what_the_manifest_says_of_the_product_and_the_practice_stands_there_and_says_something() {
    let problems = |manifest: &str, patient: &str, tables: &str| {
        let manifest =
            format!("name: X\nengine: sqlite\nverified: public\ncollation: BINARY\n{manifest}\n");
        let tables = format!("tables: {{ P: {{ key: ID, columns: {{ ID: int }} }} }}\n{tables}\n");
        let patient =
            format!("resource: Patient\ntable: P as p\nid: p.ID\nelements: {{}}\n{patient}\n");
        let files = [
            ("mapping.yaml", &*manifest),
            ("patient.yaml", &*patient),
            ("tables.yaml", &*tables),
        ];
        let refused = crate::mapping::load_files("x", &files, &Default::default());
        refused.expect_err("a problem").to_string()
    };
    for empty in ["pms: \"\"", "pms: \" \"", "pms:"] {
        let shown = problems(empty, "", "");
        for part in [
            "error[PM006]: `pms:`, the product's name in the API,",
            "mapping.yaml:5:",
            "help: `pms: Zedmed`",
            "1 error",
        ] {
            assert!(shown.contains(part), "{empty}: {shown}");
        }
    }
    for plain in ["practice: P as p", "practice:", "practice: \"\""] {
        let shown = problems(plain, "", "");
        assert!(
            shown.contains("error[PM006]: `practice:` is a mapping")
                && shown.contains("help: the table, and its columns: `practice: { table: ")
                && shown.contains("1 error"),
            "{shown}"
        );
    }
    for (patient, tables) in [("pms: X", ""), ("practice: {}", ""), ("", "practice: {}")] {
        let shown = problems("", patient, tables);
        assert!(
            shown.contains("error[PM004]") && shown.contains("write it in mapping.yaml"),
            "{shown}"
        );
    }
}
