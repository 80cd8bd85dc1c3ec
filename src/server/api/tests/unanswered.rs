//! A request that nobody waits for any more is reported on all the same; one that is answered, once.

use axum::body::Bytes;
use futures_util::stream;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::*;
use crate::explain::{HttpCall, HttpOptions};
use crate::fhir::capability::Access;
use crate::journal::tests::Log;
use crate::journal::{Cause, Entry, Filter, Interaction, What};
use crate::passthrough::PassthroughError;
use crate::server::{self, Reply};
use crate::site::{Answer as SiteAnswer, ReadCall, SearchCall, SiteError, SummaryCall};

/// Long enough for whatever is waited for here.
const LONG: Duration = Duration::from_secs(20);

/// A practice that answers a search without a text, and never one with.
#[derive(Default)]
struct Slow {
    /// It is asked.
    begun: Notify,
}

impl Practice for Slow {
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

    fn search(self: Arc<Self>, call: SearchCall) -> Reply<Result<SiteAnswer, SiteError>> {
        Box::pin(async move {
            self.begun.notify_one();
            if !call.query.is_empty() {
                std::future::pending::<()>().await;
            }
            Ok(SiteAnswer {
                body: b"{}".to_vec(),
                ..SiteAnswer::default()
            })
        })
    }

    fn read(self: Arc<Self>, _: ReadCall) -> Reply<Result<SiteAnswer, SiteError>> {
        Box::pin(async { Err(SiteError::NoSuchResource) })
    }

    fn summary(self: Arc<Self>, _: SummaryCall) -> Reply<Result<SiteAnswer, SiteError>> {
        Box::pin(async { Err(SiteError::NoSuchResource) })
    }

    fn explain(
        self: Arc<Self>,
        _: HttpCall,
        _: HttpOptions,
    ) -> Reply<Result<serde_json::Value, SiteError>> {
        Box::pin(async { Err(SiteError::NoSuchResource) })
    }

    fn is_up(&self) -> bool {
        true
    }

    fn ready(self: Arc<Self>) -> Reply<Result<(), PassthroughError>> {
        Box::pin(async { Ok(()) })
    }
}

fn patients(query: &str) -> String {
    format!("/integrator/sites/{SITE}/fhir/R4/Patient{query}")
}

impl Server {
    async fn entries(&self) -> Vec<Entry> {
        let page = self.journal.entries(Filter::default(), None).await;
        let entries = page.expect("read").entries.into_iter();
        entries.map(|recorded| recorded.entry).collect()
    }

    /// Sends a request and goes away while it waits for something.
    async fn leave(&self, request: Request<Body>) {
        let mut answered = std::pin::pin!(self.router.clone().oneshot(request));
        for _ in 0..100 {
            let polled = futures_util::poll!(answered.as_mut());
            assert!(polled.is_pending(), "it was answered");
            tokio::task::yield_now().await;
        }
    }
}

