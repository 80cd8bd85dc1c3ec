//! Every type comes as it is kept, and finds its row when it comes back.

use std::sync::Arc;

use jiff::civil::date;
use pilaster::passthrough::firebird::{Charset, Firebird, Options};
use pilaster::passthrough::{CellRef, Limits, Pool};
use pilaster::relation::{SqlType, Value};

use super::{ask, pool, show, shown};
use crate::firebird::server::shared;

const TYPES: &str = "CREATE TABLE T (
  ID INTEGER NOT NULL PRIMARY KEY, S SMALLINT, B BIGINT, N2 NUMERIC(9, 2), N4 NUMERIC(18, 4), D0 DECIMAL(4, 1),
  F FLOAT, DP DOUBLE PRECISION, DAY_ DATE, TIME_ TIME, AT_ TIMESTAMP, BOOL_ BOOLEAN, C CHAR(6), V VARCHAR(20),
  O CHAR(4) CHARACTER SET OCTETS, TEXT_ BLOB SUB_TYPE TEXT, BIN BLOB SUB_TYPE BINARY);
COMMIT;
INSERT INTO T VALUES (1, -5, 9223372036854775807, 10.50, 12345678901234.5678, -0.1, 1.5, 0.1, '2026-01-05', '09:30:00',
  '2026-01-05 09:30:00.123', TRUE, 'é', 'Zoë ', x'00FF10AB', 'a long text: ' || 'ü', x'0001FF');
INSERT INTO T (ID) VALUES (2);
INSERT INTO T (ID, TIME_, AT_, BOOL_, V, TEXT_) VALUES (3, '23:59:59.9999', '1899-12-31', FALSE, '', '');";

#[tokio::test]
async fn every_type_comes_as_it_is_kept() {
    let Some(server) = shared() else { return };
    for charset in ["UTF8", "WIN1252", "ISO8859_1"] {
        let database = server.database(charset, TYPES);
        let pool = pool(&database, Limits::default());
        let rows = ask(&pool, "SELECT * FROM T ORDER BY ID", Vec::new())
            .await
            .expect("rows");
        assert_eq!(rows.len(), 3);
        let expected = [
            "int 1",
            "int -5",
            "int 9223372036854775807",
            "real 10.5",
            "text \"12345678901234.5678\"",
            "real -0.1",
            "real 1.5",
            "real 0.1",
            "text \"2026-01-05\"",
            "text \"09:30:00\"",
            "text \"2026-01-05 09:30:00.123\"",
            "int 1",
            "text \"é     \"",
            "text \"Zoë \"",
            "bytes [0, ff, 10, ab]",
            "text \"a long text: ü\"",
            "bytes [0, 1, ff]",
        ];
        assert_eq!(shown(&rows), expected, "{charset}");
        assert!((1..rows.width()).all(|column| rows.cell(1, column) == CellRef::Null));
        let third: Vec<_> = [9, 10, 11, 13, 15]
            .map(|column| show(rows.cell(2, column)))
            .to_vec();
        let expected = [
            "text \"23:59:59.9999\"",
            "text \"1899-12-31 00:00:00\"",
            "int 0",
            "text \"\"",
            "text \"\"",
        ];
        assert_eq!(third, expected, "{charset}");
    }
}

