//! A caller's parameters as ODBC binds them: in, out, or both ways.
//!
//! What goes in has the type that the caller named. What comes back comes as text, which every driver gives of every type,
//! into a buffer of the size that the caller named.

use odbc_api::buffers::Indicator;
use odbc_api::handles::Statement;
use odbc_api::parameter::{CElement as _, InputParameter, VarBinaryBox, VarWCharBox, WithDataType};
use odbc_api::sys::ParamType;
use odbc_api::{Bit, DataType, Error, ParameterCollection};

use super::super::bind;
use crate::passthrough::call::bind::{Argument, ArgumentValue, refused};
use crate::passthrough::call::{CallError, ParameterType, value};
use crate::passthrough::{CellRef, ColumnKind};
use crate::relation::{SqlType, Value};

/// UTF-16 units, or bytes, of what comes back, where the caller does not say how many.
const USUAL: usize = 4_000;
/// As many at the most: a buffer is there before the value is.
const MOST: usize = 1 << 20;
/// Characters of a number, a moment, a GUID.
const SHORT: usize = 80;
/// Digits of an exact number that comes back, and its places.
const EXACT: (u8, u8) = (38, 10);

/// A parameter that is bound at a marker.
enum Bound {
    In(Box<dyn InputParameter>),
    Text(ParamType, WithDataType<VarWCharBox>),
    Bytes(ParamType, WithDataType<VarBinaryBox>),
}

/// The parameters of a command, one for each marker.
#[derive(Default)]
pub(super) struct Parameters {
    bound: Vec<Bound>,
}

impl Parameters {
    /// One that goes in alone.
    pub(super) fn push_input(&mut self, argument: &Argument<'_>) {
        self.bound.push(Bound::In(input(argument)));
    }

    /// One of a procedure's: in, out, or both ways.
    pub(super) fn push(&mut self, argument: &Argument<'_>) {
        let way = match (argument.is_input(), argument.is_output()) {
            (true, false) => return self.push_input(argument),
            (true, true) => ParamType::InputOutput,
            // The return value among them.
            _ => ParamType::Output,
        };
        let ty = sql_type(argument);
        let bound = match kind(argument.ty) {
            ColumnKind::Bytes => {
                let given = match &argument.value {
                    ArgumentValue::Bytes(bytes) => Some(bytes.as_slice()),
                    _ => None,
                };
                let buffer = buffer(given, room(argument), 0);
                let cell = VarBinaryBox::from_buffer(buffer.0, buffer.1);
                Bound::Bytes(
                    way,
                    WithDataType::new(cell, bind::data_type(ty, room(argument))),
                )
            }
            _ => {
                let given = text(&argument.value);
                let units: Option<Vec<u16>> = given.map(|text| text.encode_utf16().collect());
                let buffer = buffer(units.as_deref(), room(argument), 1);
                let cell = VarWCharBox::from_buffer(buffer.0, buffer.1);
                Bound::Text(
                    way,
                    WithDataType::new(cell, bind::data_type(ty, room(argument))),
                )
            }
        };
        self.bound.push(bound);
    }

    /// What came back at a marker, as the API writes it.
    ///
    /// # Errors
    /// [`CallError::Command`] where it is longer than its buffer.
    pub(super) fn came_back(
        &self,
        marker: usize,
        argument: &Argument<'_>,
    ) -> Result<Option<String>, CallError> {
        let too_long = || {
            let why = "what comes back is longer than its size: give a larger one";
            refused(argument.place, argument.ty, why)
        };
        let kind = kind(argument.ty);
        Ok(match self.bound.get(marker) {
            Some(Bound::Text(_, cell)) if !cell.value.is_complete() => return Err(too_long()),
            Some(Bound::Bytes(_, cell)) if !cell.value.is_complete() => return Err(too_long()),
            Some(Bound::Text(_, cell)) => cell.value.as_slice().and_then(|units| {
                let text = String::from_utf16_lossy(units);
                let text = match kind {
                    ColumnKind::Text => text,
                    _ => text.trim().to_owned(),
                };
                value::to_text(CellRef::Text(text.as_bytes()), kind)
            }),
            Some(Bound::Bytes(_, cell)) => {
                let bytes = cell.value.as_slice();
                bytes.and_then(|bytes| value::to_text(CellRef::Bytes(bytes), kind))
            }
            Some(Bound::In(_)) | None => None,
        })
    }
}

// SAFETY: each parameter is bound at its own marker and lives in `self`, in a box that nothing moves, until the statement
// has been executed; values that go in are complete.
unsafe impl ParameterCollection for Parameters {
    fn parameter_set_size(&self) -> usize {
        1
    }

    unsafe fn bind_parameters_to(&mut self, statement: &mut impl Statement) -> Result<(), Error> {
        for (number, bound) in (1..).zip(&mut self.bound) {
            // SAFETY: as of the collection.
            let done = unsafe {
                match bound {
                    Bound::In(parameter) => {
                        parameter.assert_completness();
                        statement.bind_input_parameter(number, parameter)
                    }
                    Bound::Text(way, cell) => statement.bind_parameter(number, *way, cell),
                    Bound::Bytes(way, cell) => statement.bind_parameter(number, *way, cell),
                }
            };
            done.into_result(statement)?;
        }
        Ok(())
    }
}

/// A buffer with room for so many elements and what ends them, and what is in it.
fn buffer<E: Copy + Default>(
    given: Option<&[E]>,
    room: usize,
    terminators: usize,
) -> (Box<[E]>, Indicator) {
    let length = given.map_or(0, <[E]>::len);
    let mut buffer = vec![E::default(); room.max(length) + terminators];
    if let Some(given) = given {
        buffer[..length].copy_from_slice(given);
    }
    let indicator = match given {
        Some(given) => Indicator::Length(size_of_val(given)),
        None => Indicator::Null,
    };
    (buffer.into_boxed_slice(), indicator)
}

