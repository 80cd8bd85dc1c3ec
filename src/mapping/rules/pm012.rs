//! PM012: a list stands where the element occurs at most once.

use super::{Rule, Severity};

pub static NOT_REPEATING: Rule = Rule {
    code: "PM012",
    severity: Severity::Error,
    title: "A list stands where the element occurs at most once",
    explanation: "Give the one value. Where it may come from several columns, `{ first: [ … ] }` takes the first \
        that is there.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  birthDate: [ $p.BORN ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  birthDate: $p.BORN
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&NOT_REPEATING), @r"
        error[PM012]: `Patient.birthDate` occurs at most once, and this is a list
         --> patient.yaml:5:14
          |
        5 |   birthDate: [ $p.BORN ]
          |              ^^^^^^^^^^^
          |
          = help: give the value without the list; `{ first: [ … ] }` takes the first that is there

        1 error
        ");
    }
}
