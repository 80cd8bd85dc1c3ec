//! PM028: more lookups or children than a source may have.

use super::{Rule, Severity};

pub static TOO_MANY_LOOKUPS: Rule = Rule {
    code: "PM028",
    severity: Severity::Error,
    title: "More lookups or children than a source may have",
    explanation: "A source has at most 60 lookups and 60 children, each child at most 60 lookups of its own: each \
        is a join of every command that needs it. Where one table is looked up for many columns, say \
        several telephone numbers by their kind, it is a child with an entry for each.",
    wrong: &[("patient.yaml", TOO_MANY)],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
lookups:
  doctor: DOCTORS on doctor.ID = p.DOCTORID
elements:
  name: [ { family: $p.SURNAME } ]
",
    )],
};

/// A lookup more than there may be.
const TOO_MANY: &str = r"resource: Patient
table: PATIENTS as p
id: p.ID
lookups:
  d1: DOCTORS on d1.ID = p.DOCTORID
  d2: DOCTORS on d2.ID = p.DOCTORID
  d3: DOCTORS on d3.ID = p.DOCTORID
  d4: DOCTORS on d4.ID = p.DOCTORID
  d5: DOCTORS on d5.ID = p.DOCTORID
  d6: DOCTORS on d6.ID = p.DOCTORID
  d7: DOCTORS on d7.ID = p.DOCTORID
  d8: DOCTORS on d8.ID = p.DOCTORID
  d9: DOCTORS on d9.ID = p.DOCTORID
  d10: DOCTORS on d10.ID = p.DOCTORID
  d11: DOCTORS on d11.ID = p.DOCTORID
  d12: DOCTORS on d12.ID = p.DOCTORID
  d13: DOCTORS on d13.ID = p.DOCTORID
  d14: DOCTORS on d14.ID = p.DOCTORID
  d15: DOCTORS on d15.ID = p.DOCTORID
  d16: DOCTORS on d16.ID = p.DOCTORID
  d17: DOCTORS on d17.ID = p.DOCTORID
  d18: DOCTORS on d18.ID = p.DOCTORID
  d19: DOCTORS on d19.ID = p.DOCTORID
  d20: DOCTORS on d20.ID = p.DOCTORID
  d21: DOCTORS on d21.ID = p.DOCTORID
  d22: DOCTORS on d22.ID = p.DOCTORID
  d23: DOCTORS on d23.ID = p.DOCTORID
  d24: DOCTORS on d24.ID = p.DOCTORID
  d25: DOCTORS on d25.ID = p.DOCTORID
  d26: DOCTORS on d26.ID = p.DOCTORID
  d27: DOCTORS on d27.ID = p.DOCTORID
  d28: DOCTORS on d28.ID = p.DOCTORID
  d29: DOCTORS on d29.ID = p.DOCTORID
  d30: DOCTORS on d30.ID = p.DOCTORID
  d31: DOCTORS on d31.ID = p.DOCTORID
  d32: DOCTORS on d32.ID = p.DOCTORID
  d33: DOCTORS on d33.ID = p.DOCTORID
  d34: DOCTORS on d34.ID = p.DOCTORID
  d35: DOCTORS on d35.ID = p.DOCTORID
  d36: DOCTORS on d36.ID = p.DOCTORID
  d37: DOCTORS on d37.ID = p.DOCTORID
  d38: DOCTORS on d38.ID = p.DOCTORID
  d39: DOCTORS on d39.ID = p.DOCTORID
  d40: DOCTORS on d40.ID = p.DOCTORID
  d41: DOCTORS on d41.ID = p.DOCTORID
  d42: DOCTORS on d42.ID = p.DOCTORID
  d43: DOCTORS on d43.ID = p.DOCTORID
  d44: DOCTORS on d44.ID = p.DOCTORID
  d45: DOCTORS on d45.ID = p.DOCTORID
  d46: DOCTORS on d46.ID = p.DOCTORID
  d47: DOCTORS on d47.ID = p.DOCTORID
  d48: DOCTORS on d48.ID = p.DOCTORID
  d49: DOCTORS on d49.ID = p.DOCTORID
  d50: DOCTORS on d50.ID = p.DOCTORID
  d51: DOCTORS on d51.ID = p.DOCTORID
  d52: DOCTORS on d52.ID = p.DOCTORID
  d53: DOCTORS on d53.ID = p.DOCTORID
  d54: DOCTORS on d54.ID = p.DOCTORID
  d55: DOCTORS on d55.ID = p.DOCTORID
  d56: DOCTORS on d56.ID = p.DOCTORID
  d57: DOCTORS on d57.ID = p.DOCTORID
  d58: DOCTORS on d58.ID = p.DOCTORID
  d59: DOCTORS on d59.ID = p.DOCTORID
  d60: DOCTORS on d60.ID = p.DOCTORID
  d61: DOCTORS on d61.ID = p.DOCTORID
elements:
  name: [ { family: $p.SURNAME } ]
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&TOO_MANY_LOOKUPS), @r"
        error[PM028]: 61 lookups, and there may be 60
          --> patient.yaml:65:3
           |
        65 |   d61: DOCTORS on d61.ID = p.DOCTORID
           |   ^^^ the first that is too many
           |
           = help: rows of one table that differ by their kind are one child, under `children:`

        1 error
        ");
    }
}
