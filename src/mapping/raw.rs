//! SQL that a mapping writes itself: `{ mssql: "…", sqlite: "…" }`, or one text for all dialects.
//!
//! Takes the value of a `sql:` key; gives the texts with their `{alias.COLUMN}` placeholders left
//! in (a dialect quotes the column in their place) and the columns that they name. A fragment must
//! have a text for the mapping's engine; comments and semicolons are refused, since a fragment is a
//! part of a statement.

use std::sync::Arc;

use super::diagnostic::{At, Problem};
use super::fragment::{self, ColumnName};
use super::names::nearest;
use super::yaml::{Node, Pair, Span, Value, get, locate};
use super::{rules, shape};
use crate::relation::Dialect;

/// The texts of a fragment.
#[derive(Debug)]
pub(super) struct Fragment<'n> {
    pub text: Vec<(Dialect, Arc<str>)>,
    /// The columns that stand in placeholders.
    pub columns: Vec<Placeholder<'n>>,
}

/// `{alias.COLUMN}`
#[derive(Debug)]
pub(super) struct Placeholder<'n> {
    pub name: ColumnName,
    /// The text that it stands in, and where.
    node: &'n Node,
    range: Span,
}

impl Placeholder<'_> {
    /// Its place in the file. It reads the text, and so is asked for where there is a problem only.
    pub fn span(&self, at: At<'_>) -> Span {
        locate(at.text(), self.node, self.range.clone())
    }
}

/// Whether a mapping where only a column or a fragment may stand was not meant as a fragment.
pub(super) fn is_no_fragment(pairs: &[Pair]) -> bool {
    let meant = |pair: &Pair| nearest(&pair.key, ["sql", "type"]).is_some();
    get(pairs, "sql").is_none() && (get(pairs, "column").is_some() || !pairs.iter().any(meant))
}

/// Reports it.
pub(super) fn neither_column_nor_fragment(at: At<'_>, node: &Node, pairs: &[Pair]) {
    let expected = "`a.COLUMN` or a fragment `{ sql: …, type: … }`";
    let column = get(pairs, "column").and_then(|pair| pair.value.as_text());
    let help = match column {
        Some(column) if pairs.len() == 1 => {
            format!("write the column alone: `{}`", shape::clip(column))
        }
        _ => "options of a value have no place here: convert the column in a fragment".to_owned(),
    };
    shape::wrong_but(at, node, expected, "a column", Some(help));
}

/// The longest text of a fragment, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// Reads the value of a `sql:` key.
pub(super) fn fragment<'n>(at: At<'_>, node: &'n Node, engine: Dialect) -> Option<Fragment<'n>> {
    let mut found = Fragment {
        text: Vec::new(),
        columns: Vec::new(),
    };
    match &node.value {
        Value::Map(pairs) => {
            let names = Dialect::ALL.map(Dialect::name);
            for pair in pairs {
                match Dialect::from_name(&pair.key) {
                    Some(dialect) => {
                        let text = shape::text(at, &pair.value, "a SQL fragment")?;
                        placeholders(at, &pair.value, text, &mut found.columns)?;
                        found.text.push((dialect, Arc::from(text)));
                    }
                    None => shape::unknown_key(at, pair, &names, "`sql:`"),
                }
            }
            if !found.text.iter().any(|(dialect, _)| *dialect == engine) {
                if shape::is_misspelt(at, pairs, engine.name()) {
                    return None;
                }
                at.report(
                    Problem::new(
                        &rules::RAW_DIALECT,
                        &node.span,
                        format!("the fragment has no text for `{engine}`, the mapping's engine"),
                    )
                    .help(format!("add `{engine}: \"…\"`")),
                );
                return None;
            }
        }
        _ => {
            let text = shape::text(at, node, "a SQL fragment")?;
            placeholders(at, node, text, &mut found.columns)?;
            let text: Arc<str> = Arc::from(text);
            found.text = Dialect::ALL
                .iter()
                .map(|dialect| (*dialect, Arc::clone(&text)))
                .collect();
        }
    }
    Some(found)
}

/// Finds the `{alias.COLUMN}` of a text and refuses what has no place in a fragment.
fn placeholders<'n>(
    at: At<'_>,
    node: &'n Node,
    text: &str,
    columns: &mut Vec<Placeholder<'n>>,
) -> Option<()> {
    let refuse = |range: Span, message: &str, help: &str| {
        let span = locate(at.text(), node, range);
        at.report(Problem::new(&rules::RAW_TEXT, &span, message).help(help));
        None
    };
    if text.len() > MAX_LENGTH {
        return refuse(
            0..0,
            "a fragment is longer than 16 KiB",
            "put it into a view of the database",
        );
    }
    let bytes = text.as_bytes();
    let mut quoted = false;
    let mut i = 0;
    while let Some(byte) = bytes.get(i) {
        let next = bytes.get(i + 1);
        match byte {
            // A dialect puts columns in place of all braces, wherever they stand.
            b'{' => {
                let inside = i + 1..text[i..].find('}').map_or(text.len(), |end| i + end);
                match fragment::column(&text[inside.clone()]) {
                    Ok(name) if !text[inside.clone()].starts_with('$') => {
                        columns.push(Placeholder {
                            name,
                            node,
                            range: inside.clone(),
                        });
                    }
                    _ => {
                        return refuse(
                            i..(inside.end + 1).min(text.len()),
                            "braces hold something other than a column",
                            "a column is written `{alias.COLUMN}`",
                        );
                    }
                }
                i = inside.end;
            }
            b'}' => {
                return refuse(
                    i..i + 1,
                    "a brace is closed that was not opened",
                    "a column is written `{alias.COLUMN}`",
                );
            }
            // A doubled quote ends and begins again.
            b'\'' => quoted = !quoted,
            _ if quoted => {}
            b';' => {
                return refuse(
                    i..i + 1,
                    "a fragment holds a semicolon",
                    "a fragment is one expression or one select",
                );
            }
            b'-' if next == Some(&b'-') => {
                return refuse(
                    i..i + 2,
                    "a fragment holds a comment",
                    "write it as a YAML comment",
                );
            }
            b'/' if next == Some(&b'*') => {
                return refuse(
                    i..i + 2,
                    "a fragment holds a comment",
                    "write it as a YAML comment",
                );
            }
            _ => {}
        }
        i += 1;
    }
    if quoted {
        return refuse(
            0..text.len(),
            "a text in single quotes does not end",
            "close it with `'`",
        );
    }
    Some(())
}
