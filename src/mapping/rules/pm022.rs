//! PM022: no table, lookup or child has that alias.

use super::{Rule, Severity};

pub static UNKNOWN_ALIAS: Rule = Rule {
    code: "PM022",
    severity: Severity::Error,
    title: "No table, lookup or child has that alias",
    explanation: "A column is written `alias.COLUMN`; aliases come from `table: PATIENTS as p`, from the names \
        under `lookups:` and from `children:`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $q.SURNAME } ]
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
        insta::assert_snapshot!(tested(&UNKNOWN_ALIAS), @r"
        error[PM022]: no table has the alias `q`
         --> patient.yaml:5:22
          |
        2 | table: PATIENTS as p
          |        ------------- the table's alias is declared here: `p`
        ...
        5 |   name: [ { family: $q.SURNAME } ]
          |                      ^
          |
          = help: aliases here are: `p`

        1 error
        ");
    }
}
