//! What the server promises when a practice, a caller or the server itself is slow, broken or full.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pilaster::cli::{OpenLimits, open_site};
use pilaster::cursor::CursorKey;
use pilaster::explain::{HttpCall, HttpOptions};
use pilaster::fhir::Access;
use pilaster::mapping::load_files;
use pilaster::passthrough::Limits as PoolLimits;
use pilaster::passthrough::PassthroughError;
use pilaster::server::{Limits, Practice, Reply};
use pilaster::site::{Answer, ReadCall, SearchCall, Site, SiteError, SummaryCall};

use crate::support::{
    CLIENT, KEY, KEY_HEADER, OPERATOR_KEY, OTHER_KEY, SITE, Server, header, refused, send,
};
use crate::xml::refused_in_xml;

/// A practice that does what the searched `_id` says.
#[derive(Default)]
struct Moody {
    ready: AtomicBool,
    /// A slow search was given up by its caller or the server.
    cancelled: Arc<AtomicBool>,
}

struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Practice for Moody {
    fn id(&self) -> &str {
        SITE
    }

    fn resource(&self, name: &str) -> Option<&'static str> {
        (name == "Patient").then_some("Patient")
    }

    fn resources(&self) -> Vec<&'static str> {
        vec!["Patient"]
    }

    fn capabilities(&self, _: &str, _: &str, _: Access) -> Result<Vec<u8>, serde_json::Error> {
        Ok(b"{}".to_vec())
    }

    fn search(self: Arc<Self>, call: SearchCall) -> Reply<Result<Answer, SiteError>> {
        let mood = String::from_utf8(call.query).expect("text");
        Box::pin(async move {
            match mood.as_str() {
                "panic" => panic!("smith-47114711"),
                "busy" => return Err(PassthroughError::Busy.into()),
                "failed" => return Err(PassthroughError::Failed { code: 11 }.into()),
                "slow" => {
                    let _cancelled = OnDrop(Arc::clone(&self.cancelled));
                    tokio::time::sleep(Duration::from_secs(600)).await;
                }
                "a while" | "a%20while" => tokio::time::sleep(Duration::from_millis(600)).await,
                _ => {}
            }
            Ok(Answer {
                body: b"{\"resourceType\":\"Bundle\"}".to_vec(),
                ..Answer::default()
            })
        })
    }

    fn read(self: Arc<Self>, _: ReadCall) -> Reply<Result<Answer, SiteError>> {
        Box::pin(async { Err(SiteError::NoSuchResource) })
    }

    fn summary(self: Arc<Self>, _: SummaryCall) -> Reply<Result<Answer, SiteError>> {
        Box::pin(async { Err(SiteError::NoSuchResource) })
    }

    fn explain(
        self: Arc<Self>,
        call: HttpCall,
        _: HttpOptions,
    ) -> Reply<Result<serde_json::Value, SiteError>> {
        Box::pin(async move {
            if let HttpCall::Search(call) = call {
                self.search(call).await?;
            }
            Ok(serde_json::json!({}))
        })
    }

    fn is_up(&self) -> bool {
        true
    }

    fn ready(self: Arc<Self>) -> Reply<Result<(), PassthroughError>> {
        Box::pin(async move {
            if self.ready.load(Ordering::SeqCst) {
                Ok(())
            } else {
                Err(PassthroughError::Open("CannotOpen".to_owned()))
            }
        })
    }
}

fn start(limits: Limits) -> (Server, Arc<Moody>) {
    let practice = Arc::new(Moody::default());
    let server = Server::start(vec![Arc::clone(&practice) as Arc<dyn Practice>], limits);
    (server, practice)
}

/// A practice of two connections, whose Organizations take for ever and whose Patients do not.
fn slow_practice() -> (tempfile::TempDir, Arc<dyn Practice>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("slow.sqlite");
    rusqlite::Connection::open(&path)
        .expect("a database")
        .execute_batch("CREATE TABLE P (ID INTEGER PRIMARY KEY); INSERT INTO P VALUES (1);")
        .expect("a table");
    let files = [
        (
            "mapping.yaml",
            "name: Slow\nengine: sqlite\nverified: illustrative\ncollation: BINARY\n",
        ),
        (
            "patient.yaml",
            "resource: Patient\ntable: P as p\nid: p.ID\nelements: { active: true }\ntables: { P: { key: ID, columns: { ID: integer } } }\n",
        ),
        (
            "organization.yaml",
            "resource: Organization\ntable: SLOW as o\nid: o.ID\nelements: { name: $o.NAME }\ntables:\n  SLOW:\n    sql: \"SELECT i AS ID, 'x' AS NAME FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n) WHERE i < 0\"\n    key: ID\n    columns: { ID: integer, NAME: varchar(9) }\n",
        ),
    ];
    let limits = OpenLimits {
        pool: PoolLimits {
            connections: 2,
            statement: Duration::from_secs(3),
            wait: Duration::from_secs(20),
            ..PoolLimits::default()
        },
        ..OpenLimits::default()
    };
    let key = Arc::new(CursorKey::from_bytes([7; 32]));
    let (site, _) = open_site(
        SITE,
        jiff::tz::TimeZone::UTC,
        key,
        &path,
        limits,
        |options| load_files("slow", &files, options),
    )
    .expect("a site");
    let site: Arc<Site> = Arc::new(site);
    (folder, site)
}

