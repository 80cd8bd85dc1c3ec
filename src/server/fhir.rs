//! A request under a FHIR base → its answer.
//!
//! In this order, so that each step may rely on those before it and a stranger learns nothing: the key,
//! the site, the path, the method, the type, a place among the requests under way, the form, the format;
//! then the practice is asked. Every refusal is an OperationOutcome, in the format that is asked for where
//! that can be told and is offered, else in JSON: a caller that gets 406 must be able to read why.
//!
//! A practice answers in JSON. XML is made of it afterwards, so that nothing but the answer's form depends
//! on what form it has.
//!
//! Answers with health data are `Cache-Control: no-store`: nothing between here and the caller may keep
//! them. A caller that keeps its own copy revalidates it by ETag all the same; no HTTP cache is needed for
//! that. The CapabilityStatement holds no health data and may be kept if it is revalidated.
//!
//! `Accept` chooses the media type of an answer, and whether there is one, so every answer says `Vary: Accept`.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use hyper::body::Frame;

use super::api::{self, Cloud, Surface};
use super::app::App;
use super::base_url::fhir_base_of;
use super::keys::Caller;
use super::negotiate::{Form, MediaType, NotAcceptable};
use super::note::Note;
use super::observe::{RequestId, Trail};
use super::path::{self, Interaction};
use super::practice::Practice;
use super::reply::Refusal;
use super::wishes::Wishes;
use super::{batch, body, metrics, observe, operation, prefer, pretty};
use crate::fhir::resource_type;
use crate::gateway::caller::Denied;
use crate::gateway::integrator::Login;
use crate::gateway::meter::Counted;
use crate::gateway::service::Admitted;
use crate::journal::{self, What};
use crate::plan::Handling;
use crate::site::{Answer, ReadCall, SearchCall, SummaryCall, Timings, etag};
use crate::{assemble, errors};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Answers a request under a FHIR base.
pub async fn handle(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let id = parts
        .extensions
        .get::<RequestId>()
        .map_or_else(observe::new_id, |id| id.0);
    let mut trail = Trail::default();
    let mut wishes = Wishes::default();
    wishes.read(parts.uri.query().unwrap_or_default().as_bytes());
    let note = Note::of(&parts.extensions);
    let answered = match admit(&app, &parts, &mut trail, &note) {
        Ok(asked) => {
            app.within_limits(answer(&app, &parts, body, asked, &mut wishes))
                .await
        }
        Err(refusal) => Err(refusal),
    };
    let timings = answered.as_ref().ok().and_then(Answered::timings);
    let mut response = match answered {
        Ok(answered) => answered.into_response(wishes.pretty, &mut trail),
        Err(refusal) => {
            trail.refused(&refusal, id);
            let media_type = wishes.media_type(&parts.headers).unwrap_or_default();
            refusal.into_outcome(id, media_type, wishes.pretty)
        }
    };
    let timing = server_timing(timings.as_ref(), started.elapsed());
    response.headers_mut().insert(SERVER_TIMING, timing);
    response.headers_mut().append(VARY, ACCEPT.into());
    response.extensions_mut().insert(trail);
    response
}

/// What a request is allowed to ask for.
pub(super) struct Asked {
    pub site: Arc<dyn Practice>,
    /// The name of the key's owner.
    pub caller: String,
    /// Whose share of a practice's connections it takes.
    pub share: Option<u32>,
    /// The caller's own at the practice's databases.
    pub login: Option<Login>,
    pub interaction: Interaction,
    /// Of which API the base is.
    pub surface: Surface,
    /// The site's FHIR base URL, for this caller.
    pub base: String,
}

