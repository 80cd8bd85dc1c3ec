//! PM007: the value of a key is not one that it takes.

use super::{Rule, Severity};

pub static INVALID_VALUE: Rule = Rule {
    code: "PM007",
    severity: Severity::Error,
    title: "The value of a key is not one that it takes",
    explanation: "The key takes one of a few words, a number within bounds, or a name of a certain form. The \
        message says which; nothing is guessed, nor read as something near it.",
    wrong: &[(
        "mapping.yaml",
        r"name: Clinic
engine: sqlserver
verified: illustrative
collation: Latin1_General_CI_AS
catalogues: [MAIN, NOTES]
",
    )],
    right: &[(
        "mapping.yaml",
        r"name: Clinic
engine: mssql
verified: illustrative
collation: Latin1_General_CI_AS
catalogues: [MAIN, NOTES]
",
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rules::clinic::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&INVALID_VALUE), @r"
        error[PM007]: `sqlserver` is no engine
         --> mapping.yaml:2:9
          |
        2 | engine: sqlserver
          |         ^^^^^^^^^
          |
          = help: it takes: `mssql`, `firebird`, `sqlanywhere`, `sqlite`

        1 error
        ");
    }
}
