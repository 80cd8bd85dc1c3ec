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

/// Where the people are in one database and the record in another, each is asked for what the other goes by.
#[test]
fn a_chain_leads_into_another_database_and_back() {
    let practice = Practice::demo_of("zedmed", 1_200);
    let mut found = 0;
    for end in ["family=sm", "family=b,c&gender=female", "birthdate=ge2001"] {
        let (first, rest) = end.split_once('&').unwrap_or((end, ""));
        let patients = all(&practice, &format!("Patient?{end}&_count=200"));
        assert!(!patients.is_empty() && patients.len() < 1_000, "{end}");
        for (from, by) in [
            ("Encounter", "patient"),
            ("Condition", "subject:Patient"),
            ("Observation", "patient"),
        ] {
            let more = match rest {
                "" => String::new(),
                rest => format!("&{by}.{rest}"),
            };
            let chained = all(&practice, &format!("{from}?{by}.{first}{more}&_count=200"));
            let mut expected = BTreeSet::new();
            for some in patients.iter().collect::<Vec<_>>().chunks(50) {
                let list: Vec<String> = some.iter().map(|id| format!("Patient/{id}")).collect();
                let search = format!("{from}?patient={}&_count=200", list.join(","));
                expected.extend(all(&practice, &search));
            }
            assert_eq!(chained, expected, "{from} by {end}");
            found += chained.len();
        }
    }
    assert!(found > 1_000, "{found}");
    // In by a reference, and out by the next one.
    let who: BTreeSet<String> = practice
        .resources("Condition?clinical-status=active&code:text=asthma&_count=200")
        .iter()
        .flat_map(|condition| leads_to(condition, "Patient"))
        .collect();
    assert!(!who.is_empty());
    let search = "Patient?_has:Condition:patient:code:text=asthma&_has:Condition:patient:clinical-status=active";
    let had = all(&practice, &format!("{search}&_count=200"));
    assert!(had.is_superset(&who), "{had:?} {who:?}");
    let of = |family: &str| all(&practice, &format!("Practitioner?family={family}"));
    let seen: BTreeSet<String> = of("a")
        .iter()
        .flat_map(|id| practice.resources(&format!("Encounter?practitioner={id}&_count=200")))
        .flat_map(|encounter| leads_to(&encounter, "Patient"))
        .collect();
    let search = "Patient?_has:Encounter:patient:practitioner:Practitioner.family=a&_count=200";
    assert_eq!(all(&practice, search), seen);
    // What would be a list of half the practice is refused before the record is asked.
    let error = practice
        .search("Encounter?patient.active=true")
        .expect_err("too many");
    assert_eq!((error.code().status, error.code().id), (400, "PP018"));
    assert!(
        error.to_string().contains("more than 1000 resources"),
        "{error}"
    );
    // Which page follows is told as ever.
    let first = practice.bundle("Encounter?patient.family=sm&_count=3&_sort=-date");
    assert!(first["total"].as_u64().expect("a total") > 3);
}
