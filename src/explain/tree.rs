//! A tree of short texts, and how a terminal shows it.
//!
//! Takes what the other files of this room make of a request and a plan; gives lines with branches drawn
//! in front. Whatever came from a request or a row is made harmless here: a control character in it would
//! be an order to the terminal, or a line that looks like one of the tree's own.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

/// A line with what hangs below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Tree {
    /// What the line is about; shown before the text, and fainter. Empty for none.
    #[serde(skip_serializing_if = "str::is_empty")]
    key: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    below: Vec<Tree>,
}

impl Tree {
    /// A line without a key.
    pub(super) fn line(text: impl Into<String>) -> Tree {
        Tree::keyed("", text)
    }

    /// `key text`
    pub(super) fn keyed(key: &'static str, text: impl Into<String>) -> Tree {
        Tree {
            key,
            text: text.into(),
            below: Vec::new(),
        }
    }

    /// The same with these below it, after those that are there.
    #[must_use]
    pub(super) fn with(mut self, below: impl IntoIterator<Item = Tree>) -> Tree {
        self.below.extend(below);
        self
    }

    /// The same under another key.
    #[must_use]
    pub(super) fn under(self, key: &'static str) -> Tree {
        Tree { key, ..self }
    }

    /// Appends the tree's lines, each behind `indent`.
    pub(super) fn write(&self, out: &mut String, indent: &str, style: Style) {
        out.push_str(indent);
        self.write_line(out, style);
        self.write_below(out, &mut indent.to_owned(), style);
    }

    fn write_line(&self, out: &mut String, style: Style) {
        if !self.key.is_empty() {
            style.faint(out, self.key);
            if !self.text.is_empty() {
                out.push(' ');
            }
        }
        out.push_str(&harmless(&self.text));
        out.push('\n');
    }

    fn write_below(&self, out: &mut String, indent: &mut String, style: Style) {
        for (index, tree) in self.below.iter().enumerate() {
            let is_last = index + 1 == self.below.len();
            out.push_str(indent);
            style.faint(out, if is_last { "└─ " } else { "├─ " });
            tree.write_line(out, style);
            let before = indent.len();
            indent.push_str(if is_last { "   " } else { "│  " });
            tree.write_below(out, indent, style);
            indent.truncate(before);
        }
    }
}

/// Whether the text may hold a terminal's codes for bold and faint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) colour: bool,
}

impl Style {
    /// A heading.
    pub(super) fn bold(self, out: &mut String, text: &str) {
        self.wrapped(out, "1", text);
    }

    /// What helps to read the rest, but is not it.
    pub(super) fn faint(self, out: &mut String, text: &str) {
        self.wrapped(out, "2", text);
    }

    fn wrapped(self, out: &mut String, code: &str, text: &str) {
        // Writing to a String cannot fail.
        let _ = if self.colour {
            write!(out, "\x1b[{code}m{text}\x1b[0m")
        } else {
            write!(out, "{text}")
        };
    }
}

/// The text with control characters, and those that turn the direction of writing, as `\u{1b}`.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_harmful(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_end_where_the_last_one_hangs() {
        let tree = Tree::line("a").with([
            Tree::keyed("k", "b").with([Tree::line("c"), Tree::line("d")]),
            Tree::line("e").with([Tree::line("f")]),
        ]);
        let mut out = String::new();
        tree.write(&mut out, "  ", Style { colour: false });
        assert_eq!(
            out,
            "  a\n  ├─ k b\n  │  ├─ c\n  │  └─ d\n  └─ e\n     └─ f\n"
        );
    }

    #[test]
    fn a_searched_text_gives_the_terminal_no_orders() {
        assert_eq!(harmless("Zoë O'Brien"), "Zoë O'Brien");
        assert_eq!(
            harmless("a\x1b[2Jb\nc\u{202e}"),
            "a\\u{1b}[2Jb\\u{a}c\\u{202e}"
        );
    }
}
