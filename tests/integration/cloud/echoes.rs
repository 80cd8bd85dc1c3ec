//! An error repeats nothing of what its request says, wherever it says it: on every operation of the OpenAPI document, in its path,
//! its URL's parameters, its headers and every place of its body.
//!
//! Of what a statement's own database says of it that is not asked: `errorDetails` is in that database's words, for whoever
//! wrote the statement.

use reqwest::Method;
use serde_json::{Value, json};

use super::isolation::{Ids, Operation, Sent, operations};
use super::{Asker, Cloud, FIRST, Said, registration, text};
use crate::support::{CLIENT, send};

/// What nobody else says: no name of the API's, and nothing that is in a practice.
const TYPED: &str = "zq7typed";
/// The same in no form of a name. A name that has the form of one is repeated where it is none of FHIR's, so that its place is
/// found; what has not is told by its number.
const NAMELESS: &str = "zq7typed zq7";

/// A body as it is, and with something typed in each of its places, and in all of its forms.
fn bodies(of: &Sent) -> Vec<Sent> {
    let Some((media_type, body)) = of else {
        return vec![None];
    };
    let mut all: Vec<Sent> = vec![
        Some((media_type, NAMELESS.into())),
        Some((media_type, format!("{{\"{TYPED}\": {TYPED}").into_bytes())),
        Some(("text/zq7typed", body.clone())),
        Some(("zq7typed", body.clone())),
    ];
    match serde_json::from_slice::<Value>(body) {
        Ok(whole) => {
            for pointer in places(&whole, "") {
                for other in [
                    json!(NAMELESS),
                    json!({NAMELESS: NAMELESS}),
                    json!([NAMELESS]),
                    json!([[NAMELESS]]),
                ] {
                    let mut body = whole.clone();
                    *body.pointer_mut(&pointer).expect("a place") = other;
                    all.push(Some((media_type, body.to_string().into_bytes())));
                }
            }
        }
        // A form: each of its fields, and one that it does not have.
        Err(_) => {
            let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
            for place in 0..fields.len() {
                let mut changed = fields.clone();
                changed[place].1 = TYPED.to_owned();
                all.push(Some((media_type, form(&changed))));
                changed.push(changed[place].clone());
                all.push(Some((media_type, form(&changed))));
            }
            let more = [(NAMELESS.to_owned(), TYPED.to_owned())];
            all.push(Some((media_type, form(&[&fields[..], &more].concat()))));
        }
    }
    all
}

fn form(fields: &[(String, String)]) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish().into_bytes()
}

/// Where there is a value, by JSON Pointer: the whole of it too.
fn places(value: &Value, at: &str) -> Vec<String> {
    let mut all = vec![at.to_owned()];
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                all.extend(places(value, &format!("{at}/{name}")));
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                all.extend(places(value, &format!("{at}/{place}")));
            }
        }
        _ => {}
    }
    all
}

/// What an operation takes, with all that it can take.
fn whole(operation: &Operation, ids: Ids<'_>) -> Sent {
    let json = |body: Value| Some(("application/json", body.to_string().into_bytes()));
    let mut command = text("SELECT @p AS P");
    command["command"]["parameters"] = json!([
        {"name": "@p", "type": "Int", "value": "1", "direction": "input", "size": 4},
    ]);
    command["command"]["executionMode"] = json!("reader");
    command["command"]["type"] = json!("text");
    command["catalogue"] = json!("Patients");
    command["maxTimeInQueue"] = json!(1000);
    match operation.id.trim_start_matches("device_") {
        "runImmediateQuery" | "sendAsyncQuery" => json(command),
        "registerQuery" => {
            let mut body = registration("SELECT 1");
            command
                .as_object_mut()
                .expect("an object")
                .remove("maxTimeInQueue");
            body["registerCommand"] = command;
            json(body)
        }
        "fhir_batch" => json(json!({"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "GET", "url": "Patient/7"}},
        ]})),
        id if id.ends_with("Parameters") => {
            json(json!({"resourceType": "Parameters", "parameter": [
                {"name": "_count", "valueInteger": 1},
                {"name": "identifier", "valueIdentifier": {"system": "urn:x", "value": "1"}},
            ]}))
        }
        _ => operation.sends(ids).1,
    }
}

