//! Every form in which a request is refused, and that none repeats what the request says.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Version};
use serde_json::json;

use super::{
    ANNE, AWAY, BERT, BERTS, BOUND, CLOSED, COPY, FILE, LONELY, SITE, STAGING, Server, command,
    queries, request,
};
use crate::server::Limits;

#[tokio::test]
async fn who_may_not_ask_is_told_why() {
    let server = Server::start().await;
    let nowhere = "00000000-0000-4000-8000-0000000000ff";
    for (key, site, status, code) in [
        ("", SITE, 401, "PH004"),
        ("wrong", SITE, 401, "PH004"),
        // Neither says whether the site is there.
        ("wrong", nowhere, 401, "PH004"),
        (BOUND, SITE, 403, "PG004"),
        (ANNE, BERTS, 403, "PG005"),
        (ANNE, LONELY, 403, "PG005"),
        (ANNE, nowhere, 403, "PG005"),
        (FILE, nowhere, 404, "PH001"),
        (ANNE, "smith", 404, "PH001"),
        (ANNE, "%FF", 404, "PH001"),
        (STAGING, SITE, 401, "PG002"),
        (STAGING, BERTS, 403, "PG005"),
        (ANNE, COPY, 403, "PG007"),
        (ANNE, CLOSED, 403, "PG008"),
        (ANNE, AWAY, 503, "PG018"),
    ] {
        let answer = server
            .post(key, &queries(site, "/immediate"), &command("rows 1"))
            .await;
        assert_eq!(answer.status, status, "{key} {site}");
        let message = answer.message();
        assert!(
            message.starts_with(&format!("{code}: ")),
            "{key} {site}: {message}"
        );
        assert_eq!(status == 401, !answer.header("www-authenticate").is_empty());
        assert_eq!(status == 503, !answer.header("retry-after").is_empty());
    }
    // Which id it is that is no text is not known, so that it is not said to be the site's.
    for path in [queries(SITE, "/%ff"), queries("%ff", "/registered")] {
        let answer = server.get(ANNE, &path).await;
        let said = "PH001: an id in the path is no GUID. Check the ids in the URL.";
        assert_eq!(
            (answer.status.as_u16(), answer.message()),
            (404, said.to_owned())
        );
    }
    // What is not there and what is another's is told in the same words.
    let path = |site| queries(site, "/immediate");
    let others = server.post(ANNE, &path(BERTS), &command("rows 1")).await;
    let none = server.post(ANNE, &path(nowhere), &command("rows 1")).await;
    assert_eq!(others.body, none.body);
}

#[tokio::test]
async fn keys_that_differ_open_nothing() {
    let server = Server::start().await;
    let query = queries(SITE, "/registered");
    let fhir = format!("/integrator/sites/{SITE}/fhir/R4/metadata");
    let key = "Ocp-Apim-Subscription-Key";
    let ask = async |path: &str, first: &str, second: &str| {
        let request = request("GET", first, path).header(key, second);
        server
            .send(request.body(Body::empty()).expect("a request"))
            .await
    };
    for (first, second) in [(ANNE, BERT), (ANNE, "wrong"), ("wrong", ANNE), (FILE, ANNE)] {
        for path in [&query, &fhir] {
            let twice = ask(path, first, second).await;
            let in_both = server
                .get(first, &format!("{path}?subscription-key={second}"))
                .await;
            for answer in [twice, in_both] {
                let text = String::from_utf8_lossy(&answer.body);
                assert_eq!(answer.status, 401, "{path}: {text}");
                assert!(text.contains("PH004"), "{text}");
                assert!(text.contains("several subscription keys"), "{text}");
                assert!(
                    answer
                        .header("www-authenticate")
                        .starts_with("SubscriptionKey")
                );
            }
        }
    }
    assert_eq!(ask(&query, ANNE, ANNE).await.status, 200);
    let same = format!("{query}?subscription-key={ANNE}");
    assert_eq!(server.get(ANNE, &same).await.status, 200);
}

