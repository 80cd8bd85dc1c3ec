//! Names of a database → text of YAML, of SQL, and of remarks.
//!
//! A name may hold anything: quotes, colons, a line's end. In a remark, what would end its line is shown as `?`; a name
//! that the mapping language cannot say is not used, and only remarked upon.

use std::fmt::Write as _;

/// A longer name is cut in a remark, in characters.
const SHOWN: usize = 80;
/// Where lines of remarks are broken, in characters.
const WIDTH: usize = 110;

/// Words that YAML, or somebody's reading of it, takes for something else.
const RESERVED: [&str; 11] = [
    "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf",
];

/// Text as a scalar or key of YAML.
pub(super) fn scalar(text: &str) -> String {
    let may_begin = |c: char| c.is_alphabetic() || c == '_';
    let is_plain = text.starts_with(may_begin)
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | ' ' | '(' | ')' | '-'))
        && !text.ends_with(' ')
        && !RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word));
    match is_plain {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// Text in double quotes, as YAML and JSON have them.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if is_break(c) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Ends a line, or cannot be seen.
fn is_break(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
        || ('\u{202a}'..='\u{202e}').contains(&c)
}

/// A name as a remark shows it.
pub fn shown(name: &str) -> String {
    let mut chars = name.chars().map(|c| if is_break(c) { '?' } else { c });
    let mut out: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// What a mapping can name: a dot would part a table from its schema, and brackets are its quotes.
pub(super) fn can_be_named(name: &str) -> bool {
    !name.trim().is_empty()
        && name.trim() == name
        && !name.contains(['[', ']'])
        && !name.chars().any(is_break)
}

/// A name within a fragment of the language: in brackets where it is no plain one.
pub(super) fn name(text: &str) -> String {
    const KEYWORDS: [&str; 10] = [
        "as", "on", "where", "order", "by", "and", "or", "not", "in", "is",
    ];
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(is_name)
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && !KEYWORDS.iter().any(|word| part.eq_ignore_ascii_case(word))
    };
    match plain(text) {
        true => text.to_owned(),
        false => format!("[{text}]"),
    }
}

/// A table's name within a fragment; its schema stands before it.
pub(super) fn table(text: &str) -> String {
    text.split('.').map(name).collect::<Vec<_>>().join(".")
}

/// A fragment of the language as a scalar: in quotes where it has brackets, or begins with what YAML reads itself.
pub(super) fn fragment(text: &str) -> String {
    let is_plain = text.chars().all(|c| {
        c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | ' ' | '=' | '<' | '>' | '\'')
    });
    match is_plain {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// A remark, in lines of their own. What it names is to be [`shown`].
pub(super) fn remark(prefix: &str, text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + word.chars().count() >= WIDTH {
                let _ = writeln!(out, "{prefix}{line}");
                line.clear();
            }
            line.push(' ');
            line.push_str(word);
        }
        let line = line.trim_end();
        let _ = writeln!(out, "{prefix}{line}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_escapes() {
        for (name, as_scalar) in [
            ("SURNAME", "SURNAME"),
            ("varchar(40)", "varchar(40)"),
            ("No", "\"No\""),
            ("1st", "\"1st\""),
            ("a: b", "\"a: b\""),
            ("#x", "\"#x\""),
            ("say \"x\"\\", "\"say \\\"x\\\"\\\\\""),
            ("a\nb\u{2028}", "\"a\\u000ab\\u2028\""),
            ("Straße", "Straße"),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(name), as_scalar);
        }
        assert_eq!(shown("a\nb\u{85}c"), "a?b?c");
        assert_eq!(shown(&"x".repeat(200)).chars().count(), SHOWN + 1);
        assert!(
            !can_be_named("a]b")
                && !can_be_named("a\nb")
                && !can_be_named(" a")
                && can_be_named("a\"b'c")
        );
        assert_eq!(table("dbo.Patient List"), "dbo.[Patient List]");
        assert_eq!(name("order"), "[order]");
        assert_eq!(fragment("[a: b] as p"), "\"[a: b] as p\"");
    }

    #[test]
    fn remarks_keep_to_their_lines() {
        let text = remark("##", &"word ".repeat(60));
        assert!(
            text.lines()
                .all(|line| line.starts_with("## ") && line.chars().count() < WIDTH + 10),
            "{text}"
        );
        assert!(text.lines().count() > 2);
    }
}
