//! PM032: columns of the source stand among those of a child.

use super::{Rule, Severity};

pub static MIXED_ROWS: Rule = Rule {
    code: "PM032",
    severity: Severity::Error,
    title: "Columns of the source stand among those of a child",
    explanation: "They are read by different commands: all that an entry with `each:` says comes from the child's \
        rows, its conditions too. Join the table that is needed as a lookup of the child, or bind the \
        source's columns to elements of their own.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
children:
  emails: EMAILS as e on e.PATIENTID = p.ID
elements:
  telecom: [ { each: emails, if: p.FLAGS = 0, system: email, value: $e.EMAIL } ]
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
  telecom: [ { each: emails, if: e.KIND = 1, system: email, value: $e.EMAIL } ]
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&MIXED_ROWS), @r"
        error[PM032]: a column of the source inside an entry with `each: emails`
         --> patient.yaml:7:34
          |
        7 |   telecom: [ { each: emails, if: p.FLAGS = 0, system: email, value: $e.EMAIL } ]
          |                                  ^^^^^^^^^^^
          |
          = help: the entry is made of the child's rows: join the table that is needed as a lookup of `emails`, or put this outside of `each:`

        1 error
        ");
    }
}
