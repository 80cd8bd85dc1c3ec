//! PM004: a key that has no meaning here.

use super::{Rule, Severity};

pub static UNKNOWN_KEY: Rule = Rule {
    code: "PM004",
    severity: Severity::Error,
    title: "A key that has no meaning here",
    explanation: "Nothing is ignored silently: a key that is misspelled would otherwise look as if it worked.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
row: p.FLAGS = 0
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
        insta::assert_snapshot!(tested(&UNKNOWN_KEY), @r"
        error[PM004]: a source has no key `row`
         --> patient.yaml:4:1
          |
        4 | row: p.FLAGS = 0
          | ^^^
          |
          = help: did you mean `rows`?

        1 error
        ");
    }
}
