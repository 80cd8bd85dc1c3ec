//! Token search: the system and the code of what is found, by the element's type.
//!
//! R4 §3.1.1.4.10, its table: Coding and CodeableConcept by system and code, Identifier by system and
//! value, ContactPoint by its value alone (the `system` of a ContactPoint is no part of the token),
//! `code` with the system that its binding implies, boolean with the one that the table says, and id,
//! string and uri by their value.

use std::sync::Arc;

use crate::fhir::BOOLEAN_SYSTEM;
use crate::mapping::{
    Binding, CodePart, Conversion, Matcher, TokenCode, TokenMatcher, TokenSystem, TypeCoding,
};
use crate::relation::{CompareOp, Expr, Predicate};

use super::columns::{is_true, no_sentinel, type_of};
use super::walk::Place;
use super::{Found, Reason, presence, text};

/// Of all that is no Identifier.
pub(super) const NO_TYPES: Option<&[TypeCoding]> = Some(&[]);

/// The targets of a token parameter at a place; with them the text that `:text` searches.
pub(super) fn token(place: &Place<'_>, found: &mut Found<'_>) {
    match place.ty {
        "Coding" => coding(place, found),
        "CodeableConcept" => {
            if place.bindings().is_some() {
                whole(place, found);
            }
            for coding_place in place.property("coding", None, found.children) {
                coding(&coding_place, found);
            }
        }
        "Identifier" => return identifier(place, found),
        "ContactPoint" => {
            for value in place.property("value", None, found.children) {
                values(&value, &TokenSystem::None, NO_TYPES, found);
            }
            return;
        }
        "code" => return values(place, &implied(place.systems), NO_TYPES, found),
        "boolean" => {
            let system = implied(&[BOOLEAN_SYSTEM.into()]);
            return values(place, &system, NO_TYPES, found);
        }
        "id" | "string" | "markdown" | "uri" | "url" | "canonical" | "oid" | "uuid" | "integer"
        | "positiveInt" | "unsignedInt" => {
            return values(place, &TokenSystem::None, NO_TYPES, found);
        }
        other => return found.miss(Reason::Type(other)),
    }
    // What is left are Coding and CodeableConcept: `:text` searches their text.
    text::concept(place, found);
}

fn implied(systems: &[Arc<str>]) -> TokenSystem {
    match systems.is_empty() {
        true => TokenSystem::None,
        false => TokenSystem::Implied(systems.to_vec()),
    }
}

/// A Coding, as an object or whole from a code table.
fn coding(place: &Place<'_>, found: &mut Found<'_>) {
    if place.bindings().is_some() {
        return whole(place, found);
    }
    for code in place.property("code", None, found.children) {
        match system(place, Some(&code), found) {
            Ok(system) => values(&code, &system, NO_TYPES, found),
            Err(reason) => found.miss(reason),
        }
    }
}

/// A Coding or CodeableConcept whole from a code table: each code has its own system.
fn whole(place: &Place<'_>, found: &mut Found<'_>) {
    for (guard, binding) in place.bindings().unwrap_or_default() {
        match binding.conversion {
            Conversion::Codes {
                part: CodePart::Whole,
                ..
            } => {
                value(guard, place, binding, &TokenSystem::Table, NO_TYPES, found);
            }
            ref other => found.miss(Reason::of_conversion(other)),
        }
    }
}

/// An Identifier: its value under its system; its type for `:of-type`, the type's text for `:text`.
pub(super) fn identifier(place: &Place<'_>, found: &mut Found<'_>) {
    let children = found.children;
    match system(place, None, found) {
        Ok(system) => {
            let types = types(place, found);
            for value in place.property("value", None, children) {
                values(&value, &system, types.as_deref(), found);
            }
        }
        Err(reason) => found.miss(reason),
    }
    for ty in place.property("type", None, children) {
        text::concept(&ty, found);
    }
}

/// The codings of an Identifier's type; None where one cannot be compared beside the identifier's value.
fn types(place: &Place<'_>, found: &Found<'_>) -> Option<Vec<TypeCoding>> {
    let children = found.children;
    let mut types = Vec::new();
    for ty in place.property("type", None, children) {
        for coding in ty.property("coding", None, children) {
            for code in coding.property("code", None, children) {
                // One that only some of these identifiers have, or that is in another table, is not beside the value.
                let beside = code.child == place.child && coding.guard == place.guard;
                types.push(type_coding(&coding, &code, found).filter(|_| beside)?);
            }
        }
    }
    Some(types)
}

fn type_coding(coding: &Place<'_>, place: &Place<'_>, found: &Found<'_>) -> Option<TypeCoding> {
    let system = system(coding, Some(place), found).ok()?;
    if let Some(constant) = place.constant() {
        let code = TokenCode::Constant(Arc::clone(constant));
        return Some(TypeCoding {
            system,
            code,
            present: Predicate::True,
        });
    }
    let bindings = place.bindings()?;
    let [(_, binding)] = bindings.as_slice() else {
        return None;
    };
    Some(TypeCoding {
        system,
        code: code(binding).ok()?,
        present: presence::of_binding(binding),
    })
}

