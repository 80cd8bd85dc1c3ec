//! The document: a Bundle that begins with its Composition (<http://hl7.org/fhir/R4/documents.html>).
//!
//! In it are the resources that the Composition leads to, as far as they were read, each once. Those of the practice
//! have the URLs by which they are served, and refer to each other as they do there; what is made for the document
//! alone has a UUID, and so refers by whole URLs (<http://hl7.org/fhir/R4/bundle.html#references>).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;
use serde_json::Value;

use super::asked::BUNDLE_PROFILE;
use super::gather::Resource;
use super::words;
use crate::fhir::Primitive;
use crate::site::answer::new_id;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Composition<'a> {
    pub resource_type: &'static str,
    pub id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
    pub text: Narrative,
    pub status: &'static str,
    #[serde(rename = "type")]
    pub ty: CodeableConcept,
    pub subject: Reference<'a>,
    pub date: &'a str,
    pub author: [Reference<'a>; 1],
    pub title: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custodian: Option<Reference<'a>>,
    pub section: Vec<Section<'a>>,
}

/// A section of it, which always lists something.
#[derive(Serialize)]
pub(super) struct Section<'a> {
    pub title: &'static str,
    pub code: CodeableConcept,
    pub text: Narrative,
    pub entry: Vec<Reference<'a>>,
}

#[derive(Serialize)]
pub(super) struct Meta {
    pub profile: [&'static str; 1],
}

#[derive(Serialize)]
pub(super) struct Narrative {
    status: &'static str,
    div: String,
}

impl Narrative {
    pub fn generated(div: String) -> Narrative {
        Narrative {
            status: "generated",
            div,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Reference<'a> {
    pub reference: &'a str,
}

#[derive(Serialize)]
pub(super) struct CodeableConcept {
    pub coding: Vec<Coding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Coding {
    pub system: &'static str,
    pub code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<&'static str>,
}

impl CodeableConcept {
    /// LOINC words its names anew from time to time; titles say what a code is about.
    pub fn of(system: &'static str, code: &'static str) -> CodeableConcept {
        CodeableConcept {
            coding: vec![Coding {
                system,
                code,
                display: None,
            }],
            text: None,
        }
    }
}

/// The program, as the author of a document of a practice that says nothing of itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Device<'a> {
    resource_type: &'static str,
    id: &'a str,
    device_name: [DeviceName; 1],
    version: [DeviceVersion; 1],
}

#[derive(Serialize)]
struct DeviceName {
    name: &'static str,
    #[serde(rename = "type")]
    ty: &'static str,
}

#[derive(Serialize)]
struct DeviceVersion {
    value: &'static str,
}

/// The program as a resource.
///
/// # Errors
/// None that is known: it is plain data.
pub(super) fn device(id: &str) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Device {
        resource_type: "Device",
        id,
        device_name: [DeviceName {
            name: "Pilaster",
            ty: "model-name",
        }],
        version: [DeviceVersion {
            value: env!("CARGO_PKG_VERSION"),
        }],
    })
}

/// A URL for what is made for one document.
pub(super) fn urn(id: &str) -> String {
    format!("urn:uuid:{id}")
}

/// The resource that a Reference leads to, of those that were read.
pub(super) fn resolve<'r>(
    reference: &Value,
    base: &str,
    all: &'r BTreeMap<String, Resource>,
) -> Option<(&'r String, &'r Resource)> {
    let to = reference["reference"].as_str()?;
    all.get_key_value(to)
        .or_else(|| all.get_key_value(&format!("{base}/{to}")))
}

/// The URLs of what is in the document: what the Composition names, in its order, and what that leads to.
pub(super) fn reached<'r>(
    named: impl IntoIterator<Item = &'r str>,
    base: &str,
    all: &'r BTreeMap<String, Resource>,
) -> Vec<&'r str> {
    let mut reached = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next: VecDeque<&str> = named.into_iter().collect();
    while let Some(url) = next.pop_front() {
        let Some((url, resource)) = all.get_key_value(url) else {
            continue;
        };
        if seen.insert(url) {
            reached.push(url.as_str());
            references(&resource.value, &mut |reference| {
                next.extend(resolve(reference, base, all).map(|(url, _)| url.as_str()));
            });
        }
    }
    reached
}

/// Ids that the resources refer to and that are not among them, by type: of those that the server may have.
pub(super) fn missing(
    all: &BTreeMap<String, Resource>,
    base: &str,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for resource in all.values() {
        references(&resource.value, &mut |reference| {
            if resolve(reference, base, all).is_some() {
                return;
            }
            let to = reference["reference"].as_str().unwrap_or_default();
            let to = to
                .strip_prefix(base)
                .map_or(to, |rest| rest.trim_start_matches('/'));
            if let Some((name, id)) = to.split_once('/')
                && Primitive::Id.check(id)
            {
                missing
                    .entry(name.to_owned())
                    .or_default()
                    .insert(id.to_owned());
            }
        });
    }
    missing
}

fn references<'v>(value: &'v Value, found: &mut impl FnMut(&'v Value)) {
    match value {
        Value::Object(fields) => {
            if fields.get("reference").is_some_and(Value::is_string) {
                found(value);
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Writes the Bundle.
pub(super) struct Document {
    out: Vec<u8>,
    entries: usize,
}

impl Document {
    /// Begins it; `timestamp` is a FHIR instant.
    pub fn new(timestamp: &str, has_profile: bool) -> Document {
        let meta = match has_profile {
            true => format!(",\"meta\":{{\"profile\":[\"{BUNDLE_PROFILE}\"]}}"),
            false => String::new(),
        };
        let head = format!(
            "{{\"resourceType\":\"Bundle\",\"id\":\"{}\"{meta},\"identifier\":{{\"system\":\"urn:ietf:rfc:3986\",\
             \"value\":\"{}\"}},\"type\":\"document\",\"timestamp\":\"{timestamp}\"",
            new_id(),
            urn(&new_id()),
        );
        Document {
            out: head.into_bytes(),
            entries: 0,
        }
    }

    pub fn entry(&mut self, url: &str, resource: &[u8]) {
        let before: &[u8] = if self.entries == 0 {
            b",\"entry\":["
        } else {
            b","
        };
        self.out.extend_from_slice(before);
        self.out.extend_from_slice(b"{\"fullUrl\":");
        crate::assemble::write_string(&mut self.out, url);
        self.out.extend_from_slice(b",\"resource\":");
        self.out.extend_from_slice(resource);
        self.out.push(b'}');
        self.entries += 1;
    }

    /// The whole, and how many entries it has.
    pub fn finish(mut self) -> (Vec<u8>, usize) {
        self.out
            .extend_from_slice(if self.entries == 0 { b"}" } else { b"]}" });
        (self.out, self.entries)
    }
}

/// Whether a patient has what the guide's profile of one must have: a name and a date of birth.
pub(super) fn has_profile(patient: &Value) -> bool {
    patient["birthDate"].is_string() && !words::name(patient).is_empty()
}
