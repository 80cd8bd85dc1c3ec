//! When an element is there: the predicate on a row under which the written resource has it.
//!
//! Takes bindings and trees; gives predicates. The rules are those of the writer: blank text and
//! sentinels are absent; an object with bound values is there when any of them is, and when all that its
//! definition requires is; a list when any entry is; a constant by itself always.

use std::sync::Arc;

use crate::fhir::Test;
use crate::mapping::{
    Binding, CodePart, Conversion, DateForm, Matcher, MeasurePart, Target, TextMatcher,
};
use crate::relation::{Arithmetic, Child, CompareOp, Expr, Like, Measured, Predicate, Shared};

use super::columns::{self, coded, held, no_sentinel, trimmed};
use super::tree::{Entry, Object, Tree};
use super::walk::Place;
use super::{Children, token};

/// The binding has a value.
pub(super) fn of_binding(binding: &Binding) -> Predicate {
    let columns = &binding.columns;
    let Some(first) = columns.first() else {
        return match &binding.conversion {
            Conversion::First(list) => Predicate::any(list.iter().map(|inner| of_binding(inner))),
            _ => Predicate::False,
        };
    };
    match &binding.conversion {
        Conversion::Text
        | Conversion::Integer
        | Conversion::Decimal { .. }
        | Conversion::Bit { .. }
        | Conversion::Reference { .. } => held(first, &binding.absent),
        Conversion::Measure(part) => measured(first, &binding.absent, *part),
        // Without the whole of its first part there is no value; blanks in it do not count.
        Conversion::Concat { lengths } => {
            let length = lengths.first().copied().unwrap_or(0);
            let whole = Predicate::Like {
                expr: Expr::Digits(Box::new(first.clone())),
                pattern: Like::Text("_".repeat(usize::from(length)).into()),
                negated: false,
            };
            Predicate::all([held(first, &binding.absent), whole])
        }
        Conversion::Boolean => Predicate::all([
            columns::is_boolean(first),
            no_sentinel(first, &binding.absent),
        ]),
        Conversion::Date(form) | Conversion::DateTime { form, .. } => {
            match (form, columns.get(1)) {
                (DateForm::Parts, _) => is_day_of_calendar(columns),
                (DateForm::DayAndSeconds { .. }, Some(seconds)) => Predicate::all([
                    held(first, &binding.absent),
                    Predicate::Present(seconds.clone()),
                ]),
                _ => held(first, &binding.absent),
            }
        }
        Conversion::Codes { table, part } => match part {
            CodePart::Code | CodePart::Whole => coded(first, &binding.absent, table, |_| true),
            CodePart::Display => {
                coded(first, &binding.absent, table, |code| code.display.is_some())
            }
            CodePart::System => coded(first, &binding.absent, table, |code| code.system.is_some()),
        },
        Conversion::Join { .. } => {
            Predicate::any(columns.iter().map(|column| held(column, &binding.absent)))
        }
        Conversion::First(list) => Predicate::any(list.iter().map(|inner| of_binding(inner))),
    }
}

/// Three numbers that are a day, or what is known of one: year, month and day, the last two 0 or NULL for unknown.
/// A day that no calendar has is no date. The parts have no sentinels.
fn is_day_of_calendar(columns: &[Expr]) -> Predicate {
    use CompareOp::{Eq, Ge, Le, Ne};
    let is = |expr: &Expr, op, number| Predicate::Compare(expr.clone(), op, Expr::Int(number));
    let between = |expr: &Expr, from, to| Predicate::all([is(expr, Ge, from), is(expr, Le, to)]);
    // A part that is not mapped is not known.
    let part = |place: usize| match columns.get(place) {
        Some(column) => Expr::Coalesce(vec![column.clone(), Expr::Int(0)]),
        None => Expr::Int(0),
    };
    let Some(year) = columns.first() else {
        return Predicate::False;
    };
    let years = Predicate::all([Predicate::Present(year.clone()), between(year, 1, 9999)]);
    if columns.len() < 2 {
        return years;
    }
    let (month, day) = (part(1), part(2));
    let months = between(&month, 1, 12);
    if columns.len() < 3 {
        return Predicate::all([years, Predicate::any([is(&month, Eq, 0), months])]);
    }
    let calculate =
        |left: Expr, op, right: Expr| Expr::Arithmetic(Box::new(left), op, Box::new(right));
    // What is left of the year after as many whole lengths as go into it.
    let rest = |length: i64| {
        let times = calculate(year.clone(), Arithmetic::Divide, Expr::Int(length));
        let whole = calculate(times, Arithmetic::Multiply, Expr::Int(length));
        calculate(year.clone(), Arithmetic::Subtract, whole)
    };
    let leap = Predicate::any([
        Predicate::all([is(&rest(4), Eq, 0), is(&rest(100), Ne, 0)]),
        is(&rest(400), Eq, 0),
    ]);
    let long = Predicate::In {
        expr: month.clone(),
        list: [1, 3, 5, 7, 8, 10, 12].map(Expr::Int).into(),
        negated: false,
    };
    let days = Predicate::any([
        between(&day, 0, 28),
        Predicate::all([between(&day, 29, 30), is(&month, Ne, 2)]),
        Predicate::all([is(&day, Eq, 31), long]),
        Predicate::all([is(&day, Eq, 29), is(&month, Eq, 2), leap]),
    ]);
    let known = Predicate::all([months, days]);
    Predicate::all([years, Predicate::any([is(&month, Eq, 0), known])])
}

