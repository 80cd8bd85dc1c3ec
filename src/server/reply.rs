//! What is sent back when a request is not answered: an OperationOutcome on FHIR paths, the error
//! envelope elsewhere.
//!
//! Takes an entry of [`crate::errors`] with a text of what happened; gives a response. The text names
//! parameters and what is allowed, never a value. What is the server's own fault (5xx) carries the
//! request's id, under which the log has more.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use super::negotiate::{Form, MediaType};
use super::pretty;
use crate::assemble;
use crate::errors::{self, Code};
use crate::fhir::{Issue, OperationOutcome};
use crate::site::SiteError;

/// Why a request is not answered.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The entry of the table of errors: status, issue type, remedy. Boxed, for it is large and travels in
    /// the `Err` of much that rarely fails.
    pub code: Box<Code>,
    /// What happened, for the caller. Holds no value of the request or of a row.
    pub text: Cow<'static, str>,
    /// FHIRPath of what is at fault: `http.birthdate`.
    pub expression: Option<String>,
    /// What HTTP wants said besides.
    besides: Besides,
}

/// The challenge of the integrators' paths: there is no registered scheme for such keys.
const SUBSCRIPTION_KEY: &str =
    "SubscriptionKey realm=\"pilaster\", header=\"Ocp-Apim-Subscription-Key\"";

/// A header that belongs to a status.
#[derive(Debug, Clone, Copy)]
enum Besides {
    Nothing,
    /// How to authenticate: RFC 9110 §11.6.1 asks for it with 401.
    Challenge(&'static str),
    /// The methods of a path, with 405.
    Allow(&'static str),
    /// Seconds after which to try again, with 503.
    RetryAfter(u32),
}

impl Besides {
    fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Besides::Nothing => None,
            Besides::Challenge(how) => Some((WWW_AUTHENTICATE, HeaderValue::from_static(how))),
            Besides::Allow(methods) => Some((ALLOW, HeaderValue::from_static(methods))),
            Besides::RetryAfter(seconds) => Some((RETRY_AFTER, HeaderValue::from(seconds))),
        }
    }
}

impl Refusal {
    /// An entry of the table, with its own text.
    pub fn new(code: Code, text: impl Into<Cow<'static, str>>) -> Refusal {
        let besides = match code.status {
            401 => Besides::Challenge(SUBSCRIPTION_KEY),
            503 => Besides::RetryAfter(1),
            _ => Besides::Nothing,
        };
        Refusal {
            code: Box::new(code),
            text: text.into(),
            expression: None,
            besides,
        }
    }

    /// 405, with the methods that the path has.
    pub fn method(allowed: &'static str, text: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal {
            besides: Besides::Allow(allowed),
            ..Refusal::new(errors::METHOD_NOT_ALLOWED, text)
        }
    }

    /// 401, with a challenge (RFC 9110 §11.6.1) of visible ASCII.
    pub fn challenge(
        code: Code,
        text: impl Into<Cow<'static, str>>,
        challenge: &'static str,
    ) -> Refusal {
        Refusal {
            besides: Besides::Challenge(challenge),
            ..Refusal::new(code, text)
        }
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Refusal {
        self.besides = Besides::RetryAfter(seconds);
        self
    }

    /// Names what is at fault.
    #[must_use]
    pub fn at(mut self, expression: &str) -> Refusal {
        self.expression = Some(expression.to_owned());
        self
    }

    /// Status of the response.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// As an OperationOutcome.
    pub fn into_outcome(
        self,
        request: Uuid,
        media_type: MediaType,
        is_pretty: bool,
    ) -> Response<Body> {
        let status = self.status();
        let json = self.to_json(request);
        // An outcome always has a form in XML; if it had none, it would still be readable.
        let (media_type, body) = match media_type.form() {
            Form::Json => (media_type, None),
            Form::Xml => match assemble::xml_from_json(&json, is_pretty) {
                Ok(xml) => (media_type, Some(xml)),
                Err(_) => (MediaType::FhirJson, None),
            },
        };
        let body = body.unwrap_or_else(|| match is_pretty {
            true => pretty::indent(&json),
            false => json,
        });
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, media_type.content_type());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = self.besides.header() {
            headers.insert(name, value);
        }
        response
    }

    /// The OperationOutcome's text.
    pub fn to_json(&self, request: Uuid) -> Vec<u8> {
        let mut issue = Issue::error(&self.code, self.text.clone());
        if let Some(expression) = &self.expression {
            issue = issue.at(expression.clone());
        }
        if self.status().is_server_error() {
            issue = issue.with_diagnostics(format!("{} Request {request}.", self.code.remedy));
        }
        // An outcome is texts and lists of them, which JSON always has.
        serde_json::to_vec(&OperationOutcome::new(issue)).unwrap_or_default()
    }

    /// As the envelope of paths that are not FHIR: the message has the code, what happened, where, and
    /// what to do.
    pub fn into_envelope(self, request: Uuid) -> Response<Body> {
        let issue = Fault {
            code: self.code.id,
            text: &self.text,
            expression: self.expression.as_deref(),
            remedy: self.code.remedy,
        };
        let response = enveloped(self.status(), &self.message(request), Some(issue));
        self.with_besides(response)
    }

    /// As the envelope of the integrators' and the devices' API, which has the status and the message and nothing else.
    pub fn into_api_envelope(self, request: Uuid) -> Response<Body> {
        let response = envelope(self.status(), &self.message(request));
        self.with_besides(response)
    }

    /// The text of [`Refusal::into_api_envelope`].
    pub fn to_api_json(&self, request: Uuid) -> Vec<u8> {
        envelope_json(self.status(), &self.message(request), None)
    }

    fn message(&self, request: Uuid) -> String {
        let mut message = format!("{}: {}", self.code.id, self.text);
        if let Some(expression) = &self.expression {
            message.push_str(&format!(" ({expression})"));
        }
        message.push_str(&format!(". {}", self.code.remedy));
        if self.status().is_server_error() {
            message.push_str(&format!(" Request {request}."));
        }
        message
    }

    fn with_besides(&self, mut response: Response<Body>) -> Response<Body> {
        if let Some((name, value)) = self.besides.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<SiteError> for Refusal {
    fn from(error: SiteError) -> Refusal {
        let refusal = Refusal::new(error.code(), error.to_string());
        let besides = error
            .retry_after()
            .map_or(refusal.besides, Besides::RetryAfter);
        Refusal {
            expression: error.expression(),
            besides,
            ..refusal
        }
    }
}

/// The envelope of errors of everything that is not FHIR:
/// `{"error":{"status":404,"statusText":"Not Found","message":"…"}}`.
pub fn envelope(status: StatusCode, message: &str) -> Response<Body> {
    enveloped(status, message, None)
}

/// Where there is nothing.
pub fn nothing_here() -> Response<Body> {
    envelope(StatusCode::NOT_FOUND, "there is nothing at this path")
}

/// What the message of an envelope says, in parts, for programs: `"issue":{"code":"PS002","text":…}`.
#[derive(Serialize)]
struct Fault<'a> {
    code: &'static str,
    text: &'a str,
    /// FHIRPath of what is at fault: `http.birthdate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expression: Option<&'a str>,
    remedy: &'static str,
}

