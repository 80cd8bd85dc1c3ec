//! Statements of a caller's own, as they go over the wire to a stand-in and as its answers come back.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pilaster::gateway::integrator;
use pilaster::passthrough::call::json::{Bounds, JsonRows};
use pilaster::passthrough::call::{
    Call, CallError, Called, CommandType, Direction, ExecutionMode, Line, Parameter, ParameterType,
};
use pilaster::passthrough::mssql::Mssql;
use pilaster::passthrough::{Driver, PassthroughError, Pool, Watch};
use pilaster::secret::Secret;

use super::stand_in::{Asked, Setup, StandIn, Step, USER, write};
use super::{RUNTIME, limits, options};

fn driver(server: &StandIn) -> Mssql {
    Mssql::new(options(server), &limits(), RUNTIME.handle().clone()).expect("a driver")
}

fn watch() -> Arc<Watch> {
    Watch::begun(Duration::from_secs(20))
}

fn line(server: &StandIn) -> Box<dyn Line> {
    driver(server).line(0, None, &watch()).expect("a line")
}

fn call(mode: ExecutionMode, text: &str) -> Call {
    Call {
        text: text.into(),
        mode,
        kind: CommandType::Text,
        parameters: Vec::new(),
        catalogue: None,
    }
}

fn parameter(name: &str, direction: Direction, ty: ParameterType, value: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        direction,
        ty,
        value: (!value.is_empty()).then(|| value.to_owned()),
        size: None,
    }
}

/// What a command came to, and its rows as JSON; no text where there was no result.
fn run(line: &mut dyn Line, call: &Call) -> (Result<Called, CallError>, String) {
    run_within(line, call, &watch(), 1 << 20)
}

fn run_within(
    line: &mut dyn Line,
    call: &Call,
    watch: &Arc<Watch>,
    most: usize,
) -> (Result<Called, CallError>, String) {
    let mut data = Vec::new();
    let mut rows = JsonRows::new(Bounds::whole(most), |part| {
        data = part.data;
        Ok(())
    });
    let called = line.call(call, watch, &mut rows);
    rows.finish().expect("room");
    (called, String::from_utf8(data).expect("UTF-8"))
}

/// The end of a statement in a procedure: more is to come.
pub fn done_in_proc(status: u16, rows: u64) -> Vec<u8> {
    let mut done = write::done(status | 1, rows);
    done[0] = 0xFF;
    done
}

/// The result that holds outputs, as a statement asks for it: its name is in the text.
pub fn outputs(asked: &Asked, columns: &[(&str, Vec<u8>)], cells: &[&[u8]]) -> Vec<u8> {
    let (_, behind) = asked.text().rsplit_once("SELECT 1 AS [").expect("outputs");
    let (mark, _) = behind.split_once(']').expect("a name");
    let all: Vec<(&str, Vec<u8>)> = [(mark, write::int()), ("r", write::sized(0x26, 4))]
        .into_iter()
        .chain(columns.iter().cloned())
        .collect();
    let mark = 1i32.to_le_bytes();
    let row = [&[&mark[..]], cells].concat();
    [
        write::columns(&all),
        write::row(&row),
        done_in_proc(0x10, 1),
    ]
    .concat()
}

fn procedure_of(server: &StandIn) -> Vec<(String, String, Option<String>)> {
    let asked = server.seen.asked.lock().unwrap();
    let Some(Asked::Procedure { name, parameters }) = asked.last() else {
        panic!("{asked:?}");
    };
    assert_eq!(name, "sp_executesql");
    let shown = parameters
        .iter()
        .map(|it| (it.name.clone(), it.ty.clone(), it.value.clone()));
    shown.collect()
}

#[test]
fn stand_in_is_sent_a_text_with_the_callers_names_and_types() {
    let server = StandIn::start(Setup::default(), |_| Vec::new());
    let mut call = call(ExecutionMode::Reader, "SELECT 1 WHERE @name = @ID");
    call.parameters = vec![
        Parameter {
            size: Some(43),
            ..parameter("@name", Direction::Input, ParameterType::NVarChar, "66")
        },
        parameter("ID", Direction::Input, ParameterType::Int, "-7"),
        parameter("@none", Direction::Input, ParameterType::DateTime, ""),
    ];
    let (called, rows) = run(&mut *line(&server), &call);
    assert_eq!(
        (called.expect("done").parameters, &*rows),
        (Vec::new(), "[]")
    );
    let text = |text: &str| Some(text.to_owned());
    let sent = procedure_of(&server);
    let expected = [
        ("", "nvarchar", text("SELECT 1 WHERE @name = @ID")),
        (
            "",
            "nvarchar",
            text("@name nvarchar(43),@ID int,@none datetime"),
        ),
        ("@name", "nvarchar", text("66")),
        ("@ID", "int64", text("-7")),
        ("@none", "null", None),
    ]
    .map(|(name, ty, value)| (name.to_owned(), ty.to_owned(), value));
    assert_eq!(sent, expected);
    // The session is as .NET's client has it: nothing of the reader's own settings.
    let settings = server.seen.texts().remove(0);
    assert!(
        settings.contains("SET IMPLICIT_TRANSACTIONS, NUMERIC_ROUNDABORT, NOCOUNT, XACT_ABORT OFF")
    );
    for word in ["us_english", "LOCK_TIMEOUT", "DEADLOCK"] {
        assert!(!settings.contains(word), "{settings}");
    }
    assert!(!server.seen.logins.lock().unwrap()[0].read_only);
}

