//! PM030: a child's column is used outside its entry.

use super::{Rule, Severity};

pub static CHILD_OUTSIDE: Rule = Rule {
    code: "PM030",
    severity: Severity::Error,
    title: "A child's column is used outside its entry",
    explanation: "A child has many rows for one of the source's; its columns have a meaning only in a list entry \
        with `each:` and the child's name.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
children:
  emails: EMAILS as e on e.PATIENTID = p.ID
elements:
  telecom: [ { system: email, value: $e.EMAIL } ]
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
        insta::assert_snapshot!(tested(&CHILD_OUTSIDE), @r"
        error[PM030]: a column of the child `emails` is used outside an entry with `each: emails`
         --> patient.yaml:7:38
          |
        7 |   telecom: [ { system: email, value: $e.EMAIL } ]
          |                                      ^^^^^^^^
          |
          = help: write the entry as `- { each: emails, … }`

        1 error
        ");
    }
}
