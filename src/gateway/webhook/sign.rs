//! What is sent: a message's body, and the headers by which its receiver knows whose it is.
//!
//! The signature is over the bytes of the body, a full stop and the timestamp, so that neither can be changed and an old
//! message is known as such; the timestamp is that of the attempt, and the id the same at each. It tells where to look,
//! and holds nothing of what is there.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use sha2::Sha256;
use utoipa::ToSchema;

use super::{Delivery, Source};
use crate::gateway::id::{DeliveryId, QueryId, SiteId};
use crate::gateway::moment::Moment;
use crate::hex::hex;
use crate::secret::Secret;

pub const ID: HeaderName = HeaderName::from_static("x-halo-id");
pub const TIMESTAMP: HeaderName = HeaderName::from_static("x-halo-timestamp");
pub const SIGNATURE: HeaderName = HeaderName::from_static("x-halo-signature-256");
/// W3C Trace Context: the trace of what the message is about.
pub const TRACE: HeaderName = HeaderName::from_static("traceparent");

/// What a webhook is told: of the source `async`, that a query has ended, well or not; of `registered`, that its result has
/// changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookMessage)]
pub struct Message {
    /// The message's own, as in `X-Halo-Id`: the same at each try.
    #[schema(value_type = String, format = Uuid)]
    id: DeliveryId,
    /// When it happened, in UTC.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Moment,
    #[schema(value_type = String, format = Uuid)]
    site_id: SiteId,
    /// The query to look at: of `getQuery` where the source is `async`, of `getRegisteredQuery` where it is `registered`.
    #[schema(value_type = String, format = Uuid)]
    query_id: QueryId,
    #[schema(inline)]
    webhook_source: Source,
}

/// A message's body, the same bytes at each attempt.
///
/// # Errors
/// None that a message can cause: ids and moments are always JSON.
pub fn body(delivery: &Delivery) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Message {
        id: delivery.id,
        occurred_at: delivery.occurred_at,
        site_id: delivery.site,
        query_id: delivery.query,
        webhook_source: delivery.source,
    })
}

/// The headers of an attempt that is made at a moment.
pub fn headers(delivery: &Delivery, body: &[u8], secret: &Secret, at: Moment) -> HeaderMap {
    let timestamp = at.to_string();
    let signature = signature(secret, body, &timestamp);
    // Hexadecimal digits, hyphens, colons: all of them can be in a header.
    let value = |text: &str| HeaderValue::from_str(text).ok();
    let json = HeaderValue::from_static("application/json");
    [
        (CONTENT_TYPE, Some(json)),
        (ID, value(&delivery.id.to_string())),
        (TIMESTAMP, value(&timestamp)),
        (SIGNATURE, value(&signature)),
        (TRACE, delivery.trace.as_deref().and_then(value)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// Lowercase hex of HMAC-SHA256 over `body.timestamp`, with the bytes of the integrator's secret.
pub fn signature(secret: &Secret, body: &[u8], timestamp: &str) -> String {
    let key = secret.reveal().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(body);
    mac.update(b".");
    mac.update(timestamp.as_bytes());
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::webhook::tests::delivery;

    const BODY: &str = r#"{"id":"11111111-2222-4333-8444-555555555555","occurredAt":"2026-11-22T10:51:15.007Z","siteId":"22222222-2222-4333-8444-555555555555","queryId":"33333333-2222-4333-8444-555555555555","webhookSource":"async"}"#;

    fn told() -> Delivery {
        let id = |first: &str| format!("{first}-2222-4333-8444-555555555555");
        Delivery {
            id: id("11111111").parse().expect("an id"),
            site: id("22222222").parse().expect("an id"),
            query: id("33333333").parse().expect("an id"),
            occurred_at: Moment::from_millis(1_795_344_675_007),
            trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            ..delivery()
        }
    }

    #[test]
    fn it_is_as_it_is_described() {
        use utoipa::PartialSchema as _;
        let schema = serde_json::to_value(Message::schema()).expect("a schema");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let body: serde_json::Value = serde_json::from_str(BODY).expect("JSON");
        assert!(validator.is_valid(&body), "{schema:#}");
        let described = schema["properties"].as_object().expect("properties");
        assert!(
            described
                .keys()
                .eq(body.as_object().expect("a body").keys())
        );
    }

    /// `printf '%s' "$BODY.$TIMESTAMP" | openssl dgst -sha256 -hmac whsec_Zm9v`
    #[test]
    fn it_is_signed_as_others_compute_it() {
        let body = body(&told()).expect("JSON");
        assert_eq!(std::str::from_utf8(&body).expect("text"), BODY);
        let at = Moment::from_millis(1_795_344_676_250);
        let secret = Secret::new("whsec_Zm9v");
        let headers = headers(&told(), &body, &secret, at);
        let shown: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().expect("text")))
            .collect();
        let expected = [
            ("content-type", "application/json"),
            ("x-halo-id", "11111111-2222-4333-8444-555555555555"),
            ("x-halo-timestamp", "2026-11-22T10:51:16.250Z"),
            (
                "x-halo-signature-256",
                "cd8246f20b9b9937fe687e0363c60afcbec47bedf9817b5c8bed5a35fd190d9c",
            ),
            (
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ),
        ];
        assert_eq!(shown, expected);
    }
}
