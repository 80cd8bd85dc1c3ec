//! Sort keys, and the place where a page begins.
//!
//! Every order ends in the id, so no two rows are equal and a place is exact: the next page is what
//! comes after it, whatever was inserted or deleted meanwhile. NULLs stand where the engines put them:
//! first upwards, last downwards.

use std::cmp::Ordering;

use crate::relation::{CompareOp, Expr, Order, Predicate, SqlType, Value};

use super::values::Values;

/// Where a source's part of a page ended: the values of its sort keys, the id's last; or its beginning,
/// or its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    Start,
    After(Vec<Value>),
    End,
}

fn type_of(expr: &Expr) -> SqlType {
    match expr {
        Expr::Column(column) => column.ty,
        Expr::Raw(raw) => raw.ty,
        Expr::NullIf(inner, _) => type_of(inner),
        Expr::Coalesce(parts) => parts.first().map_or(SqlType::VarChar(0), type_of),
        Expr::Arithmetic(..) | Expr::Int(_) | Expr::Test(_) | Expr::BitAnd(..) => SqlType::BigInt,
        Expr::Cast(_, ty) => *ty,
        _ => SqlType::VarChar(255),
    }
}

fn is_nullable(expr: &Expr) -> bool {
    match expr {
        Expr::Column(column) => column.nullable,
        Expr::Int(_) | Expr::Text(_) | Expr::Test(_) => false,
        Expr::Coalesce(parts) => parts.iter().all(is_nullable),
        _ => true,
    }
}

/// The rows that come after a place.
pub(super) fn after(order: &[Order], place: &[Value], values: &mut Values) -> Predicate {
    let mut alternatives = Vec::with_capacity(order.len());
    let mut equal_so_far = Vec::new();
    for (position, (key, value)) in order.iter().zip(place).enumerate() {
        let beyond = beyond(key, value, values);
        alternatives.push(Predicate::all(equal_so_far.iter().cloned().chain([beyond])));
        if position + 1 == order.len() {
            // Nothing follows that rows with the last key equal could differ in: no value for it is bound.
            break;
        }
        equal_so_far.push(match value {
            Value::Null => Predicate::IsNull {
                expr: key.expr.clone(),
                negated: false,
            },
            value => compare(key, CompareOp::Eq, value, values),
        });
    }
    let exact = Predicate::any(alternatives);
    // The first key alone already bounds the rows: said apart, an index on it can begin there.
    match (order, place) {
        ([first, _, ..], [value, ..])
            if *value != Value::Null && !(first.descending && is_nullable(&first.expr)) =>
        {
            let op = if first.descending {
                CompareOp::Le
            } else {
                CompareOp::Ge
            };
            Predicate::all([compare(first, op, value, values), exact])
        }
        _ => exact,
    }
}

fn beyond(key: &Order, value: &Value, values: &mut Values) -> Predicate {
    match (value, key.descending) {
        (Value::Null, false) => Predicate::IsNull {
            expr: key.expr.clone(),
            negated: true,
        },
        (Value::Null, true) => Predicate::False,
        (value, false) => compare(key, CompareOp::Gt, value, values),
        (value, true) if is_nullable(&key.expr) => Predicate::any([
            compare(key, CompareOp::Lt, value, values),
            Predicate::IsNull {
                expr: key.expr.clone(),
                negated: false,
            },
        ]),
        (value, true) => compare(key, CompareOp::Lt, value, values),
    }
}

fn compare(key: &Order, op: CompareOp, value: &Value, values: &mut Values) -> Predicate {
    Predicate::Key(
        key.expr.clone(),
        op,
        values.slot(value.clone(), type_of(&key.expr)),
    )
}

/// The order of two rows of different sources by their sort keys, as the engines order them. What is
/// equal here keeps the order of the sources.
pub fn compare_keys(left: &[Value], right: &[Value], descending: &[bool]) -> Ordering {
    for ((left, right), descending) in left.iter().zip(right).zip(descending) {
        let order = compare_values(left, right);
        if order != Ordering::Equal {
            return if *descending { order.reverse() } else { order };
        }
    }
    Ordering::Equal
}

fn compare_values(left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Int(_) | Value::Real(_) => 1,
        _ => 2,
    };
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::Real(left), Value::Real(right)) => left.total_cmp(right),
        (Value::Int(left), Value::Real(right)) => (*left as f64).total_cmp(right),
        (Value::Real(left), Value::Int(right)) => left.total_cmp(&(*right as f64)),
        (Value::Text(left), Value::Text(right)) => crate::collation::compare(left, right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::DateTime(left), Value::DateTime(right)) => left.cmp(right),
        (Value::Bytes(left), Value::Bytes(right)) => left.cmp(right),
        (left, right) => rank(left).cmp(&rank(right)),
    }
}
