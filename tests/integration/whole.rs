//! What is asked for across types: compartments, searches at the base, everything about a patient, batches.

use std::collections::{BTreeMap, BTreeSet};

use pilaster::fhir::compartment;
use pilaster::search::Compartment;
use serde_json::{Value, json};

use crate::practice::{Practice, entries, link, mapping_folder, matches, parse, references, url};
use crate::support::{CLIENT, KEY, KEY_HEADER, SERVER, header, json as body, refused, send};

fn path(text: &str) -> reqwest::blocking::RequestBuilder {
    SERVER.get(text)
}

/// The resources of all pages, in their order, each with the mode of its entry; and how many pages there are.
fn pages(text: &str) -> (Vec<(String, Value)>, usize) {
    let mut bundle = body(path(text));
    let mut found = Vec::new();
    let mut count = 0;
    loop {
        count += 1;
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let mode = entry["search"]["mode"].as_str().expect("a mode").to_owned();
            found.push((mode, entry["resource"].clone()));
        }
        match link(&bundle, "next") {
            Some(next) => bundle = body(CLIENT.get(next).header(KEY_HEADER, KEY)),
            None => return (found, count),
        }
    }
}

fn matching(found: &[(String, Value)]) -> Vec<String> {
    let matches = found.iter().filter(|(mode, _)| mode == "match");
    matches.map(|(_, resource)| url(resource)).collect()
}

/// All that the practice has, by type, of those types that may be in the compartment of a patient.
fn record(practice: &Practice) -> BTreeMap<&'static str, Vec<Value>> {
    let types = practice.site.mapping().resources.keys();
    let planner = practice.site.planner();
    let resource = |name: &str| &practice.site.mapping().resources[name];
    // A Schedule may be a patient's by R4, and is nobody's but a practitioner's here.
    types
        .filter(|name| planner.check_compartment("Patient", resource(name)).is_ok())
        .map(|name| (*name, practice.resources(&format!("{name}?_count=200"))))
        .collect()
}

#[test]
fn a_compartment_holds_what_refers_to_its_patient() {
    let practice = Practice::demo(60);
    let record = record(&practice);
    assert!(record.len() > 8);
    for patient in [3, 7, 12, 31] {
        let itself = format!("Patient/{patient}");
        for (name, resources) in &record {
            if *name == "Patient" {
                continue;
            }
            let expected: BTreeSet<String> = resources
                .iter()
                .filter(|resource| {
                    let mut found = BTreeSet::new();
                    references(resource, &mut found);
                    found.contains(&itself)
                })
                .map(url)
                .collect();
            let mut call = Practice::call(name);
            call.compartment = Some(pilaster::search::Compartment {
                resource: "Patient".to_owned(),
                id: patient.to_string(),
            });
            call.query = b"_count=200".to_vec();
            let bundle = crate::practice::parse(&practice.answer(call).expect("an answer").body);
            let found: BTreeSet<String> = matches(&bundle).iter().map(url).collect();
            assert_eq!(found, expected, "{name} of {itself}");
            assert_eq!(bundle["total"], found.len());
        }
    }
}

#[test]
fn a_compartment_is_searched_like_its_type() {
    let all = matching(&pages("Patient/12/Appointment?_count=3").0);
    assert!(all.len() > 2, "{all:?}");
    let by_parameter = matching(&pages("Appointment?patient=12").0);
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    assert_eq!(sorted(all.clone()), sorted(by_parameter));
    let booked = matching(&pages("Patient/12/Appointment?status=booked,fulfilled&_sort=-date").0);
    assert!(booked.iter().all(|one| all.contains(one)));
    let bundle = body(path("Patient/12/Appointment?_count=2"));
    assert_eq!(
        link(&bundle, "self").map(|own| own.ends_with("/Patient/12/Appointment?_count=2")),
        Some(true)
    );
    let form = CLIENT
        .post(format!("{}/Patient/12/Appointment/_search", SERVER.base))
        .header(KEY_HEADER, KEY)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("_summary=count");
    assert_eq!(body(form)["total"], all.len());
    // Nobody's: nothing refers to them.
    assert_eq!(body(path("Patient/999999/Appointment"))["total"], 0);
    let refused = |path_text: &str, status, code| {
        refused(send(path(path_text)), status, code);
    };
    refused("Patient/12/Location", 404, "PP012");
    refused("Patient/12/Device", 404, "PH002");
    refused("Device/12/Appointment", 404, "PH002");
    refused("Location/12/Appointment", 404, "PH009");
    refused("Patient/12/Appointment?_type=Appointment", 400, "PP011");
    // A page link belongs to its compartment.
    let next = link(&bundle, "next").expect("more").to_owned();
    let cursor = next.split_once("_cursor=").expect("a cursor").1;
    for other in ["Patient/13/Appointment", "Appointment", "Patient/12/*"] {
        refused(&format!("{other}?_cursor={cursor}"), 400, "PP007");
    }
}

