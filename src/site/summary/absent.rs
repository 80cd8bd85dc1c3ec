//! That the practice has nothing to list in a section that must be there.
//!
//! The guide's edition 1.1 asks for a resource that says so, by a code of its own system; edition 2.0 has given that
//! system up and names SNOMED CT's "No information available" for such a resource. Each resource here has both
//! codes, and so can be read by either. `Composition.section.emptyReason` is not for a section with an entry
//! (R4, cmp-2).

use serde::Serialize;

use super::document::{CodeableConcept, Coding, Reference};

const SYSTEM: &str = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";
const DATA_ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// What nothing is known about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    Problems,
    Allergies,
    Medications,
}

/// Any of the three resources; what one has not is not written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    resource_type: &'static str,
    id: &'a str,
    // R4 asks for a clinical status wherever no verification status says "entered in error" (ait-1, con-3).
    #[serde(skip_serializing_if = "Option::is_none")]
    clinical_status: Option<CodeableConcept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<[CodeableConcept; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<CodeableConcept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    medication_codeable_concept: Option<CodeableConcept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<Reference<'a>>,
    /// The guide asks for a time, or why there is none.
    #[serde(rename = "_effectiveDateTime", skip_serializing_if = "Option::is_none")]
    effective: Option<NoTime>,
}

#[derive(Serialize)]
struct NoTime {
    extension: [Reason; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reason {
    url: &'static str,
    value_code: &'static str,
}

impl Absent {
    /// The guide's code for it, and what the code stands for.
    const fn code(self) -> (&'static str, &'static str) {
        match self {
            Absent::Problems => ("no-problem-info", "No information about problems"),
            Absent::Allergies => ("no-allergy-info", "No information about allergies"),
            Absent::Medications => ("no-medication-info", "No information about medications"),
        }
    }

    /// What a reader is told.
    pub fn text(self) -> &'static str {
        self.code().1
    }

    /// The resource that says it, of a patient by their URL.
    ///
    /// # Errors
    /// None that is known: it is plain data.
    pub fn resource(self, id: &str, patient: &str) -> Result<Vec<u8>, serde_json::Error> {
        let (code, text) = self.code();
        let said = CodeableConcept {
            coding: vec![
                Coding {
                    system: SYSTEM,
                    code,
                    display: Some(text),
                },
                Coding {
                    system: "http://snomed.info/sct",
                    code: "1287211007",
                    display: Some("No information available"),
                },
            ],
            text: Some(text),
        };
        let of = Resource {
            resource_type: "",
            id,
            clinical_status: None,
            status: None,
            category: None,
            code: None,
            medication_codeable_concept: None,
            subject: None,
            patient: None,
            effective: None,
        };
        let patient = Some(Reference { reference: patient });
        let active = |system| Some(CodeableConcept::of(system, "active"));
        serde_json::to_vec(&match self {
            Absent::Problems => Resource {
                resource_type: "Condition",
                clinical_status: active("http://terminology.hl7.org/CodeSystem/condition-clinical"),
                category: Some([CodeableConcept::of(
                    "http://terminology.hl7.org/CodeSystem/condition-category",
                    "problem-list-item",
                )]),
                code: Some(said),
                subject: patient,
                ..of
            },
            Absent::Allergies => Resource {
                resource_type: "AllergyIntolerance",
                clinical_status: active(
                    "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                ),
                code: Some(said),
                patient,
                ..of
            },
            Absent::Medications => Resource {
                resource_type: "MedicationStatement",
                status: Some("unknown"),
                medication_codeable_concept: Some(said),
                subject: patient,
                effective: Some(NoTime {
                    extension: [Reason {
                        url: DATA_ABSENT,
                        value_code: "unknown",
                    }],
                }),
                ..of
            },
        })
    }
}
