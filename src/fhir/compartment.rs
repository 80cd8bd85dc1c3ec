//! Compartments: which resources belong to a patient, an encounter, a practitioner (R4 §2.14,
//! <http://hl7.org/fhir/R4/compartmentdefinition.html>).
//!
//! A resource belongs to `Patient/12` where one of the parameters that the compartment names for its type leads
//! to it; or where it is the resource itself, and the compartment says so.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How resources of one type belong to a compartment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Membership {
    /// The resource that the compartment is named after is in it.
    pub itself: bool,
    /// Reference parameters, of which one leads to it.
    pub parameters: Vec<&'static str>,
}

type Compartments = BTreeMap<&'static str, BTreeMap<&'static str, Membership>>;

static COMPARTMENTS: LazyLock<Compartments> =
    LazyLock::new(|| read(include_str!("r4/compartments.txt")));

/// The types that compartments are named after.
pub fn compartments() -> impl Iterator<Item = &'static str> {
    COMPARTMENTS.keys().copied()
}

/// Whether there are compartments of a type.
pub fn is_compartment(of: &str) -> bool {
    COMPARTMENTS.contains_key(of)
}

/// How resources of a type belong to a compartment; None where they never do, or there is no such compartment.
pub fn membership(of: &str, resource: &str) -> Option<&'static Membership> {
    COMPARTMENTS.get(of)?.get(resource)
}

/// A compartment's name stands at the beginning of a line, its types below it behind two blanks.
fn read(text: &'static str) -> Compartments {
    let mut compartments = Compartments::new();
    let mut current = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            None if line.is_empty() => current = None,
            None => current = Some(line),
            Some(of_type) => {
                let (Some(compartment), Some((resource, words))) =
                    (current, of_type.split_once(": "))
                else {
                    continue;
                };
                let mut membership = Membership::default();
                for word in words.split(", ") {
                    match word {
                        "{def}" => membership.itself = true,
                        parameter => membership.parameters.push(parameter),
                    }
                }
                compartments
                    .entry(compartment)
                    .or_default()
                    .insert(resource, membership);
            }
        }
    }
    compartments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir;
    use crate::search::ParameterKind;

    #[test]
    fn the_five_of_r4_are_there() {
        let counts: Vec<_> = COMPARTMENTS
            .iter()
            .map(|(name, types)| (*name, types.len()))
            .collect();
        assert_eq!(
            counts,
            [
                ("Device", 32),
                ("Encounter", 25),
                ("Patient", 66),
                ("Practitioner", 59),
                ("RelatedPerson", 32)
            ]
        );
        assert!(membership("Encounter", "Encounter").is_some_and(|of| of.itself));
        assert_eq!(membership("Patient", "Practitioner"), None);
        assert_eq!(membership("Location", "Patient"), None);
    }

    #[test]
    fn each_parameter_is_a_reference_of_its_type() {
        for types in COMPARTMENTS.values() {
            for (resource, membership) in types {
                assert!(fhir::resource_type(resource).is_some(), "{resource}");
                for parameter in &membership.parameters {
                    let known = fhir::parameter(resource, parameter);
                    assert!(
                        known.is_some_and(|known| known.kind == ParameterKind::Reference),
                        "{resource}.{parameter}"
                    );
                }
            }
        }
    }
}
