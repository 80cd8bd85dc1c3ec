//! The frame around every handler: who calls is judged before it, and what it gives is sent and noted after it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response};

use super::admission::{self, Surface};
use crate::errors;
use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::service::{Admitted, Gateway};
use crate::server::app::App;
use crate::server::body;
use crate::server::observe::{self, RequestId, Trail};
use crate::server::reply::{self, Refusal};

/// A request that may be answered.
pub struct Asked {
    pub app: Arc<App>,
    pub gateway: Arc<Gateway>,
    pub at: Admitted,
    pub surface: Surface,
    head: Parts,
    body: Body,
    path: Option<RawPathParams>,
}

impl Asked {
    /// What the caller may look at.
    pub fn scope(&self) -> &Scope {
        &self.at.scope
    }

    /// The id of the path's query.
    ///
    /// # Errors
    /// [`errors::NO_SUCH_QUERY`]
    pub fn query(&self) -> Result<QueryId, Refusal> {
        self.segment("queryId").parse().map_err(|_| {
            Refusal::new(
                errors::NO_SUCH_QUERY,
                "the query's id in the path is no GUID",
            )
        })
    }

    /// What stands in the path in place of a name; nothing where it is no text.
    pub fn segment(&self, name: &str) -> &str {
        segment(self.path.as_ref(), name).unwrap_or_default()
    }

    /// Reads the body, within the bounds of bodies.
    ///
    /// # Errors
    /// As [`body::form`]
    pub async fn body(&mut self) -> Result<Vec<u8>, Refusal> {
        let body = std::mem::take(&mut self.body);
        let limits = &self.app.limits;
        body::command(&self.head.headers, body, limits.command_bytes, limits.body).await
    }

    /// Says where what was made can be found: under the site's queries.
    pub fn locate(&self, response: &mut Response<Body>, place: &str) {
        let root = self.app.origin.of(&self.head.uri, &self.head.headers);
        let (prefix, site) = (self.surface.prefix(), self.at.practice.id());
        let location = format!("{root}{prefix}/sites/{site}/queries/{place}");
        // What can be the host of a link can be a header.
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(LOCATION, location);
        }
    }
}

fn segment<'p>(path: Option<&'p RawPathParams>, name: &str) -> Option<&'p str> {
    let mut segments = path?.iter();
    segments.find(|(of, _)| *of == name).map(|(_, text)| text)
}

/// Answers a request: who calls is judged, then `handler` is asked, for so long at the most.
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
    let (mut head, body) = request.into_parts();
    let id = head.extensions.get::<RequestId>();
    let id = id.map_or_else(observe::new_id, |id| id.0);
    let mut trail = Trail {
        interaction: Some(interaction),
        ..Trail::default()
    };
    let surface = head.extensions.get::<Surface>().copied();
    let (Some(cloud), Some(surface)) = (app.cloud.clone(), surface) else {
        return reply::nothing_here();
    };
    let limit = limit.unwrap_or(app.limits.request);
    // A segment that is no UTF-8 is no id.
    let path = RawPathParams::from_request_parts(&mut head, &()).await.ok();
    let site = segment(path.as_ref(), "siteId");
    let answered = match admission::admit(&app, &cloud, surface, &head, site) {
        Ok(at) => {
            trail.site = Some(at.practice.id().0);
            let asked = Asked {
                app,
                gateway: Arc::clone(&cloud.gateway),
                at,
                surface,
                head,
                body,
                path,
            };
            match tokio::time::timeout(limit, handler(asked, &mut trail)).await {
                Ok(answered) => answered,
                Err(_elapsed) => Err(Refusal::new(
                    errors::TOO_SLOW,
                    format!("the request took longer than {} s", limit.as_secs_f32()),
                )),
            }
        }
        Err(refusal) => Err(refusal),
    };
    let mut response = answered.unwrap_or_else(|refusal| {
        trail.refused(&refusal, id);
        refusal.into_api_envelope(id)
    });
    response.extensions_mut().insert(trail);
    response
}
