//! The frame around every handler: what came is taken apart before it, and what it gives is sent and noted after it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response};

use super::admission::{self, Cloud, Surface};
use super::refusal;
use crate::errors;
use crate::gateway::caller::Caller;
use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::link::{Availability, place_of};
use crate::gateway::service::{Admitted, Gateway};
use crate::passthrough::call::Call;
use crate::server::app::App;
use crate::server::body;
use crate::server::note::{self, Note};
use crate::server::observe::{self, RequestId, Trail};
use crate::server::reply::{self, Refusal};

/// A request to one of the paths.
pub struct Came {
    pub app: Arc<App>,
    pub cloud: Arc<Cloud>,
    pub surface: Surface,
    head: Parts,
    body: Body,
    path: Option<RawPathParams>,
    interaction: &'static str,
    pub note: Note,
}

/// A request to a practice's queries that may be answered.
pub struct Asked {
    pub at: Admitted,
    pub came: Came,
}

impl Came {
    /// Who calls, by a subscription key.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn caller(&self) -> Result<Caller, Refusal> {
        self.app.check_head(&self.head)?;
        let caller = admission::caller_of_key(&self.app, &self.cloud.gateway, &self.head);
        let caller = caller.map_err(|denied| refusal::denied(denied, self.surface))?;
        self.note.begin(note::what(self.interaction), &caller);
        Ok(caller)
    }

    /// What stands in the path in place of a name; nothing where it is no text.
    pub fn segment(&self, name: &str) -> &str {
        let mut segments = self.path.iter().flatten();
        let found = segments.find(|(of, _)| *of == name);
        found.map_or("", |(_, text)| text)
    }

    /// A parameter of the URL.
    ///
    /// # Errors
    /// [`errors::REQUEST_PARAMETER`], where it is not given, empty, or given twice.
    pub fn parameter(&self, name: &'static str) -> Result<String, Refusal> {
        let query = self.head.uri.query().unwrap_or_default();
        one(query.as_bytes(), name)?.ok_or_else(|| missing(name))
    }

    /// A parameter of the URL that need not be given.
    ///
    /// # Errors
    /// [`errors::REQUEST_PARAMETER`], where it is given twice.
    pub fn wish(&self, name: &'static str) -> Result<Option<String>, Refusal> {
        let query = self.head.uri.query().unwrap_or_default();
        one(query.as_bytes(), name)
    }

    /// Reads the body as JSON, within the bounds of bodies.
    ///
    /// # Errors
    /// As [`body::form`]
    pub async fn json(&mut self) -> Result<Vec<u8>, Refusal> {
        let body = std::mem::take(&mut self.body);
        let limits = &self.app.limits;
        body::command(&self.head.headers, body, limits.command_bytes, limits.body).await
    }

    /// Reads the body as a form, and gives its fields of these names, each of which has to be there once.
    ///
    /// # Errors
    /// As [`body::form`]; [`errors::REQUEST_PARAMETER`]
    pub async fn form<const N: usize>(
        &mut self,
        names: [&'static str; N],
    ) -> Result<[String; N], Refusal> {
        let body = std::mem::take(&mut self.body);
        let limits = &self.app.limits;
        let form = body::form(&self.head.headers, body, limits.form_bytes, limits.body).await?;
        let mut fields = HashMap::new();
        for name in names {
            fields.insert(name, one(&form, name)?.ok_or_else(|| missing(name))?);
        }
        Ok(names.map(|name| fields.remove(name).unwrap_or_default()))
    }
}

impl Asked {
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.came.cloud.gateway
    }

    /// What the caller may look at.
    pub fn scope(&self) -> &Scope {
        &self.at.scope
    }

    /// The id of the path's query.
    ///
    /// # Errors
    /// [`errors::NO_SUCH_QUERY`]
    pub fn query(&self) -> Result<QueryId, Refusal> {
        let id = self.came.segment("queryId").parse().map_err(|_| {
            Refusal::new(
                errors::NO_SUCH_QUERY,
                "the query's id in the path is no GUID",
            )
        })?;
        self.came.note.about(id);
        Ok(id)
    }

    /// Whether a command names a database that the practice has, where that is known: before anything is kept of it.
    ///
    /// # Errors
    /// [`errors::COMMAND_REFUSED`]
    pub fn check_catalogue(&self, call: &Call) -> Result<(), Refusal> {
        let link = &self.at.practice.link;
        if link.availability() != Availability::Online {
            return Ok(());
        }
        let place = place_of(&link.catalogues(), call.catalogue.as_deref());
        place
            .map(drop)
            .map_err(|error| Refusal::new(errors::COMMAND_REFUSED, error.to_string()))
    }

    /// Says where what was made can be found: under the site's queries.
    pub fn locate(&self, response: &mut Response<Body>, place: &str) {
        let head = &self.came.head;
        let root = self.came.app.origin.of(&head.uri, &head.headers);
        let (prefix, site) = (self.came.surface.prefix(), self.at.practice.id());
        let location = format!("{root}{prefix}/sites/{site}/queries/{place}");
        // What can be the host of a link can be a header.
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(LOCATION, location);
        }
    }
}

