//! Whether the ids of a source are its rows' own.
//!
//! Takes the columns of `id:`, the declared key of the table, and the conditions of `rows:`; warns where two rows may
//! have the same id: a search would find both, and a read any of them.

use std::sync::Arc;

use super::diagnostic::Problem;
use super::measured::in_fragment;
use super::relate::fixed_columns;
use super::source::Compiler;
use super::yaml::Node;
use super::{fragment, rules};
use crate::relation::{Expr, Predicate, SqlType};

impl Compiler<'_> {
    /// Warns of an id that is not the row's own. `node` is `id:`, `home` the table's alias and name, `conditions`
    /// stand under `rows:`.
    pub(super) fn warn_shared_id(
        &self,
        node: &Node,
        id: &[Expr],
        (alias, table): (&Arc<str>, &Arc<str>),
        conditions: Option<&Node>,
        rows: &Predicate,
    ) {
        if id.len() != node.entries().len() {
            return;
        }
        for (entry, expr) in node.entries().iter().zip(id) {
            if let Expr::Column(column) = expr
                && column.alias != *alias
            {
                return self.at.report(
                    Problem::new(
                        &rules::SHARED_ID,
                        &entry.span,
                        format!("the id comes from the lookup `{}`", column.alias),
                    )
                    .note("rows that find the same row there have the same id, and rows that find none have no id")
                    .help(format!("make it of the columns of `{table}`: `id: {alias}.…`")),
                );
            }
        }
        let Some(info) = self.schema().tables.get(table) else {
            return;
        };
        // That a column may not be there at all has been said.
        let is_optional = |expr: &Expr| {
            matches!(expr, Expr::Column(column)
                if info.columns.get(&column.name).is_some_and(|column| column.optional))
        };
        // No two GUIDs are the same.
        let is_guid = |expr: &Expr| matches!(expr, Expr::Column(column) if column.ty == SqlType::UniqueIdentifier);
        if id.iter().any(|expr| is_guid(expr) || is_optional(expr)) {
            return;
        }
        let conditions: Vec<_> = conditions
            .map_or(&[][..], Node::entries)
            .iter()
            .filter_map(|node| fragment::condition(node.as_text()?).ok())
            .collect();
        let mut fixed = Vec::new();
        for condition in &conditions {
            fixed_columns(condition, alias, &mut fixed);
        }
        let is_in = |expr: &Expr, key: &str| match expr {
            Expr::Column(column) => *column.name == *key,
            // What a fragment makes of a column is not read.
            Expr::Raw(raw) => in_fragment(raw, alias, key),
            _ => false,
        };
        let open: Vec<_> = info
            .key
            .iter()
            .filter(|key| {
                !id.iter().any(|expr| is_in(expr, key))
                    && !fixed.contains(&&***key)
                    && !asks_in_fragment(rows, alias, key)
            })
            .map(|key| format!("`{alias}.{key}`"))
            .collect();
        if open.is_empty() {
            return;
        }
        self.at.report(
            Problem::new(
                &rules::SHARED_ID,
                &node.span,
                "two rows may have the same id",
            )
            .label(format!("{} of the key is not in it", open.join(", ")))
            .help(format!(
                "make the id of the whole key of `{table}`, or declare as its key what is unique in it"
            )),
        );
    }
}

/// Whether a fragment among the conditions names a column: it may let one row of several through.
fn asks_in_fragment(rows: &Predicate, alias: &str, column: &str) -> bool {
    match rows {
        Predicate::And(parts) | Predicate::Or(parts) => parts
            .iter()
            .any(|part| asks_in_fragment(part, alias, column)),
        Predicate::Not(inner) => asks_in_fragment(inner, alias, column),
        Predicate::Raw(raw) => in_fragment(raw, alias, column),
        _ => false,
    }
}
