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
    insta::assert_snapshot!(found, @r"
    error[PV002]: the database has no column `EMAILS.ID`
     --> tables.yaml:10
      = help: check the name; if only some versions of the product have it, declare it `optional: true`

    note[PV003]: the database has no `PATIENTS.CHANGED`, which is optional
     --> tables.yaml:2
      = help: nothing need be done: what is mapped from it is not served here

    note[PV003]: the database has no `PATIENTS.NICKNAME`, which is optional
     --> tables.yaml:2
      = help: nothing need be done: what is mapped from it is not served here

    warning[PV004]: `PATIENTS.DOB` is integer in the database and datetime in the mapping: a number is not a day and time
     --> tables.yaml:2
      = help: write `DOB: integer` under `columns:`

    warning[PV004]: `PATIENTS.SURNAME` is char(50) in the database and char(40) in the mapping: longer values than the mapping allows for would not be found
     --> tables.yaml:2
      = help: write `SURNAME: char(50)` under `columns:`

    warning[PV006]: no index of `PATIENTS` begins with `DOB`, so that the whole table is read for Patient?birthdate=
     --> tables.yaml:2
      = help: where the table is large, ask the vendor for one: CREATE INDEX PATIENTS_DOB ON PATIENTS (DOB)

    warning[PV006]: no index of `PATIENTS` begins with `ID`, so that the whole table is read for reading a Patient by its id
     --> tables.yaml:2
      = help: where the table is large, ask the vendor for one: CREATE INDEX PATIENTS_ID ON PATIENTS (ID)

    warning[PV006]: no index of `PATIENTS` begins with `SURNAME`, so that the whole table is read for Patient?family=
     --> tables.yaml:2
      = help: where the table is large, ask the vendor for one: CREATE INDEX PATIENTS_SURNAME ON PATIENTS (SURNAME)

    1 error, 5 warnings, 2 notes
    ");
}

#[test]
fn an_empty_database_lacks_its_tables() {
    let found = report("CREATE TABLE OTHER (A INT)");
    assert_eq!(found.needed(), ["table EMAILS", "table PATIENTS"]);
}
