//! What is included beside the matches: `_include` and `_revinclude` (R4 §3.1.1.5.4).
//!
//! Both are searches of their own, by the ids of what is on the page already: an included resource is one whose
//! id is among what those resources refer to, a reverse included one refers to them. Each reference of the
//! mapping is one command, however many rows there are; for `$everything`, which follows all references, what several
//! of them lead to is one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fhir::search_parameters;
use crate::mapping::{ReferenceMatcher, Resource, Source, Target};
use crate::relation::{
    Among, AmongFrom, ChildSelect, Joins, Predicate, Select, Shared, SqlType, Value,
};
use crate::search::{Include, ParameterKind, Reference, SearchRequest, Summary};

use super::chain::{references, referrers};
use super::planner::{Planner, Prepared};
use super::values::Values;
use super::{Context, Part, Plan, PlanError, Selection, filled_up_to, filter, reference};

/// Resources that one reference adds to a page, at the most: anybody may be referred to by very many.
pub const MOST_INCLUDED: u32 = 1000;
/// Resources that are included in a page, at the most, whatever leads to them.
pub const MOST_ADDED: usize = 2000;
/// Times that `:iterate` looks further, from what it has found before.
pub const ROUNDS: usize = 4;
/// Commands that the includes of one search may take for each round, at the most, beside those of children.
const MOST_STEPS: usize = 300;

/// Ids of resources on the page, of one source.
#[derive(Debug, Clone)]
pub struct Included {
    /// A place in [`crate::mapping::Mapping::sources`].
    pub source: usize,
    pub ids: Vec<String>,
}

/// What is to be asked for the resources that go with a page.
#[derive(Debug, Default)]
pub struct Steps {
    /// Selects that bring them, each with the place of its source.
    pub parts: Vec<(usize, Part)>,
    /// Selects that say which they are, where they lie in another catalogue than what refers to them.
    pub across: Vec<Across>,
}

/// Ids of resources in another catalogue. A command runs in one: so the ids are read in the one, and what they name is
/// read by them in the other ([`Planner::read_all`]).
#[derive(Debug)]
pub struct Across {
    pub ids: AcrossSelect,
    pub values: Vec<Value>,
    /// Whose ids they are.
    pub resource: &'static str,
    /// What stands before each of them and a hyphen: the source's name.
    pub prefix: Option<Arc<str>>,
}

/// A select whose last column is an id.
#[derive(Debug)]
pub enum AcrossSelect {
    /// From the rows that refer.
    Source(Select),
    /// From rows of a child of theirs.
    Child(ChildSelect),
}

impl AcrossSelect {
    /// What a condition's table gives, in a catalogue.
    pub(super) fn of(among: Among, catalogue: Option<Arc<str>>) -> AcrossSelect {
        let Among {
            from,
            joins,
            key,
            filter,
            ..
        } = among;
        let columns = Shared::new(vec![key]);
        match from {
            AmongFrom::Source(source) => AcrossSelect::Source(Select {
                joins,
                page_joins: joins,
                filter_joins: joins,
                ..Select::of(source, filter, columns)
            }),
            AmongFrom::Child(child) => AcrossSelect::Child(ChildSelect {
                child,
                catalogue,
                parents: filter,
                columns,
                joins,
            }),
        }
    }
}

impl Across {
    fn new(to: &ReferenceMatcher, of: &Prepared, among: Among, values: Values) -> Across {
        let catalogue = of.source.relation.catalogue.clone();
        Across {
            ids: AcrossSelect::of(among, catalogue),
            values: values.into_inner(),
            resource: to.to,
            prefix: to.prefix.clone(),
        }
    }
}

/// Whether two sources lie in different catalogues.
fn is_across(one: &Prepared, other: &Prepared) -> bool {
    one.source.relation.catalogue != other.source.relation.catalogue
}

