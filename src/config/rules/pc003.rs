//! PC003: a key that has no meaning here.

use crate::mapping::{Rule, Severity};

pub static UNKNOWN_KEY: Rule = Rule {
    code: "PC003",
    severity: Severity::Error,
    title: "A key that has no meaning here",
    explanation: "Nothing is ignored silently: a key that is misspelt would otherwise look as if it worked.",
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
conections = 4
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
        insta::assert_snapshot!(tested(&UNKNOWN_KEY), @r"
        error[PC003]: there is no key `conections` in the limits of a site
          --> pilaster.toml:20:1
           |
        20 | conections = *
           | ^^^^^^^^^^
           |
           = help: did you mean `connections`?

        1 error
        ");
    }
}
