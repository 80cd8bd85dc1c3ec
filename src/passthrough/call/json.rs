//! Rows as JSON, written while they arrive: `[{"column":value,…},…]`.
//!
//! Takes a statement's cells; gives parts, each a whole array of whole rows, as soon as they are full. No more is held than
//! one part and one row. A result of pages is parts of about a page; a result in one piece is one part with a bound.

use std::collections::HashSet;

use super::value;
use crate::passthrough::{CellRef, ColumnKind, RowSink, TooLarge};

/// Some of the rows, as a whole JSON array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub data: Vec<u8>,
    /// How many rows.
    pub rows: u64,
    /// The first row's place in the whole result, from 1; 0 in a part without rows. Where it is not more than 1 and parts
    /// came before, the rows have begun anew: what came before is forgotten.
    pub first: u64,
}

/// How much is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// A part ends with the row with which it has these bytes.
    part: usize,
    /// Bytes of a part and the row that ends it, at the most.
    most: usize,
}

impl Bounds {
    /// Parts of about so many bytes, as many as there are; `row` is what one row may have.
    pub fn pages(bytes: usize, row: usize) -> Bounds {
        Bounds {
            part: bytes,
            most: bytes.saturating_add(row),
        }
    }

    /// One part of at most so many bytes.
    pub fn whole(most: usize) -> Bounds {
        Bounds {
            part: usize::MAX,
            most,
        }
    }
}

/// What was written, all in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    pub rows: u64,
    /// Of all parts.
    pub bytes: u64,
    pub parts: u64,
}

/// Writes rows as JSON, and hands over each part that is full.
///
/// Names of columns are keys, so that each stands once: one without a name is `Column1` by its place, and of several with
/// one name the later ones are `NAME_1`, `NAME_2`.
pub struct JsonRows<F> {
    hand_over: F,
    bounds: Bounds,
    /// What stands before each column's value: `{"ID":`, `,"NAME":`.
    heads: Vec<Box<[u8]>>,
    kinds: Vec<ColumnKind>,
    is_begun: bool,
    /// The column of the next cell.
    column: usize,
    buffer: Vec<u8>,
    /// Where the row that is being written begins.
    row: usize,
    /// Rows in the buffer.
    held: u64,
    total: Total,
}

impl<F: FnMut(Part) -> Result<(), TooLarge>> JsonRows<F> {
    /// No rows yet. `hand_over` is given each part; it may wait, which holds the statement up, and may refuse, which ends it.
    pub fn new(bounds: Bounds, hand_over: F) -> JsonRows<F> {
        JsonRows {
            hand_over,
            bounds,
            heads: Vec::new(),
            kinds: Vec::new(),
            is_begun: false,
            column: 0,
            buffer: Vec::new(),
            row: 0,
            held: 0,
            total: Total::default(),
        }
    }

    /// The statement has ended well: the last part is handed over. There is one part at the least, unless the statement gave
    /// no rows at all, not even none.
    ///
    /// # Errors
    /// As `hand_over`.
    pub fn finish(mut self) -> Result<Total, TooLarge> {
        if self.is_begun && (self.held > 0 || self.total.parts == 0) {
            if self.column > 0 {
                self.buffer.truncate(self.row);
            }
            self.give()?;
        }
        Ok(self.total)
    }

    fn give(&mut self) -> Result<(), TooLarge> {
        if self.held == 0 {
            self.buffer.clear();
            self.buffer.push(b'[');
        }
        self.buffer.push(b']');
        let like_this = self.buffer.len();
        let part = Part {
            data: std::mem::take(&mut self.buffer),
            rows: self.held,
            first: match self.held {
                0 => 0,
                _ => self.total.rows + 1,
            },
        };
        self.total.rows += self.held;
        self.total.bytes += like_this as u64;
        self.total.parts += 1;
        self.held = 0;
        (self.hand_over)(part)
    }

    /// Writes the next value of a row, of about so many bytes.
    fn put(
        &mut self,
        length: usize,
        write: impl FnOnce(&mut Vec<u8>, ColumnKind),
    ) -> Result<(), TooLarge> {
        let (Some(head), Some(kind)) = (self.heads.get(self.column), self.kinds.get(self.column))
        else {
            // A row without columns has no cells.
            return Ok(());
        };
        if self.column == 0 {
            self.row = self.buffer.len();
            self.buffer.push(if self.held == 0 { b'[' } else { b',' });
        }
        if self.buffer.len() + length > self.bounds.most {
            return Err(TooLarge);
        }
        self.buffer.extend_from_slice(head);
        write(&mut self.buffer, *kind);
        // What ends the row and the array comes yet.
        if self.buffer.len() + 2 > self.bounds.most {
            return Err(TooLarge);
        }
        self.column += 1;
        match self.column == self.heads.len() {
            true => self.row_has_ended(),
            false => Ok(()),
        }
    }

