//! A batch: a Bundle of requests → a Bundle of their answers (R4 §3.1.0.11).
//!
//! Each entry is asked as if it had come by itself, one after the other, and one that is refused does not touch the
//! others. Nothing is written here, so that an entry reads: it searches, reads, asks for everything or for the
//! CapabilityStatement. A transaction is refused: its parts would have to see one state of the practice.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::Surface;
use super::app::App;
use super::fhir::{self, Asked, EntryAnswer};
use super::observe::{self, RequestId, Trail};
use super::path;
use super::practice::Practice;
use super::prefer::PREFER;
use super::reply::Refusal;
use super::wishes::Wishes;
use crate::errors;
use crate::gateway::integrator::Login;
use crate::site::Answer;

/// Entries of a batch, at the most.
const MOST_ENTRIES: usize = 64;
/// Bytes of the answers together, after which no further entry is asked.
const MOST_BYTES: usize = 64 << 20;

/// An entry's request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requested {
    method: Verb,
    url: String,
    if_none_match: Option<String>,
    if_modified_since: Option<String>,
}

/// R4's code system http-verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Patch,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    resource_type: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Option<Value>,
}

/// Where the entries are asked, and by whom.
pub struct Place {
    pub base: String,
    pub surface: Surface,
    pub site: Arc<dyn Practice>,
    pub caller: String,
    pub share: Option<u32>,
    pub login: Option<Login>,
}

/// Reads the Bundle. An entry without a request that can be read is None: it is refused in its place.
///
/// # Errors
/// [`errors::BODY_NOT_FHIR`] where it is no batch; [`errors::BATCH_TOO_LARGE`].
pub fn read(json: &[u8]) -> Result<Vec<Option<Requested>>, Refusal> {
    let refused = |text: &'static str| Refusal::new(errors::BODY_NOT_FHIR, text);
    let bundle: Bundle = serde_json::from_slice(json)
        .map_err(|_| refused("the body is no Bundle in JSON with a type and entries"))?;
    match (bundle.resource_type.as_str(), bundle.kind.as_str()) {
        ("Bundle", "batch") => {}
        ("Bundle", "transaction") => {
            return Err(refused(
                "a Bundle of type transaction is not answered here, one of type batch is",
            ));
        }
        _ => return Err(refused("the body is no Bundle of type batch")),
    }
    if bundle.entry.len() > MOST_ENTRIES {
        return Err(Refusal::new(
            errors::BATCH_TOO_LARGE,
            format!("the batch has more than {MOST_ENTRIES} entries"),
        ));
    }
    let requests = bundle
        .entry
        .into_iter()
        .map(|entry| serde_json::from_value(entry.request?).ok());
    Ok(requests.collect())
}

/// Asks the entries in their order.
pub(super) async fn answer(
    app: &App,
    parts: &Parts,
    place: Place,
    requests: Vec<Option<Requested>>,
) -> Answer {
    let mut whole = Answer::default();
    let id = parts
        .extensions
        .get::<RequestId>()
        .map_or_else(observe::new_id, |id| id.0);
    let mut body = format!(
        "{{\"resourceType\":\"Bundle\",\"id\":\"{}\",\"type\":\"batch-response\"",
        observe::new_id()
    )
    .into_bytes();
    let is_empty = requests.is_empty();
    for (index, request) in requests.into_iter().enumerate() {
        body.extend_from_slice(if index == 0 { b",\"entry\":[" } else { b"," });
        let answered = match request {
            _ if body.len() > MOST_BYTES => Err(Refusal::new(
                errors::BATCH_TOO_LARGE,
                "the answers of the entries before are as large as a batch's may be",
            )),
            Some(request) => one(app, parts, &place, &request).await,
            None => Err(Refusal::new(
                errors::BODY_NOT_FHIR,
                "the entry has no request with a url and a method of HTTP in capitals",
            )),
        };
        match answered {
            Ok(answer) => {
                whole.timings += answer.timings;
                whole.commands += answer.commands;
                whole.entries += answer.entries;
                write(&mut body, &answer);
            }
            Err(refusal) => {
                Trail::default().refused(&refusal, id);
                refuse(&mut body, &refusal, id);
            }
        }
    }
    body.extend_from_slice(if is_empty { b"}" } else { b"]}" });
    whole.body = body;
    whole
}

