//! What to do about a text that cannot be read, by where reading stopped: the habits of other languages.

use super::{AFTER_ALIAS, is_keyword};

/// What to do about a text that stops being readable between `before` and `rest`. `what` is the text, as messages
/// name it.
pub fn remedy(what: &str, expected: &str, before: &str, rest: &str) -> Option<String> {
    if let Some(name) = name_with_blanks(expected, before, rest) {
        return Some(format!(
            "a name with blanks stands in brackets, and the text in quotes: `\"{name}\"`"
        ));
    }
    if let Some(word) = keyword(rest)
        && (expected == "an alias" || names_alias(rest))
    {
        return Some(format!(
            "`{word}` is a word of conditions, as `and` is: give the table another alias"
        ));
    }
    by_sign(what, expected, before, rest).map(str::to_owned)
}

/// Whether an alias that is a keyword is named here: `order.ID`.
pub fn names_alias(rest: &str) -> bool {
    keyword(rest).is_some_and(|word| rest[word.len()..].starts_with('.'))
}

/// The keyword that a text begins with.
fn keyword(rest: &str) -> Option<&str> {
    rest.split(|c: char| !c.is_alphanumeric())
        .next()
        .filter(|word| is_keyword(word))
}

/// `Appt Book as v`, as it should be written.
fn name_with_blanks(expected: &str, before: &str, rest: &str) -> Option<String> {
    if !matches!(expected, "the end" | "on") || before.contains(['[', '.', '=']) {
        return None;
    }
    let mut words = rest.split_whitespace();
    let mut name: Vec<&str> = before.split_whitespace().collect();
    name.extend(words.by_ref().take_while(|word| *word != "as"));
    let alias = words.next()?;
    let plain =
        |word: &&str| word.chars().all(|c| c.is_alphanumeric() || c == '_') && !is_keyword(word);
    let is_name = name.len() > 1 && name.len() < 6 && name.iter().all(plain) && plain(&alias);
    is_name.then(|| format!("[{}] as {alias}", name.join(" ")))
}

fn by_sign(what: &str, expected: &str, before: &str, rest: &str) -> Option<&'static str> {
    let last = before.trim_end();
    let last = &last[last
        .rfind(|c: char| !c.is_alphanumeric())
        .map_or(0, |at| at + 1)..];
    let next = rest.split(|c: char| !c.is_alphanumeric()).next();
    Some(match rest.as_bytes().first() {
        _ if expected == AFTER_ALIAS && last.eq_ignore_ascii_case("null") => {
            "whether there is a value is asked by `p.X is null` and `p.X is not null`"
        }
        Some(b'(') if expected == AFTER_ALIAS => {
            "functions are written in a fragment: `{ sql: \"UPPER({p.X}) = 'X'\" }`"
        }
        Some(b'$') if what != "the column" => "columns have no `$` here: `p.STATUS = 1`",
        _ if next.is_some_and(|word| word.eq_ignore_ascii_case("between")) => {
            "write both ends: `p.X >= 1 and p.X <= 9`"
        }
        _ if expected == AFTER_ALIAS => "a column is written with its alias: `p.SURNAME`",
        Some(b'=') => "what is equal is compared with one `=`",
        Some(b'"') => "text stands in single quotes: `'x'`",
        Some(b',') if what == "the column" => "several columns are a list: `[ p.X, p.Y ]`",
        Some(_) if what == "the column" => {
            "a value is one column; texts are put together with `{ join: [ $p.X, $p.Y ] }`"
        }
        _ if what == "the lookup" && expected == "on" => {
            "a lookup is written `alias: TABLE on alias.COLUMN = …`"
        }
        _ if what == "the child" && expected == "on" => {
            "a child is written `name: TABLE as c on c.COLUMN = p.COLUMN where …`"
        }
        _ => return None,
    })
}