fn envelope_json(status: StatusCode, message: &str, issue: Option<Fault<'_>>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Envelope<'a> {
        error: Problem<'a>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Problem<'a> {
        status: u16,
        status_text: &'static str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        issue: Option<Fault<'a>>,
    }
    let error = Problem {
        status: status.as_u16(),
        status_text: status.canonical_reason().unwrap_or_default(),
        message,
        issue,
    };
    // Texts and numbers under names, which JSON always has.
    serde_json::to_vec(&Envelope { error }).unwrap_or_default()
}

fn enveloped(status: StatusCode, message: &str, issue: Option<Fault<'_>>) -> Response<Body> {
    json_text(status, envelope_json(status, message, issue))
}

/// Plain JSON, for what is not FHIR.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    // What is sent here is texts and numbers under names, which JSON always has.
    json_text(status, serde_json::to_vec(body).unwrap_or_default())
}

/// JSON that is written already, for what is not FHIR.
pub fn json_text(status: StatusCode, text: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(response: Response<Body>) -> String {
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await;
        String::from_utf8(body.expect("a body").to_vec()).expect("UTF-8")
    }

    #[tokio::test]
    async fn only_the_servers_own_faults_carry_the_requests_id() {
        let id = Uuid::from_u128(7);
        let own =
            Refusal::new(errors::INTERNAL, "it broke").into_outcome(id, MediaType::FhirJson, false);
        assert_eq!(own.status(), 500);
        assert!(text(own).await.contains(&id.to_string()));
        let callers = Refusal::new(errors::UNAUTHORISED, "no key").into_outcome(
            id,
            MediaType::FhirJson,
            false,
        );
        assert!(callers.headers().contains_key(WWW_AUTHENTICATE));
        assert!(!text(callers).await.contains(&id.to_string()));
        let busy =
            Refusal::new(errors::TOO_BUSY, "full").into_outcome(id, MediaType::FhirJson, false);
        assert_eq!(busy.headers()[RETRY_AFTER], "1");
    }

    #[tokio::test]
    async fn every_error_can_be_said_in_xml() {
        for code in errors::ALL {
            let refusal = Refusal::new(*code, "a < b & \"c\"").at("http._sort");
            let response = refusal.into_outcome(Uuid::from_u128(7), MediaType::TextXml, false);
            let of = code.id;
            assert_eq!(
                response.headers()[CONTENT_TYPE],
                "text/xml; charset=utf-8",
                "{of}"
            );
            let text = text(response).await;
            for part in [
                "<OperationOutcome xmlns=\"http://hl7.org/fhir\"><issue><severity value=\"error\"/>",
                "<text value=\"a &lt; b &amp; &quot;c&quot;\"/>",
                "<expression value=\"http._sort\"/></issue></OperationOutcome>",
            ] {
                assert!(text.contains(part), "{of}: {text}");
            }
        }
    }

    #[tokio::test]
    async fn the_envelope_says_the_status_twice() {
        assert_eq!(
            text(envelope(StatusCode::NOT_FOUND, "nothing here")).await,
            r#"{"error":{"status":404,"statusText":"Not Found","message":"nothing here"}}"#
        );
    }
}
