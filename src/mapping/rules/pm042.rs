//! PM042: keys of a value that do not go together.

use super::{Rule, Severity};

pub static CONVERSION_KEYS: Rule = Rule {
    code: "PM042",
    severity: Severity::Error,
    title: "Keys of a value that do not go together",
    explanation: "A value has one origin (`column`, `join`, `concat`, `date`, `year`, `first`, `to` or `sql`) and \
        the keys that belong to it.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { text: { column: p.FIRSTNAME, join: [ $p.SURNAME ] } } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { text: { join: [ $p.FIRSTNAME, $p.SURNAME ] } } ]
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&CONVERSION_KEYS), @r"
        error[PM042]: the value comes from `column:` and from `join:`
         --> patient.yaml:5:42
          |
        5 |   name: [ { text: { column: p.FIRSTNAME, join: [ $p.SURNAME ] } } ]
          |                     ------ one origin    ^^^^ and another
          |
          = help: a value has one origin; `{ first: [ …, … ] }` takes the first that is there

        1 error
        ");
    }
}
