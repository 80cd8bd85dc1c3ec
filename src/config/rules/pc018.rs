//! PC018: not exactly one site of a PMS ID is authoritative.

use crate::mapping::{Rule, Severity};

pub static AUTHORITATIVE: Rule = Rule {
    code: "PC018",
    severity: Severity::Error,
    title: "Not exactly one site of a PMS ID is authoritative",
    explanation: "Several databases may have one PMS ID: a copy, or the one before a migration. One of them is \
        asked, and the PMS ID leads to it; which, is a guess where two say that they are the one, and none can be asked where \
        each says that it is not.",
    wrong: &[(
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
authoritative = true
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
        insta::assert_snapshot!(tested(&AUTHORITATIVE), @r#"
        error[PC018]: another site with this PMS ID is authoritative
          --> pilaster.toml:24:17
           |
         8 | authoritative = true
           |                 ---- this is
        ...
        24 | authoritative = true
           |                 ^^^^ and this
           |
           = help: let one of them be it: the others cannot be asked

        1 error
        "#);
    }
}
