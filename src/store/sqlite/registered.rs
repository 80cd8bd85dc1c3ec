//! Registered queries: when they are due, at work, and what came of the last run.

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, Params, Row, params};

use super::columns::{Count, Json, Named, Nanos};
use super::deliveries::{self, limit_of};
use super::failure::taken;
use super::queries::{SealedError, in_scope};
use super::tasks::Db;
use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::link::Nature;
use crate::gateway::moment::Moment;
use crate::gateway::query::ErrorDetails;
use crate::gateway::registered::{Registered, RegisteredResult, RegisteredStatus};
use crate::passthrough::call::Call;
use crate::store::seal::Place;
use crate::store::{Due, RunFinish, StoreError};

fn place<'a>(id: &'a QueryId, column: &'static str) -> Place<'a> {
    Place {
        table: "registered",
        column,
        row: id.0.as_bytes(),
    }
}

fn result_place<'a>(id: &'a QueryId, column: &'static str) -> Place<'a> {
    Place {
        table: "registered_results",
        column,
        row: id.0.as_bytes(),
    }
}

macro_rules! columns {
    () => {
        "id, integrator, environment, site, device, name, status, frequency, duration, last_hash, error_type, \
         error_code, sealed_error, metrics, created_at, completed_at, next_at"
    };
}

/// A row, before the message of its error is opened.
type SealedRow = (Registered, Option<SealedError>);

fn read(row: &Row<'_>) -> rusqlite::Result<SealedRow> {
    let registered = Registered {
        id: row.get(0)?,
        integrator: row.get(1)?,
        environment: row.get::<_, Named<_>>(2)?.0,
        site: row.get(3)?,
        device: row.get(4)?,
        name: row.get(5)?,
        status: row.get::<_, Named<_>>(6)?.0,
        frequency: row.get::<_, Nanos>(7)?.0,
        duration: row.get::<_, Nanos>(8)?.0,
        last_hash: row.get(9)?,
        last_error: None,
        metrics: row.get::<_, Json<_>>(13)?.0,
        created_at: row.get(14)?,
        completed_at: row.get(15)?,
        next_at: row.get(16)?,
    };
    Ok((registered, SealedError::read(row, 10)?))
}

fn open(db: &Db, (mut registered, error): SealedRow) -> Result<Registered, StoreError> {
    if let Some(error) = error {
        registered.last_error = Some(error.open(db, place(&registered.id, "sealed_error"))?);
    }
    Ok(registered)
}

fn select(db: &Db, sql: &str, params: impl Params) -> Result<Vec<Registered>, StoreError> {
    let mut statement = db.sql.prepare_cached(sql)?;
    let rows = statement.query_map(params, read)?;
    rows.map(|row| open(db, row?)).collect()
}

/// How many of its integrator's are enabled where a registered query is.
fn enabled_beside(db: &Db, it: &Registered) -> Result<usize, StoreError> {
    let mut statement = db.sql.prepare_cached(
        "SELECT COUNT(*) FROM registered
         WHERE integrator = ?1 AND site = ?2 AND environment = ?3 AND status = 'enabled'",
    )?;
    let of = params![it.integrator, it.site, Named(it.environment)];
    let count = statement.query_row(of, |row| row.get::<_, Count>(0))?;
    Ok(usize::try_from(count.0).unwrap_or(usize::MAX))
}

/// Keeps a registered query with its command; false where there are as many as may be.
pub(super) fn add(db: &Db, it: &Registered, call: &Call, most: usize) -> Result<bool, StoreError> {
    if enabled_beside(db, it)? >= most {
        return Ok(false);
    }
    let sealed_call = match it.status {
        RegisteredStatus::Enabled => Some(db.seal_json(place(&it.id, "sealed_call"), call)?),
        _ => None,
    };
    let mut statement = db.sql.prepare_cached(
        "INSERT INTO registered (id, integrator, environment, site, device, name, status, frequency, duration,
            metrics, created_at, completed_at, next_at, sealed_call)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    statement
        .execute(params![
            it.id,
            it.integrator,
            Named(it.environment),
            it.site,
            it.device,
            it.name,
            Named(it.status),
            Nanos(it.frequency),
            Nanos(it.duration),
            Json(&it.metrics),
            it.created_at,
            it.completed_at,
            it.next_at,
            sealed_call
        ])
        .map_err(taken("a registered query of that id is there already"))?;
    set_last(db, it)?;
    Ok(true)
}

/// Notes what the last run came to.
fn set_last(db: &Db, it: &Registered) -> Result<(), StoreError> {
    let (ty, code, message) = match &it.last_error {
        None => (None, None, None),
        Some(error) => (
            Some(Named(error.error_type)),
            Some(error.error_code),
            Some(db.seal(
                place(&it.id, "sealed_error"),
                error.error_message.as_bytes(),
            )?),
        ),
    };
    let mut statement = db.sql.prepare_cached(
        "UPDATE registered SET last_hash = ?2, error_type = ?3, error_code = ?4, sealed_error = ?5, metrics = ?6
         WHERE id = ?1",
    )?;
    statement.execute(params![
        it.id,
        it.last_hash,
        ty,
        code,
        message,
        Json(&it.metrics)
    ])?;
    Ok(())
}

