//! `_sort`: what a source's rows are ordered by, and how they compare with those of the other sources.
//!
//! The database orders each source by keys of its own; a source that has no such element by its id alone. Pages are
//! merged from all of them by what the keys say: [`Merged`].

use crate::mapping::{Moment, Resource, Sorted};
use crate::relation::{Expr, Joins, Order, Value};
use crate::search::{SearchRequest, SortKey};

use super::planner::{Planner, Prepared};
use super::{PlanError, order};

/// What the keys of a part give for one parameter of `_sort`, when its rows are compared with those of other parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// So many keys, each as it is.
    Keys(usize),
    /// One value, of the keys of a date.
    Moment(Moment),
    /// The source has no such element: so many values that are absent.
    Absent(usize),
}

/// The order of a part, with the lookups that it takes.
pub(super) struct Sort {
    pub order: Vec<Order>,
    pub joins: u64,
    pub merged: Vec<Merged>,
}

/// What a source has for one parameter of `_sort`.
struct Keys<'p> {
    exprs: &'p [Expr],
    joins: u64,
    merged: Merged,
}

/// The values by which a row is compared with those of other parts: what it is sorted by, then its id.
pub fn merged(keys: Vec<Value>, of: &[Merged]) -> Vec<Value> {
    if of.iter().all(|one| matches!(one, Merged::Keys(_))) {
        return keys;
    }
    let mut keys = keys.into_iter();
    let mut values = Vec::with_capacity(keys.len() + of.len());
    for one in of {
        match one {
            Merged::Keys(count) => values.extend(keys.by_ref().take(*count)),
            Merged::Absent(count) => values.extend(std::iter::repeat_n(Value::Null, *count)),
            Merged::Moment(moment) => {
                let own: Vec<Value> = keys.by_ref().take(width(*moment)).collect();
                values.push(order::moment(*moment, &own));
            }
        }
    }
    values.extend(keys);
    values
}

/// The keys that a moment is made of.
fn width(moment: Moment) -> usize {
    match moment {
        Moment::Day | Moment::Time => 1,
        Moment::DayAndTime(_) => 2,
        Moment::Parts => 3,
    }
}

impl Planner {
    /// Which of the values that are compared run downwards.
    pub(super) fn directions(&self, resource: &Resource, key: &SortKey) -> Vec<bool> {
        let first = resource.sources.first();
        let values = first.and_then(|&index| {
            let own = &self.sources[index].source;
            sorted(resource, &key.parameter, own.id.len())
        });
        vec![key.descending; values.map_or(0, Sorted::width)]
    }

    /// The order that a request asks for, over one source.
    ///
    /// # Errors
    /// When the type is not sorted by what is asked for.
    pub(super) fn sort(
        &self,
        prepared: &Prepared,
        resource: &Resource,
        request: &SearchRequest,
    ) -> Result<Sort, PlanError> {
        let joins = Joins::of_source(&prepared.source.relation).of_exprs(&prepared.source.id);
        let mut sort = Sort {
            order: Vec::with_capacity(request.sort.len() + 1),
            joins,
            merged: Vec::with_capacity(request.sort.len()),
        };
        for (position, key) in deciding(&request.sort) {
            let Some(keys) = keys(prepared, resource, &key.parameter) else {
                return Err(PlanError::UnsupportedSort {
                    resource: resource.name,
                    position: position + 1,
                    allowed: allowed(resource),
                });
            };
            sort.joins |= keys.joins;
            sort.merged.push(keys.merged);
            sort.order.extend(keys.exprs.iter().map(|expr| Order {
                expr: expr.clone(),
                descending: key.descending,
            }));
        }
        for key in &prepared.id_order {
            // Once by the id, nothing that follows decides.
            if !sort.order.iter().any(|known| known.expr == key.expr) {
                sort.order.push(key.clone());
            }
        }
        Ok(sort)
    }
}

/// The keys of `_sort` that decide anything, with their places: a parameter that has been sorted by decides nothing
/// more.
pub(super) fn deciding(sort: &[SortKey]) -> impl Iterator<Item = (usize, &SortKey)> {
    sort.iter().enumerate().filter(|(place, key)| {
        let mut before = sort[..*place].iter();
        before.all(|before| before.parameter != key.parameter)
    })
}

/// How a type is sorted by a parameter; None where it is not.
fn sorted(resource: &Resource, name: &str, id: usize) -> Option<Sorted> {
    match name {
        "_id" => Some(Sorted::Keys(id)),
        _ => resource.parameters.get(name)?.sorted,
    }
}

/// What a source sorts by; None where the type is not sorted by it.
fn keys<'p>(prepared: &'p Prepared, resource: &Resource, name: &str) -> Option<Keys<'p>> {
    let source = &prepared.source;
    let sorted = sorted(resource, name, source.id.len())?;
    if name == "_id" {
        return Some(Keys {
            exprs: &source.id,
            joins: 0,
            merged: Merged::Keys(source.id.len()),
        });
    }
    let Some(parameter) = source.search.get(name) else {
        return Some(Keys {
            exprs: &[],
            joins: 0,
            merged: Merged::Absent(sorted.width()),
        });
    };
    let merged = match sorted {
        Sorted::Keys(keys) => Merged::Keys(keys),
        Sorted::Moments => Merged::Moment(parameter.moment?),
    };
    Some(Keys {
        exprs: &parameter.sort,
        joins: prepared.sort_joins(name),
        merged,
    })
}

/// What the type is sorted by.
fn allowed(resource: &Resource) -> Vec<String> {
    let parameters = resource.parameters.values();
    let mut allowed: Vec<String> = parameters
        .filter(|parameter| parameter.sorted.is_some())
        .map(|parameter| parameter.name.to_string())
        .collect();
    if !allowed.iter().any(|name| name == "_id") {
        allowed.insert(0, "_id".to_owned());
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_is_made_of_the_keys() {
        let keys = || vec![Value::Text("a".into()), Value::Int(7)];
        assert_eq!(merged(keys(), &[Merged::Keys(1)]), keys());
        let absent = [Merged::Absent(2)];
        let expected = [vec![Value::Null, Value::Null], keys()].concat();
        assert_eq!(merged(keys(), &absent), expected);
        let day = |text: &str, time: i64| vec![Value::Text(text.into()), Value::Int(time)];
        let of = |keys: Vec<Value>, moment| merged(keys, &[Merged::Moment(moment)]);
        let (split, whole) = (Moment::DayAndTime(60), Moment::Time);
        assert_eq!(
            of(day("2026-02-03 00:00:00", 555), split),
            of(vec![Value::Text("2026-02-03T09:15:00".into())], whole)
        );
        // The id follows.
        assert_eq!(of(day("2026-02-03", 4), Moment::Day).len(), 2);
    }
}
