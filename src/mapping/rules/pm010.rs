//! PM010: R4 has no such resource type.

use super::{Rule, Severity};

pub static UNKNOWN_RESOURCE: Rule = Rule {
    code: "PM010",
    severity: Severity::Error,
    title: "R4 has no such resource type",
    explanation: "The names are those of FHIR R4, with their capitals: `PractitionerRole`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patients
table: PATIENTS as p
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
        insta::assert_snapshot!(tested(&UNKNOWN_RESOURCE), @r"
        error[PM010]: R4 has no resource type `Patients`
         --> patient.yaml:1:11
          |
        1 | resource: Patients
          |           ^^^^^^^^
          |
          = help: did you mean `Patient`?

        1 error
        ");
    }
}
