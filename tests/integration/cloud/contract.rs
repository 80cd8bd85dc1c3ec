//! Each endpoint answers as the API says: status, headers, and the fields of the body, none more and none less.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    COPY, Cloud, FIRST, NO_SQL, OWNER_KEY, SECOND, STAGING, data, fields, has_fields, id, of_notes,
    queries, rows, shared, text, until,
};
use crate::support::{CLIENT, send};

/// The fields of an immediate query that went well.
const IMMEDIATE: &str = "id integratorId siteId mode status maxTimeInQueue commandSize requestSize sqlQuerySize \
    createdAt updatedAt completedAt statusTiming metrics result resultSize";

#[test]
fn an_immediate_query_is_answered_with_its_rows() {
    let cloud = shared();
    let body = json!({"maxTimeInQueue": 15000, "command": {
        "text": "SELECT ID, SURNAME, PHOTO, NULL AS NONE, 1.5 AS HALF FROM PATIENTS WHERE ID <= @most ORDER BY ID",
        "executionMode": "reader", "type": "text",
        "parameters": [{"name": "@most", "direction": "input", "type": "Int", "value": "2", "size": 4}]}});
    let said = cloud.acme().immediate(FIRST, &body);
    assert_eq!(said.header("content-type"), "application/json");
    assert_eq!(said.header("cache-control"), "no-store");
    let query = said.json(200);
    has_fields(&query, IMMEDIATE);
    assert_eq!(query["siteId"], FIRST);
    assert_eq!(query["mode"], "immediate");
    assert_eq!(query["status"], "successful");
    assert_eq!(query["maxTimeInQueue"], 15000);
    assert_eq!(query["commandSize"], body["command"].to_string().len());
    assert_eq!(query["requestSize"], body.to_string().len());
    let sql = body["command"]["text"].as_str().expect("a text");
    assert_eq!(query["sqlQuerySize"], sql.len());
    for name in ["createdAt", "updatedAt", "completedAt"] {
        is_moment(&query[name]);
    }
    for name in ["id", "integratorId"] {
        let text = query[name].as_str().expect("a text");
        assert!(uuid::Uuid::try_parse(text).is_ok(), "{name}: {text}");
    }
    let timing = &query["statusTiming"];
    has_fields(timing, "initialising executing downloading uploading");
    for stage in fields(timing) {
        has_fields(&timing[stage], "startTime");
        is_moment(&timing[stage]["startTime"]);
    }
    has_fields(&query["metrics"], "sqlExecutionDuration");
    assert!(query["metrics"]["sqlExecutionDuration"].is_u64());
    let result = &query["result"];
    has_fields(result, "rows size data parameters");
    assert_eq!(result["rows"], 2);
    assert_eq!(result["parameters"], json!([]));
    assert_eq!(result["size"], data(result).len());
    assert_eq!(query["resultSize"], result.to_string().len());
    assert_eq!(
        rows(result),
        [
            json!({"ID": 1, "SURNAME": "Surname1", "PHOTO": "AP8Q", "NONE": null, "HALF": 1.5}),
            json!({"ID": 2, "SURNAME": "Surname2", "PHOTO": null, "NONE": null, "HALF": 1.5}),
        ]
    );
}

#[test]
fn the_text_alone_is_needed_and_the_key_may_stand_in_the_url() {
    let cloud = shared();
    let nobody = cloud.with_key("");
    let asker = super::Asker {
        headers: Vec::new(),
        ..nobody
    };
    let path = queries(FIRST, "/immediate");
    let path = format!("{path}?subscription-key={}", cloud.keys.acme);
    let query = asker.post(&path, &text("SELECT 7 AS N")).json(200);
    assert_eq!(query["maxTimeInQueue"], 30000);
    assert_eq!(rows(&query["result"]), [json!({"N": 7})]);
    // GUIDs and names of choices are taken in any case.
    let body =
        json!({"command": {"text": "SELECT 7 AS N", "executionMode": "Scalar", "type": "TEXT"}});
    let query = cloud.acme().immediate(&FIRST.to_uppercase(), &body);
    assert_eq!(query.json(200)["siteId"], FIRST);
}

