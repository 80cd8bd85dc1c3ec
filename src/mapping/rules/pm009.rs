//! PM009: the same thing is defined twice.

use super::{Rule, Severity};

pub static DUPLICATE_NAME: Rule = Rule {
    code: "PM009",
    severity: Severity::Error,
    title: "The same thing is defined twice",
    explanation: "Tables and shared code tables are defined once in all files of the folder together; the sources \
        of a resource type need names that differ, and one of them at most may be without a name.",
    wrong: &[(
        "relative.yaml",
        r"resource: Patient
table: PATIENTS as p
rows: p.FLAGS = 2
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
",
    )],
    right: &[(
        "relative.yaml",
        r"resource: Patient
source: kin
table: PATIENTS as p
rows: p.FLAGS = 2
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
        insta::assert_snapshot!(tested(&DUPLICATE_NAME), @r"
        error[PM009]: another source of Patient has no name either
         --> relative.yaml:1:1
          |
        1 | resource: Patient
          | ^^^^^^^^
          |
          = note: first at patient.yaml:1
          = help: give this one a name, which becomes part of its ids: `source: kin`

        1 error
        ");
    }
}