/// The element is there.
pub(super) fn of_tree(tree: &Tree, children: Children<'_>) -> Predicate {
    match tree {
        Tree::Constant(_) => Predicate::True,
        Tree::Value(binding) => of_binding(binding),
        Tree::Object(object) if object.bound => {
            let required = required(object, None, children);
            // What is required and bound is evidence already: said once, however deep the objects.
            let evident = object.properties.iter().any(|property| {
                property.required
                    && object
                        .alternatives(property.name)
                        .all(|(_, other)| is_bound(&other.value))
            });
            match evident {
                true => required,
                false => Predicate::all([required, evidence_of(object, children)]),
            }
        }
        Tree::Object(_) => Predicate::True,
        Tree::List(_) => over_entries(tree, children, |entry, children| {
            of_tree(&entry.value, children)
        }),
        Tree::When(condition, inner) => {
            Predicate::all([condition.clone(), of_tree(inner, children)])
        }
    }
}

/// The part of a measurement that a binding gives is there.
fn measured(expr: &Expr, absent: &[Arc<str>], part: MeasurePart) -> Predicate {
    let held = held(expr, absent);
    if !columns::type_of(expr).0.is_text() {
        return held;
    }
    let of = |part| Expr::Measured(Box::new(expr.clone()), part);
    let is_number = |negated| Predicate::IsNull {
        expr: of(Measured::Number),
        negated,
    };
    let said = match part {
        MeasurePart::Number => is_number(true),
        MeasurePart::Text => is_number(false),
        MeasurePart::Comparator => Predicate::Compare(
            of(Measured::Comparator),
            CompareOp::Ne,
            Expr::Text(Arc::from("")),
        ),
    };
    Predicate::all([held, said])
}

/// All that the object's definition requires is there, but for the property at `except`, which a search
/// has found already. Of the alternatives of a choice one is enough.
pub(super) fn required(
    object: &Object,
    except: Option<usize>,
    children: Children<'_>,
) -> Predicate {
    Predicate::all(
        object
            .properties
            .iter()
            .enumerate()
            .filter(|(index, property)| {
                property.required
                    && object
                        .alternatives(property.name)
                        .all(|(other, _)| other >= *index && Some(other) != except)
            })
            .map(|(_, property)| {
                let alternatives = object.alternatives(property.name);
                Predicate::any(alternatives.map(|(_, one)| of_tree(&one.value, children)))
            }),
    )
}

