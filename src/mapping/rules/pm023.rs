//! PM023: an alias is used twice in a source.

use super::{Rule, Severity};

pub static DUPLICATE_ALIAS: Rule = Rule {
    code: "PM023",
    severity: Severity::Error,
    title: "An alias is used twice in a source",
    explanation: "The table, the lookups and the children of a source need aliases that differ.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
lookups:
  p: DOCTORS on p.ID = p.DOCTORID
elements:
  name: [ { family: $p.SURNAME } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
lookups:
  doctor: DOCTORS on doctor.ID = p.DOCTORID
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
        insta::assert_snapshot!(tested(&DUPLICATE_ALIAS), @r"
        error[PM023]: the alias `p` is used twice
         --> patient.yaml:5:3
          |
        2 | table: PATIENTS as p
          |        ------------- first here
        ...
        5 |   p: DOCTORS on p.ID = p.DOCTORID
          |   ^ again here
          |
          = help: give one of them another name; columns are written with it

        1 error
        ");
    }
}