/// The registered queries of a scope, oldest first.
pub(super) fn all(db: &Db, scope: &Scope) -> Result<Vec<Registered>, StoreError> {
    select(
        db,
        concat!(
            "SELECT ",
            columns!(),
            " FROM registered WHERE ",
            in_scope!(),
            " ORDER BY number"
        ),
        params![
            scope.integrator,
            Named(scope.environment),
            scope.site,
            scope.device
        ],
    )
}

/// One of them.
pub(super) fn one(db: &Db, scope: &Scope, id: QueryId) -> Result<Option<Registered>, StoreError> {
    let found = select(
        db,
        concat!(
            "SELECT ",
            columns!(),
            " FROM registered WHERE ",
            in_scope!(),
            " AND id = ?5"
        ),
        params![
            scope.integrator,
            Named(scope.environment),
            scope.site,
            scope.device,
            id
        ],
    )?;
    Ok(found.into_iter().next())
}

/// Ends one of them.
pub(super) fn cancel(db: &Db, scope: &Scope, id: QueryId, at: Moment) -> Result<bool, StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(
        "UPDATE registered SET status = ?6, completed_at = ?7, sealed_call = NULL WHERE ",
        in_scope!(),
        " AND id = ?5 AND status = 'enabled'",
    ))?;
    let cancelled = statement.execute(params![
        scope.integrator,
        Named(scope.environment),
        scope.site,
        scope.device,
        id,
        Named(RegisteredStatus::Cancelled),
        at
    ])?;
    Ok(cancelled == 1)
}

/// The result that was kept last.
pub(super) fn result(
    db: &Db,
    scope: &Scope,
    id: QueryId,
) -> Result<Option<RegisteredResult>, StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(
        "SELECT rows, sealed_data, sealed_parameters FROM registered_results
         WHERE id IN (SELECT id FROM registered WHERE ",
        in_scope!(),
        " AND id = ?5)"
    ))?;
    let asked = params![
        scope.integrator,
        Named(scope.environment),
        scope.site,
        scope.device,
        id
    ];
    let found = statement.query_row(asked, |row| {
        Ok((
            row.get::<_, Count>(0)?.0,
            row.get::<_, Vec<u8>>(1)?,
            row.get::<_, Vec<u8>>(2)?,
        ))
    });
    let Some((rows, data, parameters)) = found.optional()? else {
        return Ok(None);
    };
    Ok(Some(RegisteredResult {
        data: db.open(result_place(&id, "sealed_data"), &data)?,
        rows,
        parameters: db.open_json(result_place(&id, "sealed_parameters"), &parameters)?,
    }))
}

/// Those that are due and not at work: they are, from now on.
pub(super) fn due(db: &Db, now: Moment, limit: usize) -> Result<Vec<Due>, StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        ", sealed_call FROM registered WHERE status = 'enabled' AND at_work = 0 AND next_at <= ?1
          ORDER BY next_at, number LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![now, limit_of(limit)], |row| {
        Ok((read(row)?, row.get::<_, Vec<u8>>(17)?))
    })?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let sql = "UPDATE registered SET at_work = 1, may_write = NULL WHERE id = ?1";
    let mut at_work = db.sql.prepare_cached(sql)?;
    let mut due = Vec::with_capacity(rows.len());
    for (row, call) in rows {
        let id = row.0.id;
        let over_at = row.0.created_at.plus(row.0.duration);
        if over_at <= now {
            // Nobody ran it in time, as while the practice or this program was away.
            end(db, id, over_at)?;
            continue;
        }
        match open_due(db, row, &call) {
            Ok(one) => {
                at_work.execute([id])?;
                due.push(one);
            }
            // It will never be read, and is not to keep the others waiting.
            Err(StoreError::Sealed) => give_up(db, id, now)?,
            Err(error) => return Err(error),
        }
    }
    Ok(due)
}

fn open_due(db: &Db, row: SealedRow, call: &[u8]) -> Result<Due, StoreError> {
    let registered = open(db, row)?;
    let call: Call = db.open_json(place(&registered.id, "sealed_call"), call)?;
    Ok(Due {
        registered,
        call: Arc::new(call),
    })
}

/// Ends one whose duration is over.
fn end(db: &Db, id: QueryId, at: Moment) -> Result<(), StoreError> {
    db.sql.execute(
        "UPDATE registered SET status = ?2, completed_at = ?3, sealed_call = NULL WHERE id = ?1",
        params![id, Named(RegisteredStatus::Completed), at],
    )?;
    Ok(())
}

