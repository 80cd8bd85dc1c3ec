//! Rows through a driver and its pool, against the bare client of its engine with the same statement.
//!
//! `cargo bench --bench drivers --features odbc`; with `-- --help` behind it, it lists its options. Both take turns against one
//! private server, with as many callers as there are connections, each of which waits for its rows and asks again, and
//! then with one; what counts is the ratio. An engine is one more [`Contest`].

mod firebird;
mod mssql;
#[cfg(feature = "odbc")]
mod odbc;
#[path = "../../tests/integration/ports.rs"]
mod ports;
mod sqlite;
mod upstream;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use clap::Parser;
use pilaster::passthrough::{Limits, PassthroughError, Pool};
use pilaster::relation::{SqlType, Value};
use pilaster::sql::Statement;
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much is asked, and for how long.
#[derive(Parser)]
struct Options {
    /// Rows of the table.
    #[arg(long, default_value_t = 20_000)]
    rows: u32,
    /// Of one round.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Of which the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Callers at once; each number in turn.
    #[arg(long, value_delimiter = ',', default_values_t = [4, 1])]
    callers: Vec<usize>,
    /// Only the engines whose name holds this text.
    #[arg(long)]
    only: Option<String>,
    /// Given by `cargo bench` itself.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Asks an engine all its contests.
type Measure = fn(&Runtime, &Options);

impl Options {
    fn wants(&self, engine: &str) -> bool {
        let only = self.only.as_deref().unwrap_or_default();
        engine.to_lowercase().contains(&only.to_lowercase())
    }
}

/// Asks for the rows of a number, and says how many they were.
type Ask<'c> = Box<dyn FnMut(u32) -> usize + 'c>;
/// Makes what one caller asks with, on the caller's own thread.
type Caller<'c> = Box<dyn Fn() -> Ask<'c> + Sync + 'c>;

/// What is asked: of a driver's pool, and of bare clients, of which each caller has one.
struct Contest<'c> {
    name: &'static str,
    ours: Caller<'c>,
    theirs: Caller<'c>,
}

const ALL: &str = "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS";
/// A page of twenty.
const PAGE: &str = "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID > ? ORDER BY ID FETCH FIRST 20 ROWS ONLY";
const ONE: &str =
    "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID = ?";

fn main() {
    let options = Options::parse();
    println!(
        "| engine, statement | callers | Pilaster, rows/s | bare client, rows/s | ratio |\n|---|---|---|---|---|"
    );
    let runtime = Runtime::new().expect("a runtime");
    let engines: [(&str, Measure); _] = [
        ("Firebird", firebird::measure),
        #[cfg(feature = "odbc")]
        ("ODBC (PostgreSQL)", odbc::measure),
        ("SQL Server (stand-in)", mssql::measure),
        ("Passthrough", upstream::measure),
        ("SQLite", sqlite::measure),
    ];
    for (engine, measure) in engines {
        if options.wants(engine) {
            measure(&runtime, &options);
        }
    }
}

fn measure(options: &Options, contests: Vec<Contest<'_>>) {
    for contest in contests {
        let (mut ours, mut theirs) = ((contest.ours)(), (contest.theirs)());
        for number in 0..5 {
            assert_eq!(ours(number), theirs(number));
        }
        drop((ours, theirs));
        for callers in &options.callers {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..options.rounds {
                ours.push(per_second(options, *callers, &contest.ours));
                theirs.push(per_second(options, *callers, &contest.theirs));
            }
            let (ours, theirs) = (median(ours), median(theirs));
            println!(
                "| {} | {callers} | {ours:.0} | {theirs:.0} | {:.2} |",
                contest.name,
                ours / theirs
            );
        }
    }
}

/// Rows of all callers in a second, once all have begun.
fn per_second(options: &Options, callers: usize, caller: &Caller<'_>) -> f64 {
    let time = Duration::from_secs(options.seconds);
    let (begin, rows) = (Barrier::new(callers + 1), AtomicUsize::new(0));
    let begun = std::thread::scope(|scope| {
        for place in 0..callers {
            let (begin, rows) = (&begin, &rows);
            scope.spawn(move || {
                let mut ask = caller();
                let mut number = place as u32 * 7_919;
                ask(number);
                begin.wait();
                let begun = Instant::now();
                while begun.elapsed() < time {
                    number += 1;
                    rows.fetch_add(ask(number), Ordering::Relaxed);
                }
            });
        }
        begin.wait();
        Instant::now()
    });
    rows.into_inner() as f64 / begun.elapsed().as_secs_f64()
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// Asks a pool, as a request does.
fn ask(runtime: &Runtime, pool: &Arc<Pool>, statement: &Statement, value: Option<i64>) -> usize {
    let statement = statement.clone();
    let values: Vec<Value> = value.into_iter().map(Value::Int).collect();
    let rows = runtime.block_on(pool.run(move |session| session.execute(&statement, &values)));
    rows.map_err(|error: PassthroughError| error)
        .expect("rows")
        .len()
}

/// A statement through a pool, of a table with so many rows; it may take the number of one.
fn ours<'c>(
    runtime: &'c Runtime,
    pool: &Arc<Pool>,
    text: &str,
    has_value: bool,
    rows: u32,
) -> Caller<'c> {
    let types: &[SqlType] = if has_value { &[SqlType::Int] } else { &[] };
    let (pool, statement) = (Arc::clone(pool), Statement::numbered(text, types));
    Box::new(move || {
        let (pool, statement) = (Arc::clone(&pool), statement.clone());
        Box::new(move |number| {
            ask(
                runtime,
                &pool,
                &statement,
                has_value.then(|| row(number, rows)),
            )
        })
    })
}

/// A pool of as many connections as there are callers at the most, as each of them has a bare client.
fn limits(options: &Options) -> Limits {
    Limits {
        connections: options.callers.iter().copied().max().unwrap_or(1),
        ..Limits::default()
    }
}

/// The number of a row before the last page of all.
fn row(number: u32, rows: u32) -> i64 {
    let last = i64::from(rows.saturating_sub(21).max(1));
    i64::from(number) * 37 % last
}
