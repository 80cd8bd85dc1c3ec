//! From an element's path to the places of a source's tree that it names.
//!
//! Takes a place and the name of a property; gives the places below it, one for each entry of a list,
//! each with what must hold for it to be written. Bounded: a path gives at most [`MOST_PLACES`].

use std::sync::Arc;

use crate::mapping::{Binding, Conversion};
use crate::relation::Predicate;

use super::Children;
use super::presence;
use super::tree::{Object, Tree};

/// More places than this are no parameter that a database answers: what is beyond is not searched.
pub(super) const MOST_PLACES: usize = 256;

/// More alternatives than this (`first: […]`) are not searched: each is guarded by all before it.
const MOST_ALTERNATIVES: usize = 16;

/// An element of a source, reached by a path.
#[derive(Clone)]
pub(super) struct Place<'t> {
    pub child: Option<usize>,
    /// What must hold besides the value's own presence.
    pub guard: Predicate,
    /// The R4 type of the element.
    pub ty: &'static str,
    /// The code systems of its required binding.
    pub systems: &'t [Arc<str>],
    pub tree: &'t Tree,
    /// The innermost object around it that is there only with a bound value.
    around: Option<&'t Object>,
    /// Place in the innermost list around it; 0 where there is none.
    pub nth: usize,
}

impl<'t> Place<'t> {
    /// The resource itself.
    pub fn root(tree: &'t Tree, resource: &'static str) -> Place<'t> {
        Place {
            child: None,
            guard: Predicate::True,
            ty: resource,
            systems: &[],
            tree,
            around: None,
            nth: 0,
        }
    }

    /// A value that stands by itself.
    pub fn alone(tree: &'t Tree, child: Option<usize>) -> Place<'t> {
        Place {
            child,
            ..Place::root(tree, "")
        }
    }

    /// The places of a property. `name` is the element's name without `[x]`; `cast` picks one type of a
    /// choice.
    pub fn property(
        &self,
        name: &str,
        cast: Option<&str>,
        children: Children<'_>,
    ) -> Vec<Place<'t>> {
        let Tree::Object(object) = self.tree else {
            return Vec::new();
        };
        let mut places = Vec::new();
        for (index, property) in object.properties.iter().enumerate() {
            if property.name != name || cast.is_some_and(|cast| cast != property.ty) {
                continue;
            }
            let (guard, around) = match object.bound {
                true => {
                    let required = presence::required(object, Some(index), children);
                    (Predicate::all([self.guard.clone(), required]), Some(object))
                }
                false => (self.guard.clone(), self.around),
            };
            // Of the alternatives of a choice the first that is there is written.
            let absent = object
                .alternatives(name)
                .take_while(|(other, _)| *other < index)
                .map(|(_, other)| presence::of_tree(&other.value, children).negate());
            let place = Place {
                guard: Predicate::all([guard].into_iter().chain(absent)),
                around,
                ty: property.ty,
                systems: &property.systems,
                tree: &property.value,
                ..self.clone()
            };
            place.entries(&mut places);
        }
        places
    }

    /// The place itself, or, for a list, its entries; a list of child rows within another child's rows
    /// has no place in a search and is left out.
    fn entries(self, places: &mut Vec<Place<'t>>) {
        let entries = match self.tree {
            Tree::List(entries) => entries,
            Tree::When(condition, inner) => {
                let place = Place {
                    guard: Predicate::all([self.guard.clone(), condition.clone()]),
                    tree: inner,
                    around: None,
                    ..self
                };
                return place.entries(places);
            }
            _ => return places.push(self),
        };
        for (nth, entry) in entries.iter().enumerate().take(MOST_PLACES + 1) {
            let child = match (self.child, entry.each) {
                (outer, None) => outer,
                (None, inner) => inner,
                (Some(outer), Some(inner)) if outer == inner => Some(outer),
                (Some(_), Some(_)) => continue,
            };
            let place = Place {
                child,
                guard: Predicate::all([self.guard.clone(), entry.condition.clone()]),
                tree: &entry.value,
                around: if entry.counts() { None } else { self.around },
                nth,
                ..self.clone()
            };
            if place.guard != Predicate::False {
                place.entries(places);
            }
        }
    }

    /// What must hold for a constant here to be written: the guard, and a value in the object around it.
    pub fn constant_guard(&self, children: Children<'_>) -> Predicate {
        match self.around {
            Some(object) => {
                Predicate::all([self.guard.clone(), presence::evidence_of(object, children)])
            }
            None => self.guard.clone(),
        }
    }

    /// The text of a constant here.
    pub fn constant(&self) -> Option<&'t Arc<str>> {
        match self.tree {
            Tree::Constant(text) => Some(text),
            _ => None,
        }
    }

    /// The binding here, `first: […]` unopened.
    pub fn binding(&self) -> Option<&'t Binding> {
        match self.tree {
            Tree::Value(binding) => Some(binding),
            _ => None,
        }
    }

    /// The bindings here, each with what must hold for it to be the one that is written: alone, or each
    /// of `first: […]` where none before it has a value. None where there is no binding or there are too
    /// many.
    pub fn bindings(&self) -> Option<Vec<(Predicate, &'t Binding)>> {
        let binding = self.binding()?;
        let mut list = Vec::new();
        alternatives(binding, &mut list, 0)?;
        let mut before: Vec<Predicate> = Vec::new();
        Some(
            list.into_iter()
                .map(|binding| {
                    let guard = Predicate::all(
                        [self.guard.clone()]
                            .into_iter()
                            .chain(before.iter().cloned()),
                    );
                    before.push(presence::of_binding(binding).negate());
                    (guard, binding)
                })
                .filter(|(guard, _)| *guard != Predicate::False)
                .collect(),
        )
    }
}

/// The bindings of `first: […]`, flattened.
fn alternatives<'t>(binding: &'t Binding, list: &mut Vec<&'t Binding>, depth: usize) -> Option<()> {
    match &binding.conversion {
        Conversion::First(inner) if depth < MOST_ALTERNATIVES => inner
            .iter()
            .try_for_each(|binding| alternatives(binding, list, depth + 1)),
        Conversion::First(_) => None,
        _ => {
            list.push(binding);
            (list.len() <= MOST_ALTERNATIVES).then_some(())
        }
    }
}
