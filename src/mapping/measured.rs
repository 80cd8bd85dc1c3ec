//! Measurements kept as text, of which a part is mapped and another is not.
//!
//! Takes the numbers of a source's elements that are read out of text, and the columns whose other text has an
//! element; warns where `<0.5` would come out as 0.5, or `not seen` not at all. Asked when all elements have been
//! read, since the text may stand in another element than the number.

use std::cell::RefCell;

use rustc_hash::FxHashSet;

use super::diagnostic::{At, Problem};
use super::element::Found;
use super::model::{Binding, Conversion, MeasurePart, Node as Made};
use super::rules;
use super::yaml::{Pair, Span, get};
use crate::fhir::Structure;
use crate::relation::{Column, Expr, Predicate, RawSql, Shared};

/// What a source's elements take of measurements kept as text.
#[derive(Debug, Default)]
pub(super) struct Measured {
    numbers: RefCell<Vec<Number>>,
    /// The columns whose text that is no measurement has an element.
    texts: RefCell<FxHashSet<Shared<Column>>>,
}

#[derive(Debug)]
struct Number {
    column: Shared<Column>,
    span: Span,
    comparator: Comparator,
}

/// Where the comparator of a number goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    /// To the element beside it.
    Mapped,
    /// Nowhere, although the object has an element for it.
    Unmapped,
    /// Nowhere: what holds the number has no element for it.
    NoElement,
}

impl Measured {
    /// Notes a column's part that has an element.
    pub fn add(&self, conversion: &Conversion, expr: &Expr) {
        if let (Conversion::Measure(MeasurePart::Text), Expr::Column(column)) = (conversion, expr) {
            self.texts.borrow_mut().insert(column.clone());
        }
    }

    /// Notes the numbers among the fields of an object.
    pub fn add_object(&self, pairs: &[Pair], found: &[Found], structure: &'static Structure) {
        for field in found.iter().map(|found| &found.field) {
            let Some(column) = column_of(&field.node, MeasurePart::Number) else {
                continue;
            };
            let beside = |other: &Found| {
                column_of(&other.field.node, MeasurePart::Comparator).as_ref() == Some(&column)
            };
            let comparator = match structure.element("comparator") {
                _ if found.iter().any(beside) => Comparator::Mapped,
                Some(_) => Comparator::Unmapped,
                None => Comparator::NoElement,
            };
            if let Some(pair) = get(pairs, &field.name) {
                self.numbers.borrow_mut().push(Number {
                    column,
                    span: pair.value.span.clone(),
                    comparator,
                });
            }
        }
    }

    /// Warns of what is lost. The conditions on the rows of the source and of its children may keep out what is no
    /// number.
    pub fn report<'p>(&self, at: At<'_>, rows: impl Iterator<Item = &'p Predicate> + Clone) {
        let texts = self.texts.borrow();
        for number in self.numbers.borrow().iter() {
            let column = &number.column;
            // A column of numbers holds neither.
            if !column.ty.is_text() || rows.clone().any(|rows| tells_apart(rows, column)) {
                continue;
            }
            let (comparator, text) = (number.comparator, texts.contains(column));
            let message = match (comparator, text) {
                (Comparator::Mapped, true) => continue,
                (Comparator::Mapped, false) => {
                    "text of the column that is no number is written nowhere"
                }
                (_, true) => {
                    "`<0.5` in the column is written as 0.5: its comparator has no element"
                }
                (_, false) => {
                    "of the column's text only the numbers are written: `<0.5` as 0.5, and `not seen` not at all"
                }
            };
            let name = name(column);
            let mut helps = Vec::new();
            match comparator {
                Comparator::Mapped => {}
                Comparator::Unmapped => helps.push(format!(
                    "map the comparator beside the number: `comparator: {{ column: {name}, measure: comparator }}`"
                )),
                Comparator::NoElement => {
                    helps.push("map it to a Quantity, which has a `comparator`".to_owned());
                }
            }
            if !text {
                helps.push(format!(
                    "give other text an element, such as `valueString: {{ column: {name}, measure: text }}`"
                ));
            }
            at.report(
                Problem::new(&rules::MEASURE_PART, &number.span, message)
                    .help(helps.join("; "))
                    .note(format!(
                        "nothing is lost where conditions keep such text out: `rows: not {name} like '…'`, or a fragment"
                    )),
            );
        }
    }
}

/// The column of which a value is that part of a measurement.
fn column_of(node: &Made, part: MeasurePart) -> Option<Shared<Column>> {
    let one = |binding: &Binding| match (&binding.conversion, &binding.columns[..]) {
        (Conversion::Measure(found), [Expr::Column(column)]) if *found == part => {
            Some(column.clone())
        }
        _ => None,
    };
    match node {
        Made::Value(binding) => match &binding.conversion {
            Conversion::First(list) => list.iter().find_map(|binding| one(binding)),
            _ => one(binding),
        },
        Made::When(_, inner) => column_of(inner, part),
        _ => None,
    }
}

/// Whether a condition asks what a column's text looks like: by a pattern, or in a fragment, which is not read.
fn tells_apart(rows: &Predicate, column: &Shared<Column>) -> bool {
    match rows {
        Predicate::And(parts) | Predicate::Or(parts) => {
            parts.iter().any(|part| tells_apart(part, column))
        }
        Predicate::Not(inner) => tells_apart(inner, column),
        Predicate::Like {
            expr: Expr::Column(asked),
            ..
        } => asked == column,
        Predicate::Raw(raw) => in_fragment(raw, &column.alias, &column.name),
        _ => false,
    }
}

/// Whether a fragment names a column.
pub(super) fn in_fragment(raw: &RawSql, alias: &str, column: &str) -> bool {
    let names = [
        format!("{{{alias}.{column}}}"),
        format!("{{{alias}.[{column}]}}"),
    ];
    raw.text
        .iter()
        .any(|(_, text)| names.iter().any(|name| text.contains(name)))
}

/// A column as it is written in a mapping.
fn name(column: &Column) -> String {
    match column.name.contains(' ') {
        true => format!("{}.[{}]", column.alias, column.name),
        false => format!("{}.{}", column.alias, column.name),
    }
}
