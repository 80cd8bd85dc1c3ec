//! Every wait ends, and what ends leaves nothing behind on the server.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pilaster::passthrough::firebird::{Firebird, Options};
use pilaster::passthrough::{CellRef, Limits, PassthroughError, Pool};
use pilaster::relation::{SqlType, Value};
use pilaster::sql::Statement;

use super::server::{Server, shared};
use super::{ENDLESS, ask, pool};

/// A table of so many rows.
fn numbers(rows: u32) -> String {
    format!(
        "CREATE TABLE T (ID INTEGER NOT NULL PRIMARY KEY, V VARCHAR(40));
SET TERM ^;
EXECUTE BLOCK AS
DECLARE N INTEGER = 0;
BEGIN
  WHILE (N < {rows}) DO BEGIN
    INSERT INTO T VALUES (:N, 'row number ' || :N);
    N = N + 1;
  END
END^
SET TERM ;^"
    )
}

#[tokio::test]
async fn a_statement_ends_at_its_deadline() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", "");
    let limit = Duration::from_millis(300);
    let pool = pool(
        &database,
        Limits {
            connections: 1,
            statement: limit,
            ..Limits::default()
        },
    );
    for _ in 0..3 {
        let started = Instant::now();
        let error = ask(&pool, ENDLESS, Vec::new()).await.expect_err("endless");
        assert_eq!(error, PassthroughError::Timeout(limit));
        assert!(started.elapsed() >= limit);
        assert!(
            started.elapsed() < Duration::from_millis(2_500),
            "{:?}",
            started.elapsed()
        );
        database.becomes(0, "statements", |database| database.running());
    }
    // One connection has seen them all, and serves on.
    for _ in 0..20 {
        let rows = ask(&pool, "SELECT 1 FROM RDB$DATABASE", Vec::new()).await;
        assert_eq!(rows.expect("rows").cell(0, 0), CellRef::Int(1));
    }
    assert_eq!(database.attachments(), 1);
    // Rows that come one after the other, faster than they are asked about.
    let streaming = "SELECT A.RDB$FIELD_NAME FROM RDB$FIELDS A, RDB$FIELDS B, RDB$FIELDS C";
    let error = ask(&pool, streaming, Vec::new()).await.expect_err("long");
    assert_eq!(error, PassthroughError::Timeout(limit));
    database.becomes(0, "statements", |database| database.running());
    database.becomes(0, "transactions", |database| database.transactions());
}

#[tokio::test]
async fn a_statement_ends_when_nobody_waits_for_it() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", "");
    let pool = pool(
        &database,
        Limits {
            connections: 1,
            wait: Duration::from_secs(20),
            ..Limits::default()
        },
    );
    let started = Instant::now();
    let waiting = Duration::from_millis(500);
    let asked = tokio::time::timeout(waiting, ask(&pool, ENDLESS, Vec::new())).await;
    assert!(asked.is_err());
    database.becomes(0, "statements", |database| database.running());
    // The one connection is free again long before the statement's own deadline, and is the same.
    let rows = ask(&pool, "SELECT 1 FROM RDB$DATABASE", Vec::new()).await;
    assert_eq!(rows.expect("rows").cell(0, 0), CellRef::Int(1));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(database.attachments(), 1);
}

#[tokio::test]
async fn what_cannot_wait_is_turned_away() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", "");
    let pool = pool(
        &database,
        Limits {
            connections: 1,
            waiting: 1,
            wait: Duration::from_millis(200),
            statement: Duration::from_secs(3),
            ..Limits::default()
        },
    );
    let ask_endless = |pool: &Arc<Pool>| {
        let pool = Arc::clone(pool);
        tokio::spawn(async move { ask(&pool, ENDLESS, Vec::new()).await })
    };
    let holding = ask_endless(&pool);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let waiting = ask_endless(&pool);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let turned_away = ask(&pool, ENDLESS, Vec::new()).await;
    assert_eq!(turned_away.expect_err("full"), PassthroughError::Busy);
    let waited = waiting.await.expect("no panic");
    assert_eq!(waited.expect_err("too long"), PassthroughError::Busy);
    holding.abort();
    database.becomes(0, "statements", |database| database.running());
}

