//! PM039: two rows may have the same id.

use super::{Rule, Severity};

pub static SHARED_ID: Rule = Rule {
    code: "PM039",
    severity: Severity::Warning,
    title: "Two rows may have the same id",
    explanation: "The columns of `id:` are not all of the table's key, or come from a lookup that several rows may \
        share. A search would find each of the rows, and a read of the id any of them. Make the id of \
        the whole key, or declare the key that holds.",
    wrong: &[(
        "visit.yaml",
        r"resource: Appointment
table: VISITS as v
id: v.PATIENTID
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
        insta::assert_snapshot!(tested(&SHARED_ID), @r"
        warning[PM039]: two rows may have the same id
         --> visit.yaml:3:5
          |
        3 | id: v.PATIENTID
          |     ^^^^^^^^^^^ `v.ID` of the key is not in it
          |
          = help: make the id of the whole key of `VISITS`, or declare as its key what is unique in it

        1 warning
        ");
    }
}
