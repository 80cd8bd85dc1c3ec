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
    insta::assert_snapshot!(load(), @"");
    std::fs::write(folder.path().join("mapping.yaml"), MANIFEST).unwrap();
    insta::assert_snapshot!(load(), @"");
    std::fs::write(folder.path().join("a.yaml"), b"a: \xff").unwrap();
    insta::assert_snapshot!(load(), @"");
    std::fs::write(folder.path().join("a.yaml"), vec![b' '; load::MAX_FILE + 1]).unwrap();
    insta::assert_snapshot!(load(), @"");
    for n in 0..=load::MAX_FILES {
        std::fs::write(folder.path().join(format!("{n}.yaml")), "").unwrap();
    }
    insta::assert_snapshot!(load(), @"");
    let gone = load_folder(&folder.path().join("gone"), &Options::default()).unwrap_err();
    assert_eq!(gone.iter().next().unwrap().code(), "PM008");
}

#[test]
fn the_manifest_is_checked() {
    let manifest = "engine: mysql\nverified: maybe\ncollation: Swiss\nnmae: x\n";
    insta::assert_snapshot!(of(&[("mapping.yaml", manifest)]), @"");
}

#[test]
fn yaml_that_mappings_do_not_use_is_refused() {
    insta::assert_snapshot!(of(&[
        ("mapping.yaml", MANIFEST),
        ("a.yaml", "resource: Patient\n\ttable: x\n"),
        ("b.yaml", "tables: &t {}\ncodes: *t\ncodes: {}\n"),
        ("c.yaml", "- a\n"),
    ]), @"");
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
    insta::assert_snapshot!(of(&[("mapping.yaml", MANIFEST), ("t.yaml", tables), ("u.yaml", again)]), @"");
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
        @""
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
    insta::assert_snapshot!(result.unwrap_err(), @"");
}

#[test]
fn a_source_without_resource_is_not_taken_for_tables() {
    insta::assert_snapshot!(of(&[("mapping.yaml", MANIFEST), ("a.yaml", "table: X\nid: x.Y\n")]), @"");
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
    // Cut, and with one character changed, at every place.
    for (at, _) in good.char_indices() {
        let _ = load(&[("a.yaml", &good[..at])], &Options::default());
        for with in ["", "$", "{", "'", ":", "\n", "é", "*"] {
            let changed = format!("{}{with}{}", &good[..at], &good[at + 1..]);
            if let Err(diagnostics) = load(&[("a.yaml", &changed)], &Options::default()) {
                assert!(!diagnostics.to_string().is_empty());
            }
        }
    }
}
