//! Rows through a driver and its pool, against the bare client of its engine with the same statement.
//!
//! `cargo bench --bench drivers`; `cargo bench --bench drivers -- --help` lists its options. Both take turns against one
//! private server, with one caller, so that what is measured is the way of a row and not the server's cores; what
//! counts is the ratio. An engine is one more [`Contest`].

#[path = "../tests/integration/firebird/server.rs"]
#[allow(dead_code)]
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use pilaster::passthrough::{Limits, PassthroughError, Pool};
use pilaster::relation::{SqlType, Value};
use pilaster::sql::{Marker, Statement};

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
    /// Only the contests whose name holds this text.
    #[arg(long)]
    only: Option<String>,
    /// Given by `cargo bench` itself.
    #[arg(long, hide = true)]
    bench: bool,
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
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    firebird(&runtime, &options);
}

fn measure(options: &Options, contests: Vec<Contest<'_>>) {
    let only = options.only.as_deref().unwrap_or_default();
    for mut contest in contests {
        if !contest.name.contains(only) {
            continue;
        }
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
fn ask(
    runtime: &tokio::runtime::Runtime,
    pool: &Arc<Pool>,
    statement: &Statement,
    value: Option<i64>,
) -> usize {
    let statement = statement.clone();
    let values: Vec<Value> = value.into_iter().map(Value::Int).collect();
    let rows = runtime.block_on(pool.run(move |session| session.execute(&statement, &values)));
    rows.map_err(|error: PassthroughError| error)
        .expect("rows")
        .len()
}

fn statement(text: &str, types: &[SqlType]) -> Statement {
    let markers = (0..).zip(types).map(|(slot, ty)| Marker::new(slot, *ty));
    Statement {
        text: Arc::from(text),
        markers: markers.collect(),
        columns: Arc::new([]),
        catalogue: None,
    }
}

fn firebird(runtime: &tokio::runtime::Runtime, options: &Options) {
    use rsfbclient::{Queryable, Row, SimpleTransaction, SqlType as Bare};
    let Some(server) = server::Server::start() else {
        return;
    };
    let rows = options.rows;
    let database = server.database(
        "UTF8",
        &format!(
            "CREATE TABLE PATIENTS (ID INTEGER NOT NULL PRIMARY KEY, SURNAME VARCHAR(40), FIRSTNAME VARCHAR(40), DOB DATE,
  SEX SMALLINT, CITY CHAR(40), POSTCODE CHAR(4), UPDATED TIMESTAMP);
SET TERM ^;
EXECUTE BLOCK AS
DECLARE N INTEGER = 0;
BEGIN
  WHILE (N < {rows}) DO BEGIN
    INSERT INTO PATIENTS VALUES (:N, 'Surname ' || :N, 'Firstname ' || MOD(:N, 100), DATEADD(-:N DAY TO DATE '2020-01-01'),
      MOD(:N, 3), 'City ' || MOD(:N, 50), LPAD(MOD(:N, 9999), 4, '0'), DATEADD(:N MINUTE TO TIMESTAMP '2020-01-01'));
    N = N + 1;
  END
END^
SET TERM ;^"
        ),
    );
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let pool = Arc::new(Pool::new(
        Arc::new(database.driver(&limits)),
        limits.clone(),
    ));
    let last = i64::from(rows.saturating_sub(21).max(1));
    let at = move |number: u32| i64::from(number) * 37 % last;
    // The bare client in the way that is fastest for it: one transaction for all, statements kept.
    let transaction = || {
        let connection = Box::leak(Box::new(database.other_client()));
        SimpleTransaction::new(
            connection,
            rsfbclient::prelude::TransactionConfiguration::default(),
        )
        .expect("a transaction")
    };
    let contest = |name, text: &'static str, has_value: bool| {
        let (pool, mut bare) = (Arc::clone(&pool), transaction());
        let types: &[SqlType] = if has_value { &[SqlType::Int] } else { &[] };
        let statement = statement(text, types);
        Contest {
            name,
            ours: Box::new(move |number| {
                ask(runtime, &pool, &statement, has_value.then(|| at(number)))
            }),
            theirs: Box::new(move |number| {
                let values: Vec<Bare> = has_value
                    .then(|| Bare::Integer(at(number)))
                    .into_iter()
                    .collect();
                let rows: Vec<Row> = bare.query(text, values).expect("rows");
                rows.len()
            }),
        }
    };
    measure(
        options,
        vec![
            contest("Firebird, all rows of 8 columns", ALL, false),
            contest("Firebird, a page of 20 rows", PAGE, true),
            contest("Firebird, one row by its key", ONE, true),
        ],
    );
}
