//! Messages on their way: a store in memory ([`kept`]), and real receivers on this computer ([`hook`]).

mod hook;
mod kept;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use self::hook::{Hook, answer, with_header};
use self::kept::Kept;
use super::retry::Schedule;
use super::sign::{ID, SIGNATURE, TIMESTAMP, TRACE, signature};
use super::worker::{Options, Sender, TargetOf};
use super::*;
use crate::gateway::integrator::WebhookTarget;
use crate::secret::Secret;
use crate::store::Store;

const SECRET: &str = "whsec_a secret";
/// What takes longer has gone wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// A message of an integrator's that has no other.
pub(super) fn delivery() -> Delivery {
    let now = Moment::now();
    Delivery {
        id: DeliveryId::generate(),
        integrator: IntegratorId::generate(),
        environment: Environment::Production,
        site: SiteId::generate(),
        query: QueryId::generate(),
        source: Source::Async,
        occurred_at: now,
        status: DeliveryStatus::Pending,
        attempts: 0,
        next_at: now,
        last_status: None,
        last_problem: None,
        finished_at: None,
        trace: None,
    }
}

/// Everyone's messages go to one URL.
fn all_to(url: String) -> TargetOf {
    Arc::new(move |integrator, environment| {
        Some(WebhookTarget {
            integrator,
            environment,
            url: url.clone(),
            secret: Secret::new(SECRET),
            disabled: false,
        })
    })
}

/// Pauses of no length to speak of, and addresses of this computer.
fn options() -> Options {
    Options {
        allow_private: true,
        timeout: PATIENCE / 2,
        schedule: Schedule {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(4),
            tries: 10,
        },
        pause: Duration::from_millis(16),
        ..Options::default()
    }
}

/// A sender at work, until it is told to stop.
struct Running {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    wake: Arc<Notify>,
}

impl Running {
    fn start(sender: Sender) -> Running {
        let wake = Arc::new(Notify::new());
        let (stop, stopped) = oneshot::channel();
        let woken = Arc::clone(&wake);
        let task = tokio::spawn(sender.run(woken, async {
            let _ = stopped.await;
        }));
        Running { task, stop, wake }
    }

    async fn stop(self) {
        self.stop.send(()).expect("it is at work");
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended.expect("it ends").expect("no panic");
    }
}

fn run(store: &Arc<Kept>, target_of: TargetOf, options: Options) -> Running {
    let store = Arc::clone(store) as Arc<dyn Store>;
    Running::start(Sender::new(store, target_of, options).expect("a client"))
}

#[tokio::test]
async fn a_message_says_what_it_is_about_and_is_signed() {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let store = Kept::new([Delivery {
        trace: Some(trace.to_owned()),
        ..delivery()
    }]);
    let told = store.one();
    let hook = Hook::open([answer(200)]).await;
    let kept = Arc::clone(&store) as Arc<dyn Store>;
    let url = hook.url("/told/{siteId}?query={queryId}&of={source}");
    let sender = Sender::new(kept, all_to(url), options()).expect("a client");
    let began = Moment::now();
    let running = Running::start(sender);
    store.until_all(DeliveryStatus::Delivered).await;
    running.stop().await;

    let came = hook.came.lock().expect("no panic");
    let [came] = came.as_slice() else {
        panic!("it came {} times", came.len());
    };
    assert_eq!(
        came.path,
        format!("/told/{}?query={}&of=async", told.site, told.query)
    );
    let expected = format!(
        r#"{{"id":"{}","occurredAt":"{}","siteId":"{}","queryId":"{}","webhookSource":"async"}}"#,
        told.id, told.occurred_at, told.site, told.query
    );
    assert_eq!(came.body, expected);
    assert_eq!(came.header(ID), told.id.to_string());
    assert_eq!(came.header("content-type"), "application/json");
    assert_eq!(came.header(TRACE), trace);
    let timestamp = came.header(TIMESTAMP);
    let at: Moment = serde_json::from_value(timestamp.into()).expect("a moment");
    assert!(began <= at && at <= Moment::now());
    let signed = signature(&Secret::new(SECRET), &came.body, timestamp);
    assert_eq!(came.header(SIGNATURE), signed);
    let kept = store.one();
    assert_eq!((kept.attempts, kept.last_status), (1, Some(200)));
    assert!(kept.finished_at.is_some());
}

