//! PM053: a profile is not an absolute URL.

use super::{Rule, Severity};

pub static PROFILE_URL: Rule = Rule {
    code: "PM053",
    severity: Severity::Error,
    title: "A profile is not an absolute URL",
    explanation: "A profile is named by its canonical URL: \
        `http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
profile: au-core-patient
elements:
  name: [ { family: $p.SURNAME } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
profile: http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient
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
        insta::assert_snapshot!(tested(&PROFILE_URL), @r"
        error[PM053]: the profile `au-core-patient` is not an absolute URL
         --> patient.yaml:4:10
          |
        4 | profile: au-core-patient
          |          ^^^^^^^^^^^^^^^
          |
          = help: name it by its canonical URL: `http://hl7.org.au/fhir/core/StructureDefinition/au-core-patient`

        1 error
        ");
    }
}
