//! The explorer: who may have its page and a key, what its page is allowed, and what it does in a browser.

mod browser;
mod page;

use pilaster::server::Explorer;
use reqwest::blocking::Response;
use serde_json::Value;

use crate::cli::{Serving, pilaster};
use crate::support::{
    CLIENT, KEY, KEY_HEADER, OPERATOR_KEY, SERVER, SITE, Server, header, json, send,
};

const FILES: [&str; 3] = ["main.js", "stages.js", "explorer.css"];

fn get(server: &Server, path: &str) -> Response {
    send(CLIENT.get(server.url(path)))
}

#[test]
fn it_is_off_unless_it_is_turned_on() {
    for path in [
        "/explorer/main.js",
        "/explorer/session",
        "/explorer/page.html",
    ] {
        assert_eq!(get(&SERVER, path).status(), 404, "{path}");
    }
    let front = get(&SERVER, "/");
    assert!(header(&front, "content-type").starts_with("text/plain"));
    let on = Server::start_with_explorer(Explorer::On, None);
    assert!(header(&get(&on, "/"), "content-type").starts_with("text/html"));
    assert_eq!(
        get(&on, "/explorer/page.html").status(),
        404,
        "it is at / alone"
    );
    assert_eq!(get(&on, "/explorer/..%2fmod.rs").status(), 404);
}

#[test]
fn its_files_are_allowed_what_they_come_with_and_no_more() {
    let server = Server::start_with_explorer(Explorer::On, None);
    let paths = FILES.map(|name| format!("/explorer/{name}"));
    for path in paths.iter().map(String::as_str).chain(["/"]) {
        let response = get(&server, path);
        assert_eq!(response.status(), 200, "{path}");
        let policy = header(&response, "content-security-policy");
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self' data:",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'none'",
        ] {
            assert!(
                policy.split("; ").any(|one| one == directive),
                "{path}: {policy}"
            );
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        assert_eq!(header(&response, "cache-control"), "no-cache");
        let etag = header(&response, "etag");
        let again = send(CLIENT.get(server.url(path)).header("If-None-Match", &etag));
        assert_eq!(again.status(), 304, "{path}");
        assert_eq!(header(&again, "etag"), etag);
        assert!(again.text().expect("a body").is_empty());
    }
}

