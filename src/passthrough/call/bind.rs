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
mod tests;
