//! The structures of R4: resource types, datatypes and the elements inside them.
//!
//! Takes names, as a mapping or a request writes them; gives what R4 says of them
//! (<http://hl7.org/fhir/R4/elementdefinition.html>, <http://hl7.org/fhir/R4/json.html>).
//!
//! A [`Structure`] is anything that holds elements: a resource, a datatype, or an inner structure such
//! as `Patient.contact`, which is named by its path. An [`Element`] is one element as R4 defines it,
//! `deceased[x]` with both of its types. An [`ElementRef`] is one JSON property: an element with one
//! of its types, `deceasedDateTime`. Mappings and writers speak of properties, search parameters of
//! elements, and so both have a name here. Elements that a type inherits (`id`, `extension`, `meta`)
//! are its elements like any other.

mod text;

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::primitive::Primitive;

/// A concrete resource type of R4, such as `Patient`. Neither `Resource` nor `DomainResource` is one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType(&'static str);

impl ResourceType {
    /// The name as R4 writes it.
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What holds elements.
#[derive(Debug)]
pub struct Structure {
    name: &'static str,
    kind: StructureKind,
    base: Option<&'static str>,
    /// Places in [`Tables::elements`], those of the base first. Inherited elements are shared.
    elements: Box<[u16]>,
}

/// What sort of structure one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StructureKind {
    /// `Patient`.
    Resource,
    /// `Resource` and `DomainResource`.
    AbstractResource,
    /// `HumanName`; also `Element`, `BackboneElement` and `Extension`.
    Datatype,
    /// `Patient.contact`, `Timing.repeat`: defined where it stands.
    Backbone,
}

/// One element as R4 defines it, with all of its types.
#[derive(Debug)]
pub struct Element {
    name: &'static str,
    min: u32,
    max: Option<u32>,
    summary: bool,
    modifier: bool,
    types: Box<[ElementType]>,
    value_set: Option<u16>,
}

/// One of the types that an element may have.
#[derive(Debug)]
pub struct ElementType {
    name: &'static str,
    profile: Option<&'static str>,
    kind: TypeKind,
    structure: Option<u16>,
    targets: Box<[&'static str]>,
}

/// How a value of a type is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// One JSON value.
    Primitive(Primitive),
    /// An object of a datatype, `Reference` among them.
    Complex,
    /// An object whose elements are defined in place.
    Backbone,
    /// Any resource (`contained`, `Bundle.entry.resource`).
    Resource,
    /// An extension.
    Extension,
}

/// A value set that an element is bound to with strength required.
#[derive(Debug)]
pub struct ValueSet {
    name: &'static str,
    listed: bool,
    codes: Vec<(&'static str, Vec<&'static str>)>,
}

/// One JSON property of a structure: an element with one of its types.
#[derive(Clone, Copy)]
pub struct ElementRef {
    structure: &'static Structure,
    element: &'static Element,
    element_type: &'static ElementType,
}

/// All of R4, as read from the text.
#[derive(Debug, Default)]
struct Tables {
    structures: Vec<Structure>,
    elements: Vec<Element>,
    value_sets: Vec<ValueSet>,
    structures_by_name: FxHashMap<&'static str, u16>,
    value_sets_by_name: FxHashMap<&'static str, u16>,
    resource_types: Vec<ResourceType>,
}

/// The text is a constant of the program, and a test holds that it reads without an error: the
/// default, which is empty, is never used.
static TABLES: LazyLock<Tables> = LazyLock::new(|| text::read().unwrap_or_default());

/// The resource type of that name; case counts (R4 §3.1.0.1.2).
pub fn resource_type(name: &str) -> Option<ResourceType> {
    let structure = structure(name)?;
    (structure.kind == StructureKind::Resource).then_some(ResourceType(structure.name))
}

/// Every concrete resource type, by name.
pub fn resource_types() -> impl ExactSizeIterator<Item = ResourceType> {
    TABLES.resource_types.iter().copied()
}

/// The structure of that name: `Patient`, `HumanName`, `Patient.contact`, `Resource`. Primitive types
/// are not structures: see [`Primitive::named`].
pub fn structure(name: &str) -> Option<&'static Structure> {
    let tables = &*TABLES;
    let place = *tables.structures_by_name.get(name)?;
    tables.structures.get(usize::from(place))
}

/// Every structure: datatypes, then resource types, each followed by its inner structures.
pub fn structures() -> impl ExactSizeIterator<Item = &'static Structure> {
    TABLES.structures.iter()
}

