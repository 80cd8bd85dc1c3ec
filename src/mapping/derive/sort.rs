//! Sort keys: the expressions whose order is the order of a parameter's values.
//!
//! R4 §3.1.1.5.1 sorts a resource by the first of its values in the order asked for. That is one value
//! where a parameter finds its value in one place; in any other case there are no keys, and the parameter is not
//! sortable. Where that place is conditional, the key is NULL in the rows that have no such element. A name sorts by
//! family then given of the first name, an address by city, postal code and line of the first address; which name is the
//! first must not depend on the row.

use std::sync::Arc;

use crate::mapping::{Binding, CodePart, Conversion, DateForm, DateLayout, Moment, Precision};
use crate::relation::{Case, CompareOp, Expr, Predicate, Shared, SqlType};

use super::Children;
use super::columns::{case_key, literal, trimmed, type_of};
use super::walk::Place;

/// What a parameter of one source is sorted by.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Most significant first; empty where it is not sortable.
    pub exprs: Vec<Expr>,
    /// What they are together, where they are a date's.
    pub moment: Option<Moment>,
}

/// The keys of a parameter whose values are at these places.
pub(super) fn keys(places: &[Place<'_>], children: Children<'_>) -> Keys {
    let Some(first) = places.first() else {
        return Keys::default();
    };
    let parts: &[&str] = match first.ty {
        "HumanName" => &["family", "given"],
        "Address" => &["city", "postalCode", "line"],
        _ if places.len() == 1 => return of_place(first, children).unwrap_or_default(),
        _ => return Keys::default(),
    };
    if first.nth != 0 || !is_plain(first) {
        return Keys::default();
    }
    let part = |name: &&str| {
        let inner = first.property(name, None, children);
        inner
            .first()
            .and_then(|place| of_place(place, children))
            .map(|keys| keys.exprs)
            .unwrap_or_default()
    };
    Keys {
        exprs: parts.iter().flat_map(part).collect(),
        moment: None,
    }
}

/// One value for every row, whenever there is one at all.
fn is_plain(place: &Place<'_>) -> bool {
    place.child.is_none() && place.guard == Predicate::True
}

fn of_place(place: &Place<'_>, children: Children<'_>) -> Option<Keys> {
    if place.child.is_some() {
        return None;
    }
    if let Some(binding) = place.binding() {
        let keys = of_binding(binding)?.into_iter();
        return Some(Keys {
            exprs: keys.map(|key| under(&place.guard, key)).collect(),
            moment: moment(binding),
        });
    }
    let inner = |name: &str| {
        let places = place.property(name, None, children);
        match places.as_slice() {
            [only] => of_place(only, children),
            _ => None,
        }
    };
    match place.ty {
        "CodeableConcept" => inner("coding"),
        "Coding" => inner("code"),
        "Identifier" | "ContactPoint" | "Quantity" | "SimpleQuantity" | "Age" | "Count"
        | "Distance" | "Duration" | "Money" => inner("value"),
        "Reference" => inner("reference"),
        "Period" => inner("start").or_else(|| inner("end")),
        _ => None,
    }
}

/// The key, in the rows that have the element.
fn under(guard: &Predicate, key: Expr) -> Expr {
    match guard {
        Predicate::True => key,
        guard => Expr::When(Box::new(guard.clone()), Box::new(key)),
    }
}

/// The moment that a bound date is; None of one whose columns would have to be read in a zone, or as text.
fn moment(binding: &Binding) -> Option<Moment> {
    let (form, precision) = match &binding.conversion {
        Conversion::Date(form) => (form, Precision::Day),
        Conversion::DateTime { form, precision } => (form, *precision),
        Conversion::First(list) => {
            let mut moments = list.iter().map(|inner| moment(inner));
            let first = moments.next()??;
            return moments.all(|other| other == Some(first)).then_some(first);
        }
        _ => return None,
    };
    match form {
        DateForm::Column { utc: false } => Some(match precision {
            Precision::Day => Moment::Day,
            Precision::Minute | Precision::Full => Moment::Time,
        }),
        DateForm::DayAndSeconds { unit, plus: false } => Some(Moment::DayAndTime(*unit)),
        DateForm::Parts => Some(Moment::Parts),
        DateForm::Column { utc: true }
        | DateForm::DayAndSeconds { plus: true, .. }
        | DateForm::Layout(_)
        | DateForm::Unix => None,
    }
}

/// The keys of a bound value; None where the order of its columns is not the order of the values.
pub(super) fn of_binding(binding: &Binding) -> Option<Vec<Expr>> {
    let columns = &binding.columns;
    let first = columns.first();
    let absent = &binding.absent;
    match &binding.conversion {
        Conversion::Text => Some(vec![text(first?, absent)]),
        Conversion::Integer => number(first?, absent),
        Conversion::Decimal { multiply, divide } if (*multiply > 0) == (*divide > 0) => {
            number(first?, absent)
        }
        Conversion::Decimal { .. } | Conversion::Measure(_) | Conversion::Join { .. } => None,
        Conversion::Boolean => number(first?, absent),
        Conversion::Bit { mask, inverted } => {
            let bit = Expr::BitAnd(Box::new(first?.clone()), *mask);
            let op = if *inverted {
                CompareOp::Eq
            } else {
                CompareOp::Ne
            };
            Some(vec![Expr::Test(Box::new(Predicate::Compare(
                bit,
                op,
                Expr::Int(0),
            )))])
        }
        Conversion::Date(form) | Conversion::DateTime { form, .. } => date(form, columns, absent),
        Conversion::Codes { table, part } => {
            let of = |code: &crate::mapping::Code| match part {
                CodePart::Code | CodePart::Whole => Some(Arc::clone(&code.code)),
                CodePart::Display => code.display.clone(),
                CodePart::System => code.system.clone(),
            };
            let (ty, collation) = type_of(first?);
            let mut subject = no_sentinel(first?, absent);
            let mut folds = false;
            if ty.is_text() {
                subject = Expr::NullIf(Box::new(bare(subject)), Box::new(Expr::Text("".into())));
                folds = !collation.is_some_and(|collation| collation.ignores_case);
            }
            if folds {
                subject = Expr::Fold(Box::new(subject));
            }
            let mut when = Vec::new();
            for entry in &table.entries {
                // How an engine folds letters beyond ASCII is its own affair.
                let raw: Arc<str> = match folds {
                    true if !entry.raw.is_ascii() => return None,
                    true => entry.raw.to_ascii_lowercase().into(),
                    false => Arc::clone(&entry.raw),
                };
                if let (Some(key), Some(value)) = (case_key(ty, &raw), of(&entry.code)) {
                    when.push((key, value));
                }
            }
            Some(vec![Expr::Case(Shared::new(Case {
                subject,
                when,
                otherwise: table.otherwise.as_ref().and_then(of),
                absent: table.absent.as_ref().and_then(of),
            }))])
        }
        Conversion::Concat { .. } => Some(columns.iter().map(|column| text(column, &[])).collect()),
        Conversion::Reference { .. } => Some(vec![no_sentinel(first?, absent)]),
        Conversion::First(list) => {
            let one = |inner: &Arc<Binding>| match of_binding(inner)?.as_slice() {
                [key] => Some(key.clone()),
                _ => None,
            };
            let keys: Vec<Expr> = list.iter().map(one).collect::<Option<_>>()?;
            let class = class_of(keys.first()?);
            // A blank text is absent, which COALESCE does not know by itself.
            let blank_is_null = |key: Expr| match type_of(&key).0.is_text() {
                true => Expr::NullIf(Box::new(bare(key)), Box::new(Expr::Text("".into()))),
                false => key,
            };
            keys.iter().all(|key| class_of(key) == class).then(|| {
                vec![Expr::Coalesce(
                    keys.into_iter().map(blank_is_null).collect(),
                )]
            })
        }
    }
}

/// Text as it sorts: without case. The column as it is wherever its collation does that, so that an
/// index gives the order; blank text then stands next to NULL.
fn text(expr: &Expr, absent: &[Arc<str>]) -> Expr {
    let (ty, collation) = type_of(expr);
    let value = no_sentinel(expr, absent);
    match ty.is_text() && !collation.is_some_and(|collation| collation.ignores_case) {
        true => Expr::Fold(Box::new(value)),
        false => value,
    }
}

fn number(expr: &Expr, absent: &[Arc<str>]) -> Option<Vec<Expr>> {
    type_of(expr)
        .0
        .is_number()
        .then(|| vec![no_sentinel(expr, absent)])
}

fn date(form: &DateForm, columns: &[Expr], absent: &[Arc<str>]) -> Option<Vec<Expr>> {
    let first = columns.first()?;
    match form {
        DateForm::Column { .. } | DateForm::Unix => Some(vec![no_sentinel(first, absent)]),
        // An end may be on a later day than the one that leads.
        DateForm::DayAndSeconds { plus: true, .. } => None,
        DateForm::DayAndSeconds { plus: false, .. } => {
            Some(vec![no_sentinel(first, absent), columns.get(1)?.clone()])
        }
        // 0 and NULL are both unknown, and sort together.
        DateForm::Parts => Some(
            columns
                .iter()
                .map(|part| {
                    Expr::NullIf(Box::new(no_sentinel(part, absent)), Box::new(Expr::Int(0)))
                })
                .collect(),
        ),
        DateForm::Layout(layout) => by_layout(layout, first, absent),
    }
}

/// A date in text or a number: as it is where the year leads, else by its parts.
fn by_layout(layout: &DateLayout, expr: &Expr, absent: &[Arc<str>]) -> Option<Vec<Expr>> {
    let value = no_sentinel(expr, absent);
    let leads = layout.year == 0
        && layout.month.is_none_or(|month| month >= 4)
        && layout
            .day
            .is_none_or(|day| layout.month.is_some_and(|month| day > month));
    if leads {
        return Some(vec![value]);
    }
    if !type_of(expr).0.is_text() {
        return None;
    }
    let value = bare(value);
    let part = |at: usize, length: u16| {
        let from = u16::try_from(at).ok()?.checked_add(1)?;
        Some(Expr::Substring(Box::new(value.clone()), from, length))
    };
    let mut keys = vec![part(layout.year, 4)?];
    for at in [layout.month, layout.day].into_iter().flatten() {
        keys.push(part(at, 2)?);
    }
    Some(keys)
}

/// NULL where the value is a sentinel.
fn no_sentinel(expr: &Expr, absent: &[Arc<str>]) -> Expr {
    let ty = type_of(expr).0;
    let literals: Vec<Expr> = absent.iter().filter_map(|raw| literal(ty, raw)).collect();
    let value = if literals.is_empty() {
        expr.clone()
    } else {
        trimmed(expr)
    };
    literals.into_iter().fold(value, |value, sentinel| {
        Expr::NullIf(Box::new(value), Box::new(sentinel))
    })
}

/// Without padding, which `no_sentinel` has already taken off where there are sentinels.
fn bare(expr: Expr) -> Expr {
    match expr {
        Expr::Trim(_) | Expr::NullIf(..) => expr,
        expr => trimmed(&expr),
    }
}

/// What a key compares as: keys of one place in several sources must compare with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Text,
    Number,
    Date,
    Other,
}

pub(super) fn class_of(key: &Expr) -> Class {
    match type_of(key).0 {
        ty if ty.is_text() => Class::Text,
        ty if ty.is_number() => Class::Number,
        ty if ty.has_day() => Class::Date,
        SqlType::UniqueIdentifier => Class::Text,
        _ => Class::Other,
    }
}
