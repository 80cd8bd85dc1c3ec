//! The newest resources of a type, source by source.
//!
//! A search is sorted by a parameter only where all sources of its type have the same keys, or its pages would not
//! follow each other. Where there is but one page each source has the keys of its own, and the resources can be put
//! in order when they are there.

use crate::mapping::Resource;
use crate::relation::{Joins, Order};
use crate::search::SearchRequest;

use super::planner::Planner;
use super::{Context, Plan, PlanError};

impl Planner {
    /// The plan of a search whose parts begin with what is newest by a date parameter; else, in a source that cannot
    /// be sorted by it, with what was changed last.
    ///
    /// Its parts' rows cannot be merged by their keys.
    ///
    /// # Errors
    /// As [`Planner::search`].
    pub fn newest(
        &self,
        resource: &Resource,
        request: &SearchRequest,
        date: &str,
        context: &Context<'_>,
    ) -> Result<Plan, PlanError> {
        let mut plan = self.search(resource, request, &[], context)?;
        for (part, &index) in plan.parts.iter_mut().zip(&resource.sources) {
            let source = &self.sources[index].source;
            let keys = [date, "_lastUpdated"].into_iter().find_map(|name| {
                let sort = &source.search.get(name)?.sort;
                (!sort.is_empty()).then_some(sort)
            });
            let Some(keys) = keys else { continue };
            // An engine may refuse an order that names a key twice.
            let order = &mut part.select.order;
            order.retain(|key| !keys.contains(&key.expr));
            part.select.page_joins |= Joins::of_source(&source.relation).of_exprs(keys);
            let keys = keys.iter().map(|expr| Order {
                expr: expr.clone(),
                descending: true,
            });
            part.select.order.splice(0..0, keys);
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::mapping::{Options, embedded, load_files};
    use crate::plan::{CountLimits, Handling};
    use crate::relation::Dialect;
    use crate::sql::{self, Engine};

    #[test]
    fn each_source_begins_with_its_newest() {
        let loaded = load_files(embedded::ID, embedded::FILES, &Options::default())
            .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        let planner = Planner::new(Arc::new(loaded.mapping));
        let context = Context {
            base: "https://fhir.example",
            zone: &TimeZone::UTC,
            now: jiff::civil::datetime(2026, 1, 1, 0, 0, 0, 0),
            handling: Handling::Strict,
            count: CountLimits::default(),
        };
        // Observations are of several sources, not all of which have a date.
        for (name, date, sources) in [
            ("Observation", "date", 4),
            ("Condition", "onset-date", 1),
            ("Immunization", "date", 1),
        ] {
            let resource = &planner.mapping().resources[name];
            let request = SearchRequest::new(name);
            let plan = planner.newest(resource, &request, date, &context).unwrap();
            assert_eq!(plan.parts.len(), sources, "{name}");
            for part in &plan.parts {
                let order = &part.select.order;
                assert!(order[0].descending, "{name}");
                assert!(order.iter().any(|key| key.expr == part.source.id[0]));
                for (place, key) in order.iter().enumerate() {
                    assert!(order[..place].iter().all(|other| other.expr != key.expr));
                }
                let engine = Engine {
                    dialect: Dialect::Mssql,
                    declared_collations: false,
                };
                let statement = sql::select(&part.select, engine).unwrap();
                assert!(statement.text.contains("DESC"), "{}", statement.text);
            }
        }
    }
}