/// Some bound value of the object is there.
pub(super) fn evidence_of(object: &Object, children: Children<'_>) -> Predicate {
    let mut ways = Vec::new();
    for property in &object.properties {
        let way = evidence(&property.value, children);
        // Code and display of one column come to the same.
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    Predicate::any(ways)
}

/// Some bound value of the element is there: what keeps the object around it. That an entry belongs to
/// a child's row, or has a condition, counts as a value too.
fn evidence(tree: &Tree, children: Children<'_>) -> Predicate {
    match tree {
        Tree::Constant(_) => Predicate::False,
        Tree::Value(binding) => of_binding(binding),
        Tree::Object(object) if object.bound => of_tree(tree, children),
        Tree::Object(_) => Predicate::False,
        Tree::List(_) => over_entries(tree, children, |entry, children| match entry.counts() {
            true => of_tree(&entry.value, children),
            false => evidence(&entry.value, children),
        }),
        Tree::When(..) => of_tree(tree, children),
    }
}

/// Wherever the element is there, a bound value is.
fn is_bound(tree: &Tree) -> bool {
    match tree {
        Tree::Constant(_) => false,
        Tree::Value(_) | Tree::When(..) => true,
        Tree::Object(object) => object.bound,
        Tree::List(entries) => entries
            .iter()
            .all(|entry| entry.counts() || is_bound(&entry.value)),
    }
}

/// Some entry of the list holds `test`.
fn over_entries(
    tree: &Tree,
    children: Children<'_>,
    test: impl Fn(&Entry, Children<'_>) -> Predicate,
) -> Predicate {
    let Tree::List(entries) = tree else {
        return Predicate::False;
    };
    Predicate::any(entries.iter().map(|entry| {
        let here = Predicate::all([entry.condition.clone(), test(entry, children)]);
        match entry.each.and_then(|index| children.get(index)) {
            Some(child) => in_child(child, here),
            None => here,
        }
    }))
}

impl Target {
    /// The value is there, its guard included: what `:missing` asks, row by row of the target's child.
    pub fn present(&self) -> Predicate {
        Predicate::all([self.guard.clone(), self.matcher.present()])
    }
}

impl Matcher {
    /// There is a value to compare with.
    pub fn present(&self) -> Predicate {
        match self {
            Matcher::Id | Matcher::Exists(_) => Predicate::True,
            Matcher::Text(text) | Matcher::Uri(text) => text.present(),
            Matcher::Token(token) => token.present.clone(),
            Matcher::Reference(reference) => reference.present.clone(),
            Matcher::Date(date) => date.present.clone(),
            Matcher::Period { start, end } => Predicate::any(
                [start, end]
                    .into_iter()
                    .flatten()
                    .map(|date| date.present.clone()),
            ),
            Matcher::Number(number) => number.present.clone(),
            Matcher::Quantity(quantity) => quantity.value.present.clone(),
            // Of a child's row, where it belongs to one; what is in another child is looked up by the search.
            Matcher::Composite(components) => Predicate::all(
                components
                    .iter()
                    .map(|of| Predicate::any(of.targets.iter().map(Target::present))),
            ),
        }
    }
}

impl TextMatcher {
    /// There is text. A column's sentinels are in the target's guard.
    pub fn present(&self) -> Predicate {
        match self {
            TextMatcher::Column(column) => Predicate::Present(column.expr.clone()),
            TextMatcher::Constant(_) => Predicate::True,
            TextMatcher::Codes {
                expr,
                table,
                part: CodePart::Code,
                absent,
                ..
            } => coded(expr, absent, table, |_| true),
            TextMatcher::Codes {
                expr,
                table,
                part: CodePart::System,
                absent,
                ..
            } => coded(expr, absent, table, |code| code.system.is_some()),
            TextMatcher::Codes {
                expr,
                table,
                absent,
                ..
            } => coded(expr, absent, table, |code| code.display.is_some()),
        }
    }
}

/// The element is written with this code: what `where(system='phone')` comes to. None where that is not
/// to be said of its columns.
pub(super) fn equals(tree: &Tree, wanted: &str) -> Option<Predicate> {
    match tree {
        Tree::Constant(constant) if &**constant == wanted => Some(Predicate::True),
        Tree::Constant(_) => Some(Predicate::False),
        Tree::Value(binding) => code_is(binding, wanted),
        Tree::When(condition, inner) => {
            Some(Predicate::all([condition.clone(), equals(inner, wanted)?]))
        }
        Tree::Object(_) | Tree::List(_) => None,
    }
}

/// The binding gives this code. None where its conversion cannot be read backwards.
pub(super) fn code_is(binding: &Binding, wanted: &str) -> Option<Predicate> {
    let expr = binding.columns.first()?;
    let absent = &binding.absent;
    match &binding.conversion {
        Conversion::Text => Some(Predicate::all([
            Predicate::Compare(trimmed(expr), CompareOp::Eq, Expr::Text(wanted.into())),
            no_sentinel(expr, absent),
        ])),
        Conversion::Codes {
            table,
            part: CodePart::Code,
        } => Some(coded(expr, absent, table, |code| &*code.code == wanted)),
        _ => None,
    }
}

/// The element at a place is there, for `exists()`; or is there and is not `false`.
pub(super) fn exists(place: &Place<'_>, test: Test, children: Children<'_>) -> Predicate {
    let here = match place.tree {
        Tree::Constant(constant) if test == Test::ExistsAndIsNotFalse && &**constant == "false" => {
            return Predicate::False;
        }
        Tree::Constant(_) => place.constant_guard(children),
        Tree::Value(_) if test == Test::ExistsAndIsNotFalse && place.ty == "boolean" => {
            let bindings = place.bindings().unwrap_or_default();
            Predicate::any(bindings.into_iter().map(|(guard, binding)| {
                let value = match binding.columns.first() {
                    Some(expr) => token::truth(binding, expr),
                    None => Predicate::False,
                };
                Predicate::all([guard, of_binding(binding), value])
            }))
        }
        tree => Predicate::all([place.guard.clone(), of_tree(tree, children)]),
    };
    match place.child.and_then(|index| children.get(index)) {
        Some(child) => in_child(child, here),
        None => here,
    }
}

/// Some row of the child holds the predicate.
fn in_child(child: &Shared<Child>, here: Predicate) -> Predicate {
    match here {
        Predicate::False => Predicate::False,
        here => Predicate::Exists {
            child: child.clone(),
            joins: child.joins_for(&here),
            filter: Box::new(here),
        },
    }
}
