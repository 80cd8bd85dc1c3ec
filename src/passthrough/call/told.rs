//! An engine's message for the caller whose statement it is about.
//!
//! Takes the engine's words and the statement; gives them in one line of bounded length, in which a part that the statement
//! itself does not have is `…` wherever a value could stand: in quotes, brackets or parentheses, or as a number. Engines
//! put a row's values there (`Conversion failed when converting the varchar value 'Smith' …`, `The duplicate key value is
//! (12)`), and a caller's message is kept longer, and by more, than the rows are.

/// Characters of a message, at the most.
const LONGEST: usize = 1_000;
/// Characters of a message that are looked at.
const LONGEST_READ: usize = 4_000;
const LEFT_OUT: char = '…';

/// The marks that parts stand between.
const MARKS: [(char, char); 7] = [
    ('\'', '\''),
    ('"', '"'),
    ('`', '`'),
    ('[', ']'),
    ('(', ')'),
    ('‘', '’'),
    ('“', '”'),
];

/// The engine's words, without what a row could hold.
pub fn told(message: &str, statement: &str) -> String {
    let message = match message.char_indices().nth(LONGEST_READ) {
        Some((end, _)) => &message[..end],
        None => message,
    };
    let statement = statement.to_lowercase();
    let mut out = String::with_capacity(message.len().min(LONGEST * 2));
    let mut rest = message;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        // An apostrophe within a word opens nothing.
        let mark = MARKS
            .iter()
            .find(|(open, _)| *open == first && !before.is_alphanumeric());
        let taken = if let Some((_, close)) = mark {
            marked(rest, first, *close, &statement, &mut out)
        } else if first.is_alphanumeric() {
            word(rest, &statement, &mut out)
        } else {
            out.push(first);
            first.len_utf8()
        };
        let (seen, behind) = rest.split_at(taken);
        before = seen.chars().next_back().unwrap_or(' ');
        rest = behind;
    }
    one_line(&out)
}

/// An argument of a message that the engine gives by itself: as it is where the statement has it.
pub fn part<'m>(argument: &'m str, statement: &str) -> &'m str {
    match occurs(argument, &statement.to_lowercase()) {
        true => argument,
        false => "…",
    }
}

/// In one line of bounded length.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST * 2));
    for (count, word) in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .enumerate()
    {
        if count > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
    if let Some((end, _)) = out.char_indices().nth(LONGEST) {
        out.truncate(end);
        out.push(LEFT_OUT);
    }
    out
}

/// Takes what stands between marks: as it is where the statement has it, else all up to the last mark of its kind, since
/// what is left out may have such a mark in it. Gives how many bytes were taken.
fn marked(text: &str, open: char, close: char, statement: &str, out: &mut String) -> usize {
    let start = open.len_utf8();
    let ends = text[start..].match_indices(close).map(|(at, _)| start + at);
    let mut last = None;
    for end in ends {
        let behind = &text[end + close.len_utf8()..];
        let part = &text[start..end];
        let says_nothing = !part.contains(char::is_alphanumeric);
        if closes(behind, open, close, says_nothing) && (says_nothing || occurs(part, statement)) {
            let taken = end + close.len_utf8();
            out.push_str(&text[..taken]);
            return taken;
        }
        last = Some(end);
    }
    out.push(open);
    out.push(LEFT_OUT);
    match last {
        Some(end) => {
            out.push(close);
            end + close.len_utf8()
        }
        // Cut off: the rest is of the part.
        None => text.len(),
    }
}

/// Whether a mark closes what it may, by what comes behind it: not where it stands within a word, nor where the marks behind
/// it are no pairs, for then it is part of what they enclose. What
/// says nothing, such as an empty part, is believed to do so where no mark comes behind it.
fn closes(behind: &str, open: char, close: char, says_nothing: bool) -> bool {
    let count = |mark| behind.matches(mark).count();
    let is_paired = match open == close {
        true => count(close) % 2 == 0,
        false => count(close) == count(open),
    };
    !behind.starts_with(char::is_alphanumeric) && is_paired && !(says_nothing && count(close) > 0)
}