#[test]
fn several_types_are_searched_at_once() {
    let patients = matching(&pages("Patient?family=smith&_count=100").0);
    let practitioners = matching(&pages("Practitioner?family=smith").0);
    let expected: Vec<String> = patients.iter().chain(&practitioners).cloned().collect();
    for count in [1, 3, 100] {
        let search = format!("?_type=Patient,Practitioner&family=smith&_count={count}");
        let (found, pages) = pages(&search);
        assert_eq!(matching(&found), expected, "{search}");
        assert_eq!(pages, expected.len().div_ceil(count));
    }
    assert_eq!(
        body(path("?_type=Patient,Practitioner&family=smith"))["total"],
        expected.len()
    );
    // Of the whole compartment, type by type, each once.
    let (whole, _) = pages("Patient/12/*?_count=4");
    let whole = matching(&whole);
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), whole.len());
    let mut types: Vec<&str> = whole
        .iter()
        .filter_map(|url| Some(url.split_once('/')?.0))
        .collect();
    types.dedup();
    assert!(types.is_sorted() && types.len() > 3, "{types:?}");
    // Sorted, they are merged.
    let (recent, _) =
        pages("?_type=Patient,Appointment&_sort=-_lastUpdated&_lastUpdated=gt2025-09&_count=37");
    let moments: Vec<&str> = recent
        .iter()
        .filter_map(|(_, resource)| resource["meta"]["lastUpdated"].as_str())
        .collect();
    assert!(moments.len() > 40 && moments.is_sorted_by(|one, next| one >= next));
    let urls = matching(&recent);
    assert_eq!(urls.iter().collect::<BTreeSet<_>>().len(), urls.len());
    assert!(
        ["Patient/", "Appointment/"]
            .iter()
            .all(|of| urls.iter().any(|url| url.starts_with(of)))
    );
    // What they refer to goes with them.
    let bundle = body(path(
        "?_type=Encounter,Appointment&patient=12&_include=Encounter:patient&_include=Appointment:patient&_count=50",
    ));
    assert_eq!(
        entries(&bundle, "include")
            .iter()
            .map(url)
            .collect::<Vec<_>>(),
        ["Patient/12"]
    );
}

#[test]
fn a_search_at_the_base_is_as_strict_as_any() {
    for (search, status, code) in [
        ("", 400, "PP011"),
        ("?", 400, "PP011"),
        ("?_count=5", 400, "PP011"),
        ("?_type=Patient,Nothing", 400, "PP011"),
        ("?_type=patient", 400, "PP011"),
        ("?_type=Patient,Location&family=smith", 400, "PP011"),
        ("?_type=Patient,Practitioner&_sort=family", 400, "PP005"),
        ("?_type=Patient,Practitioner&famly=smith", 400, "PP001"),
        (
            "?_type=Patient,Practitioner&family:identifier=smith",
            400,
            "PS003",
        ),
        ("?_type=Patient&_include=Appointment:patient", 400, "PP004"),
        ("Patient?_type=Patient", 400, "PP011"),
        ("Patient/12?_type=Patient", 400, "PH013"),
    ] {
        let text = refused(send(path(search)), status, code);
        assert!(
            !text.contains("smith") && !text.contains("Nothing"),
            "{text}"
        );
    }
    let response = send(path("?_type=Patient&_count=1"));
    assert_eq!(response.status(), 200);
    let form = |text: &'static str| {
        CLIENT
            .post(format!("{}/_search", SERVER.base))
            .header(KEY_HEADER, KEY)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(text)
    };
    let found = body(form("_type=Practitioner&_count=0"));
    assert_eq!(found["total"], body(path("Practitioner?_count=0"))["total"]);
}