/// The value set of that name (the last part of its canonical URL), where a required binding uses it.
pub fn value_set(name: &str) -> Option<&'static ValueSet> {
    let tables = &*TABLES;
    let place = *tables.value_sets_by_name.get(name)?;
    tables.value_sets.get(usize::from(place))
}

impl Structure {
    /// The type's name, or the path of an inner structure.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What sort of structure this is.
    pub fn kind(&self) -> StructureKind {
        self.kind
    }

    /// The name of the structure that it extends: `DomainResource` for Patient; none for Element and Resource.
    pub fn base(&self) -> Option<&'static str> {
        self.base
    }

    /// The elements as R4 defines them, in R4's order (the order of XML, and of JSON by custom).
    pub fn elements(&self) -> impl Iterator<Item = &'static Element> + use<'_> {
        let tables = &*TABLES;
        self.elements
            .iter()
            .filter_map(|place| tables.elements.get(usize::from(*place)))
    }

    /// The JSON properties in R4's order; a choice gives one for each of its types.
    pub fn properties(&'static self) -> impl Iterator<Item = ElementRef> {
        self.elements().flat_map(move |element| self.typed(element))
    }

    /// The property of that JSON name: `name`, `deceasedDateTime`; not `deceased`, and not the
    /// `_birthDate` of a primitive's extensions.
    pub fn element(&'static self, json_name: &str) -> Option<ElementRef> {
        self.elements().find_map(|element| {
            let element_type = match element.choice_stem() {
                None => (element.name == json_name).then(|| element.types.first())?,
                Some(stem) => {
                    let suffix = json_name.as_bytes().strip_prefix(stem.as_bytes())?;
                    element
                        .types
                        .iter()
                        .find(|t| is_choice_suffix(suffix, t.name))
                }
            }?;
            Some(ElementRef {
                structure: self,
                element,
                element_type,
            })
        })
    }

    /// The element of that FHIRPath name: `name`, `deceased`.
    pub fn definition(&self, fhirpath_name: &str) -> Option<&'static Element> {
        self.elements()
            .find(|element| element.stem() == fhirpath_name)
    }

    /// The properties of one of this structure's elements, one for each type.
    pub fn typed(&'static self, element: &'static Element) -> impl Iterator<Item = ElementRef> {
        element.types.iter().map(move |element_type| ElementRef {
            structure: self,
            element,
            element_type,
        })
    }
}

/// Whether `suffix` is the type's name with its first letter in upper case.
fn is_choice_suffix(suffix: &[u8], type_name: &str) -> bool {
    match (suffix.split_first(), type_name.as_bytes().split_first()) {
        (Some((a, rest)), Some((b, name_rest))) => {
            *a == b.to_ascii_uppercase() && rest == name_rest
        }
        _ => false,
    }
}

impl Element {
    /// As R4 writes it: `name`, `deceased[x]`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// As FHIRPath writes it: `name`, `deceased`.
    pub fn stem(&self) -> &'static str {
        self.choice_stem().unwrap_or(self.name)
    }

    /// Whether the type is part of the JSON name.
    pub fn is_choice(&self) -> bool {
        self.choice_stem().is_some()
    }

    fn choice_stem(&self) -> Option<&'static str> {
        self.name.strip_suffix("[x]")
    }

    /// How many there must be.
    pub fn min(&self) -> u32 {
        self.min
    }

    /// How many there may be; None for any number.
    pub fn max(&self) -> Option<u32> {
        self.max
    }

    /// Whether it is a JSON array.
    pub fn is_list(&self) -> bool {
        self.max != Some(1)
    }

    /// Whether `_summary=true` keeps it (R4 §3.1.1.5.9.2).
    pub fn is_summary(&self) -> bool {
        self.summary
    }

    /// Whether it may change the meaning of what holds it.
    pub fn is_modifier(&self) -> bool {
        self.modifier
    }

    /// Its types; one, unless it is a choice.
    pub fn types(&self) -> &[ElementType] {
        &self.types
    }

    /// The value set of a required binding.
    pub fn binding(&self) -> Option<&'static ValueSet> {
        TABLES.value_sets.get(usize::from(self.value_set?))
    }
}

