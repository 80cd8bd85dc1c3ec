//! One binding's columns → one FHIR value.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::dates;
use super::json::{integer_text, is_plain, write_escaped, write_integer, write_string};
use crate::mapping::{Binding, Code, CodePart, CodeTable, Conversion, MeasurePart, Output};
use crate::passthrough::{CellRef, RowRef};

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Value,
    /// The row has none.
    Absent,
    /// The row has something that cannot be a value of the element.
    Odd,
}

/// Appends the binding's value as JSON.
pub(super) fn write(
    out: &mut Vec<u8>,
    binding: &Binding,
    columns: &[u16],
    row: RowRef<'_>,
    zone: &TimeZone,
) -> Written {
    let cell = |place: usize| {
        columns
            .get(place)
            .map_or(CellRef::Null, |column| row.cell(usize::from(*column)))
    };
    match &binding.conversion {
        Conversion::First(bindings) => {
            let mut from = 0;
            let mut odd = false;
            for inner in bindings {
                let to = (from + inner.columns.len()).min(columns.len());
                match write(out, inner, &columns[from..to], row, zone) {
                    Written::Value => return Written::Value,
                    Written::Odd => odd = true,
                    Written::Absent => {}
                }
                from = to;
            }
            if odd { Written::Odd } else { Written::Absent }
        }
        Conversion::Text => text(out, cell(0), &binding.absent),
        Conversion::Integer => match number(cell(0), &binding.absent) {
            Ok(number) if number.fract() == 0.0 => whole(out, number, binding.output),
            Ok(_) => Written::Odd,
            Err(written) => written,
        },
        Conversion::Decimal { multiply, divide } => {
            decimal(out, cell(0), binding, *multiply, *divide)
        }
        Conversion::Boolean => boolean(out, cell(0), binding),
        Conversion::Bit { mask, inverted } => match cell(0) {
            CellRef::Null => Written::Absent,
            CellRef::Int(number) => {
                out.extend_from_slice(if ((number & mask) != 0) == *inverted {
                    b"false"
                } else {
                    b"true"
                });
                Written::Value
            }
            _ => Written::Odd,
        },
        Conversion::Codes { table, part } => codes(out, cell(0), binding, table, *part),
        Conversion::Join { with } => join(out, (0..columns.len()).map(cell), binding, with),
        Conversion::Concat { lengths } => {
            concat(out, (0..columns.len()).map(cell), binding, lengths)
        }
        Conversion::Reference { to, prefix } => {
            reference(out, cell(0), binding, to, prefix.as_ref())
        }
        Conversion::Measure(part) => measure(out, cell(0), binding, *part),
        Conversion::Date(form) => dates::write_day(out, form, &cell, binding, zone),
        Conversion::DateTime { form, precision } => {
            dates::write_date_time(out, form, *precision, &cell, binding, zone)
        }
    }
}

/// The cell's text, trimmed; Err where there is none or it is no UTF-8.
pub(super) fn trimmed<'c>(cell: CellRef<'c>, absent: &[Arc<str>]) -> Result<Cow<'c, str>, Written> {
    let text = match cell {
        CellRef::Null => return Err(Written::Absent),
        CellRef::Int(number) => Cow::Owned(number.to_string()),
        CellRef::Real(number) => Cow::Owned(number.to_string()),
        CellRef::Text(bytes) => match std::str::from_utf8(trim_blanks(bytes)) {
            // Letters and digits at both ends leave nothing to trim.
            Ok(text) if text.starts_with(is_alphanumeric) && text.ends_with(is_alphanumeric) => {
                Cow::Borrowed(text)
            }
            Ok(text) => Cow::Borrowed(text.trim()),
            Err(_) => return Err(Written::Odd),
        },
        CellRef::Bytes(_) => return Err(Written::Odd),
    };
    if text.is_empty() || is_sentinel(&text, absent) {
        return Err(Written::Absent);
    }
    Ok(text)
}

fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// Without the blanks of padding, and NULs, at both ends: by words, since most of a padded column is blank.
pub(super) fn trim_blanks(mut bytes: &[u8]) -> &[u8] {
    const BLANKS: u64 = u64::from_le_bytes([b' '; 8]);
    while let Some((rest, last)) = bytes.split_last_chunk::<8>() {
        // The last byte is the highest.
        let blanks = (u64::from_le_bytes(*last) ^ BLANKS).leading_zeros() as usize / 8;
        if blanks < 8 {
            bytes = &bytes[..rest.len() + 8 - blanks];
            break;
        }
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\0'] = bytes {
        bytes = rest;
    }
    while let [b' ' | b'\0', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// A raw value that the mapping declares to mean "unknown". A day matches a day at midnight.
fn is_sentinel(text: &str, absent: &[Arc<str>]) -> bool {
    absent.iter().any(|sentinel| {
        text.eq_ignore_ascii_case(sentinel)
            || text.strip_prefix(&**sentinel).is_some_and(|rest| {
                // `1900-01-01`
                matches!(sentinel.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _])
                    && rest.starts_with([' ', 'T'])
                    && rest[1..].bytes().all(|b| matches!(b, b'0' | b':' | b'.'))
            })
    })
}

fn quoted(out: &mut Vec<u8>, text: &str) -> Written {
    let start = out.len();
    write_string(out, text);
    if out.len() == start + 2 {
        // Nothing but control characters.
        out.truncate(start);
        return Written::Odd;
    }
    Written::Value
}

fn text(out: &mut Vec<u8>, cell: CellRef<'_>, absent: &[Arc<str>]) -> Written {
    // Most text is plain ASCII: copied without being decoded.
    if let CellRef::Text(bytes) = cell
        && absent.is_empty()
    {
        let bytes = trim_blanks(bytes);
        if bytes.is_empty() {
            return Written::Absent;
        }
        if is_plain(bytes) {
            out.push(b'"');
            out.extend_from_slice(bytes);
            out.push(b'"');
            return Written::Value;
        }
    }
    match trimmed(cell, absent) {
        Ok(text) => quoted(out, &text),
        Err(written) => written,
    }
}

/// Appends a column's text, for which nothing stands for "unknown".
pub(super) fn write_text(out: &mut Vec<u8>, cell: CellRef<'_>) -> Written {
    text(out, cell, &[])
}

pub(super) fn number(cell: CellRef<'_>, absent: &[Arc<str>]) -> Result<f64, Written> {
    let text = trimmed(cell, absent)?;
    match cell {
        CellRef::Int(number) => Ok(number as f64),
        CellRef::Real(number) => Ok(number),
        _ => text.parse::<f64>().map_err(|_| Written::Odd),
    }
    .and_then(|number| {
        if number.is_finite() {
            Ok(number)
        } else {
            Err(Written::Odd)
        }
    })
}

fn decimal(
    out: &mut Vec<u8>,
    cell: CellRef<'_>,
    binding: &Binding,
    multiply: i64,
    divide: i64,
) -> Written {
    match number(cell, &binding.absent) {
        Err(written) => written,
        Ok(number) if matches!(binding.output, Output::Integer { .. }) => {
            // What is left over by a division does not count; a number that is none of an integer is odd.
            let scaled = number * multiply as f64 / divide as f64;
            match divide == 1 && scaled.fract() != 0.0 {
                true => Written::Odd,
                false => whole(out, scaled.trunc(), binding.output),
            }
        }
        Ok(_) if multiply == 1 && divide == 1 => match (cell, trimmed(cell, &binding.absent)) {
            // As it is kept, so that `5.40` keeps its digits.
            (CellRef::Text(_), Ok(text)) if is_json_number(&text) => {
                out.extend_from_slice(text.as_bytes());
                Written::Value
            }
            (_, Ok(text)) => match text.parse::<f64>() {
                Ok(number) => plain_number(out, number),
                Err(_) => Written::Odd,
            },
            (_, Err(written)) => written,
        },
        Ok(number) => plain_number(out, number * multiply as f64 / divide as f64),
    }
}

/// A whole number, where the element's type can hold it. In a decimal it is as exact as the engine kept it.
fn whole(out: &mut Vec<u8>, number: f64, output: Output) -> Written {
    let range = match output {
        Output::Integer { least } => f64::from(least)..=f64::from(i32::MAX),
        _ => -9e15..=9e15,
    };
    if !range.contains(&number) {
        return Written::Odd;
    }
    write_integer(out, number as i64);
    Written::Value
}

fn plain_number(out: &mut Vec<u8>, number: f64) -> Written {
    if !number.is_finite() {
        return Written::Odd;
    }
    out.extend_from_slice(number.to_string().as_bytes());
    Written::Value
}

/// JSON's own form of a number: no leading zeros, no `+`, digits on both sides of a point.
fn is_json_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits)
}

