//! Rows into a table of a demo.
//!
//! Takes values by column name, gives rows as the practice's engine would hold them: text cut to its column's width and
//! padded where the column is, columns that were not named NULL. Rows are gathered and handed on a few hundred at a
//! time, in buffers that are used again, so that a hundred thousand rows need no memory of their own.

use std::fmt;
use std::ops::Range;

use super::calendar::{Day, Moment};
use super::table::{SqlType, Table};
use super::target::Rows;
use super::{DemoError, Result};

/// Rows that are handed on at once.
const AT_ONCE: usize = 256;

/// A number with a point: 36.8 is 368 with one digit behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// The number without its point.
    pub digits: i64,
    /// How many of them stand behind it.
    pub scale: u8,
}

impl Decimal {
    /// The nearest number that a computer has.
    #[allow(clippy::cast_precision_loss)] // Measurements have a few digits.
    pub fn to_f64(self) -> f64 {
        self.digits as f64 / 10_f64.powi(i32::from(self.scale))
    }
}

/// 368 with one digit behind the point is `36.8`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = scale + 1);
        match digits.split_at(digits.len() - scale) {
            (whole, "") => write!(f, "{sign}{whole}"),
            (whole, rest) => write!(f, "{sign}{whole}.{rest}"),
        }
    }
}

/// A value for a column, of no engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'v> {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// A number with a point.
    Decimal(Decimal),
    /// A text.
    Text(&'v str),
    /// A day.
    Day(Day),
    /// A day and a time of it.
    Moment(Moment),
}

impl From<i32> for Value<'_> {
    fn from(number: i32) -> Self {
        Value::Int(i64::from(number))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Value::Int(i64::from(number))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<Decimal> for Value<'_> {
    fn from(number: Decimal) -> Self {
        Value::Decimal(number)
    }
}

impl From<Day> for Value<'_> {
    fn from(day: Day) -> Self {
        Value::Day(day)
    }
}

impl From<Moment> for Value<'_> {
    fn from(moment: Moment) -> Self {
        Value::Moment(moment)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Value::Text(text)
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Value::Text(text)
    }
}

impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A value of a row that is kept.
#[derive(Debug, Clone)]
enum Kept {
    Null,
    Int(i64),
    Decimal(Decimal),
    /// Where it stands in the batch's text.
    Text(Range<usize>),
    Day(Day),
    Moment(Moment),
}

/// Rows of one table.
#[derive(Debug)]
pub struct Batch {
    table: &'static Table,
    cells: Vec<Kept>,
    text: String,
}

impl Batch {
    fn new(table: &'static Table) -> Batch {
        Batch {
            table,
            cells: Vec::new(),
            text: String::new(),
        }
    }

    /// Whose rows they are.
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len() / self.table.columns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The rows, each with a value for every column of the table in order.
    pub fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = Value<'_>>> {
        let rows = self.cells.chunks_exact(self.table.columns.len());
        rows.map(|row| row.iter().map(|cell| self.value(cell)))
    }

    fn value(&self, cell: &Kept) -> Value<'_> {
        match cell {
            Kept::Null => Value::Null,
            Kept::Int(number) => Value::Int(*number),
            Kept::Decimal(number) => Value::Decimal(*number),
            Kept::Text(range) => Value::Text(self.text.get(range.clone()).unwrap_or_default()),
            Kept::Day(day) => Value::Day(*day),
            Kept::Moment(moment) => Value::Moment(*moment),
        }
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.text.clear();
    }
}

/// Inserts rows into one table. What it holds when it is dropped is handed on too.
pub struct Writer<'s> {
    rows: &'s dyn Rows,
    batch: Batch,
    /// Where the row being built begins in the batch.
    start: usize,
    /// Where the search for the next column starts: callers name them in order.
    next: usize,
    /// The first failure of the row being built.
    failure: Option<DemoError>,
    count: u64,
}

impl<'s> Writer<'s> {
    /// A writer for a table that exists.
    pub fn new(rows: &'s dyn Rows, table: &'static Table) -> Self {
        let mut writer = Writer {
            rows,
            batch: Batch::new(table),
            start: 0,
            next: 0,
            failure: None,
            count: 0,
        };
        writer.begin();
        writer
    }

    /// How many rows were inserted.
    pub fn rows(&self) -> u64 {
        self.count
    }

    /// The key of the next row, where keys count from 1.
    pub fn next_key(&self) -> i64 {
        i64::try_from(self.count + 1).unwrap_or(i64::MAX)
    }

