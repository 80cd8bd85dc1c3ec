//! The OpenAPI document: of what there is, whole, and in its form.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::{Answer, SITE, Server, request};
use crate::gateway::ask::bounds;
use crate::passthrough::call::ParameterType;
use crate::server::api::description;

fn document() -> Value {
    serde_json::to_value(description(true)).expect("JSON")
}

/// Holds an answer to what is said of its path, if anything is: its status, its media type, its headers, and its JSON.
pub fn check(method: &Method, path: &str, answer: &Answer) {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
    let segments: Vec<&str> = path.split('/').collect();
    let is_path = |template: &str| {
        let names: Vec<&str> = template.split('/').collect();
        let mut pairs = names.iter().zip(&segments);
        names.len() == segments.len()
            && pairs.all(|(name, segment)| name.starts_with('{') || name == segment)
    };
    // One without names counts before one with.
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let mut matching: Vec<&String> = paths.keys().filter(|path| is_path(path)).collect();
    matching.sort_by_key(|path| path.matches('{').count());
    let Some(template) = matching.first() else {
        return;
    };
    let operation = &paths[*template][method.as_str().to_lowercase()];
    if operation.is_null() {
        return;
    }
    let what = format!("{method} {template} {}", answer.status);
    let response = &operation["responses"][answer.status.as_str()];
    assert!(response.is_object(), "{what} is not described");
    let response = match response["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(&reference[1..]).expect("a response"),
        None => response,
    };
    for name in response["headers"]
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys())
    {
        assert!(answer.headers.contains_key(name.as_str()), "{what}: {name}");
    }
    let Some(content) = response["content"].as_object() else {
        assert!(answer.body.is_empty(), "{what} has a body");
        return;
    };
    if method == Method::HEAD {
        assert!(answer.body.is_empty(), "{what} has a body");
        return;
    }
    let media_type = answer
        .header("content-type")
        .split(';')
        .next()
        .unwrap_or_default();
    let content = content.get(media_type);
    let content = content.unwrap_or_else(|| panic!("{what}: {media_type} is not described"));
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": DOCUMENT["components"],
        "allOf": [content["schema"]],
    });
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema);
    let validator = validator.expect("a schema");
    let body = answer.json();
    let wrong: Vec<String> = validator
        .iter_errors(&body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}\n{body:#}");
}

/// Every operation: path, method, what is said of it.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("an item");
        item.iter().map(move |(method, operation)| {
            (path.clone(), method.to_uppercase(), operation.clone())
        })
    });
    all.collect()
}

#[test]
fn it_is_as_it_was_read() {
    let json = serde_json::to_string_pretty(&document()).expect("JSON");
    insta::assert_snapshot!("openapi", json);
}

