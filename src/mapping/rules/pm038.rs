//! PM038: tables of different catalogues in one source.

use super::{Rule, Severity};

pub static CATALOGUE: Rule = Rule {
    code: "PM038",
    severity: Severity::Error,
    title: "Tables of different catalogues in one source",
    explanation: "A command runs in one catalogue. If a table's `catalogue:` is not where it lies, correct it. \
        Else declare the catalogues in `mapping.yaml`, the default one first; map what lies in another \
        one as a source of its own and refer to it.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
lookups:
  letter: LETTERS on letter.ID = p.ID
elements:
  name: [ { family: $p.SURNAME, text: $letter.SUBJECT } ]
",
    )],
    right: &[(
        "letter.yaml",
        r"resource: Communication
table: LETTERS as l
id: l.ID
elements:
  status: completed
  subject: { reference: { to: Patient, id: l.PATIENTID } }
  topic: { text: $l.SUBJECT }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&CATALOGUE), @r"
        error[PM038]: `LETTERS` is in another catalogue than `PATIENTS`
         --> patient.yaml:5:3
          |
        5 |   letter: LETTERS on letter.ID = p.ID
          |   ^^^^^^ in `NOTES`
          |
          = note: `PATIENTS` is in the default catalogue, and a command runs in one
          = help: if both lie in one, declare `LETTERS` without `catalogue:`; else map it as a source of its own, and refer to it

        1 error
        ");
    }
}
