//! Search parameters from elements: what a source can be searched and sorted by.
//!
//! Takes a source with its elements; gives, for each search parameter that R4 defines for its resource
//! type, the columns and constants that answer it, or the reason why none does. Nothing is listed by
//! hand: the definitions say which elements a parameter looks at (their paths are walked over the
//! mapping's elements, entries and conditions included), R4's tables of search types (§3.1.1.4) say what
//! of an element counts, and every conversion knows whether it can be searched backwards.
//!
//! | module | |
//! |---|---|
//! | `tree` | the elements with their R4 types, constants opened |
//! | `walk` | from a path to the places in the tree, with what must hold for each |
//! | `presence` | when an element is there |
//! | `text`, `token`, `date`, `reference`, `number` | from a place to matchers, by the parameter's kind |
//! | `composite` | from the places of a composite to its components |
//! | `sort` | the sort keys |
//! | `offer` | all sources of a type together |

mod columns;
mod composite;
mod date;
mod number;
mod offer;
mod presence;
mod reference;
mod sort;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod tree;
mod walk;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::fhir::{self, ElementPath, SearchParameter, StepFilter, Test};
use crate::mapping::{
    self, Binding, Conversion, Matcher, Parameter, Source, Target, TextMatcher, TokenSystem,
};
use crate::relation::{Child, Predicate, Shared};
use crate::search::ParameterKind;

pub use columns::without_case;
pub use offer::resource;
use tree::Tree;
use walk::{MOST_PLACES, Place};

/// The child tables of the source at hand.
type Children<'a> = &'a [Shared<Child>];

/// A parameter of the mapping's own, or one that takes the place of R4's: an entry of `search:`.
#[derive(Debug)]
pub struct OwnParameter {
    pub name: Arc<str>,
    /// String, token, date, reference, number or uri.
    pub kind: ParameterKind,
    pub binding: Arc<Binding>,
    /// A token's system.
    pub system: Option<Arc<str>>,
    /// The child table that the binding's columns belong to: a place in [`Source::children`].
    pub child: Option<usize>,
    /// Canonical URL of its definition, where it has one.
    pub url: Option<Arc<str>>,
}

/// What a source can be searched by.
#[derive(Debug, Default)]
pub struct Derivation {
    pub parameters: FxHashMap<Arc<str>, Arc<Parameter>>,
    /// Every reference in the elements.
    pub references: Vec<Target>,
    /// R4's parameters that nothing answers, in the order of the definitions.
    pub unsupported: Vec<(Arc<str>, Reason)>,
    /// Parameters that are answered, but not from all the elements that they cover.
    pub partial: Vec<(Arc<str>, Reason)>,
    /// Where the values stand that are not compared, of parameters that are not answered or not from all.
    pub missed_at: FxHashMap<Arc<str>, mapping::Place>,
}

