//! `pilaster demo create --engine firebird`: the synthetic practice of Zedmed on a real server is that of SQLite.

use std::process::{Command, Output};

use pilaster::demo::firebird::Firebird;
use pilaster::demo::target::Target as _;
use pilaster::demo::{self, ddl};
use pilaster::relation::Dialect;

use super::cases::{pool_over, told};
use super::server::{Database, PASSWORD, Server, shared};
use crate::mappings::cases;
use crate::practice::{Practice, load, mapping_folder};

/// More than a command could compare twice.
const PATIENTS: u32 = 300;

fn create(server: &Server, databases: [&Database<'_>; 2], password: &str) -> Output {
    create_with(server, databases, password, &[])
}

fn create_with(
    server: &Server,
    databases: [&Database<'_>; 2],
    password: &str,
    more: &[&str],
) -> Output {
    let [office, clinical] = databases.map(|database| &database.path);
    Command::new(env!("CARGO_BIN_EXE_pilaster"))
        .args([
            "demo",
            "create",
            "--mapping",
            "zedmed",
            "--engine",
            "firebird",
        ])
        .args(["--host", "127.0.0.1", "--port", &server.port.to_string()])
        .args([
            "--user",
            "sysdba",
            "--password-env",
            "PILASTER_TEST_FIREBIRD",
        ])
        .args(["--patients", &PATIENTS.to_string(), "--today", "2026-03-02"])
        .arg("--database")
        .arg(format!("OFFICE={office}"))
        .arg(format!("CLINICAL={clinical}"))
        .args(more)
        .env("PILASTER_TEST_FIREBIRD", password)
        .output()
        .expect("the program runs")
}

/// What every type has, page by page, and what the cases ask; the fixture's ids are no matter.
fn searches() -> Vec<String> {
    let folder = mapping_folder("zedmed");
    let mapping = load(&folder);
    let all = mapping.resources.keys();
    let mut searches: Vec<String> = all.map(|name| format!("{name}?_count=200")).collect();
    let cases = cases(&folder);
    let asked = cases.iter().filter_map(|case| case.search());
    searches.extend(asked.map(|search| search.text.clone()));
    searches.extend(
        [
            "Patient?_sort=family,given&_count=7",
            "Patient?family=s&_sort=-birthdate",
            "Appointment?date=2026-03-02&_include=Appointment:patient",
            "Observation?patient=7&_sort=-date&_count=5",
            "Condition?patient=3",
            "Encounter?patient.family=s&_count=5&_sort=-date",
            "Encounter?patient.birthdate=ge1900&_count=5",
            "Patient?_has:Encounter:patient:status=finished&_count=3",
        ]
        .map(str::to_owned),
    );
    searches
}

#[test]
fn a_demo_on_firebird_is_that_of_sqlite() {
    let Some(server) = shared() else { return };
    let (office, clinical) = (server.database("UTF8", ""), server.database("NONE", ""));
    let refused = create(server, [&office, &clinical], "not it");
    assert_eq!(refused.status.code(), Some(2));
    let done = create(server, [&office, &clinical], PASSWORD);
    let told_of = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{told_of}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(told_of.starts_with("zedmed: 300 patients\n"), "{told_of}");
    let indexes =
        "SELECT COUNT(*) FROM RDB$INDICES WHERE RDB$SYSTEM_FLAG = 0 AND RDB$STATISTICS > 0";
    assert!(office.count(indexes) > 20, "{}", office.count(indexes));

    let again = create(server, [&office, &clinical], PASSWORD);
    let problem = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(2), "{problem}");
    assert!(problem.contains("has tables already"), "{problem}");
    assert!(!problem.contains(PASSWORD));
    assert_eq!(office.count("SELECT COUNT(*) FROM PATIENTS"), 300);

    let here = Practice::demo_of("zedmed", PATIENTS);
    let databases = vec![
        ("OFFICE", office.path.clone()),
        ("CLINICAL", clinical.path.clone()),
    ];
    let pool = pool_over(server, databases);
    let folder = tempfile::tempdir().unwrap();
    let there = Practice::over(load(&mapping_folder("zedmed")), pool, folder);
    let mut differences = Vec::new();
    let mut found = 0;
    for search in searches() {
        let (one, other) = (here.search(&search), there.search(&search));
        found += one.as_ref().map_or(0, |answer| answer.entries);
        let (one, other) = (told(&one), told(&other));
        if one != other {
            let line = one
                .lines()
                .zip(other.lines())
                .find(|(one, other)| one != other);
            differences.push(format!("{search}: {line:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(found > 1_500, "{found}");
}

#[test]
fn a_demo_goes_unencrypted_where_that_is_said_alone() {
    let Some(server) = Server::start_with("AuthServer = Srp256, Srp\nWireCrypt = Disabled\n")
    else {
        return;
    };
    let (office, clinical) = (server.database("UTF8", ""), server.database("UTF8", ""));
    let refused = create(&server, [&office, &clinical], PASSWORD);
    let problem = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{problem}");
    assert!(problem.contains("--no-encryption"), "{problem}");
    let both = [&office, &clinical];
    let done = create_with(&server, both, PASSWORD, &["--no-encryption"]);
    let problem = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{problem}");
}

#[test]
fn what_fails_leaves_the_databases_empty() {
    let Some(server) = shared() else { return };
    let office = server.database("UTF8", "");
    // Of CLINICAL, after OFFICE was taken for empty.
    let full = server.database("UTF8", "CREATE TABLE THINGS (ID INTEGER);");
    let refused = create(server, [&office, &full], PASSWORD);
    assert_eq!(refused.status.code(), Some(2));
    let tables = "SELECT COUNT(*) FROM RDB$RELATIONS WHERE RDB$SYSTEM_FLAG = 0";
    assert_eq!((office.count(tables), full.count(tables)), (0, 1));

    let options = server.options(vec![
        ("OFFICE", office.path.clone()),
        ("CLINICAL", server.database("UTF8", "").path),
    ]);
    let mut target = Firebird::begin(&options).expect("empty databases");
    let zedmed = demo::find("zedmed").expect("a demo");
    for (place, catalogue) in zedmed.catalogues.iter().enumerate() {
        for table in catalogue.tables {
            let create = ddl::create_table(table, Dialect::Firebird, zedmed.accents);
            target.execute(place, &create).expect("a table");
        }
    }
    target.created().expect("tables");
    assert!(office.count(tables) > 5);
    let failed = target.execute(0, "INSERT INTO NOWHERE VALUES (1)");
    assert!(failed.is_err());
    drop(target);
    assert_eq!(office.count(tables), 0);
}
