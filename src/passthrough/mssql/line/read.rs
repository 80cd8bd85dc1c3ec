//! The answer to a caller's command → its rows, what it changed, and its outputs.
//!
//! The first result is the caller's, the rest is read to its end: what fails there fails the command. The last one holds
//! the outputs where there are any ([`super::command`]).
//!
//! # Rows affected
//! The sum of what the server counts, but for the rows of results, as .NET's client has it. The client here does not say
//! of a statement that counts none, such as `CREATE TABLE`, that it is another than one that has changed none: both are 0.
//! Where nothing comes that could count, such as under `SET NOCOUNT ON`, it is -1.

use futures_util::TryStreamExt;
use tiberius::error::Error;
use tiberius::{ColumnData, ColumnType, Command, CommandItem, Row};

use super::super::cells;
use super::super::connect::{LONGEST_CALLED, Session};
use super::command;
use crate::passthrough::call::{ExecutionMode, value};
use crate::passthrough::{ColumnKind, RowSink, TooLarge};

/// What a command came to beside its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// None where nothing came that counts.
    pub(super) affected: Option<i64>,
    /// The last result's values behind the mark, the first of which is what the procedure returned; None where it did not
    /// come.
    pub(super) outputs: Option<Vec<Option<String>>>,
}

/// What is being read.
enum Reading {
    /// The caller's first result.
    Wanted {
        rows: u64,
    },
    /// A further one of the caller's.
    Further,
    Outputs,
}

/// Runs a command, and gives the first result's rows to the sink.
///
/// # Errors
/// The server's and the client's; [`TooLarge`] between two rows.
pub(super) async fn read(
    session: &mut Session,
    command: Command<'_>,
    mode: ExecutionMode,
    has_outputs: bool,
    rows: &mut dyn RowSink,
) -> Result<Result<Answer, TooLarge>, Error> {
    let mut stream = command.exec(session).await?;
    let mut answer = Answer::default();
    let mut reading = None;
    let mut is_begun = false;
    let mut text = Vec::with_capacity(32);
    // The count that comes is that of a result's rows.
    let mut counts_rows = false;
    while let Some(item) = stream.try_next().await? {
        match item {
            CommandItem::Metadata(metadata) => {
                counts_rows = true;
                let columns = metadata.columns();
                let first = columns.first().map(tiberius::Column::name);
                if has_outputs && command::is_of_outputs(first) {
                    reading = Some(Reading::Outputs);
                    continue;
                }
                if is_begun || mode == ExecutionMode::NonQuery {
                    reading = Some(Reading::Further);
                    continue;
                }
                is_begun = true;
                reading = Some(Reading::Wanted { rows: 0 });
                let width = match mode {
                    ExecutionMode::Scalar => columns.len().min(1),
                    _ => columns.len(),
                };
                rows.begin(width, &|column| {
                    let column = columns.get(column);
                    column.map_or_else(String::new, |column| column.name().to_owned())
                });
                rows.kinds(&|column| {
                    let column = columns.get(column);
                    column.map_or(ColumnKind::Unknown, |column| kind(column.column_type()))
                });
            }
            CommandItem::Row(row) => match &mut reading {
                Some(Reading::Wanted { rows: read }) => {
                    *read += 1;
                    let width = match mode {
                        ExecutionMode::Scalar if *read > 1 => continue,
                        ExecutionMode::Scalar => 1,
                        _ => usize::MAX,
                    };
                    if give(&row, width, &mut text, rows).is_err() {
                        return Ok(Err(TooLarge));
                    }
                }
                Some(Reading::Outputs) => answer.outputs = Some(outputs(&row, &mut text)),
                Some(Reading::Further) | None => {}
            },
            CommandItem::RowsAffected(count) => {
                if !std::mem::take(&mut counts_rows) && !matches!(reading, Some(Reading::Outputs)) {
                    let before = answer.affected.unwrap_or(0);
                    let count = i64::try_from(count).unwrap_or(i64::MAX);
                    answer.affected = Some(before.saturating_add(count));
                }
            }
            CommandItem::ReturnStatus(_) | CommandItem::ReturnValue(_) => {}
        }
    }
    if !is_begun && mode != ExecutionMode::NonQuery {
        rows.begin(0, &|_| String::new());
    }
    Ok(Ok(answer))
}

fn give(
    row: &Row,
    width: usize,
    text: &mut Vec<u8>,
    rows: &mut dyn RowSink,
) -> Result<(), TooLarge> {
    for (column, data) in row.cells().take(width) {
        if is_cut(data) {
            return Err(TooLarge);
        }
        text.clear();
        rows.cell(cells::exactly(column.column_type(), data, text))?;
    }
    Ok(())
}

fn outputs(row: &Row, text: &mut Vec<u8>) -> Vec<Option<String>> {
    let behind_mark = row.cells().skip(1);
    let values = behind_mark.map(|(column, data)| {
        text.clear();
        let cell = cells::exactly(column.column_type(), data, text);
        value::to_text(cell, kind(column.column_type()))
    });
    values.collect()
}

/// Whether the value is as long as the session lets one be, so that more of it may be missing.
fn is_cut(data: &ColumnData<'_>) -> bool {
    match data {
        // A character has up to three bytes here where it has two there.
        ColumnData::String(Some(text)) if text.len() >= LONGEST_CALLED / 2 => {
            text.len() >= LONGEST_CALLED || text.encode_utf16().count() >= LONGEST_CALLED / 2
        }
        ColumnData::Binary(Some(bytes)) => bytes.len() >= LONGEST_CALLED,
        _ => false,
    }
}

/// What a column of a type holds.
pub(super) fn kind(ty: ColumnType) -> ColumnKind {
    use ColumnType as T;
    match ty {
        T::Bit | T::Bitn => ColumnKind::Bit,
        T::Int1 | T::Int2 | T::Int4 | T::Int8 | T::Intn => ColumnKind::Integer,
        T::Money | T::Money4 => ColumnKind::Exact(Some(4)),
        T::Decimaln | T::Numericn => ColumnKind::Exact(None),
        T::Float4 | T::Float8 | T::Floatn => ColumnKind::Real,
        T::Daten => ColumnKind::Date,
        T::Timen => ColumnKind::Time,
        T::Datetime | T::Datetime4 | T::Datetimen | T::Datetime2 => ColumnKind::DateTime,
        T::DatetimeOffsetn => ColumnKind::DateTimeOffset,
        T::Guid => ColumnKind::Guid,
        T::BigVarBin | T::BigBinary | T::Image | T::Udt => ColumnKind::Bytes,
        T::BigVarChar | T::BigChar | T::NVarchar | T::NChar | T::Xml | T::Text | T::NText => {
            ColumnKind::Text
        }
        T::Null | T::SSVariant => ColumnKind::Unknown,
    }
}
