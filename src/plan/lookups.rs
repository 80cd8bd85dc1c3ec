//! A condition on a lookup alone asks the lookup first.
//!
//! `sex.SEX = 'Male'` over a LEFT JOIN leaves it to the engine to see that the join may be turned round;
//! SQLite then begins with the lookup's few rows and walks the large table for each. Said as
//! `p.SEXCODE IN (SELECT sex.SEXCODE …)` the large table keeps the index that the other conditions chose,
//! and a total needs no join at all. It is the same condition only where a row without a lookup entry does
//! not hold it, which is checked here.

use std::sync::Arc;

use crate::mapping::{Matcher, Target, TextMatcher, TokenCode, TokenMatcher, TokenSystem};
use crate::relation::{Child, Column, CompareOp, Expr, Join, Joins, Predicate, Shared};

/// Whether it is plain, before any request, that a target's conditions are about its source's own columns:
/// those of most parameters are, and need not be looked through each time. False where it is not plain.
pub(super) fn is_own(target: &Target, joins: &Joins<'_>) -> bool {
    let own = |expr: &Expr| joins.of_expr(expr) == 0;
    let holds = |predicate: &Predicate| joins.of_predicate(predicate) == 0;
    target.child.is_none()
        && holds(&target.guard)
        && match &target.matcher {
            Matcher::Text(TextMatcher::Column(column)) => own(&column.expr),
            Matcher::Token(TokenMatcher {
                system,
                code: TokenCode::Column { expr, .. } | TokenCode::Digits(expr),
                present,
                types,
            }) => {
                !matches!(system, TokenSystem::Column(..))
                    && own(expr)
                    && holds(present)
                    && types
                        .iter()
                        .flatten()
                        .all(|ty| matches!(ty.code, TokenCode::Constant(_)))
            }
            Matcher::Reference(matcher) => own(&matcher.expr) && holds(&matcher.present),
            Matcher::Date(matcher) => matcher.columns.iter().all(own) && holds(&matcher.present),
            _ => false,
        }
}

/// The lookups of a source that can be asked first, by their place.
pub(super) struct Lookups(Vec<Lookup>);

struct Lookup {
    alias: Arc<str>,
    /// The lookup as a table that belongs by one column; None where its condition is more than that.
    asked: Option<Shared<Child>>,
}

impl Lookups {
    pub(super) fn of(joins: &[Shared<Join>]) -> Lookups {
        Lookups(
            joins
                .iter()
                .map(|join| Lookup {
                    alias: Arc::clone(&join.table.alias),
                    asked: asked(join),
                })
                .collect(),
        )
    }

    /// The same condition, with each part that is about one lookup alone asked of the lookup.
    pub(super) fn ask(&self, predicate: Predicate) -> Predicate {
        if let Some(child) = self.alone(&predicate) {
            let own = on_own_column(&child, &predicate);
            let exists = Predicate::Exists {
                child,
                joins: Vec::new(),
                filter: Box::new(predicate),
            };
            return Predicate::all(own.into_iter().chain([exists]));
        }
        match predicate {
            Predicate::And(parts) => {
                Predicate::And(parts.into_iter().map(|part| self.ask(part)).collect())
            }
            Predicate::Or(parts) => {
                Predicate::Or(parts.into_iter().map(|part| self.ask(part)).collect())
            }
            Predicate::Not(inner) => Predicate::Not(Box::new(self.ask(*inner))),
            other => other,
        }
    }

    /// The lookup that a condition is about, and whose absence it does not hold for.
    fn alone(&self, predicate: &Predicate) -> Option<Shared<Child>> {
        if self.0.is_empty() || !rejects_null(predicate) {
            return None;
        }
        let alias = first_alias(predicate)?;
        let lookup = self.0.iter().find(|lookup| lookup.alias == *alias)?;
        let child = lookup.asked.as_ref()?;
        only(predicate, alias).then(|| child.clone())
    }
}

/// The same said of the table's own column, where a condition is on the one that it belongs by: so the engine sees
/// which index it can begin with.
fn on_own_column(child: &Child, predicate: &Predicate) -> Option<Predicate> {
    let [(key, parent)] = child.on.as_slice() else {
        return None;
    };
    match predicate {
        Predicate::Compare(expr, CompareOp::Eq, value) if expr == key => Some(Predicate::Compare(
            parent.clone(),
            CompareOp::Eq,
            value.clone(),
        )),
        Predicate::In {
            expr,
            list,
            negated: false,
        } if expr == key => Some(Predicate::In {
            expr: parent.clone(),
            list: list.clone(),
            negated: false,
        }),
        _ => None,
    }
}

