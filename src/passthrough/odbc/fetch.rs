//! A cursor → cells.
//!
//! Rows come in blocks, one call for many, where each column has a bound that a block can be made for. Where one has
//! not (a letter, an image), each value is fetched for itself, in parts, so that one larger than an answer may be is
//! known before it is held.

use odbc_api::buffers::{AnyColumnBufferSlice, BufferDesc, ColumnarDynBuffer, Indicator};
use odbc_api::parameter::{VarCell, VarKind};
use odbc_api::sys::{Date, SqlDataType, Timestamp};
use odbc_api::{Bit, ColumnDescription, Cursor, CursorRow, DataType, Error, Nullable};

use super::super::rows::TooLarge;
use super::super::written::Written;
use crate::passthrough::{CellRef, ColumnKind, RowSink, Watch, exact};

/// UTF-16 units of a text, and bytes, that a block has room for.
const LONGEST_IN_BLOCK: usize = 2_000;
/// Bytes of a block.
const BLOCK: usize = 512 << 10;
/// Rows of a block.
const ROWS: usize = 256;
/// Units of a part of a long value.
const PART: usize = 4_096;
/// Digits, sign and point of an exact number whose column does not say how long it is.
const NUMBER: usize = 64;

/// How far the rows came.
pub(super) enum Fetched {
    All,
    /// A value is longer than its column was said to be. The sink has the rows of the blocks before.
    Truncated,
}

pub(super) enum FetchError {
    Odbc(Error),
    TooLarge,
    /// The job is to end.
    Over,
}

impl From<Error> for FetchError {
    fn from(error: Error) -> Self {
        FetchError::Odbc(error)
    }
}

impl From<TooLarge> for FetchError {
    fn from(_: TooLarge) -> Self {
        FetchError::TooLarge
    }
}

/// How the values of a column are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Bit,
    Real,
    /// As text of so many characters.
    Exact(usize),
    /// A time of day, as text.
    Time,
    Date,
    Moment,
    /// UTF-16 units; None without a bound.
    Text(Option<usize>),
    Bytes(Option<usize>),
}

impl Kind {
    fn of(column: DataType) -> Kind {
        let bounded = |length: Option<std::num::NonZeroUsize>, units: usize| {
            length
                .map(|length| length.get().saturating_mul(units))
                .filter(|length| *length <= LONGEST_IN_BLOCK)
        };
        match column {
            DataType::TinyInt | DataType::SmallInt | DataType::Integer | DataType::BigInt => {
                Kind::Int
            }
            DataType::Bit => Kind::Bit,
            DataType::Real | DataType::Float { .. } | DataType::Double => Kind::Real,
            DataType::Numeric { precision, .. } | DataType::Decimal { precision, .. } => {
                Kind::Exact(precision.saturating_add(3).clamp(NUMBER, LONGEST_IN_BLOCK))
            }
            DataType::Date => Kind::Date,
            DataType::Time { .. } => Kind::Time,
            DataType::Timestamp { .. } => Kind::Moment,
            // A character is two units at the most.
            DataType::Char { length }
            | DataType::WChar { length }
            | DataType::Varchar { length }
            | DataType::WVarchar { length } => Kind::Text(bounded(length, 2)),
            DataType::Binary { length } | DataType::Varbinary { length } => {
                Kind::Bytes(bounded(length, 1))
            }
            DataType::LongVarbinary { .. } => Kind::Bytes(None),
            // A GUID among them: as text.
            DataType::Other { column_size, .. } => {
                Kind::Text(bounded(column_size, 2).map(|units| units.max(72)))
            }
            DataType::LongVarchar { .. } | DataType::WLongVarchar { .. } | DataType::Unknown => {
                Kind::Text(None)
            }
        }
    }

