//! What is explained, and what is refused, without the program around it.

use super::*;
use clap::Parser;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn explained(line: &[&str]) -> Result<Explanation, Failure> {
    let line = [&["explain"], line].concat();
    explain(&Cli::try_parse_from(line).unwrap().args)
}

#[test]
fn reads_what_stands_after_a_base_url() {
    let read = |text| {
        Some(match asked(text, false)? {
            Asked::Search(call) => {
                let query = String::from_utf8(call.query.clone()).unwrap();
                format!("search {} by {query}", call.path())
            }
            Asked::Read { resource, id } => format!("read {resource}/{id}"),
        })
    };
    for (text, expected) in [
        ("Patient?family=a/b?c", "search Patient by family=a/b?c"),
        ("/Patient?", "search Patient by "),
        ("Patient", "search Patient by "),
        ("Patient/12", "read Patient/12"),
        (
            "Patient/12/Condition?code=x",
            "search Patient/12/Condition by code=x",
        ),
        ("Patient/12/*", "search Patient/12/* by "),
        (
            "Patient/12/$everything",
            "search Patient/12/$everything by ",
        ),
        ("?_type=Patient", "search  by _type=Patient"),
    ] {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "",
        "/",
        "patient?family=smith",
        "family=smith",
        "Patient/",
        "Patient/1/2",
        "Patient/1?_elements=name",
        "Patient/1/$summary",
        "metadata",
        "https://example.org/Patient?a=b",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn the_readme_s_search_is_explained_for_both_dialects() {
    let search = "Patient?family=smith&birthdate=gt1980&_sort=-birthdate";
    let text_of = |line: &[&str]| {
        explained(line).unwrap().parts[0]
            .command
            .command
            .text
            .to_string()
    };
    assert!(text_of(&[search]).contains("TOP (@p"));
    assert!(text_of(&[search, "--dialect", "sqlite"]).contains("LIMIT ?"));
}

#[test]
fn a_run_brings_rows_and_the_answer() {
    let search = "Patient?_sort=_id&_count=2";
    let ran = explained(&[search, "--run", "--patients", "20"]).unwrap();
    assert_eq!(ran.dialect, Dialect::Sqlite);
    assert_eq!(ran.parts[0].ran.as_ref().unwrap().count, 3);
    let bundle: serde_json::Value = serde_json::from_str(ran.answer.unwrap().text()).unwrap();
    assert_eq!(bundle["entry"].as_array().unwrap().len(), 2);
    let id = bundle["entry"][0]["resource"]["id"].as_str().unwrap();
    let read = format!("Patient/{id}");
    let ran = explained(&[&read, "--run", "--patients", "20"]).unwrap();
    assert!(
        ran.answer
            .unwrap()
            .text()
            .starts_with("{\"resourceType\":\"Patient\"")
    );
}

#[test]
fn a_database_without_an_optional_column_is_explained_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "mapping.yaml",
        "name: Small\nengine: sqlite\nverified: illustrative\ncollation: BINARY\ntables:\n  T:\n    key: ID\n    columns: { ID: integer, NAME: varchar(20), NICK: { type: varchar(20), optional: true } }\n",
    );
    write(
        "patient.yaml",
        "resource: Patient\ntable: T as t\nid: t.ID\nelements:\n  name: [ { family: $t.NAME, given: [ $t.NICK ] } ]\n",
    );
    let path = folder.path().join("t.sqlite");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "CREATE TABLE T (ID INTEGER PRIMARY KEY, NAME TEXT); INSERT INTO T VALUES (1, 'Able');",
        )
        .unwrap();
    let mapping = folder.path().to_str().unwrap();
    let database = path.to_str().unwrap();
    let run = |search: &str, database: &str| {
        explained(&[search, "--run", "--mapping", mapping, "--sqlite", database])
    };
    let ran = run("Patient?name=able", database).unwrap();
    assert!(ran.answer.unwrap().text().contains("\"family\":\"Able\""));
    assert!(matches!(
        run("Patient?given=x", database),
        Err(Failure::Refused(_))
    ));
    // What no optional column explains is said as a server says it.
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("ALTER TABLE T RENAME COLUMN NAME TO SURNAME")
        .unwrap();
    let error = run("Patient", database).unwrap_err().to_string();
    assert!(error.contains("column T.NAME"), "{error}");
}