#[test]
fn everything_is_the_patient_their_record_and_what_it_refers_to() {
    let whole = matching(&pages("Patient/12/*?_count=200").0);
    let expected: BTreeSet<String> = whole
        .into_iter()
        .filter(|url| !url.starts_with("Patient/"))
        .chain(["Patient/12".to_owned()])
        .collect();
    for count in [1, 5, 200] {
        let (found, pages) = pages(&format!("Patient/12/$everything?_count={count}"));
        let matched = matching(&found);
        assert_eq!(matched.first().map(String::as_str), Some("Patient/12"));
        assert_eq!(matched.iter().cloned().collect::<BTreeSet<_>>(), expected);
        assert_eq!(matched.len(), expected.len());
        assert_eq!(pages, expected.len().div_ceil(count));
        // All that is referred to and is of no patient's record is there too; nobody else's record is.
        let all: BTreeSet<String> = found.iter().map(|(_, resource)| url(resource)).collect();
        for (mode, resource) in &found {
            if mode == "match" {
                let mut referred = BTreeSet::new();
                references(resource, &mut referred);
                for to in referred {
                    let ty = to.split('/').next().expect("a type");
                    let own = compartment::membership("Patient", ty).is_some();
                    assert!(own || all.contains(&to), "{to} of {}", url(resource));
                }
            } else {
                let ty = resource["resourceType"].as_str().expect("a type");
                assert!(compartment::membership("Patient", ty).is_none(), "{ty}");
            }
        }
    }
}

