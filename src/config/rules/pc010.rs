//! PC010: the databases are not those that the mapping needs.

use crate::mapping::{Rule, Severity};

pub static CATALOGUES: Rule = Rule {
    code: "PC010",
    severity: Severity::Error,
    title: "The databases are not those that the mapping needs",
    explanation: "A mapping names its catalogues; the entry says for each of them which database of the practice \
        it is.",
    wrong: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
mapping = "bp-premier"
time-zone = "Australia/Sydney"
driver = "mssql"

[site.server]
host = "192.0.2.10"
user = "pilaster_reader"
password = { env = "DB_PASSWORD" }

[site.databases]
BPSPATIENT = "BPSPatients"
"#,
    )],
    right: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
mapping = "bp-premier"
time-zone = "Australia/Sydney"
driver = "mssql"

[site.server]
host = "192.0.2.10"
user = "pilaster_reader"
password = { env = "DB_PASSWORD" }

[site.databases]
BPSPATIENTS = "BPSPatients"
"#,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rules::example::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&CATALOGUES), @r#"
        error[PC010]: Bp Premier has no catalogue `BPSPATIENT`
          --> pilaster.toml:17:1
           |
        17 | BPSPATIENT = "BPSPatients"
           | ^^^^^^^^^^
           |
           = help: did you mean `BPSPATIENTS`?

        1 error
        "#);
    }
}
