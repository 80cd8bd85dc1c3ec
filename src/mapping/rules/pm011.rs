//! PM011: R4 has no such element there.

use super::{Rule, Severity};

pub static UNKNOWN_ELEMENT: Rule = Rule {
    code: "PM011",
    severity: Severity::Error,
    title: "R4 has no such element there",
    explanation: "Keys under `elements:` are the JSON property names of FHIR R4. A choice element has the type in \
        its name (`deceasedDateTime`, `valueQuantity`); what R4 does not have is said with an extension.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { familyName: $p.SURNAME } ]
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
        insta::assert_snapshot!(tested(&UNKNOWN_ELEMENT), @r"
        error[PM011]: HumanName has no element `familyName`
         --> patient.yaml:5:13
          |
        5 |   name: [ { familyName: $p.SURNAME } ]
          |             ^^^^^^^^^^
          |
          = help: it has: `id`, `extension`, `use`, `text`, `family`, `given`, `prefix`, `suffix`, `period`

        1 error
        ");
    }
}