#[test]
fn everything_is_narrowed_by_time_and_type() {
    let dates = |text: &str, ty: &str| -> Vec<String> {
        let (found, _) = pages(text);
        found
            .iter()
            .filter(|(_, resource)| resource["resourceType"] == ty)
            .filter_map(|(_, resource)| Some(resource["start"].as_str()?[..10].to_owned()))
            .collect()
    };
    let all = dates("Patient/12/$everything", "Appointment");
    let some = dates(
        "Patient/12/$everything?start=2025-06-01&end=2026-03-02",
        "Appointment",
    );
    let expected: Vec<&String> = all
        .iter()
        .filter(|date| ("2025-06-01"..="2026-03-02").contains(&date.as_str()))
        .collect();
    assert!(!expected.is_empty() && expected.len() < all.len());
    assert_eq!(some.iter().collect::<Vec<_>>(), expected);
    // What is so until it is otherwise stays.
    let future = matching(&pages("Patient/12/$everything?start=2030-01-01").0);
    assert!(future.contains(&"Patient/12".to_owned()));
    assert!(
        future
            .iter()
            .any(|url| url.starts_with("Condition/") || url.starts_with("Coverage/"))
    );
    assert!(
        !future
            .iter()
            .any(|url| url.starts_with("Appointment/") || url.starts_with("Encounter/"))
    );
    // But not what had yet to come.
    let before = |practice_end: &str| {
        pages(&format!("Patient/12/$everything?end={practice_end}"))
            .0
            .into_iter()
            .map(|(_, resource)| resource)
            .filter(|resource| {
                let onset = resource["onsetDateTime"].as_str();
                let start = resource["effectivePeriod"]["start"].as_str();
                onset.or(start).is_some_and(|date| date > practice_end)
            })
            .count()
    };
    assert_eq!(before("2010-12-31"), 0);
    // Of whose smoking no day is known it is known all the same.
    // What begins within the end, or ends within the start, lasted then, whatever came before or after.
    let taken = body(path(
        "MedicationStatement?effective:missing=false&_count=20",
    ));
    for statement in matches(&taken) {
        let period = &statement["effectivePeriod"];
        let (Some(start), patient) = (period["start"].as_str(), &statement["subject"]) else {
            continue;
        };
        let patient = patient["reference"].as_str().expect("a patient");
        let mut ranges = vec![
            format!("?end={start}"),
            format!("?end={}", &start[..4]),
            format!("?start={start}&end={start}"),
        ];
        ranges.extend(period["end"].as_str().map(|end| format!("?start={end}")));
        for range in ranges {
            let text = format!("{patient}/$everything{range}");
            assert!(
                matching(&pages(&text).0).contains(&url(&statement)),
                "{text}"
            );
        }
    }
    let habits = body(path("Observation?category=social-history&_count=1"));
    let habit = &matches(&habits)[0];
    let smoker = habit["subject"]["reference"].as_str().expect("a patient");
    for range in ["", "?start=2027-06-01", "?end=2010-12-31"] {
        let found = matching(&pages(&format!("{smoker}/$everything{range}")).0);
        assert!(found.contains(&url(habit)), "{smoker}/$everything{range}");
    }
    let typed = pages("Patient/12/$everything?_type=Appointment").0;
    assert_eq!(matching(&typed).len(), all.len());
    assert_eq!(typed.len(), all.len(), "and nothing else");
    // What is nobody's own comes where it is asked for: with what refers to it, or, alone, whatever does.
    let included = |range: &str| -> BTreeSet<String> {
        let found = pages(&format!("Patient/12/$everything{range}")).0;
        let included = found.iter().filter(|(mode, _)| mode == "include");
        included.map(|(_, resource)| url(resource)).collect()
    };
    let is_practitioner = |url: &String| url.starts_with("Practitioner/");
    let of_appointments = included("?_type=Appointment,Practitioner");
    assert!(!of_appointments.is_empty() && of_appointments.iter().all(is_practitioner));
    let of_all: BTreeSet<String> = included("").into_iter().filter(is_practitioner).collect();
    assert!(of_all.is_superset(&of_appointments));
    assert_eq!(included("?_type=Practitioner"), of_all);
    assert_eq!(included("?_type=Practitioner&_count=2"), of_all);
    assert!(matching(&pages("Patient/12/$everything?_type=Practitioner").0).is_empty());
    let since = matching(
        &pages("Patient/12/$everything?_since=2026-02-01T00:00:00Z&_type=Appointment,Patient").0,
    );
    assert!(since.contains(&"Patient/12".to_owned()) && since.len() <= all.len());
    // By POST, with Parameters.
    let parameters = json!({"resourceType": "Parameters", "parameter": [
        {"name": "_type", "valueCode": "Appointment"},
        {"name": "_type", "valueCode": "Patient"},
    ]});
    let post = |json: String| {
        CLIENT
            .post(format!("{}/Patient/12/$everything", SERVER.base))
            .header(KEY_HEADER, KEY)
            .header("Content-Type", "application/fhir+json")
            .body(json)
    };
    let posted = body(post(parameters.to_string()));
    assert_eq!(matches(&posted).len(), all.len() + 1);
    refused(send(post("{".to_owned())), 400, "PH021");
    for (text, status, code) in [
        ("Patient/999999/$everything", 404, "PH003"),
        ("Patient/999999/$everything?_type=Appointment", 404, "PH003"),
        ("Patient/999999/$everything?_count=0", 404, "PH003"),
        (
            "Patient/12/$everything?start=2026-06-30&end=2026-01-01",
            400,
            "PS002",
        ),
        ("Patient/$everything", 404, "PH009"),
        ("Practitioner/1/$everything", 404, "PH009"),
        ("Patient/12/$everything?start=soon", 400, "PS002"),
        ("Patient/12/$everything?start=ge2026", 400, "PS002"),
        ("Patient/12/$everything?start=2026&start=2027", 400, "PS002"),
        ("Patient/12/$everything?family=x", 400, "PP013"),
        ("Patient/12/$everything?_sort=date", 400, "PP013"),
        ("Patient/12/$everything?_type=Claim", 400, "PP011"),
    ] {
        refused(send(path(text)), status, code);
    }
}

