//! What fails behind ODBC, and what ends a statement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pilaster::passthrough::odbc::Options;
use pilaster::passthrough::{CellRef, Limits, PassthroughError, Pool, Session};
use pilaster::relation::{SqlType, Value};
use pilaster::secret::Secret;
use pilaster::sql::Statement;

use super::postgres::{PASSWORD, POSTGRES, free_port};
use super::{RUNTIME, options, pool, pool_of, run};

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
    let cases: [(Options, PassthroughError); 4] = [
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
