//! PC004: a key that must be there is missing.

use crate::mapping::{Rule, Severity};

pub static MISSING_KEY: Rule = Rule {
    code: "PC004",
    severity: Severity::Error,
    title: "A key that must be there is missing",
    explanation: "The rest cannot be used without it. The message says which key it is, and what it is for.",
    wrong: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
mapping = "bp-premier"
driver = "mssql"

[site.server]
host = "192.0.2.10"
user = "pilaster_reader"
password = { env = "DB_PASSWORD" }

[site.databases]
BPSPATIENTS = "BPSPatients"
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
        insta::assert_snapshot!(tested(&MISSING_KEY), @r"
        error[PC004]: `time-zone` is missing in the entry of a site: the practice's IANA zone, `Australia/Sydney`
         --> pilaster.toml:5:1
          |
        5 | [[site]]
          | ^^^^^^^^

        1 error
        ");
    }
}