/// Why a parameter, or a part of it, is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("no element of the mapping is what it looks at")]
    NoElement,
    #[error("the element is not searchable: {0}")]
    Conversion(&'static str),
    #[error("the element has nothing in it that the parameter compares: {0}")]
    Shape(&'static str),
    #[error("elements of type {0} are not searched by this kind of parameter")]
    Type(&'static str),
    #[error("phonetic matching")]
    Phonetic,
    #[error("special: it is not about an element")]
    Special,
    #[error("its expression goes beyond paths")]
    Expression,
    #[error("the mapping turns it off")]
    Off,
    #[error("more places than a search can look at")]
    TooMany,
}

const JOINED: &str = "joined text";

impl Reason {
    /// The element is texts put together.
    pub fn of_joined_text() -> Reason {
        Reason::Conversion(JOINED)
    }

    /// Why this conversion cannot be read backwards.
    fn of_conversion(conversion: &Conversion) -> Reason {
        Reason::Conversion(match conversion {
            Conversion::Text => "text",
            Conversion::Integer => "a whole number",
            Conversion::Decimal { .. } => "a decimal number",
            Conversion::Boolean | Conversion::Bit { .. } => "a boolean",
            Conversion::Date(_) | Conversion::DateTime { .. } => "a date",
            Conversion::Codes { .. } => "a code table",
            Conversion::Join { .. } => JOINED,
            Conversion::Concat { .. } => "a value in several parts",
            Conversion::Reference { .. } => "a reference",
            Conversion::Measure(_) => "a measurement kept as text",
            Conversion::First(_) => "too many alternatives",
        })
    }

    /// Why a place without bindings is not compared.
    fn constant_or(place: &Place<'_>) -> Reason {
        match place.constant() {
            Some(_) => Reason::Conversion("a constant date or number"),
            None => Reason::Shape(place.ty),
        }
    }
}

/// What has been found of one parameter.
struct Found<'a> {
    children: Children<'a>,
    targets: Vec<Target>,
    missed: Option<Reason>,
    /// Where the value stands that the reason is of.
    missed_at: Option<mapping::Place>,
    /// Where the mapping says what is looked at.
    looked_at: Vec<mapping::Place>,
}

impl<'a> Found<'a> {
    fn new(children: Children<'a>) -> Found<'a> {
        Found {
            children,
            targets: Vec::new(),
            missed: None,
            missed_at: None,
            looked_at: Vec::new(),
        }
    }

    fn push(&mut self, child: Option<usize>, guard: Predicate, matcher: Matcher) {
        if guard == Predicate::False {
            return;
        }
        match self.targets.len() < MOST_PLACES {
            true => self.targets.push(Target {
                child,
                guard,
                matcher,
            }),
            false => self.missed = Some(Reason::TooMany),
        }
    }

    /// Notes where the values of a place come from.
    fn look_at(&mut self, place: &Place<'_>) {
        place.tree.bindings(&mut |binding| {
            if !self.looked_at.contains(&binding.place) {
                self.looked_at.push(binding.place.clone());
            }
        });
    }

    /// Keeps the first reason: it is the one that an author meets first in the file.
    fn miss(&mut self, reason: Reason) {
        self.missed.get_or_insert(reason);
    }
}

/// The search parameters that a source answers. Its own `search` is not read.
///
/// `own` are parameters of the mapping's own, which come before R4's of the same name; `off` names those
/// that the mapping does not offer.
pub fn parameters(
    source: &Source,
    resource: &'static str,
    own: &[OwnParameter],
    off: &[Arc<str>],
) -> Derivation {
    let tree = Tree::of_resource(&source.elements, resource);
    let mut derivation = Derivation::default();
    let mut references = Found::new(&source.children);
    reference::all(&Place::root(&tree, resource), &mut references);
    derivation.references = references.targets;
    let mut add = |name: Arc<str>, kind, url, found: Found<'_>, sort: sort::Keys| {
        if let Some(place) = found.missed_at {
            derivation.missed_at.insert(Arc::clone(&name), place);
        }
        if off.contains(&name) {
            return derivation.unsupported.push((name, Reason::Off));
        }
        if found.targets.is_empty() {
            let reason = found.missed.unwrap_or(Reason::NoElement);
            return derivation.unsupported.push((name, reason));
        }
        if let Some(reason) = found.missed {
            derivation.partial.push((Arc::clone(&name), reason));
        }
        let parameter = Parameter {
            name: Arc::clone(&name),
            kind,
            url,
            targets: found.targets,
            sort: sort.exprs,
            moment: sort.moment,
            places: found.looked_at,
        };
        derivation.parameters.insert(name, Arc::new(parameter));
    };
    for own in own {
        let tree = Tree::Value(Arc::clone(&own.binding));
        let place = Place::alone(&tree, own.child);
        let found = of_own(own, &place, &source.children);
        let sort = sort::keys(&[place], &source.children);
        let url = own
            .url
            .clone()
            .unwrap_or_else(|| own_url(resource, &own.name));
        add(Arc::clone(&own.name), own.kind, url, found, sort);
    }
    for parameter in fhir::parameters(resource) {
        if own.iter().any(|own| *own.name == *parameter.code) {
            continue;
        }
        let (found, sort) = of_definition(parameter, source, &tree, resource);
        let url = match parameter.url {
            Some(url) => Arc::from(url),
            None => own_url(resource, parameter.code),
        };
        add(parameter.code.into(), parameter.kind, url, found, sort);
    }
    derivation
}

/// The URL of a parameter that no one has given a definition.
fn own_url(resource: &str, name: &str) -> Arc<str> {
    format!("urn:pilaster:search-parameter:{resource}-{name}").into()
}

/// The targets and the sort keys of one of R4's parameters.
fn of_definition<'a>(
    parameter: &SearchParameter,
    source: &'a Source,
    tree: &Tree,
    resource: &'static str,
) -> (Found<'a>, sort::Keys) {
    let children = &source.children;
    let mut found = Found::new(children);
    match parameter.code {
        "_id" => {
            found.push(None, Predicate::True, Matcher::Id);
            let keys = sort::Keys {
                exprs: source.id.clone(),
                moment: None,
            };
            return (found, keys);
        }
        "_lastUpdated" => {
            let Some(updated) = &source.last_updated else {
                return (found, sort::Keys::default());
            };
            let tree = Tree::Value(Arc::clone(&updated.binding));
            let place = Place::alone(&tree, None);
            found.look_at(&place);
            date::date(&place, &mut found);
            return (found, sort::keys(&[place], children));
        }
        "_profile" => {
            for profile in &source.profiles {
                let matcher = Matcher::Uri(TextMatcher::Constant(Arc::clone(&profile.url)));
                found.push(None, Predicate::True, matcher);
            }
        }
        "phonetic" => {
            found.miss(Reason::Phonetic);
            return (found, sort::Keys::default());
        }
        _ => {}
    }
    match (&parameter.unsupported, parameter.kind) {
        (_, ParameterKind::Special) => found.miss(Reason::Special),
        (Some(fhir::search_parameters::Unsupported::NoExpression), _) => {
            found.miss(Reason::Special)
        }
        (Some(_), _) => found.miss(Reason::Expression),
        (None, ParameterKind::Composite) => {
            composite::composite(parameter, tree, resource, &mut found);
        }
        (None, kind) => {
            let root = Place::root(tree, resource);
            let looked = Looked {
                kind,
                paths: &parameter.paths,
                any_of: &parameter.targets,
            };
            let sort = by_paths(&looked, &root, &mut found);
            return (found, sort);
        }
    }
    (found, sort::Keys::default())
}