/// Takes a word or a number with what belongs to it, such as `2026-01-05` or `10.50`.
fn word(text: &str, statement: &str, out: &mut String) -> usize {
    let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let mut end = text.find(|c| !is_of_word(c)).unwrap_or(text.len());
    let has_digit = |part: &str| part.contains(|c: char| c.is_numeric());
    if has_digit(&text[..end]) {
        // Digits go on behind a point, a hyphen and the like.
        while let Some(joined) = text[end..].strip_prefix(['.', ',', '-', '/', ':', '+'])
            && joined.starts_with(|c: char| c.is_numeric())
        {
            end += 1 + joined.find(|c| !is_of_word(c)).unwrap_or(joined.len());
        }
    }
    let word = &text[..end];
    match !has_digit(word) || occurs(word, statement) {
        true => out.push_str(word),
        false => out.push(LEFT_OUT),
    }
    end
}

/// Whether a statement, in lower case, has a part by itself: not within a longer word.
fn occurs(part: &str, statement: &str) -> bool {
    let part = part.trim().to_lowercase();
    if part.is_empty() {
        return true;
    }
    let is_edge = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    statement.match_indices(&part).any(|(at, _)| {
        is_edge(statement[..at].chars().next_back())
            && is_edge(statement[at + part.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_statements_own_parts_are_told_and_others_are_not() {
        let statement =
            "SELECT [NOPE], 'Jones' FROM dbo.Patients WHERE AGE > 12 AND \"Given name\" = @p1";
        let cases = [
            ("Invalid column name 'NOPE'.", "Invalid column name 'NOPE'."),
            (
                "Invalid object name 'dbo.patients'.",
                "Invalid object name 'dbo.patients'.",
            ),
            (
                "Conversion failed when converting the varchar value 'Smith' to data type int.",
                "Conversion failed when converting the varchar value '…' to data type int.",
            ),
            (
                "Conversion failed when converting the varchar value 'O'Brien' (it's) 'x' to int.",
                "Conversion failed when converting the varchar value '…' to int.",
            ),
            (
                "Conversion failed when converting the varchar value 'Jones' to data type int.",
                "Conversion failed when converting the varchar value 'Jones' to data type int.",
            ),
            (
                "The duplicate key value is (Smith, 1980-02-29).",
                "The duplicate key value is (…).",
            ),
            ("value 12 of 13 at 1980-02-29", "value 12 of … at …"),
            (
                "conversion error from string \"10.50\"",
                "conversion error from string \"…\"",
            ),
            (
                "Can't do it: it doesn't work",
                "Can't do it: it doesn't work",
            ),
            (
                "near \"Given name\": odd\r\n\tline",
                "near \"Given name\": odd line",
            ),
            ("cut off at 'Smi", "cut off at '…"),
            ("Jon and 'Jone'", "Jon and '…'"),
            ("the value 'nope' Smith' is odd", "the value '…' is odd"),
            ("'' and 'nope'", "'…'"),
            ("an empty ''", "an empty ''"),
            ("", ""),
        ];
        for (message, expected) in cases {
            assert_eq!(told(message, statement), expected);
        }
    }

    #[test]
    fn a_message_has_an_end() {
        let long = told(&"word ".repeat(1_000), "");
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with("word…") || long.ends_with('…'));
    }

    proptest! {
        /// A value in quotes never comes through, whatever is in it and around it.
        #[test]
        fn no_quoted_value_is_told(
            open in prop_oneof![Just(("'", "'")), Just(("\"", "\"")), Just(("(", ")")), Just(("[", "]"))],
            around in "[a-z .']{0,12}",
            value in "[a-zé '\"()]{0,6}",
        ) {
            let message = format!("value {}{value}ZZYX{value}{} {around}", open.0, open.1);
            let told = told(&message, "SELECT 1");
            prop_assert!(!told.contains("ZZYX"), "{}", told);
        }
    }
}
