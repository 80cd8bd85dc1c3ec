//! PM013: one value stands where the element repeats.

use super::{Rule, Severity};

pub static REPEATING: Rule = Rule {
    code: "PM013",
    severity: Severity::Error,
    title: "One value stands where the element repeats",
    explanation: "A repeating element is a list in FHIR's JSON, even with one entry, and so it is here: put `- ` \
        before the value, or brackets around it.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: { family: $p.SURNAME }
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
        insta::assert_snapshot!(tested(&REPEATING), @r"
        error[PM013]: `Patient.name` repeats: its values are a list
         --> patient.yaml:5:9
          |
        5 |   name: { family: $p.SURNAME }
          |         ^^^^^^^^^^^^^^^^^^^^^^ expected a list
          |
          = help: put `- ` before it, or brackets around it

        1 error
        ");
    }
}
