//! What the resources of a clinical record have for their parameters: for `search_truth` and `paging`.

use serde_json::Value;

use crate::search_truth::{Fact, codes, codings, period, references, texts, times};

/// The paths of the CodeableConcepts, or the Coding, that a token parameter looks at.
fn concepts(of: &str, parameter: &str) -> Option<&'static [&'static str]> {
    Some(match (of, parameter) {
        ("Condition", "category") => &["category"],
        ("Condition" | "AllergyIntolerance", "clinical-status") => &["clinicalStatus"],
        ("Condition" | "AllergyIntolerance", "verification-status") => &["verificationStatus"],
        ("Condition", "severity") => &["severity"],
        (
            "Condition" | "AllergyIntolerance" | "Observation" | "DiagnosticReport" | "Procedure",
            "code",
        ) => &["code"],
        ("AllergyIntolerance", "manifestation") => &["reaction.manifestation"],
        ("Immunization", "vaccine-code") => &["vaccineCode"],
        ("MedicationStatement" | "MedicationRequest", "code") => &["medicationCodeableConcept"],
        ("Observation" | "DocumentReference", "category") => &["category"],
        ("Observation", "component-code") => &["component.code"],
        ("Observation", "combo-code") => &["code", "component.code"],
        ("Observation", "value-concept" | "combo-value-concept") => &["valueCodeableConcept"],
        ("Observation", "data-absent-reason" | "combo-data-absent-reason") => &["dataAbsentReason"],
        ("Encounter", "reason-code") => &["reasonCode"],
        ("Encounter", "participant-type") => &["participant.type"],
        ("Encounter" | "Coverage" | "Organization", "type") => &["type"],
        ("PractitionerRole", "specialty") => &["specialty"],
        ("RelatedPerson", "relationship") => &["relationship"],
        ("Coverage", "class-type") => &["class.type"],
        _ => return None,
    })
}

/// The path of a code, and the system that its value set implies.
fn plain_code(of: &str, parameter: &str) -> Option<(&'static str, &'static str)> {
    let system = match (of, parameter) {
        ("AllergyIntolerance", "category") => {
            return Some((
                "category",
                "http://hl7.org/fhir/allergy-intolerance-category",
            ));
        }
        ("AllergyIntolerance", "severity") => {
            return Some((
                "reaction.severity",
                "http://hl7.org/fhir/reaction-event-severity",
            ));
        }
        ("MedicationRequest", "intent") => {
            return Some((
                "intent",
                "http://hl7.org/fhir/CodeSystem/medicationrequest-intent",
            ));
        }
        ("Immunization" | "Procedure", "status") => "http://hl7.org/fhir/event-status",
        ("MedicationStatement", "status") => {
            "http://hl7.org/fhir/CodeSystem/medication-statement-status"
        }
        ("MedicationRequest", "status") => {
            "http://hl7.org/fhir/CodeSystem/medicationrequest-status"
        }
        ("Observation", "status") => "http://hl7.org/fhir/observation-status",
        ("DiagnosticReport", "status") => "http://hl7.org/fhir/diagnostic-report-status",
        ("DocumentReference", "status") => "http://hl7.org/fhir/document-reference-status",
        ("Encounter", "status") => "http://hl7.org/fhir/encounter-status",
        ("Coverage", "status") => "http://hl7.org/fhir/fm-status",
        _ => return None,
    };
    Some(("status", system))
}

/// The path of a reference.
fn reference(of: &str, parameter: &str) -> Option<&'static str> {
    Some(match (of, parameter) {
        ("Appointment" | "Patient" | "PractitionerRole" | "Location", _) => return None,
        ("AllergyIntolerance" | "Immunization" | "RelatedPerson", "patient") => "patient",
        ("Coverage", "patient" | "beneficiary") => "beneficiary",
        (_, "patient" | "subject") => "subject",
        ("Immunization", "performer") => "performer.actor",
        ("MedicationStatement", "source") => "informationSource",
        ("MedicationRequest", "requester") => "requester",
        ("DiagnosticReport", "result") => "result",
        ("DocumentReference", "author") => "author",
        ("Encounter", "participant" | "practitioner") => "participant.individual",
        ("Encounter", "service-provider") => "serviceProvider",
        _ => return None,
    })
}

