//! How the sort keys of a type's sources are compared with each other.
//!
//! A database sorts the rows of one source by that source's keys. The rows of several sources are merged, and for
//! that their keys must say the same: key by key, or, of dates in unlike columns, as the moments that they make.

/// How the keys of a type's sources are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    /// Key by key: so many.
    Keys(usize),
    /// As moments, each made of the keys of its source.
    Moments,
}

impl Sorted {
    /// The values that are compared.
    pub fn width(self) -> usize {
        match self {
            Sorted::Keys(keys) => keys,
            Sorted::Moments => 1,
        }
    }
}

/// The moment that the sort keys of a date are, at the practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The day of a date or a date-time.
    Day,
    /// A date-time.
    Time,
    /// A day, and a time of day in so many seconds.
    DayAndTime(i64),
    /// Year, month and day.
    Parts,
}
