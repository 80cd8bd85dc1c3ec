//! A filter of the request → a predicate over one source.

use smallvec::SmallVec;

use crate::fhir::BOOLEAN_SYSTEM;
use crate::mapping::{ComponentMatcher, Matcher, Parameter, Source, Target};
use crate::relation::{Child, CompareOp, Expr, Predicate, Shared, Value as SqlValue};
use crate::search::{
    Modifier, ParameterFilter, ParameterKind, Reference, Token, TokenSystem, Value,
};

use super::text::{self, Comparison, Searched};
use super::token::Asked;
use super::values::Values;
use super::{Context, date, number, reference, token};

/// One parameter of the request against a source that has columns for it.
pub(super) fn parameter(
    filter: &ParameterFilter,
    parameter: &Parameter,
    source: &Source,
    context: &Context<'_>,
    values: &mut Values,
) -> Predicate {
    let is_missing = |value: &&Value| matches!(value, Value::Missing(_));
    if let Some(Value::Missing(missing)) = filter.values.iter().find(is_missing) {
        let there = Predicate::any(
            parameter
                .targets
                .iter()
                .map(|target| within(target, source, target.matcher.present())),
        );
        let missing = if *missing { there.negate() } else { there };
        let others: Vec<Value> = filter
            .values
            .iter()
            .filter(|of| !is_missing(of))
            .cloned()
            .collect();
        if others.is_empty() {
            return missing;
        }
        let others = ParameterFilter {
            values: others,
            ..filter.clone()
        };
        return Predicate::any([
            self::parameter(&others, parameter, source, context, values),
            missing,
        ]);
    }
    let asked = Forms::of(filter);
    let mut each = |target| {
        let matched = target_predicate(filter, &asked, target, source, context, values);
        within(target, source, matched)
    };
    let found = match parameter.targets.as_slice() {
        [target] => each(target),
        // Every target is asked, whatever the others gave: the values bound must not depend on it.
        targets => Predicate::any(targets.iter().map(each).collect::<SmallVec<[_; 4]>>()),
    };
    if filter.modifier == Some(Modifier::Not) {
        found.negate()
    } else {
        found
    }
}