#[test]
fn scalars_and_changes_are_answered() {
    let cloud = shared();
    let run = |body: Value| {
        let query = cloud.acme().immediate(FIRST, &body).json(200);
        has_fields(&query, IMMEDIATE);
        query["result"].clone()
    };
    let scalar = run(json!({"command": {"executionMode": "scalar",
        "text": "SELECT SURNAME, ID FROM PATIENTS ORDER BY ID LIMIT 2"}}));
    assert_eq!(rows(&scalar), [json!({"SURNAME": "Surname1"})]);
    assert_eq!(scalar["rows"], 1);
    let insert = "INSERT INTO NOTES (BODY) VALUES ('a note'), ('another')";
    // In the catalogue that is named.
    let changed = run(of_notes(insert, "nonQuery"));
    has_fields(&changed, "rowsAffected size parameters");
    assert_eq!(changed["rowsAffected"], 2);
    let delete = "DELETE FROM NOTES WHERE BODY IN ('a note', 'another')";
    let deleted = run(of_notes(delete, "nonQuery"));
    assert_eq!(deleted["rowsAffected"], 2);
    let none = run(text("SELECT ID FROM PATIENTS WHERE ID < 0"));
    assert_eq!((rows(&none), &none["rows"]), (Vec::new(), &json!(0)));
    // One that gives no rows at all, read for rows.
    let silent = run(text("UPDATE PATIENTS SET SURNAME = SURNAME WHERE ID < 0"));
    assert_eq!((rows(&silent), &silent["rows"]), (Vec::new(), &json!(0)));
}

#[test]
fn parameters_of_many_types_arrive_as_what_they_are() {
    let cloud = shared();
    let all = [
        (
            "BigInt",
            Some("9007199254740993"),
            json!(9007199254740993_i64),
        ),
        ("Bit", Some("true"), json!(1)),
        ("Date", Some("2026-02-28"), json!("2026-02-28")),
        ("Decimal", Some("12.25"), json!(12.25)),
        ("Float", Some("0.5"), json!(0.5)),
        ("Int", Some("66"), json!(66)),
        ("Int", None, Value::Null),
        ("NVarChar", Some("Zoë"), json!("Zoë")),
        ("VarChar", Some(""), json!("")),
        ("VarBinary", Some("AP8Q"), json!("AP8Q")),
        ("UniqueIdentifier", Some(FIRST), json!(FIRST)),
    ];
    let name = |place: usize| format!("@p{place}");
    let columns = (0..all.len()).map(|place| format!("{} AS c{place}", name(place)));
    let columns: Vec<String> = columns.collect();
    let parameters = all
        .iter()
        .enumerate()
        .map(|(place, (ty, value, _))| json!({"name": name(place), "type": ty, "value": value}));
    let body = json!({"command": {"text": format!("SELECT {}", columns.join(", ")),
        "parameters": parameters.collect::<Vec<Value>>()}});
    let query = cloud.acme().immediate(FIRST, &body).json(200);
    let found = rows(&query["result"]);
    for (place, (ty, _, expected)) in all.iter().enumerate() {
        let value = found[0][format!("c{place}")].clone();
        let same = match (value.as_str(), expected.as_str()) {
            (Some(value), Some(expected)) => value.eq_ignore_ascii_case(expected),
            _ => value == *expected,
        };
        assert!(same, "{ty}: {value}");
    }
}

