//! What is asked of the server itself: is it alive, can it answer, what are its numbers.
//!
//! None of it needs a key, for what asks is a load balancer or a person at the console; none of it says
//! more than ids of sites and counts, but to an author whose mapping is watched, on the same machine or with the operator's
//! key. Readiness asks each practice database, so its result is kept for a second: whoever asks often costs the practice
//! nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use serde::Serialize;
use tokio::task::JoinSet;

use super::app::App;
use super::base_url::fhir_base;
use super::watched::MappingState;
use super::{explorer, metrics, reply};

/// How long a database has to answer before it counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a result is good.
const KEPT: Duration = Duration::from_secs(1);

/// What `/health/ready` last found.
#[derive(Debug, Clone)]
pub struct Readiness {
    at: Instant,
    /// Of [`App::changes`]: what was served then.
    of: u64,
    report: Report,
}

#[derive(Debug, Clone, Serialize)]
struct Report {
    status: &'static str,
    sites: Vec<SiteStatus>,
    /// Where the mapping's files are watched, and then only: it quotes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<Arc<MappingState>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct SiteStatus {
    id: String,
    status: &'static str,
}

const UP: &str = "up";
const DOWN: &str = "down";
/// Some sites are up, and others are not.
const PARTLY: &str = "partly";

/// The process answers: nothing else is asked.
pub async fn live() -> Response<Body> {
    reply::json(StatusCode::OK, &serde_json::json!({"status": UP}))
}

/// Whether the database of each site answers: 200, or 503 when none does. One practice that is away is no reason to
/// send nobody to the others.
pub async fn ready(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    // Who comes while the databases are asked waits for that result.
    let mut kept = app.readiness.lock().await;
    let of = app.changes();
    let report = match &*kept {
        Some(readiness) if readiness.of == of && readiness.at.elapsed() < KEPT => {
            readiness.report.clone()
        }
        _ => {
            let report = ask(&app).await;
            *kept = Some(Readiness {
                at: Instant::now(),
                of,
                report: report.clone(),
            });
            report
        }
    };
    drop(kept);
    let report = Report {
        // Not kept: an author sees at once what a saved file says.
        mapping: app
            .mapping_state()
            .map(|state| match may_read(&app, &uri, &headers) {
                true => state,
                false => Arc::new(state.without_problems()),
            }),
        ..report
    };
    let status = if report.status == DOWN {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    reply::json(status, &report)
}

/// Whether a request may have what the mapping's files say: it comes from this machine, or has the operator's key.
fn may_read(app: &App, uri: &Uri, headers: &HeaderMap) -> bool {
    let has_key = || {
        let served = app.served();
        let key = served.operator.as_ref();
        key.is_some_and(|key| key.check(headers).is_ok())
    };
    explorer::is_here(app, uri, headers) || has_key() && !app.has_known_key()
}

async fn ask(app: &App) -> Report {
    let mut asked = JoinSet::new();
    for site in app.served().sites() {
        let site = Arc::clone(site);
        asked.spawn(async move {
            let id = site.id().to_owned();
            let answered = tokio::time::timeout(PATIENCE, site.ready()).await;
            let status = if matches!(answered, Ok(Ok(()))) {
                UP
            } else {
                DOWN
            };
            SiteStatus { id, status }
        });
    }
    let mut sites = Vec::new();
    let (mut all, mut any) = (true, false);
    while let Some(site) = asked.join_next().await {
        // A check that panicked is a site that cannot answer.
        let is_up = site.as_ref().is_ok_and(|site| site.status == UP);
        (all, any) = (all && is_up, any || is_up);
        sites.extend(site);
    }
    sites.extend(app.served().waits_for().map(|id| SiteStatus {
        id: id.to_owned(),
        status: DOWN,
    }));
    all &= app.served().waits_for().is_none();
    sites.sort();
    Report {
        status: match (all, any) {
            (true, _) => UP,
            (false, true) => PARTLY,
            (false, false) => DOWN,
        },
        sites,
        mapping: None,
    }
}

/// The numbers, in Prometheus' text format.
pub async fn metrics(State(app): State<Arc<App>>) -> Response<Body> {
    let Some(handle) = &app.metrics else {
        return reply::envelope(StatusCode::NOT_FOUND, "metrics are not recorded");
    };
    let mut response = Response::new(Body::from(metrics::render(handle, &app.served())));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}

/// A page for whoever opens the server's root: where things are.
pub async fn front_page(State(app): State<Arc<App>>) -> Response<Body> {
    let base = fhir_base(&app.root_url(), "{siteId}");
    let version = env!("CARGO_PKG_VERSION");
    let page = format!(
        "Pilaster {version}: FHIR R4 over practice databases\n\n\
         FHIR base   {base}\n\
         key         header Ocp-Apim-Subscription-Key, or query parameter subscription-key\n\
         what there is   {base}/metadata\n\n\
         /health/live    the process answers\n\
         /health/ready   the databases answer\n\
         /metrics        numbers for Prometheus\n"
    );
    page.into_response()
}