/// Where a lookup belongs by one column, and what else its condition says is about itself.
pub(crate) fn asked(join: &Join) -> Option<Shared<Child>> {
    let parts = match &join.on {
        Predicate::And(parts) => parts.as_slice(),
        alone => std::slice::from_ref(alone),
    };
    let (belongs, own): (Vec<&Predicate>, Vec<&Predicate>) =
        parts.iter().partition(|part| between(part).is_some());
    let [belongs] = belongs.as_slice() else {
        return None;
    };
    let (left, right) = between(belongs)?;
    if !own.iter().all(|part| is_about(part, &join.table.alias)) {
        return None;
    }
    let filter = Predicate::all(own.into_iter().cloned());
    let own = |alias: &Arc<str>| *alias == join.table.alias;
    let (key, parent) = match (own(&left.alias), own(&right.alias)) {
        (true, false) => (left, right),
        (false, true) => (right, left),
        _ => return None,
    };
    Some(Shared::new(Child {
        name: Arc::clone(&join.table.alias),
        table: join.table.clone(),
        on: vec![(Expr::Column(key.clone()), Expr::Column(parent.clone()))],
        filter,
        order: Vec::new(),
        joins: Vec::new(),
    }))
}

/// The two columns that are to be equal.
fn between(predicate: &Predicate) -> Option<(&Shared<Column>, &Shared<Column>)> {
    match predicate {
        Predicate::Compare(Expr::Column(left), CompareOp::Eq, Expr::Column(right)) => {
            Some((left, right))
        }
        _ => None,
    }
}

/// A plain condition on one column of the alias.
fn is_about(predicate: &Predicate, alias: &Arc<str>) -> bool {
    let is_column = |expr: &Expr| matches!(expr, Expr::Column(column) if column.alias == *alias);
    match predicate {
        Predicate::Compare(left, _, right) => is_column(left) && is_constant(right),
        Predicate::In { expr, list, .. } => is_column(expr) && list.iter().all(is_constant),
        Predicate::Present(expr) | Predicate::IsNull { expr, .. } => is_column(expr),
        Predicate::And(parts) | Predicate::Or(parts) => {
            parts.iter().all(|part| is_about(part, alias))
        }
        _ => false,
    }
}

/// NULL where the column in it is NULL.
fn is_strict(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) => true,
        Expr::Digits(inner)
        | Expr::Fold(inner)
        | Expr::Exact(inner)
        | Expr::Trim(inner)
        | Expr::BitAnd(inner, _)
        | Expr::Substring(inner, _, _)
        | Expr::Cast(inner, _)
        | Expr::Measured(inner, _)
        | Expr::DaysTo(inner, _)
        | Expr::NullIf(inner, _) => is_strict(inner),
        _ => false,
    }
}

/// No column is in it.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Slot(_) | Expr::Int(_) | Expr::Text(_) => true,
        Expr::Cast(inner, _) => is_constant(inner),
        _ => false,
    }
}

/// Does not hold where the columns in it are NULL.
fn rejects_null(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::Compare(left, _, right) => is_strict(left) && is_constant(right),
        // Asked row by row it stays where the rows are.
        Predicate::Among { expr, of } => !of.by_row && is_strict(expr),
        Predicate::In { expr, .. } | Predicate::Present(expr) | Predicate::Like { expr, .. } => {
            is_strict(expr)
        }
        Predicate::IsDate { text, .. } => is_strict(text),
        Predicate::IsNull { expr, negated } => *negated && is_strict(expr),
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().all(rejects_null),
        _ => false,
    }
}

fn first_alias(predicate: &Predicate) -> Option<&Arc<str>> {
    match predicate {
        Predicate::Compare(left, _, _) => first_alias_of(left),
        Predicate::In { expr, .. }
        | Predicate::Among { expr, .. }
        | Predicate::Present(expr)
        | Predicate::Like { expr, .. }
        | Predicate::IsDate { text: expr, .. }
        | Predicate::IsNull { expr, .. } => first_alias_of(expr),
        Predicate::And(parts) | Predicate::Or(parts) => parts.first().and_then(first_alias),
        _ => None,
    }
}

fn first_alias_of(expr: &Expr) -> Option<&Arc<str>> {
    match expr {
        Expr::Column(column) => Some(&column.alias),
        Expr::Digits(inner)
        | Expr::Fold(inner)
        | Expr::Exact(inner)
        | Expr::Trim(inner)
        | Expr::BitAnd(inner, _)
        | Expr::Substring(inner, _, _)
        | Expr::Cast(inner, _)
        | Expr::Measured(inner, _)
        | Expr::DaysTo(inner, _)
        | Expr::NullIf(inner, _) => first_alias_of(inner),
        _ => None,
    }
}

/// Every column in it is the alias's. Called only where [`rejects_null`] holds: each part then has one column.
fn only(predicate: &Predicate, alias: &Arc<str>) -> bool {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().all(|part| only(part, alias)),
        other => first_alias(other) == Some(alias),
    }
}
