//! What comes of a statement: rows, refusals, no end, and half an answer.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use pilaster::passthrough::{CellRef, Limits, PassthroughError};
use pilaster::relation::{SqlType, Value};
use pilaster::sql::Statement;

use super::stand_in::{Asked, Setup, StandIn, Step, write};
use super::{RUNTIME, ask, asks, limits, pool, texts};

const ENDLESS: Step = Step::Wait(Duration::from_secs(30));

fn has(asked: &Asked, word: &str) -> bool {
    asked.text().contains(word)
}

fn failing(code: u32, message: &str) -> Vec<Step> {
    failing_with(code, 16, message)
}

fn failing_with(code: u32, class: u8, message: &str) -> Vec<Step> {
    let tokens = [write::error(code, class, message), write::done(2, 0)];
    vec![Step::Send(tokens.concat())]
}

#[test]
fn stand_in_gives_rows_of_the_first_result_and_no_other() {
    let server = StandIn::start(Setup::default(), |asked| match has(asked, "NAMES") {
        true => {
            let mut first = write::texts("NAME", &["Ann", "Zoë"]);
            // More is to come.
            let status = first.len() - 12;
            first[status] = 0x11;
            vec![Step::Send(
                [first, write::texts("OTHER", &["Bob"])].concat(),
            )]
        }
        false => Vec::new(),
    });
    let pool = pool(&server, limits());
    let rows = ask(&pool, "SELECT NAME FROM NAMES").expect("rows");
    assert_eq!(texts(&rows), ["Ann", "Zoë"]);
    assert_eq!(ask(&pool, "SELECT 1").expect("no rows").len(), 0);
    assert_eq!(server.seen.opened.load(Ordering::SeqCst), 1);
}

#[test]
fn stand_in_refuses_with_numbers_and_no_word_of_it_goes_on() {
    let cases = [
        (
            208,
            "Invalid object name 'dbo.PATIENTS'.",
            "names: table dbo.PATIENTS",
        ),
        (207, "Invalid column name 'IHI'.", "names: column IHI"),
        (
            229,
            "The SELECT permission was denied on the object 'USERS', database 'B'.",
            "may not read a table",
        ),
        (
            1205,
            "Transaction (Process ID 52) was deadlocked …",
            "locked",
        ),
        (1222, "Lock request time out period exceeded.", "locked"),
        (
            245,
            "Conversion failed when converting the varchar value 'Private' to data type int.",
            "(code 245)",
        ),
        (
            241,
            "Conversion failed when converting date … 'Private'",
            "(code 241)",
        ),
        (911, "Database 'Private' does not exist.", "`patients`"),
        (207, "Invalid column name 'Private Word'.", "(unnamed)"),
    ];
    let server = StandIn::start(Setup::default(), move |asked| {
        let case = asked.text().strip_prefix("case ");
        case.map_or_else(Vec::new, |number| {
            let (code, message, _) = cases[number.parse::<usize>().expect("a number")];
            failing(code, message)
        })
    });
    let pool = pool(&server, limits());
    for (number, (code, _, expected)) in cases.iter().enumerate() {
        let error = ask(&pool, &format!("case {number}"))
            .map(drop)
            .expect_err("refused");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{code}: {shown}");
        assert!(!shown.contains("Private"), "{code}: {shown}");
    }
    // None of them costs the connection.
    assert_eq!(server.seen.opened.load(Ordering::SeqCst), 1);
}

/// Rows that had come before an error are no answer.
#[test]
fn stand_in_that_fails_behind_rows_has_given_none() {
    let server = StandIn::start(Setup::default(), |asked| match has(asked, "NAMES") {
        true => {
            let rows = write::columns(&[("N", write::int())]);
            let row = write::row(&[&7i32.to_le_bytes()]);
            let error = write::error(8134, 16, "Divide by zero error encountered.");
            vec![Step::Send([rows, row, error, write::done(2, 0)].concat())]
        }
        false => Vec::new(),
    });
    let failed = ask(&pool(&server, limits()), "SELECT N FROM NAMES").map(drop);
    assert_eq!(failed, Err(PassthroughError::Failed { code: 8134 }));
}

#[test]
fn stand_in_is_told_to_end_a_slow_statement_and_goes_on_to_serve() {
    let server = StandIn::start(Setup::default(), |asked| match asked.text() {
        text if text.contains("SLOW") => vec![ENDLESS],
        text if text.contains("QUICK") => vec![Step::Send(write::texts("A", &["quick"]))],
        _ => Vec::new(),
    });
    let limit = Duration::from_millis(200);
    let pool = pool(
        &server,
        Limits {
            statement: limit,
            ..limits()
        },
    );
    for _ in 0..3 {
        let begun = Instant::now();
        let ended = ask(&pool, "SELECT SLOW").map(drop);
        assert_eq!(ended, Err(PassthroughError::Timeout(limit)));
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(texts(&ask(&pool, "SELECT QUICK").expect("rows")), ["quick"]);
    }
    assert_eq!(server.seen.attentions.load(Ordering::SeqCst), 3);
    assert_eq!(server.seen.opened.load(Ordering::SeqCst), 1);
}

