//! Messages to webhooks: kept with what they tell of, leased for an attempt, told of as they end.

use std::time::Duration;

use rusqlite::{Row, params};

use super::columns::{Json, Named};
use super::tasks::Db;
use crate::gateway::id::DeliveryId;
use crate::gateway::moment::Moment;
use crate::gateway::webhook::{Delivery, DeliveryStatus, Receiver, retry};
use crate::store::{DeliveryFilter, StoreError, Tried};

/// Longer than any pause between two attempts, and than any time that one is leased for.
const LONGEST_PAUSE: Duration = Duration::from_secs(2 * 60 * 60);
const _: () = assert!(LONGEST_PAUSE.as_secs() > retry::LONGEST.as_secs());

macro_rules! columns {
    () => {
        "id, integrator, environment, site, query, source, occurred_at, status, attempts, next_at, last_status, \
         last_problem, finished_at, trace"
    };
}

/// The newest of a filter.
macro_rules! filtered {
    () => {
        "WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR integrator = ?2) AND (?3 IS NULL OR environment = ?3)
            AND (?4 IS NULL OR status = ?4)
         ORDER BY number DESC LIMIT ?5"
    };
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: row.get(0)?,
        integrator: row.get(1)?,
        environment: row.get::<_, Named<_>>(2)?.0,
        site: row.get(3)?,
        query: row.get(4)?,
        source: row.get::<_, Named<_>>(5)?.0,
        occurred_at: row.get(6)?,
        status: row.get::<_, Named<_>>(7)?.0,
        attempts: row.get(8)?,
        next_at: row.get(9)?,
        last_status: row.get(10)?,
        last_problem: row.get(11)?,
        finished_at: row.get(12)?,
        trace: row.get(13)?,
    })
}

/// Keeps a message, where its integrator has a webhook in that environment. To one that is disabled it waits.
pub(super) fn add(db: &Db, it: &Delivery) -> Result<(), StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(
        "INSERT INTO deliveries (",
        columns!(),
        ") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14 WHERE EXISTS (
            SELECT 1 FROM webhooks WHERE integrator = ?2 AND environment = ?3)",
    ))?;
    statement.execute(params![
        it.id,
        it.integrator,
        Named(it.environment),
        it.site,
        it.query,
        Named(it.source),
        it.occurred_at,
        Named(it.status),
        it.attempts,
        it.next_at,
        it.last_status,
        it.last_problem,
        it.finished_at,
        it.trace
    ])?;
    Ok(())
}

/// Who is told, or would be: integrators in both environments, without those whose webhook is disabled.
macro_rules! receivers {
    () => {
        "SELECT id, environment
         FROM integrators, (SELECT 'staging' AS environment UNION ALL SELECT 'production')
         WHERE (id, environment) NOT IN (SELECT integrator, environment FROM webhooks WHERE disabled = 1)"
    };
}

/// Messages that are due, each for one attempt more: of one receiver `each` at the most, and none of those that are busy.
///
/// Each receiver's are looked up by themselves, so that it costs no more where a great many are due to one. Who is told is
/// of the directory, for it has a webhook there.
pub(super) fn due(
    db: &Db,
    now: Moment,
    again: Moment,
    limit: usize,
    each: usize,
    busy: &[Receiver],
) -> Result<Vec<Delivery>, StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(
        "WITH receivers AS (",
        receivers!(),
        " AND hex(id) || environment NOT IN (SELECT value FROM json_each(?5)))
         UPDATE deliveries SET attempts = attempts + 1, next_at = ?2, leased = 1 WHERE number IN (
            SELECT due.number FROM receivers JOIN deliveries AS due ON due.number IN (
                SELECT number FROM deliveries
                WHERE integrator = receivers.id AND environment = receivers.environment AND status = 'pending'
                    AND next_at <= ?1
                ORDER BY next_at, number LIMIT ?4)
            ORDER BY due.next_at, due.number LIMIT ?3)
         RETURNING ",
        columns!(),
        ", number",
    ))?;
    let busy = busy.iter().map(receiver_name).collect::<Vec<_>>();
    let leased = params![now, again, limit_of(limit), limit_of(each), Json(busy)];
    let rows = statement.query_map(leased, |row| Ok((row.get::<_, i64>(14)?, delivery(row)?)))?;
    let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
    // The rows of an UPDATE come in no order that is promised.
    rows.sort_by_key(|(number, _)| *number);
    Ok(rows.into_iter().map(|(_, delivery)| delivery).collect())
}

/// A receiver as the statement above spells one.
fn receiver_name((integrator, environment): &Receiver) -> String {
    let id = integrator.0.as_simple().to_string().to_uppercase();
    id + environment.name()
}

