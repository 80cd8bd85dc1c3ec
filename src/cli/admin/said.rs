//! What a command says: a result for standard output, and notes for standard error.

use std::process::ExitCode;

use serde_json::Value;

use crate::cli::{print, tell};
use crate::secret::Secret;

/// What a command says. It may hold a secret, and so has no form for people but the one that is printed.
#[derive(Default)]
pub(super) struct Said {
    result: String,
    notes: Vec<String>,
}

impl Said {
    /// A change that was made, in one line.
    pub(super) fn done(what: impl Into<String>) -> Said {
        Said {
            notes: vec![what.into()],
            ..Said::default()
        }
    }

    /// What was asked for.
    pub(super) fn shown(result: String) -> Said {
        Said {
            result,
            ..Said::default()
        }
    }

    /// With a further line for standard error.
    #[must_use]
    pub(super) fn and(mut self, note: impl Into<String>) -> Said {
        self.notes.push(note.into());
        self
    }

    /// With a further line for standard error, where there is something to be said.
    #[must_use]
    pub(super) fn and_maybe(mut self, note: Option<String>) -> Said {
        self.notes.extend(note);
        self
    }

    /// With a secret that was made: alone on standard output, in a line of its own.
    #[must_use]
    pub(super) fn with_secret(mut self, secret: &Secret) -> Said {
        self.result = format!("{}\n", secret.reveal());
        self
    }

    /// Says it. The notes come first: they say what the line after them is.
    pub(super) fn tell(&self) -> ExitCode {
        self.notes.iter().for_each(|note| tell(note));
        match self.result.is_empty() {
            true => ExitCode::SUCCESS,
            false => print(&self.result),
        }
    }
}

/// How a list is written.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Form {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Form {
    /// A list: a table for people, a list of objects for programs. Where it is empty, people are told so.
    pub(super) fn list<const N: usize, T>(
        self,
        items: &[T],
        heads: [&str; N],
        row: impl Fn(&T) -> [String; N],
        object: impl Fn(&T) -> Value,
        none: &str,
    ) -> Said {
        if self.json {
            return Said::shown(json(&items.iter().map(object).collect()));
        }
        match items.is_empty() {
            true => Said::done(none),
            false => Said::shown(table(heads, items.iter().map(row))),
        }
    }

    /// One thing.
    pub(super) fn one(self, text: impl FnOnce() -> String, object: impl FnOnce() -> Value) -> Said {
        Said::shown(match self.json {
            true => json(&object()),
            false => text(),
        })
    }
}

fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Columns that are as wide as what stands in them, below their heads.
fn table<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut lines = vec![heads.map(str::to_owned)];
    lines.extend(rows);
    columns(&lines)
}

/// Columns that are as wide as what stands in them.
pub(super) fn columns<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let written = lines.iter().map(|line| {
        let cells = line.iter().zip(widths);
        let cells = cells.map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    });
    written.collect()
}

/// A count with its word: `1 key`, `2 keys`.
pub(super) fn count(number: usize, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let rows = [["é", "b"], ["longer", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(
            table(["A", "B"], rows.into_iter()),
            "A       B\né       b\nlonger\n"
        );
    }

    #[test]
    fn an_empty_list_is_a_note_for_people_and_a_list_for_programs() {
        let list = |json| {
            let form = Form { json };
            form.list(&[], ["A"], |()| [String::new()], |()| Value::Null, "none")
        };
        assert_eq!(list(true).result, "[]\n");
        assert_eq!(
            (list(false).result.as_str(), list(false).notes.as_slice()),
            ("", &["none".to_owned()][..])
        );
    }
}
