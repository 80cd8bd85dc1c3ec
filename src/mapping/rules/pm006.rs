//! PM006: text, a list or a mapping stands where another of them belongs.

use super::{Rule, Severity};

pub static WRONG_SHAPE: Rule = Rule {
    code: "PM006",
    severity: Severity::Error,
    title: "Text, a list or a mapping stands where another of them belongs",
    explanation: "A mapping has keys (`key: value`), a list has entries that begin with `- ` or stand in brackets, \
        and everything else is text. The message says which of them is expected; mostly a `- ` or a pair \
        of brackets is missing, or is too much.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
children:
  - emails: EMAILS as e on e.PATIENTID = p.ID
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
        insta::assert_snapshot!(tested(&WRONG_SHAPE), @r"
        error[PM006]: `children:` is a mapping, and this is a list
         --> patient.yaml:5:3
          |
        5 |   - emails: EMAILS as e on e.PATIENTID = p.ID
          |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a mapping
          |
          = help: its entries are keys of their own: leave `- `, or the brackets, out

        1 error
        ");
    }
}
