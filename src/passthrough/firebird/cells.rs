//! Cells as they lie on the wire.

use super::super::written::Written;
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
            let mut text = Written::new();
            day(wire.i32()?, &mut text);
            see(CellRef::Text(text.bytes()))
        }
        Kind::Time => {
            let mut text = Written::new();
            time(wire.u32()?, &mut text);
            see(CellRef::Text(text.bytes()))
        }
        Kind::Timestamp => {
            let mut text = Written::new();
            day(wire.i32()?, &mut text);
            text.push(b' ');
            time(wire.u32()?, &mut text);
            see(CellRef::Text(text.bytes()))
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

/// A day, counted as Firebird counts them.
fn day(days: i32, out: &mut Written) {
    out.day(i64::from(days) - EPOCH);
}

/// `09:30:00`, with milliseconds or more where there are any; in steps of 100 µs.
fn time(ticks: u32, out: &mut Written) {
    out.time(ticks / 10_000);
    match ticks % 10_000 {
        0 => {}
        fraction if fraction % 10 == 0 => out.fraction(fraction / 10, 3),
        fraction => out.fraction(fraction, 4),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::message::days_of;
    use super::*;

    #[test]
    fn days_and_times_are_written_as_they_are_counted() {
        for of in [date(1, 1, 1), date(1858, 11, 17), date(2026, 1, 5)] {
            let mut text = Written::new();
            day(days_of(of), &mut text);
            assert_eq!(text.bytes(), of.to_string().as_bytes());
        }
        for (ticks, expected) in [
            (0, "00:00:00"),
            (342_000_000, "09:30:00"),
            (342_001_230, "09:30:00.123"),
            (342_001_234, "09:30:00.1234"),
        ] {
            let mut text = Written::new();
            time(ticks, &mut text);
            assert_eq!(text.bytes(), expected.as_bytes());
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