/// The path of a date, and whether it is a period's.
fn date(of: &str, parameter: &str) -> Option<(&'static str, bool)> {
    Some(match (of, parameter) {
        ("Condition", "onset-date") => ("onsetDateTime", false),
        ("Condition", "recorded-date") | ("AllergyIntolerance", "date") => ("recordedDate", false),
        ("Immunization", "date") => ("occurrenceDateTime", false),
        ("MedicationStatement", "effective") => ("effectivePeriod", true),
        ("MedicationRequest", "authoredon") => ("authoredOn", false),
        ("Observation" | "DiagnosticReport", "date") => ("effectiveDateTime", false),
        ("DiagnosticReport", "issued") => ("issued", false),
        ("DocumentReference", "date") => ("date", false),
        ("Procedure", "date") => ("performedDateTime", false),
        ("Encounter", "date") => ("period", true),
        _ => return None,
    })
}

fn text(of: &str, parameter: &str) -> Option<&'static str> {
    Some(match (of, parameter) {
        ("Immunization", "lot-number") => "lotNumber",
        ("DocumentReference", "description") => "description",
        ("Coverage", "dependent") => "dependent",
        ("Coverage", "class-value") => "class.value",
        _ => return None,
    })
}

/// What a resource has for a parameter; None where neither is of a clinical record.
pub fn facts(resource: &Value, parameter: &str) -> Option<Vec<Fact>> {
    let of = resource["resourceType"].as_str()?;
    if (of, parameter) == ("Encounter", "class") {
        return Some(codings(resource, "class", "code"));
    }
    if let Some(paths) = concepts(of, parameter) {
        let facts = |path: &&str| codings(resource, &format!("{path}.coding"), "code");
        return Some(paths.iter().flat_map(facts).collect());
    }
    if let Some((path, system)) = plain_code(of, parameter) {
        return Some(codes(resource, path, Some(system)));
    }
    if let Some(path) = reference(of, parameter) {
        return Some(references(resource, &format!("{path}.reference"), None));
    }
    if let Some((path, is_period)) = date(of, parameter) {
        return Some(if is_period {
            period(&resource[path])
        } else {
            times(resource, path)
        });
    }
    if (of, parameter) == ("Observation", "value-string") {
        return Some(texts(
            resource,
            &["valueString", "valueCodeableConcept.text"],
        ));
    }
    text(of, parameter).map(|path| texts(resource, &[path]))
}

/// The text beside a code, for `:text`.
pub fn text_facts(resource: &Value, parameter: &str) -> Option<Vec<Fact>> {
    let of = resource["resourceType"].as_str()?;
    if (of, parameter) == ("Encounter", "class") {
        return Some(texts(resource, &["class.display"]));
    }
    let paths = concepts(of, parameter)?;
    let facts = |path: &&str| {
        let (text, display) = (format!("{path}.text"), format!("{path}.coding.display"));
        texts(resource, &[&text, &display])
    };
    Some(paths.iter().flat_map(facts).collect())
}

/// What a resource is sorted by; None where neither is of a clinical record.
pub fn sort_value(resource: &Value, parameter: &str) -> Option<Value> {
    let of = resource["resourceType"].as_str()?;
    let first = |path: &str| {
        path.split('.').fold(resource.clone(), |value, name| {
            let value = value.get(name).cloned().unwrap_or_default();
            value.get(0).cloned().unwrap_or(value)
        })
    };
    if (of, parameter) == ("Encounter", "class") {
        return Some(first("class.code"));
    }
    if let Some(paths) = concepts(of, parameter) {
        return Some(first(&format!("{}.coding.code", paths[0])));
    }
    if let Some((path, _)) = plain_code(of, parameter) {
        return Some(first(path));
    }
    if let Some(path) = reference(of, parameter) {
        let reference = first(&format!("{path}.reference"));
        let id = reference.as_str().and_then(|text| text.rsplit('/').next());
        return Some(id.map_or(Value::Null, |id| id.parse::<i64>().unwrap().into()));
    }
    if let Some((path, is_period)) = date(of, parameter) {
        let value = first(&if is_period {
            format!("{path}.start")
        } else {
            path.to_owned()
        });
        // A year or a month counts from its first day.
        return Some(match value.as_str() {
            Some(text) if text.len() < 10 => {
                Value::from(format!("{text}{}", &"-01-01"[text.len() - 4..]))
            }
            _ => value,
        });
    }
    text(of, parameter).map(first)
}