/// What a parameter, or a component of one, looks at.
struct Looked<'p> {
    kind: ParameterKind,
    paths: &'p [ElementPath],
    /// The types that a reference may lead to; empty where R4 names none.
    any_of: &'p [&'static str],
}

/// Walks the paths of a parameter; what they lead to becomes targets, and gives the sort keys.
fn by_paths(looked: &Looked<'_>, root: &Place<'_>, found: &mut Found<'_>) -> sort::Keys {
    let mut all = Vec::new();
    let mut exists = None;
    for path in looked.paths {
        let places = places(path, root, found);
        if path.test != Test::Value {
            places.iter().for_each(|place| found.look_at(place));
            let ways = places
                .iter()
                .map(|place| presence::exists(place, path.test, found.children));
            exists.get_or_insert_with(Vec::new).extend(ways);
            continue;
        }
        let only =
            path.steps
                .iter()
                .flat_map(|step| &step.filters)
                .find_map(|filter| match filter {
                    StepFilter::ResolvesTo(ty) => Some(*ty),
                    _ => None,
                });
        let targets = reference::Targets {
            any_of: looked.any_of,
            only,
        };
        for place in &places {
            if found.targets.len() >= MOST_PLACES {
                found.missed = Some(Reason::TooMany);
                break;
            }
            let before = found.missed.is_some();
            found.look_at(place);
            match looked.kind {
                ParameterKind::String => text::string(place, found),
                ParameterKind::Token => token::token(place, found),
                ParameterKind::Date => date::date(place, found),
                ParameterKind::Reference => reference::reference(place, &targets, found),
                ParameterKind::Number => number::number(place, found),
                ParameterKind::Quantity => number::quantity(place, found),
                ParameterKind::Uri => number::uri(place, found),
                ParameterKind::Composite | ParameterKind::Special => {}
            }
            if !before && found.missed.is_some() {
                found.missed_at = place.tree.value().map(|value| value.place.clone());
            }
        }
        // A text that stands in a choice for a date is none to sort by, nor is it searched.
        let is_text =
            |place: &Place<'_>| looked.kind == ParameterKind::Date && place.ty == "string";
        all.extend(places.into_iter().filter(|place| !is_text(place)));
    }
    if let Some(ways) = exists.filter(|ways| !ways.is_empty()) {
        found.push(None, Predicate::True, Matcher::Exists(ways));
        return sort::Keys::default();
    }
    match found.targets.is_empty() {
        true => sort::Keys::default(),
        false => sort::keys(&all, found.children),
    }
}

