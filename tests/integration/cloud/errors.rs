//! Each way of being refused for what is asked: by its status, by a body that has the envelope's three fields or is an
//! OperationOutcome, by the headers that belong to it.
//!
//! A statement that takes longer than it may is one of [`super::sql_server`].

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    Cloud, FIRST, NOWHERE, SECOND, Said, has_fields, id, kilobytes, queries, registration, rows,
    shared, text, until,
};

/// Asserts that an answer is an envelope with this status, and with this code of the table of errors; gives its message.
#[track_caller]
pub fn refused(said: &Said, status: u16, code: &str) -> String {
    let body = said.json(status);
    assert_eq!(said.header("content-type"), "application/json");
    has_fields(&body, "error");
    let error = &body["error"];
    has_fields(error, "status statusText message");
    assert_eq!(error["status"], status);
    let reason = StatusCode::from_u16(status).expect("a status");
    assert_eq!(error["statusText"], json!(reason.canonical_reason()));
    let message = error["message"].as_str().expect("a text").to_owned();
    assert!(message.starts_with(code), "{code}: {message}");
    with_headers(said);
    message
}

/// The same of FHIR's.
#[track_caller]
pub fn outcome(said: &Said, status: u16, code: &str) {
    let body = said.json(status);
    assert!(
        said.header("content-type")
            .starts_with("application/fhir+json")
    );
    assert_eq!(body["resourceType"], "OperationOutcome");
    let issue = &body["issue"][0];
    assert_eq!(issue["severity"], "error");
    assert_eq!(issue["details"]["coding"][0]["code"], code, "{body}");
    with_headers(said);
}

/// What HTTP wants said with a status.
#[track_caller]
fn with_headers(said: &Said) {
    for (statuses, header) in [
        (&[401][..], "www-authenticate"),
        (&[405], "allow"),
        (&[429, 503], "retry-after"),
    ] {
        let is_there = !said.header(header).is_empty();
        assert_eq!(
            is_there,
            statuses.contains(&said.status),
            "{} with {header}",
            said.status
        );
    }
}

#[test]
fn what_was_typed_is_not_repeated() {
    let cloud = shared();
    let secret = "key-that-somebody-typed";
    let said = cloud.with_key(secret).get(&format!("/sites/{secret}"));
    assert!(!said.text().contains(secret), "{}", said.text());
    let body =
        json!({"command": {"text": "SELECT 1", "executionMode": secret, "parameters": secret}});
    let said = cloud.acme().immediate(FIRST, &body);
    assert!(!said.text().contains(secret), "{}", said.text());
    let said = cloud.acme().get(&queries(FIRST, &format!("/{secret}")));
    assert!(!said.text().contains(secret), "{}", said.text());
}

