//! The path of an element in a resource, as AU Core writes it.

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::fhir::{ElementRef, Structure};

/// From the resource on: `name.family`, `onset[x]`, `identifier:ihi`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// At least one.
    pub steps: Vec<ElementName>,
}

/// An element of an object: a JSON property (`name`, `onsetDateTime`), or a choice whatever its type (`onset[x]`); of
/// a repeating one perhaps a slice only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementName {
    pub name: String,
    pub slice: Option<String>,
}

impl Path {
    /// None where a name is missing.
    pub fn parse(text: &str) -> Option<Path> {
        let steps = text.split('.').map(|step| {
            let (name, slice) = match step.split_once(':') {
                Some((name, slice)) => (name, Some(slice)),
                None => (step, None),
            };
            let is_there = !name.is_empty() && slice != Some("");
            is_there.then(|| ElementName {
                name: name.to_owned(),
                slice: slice.map(str::to_owned),
            })
        });
        Some(Path {
            steps: steps.collect::<Option<_>>()?,
        })
    }

    /// Whether this is the other, or an element in it: `component:SystolicBP` is within `component`, and `onsetAge`
    /// within `onset[x]`.
    pub fn is_within(&self, other: &Path) -> bool {
        self.steps.len() >= other.steps.len()
            && other.steps.iter().zip(&self.steps).all(|(outer, inner)| {
                outer.covers(&inner.name) && (outer.slice.is_none() || outer.slice == inner.slice)
            })
    }

    /// The first steps, up to and with a place.
    pub fn up_to(&self, place: usize) -> Path {
        Path {
            steps: self.steps.iter().take(place + 1).cloned().collect(),
        }
    }
}

impl ElementName {
    /// Whether a name is this one, or that of a choice with its type.
    fn covers(&self, name: &str) -> bool {
        self.name == name
            || self
                .name
                .strip_suffix("[x]")
                .and_then(|stem| name.strip_prefix(stem))
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    }

    /// Whether a JSON property of a structure is this element; `onsetDateTime` is `onset[x]`.
    pub fn is(&self, property: &str, structure: Option<&'static Structure>) -> bool {
        self.name == property
            || (self.name.ends_with("[x]")
                && structure
                    .and_then(|structure| structure.element(property))
                    .is_some_and(|element| element.definition().name() == self.name))
    }

    /// The properties that it may be in a structure: one, or those of a choice.
    pub fn properties(
        &self,
        structure: &'static Structure,
    ) -> impl Iterator<Item = ElementRef> + use<'_> {
        structure
            .properties()
            .filter(|element| self.is(&element.json_name(), Some(structure)))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.steps.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            f.write_str(&step.name)?;
            if let Some(slice) = &step.slice {
                write!(f, ":{slice}")?;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Path, D::Error> {
        let text = String::deserialize(from)?;
        Path::parse(&text).ok_or_else(|| serde::de::Error::custom("no path of elements"))
    }
}
