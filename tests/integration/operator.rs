//! `/operator/…/explain/…`: who may see what becomes of a search, and what they see.

use std::sync::LazyLock;

use pilaster::server::Limits;
use reqwest::blocking::{RequestBuilder, Response};
use serde_json::Value;

use crate::support::{
    CLIENT, KEY, KEY_HEADER, OPERATOR_KEY, SERVER, SITE, Server, demo_site, header, json, send,
};

/// A server with an operator's key.
static OPERATED: LazyLock<Server> =
    LazyLock::new(|| Server::start_with_operator(vec![demo_site()], Limits::default()));

fn url(server: &Server, search: &str) -> String {
    server.url(&format!("/operator/sites/{SITE}/explain/{search}"))
}

/// A search to explain, with the key.
fn explain(search: &str) -> RequestBuilder {
    CLIENT.get(url(&OPERATED, search)).bearer_auth(OPERATOR_KEY)
}

/// Asserts that an answer is the envelope of errors, and gives its message.
#[track_caller]
fn envelope(response: Response, status: u16) -> String {
    assert_eq!(response.status(), status);
    assert_eq!(header(&response, "content-type"), "application/json");
    assert_eq!(header(&response, "cache-control"), "no-store");
    let body: Value = response.json().expect("JSON");
    assert_eq!(body["error"]["status"], status);
    let message = body["error"]["message"].as_str();
    message.expect("a message").to_owned()
}

#[test]
fn it_is_off_by_default() {
    let ask = |server, key: &str| send(CLIENT.get(url(server, "Patient")).bearer_auth(key));
    let message = envelope(ask(&SERVER, OPERATOR_KEY), 404);
    assert_eq!(message, "there is nothing at this path");
    // No empty key opens what has none.
    assert_eq!(envelope(ask(&SERVER, ""), 404), message);
    assert_eq!(ask(&OPERATED, OPERATOR_KEY).status(), 200);
}

#[test]
fn only_the_operators_key_opens_it() {
    let search = url(&OPERATED, "Patient?family=smith");
    let unopened = [
        CLIENT.get(&search),
        CLIENT.get(&search).bearer_auth("another-operators-key"),
        CLIENT.get(&search).bearer_auth(KEY),
        CLIENT.get(&search).header(KEY_HEADER, KEY),
        CLIENT.get(&search).header(KEY_HEADER, OPERATOR_KEY),
        CLIENT.get(format!("{search}&subscription-key={KEY}")),
        CLIENT
            .get(&search)
            .basic_auth("operator", Some(OPERATOR_KEY)),
        // Nothing is learnt of sites, types and parameters.
        CLIENT.get(OPERATED.url("/operator/sites/none/explain/None?explain-run=x")),
    ];
    for request in unopened {
        let response = send(request);
        let challenge = header(&response, "www-authenticate");
        assert!(challenge.starts_with("Bearer realm="), "{challenge}");
        let message = envelope(response, 401);
        assert!(message.starts_with("PH017: "), "{message}");
        assert!(!message.contains("ubscription"), "{message}");
    }
    let fhir = CLIENT.get(format!("{}/Patient", OPERATED.base));
    assert_eq!(send(fhir.bearer_auth(OPERATOR_KEY)).status(), 401);
}

#[test]
fn a_search_is_explained_without_the_database() {
    let search = "Patient?family=smith&birthdate=gt1980&_sort=-birthdate";
    let response = send(explain(search));
    assert_eq!(header(&response, "content-type"), "application/json");
    assert_eq!(header(&response, "cache-control"), "no-store");
    let explained: Value = response.json().expect("JSON");
    let asked = &explained["asked"]["search"];
    assert_eq!(asked["resource"], "Patient");
    assert_eq!(asked["filters"].as_array().map(Vec::len), Some(2));
    assert_eq!(explained["dates"].as_array().map(Vec::len), Some(1));
    assert_eq!(explained["dialect"], "sqlite");
    assert_eq!(explained["zone"], "Australia/Brisbane");
    let part = &explained["parts"][0];
    assert_eq!(part["table"], "PATIENTS");
    assert!(part["select"].is_object());
    let command = &part["command"]["command"];
    let text = command["text"].as_str().expect("SQL");
    assert!(text.contains("LIMIT") && !text.contains("smith"), "{text}");
    let parameters = command["parameters"].as_array().expect("parameters");
    assert!(parameters.iter().any(|one| one["value"] == "smith"));
    for run_only in [&explained["answer"], &explained["timings"], &part["ran"]] {
        assert!(run_only.is_null());
    }
}

