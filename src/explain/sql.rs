//! A command's text, broken into lines that fit a page.
//!
//! A line is broken between the columns of a list and before `AND` and `OR`, never within quotes, and
//! only where a blank stands anyway: what is copied from it is the command and runs.

/// Characters of a line, as far as the places to break it allow.
const WIDTH: usize = 96;

/// The lines of a SQL text. A line that goes on is indented by `indent` more characters.
pub(super) fn lines(text: &str, indent: usize) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        let mut width = 0;
        for part in parts(line) {
            let length = part.chars().count();
            if width > 0 && width + length > WIDTH {
                out.push(std::mem::take(&mut current).trim_end().to_owned());
                current.push_str(&" ".repeat(indent));
                width = indent;
            }
            // The first part of a line keeps its own indent.
            current.push_str(part);
            width += length;
        }
        out.push(current.trim_end().to_owned());
    }
    out
}

/// The line cut where it may be broken; each part keeps the blank at its end.
fn parts(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (part, after) = rest.split_at(end_of_part(rest));
        rest = after;
        Some(part)
    })
}

/// The first place to break a text that is not its beginning: after a comma outside parentheses, before
/// `AND` or `OR`.
fn end_of_part(text: &str) -> usize {
    let mut closing: Option<char> = None;
    let mut depth = 0_usize;
    let mut previous = ' ';
    let mut is_begun = false;
    for (at, c) in text.char_indices() {
        match (closing, c) {
            // A doubled quote closes and opens again: the same in the end.
            (Some(quote), c) if c == quote => closing = None,
            (Some(_), _) => {}
            (None, '\'') => closing = Some('\''),
            (None, '"') => closing = Some('"'),
            (None, '[') => closing = Some(']'),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ' ') if is_begun => {
                let after = &text[at + 1..];
                let is_word = after.starts_with("AND ") || after.starts_with("OR ");
                if is_word || (previous == ',' && depth == 0) {
                    return at + 1;
                }
            }
            (None, _) => {}
        }
        is_begun |= c != ' ';
        previous = c;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_of_the_select_list_break_a_line() {
        let column = "[p].[A, B]";
        let text = format!(
            "SELECT {column}, 'x, y', COALESCE([p].[C], [p].[D]), {}{column}\nFROM [T] AS [p]",
            format!("{column}, ").repeat(10)
        );
        let lines = lines(&text, 7);
        assert!(lines.len() > 2);
        assert!(lines[0].ends_with(','), "{lines:?}");
        assert!(lines[1].starts_with("       [p].[A, B]"), "{lines:?}");
        assert_eq!(lines.last().map(String::as_str), Some("FROM [T] AS [p]"));
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&lines.join(" ")), words(&text));
    }

    #[test]
    fn long_conditions_break_before_their_words() {
        let text = format!(
            "  AND ({}[p].[A OR B] = 'x AND y')",
            "[p].[A] = ?1 OR ".repeat(12)
        );
        let lines = lines(&text, 7);
        assert!(lines.len() > 2);
        assert!(lines[0].starts_with("  AND ([p].[A] = ?1"), "{lines:?}");
        assert!(lines[1].starts_with("       OR "), "{lines:?}");
        assert!(
            lines.last().unwrap().ends_with("[p].[A OR B] = 'x AND y')"),
            "{lines:?}"
        );
    }

    #[test]
    fn a_line_without_places_to_break_stays_whole() {
        let text = format!("WHERE {}", "x".repeat(200));
        assert_eq!(lines(&text, 2), [text]);
    }
}