/// Lines of the log about requests.
fn lines(log: &Log) -> Vec<String> {
    let text = log.text();
    let lines = text
        .lines()
        .filter(|line| line.contains(" request request="));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_request_whose_caller_goes_away_is_reported_on() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counted = metrics::set_default_local_recorder(&recorder);
    let slow = Arc::new(Slow::default());
    let server = Server::of(Limits::default(), vec![slow]).await;
    let (log, _guard) = Log::keep();
    let body = command("hang").to_string();
    let immediate = request("POST", ANNE, &queries(SITE, "/immediate"))
        .header("content-type", "application/json")
        .body(Body::from(body));
    server.leave(immediate.expect("a request")).await;
    let search = request("GET", ANNE, &patients("?name=soughtname")).body(Body::empty());
    server.leave(search.expect("a request")).await;
    // Who is unknown is not in the journal.
    let unknown = request("POST", "no-key", &queries(SITE, "/async")).body(Body::empty());
    let unknown = server.router.clone().oneshot(unknown.expect("a request"));
    assert_eq!(unknown.await.expect("answered").status(), 401);

    let entries = server.entries().await;
    let whats: Vec<What> = entries.iter().map(|entry| entry.what).collect();
    let fhir = What::Fhir {
        interaction: Interaction::SearchType,
        resource: crate::fhir::resource_type("Patient"),
    };
    assert_eq!(whats, [What::Immediate, fhir]);
    for entry in &entries {
        assert_eq!(entry.status, None);
        assert_eq!(entry.error, Some(Cause::ConnectionEnded));
        assert_eq!(entry.site, Some(id(SITE)));
        assert!(entry.caller.integrator.is_some() && entry.request.is_some());
        assert!(entry.trace.is_some() && entry.durations.whole.is_some());
    }
    let lines = lines(&log);
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, (interaction, entry)) in lines
        .iter()
        .zip(["sql-immediate", "search-type"].into_iter().zip(&entries))
    {
        let id = entry.request.expect("an id");
        for part in [
            format!("request={id}"),
            format!("site={SITE}"),
            format!("interaction=\"{interaction}\""),
            "unanswered=true".to_owned(),
        ] {
            assert!(line.contains(&part), "{part}\n{line}");
        }
        assert!(!line.contains("status="), "{line}");
        assert!(!line.contains("soughtname"), "{line}");
    }
    let text = recorder.handle().render();
    for line in [
        r#"pilaster_requests_total{interaction="sql-immediate",resource="",status="none"} 1"#,
        r#"pilaster_requests_total{interaction="search-type",resource="Patient",status="none"} 1"#,
        r#"pilaster_requests_total{interaction="sql-async",resource="",status="401"} 1"#,
        "pilaster_requests_in_flight 0",
    ] {
        assert!(text.lines().any(|is| is == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_socket_that_closes_is_seen_and_one_that_waits_is_answered() {
    let slow = Arc::new(Slow::default());
    let server = Server::of(Limits::default(), vec![Arc::clone(&slow) as _]).await;
    let (log, _guard) = Log::keep();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let stop = std::future::pending();
    let serving = tokio::spawn(server::serve(listener, Arc::clone(&server.app), stop));
    let ask = async |query: &str| {
        let mut socket = TcpStream::connect(address).await.expect("connected");
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: {address}\r\nOcp-Apim-Subscription-Key: {ANNE}\r\nConnection: close\r\n\r\n",
            patients(query)
        );
        socket.write_all(head.as_bytes()).await.expect("sent");
        let begun = tokio::time::timeout(LONG, slow.begun.notified()).await;
        begun.expect("it is asked");
        socket
    };
    drop(ask("?name=a").await);
    let noted = async {
        while lines(&log).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let noted = tokio::time::timeout(LONG, noted).await;
    noted.expect("it is seen that the caller went away");
    let [left] = &server.entries().await[..] else {
        panic!("one request, one entry");
    };
    assert_eq!(left.status, None);
    assert_eq!(left.error, Some(Cause::ConnectionEnded));
    assert_eq!(left.caller.address, Some(address.ip()));

    let mut socket = ask("").await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(LONG, socket.read_to_end(&mut answer)).await;
    read.expect("in time").expect("read");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    let entries = server.entries().await;
    let statuses: Vec<_> = entries.iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [None, Some(200)]);
    assert_eq!(entries[1].error, None);
    assert_eq!(lines(&log).len(), 2);
    serving.abort();
}

#[tokio::test]
async fn a_request_that_takes_too_long_has_its_one_entry() {
    let limits = Limits {
        // Long enough for whoever asks to be known before, on a machine that is busy.
        request: Duration::from_millis(500),
        ..Limits::default()
    };
    let server = Server::of(limits, vec![Arc::new(Slow::default())]).await;
    let (log, _guard) = Log::keep();
    let search = request("GET", ANNE, &patients("?name=a")).body(Body::empty());
    let endless = stream::pending::<Result<Bytes, std::io::Error>>();
    let submit = request("POST", ANNE, &queries(SITE, "/async"))
        .header("content-type", "application/json")
        .body(Body::from_stream(endless));
    for slow in [search, submit] {
        let answered = server.router.clone().oneshot(slow.expect("a request"));
        assert_eq!(answered.await.expect("answered").status(), 504);
    }
    let entries = server.entries().await;
    let whats: Vec<_> = entries
        .iter()
        .map(|entry| entry.what.kind().name())
        .collect();
    assert_eq!(whats, ["fhir", "asyncSubmit"]);
    for entry in entries {
        assert_eq!(entry.status, Some(504));
        assert_eq!(entry.error, Some(Cause::from(&crate::errors::TOO_SLOW)));
    }
    assert_eq!(lines(&log).len(), 2);
}

#[tokio::test]
async fn who_is_refused_for_asking_too_often_does_not_fill_the_journal() {
    let server = Server::start().await;
    let (log, _guard) = Log::keep();
    let path = queries(SITE, "/immediate");
    for _ in 0..20 {
        server.post_text(ANNE, &path, "{}").await;
    }
    let entries = server.entries().await;
    assert!(entries.iter().all(|entry| entry.status == Some(400)));
    assert_eq!(entries.len(), 15);
    assert_eq!(lines(&log).len(), 20);
}
