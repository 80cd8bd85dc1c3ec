//! XML: how it is asked for, and that it says what JSON says.

use std::sync::Arc;

use pilaster::cli::{OpenLimits, open_site};
use pilaster::cursor::CursorKey;
use pilaster::demo;
use pilaster::mapping::{embedded, load_files};
use pilaster::server::Limits;
use reqwest::blocking::{RequestBuilder, Response};
use serde_json::Value;

use crate::practice::{link, writable};
use crate::support::{CLIENT, KEY, KEY_HEADER, SERVER, SITE, Server, header, json, send};
use crate::xml_reader::{Node, expected, read};

const FHIR_XML: &str = "application/fhir+xml; charset=utf-8";

fn in_xml(request: RequestBuilder) -> RequestBuilder {
    request.header("Accept", "application/fhir+xml")
}

/// The XML of an answer that must be 200.
#[track_caller]
fn xml(request: RequestBuilder) -> Node {
    let response = send(in_xml(request));
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), FHIR_XML);
    read(&response.text().expect("UTF-8"))
}

/// Without what every answer has anew: a Bundle's id, and where its links lead.
fn lasting(mut bundle: Value) -> Value {
    bundle["id"] = "id".into();
    for link in bundle["link"].as_array_mut().into_iter().flatten() {
        link["url"] = link["relation"].clone();
    }
    bundle
}

fn lasting_xml(mut bundle: Node) -> Node {
    for child in &mut bundle.children {
        match child.name.as_str() {
            "id" => child.attributes[0].1 = "id".to_owned(),
            "link" => {
                let relation = child.value("relation").to_owned();
                child.children[1].attributes[0].1 = relation;
            }
            _ => {}
        }
    }
    bundle
}

#[track_caller]
fn assert_same(server: &Server, search: &str) {
    let from_json = expected(&lasting(json(server.get(search))));
    let from_xml = lasting_xml(xml(server.get(search)));
    assert_eq!(from_xml, from_json, "{search}");
}

#[test]
fn every_resource_type_is_the_same_in_both() {
    let statement = json(SERVER.get("metadata"));
    for resource in statement["rest"][0]["resource"].as_array().expect("types") {
        let of = resource["type"].as_str().expect("a type");
        // What a search of the type must say.
        let demanded = match of {
            "Slot" => "start=2026-03-02&",
            _ => "",
        };
        assert_same(&SERVER, &format!("{of}?{demanded}_count=20"));
        assert_same(&SERVER, &format!("{of}?{demanded}_count=5&_summary=true"));
        let first = json(SERVER.get(&format!("{of}?{demanded}_count=1")));
        let id = first["entry"][0]["resource"]["id"].as_str().expect("an id");
        let read = SERVER.get(&format!("{of}/{id}"));
        assert_eq!(
            xml(read),
            expected(&json(SERVER.get(&format!("{of}/{id}")))),
            "{of}"
        );
    }
    for search in [
        "Appointment?_count=10&_include=*",
        "Patient?_count=0",
        "Patient?_summary=count",
        "Patient?_count=3&_elements=name",
        "Patient?family=no-such-family",
        "Patient?gender=male&_count=3&no-such=1",
    ] {
        assert_same(&SERVER, search);
    }
    assert_eq!(xml(SERVER.get("metadata")), expected(&statement));
}