fn boolean(out: &mut Vec<u8>, cell: CellRef<'_>, binding: &Binding) -> Written {
    let value = match trimmed(cell, &binding.absent) {
        Err(written) => return written,
        Ok(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "-1" | "true" | "t" | "y" | "yes" => true,
            "0" | "false" | "f" | "n" | "no" => false,
            _ => return Written::Odd,
        },
    };
    out.extend_from_slice(if value { b"true" } else { b"false" });
    Written::Value
}

fn codes(
    out: &mut Vec<u8>,
    cell: CellRef<'_>,
    binding: &Binding,
    table: &CodeTable,
    part: CodePart,
) -> Written {
    let found = match cell {
        CellRef::Int(number) => {
            let mut digits = [0; 20];
            let text = integer_text(number, &mut digits);
            match is_sentinel(text, &binding.absent) {
                true => Raw::Absent,
                false => Raw::Is(table.code_of_ascii(text.as_bytes())),
            }
        }
        CellRef::Text(bytes) if binding.absent.is_empty() && is_plain(trim_blanks(bytes)) => {
            match trim_blanks(bytes) {
                [] => Raw::Absent,
                bytes => Raw::Is(table.code_of_ascii(bytes)),
            }
        }
        cell => match trimmed(cell, &binding.absent) {
            Ok(text) => Raw::Is(table.code_of(Some(&text))),
            // Something is there that no entry knows: what stands for anything else stands for it too.
            Err(Written::Odd) => Raw::Is(table.otherwise.as_ref()),
            Err(_) => Raw::Absent,
        },
    };
    let code = match found {
        Raw::Is(Some(code)) => code,
        Raw::Is(None) => return Written::Odd,
        Raw::Absent => match &table.absent {
            Some(code) => code,
            None => return Written::Absent,
        },
    };
    write_code(out, code, part, binding.output)
}

/// A raw value with its code, if any.
enum Raw<'t> {
    Absent,
    Is(Option<&'t Code>),
}

/// The part of a code that is asked for.
fn write_code(out: &mut Vec<u8>, code: &Code, part: CodePart, output: Output) -> Written {
    let text = match part {
        CodePart::Code if output == Output::String => Some(&code.json.code),
        CodePart::Code => {
            out.extend_from_slice(code.code.as_bytes());
            return Written::Value;
        }
        CodePart::Display => code.json.display.as_ref(),
        CodePart::System => code.json.system.as_ref(),
        CodePart::Whole if output == Output::CodeableConcept => {
            out.extend_from_slice(b"{\"coding\":[");
            out.extend_from_slice(code.json.coding.as_bytes());
            out.extend_from_slice(b"]}");
            return Written::Value;
        }
        CodePart::Whole => Some(&code.json.coding),
    };
    match text {
        Some(text) => {
            out.extend_from_slice(text.as_bytes());
            Written::Value
        }
        None => Written::Absent,
    }
}

fn join<'c>(
    out: &mut Vec<u8>,
    cells: impl Iterator<Item = CellRef<'c>>,
    binding: &Binding,
    with: &str,
) -> Written {
    let mut odd = false;
    let mut any = false;
    for cell in cells {
        let start = out.len();
        match text(out, cell, &binding.absent) {
            Written::Value if any => {
                // Its opening quote gives way to what stands between; most often that is one blank.
                match with.as_bytes() {
                    [between @ b' '..=b'!'] => out[start] = *between,
                    _ => {
                        let written = out.split_off(start);
                        write_escaped(out, with);
                        out.extend_from_slice(&written[1..]);
                    }
                }
                // And its closing quote comes behind the last.
                out.pop();
            }
            Written::Value => {
                any = true;
                out.pop();
            }
            Written::Odd => odd = true,
            _ => {}
        }
    }
    if !any {
        return if odd { Written::Odd } else { Written::Absent };
    }
    out.push(b'"');
    Written::Value
}

