//! The planner of one mapping: made once, used by every request.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::chain::{Conditions, is_selective};
use super::implied::Reduced;
use super::lookups::{self, Lookups};
use super::sort::Sort;
use super::values::Values;
use super::{
    ChildView, Context, Handling, Part, Place, Plan, PlanError, Selection, UnknownName, View,
    bound, filled_up_to, filter, order, reference, sort,
};
use crate::fhir;
use crate::mapping::{Mapping, Resource, Source};
use crate::relation::Joins;
use crate::relation::{Dialect, Expr, Order, Predicate, Select, Shared, SqlType, Value};
use crate::search::{
    Filter, Ignored, IgnoredReason, Modifier, ParameterFilter, SearchRequest, Summary, Total,
    Value as SearchValue,
};

/// Kept views: a source's resource cut down in some way. Callers choose the cuts, so their number is
/// bounded.
const KEPT_VIEWS: u64 = 256;

/// Comparisons that a row may take, over all tables that one search looks into: what bounds the time of a search that
/// no index serves.
const MOST_COMPARISONS: usize = 1_600;

/// Whether a search costs no more than it may.
///
/// # Errors
/// [`PlanError::TooManyComparisons`]
pub(super) fn check_cost(plan: &Plan) -> Result<(), PlanError> {
    let filters = plan.parts.iter().map(|part| &part.select.filter);
    let count: usize = filters.map(Predicate::comparisons).sum();
    match count > MOST_COMPARISONS {
        true => Err(PlanError::TooManyComparisons {
            count,
            limit: MOST_COMPARISONS,
        }),
        false => Ok(()),
    }
}

/// Plans searches and reads over one mapping.
pub struct Planner {
    mapping: Arc<Mapping>,
    /// Whose bounds the commands keep to.
    pub(super) dialect: Dialect,
    pub(super) sources: Vec<Prepared>,
    views: moka::sync::Cache<(usize, Selection), Arc<View>>,
    pub(super) reduced: Reduced,
}

/// What is known of a source before any request.
pub(super) struct Prepared {
    pub source: Arc<Source>,
    whole: Arc<View>,
    nothing: Shared<Vec<Expr>>,
    pub id_order: Vec<Order>,
    /// Lookups that the row filter needs: made by every select.
    pub row_joins: u64,
    lookups: Lookups,
    /// By parameter.
    known: FxHashMap<Arc<str>, Known>,
}

/// What is known of a parameter.
struct Known {
    /// The lookups of its sort keys.
    sort_joins: u64,
    /// No condition of it needs a lookup.
    own: bool,
}

impl Prepared {
    /// A condition on the source, with what is about a lookup alone asked of the lookup; and the lookups that it
    /// still needs joined.
    pub(super) fn asked(&self, condition: Predicate) -> (Predicate, u64) {
        let joins = Joins::of_source(&self.source.relation);
        if joins.of_predicate(&condition) == 0 {
            return (condition, 0);
        }
        let asked = self.lookups.ask(condition);
        let needed = joins.of_predicate(&asked);
        (asked, needed)
    }

    /// The lookups of a parameter's sort keys.
    pub(super) fn sort_joins(&self, name: &str) -> u64 {
        self.known.get(name).map_or(0, |known| known.sort_joins)
    }
}

impl Planner {
    /// Prepares every source of a mapping.
    pub fn new(mapping: Arc<Mapping>) -> Planner {
        let sources = mapping
            .sources
            .iter()
            .map(|source| {
                let joins = Joins::of_source(&source.relation);
                Prepared {
                    source: Arc::clone(source),
                    whole: Arc::new(View::new(source, &Selection::Whole)),
                    nothing: Shared::new(Vec::new()),
                    row_joins: joins.of_predicate(&source.relation.rows),
                    lookups: Lookups::of(&source.relation.joins),
                    id_order: source
                        .id
                        .iter()
                        .map(|expr| Order {
                            expr: expr.clone(),
                            descending: false,
                        })
                        .collect(),
                    known: source
                        .search
                        .iter()
                        .map(|(name, parameter)| {
                            let known = Known {
                                sort_joins: joins.of_exprs(&parameter.sort),
                                own: parameter
                                    .targets
                                    .iter()
                                    .all(|target| lookups::is_own(target, &joins)),
                            };
                            (Arc::clone(name), known)
                        })
                        .collect(),
                }
            })
            .collect();
        Planner {
            mapping,
            dialect: Dialect::Mssql,
            sources,
            views: moka::sync::Cache::new(KEPT_VIEWS),
            reduced: Reduced::default(),
        }
    }

    /// Plans commands that keep to the bounds of a dialect; without it those of SQL Server, which SQLite can take.
    pub fn within(self, dialect: Dialect) -> Planner {
        Planner { dialect, ..self }
    }