#[test]
fn a_token_is_asked_for_in_full() {
    let cloud = shared();
    let acme = cloud.acme();
    let grant = ("grant_type", "urn:halo-connect:oauth:desktop-token");
    let (device, site) = (("device_id", "desk-7"), ("site_id", FIRST));
    for (form, named) in [
        (vec![], "grant_type"),
        (vec![grant, device], "site_id"),
        (vec![grant, site], "device_id"),
        (vec![grant, device, device, site], "device_id"),
        (vec![("grant_type", "password"), device, site], "grant_type"),
        (
            vec![grant, ("device_id", " with blanks"), site],
            "device_id",
        ),
        (vec![grant, device, ("site_id", "x")], "site_id"),
    ] {
        let message = refused(&acme.form("/token", &form), 400, "PG023");
        assert!(message.contains(named), "{message}");
    }
    let json = Some(("application/json", b"{}".to_vec()));
    refused(&acme.ask(&Method::POST, "/token", json), 415, "PH006");
    let long = "x".repeat(64 << 10);
    let large = acme.form("/token", &[grant, site, ("device_id", &long)]);
    refused(&large, 413, "PH007");
    for (path, method, named) in [
        ("/sites", Method::GET, "practiceManagementSiteId"),
        (
            "/sites?practiceManagementSiteId=1",
            Method::GET,
            "practiceManagementName",
        ),
        (
            "/pair-site?practiceManagementName=Zedmed",
            Method::POST,
            "practiceManagementSiteId",
        ),
        (
            "/pairSite?practiceManagementSiteId=1&practiceManagementSiteId=1",
            Method::POST,
            "practiceManagementSiteId",
        ),
    ] {
        let message = refused(&acme.ask(&method, path, None), 400, "PG023");
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn a_body_that_cannot_be_read_is_told_by_its_field() {
    let cloud = shared();
    let acme = cloud.acme();
    let send = |path: &str, media_type: &str, body: &[u8]| {
        let body = Some((media_type, body.to_vec()));
        acme.ask(&Method::POST, &queries(FIRST, path), body)
    };
    let json = "application/json";
    for path in ["/immediate", "/async", "/status", "/registered"] {
        for body in [&b""[..], b"{", b"{\"command\":}", b"\xff\xfe"] {
            refused(&send(path, json, body), 400, "PG010");
        }
        refused(&send(path, json, b"[]"), 400, "PG011");
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/fhir+json",
        ] {
            refused(&send(path, media_type, b"{}"), 415, "PH006");
        }
        let large = vec![b' '; (1 << 20) + 1];
        refused(&send(path, json, &large), 413, "PH007");
    }
    let command = |fields: Value| {
        let mut command = json!({"text": "SELECT 1"});
        let all = command.as_object_mut().expect("an object");
        all.extend(fields.as_object().expect("an object").clone());
        json!({"command": command})
    };
    let parameter = |fields: Value| {
        let mut parameter = json!({"name": "@p"});
        let all = parameter.as_object_mut().expect("an object");
        all.extend(fields.as_object().expect("an object").clone());
        command(json!({"parameters": [{"name": "@q"}, parameter]}))
    };
    for (body, field) in [
        (json!({}), "command is missing"),
        (json!({"command": "SELECT 1"}), "command has to be"),
        (json!({"command": {}}), "command.text is missing"),
        (
            command(json!({"text": 1})),
            "command.text has to be a string",
        ),
        (command(json!({"text": "  "})), "command.text has to be"),
        (
            command(json!({"executionMode": "write"})),
            "command.executionMode has to be one of",
        ),
        (
            command(json!({"type": "table"})),
            "command.type has to be one of",
        ),
        (
            command(json!({"parameters": {}})),
            "command.parameters has to be",
        ),
        (parameter(json!({"name": ""})), "command.parameters[1].name"),
        (
            parameter(json!({"type": "Integer"})),
            "command.parameters[1].type has to be one of",
        ),
        (
            parameter(json!({"direction": "out"})),
            "command.parameters[1].direction has to be one of",
        ),
        (
            parameter(json!({"value": 66})),
            "command.parameters[1].value has to be a string or null",
        ),
        (
            parameter(json!({"size": -2})),
            "command.parameters[1].size has to be a whole number",
        ),
        (
            json!({"command": {"text": "SELECT 1"}, "maxTimeInQueue": -1}),
            "maxTimeInQueue has to be",
        ),
        (
            json!({"command": {"text": "SELECT 1"}, "maxTimeInQueue": "1"}),
            "maxTimeInQueue has to be",
        ),
        (
            json!({"command": {"text": "SELECT 1"}, "maxTimeInQueue": 7_200_001}),
            "maxTimeInQueue has to be",
        ),
        (
            json!({"command": {"text": "SELECT 1"}, "catalogue": 1}),
            "catalogue has to be",
        ),
    ] {
        for path in ["/immediate", "/async"] {
            let message = refused(&acme.post(&queries(FIRST, path), &body), 400, "PG011");
            assert!(message.contains(field), "{field}: {message}");
        }
    }
    let hour = json!({"command": {"text": "SELECT 1"}, "maxTimeInQueue": 60_001});
    refused(&acme.immediate(FIRST, &hour), 400, "PG011");
    let whole = registration("SELECT 1");
    for (field, value) in [
        ("name", json!("")),
        ("name", Value::Null),
        ("registeredQueryType", json!("report")),
        ("frequency", json!(59)),
        ("duration", json!(86_401)),
        ("duration", json!("1h")),
        ("registerCommand", json!({})),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        let message = refused(
            &acme.post(&queries(FIRST, "/registered"), &body),
            400,
            "PG011",
        );
        assert!(message.contains(field), "{field}: {message}");
    }
    for (body, field) in [
        (json!({}), "queryIds is missing"),
        (json!({"queryIds": "x"}), "queryIds has to be"),
        (
            json!({"queryIds": [FIRST, "x"]}),
            "queryIds[1] has to be a GUID",
        ),
        (json!({"queryIds": vec![FIRST; 1001]}), "queryIds has to be"),
    ] {
        let message = refused(&acme.post(&queries(FIRST, "/status"), &body), 400, "PG011");
        assert!(message.contains(field), "{field}: {message}");
    }
}

#[test]
fn a_command_that_the_site_cannot_take_is_refused() {
    let cloud = shared();
    let acme = cloud.acme();
    let with = |parameter: Value| json!({"command": {"text": "SELECT @p AS P", "parameters": [parameter]}});
    for (body, named) in [
        (
            with(json!({"name": "@p", "type": "Structured", "value": "x"})),
            "Structured",
        ),
        (
            with(json!({"name": "@p", "type": "Udt", "value": "x"})),
            "Udt",
        ),
        (
            with(json!({"name": "@p", "type": "Int", "value": "x"})),
            "parameter 1 (Int)",
        ),
        (
            with(json!({"name": "@p", "type": "VarBinary", "value": "?"})),
            "parameter 1 (VarBinary)",
        ),
        (
            with(json!({"name": "@p", "type": "Int", "direction": "output"})),
            "parameter 1",
        ),
        (with(json!({"name": "@q", "value": "x"})), "parameter"),
        (
            json!({"command": {"text": "SELECT 1"}, "catalogue": "Nowhere"}),
            "catalogue",
        ),
        (
            json!({"command": {"text": "dbo.Find", "type": "storedProcedure"}}),
            "procedure",
        ),
    ] {
        let message = refused(&acme.immediate(FIRST, &body), 400, "PG012");
        assert!(message.contains(named), "{named}: {message}");
        // So it is with what is run later; but for what the statement itself has to say.
        if named != "parameter" {
            let later = acme.post(&queries(FIRST, "/async"), &body);
            assert_eq!(refused(&later, 400, "PG012"), message);
            let mut registration = super::registration("");
            registration["registerCommand"] = body;
            let later = acme.post(&queries(FIRST, "/registered"), &registration);
            assert_eq!(refused(&later, 400, "PG012"), message);
            continue;
        }
        let query = acme.submit(FIRST, &body);
        let query = acme.ended(FIRST, &query);
        assert_eq!(query["status"], "executionFailed");
        let details = &query["errorDetails"];
        assert_eq!(
            (&details["errorType"], &details["errorCode"]),
            (&json!("http"), &json!(400))
        );
    }
}

#[test]
fn a_statement_that_fails_is_answered_with_its_query() {
    let cloud = shared();
    let acme = cloud.acme();
    let failed = |text: &str| {
        let query = acme.immediate(FIRST, &super::text(text)).json(400);
        assert_eq!(query["status"], "executionFailed");
        assert_eq!(
            (&query["mode"], &query["siteId"]),
            (&json!("immediate"), &json!(FIRST))
        );
        assert!(query["completedAt"].is_string());
        assert!(
            query.get("result").is_none() && query.get("error").is_none(),
            "{query}"
        );
        has_fields(&query["errorDetails"], "errorType errorCode errorMessage");
        // And so it is when it is looked at later.
        let again = acme
            .get(&queries(FIRST, &format!("/{}", id(&query))))
            .json(200);
        assert_eq!(again["status"], "executionFailed");
        let mut details = query["errorDetails"].clone();
        assert_eq!(again["errorDetails"]["errorCode"], details["errorCode"]);
        details.take()
    };
    for (text, message) in [
        ("SELECT * FROM NO_SUCH_TABLE", "no such table"),
        ("SELEC 1", "syntax error"),
        ("ATTACH DATABASE '/tmp/x' AS x", "not authorized"),
    ] {
        let details = failed(text);
        assert_eq!(details["errorType"], "sqlite");
        assert!(details["errorCode"].as_i64() > Some(0), "{details}");
        let said = details["errorMessage"].as_str().expect("a text");
        assert!(said.contains(message), "{said}");
    }
    // 8 MB are the most; pages have no bound.
    let details = failed(&kilobytes(9000));
    assert_eq!(
        (&details["errorType"], &details["errorCode"]),
        (&json!("http"), &json!(413))
    );
    let large = acme.submit(FIRST, &text(&kilobytes(9000)));
    assert_eq!(acme.ended(FIRST, &large)["result"]["rows"], 9000);
    // A registered query's result is kept whole, and has the bound of an immediate one's.
    let large = acme.register(FIRST, &kilobytes(9000));
    let path = queries(FIRST, &format!("/registered/{large}"));
    let details = super::until(|| {
        let one = acme.get(&path).json(200);
        let failed = one["metrics"]["executionFailedCount"] == 1;
        failed.then(|| one["lastErrorDetails"].clone())
    });
    assert_eq!(
        (&details["errorType"], &details["errorCode"]),
        (&json!("http"), &json!(413))
    );
}

/// Whoever asks, the paths of FHIR refuse in FHIR's form.
#[test]
fn fhir_refuses_with_an_outcome_on_both_surfaces() {
    let cloud = shared();
    let acme = cloud.acme();
    let device = cloud.device(&acme, "desk-7", FIRST);
    let base = format!("/sites/{FIRST}/fhir/R4");
    for asker in [&acme, &device] {
        let post = |path: &str, media_type: &'static str, body: &[u8]| {
            let body = Some((media_type, body.to_vec()));
            asker.ask(&Method::POST, &format!("{base}{path}"), body)
        };
        let form = "application/x-www-form-urlencoded";
        let search = "/Patient/_search";
        outcome(&post(search, "text/plain", b"_id=7"), 415, "PH006");
        outcome(&post(search, "application/json", b"{}"), 415, "PH006");
        let large = format!("_id={}", "7".repeat(64 << 10));
        outcome(&post(search, form, large.as_bytes()), 413, "PH007");
        outcome(&post(search, form, b"birthdate=x"), 400, "PS002");
        outcome(&post("", "application/fhir+json", b"{"), 400, "PH021");
        outcome(
            &asker.get(&format!("{base}/Patient?_format=ttl")),
            406,
            "PH005",
        );
        outcome(&asker.get(&format!("{base}/Patient/none")), 404, "PH003");
        let long = format!("{base}/Patient?_id={}", "7".repeat(50_000));
        outcome(&asker.get(&long), 414, "PH016");
        let xml = asker.get(&format!("{base}/Nothing?_format=xml"));
        assert_eq!(xml.status, 404);
        assert!(
            xml.header("content-type")
                .starts_with("application/fhir+xml")
        );
        assert!(xml.text().contains("<OperationOutcome"), "{}", xml.text());
    }
}