async fn one(
    app: &App,
    parts: &Parts,
    place: &Place,
    request: &Requested,
) -> Result<EntryAnswer, Refusal> {
    let method = match request.method {
        Verb::Get => Method::GET,
        Verb::Head => Method::HEAD,
        Verb::Post | Verb::Put | Verb::Delete | Verb::Patch => {
            return Err(Refusal::method(
                "GET, HEAD",
                "an entry of a batch is a GET; nothing is written here",
            ));
        }
    };
    let url = request
        .url
        .strip_prefix(&place.base)
        .unwrap_or(&request.url);
    let url = url.strip_prefix('/').unwrap_or(url);
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let unreadable = |_| {
        Refusal::new(
            errors::NOT_HTTP,
            "the entry's url is no path behind the base with a query, percent-encoded",
        )
    };
    let mut inner = Request::builder()
        .method(method)
        .uri(format!("/{path}?{query}"))
        .body(())
        .map_err(unreadable)?
        .into_parts()
        .0;
    app.check_length(&inner.uri)?;
    // An instant, as a header says it; one that is none is as if it were not there.
    let since = request.if_modified_since.as_deref();
    let since = since.and_then(|at| Some(fhir::http_date(at.parse().ok()?)));
    let headers = [
        (IF_NONE_MATCH, &request.if_none_match),
        (IF_MODIFIED_SINCE, &since),
    ];
    for (name, value) in headers {
        if let Some(Ok(value)) = value.as_deref().map(HeaderValue::from_str) {
            inner.headers.insert(name, value);
        }
    }
    for preference in parts.headers.get_all(PREFER) {
        inner.headers.append(PREFER, preference.clone());
    }
    let interaction = path::interaction(&inner.method, Some(path))?;
    fhir::served(&*place.site, &interaction)?;
    let asked = Asked {
        site: Arc::clone(&place.site),
        caller: place.caller.clone(),
        share: place.share,
        login: place.login.clone(),
        interaction,
        surface: place.surface,
        base: place.base.clone(),
    };
    let mut wishes = Wishes::default();
    // An entry is JSON within the Bundle, whatever it asks for.
    let answered = fhir::answer(app, &inner, Body::empty(), asked, &mut wishes);
    let mut entry = Box::pin(answered).await?.into_entry();
    if inner.method == Method::HEAD {
        entry.json.clear();
    }
    Ok(entry)
}

fn write(body: &mut Vec<u8>, answer: &EntryAnswer) {
    body.push(b'{');
    if !answer.json.is_empty() {
        body.extend_from_slice(b"\"resource\":");
        body.extend_from_slice(&answer.json);
        body.push(b',');
    }
    let status = match answer.not_modified {
        true => StatusCode::NOT_MODIFIED,
        false => StatusCode::OK,
    };
    let mut response = json!({ "status": line(status) });
    if let Some(etag) = &answer.etag {
        response["etag"] = json!(etag);
    }
    if let Some(modified) = answer.last_modified {
        response["lastModified"] = json!(modified.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    body.extend_from_slice(format!("\"response\":{response}}}").as_bytes());
}

fn refuse(body: &mut Vec<u8>, refusal: &Refusal, id: Uuid) {
    let status = line(refusal.status());
    body.extend_from_slice(
        format!("{{\"response\":{{\"status\":\"{status}\",\"outcome\":").as_bytes(),
    );
    body.extend_from_slice(&refusal.to_json(id));
    body.extend_from_slice(b"}}");
}

/// `404 Not Found`
fn line(status: StatusCode) -> String {
    format!(
        "{} {}",
        status.as_str(),
        status.canonical_reason().unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> Option<&'static str> {
        read(json.as_bytes()).err().map(|refusal| refusal.code.id)
    }

    #[test]
    fn only_a_batch_is_read() {
        let json = r#"{"resourceType":"Bundle","type":"batch","entry":[
            {"request":{"method":"GET","url":"Patient?family=x"}},
            {"request":{"method":"GET"}},
            {"fullUrl":"urn:uuid:1"},
            {"request":"GET Patient"}]}"#;
        let requests = read(json.as_bytes()).expect("a batch");
        let read: Vec<_> = requests.iter().map(Option::is_some).collect();
        assert_eq!(read, [true, false, false, false]);
        for json in [
            "",
            "{}",
            r#"{"resourceType":"Bundle"}"#,
            r#"{"resourceType":"Bundle","type":"transaction"}"#,
            r#"{"resourceType":"Bundle","type":"batch","entry":{}}"#,
            r#"{"resourceType":"Patient","type":"batch"}"#,
        ] {
            assert_eq!(refused(json), Some("PH021"), "{json}");
        }
        let many = vec!["{}"; MOST_ENTRIES + 1].join(",");
        let many = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{many}]}}"#);
        assert_eq!(refused(&many), Some("PH022"));
    }
}
