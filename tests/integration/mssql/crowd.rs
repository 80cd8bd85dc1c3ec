//! Many callers at once: bounds, connections counted, and a server that goes and comes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use pilaster::passthrough::{Limits, PassthroughError};
use pilaster::sql::Statement;

use super::stand_in::{Asked, Setup, StandIn, Step, write};
use super::{RUNTIME, ask, asks, limits, pool};

fn quick(asked: &Asked) -> Vec<Step> {
    match asked.text() {
        text if text.contains("SLOW") => vec![Step::Wait(Duration::from_secs(30))],
        text if text.contains("QUICK") => vec![Step::Send(write::texts("A", &["quick"]))],
        _ => Vec::new(),
    }
}

#[test]
fn stand_in_has_no_more_connections_than_the_bound_and_none_is_left_behind() {
    let server = StandIn::start(Setup::default(), quick);
    let pool = pool(
        &server,
        Limits {
            connections: 3,
            ..limits()
        },
    );
    RUNTIME.block_on(async {
        let callers: Vec<_> = (0..40)
            .map(|_| tokio::spawn(asks(Arc::clone(&pool), "SELECT QUICK", &[])))
            .collect();
        for caller in callers {
            assert_eq!(caller.await.expect("no panic").expect("rows").len(), 1);
        }
    });
    assert!(server.seen.opened.load(Ordering::SeqCst) <= 3);
    // Callers who go away leave their connections to others.
    RUNTIME.block_on(async {
        let callers: Vec<_> = (0..30)
            .map(|_| {
                let asked = asks(Arc::clone(&pool), "SELECT SLOW", &[]);
                tokio::spawn(tokio::time::timeout(Duration::from_millis(150), asked))
            })
            .collect();
        for caller in callers {
            assert!(caller.await.expect("no panic").is_err());
        }
    });
    assert_eq!(ask(&pool, "SELECT QUICK").expect("rows").len(), 1);
    assert!(server.seen.open.load(Ordering::SeqCst) <= 3);
    drop(pool);
    server.seen.wait_open(0);
}

#[test]
fn stand_in_whose_connections_are_all_busy_turns_nobody_away_forever() {
    let server = StandIn::start(Setup::default(), quick);
    let pool = pool(
        &server,
        Limits {
            connections: 1,
            wait: Duration::from_millis(200),
            ..limits()
        },
    );
    ask(&pool, "SELECT QUICK").expect("rows");
    RUNTIME.block_on(async {
        let holds = tokio::spawn(asks(Arc::clone(&pool), "SELECT SLOW", &[]));
        tokio::time::sleep(Duration::from_millis(50)).await;
        let waits = asks(Arc::clone(&pool), "SELECT QUICK", &[]).await.map(drop);
        assert_eq!(waits, Err(PassthroughError::Busy));
        holds.abort();
    });
    server.seen.wait_attentions(1);
    assert_eq!(ask(&pool, "SELECT QUICK").expect("rows").len(), 1);
}

/// A server is restarted while callers ask: each is answered or told why not, none waits long, and soon after the
/// server is back all are answered.
#[test]
fn stand_in_that_is_restarted_under_load_is_found_within_seconds() {
    let server = StandIn::start(Setup::default(), quick);
    let port = server.address.port();
    let limits = Limits {
        connections: 4,
        connect: Duration::from_secs(1),
        ..limits()
    };
    let pool = pool(&server, limits);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let callers: Vec<_> = (0..12)
        .map(|_| {
            let (pool, stop) = (Arc::clone(&pool), Arc::clone(&stop));
            RUNTIME.spawn(async move {
                let mut longest = Duration::ZERO;
                let (mut answered, mut told) = (0, 0);
                while !stop.load(Ordering::SeqCst) {
                    let begun = Instant::now();
                    match asks(Arc::clone(&pool), "SELECT QUICK", &[]).await {
                        Ok(rows) => {
                            assert_eq!(rows.len(), 1);
                            answered += 1;
                        }
                        Err(
                            PassthroughError::Lost
                            | PassthroughError::Down { .. }
                            | PassthroughError::Unreachable(_),
                        ) => {
                            told += 1;
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                        Err(other) => panic!("{other}"),
                    }
                    longest = longest.max(begun.elapsed());
                }
                (answered, told, longest)
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    drop(server);
    std::thread::sleep(Duration::from_millis(700));
    let server = StandIn::start_at(&format!("127.0.0.1:{port}"), Setup::default(), quick);
    let back = Instant::now();
    while ask(&pool, "SELECT QUICK").is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "not found again");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    stop.store(true, Ordering::SeqCst);
    for caller in callers {
        let (answered, told, longest) = RUNTIME.block_on(caller).expect("no panic");
        assert!(answered > 0 && told > 0, "{answered} answered, {told} told");
        assert!(longest < Duration::from_secs(4), "{longest:?}");
    }
    assert!(server.seen.open.load(Ordering::SeqCst) <= 4);
}

/// A server that takes connections and says nothing costs one caller the time for connecting, and no other: the pool
/// tries it, and finds it again whether anybody asks or not.
#[test]
fn stand_in_that_hangs_keeps_one_caller_waiting_and_no_other() {
    let hung = Setup {
        slow: Duration::from_secs(30),
        ..Setup::default()
    };
    let server = StandIn::start(hung, quick);
    let port = server.address.port();
    let connect = Duration::from_millis(700);
    let pool = pool(
        &server,
        Limits {
            connections: 2,
            connect,
            ..limits()
        },
    );
    let first = ask(&pool, "SELECT QUICK").expect_err("hung");
    assert!(
        matches!(first, PassthroughError::Unreachable(_)),
        "{first:?}"
    );
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    while begun.elapsed() < Duration::from_secs(3) {
        let asked = Instant::now();
        let told = ask(&pool, "SELECT QUICK").expect_err("hung");
        longest = longest.max(asked.elapsed());
        let PassthroughError::Down { why, .. } = told else {
            panic!("{told:?}");
        };
        assert_eq!(*why, first);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(longest < connect / 2, "{longest:?}");
    assert!(server.seen.opened.load(Ordering::SeqCst) > 1, "it is tried");
    drop(server);
    let _server = StandIn::start_at(&format!("127.0.0.1:{port}"), Setup::default(), quick);
    let back = Instant::now();
    while pool.is_down() {
        assert!(back.elapsed() < Duration::from_secs(10), "not found again");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(pool.returns(), 1);
    assert_eq!(ask(&pool, "SELECT QUICK").expect("rows").len(), 1);
}

/// A practice may lack one of its databases: what the other holds is answered.
#[test]
fn stand_in_with_one_database_of_two_answers_what_is_in_it() {
    let setup = Setup {
        databases: vec!["BPSPATIENTS"],
        ..Setup::default()
    };
    let server = StandIn::start(setup, quick);
    let pool = pool(&server, limits());
    let of = |catalogue: &str| {
        let statement = Statement {
            catalogue: Some(Arc::from(catalogue)),
            ..Statement::constant("SELECT QUICK")
        };
        RUNTIME.block_on(pool.run(move |session| session.execute(&statement, &[])))
    };
    assert_eq!(
        of("drugs").map(drop),
        Err(PassthroughError::NoDatabase("drugs".to_owned()))
    );
    for _ in 0..3 {
        assert_eq!(of("patients").expect("rows").len(), 1);
        let told = of("drugs").expect_err("absent");
        assert!(matches!(told, PassthroughError::Down { .. }), "{told:?}");
        assert_eq!(told.code().id, "PD010", "why it is not there");
    }
}
