//! Cells as they lie on the wire.

use std::io::Write as _;

use super::super::{CellRef, single};
use super::charset::Charset;
use super::message::Kind;
use super::wire::{Broken, Wire};

/// Days from 1858-11-17, where Firebird counts from, to 1970-01-01.
const EPOCH: i64 = 40_587;

/// The bits for NULL before a row's values: eight columns a byte.
pub(super) fn nulls<'b>(
    wire: &mut Wire,
    columns: usize,
    bits: &'b mut Vec<u8>,
) -> Result<&'b [u8], Broken> {
    bits.clear();
    bits.extend_from_slice(wire.fixed(columns.div_ceil(8))?);
    Ok(bits)
}

/// Reads the next value, which is not NULL; `see` is called with it. A blob is its number.
pub(super) fn read<T>(
    wire: &mut Wire,
    kind: Kind,
    charset: Charset,
    see: impl FnOnce(CellRef<'_>) -> T,
) -> Result<T, Broken> {
    Ok(match kind {
        Kind::Text(padded) => {
            wire.opaque(|text| see(CellRef::Text(&charset.decode(unpadded(text, padded)))))?
        }
        Kind::Octets => wire.opaque(|bytes| see(CellRef::Bytes(bytes)))?,
        Kind::Int(places) => scaled(i128::from(wire.i32()?), places, see),
        Kind::BigInt(places) => scaled(i128::from(wire.i64()?), places, see),
        Kind::Int128(places) => scaled(wire.i128()?, places, see),
        Kind::Float => see(single(wire.f32()?)),
        Kind::Double => see(CellRef::Real(wire.f64()?)),
        Kind::Date => {
            let mut text = Short::new();
            text.day(wire.i32()?);
            see(text.cell())
        }
        Kind::Time => {
            let mut text = Short::new();
            text.time(wire.u32()?);
            see(text.cell())
        }
        Kind::Timestamp => {
            let mut text = Short::new();
            text.day(wire.i32()?);
            text.put(format_args!(" "));
            text.time(wire.u32()?);
            see(text.cell())
        }
        Kind::Boolean => {
            let is_true = wire.fixed(1)?.first() == Some(&1);
            see(CellRef::Int(i64::from(is_true)))
        }
        Kind::Blob { .. } => see(CellRef::Int(wire.i64()?)),
    })
}

/// A CHAR of UTF-8 comes with the blanks of all its bytes: those that are no characters of it are left off.
fn unpadded(text: &[u8], characters: Option<usize>) -> &[u8] {
    let Some(characters) = characters.filter(|characters| text.len() > *characters) else {
        return text;
    };
    let mut seen = 0;
    for (at, byte) in text.iter().enumerate() {
        // A byte that begins a character.
        if byte & 0xc0 != 0x80 {
            if seen == characters {
                return &text[..at];
            }
            seen += 1;
        }
    }
    text
}

/// Up to here an integer, and a power of ten, are binary numbers exactly, so that their quotient is the nearest.
const EXACT: i128 = 1_000_000_000_000_000;

/// An exact number: a binary one where that says it, else its digits.
fn scaled<T>(number: i128, places: u32, see: impl FnOnce(CellRef<'_>) -> T) -> T {
    if places == 0 {
        return match i64::try_from(number) {
            Ok(number) => see(CellRef::Int(number)),
            Err(_) => see(CellRef::Text(number.to_string().as_bytes())),
        };
    }
    if number.abs() < EXACT && places <= 22 {
        let power = 10f64.powi(places.cast_signed());
        return see(CellRef::Real(number as f64 / power));
    }
    let sign = if number < 0 { "-" } else { "" };
    let width = places as usize + 1;
    let digits = format!("{:0width$}", number.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - places as usize);
    see(CellRef::Text(
        format!("{sign}{whole}.{fraction}").as_bytes(),
    ))
}

/// A short text without an allocation.
struct Short {
    bytes: [u8; 40],
    length: usize,
}

impl Short {
    fn new() -> Short {
        Short {
            bytes: [0; 40],
            length: 0,
        }
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        let mut rest = &mut self.bytes[self.length..];
        let before = rest.len();
        // What does not fit is no day of the calendar.
        let _ = rest.write_fmt(text);
        self.length += before - rest.len();
    }

    /// `2026-01-05`, from days counted as Firebird counts them.
    fn day(&mut self, days: i32) {
        // Years that begin in March have their leap day at the end.
        let days = i64::from(days) - EPOCH + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year + era * 400 + i64::from(month <= 2);
        self.put(format_args!("{year:04}-{month:02}-{day:02}"));
    }

    /// `09:30:00`, with milliseconds or more where there are any; in steps of 100 µs.
    fn time(&mut self, ticks: u32) {
        let (seconds, fraction) = (ticks / 10_000, ticks % 10_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        self.put(format_args!("{hour:02}:{minute:02}:{second:02}"));
        if fraction % 10 != 0 {
            self.put(format_args!(".{fraction:04}"));
        } else if fraction != 0 {
            self.put(format_args!(".{:03}", fraction / 10));
        }
    }

    fn cell(&self) -> CellRef<'_> {
        CellRef::Text(&self.bytes[..self.length])
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::message::days_of;
    use super::*;

    #[test]
    fn days_and_times_are_written_as_they_are_counted() {
        for day in [
            date(1, 1, 1),
            date(1858, 11, 17),
            date(1900, 2, 28),
            date(1900, 3, 1),
            date(2000, 2, 29),
            date(2026, 1, 5),
            date(9999, 12, 31),
        ] {
            let mut text = Short::new();
            text.day(days_of(day));
            assert_eq!(text.cell(), CellRef::Text(day.to_string().as_bytes()));
        }
        for (ticks, expected) in [
            (0, "00:00:00"),
            (342_000_000, "09:30:00"),
            (342_001_230, "09:30:00.123"),
            (342_001_234, "09:30:00.1234"),
        ] {
            let mut text = Short::new();
            text.time(ticks);
            assert_eq!(text.cell(), CellRef::Text(expected.as_bytes()));
        }
    }

    #[test]
    fn exact_numbers_keep_their_digits() {
        let shown = |number, places| {
            scaled(number, places, |cell| match cell {
                CellRef::Int(number) => number.to_string(),
                CellRef::Real(number) => format!("{number:?}"),
                CellRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                _ => String::new(),
            })
        };
        assert_eq!(shown(-1050, 2), "-10.5");
        assert_eq!(shown(10, 0), "10");
        assert_eq!(shown(1, 3), "0.001");
        assert_eq!(shown(9_007_199_254_740_993, 2), "90071992547409.93");
        assert_eq!(shown(-1_000_000_000_000_001, 17), "-0.01000000000000001");
        assert_eq!(shown(i128::from(i64::MAX) + 1, 0), "9223372036854775808");
    }

    #[test]
    fn padding_goes_to_the_characters_of_the_column() {
        assert_eq!(unpadded("é   ".as_bytes(), Some(2)), "é ".as_bytes());
        assert_eq!(unpadded(b"abc       ", Some(3)), b"abc");
        assert_eq!(unpadded(b"ab", Some(3)), b"ab");
        assert_eq!(unpadded(b"ab   ", None), b"ab   ");
    }
}
