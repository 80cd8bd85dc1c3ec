//! Reference search, and ids: `12`, `Patient/12`, an absolute URL of this server (R4 §3.1.1.4.11).

use crate::mapping::{ReferenceMatcher, Source};
use crate::relation::{Expr, Predicate, SqlType, Value};
use crate::search::{Modifier, Reference};

use super::Context;
use super::token::{equals_any, raw_value};
use super::values::Values;

/// The id's text without its source's name; None where it belongs to another source.
fn without_prefix<'i>(id: &'i str, prefix: Option<&str>) -> Option<&'i str> {
    match prefix {
        None => Some(id),
        Some(prefix) => id.strip_prefix(prefix)?.strip_prefix('-'),
    }
}

/// All references of one parameter (OR) against one matcher.
pub(super) fn predicate<'r>(
    matcher: &ReferenceMatcher,
    modifier: Option<&Modifier>,
    references: impl Iterator<Item = &'r Reference>,
    context: &Context<'_>,
    values: &mut Values,
) -> Predicate {
    let mut listed = Vec::new();
    for reference in references {
        let id = match reference {
            Reference::Id(id) => match modifier {
                Some(Modifier::Type(of)) if of != matcher.to => continue,
                _ => id,
            },
            Reference::Relative { resource, id } if resource == matcher.to => id,
            Reference::Absolute { base, resource, id }
                if base == context.base && resource == matcher.to =>
            {
                id
            }
            Reference::Relative { .. } | Reference::Absolute { .. } | Reference::Url(_) => continue,
            // A target of its own answers what has no literal reference.
            Reference::Identifier(_) => continue,
        };
        listed.extend(
            without_prefix(id, matcher.prefix.as_deref()).and_then(|id| raw_value(id, matcher.ty)),
        );
    }
    if let Expr::Text(constant) = &matcher.expr {
        let wanted = Value::Text(constant.to_string());
        return if listed.contains(&wanted) {
            Predicate::True
        } else {
            Predicate::False
        };
    }
    // A raw value that means "none" is nobody's id.
    listed.retain(|value| !is_sentinel(value, &matcher.present));
    equals_any(&matcher.expr, matcher.ty, listed, values)
}

/// The condition of a value's being there rules this raw value out.
fn is_sentinel(value: &Value, present: &Predicate) -> bool {
    match present {
        Predicate::And(parts) => parts.iter().any(|part| is_sentinel(value, part)),
        Predicate::In {
            list,
            negated: true,
            ..
        } => list.iter().any(|literal| match (literal, value) {
            (Expr::Int(literal), Value::Int(value)) => literal == value,
            (Expr::Text(literal), Value::Text(value)) => literal.eq_ignore_ascii_case(value),
            _ => false,
        }),
        _ => false,
    }
}

/// The rows of a source that have one of these ids.
pub(super) fn ids<'i>(
    source: &Source,
    ids: impl Iterator<Item = &'i str>,
    values: &mut Values,
) -> Predicate {
    let own = ids.filter_map(|id| without_prefix(id, source.name.as_deref()));
    if let [expr] = source.id.as_slice() {
        let ty = id_type(expr);
        let listed = own.filter_map(|id| raw_value(id, ty));
        return equals_any(expr, ty, listed, values);
    }
    Predicate::any(
        own.filter_map(|id| {
            let parts: Vec<&str> = id.split('.').collect();
            if parts.len() != source.id.len() {
                return None;
            }
            let raw: Option<Vec<Value>> = source
                .id
                .iter()
                .zip(parts)
                .map(|(expr, part)| raw_value(part, id_type(expr)))
                .collect();
            Some(Predicate::all(source.id.iter().zip(raw?).map(
                |(expr, value)| equals_any(expr, id_type(expr), vec![value], values),
            )))
        })
        .collect::<Vec<_>>(),
    )
}

/// The type that an id's column compares as.
pub(super) fn id_type(expr: &Expr) -> SqlType {
    match expr {
        Expr::Column(column) => column.ty,
        Expr::Raw(raw) => raw.ty,
        _ => SqlType::VarChar(64),
    }
}