/// Ends one whose command is lost.
fn give_up(db: &Db, id: QueryId, now: Moment) -> Result<(), StoreError> {
    db.sql.execute(
        "UPDATE registered SET status = ?2, completed_at = ?3, sealed_call = NULL, error_type = NULL,
            error_code = NULL, sealed_error = NULL
         WHERE id = ?1",
        params![
            id,
            Named(RegisteredStatus::InitialisationFailedCacheError),
            now
        ],
    )?;
    Ok(())
}

/// Notes what a run's statement can do, where it is still wanted.
pub(super) fn begin_run(db: &Db, id: QueryId, nature: Nature) -> Result<bool, StoreError> {
    let mut statement = db.sql.prepare_cached(
        "UPDATE registered SET may_write = ?2
         WHERE id = ?1 AND at_work = 1 AND may_write IS NULL AND status = 'enabled'",
    )?;
    Ok(statement.execute(params![id, nature == Nature::MayWrite])? == 1)
}

/// Ends a run. Of one that was cancelled meanwhile nothing is kept: false.
pub(super) fn finish_run(db: &Db, it: &RunFinish) -> Result<bool, StoreError> {
    let registered = &it.registered;
    let id = registered.id;
    let mut end = db.sql.prepare_cached(
        "UPDATE registered SET at_work = 0, may_write = NULL WHERE id = ?1 AND at_work = 1 RETURNING status",
    )?;
    let status = end.query_row([id], |row| row.get::<_, Named<RegisteredStatus>>(0));
    match status.optional()? {
        Some(Named(RegisteredStatus::Enabled)) => {}
        _ => return Ok(false),
    }
    let mut statement = db.sql.prepare_cached(
        "UPDATE registered SET status = ?2, completed_at = ?3, next_at = ?4,
            sealed_call = IIF(?2 = 'enabled', sealed_call, NULL)
         WHERE id = ?1",
    )?;
    statement.execute(params![
        id,
        Named(registered.status),
        registered.completed_at,
        registered.next_at
    ])?;
    set_last(db, registered)?;
    if let Some(result) = &it.result {
        set_result(db, id, result)?;
    }
    if let Some(delivery) = &it.delivery {
        deliveries::add(db, delivery)?;
    }
    Ok(true)
}

fn set_result(db: &Db, id: QueryId, result: &RegisteredResult) -> Result<(), StoreError> {
    let data = db.seal(result_place(&id, "sealed_data"), &result.data)?;
    let parameters = db.seal_json(result_place(&id, "sealed_parameters"), &result.parameters)?;
    let mut statement = db.sql.prepare_cached(
        "INSERT INTO registered_results (id, rows, sealed_data, sealed_parameters) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET rows = excluded.rows, sealed_data = excluded.sealed_data,
            sealed_parameters = excluded.sealed_parameters",
    )?;
    statement.execute(params![id, Count(result.rows), data, parameters])?;
    Ok(())
}

/// When the next one is due.
pub(super) fn next(db: &Db) -> Result<Option<Moment>, StoreError> {
    let sql = "SELECT MIN(next_at) FROM registered WHERE status = 'enabled' AND at_work = 0";
    let mut statement = db.sql.prepare_cached(sql)?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Makes those due that wait for longer than they may: a clock that was ahead, and was set back, has put them off.
pub(super) fn bring_near(db: &Db, now: Moment) -> Result<(), StoreError> {
    let mut statement = db.sql.prepare_cached(
        "UPDATE registered SET next_at = ?1
         WHERE status = 'enabled' AND at_work = 0 AND next_at > ?1 + frequency / 1000000",
    )?;
    statement.execute([now])?;
    Ok(())
}

/// Takes up the runs that a former process left: those that could change nothing, or had not begun, are due again; the
/// others have failed. How many the former are, and the latter as they stand now.
pub(super) fn recover(
    db: &Db,
    now: Moment,
    error: &ErrorDetails,
) -> Result<(usize, Vec<Registered>), StoreError> {
    let mut statement = db.sql.prepare(concat!(
        "SELECT ",
        columns!(),
        " FROM registered WHERE at_work = 1 AND may_write = 1 AND status = 'enabled'"
    ))?;
    let rows = statement.query_map([], read)?;
    let may_have_written = rows.collect::<Result<Vec<_>, _>>()?;
    let mut failed = Vec::with_capacity(may_have_written.len());
    // The error before this one need not open.
    for (mut registered, _) in may_have_written {
        registered.metrics.execution_failed_count += 1;
        registered.metrics.last_failed_at = Some(now);
        registered.last_error = Some(error.clone());
        let over_at = registered.created_at.plus(registered.duration);
        registered.next_at = now.plus(registered.frequency).min(over_at);
        let finish = RunFinish {
            registered,
            result: None,
            delivery: None,
        };
        finish_run(db, &finish)?;
        failed.push(finish.registered);
    }
    let end_others = |whose: &str| {
        let sql = "UPDATE registered SET at_work = 0, may_write = NULL WHERE at_work = 1";
        db.sql.execute(&format!("{sql}{whose}"), [])
    };
    let again = end_others(" AND status = 'enabled'")?;
    end_others("")?;
    Ok((again, failed))
}
