//! Reading a node of the file as what it should be, or saying what it is instead.
//!
//! Every function takes what the value is for, as a phrase for the message, and gives None after it has
//! reported a problem, so that callers go on to the next key.

use super::diagnostic::{At, Problem};
use super::names::{nearest, suggest};
use super::rules;
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Span, Value, get};

/// The pairs of a mapping.
pub(crate) fn map<'n>(at: At<'_>, node: &'n Node, what: &str) -> Option<&'n [Pair]> {
    let pairs = node.as_map();
    if pairs.is_none() {
        let help = match &node.value {
            Value::List(entries) if entries.iter().any(|entry| entry.as_map().is_some()) => Some(
                "its entries are keys of their own: leave `- `, or the brackets, out".to_owned(),
            ),
            _ => None,
        };
        wrong_but(at, node, "a mapping", what, help);
    }
    pairs
}

/// Text that is not empty.
pub(crate) fn text<'n>(at: At<'_>, node: &'n Node, what: &str) -> Option<&'n str> {
    let text = node.as_text().filter(|text| !text.trim().is_empty());
    if text.is_none() {
        wrong(at, node, "text", what);
    }
    text
}

/// The entries of a list that is not empty.
pub(crate) fn list<'n>(at: At<'_>, node: &'n Node, what: &str) -> Option<&'n [Node]> {
    match &node.value {
        Value::List(entries) if !entries.is_empty() => Some(entries),
        _ => {
            wrong(at, node, "a list that is not empty", what);
            None
        }
    }
}

/// `true` or `false`.
pub(crate) fn boolean(at: At<'_>, node: &Node, what: &str) -> Option<bool> {
    match node.as_text() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => {
            wrong(at, node, "`true` or `false`", what);
            None
        }
    }
}

/// A whole number within bounds.
pub(crate) fn integer(
    at: At<'_>,
    node: &Node,
    what: &str,
    bounds: std::ops::RangeInclusive<i64>,
) -> Option<i64> {
    let value = node
        .as_text()
        .and_then(|text| text.parse().ok())
        .filter(|value| bounds.contains(value));
    if value.is_none() {
        let expected = match *bounds.end() {
            i64::MAX => format!("a whole number, {} or more", bounds.start()),
            end => format!("a whole number from {} to {end}", bounds.start()),
        };
        wrong(at, node, &expected, what);
    }
    value
}

/// One of some words.
pub(crate) fn word<T: Copy>(
    at: At<'_>,
    node: &Node,
    what: &str,
    words: &[(&'static str, T)],
) -> Option<T> {
    let text = text(at, node, what)?;
    let found = words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value);
    if found.is_none() {
        let names = words.iter().map(|(word, _)| *word);
        at.report(
            Problem::new(
                &rules::INVALID_VALUE,
                &node.span,
                format!("`{}` is no {what}", clip(text)),
            )
            .maybe_help(suggest(text, names, "it takes")),
        );
    }
    found
}

/// Reports what stands where something else belongs.
pub(crate) fn wrong(at: At<'_>, node: &Node, expected: &str, what: &str) {
    wrong_but(at, node, expected, what, None);
}

/// The same, with what to do.
pub(crate) fn wrong_but(at: At<'_>, node: &Node, expected: &str, what: &str, help: Option<String>) {
    let found = match node.as_text() {
        Some(text) if text.trim().is_empty() => "empty".to_owned(),
        Some(text) => format!("`{}`", clip(text)),
        None => node.kind().to_owned(),
    };
    at.report(
        Problem::new(
            &rules::WRONG_SHAPE,
            &node.span,
            format!("{what} is {expected}, and this is {found}"),
        )
        .label(format!("expected {expected}"))
        .maybe_help(help),
    );
}

/// Reports each key that is not among those allowed.
pub(crate) fn only(at: At<'_>, pairs: &[Pair], allowed: &[&'static str], what: &str) {
    for pair in pairs {
        if !allowed.contains(&pair.key.as_str()) {
            unknown_key(at, pair, allowed, what);
        }
    }
}

pub(crate) fn unknown_key(at: At<'_>, pair: &Pair, allowed: &[&'static str], what: &str) {
    let help = match at.is_full() {
        true => None,
        false => {
            if let Some(meant) = nearest(&pair.key, allowed.iter().copied()) {
                at.misspelt(&pair.key_span, meant);
            }
            suggest(&pair.key, allowed.iter().copied(), "the keys are")
        }
    };
    at.report(
        Problem::new(
            &rules::UNKNOWN_KEY,
            &pair.key_span,
            format!("{what} has no key `{}`", clip(&pair.key)),
        )
        .maybe_help(help),
    );
}

/// A key of a file that is not the manifest, and has no meaning there; what the manifest knows by that name belongs there.
pub(crate) fn unknown_key_of_file(at: At<'_>, pair: &Pair, allowed: &[&'static str], what: &str) {
    let key = pair.key.as_str();
    if at.is_full() || !names(&vocabulary::MANIFEST).contains(&key) {
        return unknown_key(at, pair, allowed, what);
    }
    at.report(
        Problem::new(
            &rules::UNKNOWN_KEY,
            &pair.key_span,
            format!("{what} has no key `{key}`"),
        )
        .help(format!(
            "`{key}:` is a key of the manifest: write it in mapping.yaml"
        )),
    );
}

/// Whether one of the keys has been reported, and is likely to be this one.
pub(crate) fn is_misspelt(at: At<'_>, pairs: &[Pair], key: &str) -> bool {
    pairs
        .iter()
        .any(|pair| at.meant_by(&pair.key_span) == Some(key))
}

/// The value of a key that must be there. `span` is shown where it is not, unless it is misspelt: keys are
/// checked by [`only`] first.
pub(crate) fn required<'n>(
    at: At<'_>,
    pairs: &'n [Pair],
    key: &str,
    span: &Span,
    what: &str,
    help: &str,
) -> Option<&'n Node> {
    let found = get(pairs, key).map(|pair| &pair.value);
    if found.is_none() && !is_misspelt(at, pairs, key) {
        at.report(
            Problem::new(&rules::MISSING_KEY, span, format!("{what} has no `{key}:`")).help(help),
        );
    }
    found
}

/// A text of the file as a message quotes it: one line, not too long.
pub(crate) fn clip(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut clipped: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        clipped.push('…');
    }
    clipped
}