/// Each cell of the first row is bound as it came, and as a value of its type.
#[tokio::test]
async fn what_came_finds_its_row_again() {
    let Some(server) = shared() else { return };
    let database = server.database("WIN1252", TYPES);
    let pool = pool(&database, Limits::default());
    let rows = ask(&pool, "SELECT * FROM T WHERE ID = 1", Vec::new())
        .await
        .expect("rows");
    let columns = [
        ("ID", SqlType::Int),
        ("S", SqlType::SmallInt),
        ("B", SqlType::BigInt),
        ("N2", SqlType::Decimal(9, 2)),
        ("N4", SqlType::Decimal(18, 4)),
        ("D0", SqlType::Decimal(4, 1)),
        ("F", SqlType::Real),
        ("DP", SqlType::Float),
        ("DAY_", SqlType::Date),
        ("TIME_", SqlType::Time),
        ("AT_", SqlType::DateTime2),
        ("BOOL_", SqlType::Bit),
        ("C", SqlType::Char(6)),
        ("V", SqlType::VarChar(20)),
        ("O", SqlType::VarBinary(4)),
        ("TEXT_", SqlType::NVarChar(0)),
    ];
    for (index, (column, ty)) in columns.into_iter().enumerate() {
        let value = rows.cell(0, index).to_value();
        let found = ask(
            &pool,
            &format!("SELECT ID FROM T WHERE {column} = ?"),
            vec![(ty, value.clone())],
        )
        .await
        .unwrap_or_else(|error| panic!("{column}: {error}"));
        assert_eq!(shown(&found), ["int 1"], "{column} = {value:?}");
    }
    let day = date(2026, 1, 5);
    let at = day.at(9, 30, 0, 123_000_000);
    for (column, ty, value) in [
        ("DAY_", SqlType::Date, Value::Date(day)),
        ("AT_", SqlType::DateTime2, Value::DateTime(at)),
        (
            "CAST(AT_ AS DATE)",
            SqlType::DateTime2,
            Value::DateTime(day.at(0, 0, 0, 0)),
        ),
        ("V", SqlType::VarChar(20), Value::Text("Zoë".to_owned())),
        ("C", SqlType::Char(6), Value::Text("é".to_owned())),
        ("N2", SqlType::Decimal(9, 2), Value::Real(10.5)),
        ("BOOL_", SqlType::Bit, Value::Text("true".to_owned())),
    ] {
        let text = format!("SELECT ID FROM T WHERE {column} = ?");
        let found = ask(&pool, &text, vec![(ty, value.clone())]).await;
        let found = found.unwrap_or_else(|error| panic!("{column}: {error}"));
        assert_eq!(shown(&found), ["int 1"], "{column} = {value:?}");
    }
    let nothing = ask(
        &pool,
        "SELECT ID FROM T WHERE V = ?",
        vec![(SqlType::VarChar(20), Value::Null)],
    )
    .await;
    assert!(nothing.expect("rows").is_empty());
    // Markers without a column to say their type, as the dialect writes them.
    let cast = ask(
        &pool,
        "SELECT CAST(? AS NUMERIC(18, 4)), CAST(? AS TIMESTAMP), CAST(? AS VARCHAR(10)), CAST(? AS BIGINT) FROM RDB$DATABASE",
        vec![
            (SqlType::Decimal(18, 4), Value::Text("12345678901234.5678".to_owned())),
            (SqlType::DateTime, Value::Text("2026-01-05 09:30:00".to_owned())),
            (SqlType::VarChar(10), Value::Null),
            (SqlType::BigInt, Value::Int(i64::MIN)),
        ],
    )
    .await
    .expect("rows");
    let expected = [
        "text \"12345678901234.5678\"",
        "text \"2026-01-05 09:30:00\"",
        "null",
        "int -9223372036854775808",
    ];
    assert_eq!(shown(&cast), expected);
}

/// A database without a character set holds whatever its programs wrote.
#[tokio::test]
async fn text_of_any_bytes_comes_and_is_found_again() {
    let Some(server) = shared() else { return };
    let database = server.database(
        "NONE",
        "CREATE TABLE T (ID INTEGER, V VARCHAR(10), C CHAR(4), B BLOB SUB_TYPE TEXT);
COMMIT;
INSERT INTO T VALUES (1, x'5A6FEB', x'E9', x'E9E8');
INSERT INTO T VALUES (2, 'plain', 'abcd', 'plain');",
    );
    let pool = pool(&database, Limits::default());
    let rows = ask(&pool, "SELECT V, C, B FROM T ORDER BY ID", Vec::new()).await;
    let rows = rows.expect("rows");
    assert_eq!(rows.cell(0, 0), CellRef::Text(b"Zo\xeb"));
    assert_eq!(rows.cell(0, 1), CellRef::Text(b"\xe9   "));
    assert_eq!(rows.cell(0, 2), CellRef::Text(b"\xe9\xe8"));
    assert_eq!(rows.cell(1, 0), CellRef::Text(b"plain"));
    for (column, ty, value) in [
        ("V", SqlType::VarChar(10), rows.cell(0, 0).to_value()),
        ("C", SqlType::Char(4), rows.cell(0, 1).to_value()),
    ] {
        let text = format!("SELECT ID FROM T WHERE {column} = ?");
        let found = ask(&pool, &text, vec![(ty, value)]).await.expect("rows");
        assert_eq!(shown(&found), ["int 1"], "{column}");
    }
}

/// Nothing is converted for a connection without a character set: its text is the columns' own.
#[tokio::test]
async fn a_connection_without_a_character_set_converts_nothing() {
    let Some(server) = shared() else { return };
    let database = server.database(
        "WIN1252",
        "CREATE TABLE T (ID INTEGER, V VARCHAR(10), C CHAR(4));\nCOMMIT;\nINSERT INTO T VALUES (1, 'Zoë', 'é');",
    );
    let options = Options {
        charset: Charset::None,
        ..server.options(vec![("", database.path.clone())])
    };
    let driver = Arc::new(Firebird::new(options, &Limits::default()));
    let pool = Arc::new(Pool::new(driver, Limits::default()));
    let rows = ask(&pool, "SELECT V, C FROM T", Vec::new()).await;
    let rows = rows.expect("rows");
    assert_eq!(rows.cell(0, 0), CellRef::Text(b"Zo\xeb"));
    assert_eq!(rows.cell(0, 1), CellRef::Text(b"\xe9   "));
    let value = vec![(SqlType::VarChar(10), rows.cell(0, 0).to_value())];
    let found = ask(&pool, "SELECT ID FROM T WHERE V = ?", value).await;
    assert_eq!(shown(&found.expect("rows")), ["int 1"]);
}