impl Planner {
    /// Judges the includes of a search before anything is asked.
    ///
    /// # Errors
    /// A type that is not served, a parameter that is no reference of it or that the mapping cannot answer, a target
    /// that it does not lead to.
    pub(super) fn check_includes(
        &self,
        searched: &[&str],
        request: &SearchRequest,
    ) -> Result<(), PlanError> {
        if request.includes.is_empty() {
            return Ok(());
        }
        if request.summary == Some(Summary::Text) {
            return Err(PlanError::unsupported(
                "`_include` beside `_summary=text`",
                "_summary",
            ));
        }
        request
            .includes
            .iter()
            .try_for_each(|include| self.check_include(searched, include))?;
        let steps: usize = merged(&request.includes)
            .iter()
            .map(|include| self.steps(searched, include))
            .sum();
        match steps > MOST_STEPS {
            true => Err(PlanError::TooManySteps { limit: MOST_STEPS }),
            false => Ok(()),
        }
    }

    /// How many selects an include may take.
    fn steps(&self, searched: &[&str], include: &Include) -> usize {
        let rounds = if include.iterate { ROUNDS } else { 1 };
        let looked_at = |name: &str| include.iterate || searched.contains(&name);
        let named = |name: &str| include.source.as_deref().is_none_or(|of| of == name);
        let references = self
            .sources
            .iter()
            .filter(|of| named(of.source.resource))
            .flat_map(|of| {
                reference_targets(include, of).map(|(_, to)| (of.source.resource, to.to))
            });
        let leading: usize = match include.reverse {
            true => references.filter(|(_, to)| looked_at(to)).count(),
            false => references
                .filter(|(from, _)| looked_at(from))
                .map(|(_, to)| self.sources_of(to).count())
                .sum(),
        };
        leading * rounds
    }

    fn check_include(&self, searched: &[&str], include: &Include) -> Result<(), PlanError> {
        let name = if include.reverse {
            "_revinclude"
        } else {
            "_include"
        };
        let Some(source) = include.source.as_deref() else {
            return Ok(());
        };
        // Without `:iterate` only what matches is looked at, and that is of the searched type.
        if !include.reverse && !include.iterate && !searched.contains(&source) {
            return Err(PlanError::unsupported(
                format!("`{name}` of another type than the searched one without `:iterate`"),
                name,
            ));
        }
        let Some(of) = self.mapping().resources.get(source) else {
            return Err(PlanError::unsupported(
                format!("`{name}` of a type that is not served here"),
                name,
            ));
        };
        // Whatever refers to the matches may be of any day.
        if include.reverse
            && let Some(requirement) = of.requires.first()
        {
            return Err(PlanError::Unbounded {
                resource: of.name,
                parameter: requirement.parameter.to_string(),
                days: requirement.days,
            });
        }
        let Some(parameter) = include.parameter.as_deref() else {
            return Ok(());
        };
        let mut targets = self
            .prepared(of)
            .filter_map(|prepared| prepared.source.search.get(parameter))
            .flat_map(|parameter| references(&parameter.targets))
            .peekable();
        if targets.peek().is_none() {
            // Only a name of R4 is repeated: here a name is a value, which may be anything.
            let definition = search_parameters::parameter(of.name, parameter)
                .filter(|definition| definition.kind == ParameterKind::Reference);
            return Err(match definition {
                Some(definition) => PlanError::UnsupportedParameter {
                    resource: of.name,
                    name: definition.code.to_owned(),
                },
                None => PlanError::unsupported(
                    format!(
                        "`{name}` by what is no reference parameter of {}{}",
                        of.name,
                        self.references_of(of)
                    ),
                    name,
                ),
            });
        }
        let target = include.target.as_deref();
        match target.is_none_or(|target| targets.any(|(_, reference)| reference.to == target)) {
            true => Ok(()),
            false => Err(PlanError::unsupported(
                format!("`{name}` by a reference that does not lead to that type here"),
                name,
            )),
        }
    }

