//! A practice to ask without a socket: a mapping over SQLite databases of its own, in a folder that goes with it.
//!
//! Takes a mapping and what fills its databases; gives searches and reads as a caller would send them. What the threads
//! log that ask the databases goes where it went when the practice was made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use thiserror::Error;

use crate::collation;
use crate::cursor::{Cursor, CursorKey};
use crate::mapping::{Diagnostics, Loaded, Mapping, Options};
use crate::passthrough::{Limits, PassthroughError, Pool, sqlite};
use crate::plan::CountLimits;
use crate::site::{self, Answer, OpenError, ReadCall, SearchCall, Site, SiteConfig, SiteError};

/// The FHIR base that answers speak of.
pub const BASE: &str = "https://fhir.example/integrator/sites/1/fhir/R4";
/// The practice's id.
pub const SITE: &str = "00000000-0000-4000-8000-000000000001";
/// Who asks.
pub const CALLER: &str = "caller";
/// The zone of a practice of which no other is said: it has no summer time, so that a wall clock's time is the same
/// offset all year.
pub const ZONE: &str = "Australia/Brisbane";
/// The file of the default catalogue.
const FILE: &str = "practice.sqlite";

/// Why there is no practice to ask.
#[derive(Debug, Error)]
pub enum PracticeError {
    #[error("no temporary folder can be made: {0}")]
    Folder(#[source] std::io::Error),
    #[error("a database of the practice cannot be made: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("the databases cannot be opened: {0}")]
    Open(#[from] PassthroughError),
    #[error("the runtime cannot start: {0}")]
    Runtime(#[source] std::io::Error),
    #[error("no random numbers are to be had from the operating system")]
    Random,
    #[error("the time zone {ZONE} is not known")]
    Zone,
}

/// A practice of one's own.
pub struct Practice {
    pub site: Arc<Site>,
    /// The database of the default catalogue.
    pub path: PathBuf,
    key: Arc<CursorKey>,
    runtime: tokio::runtime::Runtime,
    dispatch: tracing::Dispatch,
    _folder: TempDir,
}

/// A connection that may write, with the collations that the tables need.
///
/// # Errors
/// What SQLite says.
pub fn writable(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    collation::register(&connection)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(connection)
}

impl Practice {
    /// A mapping over a database for each catalogue, the default one (None) first, each of which `fill` makes.
    ///
    /// # Errors
    /// What `fill` says, or why there is no practice.
    pub fn with_catalogues<'c, E: From<PracticeError>>(
        mapping: Mapping,
        catalogues: impl Iterator<Item = Option<&'c str>>,
        mut fill: impl FnMut(Option<&str>, &mut Connection) -> Result<(), E>,
    ) -> Result<Practice, E> {
        let folder = tempfile::tempdir().map_err(PracticeError::Folder)?;
        let mut files: Vec<(Arc<str>, PathBuf)> = Vec::new();
        for catalogue in catalogues {
            let file = match catalogue {
                None => folder.path().join(FILE),
                Some(name) => folder.path().join(format!("{name}.sqlite")),
            };
            let mut connection = writable(&file).map_err(PracticeError::Database)?;
            fill(catalogue, &mut connection)?;
            files.push((Arc::from(catalogue.unwrap_or("default")), file));
        }
        let limits = Limits::default();
        let driver = match files.as_slice() {
            [(_, path)] => sqlite::Sqlite::file(path, &limits),
            _ => sqlite::Sqlite::files(files, &limits),
        };
        let pool = Pool::connected(Arc::new(driver), limits).map_err(PracticeError::Open)?;
        Ok(Practice::over(mapping, Arc::new(pool), folder)?)
    }

    /// A mapping over the databases that a pool reaches; a folder that may hold them goes with it.
    ///
    /// # Errors
    /// Why there is no practice.
    pub fn over(
        mapping: Mapping,
        pool: Arc<Pool>,
        folder: TempDir,
    ) -> Result<Practice, PracticeError> {
        let key = Arc::new(CursorKey::generate().map_err(|_| PracticeError::Random)?);
        let zone = TimeZone::get(ZONE).map_err(|_| PracticeError::Zone)?;
        let config = config(zone, &pool, &key);
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let of_threads = dispatch.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_start(move || {
                // For as long as the thread runs.
                std::mem::forget(tracing::dispatcher::set_default(&of_threads));
            })
            .build()
            .map_err(PracticeError::Runtime)?;
        Ok(Practice {
            site: Arc::new(Site::new(config, Arc::new(mapping), pool)),
            path: folder.path().join(FILE),
            key,
            runtime,
            dispatch,
            _folder: folder,
        })
    }

    /// The same practice, opened as a site is that is going to be served, in a time zone: its databases have what the
    /// mapping needs and take the mapping's own SQL, and what is mapped from optional columns that they lack is left
    /// out. `load` loads the mapping.
    ///
    /// # Errors
    /// As [`site::open`].
    pub fn opened(
        mut self,
        zone: &TimeZone,
        load: &dyn Fn(&Options) -> Result<Loaded, Diagnostics>,
    ) -> Result<Practice, OpenError> {
        let pool = self.site.pool();
        let config = config(zone.clone(), pool, &self.key);
        let opened = site::open(config, Arc::clone(pool), load)?;
        self.site = Arc::new(opened.site);
        Ok(self)
    }

    /// The key of its page links.
    pub fn key(&self) -> &Arc<CursorKey> {
        &self.key
    }

    /// Waits for what is asked of it.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        tracing::dispatcher::with_default(&self.dispatch, || self.runtime.block_on(answer))
    }

    /// `Patient?family=smith`
    pub fn call(text: &str) -> SearchCall {
        let (resource, query) = text.split_once('?').unwrap_or((text, ""));
        SearchCall {
            base: BASE.to_owned(),
            resource: resource.to_owned(),
            query: query.as_bytes().to_vec(),
            caller: CALLER.to_owned(),
            ..SearchCall::default()
        }
    }

    /// Answers a search.
    ///
    /// # Errors
    /// As [`Site::search`].
    pub fn answer(&self, call: SearchCall) -> Result<Answer, SiteError> {
        self.wait(self.site.search(call))
    }

    /// Reads `Patient/1`, with `?_elements=…` after it where wanted. What has no id is no resource.
    ///
    /// # Errors
    /// As [`Site::read`].
    pub fn read(&self, text: &str) -> Result<Answer, SiteError> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let (resource, id) = path.split_once('/').ok_or(SiteError::NoSuchResource)?;
        self.read_call(ReadCall {
            base: BASE.to_owned(),
            resource: resource.to_owned(),
            id: id.to_owned(),
            query: query.as_bytes().to_vec(),
            ..ReadCall::default()
        })
    }