/// The system beside a code or a value.
pub(super) fn system(
    place: &Place<'_>,
    code: Option<&Place<'_>>,
    found: &Found<'_>,
) -> Result<TokenSystem, Reason> {
    let places = place.property("system", None, found.children);
    let Some(system) = places.first() else {
        return Ok(TokenSystem::None);
    };
    if let Some(constant) = system.constant() {
        return Ok(TokenSystem::Is(Arc::clone(constant)));
    }
    let binding = match system.bindings().as_deref() {
        Some([(_, binding)]) => *binding,
        _ => return Err(Reason::Conversion("a system from several columns")),
    };
    let Some(expr) = binding.columns.first() else {
        return Err(Reason::Conversion("no column"));
    };
    match &binding.conversion {
        Conversion::Text => Ok(TokenSystem::Column(expr.clone(), type_of(expr).0)),
        // Code and system of one column through one table.
        Conversion::Codes {
            table,
            part: CodePart::System,
        } => {
            let code = code.and_then(Place::bindings);
            match code.as_deref() {
                Some([(_, code)])
                    if code.columns == binding.columns
                        && matches!(&code.conversion, Conversion::Codes { table: of, .. } if Arc::ptr_eq(of, table)) =>
                {
                    Ok(TokenSystem::Table)
                }
                _ => Err(Reason::Conversion("a system from a code table of its own")),
            }
        }
        other => Err(Reason::of_conversion(other)),
    }
}

/// The values of a primitive, under a system.
pub(super) fn values(
    place: &Place<'_>,
    system: &TokenSystem,
    types: Option<&[TypeCoding]>,
    found: &mut Found<'_>,
) {
    if let Some(constant) = place.constant() {
        let matcher = TokenMatcher {
            system: system.clone(),
            code: TokenCode::Constant(Arc::clone(constant)),
            present: Predicate::True,
            types: types.map(<[_]>::to_vec),
        };
        found.push(
            place.child,
            place.constant_guard(found.children),
            Matcher::Token(matcher),
        );
    } else if let Some(bindings) = place.bindings() {
        for (guard, binding) in bindings {
            value(guard, place, binding, system, types, found);
        }
    } else {
        found.miss(Reason::Shape(place.ty));
    }
}

fn value(
    guard: Predicate,
    place: &Place<'_>,
    binding: &Binding,
    system: &TokenSystem,
    types: Option<&[TypeCoding]>,
    found: &mut Found<'_>,
) {
    match code(binding) {
        Ok(code) => {
            // What is compared as it stands could be a sentinel; a code table knows them.
            let compared = matches!(code, TokenCode::Column { .. } | TokenCode::Digits(_));
            let sentinels = match binding.columns.first() {
                Some(expr) if compared => no_sentinel(expr, &binding.absent),
                _ => Predicate::True,
            };
            let guard = Predicate::all([guard, sentinels]);
            let matcher = TokenMatcher {
                system: system.clone(),
                code,
                present: presence::of_binding(binding),
                types: types.map(<[_]>::to_vec),
            };
            found.push(place.child, guard, Matcher::Token(matcher));
        }
        Err(reason) => found.miss(reason),
    }
}

/// How a searched code is compared with a binding's columns.
pub(super) fn code(binding: &Binding) -> Result<TokenCode, Reason> {
    let expr = binding
        .columns
        .first()
        .ok_or(Reason::Conversion("no column"))?;
    let (ty, collation) = type_of(expr);
    match &binding.conversion {
        Conversion::Text if binding.digits => Ok(TokenCode::Digits(expr.clone())),
        Conversion::Text | Conversion::Integer => Ok(TokenCode::Column {
            expr: expr.clone(),
            ty,
            collation,
        }),
        Conversion::Codes {
            table,
            part: CodePart::Code | CodePart::Whole,
        } => Ok(TokenCode::Codes {
            expr: expr.clone(),
            ty,
            table: Arc::clone(table),
            absent: binding.absent.clone(),
        }),
        Conversion::Boolean => Ok(TokenCode::Boolean(truth(binding, expr))),
        Conversion::Bit { .. } => Ok(TokenCode::Boolean(truth(binding, expr))),
        Conversion::Concat { lengths } if lengths.len() == binding.columns.len() => {
            let parts = binding.columns.iter().zip(lengths);
            Ok(TokenCode::Concat {
                parts: parts
                    .map(|(expr, length)| (expr.clone(), type_of(expr).0, *length))
                    .collect(),
            })
        }
        other => Err(Reason::of_conversion(other)),
    }
}

/// Where a binding's boolean is true.
pub(super) fn truth(binding: &Binding, expr: &Expr) -> Predicate {
    match &binding.conversion {
        Conversion::Bit { mask, inverted } => {
            let bit = Expr::BitAnd(Box::new(expr.clone()), *mask);
            let op = if *inverted {
                CompareOp::Eq
            } else {
                CompareOp::Ne
            };
            Predicate::Compare(bit, op, Expr::Int(0))
        }
        Conversion::Codes { .. } => {
            // A code table of a boolean: the raw values of its `true`.
            presence::code_is(binding, "true").unwrap_or(Predicate::False)
        }
        _ => is_true(expr),
    }
}
