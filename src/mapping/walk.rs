//! The leaves of expressions, conditions and search targets: columns and fragments, each given to a function.
//!
//! Rows of another table that a condition asks (`EXISTS`, `IN (SELECT …)`) are walked as well: their aliases are the
//! source's own, as those of its children are.

use super::model::{
    DateMatcher, Matcher, NumberMatcher, Target, TextMatcher, TokenCode, TokenMatcher, TokenSystem,
};
use crate::relation::{Expr, Predicate};

/// Of an expression.
pub(crate) fn expr(of: &Expr, leaf: &mut dyn FnMut(&Expr)) {
    match of {
        Expr::Column(_) | Expr::Raw(_) => leaf(of),
        Expr::Slot(_) | Expr::Int(_) | Expr::Text(_) => {}
        Expr::Coalesce(parts) | Expr::Concat(parts) => parts.iter().for_each(|it| expr(it, leaf)),
        Expr::NullIf(left, right) | Expr::Arithmetic(left, _, right) => {
            expr(left, leaf);
            expr(right, leaf);
        }
        Expr::Digits(inner)
        | Expr::Fold(inner)
        | Expr::Exact(inner)
        | Expr::Trim(inner)
        | Expr::BitAnd(inner, _)
        | Expr::Substring(inner, _, _)
        | Expr::Cast(inner, _)
        | Expr::Measured(inner, _)
        | Expr::DaysTo(inner, _) => expr(inner, leaf),
        Expr::Test(inner) => predicate(inner, leaf),
        Expr::When(holds, inner) => {
            predicate(holds, leaf);
            expr(inner, leaf);
        }
        Expr::Case(case) => expr(&case.subject, leaf),
    }
}

/// Of a condition.
pub(crate) fn predicate(of: &Predicate, leaf: &mut dyn FnMut(&Expr)) {
    match of {
        Predicate::True | Predicate::False => {}
        Predicate::And(parts) | Predicate::Or(parts) => {
            parts.iter().for_each(|it| predicate(it, leaf));
        }
        Predicate::Not(inner) => predicate(inner, leaf),
        Predicate::Compare(left, _, right) => {
            expr(left, leaf);
            expr(right, leaf);
        }
        Predicate::In { expr: of, list, .. } => {
            expr(of, leaf);
            list.iter().for_each(|it| expr(it, leaf));
        }
        Predicate::Key(of, ..)
        | Predicate::IsNull { expr: of, .. }
        | Predicate::Present(of)
        | Predicate::Like { expr: of, .. } => expr(of, leaf),
        Predicate::IsDate { text, .. } => expr(text, leaf),
        Predicate::Exists { child, filter, .. } => {
            predicate(&child.filter, leaf);
            predicate(filter, leaf);
        }
        Predicate::Among {
            expr: of,
            of: among,
        } => {
            expr(of, leaf);
            expr(&among.key, leaf);
            predicate(&among.filter, leaf);
        }
        Predicate::Raw(raw) => leaf(&Expr::Raw(raw.clone())),
    }
}

/// What a search target compares. What must hold besides is no part of it.
pub(crate) fn target(of: &Target, leaf: &mut dyn FnMut(&Expr)) {
    match &of.matcher {
        Matcher::Id => {}
        Matcher::Text(matcher) | Matcher::Uri(matcher) => text(matcher, leaf),
        Matcher::Token(matcher) => token(matcher, leaf),
        Matcher::Reference(reference) => expr(&reference.expr, leaf),
        Matcher::Date(matcher) => date(matcher, leaf),
        Matcher::Period { start, end } => {
            start.iter().chain(end).for_each(|it| date(it, leaf));
        }
        Matcher::Number(matcher) => number(matcher, leaf),
        Matcher::Quantity(quantity) => {
            number(&quantity.value, leaf);
            system(&quantity.system, leaf);
            let codes = quantity.code.iter().chain(&quantity.unit);
            codes.for_each(|it| code(it, leaf));
        }
        Matcher::Composite(components) => {
            let targets = components.iter().flat_map(|it| &it.targets);
            targets.for_each(|it| target(it, leaf));
        }
        Matcher::Exists(conditions) => conditions.iter().for_each(|it| predicate(it, leaf)),
    }
}

fn text(of: &TextMatcher, leaf: &mut dyn FnMut(&Expr)) {
    match of {
        TextMatcher::Column(column) => expr(&column.expr, leaf),
        TextMatcher::Constant(_) => {}
        TextMatcher::Codes { expr: of, .. } => expr(of, leaf),
    }
}

fn token(of: &TokenMatcher, leaf: &mut dyn FnMut(&Expr)) {
    system(&of.system, leaf);
    code(&of.code, leaf);
}

fn system(of: &TokenSystem, leaf: &mut dyn FnMut(&Expr)) {
    if let TokenSystem::Column(of, _) = of {
        expr(of, leaf);
    }
}

fn code(of: &TokenCode, leaf: &mut dyn FnMut(&Expr)) {
    match of {
        TokenCode::Column { expr: of, .. }
        | TokenCode::Digits(of)
        | TokenCode::Codes { expr: of, .. } => expr(of, leaf),
        TokenCode::Concat { parts } => parts.iter().for_each(|(of, ..)| expr(of, leaf)),
        TokenCode::Boolean(condition) => predicate(condition, leaf),
        TokenCode::Constant(_) => {}
    }
}

fn date(of: &DateMatcher, leaf: &mut dyn FnMut(&Expr)) {
    of.columns.iter().for_each(|it| expr(it, leaf));
}

fn number(of: &NumberMatcher, leaf: &mut dyn FnMut(&Expr)) {
    expr(&of.expr, leaf);
    of.comparator.iter().for_each(|it| expr(it, leaf));
}