/// Also of what only some products keep: the end of a condition, a plan of treatment, a recall.
#[test]
fn everything_is_narrowed_by_whatever_dates_a_product_keeps() {
    let day = |value: &Value| value.as_str().map(|text| format!("{text:.10}"));
    // From when until when, as far as it says so.
    let lasted = |resource: &Value| match resource["resourceType"].as_str()? {
        "Condition" => Some((
            day(&resource["onsetDateTime"]),
            day(&resource["abatementDateTime"]),
        )),
        "CarePlan" => Some((
            day(&resource["period"]["start"]),
            day(&resource["period"]["end"]),
        )),
        "CommunicationRequest" => {
            let at = day(&resource["occurrenceDateTime"]);
            Some((at.clone(), at))
        }
        _ => None,
    };
    for (mapping, types) in [
        ("zedmed", &["Condition"][..]),
        (
            "dental4windows",
            &["Condition", "CarePlan", "CommunicationRequest"],
        ),
    ] {
        let practice = crate::mappings::fixture(&mapping_folder(mapping));
        let everything = |patient: &str, range: &str| -> Vec<Value> {
            let mut call = Practice::call(range);
            call.compartment = Some(Compartment {
                resource: "Patient".to_owned(),
                id: patient.to_owned(),
            });
            call.everything = true;
            let bundle = parse(&practice.answer(call).expect("a bundle").body);
            assert!(link(&bundle, "next").is_none(), "one page holds it");
            matches(&bundle)
        };
        let mut left_out = BTreeSet::new();
        let mut kept = BTreeSet::new();
        for patient in practice.ids("Patient?_count=200") {
            let all = everything(&patient, "");
            for year in 2018..2029 {
                for (range, first, last) in [
                    (
                        format!("?start={year}"),
                        format!("{year}-01-01"),
                        "9999".to_owned(),
                    ),
                    (
                        format!("?end={year}"),
                        String::new(),
                        format!("{year}-12-31"),
                    ),
                    (
                        format!("?start={year}-03&end={year}-09"),
                        format!("{year}-03-01"),
                        format!("{year}-09-30"),
                    ),
                ] {
                    let some: BTreeSet<String> =
                        everything(&patient, &range).iter().map(url).collect();
                    for resource in &all {
                        let Some((begins, ends)) = lasted(resource) else {
                            continue;
                        };
                        let expected =
                            begins.is_none_or(|it| it <= last) && ends.is_none_or(|it| it >= first);
                        let (ty, url) = (&resource["resourceType"], url(resource));
                        assert_eq!(
                            some.contains(&url),
                            expected,
                            "{url} of {patient} in {range}"
                        );
                        let among = if expected { &mut kept } else { &mut left_out };
                        among.insert(ty.as_str().expect("a type").to_owned());
                    }
                }
            }
        }
        for ty in types {
            assert!(
                kept.contains(*ty) && left_out.contains(*ty),
                "{mapping}: {ty}"
            );
        }
    }
}

/// A page of everything asks only the types that it reaches.
#[test]
fn a_page_of_everything_asks_no_more_than_it_holds() {
    let practice = Practice::demo(60);
    let commands = |query: &str| {
        let mut call = Practice::call(&format!("?{query}"));
        call.everything = true;
        call.compartment = Some(pilaster::search::Compartment {
            resource: "Patient".to_owned(),
            id: "12".to_owned(),
        });
        practice.answer(call).expect("an answer").commands
    };
    assert!(commands("_count=2") + 15 < commands("_count=200"));
}