#[test]
fn stand_in_is_told_when_the_caller_has_gone() {
    let server = StandIn::start(Setup::default(), |asked| match has(asked, "SLOW") {
        true => vec![ENDLESS],
        false => Vec::new(),
    });
    let pool = pool(&server, limits());
    ask(&pool, "SELECT 1").expect("rows");
    RUNTIME.block_on(async {
        let asked = asks(pool.clone(), "SELECT SLOW", &[]);
        let gone = tokio::time::timeout(Duration::from_millis(100), asked).await;
        assert!(gone.is_err());
    });
    server.seen.wait_attentions(1);
    ask(&pool, "SELECT 1").expect("the connection serves on");
    assert_eq!(server.seen.opened.load(Ordering::SeqCst), 1);
}

/// In the middle of an answer the client loses its place: the connection ends, and with it the statement.
#[test]
fn stand_in_that_stops_in_the_middle_of_an_answer_is_left() {
    let server = StandIn::start(Setup::default(), |asked| match has(asked, "HALF") {
        true => {
            let columns = write::columns(&[("A", write::nvarchar(100))]);
            let row = write::row(&[&write::long(&write::utf16("whole"))]);
            let half = [0xD1, 0x20, 0x00, b'h', 0].to_vec();
            vec![Step::Send([columns, row, half].concat()), ENDLESS]
        }
        false => Vec::new(),
    });
    let limit = Duration::from_millis(200);
    let pool = pool(
        &server,
        Limits {
            statement: limit,
            ..limits()
        },
    );
    let ended = ask(&pool, "SELECT HALF").map(drop);
    assert_eq!(ended, Err(PassthroughError::Timeout(limit)));
    server.seen.wait_open(0);
    ask(&pool, "SELECT 1").expect("another connection serves");
    assert_eq!(server.seen.opened.load(Ordering::SeqCst), 2);
}

#[test]
fn stand_in_that_is_cut_in_a_row_or_between_rows_has_given_no_answer() {
    for part in ["IN A ROW", "BETWEEN ROWS", "BEFORE ROWS", "AT ONCE"] {
        let server = StandIn::start(Setup::default(), move |asked| {
            if !has(asked, "CUT") {
                return Vec::new();
            }
            let columns = write::columns(&[("A", write::nvarchar(100))]);
            let row = write::row(&[&write::long(&write::utf16("whole"))]);
            let half = [0xD1, 0x20, 0x00, b'h', 0].to_vec();
            let sent = match part {
                "IN A ROW" => [columns, row, half].concat(),
                "BETWEEN ROWS" => [columns, row].concat(),
                "BEFORE ROWS" => columns,
                _ => Vec::new(),
            };
            vec![Step::Send(sent), Step::Cut]
        });
        let pool = pool(&server, limits());
        let ended = ask(&pool, "SELECT CUT").map(drop);
        assert_eq!(ended, Err(PassthroughError::Lost), "{part}");
        ask(&pool, "SELECT 1").expect("another connection serves");
    }
}

/// A connection that the server has closed since is no reason to fail.
#[test]
fn stand_in_that_has_closed_a_kept_connection_is_entered_anew() {
    let server = StandIn::start(Setup::default(), |asked| match has(asked, "LAST") {
        true => vec![
            Step::Send(write::texts("A", &["last"])),
            Step::Wait(Duration::ZERO),
        ],
        false => Vec::new(),
    });
    let pool = pool(&server, limits());
    ask(&pool, "SELECT 1").expect("rows");
    let port = server.address.port();
    drop(server);
    let server = StandIn::start_at(&format!("127.0.0.1:{port}"), Setup::default(), |_| {
        Vec::new()
    });
    ask(&pool, "SELECT 1").expect("rows of a new connection");
    assert_eq!(server.seen.opened.load(Ordering::SeqCst), 1);
}

#[test]
fn stand_in_that_fails_for_good_closes_the_connection() {
    let server = StandIn::start(Setup::default(), |asked| match has(asked, "FATAL") {
        true => failing_with(
            596,
            21,
            "Cannot continue the execution because the session is in the kill state.",
        ),
        false => Vec::new(),
    });
    let pool = pool(&server, limits());
    let ended = ask(&pool, "SELECT FATAL").map(drop);
    assert_eq!(ended, Err(PassthroughError::Lost));
    // Once on the first connection, and, as nothing had come of it, once more on another: that one is new.
    assert!(server.seen.opened.load(Ordering::SeqCst) <= 2);
}

