//! A server in this process, and what is said to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;

use pilaster::cli::{OpenLimits, open_site};
use pilaster::cursor::CursorKey;
use pilaster::demo;
use pilaster::mapping::{embedded, load_files};
use pilaster::server::{
    self, App, Explorer, Keys, Limits, OperatorKey, Practice, Served, Setup, fhir_base,
};
use pilaster::site::Site;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub const SITE: &str = "00000000-0000-4000-8000-000000000001";
pub const KEY: &str = "key-of-the-tests";
pub const KEY_HEADER: &str = "Ocp-Apim-Subscription-Key";
/// Another caller's.
pub const OTHER_KEY: &str = "another-key";

/// The operator's, where a test gives one.
pub const OPERATOR_KEY: &str = "operator-key-of-the-tests";

pub static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    Client::builder()
        .no_proxy()
        .build()
        .expect("an HTTP client")
});

/// A practice of a few patients, shared by all tests.
pub static DEMO: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("demo.sqlite");
    let mut database = rusqlite::Connection::open(&path).expect("a database");
    let options = demo::Options {
        patients: 300,
        seed: 1,
        today: jiff::civil::date(2026, 3, 2),
    };
    demo::create(&mut database, &options, &mut |_, _| {}).expect("a practice");
    (folder, path)
});

/// A server over [`DEMO`], shared by the tests that change nothing.
pub static SERVER: LazyLock<Server> =
    LazyLock::new(|| Server::start(vec![demo_site()], Limits::default()));

pub fn demo_site() -> Arc<dyn Practice> {
    let (site, _) = open_site(
        SITE,
        jiff::tz::TimeZone::get("Australia/Brisbane").expect("a zone"),
        Arc::new(CursorKey::from_bytes([7; 32])),
        &DEMO.1,
        OpenLimits::default(),
        |options| load_files(embedded::ID, embedded::FILES, options),
    )
    .expect("a site");
    let site: Arc<Site> = Arc::new(site);
    site
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    /// The FHIR base of [`SITE`].
    pub base: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts on a free port, in a thread of its own.
    pub fn start(sites: Vec<Arc<dyn Practice>>, limits: Limits) -> Server {
        Server::start_with(sites, limits, None)
    }

    /// Starts with the paths of the operator.
    pub fn start_with_operator(sites: Vec<Arc<dyn Practice>>, limits: Limits) -> Server {
        let key = OperatorKey::new(OPERATOR_KEY).expect("a key");
        Server::start_as(sites, limits, None, Some(key))
    }

    pub fn start_with(
        sites: Vec<Arc<dyn Practice>>,
        limits: Limits,
        base_url: Option<&str>,
    ) -> Server {
        Server::start_as(sites, limits, base_url, None)
    }

    /// Starts with the explorer, and the operator's key that it may be handed.
    pub fn start_with_explorer(explorer: Explorer, base_url: Option<&str>) -> Server {
        let key = OperatorKey::new(OPERATOR_KEY).expect("a key");
        let sites = vec![demo_site()];
        Server::start_so(sites, Limits::default(), base_url, Some(key), explorer)
    }

    fn start_as(
        sites: Vec<Arc<dyn Practice>>,
        limits: Limits,
        base_url: Option<&str>,
        operator: Option<OperatorKey>,
    ) -> Server {
        Server::start_so(sites, limits, base_url, operator, Explorer::Off)
    }

    fn start_so(
        sites: Vec<Arc<dyn Practice>>,
        limits: Limits,
        base_url: Option<&str>,
        operator: Option<OperatorKey>,
        explorer: Explorer,
    ) -> Server {
        let base_url = base_url.map(|url| url.parse().expect("a base URL"));
        let (stop, stopped) = oneshot::channel();
        let (started, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let listening = listener.local_addr().expect("an address");
                let app = App::new(Setup {
                    served: Served::new(
                        sites,
                        Keys::new([("tests", KEY), ("other", OTHER_KEY)]),
                        operator,
                    ),
                    base_url,
                    proxies: server::TrustedProxies::default(),
                    listening,
                    limits,
                    metrics: Some(server::install_metrics().expect("metrics")),
                    explorer,
                    cloud: None,
                });
                started.send(listening).expect("the test waits");
                server::serve(listener, Arc::new(app), async {
                    let _ = stopped.await;
                })
                .await;
            });
        });
        let address = address.recv().expect("the server starts");
        Server {
            address,
            base: fhir_base(&format!("http://{address}"), SITE),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Tells the server to stop, without waiting for it.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until a stopped server has ended.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }

    /// A URL outside the FHIR base.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A GET under the FHIR base with the key.
    pub fn get(&self, path: &str) -> RequestBuilder {
        CLIENT
            .get(format!("{}/{path}", self.base))
            .header(KEY_HEADER, KEY)
    }

    /// A POST of a form to `_search` with the key.
    pub fn search(
        &self,
        resource: &str,
        form: impl Into<reqwest::blocking::Body>,
    ) -> RequestBuilder {
        CLIENT
            .post(format!("{}/{resource}/_search", self.base))
            .header(KEY_HEADER, KEY)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        self.join();
    }
}

pub fn send(request: RequestBuilder) -> Response {
    request.send().expect("an answer")
}

/// A header's text; empty where it is absent.
pub fn header(response: &Response, name: &str) -> String {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("text").to_owned())
        .unwrap_or_default()
}

/// The JSON of an answer that must be 200.
pub fn json(request: RequestBuilder) -> Value {
    let response = send(request);
    let status = response.status();
    let text = response.text().expect("a body");
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

/// Asserts that an answer is an OperationOutcome of one error, and gives its text and what to do.
#[track_caller]
pub fn refused(response: Response, status: u16, code: &str) -> String {
    assert_eq!(response.status(), status);
    assert_eq!(
        header(&response, "content-type"),
        "application/fhir+json; charset=utf-8"
    );
    assert_eq!(header(&response, "cache-control"), "no-store");
    assert!(header(&response, "server-timing").contains("total;dur="));
    let outcome: Value = response.json().expect("JSON");
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    let issues = outcome["issue"].as_array().expect("issues");
    assert_eq!(issues.len(), 1);
    let issue = &issues[0];
    assert_eq!(issue["severity"], "error");
    assert!(issue["code"].is_string());
    assert_eq!(issue["details"]["coding"][0]["code"], code);
    let text = issue["details"]["text"].as_str().expect("a text");
    let remedy = issue["diagnostics"].as_str().expect("a remedy");
    format!("{text} | {remedy} | {}", issue["expression"])
}
