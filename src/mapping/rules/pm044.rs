//! PM044: the layout of a date is not known.

use super::{Rule, Severity};

pub static LAYOUT: Rule = Rule {
    code: "PM044",
    severity: Severity::Error,
    title: "The layout of a date is not known",
    explanation: "A layout has `YYYY`, and may have `MM` and `DD` (the day only with the month), each once, with \
        separators between: `DD/MM/YYYY`, `MM/YYYY`, `YYYYMMDD`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  birthDate: { column: p.BORNTEXT, format: DD/MM/YY }
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
        insta::assert_snapshot!(tested(&LAYOUT), @r"
        error[PM044]: the layout `DD/MM/YY` is not known
         --> patient.yaml:5:44
          |
        5 |   birthDate: { column: p.BORNTEXT, format: DD/MM/YY }
          |                                            ^^^^^^^^
          |
          = help: write it with `YYYY`, `MM` and `DD`: `DD/MM/YYYY`, `MM/YYYY`, `YYYYMMDD`, `YYYY`

        1 error
        ");
    }
}
