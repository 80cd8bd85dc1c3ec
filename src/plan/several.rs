//! A search of several types at once: `?_type=Patient,Practitioner&…`, `Patient/12/*` (R4 §3.1.1.2).
//!
//! Each type is planned as a search of its own; the plans are put one behind the other. Without `_sort` their
//! resources follow each other type by type, so that a page asks only the types that it reaches. Sorted, they are
//! merged: by `_lastUpdated`, which is a moment wherever it is.

use crate::mapping::Resource;
use crate::search::SearchRequest;

use super::planner::{Planner, check_cost};
use super::{Context, Place, Plan, PlanError};

/// By what resources of several types can be sorted together.
const SORTED_BY: &str = "_lastUpdated";

impl Planner {
    /// The plan of a search of several types, each with the request as it reads for the type; `places` as for
    /// [`Planner::search`], those of the first type first.
    ///
    /// # Errors
    /// As [`Planner::search`], for any of the types; a parameter that not all of them have.
    pub fn search_several(
        &self,
        each: &[(&Resource, &SearchRequest)],
        places: &[Place],
        context: &Context<'_>,
    ) -> Result<Plan, PlanError> {
        let Some((_, request)) = each.first() else {
            return Err(PlanError::NoTypes);
        };
        for (resource, other) in each {
            if let Some(name) = known_elsewhere(other, each) {
                return Err(PlanError::NotOfAllTypes {
                    name,
                    resource: resource.name,
                });
            }
        }
        let sorts = request.sort.iter().enumerate();
        if let Some((position, _)) = sorts.clone().find(|(_, key)| key.parameter != SORTED_BY) {
            return Err(PlanError::UnsupportedSort {
                resource: "a search of several types",
                position: position + 1,
                allowed: vec![SORTED_BY.to_owned()],
            });
        }
        let types: Vec<&'static str> = each.iter().map(|(resource, _)| resource.name).collect();
        self.check_includes(&types, request)?;
        let sources: usize = each.iter().map(|(of, _)| of.sources.len()).sum();
        if !places.is_empty() && places.len() != sources {
            return Err(PlanError::Cursor);
        }
        let mut whole: Option<Plan> = None;
        let mut rest = places;
        for (rank, (resource, request)) in each.iter().enumerate() {
            let (own, others) = rest.split_at(resource.sources.len().min(rest.len()));
            rest = others;
            let plan = self.search_one(resource, request, own, context)?;
            let ranks = vec![rank; plan.parts.len()];
            match &mut whole {
                None => whole = Some(Plan { ranks, ..plan }),
                Some(whole) => {
                    whole.parts.extend(plan.parts);
                    whole.ranks.extend(ranks);
                }
            }
        }
        let plan = whole.ok_or(PlanError::NoTypes)?;
        check_cost(&plan)?;
        Ok(plan)
    }
}

/// A parameter that one of the types does not know and another does.
fn known_elsewhere(
    request: &SearchRequest,
    each: &[(&Resource, &SearchRequest)],
) -> Option<Option<String>> {
    let unknown = |request: &SearchRequest, position: usize| {
        request
            .ignored
            .iter()
            .any(|ignored| ignored.position == position && ignored.is_unknown())
    };
    request
        .ignored
        .iter()
        .filter(|ignored| ignored.is_unknown())
        .find(|ignored| {
            each.iter()
                .any(|(_, other)| !unknown(other, ignored.position))
        })
        .map(|ignored| ignored.name.clone())
}
