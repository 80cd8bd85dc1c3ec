//! PM021: the column is not declared for its table.

use super::{Rule, Severity};

pub static UNKNOWN_COLUMN: Rule = Rule {
    code: "PM021",
    severity: Severity::Error,
    title: "The column is not declared for its table",
    explanation: "Columns are declared with their types under `tables:`. Names are compared to the letter.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURENAME } ]
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
        insta::assert_snapshot!(tested(&UNKNOWN_COLUMN), @r"
        error[PM021]: the column `SURENAME` is not declared for the table
         --> patient.yaml:5:24
          |
        5 |   name: [ { family: $p.SURENAME } ]
          |                        ^^^^^^^^
          |
          = help: did you mean `SURNAME`?

        1 error
        ");
    }
}