#[tokio::test]
async fn no_transaction_stays_open_between_jobs() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", &numbers(10));
    let pool = pool(&database, Limits::default());
    let other = |sql: &str| database.script(sql);
    // Without a snapshot each statement sees what was committed before it; with one, all see the same.
    for (is_snapshot, grows) in [(false, 1), (true, 0)] {
        let (ready, go) = std::sync::mpsc::channel();
        let (told, wait) = std::sync::mpsc::channel();
        let running = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move {
                pool.run(move |session| -> Result<i64, PassthroughError> {
                    let count = Statement::numbered("SELECT COUNT(*) FROM T", &[]);
                    if is_snapshot {
                        session.snapshot()?;
                    }
                    let mut counts = [0; 2];
                    for count_of in &mut counts {
                        let rows = session.execute(&count, &[])?;
                        *count_of = match rows.cell(0, 0) {
                            CellRef::Int(count) => count,
                            _ => -1,
                        };
                        ready.send(()).expect("waited for");
                        wait.recv().expect("told");
                    }
                    Ok(counts[1] - counts[0])
                })
                .await
            }
        });
        let task = tokio::task::spawn_blocking(move || {
            go.recv().expect("the first count");
            go
        });
        let go = task.await.expect("a thread");
        other("INSERT INTO T (ID) VALUES (1000 + (SELECT COUNT(*) FROM T));");
        told.send(()).expect("it waits");
        let task = tokio::task::spawn_blocking(move || go.recv().expect("the second count"));
        task.await.expect("a thread");
        told.send(()).expect("it waits");
        let grown = running.await.expect("no panic").expect("rows");
        assert_eq!(grown, grows, "snapshot: {is_snapshot}");
        database.becomes(0, "transactions", |database| database.transactions());
    }
    assert_eq!(database.attachments(), 1);
    drop(pool);
    database.becomes(0, "connections", |database| database.attachments());
}

#[tokio::test]
async fn a_server_that_stands_still_is_not_waited_for() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("UTF8", "");
    let limits = Limits {
        connections: 1,
        statement: Duration::from_millis(600),
        connect: Duration::from_millis(600),
        ..Limits::default()
    };
    let one = pool(&database, limits.clone());
    let text = "SELECT 1 FROM RDB$DATABASE";
    ask(&one, text, Vec::new()).await.expect("rows");
    server.pause();
    let started = Instant::now();
    let error = ask(&one, text, Vec::new()).await.expect_err("paused");
    assert_eq!(error, PassthroughError::Timeout(limits.statement));
    // Its time, and what a server has to say that it cancelled.
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    let started = Instant::now();
    let other = pool(&database, limits.clone());
    let error = ask(&other, text, Vec::new()).await.expect_err("paused");
    assert_eq!(error, PassthroughError::Unreachable("timed out".to_owned()));
    assert!(started.elapsed() < Duration::from_secs(2));
    server.resume();
    let until = Instant::now() + Duration::from_secs(8);
    while ask(&one, text, Vec::new()).await.is_err() {
        assert!(Instant::now() < until, "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(other);
    database.becomes(1, "connections", |database| database.attachments());
}

/// A server through a proxy that cuts each connection after so many bytes of answers, and drops them while it is silent.
fn proxy(port: u16, most: usize, silent: &Arc<AtomicBool>) -> u16 {
    let silent = Arc::clone(silent);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let own = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        while let Ok((client, _)) = listener.accept() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                return;
            };
            let (mut from, mut to) = (
                client.try_clone().expect("a socket"),
                server.try_clone().expect("a socket"),
            );
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            let silent = Arc::clone(&silent);
            std::thread::spawn(move || {
                let (mut server, mut client) = (server, client);
                let mut left = most;
                let mut buffer = [0; 4096];
                while left > 0 {
                    let most = buffer.len().min(left);
                    match server.read(&mut buffer[..most]) {
                        Ok(0) | Err(_) => break,
                        Ok(read) => {
                            left -= read;
                            if silent.load(Ordering::SeqCst) {
                                continue;
                            }
                            if client.write_all(&buffer[..read]).is_err() {
                                break;
                            }
                        }
                    }
                }
                let _ = client.shutdown(Shutdown::Both);
                let _ = server.shutdown(Shutdown::Both);
            });
        }
    });
    own
}

