//! PM031: `each:` or `if:` is used wrongly.

use super::{Rule, Severity};

pub static EACH: Rule = Rule {
    code: "PM031",
    severity: Severity::Error,
    title: "`each:` or `if:` is used wrongly",
    explanation: "`each:` names one of the source's `children:` and stands in an entry of a list; entries with \
        `each:` do not nest. `if:` stands in an entry of a list or in the value of an element.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
children:
  emails: EMAILS as e on e.PATIENTID = p.ID
elements:
  telecom: [ { each: email, system: email, value: $e.EMAIL } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
children:
  emails: EMAILS as e on e.PATIENTID = p.ID
elements:
  telecom: [ { each: emails, system: email, value: $e.EMAIL } ]
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&EACH), @r"
        error[PM031]: the source has no child `email`
         --> patient.yaml:7:22
          |
        7 |   telecom: [ { each: email, system: email, value: $e.EMAIL } ]
          |                      ^^^^^
          |
          = help: did you mean `emails`?

        1 error
        ");
    }
}