#[test]
fn a_batch_answers_each_entry_as_if_it_came_alone() {
    let post = |json: Value| {
        CLIENT
            .post(&SERVER.base)
            .header(KEY_HEADER, KEY)
            .header("Content-Type", "application/fhir+json")
            .body(json.to_string())
    };
    let entry = |method: &str, url: &str| json!({"request": {"method": method, "url": url}});
    let single = send(path("Patient/12"));
    let etag = header(&single, "etag");
    let practice = body(path("Organization/1"));
    let modified = &practice["meta"]["lastUpdated"];
    let answer = body(post(
        json!({"resourceType": "Bundle", "type": "batch", "entry": [
            entry("GET", "Patient/12"),
            entry("GET", "/Patient?family=smith&_summary=count"),
            entry("GET", &format!("{}/Patient/12/Condition", SERVER.base)),
            entry("GET", "Patient/12/$everything?_type=Patient"),
            entry("GET", "metadata"),
            entry("GET", "Patient/999999"),
            entry("PUT", "Patient/12"),
            entry("GET", "Patient?birthdate=soon"),
            entry("GET", "Pat ient"),
            json!({"resource": {"resourceType": "Patient"}}),
            json!({"request": {"method": "GET", "url": "Patient/12", "ifNoneMatch": etag}}),
            json!({"request": {"method": "GET", "url": "Organization/1", "ifModifiedSince": modified}}),
            json!({"request": {"method": "GET", "url": "Organization/1", "ifModifiedSince": "2000-01-01T00:00:00Z"}}),
            json!({"request": {"url": "Patient/12"}}),
            entry("get", "Patient/12"),
            entry("GET", ""),
            entry("HEAD", "Patient/12"),
        ]}),
    ));
    assert_eq!(
        (&answer["resourceType"], &answer["type"]),
        (&json!("Bundle"), &json!("batch-response"))
    );
    let entries = answer["entry"].as_array().expect("entries");
    let statuses: Vec<&str> = entries
        .iter()
        .map(|entry| entry["response"]["status"].as_str().expect("a status"))
        .collect();
    assert_eq!(
        statuses,
        [
            "200 OK",
            "200 OK",
            "200 OK",
            "200 OK",
            "200 OK",
            "404 Not Found",
            "405 Method Not Allowed",
            "400 Bad Request",
            "400 Bad Request",
            "400 Bad Request",
            "304 Not Modified",
            "304 Not Modified",
            "200 OK",
            "400 Bad Request",
            "400 Bad Request",
            "400 Bad Request",
            "200 OK",
        ]
    );
    let alone: Value = single.json().expect("JSON");
    assert_eq!(entries[0]["resource"], alone);
    assert_eq!(entries[0]["response"]["etag"], etag);
    assert_eq!(
        entries[4]["resource"]["resourceType"],
        "CapabilityStatement"
    );
    assert_eq!(
        entries[5]["response"]["outcome"]["resourceType"],
        "OperationOutcome"
    );
    assert!(entries[10].get("resource").is_none());
    assert!(entries[16].get("resource").is_none());
    let issue = |entry: usize| &entries[entry]["response"]["outcome"]["issue"][0]["details"];
    assert_eq!(issue(13), issue(14), "a method that is none is as none");
    assert_eq!(issue(15)["coding"][0]["code"], "PP011");
    assert_eq!(
        entries[1]["resource"]["total"],
        body(path("Patient?family=smith&_count=0"))["total"]
    );
    let empty = body(post(json!({"resourceType": "Bundle", "type": "batch"})));
    assert!(empty.get("entry").is_none());
    refused(
        send(post(
            json!({"resourceType": "Bundle", "type": "transaction"}),
        )),
        400,
        "PH021",
    );
    let many = vec![entry("GET", "metadata"); 65];
    refused(
        send(post(
            json!({"resourceType": "Bundle", "type": "batch", "entry": many}),
        )),
        400,
        "PH022",
    );
    let form = CLIENT
        .post(&SERVER.base)
        .header(KEY_HEADER, KEY)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("a=b");
    refused(send(form), 415, "PH006");
}

/// Where some types cannot be searched so, the others are, and the answer says which were not.
#[test]
fn the_base_is_searched_as_far_as_it_can_be() {
    let bundle = body(path("?_lastUpdated=gt2020-01-01&_count=3"));
    assert_eq!(matches(&bundle).len(), 3);
    let outcome = &entries(&bundle, "outcome")[0];
    let text = outcome["issue"][0]["details"]["text"].as_str();
    assert!(text.is_some_and(|text| text.contains("Slot")), "{outcome}");
    for (text, code) in [
        ("?_type=Patient,Slot&_lastUpdated=gt2020-01-01", "PP002"),
        ("?_count=3", "PP011"),
    ] {
        refused(send(path(text)), 400, code);
    }
}

/// Free times that are asked for without a day are those from now on; the links say so, and so do later pages.
#[test]
fn free_slots_are_from_now_on_where_no_day_is_asked_for() {
    let bundle = body(path("Slot?status=free&_count=3"));
    let slots = matches(&bundle);
    assert_eq!(slots.len(), 3);
    let now = jiff::Timestamp::now();
    for slot in &slots {
        let start: jiff::Timestamp = slot["start"]
            .as_str()
            .expect("a start")
            .parse()
            .expect("an instant");
        let seconds = start.as_second() - now.as_second();
        assert!((-3600..93 * 86_400).contains(&seconds), "{slot}");
    }
    let outcome = &entries(&bundle, "outcome")[0];
    assert_eq!(outcome["issue"][0]["expression"][0], "http.start");
    let own = link(&bundle, "self").expect("a self link");
    assert!(
        own.contains("start=ge") && own.contains("start=lt"),
        "{own}"
    );
    let next = body(
        CLIENT
            .get(link(&bundle, "next").expect("more"))
            .header(KEY_HEADER, KEY),
    );
    assert_eq!(matches(&next).len(), 3);
    assert!(entries(&next, "outcome").is_empty());
    let again = body(CLIENT.get(own).header(KEY_HEADER, KEY));
    assert_eq!(matches(&again), slots);
    // Half a range is none.
    refused(
        send(path("Slot?status=free&start=ge2026-11-01")),
        400,
        "PP015",
    );
}

