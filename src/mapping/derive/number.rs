//! Number, quantity and uri search.
//!
//! R4 §3.1.1.4.6, .11 and .9. A measurement that is kept as text is taken apart by the database; other numbers in text
//! compare as text there and are not searched.

use std::sync::Arc;

use crate::mapping::{
    Binding, Code, CodeEntry, CodePart, CodeTable, Conversion, Matcher, MeasurePart, NumberMatcher,
    QuantityMatcher, TextMatcher, TokenCode, TokenSystem,
};
use crate::relation::{Expr, Measured, Predicate, SqlType};

use super::columns::type_of;
use super::walk::Place;
use super::{Children, Found, Reason, presence, text, token};

/// The targets of a number parameter at a place.
pub(super) fn number(place: &Place<'_>, found: &mut Found<'_>) {
    let Some(bindings) = place.bindings() else {
        return found.miss(Reason::constant_or(place));
    };
    for (guard, binding) in bindings {
        match matcher(binding) {
            Ok(number) => found.push(place.child, guard, Matcher::Number(number)),
            Err(reason) => found.miss(reason),
        }
    }
}

/// The targets of a quantity parameter at a place.
pub(super) fn quantity(place: &Place<'_>, found: &mut Found<'_>) {
    let children = found.children;
    match place.ty {
        "Quantity" | "SimpleQuantity" | "Age" | "Count" | "Distance" | "Duration" | "Money" => {}
        other => return found.miss(Reason::Type(other)),
    }
    let one = |name: &str| -> Result<Option<TokenCode>, Reason> {
        let places = place.property(name, None, children);
        let Some(first) = places.first() else {
            return Ok(None);
        };
        if let Some(constant) = first.constant() {
            return Ok(Some(TokenCode::Constant(Arc::clone(constant))));
        }
        match first.bindings().as_deref() {
            Some([(_, binding)]) => match displays(binding) {
                Some(shown) => Ok(Some(shown)),
                None => token::code(binding).map(Some),
            },
            _ => Err(Reason::Conversion("a unit from several columns")),
        }
    };
    let money = place.ty == "Money";
    let code = place.property(if money { "currency" } else { "code" }, None, children);
    let parts = (
        one(if money { "currency" } else { "code" }),
        one("unit"),
        token::system(place, code.first(), found),
    );
    let (code, unit, system) = match parts {
        (Ok(code), Ok(unit), Ok(system)) => (code, unit, system),
        (Err(reason), ..) | (_, Err(reason), _) | (.., Err(reason)) => return found.miss(reason),
    };
    let system = if money {
        TokenSystem::Is(Arc::from("urn:iso:std:iso:4217"))
    } else {
        system
    };
    for value in place.property("value", None, children) {
        let Some(bindings) = value.bindings() else {
            found.miss(Reason::constant_or(&value));
            continue;
        };
        for (guard, binding) in bindings {
            let compared = matcher(binding).and_then(|number| {
                let comparator = comparator(place, binding, children)?;
                Ok(NumberMatcher {
                    comparator,
                    ..number
                })
            });
            match compared {
                Ok(number) => {
                    let (system, code, unit) = (system.clone(), code.clone(), unit.clone());
                    let matcher = QuantityMatcher {
                        value: number,
                        system,
                        code,
                        unit,
                    };
                    found.push(value.child, guard, Matcher::Quantity(matcher));
                }
                Err(reason) => found.miss(reason),
            }
        }
    }
}

/// A unit for people that is the display of a code table: the same table, by what is shown.
fn displays(binding: &Binding) -> Option<TokenCode> {
    let Conversion::Codes {
        table,
        part: CodePart::Display,
    } = &binding.conversion
    else {
        return None;
    };
    let expr = binding.columns.first()?;
    let is_unsaid = |entry: &CodeEntry| entry.code.display.is_none();
    if table.otherwise.is_some() && table.entries.iter().any(is_unsaid) {
        // Without its entry it would be taken for one of the others.
        return None;
    }
    let shown = |code: &Code| {
        let display = code.display.clone()?;
        Some(Code::new(display, None, None))
    };
    let entries = table.entries.iter().filter_map(|entry| {
        Some(CodeEntry {
            raw: Arc::clone(&entry.raw),
            code: shown(&entry.code)?,
        })
    });
    Some(TokenCode::Codes {
        expr: expr.clone(),
        ty: type_of(expr).0,
        table: Arc::new(CodeTable {
            name: Arc::clone(&table.name),
            system: None,
            entries: entries.collect(),
            otherwise: table.otherwise.as_ref().and_then(shown),
            absent: table.absent.as_ref().and_then(shown),
        }),
        absent: binding.absent.clone(),
    })
}

/// The comparator beside a quantity's number. `<0.5` is a range without a lower end, so that it must be known where the
/// number is: from the same text.
fn comparator(
    place: &Place<'_>,
    number: &Binding,
    children: Children<'_>,
) -> Result<Option<Expr>, Reason> {
    let places = place.property("comparator", None, children);
    let Some(first) = places.first() else {
        return Ok(None);
    };
    match (first.binding(), number.columns.first()) {
        (Some(binding), Some(expr))
            if matches!(
                binding.conversion,
                Conversion::Measure(MeasurePart::Comparator)
            ) && binding.columns.first() == Some(expr) =>
        {
            Ok(Some(Expr::Measured(
                Box::new(expr.clone()),
                Measured::Comparator,
            )))
        }
        _ => Err(Reason::Conversion(
            "a comparator from elsewhere than the number",
        )),
    }
}

/// The targets of a uri parameter at a place.
pub(super) fn uri(place: &Place<'_>, found: &mut Found<'_>) {
    if let Some(constant) = place.constant() {
        let matcher = Matcher::Uri(TextMatcher::Constant(Arc::clone(constant)));
        return found.push(place.child, place.constant_guard(found.children), matcher);
    }
    let Some(bindings) = place.bindings() else {
        return found.miss(Reason::Shape(place.ty));
    };
    for (guard, binding) in bindings {
        match text::matcher(binding) {
            Ok((extra, matcher)) => {
                found.push(
                    place.child,
                    Predicate::all([guard, extra]),
                    Matcher::Uri(matcher),
                );
            }
            Err(reason) => found.miss(reason),
        }
    }
}

/// How a searched number is compared with a binding's column.
pub(super) fn matcher(binding: &Binding) -> Result<NumberMatcher, Reason> {
    let is_measured = matches!(binding.conversion, Conversion::Measure(MeasurePart::Number));
    let (multiply, divide) = match &binding.conversion {
        Conversion::Integer => (1, 1),
        _ if is_measured => (1, 1),
        Conversion::Decimal { multiply, divide } if *multiply > 0 && *divide > 0 => {
            (*multiply, *divide)
        }
        other => return Err(Reason::of_conversion(other)),
    };
    let expr = binding
        .columns
        .first()
        .ok_or(Reason::Conversion("no column"))?;
    let (ty, _) = type_of(expr);
    let (expr, ty) = match is_measured && ty.is_text() {
        true => (
            Expr::Measured(Box::new(expr.clone()), Measured::Number),
            SqlType::Float,
        ),
        false => (expr.clone(), ty),
    };
    match ty.is_number() {
        true => Ok(NumberMatcher {
            expr,
            ty,
            multiply,
            divide,
            comparator: None,
            present: presence::of_binding(binding),
        }),
        false => Err(Reason::Conversion("a number kept as text")),
    }
}
