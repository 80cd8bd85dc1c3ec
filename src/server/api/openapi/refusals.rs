//! How requests are refused: the responses that operations have in common, with the codes of the table of errors.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Response, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::fhir;
use super::header;
use crate::errors::{self, Code};

/// The envelope of every error that is not FHIR's.
#[derive(ToSchema)]
#[schema(as = Error)]
#[expect(
    dead_code,
    reason = "what is sent is written by `reply`; a test compares the two"
)]
pub struct ErrorEnvelope {
    #[schema(inline)]
    error: ErrorBody,
}

/// What is wrong.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "as above")]
struct ErrorBody {
    /// The HTTP status, again.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// Its name.
    status_text: String,
    /// A code of the table of errors, what happened, and what to do.
    message: String,
}

/// What can happen, by status, and the name of its response.
const STATUSES: [(u16, &str, &str); 13] = [
    (400, "BadRequest", "The request cannot be understood"),
    (401, "Unauthorised", "Who calls is not known here"),
    (403, "Forbidden", "Who calls may not ask this"),
    (404, "NotFound", "What the path names is not there"),
    (408, "RequestTimeout", "The body did not arrive in time"),
    (410, "Gone", "What the path names is kept no more"),
    (
        413,
        "ContentTooLarge",
        "The body is too large: a command has 1 MiB at the most, a batch 256 KiB, a form 64 KiB",
    ),
    (414, "UriTooLong", "The URL is too long"),
    (
        415,
        "UnsupportedMediaType",
        "The body has a media type that is not read here",
    ),
    (
        429,
        "TooManyRequests",
        "The caller asks more than it may for now",
    ),
    (500, "InternalError", "Something failed here"),
    (
        503,
        "Unavailable",
        "The practice, or what the server keeps, is away for now",
    ),
    (504, "Timeout", "There was no answer in time"),
];

/// Codes of other families that the paths of commands answer with too.
const SHARED: [Code; 10] = [
    errors::UNKNOWN_SITE,
    errors::UNAUTHORISED,
    errors::UNSUPPORTED_MEDIA_TYPE,
    errors::BODY_TOO_LARGE,
    errors::BODY_TOO_SLOW,
    errors::BODY_UNREADABLE,
    errors::NOT_HTTP,
    errors::URI_TOO_LONG,
    errors::INTERNAL,
    errors::TOO_SLOW,
];
/// Of statuses that FHIR alone has.
const FHIR_ONLY: [(u16, &str, &str); 2] = [
    (
        406,
        "NotAcceptable",
        "There is no answer in the form that is asked for",
    ),
    (
        412,
        "PreconditionFailed",
        "Several resources are what is asked for",
    ),
];
const FHIR_PREFIX: &str = "Fhir";

/// The response of a status on the paths of commands.
pub fn of_api(status: u16) -> Option<Ref> {
    named(status).map(|(_, name, _)| Ref::from_response_name(*name))
}

/// The response of a status on FHIR paths.
pub fn of_fhir(status: u16) -> Option<Ref> {
    let (_, name, _) = named(status)?;
    Some(Ref::from_response_name(format!("{FHIR_PREFIX}{name}")))
}

fn named(status: u16) -> Option<&'static (u16, &'static str, &'static str)> {
    let mut all = STATUSES.iter().chain(&FHIR_ONLY);
    all.find(|(of, ..)| *of == status)
}

/// All responses, by their names.
pub fn responses() -> BTreeMap<String, RefOr<Response>> {
    let of_commands = |code: &Code| code.id.starts_with("PG") || SHARED.contains(code);
    let is_searched = |code: &Code| !code.id.starts_with("PG") || code.status != 400;
    let error = || RefOr::Ref(Ref::from_schema_name(ErrorEnvelope::name()));
    let mut all = BTreeMap::new();
    for (status, name, about) in STATUSES {
        let content = ContentBuilder::new().schema(Some(error())).build();
        let response = refusal(status, about, of_commands).content("application/json", content);
        all.insert(name.to_owned(), response.build().into());
    }
    for (status, name, about) in STATUSES.into_iter().chain(FHIR_ONLY) {
        // Nothing of FHIR's goes away after a while.
        if status == 410 {
            continue;
        }
        let response = fhir::contents(refusal(status, about, is_searched), fhir::OUTCOME);
        all.insert(format!("{FHIR_PREFIX}{name}"), response.build().into());
    }
    all
}

fn refusal(status: u16, about: &str, is_there: impl Fn(&Code) -> bool) -> ResponseBuilder {
    let mut text = format!("{about}.\n");
    for code in errors::ALL.iter().filter(|code| code.status == status) {
        if is_there(code) {
            text.push_str(&format!("\n- `{}` {}", code.id, code.title));
        }
    }
    let response = ResponseBuilder::new().description(text);
    match status {
        401 => {
            let schema = ObjectBuilder::new().schema_type(Type::String);
            let header = header("How to authenticate.", schema.into());
            response.header("WWW-Authenticate", header)
        }
        429 | 503 => {
            let schema = ObjectBuilder::new().schema_type(Type::Integer);
            let header = header(
                "Seconds after which to try again.",
                schema.minimum(Some(0)).into(),
            );
            response.header("Retry-After", header)
        }
        _ => response,
    }
}

/// The schema of the envelope.
pub fn schemas() -> [(String, RefOr<Schema>); 1] {
    [(ErrorEnvelope::name().into_owned(), ErrorEnvelope::schema())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{Limits, reply};
    use axum::http::StatusCode;
    use serde_json::Value;

    #[tokio::test]
    async fn the_envelope_is_as_it_is_sent() {
        let response = reply::envelope(StatusCode::NOT_FOUND, "nothing");
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await;
        let sent: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
        let schema = serde_json::to_value(ErrorEnvelope::schema()).expect("a schema");
        let error = &schema["properties"]["error"];
        let sent = sent["error"].as_object().expect("an object");
        for name in error["required"].as_array().expect("names") {
            assert!(sent.contains_key(name.as_str().expect("a name")), "{name}");
        }
        let described = error["properties"].as_object().expect("properties");
        assert!(sent.keys().eq(described.keys()));
    }

    #[test]
    fn the_bounds_of_bodies_are_those_that_are_kept() {
        let limits = Limits::default();
        let kib = [limits.command_bytes, limits.batch_bytes, limits.form_bytes].map(|of| of >> 10);
        assert_eq!(kib, [1024, 256, 64]);
        let about = named(413).map(|(.., about)| *about);
        let bounds = "a command has 1 MiB at the most, a batch 256 KiB, a form 64 KiB";
        assert!(about.is_some_and(|about| about.ends_with(bounds)));
    }

    #[test]
    fn every_status_of_the_gateway_has_a_response() {
        let codes = errors::ALL.iter().filter(|code| code.id.starts_with("PG"));
        for code in codes.chain(&SHARED) {
            assert!(of_api(code.status).is_some(), "{}", code.id);
        }
        for code in errors::ALL {
            // Of a method that is not described, and of a head that is not read.
            let is_other = [405, 431].contains(&code.status);
            assert!(is_other || of_fhir(code.status).is_some(), "{}", code.id);
        }
    }
}
