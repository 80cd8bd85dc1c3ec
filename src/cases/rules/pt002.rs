//! PT002: the name of a case cannot be that of its snapshot.

use super::{FILE_NAME, Rule, Severity};

pub static NAME: Rule = Rule {
    code: "PT002",
    severity: Severity::Error,
    title: "The name of a case cannot be that of its snapshot",
    explanation: "Each case has a snapshot, whose file has the case's name: letters, digits, `-`, `_` and `.`, at most 100 of them, and no two cases the same.",
    wrong: &[(
        FILE_NAME,
        r#"- { name: "patient/all", search: Patient, expect: { total: 2 } }
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
        insta::assert_snapshot!("PT002", super::super::tested(&NAME));
    }
}
