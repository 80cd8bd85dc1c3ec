//! Every row once, in order: over all pages, upwards and downwards, with equal keys, with nothing to sort
//! by, and while rows come and go; and no page link but the one that was given.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pilaster::collation;
use pilaster::site::{SearchCall, SiteError};
use rusqlite::Connection;
use serde_json::Value;

use crate::clinical_facts::sort_value;
use crate::practice::{Practice, demanded, id, load, matches, next_cursor, parse, writable};

/// A page size that divides nothing.
const PAGE: usize = 37;

/// What a resource sorts by; absent is None.
#[derive(Debug, Clone, PartialEq)]
enum Key {
    Text(String),
    Number(i64),
}

/// The value that a parameter sorts a resource by, read from the resource itself: the first of the values.
fn key(resource: &Value, parameter: &str) -> Option<Key> {
    if let Some(value) = sort_value(resource, parameter) {
        let number = value.as_i64().map(Key::Number);
        return number.or_else(|| value.as_str().map(|text| Key::Text(text.to_owned())));
    }
    let number = |value: &Value| {
        let text = value.as_str()?;
        let id = text.rsplit('/').next()?;
        id.parse().ok().map(Key::Number)
    };
    let value = match parameter {
        "_id" => {
            let (of, id) = (&resource["resourceType"], id(resource));
            // Of several numbers, the first is sorted by first.
            if of == "Slot" {
                let parts = id.split('.').map(|part| format!("{part:0>12}"));
                return Some(Key::Text(parts.collect()));
            }
            if of == "Schedule" {
                return Some(Key::Text(id.to_owned()));
            }
            let own = id.split_once('-').map_or(id, |(_, own)| own);
            return own.parse().ok().map(Key::Number);
        }
        "general-practitioner" => return number(&resource["generalPractitioner"][0]["reference"]),
        "organization" if resource["providedBy"].is_object() => {
            return number(&resource["providedBy"]["reference"]);
        }
        "organization" => {
            return number(&resource["organization"]["reference"])
                .or_else(|| number(&resource["managingOrganization"]["reference"]));
        }
        "practitioner" => return number(&resource["practitioner"]["reference"]),
        "schedule" => &resource["schedule"]["reference"],
        "start" => &resource["start"],
        "date" if resource["resourceType"] == "Schedule" => &resource["planningHorizon"]["start"],
        "location" => return number(&resource["location"][0]["reference"]),
        "_lastUpdated" => &resource["meta"]["lastUpdated"],
        "family" => &resource["name"][0]["family"],
        "given" => &resource["name"][0]["given"][0],
        "name" if resource["name"].is_string() => &resource["name"],
        "name" => &resource["name"][0]["family"],
        "address" if resource["address"].is_object() => &resource["address"]["city"],
        "address" => &resource["address"][0]["city"],
        "address-city" => &resource["address"]["city"],
        "address-postalcode" => &resource["address"]["postalCode"],
        "address-country" => &resource["address"][0]["country"],
        "birthdate" => &resource["birthDate"],
        "death-date" => &resource["deceasedDateTime"],
        "date" => &resource["start"],
        "status" => &resource["status"],
        "gender" => &resource["gender"],
        "identifier" => &resource["identifier"][0]["value"],
        "role" => &resource["code"][0]["coding"][0]["code"],
        "indigenous-status" => &resource["extension"][0]["valueCoding"]["code"],
        "telecom" => &resource["telecom"][0]["value"],
        "phone" | "email" => resource["telecom"]
            .as_array()
            .and_then(|list| list.iter().find(|one| one["system"] == parameter))
            .map_or(&Value::Null, |one| &one["value"]),
        "active" => {
            return resource["active"]
                .as_bool()
                .map(|active| Key::Text(active.to_string()));
        }
        other => panic!("how is a resource sorted by {other}?"),
    };
    value.as_str().map(|text| Key::Text(text.to_owned()))
}

/// What is absent stands before all else.
fn compare(left: &Option<Key>, right: &Option<Key>) -> Ordering {
    match (left, right) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(Key::Number(left)), Some(Key::Number(right))) => left.cmp(right),
        (Some(Key::Text(left)), Some(Key::Text(right))) => collation::compare(left, right),
        (left, right) => panic!("{left:?} and {right:?} are keys of one parameter"),
    }
}