/// Notes what came of an attempt. One that has ended stays as it ended.
pub(super) fn tried(db: &Db, it: &Tried) -> Result<(), StoreError> {
    let finished_at = (it.status != DeliveryStatus::Pending).then_some(it.at);
    let mut statement = db.sql.prepare_cached(
        "UPDATE deliveries SET status = ?2, next_at = ?3, last_status = ?4, last_problem = ?5, finished_at = ?6,
            leased = 0
         WHERE id = ?1 AND status = 'pending'",
    )?;
    statement.execute(params![
        it.id,
        Named(it.status),
        it.next_at,
        it.last_status,
        it.last_problem,
        finished_at
    ])?;
    Ok(())
}

/// Takes back that a message was taken up. One that has ended stays as it ended.
pub(super) fn put_back(db: &Db, id: DeliveryId, next_at: Moment) -> Result<(), StoreError> {
    let mut statement = db.sql.prepare_cached(
        "UPDATE deliveries SET attempts = MAX(attempts - 1, 0), next_at = ?2, leased = 0
         WHERE id = ?1 AND status = 'pending'",
    )?;
    statement.execute(params![id, next_at])?;
    Ok(())
}

/// Lets the failed messages of a filter wait again. What the receiver said last is kept until it says something else.
pub(super) fn redeliver(
    db: &Db,
    filter: &DeliveryFilter,
    now: Moment,
) -> Result<usize, StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(
        "UPDATE deliveries SET status = 'pending', attempts = 0, next_at = ?6, finished_at = NULL, leased = 0
         WHERE number IN (SELECT number FROM deliveries ",
        filtered!(),
        ")",
    ))?;
    let failed = Named(DeliveryStatus::Failed);
    Ok(statement.execute(params![
        filter.id,
        filter.integrator,
        filter.environment.map(Named),
        failed,
        limit_of(filter.limit),
        now
    ])?)
}

/// What a message that waited for too long says.
const DISABLED_FOR_LONG: &str = "it was due a week ago, and its webhook is disabled";

/// Gives up messages that were due so long ago and wait for a webhook that is disabled; so many at the most.
pub(super) fn give_up(
    db: &Db,
    due_until: Moment,
    now: Moment,
    limit: usize,
) -> Result<usize, StoreError> {
    let mut statement = db.sql.prepare_cached(
        "UPDATE deliveries SET status = 'failed', last_problem = ?3, finished_at = ?2, leased = 0
         WHERE number IN (
            SELECT number FROM webhooks CROSS JOIN deliveries USING (integrator, environment)
            WHERE disabled = 1 AND status = 'pending' AND next_at <= ?1 LIMIT ?4)",
    )?;
    let given_up = params![due_until, now, DISABLED_FOR_LONG, limit_of(limit)];
    Ok(statement.execute(given_up)?)
}

/// Makes the messages due that a former process was sending. Those that wait after an attempt that failed wait on.
pub(super) fn recover(db: &Db, now: Moment) -> Result<(), StoreError> {
    db.sql.execute(
        "UPDATE deliveries SET next_at = ?1, leased = 0 WHERE status = 'pending' AND leased = 1",
        [now],
    )?;
    Ok(())
}

/// Makes those due that wait for longer than any pause: a clock that was ahead, and was set back, has put them off.
pub(super) fn bring_near(db: &Db, now: Moment) -> Result<(), StoreError> {
    let mut statement = db.sql.prepare_cached(
        "UPDATE deliveries SET next_at = ?1 WHERE status = 'pending' AND next_at > ?2",
    )?;
    statement.execute([now, now.plus(LONGEST_PAUSE)])?;
    Ok(())
}

/// When the next one is due. Looked up for each receiver by itself, so that it costs no more where a great many wait for a
/// webhook that is disabled.
pub(super) fn next(db: &Db) -> Result<Option<Moment>, StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(
        "WITH receivers AS (",
        receivers!(),
        ") SELECT MIN((
            SELECT MIN(next_at) FROM deliveries
            WHERE integrator = receivers.id AND environment = receivers.environment AND status = 'pending'))
         FROM receivers",
    ))?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Messages, the newest first.
pub(super) fn find(db: &Db, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM deliveries ",
        filtered!(),
    ))?;
    let rows = statement.query_map(
        params![
            filter.id,
            filter.integrator,
            filter.environment.map(Named),
            filter.status.map(Named),
            limit_of(filter.limit)
        ],
        delivery,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A bound as SQLite takes it, for which a negative one is none.
pub(super) fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
