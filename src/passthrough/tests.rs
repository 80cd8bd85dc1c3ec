//! The pool's bounds, and what becomes of a statement that nobody waits for any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{CellRef, Limits, PassthroughError, Pool, Rows, sqlite};
use crate::relation::{SqlType, Value};
use crate::sql::Statement;

/// Counts for as long as it is let.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";

fn pool(limits: Limits) -> (Arc<Pool>, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let db = Connection::open(file.path()).expect("a database");
    db.execute_batch(
        "CREATE TABLE t (name TEXT); INSERT INTO t VALUES ('a'), (CAST(x'e9' AS TEXT))",
    )
    .expect("a table");
    let pool = sqlite::pool(file.path(), limits).expect("a pool");
    (Arc::new(pool), file)
}

async fn run(pool: &Arc<Pool>, text: &'static str) -> Result<Rows, PassthroughError> {
    pool.run(|session| session.execute(&Statement::constant(text), &[]))
        .await
}

#[tokio::test]
async fn a_statement_ends_at_its_deadline() {
    let limit = Duration::from_millis(50);
    let (pool, _file) = pool(Limits {
        statement: limit,
        ..Limits::default()
    });
    let error = run(&pool, ENDLESS).await.expect_err("it never ends");
    assert_eq!(error, PassthroughError::Timeout(limit));
    // The connection goes on to serve.
    assert_eq!(run(&pool, "SELECT 1").await.expect("rows").len(), 1);
}

