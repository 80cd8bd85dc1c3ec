//! PM034: a SQL fragment has no text for the mapping's engine.

use super::{Rule, Severity};

pub static RAW_DIALECT: Rule = Rule {
    code: "PM034",
    severity: Severity::Error,
    title: "A SQL fragment has no text for the mapping's engine",
    explanation: "Give the text for `engine:`, and for `sqlite` if the mapping is to run on the embedded practice.",
    wrong: &[(
        "patient.yaml",
        r#"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name:
    - family: { sql: { sqlite: "trim({p.SURNAME})" }, type: varchar(40) }
"#,
    )],
    right: &[(
        "patient.yaml",
        r#"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name:
    - family: { sql: { mssql: "LTRIM({p.SURNAME})", sqlite: "trim({p.SURNAME})" }, type: varchar(40) }
"#,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&RAW_DIALECT), @r#"
        error[PM034]: the fragment has no text for `mssql`, the mapping's engine
         --> patient.yaml:6:22
          |
        6 |     - family: { sql: { sqlite: "trim({p.SURNAME})" }, type: varchar(40) }
          |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: add `mssql: "…"`

        1 error
        "#);
    }
}
