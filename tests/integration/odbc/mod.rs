//! The driver for ODBC, over a real driver manager, driver and server: Debian's unixODBC, psqlODBC and PostgreSQL.

mod calls;
mod faults;
mod logins;
mod postgres;

use std::sync::{Arc, LazyLock};

use jiff::civil::date;
use pilaster::passthrough::odbc::{Odbc, Options};
use pilaster::passthrough::{CellRef, Limits, PassthroughError, Pool, Rows};
use pilaster::relation::{Dialect, SqlType, Value};
use pilaster::secret::Secret;
use pilaster::sql::Statement;
use tokio::runtime::Runtime;

use postgres::{PASSWORD, POSTGRES, USER};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let builder = &mut tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
});

/// PostgreSQL is no engine of a mapping's: a dialect is named whose own error numbers say nothing here.
fn options() -> Options {
    Options {
        dialect: Dialect::Sqlite,
        connection: format!(
            "Driver={{PostgreSQL Unicode}};Server=127.0.0.1;Port={};BoolsAsChar=0",
            POSTGRES.port
        ),
        user: Some(USER.to_owned()),
        password: Some(Secret::new(PASSWORD)),
        databases: ["practice", "clinical"]
            .map(|name| (Arc::from(name), format!("Database={name}")))
            .to_vec(),
        setup: vec![
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                .to_owned(),
        ],
    }
}

fn pool_of(options: Options, limits: Limits) -> Arc<Pool> {
    let driver = Odbc::new(options, &limits, RUNTIME.handle().clone());
    Arc::new(Pool::new(Arc::new(driver), limits))
}

fn pool(limits: Limits) -> Arc<Pool> {
    pool_of(options(), limits)
}

fn run(pool: &Arc<Pool>, text: &str, given: &[(SqlType, Value)]) -> Result<Rows, PassthroughError> {
    let (types, values): (Vec<SqlType>, Vec<Value>) = given.iter().cloned().unzip();
    let statement = Statement::numbered(text, &types);
    RUNTIME.block_on(pool.run(move |session| session.execute(&statement, &values)))
}

/// Every type of column as a cell, in blocks and, beside a text without a bound, value by value.
#[test]
fn columns_of_every_type() {
    POSTGRES.run(
        "practice",
        "CREATE TABLE types (id int, small smallint, big bigint, money numeric(10,2), exact numeric(30,10),
           short real, long double precision, padded char(10), name varchar(40), day date, at time,
           moment timestamp(3), fine timestamp(6), flag boolean, key uuid, bytes bytea);
         INSERT INTO types VALUES
           (1, -2, 9223372036854775807, 10.50, 12345678901234567890.0123456789, 0.5, 0.1, 'Smith',
            'Zoë 😀', '1980-05-17', '09:30:00', '2026-01-05 09:30:00.123', '2026-01-05 09:30:00.123456',
            true, '6f9619ff-8b86-d011-b42d-00c04fc964ff', '\\x00ff10'),
           (2, 0, 0, 0, 0, 0, 0, '', '', '0001-01-01', '00:00:00', '9999-12-31 23:59:59', '1900-01-01', false,
            '00000000-0000-0000-0000-000000000000', ''),
           (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
            .replace("\\\\", "\\")
            .as_str(),
    );
    let text = |text: &'static str| CellRef::Text(text.as_bytes());
    let first = [
        CellRef::Int(1),
        CellRef::Int(-2),
        CellRef::Int(i64::MAX),
        CellRef::Real(10.5),
        text("12345678901234567890.0123456789"),
        CellRef::Real(0.5),
        CellRef::Real(0.1),
        text("Smith     "),
        text("Zoë 😀"),
        text("1980-05-17"),
        text("09:30:00"),
        text("2026-01-05 09:30:00.123"),
        text("2026-01-05 09:30:00.123456000"),
        CellRef::Int(1),
        text("6F9619FF-8B86-D011-B42D-00C04FC964FF"),
        CellRef::Bytes(&[0, 255, 16]),
    ];
    let pool = pool(Limits::default());
    let columns = "id, small, big, money, exact, short, long, padded, name, day, at, moment, fine, flag, key, bytes";
    for long in ["", ", repeat('é', 100000)::text"] {
        let rows = run(
            &pool,
            &format!("SELECT {columns}{long} FROM types ORDER BY id"),
            &[],
        )
        .unwrap();
        assert_eq!(rows.len(), 3);
        for (column, cell) in first.iter().enumerate() {
            assert_eq!(rows.cell(0, column), *cell, "column {column}");
        }
        assert_eq!(rows.cell(1, 8), text(""));
        assert_eq!(rows.cell(1, 9), text("0001-01-01"));
        assert_eq!(rows.cell(1, 11), text("9999-12-31 23:59:59"));
        assert_eq!(rows.cell(1, 15), CellRef::Bytes(&[]));
        assert!((1..16).all(|column| rows.cell(2, column) == CellRef::Null));
        if !long.is_empty() {
            let expected = "é".repeat(100_000);
            assert_eq!(rows.cell(2, 16), CellRef::Text(expected.as_bytes()));
        }
    }
}

