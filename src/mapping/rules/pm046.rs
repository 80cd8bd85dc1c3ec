//! PM046: a constant looks like a column.

use super::{Rule, Severity};

pub static LOOKS_LIKE_COLUMN: Rule = Rule {
    code: "PM046",
    severity: Severity::Warning,
    title: "A constant looks like a column",
    explanation: "A column is written with `$` before it: `$p.SURNAME`. Without it the text itself would be in \
        every resource.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: p.SURNAME } ]
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
        insta::assert_snapshot!(tested(&LOOKS_LIKE_COLUMN), @r"
        warning[PM046]: `p.SURNAME` is a constant here, and the name of a column
         --> patient.yaml:5:21
          |
        5 |   name: [ { family: p.SURNAME } ]
          |                     ^^^^^^^^^
          |
          = help: for the column, write `$p.SURNAME`

        1 warning
        ");
    }
}