    fn row_has_ended(&mut self) -> Result<(), TooLarge> {
        self.buffer.push(b'}');
        self.column = 0;
        self.held += 1;
        match self.buffer.len() >= self.bounds.part {
            true => self.give(),
            false => Ok(()),
        }
    }
}

impl<F: FnMut(Part) -> Result<(), TooLarge>> RowSink for JsonRows<F> {
    fn begin(&mut self, width: usize, name: &dyn Fn(usize) -> String) {
        self.is_begun = true;
        self.heads = heads(width, name);
        self.kinds = vec![ColumnKind::Unknown; width];
        self.column = 0;
        self.buffer.clear();
        self.held = 0;
        self.total = Total::default();
    }

    fn kinds(&mut self, kind: &dyn Fn(usize) -> ColumnKind) {
        for (column, known) in self.kinds.iter_mut().enumerate() {
            *known = kind(column);
        }
    }

    fn cell(&mut self, cell: CellRef<'_>) -> Result<(), TooLarge> {
        let length = match cell {
            CellRef::Text(bytes) | CellRef::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        self.put(length, |out, kind| value::write_json(out, cell, kind))
    }

    fn json(&mut self, value: &str) -> Option<Result<(), TooLarge>> {
        Some(self.put(value.len(), |out, _| {
            out.extend_from_slice(value.as_bytes());
        }))
    }
}

/// What stands before each column's value.
fn heads(width: usize, name: &dyn Fn(usize) -> String) -> Vec<Box<[u8]>> {
    let given: Vec<String> = (0..width).map(name).collect();
    let mut taken: HashSet<String> = given.iter().cloned().collect();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut heads = Vec::with_capacity(width);
    for (column, own) in given.iter().enumerate() {
        let unique = match own.as_str() {
            "" => free(&format!("Column{}", column + 1), true, &mut taken),
            name if seen.insert(name) => name.to_owned(),
            name => free(name, false, &mut taken),
        };
        let mut head = vec![if column == 0 { b'{' } else { b',' }];
        value::json(&mut head, &unique);
        head.push(b':');
        heads.push(head.into_boxed_slice());
    }
    heads
}

/// A name that no column has: the one that is wanted, where it may be as it is, or with a number.
fn free(wanted: &str, as_it_is: bool, taken: &mut HashSet<String>) -> String {
    let as_it_is = as_it_is.then(|| wanted.to_owned());
    let numbered = (1..).map(|number: usize| format!("{wanted}_{number}"));
    let free = as_it_is
        .into_iter()
        .chain(numbered)
        .find(|name| !taken.contains(name))
        // The numbers have no end.
        .unwrap_or_default();
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a number and a text, as parts.
    fn parts(bounds: Bounds, rows: &[(i64, &str)]) -> (Vec<Part>, Result<Total, TooLarge>) {
        let mut parts = Vec::new();
        let mut json = JsonRows::new(bounds, |part| {
            parts.push(part);
            Ok(())
        });
        json.begin(2, &|column| ["ID", "NAME"][column].to_owned());
        let written = rows.iter().try_for_each(|(id, name)| {
            json.cell(CellRef::Int(*id))?;
            json.cell(CellRef::Text(name.as_bytes()))
        });
        let finished = written.and_then(|()| json.finish());
        (parts, finished)
    }

    #[test]
    fn rows_are_one_array() {
        let (parts, total) = parts(Bounds::whole(1_000), &[(1, "A"), (2, "\"B\"")]);
        assert_eq!(parts.len(), 1);
        assert_eq!(
            String::from_utf8_lossy(&parts[0].data),
            r#"[{"ID":1,"NAME":"A"},{"ID":2,"NAME":"\"B\""}]"#
        );
        assert_eq!((parts[0].rows, parts[0].first), (2, 1));
        let bytes = parts[0].data.len() as u64;
        assert_eq!(
            total,
            Ok(Total {
                rows: 2,
                bytes,
                parts: 1
            })
        );
    }

    #[test]
    fn values_in_json_stay_as_they_came() {
        let mut data = Vec::new();
        let mut json = JsonRows::new(Bounds::whole(80), |part: Part| {
            data = part.data;
            Ok(())
        });
        json.begin(4, &|column| ["A", "B", "C", "D"][column].to_owned());
        for value in ["true", "10.50", r#""\u00e9\ud83d""#, "1e400"] {
            assert_eq!(json.json(value), Some(Ok(())));
        }
        assert!(json.finish().is_ok());
        assert_eq!(
            String::from_utf8_lossy(&data),
            r#"[{"A":true,"B":10.50,"C":"\u00e9\ud83d","D":1e400}]"#
        );
        let mut small = JsonRows::new(Bounds::whole(80), |_| Ok(()));
        small.begin(1, &|_| "A".to_owned());
        assert_eq!(small.json(&"9".repeat(80)), Some(Err(TooLarge)));
    }

    #[test]
    fn no_rows_are_an_array_and_no_result_is_nothing() {
        let (empty, total) = parts(Bounds::whole(10), &[]);
        assert_eq!(
            (empty[0].data.as_slice(), empty[0].first),
            (b"[]".as_slice(), 0)
        );
        assert_eq!(
            total,
            Ok(Total {
                rows: 0,
                bytes: 2,
                parts: 1
            })
        );
        let never = JsonRows::new(Bounds::whole(10), |_| panic!("a part"));
        assert_eq!(never.finish(), Ok(Total::default()));
    }

    #[test]
    fn every_part_is_an_array_of_whole_rows() {
        let rows: Vec<(i64, String)> = (1..=100).map(|id| (id, "x".repeat(id as usize))).collect();
        let rows: Vec<(i64, &str)> = rows.iter().map(|(id, name)| (*id, name.as_str())).collect();
        let (parts, total) = parts(Bounds::pages(300, 200), &rows);
        assert!(parts.len() > 10);
        let mut next = 1;
        for part in &parts {
            assert_eq!(part.first, next);
            assert!(part.data.len() <= 500);
            let read: Vec<serde_json::Value> = serde_json::from_slice(&part.data).expect("JSON");
            assert_eq!(read.len() as u64, part.rows);
            for row in read {
                assert_eq!(row["ID"], next);
                assert_eq!(row["NAME"], "x".repeat(next as usize));
                next += 1;
            }
        }
        let total = total.expect("all of it");
        assert_eq!((total.rows, total.parts), (100, parts.len() as u64));
        let bytes: usize = parts.iter().map(|part| part.data.len()).sum();
        assert_eq!(total.bytes, bytes as u64);
    }

    #[test]
    fn what_is_more_than_may_be_is_refused() {
        let exact = r#"[{"ID":1,"NAME":"A"}]"#.len();
        assert!(parts(Bounds::whole(exact), &[(1, "A")]).1.is_ok());
        assert_eq!(
            parts(Bounds::whole(exact - 1), &[(1, "A")]).1,
            Err(TooLarge)
        );
        assert_eq!(
            parts(Bounds::whole(exact), &[(1, "A"), (2, "")]).1,
            Err(TooLarge)
        );
        // A long cell is refused before it is copied, and one that escapes make long after it.
        assert_eq!(
            parts(Bounds::whole(100), &[(1, &"x".repeat(200))]).1,
            Err(TooLarge)
        );
        assert_eq!(
            parts(Bounds::whole(100), &[(1, &"\n".repeat(60))]).1,
            Err(TooLarge)
        );
        assert_eq!(
            parts(Bounds::pages(10, 100), &[(1, &"x".repeat(200))]).1,
            Err(TooLarge)
        );
    }

    #[test]
    fn rows_that_begin_anew_are_the_first_again() {
        let mut parts = Vec::new();
        let mut json = JsonRows::new(Bounds::pages(1, 100), |part: Part| {
            parts.push((part.first, part.rows));
            Ok(())
        });
        for _ in 0..2 {
            json.begin(1, &|_| "A".to_owned());
            json.kinds(&|_| ColumnKind::Bit);
            assert_eq!(json.cell(CellRef::Int(1)), Ok(()));
            assert_eq!(json.cell(CellRef::Int(0)), Ok(()));
        }
        assert_eq!(json.finish().map(|total| total.rows), Ok(2));
        assert_eq!(parts, [(1, 1), (2, 1), (1, 1), (2, 1)]);
    }

    #[test]
    fn every_column_has_a_name_of_its_own() {
        let names = ["A", "A", "", "A_1", "A", "", "Column3", "a", "q\"x"];
        let heads = heads(names.len(), &|column| names[column].to_owned());
        let shown: Vec<_> = heads
            .iter()
            .map(|head| String::from_utf8_lossy(head))
            .collect();
        assert_eq!(
            shown,
            [
                r#"{"A":"#,
                r#","A_2":"#,
                r#","Column3_1":"#,
                r#","A_1":"#,
                r#","A_3":"#,
                r#","Column6":"#,
                r#","Column3":"#,
                r#","a":"#,
                r#","q\"x":"#,
            ]
        );
    }
}
