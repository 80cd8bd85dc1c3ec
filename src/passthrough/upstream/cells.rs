//! The rows of an answer: JSON → cells, one row at a time.
//!
//! A row is an object of column names and values. No tree of them is built: a value is looked at where it lies in the
//! text, and goes into the sink when its row is whole.
//!
//! JSON does not say of which SQL type a value was, so what it says is taken as it is:
//!
//! | JSON | cell |
//! |---|---|
//! | a number | as [`exact`] says; a binary number is one also with more digits |
//! | a string | its text. A moment is left in the form that JSON gives it (`2026-01-05T09:30:00`, with an offset where one is stated): who reads dates takes both forms, and a note that happens to look like one stays as it is. Bytes are left as base64 text, for the same reason |
//! | true, false | 1, 0 |
//! | null, or no value for a column | NULL |
//!
//! Names are those that the statement gives its columns; an engine that folds names to capitals is understood. A
//! value of another name says that the answer is to another question.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

use super::super::rows::TooLarge;
use crate::passthrough::{CellRef, RowSink, exact};

/// Why rows could not be read. No text of them is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowsError {
    /// The text ends too early, or is no JSON.
    Broken,
    /// It is JSON, but no array of rows of such columns.
    Shape,
    TooLarge,
}

/// Puts the rows of a JSON text into a sink, in the order of `columns`; without columns, in the order of the first
/// row. Gives their number.
///
/// # Errors
/// [`RowsError`]; a part of the rows may be in the sink.
pub(super) fn read(
    json: &[u8],
    columns: &[String],
    sink: &mut dyn RowSink,
) -> Result<u64, RowsError> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let mut reader = Reader {
        columns: Cow::Borrowed(columns),
        row: vec![None; columns.len()],
        begun: false,
        sink,
        stopped: None,
        rows: 0,
    };
    if !columns.is_empty() {
        reader.begin();
    }
    let mut parser = serde_json::Deserializer::from_slice(json);
    let read = (&mut reader).deserialize(&mut parser);
    let read = read.and_then(|()| parser.end());
    if let Some(stopped) = reader.stopped {
        return Err(stopped);
    }
    match read {
        Ok(()) => {
            if !reader.begun {
                reader.begin();
            }
            Ok(reader.rows)
        }
        Err(error) if error.is_data() => Err(RowsError::Shape),
        Err(_) => Err(RowsError::Broken),
    }
}

struct Reader<'c, 's, 'j> {
    columns: Cow<'c, [String]>,
    /// The values of the row that is read; None for a column that it has not named yet.
    row: Vec<Option<&'j RawValue>>,
    begun: bool,
    sink: &'s mut dyn RowSink,
    stopped: Option<RowsError>,
    rows: u64,
}

impl Reader<'_, '_, '_> {
    fn begin(&mut self) {
        self.begun = true;
        let columns = &self.columns;
        self.sink.begin(columns.len(), &|column| {
            columns.get(column).cloned().unwrap_or_default()
        });
    }

    /// The column that a row's `place`-th value is of: the next one of its name that has none yet.
    fn column(&self, place: usize, name: &str) -> Option<usize> {
        let is_free = |column: usize| self.row[column].is_none();
        // Rows come in the statement's order, but for an upstream with an order of its own.
        if self.columns.get(place).is_some_and(|known| known == name) && is_free(place) {
            return Some(place);
        }
        let find = |is_it: &dyn Fn(&str) -> bool| {
            let mut places = 0..self.columns.len();
            places.find(|column| is_it(&self.columns[*column]) && is_free(*column))
        };
        find(&|known| known == name).or_else(|| find(&|known| known.eq_ignore_ascii_case(name)))
    }

    /// Whether another column, which has a value, has the name of one that has none: which of them is NULL is not said.
    fn is_doubtful(&self) -> bool {
        let absent = (0..self.row.len()).filter(|column| self.row[*column].is_none());
        absent.into_iter().any(|column| {
            (0..self.row.len()).any(|other| {
                self.row[other].is_some()
                    && self.columns[other].eq_ignore_ascii_case(&self.columns[column])
            })
        })
    }

    fn stop<E: serde::de::Error>(&mut self, error: RowsError) -> E {
        self.stopped = Some(error);
        E::custom("stopped")
    }

    /// A whole row goes into the sink.
    fn put<E: serde::de::Error>(&mut self) -> Result<(), E> {
        for column in 0..self.row.len() {
            let put = match self.row[column].take() {
                None => self.sink.cell(CellRef::Null),
                Some(value) => match put_value(value.get(), self.sink) {
                    Some(put) => put,
                    None => return Err(self.stop(RowsError::Shape)),
                },
            };
            if let Err(TooLarge) = put {
                return Err(self.stop(RowsError::TooLarge));
            }
        }
        self.rows += 1;
        Ok(())
    }
}

