//! PM033: a child's `on` does not connect it to the source.

use super::{Rule, Severity};

pub static CHILD_ON: Rule = Rule {
    code: "PM033",
    severity: Severity::Error,
    title: "A child's `on` does not connect it to the source",
    explanation: "It compares columns of the child with columns of the source, with `=` and `and`. Other \
        conditions on the child's rows go to `where`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
children:
  emails: EMAILS as e on e.PATIENTID = p.ID and e.KIND = 1
elements:
  telecom: [ { each: emails, system: email, value: $e.EMAIL } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
children:
  emails: EMAILS as e on e.PATIENTID = p.ID where e.KIND = 1
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
        insta::assert_snapshot!(tested(&CHILD_ON), @r"
        error[PM033]: a child's `on` compares its columns with the source's, with `=`
         --> patient.yaml:5:49
          |
        5 |   emails: EMAILS as e on e.PATIENTID = p.ID and e.KIND = 1
          |                                                 ^^^^^^^^^^
          |
          = help: `on e.… = …`; other conditions go to `where`

        1 error
        ");
    }
}
