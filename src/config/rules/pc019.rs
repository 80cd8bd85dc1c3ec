//! PC019: it is not said which site of a PMS ID is authoritative.

use crate::mapping::{Rule, Severity};

pub static SHARED_PMS_ID: Rule = Rule {
    code: "PC019",
    severity: Severity::Warning,
    title: "It is not said which site of a PMS ID is authoritative",
    explanation: "Several databases may have one PMS ID: a copy, or the one before a migration. One of them is \
        asked, and the PMS ID leads to it. Where the file does not say which, it is the first.",
    wrong: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
pms-id = "12345"
mapping = "bp-premier"
time-zone = "Australia/Sydney"
driver = "mssql"

[site.server]
host = "192.0.2.10"
user = "pilaster_reader"
password = { env = "DB_PASSWORD" }

[site.databases]
BPSPATIENTS = "BPSPatients"

[[site]]
id = "27b5d1c0-5f0e-4a55-8b63-3f1f7b0c9d22"
pms-id = "12345"
mapping = "bp-premier"
time-zone = "Australia/Sydney"
driver = "mssql"

[site.server]
host = "192.0.2.10"
user = "pilaster_reader"
password = { env = "DB_PASSWORD" }

[site.databases]
BPSPATIENTS = "BPSPatientsBefore"
"#,
    )],
    right: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
pms-id = "12345"
authoritative = true
mapping = "bp-premier"
time-zone = "Australia/Sydney"
driver = "mssql"

[site.server]
host = "192.0.2.10"
user = "pilaster_reader"
password = { env = "DB_PASSWORD" }

[site.databases]
BPSPATIENTS = "BPSPatients"

[[site]]
id = "27b5d1c0-5f0e-4a55-8b63-3f1f7b0c9d22"
pms-id = "12345"
mapping = "bp-premier"
time-zone = "Australia/Sydney"
driver = "mssql"

[site.server]
host = "192.0.2.10"
user = "pilaster_reader"
password = { env = "DB_PASSWORD" }

[site.databases]
BPSPATIENTS = "BPSPatientsBefore"
"#,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rules::example::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&SHARED_PMS_ID), @r#"
        warning[PC019]: another site has this PMS ID, and it is not said which of them is authoritative
          --> pilaster.toml:22:10
           |
         7 | pms-id = "12345"
           |          ------- first here
        ...
        22 | pms-id = "12345"
           |          ^^^^^^^ again here
           |
           = note: the first of which nothing is said counts, unless an operator chooses another; the others cannot be asked
           = help: say `authoritative = true` of the one that the practice works with

        1 warning
        "#);
    }
}
