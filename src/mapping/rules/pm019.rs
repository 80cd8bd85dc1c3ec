//! PM019: an element that follows from other keys of the source.

use super::{Rule, Severity};

pub static SET_ELSEWHERE: Rule = Rule {
    code: "PM019",
    severity: Severity::Error,
    title: "An element that follows from other keys of the source",
    explanation: "`id` comes from `id:`, `resourceType` from `resource:`, `meta.profile` from `profile:`, \
        `meta.lastUpdated` from `lastUpdated:`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  id: $p.ID
  name: [ { family: $p.SURNAME } ]
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
        insta::assert_snapshot!(tested(&SET_ELSEWHERE), @r"
        error[PM019]: this follows from `id:` of the source
         --> patient.yaml:5:3
          |
        5 |   id: $p.ID
          |   ^^
          |
          = help: take it out of `elements:`

        1 error
        ");
    }
}
