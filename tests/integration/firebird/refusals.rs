//! What a server refuses is told apart, and no message holds a value.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pilaster::passthrough::firebird::{Firebird, Options};
use pilaster::passthrough::{CellRef, Limits, PassthroughError, Pool};
use pilaster::relation::{SqlType, Value};
use pilaster::secret::Secret;
use pilaster::sql::Statement;

use super::server::{PASSWORD, Server, shared};
use super::{ask, pool, shown};

const SCHEMA: &str = "CREATE TABLE T (ID INTEGER NOT NULL PRIMARY KEY, V VARCHAR(20));
COMMIT;
INSERT INTO T VALUES (1, 'one');";

fn short() -> Limits {
    Limits {
        connect: Duration::from_millis(500),
        ..Limits::default()
    }
}

/// Why the first statement of a pool over these options fails.
async fn failure(options: Options) -> PassthroughError {
    let driver = Arc::new(Firebird::new(options, &short()));
    let pool = Arc::new(Pool::new(driver, short()));
    let asked = ask(&pool, "SELECT 1 FROM RDB$DATABASE", Vec::new()).await;
    asked.expect_err("no connection")
}

#[tokio::test]
async fn a_login_and_a_database_that_are_wrong_are_told_apart() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", SCHEMA);
    let right = server.options(vec![("CLINICAL", database.path.clone())]);
    let wrong_password = Options {
        password: Secret::new("wrong"),
        ..right.clone()
    };
    assert_eq!(failure(wrong_password).await, PassthroughError::Login);
    let unknown_user = Options {
        user: "nobody".to_owned(),
        ..right.clone()
    };
    assert_eq!(failure(unknown_user).await, PassthroughError::Login);
    let no_such = Options {
        databases: vec![("CLINICAL".into(), "/nowhere/secret-path.fdb".to_owned())],
        ..right.clone()
    };
    assert_eq!(
        failure(no_such).await,
        PassthroughError::NoDatabase("CLINICAL".to_owned())
    );
    let no_alias = Options {
        databases: vec![("CLINICAL".into(), "no_alias".to_owned())],
        ..right.clone()
    };
    assert_eq!(
        failure(no_alias).await,
        PassthroughError::NoDatabase("CLINICAL".to_owned())
    );
    assert!(!format!("{right:?}").contains(PASSWORD));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_not_waited_for() {
    let Some(server) = shared() else { return };
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = free.local_addr().expect("its address").port();
    drop(free);
    let at = |host: &str, port| Options {
        host: host.to_owned(),
        port,
        ..server.options(vec![("", "practice".to_owned())])
    };
    let started = Instant::now();
    assert_eq!(
        failure(at("127.0.0.1", closed)).await,
        PassthroughError::Unreachable("connection refused".to_owned())
    );
    assert!(started.elapsed() < Duration::from_millis(400));
    let unknown = failure(at("no-such-host.invalid", 3050)).await;
    assert!(
        matches!(unknown, PassthroughError::Unreachable(_)),
        "{unknown:?}"
    );
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("its address").port();
    let started = Instant::now();
    assert_eq!(
        failure(at("127.0.0.1", port)).await,
        PassthroughError::Unreachable("timed out".to_owned())
    );
    assert!(started.elapsed() < Duration::from_millis(1_500));
    // It says something else.
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = other.local_addr().expect("its address").port();
    let talking = std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut stream, _) = other.accept().expect("a caller");
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n");
        std::thread::sleep(Duration::from_millis(100));
    });
    assert_eq!(
        failure(at("127.0.0.1", port)).await,
        PassthroughError::Unreachable("what answers there is no Firebird".to_owned())
    );
    talking.join().expect("it ends");
}

