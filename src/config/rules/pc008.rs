//! PC008: a secret is not to be had.

use crate::mapping::{Rule, Severity};

pub static NO_SECRET: Rule = Rule {
    code: "PC008",
    severity: Severity::Error,
    title: "A secret is not to be had",
    explanation: "The environment variable is not set where the program was started, or the file cannot be read or \
        is empty. Nothing is served rather than something else than what the file says.",
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
password = { env = "DB_PASWORD" }

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
        insta::assert_snapshot!(tested(&NO_SECRET), @r#"
        error[PC008]: the environment variable `DB_PASWORD` is not set, or is empty
          --> pilaster.toml:14:20
           |
        14 | password = { env = "DB_PASWORD" }
           |                    ^^^^^^^^^^^^
           |
           = help: set it where the program is started

        1 error
        "#);
    }
}
