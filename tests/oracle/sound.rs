//! What R4 asks of a resource beyond what fhirbolt's strict mode looks at: how many there may be of each element,
//! the codes of required bindings, the forms of primitives, that nothing is empty, and where references lead.
//!
//! Takes a resource's JSON; gives every problem with its path. Reads R4's definitions (`pilaster::fhir`), not the
//! mapping.

use std::collections::{BTreeMap, BTreeSet};

use pilaster::fhir::{
    Element, ElementRef, Primitive, Structure, StructureKind, TypeKind, ValueSet, resource_type,
    structure,
};
use serde_json::{Map, Value};

/// A literal reference of a resource to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// `Appointment.participant.actor`
    pub path: String,
    /// `Patient/1`
    pub to: String,
}

/// What there is to say of a resource, or a Bundle and all that is in it.
#[derive(Debug, Default)]
pub struct Findings {
    pub problems: Vec<String>,
    /// References to other resources of the server, each once.
    pub links: BTreeSet<Link>,
}

/// Judges a resource that is served under a base URL.
pub fn findings<'b>(resource: &'b Value, base: &'b str) -> Findings {
    let entries = resource["entry"].as_array().into_iter().flatten();
    let mut judge = Judge {
        base,
        contained: Vec::new(),
        named: entries
            .filter_map(|entry| {
                let name = entry["resource"]["resourceType"].as_str()?;
                Some((entry["fullUrl"].as_str()?, name))
            })
            .filter(|(url, _)| url.starts_with("urn:"))
            .collect(),
        findings: Findings::default(),
    };
    judge.resource(resource);
    judge.findings
}

struct Judge<'b> {
    base: &'b str,
    /// The ids of what the resources around contain.
    contained: Vec<String>,
    /// What of a Bundle has a URN: its type.
    named: BTreeMap<&'b str, &'b str>,
    findings: Findings,
}