/// Each type that there is, in one way or the other: what the driver cannot carry is refused by its name.
#[test]
fn a_parameter_of_every_type_is_carried_or_refused_by_its_name() {
    let cloud = shared();
    let acme = cloud.acme();
    let document = send(CLIENT.get(format!("{}/openapi.json", cloud.root())));
    let document: Value = document.json().expect("JSON");
    let types = &document["components"]["schemas"]["ParameterType"]["enum"];
    let types = types.as_array().expect("types");
    assert_eq!(types.len(), 32);
    for ty in types.iter().map(|ty| ty.as_str().expect("a name")) {
        let value = match ty {
            "BigInt" | "Int" | "SmallInt" | "TinyInt" | "Bit" => "1",
            "Decimal" | "Money" | "SmallMoney" | "Float" | "Real" => "1.5",
            "Date" => "2026-02-28",
            "DateTime" | "DateTime2" | "SmallDateTime" => "2026-02-28T09:30:00",
            "DateTimeOffset" => "2026-02-28T09:30:00+10:00",
            "Time" => "09:30:00",
            "UniqueIdentifier" => FIRST,
            "Binary" | "VarBinary" | "Image" | "Timestamp" => "AP8Q",
            _ => "x",
        };
        let parameter = json!({"name": "@p", "type": ty, "value": value});
        let body = json!({"command": {"text": "SELECT @p AS P", "parameters": [parameter]}});
        let said = acme.immediate(FIRST, &body);
        match ty {
            "Structured" | "Udt" | "Variant" => {
                let message = super::errors::refused(&said, 400, "PG012");
                assert!(message.contains(&format!("({ty})")), "{message}");
            }
            _ => {
                let found = rows(&said.json(200)["result"]);
                assert!(!found[0]["P"].is_null(), "{ty}");
            }
        }
    }
}

#[test]
fn a_query_may_wait_as_long_as_its_kind_may() {
    let cloud = shared();
    let acme = cloud.acme();
    let waits = |millis: u32| json!({"maxTimeInQueue": millis, "command": {"text": "SELECT 1"}});
    for (path, most, status) in [("/immediate", 60_000, 200), ("/async", 7_200_000, 201)] {
        let path = queries(FIRST, path);
        let said = acme.post(&path, &waits(most)).json(status);
        assert_eq!(said["maxTimeInQueue"], most);
        let message = super::errors::refused(&acme.post(&path, &waits(most + 1)), 400, "PG011");
        let range = format!("maxTimeInQueue has to be a whole number from 0 to {most}");
        assert!(message.contains(&range), "{message}");
    }
    let said = acme.post(&queries(FIRST, "/async"), &text("SELECT 1"));
    assert_eq!(said.json(201)["maxTimeInQueue"], 3_600_000);
}

#[test]
fn an_immediate_query_can_be_looked_at_later_without_its_rows() {
    let cloud = shared();
    let acme = cloud.acme();
    let then = acme.immediate(FIRST, &text("SELECT 1")).json(200);
    let path = queries(FIRST, &format!("/{}", id(&then)));
    let mut now = acme.get(&path).json(200);
    let mut expected = then.clone();
    assert!(now["result"].get("data").is_none(), "{now}");
    for (query, names) in [
        (&mut now, &["rows", "size"]),
        (&mut expected, &["rows", "size"]),
    ] {
        let result = query["result"].take();
        let kept = names.map(|name| (name.to_owned(), result[name].clone()));
        query["result"] = Value::Object(kept.into_iter().collect());
        query
            .as_object_mut()
            .expect("an object")
            .remove("resultSize");
    }
    assert_eq!(now, expected);
    // It has no pages.
    assert_eq!(acme.get(&format!("{path}/results/1")).status, 404);
}

