//! A file's text → its tree, with its problems as YAML reported.
//!
//! What the parser says of a text that is not YAML, and where, is put so that an author who does not know YAML
//! sees what to do. A bracket or a quote that is not closed is shown where it is
//! opened: the parser stops below.

use super::diagnostic::{At, Problem};
use super::yaml::{self, Node, Span};
use super::{rules, shape};

/// The root of a file's tree.
pub(crate) fn tree(at: At<'_>) -> (Option<Node>, bool) {
    let tree = yaml::parse(at.text());
    let readable = tree.problems.is_empty();
    for problem in tree.problems {
        at.report(match problem {
            yaml::Problem::Syntax { message, span } => syntax(at.text(), message, &span),
            yaml::Problem::Unsupported { what, span } => Problem::new(
                &rules::UNSUPPORTED_YAML,
                &span,
                format!("{what} has no place in a mapping"),
            )
            .maybe_help(in_its_place(what)),
            yaml::Problem::Duplicate {
                key,
                span,
                first,
                kept,
            } => {
                at.dispute(&kept);
                let message = format!("the key `{}` stands twice", shape::clip(&key));
                Problem::new(&rules::DUPLICATE_KEY, &span, message)
                    .label("again here")
                    .related(&first, "first here")
                    .help(
                        "keep one of them; several values of one element are the entries of a list",
                    )
            }
        });
    }
    (tree.root, readable)
}

/// What to write for a part of YAML that is refused, by the reader's name for it.
fn in_its_place(what: &str) -> Option<String> {
    let help = match what {
        "an anchor" | "an alias" => {
            "write the value out where it is used; a table of codes has a name under `codes:`"
        }
        "a tag" => "leave it out: an element's type says what its value is",
        "a second document in one file" => "put what is below `---` into a file of its own",
        "a key that is not text" => "a key is one text: `name: …`",
        _ => return None,
    };
    Some(help.to_owned())
}

fn syntax(text: &str, message: String, span: &Span) -> Problem {
    let opened = if message.contains("unclosed") {
        // The parser is at the sign itself.
        let (mut brackets, quote) = open_signs(text, span.start + 1);
        quote.or_else(|| brackets.pop())
    } else if message.contains("quote") {
        open_signs(text, span.start).1
    } else {
        unclosed(text, span.start)
    };
    if let Some((open, bracket)) = opened {
        let close = match bracket {
            '[' => ']',
            '{' => '}',
            quote => quote,
        };
        let help = match bracket {
            '[' | '{' => format!(
                "close it with `{close}`; a text that begins with `{bracket}` stands in quotes"
            ),
            _ => format!("close it with `{close}`"),
        };
        let problem = Problem::new(
            &rules::SYNTAX,
            &(open..open + 1),
            format!("the file is not YAML: a `{bracket}` is not closed"),
        )
        .label("opened here")
        .help(help);
        return match span.start > open {
            true => problem.related(span, "not closed before this"),
            false => problem,
        };
    }
    let problem = Problem::new(&rules::SYNTAX, span, "the file is not YAML from here on");
    match remedy(&message, text, span.start) {
        Some(help) => problem.help(help),
        None => problem.note("the mistake is at this place or before it"),
    }
    .label(message)
}

/// What to do about a text that is not YAML, by the parser's words for it and what stands there.
fn remedy(message: &str, text: &str, at: usize) -> Option<&'static str> {
    let (before, rest) = text.split_at_checked(at).unwrap_or_default();
    let bracketed = before.trim_end_matches(' ').ends_with(']');
    if bracketed && rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_')) {
        Some("a text with brackets of its own stands in quotes: `\"[Patient List] as p\"`")
    } else if before.ends_with('.') && rest.starts_with('[') {
        Some("a text with brackets of its own stands in quotes: `\"$p.[Family name]\"`")
    } else if rest.starts_with('*') {
        Some("`*` stands in quotes: `\"*\": unknown`")
    } else if message.contains("tab") {
        Some("indent with blanks; tabs have no place in YAML")
    } else if message.contains("expected key") || message.contains("block collection") {
        Some("keys of one mapping, and entries of one list, begin in the same column")
    } else if message.contains("mapping values are not allowed") || message.contains("flow") {
        Some("text with `: ` or `, ` in it stands in quotes; a key below another is indented")
    } else {
        None
    }
}

/// A bracket or a quote, and its place.
type Sign = (usize, char);

/// The brackets, and the quote, that are open at a place, and where they are opened.
fn open_signs(text: &str, stopped: usize) -> (Vec<Sign>, Option<Sign>) {
    let mut open: Vec<Sign> = Vec::new();
    let mut quote: Option<Sign> = None;
    // The last character of the line that is no blank, and whether a blank follows it.
    let (mut last, mut blank) = (None, true);
    let mut comment = false;
    for (at, c) in text.char_indices() {
        if at >= stopped {
            break;
        }
        // Where a value begins; inside of brackets, signs need not.
        let begins = match last {
            None => true,
            Some(':' | '-' | '?') => blank,
            Some('[' | '{' | ',') => !open.is_empty(),
            _ => false,
        };
        match c {
            '\n' => (last, comment) = (None, false),
            _ if comment => {}
            c if quote.is_some_and(|(_, quote)| quote == c) => quote = None,
            _ if quote.is_some() => {}
            '#' if blank => comment = true,
            '\'' | '"' if begins => quote = Some((at, c)),
            '[' | '{' if begins || !open.is_empty() => open.push((at, c)),
            ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
        if !c.is_whitespace() {
            last = Some(c);
        }
        blank = c.is_whitespace();
    }
    (open, quote)
}

/// The bracket that is open where the parser stopped, if it stands in a line above and a line between has no more
/// indentation: what stands in brackets is indented further.
fn unclosed(text: &str, stopped: usize) -> Option<Sign> {
    let (open, bracket) = open_signs(text, stopped).0.pop()?;
    let start = text[..open].rfind('\n').map_or(0, |at| at + 1);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(&text[start..]);
    let end = text[stopped..]
        .find('\n')
        .map_or(text.len(), |at| stopped + at);
    text.get(start..end)?
        .lines()
        .skip(1)
        .any(|line| !line.trim().is_empty() && indent(line) <= own)
        .then_some((open, bracket))
}