#[test]
fn what_goes_with_a_page_is_explained_too() {
    let types = |parts: &[crate::explain::PartExplanation]| {
        let names = parts.iter().map(|part| part.resource);
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let search =
        "Patient?family=smith&_include=Patient:general-practitioner&_revinclude=Condition:patient";
    let explanation = explained(&[search]).unwrap();
    assert_eq!(types(&explanation.parts), ["Patient"].into());
    assert_eq!(
        types(&explanation.included),
        ["Condition", "Practitioner"].into()
    );
    let text = render_text(&explanation, false);
    assert!(text.contains("included"), "{text}");
    let explanation =
        explained(&["Patient/12/$everything?_type=Patient,Condition,Practitioner"]).unwrap();
    assert_eq!(explanation.path, "Patient/12/$everything");
    assert_eq!(types(&explanation.parts), ["Condition", "Patient"].into());
    assert!(types(&explanation.included).contains("Practitioner"));
    let explanation = explained(&["Patient/12/Condition?code=x"]).unwrap();
    assert_eq!(types(&explanation.parts), ["Condition"].into());
    let several = explained(&["?_type=Patient,Practitioner&_id=1"]).unwrap();
    assert_eq!(types(&several.parts), ["Patient", "Practitioner"].into());
    assert!(explained(&["Patient/12/$everything?_sort=_id"]).is_err());
}

#[test]
fn a_refusal_has_its_code_and_its_remedy() {
    let refused = |search: &str| match explained(&[search]) {
        Err(Failure::Refused(error)) => refusal(&error),
        other => panic!("{search}: {other:?}"),
    };
    insta::assert_snapshot!(refused("Patient?birthdate=tomorrow"));
    assert!(refused("Patient?famly=smith").starts_with("error[PP001]"));
    assert!(refused("Device").starts_with("error[PH002]"));
    assert!(refused("Patient?_cursor=x").starts_with("error[PP007]"));
    assert!(matches!(explained(&["smith"]), Err(Failure::Form)));
}

#[test]
fn every_dialect_can_be_asked_for() {
    for known in Dialect::ALL {
        assert_eq!(dialect(known.name()), Ok(known));
    }
    let refused = dialect("oracle").unwrap_err();
    assert_eq!(
        refused,
        "SQL is written for mssql, firebird, sqlanywhere, sqlite"
    );
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for wrong in [
        &["Patient", "--dialect", "oracle"][..],
        &["Patient", "--sqlite", "x.sqlite"],
        &[
            "Patient",
            "--run",
            "--sqlite",
            "x.sqlite",
            "--patients",
            "5",
        ],
        &["Patient", "--time-zone", "Mars/Olympus"],
        &[],
    ] {
        let line = [&["explain"], wrong].concat();
        let refused = Cli::try_parse_from(line).unwrap_err();
        assert_eq!(refused.exit_code(), 2, "{wrong:?}");
    }
}

/// A practice in two databases, and the configuration of its site.
fn of_two_databases() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("two");
    std::fs::create_dir(&mapping).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "two/mapping.yaml",
        "name: Two\nengine: sqlite\nverified: illustrative\ncollation: BINARY\ncatalogues: [PEOPLE, NOTES]\ntables:\n  P: { key: ID, columns: { ID: int, NAME: varchar(20) } }\n  N: { key: ID, catalogue: NOTES, columns: { ID: int, PERSON: int, TEXT: varchar(20) } }\n",
    );
    write(
        "two/patient.yaml",
        "resource: Patient\ntable: P as p\nid: p.ID\nelements:\n  name: [ { family: $p.NAME } ]\n",
    );
    write(
        "two/condition.yaml",
        "resource: Condition\ntable: N as n\nid: n.ID\nelements:\n  code: { text: $n.TEXT }\n  subject: { reference: { to: Patient, id: n.PERSON } }\n",
    );
    write(
        "pilaster.toml",
        "[[key]]\ncaller = \"a\"\nsecret = { file = \"key\" }\n[[site]]\nid = \"5f1f9dd1-5a3c-4d1c-9a52-6b1f9c2c7e01\"\nmapping = \"two\"\ntime-zone = \"Australia/Perth\"\ndriver = \"sqlite\"\n[site.databases]\nPEOPLE = \"people.sqlite\"\nNOTES = \"notes.sqlite\"\n",
    );
    write("key", "a key of a caller");
    for (file, script) in [
        (
            "people.sqlite",
            "CREATE TABLE P (ID INTEGER PRIMARY KEY, NAME TEXT); INSERT INTO P VALUES (1, 'Able'), (2, 'Baker');",
        ),
        (
            "notes.sqlite",
            "CREATE TABLE N (ID INTEGER PRIMARY KEY, PERSON INTEGER, TEXT TEXT); INSERT INTO N VALUES (7, 2, 'Gout');",
        ),
    ] {
        let database = rusqlite::Connection::open(folder.path().join(file)).unwrap();
        database.execute_batch(script).unwrap();
    }
    folder
}

#[test]
fn a_mapping_of_several_databases_is_run_on_files_or_on_a_site() {
    let folder = of_two_databases();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (mapping, config) = (path("two"), path("pilaster.toml"));
    let notes = format!("NOTES={}", path("notes.sqlite"));
    let people = format!("PEOPLE={}", path("people.sqlite"));
    let search = "Condition?patient.family=baker";
    let of_files = [
        search,
        "--run",
        "--mapping",
        &mapping,
        "--sqlite",
        &notes,
        &people,
    ];
    let site = "5F1F9DD1-5a3c-4d1c-9a52-6b1f9c2c7e01";
    let of_site = [search, "--run", "--config", &config, "--site", site];
    for line in [&of_files[..], &of_site[..]] {
        let ran = explained(line).unwrap();
        let text = render_text(&ran, false);
        assert!(text.contains("asked first"), "{text}");
        let answer = ran.answer.unwrap();
        assert!(answer.text().contains("Gout"), "{}", answer.text());
    }
    // Without --run no database is asked: the site's zone and dialect are known from its entry.
    std::fs::remove_file(path("notes.sqlite")).unwrap();
    let planned = explained(&["Patient", "--config", &config, "--site", site]).unwrap();
    assert_eq!(
        (planned.zone.as_str(), planned.dialect),
        ("Australia/Perth", Dialect::Sqlite)
    );
    let gone = explained(&of_site).unwrap_err().to_string();
    assert!(gone.contains("notes.sqlite"), "{gone}");
    let other = "5f1f9dd1-5a3c-4d1c-9a52-6b1f9c2c7e02";
    let none = explained(&["Patient", "--config", &config, "--site", other]).unwrap_err();
    assert!(none.to_string().contains("no site"), "{none}");
}

#[test]
fn another_products_mapping_is_not_run_on_the_embedded_practice() {
    let folder = of_two_databases();
    let mapping = folder.path().join("two");
    let line = [
        "Patient",
        "--run",
        "--patients",
        "5",
        "--mapping",
        mapping.to_str().unwrap(),
    ];
    let refused = explained(&line).unwrap_err();
    assert!(matches!(refused, Failure::NoDatabase), "{refused}");
}
