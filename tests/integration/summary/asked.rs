//! How a document is asked for, in which form it comes, and what is refused.

use std::sync::Arc;

use pilaster::assemble::xml_from_json;
use pilaster::server::Limits;
use serde_json::{Value, json};

use super::{IPS, resources};
use crate::practice::{Practice, parse, writable};
use crate::support::{
    CLIENT, KEY, KEY_HEADER, SERVER, Server, header, json as body, refused, send,
};
use crate::xml_reader::{expected, read};

/// Takes the narratives out of a document, or of its XML.
fn without_divs(xml: &str) -> (String, Vec<String>) {
    let (mut rest, mut without, mut divs) = (xml, String::new(), Vec::new());
    while let Some((before, after)) = rest.split_once("<div ") {
        let (inside, after) = after.split_once("</div>").expect("the end of a div");
        divs.push(format!("<div {inside}</div>"));
        without.push_str(before);
        rest = after;
    }
    (without + rest, divs)
}

fn take_divs(value: &mut Value, divs: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(div)) = fields.shift_remove("div") {
                divs.push(div);
            }
            fields.values_mut().for_each(|value| take_divs(value, divs));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| take_divs(value, divs)),
        _ => {}
    }
}

#[test]
fn xml_says_what_json_says() {
    let practice = Practice::demo(20);
    for patient in ["1", "3", "12"] {
        for is_indented in [false, true] {
            let json = practice.summary(patient).expect("an answer").body;
            let xml = xml_from_json(&json, is_indented).expect("XML");
            let (xml, divs) = without_divs(std::str::from_utf8(&xml).expect("UTF-8"));
            let (mut json, mut expected_divs) = (parse(&json), Vec::new());
            take_divs(&mut json, &mut expected_divs);
            assert!(divs.len() > 3);
            assert_eq!(divs, expected_divs);
            assert_eq!(read(&xml), expected(&json));
        }
    }
    let response = send(SERVER.get("Patient/12/$summary?_format=xml&_pretty=true"));
    assert!(header(&response, "content-type").starts_with("application/fhir+xml"));
    assert_eq!(header(&response, "cache-control"), "no-store");
    let text = response.text().expect("text");
    assert!(text.contains("<type value=\"document\"/>"), "{text}");
    assert!(
        text.contains("<div xmlns=\"http://www.w3.org/1999/xhtml\"><table>"),
        "{text}"
    );
}

/// Without what each document has anew.
fn lasting(mut document: Value) -> Value {
    let mut text = document.to_string();
    for resource in resources(&document) {
        let id = resource["id"].as_str().expect("an id");
        if id.len() == 36 {
            text = text.replace(id, "anew");
        }
    }
    let at = document["timestamp"].as_str().expect("a moment").to_owned();
    document = serde_json::from_str(&text.replace(&at, "now")).expect("JSON");
    document["id"] = "anew".into();
    document["identifier"]["value"] = "anew".into();
    document
}

#[test]
fn it_is_asked_for_by_id_or_by_identifier() {
    let get = |path: &str| lasting(body(SERVER.get(path)));
    let post = |path: &str, parameters: Value| {
        CLIENT
            .post(format!("{}/{path}", SERVER.base))
            .header(KEY_HEADER, KEY)
            .header("Content-Type", "application/fhir+json")
            .body(parameters.to_string())
    };
    let by_id = get("Patient/12/$summary");
    let patient = by_id["entry"][1]["resource"].clone();
    let identifier = &patient["identifier"][0];
    let (system, value) = (identifier["system"].as_str(), identifier["value"].as_str());
    let (system, value) = (system.expect("a system"), value.expect("a value"));
    assert_eq!(
        get(&format!("Patient/$summary?identifier={system}|{value}")),
        by_id
    );
    assert_eq!(
        get(&format!("Patient/$summary?identifier={value}&_pretty=true")),
        by_id
    );
    let parameters = |value: Value| json!({"resourceType": "Parameters", "parameter": [value]});
    for given in [
        json!({"name": "identifier", "valueString": format!("{system}|{value}")}),
        json!({"name": "identifier", "valueIdentifier": {"system": system, "value": value}}),
    ] {
        let posted = post("Patient/$summary", parameters(given));
        assert_eq!(lasting(body(posted)), by_id);
    }
    let profile = format!("{IPS}/StructureDefinition/Composition-uv-ips");
    let given = json!({"name": "profile", "valueCanonical": format!("{profile}|2.0.0")});
    assert_eq!(
        lasting(body(post("Patient/12/$summary", parameters(given)))),
        by_id
    );
    for named in [
        profile.clone(),
        format!("{profile}|1.1.0"),
        format!("{IPS}/StructureDefinition/Bundle-uv-ips"),
    ] {
        assert_eq!(get(&format!("Patient/12/$summary?profile={named}")), by_id);
    }
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": "Patient/12/$summary"}},
        {"request": {"method": "GET", "url": "Patient/$summary"}},
    ]});
    let answers = body(post("", batch));
    assert_eq!(lasting(answers["entry"][0]["resource"].clone()), by_id);
    assert_eq!(answers["entry"][1]["response"]["status"], "400 Bad Request");
}