impl ElementType {
    /// The type's name: `dateTime`, `HumanName`, `Quantity`, `BackboneElement`, `Element`, `Resource`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The profile that the definition asks for: only ever `SimpleQuantity`, a Quantity without comparator.
    pub fn profile(&self) -> Option<&'static str> {
        self.profile
    }

    /// How its values are written.
    pub fn kind(&self) -> TypeKind {
        self.kind
    }

    /// The structure of its values, a contentReference followed; None for primitives.
    pub fn structure(&self) -> Option<&'static Structure> {
        TABLES.structures.get(usize::from(self.structure?))
    }

    /// The resource types that a Reference or a canonical may lead to; empty for any.
    pub fn targets(&self) -> &[&'static str] {
        &self.targets
    }

    /// Whether a Reference or a canonical may lead to that resource type.
    pub fn may_refer_to(&self, resource: ResourceType) -> bool {
        self.targets.is_empty() || self.targets.contains(&resource.name())
    }
}

impl ElementRef {
    /// The name in JSON: `deceasedDateTime`.
    pub fn json_name(&self) -> Cow<'static, str> {
        match self.element.choice_stem() {
            None => Cow::Borrowed(self.element.name),
            Some(stem) => {
                let mut name = String::with_capacity(stem.len() + self.element_type.name.len());
                name.push_str(stem);
                let mut letters = self.element_type.name.chars();
                name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                name.push_str(letters.as_str());
                Cow::Owned(name)
            }
        }
    }

    /// The path as R4 writes it, from the structure's own name: `Patient.contact.name`,
    /// `Patient.deceased[x]`, `HumanName.family`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.structure.name, self.element.name)
    }

    /// The structure that holds it.
    pub fn holder(&self) -> &'static Structure {
        self.structure
    }

    /// The element as R4 defines it, with its other types.
    pub fn definition(&self) -> &'static Element {
        self.element
    }

    /// The one type.
    pub fn element_type(&self) -> &'static ElementType {
        self.element_type
    }

    /// The one type's name: `dateTime`.
    pub fn type_name(&self) -> &'static str {
        self.element_type.name
    }

    /// How its values are written.
    pub fn kind(&self) -> TypeKind {
        self.element_type.kind
    }

    /// The primitive type, if it is one.
    pub fn primitive(&self) -> Option<Primitive> {
        match self.element_type.kind {
            TypeKind::Primitive(primitive) => Some(primitive),
            _ => None,
        }
    }

    /// The structure of its values; None for primitives.
    pub fn structure(&self) -> Option<&'static Structure> {
        self.element_type.structure()
    }

    /// How many there must be.
    pub fn min(&self) -> u32 {
        self.element.min
    }

    /// How many there may be; None for any number.
    pub fn max(&self) -> Option<u32> {
        self.element.max
    }

    /// Whether it is a JSON array.
    pub fn is_list(&self) -> bool {
        self.element.is_list()
    }

    /// Whether `_summary=true` keeps it.
    pub fn is_summary(&self) -> bool {
        self.element.summary
    }

    /// Whether it may change the meaning of what holds it.
    pub fn is_modifier(&self) -> bool {
        self.element.modifier
    }

    /// The value set of a required binding.
    pub fn binding(&self) -> Option<&'static ValueSet> {
        self.element.binding()
    }

    /// The resource types that a Reference or a canonical may lead to; empty for any.
    pub fn targets(&self) -> &'static [&'static str] {
        &self.element_type.targets
    }
}

impl fmt::Debug for ElementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.structure.name, self.json_name())
    }
}

impl PartialEq for ElementRef {
    /// The same property of the same structure.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.structure, other.structure)
            && std::ptr::eq(self.element_type, other.element_type)
    }
}

impl Eq for ElementRef {}

impl ValueSet {
    /// The last part of the canonical URL, `administrative-gender`; the whole URL where it is not HL7's own.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The canonical URL.
    pub fn url(&self) -> Cow<'static, str> {
        if self.name.starts_with("http") {
            Cow::Borrowed(self.name)
        } else {
            Cow::Owned(format!("http://hl7.org/fhir/ValueSet/{}", self.name))
        }
    }

    /// Whether its codes are known here; those of MIME types, currencies, units and the very large are not.
    pub fn is_listed(&self) -> bool {
        self.listed
    }

    /// Its codes, each with its system, in R4's order; none when it is not listed.
    pub fn codes(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<'_> {
        self.codes
            .iter()
            .flat_map(|(system, codes)| codes.iter().map(move |code| (*system, *code)))
    }

    /// Whether it has that code; None when its codes are not listed. Case counts.
    pub fn has(&self, code: &str) -> Option<bool> {
        self.listed
            .then(|| self.codes().any(|(_, listed)| listed == code))
    }

    /// The system of that code.
    pub fn system_of(&self, code: &str) -> Option<&'static str> {
        self.codes()
            .find_map(|(system, listed)| (listed == code).then_some(system))
    }
}

#[cfg(test)]
mod tests;
