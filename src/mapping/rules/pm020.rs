//! PM020: the table is not declared.

use super::{Rule, Severity};

pub static UNKNOWN_TABLE: Rule = Rule {
    code: "PM020",
    severity: Severity::Error,
    title: "The table is not declared",
    explanation: "Tables are declared with their key and the columns that are used under `tables:`, so that types \
        are known and a site's database can be checked.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENT as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&UNKNOWN_TABLE), @r"
        error[PM020]: the table `PATIENT` is not declared
         --> patient.yaml:2:8
          |
        2 | table: PATIENT as p
          |        ^^^^^^^
          |
          = note: tables are declared under `tables:`, with their key and the columns that are used
          = help: did you mean `PATIENTS`?

        1 error
        ");
    }
}