    /// Parents that one command of a child table takes, at the most.
    pub fn parents_at_once(&self, view: &ChildView) -> usize {
        filled_up_to(self.dialect.most_values() / view.child.on.len().max(1))
    }

    /// The mapping that it plans over.
    pub fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    /// The view of a source (a place in [`Mapping::sources`]) for a selection.
    pub fn view(&self, source: usize, selection: &Selection) -> Arc<View> {
        match selection {
            Selection::Whole => Arc::clone(&self.sources[source].whole),
            other => self.views.get_with((source, other.clone()), || {
                Arc::new(View::new(&self.sources[source].source, other))
            }),
        }
    }

    /// Whether a search says as much as a type demands ([`crate::mapping::Requirement`]).
    pub fn is_enough(resource: &Resource, request: &SearchRequest, context: &Context<'_>) -> bool {
        bound::check(resource, &request.filters, context).is_ok()
    }

    /// What of the resource `_elements` and `_summary` ask for.
    ///
    /// # Errors
    /// When `_elements` names what the resource does not have.
    pub fn selection(resource: &Resource, request: &SearchRequest) -> Result<Selection, PlanError> {
        let elements = elements(resource, request)?;
        Ok(Selection::of(request.summary, &elements))
    }

    /// The plan that reads one resource by its id. It has no rows where no source can have such an id.
    pub fn read(&self, resource: &Resource, id: &str, selection: &Selection) -> Plan {
        self.read_all(resource, &[id], selection)
    }

    /// The plan that reads resources by their ids, as far as they are there.
    pub fn read_all(&self, resource: &Resource, ids: &[&str], selection: &Selection) -> Plan {
        let parts = resource
            .sources
            .iter()
            .filter_map(|&index| {
                let prepared = &self.sources[index];
                let mut values = Values::default();
                let filter = reference::ids(&prepared.source, ids.iter().copied(), &mut values);
                if filter == Predicate::False {
                    return None;
                }
                let view = self.view(index, selection);
                let relation = prepared.source.relation.clone();
                let joins = prepared.row_joins | Joins::of_source(&relation).of_predicate(&filter);
                Some(Part {
                    source: Arc::clone(&prepared.source),
                    select: Select {
                        joins: view.joins,
                        page_joins: joins,
                        filter_joins: joins,
                        few: true,
                        ..Select::of(relation, filter, view.columns.clone())
                    },
                    view,
                    values: values.into_inner(),
                    merged: Vec::new(),
                    counted_apart: false,
                })
            })
            .collect();
        Plan {
            resource: resource.name,
            count: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            count_lowered: false,
            total: false,
            parts,
            descending: Vec::new(),
            ranks: Vec::new(),
        }
    }

    /// The plan of a search; `places` says where the page begins in each source, empty for the first page.
    ///
    /// # Errors
    /// Whatever the mapping cannot answer to the letter.
    pub fn search(
        &self,
        resource: &Resource,
        request: &SearchRequest,
        places: &[Place],
        context: &Context<'_>,
    ) -> Result<Plan, PlanError> {
        if !request.types.is_empty() {
            return Err(PlanError::TypeInPath);
        }
        self.check_includes(&[resource.name], request)?;
        let plan = self.search_one(resource, request, places, context)?;
        check_cost(&plan)?;
        Ok(plan)
    }

