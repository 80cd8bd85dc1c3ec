//! What goes, and when.
//!
//! A few rows in each transaction, so that nobody's change waits long for it.

use std::time::Duration;

use rusqlite::params;

use super::directory;
use super::tasks::Db;
use crate::gateway::id::QueryId;
use crate::gateway::moment::Moment;
use crate::store::StoreError;

/// Rows of a kind in one step.
const STEP: usize = 256;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a step came to.
pub(super) struct Step {
    pub(super) removed: usize,
    /// There may be more of something.
    pub(super) is_last: bool,
    /// Queries whose pages are over.
    pub(super) pages: Vec<QueryId>,
}

/// Removes some of what is over.
pub(super) fn step(db: &Db, now: Moment) -> Result<Step, StoreError> {
    let pages = end_pages(db, now)?;
    let day_ago = before(now, DAY);
    let week_ago = before(now, WEEK);
    let limited = |sql: &str, until: Moment| -> Result<usize, StoreError> {
        Ok(db
            .sql
            .prepare_cached(sql)?
            .execute(params![until, STEP as i64])?)
    };
    let codes = limited(
        "DELETE FROM pairing_codes WHERE hash IN (SELECT hash FROM pairing_codes WHERE expires_at <= ?1 LIMIT ?2)",
        now,
    )?;
    if codes > 0 {
        directory::was_changed(db)?;
    }
    let removed = [
        pages.len(),
        codes,
        limited(
            "DELETE FROM queries WHERE number IN (
                SELECT number FROM queries WHERE stage = 'ended' AND expires_at <= ?1 AND sealed_page_key IS NULL
                LIMIT ?2)",
            day_ago,
        )?,
        limited(
            "DELETE FROM registered_results WHERE id IN (
                SELECT id FROM registered_results JOIN registered USING (id) WHERE completed_at <= ?1 AND at_work = 0
                LIMIT ?2)",
            day_ago,
        )?,
        limited(
            "DELETE FROM registered WHERE number IN (
                SELECT number FROM registered WHERE completed_at <= ?1 AND at_work = 0 LIMIT ?2)",
            week_ago,
        )?,
        limited(
            "DELETE FROM deliveries WHERE number IN (SELECT number FROM deliveries WHERE finished_at <= ?1 LIMIT ?2)",
            week_ago,
        )?,
    ];
    Ok(Step {
        removed: removed.iter().sum(),
        is_last: removed.iter().all(|removed| *removed < STEP),
        pages,
    })
}

/// Ends the time of pages: nothing opens them any more, and the output parameters that came with them are gone.
fn end_pages(db: &Db, now: Moment) -> Result<Vec<QueryId>, StoreError> {
    let mut statement = db.sql.prepare_cached(
        "UPDATE queries SET sealed_page_key = NULL, sealed_parameters = NULL WHERE number IN (
            SELECT number FROM queries
            WHERE stage = 'ended' AND sealed_page_key IS NOT NULL AND expires_at <= ?1 LIMIT ?2)
         RETURNING id",
    )?;
    let rows = statement.query_map(params![now, STEP as i64], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn before(now: Moment, span: Duration) -> Moment {
    let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    Moment::from_millis(now.millis().saturating_sub(millis))
}
