//! Reference search, and ids: `12`, `Patient/12`, an absolute URL of this server (R4 §3.1.1.4.11).

use crate::mapping::{ReferenceMatcher, Source};
use crate::relation::{CompareOp, Expr, Predicate, SqlType, Value};
use crate::search::{Modifier, Reference};

use super::Context;
use super::token::{equals_any, raw_values};
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
            without_prefix(id, matcher.prefix.as_deref())
                .into_iter()
                .flat_map(|id| raw_values(id, matcher.ty)),
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
    is_any(&matcher.expr, matcher.ty, listed, values)
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
        let listed = own.flat_map(|id| raw_values(id, ty)).collect();
        return is_any(expr, ty, listed, values);
    }
    let asked: Vec<Vec<&str>> = own
        .map(|id| id.split('.').collect::<Vec<_>>())
        .filter(|parts| parts.len() == source.id.len())
        .collect();
    let mut columns = Vec::new();
    // Engines make nothing of what alternatives have in common: said for each column by itself, it narrows what is
    // looked through.
    if asked.len() > 1 {
        columns.extend(source.id.iter().enumerate().map(|(place, expr)| {
            let ty = id_type(expr);
            let listed = asked.iter().filter_map(|parts| parts.get(place));
            let listed = listed.flat_map(|part| raw_values(part, ty)).collect();
            is_any(expr, ty, listed, values)
        }));
    }
    let whole = Predicate::any(
        asked
            .into_iter()
            .map(|parts| {
                Predicate::all(source.id.iter().zip(parts).map(|(expr, part)| {
                    let ty = id_type(expr);
                    is_any(expr, ty, raw_values(part, ty).into_vec(), values)
                }))
            })
            .collect::<Vec<_>>(),
    );
    Predicate::all(columns.into_iter().chain([whole]))
}

/// The column holds one of these ids, whatever blanks are behind it: an id is written without them.
pub(super) fn is_any(expr: &Expr, ty: SqlType, list: Vec<Value>, values: &mut Values) -> Predicate {
    if !minds_blanks(expr) {
        return equals_any(expr, ty, list, values);
    }
    Predicate::any(list.into_iter().filter_map(|value| {
        let Value::Text(id) = &value else {
            return None;
        };
        // What begins with the id and a blank lies before what begins with it and `!`: a range of the index.
        let next = Value::Text(format!("{id}!"));
        let id = values.expr(&value, ty);
        let compare = |expr: &Expr, op, right| Predicate::Compare(expr.clone(), op, right);
        Some(Predicate::all([
            compare(expr, CompareOp::Ge, id.clone()),
            compare(expr, CompareOp::Lt, values.expr(&next, ty)),
            compare(&Expr::Exact(Box::new(expr.clone())), CompareOp::Eq, id),
        ]))
    }))
}

/// Text that compares by its bytes, trailing blanks included, as SQLite's does where nothing else is declared.
pub(super) fn minds_blanks(expr: &Expr) -> bool {
    match expr {
        Expr::Column(column) => {
            column.ty.is_text()
                && !column.ty.is_padded()
                && column
                    .collation
                    .as_ref()
                    .is_some_and(|collation| collation.name.eq_ignore_ascii_case("BINARY"))
        }
        _ => false,
    }
}

/// The type that an id's column compares as.
pub(super) fn id_type(expr: &Expr) -> SqlType {
    match expr {
        Expr::Column(column) => column.ty,
        Expr::Raw(raw) => raw.ty,
        _ => SqlType::VarChar(64),
    }
}