#[test]
fn the_form_is_that_which_is_asked_for() {
    const JSON: &str = "application/fhir+json; charset=utf-8";
    const XML: &str = "application/xml; charset=utf-8";
    for (query, accept, content_type) in [
        ("", "application/fhir+xml", FHIR_XML),
        ("", "application/fhir+xml; fhirVersion=4.0", FHIR_XML),
        (
            "",
            "application/fhir+xml; fhirVersion=4.0; charset=UTF-8",
            FHIR_XML,
        ),
        ("", "application/xml", XML),
        ("", "text/xml", "text/xml; charset=utf-8"),
        (
            "",
            "application/fhir+json;q=0.5, application/fhir+xml",
            FHIR_XML,
        ),
        (
            "",
            "application/fhir+json, application/fhir+xml;q=0.5",
            JSON,
        ),
        ("", "application/fhir+xml, application/fhir+json", JSON),
        ("", "*/*", JSON),
        ("", "*/*, application/fhir+xml;q=0.5", JSON),
        ("", "text/html, application/xml;q=0.9, */*;q=0.8", XML),
        ("&_format=xml", "*/*", FHIR_XML),
        ("&_format=xml", "application/fhir+json", FHIR_XML),
        ("&_format=text/xml", "*/*", FHIR_XML),
        ("&_format=application/xml", "*/*", FHIR_XML),
        ("&_format=application/fhir+xml", "*/*", FHIR_XML),
        ("&_format=application/fhir%2Bxml", "image/png", FHIR_XML),
        ("&_format=json", "application/fhir+xml", JSON),
    ] {
        let request = SERVER.get(&format!("Practitioner?_count=1{query}"));
        let response = send(request.header("Accept", accept));
        assert_eq!(response.status(), 200, "{query} {accept}");
        assert_eq!(
            header(&response, "content-type"),
            content_type,
            "{query} {accept}"
        );
        assert!(
            header(&response, "vary").contains("accept"),
            "{query} {accept}"
        );
        let text = response.text().expect("UTF-8");
        match content_type {
            JSON => assert!(text.starts_with('{'), "{text}"),
            _ => assert_eq!(read(&text).name, "Bundle"),
        }
    }
    let by_form = send(SERVER.search("Practitioner", "_count=1&_format=xml"));
    assert_eq!(header(&by_form, "content-type"), FHIR_XML);
    let by_form = send(in_xml(SERVER.search("Practitioner", "_count=1")));
    assert_eq!(read(&by_form.text().expect("UTF-8")).name, "Bundle");
    let other = send(
        SERVER
            .get("Patient/1")
            .header("Accept", "application/fhir+turtle"),
    );
    let outcome: Value = other.json().expect("JSON");
    let text = outcome["issue"][0]["details"]["text"]
        .as_str()
        .expect("a text");
    assert!(
        text.contains("application/fhir+xml") && text.contains("text/xml"),
        "{text}"
    );
}

#[test]
fn what_the_statement_declares_is_given() {
    let statement = json(SERVER.get("metadata"));
    let formats = statement["format"].as_array().expect("formats");
    assert_eq!(formats.len(), 4);
    for format in formats {
        let format = format.as_str().expect("a format");
        let by_name = send(SERVER.get(&format!("Patient?_format={}", format.replace('+', "%2B"))));
        assert_eq!(by_name.status(), 200, "{format}");
        let form = if format.ends_with("xml") {
            "xml"
        } else {
            "json"
        };
        let content_type = format!("application/fhir+{form}; charset=utf-8");
        assert_eq!(header(&by_name, "content-type"), content_type);
        if format.contains('/') {
            let by_header = send(SERVER.get("Patient").header("Accept", format));
            assert_eq!(header(&by_header, "content-type"), content_type);
        }
    }
}

#[test]
fn pages_follow_one_another_in_the_form_of_the_first() {
    let first = json(SERVER.get("Practitioner?_count=3"));
    let next = link(&first, "next").expect("a next page");
    let whole = xml(CLIENT.get(next).header(KEY_HEADER, KEY));
    assert_eq!(whole.all("entry").len(), 3);
    let first = send(SERVER.get("Practitioner?_count=3&_format=xml"));
    let first = read(&first.text().expect("UTF-8"));
    let next = first
        .all("link")
        .into_iter()
        .find(|link| link.value("relation") == "next");
    let next = next.expect("a next page").value("url");
    let second = send(CLIENT.get(next).header(KEY_HEADER, KEY));
    assert_eq!(header(&second, "content-type"), FHIR_XML);
    let second = read(&second.text().expect("UTF-8"));
    assert_eq!(second.children, whole_page(&second, &whole));
}

/// A page's children, with those that every answer has anew.
fn whole_page(own: &Node, other: &Node) -> Vec<Node> {
    own.children
        .iter()
        .zip(&other.children)
        .map(|(own, other)| match own.name.as_str() {
            "id" | "link" => own.clone(),
            _ => other.clone(),
        })
        .collect()
}