#[test]
fn stand_in_that_sends_too_much_is_stopped_and_goes_on_to_serve() {
    let server = StandIn::start(Setup::default(), |asked| match asked.text() {
        text if text.contains("MUCH") => {
            let column = write::columns(&[("A", write::text(0xE7, 0xFFFF))]);
            let row = write::row(&[&write::chunks(&write::utf16(&"x".repeat(60_000)))]);
            vec![
                Step::Send(column),
                Step::Send(row.repeat(40)),
                Step::Wait(Duration::from_secs(20)),
            ]
        }
        text if text.contains("QUICK") => vec![Step::Send(write::texts("A", &["quick"]))],
        _ => Vec::new(),
    });
    let pool = pool(
        &server,
        Limits {
            rows: 1 << 20,
            ..limits()
        },
    );
    let stopped = ask(&pool, "SELECT MUCH").map(drop);
    assert_eq!(stopped, Err(PassthroughError::TooLarge(1)));
    assert_eq!(texts(&ask(&pool, "SELECT QUICK").expect("rows")), ["quick"]);
    assert_eq!(server.seen.attentions.load(Ordering::SeqCst), 1);
    assert_eq!(server.seen.opened.load(Ordering::SeqCst), 1);
}

#[test]
fn stand_in_is_asked_about_a_statement_without_running_it() {
    let server = StandIn::start(Setup::default(), |asked| match asked {
        Asked::Procedure { name, .. } if name == "sp_describe_first_result_set" => {
            match asked.text().contains("NOPE") {
                true => failing(208, "Invalid object name 'NOPE'."),
                false => vec![Step::Send(write::texts("name", &["A"]))],
            }
        }
        Asked::Procedure { .. } => panic!("it was run"),
        Asked::Batch(_) => Vec::new(),
    });
    let pool = pool(&server, limits());
    let refusal = |text: &str| {
        let statement = Statement::numbered(text, &[SqlType::Int, SqlType::VarChar(40)]);
        RUNTIME.block_on(pool.run(move |session| session.refusal(&statement)))
    };
    let sound: Result<Option<String>, PassthroughError> = refusal("SELECT A FROM T WHERE A = @p1");
    assert_eq!(sound, Ok(None));
    let unsound = refusal("SELECT A FROM NOPE WHERE A = @p1");
    assert_eq!(unsound, Ok(Some("Invalid object name 'NOPE'.".to_owned())));
    let asked = server.seen.asked.lock().unwrap();
    let Some(Asked::Procedure { parameters, .. }) = asked.last() else {
        panic!("{asked:?}");
    };
    assert_eq!(
        parameters[1].value.as_deref(),
        Some("@p1 int,@p2 nvarchar(4000)")
    );
}

#[test]
fn stand_in_is_pinged_in_every_catalogue() {
    let server = StandIn::start(Setup::default(), |_| Vec::new());
    let pool = pool(&server, limits());
    let pinged: Result<(), PassthroughError> = RUNTIME.block_on(pool.run(|session| session.ping()));
    assert_eq!(pinged, Ok(()));
    let pings = server
        .seen
        .texts()
        .iter()
        .filter(|text| *text == "SELECT 1")
        .count();
    assert_eq!(pings, 2);
}

#[test]
fn more_values_than_a_procedure_takes_are_not_sent() {
    let server = StandIn::start(Setup::default(), |_| Vec::new());
    let pool = pool(&server, limits());
    let values = |count| vec![(SqlType::Int, Value::Int(1)); count];
    let most = RUNTIME.block_on(asks(pool.clone(), "SELECT 1", &values(2098)));
    assert!(most.is_ok());
    let refused = RUNTIME
        .block_on(asks(pool, "SELECT 1", &values(2099)))
        .map(drop);
    assert_eq!(
        refused,
        Err(PassthroughError::NotCarried("more than 2,098 values"))
    );
}

/// A log that takes everything holds neither a value nor a word of the server's.
#[test]
fn stand_in_has_nothing_of_rows_or_values_logged() {
    use std::sync::{Arc, Mutex};
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let server = StandIn::start(Setup::default(), |asked| match asked.text() {
        text if text.contains("NAMES") => vec![Step::Send(write::texts("A", &["of-a-row"]))],
        text if text.contains("FAILS") => failing(245, "converting 'of-a-row' to int"),
        _ => Vec::new(),
    });
    let pool = pool(&server, limits());
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!("it is written to");
        let value = [(SqlType::VarChar(40), Value::Text("of-a-request".to_owned()))];
        let rows = RUNTIME
            .block_on(asks(pool.clone(), "SELECT NAMES", &value))
            .expect("rows");
        assert_eq!(rows.cell(0, 0), CellRef::Text(b"of-a-row"));
        let failed = RUNTIME.block_on(asks(pool.clone(), "SELECT FAILS", &value));
        failed.map(drop).expect_err("refused");
    });
    let written = String::from_utf8(log.0.lock().unwrap().clone()).expect("UTF-8");
    assert!(written.contains("it is written to"));
    for word in ["of-a-row", "of-a-request", super::PASSWORD, super::USER] {
        assert!(!written.contains(word), "{word}: {written}");
    }
}