fn room(argument: &Argument<'_>) -> usize {
    match kind(argument.ty) {
        ColumnKind::Text | ColumnKind::Bytes => {
            let size = argument.size.and_then(|size| usize::try_from(size).ok());
            size.map_or(USUAL, |size| size.min(MOST))
        }
        _ => SHORT,
    }
}

fn input(argument: &Argument<'_>) -> Box<dyn InputParameter> {
    let ty = sql_type(argument);
    let given = match &argument.value {
        ArgumentValue::Null => Value::Null,
        ArgumentValue::Bit(is) => {
            return Box::new(WithDataType::new(Bit::from_bool(*is), DataType::Bit));
        }
        ArgumentValue::Int(number) => Value::Int(*number),
        ArgumentValue::Real(number) => Value::Real(*number),
        ArgumentValue::Date(day) => Value::Date(*day),
        ArgumentValue::DateTime(at) => Value::DateTime(*at),
        ArgumentValue::Bytes(bytes) => Value::Bytes(bytes.clone()),
        value @ (ArgumentValue::Exact(_)
        | ArgumentValue::Single(_)
        | ArgumentValue::Text(_)
        | ArgumentValue::Time(_)
        | ArgumentValue::DateTimeOffset(..)
        | ArgumentValue::Guid(_)) => text(value).map_or(Value::Null, Value::Text),
    };
    bind::parameter(&given, ty)
}

/// A value as text; None for NULL and for bytes.
fn text(value: &ArgumentValue<'_>) -> Option<String> {
    Some(match value {
        ArgumentValue::Null | ArgumentValue::Bytes(_) => return None,
        ArgumentValue::Bit(is) => u8::from(*is).to_string(),
        ArgumentValue::Int(number) => number.to_string(),
        ArgumentValue::Exact(digits) => (*digits).to_owned(),
        ArgumentValue::Single(number) => number.to_string(),
        ArgumentValue::Real(number) => number.to_string(),
        ArgumentValue::Text(text) => (*text).to_owned(),
        ArgumentValue::Date(day) => day.to_string(),
        ArgumentValue::Time(time) => time.to_string(),
        ArgumentValue::DateTime(at) => format!("{} {}", at.date(), at.time()),
        ArgumentValue::DateTimeOffset(..) | ArgumentValue::Guid(_) => match value.typed() {
            crate::passthrough::Typed::Text(text) => text.into_owned(),
            _ => return None,
        },
    })
}

/// The type that the engine is told.
fn sql_type(argument: &Argument<'_>) -> SqlType {
    use ParameterType as T;
    let size = argument
        .size
        .and_then(|size| u16::try_from(size).ok())
        .unwrap_or(0);
    match argument.ty {
        T::BigInt => SqlType::BigInt,
        T::Int => SqlType::Int,
        T::SmallInt => SqlType::SmallInt,
        T::TinyInt => SqlType::TinyInt,
        T::Bit => SqlType::Bit,
        T::Decimal => match &argument.value {
            ArgumentValue::Exact(digits) if !argument.is_output() => {
                let places = digits.split_once('.').map_or("", |(_, places)| places);
                SqlType::Decimal(EXACT.0, u8::try_from(places.len()).unwrap_or(EXACT.1))
            }
            _ => SqlType::Decimal(EXACT.0, EXACT.1),
        },
        T::Money | T::SmallMoney => SqlType::Money,
        T::Float => SqlType::Float,
        T::Real => SqlType::Real,
        T::Char => SqlType::Char(size),
        T::NChar => SqlType::NChar(size),
        T::VarChar | T::Text => SqlType::VarChar(size),
        // An offset has no type of ODBC's own, and a document none at all.
        T::NVarChar | T::String | T::NText | T::Xml | T::DateTimeOffset => SqlType::NVarChar(size),
        T::Date => SqlType::Date,
        T::Time => SqlType::Time,
        T::DateTime | T::SmallDateTime => SqlType::DateTime,
        T::DateTime2 => SqlType::DateTime2,
        T::UniqueIdentifier => SqlType::UniqueIdentifier,
        T::Binary | T::VarBinary | T::Image | T::Timestamp => SqlType::VarBinary(size),
        // Refused before: they have no form.
        T::Structured | T::Udt | T::Variant => SqlType::NVarChar(0),
    }
}

fn kind(ty: ParameterType) -> ColumnKind {
    use ParameterType as T;
    match ty {
        T::BigInt | T::Int | T::SmallInt | T::TinyInt => ColumnKind::Integer,
        T::Bit => ColumnKind::Bit,
        T::Decimal | T::Money | T::SmallMoney => ColumnKind::Exact(None),
        T::Float | T::Real => ColumnKind::Real,
        T::Date => ColumnKind::Date,
        T::Time => ColumnKind::Time,
        T::DateTime | T::DateTime2 | T::SmallDateTime => ColumnKind::DateTime,
        T::DateTimeOffset => ColumnKind::DateTimeOffset,
        T::UniqueIdentifier => ColumnKind::Guid,
        T::Binary | T::VarBinary | T::Image | T::Timestamp => ColumnKind::Bytes,
        T::Char | T::NChar | T::VarChar | T::NVarChar | T::String | T::Text | T::NText | T::Xml => {
            ColumnKind::Text
        }
        T::Structured | T::Udt | T::Variant => ColumnKind::Unknown,
    }
}
