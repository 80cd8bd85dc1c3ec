//! PM055: a search parameter is not offered, since a part of what it looks at cannot be searched.

use super::{Rule, Severity};

pub static PARTLY_SEARCHED: Rule = Rule {
    code: "PM055",
    severity: Severity::Warning,
    title: "A search parameter is not offered, since a part of what it looks at cannot be searched",
    explanation: "Some elements that it looks at are written from what a database cannot compare: joined text, a \
        measurement kept as text. A search would find only some of what is there, and so it is refused \
        instead. Write the element from what can be compared, or say under `search:` what the parameter \
        looks at, or that it is `off`, which ends the warning.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  identifier:
    - { system: 'urn:card', value: { join: [ $p.CARD, $p.CARDLINE ] } }
    - { system: 'urn:chart', value: $p.CHART }
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  identifier:
    - { system: 'urn:card', value: { concat: [ { column: p.CARD, length: 10 }, { column: p.CARDLINE, length: 1 } ] } }
    - { system: 'urn:chart', value: $p.CHART }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&PARTLY_SEARCHED), @r"
        warning[PM055]: `identifier` is not offered for Patient: the element is not searchable: joined text
         --> patient.yaml:6:5
          |
        6 |     - { system: 'urn:card', value: { join: [ $p.CARD, $p.CARDLINE ] } }
          |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = note: it would find only some of the resources that have what is asked for
          = help: say under `search:` what `identifier` looks at, or `identifier: off` if it is to be refused

        1 warning
        ");
    }
}