/// Judges all that can be judged without waiting for anything.
fn admit(app: &App, parts: &Parts, trail: &mut Trail, note: &Note) -> Result<Asked, Refusal> {
    app.check_head(parts)?;
    // The router sends only such paths here; others would be of no site.
    let (surface, site, rest) =
        path::split(parts.uri.path()).unwrap_or((Surface::Integrator, "", None));
    let who = match &app.cloud {
        Some(cloud) => Who::of_cloud(app, cloud, surface, parts, site)?,
        None => Who::of_keys(app, parts)?,
    };
    if let Some(at) = &who.at {
        note.admitted(what(trail), at);
    }
    let site = Arc::clone(app.served().site(site)?);
    trail.site = uuid::Uuid::try_parse(site.id()).ok();
    let interaction = path::interaction(&parts.method, rest)?;
    trail.interaction = Some(interaction.code());
    note.what(what(trail));
    trail.resource = served(&*site, &interaction)?;
    note.what(what(trail));
    note.follow(trail);
    let root = app.origin.of(&parts.uri, &parts.headers);
    Ok(Asked {
        base: fhir_base_of(surface, &root, site.id()),
        surface,
        site,
        caller: who.caller,
        share: who.share,
        login: who.login,
        interaction,
    })
}

/// What the journal calls the request, as far as it is known.
fn what(trail: &Trail) -> What {
    What::Fhir {
        interaction: journal::Interaction::of(trail.interaction),
        resource: trail.resource.and_then(resource_type),
    }
}

/// Who calls.
struct Who {
    caller: String,
    share: Option<u32>,
    login: Option<Login>,
    /// None by the keys of the configuration file alone.
    at: Option<Admitted>,
}

impl Who {
    /// By the keys of the configuration file alone.
    fn of_keys(app: &App, parts: &Parts) -> Result<Who, Refusal> {
        let now = app.served();
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let denied = |denied| api::denied(denied, Surface::Integrator);
        match now.keys.caller(&parts.headers, query) {
            Caller::Known(caller) => Ok(Who {
                share: now.keys.share(caller),
                caller: caller.to_owned(),
                login: None,
                at: None,
            }),
            Caller::Wrong => Err(denied(Denied::WrongKey)),
            Caller::Absent => Err(denied(Denied::NoKey)),
            Caller::Several => Err(denied(Denied::SeveralKeys)),
        }
    }

    /// By these, the state store's keys, or a device's token; one of the queries that are counted.
    fn of_cloud(
        app: &App,
        cloud: &Cloud,
        surface: Surface,
        parts: &Parts,
        site: &str,
    ) -> Result<Who, Refusal> {
        let at = api::admit_any(app, cloud, surface, parts, site)?;
        let what = match parts.method {
            Method::POST => Counted::FhirPost,
            _ => Counted::FhirGet,
        };
        let counted = cloud.gateway.count(&at, what);
        counted.map_err(|denied| api::denied(denied, surface))?;
        let login = cloud.gateway.login(&at);
        let caller = match (at.caller.all_sites, &at.scope.device) {
            (true, None) => at.caller.name.to_string(),
            // No caller of the file has a NUL in its name.
            (_, None) => format!("\0{}", at.caller.integrator),
            (_, Some(device)) => format!("\0{}\0{device}", at.caller.integrator),
        };
        let share = match at.caller.all_sites {
            true => app.served().keys.share(&at.caller.name),
            // Beyond the numbers of the file's callers.
            false => Some(at.caller.integrator.0.as_fields().0 | 1 << 31),
        };
        Ok(Who {
            caller,
            share,
            login,
            at: Some(at),
        })
    }
}

/// All types that the path names are served; the one that is asked for, if any.
pub(super) fn served(
    site: &dyn Practice,
    interaction: &Interaction,
) -> Result<Option<&'static str>, Refusal> {
    let mut first = None;
    for name in interaction.resources() {
        let known = site.resource(name);
        let known = known.ok_or_else(|| not_served(site, name))?;
        first.get_or_insert(known);
    }
    Ok(first)
}

