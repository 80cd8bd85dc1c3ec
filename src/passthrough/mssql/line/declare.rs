//! How a caller's parameter is declared: `@p nvarchar(43)`.
//!
//! The type is the caller's, so that the server compares and stores what .NET's client would give it. Where the caller
//! gives no size it is the longest that is no `max`, so that statements of one text have one plan; `max` where the value
//! is longer than that.

use std::borrow::Cow;

use crate::passthrough::call::ParameterType;
use crate::passthrough::call::bind::{Argument, ArgumentValue};

/// Bytes of the longest `char` and `binary`; of characters that have two bytes half as many.
const MOST_BYTES: u32 = 8000;
/// Digits of the longest exact number.
const DIGITS: usize = 38;
/// Places of an exact number that the server is to give back, which the API does not state.
const PLACES: usize = 10;

/// The type as T-SQL declares it; None for those that have no form here.
pub(super) fn declared(argument: &Argument<'_>) -> Option<Cow<'static, str>> {
    use ParameterType as T;
    let characters = || match &argument.value {
        ArgumentValue::Text(text) => text.encode_utf16().count(),
        _ => 0,
    };
    let bytes = || match &argument.value {
        ArgumentValue::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    let sized = |name: &str, most: u32, length: usize| {
        Cow::Owned(match argument.size {
            Some(size) if size <= most => format!("{name}({size})"),
            None if length <= most as usize => format!("{name}({most})"),
            _ => format!("{name}(max)"),
        })
    };
    // Of a fixed length, which pads: as long as is said, or as the value is.
    let fixed = |name: &str, most: u32, length: usize| {
        let size = argument.size.map_or(length, |size| size as usize);
        (size <= most as usize).then(|| Cow::Owned(format!("{name}({})", size.max(1))))
    };
    let is_open = argument.size.is_none() && argument.is_output();
    let name = match argument.ty {
        T::BigInt => "bigint",
        T::Bit => "bit",
        T::Date => "date",
        T::DateTime => "datetime",
        T::DateTime2 => "datetime2(7)",
        T::DateTimeOffset => "datetimeoffset(7)",
        T::Float => "float",
        T::Int => "int",
        T::Money => "money",
        T::Real => "real",
        T::SmallDateTime => "smalldatetime",
        T::SmallInt => "smallint",
        T::SmallMoney => "smallmoney",
        T::Time => "time(7)",
        T::Timestamp => "binary(8)",
        T::TinyInt => "tinyint",
        T::UniqueIdentifier => "uniqueidentifier",
        T::Xml => "xml",
        // Declared as such they could not be variables.
        T::Text => "varchar(max)",
        T::NText => "nvarchar(max)",
        T::Image => "varbinary(max)",
        T::Decimal => return Some(decimal(&argument.value, argument.is_output())),
        T::VarChar => return Some(sized("varchar", MOST_BYTES, characters())),
        T::NVarChar | T::String => return Some(sized("nvarchar", MOST_BYTES / 2, characters())),
        T::VarBinary => return Some(sized("varbinary", MOST_BYTES, bytes())),
        T::Char => {
            let fixed = fixed("char", MOST_BYTES, characters()).filter(|_| !is_open);
            return fixed.or_else(|| Some(sized("varchar", MOST_BYTES, characters())));
        }
        T::NChar => {
            let fixed = fixed("nchar", MOST_BYTES / 2, characters()).filter(|_| !is_open);
            return fixed.or_else(|| Some(sized("nvarchar", MOST_BYTES / 2, characters())));
        }
        T::Binary => {
            let fixed = fixed("binary", MOST_BYTES, bytes()).filter(|_| !is_open);
            return fixed.or_else(|| Some(sized("varbinary", MOST_BYTES, bytes())));
        }
        T::Structured | T::Udt | T::Variant => return None,
    };
    Some(Cow::Borrowed(name))
}

/// With the places that the value has; where it comes back, with as many as are left beside its whole digits, up to
/// [`PLACES`].
fn decimal(value: &ArgumentValue<'_>, comes_back: bool) -> Cow<'static, str> {
    let value = match value {
        ArgumentValue::Exact(digits) => digits,
        _ => "",
    };
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let (whole, places) = value.split_once('.').unwrap_or((value, ""));
    let (whole, mut places) = (digits(whole), digits(places));
    if comes_back {
        places = places.max(PLACES.min(DIGITS.saturating_sub(whole)));
    }
    Cow::Owned(format!("decimal({DIGITS},{})", places.min(DIGITS)))
}
