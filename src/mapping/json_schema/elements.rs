//! R4's resource types and datatypes as a mapping writes them.
//!
//! Takes R4's definitions; gives a definition for each resource type, and for each structure that one of them leads to,
//! as it stands alone and as an entry of a list. A datatype is defined once, wherever it is used.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::values::{self, Stands};
use super::{closed, list, reference, value_of};
use crate::fhir::{self, Element, ElementRef, Structure, TypeKind};

/// Adds them.
pub(super) fn define(definitions: &mut Map<String, Value>) {
    let mut elements = Elements::default();
    for ty in fhir::resource_types() {
        if let Some(structure) = fhir::structure(ty.name()) {
            elements.define(ty.name().to_owned(), structure, Place::Root);
        }
    }
    while let Some((name, (structure, place))) = elements.waiting.pop_first() {
        elements.define(name, structure, place);
    }
    definitions.extend(elements.done);
    definitions.insert("contained".to_owned(), contained());
}

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The resource of the source. What the source's own keys give is not an element.
    Root,
    /// Its `meta`, of which the same holds.
    Meta,
    /// Beside a primitive element, under its name with `_`.
    Beside,
    Inside(Stands),
}

impl Place {
    /// What follows from the source's own keys, and cannot be written here.
    fn set_elsewhere(self) -> &'static [&'static str] {
        match self {
            Place::Root => &["id"],
            Place::Meta => &["profile", "lastUpdated", "versionId"],
            Place::Beside | Place::Inside(_) => &[],
        }
    }
}

const BESIDE: &str = "Element-beside";

#[derive(Default)]
struct Elements {
    done: Map<String, Value>,
    /// Referred to and not defined yet.
    waiting: BTreeMap<String, (&'static Structure, Place)>,
    /// The sets of types that References lead to; each is a definition, by its place.
    targets: Vec<&'static [&'static str]>,
}

impl Elements {
    fn define(&mut self, name: String, structure: &'static Structure, place: Place) {
        let object = self.object(structure, place);
        let stands = match place {
            Place::Inside(stands) => stands,
            _ => Stands::Once,
        };
        let definition = match structure.name() {
            "Coding" | "CodeableConcept" => {
                let coded = reference(&values::value(values::CODED, stands));
                json!({ "anyOf": [object, coded] })
            }
            _ => object,
        };
        self.done.insert(name, definition);
    }

    fn need(&mut self, name: String, structure: &'static Structure, place: Place) -> Value {
        let reference = reference(&name);
        if !self.done.contains_key(&name) {
            self.waiting.insert(name, (structure, place));
        }
        reference
    }

    /// An object with R4's elements, and with what belongs to its place.
    fn object(&mut self, structure: &'static Structure, place: Place) -> Value {
        let mut properties = Map::new();
        if let Place::Inside(stands) = place {
            let keys = stands.keys().iter();
            properties.extend(keys.map(|key| (key.name.to_owned(), value_of(key))));
        }
        let mut beside: BTreeSet<String> = BTreeSet::new();
        for property in structure.properties() {
            let name = property.json_name().into_owned();
            if place.set_elsewhere().contains(&name.as_str()) {
                continue;
            }
            let mut value = self.property(property, place);
            // What every structure has is described where it is defined.
            if !is_inherited(structure, &name) {
                value["description"] = about(property).into();
            }
            if property.primitive().is_some() && !property.is_list() {
                beside.insert(name.clone());
            }
            properties.insert(name, value);
        }
        let required = structure.elements().filter(|element| {
            element.min() > 0 && !place.set_elsewhere().contains(&element.name())
        });
        let (one_of_several, alone): (Vec<&Element>, Vec<&Element>) =
            required.partition(|element| element.is_choice() || is_primitive(element));
        let mut object = closed(properties, alone.into_iter().map(Element::name));
        if let Some(element) = fhir::structure("Element").filter(|_| !beside.is_empty()) {
            let names: Vec<String> = beside.into_iter().collect();
            let pattern = format!("^_({})$", names.join("|"));
            let extensions = self.need(BESIDE.to_owned(), element, Place::Beside);
            object["patternProperties"] = json!({ pattern: extensions });
        }
        if !one_of_several.is_empty() {
            let each = one_of_several.into_iter().map(|it| given(structure, it));
            object["allOf"] = each.collect();
        }
        object
    }

    /// What may stand for an element: one, or a list.
    fn property(&mut self, property: ElementRef, place: Place) -> Value {
        if place == Place::Root && property.json_name() == "meta" {
            return match property.structure() {
                Some(meta) => self.need("Meta-root".to_owned(), meta, Place::Meta),
                None => json!({}),
            };
        }
        match property.is_list() {
            true => self.list(property),
            false => self.value(property, Stands::Once),
        }
    }