#[test]
fn a_caller_with_slow_searches_leaves_a_connection_to_the_others() {
    let (_folder, practice) = slow_practice();
    let server = Server::start(vec![practice], Limits::default());
    let patients = |key: &str| {
        let url = format!("{}/Patient", server.base);
        send(CLIENT.get(url).header(KEY_HEADER, key)).status()
    };
    assert_eq!(patients(KEY), 200);
    std::thread::scope(|scope| {
        let slow: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| send(server.get("Organization")).status()))
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        for _ in 0..3 {
            let begun = Instant::now();
            assert_eq!(patients(OTHER_KEY), 200);
            assert!(begun.elapsed() < Duration::from_secs(1));
        }
        // The caller's own wait in turn, and are answered.
        for one in slow {
            assert_eq!(one.join().expect("an answer"), 504);
        }
    });
    assert_eq!(patients(KEY), 200);
}

fn quick() -> Limits {
    Limits {
        request: Duration::from_millis(1500),
        head: Duration::from_millis(300),
        body: Duration::from_millis(300),
        shutdown: Duration::from_secs(5),
        ..Limits::default()
    }
}

#[test]
fn a_panic_is_an_answer_that_says_nothing_of_it() {
    let (server, _) = start(quick());
    for _ in 0..3 {
        let response = send(server.get("Patient?panic"));
        let id = header(&response, "x-request-id");
        let text = refused(response, 500, "PH010");
        assert!(text.contains(&id), "{text}");
        assert!(!text.contains("47114711"), "{text}");
    }
    assert_eq!(send(server.get("Patient")).status(), 200);
}

#[test]
fn what_a_practice_reports_has_its_status() {
    let (server, _) = start(quick());
    let response = send(server.get("Patient?busy"));
    assert_eq!(header(&response, "retry-after"), "1");
    refused(response, 503, "PD002");
    let text = refused(send(server.get("Patient?failed")), 500, "PD004");
    assert!(text.contains("code 11"), "{text}");
}

#[test]
fn what_goes_wrong_is_said_in_xml_too() {
    let (server, _) = start(quick());
    for (search, status, code) in [
        ("Patient?panic", 500, "PH010"),
        ("Patient?busy", 503, "PD002"),
        ("Patient?slow", 504, "PH011"),
        // What this practice says of itself is not R4, so that there is no XML of it.
        ("metadata", 500, "PH010"),
    ] {
        let request = server.get(search).header("Accept", "application/fhir+xml");
        refused_in_xml(send(request), status, code);
    }
    let request = server
        .get("Patient")
        .header("Accept", "application/fhir+xml");
    assert_eq!(send(request).status(), 200);
}

#[test]
fn a_slow_answer_ends_and_its_work_with_it() {
    let (server, practice) = start(quick());
    refused(send(server.get("Patient?slow")), 504, "PH011");
    assert!(practice.cancelled.load(Ordering::SeqCst));
}

#[test]
fn an_explanation_has_the_same_bounds() {
    let practice = Arc::new(Moody::default());
    let sites = vec![Arc::clone(&practice) as Arc<dyn Practice>];
    let server = Server::start_with_operator(sites, quick());
    let ask = |search: &str| {
        let url = server.url(&format!("/operator/sites/{SITE}/explain/Patient?{search}"));
        let response = send(CLIENT.get(url).bearer_auth(OPERATOR_KEY));
        let (status, id) = (response.status(), header(&response, "x-request-id"));
        let text = response.text().expect("a body");
        assert!(!text.contains("47114711"), "{text}");
        if status.is_server_error() {
            assert!(text.contains(&id), "{text}");
        }
        (status.as_u16(), text)
    };
    for (search, expected, code) in [
        ("panic", 500, "PH010"),
        ("busy", 503, "PD002"),
        ("failed", 500, "PD004"),
        ("slow", 504, "PH011"),
    ] {
        let (status, text) = ask(search);
        assert_eq!(status, expected, "{search}: {text}");
        assert!(text.contains(code), "{search}: {text}");
    }
    assert!(practice.cancelled.load(Ordering::SeqCst));
    assert_eq!(ask("").0, 200);
}