#[test]
fn parameters_of_every_type() {
    POSTGRES.run(
        "practice",
        "CREATE TABLE given (id int, big bigint, money numeric(10,2), long double precision, padded char(10),
           name varchar(40), day date, moment timestamp, key uuid, bytes bytea);
         INSERT INTO given VALUES (1, 9223372036854775807, 10.50, 0.1, 'Smith', 'O''Brien Zoë 😀', '1980-05-17',
           '2026-01-05 09:30:00.123', '6f9619ff-8b86-d011-b42d-00c04fc964ff', '\\x00ff')"
            .replace("\\\\", "\\")
            .as_str(),
    );
    let pool = pool(Limits::default());
    let text = |text: &str| Value::Text(text.to_owned());
    let moment = date(2026, 1, 5).at(9, 30, 0, 123_000_000);
    let cases = [
        ("id", SqlType::Int, Value::Int(1)),
        ("big", SqlType::BigInt, Value::Int(i64::MAX)),
        ("money", SqlType::Decimal(10, 2), text("10.50")),
        ("long", SqlType::Float, Value::Real(0.1)),
        ("padded", SqlType::Char(10), text("Smith")),
        ("name", SqlType::VarChar(40), text("O'Brien Zoë 😀")),
        ("name", SqlType::NVarChar(0), text("O'Brien Zoë 😀")),
        ("day", SqlType::Date, Value::Date(date(1980, 5, 17))),
        ("moment", SqlType::DateTime2, Value::DateTime(moment)),
        (
            "moment",
            SqlType::DateTime2,
            text("2026-01-05 09:30:00.123"),
        ),
        (
            "key::text",
            SqlType::VarChar(36),
            text("6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ),
        ("bytes", SqlType::VarBinary(0), Value::Bytes(vec![0, 255])),
    ];
    for (column, ty, value) in cases {
        let rows = run(
            &pool,
            &format!(
                "SELECT COUNT(*), COUNT(*) FILTER (WHERE CAST(? AS text) IS NULL) FROM given WHERE {column} = ?"
            ),
            &[(ty, Value::Null), (ty, value.clone())],
        );
        let rows = rows.unwrap_or_else(|error| panic!("{column} {ty} {value:?}: {error}"));
        assert_eq!(
            [rows.cell(0, 0), rows.cell(0, 1)],
            [CellRef::Int(1); 2],
            "{column} {ty}"
        );
    }
}

/// More rows than a block has, and values that the driver says are shorter than they are.
#[test]
fn rows_of_many_blocks() {
    let pool = pool(Limits::default());
    let text = "SELECT n, 'patient ' || n FROM generate_series(1, 2000) AS n ORDER BY n";
    let rows = run(&pool, text, &[]).unwrap();
    assert_eq!((rows.len(), rows.width()), (2_000, 2));
    assert_eq!(rows.cell(1_999, 0), CellRef::Int(2_000));
    assert_eq!(rows.cell(1_999, 1), CellRef::Text(b"patient 2000"));
    // psqlODBC takes a varchar without a length for one of 255.
    let text = "SELECT repeat('x', 20000)::varchar, 1";
    let rows = run(&pool, text, &[]).unwrap();
    assert_eq!(
        rows.cell(0, 0),
        CellRef::Text("x".repeat(20_000).as_bytes())
    );
    assert!(run(&pool, "SELECT 1 WHERE 1 = 2", &[]).unwrap().is_empty());
}

/// What is longer than the driver says comes after blocks whose rows have gone on: they come once all the same.
#[test]
fn a_value_that_is_cut_in_a_later_block_comes_whole() {
    let pool = pool(Limits::default());
    let text = "SELECT n, (CASE WHEN n = 1500 THEN repeat('x', 20000) ELSE 'y' END)::varchar FROM generate_series(1, 2000) AS n ORDER BY n";
    for _ in 0..2 {
        let rows = run(&pool, text, &[]).unwrap();
        assert_eq!(rows.len(), 2_000);
        for row in 0..2_000 {
            assert_eq!(rows.cell(row, 0), CellRef::Int(row as i64 + 1));
        }
        assert_eq!(rows.cell(1_498, 1), CellRef::Text(b"y"));
        let long = "x".repeat(20_000);
        assert_eq!(rows.cell(1_499, 1), CellRef::Text(long.as_bytes()));
    }
}

/// A connection keeps the statements that it has prepared; they serve again after their table was changed, with values
/// of another kind, and however many there are.
#[test]
fn a_kept_statement_serves_again_whatever_has_changed() {
    POSTGRES.run(
        "practice",
        "CREATE TABLE kept (id int PRIMARY KEY, a varchar(4)); INSERT INTO kept VALUES (1, 'one'), (2, 'two')",
    );
    let pool = pool(Limits {
        connections: 1,
        ..Limits::default()
    });
    let of = |value: Value| {
        let rows = run(
            &pool,
            "SELECT a FROM kept WHERE id = ?",
            &[(SqlType::Int, value)],
        )
        .expect("rows");
        let cells = (0..rows.len()).map(|row| format!("{:?}", rows.cell(row, 0)));
        cells.collect::<Vec<_>>()
    };
    let text = |text: &str| vec![format!("{:?}", CellRef::Text(text.as_bytes()))];
    for _ in 0..3 {
        assert_eq!(of(Value::Int(1)), text("one"));
        assert_eq!(of(Value::Int(2)), text("two"));
        assert_eq!(of(Value::Null), Vec::<String>::new());
        assert_eq!(of(Value::Text("2".to_owned())), text("two"));
    }
    // Longer texts than there were when the statement was prepared, then another type, then another table of the name.
    POSTGRES.run(
        "practice",
        "ALTER TABLE kept ALTER COLUMN a TYPE varchar(60); UPDATE kept SET a = repeat('long ', 10) WHERE id = 1",
    );
    assert_eq!(of(Value::Int(1)), text(&"long ".repeat(10)));
    POSTGRES.run(
        "practice",
        "ALTER TABLE kept ALTER COLUMN a TYPE int USING length(a)",
    );
    assert_eq!(of(Value::Int(1)), vec![format!("{:?}", CellRef::Int(50))]);
    POSTGRES.run(
        "practice",
        "DROP TABLE kept; CREATE TABLE kept (a text, id int); INSERT INTO kept VALUES ('new', 1)",
    );
    assert_eq!(of(Value::Int(1)), text("new"));
    // Also where several statements are to see one state.
    let in_one_state = |value: Value| {
        let statement = Statement::numbered("SELECT a FROM kept WHERE id = ?", &[SqlType::Int]);
        let rows: Result<Rows, PassthroughError> = RUNTIME.block_on(pool.run(move |session| {
            session.snapshot()?;
            session.execute(&statement, std::slice::from_ref(&value))?;
            session.execute(&statement, &[value])
        }));
        format!("{:?}", rows.expect("rows").cell(0, 0))
    };
    assert_eq!(vec![in_one_state(Value::Int(1))], text("new"));
    POSTGRES.run(
        "practice",
        "ALTER TABLE kept ALTER COLUMN a TYPE int USING length(a)",
    );
    assert_eq!(
        in_one_state(Value::Int(1)),
        format!("{:?}", CellRef::Int(3))
    );
    POSTGRES.run(
        "practice",
        "ALTER TABLE kept ALTER COLUMN a TYPE text USING 'new'",
    );
    assert_eq!(of(Value::Int(1)), text("new"));
    for number in 0..100 {
        let rows = run(&pool, &format!("SELECT {number} AS n"), &[]).expect("rows");
        assert_eq!(rows.cell(0, 0), CellRef::Int(number));
    }
    assert_eq!(of(Value::Int(1)), text("new"));
}

#[test]
fn an_answer_has_a_bound() {
    let pool = pool(Limits {
        rows: 1 << 20,
        ..Limits::default()
    });
    for text in [
        "SELECT repeat('x', 2000000)::text",
        "SELECT decode(repeat('00', 2000000), 'hex')",
        "SELECT 'patient ' || n FROM generate_series(1, 1000000) AS n",
    ] {
        assert_eq!(
            run(&pool, text, &[]).unwrap_err(),
            PassthroughError::TooLarge(1),
            "{text}"
        );
    }
    assert_eq!(run(&pool, "SELECT 1", &[]).unwrap().len(), 1);
}

#[test]
fn databases_are_catalogues() {
    for database in ["practice", "clinical"] {
        POSTGRES.run(
            database,
            &format!("CREATE TABLE here (name text); INSERT INTO here VALUES ('{database}')"),
        );
    }
    let pool = pool(Limits::default());
    for name in ["practice", "clinical"] {
        let of = Statement {
            catalogue: Some(Arc::from(name)),
            ..Statement::constant("SELECT name FROM here")
        };
        let rows = RUNTIME.block_on(pool.run(move |session| session.execute(&of, &[])));
        let rows = rows.map_err(|error: PassthroughError| error).unwrap();
        assert_eq!(rows.cell(0, 0), CellRef::Text(name.as_bytes()));
    }
}

#[test]
fn a_job_sees_one_state_and_changes_nothing() {
    POSTGRES.run(
        "practice",
        "CREATE TABLE seen (n int); INSERT INTO seen VALUES (1)",
    );
    let pool = pool(Limits {
        connections: 1,
        ..Limits::default()
    });
    let count = || Statement::constant("SELECT COUNT(*) FROM seen");
    let counts = RUNTIME.block_on(pool.run(move |session| {
        session.snapshot()?;
        let before = session.execute(&count(), &[])?;
        POSTGRES.run("practice", "INSERT INTO seen VALUES (2)");
        let after = session.execute(&count(), &[])?;
        Ok::<_, PassthroughError>([before, after])
    }));
    for rows in counts.unwrap() {
        assert_eq!(rows.cell(0, 0), CellRef::Int(1));
    }
    assert_eq!(
        run(&pool, "SELECT COUNT(*) FROM seen", &[])
            .unwrap()
            .cell(0, 0),
        CellRef::Int(2)
    );
    let deleted = run(&pool, "DELETE FROM seen", &[]);
    assert!(deleted.is_err());
    assert_eq!(
        run(&pool, "SELECT COUNT(*) FROM seen", &[])
            .unwrap()
            .cell(0, 0),
        CellRef::Int(2)
    );
}
