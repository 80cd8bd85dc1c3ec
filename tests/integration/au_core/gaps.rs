//! What AU Core asks and the demo does not answer, with the reason: an entry that is no longer true fails.

use std::collections::BTreeMap;

use pilaster::mapping::coverage::{SearchKind, State, coverage};

use crate::practice::Practice;

/// Why a search is not met.
#[derive(Debug, PartialEq)]
enum Why {
    /// The database has no such thing; the mapping says so too.
    Impossible,
    /// It is not mapped: using it is an error.
    NotMapped,
    /// The rows have texts without codes, which `:text` finds and no code does.
    TextAlone,
}
use Why::{Impossible, NotMapped, TextAlone};

/// Searches of served types that the demo does not answer.
const NOT_MET: &[(&str, &str, Why, &str)] = &[
    (
        "Condition",
        "code",
        TextAlone,
        "what system the product's ITEMCODE belongs to is not public",
    ),
    ("Condition", "patient&code", TextAlone, "as `code`"),
    (
        "Encounter",
        "location",
        NotMapped,
        "what VISITS.LOCATION holds is not public",
    ),
    ("Encounter", "patient&location", NotMapped, "as `location`"),
    (
        "HealthcareService",
        "identifier",
        Impossible,
        "a location has no number of its own as a service",
    ),
    (
        "HealthcareService",
        "service-type",
        Impossible,
        "no public table says what a location offers",
    ),
    (
        "Procedure",
        "code",
        TextAlone,
        "what system the product's ITEMCODE belongs to is not public",
    ),
    ("Procedure", "patient&code&date", TextAlone, "as `code`"),
    (
        "Immunization",
        "vaccine-code",
        TextAlone,
        "what codes stand behind VACCINEID is not public",
    ),
    (
        "Immunization",
        "patient&vaccine-code",
        TextAlone,
        "as `vaccine-code`",
    ),
    (
        "Location",
        "address-state",
        Impossible,
        "no column holds a state",
    ),
    (
        "MedicationRequest",
        "_include=MedicationRequest:medication",
        NotMapped,
        "a medicine is a text in the item itself",
    ),
    (
        "MedicationStatement",
        "_include=MedicationStatement:medication",
        NotMapped,
        "a medicine is a text in the row itself",
    ),
    (
        "Organization",
        "address",
        Impossible,
        "the practice as a whole has no address",
    ),
    (
        "Patient",
        "gender-identity",
        NotMapped,
        "which column holds it is not public",
    ),
];

/// Types that AU Core names and the demo does not serve.
const NOT_SERVED: &[(&str, Why, &str)] = &[
    (
        "Medication",
        NotMapped,
        "the tables of the drug database are not public",
    ),
    ("Specimen", Impossible, "no public table holds specimens"),
];

#[test]
fn what_is_not_met_is_listed() {
    let practice = Practice::demo(5);
    let coverage = coverage(practice.site.mapping());
    let mut listed: BTreeMap<(&str, &str), &Why> = NOT_MET
        .iter()
        .map(|(resource, search, why, _)| ((*resource, *search), why))
        .collect();
    let mut not_served: BTreeMap<&str, &Why> = NOT_SERVED
        .iter()
        .map(|(name, why, _)| (*name, why))
        .collect();
    for resource in &coverage.resources {
        let name = resource.resource;
        if !resource.served {
            let why = not_served.remove(name);
            let is_impossible = practice.site.mapping().lacks.contains_key(name);
            assert_eq!(why == Some(&Impossible), is_impossible, "{name}");
            assert!(why.is_some(), "{name} is not served, and not listed");
            assert!(practice.search(name).is_err(), "{name}");
            continue;
        }
        for search in &resource.searches {
            let asked = format!("{name}?{}", search.search);
            let why = listed.remove(&(name, search.search.as_str()));
            match (&search.state, why) {
                (State::Met, None) | (State::Impossible(_), Some(Impossible)) => {}
                (State::Missing, Some(NotMapped | TextAlone)) => {}
                (state, why) => panic!("{asked} is {state:?}, and listed as {why:?}"),
            }
            let (Some(why), SearchKind::Parameter) = (why, search.kind) else {
                continue;
            };
            match (practice.search(&format!("{asked}=x")), why) {
                (Err(_), Impossible | NotMapped) => {}
                (Ok(_), TextAlone) => assert!(practice.ids(&format!("{asked}=x")).is_empty()),
                (answer, why) => {
                    panic!("{asked} is listed as {why:?}, answered: {}", answer.is_ok())
                }
            }
        }
    }
    assert!(listed.is_empty(), "not asked by AU Core: {listed:?}");
    assert!(not_served.is_empty(), "served: {not_served:?}");
}
