//! What a search is explained for: the embedded practice, a mapping's folder with or without SQLite files, or a site of
//! a configuration; and what running it there brings.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::super::databases::Databases;
use super::super::open::open_over;
use super::super::site as configured;
use super::{Args, Asked, BASE, Failure, load, warn};
use crate::cli::{OpenLimits, StartError, open_site};
use crate::config::{self, Process, SiteEntry};
use crate::cursor::CursorKey;
use crate::demo::{self, DemoError};
use crate::explain::{Explanation, Json, ROWS, StageTimings, run as run_commands};
use crate::mapping::{Loaded, Mapping, Options};
use crate::passthrough::{Limits as PoolLimits, Pool, sqlite};
use crate::plan::{CountLimits, Plan};
use crate::relation::Dialect;
use crate::site::{self, Answer, OpenError, ReadCall, SearchCall, Site, SiteConfig};
use crate::sql::Engine;
use crate::verify;

/// What the options name, as far as it is needed for a plan.
pub(super) struct Place {
    pub(super) mapping: Arc<Mapping>,
    pub(super) zone: TimeZone,
    /// Of the commands that are shown where the options say nothing.
    pub(super) dialect: Dialect,
    /// Where the options name databases of the caller's. These may lack columns that are optional: the search is
    /// planned without them.
    pub(super) given: Option<Practice>,
}

impl Place {
    /// Opens the databases that are named; the embedded practice is not made yet.
    pub(super) fn of(args: &Args) -> Result<Place, Failure> {
        if let Some(id) = &args.site {
            return Place::of_site(args, id);
        }
        let zone = args.time_zone.clone();
        if !args.sqlite.is_empty() {
            let practice = Practice::of_files(args)?;
            let mapping = Arc::clone(practice.site.mapping());
            return Ok(Place {
                mapping,
                zone,
                dialect: Dialect::Sqlite,
                given: Some(practice),
            });
        }
        let mapping = loaded(load(args, &Options::default()))?;
        Ok(Place {
            dialect: match args.run {
                true => Dialect::Sqlite,
                false => mapping.engine,
            },
            mapping: Arc::new(mapping),
            zone,
            given: None,
        })
    }

    fn of_site(args: &Args, id: &str) -> Result<Place, Failure> {
        let read = config::read(&args.config, &Process);
        let read = read.map_err(|all| StartError::Config(all.render(super::colour())))?;
        let entry = configured::find(read.config, id, &args.config)?;
        let zone = entry.zone.clone();
        let practice = match args.run {
            true => Some(Practice::of_site(&entry)?),
            false => None,
        };
        let (mapping, dialect) = match &practice {
            Some(practice) => {
                let dialect = practice.site.engine().dialect;
                (Arc::clone(practice.site.mapping()), dialect)
            }
            None => {
                let mapping = loaded(entry.mapping.load(&Options::default()))?;
                let dialect = entry.server.dialect().unwrap_or(mapping.engine);
                (Arc::new(mapping), dialect)
            }
        };
        Ok(Place {
            mapping,
            zone,
            dialect,
            given: practice,
        })
    }
}

fn loaded(loaded: Result<Loaded, crate::mapping::Diagnostics>) -> Result<Mapping, Failure> {
    let Loaded { mapping, warnings } =
        loaded.map_err(|problems| StartError::Mapping(Box::new(problems)))?;
    warn(&warnings);
    Ok(mapping)
}

/// A practice to run a search at.
pub(super) struct Practice {
    pub(super) site: Arc<Site>,
    /// On which asynchronous clients run.
    runtime: Runtime,
    /// Of the embedded practice; removed when this is dropped.
    _folder: Option<TempDir>,
}

impl Practice {
    fn new(site: Site, runtime: Runtime, folder: Option<TempDir>) -> Practice {
        Practice {
            site: Arc::new(site),
            runtime,
            _folder: folder,
        }
    }

    /// Files of the caller's, opened as a server opens them.
    fn of_files(args: &Args) -> Result<Practice, Failure> {
        let zone = args.time_zone.clone();
        let key = Arc::new(CursorKey::generate()?);
        let load = |options: &Options| load(args, options);
        if let [file] = &args.sqlite[..] {
            let path = std::path::Path::new(&file.database);
            let limits = OpenLimits::default();
            let (site, warnings) = open_site("explain", zone, key, path, limits, load)?;
            warn(&warnings);
            return Ok(Practice::new(site, runtime()?, None));
        }
        let mapping = loaded(load(&Options::default()))?;
        let databases = Databases::of_mapping(&args.sqlite, &mapping).map_err(StartError::from)?;
        let path = databases.first();
        let pool = Arc::new(databases.pool());
        let opened = open_over("explain", zone, key, pool, CountLimits::default(), &load);
        let opened = opened.map_err(|error| StartError::database(&path, error.to_string()))?;
        Ok(Practice::new(opened.site, runtime()?, None))
    }

