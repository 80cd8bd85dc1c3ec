//! The practice that the examples of the rules are of: a clinic with a few tables, and a mapping that is right.
//!
//! An example is one or two files that take the place of the clinic's, or stand beside them, so that it shows the one
//! thing that it is about.

use crate::mapping::{Diagnostics, Loaded, Options, load_files};

const MANIFEST: &str = "\
name: Clinic
engine: mssql
verified: illustrative
collation: Latin1_General_CI_AS
catalogues: [MAIN, NOTES]
";

const TABLES: &str = "\
tables:
  PATIENTS:
    key: ID
    columns:
      ID: int
      SURNAME: varchar(40)
      FIRSTNAME: varchar(40)
      KNOWNAS: varchar(40)
      TITLE: int
      SEX: varchar(10)
      BORN: date
      BORNTEXT: char(10)
      DIED: datetime
      PHONE: varchar(20)
      CARD: char(10)
      CARDLINE: char(1)
      CHART: varchar(20)
      DOCTORID: int
      PRACTICEID: int
      FLAGS: int
      WARD: { type: int, optional: true }
  DOCTORS: { key: ID, columns: { ID: int, SURNAME: varchar(40), TITLE: int } }
  TITLES: { key: [CODE, LANG], columns: { CODE: int, LANG: char(2), TITLE: varchar(20) } }
  EMAILS: { key: ID, columns: { ID: int, PATIENTID: int, EMAIL: varchar(100), KIND: int } }
  VISITS: { key: ID, columns: { ID: int, PATIENTID: int, STATE: varchar(10), START: datetime } }
  RESULTS: { key: ID, columns: { ID: int, PATIENTID: int, NAME: varchar(40), RESULT: varchar(40) } }
  LETTERS: { key: ID, catalogue: NOTES, columns: { ID: int, PATIENTID: int, SUBJECT: varchar(80) } }
";

const PATIENT: &str = "\
resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
";

const PRACTITIONER: &str = "\
resource: Practitioner
table: DOCTORS as d
id: d.ID
elements:
  name: [ { family: $d.SURNAME } ]
";

/// The clinic's own mapping.
pub const FILES: [(&str, &str); 4] = [
    ("mapping.yaml", MANIFEST),
    ("tables.yaml", TABLES),
    ("patient.yaml", PATIENT),
    ("practitioner.yaml", PRACTITIONER),
];

/// The clinic's files with those of an example in their place and beside them.
pub fn files<'f>(example: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let own = FILES
        .into_iter()
        .filter(|(name, _)| example.iter().all(|(other, _)| other != name));
    own.chain(example.iter().copied()).collect()
}

/// The problems of an example, warnings too; none of one that is right.
pub fn problems(example: &[(&str, &str)]) -> Diagnostics {
    match load_files("clinic", &files(example), &Options::default()) {
        Ok(Loaded { warnings, .. }) => warnings,
        Err(problems) => problems,
    }
}

/// What the wrong example of a rule gives, after both are seen to be as they are called.
///
/// # Panics
/// The wrong one breaks another rule or none, or the right one has problems.
#[cfg(test)]
pub fn tested(rule: &crate::mapping::Rule) -> String {
    let of_wrong = problems(rule.wrong);
    let mut codes: Vec<_> = of_wrong.iter().map(|problem| problem.code()).collect();
    codes.dedup();
    assert_eq!(codes, [rule.code], "the wrong example\n{of_wrong}");
    let of_right = problems(rule.right);
    assert!(
        of_right.is_empty(),
        "{}: the right example\n{of_right}",
        rule.code
    );
    of_wrong.to_string()
}
