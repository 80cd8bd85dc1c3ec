//! Commands of callers' own, against a private server.

use std::sync::Arc;
use std::time::Duration;

use pilaster::gateway::integrator::Login;
use pilaster::passthrough::call::json::{Bounds, JsonRows, Part};
use pilaster::passthrough::call::{
    Call, CallError, Called, CommandType, Direction, ExecutionMode, Line, Parameter, ParameterType,
};
use pilaster::passthrough::{Driver as _, Limits, PassthroughError, Watch};
use pilaster::secret::Secret;

use super::ENDLESS;
use super::server::{Database, shared};

const PRACTICE: &str = "
CREATE TABLE PATIENTS (ID INTEGER NOT NULL PRIMARY KEY, NAME VARCHAR(20) UNIQUE, BORN DATE, SEEN TIMESTAMP, FEE NUMERIC(9, 2), BIG NUMERIC(18, 4), ACTIVE BOOLEAN, NOTE BLOB SUB_TYPE TEXT, PHOTO BLOB);
CREATE SEQUENCE G;
CREATE EXCEPTION E_TAKEN 'taken';
COMMIT;
INSERT INTO PATIENTS VALUES (1, 'Jones', '1980-02-29', '2026-01-05 09:30:00.1230', 10.50, 12345678901234.5678, TRUE, 'a note: é', x'00ff10');
INSERT INTO PATIENTS (ID, NAME, FEE) VALUES (2, 'Smith', 7);
COMMIT;
SET TERM ^;
CREATE PROCEDURE ADD_ONE (A INTEGER, B INTEGER) RETURNS (SUM_ INTEGER, NOTE VARCHAR(10)) AS
BEGIN
  SUM_ = A + B + 1;
  NOTE = 'é';
END^
CREATE PROCEDURE RENAMED (ID INTEGER, NAME VARCHAR(20)) AS
BEGIN
  UPDATE PATIENTS SET NAME = :NAME WHERE ID = :ID;
END^
CREATE PROCEDURE NAMES (FROM_ID INTEGER) RETURNS (ID INTEGER, NAME VARCHAR(20)) AS
BEGIN
  FOR SELECT ID, NAME FROM PATIENTS WHERE ID >= :FROM_ID ORDER BY ID INTO :ID, :NAME DO SUSPEND;
END^
CREATE PROCEDURE WRITER RETURNS (ID INTEGER) AS
BEGIN
  UPDATE PATIENTS SET FEE = 99 WHERE ID = 2;
  ID = 2;
  SUSPEND;
END^
CREATE PROCEDURE FAILS (NAME VARCHAR(20)) AS
BEGIN
  UPDATE PATIENTS SET FEE = 55;
  EXCEPTION E_TAKEN 'it is taken by ' || NAME;
END^
CREATE FUNCTION WRITES RETURNS INTEGER AS
BEGIN
  UPDATE PATIENTS SET FEE = 77;
  RETURN 1;
END^
CREATE PACKAGE PACK AS
BEGIN
  PROCEDURE HELLO RETURNS (WORD VARCHAR(10));
END^
CREATE PACKAGE BODY PACK AS
BEGIN
  PROCEDURE HELLO RETURNS (WORD VARCHAR(10)) AS
  BEGIN
    WORD = 'hello';
  END
END^
SET TERM ;^
CREATE VIEW HIDDEN AS SELECT ID FROM WRITER;
CREATE VIEW HIDING (N) AS SELECT WRITES() FROM RDB$DATABASE;
";

fn line(database: &Database<'_>) -> Box<dyn Line> {
    let watch = Watch::begun(Duration::from_secs(20));
    let driver = database.driver(&Limits::default());
    driver.line(0, None, &watch).expect("a line")
}

fn text(text: &str) -> Call {
    Call {
        text: Arc::from(text),
        mode: ExecutionMode::Reader,
        kind: CommandType::Text,
        parameters: Vec::new(),
        catalogue: None,
    }
}

fn procedure(name: &str, mode: ExecutionMode) -> Call {
    Call {
        kind: CommandType::StoredProcedure,
        mode,
        ..text(name)
    }
}

