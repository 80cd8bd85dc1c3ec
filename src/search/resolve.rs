//! From the steps of a name to the kind of the parameter at its end.
//!
//! Without a `:Type`, a chain leads to every type that the reference may have; the parameter at its end
//! must then be of one kind in all of those that know it, or its value could not be read. Sets of types
//! are carried from step to step, so that the work is bounded by the number of types, never by paths.

use std::borrow::Cow;

use smallvec::{SmallVec, smallvec};

use super::ParameterTypes;
use super::ast::ParameterKind;
use super::name::Step;

/// Parameters of R4 that no element's definition brings along, but that narrow a result: they are
/// always known, so that a server which cannot answer them refuses them instead of ignoring them.
const RESERVED: &[(&str, ParameterKind)] = &[
    ("_contained", ParameterKind::Token),
    ("_containedType", ParameterKind::Token),
    ("_content", ParameterKind::String),
    ("_filter", ParameterKind::Special),
    ("_list", ParameterKind::String),
    ("_query", ParameterKind::String),
    ("_text", ParameterKind::String),
];

/// The kind of a parameter of one resource.
pub(super) fn kind(
    types: &dyn ParameterTypes,
    resource: &str,
    name: &str,
) -> Option<ParameterKind> {
    types.kind(resource, name).or_else(|| {
        RESERVED
            .iter()
            .find(|(reserved, _)| *reserved == name)
            .map(|(_, kind)| *kind)
    })
}

/// Resource types; one, but for chains.
pub(super) type Resources<'a> = SmallVec<[&'a str; 1]>;

/// The parameter that a name ends in.
pub(super) struct Leaf<'a> {
    pub kind: ParameterKind,
    /// The resource types that it may be a parameter of: at least one.
    pub resources: Resources<'a>,
}

/// Follows `steps` from `resource`; the error is what a message says.
pub(super) fn leaf<'a>(
    types: &'a dyn ParameterTypes,
    resource: &'a str,
    steps: &[Step<'a>],
    parameter: &str,
) -> Result<Leaf<'a>, Cow<'static, str>> {
    let mut resources: Resources<'a> = smallvec![resource];
    for (index, step) in steps.iter().enumerate() {
        resources = match *step {
            Step::Link { parameter, target } => follow(types, &resources, parameter, target)
                .map_err(|problem| at_step(index, problem))?,
            Step::Has {
                resource: source,
                reference,
            } => {
                refers(types, &resources, source, reference)
                    .map_err(|problem| at_step(index, problem))?;
                smallvec![source]
            }
        };
    }
    resources.retain(|resource| kind(types, resource, parameter).is_some());
    let mut kinds = resources
        .iter()
        .filter_map(|resource| kind(types, resource, parameter));
    let first = kinds
        .next()
        .ok_or("no such parameter at the end of the chain")?;
    if kinds.any(|kind| kind != first) {
        return Err("several types have the parameter at the end of the chain; name one, as in subject:Patient.name".into());
    }
    Ok(Leaf {
        kind: first,
        resources,
    })
}

fn at_step(index: usize, problem: &str) -> Cow<'static, str> {
    format!("step {} of the chain {problem}", index + 1).into()
}

/// The types that a reference parameter of any of `resources` leads to.
fn follow<'a>(
    types: &'a dyn ParameterTypes,
    resources: &[&'a str],
    parameter: &str,
    target: Option<&'a str>,
) -> Result<Resources<'a>, &'static str> {
    let mut is_reference = false;
    let mut is_open = false;
    let mut targets = Resources::new();
    for resource in resources {
        if types.kind(resource, parameter) == Some(ParameterKind::Reference) {
            is_reference = true;
            let found = types.reference_targets(resource, parameter);
            is_open |= found.is_empty();
            targets.extend(found);
        }
    }
    if !is_reference {
        return Err("is not a reference parameter");
    }
    match target {
        Some(target) if is_open || targets.contains(&target) => Ok(smallvec![target]),
        Some(_) => Err("does not lead to the type that it names"),
        None if is_open => Err("may lead to any type; name one, as in subject:Patient.name"),
        None => {
            targets.sort_unstable();
            targets.dedup();
            Ok(targets)
        }
    }
}

/// Whether `source` has a reference parameter that leads to one of `resources`.
fn refers(
    types: &dyn ParameterTypes,
    resources: &[&str],
    source: &str,
    reference: &str,
) -> Result<(), &'static str> {
    if types.kind(source, reference) != Some(ParameterKind::Reference) {
        return Err("does not name a resource type and a reference parameter of it");
    }
    let targets = types.reference_targets(source, reference);
    if !targets.is_empty() && !resources.iter().any(|resource| targets.contains(resource)) {
        return Err("names a reference parameter that does not lead here");
    }
    Ok(())
}
