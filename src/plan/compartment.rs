//! What belongs to a resource: `Patient/12/Condition` (R4 §3.1.1.3, §2.14).
//!
//! A row belongs where one of the parameters that the compartment names for its type leads to the resource; each
//! is a reference of the mapping, so that the condition is one of columns, as `patient=12` is.

use crate::fhir::compartment::{self, Membership};
use crate::mapping::{ReferenceMatcher, Resource, Source, Target};
use crate::relation::Predicate;
use crate::search::{Compartment, Reference};

use super::chain::{Conditions, references};
use super::planner::{Planner, Prepared};
use super::{PlanError, filter, reference};

impl Planner {
    /// Judges whether resources of a type may belong to a compartment here.
    ///
    /// # Errors
    /// Where R4 has no such compartment, no resource of the type is ever in one, or the mapping has no column by
    /// which one could be.
    pub fn check_compartment(&self, of: &str, resource: &Resource) -> Result<(), PlanError> {
        let membership = compartment::membership(of, resource.name);
        let belongs = membership.is_some_and(|membership| {
            membership.itself && of == resource.name
                || self.prepared(resource).any(|prepared| {
                    leading(&prepared.source, membership).any(|(_, reference)| reference.to == of)
                })
        });
        match belongs {
            true => Ok(()),
            false => Err(PlanError::NotInCompartment {
                resource: resource.name,
                of: compartment::compartments().find(|name| *name == of),
            }),
        }
    }

    /// The rows of a source that belong to a compartment, and the lookups that it takes to tell.
    pub(super) fn in_compartment(
        &self,
        of: &Compartment,
        prepared: &Prepared,
        conditions: &mut Conditions<'_>,
    ) -> (Predicate, u64) {
        let source = &prepared.source;
        let Some(membership) = compartment::membership(&of.resource, source.resource) else {
            return (Predicate::False, 0);
        };
        let Conditions {
            context, values, ..
        } = conditions;
        let mut ways = Vec::new();
        if membership.itself {
            ways.push(reference::ids(
                source,
                std::iter::once(of.id.as_str()),
                values,
            ));
        }
        let to = Reference::Relative {
            resource: of.resource.clone(),
            id: of.id.clone(),
        };
        let mut seen = Vec::new();
        for (target, reference) in leading(source, membership) {
            let key = (&reference.expr, &target.guard, target.child);
            // Several parameters look at one reference: `patient` and `subject`.
            if reference.to != of.resource || seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let refers =
                reference::predicate(reference, None, std::iter::once(&to), context, values);
            ways.push(filter::within(target, source, refers));
        }
        prepared.asked(Predicate::any(ways))
    }
}

/// The references by which resources of a source belong.
fn leading<'s>(
    source: &'s Source,
    membership: &'s Membership,
) -> impl Iterator<Item = (&'s Target, &'s ReferenceMatcher)> {
    membership
        .parameters
        .iter()
        .filter_map(|name| source.search.get(*name))
        .flat_map(|parameter| references(&parameter.targets))
}