    /// The buffer for a block; None where there is no bound.
    fn buffer(self) -> Option<BufferDesc> {
        let nullable = true;
        Some(match self {
            Kind::Int => BufferDesc::I64 { nullable },
            Kind::Bit => BufferDesc::Bit { nullable },
            Kind::Real => BufferDesc::F64 { nullable },
            Kind::Exact(length) => BufferDesc::Text {
                max_str_len: length,
            },
            Kind::Time => BufferDesc::Text { max_str_len: 32 },
            Kind::Date => BufferDesc::Date { nullable },
            Kind::Moment => BufferDesc::Timestamp { nullable },
            Kind::Text(length) => BufferDesc::WText {
                max_str_len: length?,
            },
            Kind::Bytes(length) => BufferDesc::Binary { max_bytes: length? },
        })
    }
}

/// The columns of a statement's rows.
pub(super) struct Columns {
    names: Vec<String>,
    kinds: Vec<Kind>,
    /// What each holds.
    held: Vec<ColumnKind>,
}

impl Columns {
    /// Those of a cursor.
    ///
    /// # Errors
    /// The driver's.
    pub(super) fn of(cursor: &mut impl Cursor) -> Result<Columns, Error> {
        let width = u16::try_from(cursor.num_result_cols()?).unwrap_or(0);
        let mut names = Vec::with_capacity(width.into());
        let mut kinds = Vec::with_capacity(width.into());
        let mut held = Vec::with_capacity(width.into());
        for column in 1..=width {
            let mut description = ColumnDescription::default();
            cursor.describe_col(column, &mut description)?;
            names.push(description.name_to_string().unwrap_or_default());
            kinds.push(Kind::of(description.data_type));
            held.push(column_kind(description.data_type));
        }
        Ok(Columns { names, kinds, held })
    }

    /// Begins a sink's rows, of so many columns at the most.
    pub(super) fn begin(&self, most: usize, sink: &mut dyn RowSink) {
        sink.begin(self.kinds.len().min(most), &|column| {
            self.names.get(column).cloned().unwrap_or_default()
        });
        sink.kinds(&|column| self.held.get(column).copied().unwrap_or_default());
    }
}

/// What a column of a type holds.
fn column_kind(column: DataType) -> ColumnKind {
    match (column, Kind::of(column)) {
        (DataType::Numeric { scale, .. } | DataType::Decimal { scale, .. }, _) => {
            ColumnKind::Exact(u8::try_from(scale).ok())
        }
        (DataType::Other { data_type, .. }, _) if data_type == SqlDataType::EXT_GUID => {
            ColumnKind::Guid
        }
        (_, Kind::Int) => ColumnKind::Integer,
        (_, Kind::Bit) => ColumnKind::Bit,
        (_, Kind::Real) => ColumnKind::Real,
        (_, Kind::Exact(_)) => ColumnKind::Exact(None),
        (_, Kind::Time) => ColumnKind::Time,
        (_, Kind::Date) => ColumnKind::Date,
        (_, Kind::Moment) => ColumnKind::DateTime,
        (_, Kind::Text(_)) => ColumnKind::Text,
        (_, Kind::Bytes(_)) => ColumnKind::Bytes,
    }
}

/// Puts a cursor's rows into a sink.
pub(super) fn rows(
    mut cursor: impl Cursor,
    columns: &Columns,
    sink: &mut dyn RowSink,
    in_blocks: bool,
    most: usize,
    watch: &Watch,
) -> Result<Fetched, FetchError> {
    let kinds = &columns.kinds;
    columns.begin(usize::MAX, sink);
    let buffers: Option<Vec<BufferDesc>> = kinds.iter().map(|kind| kind.buffer()).collect();
    match buffers.filter(|_| in_blocks) {
        Some(buffers) => blocks(cursor, kinds, &buffers, sink, watch),
        None => {
            let mut scratch = Scratch::new(most);
            while let Some(mut row) = cursor.next_row()? {
                if watch.is_over() {
                    return Err(FetchError::Over);
                }
                scratch.row(&mut row, columns, usize::MAX, sink)?;
            }
            Ok(Fetched::All)
        }
    }
}

