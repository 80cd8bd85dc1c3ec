//! PM056: an entry under `lacks:` names nothing that could be there.

use super::{Rule, Severity};

pub static LACKS: Rule = Rule {
    code: "PM056",
    severity: Severity::Error,
    title: "An entry under `lacks:` names nothing that could be there",
    explanation: "A source names elements of R4, slices of AU Core's profiles, and search parameters; the manifest \
        names resource types and profiles of AU Core.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
lacks:
  elements: { identifier:mediccare: no column holds it }
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
lacks:
  elements: { identifier:medicare: no column holds it }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&LACKS), @r"
        error[PM056]: AU Core has no slice `identifier:mediccare` of Patient
         --> patient.yaml:7:15
          |
        7 |   elements: { identifier:mediccare: no column holds it }
          |               ^^^^^^^^^^^^^^^^^^^^
          |
          = help: did you mean `identifier:medicare`?

        1 error
        ");
    }
}