/// What bounds the time of a search is counted over all tables that it looks into.
#[test]
fn a_search_has_so_many_comparisons_and_no_more() {
    let practice = Practice::demo(20);
    let values = |count: usize| {
        let each: Vec<String> = (0..count).map(|number| format!("v{number}")).collect();
        each.join(",")
    };
    let refused = |search: &str| practice.plan(search).err().map(|error| error.code().id);
    // Whatever a parameter takes, one source can compare.
    let most = format!("Patient?name:contains={}", values(256));
    assert_eq!(refused(&most), None);
    let most = (1..=256)
        .rev()
        .find(|count| {
            refused(&format!(
                "Observation?patient.name:contains={}",
                values(*count)
            ))
            .is_none()
        })
        .expect("a few are answered");
    assert!((50..256).contains(&most), "{most}");
    let over = format!("Observation?patient.name:contains={}", values(most + 1));
    assert_eq!(refused(&over), Some("PP008"));
    let several = format!(
        "?_type=Condition,Encounter,Immunization,Procedure,Observation,AllergyIntolerance,MedicationStatement,DiagnosticReport,DocumentReference,MedicationRequest&patient.name:contains={}",
        values(200)
    );
    let error = practice.search(&several).expect_err("too much");
    assert_eq!(error.code().id, "PP008");
    // So are the tables themselves.
    for (chain, expected) in [
        ("beneficiary._has:Observation:patient:code=x", None),
        (
            "patient._has:Coverage:patient:beneficiary.name=x",
            Some("PP010"),
        ),
    ] {
        let search = format!("Patient?_has:Coverage:beneficiary:{chain}");
        assert_eq!(refused(&search), expected, "{search}");
    }
}

/// Sorted by it once, nothing more is by sorting again.
#[test]
fn sorting_twice_by_a_parameter_is_sorting_once() {
    let practice = Practice::demo(20);
    let repeated = vec!["family,-family"; 100].join(",");
    let plan = |sort: &str| {
        practice
            .plan(&format!("Patient?_sort={sort}"))
            .expect("a plan")
    };
    let (once, often) = (plan("family"), plan(&repeated));
    assert_eq!(once.parts[0].select.order, often.parts[0].select.order);
    assert_eq!(once.descending, often.descending);
}

#[test]
fn includes_have_a_bound() {
    let practice = Practice::demo(60);
    for accepted in [
        "Patient?_include=*&_revinclude=*",
        "Patient?_revinclude:iterate=*",
        "Practitioner?_include:iterate=*",
    ] {
        assert!(practice.search(accepted).is_ok(), "{accepted}");
    }
    let one_more = practice.search("Patient?_include:iterate=*&_revinclude:iterate=*");
    assert_eq!(one_more.expect_err("too much").code().id, "PP014");
    // Said again, or said within what is said already, it costs nothing.
    let once = practice.search("Patient?_revinclude=*").expect("an answer");
    let again = practice
        .search("Patient?_revinclude=Appointment:patient&_revinclude=*&_revinclude=*&_revinclude=Condition:*")
        .expect("an answer");
    assert_eq!(once.commands, again.commands);
}

#[test]
fn all_of_it_is_xml_where_that_is_asked_for() {
    let xml = |request: reqwest::blocking::RequestBuilder| {
        let response = send(request.header("Accept", "application/fhir+xml"));
        assert_eq!(response.status(), 200);
        let media_type = header(&response, "content-type");
        assert!(
            media_type.starts_with("application/fhir+xml"),
            "{media_type}"
        );
        response.text().expect("text")
    };
    for search in [
        "Patient/12/*",
        "?_type=Patient,Practitioner",
        "Patient/12/$everything",
    ] {
        assert!(xml(path(search)).contains("<type value=\"searchset\"/>"));
    }
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": "Patient/12?_format=xml"}},
        {"request": {"method": "GET", "url": "Patient/999999"}},
    ]});
    let post = || {
        CLIENT
            .post(&SERVER.base)
            .header(KEY_HEADER, KEY)
            .header("Content-Type", "application/fhir+json")
            .body(batch.to_string())
    };
    let text = xml(post());
    assert!(
        text.contains("<type value=\"batch-response\"/>")
            && text.contains("<outcome><OperationOutcome"),
        "{text}"
    );
    // An entry is of the Bundle's form, whatever it asks for.
    assert_eq!(
        body(post())["entry"][0]["resource"]["resourceType"],
        "Patient"
    );
}
