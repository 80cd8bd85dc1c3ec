//! The rows of one statement: cells beside one arena of bytes, so that a page of text costs one
//! allocation rather than one a cell.

use super::RowSink;
use crate::relation::Value;

/// A cell; text and bytes lie in the arena.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text { start: u32, end: u32 },
    Bytes { start: u32, end: u32 },
}

/// A cell as it is read. Text is bytes: a database may hold what is no UTF-8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CellRef<'r> {
    Null,
    Int(i64),
    Real(f64),
    Text(&'r [u8]),
    Bytes(&'r [u8]),
}

impl CellRef<'_> {
    /// The cell as a value that can be bound, and kept beyond the rows.
    pub fn to_value(self) -> Value {
        match self {
            CellRef::Null => Value::Null,
            CellRef::Int(number) => Value::Int(number),
            CellRef::Real(number) => Value::Real(number),
            CellRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => Value::TextBytes(bytes.to_vec()),
            },
            CellRef::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        }
    }
}

/// The rows of one statement, in order.
#[derive(Debug, Default)]
pub struct Rows {
    width: usize,
    cells: Vec<Cell>,
    arena: Vec<u8>,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The cell at a row and column; NULL outside.
    pub fn cell(&self, row: usize, column: usize) -> CellRef<'_> {
        self.row(row).cell(column)
    }

    /// A row; outside, one of NULLs.
    pub fn row(&self, row: usize) -> RowRef<'_> {
        let start = row * self.width;
        RowRef {
            cells: self
                .cells
                .get(start..start + self.width)
                .unwrap_or_default(),
            arena: &self.arena,
        }
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct RowRef<'r> {
    cells: &'r [Cell],
    arena: &'r [u8],
}

impl<'r> RowRef<'r> {
    /// The cell of a column; NULL outside.
    #[inline]
    pub fn cell(self, column: usize) -> CellRef<'r> {
        match self.cells.get(column) {
            None | Some(Cell::Null) => CellRef::Null,
            Some(Cell::Int(number)) => CellRef::Int(*number),
            Some(Cell::Real(number)) => CellRef::Real(*number),
            Some(Cell::Text { start, end }) => CellRef::Text(self.bytes(*start, *end)),
            Some(Cell::Bytes { start, end }) => CellRef::Bytes(self.bytes(*start, *end)),
        }
    }

    /// Whether a column is NULL.
    #[inline]
    pub fn is_null(self, column: usize) -> bool {
        matches!(self.cells.get(column), None | Some(Cell::Null))
    }

    /// The row without its first columns.
    pub fn without(self, columns: usize) -> RowRef<'r> {
        RowRef {
            cells: self.cells.get(columns..).unwrap_or_default(),
            arena: self.arena,
        }
    }

    fn bytes(self, start: u32, end: u32) -> &'r [u8] {
        self.arena
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}

/// Takes the cells of a statement in, row by row.
#[derive(Debug)]
pub struct RowsBuilder {
    rows: Rows,
    most: usize,
}

/// The arena's bound was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl RowSink for RowsBuilder {
    fn begin(&mut self, width: usize, _: &dyn Fn(usize) -> String) {
        self.clear();
        self.rows.width = width;
    }

    fn cell(&mut self, cell: CellRef<'_>) -> Result<(), TooLarge> {
        self.push(cell)
    }
}

impl RowsBuilder {
    /// No rows yet; at most `most` bytes of text and as many cells' worth of memory.
    pub fn new(most: usize) -> RowsBuilder {
        RowsBuilder {
            rows: Rows::default(),
            most: most.min(u32::MAX as usize),
        }
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.rows = Rows::default();
    }

    /// Appends the next cell of the row.
    ///
    /// # Errors
    /// When the rows would grow past the bound.
    fn push(&mut self, cell: CellRef<'_>) -> Result<(), TooLarge> {
        let cell = match cell {
            CellRef::Null => Cell::Null,
            CellRef::Int(number) => Cell::Int(number),
            CellRef::Real(number) => Cell::Real(number),
            CellRef::Text(bytes) => {
                let (start, end) = self.keep(bytes)?;
                Cell::Text { start, end }
            }
            CellRef::Bytes(bytes) => {
                let (start, end) = self.keep(bytes)?;
                Cell::Bytes { start, end }
            }
        };
        if self.rows.cells.len() * size_of::<Cell>() > self.most {
            return Err(TooLarge);
        }
        self.rows.cells.push(cell);
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(u32, u32), TooLarge> {
        let start = self.rows.arena.len();
        let end = start + bytes.len();
        if end > self.most {
            return Err(TooLarge);
        }
        self.rows.arena.extend_from_slice(bytes);
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => Ok((start, end)),
            _ => Err(TooLarge),
        }
    }

    pub fn finish(self) -> Rows {
        self.rows
    }
}