    /// The reference parameters that a type is offered with, for a message.
    fn references_of(&self, of: &Resource) -> String {
        let offered = self
            .prepared(of)
            .flat_map(|prepared| &prepared.source.search);
        let names: BTreeSet<&str> = offered
            .filter(|(_, parameter)| references(&parameter.targets).next().is_some())
            .map(|(name, _)| &**name)
            .collect();
        match names.len() {
            0 => ", which has none".to_owned(),
            _ => format!(
                "; it has {}",
                names.into_iter().collect::<Vec<_>>().join(", ")
            ),
        }
    }

    /// The selects that an include adds for what is on the page, each with the place of its source; their rows may be
    /// on the page already.
    pub fn include(
        &self,
        include: &Include,
        page: &[Included],
        request: &SearchRequest,
        context: &Context<'_>,
    ) -> Steps {
        let mut steps = Steps::default();
        for included in page.iter().filter(|included| !included.ids.is_empty()) {
            let Some(of) = self.sources.get(included.source) else {
                continue;
            };
            if include.reverse {
                self.referring(include, of, included, request, context, &mut steps.parts);
            } else {
                let named = |name: &str| include.source.as_deref().is_none_or(|of| of == name);
                if named(of.source.resource) {
                    let targets = reference_targets(include, of);
                    self.referred(targets, of, included, request, &mut steps);
                }
            }
        }
        steps
    }

