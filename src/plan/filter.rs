//! A filter of the request → a predicate over one source.

use crate::mapping::{Matcher, Parameter, Source, Target};
use crate::relation::{Child, CompareOp, Expr, Predicate, Shared, SqlType, Value as SqlValue};
use crate::search::{Modifier, ParameterFilter, Prefix, Value};

use super::aliases::Joins;
use super::text::{self, Comparison};
use super::values::Values;
use super::{Context, PlanError, date, reference, token};

/// One parameter of the request against a source that has columns for it.
pub(super) fn parameter(
    filter: &ParameterFilter,
    parameter: &Parameter,
    source: &Source,
    context: &Context<'_>,
    values: &mut Values,
) -> Result<Predicate, PlanError> {
    if let [Value::Missing(missing)] = filter.values.as_slice() {
        let there = Predicate::any(parameter.targets.iter().map(|target| within(target, source, present(target))));
        return Ok(if *missing { there.negate() } else { there });
    }
    let mut found = Vec::with_capacity(parameter.targets.len());
    for target in &parameter.targets {
        let matched = target_predicate(filter, target, context, values)?;
        found.push(within(target, source, matched));
    }
    let found = Predicate::any(found);
    Ok(if filter.modifier == Some(Modifier::Not) { found.negate() } else { found })
}

/// A target's predicate with its guard, in the child table where it lives in one.
fn within(target: &Target, source: &Source, predicate: Predicate) -> Predicate {
    let guarded = Predicate::all([target.guard.clone(), predicate]);
    match target.child.and_then(|index| source.children.get(index)) {
        None => guarded,
        Some(_) if guarded == Predicate::False => Predicate::False,
        Some(child) => {
            let needed = Joins::of(&child.joins).of_predicate(&guarded);
            let joins = child.joins.iter().filter(|join| needed & (1 << join.index) != 0).cloned().collect();
            Predicate::Exists { child: child.clone(), joins, filter: Box::new(guarded) }
        }
    }
}

fn present(target: &Target) -> Predicate {
    match &target.matcher {
        Matcher::Constant { .. } => Predicate::True,
        Matcher::Text(column) => Predicate::Present(column.expr.clone()),
        Matcher::Token(matcher) => matcher.present.clone(),
        Matcher::Reference(matcher) => matcher.present.clone(),
        Matcher::Date(matcher) => matcher.present.clone(),
        Matcher::Period { start, end } => date::present(start.as_ref(), end.as_ref()),
        Matcher::Number { expr, .. } | Matcher::Uri(expr) => Predicate::Present(expr.clone()),
        Matcher::Exists(any) => Predicate::any(any.iter().cloned()),
    }
}

/// All values of the filter (OR) against one target, without its guard.
fn target_predicate(
    filter: &ParameterFilter,
    target: &Target,
    context: &Context<'_>,
    values: &mut Values,
) -> Result<Predicate, PlanError> {
    let each = |values: &mut Values, one: &mut dyn FnMut(&Value, &mut Values) -> Predicate| {
        Predicate::any(filter.values.iter().map(|value| one(value, values)).collect::<Vec<_>>())
    };
    Ok(match &target.matcher {
        Matcher::Constant { system, code } => each(values, &mut |value, _| constant(filter, system.as_deref(), code, value)),
        Matcher::Text(column) => {
            let comparison = Comparison::of(filter.modifier.as_ref());
            each(values, &mut |value, values| match value {
                Value::String(searched) => text::predicate(column, comparison, searched, values),
                _ => Predicate::False,
            })
        }
        Matcher::Token(matcher) => match filter.modifier {
            Some(Modifier::Text) => each(values, &mut |value, values| {
                let searched = match value {
                    Value::String(searched) => searched,
                    Value::Token(token) => token.code.as_ref().unwrap_or(&NOTHING),
                    _ => return Predicate::False,
                };
                Predicate::any(
                    matcher
                        .text
                        .iter()
                        .map(|column| text::predicate(column, Comparison::StartsWith, searched, values))
                        .collect::<Vec<_>>(),
                )
            }),
            Some(Modifier::OfType) => each(values, &mut |value, values| match value {
                Value::OfType { system, code, value }
                    if matcher.types.iter().any(|(of, ty)| **of == **system && **ty == **code) =>
                {
                    let token = crate::search::Token {
                        system: crate::search::TokenSystem::Any,
                        code: Some(value.clone()),
                    };
                    token::predicate(matcher, std::iter::once(&token), values)
                }
                _ => Predicate::False,
            }),
            _ => {
                let tokens = filter.values.iter().filter_map(|value| match value {
                    Value::Token(token) => Some(token),
                    _ => None,
                });
                token::predicate(matcher, tokens, values)
            }
        },
        Matcher::Reference(matcher) => {
            let references = filter.values.iter().filter_map(|value| match value {
                Value::Reference(reference) => Some(reference),
                _ => None,
            });
            reference::predicate(matcher, filter.modifier.as_ref(), references, context, values)
        }
        Matcher::Date(matcher) => each(values, &mut |value, values| match value {
            Value::Date { prefix, date } => {
                date::predicate(Some(matcher), Some(matcher), *prefix, date, context, values)
            }
            _ => Predicate::False,
        }),
        Matcher::Period { start, end } => each(values, &mut |value, values| match value {
            Value::Date { prefix, date } => {
                date::predicate(start.as_ref(), end.as_ref(), *prefix, date, context, values)
            }
            _ => Predicate::False,
        }),
        Matcher::Number { expr, multiply, divide } => each(values, &mut |value, values| match value {
            Value::Number { prefix, number } => number_predicate(expr, *multiply, *divide, *prefix, &number.0, values),
            _ => Predicate::False,
        }),
        Matcher::Uri(expr) => each(values, &mut |value, values| match value {
            Value::Uri(uri) => {
                token::equals_any(expr, SqlType::VarChar(0), vec![SqlValue::Text(uri.clone())], values)
            }
            _ => Predicate::False,
        }),
        Matcher::Exists(any) => each(values, &mut |value, _| {
            let exists = Predicate::any(any.iter().cloned());
            match value {
                Value::Token(token) => match token.code.as_deref() {
                    Some("true") => exists,
                    Some("false") => exists.negate(),
                    _ => Predicate::False,
                },
                _ => Predicate::False,
            }
        }),
    })
}

