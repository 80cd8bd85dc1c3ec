//! PM054: an entry under `search:` cannot be used.

use super::{Rule, Severity};

pub static SEARCH: Rule = Rule {
    code: "PM054",
    severity: Severity::Error,
    title: "An entry under `search:` cannot be used",
    explanation: "`name: off` takes back a parameter of R4's; `{ type: …, column: … }` offers one of your own.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
search:
  phonetik: off
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
search:
  phonetic: off
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&SEARCH), @r"
        error[PM054]: Patient has no search parameter `phonetik`
         --> patient.yaml:7:3
          |
        7 |   phonetik: off
          |   ^^^^^^^^
          |
          = help: did you mean `phonetic`?

        1 error
        ");
    }
}
