//! Sort keys, and the place where a page begins.
//!
//! Every order ends in the id, so no two rows are equal and a place is exact: the next page is what
//! comes after it, whatever was inserted or deleted meanwhile. NULLs stand where the engines put them:
//! first upwards, last downwards.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::relation::{CompareOp, Expr, Order, Predicate, Value};

use super::values::Values;
use crate::mapping::Moment;

/// Where a source's part of a page ended: the values of its sort keys, the id's last; or its beginning,
/// or its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    Start,
    After(Vec<Value>),
    End,
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
        values.slot(value, key.expr.sql_type()),
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

/// The moment that the keys of a date are: a number that rises with time, NULL where the keys begin with NULL. What is
/// no date of the calendar has a place in the order all the same.
pub(super) fn moment(moment: Moment, keys: &[Value]) -> Value {
    let Some(first) = keys.first().filter(|first| **first != Value::Null) else {
        return Value::Null;
    };
    let number = |place: usize, most: i64| match keys.get(place) {
        Some(Value::Int(number)) => (*number).clamp(0, most),
        // A number of seconds has no use for more than its whole part.
        Some(Value::Real(number)) => (*number as i64).clamp(0, most),
        _ => 0,
    };
    let (day, time) = match moment {
        Moment::Day => (calendar(first).0, 0),
        Moment::Time => calendar(first),
        Moment::DayAndTime(unit) => (calendar(first).0, number(1, A_DAY / unit.max(1)) * unit),
        Moment::Parts => (day(number(0, 9_999), number(1, 99), number(2, 99)), 0),
    };
    Value::Int(day * (A_DAY + 1) + time)
}

/// Seconds.
const A_DAY: i64 = 86_400;

/// A day of the calendar as a number. What is unknown, 0, comes first.
fn day(year: i64, month: i64, day: i64) -> i64 {
    (year * 100 + month) * 100 + day
}

/// The day and the second of a date or a date-time; SQLite has them as text.
fn calendar(value: &Value) -> (i64, i64) {
    let second = |hour: i64, minute: i64, second: i64| (hour * 60 + minute) * 60 + second;
    match value {
        Value::Date(on) => (day(on.year().into(), on.month().into(), on.day().into()), 0),
        Value::DateTime(at) => (
            day(at.year().into(), at.month().into(), at.day().into()),
            second(at.hour().into(), at.minute().into(), at.second().into()),
        ),
        Value::Text(text) => {
            let part = |from: usize, to: usize| -> i64 {
                let part = text
                    .get(from..to)
                    .filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
                part.and_then(|part| part.parse().ok()).unwrap_or(0)
            };
            (
                day(part(0, 4), part(5, 7), part(8, 10)),
                second(part(11, 13), part(14, 16), part(17, 19)).min(A_DAY),
            )
        }
        _ => (0, 0),
    }
}

/// Text as collations read it: what is no UTF-8 in it replaced.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => Cow::Borrowed(text),
        Value::TextBytes(bytes) => String::from_utf8_lossy(bytes),
        _ => Cow::Borrowed(""),
    }
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
        (
            left @ (Value::Text(_) | Value::TextBytes(_)),
            right @ (Value::Text(_) | Value::TextBytes(_)),
        ) => crate::collation::compare(&text(left), &text(right)),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::DateTime(left), Value::DateTime(right)) => left.cmp(right),
        (Value::Bytes(left), Value::Bytes(right)) => left.cmp(right),
        (left, right) => rank(left).cmp(&rank(right)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::plan::tests::column;
    use crate::relation::{Case, CaseKey, Shared, SqlType};

    #[test]
    fn moments_rise_with_time_however_they_are_kept() {
        use Value::{Int, Null};
        let text = |text: &str| Value::Text(text.into());
        let rising = [
            (Moment::Time, vec![Null]),
            (Moment::Time, vec![text("")]),
            (Moment::Parts, vec![Int(2026), Null, Null]),
            (Moment::Parts, vec![Int(2026), Int(2), Null]),
            (Moment::Time, vec![text("2026-02-03 00:00:00")]),
            (
                Moment::DayAndTime(1),
                vec![text("2026-02-03 00:00:00"), Int(33_299)],
            ),
            (Moment::Time, vec![text("2026-02-03T09:15:00.5")]),
            (Moment::DayAndTime(60), vec![text("2026-02-03"), Int(556)]),
            // Past midnight, as no time of day is.
            (
                Moment::DayAndTime(1),
                vec![text("2026-02-03"), Int(99_999_999)],
            ),
            (Moment::Day, vec![text("2026-02-04 16:30:00")]),
            (
                Moment::Time,
                vec![Value::DateTime(
                    jiff::civil::date(2026, 2, 4).at(16, 30, 0, 0),
                )],
            ),
            (Moment::Parts, vec![Int(2026), Int(2), Int(5)]),
        ];
        for pair in rising.windows(2) {
            let [left, right] = [&pair[0], &pair[1]].map(|(of, keys)| moment(*of, keys));
            assert_eq!(compare_values(&left, &right), Ordering::Less, "{pair:?}");
        }
        let of_day = moment(Moment::Day, &[text("2026-02-03 16:30:00")]);
        let midnight = moment(Moment::DayAndTime(1), &[text("2026-02-03"), Null]);
        assert_eq!(of_day, midnight);
    }

    #[test]
    fn a_key_is_bound_as_a_type_that_cuts_nothing_off() {
        use SqlType::{BigInt, Char, Int, NVarChar, VarChar};
        let of = |ty| column("c", ty, None);
        let boxed = |ty| Box::new(of(ty));
        let case = |result: &str| {
            Expr::Case(Shared::new(Case {
                subject: of(Int),
                when: vec![(CaseKey::Int(1), Arc::from(result))],
                otherwise: None,
                absent: None,
            }))
        };
        for (expr, expected) in [
            (of(VarChar(700)), VarChar(700)),
            (Expr::Fold(boxed(VarChar(700))), VarChar(700)),
            (Expr::Trim(boxed(Char(300))), VarChar(300)),
            (Expr::Trim(boxed(VarChar(0))), VarChar(0)),
            (Expr::Trim(boxed(NVarChar(900))), NVarChar(900)),
            (
                Expr::Fold(Box::new(Expr::Trim(boxed(Char(300))))),
                VarChar(300),
            ),
            (Expr::Fold(Box::new(Expr::Text("x".into()))), VarChar(8000)),
            (Expr::Concat(vec![of(Char(9))]), VarChar(8000)),
            (
                Expr::Coalesce(vec![of(Char(9)), of(VarChar(700))]),
                VarChar(700),
            ),
            (
                Expr::Coalesce(vec![of(Char(9)), of(NVarChar(7))]),
                NVarChar(9),
            ),
            (
                Expr::Coalesce(vec![of(Char(9)), of(VarChar(0))]),
                VarChar(0),
            ),
            (Expr::Coalesce(vec![of(Int), Expr::Int(0)]), Int),
            (Expr::Test(Box::new(Predicate::True)), BigInt),
            (case("booked"), VarChar(255)),
            (case("łódź"), NVarChar(4000)),
        ] {
            assert_eq!(expr.sql_type(), expected, "{expr:?}");
        }
    }
}
