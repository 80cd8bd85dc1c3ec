//! What a demo writes: catalogues of tables, as data.
//!
//! Takes nothing, does nothing: tables, columns and indexes, in words that every engine has. The same list makes the
//! statements that create them ([`super::ddl`]), fits texts to their columns and orders the columns of what is inserted.

/// A column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlType {
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 16 bits.
    SmallInt,
    /// A number with so many digits, and so many of them behind the point.
    Decimal(u8, u8),
    /// A day.
    Date,
    /// A day and a time of it, at the practice's wall clock.
    DateTime,
    /// Text that is padded with blanks to `n` characters.
    Char(u16),
    /// Text of at most `n` characters, not padded.
    VarChar(u16),
    /// Text of any length.
    Text,
}

impl SqlType {
    /// Whether it holds text, which is compared by a collation.
    pub const fn is_text(self) -> bool {
        matches!(self, SqlType::Char(_) | SqlType::VarChar(_) | SqlType::Text)
    }
}

/// One column: its name and type. All columns but those of the key accept NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The name, as the product writes it.
    pub name: &'static str,
    /// The declared type.
    pub sql_type: SqlType,
}

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// The name, as the product writes it.
    pub name: &'static str,
    /// How many columns the primary key has: the first ones.
    pub key: usize,
    /// The columns in order.
    pub columns: &'static [Column],
}

/// One index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The name, which no other index of the catalogue has.
    pub name: &'static str,
    /// The table it belongs to.
    pub table: &'static str,
    /// The indexed columns with commas between, or one expression.
    pub columns: &'static str,
}

impl Index {
    /// Whether it is over an expression, which not every engine has indexes for.
    pub fn is_computed(&self) -> bool {
        self.columns.contains('(')
    }
}

/// One database of a product.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    /// The name that the mapping gives it.
    pub name: &'static str,
    /// Its tables, in the order in which they are created.
    pub tables: &'static [&'static Table],
    /// Its indexes.
    pub indexes: &'static [Index],
}

/// The digits of a phone column, as an expression: what people type between digits is replaced by
/// nothing. An index over an expression serves only the very same expression, so the text here and
/// in the SQL dialect must agree.
macro_rules! digits {
    ($column:literal) => {
        concat!(
            "REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(",
            $column,
            ",' ',''),'-',''),'(',''),')',''),'+',''),'.','')"
        )
    };
}
pub(crate) use digits;

/// A column of whole numbers.
pub const fn int(name: &'static str) -> Column {
    column(name, SqlType::Int)
}

/// A column of small whole numbers.
pub const fn smallint(name: &'static str) -> Column {
    column(name, SqlType::SmallInt)
}

/// A column of numbers with a point.
pub const fn decimal(name: &'static str, digits: u8, scale: u8) -> Column {
    column(name, SqlType::Decimal(digits, scale))
}

/// A column of days.
pub const fn date(name: &'static str) -> Column {
    column(name, SqlType::Date)
}

/// A column of days with their times.
pub const fn datetime(name: &'static str) -> Column {
    column(name, SqlType::DateTime)
}

/// A column of padded text.
pub const fn char(name: &'static str, width: u16) -> Column {
    column(name, SqlType::Char(width))
}

/// A column of text.
pub const fn varchar(name: &'static str, width: u16) -> Column {
    column(name, SqlType::VarChar(width))
}

/// A column of long text.
pub const fn text(name: &'static str) -> Column {
    column(name, SqlType::Text)
}

const fn column(name: &'static str, sql_type: SqlType) -> Column {
    Column { name, sql_type }
}
