//! Which lookups an expression needs: a bit for each place in a source's list of joins.

use std::sync::Arc;

use super::{Child, Expr, Join, Predicate, Shared, Source};

impl Child {
    /// The child's lookups that a condition on its rows needs, in their order.
    pub fn joins_for(&self, condition: &Predicate) -> Vec<Shared<Join>> {
        let needed = Joins::of(&self.joins).of_predicate(condition);
        self.joins
            .iter()
            .filter(|join| needed & (1 << join.index) != 0)
            .cloned()
            .collect()
    }
}

/// The aliases of a list of joins.
pub struct Joins<'a> {
    list: &'a [Shared<Join>],
    /// An alias that means something else here.
    hidden: Option<&'a Arc<str>>,
    /// The alias that needs none of them, and that most columns have: known by its address, without a look
    /// at the names.
    own: Option<&'a Arc<str>>,
}

impl<'a> Joins<'a> {
    /// The joins of a source.
    pub fn of_source(source: &'a Source) -> Joins<'a> {
        Joins {
            own: Some(&source.table.alias),
            ..Joins::of(&source.joins)
        }
    }

    /// Any list of joins: those of a child.
    pub fn of(list: &'a [Shared<Join>]) -> Joins<'a> {
        Joins {
            list,
            hidden: None,
            own: None,
        }
    }

    fn alias(&self, alias: &Arc<str>) -> u64 {
        if self.own.is_some_and(|own| Arc::ptr_eq(own, alias)) {
            return 0;
        }
        self.list
            .iter()
            .filter(|join| Some(&join.table.alias) != self.hidden)
            .find(|join| join.table.alias == *alias)
            .map_or(0, |join| join.needs | (1 << join.index))
    }

    /// What any of the expressions needs.
    pub fn of_exprs<'e>(&self, exprs: impl IntoIterator<Item = &'e Expr>) -> u64 {
        exprs
            .into_iter()
            .fold(0, |bits, expr| bits | self.of_expr(expr))
    }

    /// What an expression needs.
    pub fn of_expr(&self, expr: &Expr) -> u64 {
        match expr {
            Expr::Column(column) => self.alias(&column.alias),
            Expr::Slot(_) | Expr::Int(_) | Expr::Text(_) => 0,
            Expr::Coalesce(parts) | Expr::Concat(parts) => self.of_exprs(parts),
            Expr::NullIf(left, right) | Expr::Arithmetic(left, _, right) => {
                self.of_expr(left) | self.of_expr(right)
            }
            Expr::Digits(inner)
            | Expr::Fold(inner)
            | Expr::Exact(inner)
            | Expr::Trim(inner)
            | Expr::BitAnd(inner, _)
            | Expr::Substring(inner, _, _)
            | Expr::Cast(inner, _)
            | Expr::Measured(inner, _)
            | Expr::DaysTo(inner, _) => self.of_expr(inner),
            Expr::Test(predicate) => self.of_predicate(predicate),
            Expr::When(predicate, inner) => self.of_predicate(predicate) | self.of_expr(inner),
            Expr::Case(case) => self.of_expr(&case.subject),
            Expr::Raw(raw) => raw
                .aliases
                .iter()
                .fold(0, |bits, alias| bits | self.alias(alias)),
        }
    }

    /// What a predicate needs.
    pub fn of_predicate(&self, predicate: &Predicate) -> u64 {
        match predicate {
            Predicate::True | Predicate::False => 0,
            Predicate::And(parts) | Predicate::Or(parts) => parts
                .iter()
                .fold(0, |bits, part| bits | self.of_predicate(part)),
            Predicate::Not(inner) => self.of_predicate(inner),
            Predicate::Compare(left, _, right) => self.of_expr(left) | self.of_expr(right),
            Predicate::In { expr, list, .. } => self.of_expr(expr) | self.of_exprs(list),
            Predicate::Key(expr, ..)
            | Predicate::IsNull { expr, .. }
            | Predicate::Present(expr)
            | Predicate::Like { expr, .. }
            | Predicate::Among { expr, .. } => self.of_expr(expr),
            Predicate::IsDate { text, day, .. } => self.of_expr(text) | self.of_expr(day),
            // The child's own lookups are in its own list; its conditions may name the parent's, but not
            // under the alias that the child itself has.
            Predicate::Exists { child, filter, .. } => {
                let outside = Joins {
                    list: self.list,
                    hidden: Some(&child.table.alias),
                    own: self.own,
                };
                self.of_exprs(child.on.iter().map(|(_, parent)| parent))
                    | outside.of_predicate(&child.filter)
                    | outside.of_predicate(filter)
            }
            Predicate::Raw(raw) => raw
                .aliases
                .iter()
                .fold(0, |bits, alias| bits | self.alias(alias)),
        }
    }
}
