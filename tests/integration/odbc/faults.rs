//! What fails behind ODBC, and what ends a statement.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pilaster::passthrough::odbc::{Odbc, Options};
use pilaster::passthrough::{
    CellRef, Driver as _, Limits, PassthroughError, Pool, Rows, Session, Watch,
};
use pilaster::relation::{SqlType, Value};
use pilaster::secret::Secret;
use pilaster::sql::Statement;

use super::postgres::{PASSWORD, POSTGRES};
use super::{RUNTIME, options, pool, pool_of, run};
use crate::ports::free_port;

const SLEEP: &str = "SELECT pg_sleep(30)";

#[test]
fn errors_of_statements_have_codes_and_no_values() {
    POSTGRES.run(
        "practice",
        "CREATE TABLE open (name text); INSERT INTO open VALUES ('SECRET');
         CREATE TABLE shut (name text); REVOKE ALL ON shut FROM reader",
    );
    let pool = pool(Limits::default());
    use PassthroughError as E;
    let cases = [
        (r#"SELECT "nope" FROM open"#, E::Schema("nope".to_owned())),
        (
            r#"SELECT 1 FROM "nowhere""#,
            E::Schema("nowhere".to_owned()),
        ),
        (
            "SELECT 1 FROM nowhere",
            E::Schema("SQLSTATE 42P01".to_owned()),
        ),
        ("SELECT name FROM shut", E::Permission),
    ];
    for (text, expected) in cases {
        assert_eq!(run(&pool, text, &[]).unwrap_err(), expected, "{text}");
    }
    let secret = Value::Text("SECRET".to_owned());
    for text in [
        "SELECT name::int FROM open",
        "SELECT 1 / 0",
        "SELEC",
        "SELECT CAST(? AS int)",
    ] {
        let given = [(SqlType::VarChar(10), secret.clone())];
        let given = if text.contains('?') { &given[..] } else { &[] };
        let error = run(&pool, text, given).unwrap_err();
        assert!(matches!(error, E::Failed { .. }), "{text}: {error}");
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
    }
    assert_eq!(
        run(&pool, "SELECT 1", &[]).unwrap().cell(0, 0),
        CellRef::Int(1)
    );
}

#[test]
fn a_statement_that_the_engine_refuses_is_found_out_without_values() {
    let pool = pool(Limits::default());
    let refusal = |text: &str| {
        let statement = Statement::numbered(text, &[SqlType::Int]);
        pool.run_now::<_, PassthroughError>(|session| session.refusal(&statement))
            .unwrap()
    };
    assert_eq!(refusal("SELECT 1 WHERE 1 = CAST(? AS int)"), None);
    assert!(refusal("SELECT nope FROM nowhere WHERE 1 = ?").is_some());
}

#[test]
fn who_cannot_connect_is_told_why() {
    let closed = free_port();
    let at = |port: u16| format!("Driver={{PostgreSQL Unicode}};Server=127.0.0.1;Port={port}");
    let cases: [(Options, PassthroughError); 5] = [
        (
            Options {
                password: Some(Secret::new("SECRET")),
                ..options()
            },
            PassthroughError::Login,
        ),
        (
            Options {
                databases: vec![(Arc::from("Records"), "Database=absent".to_owned())],
                ..options()
            },
            PassthroughError::NoDatabase("Records".to_owned()),
        ),
        (
            Options {
                connection: at(closed),
                ..options()
            },
            PassthroughError::Unreachable("no server answers there".to_owned()),
        ),
        (
            Options {
                setup: vec!["SELECT 1".to_owned(), "SET SECRET = 1".to_owned()],
                ..options()
            },
            PassthroughError::Open("statement 2 of `setup` is refused (SQLSTATE 42704)".to_owned()),
        ),
        (
            Options {
                connection: "Driver={None}".to_owned(),
                ..options()
            },
            PassthroughError::Open(
                "the driver manager has no such driver or data source".to_owned(),
            ),
        ),
    ];
    for (options, expected) in cases {
        let pool = pool_of(options, Limits::default());
        let error = pool
            .run_now::<_, PassthroughError>(|session| session.ping())
            .unwrap_err();
        assert_eq!(error, expected);
        let text = format!("{error} {error:?}");
        assert!(
            !text.contains("SECRET") && !text.contains(PASSWORD),
            "{text}"
        );
    }
}

/// A server that takes connections and says nothing.
#[test]
fn a_silent_server_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let options = Options {
        connection: format!("Driver={{PostgreSQL Unicode}};Server=127.0.0.1;Port={port}"),
        ..options()
    };
    let limits = Limits {
        connect: Duration::from_millis(500),
        ..Limits::default()
    };
    let started = Instant::now();
    let error = pool_of(options, limits).run_now::<_, PassthroughError>(|session| session.ping());
    assert!(
        matches!(error, Err(PassthroughError::Unreachable(_))),
        "{error:?}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

/// Attempts that nobody waits for any more are no more than so many, however often it is asked.
#[test]
fn attempts_that_do_not_come_back_are_bounded() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let options = Options {
        connection: format!("Driver={{PostgreSQL Unicode}};Server=127.0.0.1;Port={port}"),
        databases: vec![(Arc::from(""), "Database=practice".to_owned())],
        ..options()
    };
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let driver = Odbc::new(options, &limits, RUNTIME.handle().clone());
    let limit = Duration::from_millis(50);
    let attempt = || driver.connect(0, &Watch::begun(limit)).err();
    for _ in 0..2 {
        assert_eq!(attempt(), Some(PassthroughError::Timeout(limit)));
    }
    let started = Instant::now();
    assert_eq!(
        attempt(),
        Some(PassthroughError::Unreachable(
            "earlier attempts have not come back".to_owned()
        ))
    );
    assert!(started.elapsed() < limit, "{:?}", started.elapsed());
    // The driver comes back when the server is closed, and then there is room.
    drop(silent);
    let until = Instant::now() + Duration::from_secs(20);
    while attempt()
        != Some(PassthroughError::Unreachable(
            "no server answers there".to_owned(),
        ))
    {
        assert!(Instant::now() < until, "no room");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Passes on what the server and its clients say.
struct Proxy {
    port: u16,
    connections: AtomicUsize,
    /// Of that many, the first, nothing is passed on any more, and none is closed.
    silent: AtomicUsize,
}

impl Proxy {
    fn start() -> Arc<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Arc::new(Proxy {
            port: listener.local_addr().unwrap().port(),
            connections: AtomicUsize::new(0),
            silent: AtomicUsize::new(0),
        });
        let all = Arc::clone(&proxy);
        std::thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let number = all.connections.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(("127.0.0.1", POSTGRES.port)).unwrap();
                let both = (client.try_clone().unwrap(), server.try_clone().unwrap());
                for (mut from, mut to) in [both, (server, client)] {
                    let all = Arc::clone(&all);
                    std::thread::spawn(move || {
                        let mut buffer = [0; 4096];
                        while let Ok(read @ 1..) = from.read(&mut buffer) {
                            if number >= all.silent.load(Ordering::SeqCst) {
                                let _ = to.write_all(&buffer[..read]);
                            }
                        }
                    });
                }
            }
        });
        proxy
    }

    fn silence(&self) {
        let connections = self.connections.load(Ordering::SeqCst);
        self.silent.store(connections, Ordering::SeqCst);
    }
}

