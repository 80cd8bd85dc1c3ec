//! What is found of a SQLite database that is not as the mapping says.

use super::*;
use crate::mapping::{Options, load_files};
use crate::passthrough::{Limits, Pool, sqlite};

const MANIFEST: &str =
    "name: Example\nengine: mssql\nverified: illustrative\ncollation: Latin1_General_CI_AS\n";
const TABLES: &str = "
PATIENTS:
  key: ID
  columns:
    ID: int
    SURNAME: char(40)
    DOB: datetime
    CHANGED: { type: datetime, optional: true }
    NICKNAME: { type: varchar(30), optional: true }
EMAILS: { key: NR, columns: { NR: int, ID: int, ADDRESS: varchar(100) } }
";
const PATIENT: &str = "
resource: Patient
table: PATIENTS as p
id: p.ID
lastUpdated: p.CHANGED
children: { emails: EMAILS as e on e.ID = p.ID }
elements:
  name: [ { family: $p.SURNAME }, { use: usual, given: [ $p.NICKNAME ] } ]
  birthDate: $p.DOB
  telecom: [ { each: emails, system: email, value: $e.ADDRESS } ]
";

fn mapping() -> Mapping {
    let files = [
        ("mapping.yaml", MANIFEST),
        ("patient.yaml", PATIENT),
        (
            "tables.yaml",
            &format!("tables:{}", TABLES.replace('\n', "\n  ")),
        ),
    ];
    match load_files("example", &files, &Options::default()) {
        Ok(loaded) => loaded.mapping,
        Err(problems) => panic!("{problems}"),
    }
}

fn pool(sql: &str) -> (Pool, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let database = rusqlite::Connection::open(file.path()).expect("a database");
    database.execute_batch(sql).expect("tables");
    let pool = sqlite::pool(file.path(), Limits::default()).expect("a pool");
    (pool, file)
}

fn report(sql: &str) -> Report {
    let (pool, _file) = pool(sql);
    let mapping = mapping();
    pool.run_now(|session| verify(&mapping, Dialect::Sqlite, session))
        .expect("asked")
}

const AS_IT_SHOULD_BE: &str = "
CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY, SURNAME CHAR(40), DOB DATETIME, CHANGED DATETIME, NICKNAME VARCHAR(30));
CREATE INDEX SURNAMES ON PATIENTS (SURNAME, DOB);
CREATE INDEX BIRTHS ON PATIENTS (DOB);
CREATE TABLE EMAILS (NR INT PRIMARY KEY, ID INT, ADDRESS VARCHAR(100));
CREATE INDEX OWNERS ON EMAILS (ID);";

#[test]
fn a_database_as_the_mapping_says_has_no_findings() {
    assert_eq!(report(AS_IT_SHOULD_BE), Report::default());
}

