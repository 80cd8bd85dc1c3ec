//! A file; the bare client is rusqlite.

use std::sync::{Arc, Mutex};

use tokio::runtime::Runtime;

use super::{ALL, Contest, Options, limits, ours, row};

const PAGE: &str = "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID > ?1 ORDER BY ID LIMIT 20";
const ONE: &str =
    "SELECT ID, SURNAME, FIRSTNAME, DOB, SEX, CITY, POSTCODE, UPDATED FROM PATIENTS WHERE ID = ?1";

pub fn measure(runtime: &Runtime, options: &Options) {
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
    let pool = Arc::new(
        pilaster::passthrough::sqlite::pool(file.path(), limits(options)).expect("a pool"),
    );
    // A server keeps a client that blocks off its own threads: the bare one is asked on one of the runtime's for that.
    // The way there and back is what a page of few rows takes most of; the last contest shows it.
    let path = file.path();
    let contest = |name, text: &'static str, has_value: bool, of_a_server: bool| Contest {
        name,
        ours: ours(runtime, &pool, text, has_value, rows),
        theirs: Box::new(move || {
            let bare = rusqlite::Connection::open(path).expect("open");
            let bare = Arc::new(Mutex::new(bare));
            Box::new(move |number| {
                let key = has_value.then(|| row(number, rows));
                if !of_a_server {
                    return read(&bare, text, key);
                }
                let bare = Arc::clone(&bare);
                let asked = runtime.spawn_blocking(move || read(&bare, text, key));
                runtime.block_on(asked).expect("rows")
            })
        }),
    };
    crate::measure(
        options,
        vec![
            contest("SQLite, all rows of 8 columns", ALL, false, true),
            contest("SQLite, a page of 20 rows", PAGE, true, true),
            contest("SQLite, one row by its key", ONE, true, true),
            contest(
                "SQLite, a page of 20 rows; the bare client in the caller's thread",
                PAGE,
                true,
                false,
            ),
        ],
    );
}

/// The rows, each cell as a value of its own.
fn read(bare: &Mutex<rusqlite::Connection>, text: &str, key: Option<i64>) -> usize {
    let bare = bare.lock().expect("not poisoned");
    let mut prepared = bare.prepare_cached(text).expect("a statement");
    if let Some(key) = key {
        prepared.raw_bind_parameter(1, key).expect("bound");
    }
    let mut found = prepared.raw_query();
    let mut kept: Vec<Vec<rusqlite::types::Value>> = Vec::new();
    while let Some(row) = found.next().expect("rows") {
        let cells = (0..8).map(|column| row.get(column).expect("a cell"));
        kept.push(cells.collect());
    }
    kept.len()
}
