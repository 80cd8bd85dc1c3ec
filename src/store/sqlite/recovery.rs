//! What a start finds that a former process was at.

use std::time::Duration;

use rusqlite::params;

use super::columns::{Json, Named};
use super::tasks::Db;
use super::{deliveries, pages, queries, registered};
use crate::gateway::id::{IntegratorId, QueryId, SiteId};
use crate::gateway::integrator::Environment;
use crate::gateway::moment::Moment;
use crate::gateway::query::{ErrorDetails, Mode, Stage, Status, StatusTiming};
use crate::gateway::webhook::{Delivery, Source};
use crate::store::{Finish, Recovered, StoreError};

/// A query that was at work.
struct Interrupted {
    id: QueryId,
    integrator: IntegratorId,
    environment: Environment,
    site: SiteId,
    mode: Mode,
    timing: StatusTiming,
    may_write: bool,
    trace: Option<String>,
}

/// Takes up what a former process left. Interrupted queries that could change nothing wait again; the others have failed,
/// with `error`. So with the runs of registered queries. Messages that it was sending are due. Gives the queries that have pages no more, too.
pub(super) fn recover(
    db: &Db,
    now: Moment,
    error: &ErrorDetails,
    keep: Duration,
) -> Result<(Recovered, Vec<QueryId>), StoreError> {
    let interrupted = interrupted(db)?;
    let ids = interrupted.iter().map(|query| query.id).collect();
    let mut recovered = Recovered::default();
    for query in interrupted {
        match query.may_write {
            false => {
                wait_again(db, query, now)?;
                recovered.again += 1;
            }
            true => {
                recovered.ended.push(query.id);
                fail(db, query, now, error, keep)?;
                recovered.failed += 1;
            }
        }
    }
    let (again, failed) = registered::recover(db, now, error)?;
    recovered.again += again;
    recovered.failed += failed.len();
    recovered.runs = failed;
    deliveries::recover(db, now)?;
    Ok((recovered, ids))
}

fn interrupted(db: &Db) -> Result<Vec<Interrupted>, StoreError> {
    let mut statement = db.sql.prepare(
        "SELECT id, integrator, environment, site, mode, timing, may_write, trace FROM queries WHERE stage = 'works'
         ORDER BY number",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Interrupted {
            id: row.get(0)?,
            integrator: row.get(1)?,
            environment: row.get::<_, Named<_>>(2)?.0,
            site: row.get(3)?,
            mode: row.get::<_, Named<_>>(4)?.0,
            timing: row.get::<_, Json<_>>(5)?.0,
            // What is not known to only read may have written.
            may_write: row.get::<_, Option<bool>>(6)?.unwrap_or(true),
            trace: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn wait_again(db: &Db, query: Interrupted, now: Moment) -> Result<(), StoreError> {
    let timing = StatusTiming {
        queued: query.timing.queued.map(|queued| Stage {
            end_time: None,
            ..queued
        }),
        executing: None,
        downloading: None,
        uploading: None,
        ..query.timing
    };
    pages::forget(db, query.id)?;
    db.sql.execute(
        "UPDATE queries SET stage = 'waits', status = ?2, timing = ?3, updated_at = ?4, may_write = NULL,
            sealed_page_key = NULL
         WHERE id = ?1",
        params![query.id, Named(Status::Queued), Json(timing), now],
    )?;
    Ok(())
}

fn fail(
    db: &Db,
    query: Interrupted,
    now: Moment,
    error: &ErrorDetails,
    keep: Duration,
) -> Result<(), StoreError> {
    let message = || {
        let receiver = (query.integrator, query.environment);
        let (source, trace) = (Source::Async, query.trace.clone());
        Delivery::new(receiver, query.site, query.id, source, trace, now)
    };
    let finish = Finish {
        id: query.id,
        status: Status::ExecutionFailed,
        at: now,
        timing: ended(query.timing.clone(), now),
        execution: None,
        error: Some(error.clone()),
        outcome: None,
        expires_at: now.plus(keep),
        delivery: (query.mode == Mode::Async).then(message),
    };
    queries::finish(db, &finish)?;
    Ok(())
}

/// Whatever had not ended by then has ended.
fn ended(timing: StatusTiming, at: Moment) -> StatusTiming {
    let end = |stage: Option<Stage>| {
        stage.map(|stage| Stage {
            end_time: stage.end_time.or(Some(at)),
            ..stage
        })
    };
    StatusTiming {
        initialising: end(timing.initialising),
        queued: end(timing.queued),
        executing: end(timing.executing),
        downloading: end(timing.downloading),
        uploading: end(timing.uploading),
    }
}
