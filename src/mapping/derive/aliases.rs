//! Which tables a predicate names, and which lookups of a child it therefore needs.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::relation::{Child, Expr, Join, Predicate, Shared};

/// The child's lookups that the predicate names, with those that they need themselves, in their order.
pub(super) fn joins_for(child: &Child, predicate: &Predicate) -> Vec<Shared<Join>> {
    if child.joins.is_empty() {
        return Vec::new();
    }
    let mut named = FxHashSet::default();
    in_predicate(predicate, &mut named);
    let needs = child
        .joins
        .iter()
        .filter(|join| named.contains(&join.table.alias))
        .fold(0, |needs, join| needs | join.needs);
    child
        .joins
        .iter()
        .filter(|join| needs >> u32::from(join.index).min(63) & 1 == 1)
        .cloned()
        .collect()
}

fn in_predicate(predicate: &Predicate, named: &mut FxHashSet<Arc<str>>) {
    match predicate {
        Predicate::True | Predicate::False => {}
        Predicate::And(list) | Predicate::Or(list) => {
            list.iter().for_each(|part| in_predicate(part, named))
        }
        Predicate::Not(inner) => in_predicate(inner, named),
        Predicate::Compare(left, _, right) => {
            in_expr(left, named);
            in_expr(right, named);
        }
        Predicate::In { expr, list, .. } => {
            in_expr(expr, named);
            list.iter().for_each(|expr| in_expr(expr, named));
        }
        Predicate::IsNull { expr, .. }
        | Predicate::Present(expr)
        | Predicate::Like { expr, .. } => {
            in_expr(expr, named);
        }
        Predicate::Key(expr, ..) => in_expr(expr, named),
        Predicate::Exists { filter, .. } => in_predicate(filter, named),
        Predicate::Related { select, .. } => in_predicate(&select.filter, named),
        Predicate::Raw(raw) => named.extend(raw.aliases.iter().cloned()),
    }
}

fn in_expr(expr: &Expr, named: &mut FxHashSet<Arc<str>>) {
    match expr {
        Expr::Column(column) => {
            named.insert(Arc::clone(&column.alias));
        }
        Expr::Slot(_) | Expr::Int(_) | Expr::Text(_) => {}
        Expr::Coalesce(list) | Expr::Concat(list) => {
            list.iter().for_each(|expr| in_expr(expr, named))
        }
        Expr::NullIf(left, right) | Expr::Arithmetic(left, _, right) => {
            in_expr(left, named);
            in_expr(right, named);
        }
        Expr::Digits(inner)
        | Expr::Fold(inner)
        | Expr::Exact(inner)
        | Expr::Trim(inner)
        | Expr::BitAnd(inner, _)
        | Expr::Substring(inner, ..)
        | Expr::Cast(inner, _) => in_expr(inner, named),
        Expr::Test(predicate) => in_predicate(predicate, named),
        Expr::Case { subject, .. } => in_expr(subject, named),
        Expr::Raw(raw) => named.extend(raw.aliases.iter().cloned()),
    }
}
