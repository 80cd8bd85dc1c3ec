//! What a mapping meets of AU Core: a [`Mapping`] → for each thing that is asked, whether it is met, missing, or
//! impossible. Beside it, how much of R4 it serves, and which of the declared columns nothing comes from.
//!
//! Met is what follows from the mapping: an element that is written, a parameter that finds what it is asked for. Impossible is what
//! the mapping itself says the database has not (`lacks:`), with its reason. All else is missing. An element counts
//! where one source gives it, and is impossible where all that could say that they have it not.

mod given;
mod matrix;
mod r4;

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use super::usage::Usage;
use super::{Mapping, Matcher, Parameter, Source};
use crate::fhir::au_core::{self, Expectation, Path, requirements};
use crate::fhir::{self, ElementPath};
use crate::search::ParameterKind;

pub use given::{gives, may_be};
pub use matrix::{Matrix, OfType, Row};
pub use r4::{Served, ServedType};

/// What a mapping meets of all that is asked.
#[derive(Debug, Serialize)]
pub struct Coverage {
    /// The mapping's id.
    pub mapping: Arc<str>,
    /// The product's name.
    pub name: Arc<str>,
    /// Of AU Core.
    #[serde(rename = "auCore")]
    pub version: &'static str,
    pub resources: Vec<OfResource>,
    /// What it serves of R4, type by type.
    pub r4: Vec<ServedType>,
    /// Columns that are declared and used for nothing, table by table.
    pub unmapped: Vec<Unmapped>,
    /// Columns that a database has in the mapping's tables, and the mapping does not declare. None where no database
    /// was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undeclared: Option<Vec<Unmapped>>,
}

/// Columns of a table that nothing comes from.
#[derive(Debug, Serialize)]
pub struct Unmapped {
    pub table: Arc<str>,
    pub columns: Vec<Arc<str>>,
}

/// What it meets of a resource type.
#[derive(Debug, Serialize)]
pub struct OfResource {
    pub resource: &'static str,
    pub expectation: Expectation,
    /// Whether the mapping has the type at all.
    pub served: bool,
    pub elements: Vec<Element>,
    pub searches: Vec<Search>,
}

/// An element that a profile asks for.
#[derive(Debug, Serialize)]
pub struct Element {
    pub profile: &'static str,
    pub element: String,
    /// A resource must have it; else it must be there where the practice knows it.
    pub mandatory: bool,
    #[serde(flatten)]
    pub state: State,
}

/// A search that is asked for.
#[derive(Debug, Serialize)]
pub struct Search {
    pub kind: SearchKind,
    /// As it is written after the type: `patient`, `patient.identifier`, `patient&status`, `_include=…`.
    pub search: String,
    pub expectation: Expectation,
    #[serde(flatten)]
    pub state: State,
}

/// What a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchKind {
    Parameter,
    Chain,
    Combination,
    Include,
}

/// How the mapping stands to what is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "state", content = "reason", rename_all = "lowercase")]
pub enum State {
    Met,
    Missing,
    /// The database has no such thing: why.
    Impossible(Arc<str>),
}

/// What a mapping meets of AU Core.
pub fn coverage(mapping: &Mapping) -> Coverage {
    let all = requirements();
    Coverage {
        mapping: Arc::clone(&mapping.id),
        name: Arc::clone(&mapping.name),
        version: &all.version,
        resources: all
            .resources
            .iter()
            .map(|(name, asked)| of_resource(mapping, name, asked))
            .collect(),
        r4: r4::served(mapping),
        unmapped: unmapped(mapping),
        undeclared: None,
    }
}

impl Coverage {
    /// The same, beside a database whose tables have these columns, too.
    pub fn beside(self, undeclared: Vec<Unmapped>) -> Coverage {
        Coverage {
            undeclared: Some(undeclared),
            ..self
        }
    }
}