/// Puts one value into a sink, as it came into one that takes that; None where it is no value of a column.
fn put_value(json: &str, sink: &mut dyn RowSink) -> Option<Result<(), TooLarge>> {
    if let Some(taken) = sink.json(json) {
        return Some(taken);
    }
    Some(match json.as_bytes() {
        [b'n', ..] => sink.cell(CellRef::Null),
        [b't', ..] => sink.cell(CellRef::Int(1)),
        [b'f', ..] => sink.cell(CellRef::Int(0)),
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => sink.cell(CellRef::Text(inner)),
        [b'"', ..] => {
            // As bytes: half a surrogate pair, which an engine may hold, is no text, and fails nothing.
            let mut parser = serde_json::Deserializer::from_str(json);
            let text = parser.deserialize_byte_buf(Unescaped).ok()?;
            sink.cell(CellRef::Text(&text))
        }
        [b'-' | b'0'..=b'9', ..] => sink.cell(number(json)),
        _ => return None,
    })
}

/// The bytes of a JSON string.
struct Unescaped;

impl Visitor<'_> for Unescaped {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}

/// A number as JSON writes it. One with many digits is exact, unless it is how a binary number is written in full.
fn number(json: &str) -> CellRef<'_> {
    match exact(json) {
        CellRef::Text(_) => match json.parse::<f64>() {
            Ok(number)
                if number.is_finite()
                    && (json.contains(['e', 'E']) || number.to_string() == json) =>
            {
                CellRef::Real(number)
            }
            _ => CellRef::Text(json.as_bytes()),
        },
        cell => cell,
    }
}

impl<'j> DeserializeSeed<'j> for &mut Reader<'_, '_, 'j> {
    type Value = ();

    fn deserialize<D: Deserializer<'j>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_seq(self)
    }
}

/// The array of rows.
impl<'j> Visitor<'j> for &mut Reader<'_, '_, 'j> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(Row(self))?.is_some() {
            self.put()?;
        }
        Ok(())
    }
}

struct Row<'r, 'c, 's, 'j>(&'r mut Reader<'c, 's, 'j>);

impl<'j> DeserializeSeed<'j> for Row<'_, '_, '_, 'j> {
    type Value = ();

    fn deserialize<D: Deserializer<'j>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_map(self)
    }
}

impl<'j> Visitor<'j> for Row<'_, '_, '_, 'j> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut values: A) -> Result<(), A::Error> {
        let Row(reader) = self;
        let mut place = 0;
        while let Some(name) = values.next_key::<Name<'j>>()? {
            let value: &'j RawValue = values.next_value()?;
            if reader.begun {
                match reader.column(place, &name.0) {
                    Some(column) => reader.row[column] = Some(value),
                    None => return Err(reader.stop(RowsError::Shape)),
                }
            } else {
                reader.columns.to_mut().push(name.0.into_owned());
                reader.row.push(Some(value));
            }
            place += 1;
        }
        if !reader.begun {
            reader.begin();
        }
        if place < reader.row.len() && reader.is_doubtful() {
            return Err(A::Error::custom("two columns of a name, and one value"));
        }
        Ok(())
    }
}