fn assert_in_order(resources: &[Value], parameter: &str, descending: bool) {
    let source = |resource| id(resource).split_once('-').map(|(source, _)| source);
    for pair in resources.windows(2) {
        // The ids of a source are in order, those of several sources have none among them.
        if parameter == "_id" && source(&pair[0]) != source(&pair[1]) {
            continue;
        }
        let (left, right) = (key(&pair[0], parameter), key(&pair[1], parameter));
        let order = compare(&left, &right);
        let order = if descending { order.reverse() } else { order };
        assert_ne!(
            order,
            Ordering::Greater,
            "{parameter}: {} {left:?} before {} {right:?}",
            id(&pair[0]),
            id(&pair[1])
        );
    }
}

fn assert_each_once(resources: &[Value], expected: &BTreeSet<String>, what: &str) {
    let mut seen = BTreeSet::new();
    for resource in resources {
        assert!(
            seen.insert(id(resource).to_owned()),
            "{what}: {} twice",
            id(resource)
        );
    }
    assert_eq!(&seen, expected, "{what}");
}

#[test]
fn every_sort_gives_every_row_once_and_in_order() {
    let practice = Practice::demo(90);
    let mapping = practice.site.mapping().clone();
    let mut sorts = 0;
    for resource in mapping.resources.values() {
        let all: BTreeSet<String> = practice
            .ids(&format!(
                "{}?{}_count=200",
                resource.name,
                demanded(resource)
            ))
            .into_iter()
            .collect();
        assert!(!all.is_empty(), "{}", resource.name);
        for parameter in resource
            .parameters
            .values()
            .filter(|one| one.sorted.is_some())
        {
            for descending in [false, true] {
                let sign = if descending { "-" } else { "" };
                let search = format!(
                    "{}?{}_sort={sign}{}&_count={PAGE}",
                    resource.name,
                    demanded(resource),
                    parameter.name
                );
                let found = practice.resources(&search);
                assert_each_once(&found, &all, &search);
                assert_in_order(&found, &parameter.name, descending);
                sorts += 1;
            }
        }
    }
    assert!(sorts >= 40, "{sorts} sorts");
}

#[test]
fn two_keys_sort_one_within_the_other() {
    let practice = Practice::demo(120);
    for (first, second) in [
        ("gender", "family"),
        ("active", "-birthdate"),
        ("-gender", "_id"),
    ] {
        let found = practice.resources(&format!("Patient?_sort={first},{second}&_count={PAGE}"));
        let name = |text: &str| text.trim_start_matches('-').to_owned();
        assert_in_order(&found, &name(first), first.starts_with('-'));
        let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for resource in found {
            let group = format!("{:?}", key(&resource, &name(first)));
            groups.entry(group).or_default().push(resource);
        }
        assert!(groups.len() > 1);
        for group in groups.values() {
            assert_in_order(group, &name(second), second.starts_with('-'));
        }
    }
}

/// Between two pages, rows are inserted all over the order and rows are deleted, given ones and coming ones.
#[test]
fn rows_that_stay_are_given_once_while_others_come_and_go() {
    for sort in [
        "family",
        "-family",
        "birthdate",
        "-birthdate",
        "_id",
        "-_lastUpdated",
        "gender",
    ] {
        let practice = Practice::demo(150);
        let writer = writable(&practice.path);
        let before: BTreeSet<String> = practice.ids("Patient?_count=200").into_iter().collect();
        let mut gone = BTreeSet::new();
        let mut found = Vec::new();
        let mut bundle = practice.bundle(&format!("Patient?_sort={sort}&_count=11"));
        let mut turn = 0i64;
        loop {
            found.extend(matches(&bundle));
            let Some(cursor) = next_cursor(&bundle) else {
                break;
            };
            turn += 1;
            come_and_go(&writer, turn, &before, &mut gone);
            bundle = practice.bundle(&format!("Patient?_cursor={cursor}"));
        }
        assert!(turn > 5 && !gone.is_empty(), "{sort}");
        let mut times: BTreeMap<&str, u32> = BTreeMap::new();
        for resource in &found {
            *times.entry(id(resource)).or_default() += 1;
        }
        for stayed in before.difference(&gone) {
            assert_eq!(times.get(stayed.as_str()), Some(&1), "{sort}: {stayed}");
        }
        assert!(
            times.values().all(|times| *times == 1),
            "{sort}: given twice"
        );
        assert_in_order(&found, sort.trim_start_matches('-'), sort.starts_with('-'));
    }
}

