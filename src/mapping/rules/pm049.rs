//! PM049: a column never holds what it is compared with, or read as.

use super::{Rule, Severity};

pub static TOO_SHORT: Rule = Rule {
    code: "PM049",
    severity: Severity::Warning,
    title: "A column never holds what it is compared with, or read as",
    explanation: "The text is longer than the column is declared to be, or the layout of a date does not fit its \
        type. No row has such a value: an entry of a code table gives nothing, a condition holds for no \
        row or for all, and no date is read.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
rows: p.CARDLINE = '12'
elements:
  name: [ { family: $p.SURNAME } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
rows: p.CARDLINE = '1'
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
        insta::assert_snapshot!(tested(&TOO_SHORT), @r"
        warning[PM049]: the column is `char(1)`, and never holds `12`
         --> patient.yaml:4:20
          |
        4 | rows: p.CARDLINE = '12'
          |                    ^^^^
          |
          = help: write what the column holds, or its true length under `tables:`

        1 warning
        ");
    }
}
