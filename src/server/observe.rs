//! What is known of a request from outside: an id, a line in the log, numbers in the metrics.
//!
//! The request's place in a trace ([`crate::trace_context`]) is in its extensions, and is the task's own while it is answered.
//! The answer says nothing of it: the Recommendation has no header for that.
//!
//! Handlers leave a [`Trail`] in their response; this turns it into one log line and the metrics, and writes what the journal
//! will say. A request whose connection ends before it is answered has all three too, without a status. Line and metrics
//! name the interaction, a resource type that is served, the status; the line, the site's id too. Never a path, a
//! query, another id, a header: any of these may hold a person's name or a key.

use std::any::Any;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use axum::middleware::Next;
use uuid::Uuid;

use super::app::App;
use super::note::Note;
use super::reply::Refusal;
use super::{Peer, metrics, reply};
use crate::errors::{self, Code};
use crate::gateway::moment::Moment;
use crate::journal::{Cause, Entry, millis};
use crate::trace_context::{self, SpanId, TraceContext, TraceId};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A UUID in its usual form, with hyphens.
const UUID_LENGTH: usize = 36;

/// The request's id: handlers find it in the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// What a handler says of the request that it answered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trail {
    /// A code of R4's value set restful-interaction; `explain` or `explain-run` on the operator's path; `sql-immediate`
    /// and the like of the SQL passthrough.
    pub interaction: Option<&'static str>,
    /// A site that there is.
    pub site: Option<Uuid>,
    /// A resource type that the site serves: anything else that a path names may be anything.
    pub resource: Option<&'static str>,
    /// Statements that ran in the practice database.
    pub commands: u32,
    /// Matching resources in the answer; rows, queries.
    pub entries: usize,
    /// `PD001`, where the request was refused.
    pub error: Option<&'static str>,
}

/// What is no fault here: what a pool says in the log when it finds it out, and what a caller's own command took too long for.
const ELSEWHERE: [Code; 11] = [
    errors::DATABASE_UNREACHABLE,
    errors::DATABASE_LOGIN,
    errors::DATABASE_MISSING,
    errors::DATABASE_CERTIFICATE,
    errors::UPSTREAM_REFUSED,
    errors::UPSTREAM_OFFLINE,
    errors::SITE_OFFLINE,
    errors::SITE_UNREACHABLE,
    errors::QUEUE_FULL,
    errors::QUEUE_EXPIRED,
    errors::STATEMENT_TIMEOUT,
];

impl Trail {
    /// Notes a refusal. What is the server's own fault is logged, under the request's id, with its text:
    /// texts of errors hold no values. What is no fault here stands in the request's own line alone.
    pub fn refused(&mut self, refusal: &Refusal, request: Uuid) {
        self.error = Some(refusal.code.id);
        let is_elsewhere = ELSEWHERE.iter().any(|code| code.id == refusal.code.id);
        if refusal.status().is_server_error() && !is_elsewhere {
            let site = self.site.map(tracing::field::display);
            tracing::error!(request = %request, site, code = refusal.code.id, text = %refusal.text, "request failed");
        }
    }
}

/// Gives a request its id and its place in a trace, and reports on it when it is answered, or when nobody waits for the answer
/// any more.
pub async fn observe(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let started = Instant::now();
    let id = request_id(&request);
    let place = TraceContext::of(request.headers(), [new_id(), new_id()]);
    let peer = request.extensions().get::<Peer>().copied();
    let address = peer.map(|peer| app.proxies.caller(peer.0, request.headers()));
    if let Some(address) = address {
        request.extensions_mut().insert(Peer(address));
    }
    let note = Note::default();
    let observed = Observed {
        started,
        id,
        method: known(request.method()),
        trace: place.trace,
        span: place.span,
        parent: place.parent,
        address,
        note: note.clone(),
        app,
        is_told: false,
    };
    request.extensions_mut().insert(RequestId(id));
    request.extensions_mut().insert(place.clone());
    request.extensions_mut().insert(note);
    let under_way = metrics::InFlight::begin();
    let answered = trace_context::scope(place, next.run(request));
    let mut response = match caught(answered).await {
        Ok(response) => response,
        Err(Panicked) => reply::envelope(
            StatusCode::INTERNAL_SERVER_ERROR,
            "something failed here; tell the operator the request's id",
        ),
    };
    drop(under_way);
    let mut text = [0; UUID_LENGTH];
    // Hexadecimal digits and hyphens are a header's value.
    if let Ok(value) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    observed.answered(&mut response).await;
    response
}