/// The values of a filter in the forms that columns are compared with.
struct Forms<'v> {
    /// One for each value; None where it is no text.
    texts: SmallVec<[Option<Searched<'v>>; 2]>,
    tokens: SmallVec<[Asked<'v>; 1]>,
}

impl<'v> Forms<'v> {
    fn of(filter: &'v ParameterFilter) -> Forms<'v> {
        let texts = filter
            .values
            .iter()
            .map(|value| searched_text(value).map(Searched::new));
        Forms {
            texts: texts.collect(),
            tokens: tokens(&filter.values).map(Asked::new).collect(),
        }
    }
}

fn tokens(values: &[Value]) -> impl Iterator<Item = &Token> {
    values.iter().filter_map(|value| match value {
        Value::Token(token) => Some(token),
        _ => None,
    })
}

/// A target's predicate with its guard, in the child table where it lives in one.
pub(super) fn within(target: &Target, source: &Source, predicate: Predicate) -> Predicate {
    let guarded = match &target.guard {
        Predicate::True => predicate,
        guard => Predicate::all([guard.clone(), predicate]),
    };
    match target.child.and_then(|index| source.children.get(index)) {
        None => guarded,
        Some(_) if guarded == Predicate::False => Predicate::False,
        Some(child) => Predicate::Exists {
            child: child.clone(),
            joins: child.joins_for(&guarded),
            filter: Box::new(guarded),
        },
    }
}

/// All values of the filter (OR) against one target, without its guard.
fn target_predicate(
    filter: &ParameterFilter,
    asked: &Forms<'_>,
    target: &Target,
    source: &Source,
    context: &Context<'_>,
    values: &mut Values,
) -> Predicate {
    let modifier = filter.modifier.as_ref();
    // Every value is asked, whatever the others gave: the values bound must not depend on it.
    let mut each =
        |one: &mut dyn FnMut(&Value, &mut Values) -> Predicate| match filter.values.as_slice() {
            [value] => one(value, values),
            several => {
                let asked: Vec<_> = several.iter().map(|value| one(value, values)).collect();
                Predicate::any(asked)
            }
        };
    match &target.matcher {
        Matcher::Id => ids(filter, source, values),
        // Beside a code, text is what `:text` searches and nothing else.
        Matcher::Text(_)
            if filter.kind == ParameterKind::Token && modifier != Some(&Modifier::Text) =>
        {
            Predicate::False
        }
        Matcher::Text(column) => {
            let comparison = match filter.kind {
                ParameterKind::Token => Comparison::StartsWith,
                _ => Comparison::of(modifier),
            };
            let texts = &asked.texts;
            let mut found = texts.iter().map(|searched| match searched {
                Some(searched) => text::matcher(column, comparison, searched, values),
                None => Predicate::False,
            });
            match texts.len() {
                1 => found.next().unwrap_or(Predicate::False),
                _ => Predicate::any(found.collect::<Vec<_>>()),
            }
        }
        Matcher::Token(_) if modifier == Some(&Modifier::Text) => Predicate::False,
        Matcher::Token(matcher) => match (filter.kind, modifier) {
            (ParameterKind::Reference, _) => {
                let identifiers = filter.values.iter().filter_map(|value| match value {
                    Value::Reference(Reference::Identifier(token)) => Some(Asked::new(token)),
                    _ => None,
                });
                let identifiers: SmallVec<[_; 1]> = identifiers.collect();
                token::predicate(matcher, identifiers.iter(), values)
            }
            (_, Some(Modifier::OfType)) => each(&mut |value, values| match value {
                Value::OfType {
                    system,
                    code,
                    value,
                } => token::of_type(matcher, system, code, value, values),
                _ => Predicate::False,
            }),
            _ => token::predicate(matcher, asked.tokens.iter(), values),
        },
        Matcher::Reference(matcher) => {
            let references = filter.values.iter().filter_map(|value| match value {
                Value::Reference(reference) => Some(reference),
                _ => None,
            });
            reference::predicate(matcher, modifier, references, context, values)
        }
        Matcher::Date(matcher) => each(&mut |value, values| match value {
            Value::Date { prefix, date } => {
                date::predicate(Some(matcher), Some(matcher), *prefix, date, context, values)
            }
            _ => Predicate::False,
        }),
        Matcher::Period { start, end } => each(&mut |value, values| match value {
            Value::Date { prefix, date } => {
                date::predicate(start.as_ref(), end.as_ref(), *prefix, date, context, values)
            }
            _ => Predicate::False,
        }),
        Matcher::Number(matcher) => each(&mut |value, values| match value {
            Value::Number { prefix, number } => {
                number::predicate(matcher, *prefix, &number.0, values)
            }
            _ => Predicate::False,
        }),
        Matcher::Quantity(matcher) => each(&mut |value, values| match value {
            Value::Quantity {
                prefix,
                number,
                system,
                code,
            } => Predicate::all([
                number::predicate(&matcher.value, *prefix, &number.0, values),
                number::unit(matcher, system.as_deref(), code.as_deref(), values),
            ]),
            _ => Predicate::False,
        }),
        Matcher::Composite(components) => each(&mut |value, values| match value {
            Value::Composite(parts) if parts.len() == components.len() => Predicate::all(
                components
                    .iter()
                    .zip(parts)
                    .map(|(of, part)| component(of, part, target, source, context, values))
                    .collect::<Vec<_>>(),
            ),
            _ => Predicate::False,
        }),
        Matcher::Uri(text) => each(&mut |value, values| match value {
            Value::Uri(uri) => text::matcher(text, Comparison::Exact, &Searched::new(uri), values),
            Value::Reference(Reference::Url(url)) => {
                text::matcher(text, Comparison::Exact, &Searched::new(url), values)
            }
            _ => Predicate::False,
        }),
        Matcher::Exists(any) => each(&mut |value, _| {
            let exists = Predicate::any(any.iter().cloned());
            match value {
                Value::Token(token) if !is_of_boolean(&token.system) => Predicate::False,
                Value::Token(token) => match token.code.as_deref() {
                    // `system|`: every row has one of the two codes.
                    None => Predicate::True,
                    Some("true") => exists,
                    Some("false") => exists.negate(),
                    _ => Predicate::False,
                },
                _ => Predicate::False,
            }
        }),
    }
}

/// One component of a composite at a target: by any of its own targets, which belong to the same row of a child where
/// the composite's does.
fn component(
    of: &ComponentMatcher,
    value: &Value,
    at: &Target,
    source: &Source,
    context: &Context<'_>,
    values: &mut Values,
) -> Predicate {
    let filter = ParameterFilter {
        name: String::new(),
        kind: of.kind,
        modifier: None,
        values: vec![value.clone()],
        position: 0,
    };
    let asked = Forms::of(&filter);
    let ways = of.targets.iter().map(|target| {
        let found = target_predicate(&filter, &asked, target, source, context, values);
        match at.child {
            Some(_) => Predicate::all([target.guard.clone(), found]),
            None => within(target, source, found),
        }
    });
    Predicate::any(ways.collect::<Vec<_>>())
}

/// Whether a boolean's codes are of the system that is asked for.
fn is_of_boolean(asked: &TokenSystem) -> bool {
    match asked {
        TokenSystem::Any | TokenSystem::Absent => true,
        TokenSystem::Is(system) => system == BOOLEAN_SYSTEM,
    }
}

fn searched_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) | Value::Uri(text) => Some(text),
        Value::Token(token) => token.code.as_deref(),
        _ => None,
    }
}

fn ids(filter: &ParameterFilter, source: &Source, values: &mut Values) -> Predicate {
    let asked = filter.values.iter().filter_map(|value| match value {
        Value::Token(token) if !matches!(token.system, TokenSystem::Is(_)) => token.code.as_deref(),
        _ => None,
    });
    reference::ids(source, asked, values)
}

/// The rows of a child table that belong to these parents.
pub(super) fn parents(
    child: &Shared<Child>,
    parents: &[Vec<SqlValue>],
    values: &mut Values,
) -> Predicate {
    let ty = |expr: &Expr| reference::id_type(expr);
    if let [(key, _)] = child.on.as_slice() {
        let list = parents.iter().filter_map(|parent| parent.first().cloned());
        return token::equals_any(key, ty(key), list, values);
    }
    // Filled up by the last, as a list is, so that the text repeats.
    let fill = parents.last().into_iter().cycle();
    Predicate::any(
        parents
            .iter()
            .chain(fill)
            .take(match parents.len() {
                0 => 0,
                length => length.next_power_of_two(),
            })
            .map(|parent| {
                Predicate::all(child.on.iter().zip(parent).map(|((key, _), value)| {
                    Predicate::Compare(key.clone(), CompareOp::Eq, values.expr(value, ty(key)))
                }))
            })
            .collect::<Vec<_>>(),
    )
}
