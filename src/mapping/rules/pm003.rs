//! PM003: a key stands twice in one mapping.

use super::{Rule, Severity};

pub static DUPLICATE_KEY: Rule = Rule {
    code: "PM003",
    severity: Severity::Error,
    title: "A key stands twice in one mapping",
    explanation: "Only one of them could count, and which is a guess. Where an element repeats, its values are the \
        entries of one list.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { use: official, family: $p.SURNAME } ]
  name: [ { use: usual, text: $p.KNOWNAS } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name:
    - { use: official, family: $p.SURNAME }
    - { use: usual, text: $p.KNOWNAS }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&DUPLICATE_KEY), @r"
        error[PM003]: the key `name` stands twice
         --> patient.yaml:6:3
          |
        5 |   name: [ { use: official, family: $p.SURNAME } ]
          |   ---- first here
        6 |   name: [ { use: usual, text: $p.KNOWNAS } ]
          |   ^^^^ again here
          |
          = help: keep one of them; several values of one element are the entries of a list

        1 error
        ");
    }
}
