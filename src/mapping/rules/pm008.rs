//! PM008: the folder or a file of it cannot be used.

use super::{Rule, Severity};

pub static FOLDER: Rule = Rule {
    code: "PM008",
    severity: Severity::Error,
    title: "The folder or a file of it cannot be used",
    explanation: "A mapping is a folder with `mapping.yaml` and at most 200 YAML files in all of at most 1 MiB \
        each, in UTF-8.",
    wrong: &[(
        "mapping.yaml",
        r"# name: Clinic
# engine: mssql
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
        insta::assert_snapshot!(tested(&FOLDER), @r"
        error[PM008]: the manifest says nothing
         --> mapping.yaml:1:1
          |
        1 | # name: Clinic
          | ^
          |
          = help: it has `name:`, `engine:`, `verified:` and `collation:`

        1 error
        ");
    }
}