#[test]
fn it_is_openapi() {
    let schema = include_str!("../../../../tests/fixtures/openapi/schema-3.1.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for has_cloud in [true, false] {
        let document = serde_json::to_value(description(has_cloud)).expect("JSON");
        let wrong: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    let mut broken = document();
    broken["paths"]["/integrator/token"]["post"]["responses"]["200"]["description"] = Value::Null;
    assert!(
        !validator.is_valid(&broken),
        "a validator that takes everything"
    );
}

#[test]
fn its_schemas_are_schemas() {
    let document = document();
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .expect("schemas")
    {
        let told = jsonschema::draft202012::meta::validate(schema);
        assert!(told.is_ok(), "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = Vec::new();
    walk(&document, &mut references);
    assert!(references.len() > 100);
    let mut used = BTreeSet::new();
    for reference in references {
        let place = reference.strip_prefix('#').expect("in the document");
        assert!(document.pointer(place).is_some(), "{reference}");
        used.insert(reference);
    }
    for kind in ["schemas", "responses"] {
        for name in document["components"][kind]
            .as_object()
            .expect("components")
            .keys()
        {
            let reference = format!("#/components/{kind}/{name}");
            assert!(used.contains(reference.as_str()), "{reference} is not used");
        }
    }
    for (path, method, operation) in operations(&document) {
        let security = operation["security"].as_array().expect("security");
        // A device needs both at once, an integrator one of two.
        let expected = match path.starts_with("/desktop/") {
            true => json!([{"deviceToken": [], "deviceId": []}]),
            false => json!([{"subscriptionKey": []}, {"subscriptionKeyInQuery": []}]),
        };
        assert_eq!(operation["security"], expected, "{method} {path}");
        for requirement in security {
            for scheme in requirement.as_object().expect("a requirement").keys() {
                let known = &document["components"]["securitySchemes"][scheme];
                assert!(known.is_object(), "{method} {path}: {scheme}");
            }
        }
    }
}

#[test]
fn every_operation_has_an_id_of_its_own_a_tag_and_its_path() {
    let document = document();
    let tags: Vec<&Value> = document["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id").to_owned();
        assert!(ids.insert(id.clone()), "{id}");
        assert!(tags.contains(&&operation["tags"][0]), "{id}");
        assert!(!operation["summary"].as_str().expect("a summary").is_empty());
        let named: BTreeSet<&str> = path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect();
        let none = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&none).iter();
        let described: BTreeSet<&str> = parameters
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        assert_eq!(named, described, "{method} {path}");
    }
}

/// The router has no list of its paths. All of the API's are there by what describes them; that none is
/// described that is not there, and none of another method is there, is asked of it.
#[tokio::test]
async fn what_is_described_is_there_and_nothing_else() {
    let server = Server::start().await;
    let document = document();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let place = path
            .replace("{siteId}", SITE)
            .replace("{queryId}", SITE)
            .replace("{pageNumber}", "1")
            .replace("{compartment}", "Patient")
            .replace("{type}", "Condition")
            .replace("{id}", "12");
        let item = item.as_object().expect("an item");
        for method in ["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH"] {
            let sent = request(method, "", &place)
                .body(Body::empty())
                .expect("a request");
            let answer = server.send(sent).await;
            let is_described = item.contains_key(&method.to_lowercase())
                || method == "HEAD" && item.contains_key("get");
            let what = format!("{method} {path}: {}", answer.status);
            if is_described {
                // It is there, and asks who calls.
                assert_eq!(answer.status, 401, "{what}");
            } else if !path.contains("/fhir/") {
                assert_eq!(answer.status, 405, "{what}");
                for allowed in answer.header("allow").split(',') {
                    let allowed = allowed.trim().to_lowercase();
                    assert!(
                        allowed == "head" || item.contains_key(&allowed),
                        "{what}: {allowed}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn it_is_served_to_whoever_asks_and_kept() {
    let server = Server::start().await;
    for (path, media_type) in [
        ("/openapi.json", "application/json"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/style.css", "text/css; charset=utf-8"),
    ] {
        let answer = server.get("", path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), media_type);
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
        let tag = answer.header("etag");
        let again = Request::builder().uri(path).header("if-none-match", tag);
        let again = server
            .send(again.body(Body::empty()).expect("a request"))
            .await;
        assert_eq!(
            (again.status.as_u16(), again.body.len()),
            (304, 0),
            "{path}"
        );
    }
    assert_eq!(server.get("", "/openapi.json").await.json(), document());
    let slash = server.get("", "/docs/").await;
    assert_eq!(
        (slash.status.as_u16(), slash.header("location")),
        (308, "../docs")
    );
}

#[test]
fn it_says_what_is_held_to() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let range = |schema: &str, field: &str| {
        let field = &schemas[schema]["properties"][field];
        (
            field["minimum"].as_u64(),
            field["maximum"].as_u64(),
            field["default"].as_u64(),
        )
    };
    let of = |range: std::ops::RangeInclusive<u64>, default| {
        (Some(*range.start()), Some(*range.end()), default)
    };
    assert_eq!(
        range("ImmediateRequest", "maxTimeInQueue"),
        of(bounds::IMMEDIATE_WAIT, Some(bounds::IMMEDIATE_WAIT_DEFAULT))
    );
    assert_eq!(
        range("AsyncRequest", "maxTimeInQueue"),
        of(bounds::ASYNC_WAIT, Some(bounds::ASYNC_WAIT_DEFAULT))
    );
    assert_eq!(
        range("RegisterRequest", "frequency"),
        of(bounds::FREQUENCY, None)
    );
    assert_eq!(
        range("RegisterRequest", "duration"),
        of(bounds::DURATION, None)
    );
    let name = &schemas["RegisterRequest"]["properties"]["name"];
    assert_eq!(name["maxLength"], bounds::NAME_CHARACTERS);
    let ids = &schemas["StatusRequest"]["properties"]["queryIds"];
    assert_eq!(ids["maxItems"], bounds::STATUS_IDS);
    let types = schemas["ParameterType"]["enum"].as_array().expect("types");
    let known: Vec<Value> = ParameterType::ALL
        .iter()
        .map(|ty| ty.name().into())
        .collect();
    assert_eq!(*types, known);
}
