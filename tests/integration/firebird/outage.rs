//! A server that is killed under load and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pilaster::passthrough::{CellRef, Limits};

use super::server::Server;
use super::{ask, pool};

const CALLERS: usize = 12;
const CONNECTIONS: usize = 4;

#[test]
fn every_answer_is_whole_or_none_and_service_comes_back() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let database = server.database(
        "UTF8",
        "CREATE TABLE T (ID INTEGER NOT NULL PRIMARY KEY, V VARCHAR(60));
SET TERM ^;
EXECUTE BLOCK AS
DECLARE N INTEGER = 0;
BEGIN
  WHILE (N < 2000) DO BEGIN
    INSERT INTO T VALUES (:N, RPAD('row ' || :N, 60, '.'));
    N = N + 1;
  END
END^
SET TERM ;^",
    );
    let limits = Limits {
        connections: CONNECTIONS,
        statement: Duration::from_secs(5),
        connect: Duration::from_secs(2),
        ..Limits::default()
    };
    let pool = pool(&database, limits);
    let path = database.path.clone();
    let (is_over, whole, failed) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (pool, is_over) = (Arc::clone(&pool), Arc::clone(&is_over));
            let (whole, failed) = (Arc::clone(&whole), Arc::clone(&failed));
            runtime.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    match ask(&pool, "SELECT ID, V FROM T ORDER BY ID", Vec::new()).await {
                        Ok(rows) => {
                            assert_eq!(rows.len(), 2_000);
                            for row in 0..rows.len() {
                                let text = format!("{:.<60}", format!("row {row}"));
                                assert_eq!(rows.cell(row, 0), CellRef::Int(row as i64));
                                assert_eq!(rows.cell(row, 1), CellRef::Text(text.as_bytes()));
                            }
                            whole.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(_) => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    }
                }
            })
        })
        .collect();
    let answered = |since: usize, time: Duration| {
        let until = Instant::now() + time;
        while whole.load(Ordering::Relaxed) <= since {
            assert!(Instant::now() < until, "no answer within {time:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    for down in [Duration::ZERO, Duration::from_millis(1_500)] {
        answered(whole.load(Ordering::Relaxed) + 20, Duration::from_secs(10));
        server.kill_and_restart(down);
        answered(whole.load(Ordering::Relaxed) + 20, Duration::from_secs(10));
    }
    is_over.store(true, Ordering::Relaxed);
    let until = Instant::now() + Duration::from_secs(10);
    for caller in callers {
        let left = until.saturating_duration_since(Instant::now());
        let joined = runtime.block_on(async { tokio::time::timeout(left, caller).await });
        joined.expect("no caller hangs").expect("no wrong answer");
    }
    assert!(failed.load(Ordering::Relaxed) > 0);
    let database = super::Database::of(&server, path);
    let attachments = database.attachments();
    assert!(
        attachments <= CONNECTIONS as i64,
        "{attachments} connections"
    );
    database.becomes(0, "transactions", |database| database.transactions());
}
