//! String search: where text is found, and in which columns or code tables.
//!
//! R4 §3.1.1.4.8: a string parameter on a HumanName or an Address covers their elements of type string.

use std::sync::Arc;

use crate::mapping::{
    Binding, CodePart, Conversion, Matcher, MeasurePart, TextColumn, TextMatcher,
};
use crate::relation::{Expr, Predicate, SqlType};

use super::columns::{no_sentinel, type_of};
use super::walk::Place;
use super::{Found, Reason, presence};

/// The text elements of a HumanName that a search covers. R4 leaves to the server which of them it
/// compares ("may match any of the string fields"); a prefix (`Dr`) tells no one from another, and where
/// it comes from a lookup it would cost every search by name its index.
pub(super) const HUMAN_NAME: &[&str] = &["text", "family", "given"];

/// The text elements of an Address, in the order of R4.
pub(super) const ADDRESS: &[&str] = &[
    "text",
    "line",
    "city",
    "district",
    "state",
    "postalCode",
    "country",
];

/// The targets of a string parameter at a place.
pub(super) fn string(place: &Place<'_>, found: &mut Found<'_>) {
    let parts: &[&str] = match place.ty {
        "HumanName" => HUMAN_NAME,
        "Address" => ADDRESS,
        "CodeableConcept" | "Coding" => return concept(place, found),
        _ => return leaf(place, found),
    };
    for part in parts {
        for place in place.property(part, None, found.children) {
            leaf(&place, found);
        }
    }
}

/// The text of a CodeableConcept (its own, and its codings' displays) or a Coding.
pub(super) fn concept(place: &Place<'_>, found: &mut Found<'_>) {
    if let Some(bindings) = place.bindings() {
        // A whole Coding or CodeableConcept from a code table: its text is the display. A table without
        // displays has none.
        for (guard, binding) in bindings {
            if let Conversion::Codes {
                table,
                part: CodePart::Whole,
            } = &binding.conversion
            {
                let codes = table.entries.iter().map(|entry| &entry.code);
                let mut codes = codes.chain(&table.otherwise).chain(&table.absent);
                if codes.any(|code| code.display.is_some()) {
                    text(guard, place.child, binding, found);
                }
            }
        }
        return;
    }
    let own = if place.ty == "Coding" {
        "display"
    } else {
        "text"
    };
    for text in place.property(own, None, found.children) {
        leaf(&text, found);
    }
    for coding in place.property("coding", None, found.children) {
        concept(&coding, found);
    }
}

/// The text of a primitive.
fn leaf(place: &Place<'_>, found: &mut Found<'_>) {
    if let Some(constant) = place.constant() {
        let matcher = Matcher::Text(TextMatcher::Constant(Arc::clone(constant)));
        found.push(place.child, place.constant_guard(found.children), matcher);
    } else if let Some(bindings) = place.bindings() {
        for (guard, binding) in bindings {
            text(guard, place.child, binding, found);
        }
    } else {
        found.miss(Reason::Shape(place.ty));
    }
}

fn text(guard: Predicate, child: Option<usize>, binding: &Binding, found: &mut Found<'_>) {
    match matcher(binding) {
        Ok((extra, matcher)) => {
            found.push(
                child,
                Predicate::all([guard, extra]),
                Matcher::Text(matcher),
            );
        }
        Err(reason) => found.miss(reason),
    }
}

/// What text a binding gives, and what must hold for it (its sentinels).
pub(super) fn matcher(binding: &Binding) -> Result<(Predicate, TextMatcher), Reason> {
    let expr = binding
        .columns
        .first()
        .ok_or(Reason::Conversion("no column"))?;
    match &binding.conversion {
        Conversion::Text | Conversion::Measure(MeasurePart::Text) => {
            let (ty, collation) = type_of(expr);
            let column = match ty.is_text() {
                true => TextColumn {
                    expr: expr.clone(),
                    ty,
                    collation,
                },
                false => {
                    let ty = SqlType::VarChar(40);
                    TextColumn {
                        expr: Expr::Cast(Box::new(expr.clone()), ty),
                        ty,
                        collation: None,
                    }
                }
            };
            let holds = match &binding.conversion {
                Conversion::Text => no_sentinel(expr, &binding.absent),
                _ => presence::of_binding(binding),
            };
            Ok((holds, TextMatcher::Column(column)))
        }
        Conversion::Codes { table, part } => {
            let part = match part {
                CodePart::Whole => CodePart::Display,
                part => *part,
            };
            let matcher = TextMatcher::Codes {
                expr: expr.clone(),
                ty: type_of(expr).0,
                table: Arc::clone(table),
                part,
                absent: binding.absent.clone(),
            };
            Ok((Predicate::True, matcher))
        }
        other => Err(Reason::of_conversion(other)),
    }
}