#[test]
fn it_is_indented_where_that_is_asked_for() {
    let text = |query: &str| {
        let request = SERVER.get(&format!("Practitioner/1?_format=xml{query}"));
        send(request).text().expect("UTF-8")
    };
    let (plain, pretty) = (text(""), text("&_pretty=true"));
    assert!(!plain.contains('\n'));
    assert!(
        pretty.contains("\n<Practitioner xmlns=\"http://hl7.org/fhir\">\n  <id value=\"1\"/>\n")
    );
    assert_eq!(read(&plain), read(&pretty));
    let outcome = SERVER.get("Practitioner/0?_format=xml&_pretty=true");
    assert!(
        send(outcome)
            .text()
            .expect("UTF-8")
            .contains("\n  <issue>\n    <severity")
    );
}

/// RFC 9110 §8.8.3: tags tell apart what negotiation gives too. Who has the JSON and asks for XML is given it.
#[test]
fn each_form_has_its_own_tag() {
    for path in ["Patient/1", "metadata"] {
        let json = send(SERVER.get(path));
        let xml = send(in_xml(SERVER.get(path)));
        let (json, xml) = (header(&json, "etag"), header(&xml, "etag"));
        assert!(
            json.starts_with("W/\"") && xml.starts_with("W/\""),
            "{json} {xml}"
        );
        assert_ne!(json, xml);
        for (tags, status) in [
            (xml.as_str(), 304),
            ("*", 304),
            (&format!("{json}, {xml}"), 304),
            (&json, 200),
        ] {
            let again = send(in_xml(SERVER.get(path)).header("If-None-Match", tags));
            assert_eq!(again.status(), status, "{path} {tags}");
            assert_eq!(header(&again, "etag"), xml, "{path} {tags}");
            assert!(header(&again, "vary").contains("accept"));
            let text = again.text().expect("UTF-8");
            assert_eq!(text.is_empty(), status == 304, "{path} {tags}");
        }
        let again = send(SERVER.get(path).header("If-None-Match", xml));
        assert_eq!(again.status(), 200, "{path}");
        let indented = send(in_xml(SERVER.get(&format!("{path}?_pretty=true"))));
        assert_ne!(header(&indented, "etag"), json, "{path}");
    }
    let read = send(SERVER.get("Organization/1"));
    let since = header(&read, "last-modified");
    let again = send(in_xml(SERVER.get("Organization/1")).header("If-Modified-Since", since));
    assert_eq!(again.status(), 304);
}

#[test]
fn head_says_of_xml_what_get_says() {
    for path in [
        "Patient/1",
        "Patient?family=no-such-family",
        "metadata",
        "Patient/0",
    ] {
        let get = send(in_xml(SERVER.get(path)).header("Accept-Encoding", "identity"));
        let head = CLIENT.head(format!("{}/{path}", SERVER.base));
        let head = head
            .header(KEY_HEADER, KEY)
            .header("Accept-Encoding", "identity");
        let head = send(in_xml(head));
        assert_eq!(head.status(), get.status(), "{path}");
        for name in ["content-type", "content-length", "etag", "vary"] {
            // The links of a Bundle have the same length; so has its id.
            assert_eq!(header(&head, name), header(&get, name), "{path} {name}");
        }
        assert_eq!(header(&head, "content-type"), FHIR_XML);
        assert_eq!(head.text().expect("no body"), "");
    }
}

/// The OperationOutcome of an answer: the code of its error.
#[track_caller]
pub fn refused_in_xml(response: Response, status: u16, code: &str) -> Node {
    assert_eq!(response.status(), status);
    assert_eq!(header(&response, "content-type"), FHIR_XML);
    assert_eq!(header(&response, "cache-control"), "no-store");
    assert!(header(&response, "vary").contains("accept"));
    let outcome = read(&response.text().expect("UTF-8"));
    assert_eq!(outcome.name, "OperationOutcome");
    assert_eq!(outcome.value("issue.severity"), "error");
    assert_eq!(outcome.value("issue.details.coding.code"), code);
    assert!(!outcome.value("issue.details.text").is_empty());
    assert!(!outcome.value("issue.diagnostics").is_empty());
    outcome
}

