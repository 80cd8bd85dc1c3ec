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
pub(super) struct Query<'a> {
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    result: Option<QueryResult<'a>>,
    #[serde(borrow)]
    pub error_details: Option<Failure<'a>>,
    pub metrics: Option<Metrics>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryResult<'a> {
    rows: Option<u64>,
    size: Option<u64>,
    #[serde(borrow)]
    data: Option<Cow<'a, str>>,
    pub rows_affected: Option<i64>,
    pub parameters: Option<Vec<Returned>>,
}

/// A parameter that goes back.
#[derive(Deserialize)]
pub(super) struct Returned {
    pub name: String,
    pub value: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metrics {
    /// Milliseconds.
    pub sql_execution_duration: Option<f64>,
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
pub(super) fn not_understood() -> PassthroughError {
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
    let query = Query::read(body)?;
    if let Some(failure) = &query.error_details {
        return Err(engine_codes::error(failure, statement));
    }
    let result = query.successful()?;
    result.rows(&statement.columns, sink, most).map(drop)
}

impl<'a> Query<'a> {
    /// # Errors
    /// [`PassthroughError::Upstream`]: it is none, or not whole.
    pub(super) fn read(body: &'a [u8]) -> Result<Query<'a>, PassthroughError> {
        serde_json::from_slice(body).map_err(|error| match error.is_eof() {
            true => cut(),
            false => not_understood(),
        })
    }

    /// The result of a query that ended in success.
    ///
    /// # Errors
    /// [`PassthroughError::Upstream`]
    pub(super) fn successful(self) -> Result<QueryResult<'a>, PassthroughError> {
        if self.status.as_deref() != Some("successful") {
            return Err(PassthroughError::Upstream(
                "the query did not end in success".to_owned(),
            ));
        }
        self.result.ok_or_else(not_understood)
    }
}

impl QueryResult<'_> {
    /// Puts the rows into a sink, in the order of `columns`, or as the first one has them; gives their number.
    ///
    /// # Errors
    /// As [`take`].
    pub(super) fn rows(
        &self,
        columns: &[String],
        sink: &mut dyn RowSink,
        most: usize,
    ) -> Result<u64, PassthroughError> {
        let (Some(rows), Some(data)) = (self.rows, &self.data) else {
            return Err(not_understood());
        };
        let json = STANDARD.decode(data.as_bytes()).map_err(|_| cut())?;
        // Whether it counts the bytes before or after base64 is not documented.
        let is_size = |size: u64| size == json.len() as u64 || size == data.len() as u64;
        if self.size.is_some_and(|size| !is_size(size)) {
            return Err(cut());
        }
        match cells::read(&json, columns, sink) {
            Ok(read) if read == rows => Ok(read),
            Ok(_) | Err(RowsError::Broken) => Err(cut()),
            Err(RowsError::Shape) => Err(not_understood()),
            Err(RowsError::TooLarge) => Err(PassthroughError::TooLarge(most >> 20)),
        }
    }
}

/// What a refused command's answer says; None where it says nothing of the command.
pub(super) fn failure(body: &[u8], statement: &Statement) -> Option<PassthroughError> {
    let query: Query<'_> = serde_json::from_slice(body).ok()?;
    let failure = query.error_details?;
    Some(engine_codes::error(&failure, statement))
}
