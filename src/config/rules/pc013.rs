//! PC013: the connection can be read or changed on its way.

use crate::mapping::{Rule, Severity};

pub static UNSAFE: Rule = Rule {
    code: "PC013",
    severity: Severity::Warning,
    title: "The connection can be read or changed on its way",
    explanation: "Passwords and health data travel on it. What the file says is done all the same: a test on one's \
        own machine may need it.",
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
encrypt = false

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
        insta::assert_snapshot!(tested(&UNSAFE), @r"
        warning[PC013]: the login alone is encrypted
          --> pilaster.toml:15:11
           |
        15 | encrypt = false
           |           ^^^^^
           |
           = help: for a test on one's own machine only

        1 warning
        ");
    }
}
