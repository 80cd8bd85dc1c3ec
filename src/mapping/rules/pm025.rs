//! PM025: a condition, table or column is not written in the form that it has.

use super::{Rule, Severity};

pub static CONDITION_SYNTAX: Rule = Rule {
    code: "PM025",
    severity: Severity::Error,
    title: "A condition, table or column is not written in the form that it has",
    explanation: "Conditions compare columns with each other and with literals: `p.A = 1 and (p.B is null or p.C \
        in ('x', 'y'))`. What they cannot say is written as `{ sql: { mssql: \"…\" } }`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
rows: p.FLAGS == 0
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
        insta::assert_snapshot!(tested(&CONDITION_SYNTAX), @r"
        error[PM025]: `rows:` cannot be read
         --> patient.yaml:4:16
          |
        4 | rows: p.FLAGS == 0
          |                ^ expected a column or a literal
          |
          = help: what is equal is compared with one `=`

        1 error
        ");
    }
}
