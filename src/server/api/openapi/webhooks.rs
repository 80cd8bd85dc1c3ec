//! What is sent to an integrator's webhook, for who writes its receiver.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{PathsBuilder, Ref, RefOr, Required};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::queries_of;
use crate::gateway::webhook::sign::Message;
use crate::server::api::admission::Surface;

const ABOUT: &str = include_str!("webhooks.md");

/// What becomes of a message by the receiver's answer, as [`crate::gateway::webhook::retry`] has it.
const ANSWERS: [(&str, &str); 6] = [
    ("2XX", "The message is delivered: it is not sent again."),
    ("3XX", "The message has failed: no redirect is followed."),
    ("408", "It is tried again."),
    (
        "429",
        "It is tried again, not before `Retry-After` has passed, but within 90 minutes.",
    ),
    ("4XX", "The message has failed: it is not tried again."),
    (
        "5XX",
        "It is tried again, as where there is no answer within 5 seconds; a `Retry-After` counts as of 429.",
    ),
];

/// The webhooks by their names.
pub fn all() -> Paths {
    PathsBuilder::new().path("queryChanged", message()).build()
}

/// The schemas that they need.
pub fn schemas() -> [(String, RefOr<Schema>); 1] {
    [(Message::name().into_owned(), Message::schema())]
}

fn message() -> PathItem {
    let schema = Ref::from_schema_name(Message::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let body = RequestBodyBuilder::new()
        .content("application/json", content)
        .required(Some(Required::True));
    let operation = OperationBuilder::new()
        .operation_id(Some("queryChanged"))
        .tag(queries_of(Surface::Integrator))
        .summary(Some("Learn that a query ended or that its result changed"))
        .description(Some(ABOUT.trim_end()))
        .parameters(Some(headers()))
        .request_body(Some(body.build()));
    let operation = ANSWERS
        .into_iter()
        .fold(operation, |operation, (status, about)| {
            operation.response(status, ResponseBuilder::new().description(about).build())
        });
    PathItem::new(HttpMethod::Post, operation)
}

fn headers() -> [Parameter; 4] {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let of = |format| text().format(Some(SchemaFormat::KnownFormat(format)));
    let header = |name, about, required, schema: ObjectBuilder| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(required)
            .description(Some(about))
            .schema(Some(schema))
            .build()
    };
    let needed = Required::True;
    [
        header(
            "X-Halo-Id",
            "The message's id, the same at each try: one that was seen before is to be passed over.",
            needed.clone(),
            of(KnownFormat::Uuid),
        ),
        header(
            "X-Halo-Timestamp",
            "When this try was made.",
            needed.clone(),
            of(KnownFormat::DateTime),
        ),
        header(
            "X-Halo-Signature-256",
            "The HMAC-SHA256 of the body's bytes, a full stop and `X-Halo-Timestamp`, by the webhook's secret, in lowercase hex.",
            needed,
            text().pattern(Some("^[0-9a-f]{64}$")),
        ),
        header(
            "traceparent",
            "W3C Trace Context: the trace of what the message is about, where it has one.",
            Required::False,
            text(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::webhook::retry::{Answer, LONGEST, Next, Schedule};
    use crate::gateway::webhook::sign;

    #[test]
    fn headers_have_the_names_that_are_sent() {
        let sent = [sign::ID, sign::TIMESTAMP, sign::SIGNATURE, sign::TRACE];
        let named = headers().map(|header| header.name.to_ascii_lowercase());
        assert_eq!(named, sent.map(|name| name.as_str().to_owned()));
    }

    #[test]
    fn what_is_said_of_answers_is_what_is_done() {
        let schedule = Schedule::default();
        for status in 200..=599 {
            let range = format!("{}XX", status / 100);
            let own = status.to_string();
            let of = |key: &str| ANSWERS.iter().find(|(status, _)| *status == key);
            let (_, about) = of(&own).or_else(|| of(&range)).expect("described");
            let expected = match schedule.next(1, Answer::Status(status, None), 0) {
                Next::Delivered => "The message is delivered",
                Next::Again(_) => "It is tried again",
                Next::Failed => "The message has failed",
            };
            assert!(about.starts_with(expected), "{status}: {about}");
        }
        assert_eq!((schedule.tries, LONGEST.as_secs() / 60), (10, 90));
        assert!(ABOUT.contains("ten tries in all over about four hours"));
    }
}