/// Asserts that an answer is no failure of the server's, and that an error repeats nothing. Gives whether it is one.
#[track_caller]
fn is_silent(what: &str, said: &Said) -> bool {
    assert!(said.status < 500, "{what}: {}", said.text());
    if said.status < 400 {
        return false;
    }
    let headers = format!("{:?}", said.headers);
    assert!(!headers.contains(TYPED), "{what}: {headers}");
    let text = said.text();
    let own = serde_json::from_str::<Value>(&text).unwrap_or_default();
    let is_of_the_database = own["errorDetails"]["errorType"] == "sqlite";
    assert!(
        is_of_the_database || !text.to_lowercase().contains(TYPED),
        "{what}: {text}"
    );
    true
}

#[test]
fn no_error_repeats_what_its_request_says() {
    let mut cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    let acme = cloud.acme();
    let device = cloud.device(&acme, "desk-7", FIRST);
    let query = acme.submit(FIRST, &text("SELECT 1"));
    let ids = Ids {
        site: FIRST,
        query: &query,
        number: "12345",
    };
    let (mut asked, mut refused) = (0, 0);
    for operation in operations(&cloud) {
        let asker = match operation.prefix.as_str() {
            "/integrator" => &acme,
            _ => &device,
        };
        let mut ask = |asker: &Asker<'_>, path: &str, body: Sent| {
            let method = &operation.method;
            let bytes = body.as_ref().map(|(_, body)| String::from_utf8_lossy(body));
            let what = format!("{method} {}{path} {bytes:?}", asker.prefix);
            let said = asker.ask(method, path, body.clone());
            asked += 1;
            refused += usize::from(is_silent(&what, &said));
        };
        let own = || operation.filled(ids, |_| None);
        let (parameters, body) = (operation.sends(ids).0, whole(&operation, ids));
        for name in [
            "siteId",
            "queryId",
            "pageNumber",
            "type",
            "compartment",
            "id",
        ] {
            let name = format!("{{{name}}}");
            if !operation.path.contains(&name) {
                continue;
            }
            for typed in [TYPED, "zq7typed%20%22%3C'", "%FF-zq7typed"] {
                let typed = |of: &str| (of == name).then(|| typed.to_owned());
                ask(
                    asker,
                    &(operation.filled(ids, typed) + &parameters),
                    body.clone(),
                );
            }
        }
        for name in [
            "practiceManagementSiteId",
            "practiceManagementName",
            "pairingCode",
            "subscription-key",
            "identifier",
            "_type",
            "_count",
            "_sort",
            "_format",
            "birthdate",
            "name%20zq7typed",
            "%22zq7typed",
        ] {
            let more = match parameters.is_empty() {
                true => format!("?{name}={TYPED}"),
                false => format!("{parameters}&{name}={TYPED}"),
            };
            ask(asker, &(own() + &more), body.clone());
        }
        for body in bodies(&body) {
            ask(asker, &(own() + &parameters), body);
        }
        for (name, value) in [
            ("Ocp-Apim-Subscription-Key", TYPED),
            ("Authorization", "Bearer zq7typed"),
            ("Authorization", TYPED),
            ("DeviceId", TYPED),
            ("Accept", "application/zq7typed"),
            ("Prefer", "handling=strict; zq7typed"),
            ("Content-Encoding", TYPED),
            ("If-None-Match", "\"zq7typed\""),
            ("traceparent", TYPED),
        ] {
            let mut other = asker.clone();
            other.headers.retain(|(of, _)| *of != name);
            other.headers.push((name.to_owned(), value.to_owned()));
            ask(&other, &(own() + &parameters), body.clone());
        }
    }
    assert!(asked > 1000 && refused > asked / 3, "{refused} of {asked}");
    for path in [
        "/zq7typed",
        "/sites/x/zq7typed",
        "/sites/x/queries/a/b/zq7typed",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT] {
            let said = acme.ask(&method, path, None);
            assert!(is_silent(path, &said), "{path}");
        }
    }
    let metrics = send(CLIENT.get(format!("{}/metrics", cloud.root())));
    let metrics = metrics.text().expect("text");
    assert!(metrics.contains("pilaster_"), "{metrics}");
    assert!(!metrics.contains(TYPED), "{metrics}");
    let log = cloud.stop();
    assert!(!log.contains(TYPED), "{log}");
}