    /// A site of a configuration.
    fn of_site(entry: &SiteEntry) -> Result<Practice, Failure> {
        let snapshot = entry.mapping.snapshot();
        let snapshot = snapshot.map_err(|all| StartError::Mapping(Box::new(all)))?;
        let load = |options: &Options| snapshot.load(options);
        let engine = loaded(load(&Options::default()))?.engine;
        let runtime = runtime()?;
        let driver = configured::driver(entry, engine, &runtime)?;
        let config = SiteConfig {
            id: entry.id.clone(),
            zone_name: entry.zone.iana_name().unwrap_or("UTC").to_owned(),
            zone: entry.zone.clone(),
            dialect: driver.dialect(),
            count: entry.count,
            cursor_key: Arc::new(CursorKey::generate()?),
        };
        let pool = Arc::new(Pool::new(driver, entry.limits.clone()));
        let opened = site::open(config, pool, &load).map_err(|error| match error {
            OpenError::Database(source) => StartError::Site {
                id: entry.id.clone(),
                source,
            },
            source => StartError::SiteOpen {
                id: entry.id.clone(),
                source: Box::new(source),
            },
        })?;
        Ok(Practice::new(opened.site, runtime, None))
    }

    /// The embedded practice.
    pub(super) fn demo(args: &Args, mapping: &Arc<Mapping>) -> Result<Practice, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("pilaster-")
            .tempdir()
            .map_err(Failure::Folder)?;
        let path = folder.path().join("practice.sqlite");
        create(args, &path)?;
        let pool = sqlite::pool(&path, PoolLimits::default()).map_err(Failure::Database)?;
        // Its tables are those of one product; another's mapping has no place there.
        let fits = pool.run_now(|session| verify::verify(mapping, Dialect::Sqlite, session));
        if fits.map_err(Failure::Database)?.has_errors() {
            return Err(Failure::NoDatabase);
        }
        let config = SiteConfig {
            id: "explain".to_owned(),
            zone: args.time_zone.clone(),
            zone_name: args.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            dialect: Dialect::Sqlite,
            count: CountLimits::default(),
            cursor_key: Arc::new(CursorKey::generate()?),
        };
        let site = Site::new(config, Arc::clone(mapping), Arc::new(pool));
        Ok(Practice::new(site, runtime()?, Some(folder)))
    }

    /// Adds to the explanation what its commands bring, and the answer.
    pub(super) fn run(
        self,
        asked: Asked,
        shown: Engine,
        explanation: &mut Explanation,
        plan: &Plan,
    ) -> Result<(), Failure> {
        let answered = self.runtime.block_on(async {
            match asked {
                Asked::Search(call) => {
                    self.site
                        .search(SearchCall {
                            measures: true,
                            ..call
                        })
                        .await
                }
                Asked::Read { resource, id } => {
                    let call = ReadCall {
                        base: BASE.to_owned(),
                        resource,
                        id,
                        measures: true,
                        ..ReadCall::default()
                    };
                    self.site.read(call).await
                }
            }
        });
        let database = self.site.engine();
        let done = answered.and_then(|answer| {
            self.site.pool().run_now(|session| {
                let measured = &answer.measured;
                run_commands(explanation, plan, shown, database, session, ROWS, measured)
            })?;
            Ok(answer)
        });
        // Connections of clients that hang are not waited for.
        self.runtime.shutdown_background();
        let answer: Answer = done?;
        explanation.timings = Some(StageTimings::from(&answer.timings));
        explanation.answer = Some(Json::new(&answer.body));
        Ok(())
    }
}

fn runtime() -> Result<Runtime, Failure> {
    let made: Result<Runtime, io::Error> = Runtime::new();
    made.map_err(Failure::Runtime)
}

fn create(args: &Args, path: &std::path::Path) -> Result<(), DemoError> {
    let options = demo::Options {
        patients: args.patients,
        seed: args.seed,
        today: args.time_zone.to_datetime(Timestamp::now()).date(),
    };
    let mut database = rusqlite::Connection::open(path)?;
    demo::create(&mut database, &options, &mut |_, _| {})?;
    Ok(())
}