/// Answers a request to a site's queries: who calls and whether it may is judged, then `handler` is asked, for so long at the
/// most; without a limit, for as long as requests may take.
pub async fn answer<H>(
    app: Arc<App>,
    request: Request,
    interaction: &'static str,
    limit: Option<Duration>,
    handler: H,
) -> Response<Body>
where
    H: AsyncFnOnce(Asked, &mut Trail) -> Result<Response<Body>, Refusal>,
{
    answer_any(app, request, interaction, limit, async |came, trail| {
        let site = came.segment("siteId");
        let at = admission::admit(&came.app, &came.cloud, came.surface, &came.head, site)?;
        trail.site = Some(at.practice.id().0);
        came.note.admitted(note::what(interaction), &at);
        came.note.follow(trail);
        handler(Asked { at, came }, trail).await
    })
    .await
}

/// Answers a request whose handler judges who calls.
pub async fn answer_any<H>(
    app: Arc<App>,
    request: Request,
    interaction: &'static str,
    limit: Option<Duration>,
    handler: H,
) -> Response<Body>
where
    H: AsyncFnOnce(Came, &mut Trail) -> Result<Response<Body>, Refusal>,
{
    let (mut head, body) = request.into_parts();
    let id = head.extensions.get::<RequestId>();
    let id = id.map_or_else(observe::new_id, |id| id.0);
    let surface = head.extensions.get::<Surface>().copied();
    let (Some(cloud), Some(surface)) = (app.cloud.clone(), surface) else {
        return reply::nothing_here();
    };
    let mut trail = Trail {
        interaction: Some(interaction),
        ..Trail::default()
    };
    let limit = limit.unwrap_or(app.limits.request);
    let note = Note::of(&head.extensions);
    note.follow(&trail);
    let came = Came {
        interaction,
        note,
        app,
        cloud,
        surface,
        // A segment that is no UTF-8 is no id.
        path: RawPathParams::from_request_parts(&mut head, &()).await.ok(),
        head,
        body,
    };
    let answered = tokio::time::timeout(limit, handler(came, &mut trail)).await;
    let answered = answered.unwrap_or_else(|_elapsed| {
        Err(Refusal::new(
            errors::TOO_SLOW,
            format!("the request took longer than {} s", limit.as_secs_f32()),
        ))
    });
    let mut response = answered.unwrap_or_else(|refusal| {
        trail.refused(&refusal, id);
        refusal.into_api_envelope(id)
    });
    response.extensions_mut().insert(trail);
    response
}

/// A field of a form that is there once and not empty; None where it is not there, or empty.
fn one(form: &[u8], name: &'static str) -> Result<Option<String>, Refusal> {
    let mut found = form_urlencoded::parse(form).filter(|(of, _)| of == name);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Refusal::new(
            errors::REQUEST_PARAMETER,
            format!("{name} is given twice"),
        )),
        (found, None) => {
            let value = found.map(|(_, value)| value.into_owned());
            Ok(value.filter(|value| !value.is_empty()))
        }
    }
}

fn missing(name: &'static str) -> Refusal {
    Refusal::new(errors::REQUEST_PARAMETER, format!("{name} is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_counts_once() {
        let read = |form: &str| one(form.as_bytes(), "name").map_err(|refusal| refusal.text);
        assert_eq!(
            read("a=b&name=Best+Pr%61ctice"),
            Ok(Some("Best Practice".to_owned()))
        );
        assert_eq!(read("name="), Ok(None));
        assert_eq!(read("Name=x"), Ok(None));
        assert_eq!(read("name=x&name=x"), Err("name is given twice".into()));
    }
}