    /// As [`Planner::search`], of a search whose includes are judged.
    pub(super) fn search_one(
        &self,
        resource: &Resource,
        request: &SearchRequest,
        places: &[Place],
        context: &Context<'_>,
    ) -> Result<Plan, PlanError> {
        if let Some(of) = &request.compartment {
            self.check_compartment(&of.resource, resource)?;
        }
        self.judge_unknown(resource, request, context)?;
        let selection = Planner::selection(resource, request)?;
        if !places.is_empty() && places.len() != resource.sources.len() {
            return Err(PlanError::Cursor);
        }
        let asked = request.count.unwrap_or(context.count.default);
        let count = asked.min(context.count.most);
        let count_only = count == 0 || request.summary == Some(Summary::Count);
        let first_page = places.is_empty();
        let total = match request.total {
            Some(Total::None) => count_only,
            Some(Total::Estimate | Total::Accurate) => true,
            None => first_page,
        };
        let mut parts = Vec::with_capacity(resource.sources.len());
        for (position, &index) in resource.sources.iter().enumerate() {
            let place = places.get(position).unwrap_or(&Place::Start);
            if *place == Place::End && !total {
                continue;
            }
            let prepared = &self.sources[index];
            let source = &prepared.source;
            let mut asked = Conditions::new(context);
            let mut filter_joins = prepared.row_joins;
            let mut conditions = Vec::with_capacity(request.filters.len());
            if let Some(of) = &request.compartment {
                asked.values.next_parameter();
                let (condition, needed) = self.in_compartment(of, prepared, &mut asked);
                conditions.push(condition);
                filter_joins |= needed;
            }
            for filter in &request.filters {
                // Only a condition on another resource asks for it.
                if !matches!(filter, Filter::Parameter(_)) {
                    asked.narrowed = is_narrowed(request);
                }
                asked.values.next_parameter();
                let (condition, needed) = self.filter(filter, resource, prepared, &mut asked)?;
                conditions.push(condition);
                filter_joins |= needed;
            }
            let mut values = asked.values;
            values.next_parameter();
            let filter = Predicate::all(conditions);
            let relation = source.relation.clone();
            // Also where nothing is sorted: what is wrong is refused whatever else is asked.
            let Sort {
                order,
                joins: sort_joins,
                merged,
            } = self.sort(prepared, resource, request)?;
            let (view, select) = if count_only {
                let select = Select {
                    page_joins: filter_joins,
                    filter_joins,
                    count_only: true,
                    ..Select::of(relation, filter, prepared.nothing.clone())
                };
                (Arc::clone(&prepared.whole), select)
            } else {
                let after = match place {
                    Place::Start => Predicate::True,
                    Place::End => Predicate::False,
                    Place::After(keys) if keys.len() == order.len() => {
                        order::after(&order, keys, &mut values)
                    }
                    Place::After(_) => return Err(PlanError::Cursor),
                };
                let view = self.view(index, &selection);
                let limit = values.slot(&Value::Int(i64::from(count) + 1), SqlType::Int);
                let select = Select {
                    joins: view.joins,
                    page_joins: filter_joins | sort_joins,
                    filter_joins,
                    after,
                    order,
                    limit: Some(limit),
                    total,
                    few: !total && is_few(request),
                    ..Select::of(relation, filter, view.columns.clone())
                };
                (view, select)
            };
            let values = values.into_inner();
            let limit = self.dialect.most_values();
            if values.len() > limit {
                return Err(PlanError::TooManyValues {
                    count: values.len(),
                    limit,
                });
            }
            parts.push(Part {
                source: Arc::clone(source),
                view,
                select,
                values,
                merged,
                counted_apart: false,
            });
        }
        // What is not offered at all is said first.
        bound::check(resource, &request.filters, context)?;
        Ok(Plan {
            resource: resource.name,
            count: if count_only { 0 } else { count },
            count_lowered: asked > count,
            total: total || count_only,
            parts,
            descending: sort::deciding(&request.sort)
                .flat_map(|(_, key)| self.directions(resource, key))
                .collect(),
            ranks: Vec::new(),
        })
    }

    /// One condition over one source, with the lookups that it needs joined.
    pub(super) fn filter(
        &self,
        filter: &Filter,
        resource: &Resource,
        prepared: &Prepared,
        conditions: &mut Conditions<'_>,
    ) -> Result<(Predicate, u64), PlanError> {
        let found = match filter {
            Filter::Parameter(filter) => {
                return self.parameter(filter, resource, prepared, conditions);
            }
            Filter::Chain { link, filter } => {
                self.chain(link, filter, resource, prepared, conditions)?
            }
            Filter::Has {
                resource,
                reference,
                filter,
            } => self.has(resource, reference, filter, prepared, conditions)?,
        };
        Ok(prepared.asked(found))
    }

    fn parameter(
        &self,
        filter: &ParameterFilter,
        resource: &Resource,
        prepared: &Prepared,
        conditions: &mut Conditions<'_>,
    ) -> Result<(Predicate, u64), PlanError> {
        let source = &prepared.source;
        let name = filter.name.as_str();
        let parameter = source.search.get(name);
        // What a source answers, its resource offers: most requests need no more than that.
        if parameter.is_none() || filter.modifier.is_some() {
            check_is_offered(filter, resource)?;
        }
        let Some(parameter) = parameter else {
            // Another source of the type answers it; in this one the element is always absent.
            let holds = filter.values.contains(&SearchValue::Missing(true))
                || filter.modifier == Some(Modifier::Not);
            return Ok((
                if holds {
                    Predicate::True
                } else {
                    Predicate::False
                },
                0,
            ));
        };
        let Conditions {
            context, values, ..
        } = conditions;
        let found = filter::parameter(filter, parameter, source, context, values);
        let known = prepared.known.get(name);
        if known.is_some_and(|known| known.own) {
            return Ok((found, 0));
        }
        Ok(prepared.asked(found))
    }