fn concat<'c>(
    out: &mut Vec<u8>,
    cells: impl Iterator<Item = CellRef<'c>>,
    binding: &Binding,
    lengths: &[u16],
) -> Written {
    let start = out.len();
    out.push(b'"');
    for (place, (cell, length)) in cells.zip(lengths).enumerate() {
        match trimmed(cell, &binding.absent) {
            Ok(text) => {
                let compact: Cow<'_, str> = if text.contains(char::is_whitespace) {
                    text.chars().filter(|c| !c.is_whitespace()).collect()
                } else {
                    text
                };
                if place == 0 && compact.chars().count() != usize::from(*length) {
                    out.truncate(start);
                    return Written::Odd;
                }
                write_escaped(out, &compact);
            }
            Err(written) if place == 0 => {
                out.truncate(start);
                return written;
            }
            // Without a later part the number is the shorter one.
            Err(_) => break,
        }
    }
    out.push(b'"');
    Written::Value
}

/// R4's form of an id: `[A-Za-z0-9\-\.]{1,64}`.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

fn reference(
    out: &mut Vec<u8>,
    cell: CellRef<'_>,
    binding: &Binding,
    to: &str,
    prefix: Option<&Arc<str>>,
) -> Written {
    let mut digits = [0; 20];
    let id: Cow<'_, str> = match cell {
        // Most ids are whole numbers: written without a text of their own.
        CellRef::Int(number) => match integer_text(number, &mut digits) {
            text if is_sentinel(text, &binding.absent) => return Written::Absent,
            text => text.into(),
        },
        cell => match trimmed(cell, &binding.absent) {
            Ok(id) if is_id(&id) => id,
            Ok(_) => return Written::Odd,
            Err(written) => return written,
        },
    };
    out.push(b'"');
    out.extend_from_slice(to.as_bytes());
    out.push(b'/');
    if let Some(prefix) = prefix {
        out.extend_from_slice(prefix.as_bytes());
        out.push(b'-');
    }
    out.extend_from_slice(id.as_bytes());
    out.push(b'"');
    Written::Value
}

/// A measurement as people type it: an optional comparator and a number.
fn split_measure(text: &str) -> Option<(Option<&'static str>, &str)> {
    const COMPARATORS: [(&str, &str); 6] = [
        ("<=", "<="),
        (">=", ">="),
        ("≤", "<="),
        ("≥", ">="),
        ("<", "<"),
        (">", ">"),
    ];
    let (comparator, rest) = COMPARATORS
        .iter()
        .find_map(|(typed, comparator)| Some((Some(*comparator), text.strip_prefix(typed)?)))
        .unwrap_or((None, text));
    // Blanks alone, as the databases trim them.
    let number = rest.trim_matches(' ');
    is_json_number(number).then_some((comparator, number))
}

fn measure(out: &mut Vec<u8>, cell: CellRef<'_>, binding: &Binding, part: MeasurePart) -> Written {
    let text = match trimmed(cell, &binding.absent) {
        Ok(text) => text,
        Err(written) => return written,
    };
    match (split_measure(&text), part) {
        (Some((_, number)), MeasurePart::Number) => {
            out.extend_from_slice(number.as_bytes());
            Written::Value
        }
        (Some((Some(comparator), _)), MeasurePart::Comparator) => quoted(out, comparator),
        (None, MeasurePart::Text) => quoted(out, &text),
        _ => Written::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_trimmed_at_any_length() {
        for before in 0..3 {
            for text in ["", "a", "ab c", "eight by", "more than eight"] {
                for after in 0..30 {
                    let padded = [" ".repeat(before), text.into(), " ".repeat(after)].concat();
                    assert_eq!(trim_blanks(padded.as_bytes()), text.as_bytes());
                }
            }
        }
        assert_eq!(trim_blanks(b"\0 a \0b \0 \0          \0"), b"a \0b");
    }
}
