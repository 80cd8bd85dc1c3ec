//! PM027: lookups refer to each other in a circle.

use super::{Rule, Severity};

pub static CYCLIC_LOOKUPS: Rule = Rule {
    code: "PM027",
    severity: Severity::Error,
    title: "Lookups refer to each other in a circle",
    explanation: "A lookup may refer to the table and to other lookups, as long as one can be joined first.",
    wrong: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
lookups:
  doctor: DOCTORS on doctor.TITLE = title.CODE and doctor.ID = p.DOCTORID
  title: TITLES on title.CODE = doctor.TITLE and title.LANG = 'en'
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
  doctor: DOCTORS on doctor.ID = p.DOCTORID
  title: TITLES on title.CODE = doctor.TITLE and title.LANG = 'en'
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
        insta::assert_snapshot!(tested(&CYCLIC_LOOKUPS), @r"
        error[PM027]: the lookups `doctor`, `title` refer to each other in a circle
         --> patient.yaml:5:3
          |
        5 |   doctor: DOCTORS on doctor.TITLE = title.CODE and doctor.ID = p.DOCTORID
          |   ^^^^^^ needs `title`
        6 |   title: TITLES on title.CODE = doctor.TITLE and title.LANG = 'en'
          |   ----- needs `doctor`
          |
          = help: the condition of one of them must do without the others

        1 error
        ");
    }
}
