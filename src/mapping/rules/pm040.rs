//! PM040: no code table has that name.

use super::{Rule, Severity};

pub static UNKNOWN_CODES: Rule = Rule {
    code: "PM040",
    severity: Severity::Error,
    title: "No code table has that name",
    explanation: "Code tables are defined under `codes:`, in the file or for all files.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  gender: { column: p.SEX, codes: sexs }
codes:
  sex: { M: male, F: female, '*': unknown }
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
        insta::assert_snapshot!(tested(&UNKNOWN_CODES), @r"
        error[PM040]: there is no code table `sexs`
         --> patient.yaml:5:35
          |
        5 |   gender: { column: p.SEX, codes: sexs }
          |                                   ^^^^
          |
          = note: code tables are defined under `codes:`, in this file or in one of the folder's
          = help: did you mean `sex`?

        1 error
        ");
    }
}
