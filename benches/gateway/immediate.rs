//! Immediate queries a second, over HTTP with keep-alive, from callers that each wait for their answer and ask again.
//!
//! The references: the bare driver behind the barest HTTP server that an engineer would write by hand (axum, four connections,
//! the same JSON in and out; no admission, no queue, no journal, no cancelling), and the bare driver in the caller's own thread.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use serde::Deserialize;

use crate::client::Client;
use crate::made::{self, KEY, SITE};
use crate::{Options, bare};

const ONE: &str =
    "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID = @id";
const PAGE: &str = "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID > @id ORDER BY ID LIMIT 20";

pub fn measure(options: &Options) {
    let folder = tempfile::tempdir().expect("a folder");
    let practice = folder.path().join("practice.sqlite");
    bare::make(&practice, options.rows);
    let [noted, unnoted] = start({
        let (folder, practice) = (folder.path().to_owned(), practice.clone());
        async move { made::serve(&folder, &practice).await }
    });
    let by_hand = start(by_hand(practice.clone()));
    println!(
        "Immediate queries over HTTP, a second; {} rounds of {} s each\n",
        options.rounds, options.seconds
    );
    println!(
        "| statement | callers | Pilaster | by hand | ratio | p99 Pilaster | p99 by hand | without its entry in the journal | bare driver in the caller's thread | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (name, text) in [("one row by its key", ONE), ("a page of 20 rows", PAGE)] {
        same_rows(&practice, text, [noted, unnoted, by_hand], options);
        for callers in &options.callers {
            let over_http = |address: SocketAddr| {
                move || {
                    let mut client = Client::connect(address);
                    move |number| {
                        client.ask(&request(text, row(number, options.rows)));
                    }
                }
            };
            let in_thread = || {
                let connection = bare::open(&practice);
                move |number| {
                    let key = Some(row(number, options.rows));
                    bare::run(&connection, text, key, usize::MAX, &mut |json| drop(json));
                }
            };
            let mut figures: [Vec<Figures>; 4] = Default::default();
            for _ in 0..options.rounds {
                figures[0].push(load(options, *callers, &over_http(noted)));
                figures[1].push(load(options, *callers, &over_http(by_hand)));
                figures[2].push(load(options, *callers, &over_http(unnoted)));
                figures[3].push(load(options, *callers, &in_thread));
            }
            let [ours, by_hand, unnoted, in_thread] = figures.map(median);
            println!(
                "| {name} | {callers} | {:.0} | {:.0} | {:.2} | {:.2} ms | {:.2} ms | {:.0} | {:.0} | {:.3} |",
                ours.per_second,
                by_hand.per_second,
                ours.per_second / by_hand.per_second,
                ours.p99.as_secs_f64() * 1e3,
                by_hand.p99.as_secs_f64() * 1e3,
                unnoted.per_second,
                in_thread.per_second,
                ours.per_second / in_thread.per_second,
            );
        }
    }
}

/// A patient before the last page of all.
fn row(number: u32, rows: u32) -> i64 {
    i64::from(number) * 37 % i64::from(rows.saturating_sub(21).max(1))
}

fn request(text: &str, id: i64) -> String {
    let body = format!(
        r#"{{"maxTimeInQueue":15000,"command":{{"text":"{text}","parameters":[{{"name":"@id","type":"Int","value":"{id}"}}]}}}}"#
    );
    format!(
        "POST /integrator/sites/{SITE}/queries/immediate HTTP/1.1\r\nHost: 127.0.0.1\r\nOcp-Apim-Subscription-Key: {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// All give the rows that the bare driver gives, byte for byte.
fn same_rows(practice: &Path, text: &str, servers: [SocketAddr; 3], options: &Options) {
    let connection = bare::open(practice);
    let mut clients = servers.map(Client::connect);
    for number in 0..10 {
        let id = row(number, options.rows);
        let mut expected = Vec::new();
        bare::run(&connection, text, Some(id), usize::MAX, &mut |json| {
            expected = json
        });
        for client in &mut clients {
            let answer: serde_json::Value =
                serde_json::from_slice(client.ask(&request(text, id))).expect("JSON");
            let data = answer["result"]["data"].as_str().expect("rows");
            let rows = STANDARD.decode(data).expect("base64");
            assert_eq!(
                String::from_utf8_lossy(&rows),
                String::from_utf8_lossy(&expected)
            );
        }
    }
}

/// Starts a server on a runtime of its own, where it stays.
fn start<T: Send + 'static>(server: impl Future<Output = T> + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            tell.send(server.await).expect("somebody waits");
            std::future::pending::<()>().await;
        });
    });
    told.recv().expect("the server starts")
}

