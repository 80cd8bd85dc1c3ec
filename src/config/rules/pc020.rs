//! PC020: a product of a name that nobody knows.

use crate::mapping::{Rule, Severity};

pub static UNKNOWN_PRODUCT: Rule = Rule {
    code: "PC020",
    severity: Severity::Warning,
    title: "A product of a name that nobody knows",
    explanation: "Callers look a practice up by its product and its PMS ID, and an integrator's login may be for all practices \
        of a product: under a name that is misspelt neither finds the practice. The names that are known are those of the API, \
        and what the site's mapping says. Another product's name is no error, and is taken as it stands; where the mapping \
        says it, this warning goes.",
    wrong: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
pms = "Best Pratice"
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
"#,
    )],
    right: &[(
        "pilaster.toml",
        r#"[[key]]
caller = "acme"
secret = { env = "ACME_KEY" }

[[site]]
id = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11"
pms = "Best Practice"
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
"#,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rules::example::tested;

    #[test]
    fn examples() {
        insta::assert_snapshot!(tested(&UNKNOWN_PRODUCT), @r#"
        warning[PC020]: no product is known by this name
         --> pilaster.toml:7:7
          |
        7 | pms = "Best Pratice"
          |       ^^^^^^^^^^^^^^
          |
          = note: names that are known: `Best Practice`, `Zedmed`, `D4w`, `Bp Premier`, `Dental4Windows`; the mapping says `Best Practice`
          = help: did you mean `Best Practice`?

        1 warning
        "#);
    }
}
