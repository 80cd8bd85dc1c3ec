//! The name of a stored procedure, as a caller writes it: read before it stands in a statement, since no database takes
//! a name as a parameter.
//!
//! Takes text such as `dbo.GetPatient` or `[my schema]."it's"`; gives its parts, each without its quotes.

use super::CallError;

/// Characters of a part; SQL Server's own limit, and more than others have.
const LONGEST_PART: usize = 128;
/// Server, database, schema, name.
const MOST_PARTS: usize = 4;

/// A procedure's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// Without quotes; empty for a schema that is left out, as in `clinical..GetPatient`.
    name: String,
    is_quoted: bool,
}

impl Procedure {
    /// Reads a name of one to four parts.
    ///
    /// # Errors
    /// [`CallError::Command`] where the text is anything but such a name.
    pub fn read(text: &str) -> Result<Procedure, CallError> {
        let refused = || {
            CallError::Command(
                "the text of a storedProcedure is the procedure's name alone, of one to four parts such as \
                 dbo.GetPatient, each in [brackets] or \"quotes\" where it is no plain word; its parameters are given \
                 as parameters"
                    .to_owned(),
            )
        };
        let mut rest = text.trim();
        let mut parts = Vec::new();
        loop {
            let (part, behind) = part(rest).ok_or_else(refused)?;
            parts.push(part);
            match behind.trim_start().strip_prefix('.') {
                Some(next) => rest = next.trim_start(),
                None if behind.trim_start().is_empty() => break,
                None => return Err(refused()),
            }
        }
        let is_named = |place: usize| parts.get(place).is_some_and(|part| !part.name.is_empty());
        let is_name = parts.len() <= MOST_PARTS && is_named(0) && is_named(parts.len() - 1);
        match is_name {
            true => Ok(Procedure { parts }),
            false => Err(refused()),
        }
    }

    /// As T-SQL writes it, whatever characters are in it: `[dbo].[GetPatient]`.
    pub fn in_brackets(&self) -> String {
        self.written(|part| format!("[{}]", part.name.replace(']', "]]")))
    }

    /// As SQL writes it: in double quotes what the caller quoted, since an engine folds only what is not.
    pub fn in_quotes(&self) -> String {
        self.written(|part| match part.is_quoted {
            true => format!("\"{}\"", part.name.replace('"', "\"\"")),
            false => part.name.clone(),
        })
    }

    fn written(&self, write: impl Fn(&Part) -> String) -> String {
        let parts = self.parts.iter().map(|part| match part.name.is_empty() {
            true => String::new(),
            false => write(part),
        });
        parts.collect::<Vec<_>>().join(".")
    }
}

/// The part that a text begins with, and what is behind it.
fn part(text: &str) -> Option<(Part, &str)> {
    let (name, is_quoted, behind) = match text.chars().next() {
        Some('[') => {
            let (name, behind) = quoted(&text[1..], ']')?;
            (name, true, behind)
        }
        Some('"') => {
            let (name, behind) = quoted(&text[1..], '"')?;
            (name, true, behind)
        }
        _ => {
            let end = text.find(|c| !is_plain(c)).unwrap_or(text.len());
            let (name, behind) = text.split_at(end);
            (name.to_owned(), false, behind)
        }
    };
    let begins_well = is_quoted || !name.starts_with(|c: char| c.is_numeric() || c == '$');
    let is_part = begins_well
        && !(is_quoted && name.is_empty())
        && name.chars().count() <= LONGEST_PART
        && !name.chars().any(char::is_control);
    is_part.then_some((Part { name, is_quoted }, behind))
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '#' | '$' | '@')
}

/// What stands before a closing quote, in which a doubled one is itself.
fn quoted(text: &str, close: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once(close)?;
        name.push_str(before);
        match behind.strip_prefix(close) {
            Some(next) => {
                name.push(close);
                rest = next;
            }
            None => return Some((name, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_read_and_written() {
        let cases = [
            ("GetPatient", "[GetPatient]", "GetPatient"),
            (" dbo . GetPatient ", "[dbo].[GetPatient]", "dbo.GetPatient"),
            (
                "[my schema].\"it's\"",
                "[my schema].[it's]",
                "\"my schema\".\"it's\"",
            ),
            ("clinical..Find", "[clinical]..[Find]", "clinical..Find"),
            ("[a]]b]", "[a]]b]", "\"a]b\""),
            ("\"a\"\"b\"", "[a\"b]", "\"a\"\"b\""),
            ("s.d.o.p", "[s].[d].[o].[p]", "s.d.o.p"),
            ("Größe_1", "[Größe_1]", "Größe_1"),
            (
                "[a.b; DROP TABLE t--]",
                "[a.b; DROP TABLE t--]",
                "\"a.b; DROP TABLE t--\"",
            ),
        ];
        for (text, brackets, quotes) in cases {
            let name = Procedure::read(text).expect(text);
            assert_eq!(
                (&*name.in_brackets(), &*name.in_quotes()),
                (brackets, quotes)
            );
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        let long = "x".repeat(129);
        let cases = [
            "",
            " ",
            ".",
            "a.",
            ".a",
            "a b",
            "a;b",
            "a(1)",
            "EXEC a",
            "[a",
            "[a]b",
            "[]",
            "\"a",
            "1a",
            "$a",
            "a.b.c.d.e",
            "a--",
            "a\n;DROP TABLE t",
            "[a\n]",
            &long,
        ];
        for text in cases {
            let refused = Procedure::read(text);
            let Err(CallError::Command(words)) = refused else {
                panic!("{text:?} is {refused:?}");
            };
            assert!(!words.contains("DROP"), "{words}");
        }
    }

    proptest! {
        /// Whatever is read is one name where it is written: outside of its quotes there are plain characters and dots.
        #[test]
        fn nothing_gets_out_of_the_quotes(text in r#"[a-z\[\]". ;'-]{0,20}"#) {
            if let Ok(name) = Procedure::read(&text) {
                for (written, close) in [(name.in_brackets(), ']'), (name.in_quotes(), '"')] {
                    let again = Procedure::read(&written);
                    prop_assert!(again.is_ok(), "{written}");
                    let names = |name: &Procedure| {
                        name.parts.iter().map(|part| part.name.clone()).collect::<Vec<_>>()
                    };
                    prop_assert_eq!(again.map(|again| names(&again)), Ok(names(&name)), "{}", close);
                }
            }
        }
    }
}
