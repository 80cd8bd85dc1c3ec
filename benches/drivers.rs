//! Rows through a driver and its pool, against the bare client of its engine with the same statement.
//!
//! `cargo bench --bench drivers --features odbc`; with `-- --help` behind it, it lists its options. Both take turns against one
//! private server, with one caller, so that what is measured is the way of a row and not the server's cores; what
//! counts is the ratio. An engine is one more [`Contest`].

#[cfg(feature = "odbc")]
#[path = "../tests/integration/odbc/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "../tests/integration/firebird/server.rs"]
#[allow(dead_code)]
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use pilaster::passthrough::{Limits, PassthroughError, Pool};
use pilaster::relation::{SqlType, Value};
use pilaster::sql::Statement;

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
    sqlite(&runtime, &options);
    #[cfg(feature = "odbc")]
    odbc(&runtime, &options);
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

/// A statement through a pool, of a table with so many rows; it may take the number of one.
fn ours<'c>(
    runtime: &'c tokio::runtime::Runtime,
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

const SQLITE_PAGE: &str = "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID > ?1 ORDER BY ID LIMIT 20";
const SQLITE_ONE: &str =
    "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID = ?1";

fn sqlite(runtime: &tokio::runtime::Runtime, options: &Options) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let rows = options.rows;
    let database = rusqlite::Connection::open(file.path()).expect("a database");
    database
        .execute_batch(&format!(
            "CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY, SURNAME TEXT, FIRSTNAME TEXT, DOB TEXT, SEX INTEGER, CITY TEXT,
               POSTCODE TEXT, UPDATED TEXT);
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {rows})
             INSERT INTO PATIENTS SELECT i, 'Surname ' || i, 'Firstname ' || i % 100, DATE('2020-01-01', -i || ' days'), i % 3,
               'City ' || i % 50, PRINTF('%04d', i % 9999), DATETIME('2020-01-01', i || ' minutes') FROM n;"
        ))
        .expect("a table");
    let pool =
        Arc::new(pilaster::passthrough::sqlite::pool(file.path(), limits()).expect("a pool"));
    let contest = |name, text: &'static str, has_value: bool| {
        let bare = rusqlite::Connection::open(file.path()).expect("open");
        Contest {
            name,
            ours: ours(runtime, &pool, text, has_value, rows),
            theirs: Box::new(move |number| {
                let mut prepared = bare.prepare_cached(text).expect("a statement");
                if has_value {
                    prepared
                        .raw_bind_parameter(1, row(number, rows))
                        .expect("bound");
                }
                let mut found = prepared.raw_query();
                let mut kept: Vec<Vec<rusqlite::types::Value>> = Vec::new();
                while let Some(row) = found.next().expect("rows") {
                    let cells = (0..8).map(|column| row.get(column).expect("a cell"));
                    kept.push(cells.collect());
                }
                kept.len()
            }),
        }
    };
    measure(
        options,
        vec![
            contest("SQLite, all rows of 8 columns", ALL, false),
            contest("SQLite, a page of 20 rows", SQLITE_PAGE, true),
            contest("SQLite, one row by its key", SQLITE_ONE, true),
        ],
    );
}

#[cfg(feature = "odbc")]
fn odbc(runtime: &tokio::runtime::Runtime, options: &Options) {
    use odbc_api::buffers::TextRowSet;
    use odbc_api::{ConnectionOptions, Cursor as _, Environment, IntoParameter as _};
    use pilaster::passthrough::odbc::{Odbc, Options as Source};
    let rows = options.rows;
    let server = &*postgres::POSTGRES;
    server.run(
        "practice",
        &format!(
            "CREATE TABLE PATIENTS (ID int PRIMARY KEY, SURNAME varchar(40), FIRSTNAME varchar(40), DOB date, SEX smallint,
               CITY char(40), POSTCODE char(4), UPDATED timestamp(3));
             INSERT INTO PATIENTS SELECT i, 'Surname ' || i, 'Firstname ' || i % 100, date '2020-01-01' - i, i % 3,
               'City ' || i % 50, lpad((i % 9999)::text, 4, '0'), timestamp '2020-01-01' + i * interval '1 minute'
             FROM generate_series(0, {rows} - 1) AS n(i); ANALYZE PATIENTS"
        ),
    );
    let connection = format!(
        "Driver={{PostgreSQL Unicode}};Server=127.0.0.1;Port={}",
        server.port
    );
    let source = Source {
        dialect: pilaster::relation::Dialect::Sqlite,
        connection: connection.clone(),
        user: Some(postgres::USER.to_owned()),
        password: Some(pilaster::secret::Secret::new(postgres::PASSWORD)),
        databases: vec![(Arc::from("practice"), "Database=practice".to_owned())],
        setup: Vec::new(),
    };
    let driver = Odbc::new(source, &limits(), runtime.handle().clone());
    let pool = Arc::new(Pool::new(Arc::new(driver), limits()));
    let environment: &'static Environment = Box::leak(Box::new(Environment::new().expect("ODBC")));
    let whole = format!(
        "{connection};Database=practice;UID={};PWD={{{}}}",
        postgres::USER,
        postgres::PASSWORD.replace('}', "}}")
    );
    let contest = |name, text: &'static str, has_value: bool| {
        let bare = environment
            .connect_with_connection_string(&whole, ConnectionOptions::default())
            .expect("a connection");
        let bare = Box::leak(Box::new(bare));
        let mut prepared = bare.prepare(text).expect("a statement");
        Contest {
            name,
            ours: ours(runtime, &pool, text, has_value, rows),
            // In blocks of text, which is how it is read fastest without knowing the columns.
            theirs: Box::new(move |number| {
                let cursor = match has_value {
                    true => prepared.execute(&row(number, rows).into_parameter()),
                    false => prepared.execute(()),
                };
                let mut cursor = cursor.expect("rows").expect("rows");
                let mut buffer =
                    TextRowSet::for_cursor(256, &mut cursor, Some(4096)).expect("a buffer");
                let mut blocks = cursor.bind_buffer(&mut buffer).expect("bound");
                let mut found = 0;
                while let Some(block) = blocks.fetch().expect("rows") {
                    found += block.num_rows();
                }
                found
            }),
        }
    };
    measure(
        options,
        vec![
            contest("ODBC (PostgreSQL), all rows of 8 columns", ALL, false),
            contest("ODBC (PostgreSQL), a page of 20 rows", PAGE, true),
            contest("ODBC (PostgreSQL), one row by its key", ONE, true),
        ],
    );
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
    let pool = Arc::new(Pool::new(Arc::new(database.driver(&limits())), limits()));
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
        let mut bare = transaction();
        Contest {
            name,
            ours: ours(runtime, &pool, text, has_value, rows),
            theirs: Box::new(move |number| {
                let values: Vec<Bare> = has_value
                    .then(|| Bare::Integer(row(number, rows)))
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
