//! Engines, column types, collations and bound values.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::{self, DateTime};
use serde::{Serialize, Serializer};

/// A database engine, as far as its SQL differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    Mssql,
    Firebird,
    SqlAnywhere,
    Sqlite,
}

impl Dialect {
    pub const ALL: [Dialect; 4] = [
        Dialect::Mssql,
        Dialect::Firebird,
        Dialect::SqlAnywhere,
        Dialect::Sqlite,
    ];

    /// The name that a mapping and a command line use.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Mssql => "mssql",
            Dialect::Firebird => "firebird",
            Dialect::SqlAnywhere => "sqlanywhere",
            Dialect::Sqlite => "sqlite",
        }
    }

    /// Values that one command takes, at the most: SQL Server has 2,100, its own among them; a client of Firebird
    /// waits for ever with 1,000.
    pub const fn most_values(self) -> usize {
        match self {
            Dialect::Firebird => 500,
            Dialect::Mssql | Dialect::SqlAnywhere | Dialect::Sqlite => 2_000,
        }
    }

    /// A value takes a marker, and counts, wherever it stands in a command: markers have no numbers.
    pub const fn counts_each_place(self) -> bool {
        matches!(self, Dialect::Firebird | Dialect::SqlAnywhere)
    }

    pub fn from_name(name: &str) -> Option<Dialect> {
        Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.name() == name)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The type of a column, by SQL Server's names; other engines' names are read as the nearest of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SqlType {
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    /// Precision and scale.
    Decimal(u8, u8),
    Money,
    Real,
    Float,
    /// Length in characters.
    Char(u16),
    /// Length in characters; 0 for `max`.
    VarChar(u16),
    NChar(u16),
    /// Length in characters; 0 for `max`.
    NVarChar(u16),
    Date,
    Time,
    SmallDateTime,
    DateTime,
    DateTime2,
    UniqueIdentifier,
    /// Length in bytes; 0 for `max`.
    VarBinary(u16),
}

impl SqlType {
    /// The first moment at or after `at` that the type can hold. SQL Server rounds to the nearest one, which may
    /// be before: then what is stored there would count as after `at`. A moment is only ever a bound that
    /// columns of the type are at or after, or before: for both, the next one that they can hold says the same.
    pub fn next_moment(self, at: DateTime) -> DateTime {
        // The steps in a second, and the nanoseconds of the n-th.
        let (steps, nanoseconds): (i64, fn(i64) -> i64) = match self {
            // 1/300 s, kept as .000, .003 and .007.
            SqlType::DateTime => (300, |step| (step * 10 + 1) / 3 * 1_000_000),
            SqlType::DateTime2 => (10_000_000, |step| step * 100),
            SqlType::SmallDateTime => {
                let minute = at
                    .time()
                    .with()
                    .second(0)
                    .subsec_nanosecond(0)
                    .build()
                    .map_or(at, |minute| at.date().to_datetime(minute));
                return if minute == at {
                    at
                } else {
                    minute.saturating_add(1.minute())
                };
            }
            _ => return at,
        };
        let fraction = i64::from(at.subsec_nanosecond());
        let step = (fraction * steps + 999_999_999) / 1_000_000_000;
        let step = (step - 1..=step)
            .find(|step| nanoseconds(*step) >= fraction)
            .unwrap_or(step);
        at.checked_add((nanoseconds(step) - fraction).nanoseconds())
            // The end of the calendar: its last step.
            .unwrap_or_else(|_| {
                at.saturating_sub((fraction - nanoseconds(steps - 1)).nanoseconds())
            })
    }

    /// How many characters the values of a column of text have at most; None of one without a bound, and of others.
    pub const fn characters(self) -> Option<usize> {
        match self {
            SqlType::Char(length)
            | SqlType::VarChar(length)
            | SqlType::NChar(length)
            | SqlType::NVarChar(length)
                if length > 0 =>
            {
                Some(length as usize)
            }
            _ => None,
        }
    }

    pub const fn is_text(self) -> bool {
        matches!(
            self,
            SqlType::Char(_) | SqlType::VarChar(_) | SqlType::NChar(_) | SqlType::NVarChar(_)
        )
    }

    pub const fn is_integer(self) -> bool {
        matches!(
            self,
            SqlType::Bit | SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt
        )
    }

    pub const fn is_number(self) -> bool {
        self.is_integer()
            || matches!(
                self,
                SqlType::Decimal(..) | SqlType::Money | SqlType::Real | SqlType::Float
            )
    }

    /// Has a calendar day: `date` and the date-times.
    pub const fn has_day(self) -> bool {
        matches!(
            self,
            SqlType::Date | SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2
        )
    }

    /// Has a day and a time of day.
    pub const fn has_day_and_time(self) -> bool {
        matches!(
            self,
            SqlType::SmallDateTime | SqlType::DateTime | SqlType::DateTime2
        )
    }