fn unmapped(mapping: &Mapping) -> Vec<Unmapped> {
    let mut tables: Vec<Unmapped> = Vec::new();
    for (table, column) in Usage::of(mapping).unmapped(mapping) {
        match tables.last_mut() {
            Some(last) if last.table == table => last.columns.push(column),
            _ => tables.push(Unmapped {
                table,
                columns: vec![column],
            }),
        }
    }
    tables
}

fn of_resource(
    mapping: &Mapping,
    name: &'static str,
    asked: &'static au_core::Resource,
) -> OfResource {
    let view = View { mapping, name };
    let elements = requirements()
        .profiles_of(name)
        .flat_map(|(profile, asked)| view.profile(profile, asked))
        .collect();
    OfResource {
        resource: name,
        expectation: asked.expectation,
        served: mapping.resources.contains_key(name),
        elements,
        searches: view.searches(asked),
    }
}

/// Whether a source may give resources that a profile is about.
pub fn is_of(source: &Source, profile: &au_core::Profile) -> bool {
    source.resource == profile.of
        && profile
            .when
            .as_ref()
            .is_none_or(|mark| may_be(source.resource, &source.elements, mark))
}

/// Whether a parameter finds values of its kind. Codes that are not there are not found by the text beside them, which
/// only `:text` searches.
pub fn is_answered(parameter: &Parameter) -> bool {
    parameter.kind != ParameterKind::Token
        || parameter
            .targets
            .iter()
            .any(|target| !matches!(target.matcher, Matcher::Text(_)))
}

/// One type of a mapping.
struct View<'m> {
    mapping: &'m Mapping,
    name: &'static str,
}

impl<'m> View<'m> {
    fn sources(&self) -> impl Iterator<Item = &'m Source> + use<'m> {
        let name = self.name;
        self.mapping
            .sources
            .iter()
            .map(|source| &**source)
            .filter(move |source| source.resource == name)
    }

    /// Why there is nothing of a type or profile, where the manifest says it.
    fn lacks(&self, name: &str) -> Option<State> {
        let reason = self.mapping.lacks.get(name)?;
        Some(State::Impossible(Arc::clone(reason)))
    }

    fn profile(&self, name: &'static str, asked: &'static au_core::Profile) -> Vec<Element> {
        let sources: Vec<&Source> = self.sources().filter(|it| is_of(it, asked)).collect();
        let as_a_whole = match sources.is_empty() {
            true => self.lacks(name).or_else(|| self.lacks(self.name)),
            false => None,
        };
        let state = |path: &Path| match &as_a_whole {
            Some(state) => state.clone(),
            None => element(&sources, path),
        };
        asked
            .elements()
            .map(|(path, mandatory)| Element {
                profile: name,
                element: path.to_string(),
                mandatory,
                state: state(path),
            })
            .collect()
    }

    fn searches(&self, asked: &'static au_core::Resource) -> Vec<Search> {
        let mut searches = Vec::new();
        for (name, parameter) in &asked.parameters {
            searches.push(Search {
                kind: SearchKind::Parameter,
                search: name.clone(),
                expectation: parameter.expectation,
                state: self.parameter(name),
            });
            if let Some(chain) = &parameter.chain {
                searches.push(Search {
                    kind: SearchKind::Chain,
                    search: format!("{name}.{}", chain.parameter),
                    expectation: chain.expectation,
                    state: self.chain(name, &chain.parameter),
                });
            }
        }
        for combination in &asked.combinations {
            let states = combination.of.iter().map(|name| self.parameter(name));
            searches.push(Search {
                kind: SearchKind::Combination,
                search: combination.of.join("&"),
                expectation: combination.expectation,
                // Impossible before missing before met.
                state: states.max().unwrap_or(State::Met),
            });
        }
        for (include, expectation) in &asked.includes {
            let (_, parameter) = include.split_once(':').unwrap_or(("", include));
            searches.push(Search {
                kind: SearchKind::Include,
                search: format!("_include={include}"),
                expectation: *expectation,
                state: self.include(parameter),
            });
        }
        searches
    }

