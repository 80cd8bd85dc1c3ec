//! A whole request, from the socket to the socket: Pilaster's own binary against a hand-written handler on
//! the same database, in one run, with the same client.
//!
//! `cargo bench --bench http`; `cargo bench --bench http -- --help` lists its options. The two
//! take turns, since the machine's speed drifts; what counts is the ratio.

mod client;
mod reference;

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use client::Client;
use pilaster::mapping;
use pilaster::plan::{self, Context, CountLimits, Handling, Planner};
use pilaster::relation::{Dialect, Value};
use pilaster::search::{self, Input};
use pilaster::site::Types;
use pilaster::sql::{self, Engine};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 16;
const SITE: &str = "/integrator/sites/00000000-0000-4000-8000-000000000001/fhir/R4";
const FAMILIES: [&str; 6] = ["smith", "jones", "brown", "wilson", "taylor", "nguyen"];
const ENGINE: Engine = Engine {
    dialect: Dialect::Sqlite,
    declared_collations: true,
};

/// How much is asked, and for how long.
#[derive(Parser)]
struct Options {
    /// Patients of the practice.
    #[arg(long, default_value_t = 100_000)]
    patients: u32,
    /// Of one round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Of which the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Given by `cargo bench` itself.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pilaster = Pilaster::start(folder.path(), &options);
    let database = std::fs::read_dir(folder.path())
        .expect("the folder")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "sqlite")
        })
        .expect("the practice is in the folder");
    let reference = start_reference(&database);
    let search = |target: &str, round: usize| {
        let family = FAMILIES[round % FAMILIES.len()];
        format!("{target}/Patient?family={family}&birthdate=gt1980")
    };
    let read = |target: &str, round: usize| {
        format!(
            "{target}/Patient/{}",
            pick(round, options.patients, pilaster.address)
        )
    };
    same_answers(&pilaster, reference, &search, &read);
    println!(
        "{} patients, {CONNECTIONS} connections, {} rounds of {} s each",
        options.patients, options.rounds, options.seconds
    );
    println!("| request | Pilaster | by hand | ratio | p99 Pilaster | p99 by hand | ratio |");
    println!("|---|---|---|---|---|---|---|");
    let idle = pilaster.memory();
    compare(
        "search of 20 (`family` + `birthdate=gt`)",
        &pilaster,
        reference,
        &options,
        &search,
    );
    compare("read by id", &pilaster, reference, &options, &read);
    let before = pilaster.memory();
    load(pilaster.address, SITE, Duration::from_secs(60), &search);
    println!(
        "\nPilaster's resident memory: {} MB before the load, {} MB after it, {} MB after a further minute",
        idle,
        before,
        pilaster.memory()
    );
}

/// The server as it is shipped, in a process of its own.
struct Pilaster {
    child: Child,
    address: SocketAddr,
}

impl Pilaster {
    fn start(folder: &Path, options: &Options) -> Pilaster {
        let free = TcpListener::bind("127.0.0.1:0")
            .expect("a free port")
            .local_addr()
            .expect("its address");
        let mut child = Command::new(env!("CARGO_BIN_EXE_pilaster"))
            .args([
                "serve",
                "--listen",
                &free.to_string(),
                "--patients",
                &options.patients.to_string(),
                "--data",
            ])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("pilaster starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // The first line that names the address says that it serves.
        while let Some(Ok(line)) = lines.next() {
            if line.contains(&free.to_string()) {
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        Pilaster {
            child,
            address: free,
        }
    }

    /// Resident memory, in megabytes.
    fn memory(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("proc");
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .expect("VmRSS");
        line.split_whitespace()
            .nth(1)
            .and_then(|kilobytes| kilobytes.parse::<u64>().ok())
            .expect("a number")
            / 1024
    }
}

impl Drop for Pilaster {
    fn drop(&mut self) {
        // The process may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start_reference(database: &Path) -> SocketAddr {
    let statements = statements();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("non-blocking");
    let address = listener.local_addr().expect("its address");
    let database = database.to_owned();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            reference::serve(listener, &database, statements).await;
        });
    });
    address
}

