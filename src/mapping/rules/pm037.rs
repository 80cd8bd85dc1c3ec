//! PM037: a column of this type cannot be an id.

use super::{Rule, Severity};

pub static ID_TYPE: Rule = Rule {
    code: "PM037",
    severity: Severity::Error,
    title: "A column of this type cannot be an id",
    explanation: "A FHIR id has at most 64 letters, digits, hyphens and dots. Whole numbers, GUIDs and short texts \
        serve.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.BORN
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
        insta::assert_snapshot!(tested(&ID_TYPE), @r"
        error[PM037]: a column of type `date` cannot be an id
         --> patient.yaml:3:5
          |
        3 | id: p.BORN
          |     ^^^^^^
          |
          = help: ids come from whole numbers, GUIDs or short texts

        1 error
        ");
    }
}
