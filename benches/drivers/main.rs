//! Rows through a driver and its pool, against the bare client of its engine with the same statement.
//!
//! `cargo bench --bench drivers --features odbc`; with `-- --help` behind it, it lists its options. Both take turns against one
//! private server, with one caller, so that what is measured is the way of a row and not the server's cores; what
//! counts is the ratio. An engine is one more [`Contest`].

mod firebird;
mod mssql;
#[cfg(feature = "odbc")]
mod odbc;
mod sqlite;
mod upstream;

use std::sync::Arc;
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

/// What is asked, a number after each: a driver's pool and the bare client, each giving the rows that it read.
struct Contest<'c> {
    name: &'static str,
    ours: Box<dyn FnMut(u32) -> usize + 'c>,
    theirs: Box<dyn FnMut(u32) -> usize + 'c>,
}

const ALL: &str = "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS";
/// A page of twenty.
const PAGE: &str = "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID > ? ORDER BY ID FETCH FIRST 20 ROWS ONLY";
const ONE: &str =
    "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID = ?";

fn main() {
    let options = Options::parse();
    println!(
        "| engine, statement | Pilaster, rows/s | bare client, rows/s | ratio |\n|---|---|---|---|"
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
    for mut contest in contests {
        for number in 0..5 {
            assert_eq!((contest.ours)(number), (contest.theirs)(number));
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            ours.push(per_second(options, &mut contest.ours));
            theirs.push(per_second(options, &mut contest.theirs));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "| {} | {ours:.0} | {theirs:.0} | {:.2} |",
            contest.name,
            ours / theirs
        );
    }
}

fn per_second(options: &Options, ask: &mut dyn FnMut(u32) -> usize) -> f64 {
    let begun = Instant::now();
    let time = Duration::from_secs(options.seconds);
    let (mut rows, mut number) = (0, 0);
    while begun.elapsed() < time {
        number += 1;
        rows += ask(number);
    }
    rows as f64 / begun.elapsed().as_secs_f64()
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
) -> Box<dyn FnMut(u32) -> usize + 'c> {
    let types: &[SqlType] = if has_value { &[SqlType::Int] } else { &[] };
    let (pool, statement) = (Arc::clone(pool), Statement::numbered(text, types));
    Box::new(move |number| {
        ask(
            runtime,
            &pool,
            &statement,
            has_value.then(|| row(number, rows)),
        )
    })
}

/// A pool of one connection, as the bare client has one.
fn limits() -> Limits {
    Limits {
        connections: 1,
        ..Limits::default()
    }
}

/// The number of a row before the last page of all.
fn row(number: u32, rows: u32) -> i64 {
    let last = i64::from(rows.saturating_sub(21).max(1));
    i64::from(number) * 37 % last
}