#[tokio::test]
async fn errors_name_the_schema_and_no_value() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", SCHEMA);
    let pool = pool(
        &database,
        Limits {
            rows: 1 << 20,
            connections: 1,
            ..Limits::default()
        },
    );
    let schema = |what: &str| Err(PassthroughError::Schema(what.to_owned()));
    let failed = async |text: &str| ask(&pool, text, Vec::new()).await.map(drop);
    assert_eq!(
        failed("SELECT 1 FROM NOPE").await,
        schema("no such table: NOPE")
    );
    assert_eq!(
        failed("SELECT P.NOPE FROM T P").await,
        schema("no such column: P.NOPE")
    );
    assert_eq!(
        failed("SELEKT 1").await,
        Err(PassthroughError::Failed { code: -104 })
    );
    assert_eq!(
        failed("SELECT 1 / 0 FROM RDB$DATABASE").await,
        Err(PassthroughError::Failed { code: 335_544_321 })
    );
    let converted = ask(
        &pool,
        "SELECT CAST(? AS INTEGER) FROM RDB$DATABASE",
        vec![(SqlType::VarChar(20), Value::Text("a secret".to_owned()))],
    );
    let converted = converted.await.expect_err("no number");
    assert_eq!(converted, PassthroughError::Failed { code: -303 });
    let large = "SELECT RPAD('x', 1000, 'x') FROM RDB$FIELDS A, RDB$FIELDS B";
    assert_eq!(failed(large).await, Err(PassthroughError::TooLarge(1)));
    let large =
        "SELECT CAST(RPAD('x', 8000, 'x') AS BLOB SUB_TYPE TEXT) FROM RDB$FIELDS A, RDB$FIELDS B";
    assert_eq!(failed(large).await, Err(PassthroughError::TooLarge(1)));
    let long = ask(
        &pool,
        "SELECT ID FROM T WHERE V = ?",
        vec![(SqlType::VarChar(20), Value::Text("x".repeat(40_000)))],
    );
    assert_eq!(
        long.await.map(drop),
        Err(PassthroughError::NotCarried("a text of more than 32 KB"))
    );
    // One connection has seen it all, and serves on.
    let rows = ask(&pool, "SELECT V FROM T", Vec::new()).await;
    assert_eq!(shown(&rows.expect("rows")), ["text \"one\""]);
    assert_eq!(database.attachments(), 1);
}

#[tokio::test]
async fn the_database_is_only_read() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", SCHEMA);
    let pool = pool(&database, Limits::default());
    for text in [
        "DELETE FROM T",
        "INSERT INTO T VALUES (2, 'two') RETURNING ID",
        "UPDATE T SET V = 'x'",
        "CREATE TABLE U (A INTEGER)",
        "COMMIT",
        "SET TRANSACTION READ WRITE",
        "EXECUTE BLOCK RETURNS (A INTEGER) AS BEGIN DELETE FROM T; A = 1; SUSPEND; END",
    ] {
        let refused = ask(&pool, text, Vec::new()).await;
        assert!(refused.is_err(), "{text}");
    }
    let rows = ask(&pool, "SELECT COUNT(*) FROM T WHERE V = 'one'", Vec::new()).await;
    assert_eq!(rows.expect("rows").cell(0, 0), CellRef::Int(1));
}

#[tokio::test]
async fn what_the_login_may_not_read_is_said() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", SCHEMA);
    database.script("CREATE OR ALTER USER READER PASSWORD 'reads' USING PLUGIN Srp;\nCOMMIT;");
    let options = Options {
        user: "reader".to_owned(),
        password: Secret::new("reads"),
        ..server.options(vec![("", database.path.clone())])
    };
    let driver = Arc::new(Firebird::new(options, &Limits::default()));
    let pool = Arc::new(Pool::new(driver, Limits::default()));
    let refused = ask(&pool, "SELECT ID FROM T", Vec::new()).await;
    assert_eq!(
        refused.expect_err("not granted"),
        PassthroughError::Permission
    );
}

#[tokio::test]
async fn a_statement_is_judged_before_it_runs() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", SCHEMA);
    let pool = pool(&database, Limits::default());
    let refusals = pool
        .run(|session| -> Result<_, PassthroughError> {
            session.ping()?;
            ["SELECT ID FROM T", "SELECT NOPE FROM T", "SELECT FROM T"]
                .into_iter()
                .map(|text| session.refusal(&Statement::constant(text)))
                .collect::<Result<Vec<_>, _>>()
        })
        .await
        .expect("a connection");
    assert_eq!(
        refusals,
        [
            None,
            Some("no such column: NOPE (line 1, column 8)".to_owned()),
            Some("unexpected `FROM` (line 1, column 8)".to_owned()),
        ]
    );
}

#[tokio::test]
async fn databases_are_asked_by_their_names() {
    let Some(server) = shared() else { return };
    let people = server.database("UTF8", SCHEMA);
    let clinical = server.database(
        "WIN1252",
        "CREATE TABLE T (V VARCHAR(20));\nCOMMIT;\nINSERT INTO T VALUES ('clinical');",
    );
    let options = server.options(vec![
        ("PEOPLE", people.path.clone()),
        ("CLINICAL", clinical.path.clone()),
    ]);
    let driver = Arc::new(Firebird::new(options, &Limits::default()));
    let pool = Pool::connected(driver, Limits::default()).expect("both");
    let pool = Arc::new(pool);
    for (catalogue, expected) in [
        (None, "one"),
        (Some("CLINICAL"), "clinical"),
        (Some("PEOPLE"), "one"),
    ] {
        let statement = Statement {
            catalogue: catalogue.map(Arc::from),
            ..Statement::constant("SELECT V FROM T")
        };
        let rows = pool
            .run(move |session| session.execute(&statement, &[]))
            .await
            .map_err(|error: PassthroughError| error)
            .expect("rows");
        assert_eq!(shown(&rows), [format!("text {expected:?}")]);
    }
}

