//! Which elements of an object decide whether others, or the object itself, are written.
//!
//! Takes the fields of an object as they have been found; marks the alternatives of a choice, of which
//! the first in the file that has a value is written, and puts all fields into R4's order.

use std::collections::HashMap;
use std::sync::Arc;

use super::diagnostic::Problem;
use super::element::Found;
use super::model::Node as Made;
use super::rules;
use super::source::Compiler;
use crate::fhir::Structure;

/// R4's order; the alternatives of a choice stay in the file's, which is what decides between them.
pub(super) fn in_order(found: &mut [Found], structure: &'static Structure) {
    let mut first: HashMap<String, usize> = HashMap::new();
    for (place, found) in found.iter().enumerate() {
        first.entry(found.name().to_owned()).or_insert(place);
    }
    found.sort_by_cached_key(|found| {
        (
            structure
                .elements()
                .position(|other| std::ptr::eq(other, found.element)),
            first.get(found.name()).copied(),
            found.underscore,
        )
    });
}

/// Whether the element is the number of a Quantity, of which nothing is left without it: a unit alone is no
/// measurement.
pub(super) fn is_essential(structure: &Structure, name: &str) -> bool {
    name == "value"
        && matches!(
            structure.name(),
            "Quantity" | "SimpleQuantity" | "Age" | "Count" | "Distance" | "Duration" | "Money"
        )
}

impl Compiler<'_> {
    /// A choice with several types: one of them at most is written. One that is always there leaves nothing to
    /// those after it.
    pub(super) fn choices(&self, found: &mut [Found]) {
        for i in 0..found.len() {
            if !found[i].element.is_choice() {
                continue;
            }
            let own = found[i].name();
            let is_twin = |other: &Found| {
                std::ptr::eq(other.element, found[i].element) && other.name() != own
            };
            if !found.iter().any(is_twin) {
                continue;
            }
            let after = found[i + 1..].iter().find(|other| is_twin(other));
            if let (Made::Constant(_), Some(after)) = (&found[i].field.node, after) {
                self.at.report(
                    Problem::new(
                        &rules::CHOICE_TWICE,
                        &after.key_span,
                        format!(
                            "`{}` is never written beside `{}`",
                            after.field.name, found[i].field.name
                        ),
                    )
                    .related(&found[i].key_span, "this is always there")
                    .help("the first whose value is there is written: put the constant last"),
                );
            }
            found[i].field.choice = Some(Arc::from(found[i].element.stem()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_essential;
    use crate::fhir::structure;

    #[test]
    fn a_quantity_of_any_kind_is_nothing_without_its_value() {
        for name in ["Quantity", "SimpleQuantity", "Age", "Duration", "Money"] {
            assert!(is_essential(structure(name).unwrap(), "value"), "{name}");
        }
        for (name, element) in [("SimpleQuantity", "unit"), ("Identifier", "value")] {
            assert!(!is_essential(structure(name).unwrap(), element), "{name}");
        }
    }
}