/// A type that the site does not serve. Only a name of R4 is repeated: any other may be what somebody typed into a wrong place.
pub(super) fn not_served(site: &dyn Practice, name: &str) -> Refusal {
    let served = site.resources().join(", ");
    let text = match resource_type(name) {
        Some(_) => format!("{name} is not served at this site; it serves {served}"),
        None => format!("that is no resource type of R4; this site serves {served}"),
    };
    Refusal::new(errors::UNKNOWN_RESOURCE_TYPE, text)
}

/// An answer, and the media type that it is sent as.
pub(super) struct Answered {
    content: Content,
    media_type: MediaType,
}

enum Content {
    Capabilities {
        /// JSON, until XML is made of it.
        body: Bytes,
        etag: String,
        not_modified: bool,
    },
    Practice(Answer),
}

pub(super) async fn answer(
    app: &App,
    parts: &Parts,
    body: Body,
    asked: Asked,
    wishes: &mut Wishes,
) -> Result<Answered, Refusal> {
    let Asked {
        site,
        caller,
        share,
        login,
        interaction,
        surface,
        base,
    } = asked;
    let limits = &app.limits;
    let mut form = Vec::new();
    let mut bundle = None;
    match &interaction {
        Interaction::Search { by_form: true, .. } => {
            form = body::form(&parts.headers, body, limits.form_bytes, limits.body).await?;
            wishes.read(&form);
        }
        Interaction::Everything { by_post: true, .. }
        | Interaction::Summary { by_post: true, .. } => {
            let json = body::json(&parts.headers, body, limits.form_bytes, limits.body).await?;
            form = operation::parameters(&json)?;
            wishes.read(&form);
        }
        Interaction::Batch => {
            let json = body::json(&parts.headers, body, limits.batch_bytes, limits.body).await?;
            bundle = Some(batch::read(&json)?);
        }
        _ => {}
    }
    let media_type = wishes.media_type(&parts.headers).map_err(not_acceptable)?;
    let variant = media_type.form().variant();
    let query = parts.uri.query().unwrap_or_default().as_bytes().to_vec();
    let content = match interaction {
        Interaction::Capabilities => {
            let json = capabilities(app, &*site, base, surface)?;
            let etag = etag::weak(&json, variant);
            let not_modified = tags(&parts.headers).is_some_and(|tags| etag::names(&tags, &etag));
            Content::Capabilities {
                body: json,
                etag,
                not_modified,
            }
        }
        asked @ (Interaction::Search { .. } | Interaction::Everything { .. }) => {
            let call = asked.search().unwrap_or_default();
            Content::Practice(
                site.search(SearchCall {
                    login,
                    base,
                    query,
                    form,
                    caller,
                    share,
                    handling: prefer::handling(&parts.headers),
                    ..call
                })
                .await?,
            )
        }
        Interaction::Summary { id, .. } => Content::Practice(
            site.summary(SummaryCall {
                login,
                base,
                id,
                query,
                form,
                share,
            })
            .await?,
        ),
        Interaction::Batch => {
            let requests = bundle.unwrap_or_default();
            let place = batch::Place {
                base,
                surface,
                site,
                caller,
                share,
                login,
            };
            Content::Practice(Box::pin(batch::answer(app, parts, place, requests)).await)
        }
        Interaction::Read { resource, id } => {
            // No row has an id that is none, so the practice need not be asked.
            if !path::is_id(&id) {
                return Err(Refusal::new(
                    errors::NO_SUCH_RESOURCE,
                    "no resource has such an id: an id has at most 64 letters, digits, hyphens and dots",
                ));
            }
            Content::Practice(
                site.read(ReadCall {
                    login,
                    base,
                    resource,
                    id,
                    query,
                    share,
                    strict: prefer::handling(&parts.headers) == Handling::Strict,
                    if_none_match: tags(&parts.headers),
                    if_modified_since: since(&parts.headers),
                    variant,
                    measures: false,
                })
                .await?,
            )
        }
    };
    let mut answered = Answered {
        content,
        media_type,
    };
    if media_type.form() == Form::Xml {
        answered.write_xml(app, wishes.pretty).await?;
    }
    Ok(answered)
}

