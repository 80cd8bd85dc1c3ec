//! Number, quantity and uri search.
//!
//! R4 §3.1.1.4.6, .11 and .9. Numbers that are kept as text compare as text in a database and are not
//! searched.

use std::sync::Arc;

use crate::mapping::{
    Binding, Conversion, Matcher, NumberMatcher, QuantityMatcher, TextMatcher, TokenCode,
    TokenSystem,
};
use crate::relation::Predicate;

use super::columns::type_of;
use super::walk::Place;
use super::{Found, Reason, presence, text, token};

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
    if !place.property("comparator", None, children).is_empty() {
        // `<0.5` is a range without a lower end: no comparison with the number alone is right.
        return found.miss(Reason::Conversion("a quantity with a comparator"));
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
            Some([(_, binding)]) => token::code(binding).map(Some),
            _ => Err(Reason::Conversion("a unit from several columns")),
        }
    };
    let money = place.ty == "Money";
    let parts = (
        one(if money { "currency" } else { "code" }),
        one("unit"),
        token::system(place, None, found),
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
            match matcher(binding) {
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
    let (multiply, divide) = match &binding.conversion {
        Conversion::Integer => (1, 1),
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
    match ty.is_number() {
        true => Ok(NumberMatcher {
            expr: expr.clone(),
            ty,
            multiply,
            divide,
            present: presence::of_binding(binding),
        }),
        false => Err(Reason::Conversion("a number kept as text")),
    }
}
