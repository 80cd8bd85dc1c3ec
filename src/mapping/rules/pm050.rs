//! PM050: the element cannot refer to that.

use super::{Rule, Severity};

pub static REFERENCE_TARGET: Rule = Rule {
    code: "PM050",
    severity: Severity::Error,
    title: "The element cannot refer to that",
    explanation: "R4 lists the types that each reference may lead to. `#x` leads to the contained resource of the \
        id `x`, which must be there.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  generalPractitioner: [ { reference: { to: Patient, id: p.DOCTORID } } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  generalPractitioner: [ { reference: { to: Practitioner, id: p.DOCTORID } } ]
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&REFERENCE_TARGET), @r"
        error[PM050]: the element cannot refer to a Patient
         --> patient.yaml:5:45
          |
        5 |   generalPractitioner: [ { reference: { to: Patient, id: p.DOCTORID } } ]
          |                                             ^^^^^^^
          |
          = help: it may refer to: `Organization`, `Practitioner`, `PractitionerRole`

        1 error
        ");
    }
}