#[test]
fn no_more_queries_are_registered_than_may_be() {
    let cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    let acme = cloud.acme();
    let path = queries(FIRST, "/registered");
    let one = registration("SELECT 1");
    let made: Vec<String> = (0..100)
        .map(|_| id(&acme.post(&path, &one).json(202)))
        .collect();
    refused(&acme.post(&path, &one), 400, "PG013");
    // Of another site, and of another integrator, there are as many again; and one that has ended leaves its place.
    id(&acme.post(&queries(SECOND, "/registered"), &one).json(202));
    assert_eq!(acme.delete(&format!("{path}/{}", made[0])).status, 204);
    id(&acme.post(&path, &one).json(202));
    let list = acme.get(&path).json(200);
    assert_eq!(
        list["registeredQueries"].as_array().map(Vec::len),
        Some(101)
    );
}

#[test]
fn what_is_not_there_is_not_found() {
    let cloud = shared();
    let acme = cloud.acme();
    let (query, registered) = (
        acme.submit(FIRST, &text("SELECT 1")),
        acme.register(FIRST, "SELECT 1"),
    );
    acme.ended(FIRST, &query);
    acme.has_run(FIRST, &registered, 1);
    let there = |rest: String, code: &str| refused(&acme.get(&queries(FIRST, &rest)), 404, code);
    for none in [NOWHERE, "not-a-guid"] {
        there(format!("/{none}"), "PG014");
        there(format!("/{none}/results/1"), "PG014");
        there(format!("/{none}/results/1/stream"), "PG014");
        there(format!("/registered/{none}"), "PG014");
        there(format!("/registered/{none}/results"), "PG014");
        let path = queries(FIRST, &format!("/registered/{none}"));
        refused(&acme.delete(&path), 404, "PG014");
    }
    for number in ["0", "2", "01", "x", "4294967296"] {
        there(format!("/{query}/results/{number}"), "PG015");
        there(format!("/{query}/results/{number}/stream"), "PG015");
    }
    // One kind is not the other, and a query is of one site.
    there(format!("/registered/{query}"), "PG014");
    there(format!("/{registered}"), "PG014");
    refused(
        &acme.get(&queries(SECOND, &format!("/{query}"))),
        404,
        "PG014",
    );
    // A registered query that fails has found nothing.
    let broken = acme.register(FIRST, "SELECT * FROM NO_SUCH_TABLE");
    let path = format!("/registered/{broken}");
    super::until(|| {
        let one = acme.get(&queries(FIRST, &path)).json(200);
        (one["metrics"]["executionFailedCount"] == 1).then_some(())
    });
    there(format!("{path}/results"), "PG024");
}

