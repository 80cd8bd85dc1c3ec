//! PC007: a secret stands in the file.

use crate::mapping::{Rule, Severity};

pub static PLAIN_SECRET: Rule = Rule {
    code: "PC007",
    severity: Severity::Error,
    title: "A secret stands in the file",
    explanation: "Files are copied, shown and kept in version control. Name the environment variable, { env = \
        \"NAME\" }, or the file, { file = \"path\" }, that holds it; and change the secret, since it has \
        been written down.",
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
password = "correct horse"

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
        insta::assert_snapshot!(tested(&PLAIN_SECRET), @r#"
        error[PC007]: `password` is written out; name where it is kept
          --> pilaster.toml:14:12
           |
        14 | password = "*************"
           |            ^^^^^^^^^^^^^^^
           |
           = help: password = { env = "NAME" } or password = { file = "path" }; and change the secret, which has been written down

        1 error
        "#);
    }
}
