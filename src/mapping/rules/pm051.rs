//! PM051: a reference leads to what this mapping does not serve.

use super::{Rule, Severity};

pub static NOT_SERVED: Rule = Rule {
    code: "PM051",
    severity: Severity::Warning,
    title: "A reference leads to what this mapping does not serve",
    explanation: "The reference would lead nowhere here. Map the type, or correct the name of its source.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  managingOrganization: { reference: { to: Organization, id: p.PRACTICEID } }
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  managingOrganization: { display: Harbour Street Clinic }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&NOT_SERVED), @r"
        warning[PM051]: the mapping has no source of Organization
         --> patient.yaml:5:44
          |
        5 |   managingOrganization: { reference: { to: Organization, id: p.PRACTICEID } }
          |                                            ^^^^^^^^^^^^
          |
          = help: map it in a file with `resource: Organization`, or take the reference out

        1 warning
        ");
    }
}