impl Judge<'_> {
    fn problem(&mut self, path: &str, what: &str) {
        self.findings.problems.push(format!("{path}: {what}"));
    }

    fn resource(&mut self, resource: &Value) {
        let name = resource["resourceType"].as_str().unwrap_or_default();
        let found = structure(name).filter(|found| found.kind() == StructureKind::Resource);
        let (Some(structure), Some(object)) = (found, resource.as_object()) else {
            return self.problem(name, "no resource of R4");
        };
        let before = self.contained.len();
        let contained = resource["contained"].as_array().into_iter().flatten();
        self.contained
            .extend(contained.filter_map(|inner| inner["id"].as_str().map(str::to_owned)));
        self.object(object, structure, name);
        self.contained.truncate(before);
    }

    fn object(&mut self, object: &Map<String, Value>, structure: &'static Structure, path: &str) {
        if object.is_empty() {
            self.problem(path, "is empty");
        }
        for element in structure.elements() {
            self.cardinality(object, structure, element, path);
        }
        for (name, value) in object {
            if name == "resourceType" && structure.kind() == StructureKind::Resource {
                continue;
            }
            let own = name.strip_prefix('_').unwrap_or(name);
            let Some(property) = structure.element(own) else {
                self.problem(path, &format!("has a {name}, which R4 has not"));
                continue;
            };
            let other = match own == name {
                true => object.get(&format!("_{name}")),
                false => object.get(own),
            };
            let path = format!("{path}.{name}");
            self.property(property, own != name, value, other, &path);
        }
    }

    /// As many of an element as R4 asks for, and of one type only.
    fn cardinality(
        &mut self,
        object: &Map<String, Value>,
        structure: &'static Structure,
        element: &'static Element,
        path: &str,
    ) {
        let counts: Vec<usize> = structure
            .typed(element)
            .map(|property| {
                let name = property.json_name();
                let value = count(object.get(&*name));
                value.max(count(object.get(&format!("_{name}"))))
            })
            .collect();
        let there: usize = counts.iter().sum();
        let path = format!("{path}.{}", element.name());
        if there < element.min() as usize {
            self.problem(&path, &format!("there are {there}, not {}", element.min()));
        }
        if element.max().is_some_and(|max| there > max as usize) {
            self.problem(&path, &format!("there are {there}"));
        }
    }

    /// A property, or (`is_beside`) what stands beside the values of a primitive; `other` is then the values,
    /// and else what stands beside them.
    fn property(
        &mut self,
        property: ElementRef,
        is_beside: bool,
        value: &Value,
        other: Option<&Value>,
        path: &str,
    ) {
        if value.is_array() != property.is_list() {
            return self.problem(path, "a list where R4 has none, or none where it has one");
        }
        let values = list(value);
        if values.is_empty() {
            self.problem(path, "is empty");
        }
        for (place, value) in values.iter().enumerate() {
            let other = other.and_then(|other| list(other).get(place));
            if value.is_null() {
                // Of the two lists, one has something at each place.
                if !property.is_list() || other.is_none_or(Value::is_null) {
                    self.problem(path, "is null");
                }
            } else if is_beside {
                match (value.as_object(), structure("Element")) {
                    (Some(object), Some(element)) => self.object(object, element, path),
                    _ => self.problem(path, "is no element"),
                }
            } else {
                self.value(property, value, path);
                if let Some(codes) = property.binding()
                    && !is_bound(codes, value)
                {
                    self.problem(path, &format!("{value} has no code of {}", codes.name()));
                }
            }
        }
    }

    fn value(&mut self, property: ElementRef, value: &Value, path: &str) {
        match property.kind() {
            TypeKind::Primitive(primitive) => {
                if !has_form(primitive, value) {
                    self.problem(path, &format!("{value} is no {primitive}"));
                }
            }
            TypeKind::Resource => self.resource(value),
            TypeKind::Complex | TypeKind::Backbone | TypeKind::Extension => {
                let inner = property.structure().or_else(|| structure("Extension"));
                match (value.as_object(), inner) {
                    (Some(object), Some(inner)) => self.object(object, inner, path),
                    _ => self.problem(path, "is no object"),
                }
                if property.type_name() == "Reference" {
                    self.reference(property, value, path);
                }
            }
        }
    }

    fn reference(&mut self, property: ElementRef, value: &Value, path: &str) {
        let Some(to) = value["reference"].as_str() else {
            let says = |name: &str| value.get(name).is_some();
            if !says("identifier") && !says("display") && !says("extension") {
                self.problem(path, "says nothing of what it refers to");
            }
            return;
        };
        if let Some(id) = to.strip_prefix('#') {
            if !self.contained.iter().any(|contained| contained == id) {
                self.problem(path, &format!("{to} is not contained"));
            }
            return;
        }
        if to.starts_with("urn:") {
            match self.named.get(to).and_then(|name| resource_type(name)) {
                Some(target) if property.element_type().may_refer_to(target) => {}
                Some(_) => self.problem(path, &format!("may not refer to what {to} is")),
                None => self.problem(path, &format!("{to} is not in the Bundle")),
            }
            return;
        }
        let below = to.strip_prefix(self.base);
        let to = below.map_or(to, |rest| rest.trim_start_matches('/'));
        let (name, id) = to.split_once('/').unwrap_or((to, ""));
        let Some(target) = resource_type(name) else {
            return self.problem(path, &format!("{to} is no reference to a resource of R4"));
        };
        if !property.element_type().may_refer_to(target) {
            self.problem(path, &format!("may not refer to a {name}"));
        }
        if value.get("type").is_some_and(|said| said != name) {
            self.problem(path, &format!("{to} is not of the type that it says"));
        }
        if !Primitive::Id.check(id) {
            self.problem(path, &format!("{to} has no id"));
        }
        self.findings.links.insert(Link {
            path: path.to_owned(),
            to: to.to_owned(),
        });
    }
}

/// How many values a property has; nulls stand for values that are beside.
fn count(value: Option<&Value>) -> usize {
    match value {
        None => 0,
        Some(value) => list(value).len(),
    }
}

fn list(value: &Value) -> &[Value] {
    let one = std::slice::from_ref(value);
    value.as_array().map_or(one, Vec::as_slice)
}