/// What the server by hand reads of a request.
#[derive(Deserialize)]
struct Asked {
    command: Command,
}

#[derive(Deserialize)]
struct Command {
    text: String,
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    value: String,
}

struct ByHand {
    practice: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: tokio::sync::Semaphore,
}

/// The server by hand, from now on. Where.
async fn by_hand(practice: PathBuf) -> SocketAddr {
    let state = Arc::new(ByHand {
        practice,
        idle: Mutex::default(),
        permits: tokio::sync::Semaphore::new(4),
    });
    let path = format!("/integrator/sites/{SITE}/queries/immediate");
    let router = Router::new().route(&path, post(answer)).with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let listening = listener.local_addr().expect("an address");
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("no delay"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    listening
}

async fn answer(State(state): State<Arc<ByHand>>, body: Bytes) -> impl IntoResponse {
    let asked: Asked = serde_json::from_slice(&body).expect("a command");
    let _permit = state.permits.acquire().await.expect("never closed");
    let idle = state.idle.lock().expect("not poisoned").pop();
    let connection = idle.unwrap_or_else(|| bare::open(&state.practice));
    let done = tokio::task::spawn_blocking(move || {
        let key = asked.command.parameters[0].value.parse().ok();
        let mut data = Vec::new();
        let rows = bare::run(
            &connection,
            &asked.command.text,
            key,
            usize::MAX,
            &mut |json| data = json,
        );
        (connection, rows, data)
    });
    let (connection, rows, data) = done.await.expect("rows");
    state.idle.lock().expect("not poisoned").push(connection);
    let (size, data) = (data.len(), STANDARD.encode(data));
    let json =
        format!(r#"{{"result":{{"rows":{rows},"size":{size},"data":"{data}","parameters":[]}}}}"#);
    ([(CONTENT_TYPE, "application/json")], json)
}

struct Figures {
    per_second: f64,
    p99: Duration,
}

fn median(mut rounds: Vec<Figures>) -> Figures {
    rounds.sort_by(|left, right| left.per_second.total_cmp(&right.per_second));
    rounds.swap_remove(rounds.len() / 2)
}

/// Each caller asks as soon as it has its answer. `caller` makes what one asks with, on its own thread.
fn load<A: FnMut(u32)>(
    options: &Options,
    callers: usize,
    caller: &(impl Fn() -> A + Sync),
) -> Figures {
    let time = Duration::from_secs(options.seconds);
    let begin = std::sync::Barrier::new(callers);
    let mut took: Vec<Duration> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|place| {
                let begin = &begin;
                scope.spawn(move || {
                    let mut ask = caller();
                    let mut number = place as u32 * 7_919;
                    // Warm: connections, prepared statements.
                    (0..20).for_each(&mut ask);
                    begin.wait();
                    let until = Instant::now() + time;
                    let mut took = Vec::new();
                    loop {
                        let begun = Instant::now();
                        if begun >= until {
                            break took;
                        }
                        number += 1;
                        ask(number);
                        took.push(begun.elapsed());
                    }
                })
            })
            .collect();
        callers
            .into_iter()
            .flat_map(|caller| caller.join().expect("a caller ends"))
            .collect()
    });
    took.sort_unstable();
    Figures {
        per_second: took.len() as f64 / time.as_secs_f64(),
        p99: took[took.len() * 99 / 100],
    }
}
