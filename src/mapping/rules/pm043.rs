//! PM043: an entry of a code table is not of use.

use super::{Rule, Severity};

pub static CODE_TABLE: Rule = Rule {
    code: "PM043",
    severity: Severity::Error,
    title: "An entry of a code table is not of use",
    explanation: "An entry is `raw: code` or `raw: { code: …, display: …, system: … }`. A `system:` for all \
        entries stands beside `values:`, which holds them then. The raw value must be one that the \
        column's type can hold; texts that differ in case only are the same.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  active: { column: p.FLAGS, codes: { none: true, '*': false } }
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  active: { column: p.FLAGS, codes: { 0: true, '*': false } }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&CODE_TABLE), @r"
        error[PM043]: the column is `int`, and never holds `none`
         --> patient.yaml:5:39
          |
        5 |   active: { column: p.FLAGS, codes: { none: true, '*': false } }
          |                                       ^^^^
          |
          = help: list the numbers that it holds; for the text of a lookup table, bind the lookup's column

        1 error
        ");
    }
}
