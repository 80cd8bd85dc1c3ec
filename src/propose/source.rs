//! A resource's likeliest table → the text of its file: suggestions, each a comment that becomes a part of the mapping
//! when its `# ` is taken off.
//!
//! What a catalogue says is a fact: that a table has a column of a type. That the column holds family names is a guess,
//! from its name, and nobody may take it for more: so it is a comment, with the reason beside it. Only where the folder
//! would have no source at all, and could not be checked, are one source's first lines no comment, and say so.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::elements::elements;
use super::joins::{Join, Joins};
use super::look::Candidate;
use super::text;
use super::words::pieces;

/// Tables that are named as less likely than the one that is proposed.
const OTHERS: usize = 3;
/// Columns without a suggestion that are listed.
const LISTED: usize = 120;

/// The text of a source's file, after its header.
pub(super) fn file(candidate: &Candidate<'_, '_>, joins: &Joins<'_, '_>, live: bool) -> String {
    let Candidate { pattern, table, .. } = candidate;
    let mut out = opening(candidate, live);
    let key = table.key();
    let mut add = |commented: bool, line: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}{line}", if commented { "# " } else { "" });
    };
    add(!live, &format!("resource: {}", pattern.resource));
    let named = format!("{} as {}", text::table(&table.name), pattern.alias);
    add(!live, &format!("table: {}", text::fragment(&named)));
    let column = |name: &str| format!("{}.{}", pattern.alias, text::name(name));
    match key.as_deref() {
        Some([one]) => add(
            !live,
            &format!("id: {}  # its primary key", text::fragment(&column(one))),
        ),
        Some(several) => {
            let list: Vec<_> = several
                .iter()
                .map(|name| text::fragment(&column(name)))
                .collect();
            add(
                !live,
                &format!("id: [ {} ]  # its primary key", list.join(", ")),
            );
        }
        None => match guessed_key(candidate) {
            Some(name) => add(
                true,
                &format!(
                    "id: {}  # no primary key is declared: is this unique, and never NULL?",
                    text::fragment(&column(name))
                ),
            ),
            None => add(
                true,
                "id: …  # no primary key is declared: write the columns that identify a row",
            ),
        },
    }
    for line in of_rows(candidate, &column) {
        add(true, &line);
    }
    let mut aliases = HashSet::from([pattern.alias.to_owned()]);
    let lookups = lookups(joins, pattern.alias, &mut aliases);
    let children = children(joins, pattern.alias, &mut aliases);
    for (title, lines) in [("lookups:", lookups), ("children:", children)] {
        if !lines.is_empty() {
            out.push('\n');
            let _ = writeln!(out, "# {title}");
            for line in lines {
                let _ = writeln!(out, "#   {line}");
            }
        }
    }
    if !joins.more.is_empty() {
        let names: Vec<_> = joins
            .more
            .iter()
            .take(LISTED)
            .map(|name| text::shown(name))
            .collect();
        out.push_str(&text::remark(
            "##",
            &format!(
                "Rows of these tables belong to it too, by the names of their columns: {}",
                names.join(", ")
            ),
        ));
    }
    out.push('\n');
    let elements = elements(candidate);
    match live {
        true => out.push_str(
            "elements: {}  # with the first suggestion that you take, take the {} away\n",
        ),
        false => out.push_str("# elements:\n"),
    }
    for line in &elements {
        let _ = writeln!(out, "#   {line}");
    }
    out.push_str(&rest(candidate, &elements));
    out
}

fn opening(candidate: &Candidate<'_, '_>, live: bool) -> String {
    let Candidate {
        pattern,
        table,
        by_name,
        by_columns,
        others,
        ..
    } = candidate;
    let name = text::shown(&table.name);
    let called = match by_name {
        0 => String::from("Its name does not say so"),
        points => format!("Its name says so ({points} points)"),
    };
    let mut told = format!(
        "{}, suggested by name: {name} looks like it, and nobody has said that it is. {called}; {by_columns} of its columns are called as elements are (a point each).",
        pattern.resource
    );
    if !others.is_empty() {
        let others: Vec<_> = others
            .iter()
            .take(OTHERS)
            .map(|(name, score)| format!("{} ({score} points)", text::shown(name)))
            .collect();
        let _ = write!(told, " Less like it: {}.", others.join(", "));
    }
    told.push_str("\nNames and types were looked at, and no row. Lines with ## are remarks; of the others, take the `# ` off those that are true, correct what is nearly so, and delete the rest.");
    match live {
        true => told.push_str("\nThe lines that are no comment are suggested like the others. They are there because a mapping needs one source to be checked: see that they are true before anything is served."),
        false => told.push_str("\nAs long as all of it is comments, nothing of it is served."),
    }
    text::remark("##", &told)
}

/// A column that may be the key of a table that declares none.
fn guessed_key<'c>(candidate: &'c Candidate<'_, '_>) -> Option<&'c str> {
    super::tables::guessed_key(candidate.table)
}

