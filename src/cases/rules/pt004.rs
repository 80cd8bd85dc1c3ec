//! PT004: a field's expression is not FHIRPath, or leads nowhere.

use super::{FILE_NAME, Rule, Severity};

pub static EXPRESSION: Rule = Rule {
    code: "PT004",
    severity: Severity::Error,
    title: "A field's expression is not FHIRPath, or leads nowhere",
    explanation: "A key under `fields:` and `bundle:` is a FHIRPath expression, of which a part of the language is understood. Its names are those of R4: what R4 does not have can never be found.",
    wrong: &[(
        FILE_NAME,
        r#"- name: patient-read
  read: Patient/1
  expect: { fields: { name.familly: Smith } }
"#,
    )],
    right: &[(
        FILE_NAME,
        r#"- name: patient-read
  read: Patient/1
  expect: { fields: { name.family: Smith } }
"#,
    )],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples() {
        insta::assert_snapshot!("PT004", super::super::tested(&EXPRESSION));
    }
}