#[tokio::test]
async fn a_connection_that_is_cut_gives_whole_answers_or_none() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", &numbers(3_000));
    let (mut whole, mut lost) = (0, 0);
    for most in (300..60_000)
        .step_by(2_777)
        .chain([90_000, 150_000, 400_000])
    {
        let options = Options {
            port: proxy(server.port, most, &Arc::default()),
            ..server.options(vec![("", database.path.clone())])
        };
        let driver = Arc::new(Firebird::new(options, &Limits::default()));
        let pool = Arc::new(Pool::new(driver, Limits::default()));
        for _ in 0..3 {
            match ask(&pool, "SELECT ID, V FROM T ORDER BY ID", Vec::new()).await {
                Ok(rows) => {
                    whole += 1;
                    assert_eq!(rows.len(), 3_000);
                    for row in 0..rows.len() {
                        assert_eq!(rows.cell(row, 0), CellRef::Int(row as i64));
                        let text = format!("row number {row}");
                        assert_eq!(rows.cell(row, 1), CellRef::Text(text.as_bytes()));
                    }
                }
                Err(
                    PassthroughError::Lost
                    | PassthroughError::Unreachable(_)
                    | PassthroughError::Down { .. },
                ) => lost += 1,
                Err(other) => panic!("{most}: {other:?}"),
            }
        }
    }
    assert!(whole > 0 && lost > 10, "{whole} whole, {lost} lost");
}

/// A host that has vanished sends nothing, not even that it is gone.
#[tokio::test]
async fn a_host_that_has_vanished_is_noticed_before_a_statement_waits_for_it() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", "");
    let silent = Arc::new(AtomicBool::new(false));
    let options = Options {
        port: proxy(server.port, usize::MAX, &silent),
        ..server.options(vec![("", database.path.clone())])
    };
    let limits = Limits {
        connect: Duration::from_millis(500),
        statement: Duration::from_secs(20),
        ..Limits::default()
    };
    let driver = Arc::new(Firebird::new(options, &limits));
    let pool = Arc::new(Pool::new(driver, limits));
    let text = "SELECT 1 FROM RDB$DATABASE";
    ask(&pool, text, Vec::new()).await.expect("rows");
    silent.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    let started = Instant::now();
    let error = ask(&pool, text, Vec::new()).await.expect_err("silence");
    assert_eq!(error, PassthroughError::Unreachable("timed out".to_owned()));
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    silent.store(false, Ordering::SeqCst);
    let until = Instant::now() + Duration::from_secs(8);
    while ask(&pool, text, Vec::new()).await.is_err() {
        assert!(Instant::now() < until, "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn statements_are_prepared_once_and_so_many_are_kept() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", &numbers(10));
    let pool = pool(
        &database,
        Limits {
            connections: 1,
            ..Limits::default()
        },
    );
    for round in 0..300 {
        let text = format!("SELECT V, {} FROM T WHERE ID = ?", round % 100);
        let value = vec![(SqlType::Int, Value::Int(round % 10))];
        let rows = ask(&pool, &text, value).await.expect("rows");
        assert_eq!(rows.cell(0, 1), CellRef::Int(round % 100));
    }
    let kept = database
        .count("SELECT COUNT(*) FROM MON$STATEMENTS WHERE MON$ATTACHMENT_ID <> CURRENT_CONNECTION");
    assert!((1..=65).contains(&kept), "{kept} are kept");
    // A table that is changed under a statement: it is prepared anew.
    let by_column = "SELECT * FROM T WHERE ID = 1";
    let before = ask(&pool, by_column, Vec::new()).await.expect("rows");
    assert_eq!(before.width(), 2);
}
