//! What all requests share: sites, keys, limits; and which handler a path has.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode, Uri, Version};
use axum::middleware;
use axum::response::Redirect;
use axum::routing::{any, get};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Mutex, Semaphore};
use tower::util::MapRequestLayer;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use super::api::{self, Cloud, Surface};
use super::base_url::{BaseUrl, Origin, fhir_base_of};
use super::explorer::{self, Explorer};
use super::keys::Keys;
use super::observe::caught;
use super::operator;
use super::operator_key::OperatorKey;
use super::practice::Practice;
use super::proxy::TrustedProxies;
use super::reply::Refusal;
use super::watched::MappingState;
use super::{audit, encoding, fhir, health, observe, reply};
use crate::errors;
use crate::gateway::service::Gateway;
use crate::journal::Journal;

/// Answers below this many bytes are not compressed: they fit in one packet anyway.
const COMPRESSED_FROM: u64 = 1024;
/// CapabilityStatements kept. They differ by the base URL, which may come from a caller's `Host`.
const KEPT_STATEMENTS: u64 = 64;

/// Bounds of the server. The defaults are for a server that faces other people's networks.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A whole request, from its head to its answer: then 504.
    pub request: Duration,
    /// A request's head; also how long a connection may be idle between two requests.
    pub head: Duration,
    /// A request's body: then 408.
    pub body: Duration,
    /// How long a caller may take no byte of an answer before the connection is closed.
    pub stalled: Duration,
    /// Time for requests under way when the server stops.
    pub shutdown: Duration,
    /// Open connections; further ones wait to be accepted.
    pub connections: usize,
    /// Requests to practices under way; a further one gets 503.
    pub in_flight: usize,
    /// Bytes of a form: beyond, 413.
    pub form_bytes: usize,
    /// Bytes of a batch: beyond, 413.
    pub batch_bytes: usize,
    /// Bytes of the body of a caller's own command: beyond, 413.
    pub command_bytes: usize,
    /// Bytes of a path and query: beyond, 414. Above what a search's text may have, for page links.
    pub uri_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            request: Duration::from_secs(60),
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            stalled: Duration::from_secs(30),
            shutdown: Duration::from_secs(10),
            connections: 1024,
            in_flight: 512,
            form_bytes: 64 * 1024,
            batch_bytes: 256 * 1024,
            command_bytes: 1 << 20,
            uri_bytes: 48 * 1024,
        }
    }
}

/// What is served, and to whom. Another may take its place while the server runs.
pub struct Served {
    /// By id, in lower case: GUIDs compare without case.
    sites: HashMap<String, Arc<dyn Practice>>,
    /// The id of a practice whose mapping has yet to be mended.
    waiting: Option<String>,
    pub(super) keys: Keys,
    pub(super) operator: Option<OperatorKey>,
}

impl Served {
    /// Practices, who may ask them, and the key of the operator's paths, which are not there without one.
    pub fn new(sites: Vec<Arc<dyn Practice>>, keys: Keys, operator: Option<OperatorKey>) -> Served {
        let by_id = |site: Arc<dyn Practice>| (site.id().to_ascii_lowercase(), site);
        Served {
            sites: sites.into_iter().map(by_id).collect(),
            waiting: None,
            keys,
            operator,
        }
    }

    /// A practice that cannot be served yet, for its mapping has errors.
    pub fn waiting(id: &str, keys: Keys, operator: Option<OperatorKey>) -> Served {
        Served {
            waiting: Some(id.to_ascii_lowercase()),
            ..Served::new(Vec::new(), keys, operator)
        }
    }

    /// The id of a practice that cannot be served yet.
    pub(super) fn waits_for(&self) -> Option<&str> {
        self.waiting.as_deref()
    }

    /// The practice with an id.
    ///
    /// # Errors
    /// [`errors::UNKNOWN_SITE`], [`errors::MAPPING_BROKEN`]
    pub(super) fn site(&self, id: &str) -> Result<&Arc<dyn Practice>, Refusal> {
        let id = id.to_ascii_lowercase();
        self.sites.get(&id).ok_or_else(|| match &self.waiting {
            Some(waiting) if *waiting == id => Refusal::new(
                errors::MAPPING_BROKEN,
                "the mapping of the site has errors, and none before it was without",
            ),
            _ => Refusal::new(
                errors::UNKNOWN_SITE,
                "there is no site with the id in the URL",
            ),
        })
    }

    /// All practices.
    pub(super) fn sites(&self) -> impl Iterator<Item = &Arc<dyn Practice>> {
        self.sites.values()
    }
}