fn parameter(
    name: &str,
    direction: Direction,
    ty: ParameterType,
    value: Option<&str>,
) -> Parameter {
    Parameter {
        name: name.to_owned(),
        direction,
        ty,
        value: value.map(str::to_owned),
        size: None,
    }
}

fn input(name: &str, ty: ParameterType, value: &str) -> Parameter {
    parameter(name, Direction::Input, ty, Some(value))
}

fn with(call: Call, parameters: Vec<Parameter>) -> Call {
    Call { parameters, ..call }
}

fn run_for(
    line: &mut dyn Line,
    call: &Call,
    limit: Duration,
    bounds: Bounds,
) -> Result<(String, Called), CallError> {
    let mut data = Vec::new();
    let mut rows = JsonRows::new(bounds, |part: Part| {
        data.extend(part.data);
        Ok(())
    });
    let called = line.call(call, &Watch::begun(limit), &mut rows)?;
    rows.finish().expect("handed over");
    Ok((String::from_utf8(data).expect("UTF-8"), called))
}

fn run(line: &mut dyn Line, call: &Call) -> Result<(String, Called), CallError> {
    run_for(line, call, Duration::from_secs(30), Bounds::whole(1 << 20))
}

fn rows(line: &mut dyn Line, call: &Call) -> String {
    run(line, call)
        .unwrap_or_else(|error| panic!("{}: {error:?}", call.text))
        .0
}

fn counted(line: &mut dyn Line, sql: &str) -> Option<i64> {
    let call = Call {
        mode: ExecutionMode::NonQuery,
        ..text(sql)
    };
    let (data, called) = run(line, &call).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    assert_eq!(data, "", "no rows are begun");
    called.rows_affected
}

fn values(called: &Called) -> Vec<(&str, Option<&str>)> {
    called
        .parameters
        .iter()
        .map(|parameter| (parameter.name.as_str(), parameter.value.as_deref()))
        .collect()
}

fn command_error(line: &mut dyn Line, call: &Call) -> String {
    match run(line, call) {
        Err(CallError::Command(message)) => message,
        other => panic!("{}: {other:?}", call.text),
    }
}

fn engine_error(line: &mut dyn Line, call: &Call) -> (i64, String) {
    match run(line, call) {
        Err(CallError::Engine { code, message }) => (code, message),
        other => panic!("{}: {other:?}", call.text),
    }
}

#[test]
fn rows_are_as_their_columns_hold_them() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    assert_eq!(
        rows(&mut *line, &text("SELECT * FROM PATIENTS ORDER BY ID;")),
        concat!(
            r#"[{"ID":1,"NAME":"Jones","BORN":"1980-02-29","SEEN":"2026-01-05T09:30:00.123","FEE":10.50,"BIG":12345678901234.5678,"ACTIVE":true,"NOTE":"a note: é","PHOTO":"AP8Q"},"#,
            r#"{"ID":2,"NAME":"Smith","BORN":null,"SEEN":null,"FEE":7.00,"BIG":null,"ACTIVE":null,"NOTE":null,"PHOTO":null}]"#,
        )
    );
    let scalar = Call {
        mode: ExecutionMode::Scalar,
        ..text("SELECT NAME, NOTE FROM PATIENTS ORDER BY ID")
    };
    assert_eq!(rows(&mut *line, &scalar), r#"[{"NAME":"Jones"}]"#);
    let nobody = Call {
        mode: ExecutionMode::Scalar,
        ..text("SELECT NAME FROM PATIENTS WHERE ID = 9")
    };
    assert_eq!(rows(&mut *line, &nobody), "[]");
    assert_eq!(counted(&mut *line, "SELECT * FROM PATIENTS"), None);
    assert!(line.reset());
    database.becomes(0, "transactions", |database| database.transactions());
}