fn blocks(
    cursor: impl Cursor,
    kinds: &[Kind],
    buffers: &[BufferDesc],
    sink: &mut dyn RowSink,
    watch: &Watch,
) -> Result<Fetched, FetchError> {
    let row: usize = buffers.iter().map(|buffer| buffer.bytes_per_row()).sum();
    let capacity = (BLOCK / row.max(1)).clamp(1, ROWS);
    let buffer = ColumnarDynBuffer::try_from_descs(capacity, buffers.iter().copied())?;
    let mut cursor = cursor.bind_buffer(buffer)?;
    let mut text = String::new();
    loop {
        let block = match cursor.fetch_with_truncation_check(true) {
            Ok(Some(block)) => block,
            Ok(None) => return Ok(Fetched::All),
            Err(Error::TooLargeValueForBuffer { .. }) => return Ok(Fetched::Truncated),
            Err(error) => return Err(error.into()),
        };
        if watch.is_over() {
            return Err(FetchError::Over);
        }
        for row in 0..block.num_rows() {
            for (column, kind) in kinds.iter().enumerate() {
                put(block.column(column), row, *kind, &mut text, sink)?;
            }
        }
    }
}

/// A cell of a block.
fn put(
    column: AnyColumnBufferSlice<'_>,
    row: usize,
    kind: Kind,
    scratch: &mut String,
    sink: &mut dyn RowSink,
) -> Result<(), TooLarge> {
    let mut written = Written::new();
    let cell = match kind {
        Kind::Int => column
            .as_nullable_slice::<i64>()
            .and_then(|column| column.get(row).copied())
            .map(CellRef::Int),
        Kind::Bit => column
            .as_nullable_slice::<Bit>()
            .and_then(|column| column.get(row).copied())
            .map(|bit| CellRef::Int(i64::from(bit.0 != 0))),
        Kind::Real => column
            .as_nullable_slice::<f64>()
            .and_then(|column| column.get(row).copied())
            .map(CellRef::Real),
        Kind::Exact(_) => column
            .as_text()
            .and_then(|column| column.get(row))
            .map(number),
        Kind::Time => column
            .as_text()
            .and_then(|column| column.get(row))
            .map(CellRef::Text),
        Kind::Date => column
            .as_nullable_slice::<Date>()
            .and_then(|column| column.get(row))
            .map(|day| CellRef::Text(write_day(&mut written, day))),
        Kind::Moment => column
            .as_nullable_slice::<Timestamp>()
            .and_then(|column| column.get(row))
            .map(|at| CellRef::Text(write_moment(&mut written, at))),
        Kind::Text(_) => column
            .as_wide_text()
            .and_then(|column| column.get(row))
            .map(|units| CellRef::Text(write_text(scratch, units))),
        Kind::Bytes(_) => column
            .as_binary()
            .and_then(|column| column.get(row))
            .map(CellRef::Bytes),
    };
    sink.cell(cell.unwrap_or(CellRef::Null))
}

/// `.5` and `-.5`, as some engines write them, are numbers too.
fn number(text: &[u8]) -> CellRef<'_> {
    std::str::from_utf8(text).map_or(CellRef::Text(text), |text| exact(text.trim()))
}

fn write_day<'s>(out: &'s mut Written, day: &Date) -> &'s [u8] {
    *out = Written::new();
    out.date(day.year.into(), day.month.into(), day.day.into());
    out.bytes()
}

/// With milliseconds where there are any, and with all nine digits where there is more.
fn write_moment<'s>(out: &'s mut Written, at: &Timestamp) -> &'s [u8] {
    *out = Written::new();
    out.date(at.year.into(), at.month.into(), at.day.into());
    out.push(b' ');
    out.time((u32::from(at.hour) * 60 + u32::from(at.minute)) * 60 + u32::from(at.second));
    match (at.fraction, at.fraction % 1_000_000) {
        (0, _) => {}
        (fraction, 0) => out.fraction(fraction / 1_000_000, 3),
        (fraction, _) => out.fraction(fraction, 9),
    }
    out.bytes()
}

/// What is no text in UTF-16 is replaced.
fn write_text<'s>(out: &'s mut String, units: &[u16]) -> &'s [u8] {
    out.clear();
    let characters = char::decode_utf16(units.iter().copied());
    out.extend(characters.map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)));
    out.as_bytes()
}

