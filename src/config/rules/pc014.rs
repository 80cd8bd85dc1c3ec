//! PC014: the mapping is written for another engine.

use crate::mapping::{Rule, Severity};

pub static OTHER_ENGINE: Rule = Rule {
    code: "PC014",
    severity: Severity::Warning,
    title: "The mapping is written for another engine",
    explanation: "SQL of the mapping's own may have no text for this one, and what depends on it is then refused \
        at the start.",
    wrong: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
mapping = "bp-premier"
time-zone = "Australia/Sydney"
driver = "firebird"

[site.server]
host = "192.0.2.10"
user = "pilaster_reader"
password = { env = "DB_PASSWORD" }

[site.databases]
BPSPATIENTS = "/var/lib/practice.fdb"
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
        insta::assert_snapshot!(tested(&OTHER_ENGINE), @r#"
        warning[PC014]: Bp Premier is written for mssql, and the driver is for firebird
         --> pilaster.toml:7:11
          |
        7 | mapping = "bp-premier"
          |           ^^^^^^^^^^^^
          |
          = help: name a mapping for firebird, or the driver for mssql

        1 warning
        "#);
    }
}