/// What a server is made of.
pub struct Setup {
    /// What is served at first.
    pub served: Served,
    /// What links begin with, where the operator says so.
    pub base_url: Option<BaseUrl>,
    /// Who may say whom it speaks for.
    pub proxies: TrustedProxies,
    /// The address that is listened on.
    pub listening: SocketAddr,
    pub limits: Limits,
    /// What `/metrics` shows; without it the path is not there.
    pub metrics: Option<PrometheusHandle>,
    /// The page at `/`.
    pub explorer: Explorer,
    /// What callers' own commands are for; without it their paths are not there.
    pub cloud: Option<Cloud>,
}

/// The state of a server.
pub struct App {
    served: RwLock<Arc<Served>>,
    /// How often something else was served.
    changes: AtomicU64,
    pub(super) origin: Origin,
    pub(super) proxies: TrustedProxies,
    pub(super) limits: Limits,
    pub(super) in_flight: Semaphore,
    /// As many answers become XML at once as there are processors: each takes one, and several times the
    /// answer's own memory.
    pub(super) xml: Arc<Semaphore>,
    pub(super) metrics: Option<PrometheusHandle>,
    pub(super) readiness: Mutex<Option<health::Readiness>>,
    /// CapabilityStatements by FHIR base, which names the site too.
    pub(super) statements: moka::sync::Cache<String, Bytes>,
    /// When the server started, a FHIR dateTime.
    pub(super) since: String,
    pub(super) explorer: Explorer,
    pub(super) cloud: Option<Arc<Cloud>>,
    /// Of the mapping's files, where they are watched.
    mapping: RwLock<Option<Arc<MappingState>>>,
    journal: OnceLock<Arc<Journal>>,
}

/// Tells the gateway of the file's callers, and the log of those whose key is an integrator's.
fn know_callers(gateway: &Gateway, keys: &Keys) {
    gateway.know_callers_of_file(keys.callers());
    for (caller, integrator) in keys.of_integrators(&gateway.index()) {
        tracing::warn!(
            caller,
            integrator,
            "a [[key]] of the configuration is a key of an integrator's, and is taken as that one's, with its limits: give the caller a key of its own"
        );
    }
}

impl App {
    /// The state of a server that starts now.
    pub fn new(setup: Setup) -> App {
        if let Some(cloud) = &setup.cloud {
            know_callers(&cloud.gateway, &setup.served.keys);
        }
        App {
            served: RwLock::new(Arc::new(setup.served)),
            changes: AtomicU64::new(0),
            origin: Origin::new(setup.base_url, setup.listening),
            proxies: setup.proxies,
            in_flight: Semaphore::new(setup.limits.in_flight),
            xml: Arc::new(Semaphore::new(
                std::thread::available_parallelism().map_or(1, NonZero::get),
            )),
            limits: setup.limits,
            metrics: setup.metrics,
            readiness: Mutex::new(None),
            statements: moka::sync::Cache::new(KEPT_STATEMENTS),
            since: jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
            explorer: setup.explorer,
            cloud: setup.cloud.map(Arc::new),
            mapping: RwLock::new(None),
            journal: OnceLock::new(),
        }
    }

