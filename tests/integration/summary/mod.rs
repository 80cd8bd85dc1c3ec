//! `$summary`: the International Patient Summary, as a document that holds what it names.

mod asked;
mod sections;

use std::collections::{BTreeMap, BTreeSet};

use pilaster::fhir::compartment;
use pilaster::fhir::xhtml::is_div;
use serde_json::Value;

use crate::practice::{BASE, Practice, parse};

pub const IPS: &str = "http://hl7.org/fhir/uv/ips";

pub fn resources(document: &Value) -> impl Iterator<Item = &Value> {
    let entries = document["entry"].as_array().expect("entries");
    entries.iter().map(|entry| &entry["resource"])
}

pub fn of_type<'d>(document: &'d Value, name: &str) -> Vec<&'d Value> {
    resources(document)
        .filter(|resource| resource["resourceType"] == name)
        .collect()
}

/// The sections, by their codes.
pub fn sections(document: &Value) -> BTreeMap<&str, &Value> {
    let sections = document["entry"][0]["resource"]["section"].as_array();
    let sections = sections.expect("sections").iter().map(|section| {
        let coding = &section["code"]["coding"][0];
        assert_eq!(coding["system"], "http://loinc.org");
        (coding["code"].as_str().expect("a code"), section)
    });
    sections.collect()
}

pub fn div(section: &Value) -> &str {
    assert_eq!(section["text"]["status"], "generated");
    section["text"]["div"].as_str().expect("a narrative")
}

/// What a section lists: `Condition/1`, or a type alone for what was made for the document.
pub fn listed(document: &Value, code: &str) -> BTreeSet<String> {
    let Some(section) = sections(document).get(code).copied() else {
        return BTreeSet::new();
    };
    let entries = section["entry"].as_array().expect("entries");
    entries
        .iter()
        .map(|entry| entry["reference"].as_str().expect("a reference").to_owned())
        .map(|url| match url.strip_prefix(&format!("{BASE}/")) {
            Some(place) => place.to_owned(),
            None => url,
        })
        .collect()
}

/// Every `reference` in a resource.
fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("reference").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

pub fn document(practice: &Practice, patient: &str) -> Value {
    let answer = practice.summary(patient);
    let document = parse(
        &answer
            .unwrap_or_else(|error| panic!("{patient}: {error}"))
            .body,
    );
    assert_is_document(practice, &document);
    document
}

/// What every document promises, whatever is in it.
#[track_caller]
fn assert_is_document(practice: &Practice, document: &Value) {
    assert_eq!(document["resourceType"], "Bundle");
    assert_eq!(document["type"], "document");
    assert_eq!(document["identifier"]["system"], "urn:ietf:rfc:3986");
    let identifier = document["identifier"]["value"].as_str().expect("a value");
    assert!(identifier.starts_with("urn:uuid:"), "{identifier}");
    assert!(document["timestamp"].is_string());
    let composition = &document["entry"][0]["resource"];
    assert_eq!(composition["resourceType"], "Composition");
    assert_eq!(composition["status"], "final");
    assert_eq!(composition["type"]["coding"][0]["code"], "60591-5");
    assert_eq!(composition["date"], document["timestamp"]);
    assert!(is_div(div(composition)), "{}", div(composition));
    assert_eq!(of_type(document, "Composition").len(), 1);
    assert_eq!(of_type(document, "Patient").len(), 1);
    let mut urls = BTreeSet::new();
    for entry in document["entry"].as_array().expect("entries") {
        let url = entry["fullUrl"].as_str().expect("a URL");
        assert!(urls.insert(url), "{url} twice");
        assert!(entry.get("search").is_none());
        let (resource, id) = (&entry["resource"], &entry["resource"]["id"]);
        let id = id.as_str().expect("an id");
        if url != format!("urn:uuid:{id}") {
            let name = resource["resourceType"].as_str().expect("a type");
            assert_eq!(url, format!("{BASE}/{name}/{id}"));
            let served = practice
                .read(&format!("{name}/{id}"))
                .expect("it is served");
            assert_eq!(*resource, parse(&served.body));
        }
    }
    let mut led_to = BTreeSet::new();
    for entry in document["entry"].as_array().expect("entries") {
        let made = entry["fullUrl"]
            .as_str()
            .expect("a URL")
            .starts_with("urn:");
        let mut found = Vec::new();
        references(&entry["resource"], &mut found);
        for reference in found {
            let url = match reference.contains(':') {
                true => reference.to_owned(),
                // Only in what has a URL of the server it is relative to that.
                false if !made => format!("{BASE}/{reference}"),
                false => panic!("{reference} is relative to nothing"),
            };
            let name = reference.split('/').next().expect("a type");
            let is_own = compartment::membership("Patient", name).is_some();
            assert!(
                urls.contains(&*url) || is_own && !made,
                "{url} is not there"
            );
            if !urls.contains(&*url) {
                practice.read(reference).expect("it is served");
            }
            led_to.insert(url);
        }
    }
    for url in urls.iter().skip(1) {
        let is_first = document["entry"][0]["fullUrl"] == **url;
        assert!(is_first || led_to.contains(*url), "nothing leads to {url}");
    }
    for (code, section) in sections(document) {
        assert!(is_div(div(section)), "{code}: {}", div(section));
        assert!(section["title"].is_string() && section.get("emptyReason").is_none());
        assert!(!section["entry"].as_array().expect("entries").is_empty());
    }
    for code in ["11450-4", "48765-2", "10160-0"] {
        assert!(sections(document).contains_key(code), "{code} is required");
    }
}