#[test]
fn the_dialect_can_be_chosen() {
    let text = |search: &str| {
        let explained = json(explain(search));
        let command = &explained["parts"][0]["command"]["command"];
        command["text"].as_str().expect("SQL").to_owned()
    };
    assert!(text("Patient?explain-dialect=firebird&family=smith").contains("FETCH FIRST ? ROWS"));
    assert!(text("Patient?explain-dialect=sqlanywhere&family=smith").contains("SELECT TOP ? "));
    assert!(text("Patient?explain-dialect=mssql&family=smith").contains("TOP ("));
    assert_eq!(
        text("Patient?family=smith&explain-dialect=sqlite"),
        text("Patient?family=smith")
    );
}

#[test]
fn a_run_adds_rows_and_the_answer() {
    let search = "Patient?_sort=_id&_count=3";
    let explained = json(explain(&format!("{search}&explain-run=true")));
    let ran = &explained["parts"][0]["ran"];
    assert_eq!(ran["count"], 4, "one more than the page");
    assert!(ran["rows"][0].is_array());
    assert!(
        ran["queryPlan"]
            .as_array()
            .is_some_and(|plan| !plan.is_empty())
    );
    assert!(explained["timings"]["database"].is_u64());
    let answer = &explained["answer"];
    let served = json(OPERATED.get(search));
    assert_eq!(answer["total"], served["total"]);
    assert_eq!(answer["entry"], served["entry"]);
    // Its own names are not taken for parameters of the search, in links or otherwise.
    assert_eq!(answer["link"][0], served["link"][0]);
    assert!(!answer.to_string().contains("explain-"));
    // The operator's page links are no integrator's.
    let next = answer["link"][1]["url"].as_str().expect("a next link");
    let followed = send(CLIENT.get(next).header(KEY_HEADER, KEY));
    assert_eq!(followed.status(), 400);
}

#[test]
fn what_is_wrong_has_its_code_and_its_place() {
    for (search, status, expected) in [
        ("Patient?birthdate=smith", 400, "PS002: "),
        ("Patient?birthdate=smith", 400, "(http.birthdate)"),
        ("Patient?family:below=x", 400, "PS003: "),
        ("Patient?favourite=x", 400, "PP001: "),
        ("Patient?_cursor=x", 400, "PP007: "),
        ("Patient?explain-dialect=oracle", 400, "PH018: "),
        ("Patient?explain-run=smith", 400, "true and false"),
        ("Patient?explain-run=true&explain-run=true", 400, "twice"),
        ("Device", 404, "PH002: "),
        ("Smith", 404, "PH002: "),
        ("Patient%2Fsmith", 404, "PH009: "),
        ("Patient/smith?explain-run=true", 404, "PH003: "),
        ("Patient/smith/$summary", 404, "PH009: "),
        ("Patient/smith/Device", 404, "PH002: "),
        ("Patient/1/$everything?_sort=smith", 400, "PP013: "),
    ] {
        let message = envelope(send(explain(search)), status);
        assert!(message.contains(expected), "{search}: {message}");
        assert!(!message.to_lowercase().contains("smith"), "{message}");
    }
    let no_site = OPERATED.url("/operator/sites/smith/explain/Patient");
    let message = envelope(send(CLIENT.get(no_site).bearer_auth(OPERATOR_KEY)), 404);
    assert!(message.starts_with("PH001: "), "{message}");
    let strict = explain("Patient?family=smith&favourite=x").header("Prefer", "handling=strict");
    assert!(envelope(send(strict), 400).starts_with("PP001: "));
    assert_eq!(
        send(explain("Patient?family=smith&favourite=x")).status(),
        200
    );
    let long = explain(&format!("Patient?family={}", "x".repeat(20_000)));
    assert!(envelope(send(long), 414).starts_with("PS008: "));
    let longer = explain(&format!("Patient?family={}", "x".repeat(60_000)));
    assert!(envelope(send(longer), 414).starts_with("PH016: "));
    let post = CLIENT
        .post(url(&OPERATED, "Patient"))
        .bearer_auth(OPERATOR_KEY);
    envelope(send(post), 405);
    for beside in [
        "/operator",
        "/operator/sites/x",
        "/operator/sites/x/explain/Patient/1",
    ] {
        envelope(
            send(CLIENT.get(OPERATED.url(beside)).bearer_auth(OPERATOR_KEY)),
            404,
        );
    }
}

#[test]
fn it_is_indented_on_demand() {
    let text = |search: &str| send(explain(search)).text().expect("text");
    assert!(text("Patient?_pretty=true").contains("\n  \"asked\": {\n"));
    assert!(!text("Patient").contains('\n'));
}
