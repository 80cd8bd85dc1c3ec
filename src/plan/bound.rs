//! Whether a search says enough for a type that demands a range of dates ([`crate::mapping::Requirement`]).
//!
//! The conditions of a search hold together, so that each may give an end: the range is from the latest beginning
//! to the earliest end. It is taken a little too wide rather than too narrow: it is what the source has to go
//! through, while what is found is decided by the conditions themselves.

use jiff::civil::DateTime;

use super::{Context, PlanError};
use crate::mapping::{Requirement, Resource};
use crate::search::{Filter, ParameterFilter, Prefix, Value};

/// # Errors
/// Where conditions that hold together leave a required range open, or wider than it may be.
pub(super) fn check(
    resource: &Resource,
    filters: &[Filter],
    context: &Context<'_>,
) -> Result<(), PlanError> {
    for requirement in &resource.requires {
        let is_enough = filters.iter().any(names_ids)
            || range(requirement, filters, context)
                .is_some_and(|(from, until)| is_within(requirement.days, from, until));
        if !is_enough {
            return Err(PlanError::Unbounded {
                resource: resource.name,
                parameter: requirement.parameter.to_string(),
                days: requirement.days,
            });
        }
    }
    Ok(())
}

/// Ids are few, and each has its day.
fn names_ids(filter: &Filter) -> bool {
    let Filter::Parameter(filter) = filter else {
        return false;
    };
    let is_token = |value: &Value| matches!(value, Value::Token(_));
    filter.name == "_id" && filter.modifier.is_none() && filter.values.iter().all(is_token)
}

fn is_within(days: u16, from: DateTime, until: DateTime) -> bool {
    until.duration_since(from).as_hours() <= i64::from(days) * 24
}

fn range(
    requirement: &Requirement,
    filters: &[Filter],
    context: &Context<'_>,
) -> Option<(DateTime, DateTime)> {
    let (mut from, mut until) = (None, None);
    for filter in filters {
        let Filter::Parameter(filter) = filter else {
            continue;
        };
        if *filter.name == *requirement.parameter && filter.modifier.is_none() {
            let (begins, ends) = of_filter(filter, context);
            from = from.max(begins);
            // None is later than any end.
            until = match (until, ends) {
                (Some(one), Some(other)) => Some(DateTime::min(one, other)),
                (one, other) => one.or(other),
            };
        }
    }
    Some((from?, until?))
}

/// From the first of a filter's values to the last: any of them may hold.
fn of_filter(
    filter: &ParameterFilter,
    context: &Context<'_>,
) -> (Option<DateTime>, Option<DateTime>) {
    let ranges = || filter.values.iter().map(|value| of_value(value, context));
    let from = ranges().map(|(from, _)| from).min().flatten();
    let open = ranges().any(|(_, until)| until.is_none());
    let until = ranges().map(|(_, until)| until).max().flatten();
    (from, until.filter(|_| !open))
}

fn of_value(value: &Value, context: &Context<'_>) -> (Option<DateTime>, Option<DateTime>) {
    let Value::Date { prefix, date } = value else {
        return (None, None);
    };
    let asked = date.interval(context.zone);
    match prefix {
        Prefix::Eq => (Some(asked.start), Some(asked.end)),
        Prefix::Ap => {
            let wide = asked.approximate(context.now);
            (Some(wide.start), Some(wide.end))
        }
        Prefix::Gt | Prefix::Ge | Prefix::Sa => (Some(asked.start), None),
        Prefix::Lt | Prefix::Le | Prefix::Eb => (None, Some(asked.end)),
        Prefix::Ne => (None, None),
    }
}