#[test]
fn sites_are_looked_up_and_told() {
    let cloud = shared();
    let acme = cloud.acme();
    let lookup = |id: &str, name: &str| {
        let path = format!("/sites?practiceManagementSiteId={id}&practiceManagementName={name}");
        let list = acme.get(&path).json(200);
        has_fields(&list, "sites");
        list["sites"].as_array().expect("a list").clone()
    };
    // Of two databases with the number, the authoritative one.
    let found = lookup("12345", "Best%20Practice");
    let [site] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(lookup("12345", "best+practice"), found);
    assert!(lookup("12345", "Zedmed").is_empty());
    assert!(lookup("no-such-number", "Zedmed").is_empty());
    assert_eq!(lookup("222", "Zedmed")[0]["id"], SECOND);
    // The key is of production.
    assert!(lookup("333", "D4w").is_empty());
    let told = acme.get(&format!("/sites/{FIRST}")).json(200);
    assert_eq!(told["id"], FIRST);
    assert_eq!(told["pmsType"], "BestPractice");
    assert_eq!(told["availability"], "online");
    assert_eq!(told["status"], "active");
    assert_eq!(told["authoritative"], true);
    assert!(told["haloLinkVersion"].is_string(), "{told}");
    let expected =
        json!([{"name": "Patients", "isDefault": true}, {"name": "Notes", "isDefault": false}]);
    assert_eq!(told["catalogue"], expected);
    let practice = &told["practiceMetadata"];
    assert_eq!(practice["pmsType"], "BestPractice");
    assert_eq!(practice["practiceManagementSiteId"], "12345");
    assert_eq!(practice["practiceName"], "First Street");
    assert_eq!(fields(site), fields(&told));
    let copy = acme.get(&format!("/sites/{COPY}")).json(200);
    assert_eq!(copy["authoritative"], false);
    let staging = cloud.with_key(&cloud.keys.acme_staging);
    let staging = staging.get(&format!("/sites/{STAGING}")).json(200);
    assert_eq!(staging["pmsType"], "D4w");
}

#[test]
fn a_site_is_paired_with_the_code_that_its_practice_gives() {
    let cloud = shared();
    let other = cloud.other();
    let pair = |path: &str, code: &str| {
        let of = "practiceManagementSiteId=555&practiceManagementName=Best%20Practice";
        other.ask(&Method::POST, &format!("/{path}?{of}{code}"), None)
    };
    let before = other.get(&format!("/sites/{NO_SQL}"));
    assert_eq!(before.status, 403);
    assert_eq!(pair("pair-site", "").status, 403);
    assert_eq!(pair("pair-site", "&pairingCode=AAAA-AAAA-AAAA").status, 403);
    // A code of another site is none of this one's.
    let wrong = cloud.admin(&["pairing-code", "new", FIRST]);
    assert_eq!(
        pair("pair-site", &format!("&pairingCode={wrong}")).status,
        403
    );
    let code = cloud.admin(&["pairing-code", "new", NO_SQL, "--integrator", "other"]);
    let paired = until(|| {
        let said = pair(
            "pair-site",
            &format!("&pairingCode={}", code.to_lowercase()),
        );
        (said.status != 403).then_some(said)
    });
    let paired = paired.json(200);
    assert_eq!(paired["id"], NO_SQL);
    assert_eq!(other.get(&format!("/sites/{NO_SQL}")).json(200), paired);
    // It is enabled already: by the path's other name, and with no code.
    assert_eq!(pair("pairSite", "").json(200), paired);
    cloud.admin(&["unpair", "other", NO_SQL, "--environment", "production"]);
    until(|| (other.get(&format!("/sites/{NO_SQL}")).status == 403).then_some(()));
    // A code is good once.
    assert_eq!(
        pair("pairSite", &format!("&pairingCode={code}")).status,
        403
    );
}

#[test]
fn a_device_asks_with_a_token_of_its_own() {
    let cloud = shared();
    let acme = cloud.acme();
    for grant in ["device-token", "desktop-token"] {
        let grant = format!("urn:halo-connect:oauth:{grant}");
        let form = [
            ("grant_type", grant.as_str()),
            ("device_id", "desk-7"),
            ("site_id", FIRST),
        ];
        let said = acme.form("/token", &form);
        assert_eq!(said.header("cache-control"), "no-store");
        let token = said.json(200);
        has_fields(&token, "access_token token_type expires_in");
        assert_eq!(token["token_type"], "Bearer");
        assert!(token["expires_in"].as_u64() > Some(0));
        let jwt = token["access_token"].as_str().expect("a text");
        assert_eq!(jwt.split('.').count(), 3);
        let device = cloud.with_token(jwt, "desk-7");
        let query = device.immediate(FIRST, &text("SELECT 7 AS N")).json(200);
        has_fields(&query, IMMEDIATE);
        assert_eq!(rows(&query["result"]), [json!({"N": 7})]);
        let later = device.submit(FIRST, &text("SELECT 7 AS N"));
        assert_eq!(device.ended(FIRST, &later)["status"], "successful");
    }
}

