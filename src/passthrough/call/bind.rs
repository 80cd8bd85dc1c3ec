//! A command's parameters, from text to values of their types.
//!
//! Takes parameters as the API has them, and which types the engine carries; gives arguments in the order in which they were
//! declared. What is none of its type is refused here, before anything is sent: an engine would convert it by its own rules,
//! or say so in words that repeat it. A message names a parameter by its number, from 1, and its type, never by its value.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::GeneralPurposeConfig;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use uuid::Uuid;

use super::{Call, CallError, Direction, Parameter, ParameterType};
use crate::passthrough::Typed;

/// Parameters of a command, at the most.
pub const MOST: usize = 2_000;
/// Characters of a parameter's name, as SQL Server has it.
const LONGEST_NAME: usize = 128;
/// Digits of an exact number.
const DIGITS: usize = 38;
/// Places of money.
const MONEY_PLACES: usize = 4;

/// Base64 with its padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

/// What an engine takes.
#[derive(Debug, Clone, Copy)]
pub struct Carries {
    /// As people call it: `SQLite`.
    pub engine: &'static str,
    /// Whether it has parameters of a type. Of `Structured`, `Udt` and `Variant` no engine is asked: their values have no
    /// form as text.
    pub ty: fn(ParameterType) -> bool,
    /// Whether parameters go back.
    pub outputs: bool,
    /// Whether procedures have a return value.
    pub return_value: bool,
}

/// A parameter with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument<'c> {
    /// Its place among the command's parameters, from 0.
    pub place: usize,
    /// Without its `@`.
    pub name: &'c str,
    pub direction: Direction,
    pub ty: ParameterType,
    /// Characters or bytes; None where it is not said.
    pub size: Option<u32>,
    /// NULL of what only goes back.
    pub value: ArgumentValue<'c>,
}

impl Argument<'_> {
    /// It goes to the engine.
    pub fn is_input(&self) -> bool {
        matches!(self.direction, Direction::Input | Direction::InputOutput)
    }

    /// It comes back in a parameter: not as the return value.
    pub fn is_output(&self) -> bool {
        matches!(self.direction, Direction::Output | Direction::InputOutput)
    }
}

/// A value of a parameter's type.
#[derive(Debug, Clone, PartialEq)]
pub enum ArgumentValue<'c> {
    /// NULL of the parameter's type.
    Null,
    Bit(bool),
    Int(i64),
    /// An exact number in digits, such as `-10.50`.
    Exact(&'c str),
    Single(f32),
    Real(f64),
    Text(&'c str),
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    /// A moment as its clock shows it, and how far that is ahead of UTC.
    DateTimeOffset(DateTime, Offset),
    Guid(Uuid),
    Bytes(Vec<u8>),
}

impl ArgumentValue<'_> {
    /// For a driver that has no finer forms: a bit as 0 or 1; a GUID as text in capitals with hyphens, as drivers give it; a
    /// moment with an offset as `2026-01-05 09:30:00.123+10:00`.
    pub fn typed(&self) -> Typed<'_> {
        match self {
            ArgumentValue::Null => Typed::Null,
            ArgumentValue::Bit(is_true) => Typed::Int(i64::from(*is_true)),
            ArgumentValue::Int(number) => Typed::Int(*number),
            ArgumentValue::Exact(digits) => Typed::Exact(Cow::Borrowed(digits)),
            // The number that its digits say, not the one that its bits are.
            ArgumentValue::Single(number) => {
                let digits = number.to_string().parse();
                Typed::Real(digits.unwrap_or_else(|_| f64::from(*number)))
            }
            ArgumentValue::Real(number) => Typed::Real(*number),
            ArgumentValue::Text(text) => Typed::Text(Cow::Borrowed(text)),
            ArgumentValue::Date(day) => Typed::Date(*day),
            ArgumentValue::Time(time) => Typed::Time(*time),
            ArgumentValue::DateTime(at) => Typed::DateTime(*at),
            ArgumentValue::DateTimeOffset(at, offset) => {
                let (day, time) = (at.date(), at.time());
                let (sign, minutes) = match offset.seconds() / 60 {
                    minutes @ 0.. => ('+', minutes),
                    minutes => ('-', -minutes),
                };
                let (hours, minutes) = (minutes / 60, minutes % 60);
                let text = format!("{day} {time}{sign}{hours:02}:{minutes:02}");
                Typed::Text(Cow::Owned(text))
            }
            ArgumentValue::Guid(guid) => {
                let mut digits = [0; 36];
                let digits = guid.as_hyphenated().encode_upper(&mut digits);
                Typed::Text(Cow::Owned(digits.to_owned()))
            }
            ArgumentValue::Bytes(bytes) => Typed::Bytes(bytes),
        }
    }
}

