//! `lacks:` of a source or of the manifest: what the database has not, and why.
//!
//! Takes paths of elements, names of search parameters, and in the manifest resource types and AU Core's profiles,
//! each with a reason in the author's words; gives them checked. What is named must be something that R4 or AU Core
//! has, and must not be mapped after all: a reason that is no longer true is an error.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::coverage::{self, gives};
use super::diagnostic::{At, Problem};
use super::names::suggest;
use super::source::{Compiled, Compiler};
use super::vocabulary::{self, names};
use super::yaml::{Node, Pair, Span, get};
use super::{Field, rules, shape};
use crate::fhir::au_core::{Path, requirements};
use crate::fhir::{self, Structure};

/// What a source says that its table has not.
#[derive(Debug, Clone, Default)]
pub struct Lacks {
    /// With all that is in them.
    pub elements: Vec<(Path, Arc<str>)>,
    /// Search parameters, by name.
    pub search: BTreeMap<Arc<str>, Arc<str>>,
}

impl Lacks {
    /// Why the element cannot be: the reason of the element, or of what holds it.
    pub fn element(&self, path: &Path) -> Option<Arc<str>> {
        let found = self
            .elements
            .iter()
            .find(|(lacking, _)| path.is_within(lacking));
        found.map(|(_, reason)| Arc::clone(reason))
    }
}

/// A parameter that a source says it cannot answer: whether that is so is known when all sources are.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub name: Arc<str>,
    pub span: Span,
}

impl Compiler<'_> {
    /// Reads `lacks:` of a source whose elements have been compiled.
    pub(super) fn lacks(
        &self,
        node: &Node,
        resource: &'static str,
        fields: &[Field],
    ) -> (Lacks, Vec<Unanswered>) {
        let mut lacks = Lacks::default();
        let mut unanswered = Vec::new();
        let Some(pairs) = shape::map(self.at, node, "`lacks:`") else {
            return (lacks, unanswered);
        };
        shape::only(self.at, pairs, &names(&vocabulary::LACKS), "`lacks:`");
        for pair in entries(self.at, pairs, "elements") {
            let reason = reason(self.at, pair);
            let path = self.lacking_element(pair, resource);
            let (Some(path), Some(reason)) = (path, reason) else {
                continue;
            };
            match gives(resource, fields, &path) {
                true => not_lacking(self.at, &pair.key_span, &format!("{resource}.{path}")),
                false => lacks.elements.push((path, reason)),
            }
        }
        for pair in entries(self.at, pairs, "search") {
            let reason = reason(self.at, pair);
            if let (Some(name), Some(reason)) = (self.lacking_parameter(pair, resource), reason) {
                unanswered.push(Unanswered {
                    name: Arc::clone(&name),
                    span: pair.key_span.clone(),
                });
                lacks.search.insert(name, reason);
            }
        }
        (lacks, unanswered)
    }

    /// A path whose elements R4 has, and whose slices AU Core.
    fn lacking_element(&self, pair: &Pair, resource: &'static str) -> Option<Path> {
        let Some(path) = Path::parse(&pair.key) else {
            let message = format!("`{}` is no path of elements", shape::clip(&pair.key));
            self.at
                .report(Problem::new(&rules::LACKS, &pair.key_span, message).help(PATHS));
            return None;
        };
        let mut inside: Vec<&'static Structure> = fhir::structure(resource).into_iter().collect();
        for (depth, step) in path.steps.iter().enumerate() {
            let found: Vec<_> = inside
                .iter()
                .flat_map(|structure| step.properties(structure))
                .collect();
            if found.is_empty() {
                let what = inside.first().map_or("it", |structure| structure.name());
                let names: Vec<_> = inside
                    .iter()
                    .flat_map(|structure| structure.properties())
                    .map(|property| property.json_name())
                    .collect();
                let message = format!("{what} has no element `{}`", shape::clip(&step.name));
                self.at.report(
                    Problem::new(&rules::UNKNOWN_ELEMENT, &pair.key_span, message).maybe_help(
                        suggest(
                            &step.name,
                            names.iter().map(|name| &**name),
                            "its elements are",
                        ),
                    ),
                );
                return None;
            }
            let as_far = path.up_to(depth);
            if step.slice.is_some() && requirements().slice(resource, &as_far).is_none() {
                let start = format!("{resource}.");
                let slices: Vec<&str> = requirements()
                    .slices
                    .keys()
                    .filter_map(|slice| slice.strip_prefix(&start))
                    .collect();
                let message = format!(
                    "AU Core has no slice `{}` of {resource}",
                    shape::clip(&as_far.to_string())
                );
                self.at.report(
                    Problem::new(&rules::LACKS, &pair.key_span, message).maybe_help(suggest(
                        &as_far.to_string(),
                        slices.iter().copied(),
                        "it has",
                    )),
                );
                return None;
            }
            inside = found.iter().filter_map(|it| it.structure()).collect();
        }
        Some(path)
    }

    /// The name of a parameter that R4 or AU Core has.
    fn lacking_parameter(&self, pair: &Pair, resource: &'static str) -> Option<Arc<str>> {
        let asked = requirements().resources.get(resource);
        let names: Vec<&str> = fhir::parameters(resource)
            .map(|parameter| parameter.code)
            .chain(
                asked
                    .into_iter()
                    .flat_map(|asked| asked.parameters.keys().map(String::as_str)),
            )
            .collect();
        if names.contains(&pair.key.as_str()) {
            return Some(Arc::from(pair.key.as_str()));
        }
        let name = shape::clip(&pair.key);
        let message = format!("{resource} has no search parameter `{name}`");
        self.at.report(
            Problem::new(&rules::LACKS, &pair.key_span, message).maybe_help(suggest(
                &pair.key,
                names.iter().copied(),
                "it has",
            )),
        );
        None
    }
}