/// `rows:` and `lastUpdated:`
fn of_rows(candidate: &Candidate<'_, '_>, column: &dyn Fn(&str) -> String) -> Vec<String> {
    let filled = |slot: &str| {
        candidate
            .filled
            .get(slot)
            .map(|it| column(it.column.name()))
    };
    let mut lines = Vec::new();
    let marked = filled("deletedNumber").map(|it| format!("{it} = 0"));
    let marked =
        marked.or_else(|| filled("deletedText").map(|it| format!("{it} <> 'T' or {it} is null")));
    let when = candidate
        .filled
        .get("deletedWhen")
        .map(|it| it.column.name());
    match (marked, when) {
        (Some(rows), when) => {
            let when = when.map(|name| format!(" {} tells when", text::shown(name)));
            lines.push(format!(
                "rows: {}  # a mark of what was deleted: which value says so?{}",
                text::fragment(&rows),
                when.unwrap_or_default()
            ));
        }
        (None, Some(name)) => lines.push(format!(
            "rows: {}  # when it was deleted, by its name: is it NULL in the rows that are there?",
            text::fragment(&format!("{} is null", column(name)))
        )),
        (None, None) => {}
    }
    let written: Vec<String> = ["updated", "created"]
        .into_iter()
        .filter_map(filled)
        .collect();
    match &*written {
        [] => {}
        [one] => lines.push(format!("lastUpdated: {}", text::fragment(one))),
        several => {
            let list: Vec<_> = several.iter().map(|it| text::fragment(it)).collect();
            lines.push(format!(
                "lastUpdated: [ {} ]  # the first that is there",
                list.join(", ")
            ));
        }
    }
    lines
}

fn why(declared: bool) -> &'static str {
    match declared {
        true => "by a declared foreign key",
        false => "by the columns' names",
    }
}

fn lookups(joins: &Joins<'_, '_>, of: &str, aliases: &mut HashSet<String>) -> Vec<String> {
    let mut lines = Vec::new();
    for join in &joins.lookups {
        let alias = alias(&join.table.name, aliases);
        let on = on(&join.on, &alias, of);
        let fragment = text::fragment(&format!("{} on {on}", text::table(&join.table.name)));
        let holds = holds(join);
        lines.push(format!(
            "{alias}: {fragment}  # {}{holds}",
            why(join.declared)
        ));
    }
    lines
}

fn children(joins: &Joins<'_, '_>, of: &str, aliases: &mut HashSet<String>) -> Vec<String> {
    let mut lines = Vec::new();
    for join in &joins.children {
        let name = alias(&join.table.name, aliases);
        // As a person would write it: `emails: EMAIL as e`.
        let alias = alias(&name[..1], aliases);
        let on = on(&join.on, &alias, of);
        let fragment = text::fragment(&format!(
            "{} as {alias} on {on}",
            text::table(&join.table.name)
        ));
        let holds = holds(join);
        lines.push(format!(
            "{name}: {fragment}  # {}{holds}",
            why(join.declared)
        ));
    }
    lines
}

/// What there is to be taken from another table.
fn holds(join: &Join<'_, '_>) -> String {
    const NAMED: usize = 4;
    let texts = join
        .table
        .columns
        .iter()
        .filter(|column| column.ty.is_text());
    let texts = texts.filter(|column| join.on.iter().all(|(used, _)| used != column.name()));
    let texts: Vec<String> = texts
        .take(NAMED)
        .map(|column| text::shown(column.name()))
        .collect();
    match texts.is_empty() {
        true => String::new(),
        false => format!("; its texts: {}", texts.join(", ")),
    }
}

fn on(pairs: &[(String, String)], alias: &str, of: &str) -> String {
    let pairs = pairs
        .iter()
        .map(|(theirs, own)| format!("{alias}.{} = {of}.{}", text::name(theirs), text::name(own)));
    pairs.collect::<Vec<_>>().join(" and ")
}

/// A name that nothing else in the file has, made of a table's: `appointmentStatus`.
fn alias(table: &str, aliases: &mut HashSet<String>) -> String {
    let mut name = String::new();
    for piece in pieces(table.rsplit('.').next().unwrap_or(table)) {
        let mut chars = piece.chars().filter(char::is_ascii_alphanumeric);
        let first = chars.next().map(|first| match name.is_empty() {
            true => first,
            false => first.to_ascii_uppercase(),
        });
        name.extend(first.into_iter().chain(chars));
    }
    let is_usable = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && text::name(&name) == name
        && text::scalar(&name) == name;
    if !is_usable {
        name = "other".to_owned();
    }
    let mut number = 1;
    let mut unique = name.clone();
    while !aliases.insert(unique.clone()) {
        number += 1;
        unique = format!("{name}{number}");
    }
    unique
}

/// The columns that no suggestion has.
fn rest(candidate: &Candidate<'_, '_>, elements: &[String]) -> String {
    let alias = candidate.pattern.alias;
    let key = candidate.table.key().unwrap_or_default();
    let of_rows = super::patterns::OF_ROWS
        .iter()
        .filter_map(|slot| candidate.filled.get(slot.name));
    let of_rows: HashSet<&str> = of_rows.map(|it| it.column.name()).collect();
    let used: HashSet<&str> = candidate
        .filled
        .values()
        .map(|it| it.column.name())
        .filter(|name| {
            let named = format!("{alias}.{}", text::name(name));
            let is_whole = |line: &String| {
                line.match_indices(&named).any(|(at, _)| {
                    !line[at + named.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            };
            elements.iter().any(is_whole)
        })
        .collect();
    let columns = candidate.table.columns.iter();
    let unused: Vec<String> = columns
        .filter(|column| {
            let name = column.name();
            !used.contains(name) && !key.contains(&name) && !of_rows.contains(name)
        })
        .map(|column| {
            format!(
                "{} {}",
                text::shown(column.name()),
                text::shown(&column.live.declared)
            )
        })
        .collect();
    if unused.is_empty() {
        return String::new();
    }
    let more = match unused.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let listed = unused
        .iter()
        .take(LISTED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let told = format!("Its columns for which there is no suggestion: {listed}{more}");
    format!("\n{}", text::remark("##", &told))
}
