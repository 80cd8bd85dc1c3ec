//! JSON text → the same, indented, its properties in the order that they were written in.

/// Indents JSON text by two blanks a level; `[]` and `{}` stay together. Text that is no JSON comes out
/// with its own characters too, only oddly broken.
pub(super) fn indented(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut chars = text.chars().peekable();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            match c {
                '\\' => out.extend(chars.next()),
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match c {
            '{' | '[' => {
                out.push(c);
                if let Some(close @ ('}' | ']')) = chars.peek().copied() {
                    out.push(close);
                    chars.next();
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => {
                in_string = c == '"';
                out.push(c);
            }
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    // Deeper than any resource: hostile text must not become quadratic blanks.
    const DEEPEST: usize = 64;
    out.push('\n');
    for _ in 0..depth.min(DEEPEST) {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indents_and_keeps_the_order() {
        let text = r#"{"resourceType":"Bundle","a":[1,{"b":"x\",{}[]: y"}],"c":[],"d":{}}"#;
        let indented = indented(text);
        assert_eq!(
            indented,
            "{\n  \"resourceType\": \"Bundle\",\n  \"a\": [\n    1,\n    {\n      \"b\": \"x\\\",{}[]: y\"\n    }\n  ],\n  \"c\": [],\n  \"d\": {}\n}"
        );
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        assert_eq!(value(&indented), value(text));
    }
}
