//! PT001: the cases cannot be read.

use super::{FILE_NAME, Rule, Severity};

pub static FILE: Rule = Rule {
    code: "PT001",
    severity: Severity::Error,
    title: "The cases cannot be read",
    explanation: "`cases.yaml` is a list of cases in UTF-8, of at most 4 MiB. Each has a name, a search or a read, and what is expected.",
    wrong: &[(
        FILE_NAME,
        r#"patient-all: { search: Patient, expect: { total: 2 } }
"#,
    )],
    right: &[(
        FILE_NAME,
        r#"- { name: patient-all, search: Patient, expect: { total: 2 } }
"#,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples() {
        insta::assert_snapshot!("PT001", super::super::tested(&FILE));
    }
}
