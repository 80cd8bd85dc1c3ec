//! PC016: the file of a database is not there.

use crate::mapping::{Rule, Severity};

pub static NO_FILE: Rule = Rule {
    code: "PC016",
    severity: Severity::Warning,
    title: "The file of a database is not there",
    explanation: "The site answers 503 until it is. A path that is relative begins at the folder of the \
        configuration file; `pilaster demo create` writes a demo's.",
    wrong: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
mapping = "bp-premier"
time-zone = "Australia/Sydney"
driver = "sqlite"

[site.databases]
BPSPATIENTS = "practice.sqlite"
"#,
    )],
    right: &[],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rules::example::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&NO_FILE), @r#"
        warning[PC016]: there is no such file yet
          --> pilaster.toml:12:15
           |
        12 | BPSPATIENTS = "practice.sqlite"
           |               ^^^^^^^^^^^^^^^^^
           |
           = note: it is looked for at /etc/pilaster/practice.sqlite
           = help: correct the path, which begins at the folder of this file, or make the database there

        1 warning
        "#);
    }
}