#[test]
fn paths_and_methods_that_are_not_there_are_refused() {
    let cloud = shared();
    let acme = cloud.acme();
    for (method, path, allow) in [
        (Method::GET, queries(FIRST, "/immediate"), "POST"),
        (Method::PUT, queries(FIRST, "/async"), "POST"),
        (
            Method::DELETE,
            queries(FIRST, "/registered"),
            "GET,HEAD,POST",
        ),
        (Method::POST, format!("/sites/{FIRST}"), "GET,HEAD"),
        (Method::GET, "/token".to_owned(), "POST"),
        (Method::GET, "/pairSite".to_owned(), "POST"),
    ] {
        let said = acme.ask(&method, &path, None);
        refused(&said, 405, "");
        let methods = |text: &str| {
            let mut all: Vec<String> = text.split(',').map(|it| it.trim().to_owned()).collect();
            all.sort();
            all
        };
        assert_eq!(
            methods(said.header("allow")),
            methods(allow),
            "{method} {path}"
        );
    }
    for path in ["", "/", "/nowhere", "/sites/", "/sites/x/y", "/pair"] {
        refused(&acme.get(path), 404, "");
    }
    refused(&acme.get(&queries(FIRST, "/a/b/c/d")), 404, "");
    // Devices have queries and FHIR, and nothing else.
    let device = cloud.device(&acme, "desk-7", FIRST);
    for path in ["/sites", "/token", "/pair-site"] {
        refused(&device.get(path), 404, "");
    }
    let base = format!("/sites/{FIRST}/fhir/R4");
    outcome(&acme.get(&format!("{base}/Nothing")), 404, "PH002");
    outcome(
        &acme.get(&format!("{base}/Patient/no-such-id")),
        404,
        "PH003",
    );
    outcome(
        &acme.get(&format!("{base}/Patient?nonsense=1")),
        400,
        "PP001",
    );
    outcome(&acme.delete(&format!("{base}/Patient/7")), 405, "PH008");
}

