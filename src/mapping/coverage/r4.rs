//! How much of R4 a mapping serves: of each resource type, how many of its elements and search parameters.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::fhir;
use crate::mapping::{Mapping, Resource};

/// A resource type that a mapping serves.
#[derive(Debug, Serialize)]
pub struct ServedType {
    pub resource: &'static str,
    /// The elements of the type itself; a choice is one, and what every resource has does not count.
    pub elements: Served,
    /// R4's parameters of the type, without those of every type (`_id`).
    pub searches: Served,
    /// Parameters of the mapping's own.
    pub own: usize,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Served {
    pub served: usize,
    pub of: usize,
}

/// Each type that is served, by name.
pub(super) fn served(mapping: &Mapping) -> Vec<ServedType> {
    let resources = mapping.resources.values();
    resources
        .map(|resource| of_type(mapping, resource))
        .collect()
}

fn of_type(mapping: &Mapping, resource: &Resource) -> ServedType {
    let of_base: BTreeSet<&str> = elements("DomainResource").collect();
    let all: BTreeSet<&str> = elements(resource.name)
        .filter(|name| !of_base.contains(name))
        .collect();
    let structure = fhir::structure(resource.name);
    let sources = resource
        .sources
        .iter()
        .filter_map(|place| mapping.sources.get(*place));
    let given: BTreeSet<&str> = sources
        .flat_map(|source| &source.elements)
        .filter_map(|field| {
            let name = field.name.strip_prefix('_').unwrap_or(&field.name);
            Some(structure?.element(name)?.definition().name())
        })
        .filter(|name| all.contains(name))
        .collect();
    let defined = fhir::parameters(resource.name).map(|it| it.code);
    let defined: BTreeSet<&str> = defined.filter(|code| !code.starts_with('_')).collect();
    let offered = resource.parameters.keys().map(|name| &**name);
    let offered: BTreeSet<&str> = offered.filter(|name| !name.starts_with('_')).collect();
    ServedType {
        resource: resource.name,
        elements: Served {
            served: given.len(),
            of: all.len(),
        },
        searches: Served {
            served: offered.intersection(&defined).count(),
            of: defined.len(),
        },
        own: offered.difference(&defined).count(),
    }
}

fn elements(structure: &str) -> impl Iterator<Item = &'static str> + use<> {
    let structure = fhir::structure(structure).into_iter();
    structure
        .flat_map(|it| it.elements())
        .map(fhir::Element::name)
}