    /// Padded with blanks to its length by the engine.
    pub const fn is_padded(self) -> bool {
        matches!(self, SqlType::Char(_) | SqlType::NChar(_))
    }

    /// Reads a type as a mapping writes it: `char(40)`, `varchar(max)`, `decimal(10,2)`, and the names
    /// that Firebird, SQL Anywhere and SQLite use (`timestamp`, `double precision`, `text`, `integer`,
    /// `long varchar`, `blob sub_type text`).
    pub fn parse(text: &str) -> Option<SqlType> {
        let lower = text.trim().to_ascii_lowercase();
        let (name, arguments) = match lower.split_once('(') {
            Some((name, rest)) => (name.trim_end(), Some(rest.strip_suffix(')')?.trim())),
            None => (lower.as_str(), None),
        };
        let length = |default: u16| -> Option<u16> {
            match arguments {
                None => Some(default),
                Some("max") => Some(0),
                Some(digits) => digits.parse().ok().filter(|length| *length > 0),
            }
        };
        let plain = |ty: SqlType| arguments.is_none().then_some(ty);
        match name {
            "bit" | "boolean" => plain(SqlType::Bit),
            "tinyint" => plain(SqlType::TinyInt),
            "smallint" => plain(SqlType::SmallInt),
            "int" | "integer" => plain(SqlType::Int),
            "bigint" => plain(SqlType::BigInt),
            "decimal" | "numeric" => match arguments {
                None => Some(SqlType::Decimal(18, 0)),
                Some(list) => {
                    let mut parts = list.split(',').map(|part| part.trim().parse::<u8>());
                    let precision = parts.next()?.ok()?;
                    let scale = parts.next().unwrap_or(Ok(0)).ok()?;
                    (parts.next().is_none() && precision <= 38 && scale <= precision)
                        .then_some(SqlType::Decimal(precision, scale))
                }
            },
            "money" | "smallmoney" => plain(SqlType::Money),
            "real" => plain(SqlType::Real),
            "float" | "double" | "double precision" => plain(SqlType::Float),
            "char" | "character" => length(1).map(SqlType::Char),
            "varchar" | "character varying" => length(0).map(SqlType::VarChar),
            "text" | "long varchar" | "blob sub_type text" | "blob sub_type 1" => {
                plain(SqlType::VarChar(0))
            }
            "nchar" => length(1).map(SqlType::NChar),
            "nvarchar" => length(0).map(SqlType::NVarChar),
            "ntext" | "long nvarchar" => plain(SqlType::NVarChar(0)),
            "date" => plain(SqlType::Date),
            "time" => plain(SqlType::Time),
            "smalldatetime" => plain(SqlType::SmallDateTime),
            "datetime" => plain(SqlType::DateTime),
            "timestamp" => plain(SqlType::DateTime2),
            "datetime2" => Some(SqlType::DateTime2),
            "uniqueidentifier" | "uuid" => plain(SqlType::UniqueIdentifier),
            "binary" | "varbinary" => length(0).map(SqlType::VarBinary),
            "blob" | "image" => plain(SqlType::VarBinary(0)),
            _ => None,
        }
    }
}

impl fmt::Display for SqlType {
    /// As SQL Server spells it in a CAST.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sized = |f: &mut fmt::Formatter<'_>, name: &str, length: u16| match length {
            0 => write!(f, "{name}(max)"),
            length => write!(f, "{name}({length})"),
        };
        match *self {
            SqlType::Bit => f.write_str("bit"),
            SqlType::TinyInt => f.write_str("tinyint"),
            SqlType::SmallInt => f.write_str("smallint"),
            SqlType::Int => f.write_str("int"),
            SqlType::BigInt => f.write_str("bigint"),
            SqlType::Decimal(precision, scale) => write!(f, "decimal({precision},{scale})"),
            SqlType::Money => f.write_str("money"),
            SqlType::Real => f.write_str("real"),
            SqlType::Float => f.write_str("float"),
            SqlType::Char(length) => sized(f, "char", length),
            SqlType::VarChar(length) => sized(f, "varchar", length),
            SqlType::NChar(length) => sized(f, "nchar", length),
            SqlType::NVarChar(length) => sized(f, "nvarchar", length),
            SqlType::Date => f.write_str("date"),
            SqlType::Time => f.write_str("time"),
            SqlType::SmallDateTime => f.write_str("smalldatetime"),
            SqlType::DateTime => f.write_str("datetime"),
            SqlType::DateTime2 => f.write_str("datetime2"),
            SqlType::UniqueIdentifier => f.write_str("uniqueidentifier"),
            SqlType::VarBinary(length) => sized(f, "varbinary", length),
        }
    }
}

impl Serialize for SqlType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A value bound to a command. A day or a time is local wall-clock time of the practice.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    /// Text that is no UTF-8, as some databases hold it: it compares as text, and is never shown.
    TextBytes(Vec<u8>),
    Date(civil::Date),
    DateTime(civil::DateTime),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}
