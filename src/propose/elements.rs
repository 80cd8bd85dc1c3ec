//! The elements of a pattern, with the columns that fit → the lines that suggest them.
//!
//! What a line of a pattern says is told in [`super::patterns`].

use std::collections::BTreeMap;

use super::look::{Candidate, Filled};
use super::text;

/// The lines below `elements:`, of the pattern's those whose slots are filled.
pub(super) fn elements(candidate: &Candidate<'_, '_>) -> Vec<String> {
    let lines: Vec<&str> = candidate.pattern.elements.lines().collect();
    // Without its `| `, which is no part of its place.
    let text_of = |line: &str| line.replacen("| ", "", 1);
    let depth = |line: &str| line.len() - line.trim_start().len();
    // Each line as it would be written, and whether that is for its slots.
    let mut made: Vec<Option<(String, bool)>> = Vec::new();
    let mut last_kept: BTreeMap<usize, bool> = BTreeMap::new();
    for line in &lines {
        let stands_in = line.trim_start().starts_with("| ");
        let depth = depth(line);
        let is_needed = !stands_in || !last_kept.get(&depth).copied().unwrap_or_default();
        let written = match is_needed {
            true => filled_line(&text_of(line), candidate),
            false => Line::Dropped,
        };
        let kept = matches!(written, Line::Kept(_)) || stands_in && !is_needed;
        last_kept.insert(depth, kept);
        made.push(match written {
            Line::Kept(text) => Some((text, true)),
            Line::Plain(text) => Some((text, false)),
            Line::Dropped => None,
        });
    }
    // From the end: a line without slots that holds others stands with them.
    let mut keep = vec![false; lines.len()];
    for at in (0..lines.len()).rev() {
        let own = depth(lines[at]);
        let below = lines[at + 1..].iter().zip(&keep[at + 1..]);
        let mut below = below.take_while(|(line, _)| depth(line) > own).peekable();
        keep[at] = match &made[at] {
            Some((_, true)) => true,
            Some((_, false)) => below.peek().is_none() || below.any(|(_, keep)| *keep),
            None => false,
        };
    }
    let mut written = Vec::new();
    // Where the first line of a list's entry is not kept, the next has its dash.
    let mut dash: Option<usize> = None;
    for ((line, made), keep) in lines.iter().zip(made).zip(keep) {
        let own = depth(line);
        dash = dash.filter(|place| own > *place);
        match made {
            Some((text, _)) if keep => {
                written.push(match dash.take_if(|place| own == *place + 2) {
                    Some(place) => format!("{}- {}", " ".repeat(place), text.trim_start()),
                    None => text,
                })
            }
            _ if line.trim_start().starts_with("- ") => dash = Some(own),
            _ => {}
        }
    }
    written
}

enum Line {
    /// All of its slots are filled.
    Kept(String),
    /// It has none.
    Plain(String),
    Dropped,
}

/// A line of the pattern with columns in its slots, and what they look like behind it.
fn filled_line(line: &str, candidate: &Candidate<'_, '_>) -> Line {
    let mut out = String::new();
    let mut reasons: Vec<String> = Vec::new();
    let (mut filled, mut missing) = (0, 0);
    let mut rest = line;
    while let Some((before, slot, after)) = next_slot(rest) {
        out.push_str(before);
        let (is_bare, name) = match slot.strip_prefix('.') {
            Some(name) => (true, name),
            None => (false, slot),
        };
        // What a slot says of another that has to be filled as well.
        let (name, beside) = name.split_once('?').unwrap_or((name, name));
        let has_beside = candidate.filled.contains_key(beside);
        match candidate.filled.get(name).filter(|_| has_beside) {
            Some(found) => {
                filled += 1;
                out.push_str(&value(found, candidate.pattern.alias, is_bare));
                reasons.push(reason(found));
            }
            None => {
                missing += 1;
                // In a list the comma goes with it.
                if out.ends_with(", ") {
                    out.truncate(out.len() - 2);
                }
            }
        }
        rest = match out.ends_with("[ ") {
            true => after.strip_prefix(", ").unwrap_or(after),
            false => after,
        };
    }
    out.push_str(rest);
    let is_list = line.contains("[ {") && !line.contains("[ { ");
    match (filled, missing) {
        (0, 0) => Line::Plain(out),
        (0, _) => Line::Dropped,
        (_, missing) if missing > 0 && !is_list => Line::Dropped,
        _ => Line::Kept(format!("{out}  # {}", reasons.join("; "))),
    }
}

/// What stands before a slot, its name, and what stands behind it. A brace of YAML's has a blank behind it.
pub(super) fn next_slot(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find('{')?;
        let inner = &text[start + 1..];
        let end = inner.find('}')?;
        let name = &inner[..end];
        let is_slot = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '?'));
        if is_slot {
            return Some((&text[..start], name, &inner[end + 1..]));
        }
        from = start + 1;
    }
}

fn value(found: &Filled<'_, '_>, alias: &str, is_bare: bool) -> String {
    let column = format!("{alias}.{}", text::name(found.column.name()));
    match is_bare {
        true => text::fragment(&column),
        false => text::fragment(&format!("${column}")),
    }
}

fn reason(found: &Filled<'_, '_>) -> String {
    let column = &found.column.live;
    format!(
        "{} {}: {}",
        text::shown(&column.name),
        text::shown(&column.declared),
        found.slot.looks_like
    )
}
