//! An engine → a mapping to start from without a database: one table, one resource, rows and cases that agree.

use super::text;
use super::{NewFile, Wish};
use crate::cases::{self, script};
use crate::relation::Dialect;

/// How text compares in a database of the engine that was made without saying so.
pub(super) const fn collation(engine: Dialect) -> &'static str {
    match engine {
        Dialect::Mssql => "Latin1_General_CI_AS",
        Dialect::Firebird => "NONE",
        Dialect::SqlAnywhere => "1252LATIN1",
        Dialect::Sqlite => "BINARY",
    }
}

/// A day and time, as the engine calls it.
const fn moment(engine: Dialect) -> &'static str {
    match engine {
        Dialect::Mssql | Dialect::Sqlite => "datetime",
        Dialect::Firebird | Dialect::SqlAnywhere => "timestamp",
    }
}

/// The files of a folder that is true in itself.
pub fn example(wish: &Wish) -> Vec<NewFile> {
    let collation = collation(wish.engine);
    let told = "How text compares where a column says nothing. This is what a new database of the engine has: see what yours has. A mapping that says something else finds too little.";
    let moment = moment(wish.engine);
    vec![
        NewFile::yaml("mapping.yaml", &(manifest(wish, collation, told) + ABOUT)),
        NewFile::yaml("tables.yaml", &TABLES.replace("MOMENT", moment)),
        NewFile::yaml("patient.yaml", PATIENT),
        NewFile::yaml(cases::FILE, CASES),
        NewFile::plain(&script::file_name(None), FIXTURE.replace("MOMENT", moment)),
    ]
}

/// What the mapping is for, with a remark on its collation.
pub(super) fn manifest(wish: &Wish, collation: &str, on_collation: &str) -> String {
    let verified = "How sure the names of tables and columns are: `public` where public code shows them, else `illustrative`.";
    [
        format!("name: {}\n", text::scalar(&wish.product)),
        format!("engine: {}\n", wish.engine),
        text::remark("##", verified),
        "verified: illustrative\n".to_owned(),
        text::remark("##", on_collation),
        format!("collation: {}\n", text::scalar(collation)),
    ]
    .concat()
}

/// A source that has no rows, for a folder in which nothing else is sure enough to be a source.
pub(super) fn stand_in(engine: Dialect) -> String {
    let from = match engine {
        Dialect::Firebird => " FROM RDB$DATABASE",
        Dialect::SqlAnywhere => " FROM SYS.DUMMY",
        Dialect::Mssql | Dialect::Sqlite => "",
    };
    let of_engine = match engine {
        Dialect::Sqlite => String::new(),
        other => format!("{other}: \"SELECT 1 AS ID{from} WHERE 1 = 0\", "),
    };
    let told = "No table looks like patients and has a declared key. This stands in for one, so that the folder can be checked: a select that gives no row. Write a source in a file of its own, as \"Sources\" in mappings/README.md tells, and delete this one with it.";
    text::remark("##", told)
        + &format!(
            "resource: Patient\ntable: STAND_IN as p\nid: p.ID\nelements: {{}}\n\ntables:\n  STAND_IN:\n    sql: {{ {of_engine}sqlite: \"SELECT 1 AS ID WHERE 1 = 0\" }}\n    key: ID\n    columns: {{ ID: int }}\n"
        )
}

const ABOUT: &str = "\
## The table in which the product keeps the practice itself: of its rows the first counts. Beside `name:` there may be
## `siteId:`, the product's own number of the practice, and `version:`, the product's.
practice: { table: PRACTICE as r, name: r.NAME }
";

const TABLES: &str = "\
## The tables and columns that the mapping uses, with their types. Nothing else is ever read. This table is an example:
## put yours in its place, and write a column when you use it.
tables:
  PATIENT:
    key: PATIENT_ID
    columns:
      PATIENT_ID: integer
      DELETED: smallint
      SURNAME: varchar(40)
      FIRST_NAME: varchar(40)
      SEX: char(1)
      BORN: date
      MOBILE: varchar(20)
      UPDATED: MOMENT
  PRACTICE: { key: PRACTICE_ID, columns: { PRACTICE_ID: integer, NAME: varchar(80) } }
";

const PATIENT: &str = "\
## How a row of PATIENT becomes a Patient: https://hl7.org/fhir/R4/patient.html. `$p.SURNAME` is a column of the table whose
## alias is `p`. What can be searched follows from what stands here.
resource: Patient
table: PATIENT as p
## Which rows are patients. What was deleted is none.
rows: p.DELETED = 0
id: p.PATIENT_ID
lastUpdated: p.UPDATED

elements:
  name:
    - { use: official, family: $p.SURNAME, given: [ $p.FIRST_NAME ] }
  telecom:
    - { system: phone, use: mobile, value: { column: p.MOBILE, compare: digits } }
  ## What the column holds, and what FHIR calls it; `\"*\"` is any other value, `\"\"` none.
  gender: { column: p.SEX, codes: { M: male, F: female, X: other, \"*\": unknown, \"\": unknown } }
  birthDate: $p.BORN
";

const CASES: &str = "\
## Searches and reads that are asked of fixture.sql, and what they must give.
- { name: patient-read, read: Patient/1, expect: { ids: [\"1\"] } }
- { name: patient-deleted, read: Patient/3, expect: { status: 404, code: PH003 } }
- { name: patient-family, search: \"Patient?family=nguyen\", expect: { ids: [\"2\"], total: 1 } }
- { name: patient-born-before, search: \"Patient?birthdate=lt1990\", expect: { ids: [\"1\"], total: 1 } }
- { name: patient-phone, search: \"Patient?phone=0491570156\", expect: { ids: [\"1\"], total: 1 } }
- { name: the-practice, practice: true, expect: { practice: { name: Lyrebird Clinic } } }
";

const FIXTURE: &str = "\
-- The practice that the cases of cases.yaml are asked of, in SQLite: a few rows, each with its quirk. Nobody in it exists;
-- a row of a practice, or a part of one, must not come to stand here.

CREATE TABLE PATIENT (
  PATIENT_ID integer PRIMARY KEY,
  DELETED smallint,
  SURNAME varchar(40),
  FIRST_NAME varchar(40),
  SEX char(1),
  BORN date,
  MOBILE varchar(20),
  UPDATED MOMENT
);
INSERT INTO PATIENT VALUES
  (1, 0, 'O''Brien', 'Mairéad', 'F', '1979-03-08', '0491 570 156', '2026-02-03 09:15:00'),
  -- Of whom little is known.
  (2, 0, 'Nguyen', 'Bao', NULL, NULL, NULL, NULL),
  -- Deleted.
  (3, 1, 'Test', 'Test', 'M', '2000-01-01', NULL, '2026-02-04 10:00:00');

CREATE TABLE PRACTICE (PRACTICE_ID integer PRIMARY KEY, NAME varchar(80));
INSERT INTO PRACTICE VALUES (1, 'Lyrebird Clinic');
";
