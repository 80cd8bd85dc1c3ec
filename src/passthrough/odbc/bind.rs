//! Values → ODBC's parameters, each of the type of the column that it is compared with.

use std::num::NonZeroUsize;

use odbc_api::DataType;
use odbc_api::parameter::{InputParameter, VarBinaryBox, VarWCharBox, WithDataType};
use odbc_api::sys::{Date, Timestamp};

use crate::relation::{SqlType, Value};
use crate::sql::Statement;

/// A statement's parameters, one for each marker.
pub(super) fn parameters(statement: &Statement, values: &[Value]) -> Vec<Box<dyn InputParameter>> {
    let bound = statement.bind(values);
    bound.map(|(value, ty)| parameter(&value, ty)).collect()
}

/// One value, for a marker of a type.
pub(super) fn parameter(value: &Value, ty: SqlType) -> Box<dyn InputParameter> {
    match value {
        Value::Null => Box::new(WithDataType::new(VarWCharBox::null(), data_type(ty, 1))),
        Value::Int(number) => {
            let of_number = ty.is_number() && ty != SqlType::Bit;
            let ty = if of_number {
                data_type(ty, 0)
            } else {
                DataType::BigInt
            };
            Box::new(WithDataType::new(*number, ty))
        }
        Value::Real(number) => Box::new(WithDataType::new(*number, DataType::Double)),
        Value::Text(text) => of_text(text, ty),
        // No encoding is known that it would be text in.
        Value::TextBytes(bytes) => of_text(&String::from_utf8_lossy(bytes), ty),
        Value::Date(day) => Box::new(WithDataType::new(
            Date {
                year: day.year(),
                month: day.month().unsigned_abs().into(),
                day: day.day().unsigned_abs().into(),
            },
            DataType::Date,
        )),
        Value::DateTime(at) => Box::new(WithDataType::new(
            Timestamp {
                year: at.year(),
                month: at.month().unsigned_abs().into(),
                day: at.day().unsigned_abs().into(),
                hour: at.hour().unsigned_abs().into(),
                minute: at.minute().unsigned_abs().into(),
                second: at.second().unsigned_abs().into(),
                fraction: at.subsec_nanosecond().unsigned_abs(),
            },
            DataType::Timestamp { precision: 6 },
        )),
        Value::Bytes(bytes) => {
            let ty = DataType::Varbinary {
                length: NonZeroUsize::new(bytes.len()),
            };
            Box::new(WithDataType::new(VarBinaryBox::from_vec(bytes.clone()), ty))
        }
    }
}

/// Text, which may stand for a value of another type, as it came from a row.
fn of_text(text: &str, ty: SqlType) -> Box<dyn InputParameter> {
    let units = text.encode_utf16().count();
    Box::new(WithDataType::new(
        VarWCharBox::from_str_slice(text),
        data_type(ty, units),
    ))
}

/// ODBC's type for a column's; text is as long as the column or as the value, whichever is longer.
pub(super) fn data_type(ty: SqlType, units: usize) -> DataType {
    let length = |of: u16| NonZeroUsize::new(usize::from(of).max(units).max(1));
    match ty {
        SqlType::Bit => DataType::Bit,
        SqlType::TinyInt => DataType::TinyInt,
        SqlType::SmallInt => DataType::SmallInt,
        SqlType::Int => DataType::Integer,
        SqlType::BigInt => DataType::BigInt,
        SqlType::Decimal(precision, scale) => DataType::Decimal {
            precision: precision.into(),
            scale: scale.into(),
        },
        SqlType::Money => DataType::Decimal {
            precision: 19,
            scale: 4,
        },
        SqlType::Real => DataType::Real,
        SqlType::Float => DataType::Double,
        SqlType::Char(of) => DataType::Char { length: length(of) },
        SqlType::VarChar(of) => DataType::Varchar { length: length(of) },
        SqlType::NChar(of) => DataType::WChar { length: length(of) },
        SqlType::NVarChar(of) => DataType::WVarchar { length: length(of) },
        SqlType::UniqueIdentifier => DataType::Char { length: length(36) },
        SqlType::Date => DataType::Date,
        SqlType::Time => DataType::Time { precision: 0 },
        SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2 => {
            DataType::Timestamp { precision: 6 }
        }
        SqlType::VarBinary(of) => DataType::Varbinary { length: length(of) },
    }
}
