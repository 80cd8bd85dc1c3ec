//! The paths as a caller meets them: over a gateway whose practice answers as its commands say.

mod document;
mod isolation;
mod paths;
mod practice;
mod refusals;
mod unanswered;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::Cloud;
use crate::gateway::caller::key_hash;
use crate::gateway::id::{IntegratorId, KeyId, SiteId};
use crate::gateway::integrator::{AddressRange, Environment, Integrator, Key, Pairing};
use crate::gateway::moment::Moment;
use crate::gateway::service::{Gateway, Settings};
use crate::gateway::token::Tokens;
use crate::journal::{Journal, Retention};
use crate::server::app::{App, Limits, Served, Setup, router};
use crate::server::{Explorer, Keys, Peer, Practice, TrustedProxies};
use crate::store::seal::SealKey;
use crate::store::sqlite::SqliteStore;
use crate::store::{Change, Store};

/// Who asks, by the key.
pub const ANNE: &str = "key-of-anne";
pub const BERT: &str = "key-of-bert";
/// Of the configuration file: good for every site.
pub const FILE: &str = "key-of-the-file";
/// Anne's, in the other environment.
pub const STAGING: &str = "staging-key-of-anne";
/// Good from one network alone.
pub const BOUND: &str = "key-with-addresses";

/// Paired with Anne and Bert.
pub const SITE: &str = "00000000-0000-4000-8000-000000000001";
/// Paired with Bert.
pub const BERTS: &str = "00000000-0000-4000-8000-000000000002";
/// Paired with nobody.
pub const LONELY: &str = "00000000-0000-4000-8000-000000000003";
/// Anne's; a copy of the first one's database.
pub const COPY: &str = "00000000-0000-4000-8000-000000000004";
/// Anne's; it takes no commands.
pub const CLOSED: &str = "00000000-0000-4000-8000-000000000005";
/// Anne's; it is away.
pub const AWAY: &str = "00000000-0000-4000-8000-000000000006";

/// A server without a socket.
pub struct Server {
    router: Router,
    app: Arc<App>,
    journal: Arc<Journal>,
    _folder: TempDir,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&self.body));
        })
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("text"))
    }

    /// The envelope's message, where it is one and says the status.
    pub fn message(&self) -> String {
        let json = self.json();
        let error = json["error"].as_object().expect("an envelope");
        let names: Vec<&str> = error.keys().map(String::as_str).collect();
        assert_eq!(names, ["status", "statusText", "message"]);
        assert_eq!(error["status"], self.status.as_u16());
        assert_eq!(
            error["statusText"],
            self.status.canonical_reason().unwrap_or_default()
        );
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("cache-control"), "no-store");
        error["message"].as_str().expect("a message").to_owned()
    }
}

impl Server {
    pub async fn start() -> Server {
        Server::within(Limits::default()).await
    }

    pub async fn within(limits: Limits) -> Server {
        Server::of(limits, Vec::new()).await
    }

