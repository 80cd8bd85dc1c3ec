//! Statements of a caller's own, over psqlODBC to PostgreSQL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pilaster::gateway::integrator::Login;
use pilaster::passthrough::call::json::{Bounds, JsonRows};
use pilaster::passthrough::call::{
    Call, CallError, Called, CommandType, Direction, ExecutionMode, Line, Parameter, ParameterType,
};
use pilaster::passthrough::odbc::Odbc;
use pilaster::passthrough::{Driver, Limits, PassthroughError, Watch};
use pilaster::secret::Secret;

use super::postgres::{PASSWORD, POSTGRES, USER};
use super::{RUNTIME, options};

fn driver() -> Odbc {
    Odbc::new(options(), &Limits::default(), RUNTIME.handle().clone())
}

fn watch() -> Arc<Watch> {
    Watch::begun(Duration::from_secs(20))
}

fn call(mode: ExecutionMode, text: &str, parameters: Vec<Parameter>) -> Call {
    Call {
        text: text.into(),
        mode,
        kind: CommandType::Text,
        parameters,
        catalogue: None,
    }
}

fn parameter(name: &str, direction: Direction, ty: ParameterType, value: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        direction,
        ty,
        value: (value != "NULL").then(|| value.to_owned()),
        size: None,
    }
}

fn input(name: &str, ty: ParameterType, value: &str) -> Parameter {
    parameter(name, Direction::Input, ty, value)
}

fn run_on(
    line: &mut dyn Line,
    call: &Call,
    watch: &Arc<Watch>,
) -> (Result<Called, CallError>, String) {
    let mut data = Vec::new();
    let mut rows = JsonRows::new(Bounds::whole(1 << 20), |part| {
        data = part.data;
        Ok(())
    });
    let called = line.call(call, watch, &mut rows);
    let _ = rows.finish();
    (called, String::from_utf8(data).unwrap())
}

/// On a line of its own.
fn run(call: &Call) -> (Result<Called, CallError>, String) {
    let mut line = driver().line(0, None, &watch()).unwrap();
    run_on(&mut *line, call, &watch())
}

fn rows(text: &str, parameters: Vec<Parameter>) -> String {
    let (called, rows) = run(&call(ExecutionMode::Reader, text, parameters));
    called.unwrap();
    rows
}

fn changed(text: &str, parameters: Vec<Parameter>) -> Result<Option<i64>, CallError> {
    let (called, rows) = run(&call(ExecutionMode::NonQuery, text, parameters));
    assert_eq!(rows, "", "the sink is not begun");
    called.map(|called| called.rows_affected)
}

