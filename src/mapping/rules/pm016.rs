//! PM016: a code is not in the element's required value set.

use super::{Rule, Severity};

pub static OUTSIDE_BINDING: Rule = Rule {
    code: "PM016",
    severity: Severity::Error,
    title: "A code is not in the element's required value set",
    explanation: "R4 allows only the codes of that value set here; in a Coding a code goes with its system, and \
        one without it, or of another, is not that code. Codes of the practice go to another element, or \
        are mapped with `codes:`.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  gender: { column: p.SEX, codes: { M: male, F: femail, '*': unknown } }
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  gender: { column: p.SEX, codes: { M: male, F: female, '*': unknown } }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&OUTSIDE_BINDING), @r"
        error[PM016]: `femail` is not in the element's value set `administrative-gender`
         --> patient.yaml:5:49
          |
        5 |   gender: { column: p.SEX, codes: { M: male, F: femail, '*': unknown } }
          |                                                 ^^^^^^
          |
          = help: did you mean `female`?

        1 error
        ");
    }
}
