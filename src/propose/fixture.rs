//! Declared tables → a script that makes them in SQLite, empty: what the cases of a mapping are asked of.
//!
//! Rows are for the author to invent. None is ever read of a practice, and so none can come to stand here.

use std::fmt::Write as _;

use super::look::Table;
use super::text;
use crate::cases::script;

/// The script of one catalogue's tables.
pub(super) fn script(tables: &[&Table<'_>]) -> String {
    let mut out = text::remark(
        "--",
        "The tables that the cases are asked of, in SQLite. Give each the rows that a case needs, a few of each with its quirk, and invent them: a row of a practice, or a part of one, must not come to stand here.\n\n  INSERT INTO … VALUES (1, 'Example', …), (2, NULL, …);",
    );
    for table in tables {
        // Writing to a String cannot fail.
        let _ = match table.name.contains('.') {
            true => write!(
                out,
                "\n-- {} is not made here: SQLite has no schemas.\n",
                text::shown(&table.name)
            ),
            false => write!(out, "\n{}", create(table)),
        };
    }
    out
}

fn create(table: &Table<'_>) -> String {
    let columns = table.columns.iter();
    script::create(
        &table.name,
        columns.map(|column| (column.name(), column.ty)),
        table.live.key.iter().map(String::as_str),
    )
}