#[tokio::test]
async fn messages_go_in_the_order_in_which_they_are_due() {
    let integrator = IntegratorId::generate();
    let store = Kept::new((0..40).map(|_| Delivery {
        integrator,
        ..delivery()
    }));
    let expected: Vec<_> = store
        .lock()
        .iter()
        .map(|told| told.id.to_string())
        .collect();
    let hook = Hook::open([]).await;
    let one_by_one = Options {
        per_receiver: 1,
        ..options()
    };
    let running = run(&store, all_to(hook.url("/")), one_by_one);
    store.until_all(DeliveryStatus::Delivered).await;
    running.stop().await;
    assert_eq!(hook.ids(), expected);
}

#[tokio::test]
async fn it_is_sent_again_until_it_is_taken() {
    let store = Kept::new([delivery()]);
    let id = store.one().id.to_string();
    let hook = Hook::open([500, 503, 408, 429, 599].map(answer)).await;
    let running = run(&store, all_to(hook.url("/")), options());
    store.until_all(DeliveryStatus::Delivered).await;
    running.stop().await;
    assert_eq!(hook.ids(), vec![id; 6], "the same id each time");
    let kept = store.one();
    assert_eq!((kept.attempts, kept.last_status), (6, Some(204)));
    for came in hook.came.lock().expect("no panic").iter() {
        let signed = signature(&Secret::new(SECRET), &came.body, came.header(TIMESTAMP));
        assert_eq!(came.header(SIGNATURE), signed);
    }
}

#[tokio::test]
async fn ten_attempts_are_enough() {
    let store = Kept::new([delivery()]);
    let hook = Hook::open((0..20).map(|_| answer(500))).await;
    let running = run(&store, all_to(hook.url("/")), options());
    store.until_all(DeliveryStatus::Failed).await;
    running.stop().await;
    assert_eq!(hook.count(), 10);
    let kept = store.one();
    assert_eq!((kept.attempts, kept.last_status), (10, Some(500)));
}

#[tokio::test]
async fn a_receiver_that_wants_none_gets_it_once() {
    for status in [301, 400, 401, 404, 410, 422] {
        let store = Kept::new([delivery()]);
        let hook = Hook::open([answer(status)]).await;
        let running = run(&store, all_to(hook.url("/")), options());
        store.until_all(DeliveryStatus::Failed).await;
        running.stop().await;
        assert_eq!((hook.count(), store.one().last_status), (1, Some(status)));
    }
}

#[tokio::test]
async fn a_receiver_is_left_alone_for_as_long_as_it_says() {
    let store = Kept::new([delivery()]);
    let hook = Hook::open([with_header(429, "retry-after", "1800")]).await;
    let patient = Options {
        schedule: Schedule::default(),
        ..options()
    };
    let began = Moment::now();
    let running = run(&store, all_to(hook.url("/")), patient);
    store.until(|all| all[0].last_status == Some(429)).await;
    running.stop().await;
    let kept = store.one();
    assert_eq!(kept.status, DeliveryStatus::Pending);
    assert!(kept.next_at >= began.plus(Duration::from_secs(1800)));
    assert!(kept.next_at <= Moment::now().plus(Duration::from_secs(1800)));
}

#[tokio::test]
async fn a_redirection_leads_nowhere() {
    let inside = Hook::open([]).await;
    for status in [301, 302, 303, 307, 308] {
        let store = Kept::new([delivery()]);
        let there = inside.url("/secret");
        let hook = Hook::open([with_header(status, "location", &there)]).await;
        let running = run(&store, all_to(hook.url("/")), options());
        store.until_all(DeliveryStatus::Failed).await;
        running.stop().await;
        assert_eq!(store.one().last_status, Some(status));
    }
    assert_eq!(inside.count(), 0);
}

/// Names that have this computer's address, whatever they are.
struct Rebound;

impl Resolve for Rebound {
    fn resolve(&self, _: Name) -> Resolving {
        let here = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        Box::pin(async move { Ok(Box::new(std::iter::once(here)) as Addrs) })
    }
}

#[tokio::test]
async fn a_public_name_with_a_private_address_is_not_called() {
    let inside = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = inside.local_addr().expect("an address").port();
    let run = |store: &Arc<Kept>, allow_private| {
        let store = Arc::clone(store) as Arc<dyn Store>;
        let options = Options {
            allow_private,
            schedule: Schedule {
                tries: 2,
                ..options().schedule
            },
            ..options()
        };
        let url = format!("https://hook.example:{port}/");
        let sender = Sender::with_names(store, all_to(url), options, Arc::new(Rebound));
        Running::start(sender.expect("a client"))
    };
    let store = Kept::new([delivery()]);
    let running = run(&store, false);
    let connected = tokio::select! {
        _ = inside.accept() => true,
        () = store.until_all(DeliveryStatus::Failed) => false,
    };
    assert!(!connected, "nothing comes to a private address");
    let kept = store.one();
    let problem = "its host has a private address, which is not called";
    assert_eq!(
        (kept.attempts, kept.last_problem.as_deref()),
        (2, Some(problem))
    );
    running.stop().await;
    // Where it is allowed, the same comes there: the guard alone was in the way.
    let store = Kept::new([delivery()]);
    let running = run(&store, true);
    let came = tokio::time::timeout(PATIENCE, inside.accept()).await;
    drop(came.expect("in time").expect("a connection"));
    store.until(|all| all[0].last_problem.is_some()).await;
    drop(inside);
    running.stop().await;
}

