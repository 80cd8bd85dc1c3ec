//! The sections of a summary: which resources of the patient each of them lists.
//!
//! A section's conditions are asked of the database as far as the mapping offers their parameters, so that what is
//! not listed does not fill the page; what a resource says of itself is looked at again when it is there, so that a
//! parameter that is not offered changes nothing but how much is read.

use serde_json::Value;

use super::absent::Absent;
use super::words;

/// A section of the document.
pub(super) struct Section {
    /// LOINC's.
    pub code: &'static str,
    pub title: &'static str,
    pub kinds: &'static [Kind],
    /// A kind is looked at only where those before it have nothing: they tell of the same.
    pub takes_first: bool,
    /// The section is always there; with what, if the practice has nothing to list.
    pub absent: Option<Absent>,
}

/// Resources of one type that a section lists.
pub(super) struct Kind {
    pub resource: &'static str,
    /// What can be asked of it beforehand.
    pub condition: Option<Condition>,
    /// The parameter by which the newest of them are found, and the element that they are put in order by.
    pub date: &'static str,
    pub moment: &'static str,
    /// Whether a resource, which is the patient's, is listed.
    pub holds: fn(&Value) -> bool,
}

/// A token parameter, and the codes that it is to have, or (`is_not`) not to have.
pub(super) struct Condition {
    pub parameter: &'static str,
    pub is_not: bool,
    pub codes: &'static [&'static str],
}

/// A condition that is over.
const PAST: [&str; 3] = ["inactive", "remission", "resolved"];
/// What was said and is not so.
const NOT_SO: [&str; 2] = ["entered-in-error", "refuted"];
const NO_RESULT: [&str; 2] = ["entered-in-error", "cancelled"];
/// What is taken, or is to be taken, as far as is known.
const TAKEN: [&str; 4] = ["active", "intended", "on-hold", "unknown"];
const REQUESTED: [&str; 3] = ["active", "on-hold", "unknown"];
/// The categories of Observations that have a section of their own.
const VITAL_SIGNS: &str = "vital-signs";
const SOCIAL_HISTORY: &str = "social-history";

/// In the order of the document: those that the profile requires, then those that are there if they list something.
pub(super) const SECTIONS: [Section; 9] = [
    Section {
        code: "11450-4",
        title: "Problem List",
        kinds: &[Kind {
            resource: "Condition",
            // What has no status is held to be so still.
            condition: Some(Condition {
                parameter: "clinical-status",
                is_not: true,
                codes: &PAST,
            }),
            date: "onset-date",
            moment: "onset",
            holds: |of| is_so(of) && !words::has_code(&of["clinicalStatus"], &PAST),
        }],
        takes_first: false,
        absent: Some(Absent::Problems),
    },
    Section {
        code: "48765-2",
        title: "Allergies and Intolerances",
        kinds: &[Kind {
            resource: "AllergyIntolerance",
            condition: None,
            date: "date",
            moment: "recordedDate",
            holds: is_so,
        }],
        takes_first: false,
        absent: Some(Absent::Allergies),
    },
    Section {
        code: "10160-0",
        title: "Medication Summary",
        kinds: &[
            Kind {
                resource: "MedicationStatement",
                condition: Some(Condition {
                    parameter: "status",
                    is_not: false,
                    codes: &TAKEN,
                }),
                date: "effective",
                moment: "effective",
                holds: |of| has_status(of, &TAKEN),
            },
            // Beside a list of what is taken they would say each drug twice.
            Kind {
                resource: "MedicationRequest",
                condition: Some(Condition {
                    parameter: "status",
                    is_not: false,
                    codes: &REQUESTED,
                }),
                date: "authoredon",
                moment: "authoredOn",
                holds: |of| has_status(of, &REQUESTED) && of["doNotPerform"] != true,
            },
        ],
        takes_first: true,
        absent: Some(Absent::Medications),
    },
    Section {
        code: "11369-6",
        title: "Immunizations",
        kinds: &[Kind {
            resource: "Immunization",
            condition: None,
            date: "date",
            moment: "occurrence",
            holds: |of| has_status(of, &["completed"]),
        }],
        takes_first: false,
        absent: None,
    },
    Section {
        code: "47519-4",
        title: "History of Procedures",
        kinds: &[Kind {
            resource: "Procedure",
            condition: None,
            date: "date",
            moment: "performed",
            holds: |of| !has_status(of, &["entered-in-error", "not-done"]),
        }],
        takes_first: false,
        absent: None,
    },
    Section {
        code: "30954-2",
        title: "Results",
        kinds: &[
            Kind {
                resource: "Observation",
                // What has no category is a result.
                condition: Some(Condition {
                    parameter: "category",
                    is_not: true,
                    codes: &[VITAL_SIGNS, SOCIAL_HISTORY],
                }),
                date: "date",
                moment: "effective",
                holds: |of| is_observed(of) && !is_of(of, &[VITAL_SIGNS, SOCIAL_HISTORY]),
            },
            Kind {
                resource: "DiagnosticReport",
                condition: None,
                date: "date",
                moment: "effective",
                holds: is_observed,
            },
        ],
        takes_first: false,
        absent: None,
    },
    Section {
        code: "8716-3",
        title: "Vital Signs",
        kinds: &[Kind {
            resource: "Observation",
            condition: Some(Condition {
                parameter: "category",
                is_not: false,
                codes: &[VITAL_SIGNS],
            }),
            date: "date",
            moment: "effective",
            holds: |of| is_observed(of) && is_of(of, &[VITAL_SIGNS]),
        }],
        takes_first: false,
        absent: None,
    },
    Section {
        code: "11348-0",
        title: "History of Past Illness",
        kinds: &[Kind {
            resource: "Condition",
            condition: Some(Condition {
                parameter: "clinical-status",
                is_not: false,
                codes: &PAST,
            }),
            date: "onset-date",
            moment: "onset",
            holds: |of| is_so(of) && words::has_code(&of["clinicalStatus"], &PAST),
        }],
        takes_first: false,
        absent: None,
    },
    Section {
        code: "29762-2",
        title: "Social History",
        kinds: &[Kind {
            resource: "Observation",
            condition: Some(Condition {
                parameter: "category",
                is_not: false,
                codes: &[SOCIAL_HISTORY],
            }),
            date: "date",
            moment: "effective",
            // One that is a vital sign too is listed there.
            holds: |of| {
                is_observed(of) && is_of(of, &[SOCIAL_HISTORY]) && !is_of(of, &[VITAL_SIGNS])
            },
        }],
        takes_first: false,
        absent: None,
    },
];

fn has_status(of: &Value, codes: &[&str]) -> bool {
    of["status"]
        .as_str()
        .is_some_and(|code| codes.contains(&code))
}

fn is_so(of: &Value) -> bool {
    !words::has_code(&of["verificationStatus"], &NOT_SO)
}

fn is_observed(of: &Value) -> bool {
    !has_status(of, &NO_RESULT)
}

fn is_of(of: &Value, categories: &[&str]) -> bool {
    let mut given = of["category"].as_array().into_iter().flatten();
    given.any(|category| words::has_code(category, categories))
}
