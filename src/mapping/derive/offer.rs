//! What a resource type offers: the parameters of all its sources together.
//!
//! Takes the sources, their parameters derived; gives what the CapabilityStatement says. A parameter is
//! offered where any source answers it (the others answer it with no rows), with the modifiers that any
//! of them answers, and is sortable where all that answer it sort by keys that compare with each other: rows of
//! the others have no value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::mapping::{Matcher, Parameter, ParameterInfo, Sorted, Source};
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
            let sorted = sorted(&parameters);
            let info = ParameterInfo {
                kind: first.kind,
                url: Arc::clone(&first.url),
                documentation: Some(documentation(first.kind, &modifiers, sorted.is_some()).into()),
                modifiers,
                sorted,
                name: Arc::clone(&name),
            };
            Some((name, info))
        })
        .collect()
}

/// How the keys of all compare with each other; None where they do not. Keys alike do so one by one: as a database
/// compares them, it is as exact as can be.
fn sorted(parameters: &[&Parameter]) -> Option<Sorted> {
    let classes = |parameter: &Parameter| -> Vec<sort::Class> {
        parameter.sort.iter().map(sort::class_of).collect()
    };
    let (first, rest) = parameters.split_first()?;
    let of_first = classes(first);
    let same_keys = rest.iter().all(|other| classes(other) == of_first);
    let same_moments = rest.iter().all(|other| other.moment == first.moment);
    let all_moments = parameters
        .iter()
        .all(|parameter| parameter.moment.is_some());
    if of_first.is_empty() {
        None
    } else if same_keys && (same_moments || !all_moments) {
        Some(Sorted::Keys(of_first.len()))
    } else {
        all_moments.then_some(Sorted::Moments)
    }
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
