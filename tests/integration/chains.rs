//! Chains and `_has` find what the references in the resources say.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::practice::{Practice, id};

/// `Type/id` of every literal reference in a resource that leads to a type.
fn references(value: &Value, to: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("reference").and_then(Value::as_str)
                && let Some(id) = reference
                    .strip_prefix(to)
                    .and_then(|id| id.strip_prefix('/'))
            {
                found.insert(id.to_owned());
            }
            fields
                .values()
                .for_each(|value| references(value, to, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, to, found)),
        _ => {}
    }
}

fn leads_to(resource: &Value, to: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    references(resource, to, &mut found);
    found
}

/// All ids of a search, page after page.
fn all(practice: &Practice, search: &str) -> BTreeSet<String> {
    practice
        .resources(search)
        .iter()
        .map(|resource| id(resource).to_owned())
        .collect()
}

#[test]
fn a_chain_finds_what_refers_to_what_it_describes() {
    let practice = Practice::demo(120);
    // The searched type, the chain up to its last parameter, the type that it leads to, the parameter and its values.
    for (from, link, to, ends) in [
        (
            "Patient",
            "general-practitioner:Practitioner",
            "Practitioner",
            &["family=a", "family=c,d", "active=true", "name:contains=e"][..],
        ),
        (
            "Appointment",
            "patient",
            "Patient",
            &[
                "family=s",
                "gender=female",
                "gender:not=female",
                "birthdate=lt1980",
                "birthdate:missing=true",
                "phone:missing=false",
                "_id=1,2,3",
                "identifier:missing=true",
            ],
        ),
        (
            "Appointment",
            "actor:Practitioner",
            "Practitioner",
            &["family=c", "email:missing=true"],
        ),
        (
            "Appointment",
            "location",
            "Location",
            &["name=a", "address-city:contains=o"],
        ),
        (
            "PractitionerRole",
            "practitioner",
            "Practitioner",
            &["given=a", "given=j"],
        ),
        (
            "PractitionerRole",
            "location",
            "Location",
            &["name:missing=false"],
        ),
        (
            "Location",
            "organization",
            "Organization",
            &["name:missing=false", "name=zzz"],
        ),
    ] {
        let sources = practice.resources(&format!("{from}?_count=200"));
        for end in ends {
            let described = all(&practice, &format!("{to}?{end}&_count=200&_elements=id"));
            let expected: BTreeSet<String> = sources
                .iter()
                .filter(|source| !leads_to(source, to).is_disjoint(&described))
                .map(|source| id(source).to_owned())
                .collect();
            let chain = format!("{from}?{link}.{end}&_count=200&_elements=id");
            assert_eq!(all(&practice, &chain), expected, "{chain}");
        }
    }
}

#[test]
fn has_finds_what_is_referred_to() {
    let practice = Practice::demo(120);
    for (to, from, reference, ends) in [
        (
            "Patient",
            "Appointment",
            "patient",
            &[
                "status=cancelled",
                "status:not=booked",
                "date=ge2026-06",
                "date:missing=true",
                "practitioner.family=c",
            ][..],
        ),
        ("Patient", "Appointment", "actor", &["status=cancelled"]),
        (
            "Practitioner",
            "Patient",
            "general-practitioner",
            &[
                "family=s",
                "gender=male",
                "_has:Appointment:patient:status=cancelled",
            ],
        ),
        (
            "Practitioner",
            "PractitionerRole",
            "practitioner",
            &["location.name:missing=false"],
        ),
        ("Location", "Appointment", "location", &["patient.family=s"]),
    ] {
        for end in ends {
            let expected: BTreeSet<String> = practice
                .resources(&format!("{from}?{end}&_count=200"))
                .iter()
                .flat_map(|source| leads_to(source, to))
                .collect();
            let there = all(&practice, &format!("{to}?_count=200&_elements=id"));
            let expected: BTreeSet<String> = expected.intersection(&there).cloned().collect();
            let has = format!("{to}?_has:{from}:{reference}:{end}&_count=200&_elements=id");
            assert_eq!(all(&practice, &has), expected, "{has}");
        }
    }
}

#[test]
fn a_chain_is_one_command() {
    let practice = Practice::demo(30);
    for search in [
        "Appointment?patient.family=s&actor:Practitioner.family=c&_elements=id",
        "Practitioner?_has:Patient:general-practitioner:_has:Appointment:patient:status=cancelled&_elements=id",
    ] {
        let answer = practice.search(search).unwrap();
        assert_eq!(answer.commands, 1, "{search}");
    }
}

#[test]
fn what_a_chain_cannot_ask_is_refused_by_name() {
    let practice = Practice::demo(5);
    let refused = |search: &str| {
        let error = practice.search(search).expect_err(search);
        (error.code().status, error.code().id, error.to_string())
    };
    for (search, code, named) in [
        ("Appointment?patient.animal-breed=x", "PS009", ""),
        ("Appointment?patient.language=x", "PP002", "`language`"),
        ("Appointment?patient.gender:above=x", "PP003", "`:above`"),
        ("Appointment?service-category.x=1", "PS009", ""),
        (
            "Appointment?supporting-info:Patient.family=x",
            "PP002",
            "`supporting-info`",
        ),
        ("Patient?_has:Device:patient:type=x", "PP004", "not served"),
        (
            "Patient?_has:Appointment:patient:specialty=x",
            "PP002",
            "`specialty`",
        ),
        (
            "Patient?organization.partof.partof.partof.partof.name=x",
            "PS005",
            "4 steps",
        ),
    ] {
        let (status, id, text) = refused(search);
        assert_eq!((status, id), (400, code), "{search}: {text}");
        assert!(text.contains(named), "{search}: {text}");
    }
    // Each step asks a table more.
    let many: Vec<String> = (0..30).map(|n| format!("patient.family=s{n}")).collect();
    let (status, id, _) = refused(&format!("Appointment?{}", many.join("&")));
    assert_eq!((status, id), (400, "PP010"));
}
