//! PM035: a SQL fragment is not written as fragments are.

use super::{Rule, Severity};

pub static RAW_TEXT: Rule = Rule {
    code: "PM035",
    severity: Severity::Error,
    title: "A SQL fragment is not written as fragments are",
    explanation: "Columns are written `{alias.COLUMN}`, so that they can be checked and quoted; comments and \
        semicolons have no place in a fragment.",
    wrong: &[(
        "patient.yaml",
        r#"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: { sql: "UPPER(${SURNAME})", type: varchar(40) } } ]
"#,
    )],
    right: &[(
        "patient.yaml",
        r#"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: { sql: "UPPER({p.SURNAME})", type: varchar(40) } } ]
"#,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&RAW_TEXT), @r#"
        error[PM035]: braces hold something other than a column
         --> patient.yaml:5:36
          |
        5 |   name: [ { family: { sql: "UPPER(${SURNAME})", type: varchar(40) } } ]
          |                                    ^^^^^^^^^
          |
          = help: a column is written `{alias.COLUMN}`

        1 error
        "#);
    }
}