#[test]
fn columns_are_written_as_their_types_are() {
    let text = "SELECT true AS flag, 7 AS whole, 10.50::numeric(10,2) AS exact, 0.1::float8 AS long,
        'Zoë'::varchar(10) AS name, date '1980-05-17' AS day, time '09:30:00' AS at,
        timestamp '2026-01-05 09:30:00.120' AS moment, '\\x00ff10'::bytea AS bytes, NULL::int AS none";
    assert_eq!(
        rows(&text.replace("\\\\", "\\"), Vec::new()),
        r#"[{"flag":true,"whole":7,"exact":10.50,"long":0.1,"name":"Zoë","day":"1980-05-17","at":"09:30:00","moment":"2026-01-05T09:30:00.12","bytes":"AP8Q","none":null}]"#
    );
    assert_eq!(rows("SELECT 1 AS a WHERE false", Vec::new()), "[]");
    let scalar = call(
        ExecutionMode::Scalar,
        "SELECT a, a FROM generate_series(5, 9) AS a",
        vec![],
    );
    assert_eq!(run(&scalar).1, r#"[{"a":5}]"#);
    let long = rows("SELECT repeat('é', 100000) AS long", Vec::new());
    assert_eq!(long, format!(r#"[{{"long":"{}"}}]"#, "é".repeat(100_000)));
}

#[test]
fn parameters_of_every_type_go_by_name() {
    use ParameterType as T;
    let cases = [
        (
            T::BigInt,
            "9223372036854775807",
            "bigint",
            "9223372036854775807",
        ),
        (T::Int, "-7", "int", "-7"),
        (T::SmallInt, "7", "smallint", "7"),
        (T::TinyInt, "7", "smallint", "7"),
        (T::Bit, "true", "boolean", "true"),
        (T::Decimal, "-10.50", "numeric(10,2)", "-10.50"),
        (T::Money, "1.5", "numeric(19,4)", "1.5000"),
        (T::SmallMoney, "1.5", "numeric(19,4)", "1.5000"),
        (T::Float, "0.1", "float8", "0.1"),
        (T::Real, "37.2", "float8", "37.2"),
        (T::Char, "Zoë", "varchar(9)", "\"Zoë\""),
        (T::NChar, "Zoë", "varchar(9)", "\"Zoë\""),
        (T::VarChar, "O'Brien 😀", "varchar(20)", "\"O'Brien 😀\""),
        (T::NVarChar, "", "varchar(9)", "\"\""),
        (T::String, "x", "varchar(9)", "\"x\""),
        (T::Text, "x", "text", "\"x\""),
        (T::NText, "x", "text", "\"x\""),
        (T::Xml, "<a/>", "text", "\"<a/>\""),
        (T::Date, "1980-05-17", "date", "\"1980-05-17\""),
        (T::Time, "09:30:00", "time", "\"09:30:00\""),
        (
            T::DateTime,
            "2026-01-05T09:30:00.123",
            "timestamp",
            "\"2026-01-05T09:30:00.123\"",
        ),
        (
            T::SmallDateTime,
            "2026-01-05T09:30:00",
            "timestamp",
            "\"2026-01-05T09:30:00\"",
        ),
        (
            T::DateTime2,
            "2026-01-05T09:30:00",
            "timestamp",
            "\"2026-01-05T09:30:00\"",
        ),
        (
            T::DateTimeOffset,
            "2026-01-05T09:30:00+10:00",
            "varchar(40)",
            "\"2026-01-05 09:30:00+10:00\"",
        ),
        (
            T::UniqueIdentifier,
            "6f9619ff-8b86-d011-b42d-00c04fc964ff",
            "uuid",
            "\"6F9619FF-8B86-D011-B42D-00C04FC964FF\"",
        ),
        (T::Binary, "AP8Q", "bytea", "\"AP8Q\""),
        (T::VarBinary, "", "bytea", "\"\""),
        (T::Image, "AP8Q", "bytea", "\"AP8Q\""),
        (T::Timestamp, "AAAAAAAAB9E=", "bytea", "\"AAAAAAAAB9E=\""),
    ];
    for (ty, value, column, expected) in cases {
        let text = format!("SELECT CAST(@p AS {column}) AS a, '@p' AS b");
        let given = rows(&text, vec![input("@p", ty, value)]);
        assert_eq!(given, format!(r#"[{{"a":{expected},"b":"@p"}}]"#), "{ty:?}");
        let none = rows(&text, vec![input("@p", ty, "NULL")]);
        assert_eq!(none, r#"[{"a":null,"b":"@p"}]"#, "{ty:?}");
    }
    let tried: Vec<_> = cases.iter().map(|case| case.0).collect();
    for ty in ParameterType::ALL {
        if !tried.contains(ty) {
            let of = call(
                ExecutionMode::Reader,
                "SELECT @p",
                vec![input("@p", *ty, "x")],
            );
            let refused = run(&of).0.unwrap_err().to_string();
            assert!(
                refused.contains(&format!("parameter 1 ({})", ty.name())),
                "{refused}"
            );
        }
    }
    // One name, two places.
    let twice = rows(
        "SELECT CAST(@A AS int) + CAST(@a AS int) AS a -- @a",
        vec![input("a", T::Int, "4")],
    );
    assert_eq!(twice, r#"[{"a":8}]"#);
}

/// A command is kept where it ends well, all of it is taken back where it does not, and the site's own statements for
/// reading do not hold it back.
#[test]
fn what_changes_is_kept_or_taken_back() {
    POSTGRES.run(
        "practice",
        &format!("CREATE TABLE changed (id int PRIMARY KEY, name varchar(40)); GRANT ALL ON changed TO {USER}"),
    );
    let insert = "INSERT INTO changed VALUES (@id, @name)";
    let given = |id: &str| {
        vec![
            input("@id", ParameterType::Int, id),
            input("@name", ParameterType::NVarChar, "Private"),
        ]
    };
    assert_eq!(changed(insert, given("1")), Ok(Some(1)));
    assert_eq!(changed(insert, given("2")), Ok(Some(1)));
    let refused = changed(insert, given("1")).unwrap_err();
    let CallError::Engine { message, .. } = &refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("duplicate key"), "{message}");
    assert!(
        !message.contains("Private") && !message.contains("psqlODBC"),
        "{message}"
    );
    assert_eq!(
        changed("UPDATE changed SET name = NULL", vec![]),
        Ok(Some(2))
    );
    assert_eq!(
        changed("DELETE FROM changed WHERE id > 7", vec![]),
        Ok(Some(0))
    );
    let half = "INSERT INTO changed VALUES (3, NULL); INSERT INTO changed VALUES (1, NULL)";
    assert!(matches!(
        changed(half, vec![]),
        Err(CallError::Engine { .. })
    ));
    let left = rows("SELECT id, name FROM changed ORDER BY id", vec![]);
    assert_eq!(left, r#"[{"id":1,"name":null},{"id":2,"name":null}]"#);
    // What is behind the first result is run as well.
    let mixed = "SELECT count(*) AS a FROM changed; INSERT INTO changed VALUES (4, 'x')";
    assert_eq!(rows(mixed, vec![]), r#"[{"a":2}]"#);
    assert_eq!(
        rows("SELECT count(*) AS a FROM changed", vec![]),
        r#"[{"a":3}]"#
    );
}

#[test]
fn procedures_give_parameters_back() {
    POSTGRES.run(
        "practice",
        "CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
         CREATE FUNCTION parts(whole varchar, OUT first varchar, INOUT amount numeric) LANGUAGE sql
           AS 'SELECT upper(whole), amount * 2'",
    );
    let mut of = call(
        ExecutionMode::NonQuery,
        "twice",
        vec![
            input("@n", ParameterType::Int, "21"),
            parameter(
                "@result",
                Direction::ReturnValue,
                ParameterType::Int,
                "NULL",
            ),
        ],
    );
    of.kind = CommandType::StoredProcedure;
    let (called, _) = run(&of);
    let called = called.unwrap();
    let values = |called: &Called| -> Vec<(String, Option<String>)> {
        let all = called.parameters.iter();
        all.map(|it| (it.name.clone(), it.value.clone())).collect()
    };
    assert_eq!(
        values(&called),
        [("@result".to_owned(), Some("42".to_owned()))]
    );
    of.text = "parts".into();
    of.parameters = vec![
        input("@whole", ParameterType::NVarChar, "zoë"),
        parameter("@first", Direction::Output, ParameterType::NVarChar, "NULL"),
        parameter(
            "@amount",
            Direction::InputOutput,
            ParameterType::Decimal,
            "10.25",
        ),
    ];
    let (called, _) = run(&of);
    let called = called.unwrap();
    assert_eq!(
        values(&called),
        [
            ("@first".to_owned(), Some("ZOË".to_owned())),
            ("@amount".to_owned(), Some("20.50".to_owned())),
        ]
    );
    of.text = "parts; DROP TABLE types".into();
    assert!(matches!(run(&of).0, Err(CallError::Command(_))));
    let in_text = call(
        ExecutionMode::Reader,
        "SELECT 1",
        vec![parameter(
            "@a",
            Direction::Output,
            ParameterType::Int,
            "NULL",
        )],
    );
    let refused = run(&in_text).0.unwrap_err().to_string();
    assert!(refused.contains("storedProcedure"), "{refused}");
}

#[test]
fn a_line_is_the_callers_and_serves_one_command() {
    POSTGRES.run("practice", "CREATE USER another PASSWORD 'of another'");
    let own = Login {
        user: "another".to_owned(),
        password: Secret::new("of another"),
    };
    let who = call(
        ExecutionMode::Reader,
        "SELECT current_user::varchar(20) AS a",
        vec![],
    );
    let mut line = driver().line(1, Some(&own), &watch()).unwrap();
    assert!(line.reset(), "nothing has run on it");
    assert_eq!(run_on(&mut *line, &who, &watch()).1, r#"[{"a":"another"}]"#);
    assert!(!line.reset());
    let wrong = Login {
        password: Secret::new(PASSWORD),
        ..own
    };
    let refused = driver().line(0, Some(&wrong), &watch()).map(drop);
    assert_eq!(refused, Err(PassthroughError::Login));
}

#[test]
fn what_takes_too_long_is_ended() {
    let mut line = driver().line(0, None, &watch()).unwrap();
    let limit = Duration::from_millis(300);
    let begun = Instant::now();
    let slow = call(ExecutionMode::Reader, "SELECT pg_sleep(30)", vec![]);
    let (called, _) = run_on(&mut *line, &slow, &Watch::begun(limit));
    assert_eq!(called, Err(PassthroughError::Timeout(limit).into()));
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "it was waited for"
    );
}