    /// R4 asks to ignore what is unknown. Where that would leave nothing of what the caller filters by, a
    /// misspelt name would return everyone: refused, unless the caller says that it may be ignored.
    fn judge_unknown(
        &self,
        resource: &Resource,
        request: &SearchRequest,
        context: &Context<'_>,
    ) -> Result<(), PlanError> {
        let (refused, strict) = match context.handling {
            Handling::Strict => (true, true),
            Handling::Unsaid => (request.filters.is_empty(), false),
            Handling::Lenient => (false, false),
        };
        if refused && unknown(request).next().is_some() {
            return Err(unknown_parameters(resource, request, strict));
        }
        Ok(())
    }

    /// Refuses what is unknown of a read that asked for it.
    ///
    /// # Errors
    /// Where there is any.
    pub fn refuse_unknown(resource: &Resource, request: &SearchRequest) -> Result<(), PlanError> {
        match unknown(request).next() {
            Some(_) => Err(unknown_parameters(resource, request, true)),
            None => Ok(()),
        }
    }
}

/// One of the search's own conditions leaves few rows.
fn is_narrowed(request: &SearchRequest) -> bool {
    let narrows = |filter: &Filter| matches!(filter, Filter::Parameter(_)) && is_selective(filter);
    request.compartment.is_some() || request.filters.iter().any(narrows)
}

/// The search is for resources by their ids, or for what is somebody's, in no order but that of the ids.
fn is_few(request: &SearchRequest) -> bool {
    let is_id = |filter: &Filter| matches!(filter, Filter::Parameter(it) if it.name == "_id" && it.modifier.is_none());
    let is_own = || request.compartment.is_some() || request.filters.iter().any(is_id);
    request.sort.is_empty() && is_own()
}

/// What no definition knows. Empty parameters are no error (R4 §3.1.1.3).
fn unknown(request: &SearchRequest) -> impl Iterator<Item = &Ignored> {
    let ignored = request.ignored.iter();
    ignored.filter(|ignored| ignored.reason == IgnoredReason::Unknown)
}

fn unknown_parameters(resource: &Resource, request: &SearchRequest, strict: bool) -> PlanError {
    let names = unknown(request).map(|ignored| UnknownName {
        name: ignored.name.clone(),
        position: ignored.position,
    });
    let suggestion = unknown(request).find_map(|ignored| {
        let name = ignored.name.as_deref()?;
        let name = name.split([':', '.']).next().unwrap_or(name);
        resource
            .parameters
            .keys()
            .map(|known| (strsim::damerau_levenshtein(name, known), known))
            .filter(|(distance, known)| *distance <= known.len().max(3) / 3)
            .min()
            .map(|(_, known)| known.to_string())
    });
    PlanError::UnknownParameters {
        resource: resource.name,
        names: names.collect(),
        suggestion,
        strict,
    }
}

/// The resource offers the parameter, and its modifier.
pub(super) fn check_is_offered(
    filter: &ParameterFilter,
    resource: &Resource,
) -> Result<(), PlanError> {
    let Some(info) = resource.parameters.get(filter.name.as_str()) else {
        return Err(PlanError::UnsupportedParameter {
            resource: resource.name,
            name: filter.name.clone(),
        });
    };
    match &filter.modifier {
        Some(modifier) if !info.modifiers.contains(modifier) => {
            Err(PlanError::UnsupportedModifier {
                name: filter.name.clone(),
                modifier: modifier.word().to_owned(),
                allowed: info
                    .modifiers
                    .iter()
                    .map(|modifier| modifier.word().to_owned())
                    .collect(),
            })
        }
        _ => Ok(()),
    }
}

/// The JSON properties that `_elements` names: a choice, `deceased` or `deceased[x]`, is one for each type.
///
/// # Errors
/// When the resource has no such element.
fn elements(resource: &Resource, request: &SearchRequest) -> Result<Vec<String>, PlanError> {
    let Some(structure) = fhir::definitions::structure(resource.name) else {
        return Ok(request.elements.clone());
    };
    let mut properties = Vec::with_capacity(request.elements.len());
    for (index, name) in request.elements.iter().enumerate() {
        // Which of a choice's types a resource has is known from all of them.
        let choice = structure
            .elements()
            .find(|element| [element.name(), element.stem()].contains(&&**name))
            .or_else(|| Some(structure.element(name)?.definition()))
            .filter(|element| element.is_choice());
        if let Some(choice) = choice {
            properties.extend(
                structure
                    .typed(choice)
                    .map(|property| property.json_name().into_owned()),
            );
        } else if structure.element(name).is_some() {
            properties.push(name.clone());
        } else {
            return Err(PlanError::UnknownElement {
                resource: resource.name,
                position: index + 1,
            });
        }
    }
    Ok(properties)
}