    fn parameter(&self, name: &str) -> State {
        let Some(resource) = self.mapping.resources.get(self.name) else {
            return self.lacks(self.name).unwrap_or(State::Missing);
        };
        let found = |source: &Source| {
            let parameter = source.search.get(name);
            parameter.is_some_and(|parameter| is_answered(parameter))
        };
        if resource.parameters.contains_key(name) && self.sources().any(found) {
            return State::Met;
        }
        of_all(self.sources().map(|source| unsearchable(source, name)))
    }

    /// The types of this mapping that a reference parameter leads to.
    fn leads_to(&self, parameter: &str) -> impl Iterator<Item = &'static str> + use<'m> {
        let mapping = self.mapping;
        let found = self.sources().filter_map({
            let parameter = parameter.to_owned();
            move |source| source.search.get(&*parameter)
        });
        found
            .flat_map(|parameter| &parameter.targets)
            .filter_map(|target| match &target.matcher {
                Matcher::Reference(reference) => Some(reference.to),
                _ => None,
            })
            .filter(|to| mapping.resources.contains_key(to))
    }

    fn chain(&self, parameter: &str, then: &str) -> State {
        let own = self.parameter(parameter);
        if own != State::Met {
            return own;
        }
        let states = self.leads_to(parameter).map(|name| {
            let view = View {
                mapping: self.mapping,
                name,
            };
            view.parameter(then)
        });
        states.min().unwrap_or(State::Missing)
    }

    fn include(&self, parameter: &str) -> State {
        if self.leads_to(parameter).next().is_some() {
            return State::Met;
        }
        match self.parameter(parameter) {
            // Offered, but what it leads to is not served.
            State::Met => State::Missing,
            state => state,
        }
    }
}

/// Impossible where every one gives a reason.
fn of_all(reasons: impl Iterator<Item = Option<Arc<str>>>) -> State {
    let reasons: Option<Vec<Arc<str>>> = reasons.collect();
    let mut reasons = reasons.unwrap_or_default();
    let mut seen = HashSet::new();
    reasons.retain(|reason| seen.insert(Arc::clone(reason)));
    match &reasons[..] {
        [] => State::Missing,
        [reason] => State::Impossible(Arc::clone(reason)),
        several => State::Impossible(several.join("; ").into()),
    }
}

fn element(sources: &[&Source], path: &Path) -> State {
    if sources
        .iter()
        .any(|source| gives(source.resource, &source.elements, path))
    {
        return State::Met;
    }
    of_all(sources.iter().map(|source| source.lacks.element(path)))
}

/// Why a source cannot answer a parameter, where it says so: of the parameter, or of all that it looks at.
fn unsearchable(source: &Source, name: &str) -> Option<Arc<str>> {
    if let Some(reason) = source.lacks.search.get(name) {
        return Some(Arc::clone(reason));
    }
    let parameter = fhir::parameter(source.resource, name)?;
    let reasons: Option<Vec<Arc<str>>> = parameter
        .paths
        .iter()
        .map(|path| source.lacks.element(&path_of(source.resource, path)?))
        .collect();
    reasons?.into_iter().next()
}

/// The path of a search parameter as one of elements.
fn path_of(resource: &str, path: &ElementPath) -> Option<Path> {
    let mut structure = fhir::structure(resource);
    let mut steps = Vec::new();
    for step in &path.steps {
        let element = structure?.definition(step.name)?;
        let properties = structure?.typed(element);
        let property = match step.cast {
            Some(cast) => properties.into_iter().find(|it| it.type_name() == cast)?,
            None => properties.into_iter().next()?,
        };
        let name = match step.cast {
            Some(_) => property.json_name().into_owned(),
            None => element.name().to_owned(),
        };
        steps.push(au_core::ElementName { name, slice: None });
        structure = property.structure();
    }
    (!steps.is_empty()).then_some(Path { steps })
}

#[cfg(test)]
mod tests;
