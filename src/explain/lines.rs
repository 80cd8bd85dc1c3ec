//! A search and its plan → the lines of the mapping that took part, and why each did.
//!
//! What an author asks of a command is which of the mapping's lines it comes from: where a source says its table and
//! rows, the elements that a searched or sorted parameter looks at, the lookups that are joined and the children
//! that are fetched, and the elements that are written. Lines are of the files as they were loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::Json;
use crate::fhir::compartment;
use crate::mapping::{Extent, Mapping, Matcher, Parameter, Source};
use crate::plan::Part;
use crate::search::{Filter, SearchRequest};

/// What says of a source which rows there are.
const KEYS: [&str; 6] = ["resource", "source", "table", "rows", "id", "requires"];

/// The lines of one file that took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileLines {
    /// Relative to the mapping's folder.
    pub file: Arc<str>,
    /// In their order; those of a part that is long are all there.
    pub lines: Vec<Line>,
    /// What they are there for.
    pub marks: Vec<Mark>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Counted from 1.
    pub number: u32,
    pub text: String,
}

/// Why lines took part, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mark {
    pub first: u32,
    pub last: u32,
    /// What of the search or of the answer.
    pub why: Why,
    /// The parameter's, lookup's, child's or element's name; of a source its resource type.
    pub name: Arc<str>,
}

/// What lines of a mapping are there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// Which rows there are.
    Source,
    /// A parameter of the search looks at it.
    Parameter,
    /// The answer is sorted by it.
    Sort,
    /// What goes with the page is found by it.
    Include,
    /// It is joined.
    Lookup,
    /// Its rows are fetched for the page.
    Child,
    /// It is written.
    Element,
}

/// The lines of a search, or, without a request, of a read. Of an answer that is there only what it holds counts as
/// written.
pub(super) fn of(
    mapping: &Mapping,
    request: Option<&SearchRequest>,
    parts: &[Part],
    included: &[Part],
    answer: Option<&Json>,
) -> Vec<FileLines> {
    let mut taken = Taken {
        mapping,
        marks: BTreeMap::new(),
    };
    let written = answer.map(Written::of);
    for part in parts.iter().chain(included) {
        let elements = match &written {
            None => None,
            Some(written) => match written.0.get(part.source.resource) {
                Some(elements) => Some(elements),
                // It was asked for its rows, and had none.
                None => {
                    if parts
                        .iter()
                        .any(|own| Arc::ptr_eq(&own.source, &part.source))
                    {
                        taken.source(part);
                    }
                    continue;
                }
            },
        };
        taken.source(part);
        taken.elements(part, elements);
    }
    if let Some(request) = request {
        taken.request(request, parts);
    }
    taken.finish()
}

/// The top-level elements in an answer, by resource type.
struct Written(BTreeMap<String, BTreeSet<String>>);

impl Written {
    fn of(answer: &Json) -> Written {
        let mut written = BTreeMap::new();
        let json = serde_json::from_str::<serde_json::Value>(answer.text()).unwrap_or_default();
        let entries = json["entry"].as_array().map_or(&[][..], Vec::as_slice);
        let inner = entries.iter().map(|entry| &entry["resource"]);
        for resource in std::iter::once(&json).chain(inner) {
            let (Some(ty), Some(fields)) =
                (resource["resourceType"].as_str(), resource.as_object())
            else {
                continue;
            };
            let elements: &mut BTreeSet<String> = written.entry(ty.to_owned()).or_default();
            // A primitive's own extension stands beside it, and is mapped with it.
            elements.extend(
                fields
                    .keys()
                    .map(|key| key.trim_start_matches('_').to_owned()),
            );
        }
        Written(written)
    }
}

struct Taken<'m> {
    mapping: &'m Mapping,
    marks: BTreeMap<Arc<str>, BTreeSet<Mark>>,
}

impl<'m> Taken<'m> {
    fn mark(&mut self, extent: Extent, why: Why, name: &str) {
        let Extent { file, first, last } = extent;
        self.marks.entry(file).or_default().insert(Mark {
            first,
            last,
            why,
            name: name.into(),
        });
    }

    /// Which rows a part reads, what is joined to them and what is fetched for them.
    fn source(&mut self, part: &Part) {
        let source = &part.source;
        let file = &source.place.file;
        for key in KEYS {
            if let Some(extent) = self.mapping.lines.section(file, key) {
                self.mark(extent, Why::Source, source.resource);
            }
        }
        let joined = super::joined(&part.select);
        for join in &source.relation.joins {
            if joined & (1 << join.index) != 0 {
                let alias = &join.table.alias;
                if let Some(extent) = self.mapping.lines.inner(file, "lookups", alias) {
                    self.mark(extent, Why::Lookup, alias);
                }
            }
        }
        if part.select.count_only {
            return;
        }
        for view in &part.view.children {
            let name = &view.child.name;
            if let Some(extent) = self.mapping.lines.inner(file, "children", name) {
                self.mark(extent, Why::Child, name);
            }
        }
    }