#[test]
fn fhir_is_served_to_integrators_and_devices() {
    let cloud = shared();
    let acme = cloud.acme();
    let device = cloud.device(&acme, "desk-8", FIRST);
    for asker in [&acme, &device] {
        let base = format!("/sites/{FIRST}/fhir/R4");
        let said = asker.get(&format!("{base}/Patient/7"));
        assert!(
            said.header("content-type")
                .starts_with("application/fhir+json")
        );
        let patient = said.json(200);
        assert_eq!(patient["name"][0]["family"], "Surname7");
        let found = asker.get(&format!("{base}/Patient?_id=7&_total=accurate"));
        assert_eq!(found.json(200)["total"], 1);
        let found = asker.form(&format!("{base}/Patient/_search"), &[("_id", "7")]);
        let found = found.json(200);
        let full = found["entry"][0]["fullUrl"].as_str().expect("a URL");
        assert!(
            full.ends_with(&format!("{}{base}/Patient/7", asker.prefix)),
            "{full}"
        );
        let statement = asker.get(&format!("{base}/metadata")).json(200);
        assert_eq!(statement["resourceType"], "CapabilityStatement");
        let security = statement["rest"][0]["security"]["description"].to_string();
        let of_devices = asker.prefix == "/desktop";
        assert_eq!(security.contains("DeviceId"), of_devices, "{security}");
        assert_eq!(
            security.contains("Ocp-Apim-Subscription-Key"),
            !of_devices,
            "{security}"
        );
        let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "GET", "url": "metadata"}},
        ]});
        let answers = asker.post(&base, &bundle).json(200);
        assert_eq!(answers["entry"][0]["resource"], statement);
    }
}

#[test]
fn whose_key_stands_in_the_file_may_ask_every_site() {
    let cloud = shared();
    let owner = cloud.with_key(OWNER_KEY);
    for site in [FIRST, SECOND, STAGING] {
        let query = owner.immediate(site, &text("SELECT 7 AS N")).json(200);
        assert_eq!(query["siteId"], site);
    }
}

/// At most 15 in any rolling 5 seconds, of FHIR and immediate queries together; nothing else counts.
#[test]
fn the_sixteenth_query_waits_as_long_as_it_is_told() {
    let mut cloud = Cloud::start("", &[]);
    let acme = cloud.acme();
    let fhir = format!("/sites/{FIRST}/fhir/R4/Patient/7");
    let began = Instant::now();
    for _ in 0..7 {
        assert_eq!(acme.immediate(FIRST, &text("SELECT 1")).status, 200);
        assert_eq!(acme.get(&fhir).status, 200);
    }
    let search = format!("/sites/{FIRST}/fhir/R4/Patient/_search");
    assert_eq!(acme.form(&search, &[("_id", "7")]).status, 200);
    let refused = [
        acme.immediate(FIRST, &text("SELECT 1")),
        acme.get(&fhir),
        acme.form(&search, &[("_id", "7")]),
    ];
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "too slow a machine"
    );
    for said in &refused {
        assert_eq!(said.status, 429, "{}", said.text());
        let wait: u64 = said.header("retry-after").parse().expect("seconds");
        assert!((1..=5).contains(&wait), "{wait}");
    }
    has_fields(&refused[0].json(429), "error");
    assert_eq!(refused[1].json(429)["resourceType"], "OperationOutcome");
    // What does not count, and who is another.
    let later = acme.submit(FIRST, &text("SELECT 1"));
    acme.get(&queries(FIRST, &format!("/{later}"))).json(200);
    acme.get(&format!("/sites/{FIRST}")).json(200);
    let other = cloud.other();
    assert_eq!(other.immediate(SECOND, &text("SELECT 1")).status, 200);
    let last = acme.immediate(FIRST, &text("SELECT 1"));
    assert_eq!(last.status, 429);
    let wait = last.header("retry-after").parse().expect("seconds");
    std::thread::sleep(Duration::from_secs(wait));
    assert_eq!(acme.immediate(FIRST, &text("SELECT 1")).status, 200);
    let secrets = [cloud.keys.acme.clone(), cloud.keys.other.clone()];
    let log = cloud.stop();
    assert!(secrets.iter().all(|key| !log.contains(key)), "{log}");
}