    /// A list of values. Lists of one type are alike, but for what a Reference may lead to.
    fn list(&mut self, property: ElementRef) -> Value {
        let entry = self.value(property, Stands::Entry);
        let Some(name) = entry["$ref"].as_str().and_then(|it| it.rsplit('/').next()) else {
            return list(entry);
        };
        let name = format!("{}-list", name.trim_end_matches("-entry"));
        let of_list = reference(&name);
        self.done.entry(name).or_insert_with(|| list(entry.clone()));
        of_list
    }

    fn value(&mut self, property: ElementRef, stands: Stands) -> Value {
        match (property.kind(), property.structure()) {
            (TypeKind::Primitive(_), _)
                if property.holder().name() == "Reference"
                    && property.json_name() == values::REFERENCE =>
            {
                reference(values::REFERENCE)
            }
            (TypeKind::Primitive(primitive), _) => {
                let set = property.binding().filter(|set| set.is_listed());
                let name = values::primitive(primitive, set, stands);
                if let Some(set) = set {
                    let code = || values::code(set, stands);
                    self.done.entry(name.clone()).or_insert_with(code);
                }
                reference(&name)
            }
            (TypeKind::Resource, _) => reference("contained"),
            (_, Some(structure)) => {
                let name = stands.name(structure.name());
                let object = self.need(name, structure, Place::Inside(stands));
                match property.type_name() {
                    "Reference" if !property.targets().is_empty() => {
                        json!({ "allOf": [object, self.targets(property.targets())] })
                    }
                    _ => object,
                }
            }
            // Every type that is not primitive has a structure.
            (_, None) => json!({}),
        }
    }

    /// What a Reference may lead to.
    fn targets(&mut self, targets: &'static [&'static str]) -> Value {
        let known = self.targets.iter().position(|known| *known == targets);
        let place = known.unwrap_or(self.targets.len());
        let name = format!("to-{place}");
        if known.is_none() {
            self.targets.push(targets);
            // R4 names some twice, and the words of an enum are distinct.
            let distinct: BTreeSet<&str> = targets.iter().copied().collect();
            let to = json!({ "properties": { "to": { "enum": distinct } } });
            let definition = json!({ "properties": { (values::REFERENCE): to } });
            self.done.insert(name.clone(), definition);
        }
        reference(&name)
    }
}

fn is_primitive(element: &Element) -> bool {
    let kinds = element.types().iter().map(|ty| ty.kind());
    !element.is_list()
        && kinds
            .into_iter()
            .any(|it| matches!(it, TypeKind::Primitive(_)))
}

/// One of an element's properties must be there, or what stands beside it.
fn given(structure: &'static Structure, element: &'static Element) -> Value {
    let mut names: Vec<String> = Vec::new();
    for property in structure.typed(element) {
        let name = property.json_name();
        if property.primitive().is_some() {
            names.push(format!("_{name}"));
        }
        names.push(name.into_owned());
    }
    // The element itself before what stands beside it: an editor names the first.
    names.sort_by_key(|name| name.starts_with('_'));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    super::has_any(&names)
}

/// Whether the structure has the element as all of its sort have it.
fn is_inherited(structure: &Structure, name: &str) -> bool {
    let of_base = ["DomainResource", "BackboneElement"]
        .into_iter()
        .filter_map(fhir::structure);
    structure.base().is_some()
        && of_base
            .flat_map(Structure::elements)
            .any(|element| element.name() == name)
}

/// `CodeableConcept, 0..1`, for a person who points at it.
fn about(property: ElementRef) -> String {
    let most = property
        .max()
        .map_or_else(|| "*".to_owned(), |max| max.to_string());
    let targets = match property.targets() {
        [] => String::new(),
        few @ ([_] | [_, _] | [_, _, _]) => format!("({})", few.join(" | ")),
        [first, second, more @ ..] => format!("({first} | {second} | {} more)", more.len()),
    };
    let set = match property.binding() {
        Some(set) => format!(", of {}", set.name()),
        None => String::new(),
    };
    let choice = match property.definition().is_choice() {
        true => format!(", one of {}", property.definition().name()),
        false => String::new(),
    };
    let (ty, min) = (property.type_name(), property.min());
    format!("{ty}{targets}, {min}..{most}{set}{choice}")
}

/// A resource in another one. What is in it is left to the checker: as a definition of its own for each type it would
/// be as large as all the rest.
fn contained() -> Value {
    json!({
        "type": "object",
        "required": ["resourceType"],
        "properties": { "resourceType": reference("resourceType") },
    })
}
