//! What `_include` and `_revinclude` add is what the references in the resources say, in a number of commands
//! that does not follow from the rows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::practice::{Practice, entries, matches, references, url};

fn urls(resources: &[Value]) -> BTreeSet<String> {
    let urls: BTreeSet<String> = resources.iter().map(url).collect();
    assert_eq!(urls.len(), resources.len(), "nothing is there twice");
    urls
}

/// What all these refer to, of some types.
fn referred<'r>(
    resources: impl IntoIterator<Item = &'r Value>,
    types: &[&str],
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for resource in resources {
        references(resource, &mut found);
    }
    found.retain(|url| types.iter().any(|ty| url.starts_with(&format!("{ty}/"))));
    found
}

#[test]
fn what_the_matches_refer_to_is_included() {
    let practice = Practice::demo(120);
    for (search, types) in [
        (
            "Appointment?_count=30&_include=Appointment:patient",
            &["Patient"][..],
        ),
        (
            "Appointment?_count=30&_include=Appointment:actor",
            &["Patient", "Practitioner", "Location"],
        ),
        (
            "Appointment?_count=30&_include=Appointment:actor:Practitioner",
            &["Practitioner"],
        ),
        (
            "Appointment?_count=30&_include=Appointment:*",
            &["Patient", "Practitioner", "Location"],
        ),
        (
            "Appointment?_count=30&_include=*",
            &["Patient", "Practitioner", "Location"],
        ),
        (
            "Appointment?_count=30&_include=Appointment:patient&_include=Appointment:location",
            &["Patient", "Location"],
        ),
        (
            "Patient?_count=50&_sort=-birthdate&_include=Patient:general-practitioner",
            &["Practitioner"],
        ),
        (
            "PractitionerRole?_include=PractitionerRole:practitioner",
            &["Practitioner"],
        ),
    ] {
        let bundle = practice.bundle(search);
        let expected = referred(&matches(&bundle), types);
        assert_eq!(urls(&entries(&bundle, "include")), expected, "{search}");
        assert!(!expected.is_empty(), "{search}");
    }
}

#[test]
fn what_refers_to_the_matches_is_included() {
    let practice = Practice::demo(120);
    for (search, from) in [
        (
            "Patient?_count=30&_revinclude=Appointment:patient",
            "Appointment",
        ),
        ("Patient?_count=30&_revinclude=Appointment:*", "Appointment"),
        (
            "Location?_revinclude=PractitionerRole:location",
            "PractitionerRole",
        ),
        (
            "Practitioner?_revinclude=Patient:general-practitioner",
            "Patient",
        ),
    ] {
        let bundle = practice.bundle(search);
        let matched = urls(&matches(&bundle));
        let expected: BTreeSet<String> = practice
            .resources(&format!("{from}?_count=200"))
            .iter()
            .filter(|source| {
                let mut found = BTreeSet::new();
                references(source, &mut found);
                !found.is_disjoint(&matched)
            })
            .map(url)
            .collect();
        assert_eq!(urls(&entries(&bundle, "include")), expected, "{search}");
        assert!(!expected.is_empty(), "{search}");
    }
}

#[test]
fn iterate_goes_on_from_what_is_included() {
    let practice = Practice::demo(120);
    let once = practice.bundle("Appointment?_count=10&_include=Appointment:location");
    assert!(
        !urls(&entries(&once, "include"))
            .iter()
            .any(|url| url.starts_with("Organization/"))
    );
    let further = practice.bundle(
        "Appointment?_count=10&_include=Appointment:location&_include:iterate=Location:organization",
    );
    let included = entries(&further, "include");
    let locations = referred(&matches(&further), &["Location"]);
    let organizations = referred(&included, &["Organization"]);
    assert!(!organizations.is_empty());
    let expected: BTreeSet<String> = locations.union(&organizations).cloned().collect();
    assert_eq!(urls(&included), expected);
}

#[test]
fn the_number_of_commands_does_not_follow_from_the_rows() {
    let practice = Practice::demo(200);
    let commands = |count: u32| {
        let search = format!(
            "Patient?_count={count}&_include=Patient:general-practitioner&_revinclude=Appointment:patient&_include:iterate=Appointment:location"
        );
        practice.search(&search).unwrap().commands
    };
    assert_eq!(commands(5), commands(50));
    let without = practice.search("Patient?_count=50").unwrap().commands;
    assert!(
        commands(50) <= without + 12,
        "{} and {without}",
        commands(50)
    );
}

#[test]
fn a_page_has_what_goes_with_it_and_says_what_it_lacks() {
    let practice = Practice::demo(120);
    let search = "Patient?_count=7&_sort=birthdate&_include=Patient:general-practitioner";
    let first = practice.bundle(search);
    assert_eq!(matches(&first).len(), 7);
    let total = first["total"].as_u64().unwrap();
    assert_eq!(
        total,
        practice.bundle("Patient?_summary=count")["total"]
            .as_u64()
            .unwrap()
    );
    // Elements are those of the matches.
    let cut =
        practice.bundle("Patient?_count=7&_elements=gender&_include=Patient:general-practitioner");
    assert!(
        entries(&cut, "include")
            .iter()
            .all(|resource| resource.get("name").is_some())
    );
    assert!(
        matches(&cut)
            .iter()
            .all(|resource| resource.get("name").is_none())
    );
    // More than a page may take on.
    let many = Practice::demo(400);
    let bundle = many.bundle("Practitioner?_revinclude=Patient:general-practitioner&_revinclude:iterate=Appointment:patient");
    let included = entries(&bundle, "include");
    let appointments = included
        .iter()
        .filter(|resource| resource["resourceType"] == "Appointment");
    assert_eq!(appointments.count(), 1000);
    let outcome = &entries(&bundle, "outcome")[0];
    assert_eq!(outcome["issue"][0]["code"], "incomplete");
}

#[test]
fn what_cannot_be_included_is_refused() {
    let practice = Practice::demo(5);
    for (search, code) in [
        ("Patient?_include=Patient:link", "PP002"),
        ("Patient?_include=Patient:gender", "PP004"),
        ("Patient?_include=Patient:nothing", "PP004"),
        ("Patient?_include=Appointment:patient", "PP004"),
        (
            "Patient?_include=Patient:general-practitioner:Location",
            "PP004",
        ),
        ("Patient?_revinclude=Device:patient", "PP004"),
        (
            "Patient?_include=Patient:general-practitioner&_summary=text",
            "PP004",
        ),
        ("Patient?_include=Patient", "PS007"),
    ] {
        let error = practice.search(search).expect_err(search);
        assert!(!error.to_string().contains("nothing"), "{error}");
        assert_eq!(
            (error.code().status, error.code().id),
            (400, code),
            "{search}: {error}"
        );
    }
}
