//! Lines to a file: what they run, what comes of it, and what they keep a caller from.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Sqlite;
use crate::gateway::integrator::Login;
use crate::passthrough::call::json::{Bounds, JsonRows, Part};
use crate::passthrough::call::{
    Call, CallError, Called, CommandType, Direction, ExecutionMode, Line, Parameter, ParameterType,
};
use crate::passthrough::{Driver as _, Limits, PassthroughError, Watch};
use crate::secret::Secret;

const SCHEMA: &str = "
    CREATE TABLE patients (id INTEGER PRIMARY KEY, name TEXT UNIQUE, born date, seen datetime, fee numeric(9, 2), active bit, photo blob);
    INSERT INTO patients VALUES (1, 'Jones', '1980-02-29', '2026-01-05 09:30:00.123', 10.5, 1, x'00ff10'), (2, 'Smith', NULL, '2026-01-05 09:30:00', 1234567890123456.75, 0, NULL);
";

struct Practice {
    folder: tempfile::TempDir,
}

impl Practice {
    fn new() -> Practice {
        let folder = tempfile::tempdir().expect("a folder");
        let practice = Practice { folder };
        let database = rusqlite::Connection::open(practice.path()).expect("a database");
        database.execute_batch(SCHEMA).expect("a table");
        practice
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("practice.sqlite")
    }

    fn reads(&self) -> Box<dyn Line> {
        line(Sqlite::file(&self.path(), &Limits::default()))
    }

    fn writes(&self) -> Box<dyn Line> {
        line(Sqlite::file(&self.path(), &Limits::default()).writable())
    }

    /// A number, as another connection sees it.
    fn count(&self, sql: &str) -> i64 {
        let database = rusqlite::Connection::open(self.path()).expect("a database");
        database
            .query_row(sql, [], |row| row.get(0))
            .expect("a number")
    }
}

