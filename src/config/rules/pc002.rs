//! PC002: the file is not TOML.

use crate::mapping::{Rule, Severity};

pub static SYNTAX: Rule = Rule {
    code: "PC002",
    severity: Severity::Error,
    title: "The file is not TOML",
    explanation: "The text cannot be read from the place shown on. The usual cause is a text without quotes, or a \
        quote that is not closed.",
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
host = 192.0.2.10
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
        insta::assert_snapshot!(tested(&SYNTAX), @r"
        error[PC002]: this cannot be read as TOML
          --> pilaster.toml:12:13
           |
        12 | host = 192.0.2.10
           |             ^^^^^
           |
           = help: a text stands in quotes, which are closed in its line; a key is followed by `=` and one value

        1 error
        ");
    }
}