    /// Answers a read.
    ///
    /// # Errors
    /// As [`Site::read`].
    pub fn read_call(&self, call: ReadCall) -> Result<Answer, SiteError> {
        self.wait(self.site.read(call))
    }

    /// What is sealed in a page link; None where it is none of this practice's.
    pub fn open_cursor(&self, cursor: &str, resource: &str) -> Option<Cursor> {
        let bound_to = site::bound_to(self.site.mapping(), &[SITE, CALLER, resource]);
        self.key.open_cursor(cursor, &bound_to).ok()
    }
}

fn config(zone: TimeZone, pool: &Pool, key: &Arc<CursorKey>) -> SiteConfig {
    SiteConfig {
        id: SITE.to_owned(),
        zone_name: zone.iana_name().unwrap_or("UTC").to_owned(),
        zone,
        dialect: pool.driver().dialect(),
        count: CountLimits::default(),
        cursor_key: Arc::clone(key),
    }
}

/// The URL of a Bundle's link.
pub fn link<'b>(bundle: &'b Value, relation: &str) -> Option<&'b str> {
    bundle["link"]
        .as_array()?
        .iter()
        .find(|link| link["relation"] == relation)?["url"]
        .as_str()
}

/// What leads to the next page.
pub fn next_cursor(bundle: &Value) -> Option<String> {
    let (_, cursor) = link(bundle, "next")?.split_once("_cursor=")?;
    Some(cursor.to_owned())
}

/// The resources of a Bundle's entries of a mode: `match`, `include`.
pub fn entries<'b>(bundle: &'b Value, mode: &str) -> impl Iterator<Item = &'b Value> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries
        .filter(move |entry| entry["search"]["mode"] == mode)
        .map(|entry| &entry["resource"])
}
