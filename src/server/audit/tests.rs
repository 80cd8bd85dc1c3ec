//! Who may read the journal, which entries, and in which form.

use axum::http::header::AUTHORIZATION;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::*;
use crate::journal::tests::{KEPT, every_kind, scope};
use crate::server::{OperatorKey, app, router};

const KEY: &str = "0123456789abcdef-operator";

/// A server with a journal of one entry of each kind.
async fn served() -> (TempDir, Arc<Journal>, Arc<App>) {
    let folder = TempDir::new().expect("a folder");
    let journal = Journal::open(folder.path(), KEPT).expect("a journal");
    let journal = Arc::new(journal);
    for entry in every_kind() {
        journal.record(&entry).await.expect("kept");
    }
    let app = bare();
    app.keep_journal(Arc::clone(&journal));
    (folder, journal, app)
}

fn bare() -> Arc<App> {
    app::bare(Some(OperatorKey::new(KEY).expect("a key")))
}

async fn ask(app: &Arc<App>, query: &str, key: &str) -> (StatusCode, String, String) {
    let request = Request::builder()
        .header("host", "127.0.0.1:8080")
        .uri(format!("{PATH}?{query}"))
        .header(AUTHORIZATION, format!("Bearer {key}"))
        .body(Body::empty())
        .expect("a request");
    let answered = router(Arc::clone(app)).oneshot(request).await;
    let response = answered.expect("answered");
    let status = response.status();
    let media_type = response.headers()[CONTENT_TYPE].to_str().expect("ASCII");
    let media_type = media_type.to_owned();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
    let body = String::from_utf8(body.expect("a body").to_vec()).expect("UTF-8");
    (status, media_type, body)
}

#[tokio::test]
async fn it_is_the_operators_alone() {
    let (_folder, journal, app) = served().await;
    let (status, _, body) = ask(&app, "", "0123456789abcdef-somebody").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
    assert_eq!(journal.head().await.expect("read").seq, 15);
    let (status, _, body) = ask(&bare(), "", KEY).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
}

#[tokio::test]
async fn entries_are_lines_of_audit_events() {
    let (_folder, journal, app) = served().await;
    let (status, media_type, body) = ask(&app, "", KEY).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(media_type, "application/fhir+ndjson");
    assert_eq!(body.lines().count(), 15);
    for line in body.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(event["resourceType"], "AuditEvent");
    }
    // That somebody looked is there afterwards.
    let (.., again) = ask(&app, "kind=auditRead&from=2020-11-23", KEY).await;
    let event: Value = serde_json::from_str(&again).expect("one event");
    assert_eq!(event["type"]["code"], "110101");
    assert_eq!(journal.head().await.expect("read").seq, 17);
}

#[tokio::test]
async fn what_is_asked_for_is_given_in_the_form_that_is_asked_for() {
    let (_folder, _journal, app) = served().await;
    let count = async |query: &str| {
        let (status, media_type, body) = ask(&app, &format!("{query}&_format=json"), KEY).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(media_type, "application/fhir+json");
        let bundle: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(bundle["type"], "collection");
        bundle["entry"].as_array().map_or(0, Vec::len)
    };
    // Looks at the journal are of another day.
    let then = "from=2020-11-22&to=2020-11-23";
    let (integrator, site) = (scope().integrator, scope().site);
    assert_eq!(count(then).await, 15);
    assert_eq!(count(&format!("{then}&integrator={integrator}")).await, 2);
    assert_eq!(
        count(&format!("{then}&site={site}&kind=immediate")).await,
        1
    );
    assert_eq!(count(&format!("{then}&site={integrator}")).await, 0);
    assert_eq!(
        count("to=2020-11-22T10:51:15.008Z&from=2020-11-22").await,
        14
    );
    assert_eq!(
        count("to=2020-11-22T20:51:15.008%2B10:00&from=2020-11-22").await,
        14
    );
    assert_eq!(count("to=2020-11-22").await, 0);
}

#[test]
fn what_is_not_understood_is_refused_and_not_repeated() {
    for wrong in [
        "sought=1",
        "from=sought",
        "to=2026-13-01",
        "from=2020-11-22&from=2020-11-22",
        "integrator=sought",
        "site=",
        "kind=sought",
        "_format=sought",
        "_format=json&_format=json",
    ] {
        let refusal = Asked::read(wrong).expect_err(wrong);
        assert_eq!(refusal.code.id, "PJ001", "{wrong}");
        assert!(!refusal.text.contains("sought"), "{}", refusal.text);
    }
    let asked = Asked::read("_format=application/fhir+json&kind=token").expect("understood");
    assert_eq!(asked.form, Form::Bundle);
    assert_eq!(asked.filter.kind, Some(Kind::Token));
}
