//! Values that do not lie in their rows. A row has a blob's number; its bytes are asked for once the rows of a
//! batch are read, all blobs' of some rows at once.

use super::super::{CellRef, TooLarge};
use super::connection::{Attached, Reading};
use super::message::Kind;
use super::status::Failure;
use super::wire::Broken;
use crate::relation::Value;

const OPEN: u32 = 35;
const SEGMENT: u32 = 36;
const CLOSE: u32 = 39;

/// Bytes asked for at once.
const PIECE: u32 = 65_000;
/// What the server says with a blob's last piece.
const LAST: u32 = 2;
/// Blobs that are open at once.
const TOGETHER: usize = 64;

/// A cell of a row that waits for its blobs.
pub(super) enum Held {
    Cell(Value),
    Blob {
        number: u64,
        is_text: bool,
        bytes: Vec<u8>,
    },
}

impl Held {
    pub(super) fn new(cell: CellRef<'_>, kind: Kind) -> Held {
        match (kind, cell) {
            (Kind::Blob { is_text }, CellRef::Int(number)) => Held::Blob {
                number: number.cast_unsigned(),
                is_text,
                bytes: Vec::new(),
            },
            (_, cell) => Held::Cell(cell.to_value()),
        }
    }
}

impl Held {
    /// Forgets the bytes that have come.
    fn empty(&mut self) {
        if let Held::Blob { bytes, .. } = self {
            *bytes = Vec::new();
        }
    }
}

/// Gives the sink the rows of a batch.
pub(super) fn give(attached: &mut Attached, reading: &mut Reading<'_>) -> Result<(), Failure> {
    let mut held = std::mem::take(&mut reading.held);
    let mut together = TOGETHER;
    // Some at a time, so that a sink that has enough ends it.
    while !held.is_empty() && !reading.is_full {
        let mut blobs = 0;
        let count = held
            .iter()
            .position(|cell| {
                blobs += usize::from(matches!(cell, Held::Blob { .. }));
                blobs > together
            })
            .unwrap_or(held.len());
        let mut some: Vec<Held> = held.drain(..count).collect();
        if !fetch(attached, &mut some)? {
            // So many are too long together, and may yet be taken one by one.
            if together == 1 {
                reading.is_full = true;
                break;
            }
            together = 1;
            some.iter_mut().for_each(Held::empty);
            held.splice(0..0, some);
            continue;
        }
        for cell in &some {
            let decoded;
            let cell = match cell {
                Held::Cell(Value::Null) => CellRef::Null,
                Held::Cell(Value::Int(number)) => CellRef::Int(*number),
                Held::Cell(Value::Real(number)) => CellRef::Real(*number),
                Held::Cell(Value::Text(text)) => CellRef::Text(text.as_bytes()),
                Held::Cell(Value::TextBytes(bytes)) => CellRef::Text(bytes),
                Held::Cell(Value::Bytes(bytes)) => CellRef::Bytes(bytes),
                // No cell is one: they come as text.
                Held::Cell(Value::Date(_) | Value::DateTime(_)) => CellRef::Null,
                Held::Blob { bytes, is_text, .. } => match is_text {
                    true => {
                        decoded = reading.charset.decode(bytes);
                        CellRef::Text(&decoded)
                    }
                    false => CellRef::Bytes(bytes),
                },
            };
            if reading.sink.cell(cell) == Err(TooLarge) {
                reading.is_full = true;
                break;
            }
        }
    }
    Ok(())
}

/// Reads the bytes of all blobs among some cells. Whether they are there; else they are more than an answer may have.
fn fetch(attached: &mut Attached, cells: &mut [Held]) -> Result<bool, Failure> {
    let transaction = attached.current_transaction();
    let mut open = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        if let Held::Blob { number, .. } = cell
            && *number != 0
        {
            attached.wire.put(OPEN);
            attached.wire.put(transaction);
            attached.wire.put_u64(*number);
            open.push((index, 0));
        }
    }
    // Each packet has its answer, whatever the others' say.
    let mut failed = None;
    for (_, handle) in &mut open {
        match attached.answer() {
            Ok(opened) => *handle = opened.handle,
            Err(Failure::Refused(status)) => failed = Some(Failure::Refused(status)),
            Err(broken) => return Err(broken),
        }
    }
    if let Some(failed) = failed {
        return Err(failed);
    }
    let most = attached.most_bytes();
    let mut total = 0;
    let mut reading = open.clone();
    while !reading.is_empty() {
        for (_, handle) in &reading {
            attached.wire.put(SEGMENT);
            attached.wire.put(*handle);
            attached.wire.put(PIECE);
            attached.wire.put(0);
        }
        let mut unfinished = Vec::new();
        for (index, handle) in reading {
            let piece = match attached.answer() {
                Ok(piece) => piece,
                Err(Failure::Refused(status)) => {
                    failed = Some(Failure::Refused(status));
                    continue;
                }
                Err(broken) => return Err(broken),
            };
            if let Some(Held::Blob { bytes, .. }) = cells.get_mut(index) {
                append(bytes, &piece.data)?;
                total += piece.data.len();
                if piece.handle != LAST {
                    unfinished.push((index, handle));
                }
            }
        }
        if let Some(failed) = failed {
            return Err(failed);
        }
        reading = unfinished;
        // The rest need not come.
        if total > most + TOGETHER * 1024 {
            break;
        }
    }
    let is_whole = reading.is_empty();
    for (_, handle) in open {
        attached.close_later(CLOSE, handle);
    }
    Ok(is_whole)
}

/// Segments, each with its length before it.
fn append(bytes: &mut Vec<u8>, mut data: &[u8]) -> Result<(), Broken> {
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length));
        let (segment, rest) = rest.split_at_checked(length).ok_or(Broken::Cut)?;
        bytes.extend_from_slice(segment);
        data = rest;
    }
    Ok(())
}
