//! What is in the journal: entries that somebody looks for, an immediate query, and whether it is whole.
//!
//! Opens the file to read, so that a command may do it while a server writes.

use std::fmt;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::chain::{Hash, Head};
use super::entry::{Entry, Kind};
use super::{JournalError, file, writer};
use crate::gateway::id::{IntegratorId, QueryId, SiteId};
use crate::gateway::integrator::Scope;
use crate::gateway::moment::Moment;
use crate::gateway::query::Query;

/// Entries of a page, at the most.
pub const PAGE: usize = 1_000;

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// From then on.
    pub from: Option<Moment>,
    /// Before then.
    pub to: Option<Moment>,
    pub integrator: Option<IntegratorId>,
    pub site: Option<SiteId>,
    pub kind: Option<Kind>,
    /// Up to the one with this number: what is written while somebody reads is not read.
    pub until: Option<i64>,
    /// Entries of a page; [`PAGE`] where it is 0 or more than that.
    pub limit: usize,
}

/// A place between two entries, in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    at: Moment,
    seq: i64,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its number: one more than that of the entry that was written before.
    pub seq: i64,
    pub hash: Hash,
    pub entry: Entry,
}

/// Entries in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub entries: Vec<Recorded>,
    /// Where the next page begins; None where there is none.
    pub next: Option<Place>,
}

/// Whether the journal is as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Whole {
        entries: u64,
        /// To be noted elsewhere, and given to the next look.
        head: Head,
    },
    Broken {
        /// The number of the first entry that is not what was written there.
        seq: i64,
        flaw: Flaw,
    },
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It, or its hash, is another.
    Altered,
    /// It is not there.
    Missing,
    /// The one that was noted elsewhere is another, or is there no more though the journal begins before it.
    NotAsNoted,
    /// The file's own parts do not agree, so that what is looked for may not be found.
    File,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Whole { entries, head } => {
                write!(
                    f,
                    "the journal is whole: {entries} entries, the last one {head}"
                )
            }
            Verdict::Broken { seq, flaw } => {
                let how = match flaw {
                    Flaw::Altered => "was altered",
                    Flaw::Missing => "is missing",
                    Flaw::NotAsNoted => "is not the one that was noted",
                    Flaw::File => "is in a file whose tables and indexes do not agree",
                };
                write!(f, "the journal is broken: entry {seq} {how}")
            }
        }
    }
}

