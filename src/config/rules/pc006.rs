//! PC006: the value of a key is not one that it takes.

use crate::mapping::{Rule, Severity};

pub static INVALID_VALUE: Rule = Rule {
    code: "PC006",
    severity: Severity::Error,
    title: "The value of a key is not one that it takes",
    explanation: "The key takes one of a few words, a number within bounds, a name that is known, or a path that \
        is there. The message says which.",
    wrong: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
mapping = "bp-premier"
time-zone = "Australia/Sidney"
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
        insta::assert_snapshot!(tested(&INVALID_VALUE), @r#"
        error[PC006]: `time-zone`: no IANA time zone has this name
         --> pilaster.toml:8:13
          |
        8 | time-zone = "Australia/Sidney"
          |             ^^^^^^^^^^^^^^^^^^
          |
          = help: did you mean `Australia/Sydney`?

        1 error
        "#);
    }
}
