//! A statement's text as tokens: enough of every engine's SQL to tell what is text, a quoted name or a comment from the rest.
//!
//! Takes any text, also what is no SQL. The tokens one after the other are the text again, byte for byte.

/// How an engine's SQL differs, as far as tokens go. What is in single quotes is text and in double quotes a name
/// everywhere, `--` and `/* */` are comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lexis {
    /// `[a name]`
    pub brackets: bool,
    /// `` `a name` ``
    pub backticks: bool,
    /// `q'{text with ' in it}'`
    pub q_texts: bool,
    /// `/* a comment /* in a comment */ */`
    pub nested_comments: bool,
    /// `// a comment`
    pub slashes: bool,
}

impl Lexis {
    pub const SQLITE: Lexis = Lexis {
        brackets: true,
        backticks: true,
        q_texts: false,
        nested_comments: false,
        slashes: false,
    };
    pub const FIREBIRD: Lexis = Lexis {
        brackets: false,
        backticks: false,
        q_texts: true,
        nested_comments: false,
        slashes: false,
    };
    pub const MSSQL: Lexis = Lexis {
        brackets: true,
        backticks: false,
        q_texts: false,
        nested_comments: true,
        slashes: false,
    };
    pub const SQL_ANYWHERE: Lexis = Lexis {
        brackets: true,
        backticks: true,
        q_texts: false,
        nested_comments: true,
        slashes: true,
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Blank,
    Comment,
    /// Text in quotes.
    Literal,
    /// A name in quotes of its kind.
    Quoted,
    /// A name or a keyword.
    Word,
    Number,
    /// `@name`
    Named,
    /// `?`
    Marker,
    /// One character, or a name that begins with `@@`.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'t> {
    pub kind: Kind,
    pub text: &'t str,
}

/// Whether a character can be part of a parameter's name.
pub fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// A text's tokens, in order.
pub fn tokens(text: &str, lexis: Lexis) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (kind, length) = next(rest, lexis)?;
        // A length ends a character: it was found by one.
        let (token, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(Token { kind, text: token })
    })
}

/// The kind and the length of the token that a text begins with.
fn next(text: &str, lexis: Lexis) -> Option<(Kind, usize)> {
    let first = text.chars().next()?;
    let second = text.chars().nth(1);
    let run = |is: fn(char) -> bool| text.find(|c| !is(c)).unwrap_or(text.len());
    Some(match (first, second) {
        (c, _) if c.is_whitespace() => (Kind::Blank, run(char::is_whitespace)),
        ('-', Some('-')) => (Kind::Comment, line(text)),
        ('/', Some('/')) if lexis.slashes => (Kind::Comment, line(text)),
        ('/', Some('*')) => (Kind::Comment, comment(text, lexis.nested_comments)),
        ('q' | 'Q', Some('\'')) if lexis.q_texts => (Kind::Literal, q_text(text)),
        ('\'', _) => (Kind::Literal, quoted(text, '\'')),
        ('"', _) => (Kind::Quoted, quoted(text, '"')),
        ('`', _) if lexis.backticks => (Kind::Quoted, quoted(text, '`')),
        ('[', _) if lexis.brackets => (Kind::Quoted, quoted(text, ']')),
        ('?', _) => (Kind::Marker, 1),
        ('@', Some('@')) => {
            let name = &text[2..];
            (
                Kind::Other,
                2 + name.find(|c| !is_of_name(c)).unwrap_or(name.len()),
            )
        }
        ('@', Some(c)) if is_of_name(c) => {
            let name = &text[1..];
            (
                Kind::Named,
                1 + name.find(|c| !is_of_name(c)).unwrap_or(name.len()),
            )
        }
        (c, _) if c.is_ascii_digit() => (Kind::Number, number(text)),
        (c, _) if is_of_name(c) => (Kind::Word, run(is_of_name)),
        (c, _) => (Kind::Other, c.len_utf8()),
    })
}