#[test]
fn what_a_command_changes_is_kept_and_counted() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    let count = |sql: &str| database.count(sql);
    assert_eq!(counted(&mut *line, "UPDATE PATIENTS SET FEE = 1"), Some(2));
    assert_eq!(count("SELECT COUNT(*) FROM PATIENTS WHERE FEE = 1"), 2);
    assert_eq!(
        counted(&mut *line, "DELETE FROM PATIENTS WHERE ID = 9"),
        Some(0)
    );
    let returning =
        text("INSERT INTO PATIENTS (ID, NAME) VALUES (3, 'Zoë') RETURNING ID * 2 AS TWICE, NAME");
    let (data, called) = run(&mut *line, &returning).expect("a row");
    assert_eq!(data, r#"[{"TWICE":6,"NAME":"Zoë"}]"#);
    assert_eq!(called.rows_affected, Some(1));
    let block = "EXECUTE BLOCK AS BEGIN DELETE FROM PATIENTS WHERE ID = 3; UPDATE PATIENTS SET FEE = 2; END";
    assert_eq!(counted(&mut *line, block), Some(3));
    assert_eq!(count("SELECT COUNT(*) FROM PATIENTS WHERE FEE = 2"), 2);
    // No statement of an earlier call holds on to the table.
    counted(&mut *line, "CREATE TABLE MORE (A INTEGER)");
    assert_eq!(counted(&mut *line, "INSERT INTO MORE VALUES (1)"), Some(1));
    assert_eq!(
        rows(&mut *line, &text("SELECT A FROM MORE")),
        r#"[{"A":1}]"#
    );
    counted(&mut *line, "DROP TABLE MORE");
    assert!(line.reset());
}

#[test]
fn what_fails_changes_nothing() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    let fails = with(
        procedure("fails", ExecutionMode::NonQuery),
        vec![input("@name", ParameterType::VarChar, "Smith")],
    );
    let (code, message) = engine_error(&mut *line, &fails);
    assert_eq!(code, 335_544_517);
    assert!(
        message.starts_with("exception E_TAKEN") && message.contains("'FAILS'"),
        "{message}"
    );
    assert!(!message.contains("Smith"), "{message}");
    let wide = text("UPDATE PATIENTS SET FEE = 55 WHERE ID = 1 RETURNING NAME, NOTE, PHOTO");
    let limit = Duration::from_secs(20);
    let large = run_for(&mut *line, &wide, limit, Bounds::whole(20));
    assert_eq!(large.map(drop), Err(CallError::TooLarge));
    let large = run_for(
        &mut *line,
        &text("SELECT * FROM PATIENTS"),
        limit,
        Bounds::whole(20),
    );
    assert_eq!(large.map(drop), Err(CallError::TooLarge));
    assert_eq!(
        database.count("SELECT COUNT(*) FROM PATIENTS WHERE FEE = 55"),
        0
    );
    assert!(line.reset());
    database.becomes(0, "transactions", |database| database.transactions());
}

#[test]
fn parameters_are_bound_by_name_or_in_order() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    let named = with(
        text(
            "SELECT ID, '@id' AS LITERAL FROM PATIENTS WHERE ID = @ID OR NAME = @name OR ID = @id -- @name",
        ),
        vec![
            input("@name", ParameterType::NVarChar, "Smith"),
            input("id", ParameterType::Int, "1"),
        ],
    );
    assert_eq!(
        rows(&mut *line, &named),
        r#"[{"ID":1,"LITERAL":"@id"},{"ID":2,"LITERAL":"@id"}]"#
    );
    let marked = with(
        text("SELECT ID FROM PATIENTS WHERE ID = ? AND NAME = ?"),
        vec![
            input("@a", ParameterType::Int, "2"),
            input("@b", ParameterType::VarChar, "Smith"),
        ],
    );
    assert_eq!(rows(&mut *line, &marked), r#"[{"ID":2}]"#);
    let unused = with(
        text("SELECT 1 FROM RDB$DATABASE"),
        vec![input("@a", ParameterType::Int, "2")],
    );
    assert!(
        command_error(&mut *line, &unused)
            .starts_with("parameter 1 (Int): the text does not use it")
    );
    let long = with(
        text("SELECT CAST(@a AS VARCHAR(100)) FROM RDB$DATABASE"),
        vec![input("@a", ParameterType::VarChar, &"x".repeat(40_000))],
    );
    assert_eq!(
        command_error(&mut *line, &long),
        "parameter 1 (VarChar): a parameter of Firebird's has 32765 bytes at the most"
    );
    let unknown = engine_error(&mut *line, &text("SELECT @nobody FROM RDB$DATABASE"));
    assert!(unknown.1.contains("unexpected at line 1"), "{}", unknown.1);
}

