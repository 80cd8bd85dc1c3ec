//! `GET /operator/audit?from=&to=&integrator=&site=&kind=&_format=`: the journal, for an operator.
//!
//! Takes a request with the operator's key; gives the entries that it asks for, in the order of time, as AuditEvents of R4:
//! one on each line (`ndjson`, which it is without `_format`) or in a Bundle (`json`). `from` and `to` are days of UTC or
//! moments (`2026-11-22`, `2026-11-22T10:51:15Z`); what happened at `to` is not among them. Nothing is guessed: a name that is
//! not one of these is refused, so that nobody reads more than was meant.
//!
//! The answer is read and sent page by page, up to the entry that was the last when it began. That somebody looked is an
//! entry itself, which is kept before the first is sent.

use std::str::FromStr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderValue, Response, StatusCode};
use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Peer;
use super::app::App;
use super::observe::{RequestId, Trail};
use super::operator;
use super::reply::{self, Refusal};
use crate::errors;
use crate::gateway::moment::Moment;
use crate::journal::audit_event::{Export, Form};
use crate::journal::entry::{Kind, What};
use crate::journal::{Entry, Filter, Journal, JournalError, Page, Place};
use crate::trace_context::TraceContext;

/// The path as the router has it.
pub(super) const PATH: &str = "/operator/audit";

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Refusal {
        Refusal::new(errors::JOURNAL_FAILED, error.to_string())
    }
}

/// An entry about a request: its id, its trace, where it came from.
pub(super) fn entry(extensions: &Extensions, what: What) -> Entry {
    let mut entry = Entry::now(what);
    entry.request = extensions.get::<RequestId>().map(|id| id.0);
    entry.trace = extensions.get::<TraceContext>().map(|it| it.trace);
    entry.caller.address = extensions.get::<Peer>().map(|peer| peer.0);
    entry
}

/// Answers a request for the journal.
pub(super) async fn audit(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    // Without a key, or a journal, the path is not there.
    let Some(journal) = app.journal().filter(|_| app.has_operator()) else {
        return reply::envelope(StatusCode::NOT_FOUND, "there is nothing at this path");
    };
    let (parts, _) = request.into_parts();
    let id = operator::request_id(&parts);
    let mut trail = Trail {
        interaction: Some("audit"),
        ..Trail::default()
    };
    let mut response = match begin(&app, &parts, journal).await {
        Ok(response) => response,
        Err(refusal) => {
            trail.refused(&refusal, id);
            refusal.into_envelope(id)
        }
    };
    response.extensions_mut().insert(trail);
    response
}

async fn begin(app: &App, parts: &Parts, journal: Arc<Journal>) -> Result<Response<Body>, Refusal> {
    operator::opened(app, parts)?;
    let Asked { mut filter, form } = Asked::read(parts.uri.query().unwrap_or_default())?;
    filter.until = Some(journal.head().await?.seq);
    let first = journal.entries(filter.clone(), None).await?;
    let mut look = entry(&parts.extensions, What::AuditRead);
    look.status = Some(StatusCode::OK.as_u16());
    look.site = filter.site;
    journal.record(&look).await?;
    let mut response = Response::new(Body::from_stream(text(journal, filter, form, first)));
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static(form.media_type());
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What is to be sent next.
enum Next {
    Page(Export, Page),
    /// The page that begins there.
    After(Export, Place),
    End(Export),
    Nothing,
}

/// The text of all pages, each read when it can be sent. An error breaks it off, which a caller sees.
fn text(
    journal: Arc<Journal>,
    filter: Filter,
    form: Form,
    first: Page,
) -> impl Stream<Item = Result<Bytes, JournalError>> + Send + 'static {
    let begin = Next::Page(Export::new(form), first);
    stream::try_unfold(begin, move |next| {
        let (journal, filter) = (Arc::clone(&journal), filter.clone());
        async move {
            let (mut export, page) = match next {
                Next::Page(export, page) => (export, page),
                Next::After(export, place) => {
                    let page = journal.entries(filter, Some(place)).await;
                    let told = |error: &JournalError| {
                        tracing::error!(%error, "an export of the journal broke off");
                    };
                    (export, page.inspect_err(told)?)
                }
                Next::End(export) => {
                    let end = Bytes::from_static(export.end().as_bytes());
                    return Ok(Some((end, Next::Nothing)));
                }
                Next::Nothing => return Ok(None),
            };
            let text = Bytes::from(export.entries(&page.entries));
            let next = match page.next {
                Some(place) => Next::After(export, place),
                None => Next::End(export),
            };
            Ok(Some((text, next)))
        }
    })
}

/// What a query string asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    filter: Filter,
    form: Form,
}

impl Asked {
    fn read(query: &str) -> Result<Asked, Refusal> {
        let mut filter = Filter::default();
        let mut form = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = &*value;
            let guid = "a GUID";
            match &*name {
                "from" => once(&mut filter.from, moment(value), "from", MOMENTS)?,
                "to" => once(&mut filter.to, moment(value), "to", MOMENTS)?,
                "integrator" => once(&mut filter.integrator, read(value), "integrator", guid)?,
                "site" => once(&mut filter.site, read(value), "site", guid)?,
                "kind" => once(&mut filter.kind, read::<Kind>(value), "kind", KINDS)?,
                "_format" => once(&mut form, form_of(value), "_format", "ndjson and json")?,
                _ => {
                    return Err(Refusal::new(
                        errors::AUDIT_PARAMETER,
                        "a parameter is none of from, to, integrator, site, kind and _format",
                    ));
                }
            }
        }
        Ok(Asked {
            filter,
            form: form.unwrap_or(Form::Ndjson),
        })
    }
}

const MOMENTS: &str = "2026-11-22 and 2026-11-22T10:51:15Z";
const KINDS: &str = "the kinds of entries, as their detail `kind` has them";

/// Keeps a value that is one, the first time.
fn once<T>(
    kept: &mut Option<T>,
    value: Option<T>,
    name: &'static str,
    allowed: &'static str,
) -> Result<(), Refusal> {
    let refuse = |text| Err(Refusal::new(errors::AUDIT_PARAMETER, text));
    if value.is_none() {
        return refuse(format!("{name} takes {allowed}"));
    }
    if kept.is_some() {
        return refuse(format!("{name} is given twice"));
    }
    *kept = value;
    Ok(())
}

fn read<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A day begins with its midnight.
fn moment(text: &str) -> Option<Moment> {
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => {
            let day: Date = text.parse().ok()?;
            day.to_zoned(TimeZone::UTC).ok()?.timestamp()
        }
    };
    Some(Moment::from_millis(at.as_millisecond()))
}

/// A `+` that was not encoded is a blank.
fn form_of(text: &str) -> Option<Form> {
    match text {
        "ndjson" | "application/fhir+ndjson" | "application/fhir ndjson" => Some(Form::Ndjson),
        "json" | "application/fhir+json" | "application/fhir json" => Some(Form::Bundle),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