/// A request that is reported on once: when it is answered; or when it is dropped before, for its caller went away, or the
/// server ends. What it asked a practice may have been done all the same.
struct Observed {
    app: Arc<App>,
    started: Instant,
    id: Uuid,
    method: &'static str,
    trace: TraceId,
    span: SpanId,
    parent: Option<SpanId>,
    address: Option<IpAddr>,
    note: Note,
    is_told: bool,
}

impl Observed {
    async fn answered(mut self, response: &mut Response<Body>) {
        let trail = response
            .extensions_mut()
            .remove::<Trail>()
            .unwrap_or_default();
        let took = self.started.elapsed();
        let status = response.status();
        let journal = self.app.journal();
        // Who was refused for asking too often could make the journal grow.
        let noted = match status {
            StatusCode::TOO_MANY_REQUESTS => None,
            _ => self.note.entry(),
        };
        // Begun here, so that it is on its way when the line is written.
        let kept = journal.zip(noted).map(|(journal, noted)| {
            let code = trail.error.map(|code| Cause::Code(code.to_owned()));
            journal.record(&self.entry(noted, Some(status), code, took))
        });
        self.tell(&trail, Some(response), took);
        // The answer is given when it stands in the journal that it was; that the journal fails is no reason to give none.
        if let Some(kept) = kept
            && let Err(error) = kept.await
        {
            tracing::error!(request = %self.id, %error, "the journal lacks an entry");
        }
    }

    /// What was noted, with what is known here.
    fn entry(
        &self,
        noted: Entry,
        status: Option<StatusCode>,
        cause: Option<Cause>,
        took: Duration,
    ) -> Entry {
        let mut entry = noted;
        entry.at = Moment::now();
        entry.request = Some(self.id);
        entry.trace = Some(self.trace);
        entry.caller.address = self.address;
        entry.status = status.map(|status| status.as_u16());
        entry.durations.whole.get_or_insert(millis(took));
        entry.error = entry.error.or(cause);
        entry
    }

    /// The line and the metrics; `response` is None where there is none.
    fn tell(&mut self, trail: &Trail, response: Option<&Response<Body>>, took: Duration) {
        self.is_told = true;
        let status = response.map(Response::status);
        metrics::request(trail, status, took);
        tracing::info!(
            request = %self.id,
            trace = %self.trace,
            span = %self.span,
            parent = self.parent.map(tracing::field::display),
            method = self.method,
            site = trail.site.map(tracing::field::display),
            interaction = trail.interaction.unwrap_or("other"),
            resource = trail.resource,
            status = status.map(|status| status.as_u16()),
            // Of a request without an answer these are not known.
            unanswered = response.is_none().then_some(true),
            error = trail.error,
            us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            bytes = response.and_then(|response| response.body().size_hint().exact()),
            commands = response.map(|_| trail.commands),
            entries = response.map(|_| trail.entries),
            "request"
        );
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if self.is_told {
            return;
        }
        let took = self.started.elapsed();
        if let (Some(journal), Some(noted)) = (self.app.journal(), self.note.entry()) {
            let entry = self.entry(noted, None, Some(Cause::ConnectionEnded), took);
            journal.record_unawaited(&entry);
        }
        self.tell(&self.note.trail(), None, took);
    }
}

