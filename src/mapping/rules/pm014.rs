//! PM014: an element that R4 requires is missing.

use super::{Rule, Severity};

pub static REQUIRED_ELEMENT: Rule = Rule {
    code: "PM014",
    severity: Severity::Error,
    title: "An element that R4 requires is missing",
    explanation: "Without it no resource would be valid. Where the database does not hold the value, give a \
        constant, or a data-absent-reason extension on it (`_status: { extension: [ … ] }`).",
    wrong: &[(
        "visit.yaml",
        r"resource: Appointment
table: VISITS as v
id: v.ID
elements:
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
  status: booked
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
        insta::assert_snapshot!(tested(&REQUIRED_ELEMENT), @r"
        error[PM014]: Appointment has no `status`, which R4 requires
         --> visit.yaml:4:1
          |
        4 | elements:
          | ^^^^^^^^ in these elements
          |
          = help: its codes are: `proposed`, `pending`, `booked`, `arrived`, `fulfilled`, `cancelled`, `noshow`, `entered-in-error`, `checked-in`, `waitlist`

        1 error
        ");
    }
}