#[test]
fn stand_in_gives_rows_with_the_types_of_their_columns() {
    let server = StandIn::start(Setup::default(), |asked| {
        if !asked.text().contains("TYPES") {
            return Vec::new();
        }
        let columns = write::columns(&[
            ("bit", write::sized(0x68, 1)),
            ("int", write::int()),
            ("decimal", write::decimal(10, 2)),
            ("money", write::sized(0x6E, 8)),
            ("float", write::sized(0x6D, 8)),
            ("datetime", write::sized(0x6F, 8)),
            ("text", write::nvarchar(10)),
            ("bytes", write::bytes(0xA5, 10)),
        ]);
        let decimal = [&[1][..], &1050u32.to_le_bytes(), &[0; 12]].concat();
        // In ten-thousandths, the upper half first.
        let money = [0i32.to_le_bytes(), 15_000i32.to_le_bytes()].concat();
        let at = [
            46_025i32.to_le_bytes(),
            ((9 * 60 + 30) * 60 * 300i32).to_le_bytes(),
        ]
        .concat();
        let row = write::row(&[
            &write::short(&[1]),
            &7i32.to_le_bytes(),
            &write::short(&decimal),
            &write::short(&money),
            &write::short(&0.1f64.to_le_bytes()),
            &write::short(&at),
            &write::long(&write::utf16("\"Zoë\"")),
            &write::long(&[0, 255, 16]),
        ]);
        vec![Step::Send([columns, row, write::done(0x10, 1)].concat())]
    });
    let (called, rows) = run(&mut *line(&server), &call(ExecutionMode::Reader, "TYPES"));
    assert_eq!(called.map(|called| called.rows_affected), Ok(None));
    assert_eq!(
        rows,
        r#"[{"bit":true,"int":7,"decimal":10.50,"money":1.5000,"float":0.1,"datetime":"2026-01-05T09:30:00","text":"\"Zoë\"","bytes":"AP8Q"}]"#
    );
    let scalar = run(&mut *line(&server), &call(ExecutionMode::Scalar, "TYPES"));
    assert_eq!(scalar.1, r#"[{"bit":true}]"#);
    let none = run(&mut *line(&server), &call(ExecutionMode::NonQuery, "TYPES"));
    assert_eq!(
        (none.0.map(|it| it.rows_affected), &*none.1),
        (Ok(Some(-1)), "")
    );
}

#[test]
fn stand_in_gives_outputs_and_what_a_procedure_returns() {
    let server = StandIn::start(Setup::default(), |asked| {
        if !asked.text().contains("EXEC") {
            return Vec::new();
        }
        let rows = write::texts("NAME", &["Ann", "Zoë"]);
        let rows = [&rows[..rows.len() - 13], &done_in_proc(0x10, 2)].concat();
        let decimal = [&[1][..], &123_400_000_000u64.to_le_bytes(), &[0; 8]].concat();
        let answer = outputs(
            asked,
            &[("v2", write::decimal(38, 10)), ("v3", write::nvarchar(100))],
            &[
                &write::short(&(-3i32).to_le_bytes()),
                &write::short(&decimal),
                &write::long(&write::utf16("back")),
            ],
        );
        vec![Step::Send([rows, answer, write::done(0, 0)].concat())]
    });
    let mut call = call(ExecutionMode::Reader, "dbo.[Find it]");
    call.kind = CommandType::StoredProcedure;
    call.parameters = vec![
        parameter("@status", Direction::ReturnValue, ParameterType::Int, ""),
        parameter("@name", Direction::Input, ParameterType::VarChar, "A"),
        parameter("@sum", Direction::Output, ParameterType::Decimal, "ignored"),
        parameter(
            "@both",
            Direction::InputOutput,
            ParameterType::NVarChar,
            "there",
        ),
    ];
    let (called, rows) = run(&mut *line(&server), &call);
    let called = called.expect("done");
    assert_eq!(rows, r#"[{"NAME":"Ann"},{"NAME":"Zoë"}]"#);
    let values: Vec<_> = called
        .parameters
        .iter()
        .map(|it| (&*it.name, it.value.as_deref()))
        .collect();
    assert_eq!(
        values,
        [
            ("@status", Some("-3")),
            ("@sum", Some("12.34")),
            ("@both", Some("back"))
        ]
    );
    let sent = procedure_of(&server);
    let text = sent[0].2.as_deref().expect("a text");
    let begins = "DECLARE @r int; EXEC @r = [dbo].[Find it] @name = @v1, @sum = @v2 OUTPUT, @both = @v3 OUTPUT; SELECT 1 AS [";
    assert!(text.starts_with(begins), "{text}");
    assert!(text.ends_with("], @r AS r, @v2 AS v2, @v3 AS v3"), "{text}");
    assert_eq!(
        sent[1].2.as_deref(),
        Some("@v1 varchar(8000),@v2 decimal(38,10),@v3 nvarchar(4000)")
    );
    let values: Vec<_> = sent[2..].iter().map(|it| it.2.as_deref()).collect();
    assert_eq!(values, [Some("A"), None, Some("there")]);
}

#[test]
fn stand_in_counts_and_what_it_counts_of_rows_is_left_out() {
    let counts = |steps: fn() -> Vec<u8>| {
        let server = StandIn::start(Setup::default(), move |asked| {
            match asked.text().contains("COUNT IT") {
                true => vec![Step::Send(steps())],
                false => Vec::new(),
            }
        });
        let (called, rows) = run(
            &mut *line(&server),
            &call(ExecutionMode::NonQuery, "COUNT IT"),
        );
        assert_eq!(rows, "", "the sink is not begun");
        called.expect("done").rows_affected
    };
    let two = || {
        [
            done_in_proc(0x10, 2),
            write::columns(&[("N", write::int())]),
            write::row(&[&7i32.to_le_bytes()]),
            done_in_proc(0x10, 1),
            done_in_proc(0x10, 3),
            write::done(0, 0),
        ]
        .concat()
    };
    assert_eq!(counts(two), Some(5));
    assert_eq!(
        counts(|| [done_in_proc(0x10, 0), write::done(0, 0)].concat()),
        Some(0)
    );
    let silent = || {
        let mut done = write::done(0, 0);
        done[0] = 0xFE;
        done
    };
    assert_eq!(counts(silent), Some(-1));
}

#[test]
fn stand_in_refuses_with_its_number_and_words_but_no_value() {
    let server = StandIn::start(Setup::default(), |asked| {
        let error = match asked.text() {
            text if text.contains("CONVERT") => write::error(
                245,
                16,
                "Conversion failed when converting the varchar value 'Private' to data type int.",
            ),
            text if text.contains("NOPE") => {
                write::error(208, 16, "Invalid object name 'dbo.NOPE'.")
            }
            text if text.contains("FATAL") => write::error(596, 21, "Private"),
            _ => return Vec::new(),
        };
        // Behind a result that was in order.
        let rows = write::texts("A", &["first"]);
        let rows = [&rows[..rows.len() - 13], &done_in_proc(0x10, 1)].concat();
        vec![Step::Send([rows, error, write::done(2, 0)].concat())]
    });
    let refused = |text: &str| {
        let (called, _) = run(&mut *line(&server), &call(ExecutionMode::Reader, text));
        called.expect_err("refused")
    };
    assert_eq!(
        refused("SELECT CONVERT(int, NAME) FROM T"),
        CallError::Engine {
            code: 245,
            message: "Conversion failed when converting the varchar value '…' to data type int."
                .to_owned()
        }
    );
    assert_eq!(
        refused("SELECT A FROM dbo.NOPE"),
        CallError::Engine {
            code: 208,
            message: "Invalid object name 'dbo.NOPE'.".to_owned()
        }
    );
    assert_eq!(refused("FATAL"), PassthroughError::Lost.into());
    // What cannot be sent is not.
    let mut unsent = call(ExecutionMode::Reader, "SELECT 1");
    unsent.parameters = vec![parameter(
        "@p",
        Direction::Input,
        ParameterType::Structured,
        "x",
    )];
    let before = server.seen.asked.lock().unwrap().len();
    let mut line = line(&server);
    let (called, _) = run(&mut *line, &unsent);
    let words = called.expect_err("refused").to_string();
    assert!(words.contains("parameter 1 (Structured)"), "{words}");
    assert_eq!(
        server.seen.asked.lock().unwrap().len(),
        before + 1,
        "the settings alone"
    );
    assert!(line.reset(), "nothing ran");
}

#[test]
fn stand_in_is_told_to_end_what_takes_too_long_and_what_is_too_much() {
    let server = StandIn::start(Setup::default(), |asked| match asked.text() {
        text if text.contains("SLOW") => vec![Step::Wait(Duration::from_secs(30))],
        text if text.contains("MUCH") => {
            let column = write::columns(&[("A", write::text(0xE7, 0xFFFF))]);
            let row = write::row(&[&write::chunks(&write::utf16(&"x".repeat(60_000)))]);
            vec![
                Step::Send(column),
                Step::Send(row.repeat(40)),
                Step::Wait(Duration::from_secs(20)),
            ]
        }
        _ => Vec::new(),
    });
    let limit = Duration::from_millis(200);
    let mut slow = line(&server);
    let short = Watch::begun(limit);
    let reader = |text| call(ExecutionMode::Reader, text);
    let (called, _) = run_within(&mut *slow, &reader("SLOW"), &short, 1 << 20);
    assert_eq!(called, Err(PassthroughError::Timeout(limit).into()));
    server.seen.wait_attentions(1);
    let mut much = line(&server);
    let mut rows = JsonRows::new(Bounds::whole(1 << 20), |_| Ok(()));
    let called = much.call(&reader("MUCH"), &watch(), &mut rows);
    assert_eq!(called, Err(CallError::TooLarge));
    server.seen.wait_attentions(2);
}

/// Each session is one caller's, and one command's.
#[test]
fn stand_in_is_entered_as_the_caller_and_left_behind_a_command() {
    let server = StandIn::start(Setup::default(), |_| Vec::new());
    let mut line = line(&server);
    assert!(line.reset(), "nothing has run in it");
    assert!(!line.only_reads(&call(ExecutionMode::Reader, "SELECT 1"), &watch()));
    let (called, _) = run(
        &mut *line,
        &call(ExecutionMode::Reader, "BEGIN TRANSACTION"),
    );
    called.expect("done");
    assert!(!line.reset(), "what it left cannot be taken back");
    drop(line);
    server.seen.wait_open(0);
    let own = integrator::Login {
        user: "integrator_of_the_tests".to_owned(),
        password: Secret::new("another"),
    };
    let refused = driver(&server).line(1, Some(&own), &watch()).map(drop);
    assert_eq!(refused, Err(PassthroughError::Login));
    let logins = server.seen.logins.lock().unwrap();
    let users: Vec<_> = logins.iter().map(|it| (&*it.user, &*it.password)).collect();
    assert_eq!(users[1], ("integrator_of_the_tests", "another"));
    assert_eq!(
        (users[0].0, logins[1].database.as_str()),
        (USER, "BPSDRUGS")
    );
    assert_eq!(server.seen.opened.load(Ordering::SeqCst), 2);
}

/// What FHIR reads for a caller with a login of its own is read as that login; what becomes of it is its alone.
#[test]
fn stand_in_is_read_as_the_caller() {
    let setup = Setup {
        other: Some(("integrator_of_the_tests", "its password")),
        ..Setup::default()
    };
    let server = StandIn::start(setup, |asked| match asked.text().contains("DENIED") {
        true => vec![Step::Send(
            [
                write::error(229, 14, "The SELECT permission was denied on 'DENIED'."),
                write::done(2, 0),
            ]
            .concat(),
        )],
        false => Vec::new(),
    });
    let site = super::pool(&server, super::limits());
    let own = |password: &str| integrator::Login {
        user: "integrator_of_the_tests".to_owned(),
        password: Secret::new(password),
    };
    let pool = |login: &integrator::Login| {
        let driver = site.driver().with_login(login).expect("it takes logins");
        let driver = driver.expect("SQL Server has logins");
        Arc::new(Pool::of_callers_login("site", driver, super::limits()))
    };
    let ask = |pool: &Arc<Pool>, text: &str| super::ask(pool, text).map(drop);
    let let_in = pool(&own("its password"));
    assert_eq!(ask(&let_in, "SELECT 1"), Ok(()));
    assert_eq!(
        ask(&let_in, "SELECT 1 FROM DENIED"),
        Err(PassthroughError::CallersPermission)
    );
    let refused = pool(&own("another"));
    assert_eq!(
        ask(&refused, "SELECT 1"),
        Err(PassthroughError::CallersLogin)
    );
    let again = ask(&refused, "SELECT 1").expect_err("it is not tried again at once");
    assert!(again.is_of_callers_login(), "{again:?}");
    assert!(!site.is_down());
    assert_eq!(ask(&site, "SELECT 1"), Ok(()));
    assert_eq!(
        ask(&site, "SELECT 1 FROM DENIED"),
        Err(PassthroughError::Permission)
    );
    let logins = server.seen.logins.lock().unwrap();
    let seen: Vec<_> = logins
        .iter()
        .map(|it| (&*it.user, &*it.password, it.read_only))
        .collect();
    assert_eq!(
        seen,
        [
            ("integrator_of_the_tests", "its password", true),
            ("integrator_of_the_tests", "another", true),
            (USER, super::stand_in::PASSWORD, true),
        ]
    );
}