/// The statements that Pilaster runs for the two requests.
fn statements() -> reference::Statements {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/bp-premier");
    let loaded = mapping::load_folder(&folder, &mapping::Options::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let mapping = Arc::new(loaded.mapping);
    let planner = Planner::new(Arc::clone(&mapping));
    let zone = jiff::tz::TimeZone::get("Australia/Brisbane").expect("bundled");
    let context = Context {
        base: "http://127.0.0.1",
        zone: &zone,
        now: jiff::civil::date(2026, 11, 20).at(9, 0, 0, 0),
        handling: Handling::Unsaid,
        count: CountLimits::default(),
    };
    let resource = &mapping.resources["Patient"];
    let types = Types::new(&mapping);
    let request = search::parse(
        "Patient",
        Input::query("family=smith&birthdate=gt1980"),
        &types,
        &search::Limits::default(),
    )
    .expect("the search reads");
    let search = planner
        .search(resource, &request, &[], &context)
        .expect("the search is planned");
    let read = planner.read(resource, "1", &plan::Selection::Whole);
    let emails = |patients: i64| {
        let parents: Vec<Vec<Value>> = (1..=patients).map(|id| vec![Value::Int(id)]).collect();
        let part = plan::children(&search.parts[0].view.children[0], None, &parents);
        sql::children(&part.select, ENGINE)
            .expect("SQLite is offered")
            .text
    };
    let page = sql::select(&search.parts[0].select, ENGINE).expect("SQLite is offered");
    assert!(
        page.columns
            .iter()
            .zip(reference::COLUMNS)
            .all(|(column, name)| column == name),
        "{:?}",
        page.columns
    );
    reference::Statements {
        search: page.text,
        read: sql::select(&read.parts[0].select, ENGINE)
            .expect("SQLite is offered")
            .text,
        emails_of_page: emails(20),
        emails_of_one: emails(1),
    }
}

/// A patient that is there: ids that were deleted are passed over.
fn pick(round: usize, patients: u32, address: SocketAddr) -> u32 {
    static ALIVE: std::sync::OnceLock<Vec<u32>> = std::sync::OnceLock::new();
    let alive = ALIVE.get_or_init(|| {
        let mut client = Client::connect(address);
        (0..256u32)
            .map(|n| 1 + n * 389 % patients)
            .filter(|id| {
                get(&mut client, &format!("{SITE}/Patient/{id}"))
                    .starts_with(b"{\"resourceType\":\"Patient\"")
            })
            .collect()
    });
    alive[round % alive.len()]
}

/// Both give the same resources, byte for byte.
fn same_answers(
    pilaster: &Pilaster,
    reference: SocketAddr,
    search: &dyn Fn(&str, usize) -> String,
    read: &dyn Fn(&str, usize) -> String,
) {
    let (mut ours, mut theirs) = (
        Client::connect(pilaster.address),
        Client::connect(reference),
    );
    for round in 0..40 {
        let (one, other) = (
            get(&mut ours, &read(SITE, round)),
            get(&mut theirs, &read("/fhir", round)),
        );
        assert_eq!(
            String::from_utf8_lossy(&one),
            String::from_utf8_lossy(&other),
            "read {round}"
        );
        let resources = |body: &[u8]| -> Vec<serde_json::Value> {
            let bundle: serde_json::Value = serde_json::from_slice(body).expect("a Bundle");
            let mut list = vec![bundle["total"].clone()];
            list.extend(
                bundle["entry"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|entry| entry["resource"].clone()),
            );
            list
        };
        let (one, other) = (
            get(&mut ours, &search(SITE, round)),
            get(&mut theirs, &search("/fhir", round)),
        );
        assert_eq!(resources(&one), resources(&other), "search {round}");
    }
}

struct Figures {
    per_second: f64,
    p99: Duration,
}

fn compare(
    name: &str,
    pilaster: &Pilaster,
    reference: SocketAddr,
    options: &Options,
    request: &(dyn Fn(&str, usize) -> String + Sync),
) {
    let time = Duration::from_secs(options.seconds);
    // Warm: caches, prepared statements, connections.
    load(pilaster.address, SITE, Duration::from_secs(1), request);
    load(reference, "/fhir", Duration::from_secs(1), request);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        ours.push(load(pilaster.address, SITE, time, request));
        theirs.push(load(reference, "/fhir", time, request));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "| {name} | {:.0}/s | {:.0}/s | {:.2} | {:.2} ms | {:.2} ms | {:.2} |",
        ours.per_second,
        theirs.per_second,
        ours.per_second / theirs.per_second,
        ours.p99.as_secs_f64() * 1e3,
        theirs.p99.as_secs_f64() * 1e3,
        ours.p99.as_secs_f64() / theirs.p99.as_secs_f64()
    );
}

fn median(mut rounds: Vec<Figures>) -> Figures {
    rounds.sort_by(|left, right| left.per_second.total_cmp(&right.per_second));
    rounds.swap_remove(rounds.len() / 2)
}

/// Each connection asks as soon as it has its answer.
fn load(
    address: SocketAddr,
    target: &str,
    time: Duration,
    request: &(dyn Fn(&str, usize) -> String + Sync),
) -> Figures {
    let until = Instant::now() + time;
    let mut latencies: Vec<Duration> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|index| {
                scope.spawn(move || {
                    let mut client = Client::connect(address);
                    let mut latencies = Vec::new();
                    let mut round = index * 31;
                    while Instant::now() < until {
                        let begun = Instant::now();
                        get(&mut client, &request(target, round));
                        latencies.push(begun.elapsed());
                        round += 1;
                    }
                    latencies
                })
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().expect("a client ends"))
            .collect()
    });
    latencies.sort_unstable();
    Figures {
        per_second: latencies.len() as f64 / time.as_secs_f64(),
        p99: latencies[latencies.len() * 99 / 100],
    }
}

/// The body of an answer.
fn get(client: &mut Client, path: &str) -> Vec<u8> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOcp-Apim-Subscription-Key: demo-key\r\n\r\n"
    );
    client.ask(&request).to_vec()
}
