//! Pages of results: a row each, and a file with the rows as JSON, sealed.
//!
//! The file comes first: written under a temporary name, synced, renamed; then the row is committed. So a row always has
//! its file; a file without a row is what a crash left, and goes with the next start. The files of a query are sealed with
//! a key of its own, which stands in the query's row: without the row, nothing opens them.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use rusqlite::{OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::columns::{Count, Json, Named};
use super::failure::unless;
use super::queries::{in_scope, place};
use super::tasks::Db;
use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::moment::Moment;
use crate::gateway::query::{Page, PageStatus, Stage, Status, StatusTiming};
use crate::key_file::part;
use crate::seal::OVERHEAD_BYTES;
use crate::store::seal::{Place, SealKey};
use crate::store::{PageFound, StoreError};

/// The folder of all pages, beside the state.
pub(super) const FOLDER: &str = "pages";

const NOT_AT_WORK: &str = "there is no such query at work";
const THERE: &str = "the query has that page already";

/// Where the files of pages are.
#[derive(Clone)]
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    pub(super) fn new(state: &Path) -> Files {
        Files {
            folder: state.join(FOLDER),
        }
    }

    fn of(&self, id: QueryId) -> PathBuf {
        self.folder.join(id.to_string())
    }

    fn path(&self, id: QueryId, number: u32) -> PathBuf {
        self.of(id).join(number.to_string())
    }

    /// Writes a page, so that it is there whole or not at all, whatever happens.
    fn write(&self, id: QueryId, number: u32, sealed: &[u8]) -> Result<(), StoreError> {
        let folder = self.of(id);
        match private_folder(&folder) {
            Ok(()) => sync_folder(&self.folder).map_err(not_kept)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(not_kept(error)),
        }
        let mut file = part(&folder).map_err(not_kept)?;
        file.write_all(sealed).map_err(not_kept)?;
        file.as_file().sync_all().map_err(not_kept)?;
        file.persist_noclobber(self.path(id, number))
            .map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => StoreError::Taken(THERE.to_owned()),
                _ => not_kept(error.error),
            })?;
        sync_folder(&folder).map_err(not_kept)
    }

    /// Removes a page that has no row.
    pub(super) fn remove(&self, id: QueryId, number: u32) {
        // What stays is what a crash could leave, and goes as that does.
        let _ = fs::remove_file(self.path(id, number));
    }

    /// Removes the pages of queries whose rows say that they have none.
    pub(super) fn remove_all(&self, of: &[QueryId]) {
        for id in of {
            // As above.
            let _ = fs::remove_dir_all(self.of(*id));
        }
    }
}

/// A folder that only its owner may look into.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// So that a file's name is kept too; where the system syncs folders.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// In the system's words, which name no path.
fn not_kept(error: io::Error) -> StoreError {
    StoreError::Failed(format!("a page's file: {error}"))
}

/// What a page's file is sealed for.
fn row_of(id: QueryId, number: u32) -> [u8; 20] {
    let mut row = [0; 20];
    row[..16].copy_from_slice(id.0.as_bytes());
    row[16..].copy_from_slice(&number.to_be_bytes());
    row
}

fn file_place(row: &[u8; 20]) -> Place<'_> {
    Place {
        table: "pages",
        column: "file",
        row,
    }
}

/// The key of a query's pages.
fn page_key(db: &Db, id: QueryId, sealed: &[u8]) -> Result<SealKey, StoreError> {
    let bytes = db.open(place(&id, "sealed_page_key"), sealed)?;
    let bytes = bytes.try_into().map_err(|_| StoreError::Sealed)?;
    Ok(SealKey::from_bytes(bytes))
}

/// Writes the file of a page that is to be kept, of a query that is at work.
pub(super) fn write(
    db: &Db,
    files: &Files,
    id: QueryId,
    number: u32,
    rows: &[u8],
) -> Result<(), StoreError> {
    let sql = "SELECT sealed_page_key, EXISTS (SELECT 1 FROM pages WHERE query = ?1 AND number = ?2) FROM queries
               WHERE id = ?1 AND stage = 'works'";
    let mut statement = db.sql.prepare_cached(sql)?;
    let found = statement.query_row(params![id, number], |row| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, bool>(1)?))
    });
    let Some((sealed_key, is_there)) = found.optional()? else {
        return Err(StoreError::Unknown(NOT_AT_WORK.to_owned()));
    };
    if is_there {
        return Err(StoreError::Taken(THERE.to_owned()));
    }
    let key = page_key(db, id, &sealed_key)?;
    let sealed = key.seal(rows, file_place(&row_of(id, number)))?;
    files.write(id, number, &sealed)
}

