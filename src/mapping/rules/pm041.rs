//! PM041: the column cannot become the element.

use super::{Rule, Severity};

pub static CONVERSION: Rule = Rule {
    code: "PM041",
    severity: Severity::Error,
    title: "The column cannot become the element",
    explanation: "The element's type decides the conversion, and the column's type must allow it. The message says \
        what would.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  birthDate: $p.BORNTEXT
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  birthDate: { column: p.BORNTEXT, format: DD/MM/YYYY }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&CONVERSION), @r"
        error[PM041]: a column of type `char(10)` cannot become this element, whose type is `date`
         --> patient.yaml:5:14
          |
        5 |   birthDate: $p.BORNTEXT
          |              ^^^^^^^^^^^ of type `char(10)`
          |
          = help: say how the text gives the date: `format: DD/MM/YYYY`

        1 error
        ");
    }
}