    /// Gives a column of the row being built its value. A column that the table does not have makes
    /// [`Writer::insert`] fail.
    pub fn set<'v>(&mut self, name: &'static str, value: impl Into<Value<'v>>) -> &mut Self {
        let columns = self.batch.table.columns;
        let found = (self.next..columns.len())
            .chain(0..self.next)
            .find(|position| columns[*position].name == name);
        match found {
            Some(position) => {
                self.next = position + 1;
                self.keep(position, columns[position].sql_type, value.into());
            }
            None => {
                self.failure.get_or_insert(DemoError::NoColumn {
                    table: self.batch.table.name,
                    column: name,
                });
            }
        }
        self
    }

    /// Inserts the row that was built and starts the next one.
    ///
    /// # Errors
    /// The first failure since the last insert: an unknown column, or the engine's.
    pub fn insert(&mut self) -> Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.count += 1;
        if self.batch.len() >= AT_ONCE {
            self.rows.take(&self.batch)?;
            self.batch.clear();
        }
        self.begin();
        Ok(())
    }

    /// A row of nothing, to be filled.
    fn begin(&mut self) {
        self.start = self.batch.cells.len();
        self.next = 0;
        let width = self.batch.table.columns.len();
        self.batch
            .cells
            .extend(std::iter::repeat_n(Kept::Null, width));
    }

    fn keep(&mut self, position: usize, sql_type: SqlType, value: Value<'_>) {
        let kept = match value {
            Value::Null => Kept::Null,
            Value::Int(number) => Kept::Int(number),
            Value::Decimal(number) => Kept::Decimal(number),
            Value::Text(text) => {
                let from = self.batch.text.len();
                fit(text, sql_type, &mut self.batch.text);
                Kept::Text(from..self.batch.text.len())
            }
            Value::Day(day) => Kept::Day(day),
            Value::Moment(moment) => Kept::Moment(moment),
        };
        if let Some(cell) = self.batch.cells.get_mut(self.start + position) {
            *cell = kept;
        }
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        // Without the row that was begun and not inserted.
        self.batch.cells.truncate(self.start);
        if !self.batch.is_empty()
            && let Err(failure) = self.rows.take(&self.batch)
        {
            self.rows.fail(failure);
        }
    }
}

/// Adds a text as its column holds it: cut at the column's width, as a form's field is, and padded to it
/// when the type is `char`.
fn fit(text: &str, sql_type: SqlType, into: &mut String) {
    let (width, padded) = match sql_type {
        SqlType::Char(width) => (usize::from(width), true),
        SqlType::VarChar(width) => (usize::from(width), false),
        _ => (usize::MAX, false),
    };
    let mut length = 0;
    for character in text.chars().take(width) {
        into.push(character);
        length += 1;
    }
    if padded {
        into.extend(std::iter::repeat_n(' ', width - length));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::table::{date, int, varchar};
    use super::*;

    static TABLE: Table = Table {
        name: "THINGS",
        key: 1,
        columns: &[int("ID"), varchar("NAME", 5), date("BORN")],
    };

    /// Rows as they came, each in its own words.
    #[derive(Default)]
    struct Seen(RefCell<Vec<String>>);

    impl Rows for Seen {
        fn take(&self, batch: &Batch) -> Result<()> {
            let rows = batch
                .rows()
                .map(|row| format!("{:?}", row.collect::<Vec<_>>()));
            self.0.borrow_mut().extend(rows);
            Ok(())
        }

        fn fail(&self, failure: DemoError) {
            panic!("{failure}");
        }
    }

    #[test]
    fn a_number_with_a_point_is_written_in_digits() {
        let of = |digits, scale| Decimal { digits, scale }.to_string();
        assert_eq!(of(368, 1), "36.8");
        assert_eq!(of(-5, 2), "-0.05");
        assert_eq!(of(7, 0), "7");
    }

    #[test]
    fn text_is_cut_and_padded_by_characters() {
        let fitted = |text, sql_type| {
            let mut into = String::new();
            fit(text, sql_type, &mut into);
            into
        };
        assert_eq!(fitted("Zoë", SqlType::Char(5)), "Zoë  ");
        assert_eq!(fitted("Müller", SqlType::Char(3)), "Mül");
        assert_eq!(fitted("Müller", SqlType::VarChar(10)), "Müller");
        assert_eq!(fitted("", SqlType::Char(2)), "  ");
    }

    #[test]
    fn a_row_is_what_was_named_and_null_elsewhere() {
        let seen = Seen::default();
        let mut writer = Writer::new(&seen, &TABLE);
        // Out of order on purpose.
        writer.set("NAME", "Müller").set("ID", 5);
        writer.insert().unwrap();
        assert!(writer.set("NO_SUCH", 1).insert().is_err());
        assert_eq!(writer.rows(), 1);
        drop(writer);
        assert_eq!(*seen.0.borrow(), [r#"[Int(5), Text("Mülle"), Null]"#]);
    }

    #[test]
    fn rows_come_in_their_order_however_many() {
        let seen = Seen::default();
        let mut writer = Writer::new(&seen, &TABLE);
        for id in 0..1000 {
            writer.set("ID", id).set("NAME", &id.to_string());
            writer.insert().unwrap();
        }
        drop(writer);
        let seen = seen.0.into_inner();
        assert_eq!(seen.len(), 1000);
        assert_eq!(seen[999], r#"[Int(999), Text("999"), Null]"#);
    }
}