/// Every type of the API: what Firebird is given for it, or that it is refused.
#[test]
fn every_type_is_carried_or_refused() {
    use ParameterType as P;
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", "");
    let mut line = line(&database);
    for ty in P::ALL {
        let (value, cast, expected) = match ty {
            P::BigInt => ("9007199254740993", "BIGINT", "9007199254740993"),
            P::Int | P::SmallInt | P::TinyInt => ("66", "INTEGER", "66"),
            P::Bit => ("true", "BOOLEAN", "true"),
            P::Decimal | P::Money | P::SmallMoney => ("10.50", "NUMERIC(18, 2)", "10.50"),
            P::Float | P::Real => ("37.2", "DOUBLE PRECISION", "37.2"),
            P::Char
            | P::NChar
            | P::VarChar
            | P::NVarChar
            | P::String
            | P::Text
            | P::NText
            | P::Xml => ("<a>é</a>", "VARCHAR(20)", r#""<a>é</a>""#),
            P::Date => ("2026-01-05", "DATE", r#""2026-01-05""#),
            P::Time => ("09:30:00.12349", "TIME", r#""09:30:00.1234""#),
            P::DateTime | P::DateTime2 | P::SmallDateTime => (
                "2026-01-05T09:30:00.5",
                "TIMESTAMP",
                r#""2026-01-05T09:30:00.5""#,
            ),
            P::UniqueIdentifier => (
                "01234567-89ab-cdef-0123-456789abcdef",
                "VARCHAR(40)",
                r#""01234567-89AB-CDEF-0123-456789ABCDEF""#,
            ),
            P::Binary | P::VarBinary | P::Image => {
                ("AP8Q", "VARCHAR(8) CHARACTER SET OCTETS", r#""AP8Q""#)
            }
            P::DateTimeOffset | P::Timestamp | P::Structured | P::Udt | P::Variant => ("x", "", ""),
        };
        let sql = format!("SELECT CAST(@v AS {cast}) AS V FROM RDB$DATABASE");
        let call = with(text(&sql), vec![input("@v", *ty, value)]);
        match run(&mut *line, &call) {
            Ok((data, _)) => assert_eq!(data, format!("[{{\"V\":{expected}}}]"), "{}", ty.name()),
            Err(CallError::Command(message)) => {
                assert_eq!(expected, "", "{}: {message}", ty.name());
                let refused = format!(
                    "parameter 1 ({}): Firebird takes no parameter of this type",
                    ty.name()
                );
                assert_eq!(message, refused);
                continue;
            }
            Err(error) => panic!("{}: {error:?}", ty.name()),
        }
        let null = with(
            text(&sql),
            vec![parameter("@v", Direction::Input, *ty, None)],
        );
        assert_eq!(rows(&mut *line, &null), r#"[{"V":null}]"#, "{}", ty.name());
    }
}

#[test]
fn procedures_are_called_and_give_back() {
    use ParameterType as P;
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    let inputs = || vec![input("@x", P::Int, "2"), input("@y", P::Int, "3")];
    let output = |name: &str, ty| parameter(name, Direction::Output, ty, None);
    // By name, wherever it stands; the others in their order.
    for outputs in [
        vec![output("@NOTE", P::VarChar), output("@sum_", P::Int)],
        vec![output("@note", P::VarChar), output("@first", P::Int)],
    ] {
        let mut parameters = outputs;
        parameters.extend(inputs());
        let call = with(
            procedure("Add_One", ExecutionMode::NonQuery),
            parameters.clone(),
        );
        let (_, called) = run(&mut *line, &call).expect("called");
        assert_eq!(
            values(&called),
            [
                (parameters[0].name.as_str(), Some("é")),
                (parameters[1].name.as_str(), Some("6"))
            ]
        );
    }
    let both = vec![
        input("@x", P::Int, "2"),
        parameter("@sum_", Direction::InputOutput, P::Int, Some("40")),
    ];
    let call = with(procedure("ADD_ONE", ExecutionMode::Reader), both);
    let (data, called) = run(&mut *line, &call).expect("called");
    assert_eq!(data, r#"[{"SUM_":43,"NOTE":"é"}]"#);
    assert_eq!(values(&called), [("@sum_", Some("43"))]);
    // Without outputs, what it gives back is a row.
    let call = with(procedure("ADD_ONE", ExecutionMode::Scalar), inputs());
    assert_eq!(rows(&mut *line, &call), r#"[{"SUM_":6}]"#);
    let call = with(
        procedure("NAMES", ExecutionMode::Reader),
        vec![input("@from", P::Int, "1")],
    );
    assert_eq!(
        rows(&mut *line, &call),
        r#"[{"ID":1,"NAME":"Jones"},{"ID":2,"NAME":"Smith"}]"#
    );
    let call = procedure("pack.hello", ExecutionMode::Scalar);
    assert_eq!(rows(&mut *line, &call), r#"[{"WORD":"hello"}]"#);
    let call = procedure("WRITER", ExecutionMode::Reader);
    assert_eq!(rows(&mut *line, &call), r#"[{"ID":2}]"#);
    assert_eq!(
        database.count("SELECT COUNT(*) FROM PATIENTS WHERE FEE = 99"),
        1
    );
    let call = with(
        procedure("RENAMED", ExecutionMode::NonQuery),
        vec![
            input("@id", P::Int, "2"),
            input("@name", P::VarChar, "Smythe"),
        ],
    );
    assert_eq!(
        run(&mut *line, &call).expect("called").1.rows_affected,
        None,
        "the engine does not count a procedure's rows"
    );
    assert_eq!(
        database.count("SELECT COUNT(*) FROM PATIENTS WHERE NAME = 'Smythe'"),
        1
    );
    let text_call = with(
        text("EXECUTE PROCEDURE ADD_ONE(@x, @y)"),
        [inputs(), vec![output("@sum", P::Int)]].concat(),
    );
    assert_eq!(
        values(&run(&mut *line, &text_call).expect("called").1),
        [("@sum", Some("6"))]
    );
}

#[test]
fn what_cannot_be_called_is_refused() {
    use ParameterType as P;
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    let output = |direction| vec![parameter("@o", direction, P::Int, None)];
    let call = with(text("SELECT ID FROM PATIENTS"), output(Direction::Output));
    assert_eq!(
        command_error(&mut *line, &call),
        "parameter 1 (Int): the statement gives nothing back for it"
    );
    let call = with(
        procedure("ADD_ONE", ExecutionMode::NonQuery),
        output(Direction::ReturnValue),
    );
    assert_eq!(
        command_error(&mut *line, &call),
        "parameter 1 (Int): procedures of Firebird return no value"
    );
    for name in ["ADD_ONE(1, 2)", "ADD_ONE; DELETE FROM PATIENTS", "", "1P"] {
        command_error(&mut *line, &procedure(name, ExecutionMode::NonQuery));
    }
    for sql in ["COMMIT", "ROLLBACK", "SET TRANSACTION READ ONLY"] {
        let message = command_error(&mut *line, &text(sql));
        assert!(
            message.starts_with("each command is a transaction of its own"),
            "{sql}: {message}"
        );
    }
    let (code, message) = engine_error(&mut *line, &procedure("NOBODY", ExecutionMode::Reader));
    assert_eq!(
        (code, message.contains("NOBODY")),
        (335_544_580, true),
        "{message}"
    );
    let (_, message) = engine_error(&mut *line, &procedure("ADD_ONE", ExecutionMode::NonQuery));
    assert!(message.contains("ADD_ONE"), "{message}");
    assert!(line.reset());
}

fn only_reads(line: &mut dyn Line, call: &Call) -> bool {
    line.only_reads(call, &Watch::begun(Duration::from_secs(20)))
}

#[test]
fn the_engine_vouches_for_what_only_reads() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    let cases = [
        ("SELECT UPPER(NAME) FROM PATIENTS", true),
        (
            "WITH A AS (SELECT 1 AS X FROM RDB$DATABASE) SELECT * FROM A",
            true,
        ),
        ("SELECT * FROM NAMES(1)", false),
        ("SELECT * FROM WRITER", false),
        ("SELECT * FROM HIDDEN", false),
        ("SELECT WRITES() FROM RDB$DATABASE", false),
        ("SELECT GEN_ID(G, 1) FROM RDB$DATABASE", false),
        ("UPDATE PATIENTS SET FEE = 1", false),
        ("SELECT * FROM NOWHERE", false),
        ("SELEC", false),
    ];
    for (sql, expected) in cases {
        assert_eq!(only_reads(&mut *line, &text(sql)), expected, "{sql}");
    }
    assert!(!only_reads(
        &mut *line,
        &procedure("NAMES", ExecutionMode::Reader)
    ));
    let named = with(
        text("SELECT ID FROM PATIENTS WHERE ID = @id"),
        vec![input("@id", ParameterType::Int, "2")],
    );
    assert!(only_reads(&mut *line, &named));
    assert_eq!(
        rows(&mut *line, &named),
        r#"[{"ID":2}]"#,
        "and is called as it was asked about"
    );
    // What is not vouched for runs all the same, and may write.
    assert_eq!(
        rows(&mut *line, &text("SELECT * FROM HIDDEN")),
        r#"[{"ID":2}]"#
    );
    assert_eq!(
        database.count("SELECT COUNT(*) FROM PATIENTS WHERE FEE = 99"),
        1
    );
    // A function that a view hides is the one thing that is not seen: the engine keeps it from writing.
    assert!(only_reads(&mut *line, &text("SELECT * FROM HIDING")));
    let (code, _) = engine_error(&mut *line, &text("SELECT * FROM HIDING"));
    assert_eq!(code, 335_544_361);
    assert_eq!(
        database.count("SELECT COUNT(*) FROM PATIENTS WHERE FEE = 77"),
        0
    );
    assert!(line.reset());
}

#[test]
fn errors_name_what_the_statement_names() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    let cases = [
        (
            "SELECT NOPE FROM PATIENTS",
            335_544_578,
            "column unknown NOPE; at line 1, column 8",
        ),
        (
            "SELECT 1 FROM NOWHERE",
            335_544_580,
            "table unknown NOWHERE; at line 1, column 15",
        ),
        (
            "SELEC 1",
            335_544_634,
            "unexpected at line 1, column 1 SELEC",
        ),
        (
            "SELECT CAST(NAME AS INTEGER) FROM PATIENTS",
            335_544_334,
            "conversion error from string \"…\"",
        ),
        (
            "INSERT INTO PATIENTS (ID, NAME) SELECT 9, NAME FROM PATIENTS",
            335_544_665,
            "violation of PRIMARY or UNIQUE KEY constraint \"INTEG_3\" on table \"PATIENTS\"; the key is …",
        ),
    ];
    for (sql, code, message) in cases {
        assert_eq!(
            engine_error(&mut *line, &text(sql)),
            (code, message.to_owned()),
            "{sql}"
        );
    }
    assert_eq!(
        rows(&mut *line, &text("SELECT 1 AS A FROM RDB$DATABASE")),
        r#"[{"A":1}]"#
    );
}

#[test]
fn a_command_ends_with_its_watch_and_the_line_goes_on() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    let limit = Duration::from_millis(300);
    let late = run_for(&mut *line, &text(ENDLESS), limit, Bounds::whole(100));
    assert_eq!(late.map(drop), Err(PassthroughError::Timeout(limit).into()));
    database.becomes(0, "statements", |database| database.running());
    // The server has said that it cancelled it, unless it was too busy to say so at once.
    let mut line = match line.reset() {
        true => line,
        false => self::line(&database),
    };
    assert_eq!(
        rows(&mut *line, &text("SELECT 1 AS A FROM RDB$DATABASE")),
        r#"[{"A":1}]"#
    );
    drop(line);
    database.becomes(0, "transactions", |database| database.transactions());
}

#[test]
fn a_command_waits_for_a_lock_and_not_for_ever() {
    use rsfbclient::Execute as _;
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    let mut line = line(&database);
    let mut other = database.other_client();
    other.begin_transaction().expect("a transaction");
    other
        .execute("UPDATE PATIENTS SET FEE = 3 WHERE ID = 1", ())
        .expect("locked");
    let limit = Duration::from_millis(500);
    let update = text("UPDATE PATIENTS SET FEE = 4 WHERE ID = 1");
    let ended = run_for(&mut *line, &update, limit, Bounds::whole(100));
    assert_eq!(
        ended.map(drop),
        Err(PassthroughError::Timeout(limit).into())
    );
    other.commit().expect("kept");
    drop(line);
    assert_eq!(
        database.count("SELECT COUNT(*) FROM PATIENTS WHERE FEE = 3"),
        1
    );
}

#[test]
fn a_caller_may_what_its_login_may() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", PRACTICE);
    database.script(
        "CREATE USER CALLS_JO PASSWORD 'Secret of Jo' USING PLUGIN Srp;\nCOMMIT;\nGRANT SELECT ON PATIENTS TO USER CALLS_JO;\nCOMMIT;",
    );
    let driver = database.driver(&Limits::default());
    let watch = Watch::begun(Duration::from_secs(20));
    let login = |password: &str| Login {
        user: "calls_jo".to_owned(),
        password: Secret::new(password),
    };
    let refused = driver.line(0, Some(&login("another")), &watch);
    assert_eq!(refused.err(), Some(PassthroughError::Login));
    let mut line = driver
        .line(0, Some(&login("Secret of Jo")), &watch)
        .expect("a line");
    assert_eq!(
        rows(
            &mut *line,
            &text("SELECT TRIM(CURRENT_USER) AS ME, NAME FROM PATIENTS WHERE ID = 1")
        ),
        r#"[{"ME":"CALLS_JO","NAME":"Jones"}]"#
    );
    for (sql, message) in [
        (
            "DELETE FROM PATIENTS",
            "no permission for DELETE access to TABLE PATIENTS",
        ),
        (
            "EXECUTE PROCEDURE ADD_ONE(1, 2)",
            "no permission for EXECUTE access to PROCEDURE ADD_ONE",
        ),
    ] {
        let (code, told) = engine_error(&mut *line, &text(sql));
        assert_eq!(code, 335_544_352, "{sql}");
        assert!(told.starts_with(message), "{told}");
    }
}

/// Blobs that are long together come all the same, page by page; one that is longer than an answer may be does not.
#[test]
fn long_blobs_come_in_parts() {
    let Some(server) = shared() else { return };
    let database = server.database(
        "UTF8",
        "CREATE TABLE T (ID INTEGER, B BLOB);
SET TERM ^;
EXECUTE BLOCK AS
DECLARE N INTEGER = 0;
DECLARE V BLOB = '';
BEGIN
  WHILE (N < 30) DO BEGIN V = V || RPAD('', 10000, 'x'); N = N + 1; END
  WHILE (N < 60) DO BEGIN INSERT INTO T VALUES (:N, :V); N = N + 1; END
END^
SET TERM ;^",
    );
    let line_of = |rows: usize| {
        let limits = Limits {
            rows,
            ..Limits::default()
        };
        let watch = Watch::begun(Duration::from_secs(20));
        database
            .driver(&limits)
            .line(0, None, &watch)
            .expect("a line")
    };
    let all = text("SELECT B FROM T ORDER BY ID");
    let mut seen = (0, 0);
    let mut parts = JsonRows::new(Bounds::pages(500_000, 500_000), |part: Part| {
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&part.data).expect("JSON");
        assert!(
            rows.iter()
                .all(|row| row["B"].as_str().is_some_and(|b| b.len() == 400_000))
        );
        seen = (seen.0 + part.rows, seen.1 + 1);
        Ok(())
    });
    // 30 of 300 KB each: 9 MB, where 2 MB may be held.
    let watch = Watch::begun(Duration::from_secs(60));
    line_of(2_000_000)
        .call(&all, &watch, &mut parts)
        .expect("rows");
    parts.finish().expect("handed over");
    assert_eq!(seen, (30, 15));
    let refused = run_for(
        &mut *line_of(100_000),
        &all,
        Duration::from_secs(60),
        Bounds::pages(1 << 20, 1 << 30),
    );
    assert_eq!(refused.map(drop), Err(CallError::TooLarge));
}