#[tokio::test]
async fn a_statement_ends_when_nobody_waits_for_it() {
    let (pool, _file) = pool(Limits {
        connections: 1,
        wait: Duration::from_secs(20),
        ..Limits::default()
    });
    let started = Instant::now();
    let asked = tokio::time::timeout(Duration::from_millis(50), run(&pool, ENDLESS)).await;
    assert!(asked.is_err());
    // The one connection is free again long before the statement's own deadline.
    assert_eq!(run(&pool, "SELECT 1").await.expect("rows").len(), 1);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn what_cannot_wait_is_turned_away() {
    let (pool, _file) = pool(Limits {
        connections: 1,
        waiting: 1,
        wait: Duration::from_millis(100),
        statement: Duration::from_secs(2),
        ..Limits::default()
    });
    let holding = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { run(&pool, ENDLESS).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let waiting = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { run(&pool, "SELECT 1").await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let started = Instant::now();
    let turned_away = run(&pool, "SELECT 1").await.expect_err("the queue is full");
    assert_eq!(turned_away, PassthroughError::Busy);
    assert!(started.elapsed() < Duration::from_millis(80));
    let waited = waiting.await.expect("no panic").expect_err("too long");
    assert_eq!(waited, PassthroughError::Busy);
    holding.abort();
}

#[tokio::test]
async fn a_panic_costs_one_connection_and_no_place() {
    let (pool, _file) = pool(Limits {
        connections: 1,
        ..Limits::default()
    });
    let failed = pool
        .run::<(), PassthroughError, _>(|_| panic!("of a test"))
        .await;
    assert_eq!(failed, Err(PassthroughError::Failed { code: 0 }));
    assert_eq!(run(&pool, "SELECT 1").await.expect("rows").len(), 1);
}

#[tokio::test]
async fn the_database_is_only_read() {
    let (pool, _file) = pool(Limits::default());
    for text in [
        "DELETE FROM t",
        "CREATE TABLE u (a)",
        "PRAGMA query_only = 0; DELETE FROM t",
    ] {
        let _ = run(&pool, text).await;
    }
    let rows = run(&pool, "SELECT COUNT(*) FROM t").await.expect("rows");
    assert_eq!(rows.cell(0, 0), CellRef::Int(2));
}

#[tokio::test]
async fn errors_name_the_mapping_and_no_value() {
    let (pool, _file) = pool(Limits {
        rows: 64,
        ..Limits::default()
    });
    assert_eq!(
        run(&pool, "SELECT t.NOPE FROM t").await.map(drop),
        Err(PassthroughError::Schema(
            "no such column: t.NOPE".to_owned()
        ))
    );
    assert_eq!(
        run(&pool, "SELECT ZEROBLOB(100)").await.map(drop),
        Err(PassthroughError::TooLarge(0))
    );
    let failing = Statement::numbered("SELECT abs(?1)", &[SqlType::BigInt]);
    let failed = pool
        .run(move |session| session.execute(&failing, &[Value::Int(i64::MIN)]))
        .await
        .map(drop);
    assert!(
        matches!(failed, Err(PassthroughError::Failed { .. })),
        "{failed:?}"
    );
}

/// A key that is no UTF-8 comes back as bytes, and is compared as the text that it was.
#[tokio::test]
async fn text_of_any_bytes_is_found_again() {
    let (pool, _file) = pool(Limits::default());
    let equal = Statement::numbered(
        "SELECT COUNT(*) FROM t WHERE name = ?1",
        &[SqlType::VarChar(10)],
    );
    let rows = pool
        .run(move |session| session.execute(&equal, &[Value::TextBytes(vec![0xe9])]))
        .await
        .map_err(|error: PassthroughError| error)
        .expect("rows");
    assert_eq!(rows.cell(0, 0), CellRef::Int(1));
}

#[tokio::test]
async fn a_damaged_file_is_opened_anew_when_another_has_its_place() {
    let (pool, file) = pool(Limits::default());
    assert_eq!(
        run(&pool, "SELECT name FROM t").await.expect("rows").len(),
        2
    );
    let sound = std::fs::read(file.path()).expect("the file");
    std::fs::write(file.path(), vec![b'x'; sound.len()]).expect("damaged");
    for _ in 0..2 {
        run(&pool, "SELECT name FROM t").await.expect_err("damaged");
    }
    // Not written over: a connection that was kept would still have the damaged one open.
    let other = file.path().with_extension("sound");
    std::fs::write(&other, sound).expect("a copy");
    std::fs::rename(&other, file.path()).expect("in its place");
    assert_eq!(
        run(&pool, "SELECT name FROM t").await.expect("rows").len(),
        2
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_replaced_or_deleted_is_noticed() {
    let (pool, file) = pool(Limits::default());
    assert_eq!(
        run(&pool, "SELECT name FROM t").await.expect("rows").len(),
        2
    );
    let other = file.path().with_extension("other");
    let db = Connection::open(&other).expect("a database");
    db.execute_batch("CREATE TABLE t (name TEXT); INSERT INTO t VALUES ('new')")
        .expect("a table");
    drop(db);
    std::fs::rename(&other, file.path()).expect("in its place");
    let noticed = Duration::from_millis(30);
    tokio::time::sleep(noticed).await;
    assert_eq!(
        run(&pool, "SELECT name FROM t").await.expect("rows").len(),
        1
    );
    std::fs::remove_file(file.path()).expect("deleted");
    tokio::time::sleep(noticed).await;
    let gone = run(&pool, "SELECT name FROM t").await;
    assert!(matches!(gone, Err(PassthroughError::Open(_))), "{gone:?}");
}

#[test]
fn a_missing_file_is_known_at_once() {
    let opened = sqlite::pool(std::path::Path::new("/nowhere/at/all"), Limits::default());
    assert!(matches!(opened, Err(PassthroughError::Open(_))));
}

#[tokio::test]
async fn a_value_that_no_answer_holds_is_not_made() {
    let (pool, _file) = pool(Limits {
        rows: 2 << 20,
        ..Limits::default()
    });
    let made = run(&pool, "SELECT LENGTH(ZEROBLOB(2097000))").await;
    assert_eq!(made.expect("rows").len(), 1);
    let refused = run(&pool, "SELECT LENGTH(ZEROBLOB(2098000))").await;
    assert_eq!(
        refused.expect_err("too large"),
        PassthroughError::TooLarge(2)
    );
}