#[test]
fn the_rate_limit_can_be_off_by_the_command_and_high_by_the_file() {
    let cloud = Cloud::start("rate-limit = 1\n", &["--rate-limit", "off"]);
    for _ in 0..20 {
        let said = cloud.acme().immediate(FIRST, &text("SELECT 1"));
        assert_eq!(said.status, 200, "{}", said.text());
    }
}

#[test]
fn the_api_is_described() {
    let cloud = shared();
    let document = send(CLIENT.get(format!("{}/openapi.json", cloud.root())));
    let document: Value = document.json().expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    for (path, method) in [
        ("/integrator/token", "post"),
        ("/integrator/sites", "get"),
        ("/integrator/sites/{siteId}", "get"),
        ("/integrator/pair-site", "post"),
        ("/integrator/pairSite", "post"),
    ] {
        assert!(paths[path].get(method).is_some(), "{path}");
    }
    for prefix in ["/integrator", "/desktop"] {
        for (rest, method) in [
            ("/immediate", "post"),
            ("/async", "post"),
            ("/status", "post"),
            ("/{queryId}", "get"),
            ("/{queryId}/results/{pageNumber}", "get"),
            ("/{queryId}/results/{pageNumber}/stream", "get"),
            ("/registered", "post"),
            ("/registered", "get"),
            ("/registered/{queryId}", "get"),
            ("/registered/{queryId}", "delete"),
            ("/registered/{queryId}/results", "get"),
        ] {
            let path = format!("{prefix}/sites/{{siteId}}/queries{rest}");
            assert!(paths[&path].get(method).is_some(), "{method} {path}");
        }
        for (rest, method) in [
            ("/metadata", "get"),
            ("/{type}", "get"),
            ("/{type}/_search", "post"),
            ("/{type}/{id}", "get"),
        ] {
            let path = format!("{prefix}/sites/{{siteId}}/fhir/R4{rest}");
            assert!(paths[&path].get(method).is_some(), "{method} {path}");
        }
        for (rest, method, takes) in [
            ("/metadata", "get", "_format _pretty If-None-Match"),
            (
                "/{type}/{id}",
                "get",
                "_elements _format _pretty _summary If-Modified-Since If-None-Match",
            ),
            (
                "/{compartment}/{id}/$everything",
                "get",
                "_count _format _pretty _since _type end start",
            ),
            ("/Patient/{id}/$summary", "get", "_format _pretty profile"),
            (
                "/Patient/$summary",
                "get",
                "_format _pretty identifier profile",
            ),
            ("/Patient/$summary", "post", "_format _pretty"),
            ("/{type}", "get", "parameters Prefer"),
            ("", "post", "_format _pretty Prefer"),
        ] {
            let path = format!("{prefix}/sites/{{siteId}}/fhir/R4{rest}");
            let listed = paths[&path][method]["parameters"].as_array();
            let listed: Vec<&str> = listed
                .into_iter()
                .flatten()
                .filter_map(|one| one["name"].as_str())
                .collect();
            for name in takes.split(' ') {
                assert!(listed.contains(&name), "{name} of {method} {path}");
            }
        }
    }
}

/// A time in UTC, to the millisecond.
#[track_caller]
fn is_moment(value: &Value) {
    let text = value.as_str().expect("a text");
    assert!(text.parse::<jiff::Timestamp>().is_ok(), "{text}");
    assert!(text.ends_with('Z'), "{text}");
}
