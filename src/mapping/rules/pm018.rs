//! PM018: one value stands where an element has parts.

use super::{Rule, Severity};

pub static NOT_PRIMITIVE: Rule = Rule {
    code: "PM018",
    severity: Severity::Error,
    title: "One value stands where an element has parts",
    explanation: "The element's type is an object: give its elements, as FHIR's JSON does. A Coding or \
        CodeableConcept may also be `{ column: …, codes: … }`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ $p.SURNAME ]
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
        insta::assert_snapshot!(tested(&NOT_PRIMITIVE), @r"
        error[PM018]: `Patient.name` has parts, as every HumanName has, and this is a column
         --> patient.yaml:5:11
          |
        5 |   name: [ $p.SURNAME ]
          |           ^^^^^^^^^^ expected a mapping
          |
          = help: give its parts, among: `use`, `text`, `family`, `given`, `prefix`, `suffix`, `period`

        1 error
        ");
    }
}