#[tokio::test]
async fn a_request_of_http_1_1_has_one_host() {
    let server = Server::start().await;
    let ask = async |method: &str, path: &str, version: Version, hosts: &[&str]| {
        let request = Request::builder().method(method).uri(path).version(version);
        let request = request.header("Ocp-Apim-Subscription-Key", ANNE);
        let request = hosts
            .iter()
            .fold(request, |request, host| request.header("host", *host));
        server
            .send(request.body(Body::empty()).expect("a request"))
            .await
    };
    let wrong = [
        &[][..],
        &["a.example", "a.example"],
        &["a b"],
        &["u@a.example"],
    ];
    let registered = queries(SITE, "/registered");
    for (method, path) in [
        ("GET", registered.as_str()),
        ("GET", &format!("/integrator/sites/{SITE}")),
        ("POST", "/integrator/token"),
        ("GET", &format!("/desktop/sites/{SITE}/queries/registered")),
    ] {
        for hosts in wrong {
            let answer = ask(method, path, Version::HTTP_11, hosts).await;
            assert_eq!(answer.status, 400, "{path} {hosts:?}");
            assert!(answer.message().starts_with("PH019: "), "{path} {hosts:?}");
        }
    }
    let fhir = format!("/integrator/sites/{SITE}/fhir/R4/metadata");
    for hosts in wrong {
        let answer = ask("GET", &fhir, Version::HTTP_11, hosts).await;
        assert_eq!(answer.status, 400, "{hosts:?}");
        let outcome = &answer.json()["issue"][0]["details"]["coding"][0]["code"];
        assert_eq!(outcome, "PH019", "{hosts:?}");
    }
    // RFC 9112 §3.2: none is needed before 1.1.
    for (version, hosts) in [
        (Version::HTTP_10, &[][..]),
        (Version::HTTP_11, &["a.example"]),
    ] {
        let answer = ask("GET", &registered, version, hosts).await;
        assert_eq!(answer.status, 200, "{version:?}");
    }
}

#[tokio::test]
async fn a_device_without_a_token_is_no_device() {
    let server = Server::start().await;
    let path = format!("/desktop/sites/{SITE}/queries/registered");
    for headers in [
        &[][..],
        &[("authorization", "Bearer x.y.z")],
        &[("DeviceId", "desk-7")],
        &[("authorization", "Bearer x.y.z"), ("DeviceId", "desk-7")],
        &[("Ocp-Apim-Subscription-Key", ANNE)],
    ] {
        let request = headers
            .iter()
            .fold(request("GET", "", &path), |request, (name, value)| {
                request.header(*name, *value)
            });
        let answer = server
            .send(request.body(Body::empty()).expect("a request"))
            .await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert!(answer.message().starts_with("PG001: "));
        // RFC 6750 §3.1: an error is told of a token, and of none where there is none.
        let expected = match headers.iter().any(|(name, _)| *name == "authorization") {
            true => "Bearer realm=\"pilaster\", error=\"invalid_token\"",
            false => "Bearer realm=\"pilaster\"",
        };
        assert_eq!(answer.header("www-authenticate"), expected, "{headers:?}");
    }
}

#[tokio::test]
async fn a_body_that_asks_for_nothing_is_told_where() {
    let server = Server::start().await;
    let path = queries(SITE, "/async");
    for (body, expected) in [
        ("", "PG010: the body is empty. "),
        (
            "{\n \"command\": secret",
            "PG010: the body is no JSON, from line 2, column 13 on. ",
        ),
        ("{}", "PG011: command is missing. "),
        (
            r#"{"command":{"text":"x","type":"secret"}}"#,
            "PG011: command.type has to be one of text, storedProcedure. ",
        ),
        (
            r#"{"command":{"text":"x","parameters":[{"name":"secret","value":12345}]}}"#,
            "PG011: command.parameters[0].value has to be a string or null. ",
        ),
        (
            r#"{"command":{"text":"x"},"catalogue":"secret"}"#,
            "PG012: ",
        ),
    ] {
        let answer = server.post_text(ANNE, &path, body).await;
        assert_eq!(answer.status, 400, "{body}");
        let message = answer.message();
        assert!(message.starts_with(expected), "{message}");
        assert!(
            !message.contains("secret") && !message.contains("12345"),
            "{message}"
        );
    }
    let refused = server
        .post(ANNE, &queries(SITE, "/immediate"), &command("refuse"))
        .await;
    assert_eq!(refused.status, 400);
    assert!(
        refused
            .message()
            .starts_with("PG012: parameter 1, of type Udt, is not carried. ")
    );
}

