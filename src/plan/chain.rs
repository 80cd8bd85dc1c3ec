//! Conditions on other resources: chains and `_has` (R4 §3.1.1.4.15, §3.1.1.4.16).
//!
//! A chain goes out by a reference: `patient.family=x` holds where the column that the reference is made of
//! is among the ids of the Patients that hold `family=x`. `_has` comes in by one: `_has:Appointment:patient:date=x`
//! holds where the id is among what the Appointments that hold `date=x` refer to. Both are one condition,
//! [`Predicate::Among`], and nest as deep as the grammar lets them; what a parameter may mean in several types
//! and sources is the sum of all.

use crate::mapping::{Matcher, ReferenceMatcher, Resource, Target};
use crate::relation::{Among, AmongFrom, Elsewhere, Expr, Joins, Predicate};
use crate::search::{ChainLink, Filter, Modifier, ParameterKind, Prefix, Value};

use super::planner::{Planner, Prepared, check_is_offered};
use super::values::Values;
use super::{Context, PlanError, bound, filter};

/// Tables that the conditions of one search may look into beside its own, at the most: a reference to many types,
/// of several sources each, multiplies from step to step.
const MOST_TABLES: usize = 24;

/// What is planned of a request's conditions.
pub(super) struct Conditions<'c> {
    pub context: &'c Context<'c>,
    pub values: Values,
    /// Another condition leaves few rows to ask.
    pub narrowed: bool,
    /// Tables beside the searched one so far.
    tables: usize,
}

impl<'c> Conditions<'c> {
    pub fn new(context: &'c Context<'c>) -> Conditions<'c> {
        Conditions {
            context,
            values: Values::default(),
            narrowed: false,
            tables: 0,
        }
    }

    /// Whether a condition on another resource is better asked for each row than once for all: where few rows are
    /// left to ask, and many would be listed.
    fn rowwise(&mut self, inner: &Filter) -> bool {
        self.narrowed = self.narrowed && !is_selective(inner);
        self.narrowed
    }

    fn table(&mut self) -> Result<(), PlanError> {
        self.tables += 1;
        match self.tables > MOST_TABLES {
            true => Err(PlanError::TooManyTables { limit: MOST_TABLES }),
            false => Ok(()),
        }
    }
}

impl Planner {
    /// `patient.family=x` over a source that may have the reference.
    pub(super) fn chain(
        &self,
        link: &ChainLink,
        inner: &Filter,
        resource: &Resource,
        prepared: &Prepared,
        conditions: &mut Conditions<'_>,
    ) -> Result<Predicate, PlanError> {
        let name = link.parameter.as_str();
        if !resource.parameters.contains_key(name) {
            return Err(PlanError::UnsupportedParameter {
                resource: resource.name,
                name: name.to_owned(),
            });
        }
        let source = &prepared.source;
        // Another source of the type may have it.
        let Some(parameter) = source.search.get(name) else {
            return Ok(Predicate::False);
        };
        let rowwise = conditions.rowwise(inner);
        let mut ways = Vec::new();
        let mut refusal = None;
        for (target, reference) in references(&parameter.targets) {
            if link.target.as_ref().is_some_and(|of| of != reference.to) {
                continue;
            }
            let Some(to) = self.mapping().resources.get(reference.to) else {
                continue;
            };
            // Of several types that a reference leads to, those count that can be asked.
            if let Err(error) = can_be_asked(inner, to, conditions.context) {
                refusal.get_or_insert(error);
                continue;
            }
            for other in self.prepared(to) {
                if other.source.name != reference.prefix {
                    continue;
                }
                let [key] = other.source.id.as_slice() else {
                    refusal.get_or_insert(unreachable(name, "ids of several columns"));
                    continue;
                };
                let elsewhere = elsewhere(prepared, other);
                let is_here = elsewhere.is_none();
                conditions.table()?;
                // What is asked by itself is asked once.
                conditions.narrowed = rowwise && is_here;
                let (filter, joins) = self.filter(inner, to, other, conditions)?;
                let among = Predicate::Among {
                    expr: reference.expr.clone(),
                    of: Box::new(Among {
                        from: AmongFrom::Source(other.source.relation.clone()),
                        joins: joins | other.row_joins,
                        key: key.clone(),
                        filter,
                        by_row: false,
                        elsewhere,
                    }),
                };
                let among = by_row(among, rowwise && is_here && target.child.is_none());
                ways.push(filter::within(target, source, among));
            }
        }
        match (ways.is_empty(), refusal) {
            (true, Some(refusal)) => Err(refusal),
            _ => Ok(Predicate::any(ways)),
        }
    }

