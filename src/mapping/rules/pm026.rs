//! PM026: a column is compared with what its type cannot be compared with.

use super::{Rule, Severity};

pub static COMPARED_TYPES: Rule = Rule {
    code: "PM026",
    severity: Severity::Error,
    title: "A column is compared with what its type cannot be compared with",
    explanation: "The database would convert one of them, and lose the index or fail on a row. The id of a \
        reference is compared with its target's.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
rows: p.FLAGS = '0'
elements:
  name: [ { family: $p.SURNAME } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
rows: p.FLAGS = 0
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
        insta::assert_snapshot!(tested(&COMPARED_TYPES), @r"
        error[PM026]: a column of type `int` is compared with a text
         --> patient.yaml:4:17
          |
        4 | rows: p.FLAGS = '0'
          |                 ^^^ cannot be compared
          |
          = help: compare it with a whole number, without quotes

        1 error
        ");
    }
}
