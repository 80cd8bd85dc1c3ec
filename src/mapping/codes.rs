//! Code tables: the raw values of a column and the codes that they stand for.
//!
//! Takes an entry of `codes:`, or a table written in place; gives a [`CodeTable`]. Whether its
//! codes suit an element, and its raw values a column, is checked where the table is used.

use std::collections::HashMap;
use std::sync::Arc;

use super::diagnostic::{At, Problem};
use super::model::{Code, CodeEntry, CodeTable};
use super::names::nearest;
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Span, Value, get};
use super::{rules, shape};

/// The most entries of a table: each use of it is checked, entry by entry.
const MAX_ENTRIES: usize = 5000;

/// A table and where its codes stand in the file, in the order entries, otherwise, absent.
#[derive(Debug)]
pub(super) struct Codes {
    pub table: Arc<CodeTable>,
    /// Code and the place of its entry.
    pub spans: Vec<Span>,
    /// The raw values' places, in the order of the table's entries.
    pub keys: Vec<Span>,
    /// In which file the spans are: tables are shared.
    pub file: Arc<str>,
    /// All of it could be read. What is missed in another has been reported already.
    pub whole: bool,
}

impl Codes {
    /// All codes, with the places of their entries.
    pub fn all(&self) -> impl Iterator<Item = (&Code, &Span)> {
        let entries = self.table.entries.iter().map(|entry| &entry.code);
        entries
            .chain(&self.table.otherwise)
            .chain(&self.table.absent)
            .zip(&self.spans)
    }
}

/// Reads a table. The long form has `values:` and may have a `system:`.
pub(super) fn table(at: At<'_>, name: &str, node: &Node) -> Codes {
    read(at, name, node).unwrap_or_else(|| Codes {
        table: Arc::new(CodeTable {
            name: Arc::from(name),
            system: None,
            entries: Vec::new(),
            otherwise: None,
            absent: None,
        }),
        spans: Vec::new(),
        keys: Vec::new(),
        file: Arc::clone(&at.file().path),
        whole: false,
    })
}

fn read(at: At<'_>, name: &str, node: &Node) -> Option<Codes> {
    let pairs = shape::map(at, node, "a code table")?;
    let (system, pairs) = match get(pairs, "values") {
        Some(values) if matches!(values.value.value, Value::Map(_)) => {
            shape::only(at, pairs, &names(&vocabulary::CODE_TABLE), "a code table");
            let system = get(pairs, "system").and_then(|pair| system(at, &pair.value));
            (system, shape::map(at, &values.value, "`values:`")?)
        }
        _ => {
            no_long_form(at, pairs)?;
            (None, pairs)
        }
    };
    if pairs.is_empty() {
        at.report(Problem::new(
            &rules::CODE_TABLE,
            &node.span,
            "the code table has no entries",
        ));
        return None;
    }
    if pairs.len() > MAX_ENTRIES {
        at.report(
            Problem::new(
                &rules::CODE_TABLE,
                &node.span,
                format!(
                    "the code table has {} entries, and may have {MAX_ENTRIES}",
                    pairs.len()
                ),
            )
            .help("so many codes belong into a table of the database: declare a lookup"),
        );
        return None;
    }
    let mut table = CodeTable {
        name: Arc::from(name),
        system,
        entries: Vec::with_capacity(pairs.len()),
        otherwise: None,
        absent: None,
    };
    let (mut spans, mut keys) = (Vec::new(), Vec::new());
    let mut seen: HashMap<String, Span> = HashMap::new();
    let (mut otherwise_span, mut absent_span) = (None, None);
    let mut whole = true;
    for pair in pairs {
        let Some(code) = entry(at, pair, table.system.as_ref()) else {
            whole = false;
            continue;
        };
        match pair.key.as_str() {
            "*" => {
                table.otherwise = Some(code);
                otherwise_span = Some(pair.value.span.clone());
            }
            raw if raw.trim().is_empty() => {
                table.absent = Some(code);
                absent_span = Some(pair.value.span.clone());
            }
            raw => {
                let raw = raw.trim();
                if let Some(first) = seen.insert(raw.to_lowercase(), pair.key_span.clone()) {
                    at.report(
                        Problem::new(
                            &rules::CODE_TABLE,
                            &pair.key_span,
                            format!("the raw value `{}` stands twice", shape::clip(raw)),
                        )
                        .label("again here")
                        .related(&first, "first here")
                        .note("raw values compare without case and without blanks around them"),
                    );
                    continue;
                }
                table.entries.push(CodeEntry {
                    raw: Arc::from(raw),
                    code,
                });
                spans.push(pair.value.span.clone());
                keys.push(pair.key_span.clone());
            }
        }
    }
    spans.extend(otherwise_span);
    spans.extend(absent_span);
    let file = Arc::clone(&at.file().path);
    Some(Codes {
        table: Arc::new(table),
        spans,
        keys,
        file,
        whole,
    })
}

/// Reports a long form without its `values:`. Taken as a short one, it would have `system` among its raw values.
fn no_long_form(at: At<'_>, pairs: &[Pair]) -> Option<()> {
    let is_entry = |inner: &[Pair]| get(inner, "code").is_some();
    let misspelt = pairs.iter().find(|pair| {
        nearest(&pair.key, ["values"]).is_some()
            && pair.value.as_map().is_some_and(|inner| !is_entry(inner))
    });
    if let Some(pair) = misspelt {
        shape::unknown_key(at, pair, &names(&vocabulary::CODE_TABLE), "a code table");
        return None;
    }
    let Some(pair) = get(pairs, "system") else {
        return Some(());
    };
    at.report(
        Problem::new(
            &rules::CODE_TABLE,
            &pair.key_span,
            "`system:` stands in a code table without `values:`",
        )
        .help("put the raw values below `values:`, beside it: `{ system: …, values: { … } }`"),
    );
    None
}

/// `code`, or `{ code, display, system }`; the system is the table's where an entry has none.
fn entry(at: At<'_>, pair: &Pair, of_table: Option<&Arc<str>>) -> Option<Code> {
    let node = &pair.value;
    let text = |node: &Node| shape::text(at, node, "a code").map(Arc::from);
    match &node.value {
        Value::Map(pairs) => {
            shape::only(
                at,
                pairs,
                &names(&vocabulary::CODE_ENTRY),
                "an entry of a code table",
            );
            let help = "an entry is `raw: code` or `raw: { code: …, display: …, system: … }`";
            let code = shape::required(at, pairs, "code", &node.span, "the entry", help)?;
            let display = get(pairs, "display").and_then(|pair| text(&pair.value));
            let own = get(pairs, "system").and_then(|pair| system(at, &pair.value));
            Some(Code::new(text(code)?, display, own.or(of_table.cloned())))
        }
        _ => Some(Code::new(text(node)?, None, of_table.cloned())),
    }
}

/// The URI of a code system.
fn system(at: At<'_>, node: &Node) -> Option<Arc<str>> {
    let text = shape::text(at, node, "the system of codes")?;
    if crate::fhir::Primitive::Uri.check(text) {
        return Some(Arc::from(text));
    }
    at.report(Problem::new(
        &rules::CONSTANT_FORM,
        &node.span,
        format!("`{}` is no URI", shape::clip(text)),
    ));
    None
}
