//! What a statement takes and gives, in the engine's notation: its columns and markers as the server describes them,
//! and the values that are bound.
//!
//! Each column is asked for in the type that it has, so that nothing is converted on the way: an exact number comes as
//! an integer with a scale, a day as a day.

use jiff::civil::{Date, DateTime, Time};

use super::super::typed::Typed;
use super::super::{ColumnKind, PassthroughError};
use super::charset::Charset;

// Types of columns, as `sqlda_pub.h` names them; an odd one may be NULL.
const SQL_VARYING: u32 = 448;
const SQL_TEXT: u32 = 452;
const SQL_DOUBLE: u32 = 480;
const SQL_FLOAT: u32 = 482;
const SQL_LONG: u32 = 496;
const SQL_SHORT: u32 = 500;
const SQL_TIMESTAMP: u32 = 510;
const SQL_BLOB: u32 = 520;
const SQL_D_FLOAT: u32 = 530;
const SQL_ARRAY: u32 = 540;
const SQL_TIME: u32 = 560;
const SQL_DATE: u32 = 570;
const SQL_INT64: u32 = 580;
const SQL_INT128: u32 = 32752;
const SQL_BOOLEAN: u32 = 32764;

// Types of a message's fields, as `blr.h` names them.
const BLR_SHORT: u8 = 7;
const BLR_LONG: u8 = 8;
const BLR_FLOAT: u8 = 10;
const BLR_DATE: u8 = 12;
const BLR_TIME: u8 = 13;
const BLR_INT64: u8 = 16;
const BLR_BLOB2: u8 = 17;
const BLR_BOOL: u8 = 23;
const BLR_INT128: u8 = 26;
const BLR_DOUBLE: u8 = 27;
const BLR_TIMESTAMP: u8 = 35;
const BLR_VARYING2: u8 = 38;

// Character sets.
const CS_NONE: u16 = 0;
const CS_OCTETS: u16 = 1;
const CS_ASCII: u16 = 2;
const CS_UTF8: u16 = 4;

/// What is asked of a statement when it is prepared: its kind, its markers' types, its columns.
pub(super) const DESCRIBE: [u8; 15] = [21, 5, 7, 9, 11, 8, 4, 7, 9, 11, 12, 13, 14, 19, 8];
/// The longest description, in bytes: a thousand columns with long names.
pub(super) const DESCRIPTION: u32 = 65_000;
/// The longest text that is bound, in bytes.
pub(super) const LONGEST_TEXT: usize = 32_765;
/// What a type that has no form of its own here takes as text.
const OTHER_AS_TEXT: u32 = 128;

/// A column as it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// With the number of characters where it is padded to them.
    Text(Option<usize>),
    Octets,
    /// With the number of decimal places.
    Int(u32),
    BigInt(u32),
    Int128(u32),
    Float,
    Double,
    Date,
    Time,
    Timestamp,
    Boolean,
    Blob {
        is_text: bool,
    },
}

impl Kind {
    /// As sinks are told it.
    pub(super) fn of_column(self) -> ColumnKind {
        match self {
            Kind::Text(_) | Kind::Blob { is_text: true } => ColumnKind::Text,
            Kind::Octets | Kind::Blob { is_text: false } => ColumnKind::Bytes,
            Kind::Int(0) | Kind::BigInt(0) | Kind::Int128(0) => ColumnKind::Integer,
            Kind::Int(places) | Kind::BigInt(places) | Kind::Int128(places) => {
                ColumnKind::Exact(u8::try_from(places).ok())
            }
            Kind::Float | Kind::Double => ColumnKind::Real,
            Kind::Date => ColumnKind::Date,
            Kind::Time => ColumnKind::Time,
            Kind::Timestamp => ColumnKind::DateTime,
            Kind::Boolean => ColumnKind::Bit,
        }
    }
}

/// What a statement is, as the server tells it with its description (`isc_info_sql_stmt_type`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum StatementKind {
    /// It gives rows, one after the other.
    Select,
    /// It gives one row, or none: a procedure, a block, an INSERT with RETURNING.
    Procedure,
    /// It begins or ends a transaction.
    Transaction,
    #[default]
    Other,
}

impl StatementKind {
    fn of(number: i32) -> StatementKind {
        match number {
            1 | 12 => StatementKind::Select,
            8 => StatementKind::Procedure,
            9..=11 => StatementKind::Transaction,
            _ => StatementKind::Other,
        }
    }
}

/// A statement as the server describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) kind: StatementKind,
    pub(super) columns: Vec<Column>,
    /// Which markers are BOOLEAN: no other value is converted to it.
    pub(super) booleans: Vec<bool>,
    /// The layout of a row.
    pub(super) layout: Vec<u8>,
    /// Bytes of a row at the most.
    pub(super) row: usize,
}

/// One variable of a description, as numbers.
#[derive(Default)]
struct Variable {
    ty: u32,
    subtype: i32,
    scale: i32,
    length: u32,
    alias: String,
}

