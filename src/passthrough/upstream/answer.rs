//! What an upstream answers: a query object with its rows, or with what failed.
//!
//! A half answer is never taken for a whole one: the JSON has to end, the data have to be as long as is said, and as
//! many rows have to come as are said.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cells::{self, RowsError};
use super::engine_codes;
use crate::passthrough::{PassthroughError, RowSink};
use crate::sql::Statement;

/// Bytes of one query's rows that the API gives at the most, in MiB.
pub(super) const MOST_MIB: usize = 8;
/// Bytes of an answer: its rows in base64, whose `+` some serialisers write as `\u002B`, and what stands around them.
pub(super) const MOST_BYTES: usize = MOST_MIB * (3 << 19) + (1 << 20);

/// A query object, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    result: Option<QueryResult<'a>>,
    #[serde(borrow)]
    error_details: Option<Failure<'a>>,
}

#[derive(Deserialize)]
struct QueryResult<'a> {
    rows: Option<u64>,
    size: Option<u64>,
    #[serde(borrow)]
    data: Option<Cow<'a, str>>,
}

/// What failed, and where: `mssql`, 208.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failure<'a> {
    #[serde(borrow)]
    pub error_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error_code: Option<&'a RawValue>,
    /// May quote values: only names that the statement itself holds are taken from it.
    #[serde(borrow)]
    pub error_message: Option<Cow<'a, str>>,
}

impl Failure<'_> {
    /// The engine's number; 0 where none is given.
    pub(super) fn code(&self) -> i64 {
        let code = self.error_code.map_or("", RawValue::get);
        code.trim_matches('"').parse().unwrap_or(0)
    }
}

/// `{"error": {"message": …}}`, or anything else that is no query object.
fn not_understood() -> PassthroughError {
    PassthroughError::Upstream("its answer is not understood".to_owned())
}

fn cut() -> PassthroughError {
    PassthroughError::Upstream("its answer is not whole".to_owned())
}

/// Puts the rows of a query object into a sink.
///
/// # Errors
/// What failed at the upstream or at the practice; [`PassthroughError::Upstream`] where the answer is not whole or not
/// understood; [`PassthroughError::TooLarge`] with the bound that the sink has, `most` bytes.
pub(super) fn take(
    body: &[u8],
    statement: &Statement,
    sink: &mut dyn RowSink,
    most: usize,
) -> Result<(), PassthroughError> {
    let query: Query<'_> = serde_json::from_slice(body).map_err(|error| {
        if error.is_eof() {
            cut()
        } else {
            not_understood()
        }
    })?;
    if let Some(failure) = &query.error_details {
        return Err(engine_codes::error(failure, statement));
    }
    if query.status.as_deref() != Some("successful") {
        return Err(PassthroughError::Upstream(
            "the query did not end in success".to_owned(),
        ));
    }
    let Some(QueryResult {
        rows: Some(rows),
        size,
        data: Some(data),
    }) = query.result
    else {
        return Err(not_understood());
    };
    let json = STANDARD.decode(data.as_bytes()).map_err(|_| cut())?;
    // Whether it counts the bytes before or after base64 is not documented.
    if size.is_some_and(|size| size != json.len() as u64 && size != data.len() as u64) {
        return Err(cut());
    }
    drop(data);
    match cells::read(&json, &statement.columns, sink) {
        Ok(read) if read == rows => Ok(()),
        Ok(_) | Err(RowsError::Broken) => Err(cut()),
        Err(RowsError::Shape) => Err(not_understood()),
        Err(RowsError::TooLarge) => Err(PassthroughError::TooLarge(most >> 20)),
    }
}

/// What a refused command's answer says; None where it says nothing of the command.
pub(super) fn failure(body: &[u8], statement: &Statement) -> Option<PassthroughError> {
    let query: Query<'_> = serde_json::from_slice(body).ok()?;
    let failure = query.error_details?;
    Some(engine_codes::error(&failure, statement))
}
