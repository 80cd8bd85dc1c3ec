//! What a resource type offers: the parameters of all its sources together.
//!
//! Takes the sources, their parameters derived; gives what the CapabilityStatement says. A parameter is
//! offered where any source answers it (the others answer it with no rows), with the modifiers that any
//! of them answers, and is sortable where all of them sort by keys that compare with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::mapping::{Matcher, Parameter, ParameterInfo, Source};
use crate::search::{Modifier, ParameterKind};

use super::sort;

/// The parameters of a resource type, by name. `sources` are all of one type.
pub fn resource(sources: &[&Source]) -> BTreeMap<Arc<str>, ParameterInfo> {
    let mut of_all: BTreeMap<Arc<str>, Vec<&Parameter>> = BTreeMap::new();
    for source in sources {
        for (name, parameter) in &source.search {
            of_all.entry(Arc::clone(name)).or_default().push(parameter);
        }
    }
    of_all
        .into_iter()
        .filter_map(|(name, parameters)| {
            let first = parameters.first()?;
            let modifiers = modifiers(&parameters);
            let sortable = parameters.len() == sources.len() && sort_alike(&parameters);
            let info = ParameterInfo {
                kind: first.kind,
                url: Arc::clone(&first.url),
                documentation: Some(documentation(first.kind, &modifiers, sortable).into()),
                modifiers,
                sortable,
                name: Arc::clone(&name),
            };
            Some((name, info))
        })
        .collect()
}

/// All have keys, as many, and such as compare with each other.
fn sort_alike(parameters: &[&Parameter]) -> bool {
    let classes = |parameter: &Parameter| -> Vec<sort::Class> {
        parameter.sort.iter().map(sort::class_of).collect()
    };
    let Some(first) = parameters.first().map(|parameter| classes(parameter)) else {
        return false;
    };
    !first.is_empty()
        && parameters
            .iter()
            .all(|parameter| classes(parameter) == first)
}

/// The modifiers that the parameters answer, in the order of R4 §3.1.1.4.5; types of references by name.
fn modifiers(parameters: &[&Parameter]) -> Vec<Modifier> {
    let kind = parameters.first().map(|parameter| parameter.kind);
    let mut set = BTreeSet::from([Modifier::Missing]);
    match kind {
        // R4 §3.1.1.4.5 gives `:missing` to all parameters but combinations.
        Some(ParameterKind::Composite) => return Vec::new(),
        Some(ParameterKind::String) => set.extend([Modifier::Exact, Modifier::Contains]),
        Some(ParameterKind::Token) => {
            set.insert(Modifier::Not);
        }
        _ => {}
    }
    let mut untyped = false;
    for target in parameters.iter().flat_map(|parameter| &parameter.targets) {
        match (&target.matcher, kind) {
            (Matcher::Text(_), Some(ParameterKind::Token)) => {
                set.insert(Modifier::Text);
            }
            (Matcher::Token(token), Some(ParameterKind::Token)) => match token.types.as_deref() {
                Some([]) => {}
                Some(_) => {
                    set.insert(Modifier::OfType);
                }
                None => untyped = true,
            },
            (Matcher::Token(_), Some(ParameterKind::Reference)) => {
                set.insert(Modifier::Identifier);
            }
            (Matcher::Reference(reference), _) => {
                set.insert(Modifier::Type(reference.to.to_owned()));
            }
            _ => {}
        }
    }
    if untyped {
        set.remove(&Modifier::OfType);
    }
    set.into_iter().collect()
}

/// One sentence: what a search by the parameter can say.
fn documentation(kind: ParameterKind, modifiers: &[Modifier], sortable: bool) -> String {
    if kind == ParameterKind::Composite {
        return "Takes a value for each component, joined by $, and no modifier; it is not sortable."
            .to_owned();
    }
    let mut sentence = String::from("Takes the ");
    if matches!(
        kind,
        ParameterKind::Date | ParameterKind::Number | ParameterKind::Quantity
    ) {
        sentence.push_str("prefixes eq, ne, gt, lt, ge, le, sa, eb and ap, and the ");
    }
    sentence.push_str(if modifiers.len() == 1 {
        "modifier "
    } else {
        "modifiers "
    });
    for (index, modifier) in modifiers.iter().enumerate() {
        match index {
            0 => {}
            _ if index + 1 == modifiers.len() => sentence.push_str(" and "),
            _ => sentence.push_str(", "),
        }
        sentence.push(':');
        sentence.push_str(modifier.word());
    }
    sentence.push_str(if sortable {
        "; results can be sorted by it."
    } else {
        "; it is not sortable."
    });
    sentence
}
