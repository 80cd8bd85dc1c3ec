//! Async queries: from waiting over work to their end, each step once.

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, Row, params};

use super::columns::{Count, Json, Named, Nanos};
use super::deliveries::{self, limit_of};
use super::failure::taken;
use super::pages;
use super::tasks::Db;
use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::link::Nature;
use crate::gateway::moment::Moment;
use crate::gateway::query::{ErrorDetails, Outcome, Query, Status, StatusTiming};
use crate::passthrough::call::{Call, Parameter};
use crate::seal::random_key;
use crate::store::seal::Place;
use crate::store::{Finish, StoreError, Waiting};

/// Where a sealed value of a query belongs.
pub(super) fn place<'a>(id: &'a QueryId, column: &'static str) -> Place<'a> {
    Place {
        table: "queries",
        column,
        row: id.0.as_bytes(),
    }
}

/// The condition that a row is of the scope of the first four parameters.
macro_rules! in_scope {
    () => {
        "integrator = ?1 AND environment = ?2 AND site = ?3 AND device IS ?4"
    };
}
pub(super) use in_scope;

/// What a status comes to, as the column `stage` has it.
fn stage(status: Status) -> &'static str {
    match status {
        Status::Initialising | Status::Queued => "waits",
        Status::Executing | Status::Uploading => "works",
        _ => "ended",
    }
}

/// Keeps a query with its command.
pub(super) fn add(db: &Db, it: &Query, call: &Call) -> Result<(), StoreError> {
    // One that is told as failed at once is kept to be told, and never run.
    let has_ended = it.status.is_final();
    let sealed_call = match has_ended {
        true => None,
        false => Some(db.seal_json(place(&it.id, "sealed_call"), call)?),
    };
    let expires_at = it.expires_at.or(has_ended.then_some(it.updated_at));
    let mut statement = db.sql.prepare_cached(
        "INSERT INTO queries (id, integrator, environment, site, device, mode, status, stage, max_time_in_queue,
            command_size, request_size, sql_query_size, created_at, updated_at, completed_at, timing, expires_at,
            sealed_call, trace)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    )?;
    statement
        .execute(params![
            it.id,
            it.integrator,
            Named(it.environment),
            it.site,
            it.device,
            Named(it.mode),
            Named(it.status),
            stage(it.status),
            Nanos(it.max_time_in_queue),
            Count(it.command_size),
            Count(it.request_size),
            Count(it.sql_query_size),
            it.created_at,
            it.updated_at,
            it.completed_at,
            Json(&it.timing),
            expires_at,
            sealed_call,
            it.trace
        ])
        .map_err(taken("a query of that id is there already"))?;
    if let Some(error) = &it.error {
        set_error(db, it.id, Some(error))?;
    }
    Ok(())
}

fn set_error(db: &Db, id: QueryId, error: Option<&ErrorDetails>) -> Result<(), StoreError> {
    let Some(error) = error else { return Ok(()) };
    let message = db.seal(place(&id, "sealed_error"), error.error_message.as_bytes())?;
    let mut statement = db.sql.prepare_cached(
        "UPDATE queries SET error_type = ?2, error_code = ?3, sealed_error = ?4 WHERE id = ?1",
    )?;
    statement.execute(params![
        id,
        Named(error.error_type),
        error.error_code,
        message
    ])?;
    Ok(())
}

