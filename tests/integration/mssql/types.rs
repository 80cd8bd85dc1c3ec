//! Every type that a mapped table uses: out of rows, and into parameters.

use pilaster::passthrough::PassthroughError;
use pilaster::relation::{SqlType, Value};

use super::stand_in::{Asked, Parameter, Setup, StandIn, Step, write};
use super::{RUNTIME, asks, limits, pool};

/// A column's name, the bytes that describe its type, a value's bytes, and the cell that it comes as.
type Case = (&'static str, Vec<u8>, Vec<u8>, Value);

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// 2026-01-05, counted from 1900 and from year 1.
const DAY_1900: i32 = 46_025;
const DAY_1: u32 = 739_620;
/// 09:30, in seconds.
const MORNING: u64 = 34_200;

fn day3() -> [u8; 3] {
    let bytes = DAY_1.to_le_bytes();
    [bytes[0], bytes[1], bytes[2]]
}

fn cases() -> Vec<Case> {
    use write::{blob, blob_value, bytes, chunks, decimal, fixed, long, short, sized};
    let datetime = |ticks: u32| [DAY_1900.to_le_bytes(), ticks.to_le_bytes()].concat();
    let at = u32::try_from(MORNING * 300).expect("small");
    let money = |units: i64| {
        let (high, low) = ((units >> 32) as i32, units as u32);
        [high.to_le_bytes(), low.to_le_bytes()].concat()
    };
    let tenth_microseconds = (MORNING * 10_000_000 + 1_234_567).to_le_bytes();
    // 11:30 at +02:00 is 09:30 in UTC, as it travels.
    let utc = MORNING.to_le_bytes();
    let guid = [
        0x5B, 0xAD, 0x8F, 0x0F, 0xCB, 0xD9, 0x9F, 0x46, 0xA1, 0x65, 0x70, 0x86, 0x77, 0x28, 0x95,
        0x0E,
    ];
    let utf16 = write::utf16;
    vec![
        ("bit", fixed(0x32), vec![1], Value::Int(1)),
        ("bit null", sized(0x68, 1), short(&[0]), Value::Int(0)),
        ("tinyint", fixed(0x30), vec![255], Value::Int(255)),
        (
            "smallint",
            fixed(0x34),
            (-5i16).to_le_bytes().to_vec(),
            Value::Int(-5),
        ),
        (
            "int",
            fixed(0x38),
            i32::MIN.to_le_bytes().to_vec(),
            Value::Int(i32::MIN.into()),
        ),
        (
            "int null",
            sized(0x26, 4),
            short(&7i32.to_le_bytes()),
            Value::Int(7),
        ),
        (
            "bigint",
            fixed(0x7F),
            i64::MAX.to_le_bytes().to_vec(),
            Value::Int(i64::MAX),
        ),
        (
            "decimal",
            decimal(9, 2),
            short(&[1, 0x1A, 4, 0, 0]),
            Value::Real(10.5),
        ),
        (
            "decimal below 0",
            decimal(9, 2),
            short(&[0, 5, 0, 0, 0]),
            Value::Real(-0.05),
        ),
        (
            "decimal(38,4)",
            decimal(38, 4),
            short(&[&[1][..], &123_456_789_012_345_678_901_234u128.to_le_bytes()].concat()),
            text("12345678901234567890.1234"),
        ),
        (
            "decimal whole",
            decimal(18, 0),
            short(&[1, 42, 0, 0, 0, 0, 0, 0, 0]),
            Value::Int(42),
        ),
        ("money", fixed(0x3C), money(-105_000), Value::Real(-10.5)),
        (
            "money much",
            sized(0x6E, 8),
            short(&money(1_234_567_890_123_456)),
            text("123456789012.3456"),
        ),
        (
            "smallmoney",
            fixed(0x7A),
            199_900i32.to_le_bytes().to_vec(),
            Value::Real(19.99),
        ),
        (
            "real",
            fixed(0x3B),
            0.1f32.to_le_bytes().to_vec(),
            Value::Real(0.1),
        ),
        (
            "float",
            sized(0x6D, 8),
            short(&37.25f64.to_le_bytes()),
            Value::Real(37.25),
        ),
        (
            "char",
            write::text(0xAF, 6),
            long(b"Zo\xEB   "),
            text("Zoë   "),
        ),
        (
            "varchar",
            write::text(0xA7, 40),
            long(b"O'Brien"),
            text("O'Brien"),
        ),
        ("varchar empty", write::text(0xA7, 40), long(b""), text("")),
        (
            "varchar(max)",
            write::text(0xA7, 0xFFFF),
            chunks(b"long"),
            text("long"),
        ),
        (
            "nchar",
            write::text(0xEF, 8),
            long(&utf16("añ  ")),
            text("añ  "),
        ),
        (
            "nvarchar",
            write::text(0xE7, 80),
            long(&utf16("Łukasz 😀")),
            text("Łukasz 😀"),
        ),
        (
            "nvarchar half",
            write::text(0xE7, 80),
            long(&[b'a', 0, 0, 0xD8]),
            text("a\u{fffd}"),
        ),
        (
            "nvarchar(max)",
            write::text(0xE7, 0xFFFF),
            chunks(&utf16(&"é".repeat(4000))),
            text(&"é".repeat(4000)),
        ),
        ("text", blob(0x23), blob_value(b"caf\xE9"), text("café")),
        (
            "ntext",
            blob(0x63),
            blob_value(&utf16("café")),
            text("café"),
        ),
        ("xml", vec![0xF1, 0], chunks(&utf16("<a/>")), text("<a/>")),
        ("date", fixed(0x28), short(&day3()), text("2026-01-05")),
        (
            "time(0)",
            sized(0x29, 0),
            short(&MORNING.to_le_bytes()[..3]),
            text("09:30:00"),
        ),
        (
            "time(7)",
            sized(0x29, 7),
            short(&tenth_microseconds[..5]),
            text("09:30:00.1234567"),
        ),
        (
            "smalldatetime",
            fixed(0x3A),
            [DAY_1900 as u16, 570].map(u16::to_le_bytes).concat(),
            text("2026-01-05 09:30:00.000"),
        ),
        (
            "datetime",
            fixed(0x3D),
            datetime(at),
            text("2026-01-05 09:30:00.000"),
        ),
        (
            "datetime .003",
            sized(0x6F, 8),
            short(&datetime(at + 1)),
            text("2026-01-05 09:30:00.003"),
        ),
        (
            "datetime .997",
            sized(0x6F, 8),
            short(&datetime(at + 299)),
            text("2026-01-05 09:30:00.997"),
        ),
        (
            "datetime 1753",
            fixed(0x3D),
            [(-53_690i32).to_le_bytes(), [0; 4]].concat(),
            text("1753-01-01 00:00:00.000"),
        ),
        (
            "datetime2(7)",
            sized(0x2A, 7),
            short(&[&tenth_microseconds[..5], &day3()].concat()),
            text("2026-01-05 09:30:00.1234567"),
        ),
        (
            "datetime2(0)",
            sized(0x2A, 0),
            short(&[&MORNING.to_le_bytes()[..3], &day3()].concat()),
            text("2026-01-05 09:30:00.000"),
        ),
        (
            "datetimeoffset",
            sized(0x2B, 0),
            short(&[&utc[..3], &day3(), &120i16.to_le_bytes()].concat()),
            text("2026-01-05 11:30:00.000+02:00"),
        ),
        (
            "guid",
            sized(0x24, 16),
            short(&guid),
            text("0F8FAD5B-D9CB-469F-A165-70867728950E"),
        ),
        (
            "binary",
            bytes(0xAD, 3),
            long(&[0, 1, 2]),
            Value::Bytes(vec![0, 1, 2]),
        ),
        (
            "rowversion",
            bytes(0xAD, 8),
            long(&[0, 0, 0, 0, 0, 0, 7, 0xD1]),
            Value::Bytes(vec![0, 0, 0, 0, 0, 0, 7, 0xD1]),
        ),
        (
            "varbinary",
            bytes(0xA5, 30),
            long(&[]),
            Value::Bytes(Vec::new()),
        ),
        (
            "varbinary(max)",
            bytes(0xA5, 0xFFFF),
            chunks(&[9; 10]),
            Value::Bytes(vec![9; 10]),
        ),
        (
            "image",
            blob(0x22),
            blob_value(&[1, 2]),
            Value::Bytes(vec![1, 2]),
        ),
    ]
}

#[test]
fn stand_ins_rows_of_every_type_come_as_they_are() {
    let server = StandIn::start(Setup::default(), |asked| match asked.text() {
        text if text.contains("ALL") => {
            let cases = cases();
            let columns: Vec<(&str, Vec<u8>)> = cases
                .iter()
                .map(|(name, ty, ..)| (*name, ty.clone()))
                .collect();
            let cells: Vec<&[u8]> = cases
                .iter()
                .map(|(_, _, value, _)| value.as_slice())
                .collect();
            let tokens = [
                write::columns(&columns),
                write::row(&cells),
                write::row_of_nulls(columns.len()),
                write::row(&cells),
                write::done(0x10, 3),
            ];
            vec![Step::Send(tokens.concat())]
        }
        _ => Vec::new(),
    });
    let rows = RUNTIME
        .block_on(asks(pool(&server, limits()), "SELECT ALL", &[]))
        .expect("rows");
    assert_eq!(rows.len(), 3);
    for row in [0, 2] {
        for (column, (name, _, _, expected)) in cases().into_iter().enumerate() {
            assert_eq!(rows.cell(row, column).to_value(), expected, "{name}");
        }
    }
    for column in 0..rows.width() {
        assert_eq!(rows.cell(1, column).to_value(), Value::Null);
    }
}

/// What the server is sent for a value of a slot: its declaration, the type that it travels as, and the value.
fn sent(values: &[(SqlType, Value)]) -> Vec<(String, Parameter)> {
    let server = StandIn::start(Setup::default(), |_| Vec::new());
    RUNTIME
        .block_on(asks(pool(&server, limits()), "SELECT 1", values))
        .expect("rows");
    let asked = server.seen.asked.lock().unwrap();
    let Some(Asked::Procedure { name, parameters }) = asked.last() else {
        panic!("{asked:?}");
    };
    assert_eq!(name, "sp_executesql");
    let declared = parameters[1].value.clone().expect("declared");
    // `decimal(38,0)` has a comma of its own.
    let declared = declared.replace(",@", "\n");
    declared
        .lines()
        .map(|line| line.trim_start_matches('@').to_owned())
        .zip(parameters[2..].iter().cloned())
        .collect()
}

#[test]
fn stand_in_gets_values_of_every_type_as_their_slots_are() {
    use SqlType as T;
    let date = jiff::civil::date;
    let morning = date(2026, 1, 5).at(9, 30, 0, 123_000_000);
    let ticks = MORNING * 300 + 37;
    let cases: Vec<(SqlType, Value, &str, String)> = vec![
        (T::Bit, Value::Int(1), "bit", "bit 1".into()),
        (T::TinyInt, Value::Int(200), "tinyint", "int8 200".into()),
        (T::SmallInt, Value::Int(-2), "smallint", "int16 -2".into()),
        (T::Int, Value::Int(-2), "int", "int32 -2".into()),
        (
            T::Int,
            Value::Int(1 << 40),
            "bigint",
            "int64 1099511627776".into(),
        ),
        (T::Int, text("42"), "int", "int32 42".into()),
        (T::Int, Value::Null, "int", "int32 NULL".into()),
        (
            T::BigInt,
            Value::Int(i64::MIN),
            "bigint",
            format!("int64 {}", i64::MIN),
        ),
        (
            T::Decimal(9, 2),
            text("-10.50"),
            "decimal(38,2)",
            "decimal -1050e-2".into(),
        ),
        (
            T::Decimal(9, 2),
            Value::Real(10.5),
            "decimal(38,1)",
            "decimal 105e-1".into(),
        ),
        (
            T::Money,
            Value::Int(7),
            "decimal(38,0)",
            "decimal 7e-0".into(),
        ),
        (
            T::Float,
            Value::Real(37.25),
            "float",
            "float64 37.25".into(),
        ),
        (T::Real, text("0.5"), "float", "float64 0.5".into()),
        (
            T::Char(10),
            text("a'b"),
            "nvarchar(4000)",
            "nvarchar a'b".into(),
        ),
        (
            T::VarChar(40),
            text("Zoë 😀"),
            "nvarchar(4000)",
            "nvarchar Zoë 😀".into(),
        ),
        (
            T::VarChar(40),
            Value::Null,
            "nvarchar(4000)",
            "null NULL".into(),
        ),
        (
            T::VarChar(40),
            Value::TextBytes(vec![0xE9]),
            "varbinary(8000)",
            "varbinary e9".into(),
        ),
        (
            T::NVarChar(0),
            text(&"é".repeat(3000)),
            "nvarchar(max)",
            format!("nvarchar(max) {}", "é".repeat(3000)),
        ),
        (
            T::Date,
            Value::Date(date(2026, 1, 5)),
            "date",
            format!("date {DAY_1}"),
        ),
        (T::Date, text("2026-01-05"), "date", format!("date {DAY_1}")),
        (
            T::Time,
            text("09:30:00"),
            "time(7)",
            format!("time {}", MORNING * 10_000_000),
        ),
        (
            T::SmallDateTime,
            Value::DateTime(date(2026, 1, 5).at(9, 30, 0, 0)),
            "smalldatetime",
            format!("smalldatetime {DAY_1900} 570"),
        ),
        (
            T::DateTime,
            Value::DateTime(morning),
            "datetime",
            format!("datetime {DAY_1900} {ticks}"),
        ),
        (
            T::DateTime,
            text("2026-01-05 09:30:00.123"),
            "datetime",
            format!("datetime {DAY_1900} {ticks}"),
        ),
        (
            T::DateTime,
            Value::Date(date(1600, 1, 1)),
            "datetime",
            "datetime -53690 0".into(),
        ),
        (
            T::DateTime2,
            text("2026-01-05 09:30:00.1234567"),
            "datetime2(7)",
            format!("datetime2 {DAY_1} {}", MORNING * 10_000_000 + 1_234_567),
        ),
        (
            T::UniqueIdentifier,
            text("0F8FAD5B-D9CB-469F-A165-70867728950E"),
            "uniqueidentifier",
            "uniqueidentifier 5bad8f0fcbd99f46a16570867728950e".into(),
        ),
        (
            T::UniqueIdentifier,
            text("no guid"),
            "uniqueidentifier",
            "uniqueidentifier NULL".into(),
        ),
        (
            T::VarBinary(8),
            Value::Bytes(vec![0, 0xD1]),
            "varbinary(8000)",
            "varbinary 00d1".into(),
        ),
    ];
    let values: Vec<(SqlType, Value)> = cases
        .iter()
        .map(|(ty, value, ..)| (*ty, value.clone()))
        .collect();
    let sent = sent(&values);
    assert_eq!(sent.len(), cases.len());
    for (index, ((declared, parameter), (ty, value, as_declared, travels))) in
        sent.into_iter().zip(cases).enumerate()
    {
        assert_eq!(
            declared,
            format!("p{} {as_declared}", index + 1),
            "{ty} {value:?}"
        );
        assert_eq!(parameter.name, format!("@p{}", index + 1));
        let value = parameter.value.unwrap_or_else(|| "NULL".to_owned());
        assert_eq!(format!("{} {value}", parameter.ty), travels, "{ty}");
    }
}

/// A word where the column has a number is refused before the server would quote it.
#[test]
fn a_value_of_another_kind_is_not_sent() {
    let server = StandIn::start(Setup::default(), |_| Vec::new());
    let pool = pool(&server, limits());
    let kinds = [
        (SqlType::Int, text("many")),
        (SqlType::DateTime, text("soon")),
        (SqlType::VarBinary(8), Value::Int(1)),
    ];
    for value in kinds {
        let refused = RUNTIME
            .block_on(asks(pool.clone(), "SELECT 1", &[value]))
            .map(drop);
        assert!(
            matches!(refused, Err(PassthroughError::NotCarried(_))),
            "{refused:?}"
        );
    }
}
