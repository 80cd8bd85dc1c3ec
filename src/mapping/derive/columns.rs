//! What a search must know of an expression: its type, and how a mapping's literals compare with it.
//!
//! Takes expressions and the raw literals of a mapping (sentinels, the keys of code tables); gives
//! predicates and literals of the column's own kind. A text column is compared trimmed, as its value is
//! read; raw text compares without case.

use std::sync::Arc;

use crate::mapping::{Code, CodeTable};
use crate::relation::{CaseKey, Collation, CompareOp, Expr, Measured, Predicate, SqlType};

/// The type of an expression, and how it compares if it is text.
pub(super) fn type_of(expr: &Expr) -> (SqlType, Option<Arc<Collation>>) {
    match expr {
        Expr::Column(column) => (column.ty, column.collation.clone()),
        Expr::Raw(raw) => (raw.ty, raw.collation.clone()),
        Expr::Slot(slot) => (slot.ty, None),
        Expr::Cast(_, ty) => (*ty, None),
        Expr::Trim(inner)
        | Expr::NullIf(inner, _)
        | Expr::When(_, inner)
        | Expr::Exact(inner)
        | Expr::Fold(inner) => type_of(inner),
        Expr::Coalesce(list) => list.first().map_or((SqlType::VarChar(0), None), type_of),
        Expr::Int(_) | Expr::BitAnd(..) | Expr::Test(_) | Expr::DaysTo(..) => {
            (SqlType::BigInt, None)
        }
        Expr::Arithmetic(left, ..) => type_of(left),
        Expr::Measured(_, Measured::Number) => (SqlType::Float, None),
        Expr::Measured(_, Measured::Comparator) => (SqlType::VarChar(2), None),
        Expr::Text(_) | Expr::Digits(_) | Expr::Substring(..) | Expr::Concat(_) | Expr::Case(_) => {
            (SqlType::VarChar(0), None)
        }
    }
}

/// A raw literal of the mapping as the column's type writes it; None where no row can hold it.
pub(super) fn literal(ty: SqlType, raw: &Arc<str>) -> Option<Expr> {
    if ty.is_text() || ty == SqlType::UniqueIdentifier {
        Some(Expr::Text(Arc::clone(raw)))
    } else if ty.is_integer() {
        raw.trim().parse().ok().map(Expr::Int)
    } else {
        // The dialect spells a date's or a decimal's literal: their text alone would be read by the
        // session's language.
        Some(Expr::Cast(Box::new(Expr::Text(Arc::clone(raw))), ty))
    }
}

/// The expression without the padding of its column, if it is text whose comparison minds it.
pub(super) fn trimmed(expr: &Expr) -> Expr {
    let (ty, collation) = type_of(expr);
    let minds = !collation.is_some_and(|collation| collation.ignores_trailing_blanks);
    match ty.is_text() && minds {
        true => Expr::Trim(Box::new(expr.clone())),
        false => expr.clone(),
    }
}

/// An expression and the literals that are compared with it, text without case.
fn alike<'a>(expr: &Expr, raws: impl Iterator<Item = &'a Arc<str>>) -> (Expr, Vec<Expr>) {
    let ty = type_of(expr).0;
    let (probe, folds) = without_case(expr);
    let fold = |expr| {
        if folds {
            Expr::Fold(Box::new(expr))
        } else {
            expr
        }
    };
    let literals = raws.filter_map(|raw| literal(ty, raw)).map(fold).collect();
    (probe, literals)
}

/// The expression as a raw value of a code table is compared with it, which is without case, as the writer
/// reads it; true where that takes a fold, which the other side then needs too.
pub fn without_case(expr: &Expr) -> (Expr, bool) {
    let (ty, collation) = type_of(expr);
    let folds = ty.is_text() && !collation.is_some_and(|collation| collation.ignores_case);
    match folds {
        true => (Expr::Fold(Box::new(trimmed(expr))), true),
        false => (trimmed(expr), false),
    }
}

/// The value is none of the sentinels. `True` where there are none.
pub(super) fn no_sentinel(expr: &Expr, absent: &[Arc<str>]) -> Predicate {
    let (expr, list) = alike(expr, absent.iter());
    match list.is_empty() {
        true => Predicate::True,
        false => Predicate::In {
            expr,
            list,
            negated: true,
        },
    }
}

/// A column of [`Conversion::Boolean`](crate::mapping::Conversion::Boolean) holds true.
pub(super) fn is_true(expr: &Expr) -> Predicate {
    match type_of(expr).0 {
        SqlType::Bit => Predicate::Compare(expr.clone(), CompareOp::Eq, Expr::Int(1)),
        _ => holds_word(expr, &TRUE),
    }
}

/// Such a column holds true or false, and nothing odd.
pub(super) fn is_boolean(expr: &Expr) -> Predicate {
    match type_of(expr).0 {
        SqlType::Bit => Predicate::Present(expr.clone()),
        _ => Predicate::any([holds_word(expr, &TRUE), holds_word(expr, &FALSE)]),
    }
}

/// What the writer reads as true, and as false.
const TRUE: [&str; 6] = ["1", "-1", "true", "t", "y", "yes"];
const FALSE: [&str; 5] = ["0", "false", "f", "n", "no"];

fn holds_word(expr: &Expr, words: &[&str]) -> Predicate {
    let words: Vec<Arc<str>> = words.iter().map(|word| Arc::from(*word)).collect();
    holds_any(expr, words.iter())
}

/// The column holds a value: not NULL, not blank, no sentinel.
pub(super) fn held(expr: &Expr, absent: &[Arc<str>]) -> Predicate {
    Predicate::all([Predicate::Present(expr.clone()), no_sentinel(expr, absent)])
}

/// The column holds one of these raw values, text compared without case.
pub(super) fn holds_any<'a>(expr: &Expr, raws: impl Iterator<Item = &'a Arc<str>>) -> Predicate {
    let (expr, list) = alike(expr, raws);
    match list.is_empty() {
        true => Predicate::False,
        false => Predicate::In {
            expr,
            list,
            negated: false,
        },
    }
}

/// A column under a code table stands for something wanted.
pub(super) fn coded(
    expr: &Expr,
    absent: &[Arc<str>],
    table: &CodeTable,
    wanted: impl Fn(&Code) -> bool,
) -> Predicate {
    let is = |code: &Option<Code>| code.as_ref().is_some_and(&wanted);
    let (listed, unlisted): (Vec<_>, Vec<_>) =
        table.entries.iter().partition(|entry| wanted(&entry.code));
    let held = held(expr, absent);
    let known = if is(&table.otherwise) {
        // Every value counts, but for those entries that stand for nothing wanted.
        let not = holds_any(expr, unlisted.iter().map(|entry| &entry.raw)).negate();
        Predicate::all([held.clone(), not])
    } else {
        let one_of = holds_any(expr, listed.iter().map(|entry| &entry.raw));
        Predicate::all([one_of, no_sentinel(expr, absent)])
    };
    match is(&table.absent) {
        // Whether the value is known or absent: then all that is left out are unlisted values.
        true if known == held => Predicate::True,
        true => Predicate::any([known, held.negate()]),
        false => known,
    }
}

/// A raw value as the key of a CASE over `expr`; None where no row can hold it.
pub(super) fn case_key(ty: SqlType, raw: &Arc<str>) -> Option<CaseKey> {
    match literal(ty, raw)? {
        Expr::Int(int) => Some(CaseKey::Int(int)),
        Expr::Text(text) => Some(CaseKey::Text(text)),
        _ => None,
    }
}