/// A site's CapabilityStatement, kept while what is served stays.
///
/// # Errors
/// [`errors::INTERNAL`]
pub(super) fn capabilities(
    app: &App,
    site: &dyn Practice,
    base: String,
    surface: Surface,
) -> Result<Bytes, Refusal> {
    // The base says of which API it is.
    let of = format!("{} {base}", site.version());
    if let Some(statement) = app.statements.get(&of) {
        return Ok(statement);
    }
    let statement = site
        .capabilities(&base, &app.since, surface.access())
        .map_err(|_| {
            Refusal::new(
                errors::INTERNAL,
                "the CapabilityStatement cannot be written",
            )
        })?;
    let statement = Bytes::from(statement);
    app.statements.insert(of, statement.clone());
    Ok(statement)
}

fn not_acceptable(what: NotAcceptable) -> Refusal {
    const OFFER: &str = "answers are JSON or XML of FHIR 4.0: application/fhir+json, application/json, text/json, \
        application/fhir+xml, application/xml, text/xml";
    match what {
        NotAcceptable::Format => Refusal::new(
            errors::NOT_ACCEPTABLE,
            format!(
                "the _format that is asked for is not offered; {OFFER}, or json and xml for short"
            ),
        )
        .at("http._format"),
        NotAcceptable::Accept => Refusal::new(
            errors::NOT_ACCEPTABLE,
            format!("Accept names nothing that is offered; {OFFER}"),
        ),
    }
}

/// All `If-None-Match` as one list (RFC 9110 §5.3).
fn tags(headers: &HeaderMap) -> Option<String> {
    let tags: Vec<&str> = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!tags.is_empty()).then(|| tags.join(","))
}

/// `If-Modified-Since`, in any of the three forms of HTTP; one that is no date is as if it were not there.
fn since(headers: &HeaderMap) -> Option<jiff::Timestamp> {
    let text = headers.get(IF_MODIFIED_SINCE)?.to_str().ok()?;
    jiff::Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}

/// An answer as an entry of a batch.
pub(super) struct EntryAnswer {
    pub json: Bytes,
    pub etag: Option<String>,
    pub last_modified: Option<jiff::Timestamp>,
    pub not_modified: bool,
    pub timings: Timings,
    pub commands: u32,
    pub entries: usize,
}

impl Answered {
    pub(super) fn into_entry(self) -> EntryAnswer {
        match self.content {
            Content::Capabilities {
                body,
                etag,
                not_modified,
            } => EntryAnswer {
                json: if not_modified { Bytes::new() } else { body },
                etag: Some(etag),
                last_modified: None,
                not_modified,
                timings: Timings::default(),
                commands: 0,
                entries: 1,
            },
            Content::Practice(answer) => EntryAnswer {
                json: Bytes::from(answer.body),
                etag: answer.etag,
                last_modified: answer.last_modified,
                not_modified: answer.not_modified,
                timings: answer.timings,
                commands: answer.commands,
                entries: answer.entries,
            },
        }
    }

    /// Makes XML of the JSON, on a thread where nothing else waits for it.
    async fn write_xml(&mut self, app: &App, is_pretty: bool) -> Result<(), Refusal> {
        let (json, is_current) = match &mut self.content {
            Content::Capabilities {
                body, not_modified, ..
            } => (std::mem::take(body), *not_modified),
            Content::Practice(answer) => {
                let json = Bytes::from(std::mem::take(&mut answer.body));
                (json, answer.not_modified)
            }
        };
        if is_current {
            return Ok(());
        }
        let failed = || Refusal::new(errors::INTERNAL, "the answer cannot be written as XML");
        // Held by the thread, which works on where the request is given up.
        let place = Arc::clone(&app.xml).acquire_owned().await;
        let place = place.map_err(|_| failed())?;
        let made = tokio::task::spawn_blocking(move || {
            let _place = place;
            let begun = Instant::now();
            assemble::xml_from_json(&json, is_pretty).map(|xml| (xml, begun.elapsed()))
        });
        let (xml, took) = match made.await {
            Ok(Ok(made)) => made,
            Ok(Err(_)) | Err(_) => return Err(failed()),
        };
        match &mut self.content {
            Content::Capabilities { body, .. } => *body = Bytes::from(xml),
            Content::Practice(answer) => {
                answer.body = xml;
                answer.timings.xml = Some(took);
            }
        }
        Ok(())
    }

