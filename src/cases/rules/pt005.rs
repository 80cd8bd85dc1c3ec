//! PT005: what is expected cannot all be true.

use super::{FILE_NAME, Rule, Severity};

pub static CONTRADICTION: Rule = Rule {
    code: "PT005",
    severity: Severity::Error,
    title: "What is expected cannot all be true",
    explanation: "An answer has a status of 200; a refusal has another, and a code of the table of errors (`pilaster errors`), but no ids, total, pages or fields. What is said of the practice (`practice: true`) is no resource, and is expected under `practice:`.",
    wrong: &[(
        FILE_NAME,
        r#"- { name: patient-deleted, read: Patient/3, expect: { status: 404, code: PH003, ids: ["3"] } }
"#,
    )],
    right: &[(
        FILE_NAME,
        r#"- { name: patient-deleted, read: Patient/3, expect: { status: 404, code: PH003 } }
"#,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples() {
        insta::assert_snapshot!("PT005", super::super::tested(&CONTRADICTION));
    }
}