/// Where values are put together that are fetched one by one.
pub(super) struct Scratch {
    text: String,
    units: Vec<u16>,
    bytes: Vec<u8>,
    /// Bytes of one value.
    most: usize,
}

impl Scratch {
    /// For values of at most so many bytes each.
    pub(super) fn new(most: usize) -> Scratch {
        Scratch {
            text: String::new(),
            units: Vec::new(),
            bytes: Vec::new(),
            most,
        }
    }

    /// The first `width` cells of a row.
    pub(super) fn row(
        &mut self,
        row: &mut CursorRow<'_>,
        columns: &Columns,
        width: usize,
        sink: &mut dyn RowSink,
    ) -> Result<(), FetchError> {
        for (column, kind) in (1..).zip(&columns.kinds).take(width) {
            self.cell(row, column, *kind, sink)?;
        }
        Ok(())
    }

    fn cell(
        &mut self,
        row: &mut CursorRow<'_>,
        column: u16,
        kind: Kind,
        sink: &mut dyn RowSink,
    ) -> Result<(), FetchError> {
        let mut written = Written::new();
        let cell = match kind {
            Kind::Int => {
                let mut value = Nullable::<i64>::null();
                row.get_data(column, &mut value)?;
                value.into_opt().map(CellRef::Int)
            }
            Kind::Bit => {
                let mut value = Nullable::<Bit>::null();
                row.get_data(column, &mut value)?;
                value
                    .into_opt()
                    .map(|bit| CellRef::Int(i64::from(bit.0 != 0)))
            }
            Kind::Real => {
                let mut value = Nullable::<f64>::null();
                row.get_data(column, &mut value)?;
                value.into_opt().map(CellRef::Real)
            }
            Kind::Date => {
                let mut value = Nullable::<Date>::null();
                row.get_data(column, &mut value)?;
                let day = value.into_opt();
                day.map(|day| CellRef::Text(write_day(&mut written, &day)))
            }
            Kind::Moment => {
                let mut value = Nullable::<Timestamp>::null();
                row.get_data(column, &mut value)?;
                let at = value.into_opt();
                at.map(|at| CellRef::Text(write_moment(&mut written, &at)))
            }
            Kind::Exact(_) | Kind::Time | Kind::Text(_) => {
                let has_value = parts(row, column, &mut self.units, self.most / 2)?;
                let text = has_value.then(|| write_text(&mut self.text, &self.units));
                text.map(|text| match kind {
                    Kind::Exact(_) => number(text),
                    _ => CellRef::Text(text),
                })
            }
            Kind::Bytes(_) => {
                let has_value = parts(row, column, &mut self.bytes, self.most)?;
                has_value.then_some(CellRef::Bytes(&self.bytes))
            }
        };
        Ok(sink.cell(cell.unwrap_or(CellRef::Null))?)
    }
}

/// An element of a long value, and how ODBC calls values of such elements.
trait Unit: Copy + Default + Sized {
    type Kind: VarKind<Element = Self>;
}

impl Unit for u16 {
    type Kind = odbc_api::parameter::WideText;
}

impl Unit for u8 {
    type Kind = odbc_api::parameter::Binary;
}

/// Fetches a value in parts, of `most` units together; whether there is one.
fn parts<U: Unit>(
    row: &mut CursorRow<'_>,
    column: u16,
    value: &mut Vec<U>,
    most: usize,
) -> Result<bool, FetchError>
where
    for<'b> VarCell<&'b mut [U], U::Kind>:
        odbc_api::parameter::CElement + odbc_api::handles::CDataMut,
{
    value.clear();
    let mut part = [U::default(); PART];
    loop {
        let mut target =
            VarCell::<&mut [U], U::Kind>::from_buffer(&mut part[..], Indicator::NoTotal);
        row.get_data(column, &mut target)?;
        let (is_complete, Some(units)) = (target.is_complete(), target.as_slice()) else {
            return Ok(false);
        };
        if value.len() + units.len() > most {
            return Err(FetchError::TooLarge);
        }
        value.extend_from_slice(units);
        if is_complete {
            return Ok(true);
        }
    }
}
