//! PM005: a key that must be there is missing.

use super::{Rule, Severity};

pub static MISSING_KEY: Rule = Rule {
    code: "PM005",
    severity: Severity::Error,
    title: "A key that must be there is missing",
    explanation: "Without it the rest cannot be understood: a source needs its table and the columns of its id, a \
        table its key, a SQL fragment the type of what it gives. The message says which key it is, and \
        the help line how it is written.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
elements:
  name: [ { family: $p.SURNAME } ]
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
        insta::assert_snapshot!(tested(&MISSING_KEY), @r"
        error[PM005]: the source has no `id:`
         --> patient.yaml:1:1
          |
        1 | resource: Patient
          | ^^^^^^^^
          |
          = help: the column that becomes the id: `id: p.INTERNALID`

        1 error
        ");
    }
}