    /// The selects of all that the resources on the page refer to, by whatever element and of the types that are
    /// wanted: what `$everything` brings along. What several references lead to is one select, as far as a command
    /// takes their values.
    pub fn referenced(
        &self,
        page: &[Included],
        request: &SearchRequest,
        wanted: impl Fn(&Source, &Target, &ReferenceMatcher) -> bool,
    ) -> Steps {
        let mut across = Vec::new();
        let mut groups: Vec<Group<'_>> = Vec::new();
        for included in page.iter().filter(|included| !included.ids.is_empty()) {
            let Some(of) = self.sources.get(included.source) else {
                continue;
            };
            let targets = references(&of.source.references)
                .filter(|(target, to)| wanted(&of.source, target, to));
            for (target, to, place, other) in self.leading(targets) {
                if is_across(of, other) {
                    across.extend(ids_across(target, to, of, included));
                    continue;
                }
                // Of what a command takes, half.
                let most = self.dialect.most_values() / 2;
                let more = 2 * included.ids.len().next_power_of_two();
                let has_room = |group: &&mut Group<'_>| {
                    let room = match self.dialect.counts_each_place() {
                        true => group.places + more <= most,
                        false => group.values.len() + 2 * included.ids.len() < most,
                    };
                    group.place == place && room
                };
                let group = match groups.iter_mut().find(has_room) {
                    Some(group) => group,
                    None => {
                        groups.push(Group {
                            place,
                            of: other,
                            values: Values::default(),
                            places: 0,
                            ways: Vec::new(),
                        });
                        let last = groups.len() - 1;
                        &mut groups[last]
                    }
                };
                group.places += more;
                let way = refers(target, to, of, included, other, &mut group.values);
                group.ways.extend(way);
            }
        }
        let parts = groups
            .into_iter()
            .map(|group| {
                let filter = Predicate::any(group.ways);
                let part = self.included(group.place, group.of, filter, group.values, request);
                (group.place, part)
            })
            .collect();
        Steps { parts, across }
    }

    /// The sources that references lead to, each reference once.
    fn leading<'p>(
        &'p self,
        targets: impl Iterator<Item = (&'p Target, &'p ReferenceMatcher)>,
    ) -> Vec<(&'p Target, &'p ReferenceMatcher, usize, &'p Prepared)> {
        let mut seen = Vec::new();
        let mut leading = Vec::new();
        for (target, to) in targets {
            // Several parameters look at one reference: `actor` and `patient`.
            if seen.contains(&(&to.expr, to.to, &target.guard)) {
                continue;
            }
            seen.push((&to.expr, to.to, &target.guard));
            leading.extend(
                self.sources_of(to.to)
                    .filter(|(_, other)| other.source.name == to.prefix)
                    .map(|(place, other)| (target, to, place, other)),
            );
        }
        leading
    }

    /// What the resources on the page refer to by these references.
    fn referred<'p>(
        &'p self,
        targets: impl Iterator<Item = (&'p Target, &'p ReferenceMatcher)>,
        of: &Prepared,
        page: &Included,
        request: &SearchRequest,
        steps: &mut Steps,
    ) {
        for (target, to, place, other) in self.leading(targets) {
            if is_across(of, other) {
                steps.across.extend(ids_across(target, to, of, page));
                continue;
            }
            let mut values = Values::default();
            if let Some(filter) = refers(target, to, of, page, other, &mut values) {
                let part = self.included(place, other, filter, values, request);
                steps.parts.push((place, part));
            }
        }
    }

    /// What refers to the resources on the page.
    fn referring(
        &self,
        include: &Include,
        to: &Prepared,
        page: &Included,
        request: &SearchRequest,
        context: &Context<'_>,
        parts: &mut Vec<(usize, Part)>,
    ) {
        let pages: Vec<Reference> = page
            .ids
            .iter()
            .map(|id| Reference::Relative {
                resource: to.source.resource.to_owned(),
                id: id.clone(),
            })
            .collect();
        // `*` is whatever can be included.
        let named = |of: &Prepared| {
            let name = include.source.as_deref();
            of.source.requires.is_none() && name.is_none_or(|name| name == of.source.resource)
        };
        for (place, of) in self.sources.iter().enumerate().filter(|(_, of)| named(of)) {
            let mut seen = Vec::new();
            for (target, reference) in reference_targets(include, of) {
                let leads_here =
                    reference.to == to.source.resource && reference.prefix == to.source.name;
                if !leads_here || seen.contains(&(&reference.expr, &target.guard)) {
                    continue;
                }
                seen.push((&reference.expr, &target.guard));
                let mut values = Values::default();
                let refers =
                    reference::predicate(reference, None, pages.iter(), context, &mut values);
                let filter = filter::within(target, &of.source, refers);
                parts.push((place, self.included(place, of, filter, values, request)));
            }
        }
    }

    /// Ids of a source that one command takes, at the most: of several columns, each is compared by itself and with
    /// the others.
    pub fn ids_at_once(&self, source: usize) -> usize {
        let columns = self.sources.get(source).map_or(1, |of| of.source.id.len());
        let most = MOST_INCLUDED as usize;
        match self.dialect.most_values() / (2 * columns.max(1)) {
            limit if limit >= most => most,
            limit => filled_up_to(limit).min(most),
        }
    }

    /// A page that holds a resource of a source, whose id is 0; None where the mapping has no such source.
    pub fn stand_in(&self, source: &Arc<Source>) -> Option<Included> {
        let mut sources = self.sources.iter();
        Some(Included {
            source: sources.position(|of| Arc::ptr_eq(&of.source, source))?,
            ids: vec![stand_in_id(source)],
        })
    }

    /// The plan that reads a resource of each source of a type, whose id is 0.
    pub fn read_stand_in(&self, resource: &Resource) -> Plan {
        let sources = self.sources_of(resource.name);
        let ids: Vec<String> = sources.map(|(_, of)| stand_in_id(&of.source)).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        self.read_all(resource, &ids, &Selection::Whole)
    }

    fn sources_of(&self, resource: &str) -> impl Iterator<Item = (usize, &Prepared)> {
        self.mapping()
            .resources
            .get(resource)
            .into_iter()
            .flat_map(|resource| &resource.sources)
            .filter_map(|&place| Some((place, self.sources.get(place)?)))
    }

    fn included(
        &self,
        place: usize,
        of: &Prepared,
        filter: Predicate,
        mut values: Values,
        request: &SearchRequest,
    ) -> Part {
        // What `_elements` names are elements of the matches.
        let view = self.view(place, &Selection::of(request.summary, &[]));
        let (filter, joins) = of.asked(filter);
        let joins = joins | of.row_joins;
        values.next_parameter();
        let limit = values.slot(&Value::Int(i64::from(MOST_INCLUDED) + 1), SqlType::Int);
        Part {
            source: Arc::clone(&of.source),
            select: Select {
                joins: view.joins,
                page_joins: joins,
                filter_joins: joins,
                order: of.id_order.clone(),
                limit: Some(limit),
                ..Select::of(of.source.relation.clone(), filter, view.columns.clone())
            },
            view,
            values: values.into_inner(),
            merged: Vec::new(),
            counted_apart: false,
        }
    }
}