fn come_and_go(
    writer: &Connection,
    turn: i64,
    all: &BTreeSet<String>,
    gone: &mut BTreeSet<String>,
) {
    // Rows at both ends and in the middle of every order, with equal keys and without any.
    for (surname, born) in [
        (Some("Aaaa"), Some("1901-01-01 00:00:00")),
        (Some("Martin"), Some("1970-06-15 00:00:00")),
        (Some("Zzzz"), Some("2025-12-31 00:00:00")),
        (None, None),
    ] {
        writer
            .execute(
                "INSERT INTO PATIENTS (RECORDSTATUS, SURNAME, DOB, SEXCODE, CREATED) VALUES (1, ?1, ?2, ?3, ?2)",
                (surname, born, turn % 5),
            )
            .unwrap();
    }
    let nth = usize::try_from(turn).unwrap() * 7_919 % all.len();
    let victim = all.iter().nth(nth).unwrap();
    writer
        .execute("DELETE FROM PATIENTS WHERE INTERNALID = ?1", [victim])
        .unwrap();
    gone.insert(victim.clone());
}

fn refused(result: Result<pilaster::site::Answer, SiteError>, what: &str) {
    match result {
        Ok(_) => panic!("{what}: was answered"),
        Err(error) => assert_eq!(
            (error.code().id, error.code().status),
            ("PP007", 400),
            "{what}"
        ),
    }
}

#[test]
fn a_page_link_works_as_it_is_and_nowhere_else() {
    let practice = Practice::demo(60);
    let bundle = practice.bundle("Patient?family=s&_sort=birthdate&_count=1");
    let cursor = next_cursor(&bundle).expect("a next page");
    let call = |cursor: &str| Practice::call(&format!("Patient?_cursor={cursor}"));
    assert!(practice.answer(call(&cursor)).is_ok());
    assert!(practice.answer(call(&cursor)).is_ok(), "a second time");
    // A `self` link says the whole search beside its cursor; no other search may stand there.
    let beside = |search: &str| {
        practice.answer(Practice::call(&format!(
            "Patient?{search}&_cursor={cursor}"
        )))
    };
    let second = parse(&practice.answer(call(&cursor)).expect("a page").body);
    let own = second["link"][0]["url"].as_str().expect("a self link");
    assert!(
        own.contains("?family=s&_sort=birthdate&_count=1&_cursor="),
        "{own}"
    );
    assert!(beside("family=s&_sort=birthdate&_count=1").is_ok());
    refused(
        beside("family=t&_sort=birthdate&_count=1"),
        "another search",
    );
    refused(beside("family=s&_sort=birthdate&_count=2"), "another count");
    refused(
        beside("family=s&_sort=birthdate&_count=1&foo=1"),
        "something unknown",
    );

    for place in 0..cursor.len() {
        let mut altered = cursor.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        refused(practice.answer(call(&altered)), "a character altered");
        refused(practice.answer(call(&cursor[..place.max(1)])), "cut off");
    }
    refused(practice.answer(call(&format!("{cursor}A"))), "made longer");
    refused(practice.answer(call("none")), "no cursor at all");

    let other_caller = SearchCall {
        caller: "another".to_owned(),
        ..call(&cursor)
    };
    refused(practice.answer(other_caller), "another caller");
    let other_type = SearchCall {
        resource: "Practitioner".to_owned(),
        ..call(&cursor)
    };
    refused(practice.answer(other_type), "another resource type");
    refused(
        practice.answer_at(&practice.other_site(), call(&cursor)),
        "another site",
    );
    for beside in [
        "family=smith",
        "_sort=family",
        "_count=5",
        "_elements=name",
        "surname=x",
    ] {
        let call = Practice::call(&format!("Patient?_cursor={cursor}&{beside}"));
        refused(practice.answer(call), beside);
    }
}

#[test]
fn a_page_link_hides_what_was_searched() {
    let practice = Practice::demo(60);
    let answer = practice
        .search("Patient?family=s&_sort=family&_count=1")
        .unwrap();
    let bundle = parse(&answer.body);
    let cursor = next_cursor(&bundle).unwrap();
    let family = bundle["entry"][0]["resource"]["name"][0]["family"]
        .as_str()
        .unwrap();
    assert!(!cursor.contains(family) && !cursor.contains("family"));
}

