//! PM002: a part of YAML that mappings do not use.

use super::{Rule, Severity};

pub static UNSUPPORTED_YAML: Rule = Rule {
    code: "PM002",
    severity: Severity::Error,
    title: "A part of YAML that mappings do not use",
    explanation: "Anchors, aliases, tags, several documents in one file and keys that are not text are refused: a \
        mapping is read by people who know FHIR or the tables, and need not know these. Write the value \
        out, or, for a table of codes, name it under `codes:` and refer to it.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  gender: { column: p.SEX, codes: &sex { M: male, F: female, '*': unknown } }
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  gender: { column: p.SEX, codes: sex }
codes:
  sex: { M: male, F: female, '*': unknown }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&UNSUPPORTED_YAML), @r"
        error[PM002]: an anchor has no place in a mapping
         --> patient.yaml:5:35
          |
        5 |   gender: { column: p.SEX, codes: &sex { M: male, F: female, '*': unknown } }
          |                                   ^^^^
          |
          = help: write the value out where it is used; a table of codes has a name under `codes:`

        1 error
        ");
    }
}