#[tokio::test]
async fn an_address_that_was_allowed_is_not_called_any_more() {
    for (url, problem) in [
        (
            "https://127.0.0.1/",
            "the webhook's URL is none that may be called",
        ),
        (
            "https://[::ffff:10.0.0.1]/",
            "the webhook's URL is none that may be called",
        ),
        (
            "http://hook.example/",
            "the webhook's URL is none that may be called",
        ),
    ] {
        let store = Kept::new([delivery()]);
        let strict = Options {
            allow_private: false,
            ..options()
        };
        let running = run(&store, all_to(url.to_owned()), strict);
        store.until_all(DeliveryStatus::Failed).await;
        running.stop().await;
        assert_eq!(store.one().last_problem.as_deref(), Some(problem), "{url}");
    }
}

/// Also where a socket to one is still open from the time before.
#[tokio::test]
async fn private_addresses_are_called_no_more_from_the_next_message_on() {
    let store = Kept::new([delivery()]);
    let hook = Hook::open([]).await;
    let kept = Arc::clone(&store) as Arc<dyn Store>;
    let sender = Sender::new(kept, all_to(hook.url("/")), options()).expect("a client");
    let allowed = sender.allow_private();
    let running = Running::start(sender);
    store.until_all(DeliveryStatus::Delivered).await;
    allowed.store(false, Ordering::Relaxed);
    store.lock().push(delivery());
    running.wake.notify_one();
    store
        .until(|all| all[1].status == DeliveryStatus::Failed)
        .await;
    assert_eq!(hook.count(), 1);
    // And again where they are allowed again.
    allowed.store(true, Ordering::Relaxed);
    store.lock().push(delivery());
    running.wake.notify_one();
    store
        .until(|all| all[2].status == DeliveryStatus::Delivered)
        .await;
    assert_eq!(hook.count(), 2);
    running.stop().await;
}

#[tokio::test]
async fn a_slow_receiver_holds_nobody_up() {
    let [slow, quick] = [0; 2].map(|_| IntegratorId::generate());
    // More to the slow one than is held at once, and before all others.
    let of = |integrator, count| {
        (0..count).map(move |_| Delivery {
            integrator,
            ..delivery()
        })
    };
    let store = Kept::new(of(slow, 300).chain(of(quick, 50)));
    let stuck = Hook::closed().await;
    let hook = Hook::open([]).await;
    let [to_stuck, to_hook] = [stuck.url("/"), hook.url("/")].map(all_to);
    let target_of: TargetOf = Arc::new(move |integrator, environment| match integrator == slow {
        true => to_stuck(integrator, environment),
        false => to_hook(integrator, environment),
    });
    let running = run(&store, target_of, options());
    let is_told = |delivery: &Delivery| delivery.status == DeliveryStatus::Delivered;
    store
        .until(|all| all.iter().filter(|told| is_told(told)).count() == 50)
        .await;
    assert_eq!(hook.count(), 50);
    // As many at once as may be, and no more.
    stuck.until(4).await;
    assert_eq!(stuck.count(), 4);
    let gate = stuck.gate.as_ref().expect("a gate");
    gate.add_permits(1000);
    store.until_all(DeliveryStatus::Delivered).await;
    running.stop().await;
    assert_eq!(stuck.count(), 300);
    assert!(store.lock().iter().all(|told| told.attempts == 1));
}

