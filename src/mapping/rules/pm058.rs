//! PM058: what a source requires of a search is no date parameter of it.

use super::{Rule, Severity};

pub static REQUIRED_PARAMETER: Rule = Rule {
    code: "PM058",
    severity: Severity::Error,
    title: "What a source requires of a search is no date parameter of it",
    explanation: "`requires:` names a parameter by which a search says from when until when: a date parameter that \
        the source's own elements answer.",
    wrong: &[(
        "visit.yaml",
        r"resource: Appointment
table: VISITS as v
id: v.ID
requires: { parameter: start, days: 31 }
elements:
  status: booked
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
requires: { parameter: date, days: 31 }
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
        insta::assert_snapshot!(tested(&REQUIRED_PARAMETER), @r"
        error[PM058]: `start` is no date parameter that the source answers
         --> visit.yaml:4:24
          |
        4 | requires: { parameter: start, days: 31 }
          |                        ^^^^^
          |
          = help: its date parameters are: `date`

        1 error
        ");
    }
}