    /// With practices that answer FHIR.
    pub async fn of(limits: Limits, sites: Vec<Arc<dyn Practice>>) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(folder.path(), SealKey::from_bytes([7; 32]));
        let store: Arc<dyn Store> = Arc::new(store.expect("a store"));
        fill(&*store).await;
        let journal = Journal::serving(folder.path(), Retention::default());
        let journal = Arc::new(journal.expect("a journal"));
        let gateway = Gateway::start(store, Arc::clone(&journal), Settings::default()).await;
        let gateway = gateway.expect("a gateway");
        gateway.serve(practice::all());
        let app = App::new(Setup {
            served: Served::new(sites, Keys::new([("file", FILE)]), None),
            base_url: None,
            proxies: TrustedProxies::default(),
            listening: ([127, 0, 0, 1], 8080).into(),
            limits,
            metrics: None,
            explorer: Explorer::Off,
            cloud: Some(Cloud {
                gateway,
                tokens: Tokens::new([9; 32], Duration::from_secs(600)),
            }),
        });
        app.keep_journal(Arc::clone(&journal));
        let app = Arc::new(app);
        Server {
            router: router(Arc::clone(&app)),
            app,
            journal,
            _folder: folder,
        }
    }

    /// Sends a request; what comes back is as the OpenAPI document says.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let peer = Peer(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));
        request.extensions_mut().insert(peer);
        let response = self.router.clone().oneshot(request).await;
        let (parts, body) = response.expect("infallible").into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.expect("a body").to_vec(),
        };
        document::check(&method, &path, &answer);
        answer
    }

    pub async fn get(&self, key: &str, path: &str) -> Answer {
        self.send(
            request("GET", key, path)
                .body(Body::empty())
                .expect("a request"),
        )
        .await
    }

    pub async fn delete(&self, key: &str, path: &str) -> Answer {
        self.send(
            request("DELETE", key, path)
                .body(Body::empty())
                .expect("a request"),
        )
        .await
    }

    pub async fn post(&self, key: &str, path: &str, body: &Value) -> Answer {
        self.post_text(key, path, body.to_string()).await
    }

    pub async fn post_text(&self, key: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = request("POST", key, path).header("content-type", "application/json");
        self.send(request.body(body.into()).expect("a request"))
            .await
    }

    /// Sends an async command, and waits for its end.
    pub async fn ended(&self, key: &str, site: &str, text: &str) -> Value {
        let sent = self
            .post(key, &queries(site, "/async"), &command(text))
            .await;
        assert_eq!(sent.status, 201, "{}", String::from_utf8_lossy(&sent.body));
        let id = sent.json()["id"].as_str().expect("an id").to_owned();
        loop {
            let query = self
                .get(key, &queries(site, &format!("/{id}")))
                .await
                .json();
            if query.get("completedAt").is_some() {
                return query;
            }
            tokio::task::yield_now().await;
        }
    }
}

pub fn request(method: &str, key: &str, path: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("host", "127.0.0.1:8080");
    match key {
        "" => request,
        key => request.header("Ocp-Apim-Subscription-Key", key),
    }
}

/// A path of a site's queries.
pub fn queries(site: &str, rest: &str) -> String {
    format!("/integrator/sites/{site}/queries{rest}")
}

pub fn command(text: &str) -> Value {
    json!({"command": {"text": text}})
}

pub fn id(text: &str) -> SiteId {
    text.parse().expect("a GUID")
}

async fn fill(store: &dyn Store) {
    let now = Moment::now();
    let anne = IntegratorId::generate();
    let bert = IntegratorId::generate();
    let bound = IntegratorId::generate();
    let range: AddressRange = "198.51.100.0/24".parse().expect("a range");
    for (id, name, addresses) in [
        (anne, "Anne", vec![]),
        (bert, "Bert", vec![]),
        (bound, "Bound", vec![range]),
    ] {
        let integrator = Integrator {
            id,
            name: name.to_owned(),
            created_at: now,
            rate: None,
            addresses,
            disabled: false,
        };
        store
            .change(Change::AddIntegrator(integrator))
            .await
            .expect("added");
    }
    for (integrator, key, environment) in [
        (anne, ANNE, Environment::Production),
        (anne, STAGING, Environment::Staging),
        (bert, BERT, Environment::Production),
        (bound, BOUND, Environment::Production),
    ] {
        let key = Key {
            id: KeyId::generate(),
            integrator,
            environment,
            hash: key_hash(key.as_bytes()),
            ends: String::new(),
            created_at: now,
            expires_at: None,
            revoked_at: None,
        };
        store.change(Change::AddKey(key)).await.expect("added");
    }
    for (integrator, site) in [
        (anne, SITE),
        (bert, SITE),
        (bert, BERTS),
        (anne, COPY),
        (anne, CLOSED),
        (anne, AWAY),
    ] {
        let pairing = Pairing {
            integrator,
            environment: Environment::Production,
            site: id(site),
            enabled: true,
            changed_at: now,
        };
        store
            .change(Change::SetPairing(pairing))
            .await
            .expect("paired");
    }
}
