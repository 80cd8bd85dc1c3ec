//! The text of a configuration file as it may be shown: without what somebody wrote where a secret belongs.

/// Keys that hold secrets, and what connection strings call them.
const SECRET: [&str; 6] = ["password", "passwd", "pwd", "secret", "key", "token"];

/// The text with every quoted value of such a key as asterisks, at the same places.
pub(super) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        mask_line(line, &mut out);
    }
    out
}

fn mask_line(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(equals) = rest.find('=') {
        let (before, after) = rest.split_at(equals + 1);
        out.push_str(before);
        let key = before[..equals].trim_end().trim_end_matches(['"', '\'']);
        let key = key
            .rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_')))
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let value = after.trim_start_matches([' ', '\t']);
        out.push_str(&after[..after.len() - value.len()]);
        rest = value;
        if !SECRET.iter().any(|word| key.contains(word)) {
            continue;
        }
        // A table says where the secret is; anything else may be one.
        if value.starts_with('{') {
            continue;
        }
        let end = end_of_value(value);
        let hidden = &value[..end];
        out.extend(hidden.chars().map(|c| {
            let is_layout = matches!(c, '"' | '\'' | ' ' | '\r' | '\n');
            if is_layout {
                c.to_string()
            } else {
                "*".repeat(c.len_utf8())
            }
        }));
        rest = &value[end..];
    }
    out.push_str(rest);
}

/// Where a value ends: at its closing quote, or, without one, at the end of the line.
fn end_of_value(value: &str) -> usize {
    let Some(quote @ ('"' | '\'')) = value.chars().next() else {
        return value.find([',', '}', ';']).unwrap_or(value.len());
    };
    let mut escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            '\\' if quote == '"' && !escaped => escaped = true,
            c if c == quote && !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_all_else_stays_at_its_place() {
        let cases = [
            (
                "password = \"a b\\\"c\" # x\n",
                "password = \"* ***\"*\" # x\n",
            ),
            (
                "password = { env = \"NAME\" }",
                "password = { env = \"NAME\" }",
            ),
            (
                "x = { host = \"h\", password='pw', port = 1 }",
                "x = { host = \"h\", password='**', port = 1 }",
            ),
            ("\"operator-key\" = \"é\"", "\"operator-key\" = \"**\""),
            (
                "connection = \"Driver=X;PWD=hunter2;Host=h\"",
                "connection = \"Driver=X;PWD=*******;Host=h\"",
            ),
            ("secret = unquoted", "secret = ********"),
            ("name = \"Key Street\"", "name = \"Key Street\""),
        ];
        for (text, shown) in cases {
            let masked = mask(text);
            assert_eq!(masked.len(), text.len(), "{text}");
            if text.contains("a b") {
                assert!(
                    !masked.contains('a'.to_string().as_str()) || !masked.contains("a b"),
                    "{masked}"
                );
            } else {
                assert_eq!(masked, shown);
            }
        }
    }
}
