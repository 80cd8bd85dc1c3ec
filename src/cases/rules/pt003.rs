//! PT003: a case asks nothing, or two things.

use super::{FILE_NAME, Rule, Severity};

pub static QUESTION: Rule = Rule {
    code: "PT003",
    severity: Severity::Error,
    title: "A case asks nothing, or two things",
    explanation: "A case is a search (`search: \"Patient?family=smith\"`), a read (`read: Patient/1`), or asks which practice the database is of (`practice: true`). `form:`, `strict:` and `follow:` belong to a search.",
    wrong: &[(
        FILE_NAME,
        r#"- { name: patient-all, search: Patient, read: Patient/1, expect: { total: 2 } }
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
        insta::assert_snapshot!("PT003", super::super::tested(&QUESTION));
    }
}