    /// `_has:Appointment:patient:date=x` over a source that Appointments may refer to.
    pub(super) fn has(
        &self,
        from: &str,
        name: &str,
        inner: &Filter,
        prepared: &Prepared,
        conditions: &mut Conditions<'_>,
    ) -> Result<Predicate, PlanError> {
        let source = &prepared.source;
        let Some(from) = self.mapping().resources.get(from) else {
            return Err(unreachable(
                "_has",
                "a resource type that is not served here",
            ));
        };
        if !from.parameters.contains_key(name) {
            return Err(PlanError::UnsupportedParameter {
                resource: from.name,
                name: name.to_owned(),
            });
        }
        can_be_asked(inner, from, conditions.context)?;
        let [id] = source.id.as_slice() else {
            return Err(unreachable("_has", "ids of several columns"));
        };
        let rowwise = conditions.rowwise(inner);
        let mut ways = Vec::new();
        for other in self.prepared(from) {
            let targets = other.source.search.get(name).map(|of| &of.targets);
            for (target, reference) in references(targets.into_iter().flatten()) {
                if reference.to != source.resource || reference.prefix != source.name {
                    continue;
                }
                let elsewhere = elsewhere(prepared, other);
                let is_here = elsewhere.is_none();
                conditions.table()?;
                conditions.narrowed = rowwise && is_here;
                let (filter, joins) = self.filter(inner, from, other, conditions)?;
                let mut among = referrers(target, reference, other, filter, joins)
                    .ok_or_else(|| unreachable("_has", "a child of several columns"))?;
                if is_here {
                    self.reduced
                        .leave_out(&mut among, &source.relation, id, joins);
                }
                among.elsewhere = elsewhere;
                let among = Predicate::Among {
                    expr: id.clone(),
                    of: Box::new(among),
                };
                ways.push(by_row(among, rowwise && is_here));
            }
        }
        Ok(Predicate::any(ways))
    }

    pub(super) fn prepared<'p>(
        &'p self,
        resource: &'p Resource,
    ) -> impl Iterator<Item = &'p Prepared> {
        resource
            .sources
            .iter()
            .filter_map(|&index| self.sources.get(index))
    }
}

/// Where the other source lies, if not in the database of the first.
fn elsewhere(of: &Prepared, other: &Prepared) -> Option<Elsewhere> {
    let catalogue = &other.source.relation.catalogue;
    (*catalogue != of.source.relation.catalogue).then(|| Elsewhere {
        catalogue: catalogue.clone(),
    })
}

/// What the rows of a source that hold `filter` refer to by a target; None where that cannot be said.
pub(super) fn referrers(
    target: &Target,
    reference: &ReferenceMatcher,
    other: &Prepared,
    filter: Predicate,
    joins: u64,
) -> Option<Among> {
    let source = &other.source;
    let own = Joins::of_source(&source.relation);
    let Some(child) = target.child else {
        return Some(Among {
            from: AmongFrom::Source(source.relation.clone()),
            joins: joins
                | other.row_joins
                | own.of_expr(&reference.expr)
                | own.of_predicate(&target.guard),
            key: reference.expr.clone(),
            filter: Predicate::all([target.guard.clone(), filter]),
            by_row: false,
            elsewhere: None,
        });
    };
    let child = source.children.get(child)?;
    let [(key, parent)] = child.on.as_slice() else {
        return None;
    };
    let parents = Predicate::Among {
        expr: key.clone(),
        of: Box::new(Among {
            from: AmongFrom::Source(source.relation.clone()),
            joins: joins | other.row_joins | own.of_expr(parent),
            key: parent.clone(),
            filter,
            by_row: false,
            elsewhere: None,
        }),
    };
    let needed = Joins::of(&child.joins);
    Some(Among {
        from: AmongFrom::Child(child.clone()),
        joins: needed.of_expr(&reference.expr) | needed.of_predicate(&target.guard),
        key: reference.expr.clone(),
        filter: Predicate::all([target.guard.clone(), parents]),
        by_row: false,
        elsewhere: None,
    })
}

/// As a condition on each row, if that is wanted and can be said.
fn by_row(among: Predicate, wanted: bool) -> Predicate {
    match among {
        Predicate::Among {
            expr: Expr::Column(column),
            mut of,
        } => {
            of.by_row = wanted && !of.has_alias(&column.alias);
            Predicate::Among {
                expr: Expr::Column(column),
                of,
            }
        }
        other => other,
    }
}

/// Whether few resources hold a condition, as a rule: a name, a number, a day, somebody's.
pub(super) fn is_selective(filter: &Filter) -> bool {
    match filter {
        Filter::Parameter(filter) => match (filter.kind, &filter.modifier) {
            (_, Some(Modifier::Not | Modifier::Missing | Modifier::Contains)) => false,
            (ParameterKind::String | ParameterKind::Reference, _) => true,
            (ParameterKind::Date, _) => filter.values.iter().all(|value| {
                matches!(
                    value,
                    Value::Date {
                        prefix: Prefix::Eq,
                        ..
                    }
                )
            }),
            (ParameterKind::Token, _) => {
                ["_id", "identifier", "phone", "email", "telecom"].contains(&filter.name.as_str())
            }
            _ => false,
        },
        Filter::Chain { filter, .. } | Filter::Has { filter, .. } => is_selective(filter),
    }
}

/// The targets that are references.
pub fn references<'t>(
    targets: impl IntoIterator<Item = &'t Target>,
) -> impl Iterator<Item = (&'t Target, &'t ReferenceMatcher)> {
    targets
        .into_iter()
        .filter_map(|target| match &target.matcher {
            Matcher::Reference(reference) => Some((target, reference)),
            _ => None,
        })
}

/// The first step of a condition is offered by a type.
fn can_be_asked(
    filter: &Filter,
    resource: &Resource,
    context: &Context<'_>,
) -> Result<(), PlanError> {
    match filter {
        Filter::Parameter(filter) => check_is_offered(filter, resource)?,
        Filter::Chain { link, .. } if !resource.parameters.contains_key(&*link.parameter) => {
            return Err(PlanError::UnsupportedParameter {
                resource: resource.name,
                name: link.parameter.clone(),
            });
        }
        Filter::Chain { .. } | Filter::Has { .. } => {}
    }
    bound::check(resource, std::slice::from_ref(filter), context)
}

fn unreachable(parameter: &str, what: &str) -> PlanError {
    PlanError::unsupported(format!("`{parameter}` by way of {what}"), parameter)
}
