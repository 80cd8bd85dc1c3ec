//! Puts the parts of a mapping together, and derives what can be searched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::derive::{self, Derivation, Reason};
use super::diagnostic::{At, Problem};
use super::lines::Lines;
use super::schema::Schema;
use super::source::Compiled;
use super::{Mapping, Profile, Resource, Source, coverage, lacks, requirement, rules};
use crate::search::ParameterKind;

/// The mapping of sources that have no errors in them.
pub(super) fn mapping(id: &str, schema: Schema, compiled: Vec<(At<'_>, Compiled)>) -> Mapping {
    let mut resources: BTreeMap<&'static str, Resource> = BTreeMap::new();
    let mut found: Vec<(At<'_>, Compiled, Derivation)> = Vec::with_capacity(compiled.len());
    // Which resources claim such a profile is known when they are written, not to a search.
    let by_row: BTreeSet<&'static str> = compiled
        .iter()
        .map(|(_, compiled)| &compiled.source)
        .filter(|source| source.profiles.iter().any(Profile::is_by_row))
        .map(|source| source.resource)
        .collect();
    for (at, mut compiled) in compiled {
        let (source, section) = (&compiled.source, &mut compiled.section);
        if by_row.contains(source.resource)
            && !section.own.iter().any(|own| &*own.name == "_profile")
        {
            section.off.push(Arc::from("_profile"));
        }
        let derivation = derive::parameters(source, source.resource, &section.own, &section.off);
        found.push((at, compiled, derivation));
    }
    let withheld = withheld(&found);
    for (at, compiled, derivation) in &found {
        let source = &compiled.source;
        for unanswered in &compiled.unanswered {
            let key = (source.resource, Arc::clone(&unanswered.name));
            let parameter = derivation.parameters.get(&unanswered.name);
            let is_answered = parameter.is_some_and(|it| coverage::is_answered(it));
            if is_answered && !withheld.contains(&key) {
                let what = format!("{}?{}", source.resource, unanswered.name);
                lacks::not_lacking(*at, &unanswered.span, &what);
            }
        }
    }
    let mut sources = Vec::with_capacity(found.len());
    for (place, (at, compiled, derivation)) in found.into_iter().enumerate() {
        let mut source = compiled.source;
        source.search = derivation.parameters;
        source.references = derivation.references;
        source
            .search
            .retain(|name, _| !withheld.contains(&(source.resource, Arc::clone(name))));
        if let Some(span) = &compiled.required {
            requirement::check(at, &source, span);
        }
        let resource = resources
            .entry(source.resource)
            .or_insert_with(|| Resource {
                name: source.resource,
                sources: Vec::new(),
                parameters: BTreeMap::new(),
                profiles: Vec::new(),
                requires: Vec::new(),
            });
        resource.sources.push(place);
        for profile in &source.profiles {
            if !resource.profiles.contains(&profile.url) {
                resource.profiles.push(Arc::clone(&profile.url));
            }
        }
        if let Some(requirement) = &source.requires
            && !resource.requires.contains(requirement)
        {
            resource.requires.push(requirement.clone());
        }
        sources.push(Arc::new(source));
    }
    for resource in resources.values_mut() {
        let of_type: Vec<&Source> = resource
            .sources
            .iter()
            .filter_map(|place| sources.get(*place).map(|source| &**source))
            .collect();
        resource.parameters = derive::resource(&of_type);
    }
    let manifest = schema.manifest;
    Mapping {
        id: Arc::from(id),
        pms: manifest.pms.unwrap_or_else(|| Arc::clone(&manifest.name)),
        name: manifest.name,
        engine: manifest.engine,
        verified: manifest.verified,
        catalogues: manifest.catalogues,
        tables: schema.tables,
        sources,
        resources,
        practice: None,
        lacks: manifest
            .lacks
            .into_iter()
            .map(|lacking| (lacking.name, lacking.reason))
            .collect(),
        lines: Lines::default(),
        version: [0; 16],
    }
}

/// The parameters that are searched in a part of what they look at only, in any source of a type. They are
/// not offered: an answer would lack what is there, and `:missing` would have what is not.
fn withheld(found: &[(At<'_>, Compiled, Derivation)]) -> BTreeSet<(&'static str, Arc<str>)> {
    let mut withheld = BTreeSet::new();
    for (at, compiled, derivation) in found {
        let resource = compiled.source.resource;
        let offered_elsewhere = |name: &Arc<str>| {
            found.iter().any(|(_, other, derivation)| {
                other.source.resource == resource && derivation.parameters.contains_key(name)
            })
        };
        let unanswered = derivation.unsupported.iter().filter(|(name, reason)| {
            // Where nothing is, nothing is missed; what the author turns off is the author's word.
            !matches!(
                reason,
                Reason::NoElement
                    | Reason::Type(_)
                    | Reason::Off
                    | Reason::Special
                    | Reason::Phonetic
            ) && offered_elsewhere(name)
        });
        // A name or an address may be searched by its parts alone (R4, of `name` and `address`); what is joined of
        // them says nothing else.
        let by_parts = |name: &Arc<str>| {
            let parameter = derivation.parameters.get(name);
            parameter.is_some_and(|parameter| parameter.kind == ParameterKind::String)
        };
        let joined = Reason::of_joined_text();
        // A type that is not searched by this kind of parameter is nothing that it looks at.
        let partial = derivation.partial.iter().filter(|(name, reason)| {
            !matches!(reason, Reason::Type(_)) && (*reason != joined || !by_parts(name))
        });
        for (name, reason) in partial.chain(unanswered) {
            let missed = derivation.missed_at.get(name);
            let line = missed.filter(|place| place.file == at.file().path);
            let span = line.map_or(compiled.span.clone(), |place| at.line(place.line));
            at.report(
                Problem::new(
                    &rules::PARTLY_SEARCHED,
                    &span,
                    format!("`{name}` is not offered for {resource}: {reason}"),
                )
                .note("it would find only some of the resources that have what is asked for")
                .help(format!(
                    "say under `search:` what `{name}` looks at, or `{name}: off` if it is to be refused"
                )),
            );
            withheld.insert((resource, Arc::clone(name)));
        }
    }
    withheld
}
