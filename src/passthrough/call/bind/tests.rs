//! A caller's parameters are bound as the engine carries them.

use std::sync::Arc;

use jiff::civil::{date, time};

use super::super::{CommandType, ExecutionMode};
use super::*;

pub(crate) const ALL: Carries = Carries {
    engine: "the engine",
    ty: |_| true,
    outputs: true,
    return_value: true,
};

fn parameter(name: &str, ty: ParameterType, value: Option<&str>) -> Parameter {
    Parameter {
        name: name.to_owned(),
        direction: Direction::Input,
        ty,
        value: value.map(str::to_owned),
        size: None,
    }
}

fn call(parameters: Vec<Parameter>) -> Call {
    Call {
        text: Arc::from("SELECT 1"),
        mode: ExecutionMode::Reader,
        kind: CommandType::Text,
        parameters,
        catalogue: None,
    }
}

fn message(parameters: Vec<Parameter>, carries: &Carries) -> String {
    match arguments(&call(parameters), carries) {
        Err(CallError::Command(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_are_of_their_types() {
    use ArgumentValue as V;
    use ParameterType as P;
    let at = date(2026, 1, 5).to_datetime(time(9, 30, 0, 123_000_000));
    let ten = Offset::constant(10);
    let guid = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let bytes = || V::Bytes(vec![0, 255, 16]);
    let cases: Vec<(P, &str, V<'_>)> = vec![
        (P::BigInt, "-9223372036854775808", V::Int(i64::MIN)),
        (P::Int, " 66 ", V::Int(66)),
        (P::SmallInt, "-32768", V::Int(-32_768)),
        (P::TinyInt, "255", V::Int(255)),
        (P::Bit, "True", V::Bit(true)),
        (P::Bit, "0", V::Bit(false)),
        (P::Decimal, "-0010.50", V::Exact("-0010.50")),
        (P::Decimal, ".5", V::Exact(".5")),
        (
            P::Money,
            "-922337203685477.5808",
            V::Exact("-922337203685477.5808"),
        ),
        (P::SmallMoney, "214748.3647", V::Exact("214748.3647")),
        (P::Money, "1.50000", V::Exact("1.50000")),
        (P::Float, "1e300", V::Real(1e300)),
        (P::Real, "37.2", V::Single(37.2)),
        (P::Char, " a ", V::Text(" a ")),
        (P::NChar, "Zoë", V::Text("Zoë")),
        (P::VarChar, "", V::Text("")),
        (P::NVarChar, "66", V::Text("66")),
        (P::String, "x", V::Text("x")),
        (P::Text, "x", V::Text("x")),
        (P::NText, "x", V::Text("x")),
        (P::Xml, "<a/>", V::Text("<a/>")),
        (P::Date, "2026-01-05", V::Date(date(2026, 1, 5))),
        (P::Date, "2026-01-05T00:00:00", V::Date(date(2026, 1, 5))),
        (
            P::Time,
            "09:30:00.123",
            V::Time(time(9, 30, 0, 123_000_000)),
        ),
        (P::DateTime, "2026-01-05T09:30:00.123", V::DateTime(at)),
        (P::DateTime2, "2026-01-05 09:30:00.123", V::DateTime(at)),
        (
            P::SmallDateTime,
            "2026-01-05",
            V::DateTime(date(2026, 1, 5).to_datetime(Time::midnight())),
        ),
        (
            P::DateTimeOffset,
            "2026-01-05T09:30:00.123+10:00",
            V::DateTimeOffset(at, ten),
        ),
        (
            P::DateTimeOffset,
            "2026-01-05 09:30:00.123 +10:00",
            V::DateTimeOffset(at, ten),
        ),
        (
            P::DateTimeOffset,
            "2026-01-05T09:30:00.123Z",
            V::DateTimeOffset(at, Offset::UTC),
        ),
        (
            P::UniqueIdentifier,
            "{01234567-89AB-cdef-0123-456789abcdef}",
            V::Guid(guid),
        ),
        (P::Binary, "AP8Q", bytes()),
        (P::VarBinary, "AP8Q", bytes()),
        (P::Image, "AP8Q", bytes()),
        (
            P::Timestamp,
            "AAAAAAAAB9E=",
            V::Bytes(vec![0, 0, 0, 0, 0, 0, 7, 209]),
        ),
        (P::VarBinary, "AA", V::Bytes(vec![0])),
    ];
    for ty in ParameterType::ALL {
        let is_refused = matches!(ty, P::Structured | P::Udt | P::Variant);
        assert_eq!(
            cases.iter().any(|(of, ..)| of == ty),
            !is_refused,
            "{} has a case",
            ty.name()
        );
    }
    for (ty, text, expected) in cases {
        let call = call(vec![
            parameter("@a", ty, Some(text)),
            parameter("b", ty, None),
        ]);
        let arguments = arguments(&call, &ALL).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(arguments[0].value, expected, "{} {text}", ty.name());
        assert_eq!(arguments[1].value, V::Null);
        assert_eq!((arguments[0].name, arguments[1].name), ("a", "b"));
    }
}

#[test]
fn what_is_none_of_its_type_is_refused_without_being_repeated() {
    use ParameterType as P;
    let cases = [
        (P::Int, "2147483649"),
        (P::Int, "1.0"),
        (P::Int, ""),
        (P::TinyInt, "-1"),
        (P::SmallInt, "32769"),
        (P::BigInt, "9223372036854775809"),
        (P::Bit, "yes!"),
        (P::Decimal, "1e5"),
        (P::Decimal, "."),
        (P::Decimal, "123456789012345678901234567890123456789"),
        (P::Money, "922337203685477.5808"),
        (P::Money, "1.00001"),
        (P::SmallMoney, "214748.3648"),
        (P::Float, "NaN"),
        (P::Float, "1e999"),
        (P::Real, "1e39"),
        (P::Date, "2026-02-30"),
        (P::Date, "2026-01-05T09:30:00"),
        (P::Date, "05/01/2026"),
        (P::Time, "25:00"),
        (P::Time, "0930"),
        (P::DateTime, "1752-12-31"),
        (P::DateTime, "2026-01-05T09:30:00Z"),
        (P::DateTime2, "2026-01-05T09:30:00+10:00"),
        (P::DateTime2, "2026-01-05T09:30:00[Australia/Sydney]"),
        (P::SmallDateTime, "2079-06-07"),
        (P::DateTimeOffset, "2026-02-06T08:31:00"),
        (P::DateTimeOffset, "2026-02-06T08:31:00+15:00"),
        (P::UniqueIdentifier, "0123"),
        (P::VarBinary, "not base64!"),
        (P::Timestamp, "AAAAAAAAAAAA"),
        (P::Structured, "abc"),
        (P::Udt, "abc"),
        (P::Variant, "abc"),
    ];
    for (ty, text) in cases {
        let first = parameter("@a", P::Int, Some("1"));
        let message = message(vec![first, parameter("@b", ty, Some(text))], &ALL);
        assert!(
            message.starts_with(&format!("parameter 2 ({}): ", ty.name())),
            "{message}"
        );
        assert!(text.len() < 4 || !message.contains(text), "{message}");
    }
}

#[test]
fn a_size_is_a_bound() {
    let sized = |ty, value: &str, size| Parameter {
        size: Some(size),
        ..parameter("@a", ty, Some(value))
    };
    let take = |parameter| arguments(&call(vec![parameter]), &ALL).map(drop);
    assert_eq!(take(sized(ParameterType::NVarChar, "Zoë", 3)), Ok(()));
    assert_eq!(take(sized(ParameterType::NVarChar, "Zoë", 0)), Ok(()));
    assert!(take(sized(ParameterType::NVarChar, "Zoë", 2)).is_err());
    // One character to people is two to SQL Server.
    assert!(take(sized(ParameterType::NVarChar, "\u{1f9ea}", 1)).is_err());
    assert_eq!(take(sized(ParameterType::VarBinary, "AP8Q", 3)), Ok(()));
    assert!(take(sized(ParameterType::VarBinary, "AP8Q", 2)).is_err());
    // A number's size says nothing of its value.
    assert_eq!(take(sized(ParameterType::Int, "66", 1)), Ok(()));
}

#[test]
fn names_directions_and_counts_are_checked() {
    use ParameterType as P;
    let int = |name: &str| parameter(name, P::Int, None);
    let directed = |name: &str, direction| Parameter {
        direction,
        ..int(name)
    };
    let none = Carries {
        engine: "SQLite",
        ty: |ty| ty != P::Xml,
        outputs: false,
        return_value: false,
    };
    let cases = [
        (
            vec![int("@Name"), int("NAME")],
            &ALL,
            "parameter 2 (Int): it has the name of parameter 1",
        ),
        (
            vec![int("@")],
            &ALL,
            "parameter 1 (Int): its name is none: letters, digits, `_` and `$`, with an `@` before them or without",
        ),
        (
            vec![int("a b")],
            &ALL,
            "parameter 1 (Int): its name is none: letters, digits, `_` and `$`, with an `@` before them or without",
        ),
        (
            vec![
                directed("@r", Direction::ReturnValue),
                directed("@s", Direction::ReturnValue),
            ],
            &ALL,
            "parameter 2 (Int): parameter 1 takes the return value",
        ),
        (
            vec![directed("@o", Direction::Output)],
            &none,
            "parameter 1 (Int): SQLite has no parameters that go back",
        ),
        (
            vec![directed("@r", Direction::ReturnValue)],
            &none,
            "parameter 1 (Int): procedures of SQLite return no value",
        ),
        (
            vec![parameter("@x", P::Xml, None)],
            &none,
            "parameter 1 (Xml): SQLite takes no parameter of this type",
        ),
    ];
    for (parameters, carries, expected) in cases {
        assert_eq!(message(parameters, carries), expected);
    }
    let many = |count: usize| (0..count).map(|n| int(&format!("@p{n}"))).collect();
    assert!(arguments(&call(many(MOST)), &ALL).is_ok());
    assert_eq!(
        message(many(MOST + 1), &ALL),
        "2001 parameters: a command has 2000 at the most"
    );
    // What only goes back has no value, whatever was written.
    let output = Parameter {
        value: Some("no number".to_owned()),
        ..directed("@o", Direction::Output)
    };
    let call = call(vec![output]);
    let taken = arguments(&call, &ALL).expect("taken");
    assert_eq!(taken[0].value, ArgumentValue::Null);
    assert!(taken[0].is_output() && !taken[0].is_input());
}

#[test]
fn finer_forms_have_coarser_ones() {
    let guid = Uuid::from_u128(0xab);
    let cases = [
        (ArgumentValue::Bit(true), Typed::Int(1)),
        (ArgumentValue::Single(37.2), Typed::Real(37.2)),
        (
            ArgumentValue::DateTimeOffset(
                date(2026, 1, 5).at(9, 30, 0, 0),
                Offset::from_seconds(-12_600).expect("an offset"),
            ),
            Typed::Text(Cow::Borrowed("2026-01-05 09:30:00-03:30")),
        ),
        (
            ArgumentValue::Guid(guid),
            Typed::Text(Cow::Borrowed("00000000-0000-0000-0000-0000000000AB")),
        ),
    ];
    for (value, expected) in &cases {
        assert_eq!(value.typed(), *expected);
    }
}