/// A driver takes leave of its server: it rolls back what was begun. A server that does not answer keeps the thread of
/// the pool no longer than a moment.
#[test]
fn a_connection_is_closed_without_waiting_for_its_server() {
    let proxy = Proxy::start();
    let at = format!(
        "Driver={{PostgreSQL Unicode}};Server=127.0.0.1;Port={}",
        proxy.port
    );
    let options = Options {
        connection: at,
        ..options()
    };
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let pool = pool_of(options, limits);
    let vanishing = Arc::clone(&proxy);
    let failed: Result<Rows, PassthroughError> = RUNTIME.block_on(pool.run(move |session| {
        session.snapshot()?;
        session.execute(&Statement::constant("SELECT 1"), &[])?;
        vanishing.silence();
        panic!("the connection is closed within its transaction");
    }));
    assert!(failed.is_err());
    let started = Instant::now();
    assert_eq!(
        run(&pool, "SELECT 2", &[]).unwrap().cell(0, 0),
        CellRef::Int(2)
    );
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

/// Statements that sleep, as the server sees them.
fn sleeping(pool: &Arc<Pool>, mark: &str) -> bool {
    let text = format!(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%{mark}%pg_sleep%'
           AND pid <> pg_backend_pid()"
    );
    run(pool, &text, &[]).unwrap().cell(0, 0) != CellRef::Int(0)
}

#[test]
fn a_statement_ends_at_its_deadline() {
    let limit = Duration::from_millis(300);
    let short = pool(Limits {
        connections: 1,
        statement: limit,
        ..Limits::default()
    });
    // The connection is there.
    run(&short, "SELECT 1", &[]).unwrap();
    let started = Instant::now();
    assert_eq!(
        run(&short, SLEEP, &[]).unwrap_err(),
        PassthroughError::Timeout(limit)
    );
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    run(&short, "SELECT 1", &[]).unwrap();
}

#[test]
fn a_statement_ends_when_its_caller_goes() {
    let one = pool(Limits {
        connections: 1,
        ..Limits::default()
    });
    let watching = pool(Limits::default());
    let statement = Statement::constant("SELECT /* gone */ pg_sleep(30)");
    let started = Instant::now();
    RUNTIME.block_on(async {
        let asked = one.run::<_, PassthroughError, _>(move |session: &mut Session<'_>| {
            session.execute(&statement, &[])
        });
        tokio::time::timeout(Duration::from_millis(300), asked)
            .await
            .unwrap_err();
    });
    // The one connection is free again.
    run(&one, "SELECT 1", &[]).unwrap();
    assert!(!sleeping(&watching, "gone"));
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

/// The server closes a connection: one that was idle is made anew, one at work is told.
#[test]
fn a_connection_that_is_cut_is_made_anew() {
    let pool = pool(Limits {
        connections: 1,
        ..Limits::default()
    });
    let backend = || run(&pool, "SELECT pg_backend_pid()", &[]).unwrap();
    let kill = |rows: &pilaster::passthrough::Rows| {
        let CellRef::Int(pid) = rows.cell(0, 0) else {
            panic!("no number");
        };
        POSTGRES.run(
            "practice",
            &format!("SELECT pg_terminate_backend({pid}, 5000)"),
        );
    };
    let first = backend();
    kill(&first);
    let second = backend();
    assert_ne!(first.cell(0, 0), second.cell(0, 0));
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| run(&pool, SLEEP, &[]));
        std::thread::sleep(Duration::from_millis(300));
        kill(&second);
        // It is asked once more, on another connection, which is cut too.
        for _ in 0..50 {
            std::thread::sleep(Duration::from_millis(50));
            POSTGRES.run(
                "practice",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)' AND state = 'active'",
            );
            if asked.is_finished() {
                break;
            }
        }
        assert_eq!(asked.join().unwrap().unwrap_err(), PassthroughError::Lost);
    });
    backend();
}
