//! Names in an engine's words that may be passed on.

/// The name that an engine does not find, where a statement has it: then it is the mapping's, since a statement's text
/// holds no value. Engines quote it with one of several marks; so do statements.
pub(super) fn of_statement<'m>(message: &'m str, statement: &str) -> Option<&'m str> {
    let mut quoted = message.split(['\'', '"', '[', ']']).skip(1).step_by(2);
    quoted.find(|part| {
        let is_name = !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        is_name
            && [("[", "]"), ("\"", "\"")]
                .iter()
                .any(|(open, close)| statement.contains(&format!("{open}{part}{close}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_names_may_be_told() {
        let statement = r#"SELECT [p].[SURNAME], "t"."DOB" FROM x WHERE a = @p1"#;
        let cases = [
            ("Invalid column name 'SURNAME'.", Some("SURNAME")),
            (r#"column "DOB" does not exist"#, Some("DOB")),
            (r#"Column unknown P."DOB""#, Some("DOB")),
            ("Invalid column name 'Smith'.", None),
            ("Conversion failed: 'a = @p1'", None),
            ("", None),
        ];
        for (message, name) in cases {
            assert_eq!(of_statement(message, statement), name, "{message}");
        }
    }
}