/// What `/explorer/session` says to a request with these headers.
fn session(server: &Server, headers: &[(&str, &str)]) -> Value {
    let mut request = CLIENT.get(server.url("/explorer/session"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = send(request);
    assert_eq!(header(&response, "cache-control"), "no-store");
    response.json().expect("JSON")
}

#[test]
fn a_known_key_is_handed_to_this_machine_alone() {
    let handing = Explorer::WithKey(OPERATOR_KEY.to_owned());
    let server = Server::start_with_explorer(handing.clone(), None);
    let given = session(&server, &[]);
    assert_eq!(given["key"], OPERATOR_KEY);
    assert_eq!(given["hasOperator"], true);
    assert_eq!(
        session(&server, &[("Host", "localhost:1")])["key"],
        OPERATOR_KEY
    );
    for headers in [
        [("Host", "rebound.example")],
        [("X-Forwarded-For", "192.0.2.1")],
        [("Sec-Fetch-Site", "cross-site")],
    ] {
        let refused = session(&server, &headers);
        assert!(refused.get("key").is_none(), "{headers:?}: {refused}");
        assert!(!refused.to_string().contains(OPERATOR_KEY));
        // Nor is it of use there, to who knows it.
        let (name, value) = headers[0];
        let sites = CLIENT
            .get(server.url("/operator/sites"))
            .bearer_auth(OPERATOR_KEY);
        assert_eq!(send(sites.header(name, value)).status(), 401, "{name}");
    }
    // What has a URL of its own has a proxy, which may name this machine as the host.
    let behind = Server::start_with_explorer(handing, Some("https://fhir.example.org"));
    assert!(session(&behind, &[]).get("key").is_none());
    // A key that an operator gave is never handed out.
    let given = Server::start_with_explorer(Explorer::On, None);
    assert!(session(&given, &[]).get("key").is_none());
}

#[test]
fn an_operator_learns_which_sites_there_are_and_what_they_can() {
    let server = Server::start_with_explorer(Explorer::On, None);
    let operator = |path: &str| CLIENT.get(server.url(path)).bearer_auth(OPERATOR_KEY);
    let sites = json(operator("/operator/sites"));
    assert_eq!(sites["sites"][0]["id"], SITE);
    assert_eq!(sites["sites"][0]["up"], true);
    let metadata = json(operator(&format!("/operator/sites/{SITE}/metadata")));
    assert_eq!(metadata, json(server.get("metadata")));
    for path in [
        "/operator/sites".to_owned(),
        format!("/operator/sites/{SITE}/metadata"),
    ] {
        assert_eq!(get(&server, &path).status(), 401);
        let with = CLIENT.get(server.url(&path)).header(KEY_HEADER, KEY);
        assert_eq!(
            send(with).status(),
            401,
            "an integrator's key opens none of it"
        );
    }
    assert_eq!(
        send(operator("/operator/sites/none/metadata")).status(),
        404
    );
}

#[test]
fn an_explanation_names_the_lines_of_the_mapping_and_the_time_of_each_command() {
    let server = Server::start_with_explorer(Explorer::On, None);
    let explain = |search: &str| {
        let url = server.url(&format!("/operator/sites/{SITE}/explain/{search}"));
        json(CLIENT.get(url).bearer_auth(OPERATOR_KEY))
    };
    let told = explain(
        "Patient?explain-run=true&family=smith&general-practitioner.active=true&_sort=birthdate&_elements=name",
    );
    insta::assert_snapshot!("mapping_lines", marks(&told));
    // The commands' times are of the run that the stages' are of.
    let part = &told["parts"][0];
    let children = part["children"].as_array().map_or(&[][..], Vec::as_slice);
    let took = |one: &Value| one["ran"]["took"].as_u64().expect("a time");
    let commands: u64 = children.iter().chain([part]).map(took).sum();
    let database = told["timings"]["database"].as_u64().expect("a time");
    assert!(commands <= database, "{commands} of {database}");
    for stage in ["parse", "plan", "sql", "database", "assemble"] {
        assert!(told["timings"][stage].is_u64(), "{stage}");
    }
    assert_eq!(told["outline"]["asked"]["text"], "Patient");
    assert!(told["outline"]["plan"][0]["below"].is_array());
    // A read is explained as a search is, and names what is written.
    let found = explain("Patient?_count=1&_sort=_id&explain-run=true");
    let id = found["answer"]["entry"][0]["resource"]["id"]
        .as_str()
        .expect("an id");
    let read = explain(&format!("Patient/{id}?explain-run=true"));
    assert_eq!(read["asked"]["read"]["id"], id);
    assert_eq!(read["answer"]["id"], id);
    assert!(marks(&read).contains("element name"));
}

/// Each mark with its file and first line's text: `patient.yaml  parameter family  family: $p.SURNAME`.
fn marks(told: &Value) -> String {
    let mut out = String::new();
    for file in told["mappingLines"].as_array().expect("files") {
        let name = file["file"].as_str().expect("a name");
        let lines = file["lines"].as_array().expect("lines");
        for mark in file["marks"].as_array().expect("marks") {
            let text = lines.iter().find(|line| line["number"] == mark["first"]);
            let text = text.expect("its line")["text"].as_str().expect("text");
            let (why, of) = (&mark["why"], &mark["name"]);
            let more =
                mark["last"].as_u64().expect("a line") - mark["first"].as_u64().expect("a line");
            out.push_str(&format!(
                "{name}  {} {}  {}{}\n",
                why.as_str().expect("text"),
                of.as_str().expect("text"),
                text.trim(),
                if more > 0 {
                    format!(" (+{more})")
                } else {
                    String::new()
                },
            ));
        }
    }
    out
}

#[test]
fn what_is_wrong_is_told_in_parts_too() {
    let server = Server::start_with_explorer(Explorer::On, None);
    let url = server.url(&format!(
        "/operator/sites/{SITE}/explain/Patient?birthdate=soon"
    ));
    let refused: Value = send(CLIENT.get(url).bearer_auth(OPERATOR_KEY))
        .json()
        .expect("JSON");
    let issue = &refused["error"]["issue"];
    assert_eq!(issue["code"], "PS002");
    assert_eq!(issue["expression"], "http.birthdate");
    assert!(issue["text"].is_string() && issue["remedy"].is_string());
}

#[test]
fn a_configuration_turns_it_on_where_there_is_an_operator() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pilaster.toml");
    let write = |lines: &str| {
        let site = "[[key]]\ncaller = \"acme\"\nsecret = { env = \"ACME_KEY\" }\n[[site]]\nid = \"8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11\"\nmapping = \"bp-premier\"\ntime-zone = \"Australia/Hobart\"\ndriver = \"sqlite\"\ndatabase = \"none.sqlite\"\n";
        std::fs::write(&path, format!("{lines}{site}")).expect("written");
    };
    let command = |more: &[&str]| {
        let config = path.to_str().expect("a path");
        let args = ["serve", "--listen", "127.0.0.1:0", "--config", config];
        let mut command = pilaster(&[&args[..], more].concat());
        command
            .env("ACME_KEY", "subscription-key-of-acme")
            .env("OPERATOR_KEY", OPERATOR_KEY);
        command
    };
    let is_page = |serving: &Serving| {
        let front = send(CLIENT.get(serving.root()));
        header(&front, "content-type").starts_with("text/html")
    };
    const OPERATOR: &str = "operator-key = { env = \"OPERATOR_KEY\" }\n";
    write(OPERATOR);
    assert!(!is_page(&Serving::start(command(&[]))), "off by default");
    let asked_for = Serving::start(command(&["--explorer"]));
    assert!(is_page(&asked_for));
    let told = json(CLIENT.get(format!("{}/explorer/session", asked_for.root())));
    assert!(told.get("key").is_none(), "{told}");
    write(&format!("explorer = true\n{OPERATOR}"));
    assert!(is_page(&Serving::start(command(&[]))));
    assert!(!is_page(&Serving::start(command(&["--no-explorer"]))));
    write("explorer = true\n");
    let refused = command(&[]).output().expect("it ends");
    assert_eq!(refused.status.code(), Some(2));
    let message = String::from_utf8_lossy(&refused.stderr);
    assert!(message.contains("--operator-key-file"), "{message}");
}
