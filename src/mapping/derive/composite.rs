//! Composite search: several components of one element (R4 §3.1.1.4.17).
//!
//! `component-code-value-quantity=8480-6$gt140` holds where one `component` has both. Each place that the composite
//! leads to is an element of its own, so that its components are looked for from there, and from nowhere else.

use crate::fhir::{self, SearchParameter};
use crate::mapping::{ComponentMatcher, Matcher};
use crate::relation::Predicate;

use super::tree::Tree;
use super::walk::Place;
use super::{Found, Looked, Reason, by_paths, places};

/// The targets of a composite: one for each place that has all components.
pub(super) fn composite(
    parameter: &SearchParameter,
    tree: &Tree,
    resource: &'static str,
    found: &mut Found<'_>,
) {
    let root = Place::root(tree, resource);
    for path in &parameter.paths {
        for place in places(path, &root, found) {
            found.look_at(&place);
            if let Some(components) = at(parameter, &place, resource, found) {
                let matcher = Matcher::Composite(components);
                found.push(place.child, Predicate::True, matcher);
            }
        }
    }
}

/// The components at a place; None where one of them is never there, or cannot be compared.
fn at(
    parameter: &SearchParameter,
    place: &Place<'_>,
    resource: &'static str,
    found: &mut Found<'_>,
) -> Option<Vec<ComponentMatcher>> {
    let mut components = Vec::with_capacity(parameter.components.len());
    for component in &parameter.components {
        if component.unsupported.is_some() {
            found.miss(Reason::Expression);
            return None;
        }
        let defined = fhir::parameter(resource, component.code);
        let looked = Looked {
            kind: component.kind,
            paths: &component.paths,
            any_of: defined.map_or(&[], |defined| &defined.targets),
        };
        let mut inner = Found::new(found.children);
        by_paths(&looked, place, &mut inner);
        // A type that is not searched by this kind of parameter is nothing that it looks at.
        if let Some(reason) = inner.missed.filter(|why| !matches!(why, Reason::Type(_))) {
            found.miss(reason);
            return None;
        }
        // The row of a child that the place belongs to has them all; a row of another child would be any.
        let is_elsewhere = |child: Option<usize>| place.child.is_some() && child != place.child;
        if inner
            .targets
            .iter()
            .any(|target| is_elsewhere(target.child))
        {
            found.miss(Reason::Shape("a component in another child"));
            return None;
        }
        if inner.targets.is_empty() {
            return None;
        }
        components.push(ComponentMatcher {
            kind: component.kind,
            targets: inner.targets,
        });
    }
    Some(components)
}