/// To the line's end, without it.
fn line(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

fn comment(text: &str, is_nested: bool) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") && (is_nested || depth == 0) {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// To the mark that closes it; a mark twice stands for itself.
fn quoted(text: &str, close: char) -> usize {
    let mut at = 1;
    loop {
        match text[at..].find(close) {
            None => return text.len(),
            Some(found) => {
                at += found + 1;
                if !text[at..].starts_with(close) {
                    return at;
                }
                at += 1;
            }
        }
    }
}

/// `q'{…}'`: the mark behind the quote, or its counterpart, closes it before a quote.
fn q_text(text: &str) -> usize {
    let Some(open) = text[2..].chars().next() else {
        return text.len();
    };
    let close = match open {
        '{' => '}',
        '[' => ']',
        '(' => ')',
        '<' => '>',
        other => other,
    };
    let start = 2 + open.len_utf8();
    let end = format!("{close}'");
    text[start..]
        .find(&end)
        .map_or(text.len(), |found| start + found + end.len())
}

/// Digits with a point or an exponent; `0x1F` too.
fn number(text: &str) -> usize {
    let mut before = ' ';
    text.find(|c: char| {
        let is_part = c.is_ascii_alphanumeric()
            || matches!(c, '.' | '_')
            || (matches!(c, '+' | '-') && matches!(before, 'e' | 'E'));
        before = c;
        !is_part
    })
    .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str, lexis: Lexis) -> Vec<(Kind, &str)> {
        tokens(text, lexis)
            .filter(|token| token.kind != Kind::Blank)
            .map(|token| (token.kind, token.text))
            .collect()
    }

    #[test]
    fn tokens_are_told_apart() {
        use Kind as K;
        assert_eq!(
            kinds(
                "SELECT 'it''s @a' AS \"x\"\"?\", @b-- @c\n+1.5e-3 FROM [t]",
                Lexis::FIREBIRD
            ),
            [
                (K::Word, "SELECT"),
                (K::Literal, "'it''s @a'"),
                (K::Word, "AS"),
                (K::Quoted, "\"x\"\"?\""),
                (K::Other, ","),
                (K::Named, "@b"),
                (K::Comment, "-- @c"),
                (K::Other, "+"),
                (K::Number, "1.5e-3"),
                (K::Word, "FROM"),
                (K::Other, "["),
                (K::Word, "t"),
                (K::Other, "]"),
            ]
        );
        assert_eq!(
            kinds("q'{it's}'=?/*a/*b*/c*/", Lexis::FIREBIRD)[..4],
            [
                (K::Literal, "q'{it's}'"),
                (K::Other, "="),
                (K::Marker, "?"),
                (K::Comment, "/*a/*b*/"),
            ]
        );
        assert_eq!(
            kinds("@@ROWCOUNT=@r$1 [a]]b]/*a/*b*/c*/", Lexis::MSSQL),
            [
                (K::Other, "@@ROWCOUNT"),
                (K::Other, "="),
                (K::Named, "@r$1"),
                (K::Quoted, "[a]]b]"),
                (K::Comment, "/*a/*b*/c*/"),
            ]
        );
        assert_eq!(
            kinds("a // 'b\nc", Lexis::SQL_ANYWHERE),
            [(K::Word, "a"), (K::Comment, "// 'b"), (K::Word, "c")]
        );
        for open in ["'a", "\"a", "/* a", "q'{a", "q'", "-- a"] {
            assert_eq!(kinds(open, Lexis::FIREBIRD).len(), 1, "{open}");
        }
    }

    proptest! {
        #[test]
        fn no_byte_is_lost(text in "([-/*'\"`?@q{}\\[\\]a1.eé\n ]|\\PC){0,40}") {
            for lexis in [Lexis::SQLITE, Lexis::FIREBIRD, Lexis::MSSQL, Lexis::SQL_ANYWHERE] {
                let joined: String = tokens(&text, lexis).map(|token| token.text).collect();
                prop_assert_eq!(&joined, &text);
            }
        }
    }
}
