//! What goes, and when.
//!
//! A few rows in each transaction, so that nobody's change waits long for it.

use std::time::Duration;

use rusqlite::params;

use super::tasks::Db;
use super::{deliveries, directory, registered};
use crate::gateway::id::QueryId;
use crate::gateway::moment::Moment;
use crate::store::StoreError;

/// Rows of a kind in one step.
const STEP: usize = 256;
/// Rows of pages in one step: they are short, and a large result has thousands.
const PAGES: usize = 2048;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a step came to.
pub(super) struct Step {
    pub(super) removed: usize,
    /// Messages that have failed, for they waited for too long.
    pub(super) given_up: usize,
    /// There is no more of anything.
    pub(super) is_last: bool,
    /// Queries whose pages are over.
    pub(super) pages: Vec<QueryId>,
}

/// Removes some of what is over, and mends what a clock that was ahead has left.
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
    registered::bring_near(db, now)?;
    deliveries::bring_near(db, now)?;
    let codes = limited(
        "DELETE FROM pairing_codes WHERE hash IN (SELECT hash FROM pairing_codes WHERE expires_at <= ?1 LIMIT ?2)",
        now,
    )?;
    if codes > 0 {
        directory::was_changed(db)?;
    }
    let rows_of_pages = remove_rows_of_pages(db, day_ago)?;
    // These are not removed: they have failed, and stay for a week.
    let given_up = deliveries::give_up(db, week_ago, now, STEP)?;
    let removed = [
        pages.len(),
        codes,
        limited(
            "DELETE FROM queries WHERE number IN (
                SELECT number FROM queries WHERE stage = 'ended' AND expires_at <= ?1 AND sealed_page_key IS NULL
                    AND NOT EXISTS (SELECT 1 FROM pages WHERE query = id)
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
        removed: removed.iter().sum::<usize>() + rows_of_pages,
        is_last: rows_of_pages < PAGES
            && given_up < STEP
            && removed.iter().all(|removed| *removed < STEP),
        given_up,
        pages,
    })
}

/// Removes rows of the pages of queries that are to be removed: before these, which would otherwise take all of theirs
/// along in one step.
fn remove_rows_of_pages(db: &Db, until: Moment) -> Result<usize, StoreError> {
    let mut statement = db.sql.prepare_cached(
        "DELETE FROM pages WHERE (query, number) IN (
            SELECT pages.query, pages.number FROM queries JOIN pages ON pages.query = queries.id
            WHERE stage = 'ended' AND expires_at <= ?1 AND sealed_page_key IS NULL
            LIMIT ?2)",
    )?;
    Ok(statement.execute(params![until, PAGES as i64])?)
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
