//! PM059: an invariant of R4 does not hold in any row.

use super::{Rule, Severity};

pub static INVARIANT: Rule = Rule {
    code: "PM059",
    severity: Severity::Warning,
    title: "An invariant of R4 does not hold in any row",
    explanation: "What R4 asks of an object's elements together is decided by which of them are mapped: the code \
        of a unit goes with its system, the value of a ContactPoint with its kind, and an extension has \
        a value. The resources are served, but do not conform to R4.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  telecom: [ { value: $p.PHONE } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  telecom: [ { system: phone, value: $p.PHONE } ]
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&INVARIANT), @r"
        warning[PM059]: a ContactPoint has a `value` and no `system` (cpt-2)
         --> patient.yaml:5:16
          |
        5 |   telecom: [ { value: $p.PHONE } ]
          |                ^^^^^
          |
          = help: say what it is: `system: phone`, `email`, `fax`, `pager`, `url`, `sms` or `other`

        1 warning
        ");
    }
}