/// Why a parameter is not taken: its place from 0, its type, and what is wrong with it.
pub fn refused(place: usize, ty: ParameterType, why: &str) -> CallError {
    CallError::Command(format!("parameter {} ({}): {why}", place + 1, ty.name()))
}

/// A command's parameters with their values.
///
/// # Errors
/// [`CallError::Command`]: too many parameters, two of one name, a name that is none, a type or direction that the engine
/// does not carry, a value that is none of its type or longer than its size.
pub fn arguments<'c>(call: &'c Call, carries: &Carries) -> Result<Vec<Argument<'c>>, CallError> {
    let count = call.parameters.len();
    if count > MOST {
        return Err(CallError::Command(format!(
            "{count} parameters: a command has {MOST} at the most"
        )));
    }
    let mut names: HashMap<String, usize> = HashMap::with_capacity(count);
    let mut return_value = None;
    let mut arguments = Vec::with_capacity(count);
    for (place, parameter) in call.parameters.iter().enumerate() {
        let refuse = |why: &str| refused(place, parameter.ty, why);
        let argument = argument(place, parameter, carries)?;
        if let Some(earlier) = names.insert(argument.name.to_lowercase(), place) {
            let why = format!("it has the name of parameter {}", earlier + 1);
            return Err(refuse(&why));
        }
        if argument.direction == Direction::ReturnValue
            && let Some(earlier) = return_value.replace(place)
        {
            let why = format!("parameter {} takes the return value", earlier + 1);
            return Err(refuse(&why));
        }
        arguments.push(argument);
    }
    Ok(arguments)
}

fn argument<'c>(
    place: usize,
    parameter: &'c Parameter,
    carries: &Carries,
) -> Result<Argument<'c>, CallError> {
    let ty = parameter.ty;
    let refuse = |why: &str| refused(place, ty, why);
    let engine = carries.engine;
    let has_no_form = matches!(
        ty,
        ParameterType::Structured | ParameterType::Udt | ParameterType::Variant
    );
    if has_no_form || !(carries.ty)(ty) {
        return Err(refuse(&format!("{engine} takes no parameter of this type")));
    }
    match parameter.direction {
        Direction::Input => {}
        Direction::Output | Direction::InputOutput if carries.outputs => {}
        Direction::ReturnValue if carries.return_value => {}
        Direction::Output | Direction::InputOutput => {
            return Err(refuse(&format!("{engine} has no parameters that go back")));
        }
        Direction::ReturnValue => {
            return Err(refuse(&format!("procedures of {engine} return no value")));
        }
    }
    let name = parameter.name.strip_prefix('@').unwrap_or(&parameter.name);
    let is_name = !name.is_empty()
        && name.chars().count() <= LONGEST_NAME
        && name.chars().all(super::lexer::is_of_name);
    if !is_name {
        return Err(refuse(
            "its name is none: letters, digits, `_` and `$`, with an `@` before them or without",
        ));
    }
    // A size of 0 says none, to .NET as well.
    let size = parameter.size.filter(|size| *size > 0);
    let is_given = matches!(
        parameter.direction,
        Direction::Input | Direction::InputOutput
    );
    let value = match &parameter.value {
        Some(text) if is_given => read(text, ty, size).map_err(|why| refuse(&why))?,
        _ => ArgumentValue::Null,
    };
    Ok(Argument {
        place,
        name,
        direction: parameter.direction,
        ty,
        size,
        value,
    })
}