/// The places that a path leads to, its `where(…)` decided on constants or added to the guards.
fn places<'t>(path: &ElementPath, root: &Place<'t>, found: &mut Found<'_>) -> Vec<Place<'t>> {
    let mut places = vec![root.clone()];
    for step in &path.steps {
        let mut next = Vec::new();
        for place in &places {
            next.extend(place.property(step.name, step.cast, found.children));
            if next.len() > MOST_PLACES {
                next.truncate(MOST_PLACES);
                found.miss(Reason::TooMany);
                break;
            }
        }
        for filter in &step.filters {
            match filter {
                StepFilter::Equals { element, value } => {
                    next = next
                        .into_iter()
                        .filter_map(|place| equal(place, element, value, found))
                        .collect();
                }
                StepFilter::Index(index) => {
                    next.retain(|place| usize::try_from(*index) == Ok(place.nth))
                }
                // What a reference leads to is known of its columns, not of the element.
                StepFilter::ResolvesTo(_) => {}
            }
        }
        places = next;
    }
    places
}

/// The place, under the condition that its child element has that code; None where it never has.
fn equal<'t>(
    mut place: Place<'t>,
    element: &str,
    value: &str,
    found: &mut Found<'_>,
) -> Option<Place<'t>> {
    let inner = place.property(element, None, found.children);
    let inner = inner.first()?;
    match presence::equals(inner.tree, value) {
        Some(holds) => place.guard = Predicate::all([place.guard, holds]),
        None => {
            found.miss(Reason::Conversion(
                "a condition on it is over columns that cannot be compared",
            ));
            return None;
        }
    }
    (place.guard != Predicate::False).then_some(place)
}

/// The targets of a parameter of the mapping's own.
fn of_own<'a>(own: &OwnParameter, place: &Place<'_>, children: Children<'a>) -> Found<'a> {
    let mut found = Found::new(children);
    found.look_at(place);
    match own.kind {
        ParameterKind::String => text::string(place, &mut found),
        ParameterKind::Token => {
            let system = match (&own.system, &own.binding.conversion) {
                (Some(system), _) => TokenSystem::Is(Arc::clone(system)),
                // Without one said, a code's is that of its table.
                (None, Conversion::Codes { .. }) => TokenSystem::Table,
                (None, _) => TokenSystem::None,
            };
            token::values(place, &system, token::NO_TYPES, &mut found);
        }
        ParameterKind::Date => date::date(place, &mut found),
        ParameterKind::Number => number::number(place, &mut found),
        ParameterKind::Uri => number::uri(place, &mut found),
        ParameterKind::Reference => {
            reference::literal(place, &reference::Targets::any(), &mut found)
        }
        ParameterKind::Composite | ParameterKind::Quantity | ParameterKind::Special => {
            found.miss(Reason::Special);
        }
    }
    found
}
