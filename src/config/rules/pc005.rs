//! PC005: a value of another type belongs here.

use crate::mapping::{Rule, Severity};

pub static WRONG_TYPE: Rule = Rule {
    code: "PC005",
    severity: Severity::Error,
    title: "A value of another type belongs here",
    explanation: "Numbers, `true` and `false` stand without quotes, and all else in them. The message says what is \
        expected.",
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
BPSPATIENTS = "BPSPatients"

[site.limits]
connections = "4"
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

[site.limits]
connections = 4
"#,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rules::example::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&WRONG_TYPE), @r#"
        error[PC005]: `connections` is a whole number; here it is a TOML string
          --> pilaster.toml:20:15
           |
        20 | connections = "4"
           |               ^^^

        1 error
        "#);
    }
}