#[tokio::test]
async fn a_registered_query_names_its_catalogue_in_either_place() {
    let server = Server::start().await;
    let path = queries(SITE, "/registered");
    for (outer, inner, status) in [
        (json!("Documents"), json!(null), 202),
        (json!(null), json!("Documents"), 202),
        (json!("documents"), json!("Documents"), 202),
        (json!("secret"), json!(null), 400),
        (json!(null), json!("secret"), 400),
        (json!("Patients"), json!("Documents"), 400),
    ] {
        let body = json!({"name": "new", "frequency": 300, "duration": 43200, "catalogue": outer,
            "registerCommand": {"command": {"text": "rows 2"}, "catalogue": inner}});
        let answer = server.post(ANNE, &path, &body).await;
        assert_eq!(answer.status, status, "{body}");
        if status == 400 {
            assert!(!answer.message().contains("secret"));
        }
    }
}

#[tokio::test]
async fn a_body_is_json_and_not_too_large_or_too_slow() {
    let limits = Limits {
        command_bytes: 1000,
        body: Duration::from_millis(20),
        ..Limits::default()
    };
    let server = Server::within(limits).await;
    for path in ["/immediate", "/async", "/status", "/registered"] {
        let path = queries(SITE, path);
        for media_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
        ] {
            let request = request("POST", ANNE, &path);
            let request = match media_type {
                Some(media_type) => request.header("content-type", media_type),
                None => request,
            };
            let answer = server
                .send(request.body(Body::from("{}")).expect("a request"))
                .await;
            assert_eq!(answer.status, 415, "{path} {media_type:?}");
            assert!(answer.message().starts_with("PH006: "));
        }
        let large = server.post(ANNE, &path, &command(&"x".repeat(1000))).await;
        assert_eq!(large.status, 413, "{path}");
        assert!(large.message().starts_with("PH007: "));
        let never = Body::from_stream(futures_util::stream::pending::<
            Result<Vec<u8>, std::convert::Infallible>,
        >());
        let slow = server.post_text(ANNE, &path, never).await;
        assert_eq!(slow.status, 408, "{path}");
        assert!(slow.message().starts_with("PH014: "));
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::start().await;
    let query = server.ended(ANNE, SITE, "rows 1").await;
    let failed = server.ended(ANNE, SITE, "fail").await;
    let (id, failed) = (
        query["id"].as_str().expect("an id"),
        failed["id"].as_str().expect("an id"),
    );
    let unknown = "0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6f";
    for (path, expected) in [
        (
            "/smith".to_owned(),
            "PG014: the query's id in the path is no GUID. ",
        ),
        (format!("/{unknown}"), "PG014: there is no query of yours"),
        (
            format!("/{unknown}/results/1"),
            "PG014: there is no query of yours",
        ),
        ("/smith/results/1".to_owned(), "PG014: the query's id"),
        (
            format!("/{id}/results/2"),
            "PG015: the query's result has 1 page. ",
        ),
        (
            format!("/{id}/results/2/stream"),
            "PG015: the query's result has 1 page. ",
        ),
        (format!("/{id}/results/0"), "PG015: the page's number"),
        (format!("/{id}/results/one"), "PG015: the page's number"),
        (
            format!("/{failed}/results/1"),
            "PG015: the query has no result: its status is executionFailed. ",
        ),
        (
            format!("/registered/{unknown}"),
            "PG014: there is no query of yours",
        ),
        (
            format!("/registered/{unknown}/results"),
            "PG014: there is no query of yours",
        ),
        ("/registered/smith".to_owned(), "PG014: the query's id"),
    ] {
        let answer = server.get(ANNE, &queries(SITE, &path)).await;
        assert_eq!(answer.status, 404, "{path}");
        let message = answer.message();
        assert!(message.starts_with(expected), "{path}: {message}");
        assert!(!message.contains("smith"), "{message}");
    }
    let ended = server
        .delete(ANNE, &queries(SITE, &format!("/registered/{unknown}")))
        .await;
    assert_eq!(ended.status, 404);
    let nothing = server.get(ANNE, "/integrator/nothing").await;
    assert_eq!(
        (nothing.status.as_u16(), nothing.message().as_str()),
        (404, "there is nothing at this path")
    );
}

