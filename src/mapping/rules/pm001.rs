//! PM001: the file is not YAML.

use super::{Rule, Severity};

pub static SYNTAX: Rule = Rule {
    code: "PM001",
    severity: Severity::Error,
    title: "The file is not YAML",
    explanation: "The text cannot be read from the place shown on. The usual causes are a tab in the indentation, \
        a missing space after a colon, and a text that begins with a character that YAML uses itself \
        (`*`, `&`, `%`, `@`, `{`, `[`): put such a text in quotes.",
    wrong: &[(
        "patient.yaml",
        "\
resource: Patient
table: PATIENTS as p
id: p.ID
elements:
\tname:
\t  - { family: $p.SURNAME }
",
    )],
    right: &[(
        "patient.yaml",
        r"resource: Patient
table: PATIENTS as p
id: p.ID
elements:
  name:
    - { family: $p.SURNAME }
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&SYNTAX), @r"
        error[PM001]: the file is not YAML from here on
         --> patient.yaml:5:2
          |
        5 |     name:
          |     ^ tabs disallowed within this context (block indentation)
          |
          = help: indent with blanks; tabs have no place in YAML

        1 error
        ");
    }
}