/// A column's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'j>(#[serde(borrow)] Cow<'j, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passthrough::{Rows, RowsBuilder};

    fn rows(json: &str, columns: &[&str]) -> Result<(Rows, u64), RowsError> {
        let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        let mut sink = RowsBuilder::new(1 << 10);
        let count = read(json.as_bytes(), &columns, &mut sink)?;
        Ok((sink.finish(), count))
    }

    #[test]
    fn values_become_cells() {
        let cases: [(&str, CellRef<'_>); 19] = [
            ("null", CellRef::Null),
            ("true", CellRef::Int(1)),
            ("false", CellRef::Int(0)),
            ("-12", CellRef::Int(-12)),
            ("9223372036854775807", CellRef::Int(i64::MAX)),
            ("9223372036854775808", CellRef::Text(b"9223372036854775808")),
            ("10.50", CellRef::Real(10.5)),
            ("1.5e3", CellRef::Real(1500.0)),
            (
                "0.30000000000000004",
                CellRef::Real(0.300_000_000_000_000_04),
            ),
            ("1234567890123456.78", CellRef::Text(b"1234567890123456.78")),
            ("1e999", CellRef::Text(b"1e999")),
            (r#""""#, CellRef::Text(b"")),
            (r#""Smith     ""#, CellRef::Text(b"Smith     ")),
            (
                r#""Zo\u00eb \"Z\" \\""#,
                CellRef::Text("Zoë \"Z\" \\".as_bytes()),
            ),
            (r#""\ud83d\ude00""#, CellRef::Text("😀".as_bytes())),
            (r#""a\ud83d""#, CellRef::Text(b"a\xed\xa0\xbd")),
            (
                r#""2026-01-05T09:30:00""#,
                CellRef::Text(b"2026-01-05T09:30:00"),
            ),
            (r#""AAEC""#, CellRef::Text(b"AAEC")),
            (r#""007""#, CellRef::Text(b"007")),
        ];
        for (json, cell) in cases {
            let text = format!(r#"[ {{"a": {json} }} ]"#);
            let (rows, count) = rows(&text, &["a"]).expect(json);
            assert_eq!((rows.cell(0, 0), count), (cell, 1), "{json}");
        }
    }

    #[test]
    fn columns_are_found_by_name() {
        let cells = |json: &str, columns: &[&str]| {
            let (rows, _) = rows(json, columns)?;
            let all = (0..rows.len())
                .flat_map(|row| (0..rows.width()).map(move |column| (row, column)))
                .map(|(row, column)| match rows.cell(row, column) {
                    CellRef::Int(number) => Some(number),
                    _ => None,
                })
                .collect::<Vec<_>>();
            Ok(all)
        };
        let two = ["a", "b"];
        assert_eq!(
            cells(r#"[{"b":2,"a":1},{"a":3}]"#, &two),
            Ok(vec![Some(1), Some(2), Some(3), None])
        );
        assert_eq!(
            cells(r#"[{"A":1,"B":2}]"#, &two),
            Ok(vec![Some(1), Some(2)])
        );
        // Of one name: in order; one alone does not say which.
        let same = ["a", "a"];
        assert_eq!(
            cells(r#"[{"a":1,"a":2}]"#, &same),
            Ok(vec![Some(1), Some(2)])
        );
        assert_eq!(cells(r#"[{"a":1}]"#, &same), Err(RowsError::Shape));
        assert_eq!(cells(r#"[{}]"#, &same), Ok(vec![None, None]));
        // Without columns the first row says what they are.
        assert_eq!(
            cells(r#"[{"x":1,"y":2},{"y":4,"x":3}]"#, &[]),
            Ok(vec![Some(1), Some(2), Some(3), Some(4)])
        );
        assert_eq!(cells("[]", &two), Ok(vec![]));
        assert_eq!(cells("\u{feff}[]", &[]), Ok(vec![]));
    }

    #[test]
    fn what_is_no_answer_to_the_statement_is_refused() {
        let cases = [
            ("", RowsError::Broken),
            (r#"[{"a":1}"#, RowsError::Broken),
            (r#"[{"a":1},{"a""#, RowsError::Broken),
            (r#"[{"a":1}] x"#, RowsError::Broken),
            (r#"{"a":1}"#, RowsError::Shape),
            ("[1]", RowsError::Shape),
            (r#"[{"a":[1]}]"#, RowsError::Shape),
            (r#"[{"c":1}]"#, RowsError::Shape),
            (r#"[{"a":1,"a":2}]"#, RowsError::Shape),
        ];
        for (json, error) in cases {
            assert_eq!(
                rows(json, &["a"]).map(|(_, count)| count),
                Err(error),
                "{json}"
            );
        }
        let long = format!(r#"[{{"a":"{}"}}]"#, "x".repeat(2_000));
        assert_eq!(
            rows(&long, &["a"]).map(|(_, count)| count),
            Err(RowsError::TooLarge)
        );
    }
}
