//! PM045: an element with a required value set has a column without a code table.

use super::{Rule, Severity};

pub static UNCHECKED_CODE: Rule = Rule {
    code: "PM045",
    severity: Severity::Warning,
    title: "An element with a required value set has a column without a code table",
    explanation: "A value outside of the value set would make the resource invalid, and is left out. Map the \
        values with `codes:`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  gender: $p.SEX
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  gender: { column: p.SEX, codes: { M: male, F: female, '*': unknown } }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&UNCHECKED_CODE), @r"
        warning[PM045]: of the column's text only codes of `administrative-gender` are written
         --> patient.yaml:5:11
          |
        5 |   gender: $p.SEX
          |           ^^^^^^
          |
          = help: map other values to them: `{ column: …, codes: … }`

        1 warning
        ");
    }
}