#[tokio::test]
async fn who_does_not_answer_is_asked_again() {
    let store = Kept::new([delivery()]);
    let hook = Hook::closed().await;
    let hasty = Options {
        timeout: Duration::from_millis(50),
        schedule: Schedule {
            tries: 2,
            ..options().schedule
        },
        ..options()
    };
    let running = run(&store, all_to(hook.url("/")), hasty.clone());
    store.until_all(DeliveryStatus::Failed).await;
    running.stop().await;
    assert_eq!(hook.count(), 2);
    assert_eq!(store.one().last_problem.as_deref(), Some("timed out"));
    // And where nobody is.
    let nowhere = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", nowhere.local_addr().expect("an address"));
    drop(nowhere);
    let store = Kept::new([delivery()]);
    let running = run(
        &store,
        all_to(url),
        Options {
            timeout: PATIENCE / 2,
            ..hasty
        },
    );
    store.until_all(DeliveryStatus::Failed).await;
    running.stop().await;
    let kept = store.one();
    assert_eq!(
        (kept.attempts, kept.last_problem.as_deref()),
        (2, Some("no connection"))
    );
}

#[tokio::test]
async fn an_answer_without_end_is_an_answer() {
    let store = Kept::new([delivery()]);
    let zeros =
        futures_util::stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[0; 4096])));
    let endless = Response::new(Body::from_stream(zeros));
    let hook = Hook::open([endless]).await;
    let running = run(&store, all_to(hook.url("/")), options());
    store.until_all(DeliveryStatus::Delivered).await;
    running.stop().await;
    assert_eq!((hook.count(), store.one().last_status), (1, Some(200)));
}

#[tokio::test]
async fn what_a_crash_cuts_off_is_sent_again_with_the_same_id() {
    let store = Kept::new([delivery()]);
    let id = store.one().id.to_string();
    let hook = Hook::closed().await;
    let crashing = run(&store, all_to(hook.url("/")), options());
    hook.until(1).await;
    crashing.task.abort();
    assert!(crashing.task.await.expect_err("cut off").is_cancelled());
    let kept = store.one();
    assert_eq!((kept.attempts, kept.status), (1, DeliveryStatus::Pending));
    assert!(kept.next_at > Moment::now(), "it was taken up for a time");
    // That time passes.
    store.lock()[0].next_at = Moment::now();
    let gate = hook.gate.as_ref().expect("a gate");
    gate.add_permits(2);
    let running = run(&store, all_to(hook.url("/")), options());
    store.until_all(DeliveryStatus::Delivered).await;
    running.stop().await;
    assert_eq!(hook.ids(), vec![id; 2]);
    assert_eq!(store.one().attempts, 2);
}

#[tokio::test]
async fn without_a_webhook_it_has_failed() {
    let removed: TargetOf = Arc::new(|_, _| None);
    let store = Kept::new([delivery()]);
    let running = run(&store, removed, options());
    store.until_all(DeliveryStatus::Failed).await;
    running.stop().await;
    let kept = store.one();
    assert_eq!(kept.last_problem.as_deref(), Some("no webhook is set"));
}

#[tokio::test]
async fn what_was_taken_up_for_a_webhook_that_is_disabled_is_put_back() {
    let hook = Hook::open([]).await;
    let to_hook = all_to(hook.url("/"));
    let is_disabled = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&is_disabled);
    let target_of: TargetOf = Arc::new(move |integrator, environment| {
        let target = to_hook(integrator, environment)?;
        Some(WebhookTarget {
            disabled: seen.load(Ordering::SeqCst),
            ..target
        })
    });
    let store = Kept::new([delivery()]);
    let id = store.one().id.to_string();
    let running = run(&store, target_of, options());
    store
        .until(|_| *store.put_back.lock().expect("no panic") > 0)
        .await;
    let kept = store.one();
    assert_eq!((kept.status, hook.count()), (DeliveryStatus::Pending, 0));
    assert_eq!((kept.attempts, kept.last_problem), (0, None));
    is_disabled.store(false, Ordering::SeqCst);
    store.until_all(DeliveryStatus::Delivered).await;
    running.stop().await;
    assert_eq!((hook.ids(), store.one().attempts), (vec![id], 1));
}

#[tokio::test]
async fn a_store_that_fails_for_a_while_loses_nothing() {
    let store = Kept::new((0..10).map(|_| delivery()));
    *store.failures.lock().expect("no panic") = 5;
    let hook = Hook::closed().await;
    let running = run(&store, all_to(hook.url("/")), options());
    hook.until(10).await;
    // Now it cannot be kept that they were sent.
    *store.failures.lock().expect("no panic") = 25;
    hook.gate.as_ref().expect("a gate").add_permits(10);
    store.until_all(DeliveryStatus::Delivered).await;
    assert_eq!(hook.count(), 10, "none was sent twice");
    // And what comes later is found as soon as it is told of.
    store.lock().push(delivery());
    hook.gate.as_ref().expect("a gate").add_permits(1);
    running.wake.notify_one();
    store.until_all(DeliveryStatus::Delivered).await;
    running.stop().await;
}
