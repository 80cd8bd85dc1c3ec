//! PM015: a constant does not have the form of its type.

use super::{Rule, Severity};

pub static CONSTANT_FORM: Rule = Rule {
    code: "PM015",
    severity: Severity::Error,
    title: "A constant does not have the form of its type",
    explanation: "Each primitive type of R4 has a lexical form: http://hl7.org/fhir/R4/datatypes.html. A boolean \
        is `true` or `false`, a date is `2026-03-02`, a code has no blanks around it.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  active: yes
  name: [ { family: $p.SURNAME } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  active: true
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
        insta::assert_snapshot!(tested(&CONSTANT_FORM), @r"
        error[PM015]: `yes` does not have the form of `boolean`, the type of `Patient.active`
         --> patient.yaml:5:11
          |
        5 |   active: yes
          |           ^^^ expected `true` or `false`

        1 error
        ");
    }
}
