//! PM029: a lookup may find more than one row.

use super::{Rule, Severity};

pub static LOOKUP_MULTIPLIES: Rule = Rule {
    code: "PM029",
    severity: Severity::Warning,
    title: "A lookup may find more than one row",
    explanation: "Its condition does not fix all columns of the table's key. Each further row would give the \
        resource again. Compare the whole key, or declare the key that holds for the rows looked up.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
lookups:
  title: TITLES on title.CODE = p.TITLE
elements:
  name: [ { prefix: [ $title.TITLE ] } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
lookups:
  title: TITLES on title.CODE = p.TITLE and title.LANG = 'en'
elements:
  name: [ { prefix: [ $title.TITLE ] } ]
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&LOOKUP_MULTIPLIES), @r"
        warning[PM029]: the lookup `title` may find more than one row
         --> patient.yaml:5:3
          |
        5 |   title: TITLES on title.CODE = p.TITLE
          |   ^^^^^ `title.LANG` is not compared
          |
          = help: compare the whole key of `TITLES` with `=`, or declare as its key what is unique in it

        1 warning
        ");
    }
}
