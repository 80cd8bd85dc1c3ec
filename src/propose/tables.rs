//! Tables of a database → `tables.yaml`: what its catalogue says of them, as facts.
//!
//! Those that the suggestions use are declared. The others are as well in a small database; in a large one they are
//! comments up to a bound, and then names: nobody wants to read thousands of tables of which a few are used.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::look::{Column, Table};
use super::text;
use crate::relation::Collation;

/// Columns that are declared in one folder, at the most: what comes after them is a comment, until it is needed, and what
/// no suggestion uses is a name alone.
const MOST_COLUMNS: usize = 1_000;
/// Tables of a small database, at the most, and columns of all of them.
const SMALL: (usize, usize) = (40, 400);
/// Tables that are named in remarks, at the most.
const MOST_NAMED: usize = 400;

/// What stands in `tables.yaml`.
pub(super) struct Declared<'t, 'l> {
    /// Its text, after its header.
    pub text: String,
    /// The tables that are no comments.
    pub live: Vec<&'t Table<'l>>,
}

/// Declares the tables that are used, in their order, and the others after them as far as they are few.
pub(super) fn declared<'t, 'l>(
    used: &[&'t Table<'l>],
    all: &'t [Table<'l>],
    refused: &[(String, &'static str)],
    collation: &str,
) -> Declared<'t, 'l> {
    let is_small = all.len() <= SMALL.0
        && all.iter().map(|table| table.columns.len()).sum::<usize>() <= SMALL.1;
    let mut out = text::remark(
        "##",
        match is_small {
            true => {
                "The tables and columns of the database, with their types as its catalogue says them. Nothing else is ever read: take away what you do not use."
            }
            false => {
                "The tables and columns that the suggestions use, with their types as the database's catalogue says them. Nothing else is ever read: add a table or column when you use it, and take away what you do not."
            }
        },
    );
    let mut live = Vec::new();
    let mut blocks = String::new();
    let mut columns = 0;
    for table in used {
        let key = table.key();
        columns += table.columns.len();
        let is_live = key.is_some() && columns <= MOST_COLUMNS;
        if is_live {
            live.push(*table);
        }
        blocks.push_str(&block(table, is_live, collation));
    }
    let names: HashSet<&str> = used.iter().map(|table| table.name.as_str()).collect();
    let mut others = Vec::new();
    let mut unused = String::new();
    for table in all.iter().filter(|it| !names.contains(it.name.as_str())) {
        if columns + table.columns.len() > MOST_COLUMNS {
            others.push(format!(
                "{} ({})",
                text::shown(&table.name),
                table.columns.len()
            ));
            continue;
        }
        columns += table.columns.len();
        let is_live = is_small && table.key().is_some();
        if is_live {
            live.push(table);
        }
        unused.push_str(&block(table, is_live, collation));
    }
    if !unused.is_empty() {
        blocks.push('\n');
        blocks.push_str(&text::remark(
            "##",
            match is_small {
                true => "What no suggestion uses.",
                false => "What no suggestion uses: take the `# ` off a table when you use it.",
            },
        ));
        blocks.push_str(&unused);
    }
    // A map of comments alone would be no map.
    out.push_str(if live.is_empty() {
        "tables: {}  # with the first table, take the {} away\n"
    } else {
        "tables:\n"
    });
    out.push_str(&blocks);
    if !others.is_empty() {
        out.push('\n');
        out.push_str(&text::remark(
            "##",
            &format!(
                "More tables and views that no suggestion uses, with how many columns they have: {}",
                listed(&others)
            ),
        ));
    }
    if !refused.is_empty() {
        let refused: Vec<String> = refused
            .iter()
            .map(|(name, why)| format!("{} ({why})", text::shown(name)))
            .collect();
        out.push('\n');
        out.push_str(&text::remark(
            "##",
            &format!("Tables that cannot be declared here: {}", listed(&refused)),
        ));
    }
    Declared { text: out, live }
}

fn listed(names: &[String]) -> String {
    let shown = names
        .iter()
        .take(MOST_NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

fn block(table: &Table<'_>, is_live: bool, collation: &str) -> String {
    let mut out = String::new();
    let mark = if is_live { "" } else { "# " };
    let mut add = |line: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{mark}{line}");
    };
    add(format!("  {}:", text::scalar(&table.name)));
    match (table.key(), guessed_key(table)) {
        (Some(key), _) => add(format!("    key: {}", list(&key))),
        (None, Some(guess)) => add(format!(
            "    key: {}  # no primary key is declared: is this unique, and never NULL?",
            text::scalar(guess)
        )),
        (None, None) => add(
            "    key: …  # no primary key is declared: write the columns that identify a row"
                .to_owned(),
        ),
    }
    if let Some(catalogue) = &table.catalogue {
        add(format!("    catalogue: {}", text::scalar(catalogue)));
    }
    add("    columns:".to_owned());
    for column in &table.columns {
        add(format!(
            "      {}: {}",
            text::scalar(column.name()),
            declaration(column, collation)
        ));
    }
    for (name, declared) in &table.left_out {
        let told = format!("{} is left out: ", text::shown(name));
        let why = match text::can_be_named(name) {
            true => format!(
                "its type {} is none of the language's",
                text::shown(declared)
            ),
            false => "a mapping cannot say its name".to_owned(),
        };
        let _ = writeln!(out, "      ## {told}{why}");
    }
    out
}

fn list(key: &[&str]) -> String {
    match key {
        [one] => text::scalar(one),
        several => {
            let names: Vec<_> = several.iter().map(|name| text::scalar(name)).collect();
            format!("[ {} ]", names.join(", "))
        }
    }
}

/// `varchar(40)`, or with the collation that is the column's own.
fn declaration(column: &Column<'_>, of_mapping: &str) -> String {
    let ty = text::scalar(&column.live.declared);
    let own = column
        .live
        .collation
        .as_deref()
        .filter(|own| column.ty.is_text() && *own != of_mapping);
    match own {
        Some(own) if Collation::parse(own).is_some() => {
            format!("{{ type: {ty}, collation: {} }}", text::scalar(own))
        }
        Some(own) => format!(
            "{ty}  # its collation {} is not known here: see how it compares",
            text::shown(own)
        ),
        None => ty,
    }
}

/// A column that may be the key of a table that declares none: called `id`, or as the table and an `id`.
pub(super) fn guessed_key<'t>(table: &'t Table<'_>) -> Option<&'t str> {
    let of_key = |column: &&Column<'_>| {
        let is_key = |words: &[String]| {
            let own = words.iter().filter(|word| !table.read.whole.contains(word));
            let own: Vec<&str> = own.map(String::as_str).collect();
            matches!(*own, ["id" | "key" | "number" | "code"]) || words == ["record", "id"]
        };
        column.read.ways().any(is_key)
    };
    table.columns.iter().find(of_key).map(Column::name)
}