const PATHS: &str = "a path is written with dots, as `name.family`";

/// The entries of a key that may not be there itself.
fn entries<'n>(at: At<'_>, pairs: &'n [Pair], key: &str) -> &'n [Pair] {
    get(pairs, key)
        .and_then(|pair| shape::map(at, &pair.value, "what is lacking"))
        .unwrap_or_default()
}

fn reason(at: At<'_>, pair: &Pair) -> Option<Arc<str>> {
    shape::text(at, &pair.value, "the reason").map(Arc::from)
}

/// Reports that something is said to be lacking and is not.
pub(super) fn not_lacking(at: At<'_>, span: &Span, what: &str) {
    at.report(
        Problem::new(
            &rules::NOT_LACKING,
            span,
            format!("`{what}` is mapped, and so is not lacking"),
        )
        .help("take the entry out"),
    );
}

/// A type or profile of which the manifest says that the database has nothing.
#[derive(Debug, Clone)]
pub(super) struct LackingType {
    pub name: Arc<str>,
    pub reason: Arc<str>,
    pub span: Span,
}

/// Reads `lacks:` of the manifest.
pub(super) fn of_manifest(at: At<'_>, node: &Node) -> Vec<LackingType> {
    let all = requirements();
    let mut lacking = Vec::new();
    for pair in shape::map(at, node, "`lacks:`").unwrap_or_default() {
        let reason = reason(at, pair);
        let is_known =
            fhir::resource_type(&pair.key).is_some() || all.profiles.contains_key(&pair.key);
        if !is_known {
            let names: Vec<&str> = all
                .profiles
                .keys()
                .map(String::as_str)
                .chain(fhir::resource_types().map(|resource| resource.name()))
                .collect();
            let message = format!(
                "`{}` is no resource type of R4, and no profile of AU Core",
                shape::clip(&pair.key)
            );
            at.report(
                Problem::new(&rules::LACKS, &pair.key_span, message).maybe_help(suggest(
                    &pair.key,
                    names.iter().copied(),
                    "there are",
                )),
            );
            continue;
        }
        lacking.extend(reason.map(|reason| LackingType {
            name: Arc::from(pair.key.as_str()),
            reason,
            span: pair.key_span.clone(),
        }));
    }
    lacking
}

/// Reports each that a source gives all the same.
pub(super) fn check(at: At<'_>, lacking: &[LackingType], compiled: &[(At<'_>, Compiled)]) {
    for entry in lacking {
        let profile = requirements().profiles.get(&*entry.name);
        let is_given = compiled.iter().any(|(_, compiled)| match profile {
            Some(profile) => coverage::is_of(&compiled.source, profile),
            None => compiled.source.resource == &*entry.name,
        });
        if is_given {
            not_lacking(at, &entry.span, &entry.name);
        }
    }
}