fn line(driver: Sqlite) -> Box<dyn Line> {
    let watch = Watch::begun(Duration::from_secs(5));
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

fn with(call: Call, parameters: &[(&str, ParameterType, Option<&str>)]) -> Call {
    Call {
        parameters: parameters
            .iter()
            .map(|(name, ty, value)| Parameter {
                name: (*name).to_owned(),
                direction: Direction::Input,
                ty: *ty,
                value: value.map(str::to_owned),
                size: None,
            })
            .collect(),
        ..call
    }
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
    run_for(line, call, Duration::from_secs(20), Bounds::whole(1 << 20))
}

fn rows(line: &mut dyn Line, call: &Call) -> String {
    run(line, call).expect("rows").0
}

fn engine_error(line: &mut dyn Line, sql: &str) -> (i64, String) {
    match run(line, &text(sql)) {
        Err(CallError::Engine { code, message }) => (code, message),
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn rows_are_as_their_columns_are_declared() {
    let practice = Practice::new();
    assert_eq!(
        rows(
            &mut *practice.reads(),
            &text("SELECT *, id + 1 FROM patients ORDER BY id")
        ),
        concat!(
            r#"[{"id":1,"name":"Jones","born":"1980-02-29","seen":"2026-01-05T09:30:00.123","fee":10.5,"active":true,"photo":"AP8Q","id + 1":2},"#,
            r#"{"id":2,"name":"Smith","born":null,"seen":"2026-01-05T09:30:00","fee":1234567890123456.8,"active":false,"photo":null,"id + 1":3}]"#,
        )
    );
}

#[test]
fn modes_give_what_they_say() {
    let practice = Practice::new();
    let mut line = practice.writes();
    let mode = |mode, sql: &str| Call { mode, ..text(sql) };
    let scalar = mode(
        ExecutionMode::Scalar,
        "SELECT name, id FROM patients ORDER BY id",
    );
    assert_eq!(rows(&mut *line, &scalar), r#"[{"name":"Jones"}]"#);
    let nobody = mode(
        ExecutionMode::Scalar,
        "SELECT name FROM patients WHERE id > 9",
    );
    assert_eq!(rows(&mut *line, &nobody), "[]");
    let counted = |line: &mut dyn Line, sql: &str| {
        let (data, called) = run(line, &mode(ExecutionMode::NonQuery, sql)).expect("done");
        assert_eq!(data, "", "no rows are begun");
        called.rows_affected
    };
    assert_eq!(counted(&mut *line, "UPDATE patients SET fee = 1"), Some(2));
    assert_eq!(
        counted(
            &mut *line,
            "UPDATE patients SET fee = 1; DELETE FROM patients WHERE id = 2;"
        ),
        Some(3)
    );
    assert_eq!(
        counted(&mut *line, "UPDATE patients SET fee = 1 WHERE id = 9"),
        Some(0)
    );
    assert_eq!(
        counted(&mut *line, "CREATE TABLE more (id INTEGER)"),
        Some(0)
    );
    assert_eq!(counted(&mut *line, "SELECT * FROM patients"), None);
    // Of several statements, the first that gives rows; all of them run.
    let several = text(
        "INSERT INTO more VALUES (7); SELECT id FROM more; SELECT 'second'; INSERT INTO more VALUES (8) -- the last",
    );
    let (data, called) = run(&mut *line, &several).expect("rows");
    assert_eq!(
        (data.as_str(), called.rows_affected),
        (r#"[{"id":7}]"#, Some(2))
    );
    let returning = text("INSERT INTO more VALUES (9) RETURNING id * 2 AS twice");
    assert_eq!(rows(&mut *line, &returning), r#"[{"twice":18}]"#);
    assert_eq!(practice.count("SELECT COUNT(*) FROM more"), 3);
    assert_eq!(rows(&mut *line, &text(" -- nothing")), "");
}

#[test]
fn parameters_are_found_by_name_number_and_order() {
    use ParameterType as P;
    let practice = Practice::new();
    let mut line = practice.reads();
    let sql = "SELECT @Name AS a, :name AS b, $name AS c; SELECT 1";
    let call = with(
        text(sql),
        &[("@name", P::NVarChar, Some("x")), ("n", P::Int, Some("7"))],
    );
    assert_eq!(rows(&mut *line, &call), r#"[{"a":"x","b":"x","c":"x"}]"#);
    let numbered = Call {
        text: Arc::from("SELECT ?2 AS a, ?1 AS b"),
        ..call
    };
    assert_eq!(rows(&mut *line, &numbered), r#"[{"a":7,"b":"x"}]"#);
    let call = with(
        text("SELECT ? AS a, ? AS b"),
        &[("p", P::Int, Some("1")), ("q", P::Int, None)],
    );
    assert_eq!(rows(&mut *line, &call), r#"[{"a":1,"b":null}]"#);
    for missing in ["SELECT @other", "SELECT ?", "SELECT ?3", "SELECT ?0"] {
        assert!(
            !matches!(
                run(&mut *line, &text(missing)),
                Ok(_) | Err(CallError::Passthrough(_))
            ),
            "{missing}"
        );
    }
}

/// Every type of the API: what SQLite is given for it, or that it is refused.
#[test]
fn every_type_is_carried_or_refused() {
    use ParameterType as P;
    let practice = Practice::new();
    let mut line = practice.reads();
    for ty in P::ALL {
        let (value, expected) = match ty {
            P::BigInt => ("9007199254740993", r#""integer","v":9007199254740993"#),
            P::Int | P::SmallInt | P::TinyInt => ("66", r#""integer","v":66"#),
            P::Bit => ("true", r#""integer","v":1"#),
            P::Decimal | P::Money | P::SmallMoney => ("10.50", r#""real","v":10.5"#),
            P::Float | P::Real => ("37.2", r#""real","v":37.2"#),
            P::Char
            | P::NChar
            | P::VarChar
            | P::NVarChar
            | P::String
            | P::Text
            | P::NText
            | P::Xml => ("<a>é</a>", r#""text","v":"<a>é</a>""#),
            P::Date => ("2026-01-05", r#""text","v":"2026-01-05""#),
            P::Time => ("09:30:00.5", r#""text","v":"09:30:00.5""#),
            P::DateTime | P::DateTime2 | P::SmallDateTime => (
                "2026-01-05T09:30:00",
                r#""text","v":"2026-01-05 09:30:00.000""#,
            ),
            P::DateTimeOffset => (
                "2026-01-05T09:30:00+10:00",
                r#""text","v":"2026-01-05 09:30:00+10:00""#,
            ),
            P::UniqueIdentifier => (
                "01234567-89ab-cdef-0123-456789abcdef",
                r#""text","v":"01234567-89AB-CDEF-0123-456789ABCDEF""#,
            ),
            P::Binary | P::VarBinary | P::Image | P::Timestamp => ("AP8Q", r#""blob","v":"AP8Q""#),
            P::Structured | P::Udt | P::Variant => ("x", ""),
        };
        let call = with(
            text("SELECT typeof(@v) AS t, @v AS v"),
            &[("@v", *ty, Some(value))],
        );
        match run(&mut *line, &call) {
            Ok((data, _)) => assert_eq!(data, format!("[{{\"t\":{expected}}}]"), "{}", ty.name()),
            Err(error) => {
                assert_eq!(expected, "", "{}: {error}", ty.name());
                let message = format!(
                    "parameter 1 ({}): SQLite takes no parameter of this type",
                    ty.name()
                );
                assert_eq!(error, CallError::Command(message));
            }
        }
    }
    // An exact number that no binary one says stays its digits, which SQLite compares by the column's affinity.
    let long = with(
        text("SELECT @v AS v"),
        &[("@v", P::Decimal, Some("1234567890123456.75"))],
    );
    assert_eq!(rows(&mut *line, &long), r#"[{"v":"1234567890123456.75"}]"#);
}

#[test]
fn procedures_outputs_and_logins_are_refused() {
    let practice = Practice::new();
    let mut line = practice.reads();
    let procedure = Call {
        kind: CommandType::StoredProcedure,
        ..text("sp_help")
    };
    assert!(!line.only_reads(&procedure, &Watch::begun(Duration::from_secs(60))));
    assert!(matches!(
        run(&mut *line, &procedure),
        Err(CallError::Command(_))
    ));
    let mut output = with(text("SELECT @v"), &[("@v", ParameterType::Int, None)]);
    output.parameters[0].direction = Direction::Output;
    assert!(matches!(
        run(&mut *line, &output),
        Err(CallError::Command(_))
    ));
    let login = Login {
        user: "someone".to_owned(),
        password: Secret::new("x"),
    };
    let driver = Sqlite::file(&practice.path(), &Limits::default());
    // A file knows none: it is had as everybody has it, to read as for statements of a caller's own.
    let line = driver.line(0, Some(&login), &Watch::begun(Duration::from_secs(1)));
    assert!(line.is_ok());
    assert!(matches!(driver.with_login(&login), Ok(None)));
}

#[test]
fn the_engine_vouches_for_what_only_reads() {
    let practice = Practice::new();
    let mut line = practice.writes();
    let cases = [
        ("SELECT * FROM patients", true),
        ("SELECT 1; WITH a AS (SELECT 1) SELECT * FROM a;", true),
        ("EXPLAIN SELECT * FROM patients", true),
        ("PRAGMA table_info(patients)", true),
        ("SELECT 1; DELETE FROM patients", false),
        ("INSERT INTO patients (id) VALUES (9) RETURNING id", false),
        ("CREATE TEMP TABLE x (id)", false),
        ("SELECT * FROM not_yet", false),
        ("SELEC", false),
    ];
    for (sql, expected) in cases {
        assert_eq!(
            line.only_reads(&text(sql), &Watch::begun(Duration::from_secs(60))),
            expected,
            "{sql}"
        );
    }
    assert_eq!(
        practice.count("SELECT COUNT(*) FROM patients"),
        2,
        "nothing was run"
    );
}

#[test]
fn a_line_reads_unless_it_may_write() {
    let practice = Practice::new();
    let mut line = practice.reads();
    for sql in [
        "DELETE FROM patients",
        "CREATE TEMP TABLE x (id)",
        "BEGIN IMMEDIATE; DELETE FROM patients; COMMIT",
    ] {
        let (code, message) = engine_error(&mut *line, sql);
        assert_eq!(
            (code & 0xff, message.as_str()),
            (8, "attempt to write a readonly database"),
            "{sql}"
        );
        assert!(line.reset());
    }
    assert_eq!(practice.count("SELECT COUNT(*) FROM patients"), 2);
}

#[test]
fn no_statement_reaches_beyond_its_file() {
    let practice = Practice::new();
    let before = names_in(practice.folder.path());
    let mut line = practice.writes();
    for sql in [
        "ATTACH 'other.sqlite' AS other",
        "DETACH main",
        "VACUUM",
        &format!(
            "VACUUM INTO '{}/copy.sqlite'",
            practice.folder.path().display()
        ),
        "SELECT load_extension('x')",
        "SELECT readfile('/etc/hostname')",
        "SELECT writefile('x', 'y')",
        "SELECT * FROM pragma_database_list",
        "PRAGMA database_list",
        "PRAGMA journal_mode = WAL",
        "PRAGMA user_version = 7",
        "PRAGMA query_only = 0",
        "PRAGMA writable_schema = 1",
        "PRAGMA temp_store_directory = '/tmp'",
        "PRAGMA trusted_schema",
        "UPDATE sqlite_schema SET sql = ''",
    ] {
        let (code, message) = engine_error(&mut *line, sql);
        assert!(code > 0 && !message.is_empty(), "{sql}: {code} {message}");
        assert!(line.reset(), "{sql}");
    }
    assert_eq!(names_in(practice.folder.path()), before);
    for sql in [
        "PRAGMA table_info(patients)",
        "SELECT name FROM pragma_table_list",
        "PRAGMA user_version",
    ] {
        assert!(run(&mut *line, &text(sql)).is_ok(), "{sql}");
    }
}

fn names_in(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").file_name())
        .collect()
}

#[test]
fn errors_name_what_the_statement_names() {
    let practice = Practice::new();
    let mut line = practice.writes();
    let cases = [
        ("SELECT nope FROM patients", 1, "no such column: nope"),
        ("SELECT 'a' FROM nowhere", 1, "no such table: nowhere"),
        ("SELEC 1", 1, "near \"SELEC\": syntax error"),
        (
            "INSERT INTO patients (name) VALUES ('Jones')",
            2067,
            "UNIQUE constraint failed: patients.name",
        ),
        ("SELECT json(name) FROM patients", 1, "malformed JSON"),
    ];
    for (sql, code, message) in cases {
        assert_eq!(
            engine_error(&mut *line, sql),
            (code, message.to_owned()),
            "{sql}"
        );
    }
    // What a trigger says is told where it is the trigger's own, and not where it is made of a row's values.
    let triggers = text(
        "CREATE TRIGGER fixed BEFORE UPDATE ON patients BEGIN SELECT RAISE(ABORT, 'not for ''Zoe'' of 1980'); END;
         CREATE TRIGGER made BEFORE DELETE ON patients BEGIN SELECT RAISE(ABORT, 'not for ' || OLD.name); END",
    );
    run(&mut *line, &triggers).expect("triggers");
    for (sql, message) in [
        ("UPDATE patients SET fee = 1", "not for 'Zoe' of 1980"),
        ("DELETE FROM patients", "a trigger refuses it"),
    ] {
        assert_eq!(
            engine_error(&mut *line, sql),
            (1811, message.to_owned()),
            "{sql}"
        );
    }
}

#[test]
fn a_statement_ends_with_its_watch_and_the_line_goes_on() {
    let practice = Practice::new();
    let mut line = practice.writes();
    let endless = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
    );
    let limit = Duration::from_millis(50);
    let late = run_for(&mut *line, &endless, limit, Bounds::whole(100));
    assert_eq!(late.map(drop), Err(PassthroughError::Timeout(limit).into()));
    assert!(line.reset());
    // Another program writes: it is waited for no longer than the watch says.
    let other = rusqlite::Connection::open(practice.path()).expect("a database");
    other.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    let locked = run_for(
        &mut *line,
        &text("SELECT * FROM patients"),
        limit,
        Bounds::whole(100),
    );
    assert_eq!(locked.map(drop), Err(PassthroughError::Locked.into()));
    other.execute_batch("ROLLBACK").expect("free");
    assert!(run(&mut *line, &text("SELECT * FROM patients")).is_ok());
}

#[test]
fn what_is_too_large_changes_nothing() {
    let practice = Practice::new();
    let mut line = practice.writes();
    let whole = Bounds::whole(20);
    let wide = text("SELECT * FROM patients");
    let limit = Duration::from_secs(5);
    assert_eq!(
        run_for(&mut *line, &wide, limit, whole).map(drop),
        Err(CallError::TooLarge)
    );
    let returning = text("UPDATE patients SET fee = 99 RETURNING *");
    assert_eq!(
        run_for(&mut *line, &returning, limit, whole).map(drop),
        Err(CallError::TooLarge)
    );
    assert!(line.reset());
    assert_eq!(
        practice.count("SELECT COUNT(*) FROM patients WHERE fee = 99"),
        0
    );
    // One value longer than any answer is refused by the engine before it takes the memory.
    let huge = text("SELECT zeroblob(1000000000)");
    assert_eq!(run(&mut *line, &huge).map(drop), Err(CallError::TooLarge));
}

#[test]
fn nothing_is_left_to_the_next_call() {
    let practice = Practice::new();
    let mut line = practice.writes();
    run(&mut *line, &text("BEGIN; DELETE FROM patients")).expect("begun");
    assert!(line.reset());
    assert_eq!(
        practice.count("SELECT COUNT(*) FROM patients"),
        2,
        "rolled back"
    );
    run(
        &mut *line,
        &text("BEGIN; DELETE FROM patients WHERE id = 2; COMMIT"),
    )
    .expect("done");
    assert!(line.reset());
    assert_eq!(practice.count("SELECT COUNT(*) FROM patients"), 1);
    run(&mut *line, &text("CREATE TEMP TABLE mine (id)")).expect("done");
    assert!(!line.reset(), "another call would meet the table");
}

#[test]
fn a_file_that_was_replaced_ends_the_line() {
    let practice = Practice::new();
    let mut line = practice.reads();
    std::fs::remove_file(practice.path()).expect("removed");
    let lost = run(&mut *line, &text("SELECT 1"));
    assert_eq!(lost.map(drop), Err(PassthroughError::Lost.into()));
    assert!(!line.reset());
}
