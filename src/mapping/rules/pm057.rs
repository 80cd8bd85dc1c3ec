//! PM057: what is said to be lacking is mapped.

use super::{Rule, Severity};

pub static NOT_LACKING: Rule = Rule {
    code: "PM057",
    severity: Severity::Error,
    title: "What is said to be lacking is mapped",
    explanation: "`lacks:` gives the reason why the database has no such thing. Since the mapping has it, the \
        reason is not true, or no longer.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
lacks:
  elements: { name: no column holds it }
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
lacks:
  elements: { name.given: no column holds it }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&NOT_LACKING), @r"
        error[PM057]: `Patient.name` is mapped, and so is not lacking
         --> patient.yaml:7:15
          |
        7 |   elements: { name: no column holds it }
          |               ^^^^
          |
          = help: take the entry out

        1 error
        ");
    }
}