/// Reads a description.
///
/// # Errors
/// What cannot be carried; [`Broken::Cut`] as a failure of another kind is no description at all.
pub(super) fn describe(data: &[u8]) -> Result<Described, PassthroughError> {
    let (kind, inputs, outputs) =
        variables(data).ok_or(PassthroughError::NotCarried("a statement so wide"))?;
    let mut described = Described {
        kind,
        booleans: inputs
            .iter()
            .map(|input| input.ty & !1 == SQL_BOOLEAN)
            .collect(),
        ..Described::default()
    };
    let mut layout = Layout::new(outputs.len());
    for output in outputs {
        described.row += output.length as usize + 8;
        let kind = layout.column(&output)?;
        described.columns.push(Column {
            name: output.alias,
            kind,
        });
    }
    described.layout = layout.finish();
    Ok(described)
}

/// Kind, markers and columns; None where the description was cut short.
fn variables(mut data: &[u8]) -> Option<(StatementKind, Vec<Variable>, Vec<Variable>)> {
    let mut kind = StatementKind::default();
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    let mut is_output = false;
    loop {
        let (&item, rest) = data.split_first()?;
        data = rest;
        match item {
            1 => return Some((kind, inputs, outputs)),
            5 => is_output = false,
            4 => is_output = true,
            8 => {}
            2 => return None,
            _ => {
                let (length, rest) = data.split_first_chunk::<2>()?;
                let (value, rest) =
                    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
                data = rest;
                let list = if is_output { &mut outputs } else { &mut inputs };
                let number = || value.first_chunk::<4>().map(|n| i32::from_le_bytes(*n));
                match item {
                    9 => list.push(Variable::default()),
                    11 => list.last_mut()?.ty = number()?.cast_unsigned(),
                    12 => list.last_mut()?.subtype = number()?,
                    13 => list.last_mut()?.scale = number()?,
                    14 => list.last_mut()?.length = number()?.cast_unsigned(),
                    19 => list.last_mut()?.alias = String::from_utf8_lossy(value).into_owned(),
                    21 => kind = StatementKind::of(number()?),
                    // How many there are.
                    _ => {}
                }
            }
        }
    }
}

/// A message's layout in the engine's notation.
struct Layout(Vec<u8>);

impl Layout {
    fn new(fields: usize) -> Layout {
        let mut layout = Layout(vec![5, 2, 4, 0]);
        // Each field has its NULL indicator behind it.
        layout.number(u16::try_from(fields * 2).unwrap_or(u16::MAX));
        layout
    }

    fn number(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn field(&mut self, ty: &[u8]) {
        self.0.extend_from_slice(ty);
        self.0.extend_from_slice(&[BLR_SHORT, 0]);
    }

    fn text(&mut self, charset: u16, length: u32) {
        self.0.push(BLR_VARYING2);
        self.number(charset);
        self.number(u16::try_from(length).unwrap_or(u16::MAX));
        self.field(&[]);
    }

    fn column(&mut self, variable: &Variable) -> Result<Kind, PassthroughError> {
        let scale = variable.scale.to_le_bytes()[0];
        let places = variable.scale.min(0).unsigned_abs();
        // A text's subtype is its character set, with the collation above it.
        let charset = u16::from(variable.subtype.to_le_bytes()[0]);
        Ok(match variable.ty & !1 {
            ty @ (SQL_TEXT | SQL_VARYING) => {
                self.text(charset, variable.length);
                match charset {
                    CS_OCTETS => Kind::Octets,
                    // Four bytes are kept for a character of UTF-8, and blanks fill them all.
                    CS_UTF8 if ty == SQL_TEXT => Kind::Text(Some(variable.length as usize / 4)),
                    _ => Kind::Text(None),
                }
            }
            SQL_SHORT => {
                self.field(&[BLR_SHORT, scale]);
                Kind::Int(places)
            }
            SQL_LONG => {
                self.field(&[BLR_LONG, scale]);
                Kind::Int(places)
            }
            SQL_INT64 => {
                self.field(&[BLR_INT64, scale]);
                Kind::BigInt(places)
            }
            SQL_INT128 => {
                self.field(&[BLR_INT128, scale]);
                Kind::Int128(places)
            }
            SQL_FLOAT => {
                self.field(&[BLR_FLOAT]);
                Kind::Float
            }
            SQL_DOUBLE | SQL_D_FLOAT => {
                self.field(&[BLR_DOUBLE]);
                Kind::Double
            }
            SQL_DATE => {
                self.field(&[BLR_DATE]);
                Kind::Date
            }
            SQL_TIME => {
                self.field(&[BLR_TIME]);
                Kind::Time
            }
            SQL_TIMESTAMP => {
                self.field(&[BLR_TIMESTAMP]);
                Kind::Timestamp
            }
            SQL_BOOLEAN => {
                self.field(&[BLR_BOOL]);
                Kind::Boolean
            }
            SQL_BLOB => {
                let is_text = variable.subtype == 1;
                self.0.push(BLR_BLOB2);
                self.number(u16::from(is_text));
                // Of a blob it is the scale that says the character set.
                self.number(u16::from(scale));
                self.field(&[]);
                Kind::Blob { is_text }
            }
            SQL_ARRAY => return Err(PassthroughError::NotCarried("an array column")),
            // Of newer servers: decimal floats, moments with a zone.
            _ => {
                self.text(CS_ASCII, OTHER_AS_TEXT);
                Kind::Text(None)
            }
        })
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[255, 76]);
        self.0
    }
}