/// The queries that wait, oldest first, after one of them; from the first where that one is not known any more.
pub(super) fn waiting(
    db: &Db,
    after: Option<QueryId>,
    limit: usize,
) -> Result<Vec<Waiting>, StoreError> {
    let mut statement = db.sql.prepare_cached(
        "SELECT id, integrator, site, created_at, max_time_in_queue FROM queries
         WHERE stage = 'waits' AND number > COALESCE((SELECT number FROM queries WHERE id = ?1), 0)
         ORDER BY number LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after, limit_of(limit)], |row| {
        let created_at: Moment = row.get(3)?;
        Ok(Waiting {
            id: row.get(0)?,
            integrator: row.get(1)?,
            site: row.get(2)?,
            expires_at: created_at.plus(row.get::<_, Nanos>(4)?.0),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A waiting query's command.
pub(super) fn call(db: &Db, id: QueryId) -> Result<Option<Arc<Call>>, StoreError> {
    let sql = "SELECT sealed_call FROM queries WHERE id = ?1 AND stage = 'waits'";
    let mut statement = db.sql.prepare_cached(sql)?;
    let sealed: Option<Vec<u8>> = statement.query_row([id], |row| row.get(0)).optional()?;
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let call = db.open_json(place(&id, "sealed_call"), &sealed)?;
    Ok(Some(Arc::new(call)))
}

/// A waiting query begins, with a key for its pages.
pub(super) fn begin(
    db: &Db,
    id: QueryId,
    nature: Nature,
    timing: &StatusTiming,
    at: Moment,
) -> Result<bool, StoreError> {
    let page_key = db.seal(place(&id, "sealed_page_key"), &random_key()?)?;
    let mut statement = db.sql.prepare_cached(
        "UPDATE queries SET stage = 'works', status = ?2, may_write = ?3, timing = ?4, updated_at = ?5,
            sealed_page_key = ?6
         WHERE id = ?1 AND stage = 'waits'",
    )?;
    let begun = statement.execute(params![
        id,
        Named(Status::Executing),
        nature == Nature::MayWrite,
        Json(timing),
        at,
        page_key
    ])?;
    Ok(begun == 1)
}

/// Ends a query, and keeps its message.
pub(super) fn finish(db: &Db, it: &Finish) -> Result<bool, StoreError> {
    let parameters = match &it.outcome {
        Some(outcome) if !outcome.parameters.is_empty() => {
            Some(db.seal_json(place(&it.id, "sealed_parameters"), &outcome.parameters)?)
        }
        _ => None,
    };
    let outcome = it.outcome.as_ref();
    let mut statement = db.sql.prepare_cached(
        "UPDATE queries SET stage = 'ended', status = ?2, updated_at = ?3, completed_at = ?3, timing = ?4,
            execution = ?5, rows = ?6, size = ?7, rows_affected = ?8, sealed_parameters = ?9, expires_at = ?10,
            sealed_call = NULL, may_write = NULL, sealed_page_key = IIF(?6 IS NULL, NULL, sealed_page_key)
         WHERE id = ?1 AND stage <> 'ended'",
    )?;
    let ended = statement.execute(params![
        it.id,
        Named(it.status),
        it.at,
        Json(&it.timing),
        it.execution.map(Nanos),
        outcome.map(|outcome| Count(outcome.rows)),
        outcome.map(|outcome| Count(outcome.size)),
        outcome.and_then(|outcome| outcome.rows_affected),
        parameters,
        it.expires_at
    ])?;
    if ended == 0 {
        return Ok(false);
    }
    set_error(db, it.id, it.error.as_ref())?;
    if outcome.is_none() {
        pages::forget(db, it.id)?;
    }
    if let Some(delivery) = &it.delivery {
        deliveries::add(db, delivery)?;
    }
    Ok(true)
}

/// The columns that [`read`] reads.
macro_rules! select {
    () => {
        "SELECT id, integrator, environment, site, device, mode, status, max_time_in_queue, command_size, request_size,
            sql_query_size, created_at, updated_at, completed_at, timing, execution, error_type, error_code,
            sealed_error, rows, size, rows_affected, sealed_parameters, expires_at, trace
         FROM queries WHERE "
    };
}

/// A query with its pages.
pub(super) fn find(db: &Db, scope: &Scope, id: QueryId) -> Result<Option<Query>, StoreError> {
    let mut statement = db
        .sql
        .prepare_cached(concat!(select!(), in_scope!(), " AND id = ?5"))?;
    let scope = params![
        scope.integrator,
        Named(scope.environment),
        scope.site,
        scope.device,
        id
    ];
    let row = statement.query_row(scope, read).optional()?;
    row.map(|row| open(db, row)).transpose()
}

/// The same, whosever it is.
pub(super) fn find_any(db: &Db, id: QueryId) -> Result<Option<Query>, StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(select!(), "id = ?1"))?;
    let row = statement.query_row([id], read).optional()?;
    row.map(|row| open(db, row)).transpose()
}

/// A query's row, before what is sealed in it is opened.
struct Sealed {
    query: Query,
    error: Option<SealedError>,
    parameters: Option<Vec<u8>>,
}

/// An error whose message is sealed.
pub(super) struct SealedError {
    details: ErrorDetails,
    message: Vec<u8>,
}

impl SealedError {
    /// From three columns: type, code, sealed message.
    pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<SealedError>> {
        let Some(Named(error_type)) = row.get(first)? else {
            return Ok(None);
        };
        Ok(Some(SealedError {
            details: ErrorDetails {
                error_type,
                error_code: row.get(first + 1)?,
                error_message: String::new(),
            },
            message: row.get(first + 2)?,
        }))
    }

    pub(super) fn open(self, db: &Db, place: Place<'_>) -> Result<ErrorDetails, StoreError> {
        let message = db.open(place, &self.message)?;
        Ok(ErrorDetails {
            error_message: String::from_utf8(message).map_err(|_| StoreError::Sealed)?,
            ..self.details
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Sealed> {
    let rows: Option<Count> = row.get(19)?;
    let outcome = match rows {
        None => None,
        Some(Count(rows)) => Some(Outcome {
            rows,
            size: row.get::<_, Count>(20)?.0,
            rows_affected: row.get(21)?,
            parameters: Vec::new(),
            pages: Vec::new(),
        }),
    };
    let query = Query {
        id: row.get(0)?,
        integrator: row.get(1)?,
        environment: row.get::<_, Named<_>>(2)?.0,
        site: row.get(3)?,
        device: row.get(4)?,
        mode: row.get::<_, Named<_>>(5)?.0,
        status: row.get::<_, Named<_>>(6)?.0,
        max_time_in_queue: row.get::<_, Nanos>(7)?.0,
        command_size: row.get::<_, Count>(8)?.0,
        request_size: row.get::<_, Count>(9)?.0,
        sql_query_size: row.get::<_, Count>(10)?.0,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
        completed_at: row.get(13)?,
        timing: row.get::<_, Json<_>>(14)?.0,
        execution: row.get::<_, Option<Nanos>>(15)?.map(|span| span.0),
        error: None,
        outcome,
        expires_at: row.get(23)?,
        trace: row.get(24)?,
    };
    Ok(Sealed {
        query,
        error: SealedError::read(row, 16)?,
        parameters: row.get(22)?,
    })
}

fn open(db: &Db, row: Sealed) -> Result<Query, StoreError> {
    let mut query = row.query;
    if let Some(error) = row.error {
        query.error = Some(error.open(db, place(&query.id, "sealed_error"))?);
    }
    if let Some(outcome) = &mut query.outcome {
        if let Some(sealed) = row.parameters {
            let place = place(&query.id, "sealed_parameters");
            outcome.parameters = db.open_json::<Vec<Parameter>>(place, &sealed)?;
        }
        outcome.pages = pages::of(db, query.id)?;
    }
    Ok(query)
}