fn two_sources() -> Practice {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/two-sources");
    let script = std::fs::read_to_string(folder.join("fixture.sql")).unwrap();
    Practice::new(load(&folder), |connection| {
        connection.execute_batch(&script).unwrap();
    })
}

#[test]
fn several_sources_are_one_stream() {
    let practice = two_sources();
    let all: BTreeSet<String> = [
        "1", "2", "3", "4", "kin-1", "kin-2", "kin-3", "kin-4", "kin-5",
    ]
    .map(str::to_owned)
    .into();
    for count in 1..=10 {
        for sort in ["name", "-name", "birthdate", "-birthdate", "_id", "-_id"] {
            let search = format!("RelatedPerson?_sort={sort}&_count={count}");
            let found = practice.resources(&search);
            assert_each_once(&found, &all, &search);
            if !sort.ends_with("_id") {
                assert_in_order(&found, sort.trim_start_matches('-'), sort.starts_with('-'));
            }
            assert_eq!(practice.bundle(&search)["total"], 9, "{search}");
        }
        let unsorted = practice.resources(&format!("RelatedPerson?_count={count}"));
        assert_each_once(&unsorted, &all, "unsorted");
    }
}

#[test]
fn several_sources_are_searched_read_and_referred_to_by_their_ids() {
    let practice = two_sources();
    let set = |search: &str| -> BTreeSet<String> { practice.ids(search).into_iter().collect() };
    let ids =
        |ids: &[&str]| -> BTreeSet<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
    assert_eq!(
        set("RelatedPerson?name=moss"),
        ids(&["1", "kin-1", "kin-5"])
    );
    assert_eq!(set("RelatedPerson?_id=kin-2,2"), ids(&["2", "kin-2"]));
    assert_eq!(
        set("RelatedPerson?patient=Patient/b.2"),
        ids(&["2", "3", "kin-3", "kin-4"])
    );
    // Only one of the tables has telephones.
    assert_eq!(set("RelatedPerson?phone=0755500001"), ids(&["1"]));
    assert_eq!(
        set("RelatedPerson?phone:missing=true"),
        ids(&["2", "3", "kin-1", "kin-2", "kin-3", "kin-4", "kin-5"])
    );
    assert_eq!(set("RelatedPerson?phone:missing=false"), ids(&["1", "4"]));

    let read = |path: &str| practice.read(path).map(|answer| parse(&answer.body));
    assert_eq!(
        read("RelatedPerson/kin-2").unwrap()["name"][0]["family"],
        "adams"
    );
    assert_eq!(
        read("RelatedPerson/2").unwrap()["name"][0]["family"],
        "Adams"
    );
    for absent in [
        "RelatedPerson/kin-9",
        "RelatedPerson/9",
        "RelatedPerson/kin",
        "RelatedPerson/kin-",
        "RelatedPerson/other-1",
    ] {
        assert_eq!(read(absent).unwrap_err().code().status, 404, "{absent}");
    }
    assert_eq!(
        read("Patient/A-1").unwrap()["link"][0]["other"]["reference"],
        "RelatedPerson/kin-2"
    );
    assert_eq!(set("Patient?link=RelatedPerson/kin-2"), ids(&["A-1"]));
    assert_eq!(set("Patient?link=RelatedPerson/2"), ids(&[]));
}

/// A client that says the form in the URL, since it cannot set headers, gets every page in it.
#[test]
fn a_page_link_carries_the_form_of_the_answer() {
    let practice = Practice::demo(50);
    let mut search = "Patient?_count=5&_format=json&_pretty=true".to_owned();
    for _ in 0..3 {
        let bundle = practice.bundle(&search);
        let next = crate::practice::link(&bundle, "next").expect("a further page");
        let (_, query) = next.split_once('?').expect("a query");
        assert!(
            query.starts_with("_format=json&_pretty=true&_cursor="),
            "{query}"
        );
        search = format!("Patient?{query}");
    }
    let own = practice.bundle(&search);
    let own = crate::practice::link(&own, "self").expect("a self link");
    assert!(own.contains("_format=json&_pretty=true&_cursor="), "{own}");
}
