//! PM017: a choice element is given twice, and the first of them is always there.

use super::{Rule, Severity};

pub static CHOICE_TWICE: Rule = Rule {
    code: "PM017",
    severity: Severity::Error,
    title: "A choice element is given twice, and the first of them is always there",
    explanation: "At most one type of a choice (`deceasedBoolean`, `deceasedDateTime`) may be in a resource. Of \
        several, the first in the file whose value is there is written; after a constant, which is \
        always there, none ever is.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  deceasedBoolean: false
  deceasedDateTime: $p.DIED
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  deceasedDateTime: $p.DIED
  deceasedBoolean: false
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&CHOICE_TWICE), @r"
        error[PM017]: `deceasedDateTime` is never written beside `deceasedBoolean`
         --> patient.yaml:6:3
          |
        5 |   deceasedBoolean: false
          |   --------------- this is always there
        6 |   deceasedDateTime: $p.DIED
          |   ^^^^^^^^^^^^^^^^
          |
          = help: the first whose value is there is written: put the constant last

        1 error
        ");
    }
}
