//! Why the gateway does not answer, in the words and headers of HTTP.
//!
//! Takes what the gateway and the reading of a body refuse with; gives an entry of [`crate::errors`] with its text. What
//! stands behind a failure of the store is for the log alone.

use super::admission::Surface;
use super::json::BodyError;
use crate::errors::{self, Code};
use crate::gateway::ask::Refused;
use crate::gateway::caller::Denied;
use crate::gateway::rate::retry_after_seconds;
use crate::server::reply::Refusal;
use crate::store::StoreError;

/// How a device authenticates (RFC 6750 §3): its header `DeviceId` has no registered scheme.
const BEARER: &str = "Bearer realm=\"pilaster\"";
/// The same where there is a token that opens nothing (RFC 6750 §3.1): another one may.
const BEARER_AGAIN: &str = "Bearer realm=\"pilaster\", error=\"invalid_token\"";
/// Seconds after which a practice that is away is looked for again, where it is not known better: as often as it would say
/// that it is there.
const AWAY: u32 = 60;
/// Seconds after which there may be room in a queue.
const FULL: u32 = 5;

/// Who calls may not ask.
pub fn denied(denied: Denied, surface: Surface) -> Refusal {
    let text = denied.to_string();
    let code = code_of(&denied);
    match (&denied, surface) {
        (Denied::RateLimited { retry_after }, _) => {
            Refusal::new(code, text).retry_after(retry_after_seconds(*retry_after))
        }
        (Denied::NoToken, _) => Refusal::challenge(code, text, BEARER),
        (_, Surface::Desktop) if code.status == 401 => Refusal::challenge(code, text, BEARER_AGAIN),
        _ => Refusal::new(code, text),
    }
}

fn code_of(denied: &Denied) -> Code {
    match denied {
        Denied::NoKey | Denied::WrongKey | Denied::SeveralKeys => errors::UNAUTHORISED,
        Denied::NoToken | Denied::Token(_) => errors::DEVICE_TOKEN,
        Denied::Disabled => errors::INTEGRATION_DISABLED,
        Denied::Address => errors::ADDRESS_REFUSED,
        Denied::OtherEnvironment => errors::OTHER_ENVIRONMENT,
        Denied::NotPaired => errors::NOT_PAIRED,
        Denied::UnknownSite => errors::UNKNOWN_SITE,
        Denied::OtherSite => errors::TOKEN_OF_OTHER_SITE,
        Denied::NotAuthoritative => errors::NOT_AUTHORITATIVE,
        Denied::PassthroughOff => errors::PASSTHROUGH_OFF,
        Denied::RateLimited { .. } => errors::RATE_LIMITED,
    }
}

/// Nothing comes of what was asked. A statement that failed is told with its query, and not here: without it, it is what
/// the engine would have to say.
pub fn refused(refused: Refused) -> Refusal {
    let text = refused.to_string();
    match refused {
        Refused::Command(text) => Refusal::new(errors::COMMAND_REFUSED, text),
        Refused::Failed(_) => Refusal::new(errors::COMMAND_REFUSED, text),
        Refused::Login(error) => Refusal::new(error.code(), text),
        Refused::Offline => Refusal::new(errors::SITE_OFFLINE, text).retry_after(AWAY),
        Refused::Unreachable { retry_after } => {
            Refusal::new(errors::SITE_UNREACHABLE, text).retry_after(retry_after.unwrap_or(AWAY))
        }
        Refused::QueueFull => Refusal::new(errors::QUEUE_FULL, text).retry_after(FULL),
        Refused::Expired => Refusal::new(errors::QUEUE_EXPIRED, text),
        Refused::Timeout(_) => Refusal::new(errors::STATEMENT_TIMEOUT, text),
        Refused::TooManyRegistered { .. } => Refusal::new(errors::TOO_MANY_REGISTERED, text),
        Refused::Store(error) => store(error),
    }
}

/// What is kept cannot be had.
pub fn store(error: StoreError) -> Refusal {
    tracing::error!(%error, "the state store did not do what a request needs");
    Refusal::new(
        errors::STATE_UNAVAILABLE,
        "what the server keeps cannot be read or written now",
    )
}