/// A value of a type from its text.
fn read(text: &str, ty: ParameterType, size: Option<u32>) -> Result<ArgumentValue<'_>, String> {
    use ParameterType as P;
    let trimmed = text.trim();
    Ok(match ty {
        P::Bit => match trimmed {
            "1" => ArgumentValue::Bit(true),
            "0" => ArgumentValue::Bit(false),
            word if word.eq_ignore_ascii_case("true") => ArgumentValue::Bit(true),
            word if word.eq_ignore_ascii_case("false") => ArgumentValue::Bit(false),
            _ => return Err("its value is none of true, false, 1 and 0".to_owned()),
        },
        P::TinyInt => whole(trimmed, 0..=255)?,
        P::SmallInt => whole(trimmed, i16::MIN.into()..=i16::MAX.into())?,
        P::Int => whole(trimmed, i32::MIN.into()..=i32::MAX.into())?,
        P::BigInt => whole(trimmed, i64::MIN..=i64::MAX)?,
        P::Decimal => exact(trimmed)?,
        // In ten-thousandths, as SQL Server keeps them.
        P::Money => money(trimmed, i64::MIN.into()..=i64::MAX.into())?,
        P::SmallMoney => money(trimmed, i32::MIN.into()..=i32::MAX.into())?,
        P::Float => match trimmed.parse::<f64>() {
            Ok(number) if number.is_finite() => ArgumentValue::Real(number),
            _ => return Err("its value is no number of eight bytes".to_owned()),
        },
        P::Real => match trimmed.parse::<f32>() {
            Ok(number) if number.is_finite() => ArgumentValue::Single(number),
            _ => return Err("its value is no number of four bytes".to_owned()),
        },
        P::Char | P::NChar | P::VarChar | P::NVarChar | P::String | P::Text | P::NText | P::Xml => {
            if size.is_some_and(|size| text.encode_utf16().count() > size as usize) {
                return Err("its value has more characters than its size says".to_owned());
            }
            ArgumentValue::Text(text)
        }
        P::Date => match moment(trimmed) {
            Some(at) if at.time() == Time::midnight() => ArgumentValue::Date(at.date()),
            _ => return Err("its value is no day such as 2026-01-05".to_owned()),
        },
        P::Time => match trimmed.parse() {
            Ok(time) if trimmed.contains(':') => ArgumentValue::Time(time),
            _ => return Err("its value is no time of day such as 09:30:00.123".to_owned()),
        },
        P::SmallDateTime => {
            let last = Date::constant(2079, 6, 6);
            between(trimmed, Date::constant(1900, 1, 1)..=last)?
        }
        P::DateTime => between(trimmed, Date::constant(1753, 1, 1)..=LAST_DAY)?,
        P::DateTime2 => between(trimmed, Date::constant(1, 1, 1)..=LAST_DAY)?,
        P::DateTimeOffset => offset_moment(trimmed)
            .ok_or("its value is no moment with an offset such as 2026-01-05T09:30:00.123+10:00")?,
        P::UniqueIdentifier => ArgumentValue::Guid(
            Uuid::try_parse(trimmed).map_err(|_| "its value is no GUID".to_owned())?,
        ),
        P::Binary | P::VarBinary | P::Image | P::Timestamp => {
            let bytes = BASE64
                .decode(trimmed)
                .map_err(|_| "its value is no base64".to_owned())?;
            let most = match ty {
                P::Timestamp => Some(8),
                _ => size.map(|size| size as usize),
            };
            if most.is_some_and(|most| bytes.len() > most) {
                return Err("its value has more bytes than its size says".to_owned());
            }
            ArgumentValue::Bytes(bytes)
        }
        // Refused before: they have no form as text.
        P::Structured | P::Udt | P::Variant => return Err("it has no form as text".to_owned()),
    })
}

const LAST_DAY: Date = Date::constant(9999, 12, 31);

