//! PM036: an optional column decides which rows there are, or what their ids are.

use super::{Rule, Severity};

pub static OPTIONAL_COLUMN: Rule = Rule {
    code: "PM036",
    severity: Severity::Error,
    title: "An optional column decides which rows there are, or what their ids are",
    explanation: "A column that only some versions of the product have may supply elements, which are left out \
        where it is not there. Without a column of `rows:`, of a lookup's condition or of the id there \
        would be no row, or another id. If every version has the column, declare it without `optional`; \
        if not, use it in elements only, or write a source of its own for the versions that have it.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
rows: p.WARD = 1
elements:
  name: [ { family: $p.SURNAME } ]
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name: [ { family: $p.SURNAME } ]
  active: { column: p.WARD, codes: { 1: true, '*': false } }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&OPTIONAL_COLUMN), @r"
        error[PM036]: an optional column decides which rows there are
         --> patient.yaml:4:7
          |
        4 | rows: p.WARD = 1
          |       ^^^^^^
          |
          = help: declare it without `optional`, or use it in elements only

        1 error
        ");
    }
}