/// A journal that is read.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens the journal of a data folder.
    ///
    /// # Errors
    /// [`JournalError::Failed`] where there is none, [`JournalError::Form`]
    pub fn open(folder: &Path) -> Result<Reader, JournalError> {
        Ok(Reader {
            connection: file::to_read(&file::path(folder))?,
        })
    }

    /// The last entry.
    ///
    /// # Errors
    /// [`JournalError::Failed`]
    pub fn head(&self) -> Result<Head, JournalError> {
        writer::head(&self.connection)
    }

    /// A page of entries, in the order of time; the first one, or that which begins at a place.
    ///
    /// # Errors
    /// [`JournalError::Failed`], [`JournalError::Damaged`]
    pub fn entries(&self, filter: &Filter, after: Option<Place>) -> Result<Page, JournalError> {
        let limit = match filter.limit {
            0 => PAGE,
            limit => limit.min(PAGE),
        };
        let (sql, values) = select(filter, after, limit);
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut rows = select.query(params_from_iter(values))?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let seq = row.get(0)?;
            entries.push(Recorded {
                seq,
                hash: Hash(row.get(1)?),
                entry: read(seq, row.get_ref(2)?.as_str().unwrap_or_default())?,
            });
        }
        let last = entries.last().filter(|_| entries.len() == limit);
        let next = last.map(|last| Place {
            at: last.entry.at,
            seq: last.seq,
        });
        Ok(Page { entries, next })
    }

    /// An immediate query of a scope's, as [`Entry::immediate`] gives it.
    ///
    /// # Errors
    /// [`JournalError::Failed`], [`JournalError::Damaged`]
    pub fn immediate(&self, scope: &Scope, id: QueryId) -> Result<Option<Query>, JournalError> {
        let sql = "SELECT seq, body FROM entries WHERE query = ?1 AND kind = 'immediate' ORDER BY seq DESC LIMIT 1";
        let mut select = self.connection.prepare_cached(sql)?;
        let found: Option<(i64, String)> = select
            .query_row([id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((seq, body)) = found else {
            return Ok(None);
        };
        let entry = read(seq, &body)?;
        Ok(entry.is_in(scope).then(|| entry.immediate()).flatten())
    }

    /// Walks the whole journal. `noted` is its last entry as it was at some time, where somebody noted it.
    ///
    /// # Errors
    /// [`JournalError::Failed`] where it cannot be read at all.
    pub fn verify(&self, noted: Option<Head>) -> Result<Verdict, JournalError> {
        // All that follows sees one state of the file.
        let snapshot = self.connection.unchecked_transaction()?;
        let (first, before) = snapshot.query_row("SELECT first, before FROM chain", [], |row| {
            Ok((row.get(0)?, Hash(row.get(1)?)))
        })?;
        let broken = |seq, flaw| Ok(Verdict::Broken { seq, flaw });
        let mut last = Head {
            seq: first - 1,
            hash: before,
        };
        let is_noted =
            |head: Head| noted.is_none_or(|noted| noted.seq != head.seq || noted == head);
        if !is_noted(last) {
            return broken(last.seq, Flaw::NotAsNoted);
        }
        let mut select = snapshot.prepare("SELECT seq, body, hash FROM entries ORDER BY seq")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get(0)?;
            if seq != last.seq + 1 {
                return broken(last.seq + 1, Flaw::Missing);
            }
            // What is no text, or no hash, is nothing that was written.
            let hash = match row.get_ref(1)?.as_str() {
                Ok(body) => last.hash.followed_by(seq, body),
                Err(_) => return broken(seq, Flaw::Altered),
            };
            if row.get_ref(2)?.as_blob().ok() != Some(&hash.0[..]) {
                return broken(seq, Flaw::Altered);
            }
            last = Head { seq, hash };
            if !is_noted(last) {
                return broken(seq, Flaw::NotAsNoted);
            }
        }
        // One that is past its retention cannot be looked at; one that is to come was cut off.
        if let Some(noted) = noted.filter(|noted| noted.seq > last.seq) {
            return broken(noted.seq, Flaw::NotAsNoted);
        }
        let sound: String =
            snapshot.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if sound != "ok" {
            return broken(first, Flaw::File);
        }
        Ok(Verdict::Whole {
            entries: u64::try_from(last.seq + 1 - first).unwrap_or(0),
            head: last,
        })
    }
}

fn read(seq: i64, body: &str) -> Result<Entry, JournalError> {
    serde_json::from_str(body).map_err(|_| JournalError::Damaged { seq })
}

/// A condition is there only where it is asked for, so that its index is used.
fn select(filter: &Filter, after: Option<Place>, limit: usize) -> (String, Vec<Value>) {
    let text = |value: &dyn fmt::Display| Value::Text(value.to_string());
    let conditions = [
        after.map(|Place { at, seq }| {
            let values = vec![text(&at), text(&at), Value::Integer(seq)];
            ("at >= ? AND (at, seq) > (?, ?)", values)
        }),
        filter.from.map(|at| ("at >= ?", vec![text(&at)])),
        filter.to.map(|at| ("at < ?", vec![text(&at)])),
        filter
            .integrator
            .map(|id| ("integrator = ?", vec![text(&id)])),
        filter.site.map(|id| ("site = ?", vec![text(&id)])),
        filter
            .kind
            .map(|kind| ("kind = ?", vec![text(&kind.name())])),
        filter
            .until
            .map(|seq| ("seq <= ?", vec![Value::Integer(seq)])),
    ];
    let mut sql = "SELECT seq, hash, body FROM entries WHERE TRUE".to_owned();
    let mut values = Vec::new();
    for (condition, its) in conditions.into_iter().flatten() {
        sql.push_str(" AND ");
        sql.push_str(condition);
        values.extend(its);
    }
    sql.push_str(" ORDER BY at, seq LIMIT ?");
    values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    (sql, values)
}