/// `0`, or what of the source's id has as many parts: `kin-0.0`.
fn stand_in_id(source: &Source) -> String {
    let id = vec!["0"; source.id.len()].join(".");
    match &source.name {
        Some(name) => format!("{name}-{id}"),
        None => id,
    }
}

/// Resources of one source that references lead to.
struct Group<'p> {
    place: usize,
    of: &'p Prepared,
    values: Values,
    /// The values, each counted wherever it stands.
    places: usize,
    ways: Vec<Predicate>,
}

/// The rows of a source that resources on the page refer to; None where that cannot be said.
fn refers(
    target: &Target,
    to: &ReferenceMatcher,
    of: &Prepared,
    page: &Included,
    other: &Prepared,
    values: &mut Values,
) -> Option<Predicate> {
    let [key] = other.source.id.as_slice() else {
        return None;
    };
    Some(Predicate::Among {
        expr: key.clone(),
        of: Box::new(among(target, to, of, page, values)?),
    })
}

/// The ids that resources on the page refer to; None where that cannot be said.
fn among(
    target: &Target,
    to: &ReferenceMatcher,
    of: &Prepared,
    page: &Included,
    values: &mut Values,
) -> Option<Among> {
    let ids = page.ids.iter().map(String::as_str);
    let on_page = reference::ids(&of.source, ids, values);
    let joins = Joins::of_source(&of.source.relation).of_predicate(&on_page);
    referrers(target, to, of, on_page, joins)
}

/// The ids, in another catalogue, that resources on the page refer to.
fn ids_across(
    target: &Target,
    to: &ReferenceMatcher,
    of: &Prepared,
    page: &Included,
) -> Option<Across> {
    let mut values = Values::default();
    let among = among(target, to, of, page, &mut values)?;
    Some(Across::new(to, of, among, values))
}

/// The includes without those that another one covers.
pub fn merged(includes: &[Include]) -> Vec<Include> {
    let covers = |whole: &Include, part: &Include| {
        let within =
            |whole: &Option<String>, part: &Option<String>| whole.is_none() || whole == part;
        whole.reverse == part.reverse
            && (whole.iterate || !part.iterate)
            && within(&whole.source, &part.source)
            && within(&whole.parameter, &part.parameter)
            && within(&whole.target, &part.target)
    };
    let mut kept: Vec<Include> = Vec::new();
    for include in includes {
        if !kept.iter().any(|whole| covers(whole, include)) {
            kept.retain(|part| !covers(include, part));
            kept.push(include.clone());
        }
    }
    kept
}

/// The references of a source that an include goes by.
fn reference_targets<'p>(
    include: &Include,
    of: &'p Prepared,
) -> impl Iterator<Item = (&'p Target, &'p ReferenceMatcher)> {
    let parameter = include.parameter.clone();
    let to = include.target.clone();
    let search = &of.source.search;
    let mut names: Vec<&Arc<str>> = search
        .keys()
        .filter(|name| parameter.as_deref().is_none_or(|asked| asked == &***name))
        .collect();
    // A map has no order, and commands are to have one.
    names.sort_unstable();
    names
        .into_iter()
        .filter_map(|name| search.get(name))
        .flat_map(|parameter| references(&parameter.targets))
        .filter(move |(_, reference)| to.as_deref().is_none_or(|to| to == reference.to))
}