/// Keeps the row of a page whose file is there.
pub(super) fn put(db: &Db, id: QueryId, page: &Page, at: Moment) -> Result<(), StoreError> {
    let sql = "SELECT status, timing FROM queries WHERE id = ?1 AND stage = 'works'";
    let mut statement = db.sql.prepare_cached(sql)?;
    let found = statement.query_row([id], |row| {
        Ok((
            row.get::<_, Named<Status>>(0)?.0,
            row.get::<_, Json<StatusTiming>>(1)?.0,
        ))
    });
    let Some((status, mut timing)) = found.optional()? else {
        return Err(StoreError::Unknown(NOT_AT_WORK.to_owned()));
    };
    if status != Status::Uploading {
        timing.uploading = Some(Stage {
            start_time: at,
            end_time: None,
        });
        db.sql
            .prepare_cached(
                "UPDATE queries SET status = ?2, timing = ?3, updated_at = ?4 WHERE id = ?1",
            )?
            .execute(params![id, Named(Status::Uploading), Json(timing), at])?;
    }
    let mut statement = db.sql.prepare_cached(
        "INSERT INTO pages (query, number, status, size, count, first) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement
        .execute(params![
            id,
            page.number,
            Named(page.status),
            Count(page.size),
            Count(page.count),
            Count(page.first)
        ])
        .map_err(unless(THERE, NOT_AT_WORK))?;
    Ok(())
}

fn page(row: &Row<'_>) -> rusqlite::Result<Page> {
    Ok(Page {
        number: row.get(0)?,
        status: row.get::<_, Named<PageStatus>>(1)?.0,
        size: row.get::<_, Count>(2)?.0,
        count: row.get::<_, Count>(3)?.0,
        first: row.get::<_, Count>(4)?.0,
    })
}

/// The pages of a query.
pub(super) fn of(db: &Db, id: QueryId) -> Result<Vec<Page>, StoreError> {
    let mut statement = db.sql.prepare_cached(
        "SELECT number, status, size, count, first FROM pages WHERE query = ?1 ORDER BY number",
    )?;
    let rows = statement.query_map([id], page)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets the pages that a query had; their files are to be removed then.
pub(super) fn forget(db: &Db, id: QueryId) -> Result<(), StoreError> {
    let mut statement = db
        .sql
        .prepare_cached("DELETE FROM pages WHERE query = ?1")?;
    statement.execute([id])?;
    Ok(())
}

/// Where a page that was asked for stands.
enum Standing {
    NoQuery,
    None,
    Expired,
    /// With its query's sealed key.
    There(Page, Vec<u8>),
}

fn standing(
    db: &Db,
    scope: &Scope,
    id: QueryId,
    number: u32,
    now: Moment,
) -> Result<Standing, StoreError> {
    let mut statement = db.sql.prepare_cached(concat!(
        "SELECT pages.number, pages.status, pages.size, pages.count, pages.first, queries.rows,
            IIF(expires_at > ?7, sealed_page_key, NULL)
         FROM queries LEFT JOIN pages ON pages.query = queries.id AND pages.number = ?6
         WHERE ",
        in_scope!(),
        " AND id = ?5",
    ))?;
    let asked = params![
        scope.integrator,
        Named(scope.environment),
        scope.site,
        scope.device,
        id,
        number,
        now
    ];
    let found = statement.query_row(asked, |row| {
        let is_there = row.get::<_, Option<u32>>(0)?.is_some();
        let is_successful = row.get::<_, Option<i64>>(5)?.is_some();
        if !is_there || !is_successful {
            return Ok(Standing::None);
        }
        Ok(match row.get(6)? {
            Some(key) => Standing::There(page(row)?, key),
            None => Standing::Expired,
        })
    });
    Ok(found.optional()?.unwrap_or(Standing::NoQuery))
}

/// A page that was asked for, opened.
pub(super) fn read(
    db: &Db,
    files: &Files,
    scope: &Scope,
    id: QueryId,
    number: u32,
    now: Moment,
) -> Result<Option<PageFound>, StoreError> {
    let mut is_second = false;
    loop {
        let (page, sealed_key) = match standing(db, scope, id, number, now)? {
            Standing::NoQuery => return Ok(None),
            Standing::None => return Ok(Some(PageFound::None)),
            Standing::Expired => return Ok(Some(PageFound::Expired)),
            Standing::There(page, sealed_key) => (page, sealed_key),
        };
        match read_file(&files.path(id, number), page.size) {
            Ok(sealed) => {
                let key = page_key(db, id, &sealed_key)?;
                let rows: Bytes = key.open_large(sealed, file_place(&row_of(id, number)))?;
                return Ok(Some(PageFound::Page(page, rows)));
            }
            // Its time may have come just now: then the row says so.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_second => is_second = true,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(StoreError::Sealed);
            }
            Err(error) => return Err(not_kept(error)),
        }
    }
}

/// A page's file, which is as long as its row says.
fn read_file(path: &Path, size: u64) -> io::Result<Vec<u8>> {
    use std::io::Read as _;

    let whole = size.saturating_add(OVERHEAD_BYTES as u64);
    let file = File::open(path)?;
    if file.metadata()?.len() != whole {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut sealed = Vec::with_capacity(usize::try_from(whole).unwrap_or(0));
    file.take(whole).read_to_end(&mut sealed)?;
    Ok(sealed)
}

/// The numbers of a query's pages whose time is not over.
fn kept(db: &Db, id: QueryId) -> Result<Vec<u32>, StoreError> {
    let mut statement = db.sql.prepare_cached(
        "SELECT pages.number FROM pages JOIN queries ON queries.id = query
         WHERE query = ?1 AND sealed_page_key IS NOT NULL",
    )?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes all files that no row speaks of: what a crash left. To be called before there is any work.
pub(super) fn remove_strays(db: &Db, files: &Files) -> Result<(), StoreError> {
    for folder in fs::read_dir(&files.folder).map_err(not_kept)? {
        let folder = folder.map_err(not_kept)?;
        let name = folder.file_name();
        let id = name.to_str().and_then(|name| Uuid::try_parse(name).ok());
        let known = match id {
            Some(id) => kept(db, QueryId(id))?,
            None => Vec::new(),
        };
        if known.is_empty() {
            // What is no folder is none of the store's.
            if folder.file_type().map_err(not_kept)?.is_dir() && id.is_some() {
                fs::remove_dir_all(folder.path()).map_err(not_kept)?;
            }
            continue;
        }
        for file in fs::read_dir(folder.path()).map_err(not_kept)? {
            let file = file.map_err(not_kept)?;
            let name = file.file_name();
            let number = name.to_str().and_then(|name| name.parse::<u32>().ok());
            if !number.is_some_and(|number| known.contains(&number)) {
                fs::remove_file(file.path()).map_err(not_kept)?;
            }
        }
    }
    Ok(())
}
