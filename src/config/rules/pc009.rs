//! PC009: the same thing is said twice.

use crate::mapping::{Rule, Severity};

pub static DUPLICATE: Rule = Rule {
    code: "PC009",
    severity: Severity::Error,
    title: "The same thing is said twice",
    explanation: "A key that is written twice in its table, an id of two sites, a secret of two callers. Only one of them \
        could count, and which is a guess.",
    wrong: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[key]]
caller = "zenith"
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
    right: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[key]]
caller = "zenith"
secret = { env = "ZENITH_KEY" }

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
        insta::assert_snapshot!(tested(&DUPLICATE), @r"
        error[PC009]: another entry has the same secret: whose key it is cannot be told
         --> pilaster.toml:5:1
          |
        1 | [[key]]
          | ------- first here
        ...
        5 | [[key]]
          | ^^^^^^^ again here
          |
          = help: give each caller a secret of its own

        1 error
        ");
    }
}