static NOTHING: String = String::new();

/// A constant of the mapping is compared here; the database is not asked.
fn constant(filter: &ParameterFilter, system: Option<&str>, code: &str, value: &Value) -> Predicate {
    use crate::search::TokenSystem;
    let holds = match value {
        Value::String(searched) => Comparison::of(filter.modifier.as_ref()).holds(code, searched),
        Value::Uri(uri) => uri == code,
        Value::Token(token) => {
            let system_holds = match &token.system {
                TokenSystem::Any => true,
                TokenSystem::Absent => system.is_none(),
                TokenSystem::Is(asked) => system == Some(asked.as_str()),
            };
            system_holds && token.code.as_deref().is_none_or(|asked| asked == code)
        }
        _ => false,
    };
    if holds { Predicate::True } else { Predicate::False }
}

/// A number covers half a unit of its last digit on both sides (R4 §3.1.1.4.6): `100` is [99.5, 100.5).
fn number_predicate(
    expr: &Expr,
    multiply: i64,
    divide: i64,
    prefix: Prefix,
    written: &str,
    values: &mut Values,
) -> Predicate {
    let Ok(number) = written.parse::<f64>() else {
        return Predicate::False;
    };
    let half = half_unit(written, number, prefix);
    // FHIR value = raw × multiply ÷ divide, so a bound on the one is a bound on the other.
    let raw = |bound: f64| bound * divide as f64 / multiply as f64;
    let mut compare = |op, bound: f64| {
        Predicate::Compare(expr.clone(), op, values.expr(SqlValue::Real(raw(bound)), SqlType::Float))
    };
    match prefix {
        Prefix::Eq | Prefix::Ap => {
            Predicate::all([compare(CompareOp::Ge, number - half), compare(CompareOp::Lt, number + half)])
        }
        Prefix::Ne => {
            Predicate::any([compare(CompareOp::Lt, number - half), compare(CompareOp::Ge, number + half)])
        }
        Prefix::Gt | Prefix::Sa => compare(CompareOp::Gt, number),
        Prefix::Lt | Prefix::Eb => compare(CompareOp::Lt, number),
        Prefix::Ge => compare(CompareOp::Ge, number),
        Prefix::Le => compare(CompareOp::Le, number),
    }
}

fn half_unit(written: &str, number: f64, prefix: Prefix) -> f64 {
    if prefix == Prefix::Ap {
        return (number * 0.1).abs();
    }
    let (mantissa, exponent) = match written.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().unwrap_or(0)),
        None => (written, 0),
    };
    let decimals = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let decimals = i32::try_from(decimals).unwrap_or(i32::MAX);
    0.5 * 10f64.powi(exponent.saturating_sub(decimals))
}

/// The rows of a child table that belong to these parents.
pub(super) fn parents(child: &Shared<Child>, parents: &[Vec<SqlValue>], values: &mut Values) -> Predicate {
    let ty = |expr: &Expr| reference::id_type(expr);
    if let [(key, _)] = child.on.as_slice() {
        let list = parents.iter().filter_map(|parent| parent.first().cloned()).collect();
        return token::equals_any(key, ty(key), list, values);
    }
    Predicate::any(
        parents
            .iter()
            .map(|parent| {
                Predicate::all(child.on.iter().zip(parent).map(|((key, _), value)| {
                    Predicate::Compare(key.clone(), CompareOp::Eq, values.expr(value.clone(), ty(key)))
                }))
            })
            .collect::<Vec<_>>(),
    )
}
