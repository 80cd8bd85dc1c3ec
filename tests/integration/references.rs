//! Whatever a resource refers to is there, and what was deleted is nowhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::mappings::fixture;
use crate::practice::{Practice, demanded, id, mapping_folder, writable};

/// Every literal reference in a value, with the path to it.
fn references(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value.as_str()) {
                    ("reference", Some(text)) => found.push((path.to_owned(), text.to_owned())),
                    _ => references(value, &format!("{path}.{name}"), found),
                }
            }
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| references(value, path, found)),
        _ => {}
    }
}

/// References that lead nowhere, by where they stand; and how many there are at all.
fn dangling(practice: &Practice) -> (BTreeMap<String, BTreeSet<String>>, usize) {
    let mut there = BTreeSet::new();
    let mut all = Vec::new();
    for resource in practice.site.mapping().resources.values() {
        let of = resource.name;
        for found in practice.resources(&format!("{of}?{}_count=200", demanded(resource))) {
            there.insert(format!("{of}/{}", id(&found)));
            references(&found, of, &mut all);
        }
    }
    let count = all.len();
    let mut dangling: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (path, reference) in all {
        if !there.contains(&reference) {
            dangling.entry(path).or_default().insert(reference);
        }
    }
    (dangling, count)
}

#[test]
fn every_reference_leads_somewhere() {
    for practice in [Practice::demo(250), fixture(&mapping_folder("bp-premier"))] {
        let (dangling, count) = dangling(&practice);
        assert!(dangling.is_empty(), "{dangling:#?}");
        assert!(count > 50, "{count}");
    }
}

#[test]
fn nothing_refers_to_what_was_deleted_and_a_patient_s_record_goes_with_them() {
    let practice = Practice::demo(250);
    let database = writable(&practice.path);
    database
        .execute_batch(
            "UPDATE USERS SET RECORDSTATUS = 2 WHERE USERID % 3 = 0;
             UPDATE LOCATIONS SET RECORDSTATUS = 2 WHERE LOCATIONID = 2;
             UPDATE PATIENTS SET RECORDSTATUS = 2 WHERE INTERNALID % 4 = 0;
             UPDATE NEXTOFKIN SET RECORDSTATUS = 2;
             UPDATE PRESCRIPTIONS SET RECORDSTATUS = 2 WHERE SCRIPTID % 5 = 0;
             UPDATE PRACTICE SET RECORDSTATUS = 2;",
        )
        .unwrap();
    let (dangling, _) = dangling(&practice);
    assert!(dangling.is_empty(), "{dangling:#?}");
    assert!(practice.ids("RelatedPerson").is_empty());
    let patients = practice.resources("Patient?_count=200");
    assert!(
        patients
            .iter()
            .all(|patient| patient.get("contact").is_none())
    );
    // A total counts what is there.
    for of in ["Condition", "Observation", "Encounter", "MedicationRequest"] {
        let bundle = practice.bundle(&format!("{of}?_count=0"));
        let found = practice.ids(&format!("{of}?_count=200"));
        assert_eq!(bundle["total"], found.len(), "{of}");
    }
}