/// The form of R4 and the type of JSON.
fn has_form(primitive: Primitive, value: &Value) -> bool {
    let is_number = matches!(
        primitive,
        Primitive::Integer | Primitive::UnsignedInt | Primitive::PositiveInt | Primitive::Decimal
    );
    match value {
        Value::Bool(_) => primitive == Primitive::Boolean,
        Value::Number(number) => is_number && primitive.check(&number.to_string()),
        Value::String(text) => {
            !is_number
                && primitive != Primitive::Boolean
                && primitive.check(text)
                && !text.trim().is_empty()
        }
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Whether a code, a Coding or one of a CodeableConcept's codings is of a value set.
fn is_bound(codes: &ValueSet, value: &Value) -> bool {
    if !codes.is_listed() {
        return true;
    }
    let is_coding = |coding: &Value| {
        let part = |name: &str| coding[name].as_str().unwrap_or_default();
        codes
            .codes()
            .any(|(system, code)| part("system") == system && part("code") == code)
    };
    match value {
        Value::String(code) => codes.has(code) == Some(true),
        Value::Object(_) => match value["coding"].as_array() {
            Some(codings) => codings.iter().any(is_coding),
            None => is_coding(value),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(json: &str) -> Vec<String> {
        findings(&serde_json::from_str(json).unwrap(), "http://x").problems
    }

    #[test]
    fn what_is_sound_has_no_problems() {
        let json = r##"{"resourceType":"Immunization","status":"completed","vaccineCode":{"text":"a"},"patient":{"reference":"Patient/1"},
            "contained":[{"resourceType":"Practitioner","id":"p"}],"performer":[{"actor":{"reference":"#p"}}],
            "_occurrenceDateTime":{"extension":[{"url":"urn:x","valueCode":"unknown"}]},
            "note":[{"text":"a"}],"reasonCode":[{"coding":[{"code":"a","_code":{"id":"c"}}]}],
            "meta":{"profile":["urn:x",null],"_profile":[null,{"id":"p"}]},"doseQuantity":{"value":1.10}}"##;
        let findings = findings(&serde_json::from_str(json).unwrap(), "http://x");
        assert_eq!(findings.problems, Vec::<String>::new());
        let links: Vec<&str> = findings.links.iter().map(|link| &*link.to).collect();
        assert_eq!(links, ["Patient/1"]);
    }

    #[test]
    fn a_urn_is_looked_for_in_the_bundle() {
        let problems_of = |name: &str, url: &str| {
            problems(&format!(
                r#"{{"resourceType":"Bundle","type":"document","entry":[
                {{"fullUrl":"urn:uuid:1","resource":{{"resourceType":"{name}","id":"1"}}}},
                {{"fullUrl":"urn:uuid:2","resource":{{"resourceType":"Patient","managingOrganization":{{"reference":"{url}"}}}}}}]}}"#
            ))
            .join("\n")
        };
        assert_eq!(problems_of("Organization", "urn:uuid:1"), "");
        assert!(problems_of("Organization", "urn:uuid:3").contains("is not in the Bundle"));
        assert!(problems_of("Device", "urn:uuid:1").contains("may not refer"));
    }

    #[test]
    fn each_problem_is_found() {
        for (fields, expected) in [
            (r#""name":[]"#, "Patient.name: is empty"),
            (r#""name":[{}]"#, "Patient.name: is empty"),
            (r#""name":{"family":"A"}"#, "Patient.name: a list where"),
            (r#""gender":"M""#, "has no code of administrative-gender"),
            (
                r#""name":[{"family":""}]"#,
                "Patient.name.family: \"\" is no string",
            ),
            (
                r#""name":[{"given":["A",null]}]"#,
                "Patient.name.given: is null",
            ),
            (r#""birthDate":null"#, "Patient.birthDate: is null"),
            (r#""_birthDate":{}"#, "Patient._birthDate: is empty"),
            (r#""birthDate":"1980-02-30""#, "is no date"),
            (r#""birthDate":1980"#, "is no date"),
            (r#""active":"true""#, "is no boolean"),
            (r#""multipleBirthInteger":1.5"#, "is no integer"),
            (
                r#""deceasedBoolean":true,"deceasedDateTime":"1980""#,
                "Patient.deceased[x]: there are 2",
            ),
            (r#""surname":"A""#, "which R4 has not"),
            (
                r#""communication":[{"preferred":true}]"#,
                "Patient.communication.language: there are 0",
            ),
            (
                r#""link":[{"type":"seealso","other":{"reference":"Device/1"}}]"#,
                "may not refer to a Device",
            ),
            (
                r#""managingOrganization":{"reference":"Smith/1"}"#,
                "no reference to a resource",
            ),
            (
                r##""managingOrganization":{"reference":"#o"}"##,
                "is not contained",
            ),
            (
                r#""managingOrganization":{"reference":"Organization/a_b"}"#,
                "has no id",
            ),
            (r#""managingOrganization":{}"#, "is empty"),
            (
                r#""contained":[{"resourceType":"Smith"}]"#,
                "no resource of R4",
            ),
        ] {
            let found = problems(&format!(r#"{{"resourceType":"Patient",{fields}}}"#));
            let found = found.join("\n");
            assert!(found.contains(expected), "{fields}: {found}");
        }
    }

    #[test]
    fn a_required_binding_holds_for_codings_with_their_system() {
        let status = |system: &str, code: &str| {
            format!(
                r#"{{"resourceType":"AllergyIntolerance","patient":{{"reference":"Patient/1"}},
                "clinicalStatus":{{"coding":[{{"system":"{system}","code":"{code}"}}]}}}}"#
            )
        };
        let system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
        assert_eq!(problems(&status(system, "active")), Vec::<String>::new());
        assert_eq!(problems(&status(system, "asleep")).len(), 1);
        assert_eq!(problems(&status("urn:x", "active")).len(), 1);
    }
}