fn whole(text: &str, range: RangeInclusive<i64>) -> Result<ArgumentValue<'static>, String> {
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(ArgumentValue::Int(number)),
        _ => Err(format!(
            "its value is no whole number from {} to {}",
            range.start(),
            range.end()
        )),
    }
}

fn exact(text: &str) -> Result<ArgumentValue<'_>, String> {
    match parts_of_exact(text) {
        Some((_, whole, places)) if whole.len() + places.len() <= DIGITS => {
            Ok(ArgumentValue::Exact(text))
        }
        _ => Err(format!(
            "its value is no number of at most {DIGITS} digits such as -10.50"
        )),
    }
}

/// A number whose ten-thousandths are in a range.
fn money(text: &str, range: RangeInclusive<i128>) -> Result<ArgumentValue<'_>, String> {
    let units = parts_of_exact(text).and_then(|(is_negative, whole, places)| {
        let places = places.trim_end_matches('0');
        if places.len() > MONEY_PLACES || whole.len() > DIGITS - MONEY_PLACES {
            return None;
        }
        let units: i128 = format!("{whole}{places:0<MONEY_PLACES$}").parse().ok()?;
        Some(if is_negative { -units } else { units })
    });
    match units {
        Some(units) if range.contains(&units) => Ok(ArgumentValue::Exact(text)),
        _ => Err("its value is no amount of its range with at most 4 places".to_owned()),
    }
}

/// The sign, the digits before the point without leading zeros, and those behind it.
fn parts_of_exact(text: &str) -> Option<(bool, &str, &str)> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && places.is_empty()) || !is_digits(whole) || !is_digits(places) {
        return None;
    }
    Some((text.starts_with('-'), whole.trim_start_matches('0'), places))
}

/// `2026-01-05`, `2026-01-05 09:30:00.123` or the same with a `T`; nothing with a zone.
fn moment(text: &str) -> Option<DateTime> {
    match text.len() {
        10 => Some(text.parse::<Date>().ok()?.to_datetime(Time::midnight())),
        11.. => {
            let pieces = Pieces::parse(text).ok()?;
            let has_zone = pieces.offset().is_some() || pieces.time_zone_annotation().is_some();
            let time = pieces.time().filter(|_| !has_zone)?;
            Some(pieces.date().to_datetime(time))
        }
        _ => None,
    }
}

fn between(text: &str, days: RangeInclusive<Date>) -> Result<ArgumentValue<'static>, String> {
    match moment(text) {
        Some(at) if days.contains(&at.date()) => Ok(ArgumentValue::DateTime(at)),
        _ => Err(format!(
            "its value is no moment from {} to {} such as 2026-01-05T09:30:00.123, without a zone",
            days.start(),
            days.end()
        )),
    }
}

/// `2026-01-05T09:30:00+10:00`, with a `Z` for the offset or a blank before it.
fn offset_moment(text: &str) -> Option<ArgumentValue<'static>> {
    let joined = match text.rsplit_once(' ') {
        Some((moment, offset)) if offset.starts_with(['+', '-', 'Z']) => {
            Cow::Owned(format!("{moment}{offset}"))
        }
        _ => Cow::Borrowed(text),
    };
    let pieces = Pieces::parse(joined.as_bytes()).ok()?;
    let offset = pieces.to_numeric_offset()?;
    // SQL Server's offsets are of whole minutes, up to 14 hours.
    let is_offset = offset.seconds() % 60 == 0 && offset.seconds().abs() <= 14 * 3600;
    if !is_offset || pieces.time_zone_annotation().is_some() {
        return None;
    }
    let at = pieces.date().to_datetime(pieces.time()?);
    (Date::constant(1, 1, 1)..=LAST_DAY)
        .contains(&at.date())
        .then_some(ArgumentValue::DateTimeOffset(at, offset))
}

#[cfg(test)]
mod tests {
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
            let arguments =
                arguments(&call, &ALL).unwrap_or_else(|error| panic!("{text}: {error}"));
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
}
