//! PM052: a reference by one column to a source whose id has several.

use super::{Rule, Severity};

pub static REFERENCE_ID: Rule = Rule {
    code: "PM052",
    severity: Severity::Error,
    title: "A reference by one column to a source whose id has several",
    explanation: "An id of several columns has them joined by dots, and a reference has one column. Make the id \
        one value in a fragment, in the source and in the reference.",
    wrong: &[
        (
            "practitioner.yaml",
            r"resource: Practitioner
table: DOCTORS as d
id: [d.ID, d.TITLE]
elements:
  name: [ { family: $d.SURNAME } ]
",
        ),
        (
            "patient.yaml",
            r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  generalPractitioner: [ { reference: { to: Practitioner, id: p.DOCTORID } } ]
",
        ),
    ],
    right: &[
        (
            "practitioner.yaml",
            r"resource: Practitioner
table: DOCTORS as d
id: d.ID
elements:
  name: [ { family: $d.SURNAME } ]
",
        ),
        (
            "patient.yaml",
            r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  generalPractitioner: [ { reference: { to: Practitioner, id: p.DOCTORID } } ]
",
        ),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&REFERENCE_ID), @r#"
        error[PM052]: the id of a Practitioner has 2 columns
         --> patient.yaml:5:45
          |
        5 |   generalPractitioner: [ { reference: { to: Practitioner, id: p.DOCTORID } } ]
          |                                             ^^^^^^^^^^^^
          |
          = note: its source is at practitioner.yaml:1
          = help: a type whose id has several columns cannot be referred to: make the id one fragment, and refer by the same: `{ sql: "…", type: varchar(40) }` that puts its columns together with a dot between

        1 error
        "#);
    }
}