    /// What a part's resources are written of; of all that the view has, or of these elements.
    fn elements(&mut self, part: &Part, only: Option<&BTreeSet<String>>) {
        if part.select.count_only {
            return;
        }
        let viewed: Vec<_> = part
            .view
            .elements
            .iter()
            .map(|it| &it.field.place)
            .collect();
        for field in &part.source.elements {
            let is_written =
                only.is_none_or(|only| only.contains(field.name.trim_start_matches('_')));
            if is_written && viewed.contains(&&field.place) {
                let extent = self.mapping.lines.extent(&field.place);
                self.mark(extent, Why::Element, &field.name);
            }
        }
    }

    fn request(&mut self, request: &SearchRequest, parts: &[Part]) {
        let sources: Vec<&Source> = parts.iter().map(|part| &*part.source).collect();
        for filter in &request.filters {
            self.filter(filter, &sources);
        }
        for key in &request.sort {
            self.parameter(&key.parameter, Why::Sort, &sources);
        }
        if let Some(of) = &request.compartment {
            for source in &sources {
                let member = compartment::membership(&of.resource, source.resource);
                for name in member.into_iter().flat_map(|member| &member.parameters) {
                    self.parameter(name, Why::Parameter, &[source]);
                }
            }
        }
        for include in &request.includes {
            let of_type = include.source.as_deref().map(|name| self.of_type(name));
            let of_type = of_type.unwrap_or_default();
            if let Some(name) = &include.parameter {
                self.parameter(name, Why::Include, &of_type);
            }
        }
    }

    fn filter(&mut self, filter: &Filter, sources: &[&Source]) {
        match filter {
            Filter::Parameter(parameter) => {
                self.parameter(&parameter.name, Why::Parameter, sources)
            }
            Filter::Chain { link, filter } => {
                self.parameter(&link.parameter, Why::Parameter, sources);
                let types: BTreeSet<&str> = match &link.target {
                    Some(target) => [target.as_str()].into(),
                    None => sources
                        .iter()
                        .filter_map(|source| source.search.get(link.parameter.as_str()))
                        .flat_map(|parameter| leads_to(parameter))
                        .collect(),
                };
                let next: Vec<&Source> = types.iter().flat_map(|name| self.of_type(name)).collect();
                self.filter(filter, &next);
            }
            Filter::Has {
                resource,
                reference,
                filter,
            } => {
                let next = self.of_type(resource);
                self.parameter(reference, Why::Parameter, &next);
                self.filter(filter, &next);
            }
        }
    }

    fn parameter(&mut self, name: &str, why: Why, sources: &[&Source]) {
        for source in sources {
            let lines = &self.mapping.lines;
            let file = &source.place.file;
            let extents = match (name, source.search.get(name)) {
                ("_id", _) => lines.section(file, "id").into_iter().collect(),
                ("_profile", _) => lines.section(file, "profile").into_iter().collect(),
                (_, Some(parameter)) => {
                    let places = parameter.places.iter();
                    places.map(|place| lines.extent(place)).collect()
                }
                (_, None) => Vec::new(),
            };
            for extent in extents {
                self.mark(extent, why, name);
            }
        }
    }

    fn of_type(&self, name: &str) -> Vec<&'m Source> {
        let mapping = self.mapping;
        let of_type = mapping.resources.get(name).into_iter();
        of_type
            .flat_map(|resource| &resource.sources)
            .filter_map(|place| mapping.sources.get(*place).map(|source| &**source))
            .collect()
    }

    fn finish(self) -> Vec<FileLines> {
        let lines = &self.mapping.lines;
        let of_file = |(file, marks): (Arc<str>, BTreeSet<Mark>)| {
            let numbers: BTreeSet<u32> = marks
                .iter()
                .flat_map(|mark| mark.first..=mark.last)
                .collect();
            let with_text = |number| {
                Some(Line {
                    number,
                    text: lines.text(&file, number)?.to_owned(),
                })
            };
            FileLines {
                lines: numbers.into_iter().filter_map(with_text).collect(),
                marks: marks.into_iter().collect(),
                file,
            }
        };
        let files = self.marks.into_iter().map(of_file);
        files.filter(|file| !file.lines.is_empty()).collect()
    }
}

/// The types that a reference parameter leads to.
fn leads_to(parameter: &Parameter) -> impl Iterator<Item = &'static str> {
    parameter
        .targets
        .iter()
        .filter_map(|target| match &target.matcher {
            Matcher::Reference(reference) => Some(reference.to),
            _ => None,
        })
}
