//! A key that is written twice. TOML allows none, and its reader says where the second stands; the first is found here.

use toml::de::{DeTable, DeValue, Error};

use super::read::clip;
use super::rules;
use crate::mapping::{Problem, Span};

/// What the reader of TOML says of one.
const MESSAGE: &str = "duplicate key";
/// Keys of the same name that are tried, of those that stand before it.
const TRIED: usize = 100;

/// The problem, with both places; None where the file has another.
pub(super) fn problem(text: &str, error: &Error) -> Option<Problem> {
    let second = error.span().filter(|_| error.message() == MESSAGE)?;
    let name = name(text.get(second.clone())?);
    let message = format!("`{}` is written twice", clip(name));
    let problem = Problem::new(&rules::DUPLICATE, &second, message)
        .label("again here")
        .help(match is_in_heading(text, &second) {
            true => "write what belongs to it under one heading; another practice or caller begins with [[site]] or [[key]]",
            false => "keep the one that is meant; what is to be of another practice or caller stands below a [[site]] or [[key]] of its own",
        });
    Some(match first(text, name, &second) {
        Some(first) => problem.related(&first, "first here"),
        None => problem,
    })
}

/// Of the keys of a name before another one, that which the other repeats: without it, the other would be allowed.
fn first(text: &str, name: &str, second: &Span) -> Option<Span> {
    let mut before = Vec::new();
    let line = text[..second.start].rfind('\n').map_or(0, |end| end + 1);
    // Of a table that is headed twice, the whole text gives the second heading alone.
    for part in [&text[..line], text] {
        let (table, _) = DeTable::parse_recoverable(part);
        keys(table.get_ref(), name, &mut before);
    }
    before.retain(|span| span.end <= second.start);
    before.sort_by_key(|span| std::cmp::Reverse(span.start));
    let mut other = String::from("another");
    while text.contains(&other) {
        other.push('-');
    }
    before.into_iter().take(TRIED).find(|span| {
        let without = [&text[..span.start], &other, &text[span.end..]].concat();
        let moved = second.start + other.len() - span.len();
        match DeTable::parse(&without) {
            Ok(_) => true,
            Err(error) => error.span().is_none_or(|again| again.start > moved),
        }
    })
}

/// The places of all keys of a name, in a table and what is in it.
fn keys(table: &DeTable<'_>, name: &str, found: &mut Vec<Span>) {
    for (key, value) in table {
        if key.get_ref() == name {
            found.push(key.span());
        }
        of_value(value.get_ref(), name, found);
    }
}

fn of_value(value: &DeValue<'_>, name: &str, found: &mut Vec<Span>) {
    match value {
        DeValue::Table(table) => keys(table, name, found),
        DeValue::Array(list) => list
            .iter()
            .for_each(|entry| of_value(entry.get_ref(), name, found)),
        _ => {}
    }
}

/// A key without its quotes.
fn name(key: &str) -> &str {
    key.trim_matches(['"', '\''])
}

fn is_in_heading(text: &str, key: &Span) -> bool {
    let line = text[..key.start].rsplit('\n').next().unwrap_or_default();
    line.trim_start().starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text from the first of the two on, to the end of its line, and that from the second on.
    fn places(text: &str) -> Option<(String, String)> {
        let error = DeTable::parse(text).expect_err("no TOML");
        let second = error.span().filter(|_| error.message() == MESSAGE)?;
        let first = first(text, name(&text[second.clone()]), &second).expect("the first");
        let line = |at: usize| text[at..].lines().next().unwrap_or_default().to_owned();
        Some((line(first.start), line(second.start)))
    }

    #[test]
    fn the_first_is_the_one_that_is_repeated_and_none_of_another_table() {
        let cases = [
            ("a = 1\nb = 2\na = 3\n", "a = 1", "a = 3"),
            ("a = 1\r\n\"a\" = 3\r\n", "a = 1", "\"a\" = 3"),
            (
                "[[k]]\nc = 1\n[[k]]\nc = 2\n'c' = 3\n[[k]]\nc = 4\n",
                "c = 2",
                "'c' = 3",
            ),
            ("a.x = 1\nb.x = 2\na.x = 3\n", "x = 1", "x = 3"),
            ("t = { a = 1, a = 2 }\n", "a = 1, a = 2 }", "a = 2 }"),
            ("[[s]]\n[s.v]\nh = 1\n[s.w]\n[s.v]\nh = 2\n", "v]", "v]"),
            ("k = 1\n[[k]]\nc = 2\n", "k = 1", "k]]"),
            // One more behind it does not keep it from being found.
            ("a = 1\na = 2\na = 3\n", "a = 1", "a = 2"),
            ("another = 1\nanother = 2\n", "another = 1", "another = 2"),
        ];
        for (text, first, second) in cases {
            let expected = (first.to_owned(), second.to_owned());
            assert_eq!(places(text), Some(expected), "{text}");
        }
        assert_eq!(places("a = \n"), None);
    }
}