#[test]
fn a_practice_that_is_away_is_503_and_its_queries_end() {
    let cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    let acme = cloud.acme();
    acme.immediate(FIRST, &text("SELECT 1")).json(200);
    std::fs::remove_file(cloud.path("first.sqlite")).expect("removed");
    // The first to ask may find it out.
    super::until(|| (acme.immediate(FIRST, &text("SELECT 1")).status == 503).then_some(()));
    refused(&acme.immediate(FIRST, &text("SELECT 1")), 503, "PG018");
    // What is kept meanwhile ends as that says, too.
    let query = acme.submit(FIRST, &text("SELECT 1"));
    let query = acme.ended(FIRST, &query);
    let details = &query["errorDetails"];
    assert!(query.get("result").is_none(), "{query}");
    assert_eq!(
        (&details["errorType"], &details["errorCode"]),
        (&json!("haloLink"), &json!(503))
    );
    assert_eq!(acme.immediate(SECOND, &text("SELECT 1")).status, 200);
}

/// A file that is not there any more is said to be away, soon, and soon to be there again.
#[test]
fn a_practice_whose_file_goes_away_is_unreachable_until_it_is_back() {
    let cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    let acme = cloud.acme();
    let availability = || {
        let site = acme.get(&format!("/sites/{FIRST}")).json(200);
        site["availability"].as_str().expect("a word").to_owned()
    };
    let becomes = |word: &str| until(|| (availability() == word).then_some(()));
    let count = text("SELECT COUNT(*) AS N FROM PATIENTS");
    let fhir = format!("/sites/{FIRST}/fhir/R4/Patient?_summary=count");
    becomes("online");
    acme.immediate(FIRST, &count).json(200);
    let (file, away) = (cloud.path("first.sqlite"), cloud.path("away"));
    std::fs::rename(&file, &away).expect("moved");
    becomes("unreachable");
    let said = acme.immediate(FIRST, &count);
    assert_eq!(said.status, 503, "{}", said.text());
    let said = acme.get(&fhir);
    assert_eq!(said.status, 503, "{}", said.text());
    let other = acme.get(&format!("/sites/{SECOND}")).json(200);
    assert_eq!(other["availability"], "online");
    std::fs::rename(&away, &file).expect("moved back");
    becomes("online");
    acme.immediate(FIRST, &count).json(200);
    acme.get(&fhir).json(200);
}

/// A file knows no logins: who has one for its product is served as everybody is, over both ways.
#[test]
fn a_login_changes_nothing_at_a_file() {
    let cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    std::fs::write(cloud.path("password"), "of acme").expect("written");
    let password = cloud.path("password").display().to_string();
    let set = [
        "login",
        "set",
        "acme",
        "--product",
        "BestPractice",
        "--user",
        "acme_reads",
    ];
    cloud.admin(&[&set[..], &["--password-file", &password]].concat());
    let acme = cloud.acme();
    let fhir = format!("/sites/{FIRST}/fhir/R4/Patient?_summary=count");
    let count = text("SELECT COUNT(*) AS N FROM PATIENTS");
    // The server takes up what the operator has changed within moments.
    for _ in 0..10 {
        assert_eq!(acme.get(&fhir).json(200)["total"], 300);
        let said = acme.immediate(FIRST, &count).json(200);
        assert_eq!(rows(&said["result"]), [json!({"N": 300})]);
        std::thread::sleep(Duration::from_millis(200));
    }
}