/// A body that asks for nothing.
pub fn body(error: &BodyError) -> Refusal {
    let code = match error {
        BodyError::Empty | BodyError::Syntax { .. } => errors::BODY_NOT_JSON,
        BodyError::Field(_) => errors::BODY_FIELD,
    };
    Refusal::new(code, error.to_string())
}

/// A path with a site's id that is none: the same as of a site that is not there, for whoever may ask any site. It is empty where
/// the path is not UTF-8 everywhere, and which of its ids is not cannot be said.
pub fn no_site_id(site: &str) -> Refusal {
    match site {
        "" => {
            let code = Code {
                remedy: "Check the ids in the URL.",
                ..errors::UNKNOWN_SITE
            };
            Refusal::new(code, "an id in the path is no GUID")
        }
        _ => Refusal::new(errors::UNKNOWN_SITE, "the site's id in the path is no GUID"),
    }
}

/// No pairing comes of what was given: the same words whatever is wrong with it, so that nothing is revealed.
pub fn no_such_code() -> Refusal {
    let code = Code {
        remedy: "Check the practice's number, the product's name and the pairingCode, which every product needs: it is good once, until it \
                 expires, and perhaps for one integrator alone. One that was just made counts a second later. Else ask the practice for \
                 another, or to enable the integration.",
        ..errors::NOT_PAIRED
    };
    Refusal::new(
        code,
        "no practice of this number and product has enabled the integration, or gave this code",
    )
}

/// A query that is not there, or not the caller's.
pub fn no_such_query() -> Refusal {
    Refusal::new(
        errors::NO_SUCH_QUERY,
        "there is no query of yours with the id in the path at this site",
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::passthrough::PassthroughError;
    use uuid::Uuid;

    #[test]
    fn statuses_are_those_of_the_gateway() {
        let all = [
            Denied::NoKey,
            Denied::WrongKey,
            Denied::SeveralKeys,
            Denied::NoToken,
            Denied::Token("why"),
            Denied::Disabled,
            Denied::Address,
            Denied::OtherEnvironment,
            Denied::NotPaired,
            Denied::UnknownSite,
            Denied::OtherSite,
            Denied::NotAuthoritative,
            Denied::PassthroughOff,
            Denied::RateLimited {
                retry_after: Duration::from_millis(1),
            },
        ];
        for one in all {
            let status = one.status();
            assert_eq!(code_of(&one).status, status, "{one}");
        }
        let all = [
            Refused::Command(String::new()),
            Refused::Login(PassthroughError::CallersLogin),
            Refused::Login(PassthroughError::LoginNotCarried),
            Refused::Offline,
            Refused::Unreachable { retry_after: None },
            Refused::QueueFull,
            Refused::Expired,
            Refused::Timeout(Duration::from_secs(30)),
            Refused::TooManyRegistered { most: 1 },
            Refused::Store(StoreError::Busy),
        ];
        for one in all {
            let status = one.status();
            assert_eq!(refused(one.clone()).code.status, status, "{one}");
        }
    }

    #[test]
    fn whoever_waits_as_long_as_told_is_not_too_early() {
        for (millis, expected) in [(0, 1), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (4_999, 5)] {
            let wait = Duration::from_millis(millis);
            assert_eq!(retry_after_seconds(wait), expected);
        }
    }

    #[test]
    fn a_refusal_says_how_to_come_in() {
        let headers = |surface, one| {
            let response = denied(one, surface).into_api_envelope(Uuid::from_u128(7));
            response.headers().clone()
        };
        let integrator = headers(Surface::Integrator, Denied::WrongKey);
        let device = headers(Surface::Desktop, Denied::Token("it has expired"));
        assert!(
            integrator["www-authenticate"]
                .as_bytes()
                .starts_with(b"SubscriptionKey")
        );
        assert_eq!(
            device["www-authenticate"],
            "Bearer realm=\"pilaster\", error=\"invalid_token\""
        );
        let nothing = headers(Surface::Desktop, Denied::NoToken);
        assert_eq!(nothing["www-authenticate"], "Bearer realm=\"pilaster\"");
        let late = Denied::RateLimited {
            retry_after: Duration::from_millis(1_200),
        };
        assert_eq!(headers(Surface::Integrator, late)["retry-after"], "2");
    }
}
