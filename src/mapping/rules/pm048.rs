//! PM048: a required element's code table answers for its listed values only.

use super::{Rule, Severity};

pub static UNANSWERED_CODE: Rule = Rule {
    code: "PM048",
    severity: Severity::Warning,
    title: "A required element's code table answers for its listed values only",
    explanation: "A row with any other value, or none, has no such element, and without it the object around it, \
        or the whole resource, is left out. Let the table answer for `\"*\"` (any other value) and `\"\"` \
        (no value).",
    wrong: &[(
        "visit.yaml",
        r"resource: Appointment
table: VISITS as v
id: v.ID
elements:
  status: { column: v.STATE, codes: { Booked: booked, Here: arrived } }
  start: $v.START
  participant:
    - actor: { reference: { to: Patient, id: v.PATIENTID } }
      status: accepted
",
    )],
    right: &[(
        "visit.yaml",
        r"resource: Appointment
table: VISITS as v
id: v.ID
elements:
  status: { column: v.STATE, codes: { Booked: booked, Here: arrived, '*': pending, '': pending } }
  start: $v.START
  participant:
    - actor: { reference: { to: Patient, id: v.PATIENTID } }
      status: accepted
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&UNANSWERED_CODE), @r#"
        warning[PM048]: R4 requires `Appointment.status`, and its code table answers for the listed values only
         --> visit.yaml:5:11
          |
        5 |   status: { column: v.STATE, codes: { Booked: booked, Here: arrived } }
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: say what any other value and no value are: `"*": …`, `"": …`

        1 warning
        "#);
    }
}