#[test]
fn errors_are_in_the_form_that_is_asked_for() {
    let unknown = CLIENT.get(format!("{}/Patient", SERVER.base));
    let wrong = CLIENT
        .get(format!("{}/Patient", SERVER.base))
        .header(KEY_HEADER, "wrong");
    let site = CLIENT.get(SERVER.url("/integrator/sites/x/fhir/R4/Patient"));
    let no_form = CLIENT
        .post(format!("{}/Patient/_search", SERVER.base))
        .header(KEY_HEADER, KEY)
        .header("Content-Type", "application/json")
        .body("{}");
    let requests: Vec<(RequestBuilder, u16)> = vec![
        (unknown, 401),
        (wrong, 401),
        (site.header(KEY_HEADER, KEY), 404),
        (SERVER.get("Device"), 404),
        (SERVER.get("Patient/999999999"), 404),
        (SERVER.get("Patient/a_b"), 404),
        (SERVER.get("$convert"), 404),
        (SERVER.get("Patient/_search"), 405),
        (SERVER.get("Patient?birthdate=smith"), 400),
        (
            SERVER
                .get("Patient?no-such=1")
                .header("Prefer", "handling=strict"),
            400,
        ),
        (no_form, 415),
        (SERVER.search("Patient", "a".repeat(70 << 10)), 413),
        (
            SERVER.get(&format!("Patient?family={}", "a".repeat(50 << 10))),
            414,
        ),
    ];
    for (request, status) in requests {
        let plain = send(request.try_clone().expect("a request"));
        let plain: Value = plain.json().expect("JSON");
        let code = &plain["issue"][0]["details"]["coding"][0]["code"];
        let code = code.as_str().expect("a code");
        let outcome = refused_in_xml(send(in_xml(request)), status, code);
        assert_eq!(outcome, expected(&plain));
    }
    let by_format = CLIENT.get(format!("{}/Patient?_format=xml", SERVER.base));
    refused_in_xml(send(by_format), 401, "PH004");
    let long = format!("Patient?_format=xml&family={}", "a".repeat(50 << 10));
    refused_in_xml(send(SERVER.get(&long)), 414, "PH016");
    let by_form = SERVER.search("Patient", "_format=xml&birthdate=smith");
    assert_eq!(send(by_form).headers()["content-type"], FHIR_XML);
}

#[test]
fn who_takes_a_generic_type_gets_errors_in_it() {
    for accept in ["text/xml", "application/json", "application/xml"] {
        let response = send(SERVER.get("Patient/0").header("Accept", accept));
        assert_eq!(response.status(), 404);
        let content_type = header(&response, "content-type");
        assert_eq!(content_type, format!("{accept}; charset=utf-8"));
    }
}

/// What rows hold comes through XML as it comes through JSON.
#[test]
fn odd_characters_and_digits_come_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("demo.sqlite");
    let mut database = rusqlite::Connection::open(&path).expect("a database");
    let options = demo::Options {
        patients: 20,
        seed: 1,
        today: jiff::civil::date(2026, 3, 2),
    };
    demo::create(&mut database, &options, &mut |_, _| {}).expect("a practice");
    drop(database);
    writable(&path)
        .execute_batch(
            "UPDATE PATIENTS SET SURNAME = 'O''Brien <b>&amp;\"' || char(9) || 'x' || char(10) || char(13) || 'y' || char(128512),
               FIRSTNAME = 'A' || char(1) || char(7) || 'B' || char(127) || char(133) || char(8238), CITY = char(65534) || char(65535)
             WHERE INTERNALID = 1",
        )
        .expect("an update");
    let (site, _) = open_site(
        SITE,
        jiff::tz::TimeZone::UTC,
        Arc::new(CursorKey::from_bytes([7; 32])),
        &path,
        OpenLimits::default(),
        |options| load_files(embedded::ID, embedded::FILES, options),
    )
    .expect("a site");
    let server = Server::start(vec![Arc::new(site)], Limits::default());
    let patient = xml(server.get("Patient/1"));
    let name = patient.all("name")[0];
    assert_eq!(name.value("family"), "O'Brien <b>&amp;\"\tx\n\ry\u{1f600}");
    // JSON has no control characters either.
    let given = name.all("given")[0];
    assert_eq!(given.attributes[0].1, "AB\u{7f}\u{85}\u{202e}");
    // These JSON has, and XML cannot have.
    let city = patient.all("address")[0].value("city");
    assert_eq!(city, "\u{fffd}\u{fffd}");
    let json = json(server.get("Patient/1")).to_string();
    assert!(json.contains("\u{fffe}\u{ffff}"));
    let json = json.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    assert_eq!(
        patient,
        expected(&serde_json::from_str(&json).expect("JSON"))
    );
}