/// A caller's id is taken only if it is a UUID, so that it can hold nothing else; else there is a new one.
fn request_id(request: &Request) -> Uuid {
    request
        .headers()
        .get(REQUEST_ID)
        .map(HeaderValue::as_bytes)
        .filter(|bytes| bytes.len() == UUID_LENGTH)
        .and_then(|bytes| Uuid::try_parse_ascii(bytes).ok())
        .unwrap_or_else(new_id)
}

/// An id that no other request has. Nothing rests on its being hard to guess, so that the operating system need not
/// be asked for random bytes each time.
pub(super) fn new_id() -> Uuid {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let half = |which: u8| KEYS.hash_one((count, which)).to_be_bytes();
    let (first, second) = (half(0), half(1));
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&first);
    bytes[8..].copy_from_slice(&second);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The method's name, if it is one of HTTP's own: an extension method is a caller's text.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The future panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panicked;

/// Runs a future to its end or its panic. What the panic says is dropped unread: it may hold anything.
///
/// # Errors
/// [`Panicked`]
pub async fn caught<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        // A future that has panicked is not polled again, so that nothing sees it half done.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(payload) => {
                forget_safely(payload);
                Poll::Ready(Err(Panicked))
            }
        }
    })
    .await
}

/// Drops a panic's payload, whose own drop may panic again.
fn forget_safely(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::tests::Log;

    fn with_id(value: &str) -> Request {
        Request::builder()
            .header(REQUEST_ID, value)
            .body(Body::empty())
            .expect("a request")
    }

    #[test]
    fn only_a_uuid_is_taken_as_an_id() {
        let own = "0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6f";
        assert_eq!(request_id(&with_id(own)).to_string(), own);
        for other in [
            "smith",
            "",
            "0d4e3c3e6a434f0c9f0a1a2b3c4d5e6f",
            "{0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6f}",
            "0d4e3c3e-6a43-4f0c-9f0a-1a2b3c4d5e6g",
        ] {
            let made = request_id(&with_id(other));
            assert_eq!(made.get_version_num(), 4, "{other}");
            assert!(!made.to_string().contains(other) || other.is_empty());
        }
    }

    #[tokio::test]
    async fn a_request_goes_on_with_its_callers_trace() {
        let seen = axum::routing::get(|request: Request| async move {
            let place = request.extensions().get::<TraceContext>().cloned();
            assert_eq!(place, trace_context::current());
            place
                .map(|place| place.traceparent().to_str().expect("ASCII").to_owned())
                .expect("a place")
        });
        let router =
            axum::Router::new()
                .route("/", seen)
                .layer(axum::middleware::from_fn_with_state(
                    crate::server::app::bare(None),
                    observe,
                ));
        let (log, guard) = Log::keep();
        let request = Request::builder()
            .uri("/")
            .header(
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            )
            .header("tracestate", "vendor=soughtname")
            .body(Body::empty());
        let answered = tower::ServiceExt::oneshot(router, request.expect("a request")).await;
        drop(guard);
        let response = answered.expect("answered");
        assert!(!response.headers().contains_key("traceresponse"));
        let body = axum::body::to_bytes(response.into_body(), 100).await;
        let body = String::from_utf8(body.expect("a body").to_vec()).expect("UTF-8");
        assert!(
            body.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
            "{body}"
        );
        assert!(!body.contains("00f067aa0ba902b7"), "{body}");
        let log = log.text();
        for part in [
            "trace=4bf92f3577b34da6a3ce929d0e0e4736",
            "parent=00f067aa0ba902b7",
        ] {
            assert!(log.contains(part), "{part}\n{log}");
        }
        assert!(log.contains(&format!("span={}", &body[36..52])), "{log}");
        assert!(!log.contains("soughtname"), "{log}");
    }

    #[tokio::test]
    async fn a_panic_is_caught_wherever_it_happens() {
        assert_eq!(caught(async { 1 }).await, Ok(1));
        let late = caught(async {
            tokio::task::yield_now().await;
            panic!("of a test")
        });
        assert_eq!(late.await, Err::<(), _>(Panicked));
    }
}