#[tokio::test]
async fn each_way_of_a_login_that_a_server_may_ask_for_is_gone() {
    for lines in [
        "AuthServer = Srp\nWireCrypt = Enabled\n",
        "AuthServer = Srp256\nAuthClient = Srp256\nWireCrypt = Disabled\n",
        "AuthServer = Srp\nWireCrypt = Disabled\n",
    ] {
        let Some(server) = Server::start_with(lines) else {
            return;
        };
        let database = server.database("UTF8", SCHEMA);
        let options = Options {
            encrypt: !lines.contains("Disabled"),
            ..server.options(vec![("", database.path.clone())])
        };
        let driver = Arc::new(Firebird::new(options.clone(), &Limits::default()));
        let pool = Arc::new(Pool::new(driver, Limits::default()));
        let rows = ask(&pool, "SELECT V FROM T", Vec::new()).await;
        let rows = rows.unwrap_or_else(|error| panic!("{lines}: {error}"));
        assert_eq!(shown(&rows), ["text \"one\""], "{lines}");
        let wrong = Options {
            password: Secret::new("wrong"),
            ..options
        };
        assert_eq!(failure(wrong).await, PassthroughError::Login, "{lines}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_is_left_unless_the_site_does_without() {
    let Some(server) = Server::start_with("AuthServer = Srp256, Srp\nWireCrypt = Disabled\n")
    else {
        return;
    };
    let database = server.database("UTF8", SCHEMA);
    let options = server.options(vec![("", database.path.clone())]);
    let PassthroughError::Unreachable(why) = failure(options.clone()).await else {
        panic!("it is not reached");
    };
    assert!(
        why.contains("turn on WireCrypt at the server") && why.contains("`encrypt = false`"),
        "{why}"
    );
    let without = Options {
        encrypt: false,
        ..options
    };
    let driver = Arc::new(Firebird::new(without.clone(), &Limits::default()));
    let pool = Arc::new(Pool::new(driver, Limits::default()));
    let rows = ask(&pool, "SELECT V FROM T", Vec::new()).await;
    assert_eq!(shown(&rows.expect("rows")), ["text \"one\""]);

    // Where the server would, the wire is enciphered all the same.
    let Some(shared) = shared() else { return };
    let database = shared.database("UTF8", SCHEMA);
    let willing = Options {
        encrypt: false,
        ..shared.options(vec![("", database.path.clone())])
    };
    let pool = Arc::new(Pool::new(
        Arc::new(Firebird::new(willing, &Limits::default())),
        Limits::default(),
    ));
    let rows = ask(&pool, "SELECT V FROM T", Vec::new()).await;
    assert_eq!(shown(&rows.expect("rows")), ["text \"one\""]);
}

/// Whoever answers in the server's place and says that the login is done, or goes on without a cipher, hears no more.
#[tokio::test]
async fn an_answer_that_leaves_the_cipher_out_is_not_taken() {
    use std::io::{Read as _, Write as _};
    let Some(server) = shared() else { return };
    // op_accept of the version that is spoken, then what a server would say to the attachment.
    let accept: [u32; 4] = [3, 0x8000 | 13, 1, 5];
    let pretender = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = pretender.local_addr().expect("its address").port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = pretender.accept().expect("a caller");
        let mut heard = [0; 4096];
        let greeting = stream.read(&mut heard).expect("a greeting");
        assert!(greeting > 0);
        let answer: Vec<u8> = accept.into_iter().flat_map(u32::to_be_bytes).collect();
        stream.write_all(&answer).expect("heard");
        stream.read(&mut heard).unwrap_or(0)
    });
    let options = Options {
        port,
        ..server.options(vec![("", "practice".to_owned())])
    };
    let PassthroughError::Unreachable(why) = failure(options).await else {
        panic!("it is not reached");
    };
    assert!(why.contains("does not encrypt"), "{why}");
    assert_eq!(heard.join().expect("it ends"), 0);
}

/// What a server closes while it rests is made anew, without a word to the caller.
#[tokio::test]
async fn a_connection_that_an_administrator_ends_is_made_anew() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", SCHEMA);
    let pool = pool(&database, Limits::default());
    for _ in 0..3 {
        let rows = ask(&pool, "SELECT V FROM T", Vec::new()).await;
        assert_eq!(shown(&rows.expect("rows")), ["text \"one\""]);
        database.script(
            "DELETE FROM MON$ATTACHMENTS WHERE MON$ATTACHMENT_ID <> CURRENT_CONNECTION AND MON$SYSTEM_FLAG = 0;",
        );
    }
}