#[tokio::test]
async fn the_sixteenth_in_five_seconds_waits() {
    let server = Server::start().await;
    let path = queries(SITE, "/immediate");
    let mut last = None;
    for _ in 0..16 {
        // A request that is refused for its body counts as well: what it asks is not known yet.
        last = Some(server.post_text(ANNE, &path, "{}").await);
    }
    let last = last.expect("an answer");
    assert_eq!(last.status, 429);
    assert!(last.message().starts_with("PG009: "));
    let seconds: u64 = last.header("retry-after").parse().expect("seconds");
    assert!((1..=5).contains(&seconds));
    assert_eq!(
        server
            .post(ANNE, &queries(SITE, "/async"), &command("rows 1"))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn parameters_of_sites_and_tokens_are_needed_once() {
    let server = Server::start().await;
    for (path, expected) in [
        (
            "/integrator/sites",
            "PG023: practiceManagementSiteId is missing. ",
        ),
        (
            "/integrator/sites?practiceManagementSiteId=1",
            "PG023: practiceManagementName is missing. ",
        ),
        (
            "/integrator/sites?practiceManagementSiteId=&practiceManagementName=Zedmed",
            "PG023: practiceManagementSiteId is missing. ",
        ),
        (
            "/integrator/sites?practiceManagementSiteId=1&practiceManagementSiteId=2",
            "PG023: practiceManagementSiteId is given twice. ",
        ),
    ] {
        let answer = server.get(ANNE, path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.message().starts_with(expected), "{path}");
    }
    let grant = "grant_type=urn:halo-connect:oauth:desktop-token";
    for (form, status, expected) in [
        (String::new(), 400, "PG023: grant_type is missing. "),
        (
            format!("grant_type=secret&device_id=d&site_id={SITE}"),
            400,
            "PG023: grant_type has to be one of urn:halo-connect",
        ),
        (
            format!("{grant}&device_id=%20secret&site_id={SITE}"),
            400,
            "PG023: device_id has to be 1 to 128 letters, digits, signs",
        ),
        (
            format!("{grant}&device_id=d&site_id=secret"),
            400,
            "PG023: site_id has to be a GUID. ",
        ),
        (
            format!("{grant}&device_id=d&site_id={LONELY}"),
            403,
            "PG005: ",
        ),
    ] {
        let request = request("POST", ANNE, "/integrator/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.clone()));
        let answer = server.send(request.expect("a request")).await;
        assert_eq!(answer.status, status, "{form}");
        let message = answer.message();
        assert!(message.starts_with(expected), "{form}: {message}");
        assert!(!message.contains("secret"), "{message}");
    }
    let json = server.post(ANNE, "/integrator/token", &json!({})).await;
    assert_eq!(json.status, 415);
    assert!(
        json.message()
            .starts_with("PH006: the body is sent as application/x-www-form-urlencoded")
    );
    let path = "/integrator/pair-site?practiceManagementSiteId=3&practiceManagementName=Best%20Practice&pairingCode=1";
    let denied = server.post(ANNE, path, &json!({})).await;
    assert_eq!(denied.status, 403);
    let message = denied.message();
    assert!(message.starts_with("PG005: no practice of this number and product"));
    assert!(!message.contains("site's id"), "{message}");
    // The same words whatever is wrong: here, that the practice is not there; that no code is given.
    for other in [
        path.replace("Id=3", "Id=404"),
        path.replace("&pairingCode=1", ""),
    ] {
        let other = server.post(ANNE, &other, &json!({})).await;
        assert_eq!(other.status, denied.status);
        assert_eq!(other.message(), message);
    }
}