#[test]
fn each_difference_has_its_place_and_a_remedy() {
    let found = report(
        "CREATE TABLE patients (ID INT, SURNAME CHAR(50), DOB INTEGER);
         CREATE VIEW EMAILS AS SELECT 1 AS NR, 'x' AS ADDRESS;",
    );
    assert!(found.has_errors());
    assert_eq!(found.needed(), ["column EMAILS.ID"]);
    let optional = found.missing_optional();
    assert!(optional.contains(&("PATIENTS".to_owned(), "NICKNAME".to_owned())));
    let tables = format!("tables:{}", TABLES.replace('\n', "\n  "));
    let shown = found.render(
        |file| (file == "tables.yaml").then_some(&*tables),
        |file| file.into(),
        false,
    );
    insta::assert_snapshot!(shown, @r"
    error[PV002]: the database has no column `EMAILS.ID`
      --> tables.yaml:10:42
       |
    10 |   EMAILS: { key: NR, columns: { NR: int, ID: int, ADDRESS: varchar(100) } }
       |                                          ^^
       |
       = help: check the name; if only some versions of the product have it, declare it `optional: true`

    note[PV003]: the database has no `PATIENTS.CHANGED`, which is optional
     --> tables.yaml:8:7
      |
    8 |       CHANGED: { type: datetime, optional: true }
      |       ^^^^^^^
      |
      = help: nothing need be done: what is mapped from it is not served here

    note[PV003]: the database has no `PATIENTS.NICKNAME`, which is optional
     --> tables.yaml:9:7
      |
    9 |       NICKNAME: { type: varchar(30), optional: true }
      |       ^^^^^^^^
      |
      = help: nothing need be done: what is mapped from it is not served here

    warning[PV004]: `PATIENTS.SURNAME` is char(50) in the database and char(40) in the mapping: longer values than the mapping allows for would not be found
     --> tables.yaml:6:7
      |
    6 |       SURNAME: char(40)
      |       ^^^^^^^
      |
      = help: write `SURNAME: char(50)` under `columns:`

    warning[PV004]: `PATIENTS.DOB` is integer in the database and datetime in the mapping: a number is not a day and time
     --> tables.yaml:7:7
      |
    7 |       DOB: datetime
      |       ^^^
      |
      = help: write `DOB: integer` under `columns:`

    warning[PV006]: no index of `PATIENTS` begins with `ID`, so that the whole table is read for reading a Patient by its id
     --> tables.yaml:5:7
      |
    5 |       ID: int
      |       ^^
      |
      = help: where the table is large, ask the vendor for one: CREATE INDEX PATIENTS_ID ON PATIENTS (ID)

    warning[PV006]: no index of `PATIENTS` begins with `SURNAME`, so that the whole table is read for Patient?family=
     --> tables.yaml:6:7
      |
    6 |       SURNAME: char(40)
      |       ^^^^^^^
      |
      = help: where the table is large, ask the vendor for one: CREATE INDEX PATIENTS_SURNAME ON PATIENTS (SURNAME)

    warning[PV006]: no index of `PATIENTS` begins with `DOB`, so that the whole table is read for Patient?birthdate=
     --> tables.yaml:7:7
      |
    7 |       DOB: datetime
      |       ^^^
      |
      = help: where the table is large, ask the vendor for one: CREATE INDEX PATIENTS_DOB ON PATIENTS (DOB)

    1 error, 5 warnings, 2 notes
    ");
}

#[test]
fn a_search_through_a_lookup_wants_two_indexes() {
    let files = [
        ("mapping.yaml", MANIFEST),
        (
            "tables.yaml",
            "tables:\n  PATIENTS: { key: ID, columns: { ID: int } }\n  VISIT: { key: ID, columns: { ID: int, PID: int } }\n  DOSE: { key: ID, columns: { ID: int, VISIT: int } }\n",
        ),
        (
            "patient.yaml",
            "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements: {}\n",
        ),
        (
            "immunization.yaml",
            "resource: Immunization\ntable: DOSE as d\nid: d.ID\nlookups: { visit: VISIT on visit.ID = d.VISIT }\nelements:\n  status: completed\n  vaccineCode: { text: unknown }\n  occurrenceString: unknown\n  patient: { reference: { to: Patient, id: visit.PID } }\n",
        ),
    ];
    let mapping = match load_files("example", &files, &Options::default()) {
        Ok(loaded) => loaded.mapping,
        Err(problems) => panic!("{problems}"),
    };
    let (pool, _file) = pool(
        "CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY);
         CREATE TABLE VISIT (ID INTEGER PRIMARY KEY, PID INT);
         CREATE TABLE DOSE (ID INTEGER PRIMARY KEY, VISIT INT);",
    );
    let found = pool
        .run_now(|session| verify(&mapping, Dialect::Sqlite, session))
        .expect("asked");
    let told: Vec<&str> = found.findings.iter().map(|it| &*it.message).collect();
    let of = |table, column| {
        format!(
            "no index of `{table}` begins with `{column}`, so that the whole table is read for Immunization?patient="
        )
    };
    assert_eq!(told, [of("VISIT", "PID"), of("DOSE", "VISIT")]);
}

#[test]
fn an_empty_database_lacks_its_tables() {
    let found = report("CREATE TABLE OTHER (A INT)");
    assert_eq!(found.needed(), ["table EMAILS", "table PATIENTS"]);
}

#[test]
fn without_the_files_the_place_is_shown_alone() {
    let found =
        report("CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY, SURNAME CHAR(40), DOB DATETIME)");
    let place = " --> tables.yaml:10\n  = help: ";
    assert!(found.to_string().contains(place), "{found}");
    let embedded = found.render(|_| None, |file| format!("clinic/{file}").into(), false);
    assert!(embedded.contains("note[PV003]"), "{embedded}");
    assert!(embedded.contains("clinic/tables.yaml:8"), "{embedded}");
}

#[test]
fn a_missing_table_says_in_which_catalogue_it_was_looked_for() {
    let manifest = format!("{MANIFEST}catalogues: [MAIN, NOTES]\n");
    let files = [
        ("mapping.yaml", &*manifest),
        (
            "tables.yaml",
            "tables:\n  PATIENTS: { key: ID, columns: { ID: int } }\n  NOTE: { key: ID, catalogue: NOTES, columns: { ID: int, BODY: text } }\n  EMAILS: { key: ID, catalogue: NOTES, columns: { ID: int } }\n",
        ),
        (
            "patient.yaml",
            "resource: Patient\ntable: PATIENTS as p\nid: p.ID\nelements: {}\n",
        ),
    ];
    let mapping = load_files("example", &files, &Options::default())
        .expect("a mapping")
        .mapping;
    let file = |sql: &str| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let database = rusqlite::Connection::open(file.path()).expect("a database");
        database.execute_batch(sql).expect("tables");
        file
    };
    let main = file("CREATE TABLE EMAILS (ID INTEGER PRIMARY KEY)");
    let notes = file("CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY)");
    let files = [("MAIN", &main), ("NOTES", &notes)];
    let files = files.map(|(name, file)| (Arc::from(name), file.path().to_owned()));
    let driver = sqlite::Sqlite::files(files, &Limits::default());
    let pool = Pool::new(Arc::new(driver), Limits::default());
    let found = pool
        .run_now(|session| verify(&mapping, Dialect::Sqlite, session))
        .expect("asked");
    assert_eq!(
        found.needed(),
        [
            "table EMAILS of the catalogue NOTES",
            "table NOTE of the catalogue NOTES",
            "table PATIENTS of the catalogue MAIN"
        ]
    );
    let told = found.to_string();
    for part in [
        "the database of the catalogue NOTES has no table or view `NOTE`",
        "the database of the catalogue MAIN has no table or view `PATIENTS`",
        "the database of the catalogue NOTES has it: declare the table with `catalogue: NOTES`",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn keys_are_those_that_the_database_declares() {
    let (pool, _file) = pool(
        "CREATE TABLE a (one INT, two INT, three INT REFERENCES b, PRIMARY KEY (two, one));
         CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT);
         INSERT INTO b DEFAULT VALUES;
         CREATE TABLE c (x INT, y INT, z INT REFERENCES nowhere (id), FOREIGN KEY (y, x) REFERENCES A (two, one));
         CREATE VIEW v AS SELECT 1 AS id;",
    );
    let live = pool
        .run_now::<_, crate::passthrough::PassthroughError>(|session| {
            let mut live = read(session, Dialect::Sqlite, None)?;
            keys(session, Dialect::Sqlite, None, &mut live)?;
            Ok(live)
        })
        .expect("asked");
    let told: Vec<String> = live
        .tables(Dialect::Sqlite)
        .into_iter()
        .map(|(name, table)| format!("{name} {:?} {:?}", table.key, table.foreign_keys))
        .collect();
    let foreign = |columns: &[&str], table: &str, of: &[&str]| ForeignKey {
        columns: columns.iter().map(|it| (*it).to_owned()).collect(),
        table: table.to_owned(),
        of: of.iter().map(|it| (*it).to_owned()).collect(),
    };
    assert_eq!(
        told,
        [
            format!(
                "a {:?} {:?}",
                ["two", "one"],
                [foreign(&["three"], "b", &["id"])]
            ),
            format!("b {:?} []", ["id"]),
            format!("c [] {:?}", [foreign(&["y", "x"], "a", &["two", "one"])]),
            "v [] []".to_owned(),
        ]
    );
}
