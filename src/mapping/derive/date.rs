//! Date search: the columns of a date, dateTime, instant or Period.
//!
//! R4 §3.1.1.4.7: each has a range; the form and the precision here say how wide it is.

use crate::mapping::{Binding, Conversion, DateForm, DateLayout, DateMatcher, Matcher, Precision};
use crate::relation::{Expr, Predicate, SqlType};

use super::columns::type_of;
use super::walk::Place;
use super::{Found, Reason, presence};

/// The targets of a date parameter at a place.
pub(super) fn date(place: &Place<'_>, found: &mut Found<'_>) {
    match place.ty {
        "Period" => period(place, found),
        "Timing" => found.miss(Reason::Type("Timing")),
        _ => match place.bindings() {
            // The first of several columns alike is one value to compare, and to index.
            Some(bindings) if bindings.len() > 1 && bound(place).is_ok() => {
                if let Ok(date) = bound(place) {
                    found.push(place.child, place.guard.clone(), Matcher::Date(date));
                }
            }
            Some(bindings) => {
                for (guard, binding) in bindings {
                    match matcher(binding) {
                        Ok(date) => found.push(place.child, guard, Matcher::Date(date)),
                        Err(reason) => found.miss(reason),
                    }
                }
            }
            // Of a choice it may be text: no date, whatever it says.
            None if place.ty == "string" => found.miss(Reason::Type("string")),
            None => found.miss(Reason::constant_or(place)),
        },
    }
}

fn period(place: &Place<'_>, found: &mut Found<'_>) {
    let mut ends = [None, None];
    for (name, end) in ["start", "end"].iter().zip(&mut ends) {
        let Some(inner) = place
            .property(name, None, found.children)
            .into_iter()
            .next()
        else {
            continue;
        };
        match bound(&inner) {
            Ok(date) => *end = Some(date),
            Err(reason) => return found.miss(reason),
        }
    }
    match ends {
        [None, None] => found.miss(Reason::Shape("Period")),
        [start, end] => found.push(
            place.child,
            place.guard.clone(),
            Matcher::Period { start, end },
        ),
    }
}

/// One end of a Period: a single matcher, since both ends are compared at once.
fn bound(place: &Place<'_>) -> Result<DateMatcher, Reason> {
    let bindings = place.bindings().ok_or_else(|| Reason::constant_or(place))?;
    let mut dates: Vec<DateMatcher> = bindings
        .iter()
        .map(|(_, binding)| matcher(binding))
        .collect::<Result<_, _>>()?;
    let first = dates.first().cloned().ok_or(Reason::Shape("Period"))?;
    if dates.len() == 1 {
        return Ok(first);
    }
    // The first of several columns alike is one column to compare; unlike ones are not.
    let alike = |date: &DateMatcher| {
        matches!(date.form, DateForm::Column { .. })
            && date.form == first.form
            && date.precision == first.precision
    };
    if !dates.iter().all(alike)
        || bindings
            .iter()
            .any(|(_, binding)| !binding.absent.is_empty())
    {
        return Err(Reason::Conversion("an end of a period from unlike columns"));
    }
    let columns: Vec<Expr> = dates
        .iter_mut()
        .flat_map(|date| std::mem::take(&mut date.columns))
        .collect();
    let present = Predicate::any(dates.iter().map(|date| date.present.clone()));
    Ok(DateMatcher {
        columns: vec![Expr::Coalesce(columns)],
        present,
        ..first
    })
}

/// How a date is compared with a binding's columns.
pub(super) fn matcher(binding: &Binding) -> Result<DateMatcher, Reason> {
    let (form, precision) = match &binding.conversion {
        Conversion::Date(form) => (form, Precision::Day),
        Conversion::DateTime { form, precision } => (form, *precision),
        other => return Err(Reason::of_conversion(other)),
    };
    let first = binding
        .columns
        .first()
        .ok_or(Reason::Conversion("no column"))?;
    Ok(DateMatcher {
        columns: binding.columns.clone(),
        ty: type_of(first).0,
        form: form.clone(),
        precision,
        present: match form {
            DateForm::Layout(layout) => {
                Predicate::all([presence::of_binding(binding), is_date(first, layout)])
            }
            _ => presence::of_binding(binding),
        },
    })
}

/// The column's text or number is a date of the layout. Texts compare whatever they hold: `99/99/2026` too would
/// be found as if it were a day. What the layout has a place for is known: `00` is no month and no day.
fn is_date(column: &Expr, layout: &DateLayout) -> Predicate {
    let text = match type_of(column).0.is_text() {
        true => Expr::Trim(Box::new(column.clone())),
        false => Expr::Cast(Box::new(column.clone()), SqlType::VarChar(20)),
    };
    let digits = |offset: usize, length: u16| {
        let from = u16::try_from(offset + 1).unwrap_or(u16::MAX);
        Expr::Substring(Box::new(text.clone()), from, length)
    };
    let literal = |text: &str| Expr::Text(text.into());
    let part = |offset: Option<usize>| match offset {
        Some(offset) => digits(offset, 2),
        None => literal("01"),
    };
    let day = Expr::Concat(vec![
        digits(layout.year, 4),
        literal("-"),
        part(layout.month),
        literal("-"),
        part(layout.day),
    ]);
    Predicate::IsDate {
        text,
        layout: layout.pattern.clone(),
        day,
    }
}