/// Values ready to be sent.
pub(super) struct Bound {
    pub(super) layout: Vec<u8>,
    pub(super) values: Vec<u8>,
}

/// Puts values into a message.
pub(super) fn bind(
    values: &[Typed<'_>],
    booleans: &[bool],
    charset: Charset,
) -> Result<Bound, PassthroughError> {
    let mut layout = Layout::new(values.len());
    // A bit for each NULL comes first.
    let mut out = vec![0; values.len().div_ceil(8).next_multiple_of(4)];
    for (index, value) in values.iter().enumerate() {
        match value {
            Typed::Null => {
                out[index / 8] |= 1 << (index % 8);
                layout.text(CS_NONE, 1);
            }
            Typed::Int(number) if booleans.get(index) == Some(&true) => {
                layout.field(&[BLR_BOOL]);
                out.extend_from_slice(&[u8::from(*number != 0), 0, 0, 0]);
            }
            Typed::Int(number) => {
                layout.field(&[BLR_INT64, 0]);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Typed::Real(number) => {
                layout.field(&[BLR_DOUBLE]);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Typed::Exact(digits) => text(&mut layout, &mut out, CS_ASCII, digits.as_bytes())?,
            Typed::Text(characters) => {
                let encoded = charset.encode(characters);
                text(&mut layout, &mut out, charset.number(), &encoded)?;
            }
            Typed::TextBytes(bytes) => text(&mut layout, &mut out, CS_NONE, bytes)?,
            Typed::Bytes(bytes) => text(&mut layout, &mut out, CS_OCTETS, bytes)?,
            Typed::Date(day) => {
                layout.field(&[BLR_DATE]);
                out.extend_from_slice(&days_of(*day).to_be_bytes());
            }
            Typed::Time(time) => {
                layout.field(&[BLR_TIME]);
                let (ticks, _) = ticks_of(*time);
                out.extend_from_slice(&ticks.to_be_bytes());
            }
            Typed::DateTime(at) => {
                layout.field(&[BLR_TIMESTAMP]);
                let (days, ticks) = moment_of(*at);
                out.extend_from_slice(&days.to_be_bytes());
                out.extend_from_slice(&ticks.to_be_bytes());
            }
        }
    }
    Ok(Bound {
        layout: layout.finish(),
        values: out,
    })
}

fn text(
    layout: &mut Layout,
    out: &mut Vec<u8>,
    charset: u16,
    bytes: &[u8],
) -> Result<(), PassthroughError> {
    if bytes.len() > LONGEST_TEXT {
        return Err(PassthroughError::NotCarried("a text of more than 32 KB"));
    }
    let length = u32::try_from(bytes.len()).unwrap_or(0);
    layout.text(charset, length.max(1));
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    let padding = bytes.len().next_multiple_of(4) - bytes.len();
    out.extend_from_slice(&[0; 3][..padding]);
    Ok(())
}

pub(super) fn days_of(day: Date) -> i32 {
    let since = day.since(Date::constant(1858, 11, 17));
    since.map_or(0, |span| span.get_days())
}

/// A time of day in the engine's steps of 100 µs, the next where it is between two; true where that is tomorrow.
fn ticks_of(time: Time) -> (u32, bool) {
    const DAY: u64 = 24 * 3600 * 10_000;
    let seconds = u64::from(time.hour().unsigned_abs()) * 3600
        + u64::from(time.minute().unsigned_abs()) * 60
        + u64::from(time.second().unsigned_abs());
    let fraction = u64::from(time.subsec_nanosecond().unsigned_abs()).div_ceil(100_000);
    let ticks = seconds * 10_000 + fraction;
    (u32::try_from(ticks % DAY).unwrap_or(0), ticks >= DAY)
}

/// The first moment at or after one that the engine can hold: a bound rounded down would let in what is before it.
fn moment_of(at: DateTime) -> (i32, u32) {
    let (ticks, is_tomorrow) = ticks_of(at.time());
    (days_of(at.date()) + i32::from(is_tomorrow), ticks)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn a_moment_between_two_is_the_next() {
        let at = date(2026, 1, 5).to_datetime(time(9, 30, 0, 1));
        assert_eq!(moment_of(at).1, 342_000_001);
        let last = date(2026, 1, 5).to_datetime(time(23, 59, 59, 999_999_999));
        assert_eq!(moment_of(last), (days_of(date(2026, 1, 6)), 0));
    }
}