    /// What is served now.
    pub(super) fn served(&self) -> Arc<Served> {
        Arc::clone(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves something else from now on; requests under way end as they began.
    pub fn serve(&self, served: Served) {
        if let Some(cloud) = &self.cloud {
            know_callers(&cloud.gateway, &served.keys);
        }
        let mut now = self.served.write().unwrap_or_else(PoisonError::into_inner);
        *now = Arc::new(served);
        drop(now);
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.statements.invalidate_all();
    }

    /// Another number whenever something else is served.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// What is asked of practices goes into a journal, for as long as the server runs; another is not taken.
    pub fn keep_journal(&self, journal: Arc<Journal>) {
        let _ = self.journal.set(journal);
    }

    /// The journal; None where none is kept.
    pub(super) fn journal(&self) -> Option<Arc<Journal>> {
        self.journal.get().cloned()
    }

    /// Says how the mapping's files are, from now on.
    pub fn tell_mapping(&self, state: MappingState) {
        let mut now = self.mapping.write().unwrap_or_else(PoisonError::into_inner);
        *now = Some(Arc::new(state));
    }

    /// How the mapping's files are; None where nobody watches them.
    pub(super) fn mapping_state(&self) -> Option<Arc<MappingState>> {
        self.mapping
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Refuses a URL that is too long before anything is made of it but the form of the refusal.
    ///
    /// # Errors
    /// [`errors::URI_TOO_LONG`]
    pub(super) fn check_length(&self, uri: &Uri) -> Result<(), Refusal> {
        let limit = self.limits.uri_bytes;
        if uri.path().len() + uri.query().unwrap_or_default().len() > limit {
            return Err(Refusal::new(
                errors::URI_TOO_LONG,
                format!("the URL has more than {limit} bytes"),
            ));
        }
        Ok(())
    }

    /// Refuses a request that is none by its URL's length or by its `Host`, before anything is made of it but the form of the
    /// refusal.
    ///
    /// # Errors
    /// As [`App::check_length`]; [`errors::NOT_HTTP`]
    pub(super) fn check_head(&self, head: &Parts) -> Result<(), Refusal> {
        self.check_length(&head.uri)?;
        check_host(head)
    }

    /// Asks a practice, if there is room, for as long as a request may take.
    ///
    /// # Errors
    /// What is asked fails with; or that there is no room, no time, or that it panicked.
    pub(super) async fn within_limits<T>(
        &self,
        asked: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let Ok(_place) = self.in_flight.try_acquire() else {
            return Err(Refusal::new(
                errors::TOO_BUSY,
                format!("{} requests are under way", self.limits.in_flight),
            ));
        };
        let limit = self.limits.request;
        match tokio::time::timeout(limit, caught(asked)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_panicked)) => Err(Refusal::new(errors::INTERNAL, "something failed here")),
            Err(_elapsed) => Err(Refusal::new(
                errors::TOO_SLOW,
                format!("the request took longer than {} s", limit.as_secs_f32()),
            )),
        }
    }

    /// The operator's key is the one of the documentation.
    pub(super) fn has_known_key(&self) -> bool {
        matches!(self.explorer, Explorer::WithKey(_))
    }

    /// Whether the operator's paths are there.
    pub fn has_operator(&self) -> bool {
        self.served().operator.is_some()
    }

    /// The URL of this server's root where no request says another.
    pub fn root_url(&self) -> String {
        self.origin.by_default()
    }
}

/// RFC 9112 §3.2: a request of HTTP/1.1 has one `Host`, and its value is one.
fn check_host(head: &Parts) -> Result<(), Refusal> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let is_host = |value: &HeaderValue| {
        value.is_empty()
            || Authority::try_from(value.as_bytes()).is_ok_and(|of| !of.as_str().contains('@'))
    };
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (None, None) if head.version != Version::HTTP_11 => Ok(()),
        _ => Err(Refusal::new(
            errors::NOT_HTTP,
            "a request of HTTP/1.1 has one Host header, with a host and perhaps a port",
        )),
    }
}

/// A server of nothing, whose operator has a key where one is given.
#[cfg(test)]
pub(super) fn bare(operator: Option<OperatorKey>) -> Arc<App> {
    let keys = Keys::new::<String, String>([]);
    Arc::new(App::new(Setup {
        served: Served::new(Vec::new(), keys, operator),
        base_url: None,
        proxies: TrustedProxies::default(),
        listening: SocketAddr::from(([127, 0, 0, 1], 80)),
        limits: Limits::default(),
        metrics: None,
        explorer: Explorer::Off,
        cloud: None,
    }))
}

/// The paths of the server.
pub fn router(app: Arc<App>) -> Router {
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESSED_FROM));
    let mut router = Router::new()
        .route("/", get(explorer::page))
        .route("/explorer/session", get(explorer::session))
        .route("/explorer/{file}", get(explorer::asset))
        .route("/openapi.json", get(api::document))
        .route("/docs", get(api::page))
        // From where it is, so that it holds below a proxy's path, too.
        .route("/docs/", get(|| async { Redirect::permanent("../docs") }))
        .route("/docs/style.css", get(api::style))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready));
    for surface in Surface::ALL {
        // Devices have tokens, which only the cloud surface takes.
        if surface == Surface::Desktop && app.cloud.is_none() {
            continue;
        }
        let base = fhir_base_of(surface, "", "{site}");
        router = router
            .route(&base, any(fhir::handle))
            .route(&format!("{base}/"), any(fhir::handle))
            .route(&format!("{base}/{{*rest}}"), any(fhir::handle));
    }
    if app.metrics.is_some() {
        router = router.route("/metrics", get(health::metrics));
    }
    router = router
        .route("/operator/sites", get(operator::sites))
        .route(operator::METADATA, get(operator::metadata))
        .route(audit::PATH, get(audit::audit));
    for path in operator::EXPLAIN {
        router = router.route(path, get(operator::explain));
    }
    if app.cloud.is_some() {
        router = router.merge(api::router());
    }
    router
        .fallback(|| async { reply::nothing_here() })
        .method_not_allowed_fallback(|| async {
            reply::envelope(
                StatusCode::METHOD_NOT_ALLOWED,
                "the path does not take this method; the header Allow lists those that it takes",
            )
        })
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            observe::observe,
        ))
        .layer(compression)
        .layer(MapRequestLayer::new(encoding::settle))
        .with_state(app)
}