/// What was written into columns without a character set is read as what it was written in.
#[tokio::test]
async fn a_practice_of_windows_is_read_as_it_writes() {
    let Some(server) = shared() else { return };
    let database = server.database(
        "NONE",
        "CREATE TABLE T (ID INTEGER, V VARCHAR(10), B BLOB SUB_TYPE TEXT);\nCOMMIT;\nINSERT INTO T VALUES (1, x'805A6FEB', x'80E9');",
    );
    let options = Options {
        charset: Charset::Windows1252,
        ..server.options(vec![("", database.path.clone())])
    };
    let driver = Arc::new(Firebird::new(options, &Limits::default()));
    let pool = Arc::new(Pool::new(driver, Limits::default()));
    let rows = ask(&pool, "SELECT V, B FROM T", Vec::new()).await;
    assert_eq!(
        shown(&rows.expect("rows")),
        ["text \"€Zoë\"", "text \"€é\""]
    );
    for text in [
        "SELECT ID FROM T WHERE V = ?",
        "SELECT ID FROM T WHERE V = CAST(? AS VARCHAR(10))",
        "SELECT ID FROM T WHERE V STARTING WITH ? AND V = '€Zoë'",
    ] {
        let value = vec![(SqlType::VarChar(10), Value::Text("€Zoë".to_owned()))];
        let found = ask(&pool, text, value).await.expect("rows");
        assert_eq!(shown(&found), ["int 1"], "{text}");
    }
}

#[tokio::test]
async fn blobs_come_whole_whatever_their_length() {
    let Some(server) = shared() else { return };
    let database = server.database(
        "WIN1252",
        "CREATE TABLE T (ID INTEGER, B BLOB SUB_TYPE TEXT, R BLOB SUB_TYPE BINARY);
SET TERM ^;
EXECUTE BLOCK AS
DECLARE N INTEGER = 0;
DECLARE V BLOB SUB_TYPE TEXT = '';
BEGIN
  WHILE (N < 150) DO BEGIN
    INSERT INTO T VALUES (:N, :V, :V);
    V = V || RPAD('é', 1000, 'x');
    N = N + 1;
  END
END^
SET TERM ;^",
    );
    let pool = pool(&database, Limits::default());
    let rows = ask(
        &pool,
        "SELECT OCTET_LENGTH(R), B, R FROM T ORDER BY ID",
        Vec::new(),
    )
    .await;
    let rows = rows.expect("rows");
    assert_eq!(rows.len(), 150);
    for row in 0..rows.len() {
        let expected = format!("é{}", "x".repeat(999)).repeat(row);
        assert!(
            rows.cell(row, 1) == CellRef::Text(expected.as_bytes()),
            "{row}"
        );
        let CellRef::Bytes(bytes) = rows.cell(row, 2) else {
            panic!("row {row}: {}", show(rows.cell(row, 2)));
        };
        assert!(bytes.len() >= row * 1000);
        assert_eq!(rows.cell(row, 0), CellRef::Int(bytes.len() as i64), "{row}");
    }
    let one = ask(
        &pool,
        "SELECT B FROM T WHERE ID = ?",
        vec![(SqlType::Int, Value::Int(3))],
    );
    assert_eq!(one.await.expect("rows").len(), 1);
}

#[tokio::test]
async fn hundreds_of_values_and_wide_rows_are_carried() {
    let Some(server) = shared() else { return };
    let database = server.database("UTF8", "");
    let pool = pool(&database, Limits::default());
    for count in [1, 31, 32, 33, 300, 1_200] {
        let markers = vec!["CAST(? AS INTEGER)"; count].join(" + ");
        let values = vec![(SqlType::Int, Value::Int(1)); count];
        let sum = ask(
            &pool,
            &format!("SELECT {markers} FROM RDB$DATABASE"),
            values,
        )
        .await;
        let sum = sum.unwrap_or_else(|error| panic!("{count}: {error}"));
        assert_eq!(shown(&sum), [format!("int {count}")]);
        let columns = (0..count.min(600))
            .map(|column| format!("{column} AS A_RATHER_LONG_NAME_{column}"))
            .collect::<Vec<_>>()
            .join(", ");
        let wide = ask(
            &pool,
            &format!("SELECT {columns} FROM RDB$DATABASE"),
            Vec::new(),
        )
        .await;
        let wide = wide.unwrap_or_else(|error| panic!("{count}: {error}"));
        let last = count.min(600) - 1;
        assert_eq!(wide.cell(0, last), CellRef::Int(last as i64), "{count}");
    }
    // Every other value NULL: their bits are where the server looks for them.
    let markers = vec!["COALESCE(CAST(? AS INTEGER), 0)"; 99].join(" || ',' || ");
    let values = (0..99).map(|n| match n % 2 {
        0 => (SqlType::Int, Value::Null),
        _ => (SqlType::Int, Value::Int(n)),
    });
    let text = format!("SELECT {markers} FROM RDB$DATABASE");
    let listed = ask(&pool, &text, values.collect()).await.expect("rows");
    let expected = (0..99)
        .map(|n| if n % 2 == 0 { 0 } else { n }.to_string())
        .collect::<Vec<_>>()
        .join(",");
    assert_eq!(shown(&listed), [format!("text {expected:?}")]);
}