#[test]
fn a_caller_that_goes_away_ends_its_work() {
    let (server, practice) = start(Limits::default());
    let mut stream = TcpStream::connect(server.address).expect("a connection");
    write!(
        stream,
        "GET /integrator/sites/{SITE}/fhir/R4/Patient?slow HTTP/1.1\r\nHost: x\r\n{KEY_HEADER}: {KEY}\r\n\r\n"
    )
    .expect("sent");
    std::thread::sleep(Duration::from_millis(200));
    assert!(!practice.cancelled.load(Ordering::SeqCst));
    drop(stream);
    let begun = Instant::now();
    while !practice.cancelled.load(Ordering::SeqCst) {
        assert!(begun.elapsed() < Duration::from_secs(10), "still at work");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_full_server_says_so() {
    let (server, _) = start(Limits {
        in_flight: 1,
        ..Limits::default()
    });
    std::thread::scope(|scope| {
        let first = scope.spawn(|| send(server.get("Patient?a%20while")).status());
        std::thread::sleep(Duration::from_millis(200));
        let response = send(server.get("Patient"));
        assert_eq!(header(&response, "retry-after"), "1");
        refused(response, 503, "PH012");
        let live = send(CLIENT.get(server.url("/health/live")));
        assert_eq!(live.status(), 200, "health has room");
        assert_eq!(first.join().expect("an answer"), 200);
    });
    assert_eq!(send(server.get("Patient")).status(), 200);
}

#[test]
fn slow_heads_idle_connections_and_slow_bodies_end() {
    let (server, _) = start(quick());
    let closes = |mut stream: TcpStream| {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a timeout");
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => String::from_utf8_lossy(&answer).into_owned(),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => String::new(),
            Err(error) => panic!("still open: {error}"),
        }
    };
    let connect = || TcpStream::connect(server.address).expect("a connection");
    let silent = connect();
    assert_eq!(closes(silent), "");
    let mut slow = connect();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n")
        .expect("sent");
    assert!(!closes(slow).contains("200"));
    let mut idle = connect();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("sent");
    assert!(closes(idle).starts_with("HTTP/1.1 200"));
    let mut body = connect();
    write!(
        body,
        "POST /integrator/sites/{SITE}/fhir/R4/Patient/_search HTTP/1.1\r\nHost: x\r\n{KEY_HEADER}: {KEY}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nabc"
    )
    .expect("sent");
    let answer = closes(body);
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("PH014"),
        "{answer}"
    );
    let mut broken = connect();
    write!(
        broken,
        "POST /integrator/sites/{SITE}/fhir/R4/Patient/_search HTTP/1.1\r\nHost: x\r\n{KEY_HEADER}: {KEY}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    )
    .expect("sent");
    let answer = closes(broken);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn connections_are_bounded() {
    let (server, _) = start(Limits {
        connections: 1,
        head: Duration::from_millis(500),
        ..Limits::default()
    });
    let held = TcpStream::connect(server.address).expect("a connection");
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    // Waits until the first, which says nothing, is closed.
    assert_eq!(send(CLIENT.get(server.url("/health/live"))).status(), 200);
    assert!(begun.elapsed() > Duration::from_millis(200));
    drop(held);
}

#[test]
fn a_server_that_stops_finishes_what_it_began() {
    let (mut server, _) = start(quick());
    let url = server.get("Patient?a%20while");
    let asked = std::thread::spawn(move || send(url).status());
    std::thread::sleep(Duration::from_millis(200));
    server.stop();
    std::thread::sleep(Duration::from_millis(100));
    let refused = TcpStream::connect(server.address);
    assert!(refused.is_err(), "no more are accepted");
    assert_eq!(asked.join().expect("an answer"), 200);
    let begun = Instant::now();
    server.join();
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_server_that_stops_does_not_wait_for_ever() {
    let (mut server, _) = start(Limits {
        shutdown: Duration::from_millis(300),
        ..Limits::default()
    });
    let url = server.get("Patient?slow");
    let asked = std::thread::spawn(move || url.send().is_err());
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    server.stop();
    server.join();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(asked.join().expect("an end"));
}

#[test]
fn a_site_whose_database_is_away_is_not_ready() {
    let (server, practice) = start(quick());
    let ready = || send(CLIENT.get(server.url("/health/ready"))).status();
    assert_eq!(ready(), 503);
    practice.ready.store(true, Ordering::SeqCst);
    assert_eq!(ready(), 503, "kept for a second");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(ready(), 200);
}
