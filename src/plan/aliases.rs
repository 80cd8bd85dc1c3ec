//! Which lookups an expression needs: a bit for each place in a source's list of joins.

use std::sync::Arc;

use crate::relation::{Expr, Join, Predicate, Shared};

/// The aliases of a list of joins.
pub(super) struct Joins<'a> {
    list: &'a [Shared<Join>],
}

impl<'a> Joins<'a> {
    pub(super) fn of(list: &'a [Shared<Join>]) -> Joins<'a> {
        Joins { list }
    }

    fn alias(&self, alias: &Arc<str>) -> u64 {
        self.list
            .iter()
            .find(|join| join.table.alias == *alias)
            .map_or(0, |join| join.needs | (1 << join.index))
    }

    pub(super) fn of_exprs<'e>(&self, exprs: impl IntoIterator<Item = &'e Expr>) -> u64 {
        exprs.into_iter().fold(0, |bits, expr| bits | self.of_expr(expr))
    }

    pub(super) fn of_expr(&self, expr: &Expr) -> u64 {
        match expr {
            Expr::Column(column) => self.alias(&column.alias),
            Expr::Slot(_) | Expr::Int(_) | Expr::Text(_) => 0,
            Expr::Coalesce(parts) | Expr::Concat(parts) => self.of_exprs(parts),
            Expr::NullIf(left, right) | Expr::Arithmetic(left, _, right) => self.of_expr(left) | self.of_expr(right),
            Expr::Digits(inner)
            | Expr::Fold(inner)
            | Expr::Exact(inner)
            | Expr::Trim(inner)
            | Expr::BitAnd(inner, _)
            | Expr::Substring(inner, _, _)
            | Expr::Cast(inner, _) => self.of_expr(inner),
            Expr::Test(predicate) => self.of_predicate(predicate),
            Expr::Case { subject, .. } => self.of_expr(subject),
            Expr::Raw(raw) => raw.aliases.iter().fold(0, |bits, alias| bits | self.alias(alias)),
        }
    }

    pub(super) fn of_predicate(&self, predicate: &Predicate) -> u64 {
        match predicate {
            Predicate::True | Predicate::False => 0,
            Predicate::And(parts) | Predicate::Or(parts) => {
                parts.iter().fold(0, |bits, part| bits | self.of_predicate(part))
            }
            Predicate::Not(inner) => self.of_predicate(inner),
            Predicate::Compare(left, _, right) => self.of_expr(left) | self.of_expr(right),
            Predicate::In { expr, list, .. } => self.of_expr(expr) | self.of_exprs(list),
            Predicate::Key(expr, ..)
            | Predicate::IsNull { expr, .. }
            | Predicate::Present(expr)
            | Predicate::Like { expr, .. } => self.of_expr(expr),
            // The child's own lookups are in its own list; what it needs of the parent is in its `on`.
            Predicate::Exists { child, .. } => self.of_exprs(child.on.iter().map(|(_, parent)| parent)),
            Predicate::Related { .. } => 0,
            Predicate::Raw(raw) => raw.aliases.iter().fold(0, |bits, alias| bits | self.alias(alias)),
        }
    }
}