#[test]
fn what_else_is_asked_is_refused() {
    for (path, status, code) in [
        ("Patient/999999/$summary", 404, "PH003"),
        (
            "Patient/$summary?identifier=urn:x|nobody-47114711",
            404,
            "PH003",
        ),
        ("Patient/$summary", 400, "PP017"),
        ("Patient/$summary?identifier=", 400, "PP017"),
        ("Patient/$summary?identifier=urn:x|", 400, "PP017"),
        ("Patient/$summary?identifier=a,b", 400, "PP017"),
        ("Patient/$summary?identifier=a&identifier=b", 400, "PP017"),
        ("Patient/$summary?identifier:text=a", 400, "PP017"),
        ("Patient/12/$summary?identifier=a", 400, "PP013"),
        (
            "Patient/12/$summary?profile=http://example.org/47114711",
            400,
            "PP017",
        ),
        (
            "Patient/12/$summary?profile=http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips|0.1",
            400,
            "PP017",
        ),
        ("Patient/12/$summary?start=2026", 400, "PP013"),
        ("Patient/12/$summary?_count=5", 400, "PP013"),
        ("Patient/12/$summary?_type=Condition", 400, "PP013"),
        ("Patient/12/$summary?_summary=true", 400, "PP013"),
        ("Patient/12/$summary?_elements=id", 400, "PP013"),
        ("Patient/12/$summary?_sort=date", 400, "PP013"),
        ("Patient/12/$summary?_cursor=abc", 400, "PP013"),
        ("Practitioner/12/$summary", 404, "PH009"),
        ("Patient/a_b/$summary", 404, "PH009"),
    ] {
        let text = refused(send(SERVER.get(path)), status, code);
        assert!(!text.contains("47114711"), "{path}: {text}");
    }
    let text = refused(
        send(SERVER.get("Patient/12/$summary?start=2026")),
        400,
        "PP013",
    );
    assert!(
        text.contains("`start`") && text.contains("profile"),
        "{text}"
    );
    let unserved = SERVER.get("Patient/12/$summary?_format=ttl");
    refused(send(unserved), 406, "PH005");
    let put = CLIENT
        .put(format!("{}/Patient/12/$summary", SERVER.base))
        .header(KEY_HEADER, KEY);
    refused(send(put), 405, "PH008");
}

#[test]
fn an_identifier_of_two_patients_names_none() {
    let practice = Practice::demo(10);
    writable(&practice.path)
        .execute(
            "UPDATE PATIENTS SET IHI = '8003608833357361' WHERE INTERNALID IN (2, 3)",
            [],
        )
        .expect("an update");
    let server = Server::start(vec![Arc::clone(&practice.site) as _], Limits::default());
    let search = "Patient/$summary?identifier=http://ns.electronichealth.net.au/id/hi/ihi/1.0|8003608833357361";
    let text = refused(send(server.get(search)), 412, "PP016");
    assert!(
        !text.contains("8003608833357361") && text.contains("http.identifier"),
        "{text}"
    );
}
