//! PM047: a file says nothing.

use super::{Rule, Severity};

pub static EMPTY_FILE: Rule = Rule {
    code: "PM047",
    severity: Severity::Warning,
    title: "A file says nothing",
    explanation: "It is empty, or holds comments only. A file that was meant to be a source is not served. A source that is commented out, with its `# resource: …`, is a draft, and passed over.",
    wrong: &[(
        "allergy.yaml",
        r"# allergies are in ALLERGIES
",
    )],
    right: &[(
        "allergy.yaml",
        r"resource: AllergyIntolerance
table: ALLERGIES as a
id: a.ID
elements:
  patient: { reference: { to: Patient, id: a.PATIENTID } }
  code: { text: $a.NAME }
tables:
  ALLERGIES: { key: ID, columns: { ID: int, PATIENTID: int, NAME: varchar(60) } }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&EMPTY_FILE), @r"
        warning[PM047]: the file says nothing
         --> allergy.yaml:1:1
          |
        1 | # allergies are in ALLERGIES
          | ^
          |
          = help: write a source into it (`resource: …`), or take it away

        1 warning
        ");
    }
}