    /// Of the stages; the CapabilityStatement passes through none.
    fn timings(&self) -> Option<Timings> {
        match &self.content {
            Content::Capabilities { .. } => None,
            Content::Practice(answer) => Some(answer.timings),
        }
    }

    fn into_response(self, is_pretty: bool, trail: &mut Trail) -> Response<Body> {
        let (body, cache, answer) = match self.content {
            Content::Capabilities {
                body,
                etag,
                not_modified,
            } => {
                let answer = Answer {
                    etag: Some(etag),
                    not_modified,
                    ..Answer::default()
                };
                let body = if not_modified { Bytes::new() } else { body };
                (body, HeaderValue::from_static("no-cache"), answer)
            }
            Content::Practice(mut answer) => {
                trail.commands = answer.commands;
                trail.entries = answer.entries;
                metrics::stages(&answer.timings);
                let body = Bytes::from(std::mem::take(&mut answer.body));
                (body, NO_STORE, answer)
            }
        };
        let is_current = answer.not_modified;
        // XML was indented as it was made.
        let body = if is_pretty && !is_current && self.media_type.form() == Form::Json {
            Bytes::from(pretty::indent(&body))
        } else {
            body
        };
        let mut response = Response::new(match is_current {
            true => Body::new(Unsized),
            false => Body::from(body),
        });
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, cache);
        if !is_current {
            headers.insert(CONTENT_TYPE, self.media_type.content_type());
        }
        let tag = answer.etag.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(tag)) = tag {
            headers.insert(ETAG, tag);
        }
        let modified = answer.last_modified.map(http_date);
        if let Some(Ok(modified)) = modified.as_deref().map(HeaderValue::from_str) {
            headers.insert(LAST_MODIFIED, modified);
        }
        if is_current {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        response
    }
}

/// No content, of which no length is said: that of a 304 would have to be the 200's (RFC 9110 §8.6).
struct Unsized;

impl HttpBody for Unsized {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

pub(super) fn http_date(at: jiff::Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `parse;dur=0.012, …, total;dur=1.5` in milliseconds (<https://www.w3.org/TR/server-timing/>).
fn server_timing(stages: Option<&Timings>, total: Duration) -> HeaderValue {
    let mut text = String::with_capacity(128);
    for (stage, took) in stages.map(metrics::named).into_iter().flatten() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{stage};dur={:.3}, ", milliseconds(took));
    }
    let _ = write!(text, "total;dur={:.3}", milliseconds(total));
    // Names and numbers are a header's value; if they were not, it would be empty, which is allowed.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_read_in_all_three_forms() {
        let at: jiff::Timestamp = "1994-11-06T08:49:37Z".parse().expect("a timestamp");
        assert_eq!(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(at)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(at)),
            ("Sun Nov  6 08:49:37 1994", Some(at)),
            ("1994-11-06", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_MODIFIED_SINCE, HeaderValue::from_static(text));
            assert_eq!(since(&headers), expected, "{text}");
        }
    }

    #[test]
    fn timings_are_in_milliseconds() {
        let timings = Timings {
            parse: Duration::from_micros(12),
            database: Duration::from_millis(3),
            ..Timings::default()
        };
        assert_eq!(
            server_timing(Some(&timings), Duration::from_millis(4)),
            "parse;dur=0.012, plan;dur=0.000, sql;dur=0.000, db;dur=3.000, assemble;dur=0.000, total;dur=4.000"
        );
    }
}
