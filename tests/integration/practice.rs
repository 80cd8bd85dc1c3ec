//! A practice to ask, for tests: that of a mapping's cases, with what was logged while it was asked.
//!
//! Takes a mapping and what fills its database; gives searches and reads as a caller would send them, and what lies
//! beneath (plans, statements, connections) for the tests that look there.

use std::collections::BTreeSet;
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use pilaster::cases;
use pilaster::cases::practice::{self, PracticeError, ZONE};
use pilaster::cursor::Cursor;
use pilaster::demo;
use pilaster::mapping::{self, Mapping, Resource};
use pilaster::passthrough::{Limits, Pool, sqlite};
use pilaster::plan::{Context, CountLimits, Handling, Place, Plan};
use pilaster::relation::Dialect;
use pilaster::search::{Input, SearchRequest};
use pilaster::site::{Answer, SearchCall, Site, SiteConfig, SiteError, SummaryCall};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

pub use pilaster::cases::practice::{BASE, SITE, link, next_cursor};

/// A practice of the cases' sort, and its log.
pub struct Practice {
    inner: cases::Practice,
    log: Log,
}

impl Deref for Practice {
    type Target = cases::Practice;

    fn deref(&self) -> &cases::Practice {
        &self.inner
    }
}

/// Everything that is logged while a practice is asked, at TRACE.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn dispatch(&self) -> tracing::Dispatch {
        let log = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish()
            .into()
    }
}

/// The folder of a mapping that the repository holds.
pub fn mapping_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("mappings")
        .join(name)
}

pub fn load(folder: &Path) -> Mapping {
    match mapping::load_folder(folder, &mapping::Options::default()) {
        Ok(loaded) => {
            assert!(
                loaded.warnings.is_empty(),
                "{}",
                loaded.warnings.render(false)
            );
            loaded.mapping
        }
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// A connection that may write, with the collations that the tables need.
pub fn writable(path: &Path) -> Connection {
    practice::writable(path).unwrap()
}

impl Practice {
    /// What is logged from here on, of a practice that is made.
    pub fn logged<E: std::fmt::Display>(
        make: impl FnOnce() -> Result<cases::Practice, E>,
    ) -> Practice {
        let log = Log::default();
        let made = tracing::dispatcher::with_default(&log.dispatch(), make);
        Practice {
            inner: made.unwrap_or_else(|error| panic!("{error}")),
            log,
        }
    }

    /// A mapping over a database that `fill` makes.
    pub fn new(mapping: Mapping, fill: impl FnOnce(&mut Connection)) -> Practice {
        let mut fill = Some(fill);
        Practice::logged(|| {
            let fill = |_: Option<&str>, connection: &mut Connection| {
                if let Some(fill) = fill.take() {
                    fill(connection);
                }
                Ok::<(), PracticeError>(())
            };
            cases::Practice::with_catalogues(mapping, [None].into_iter(), fill)
        })
    }

    /// A mapping over the databases that a pool reaches; a folder that may hold them goes with it.
    pub fn over(mapping: Mapping, pool: Arc<Pool>, folder: TempDir) -> Practice {
        Practice::logged(|| cases::Practice::over(mapping, pool, folder))
    }

    /// The demo: Bp Premier's mapping over generated data, the same in every run.
    pub fn demo(patients: u32) -> Practice {
        let options = demo::Options {
            patients,
            seed: 1,
            today: jiff::civil::date(2026, 3, 2),
        };
        Practice::new(load(&mapping_folder("bp-premier")), |connection| {
            demo::create(connection, &options, &mut |_, _| {}).unwrap();
        })
    }

    /// A mapping over its own demo, with a file for each catalogue.
    pub fn demo_of(mapping: &str, patients: u32) -> Practice {
        let demo = demo::find(mapping).expect("a demo");
        let options = demo::Options {
            patients,
            seed: 1,
            today: jiff::civil::date(2026, 3, 2),
        };
        let folder = tempfile::tempdir().unwrap();
        let names = demo.catalogues.iter().map(|catalogue| catalogue.name);
        let files: Vec<(Arc<str>, PathBuf)> = names
            .map(|name| (Arc::from(name), folder.path().join(name)))
            .collect();
        let open = |(_, path): &(_, PathBuf)| Connection::open(path).unwrap();
        let connections: Vec<Connection> = files.iter().map(open).collect();
        let mut target = demo::sqlite::Sqlite::begin(connections.iter().collect()).unwrap();
        demo::fill(demo, &mut target, &options, &mut |_, _| {}).unwrap();
        drop(target);
        drop(connections);
        let limits = Limits::default();
        let driver = match files.as_slice() {
            [(_, path)] => sqlite::Sqlite::file(path, &limits),
            _ => sqlite::Sqlite::files(files, &limits),
        };
        let pool = Arc::new(Pool::connected(Arc::new(driver), limits).unwrap());
        Practice::over(load(&mapping_folder(mapping)), pool, folder)
    }

    /// What was logged so far.
    pub fn log(&self) -> String {
        String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap()
    }

    /// The site of another GUID with the same key, over the same data.
    pub fn other_site(&self) -> Arc<Site> {
        let id = "00000000-0000-4000-8000-000000000002";
        self.site_over(id, Arc::clone(self.site.pool()))
    }

    /// A site with the same mapping and key, whose database is reached otherwise.
    pub fn site_over(&self, id: &str, pool: Arc<Pool>) -> Arc<Site> {
        let config = SiteConfig {
            id: id.to_owned(),
            zone: self.site.zone().clone(),
            zone_name: ZONE.to_owned(),
            dialect: Dialect::Sqlite,
            count: CountLimits::default(),
            cursor_key: Arc::clone(self.key()),
        };
        Arc::new(Site::new(config, Arc::clone(self.site.mapping()), pool))
    }

    /// Where threads that are not the practice's have to log, to be seen in [`Practice::log`].
    pub fn dispatch(&self) -> tracing::Dispatch {
        self.log.dispatch()
    }

    /// `Patient?family=smith`
    pub fn call(text: &str) -> SearchCall {
        cases::Practice::call(text)
    }

    pub fn answer_at(&self, site: &Arc<Site>, call: SearchCall) -> Result<Answer, SiteError> {
        self.wait(site.search(call))
    }

    pub fn search(&self, text: &str) -> Result<Answer, SiteError> {
        self.answer(Practice::call(text))
    }

    /// The document of a patient.
    pub fn summary(&self, id: &str) -> Result<Answer, SiteError> {
        self.wait(self.site.summary(SummaryCall {
            base: BASE.to_owned(),
            id: Some(id.to_owned()),
            ..SummaryCall::default()
        }))
    }

    /// The Bundle of a search that must be answered.
    pub fn bundle(&self, text: &str) -> Value {
        match self.search(text) {
            Ok(answer) => parse(&answer.body),
            Err(error) => panic!("{text}: {error}"),
        }
    }

    /// The ids of a search that must be answered, of all pages.
    pub fn ids(&self, text: &str) -> Vec<String> {
        self.resources(text)
            .iter()
            .map(|resource| id(resource).to_owned())
            .collect()
    }

    /// The resources of a search, of all pages.
    pub fn resources(&self, text: &str) -> Vec<Value> {
        let resource = text.split('?').next().unwrap();
        let mut bundle = self.bundle(text);
        let mut found = matches(&bundle);
        while let Some(cursor) = next_cursor(&bundle) {
            bundle = self.bundle(&format!("{resource}?_cursor={cursor}"));
            found.extend(matches(&bundle));
            assert!(found.len() < 1_000_000, "the pages have no end");
        }
        found
    }

    pub fn parse(&self, text: &str) -> Result<SearchRequest, SiteError> {
        let (resource, query) = text.split_once('?').unwrap_or((text, ""));
        self.site.calls().parse(resource, Input::query(query))
    }

    /// The plan of a search's first page.
    pub fn plan(&self, text: &str) -> Result<Plan, SiteError> {
        self.site
            .calls()
            .plan(&self.parse(text)?, BASE, Handling::Unsaid)
    }

    /// The plan of a page: the first for no places.
    pub fn plan_page(
        &self,
        request: &SearchRequest,
        places: &[Place],
        handling: Handling,
    ) -> Result<Plan, SiteError> {
        let Some(resource) = self.site.resource(&request.resource) else {
            return Err(SiteError::UnknownResourceType { served: Vec::new() });
        };
        let planner = self.site.planner();
        Ok(self.with_context(|context| {
            let context = Context {
                handling,
                ..context.clone()
            };
            planner.search(resource, request, places, &context)
        })?)
    }

    /// What plans depend on.
    pub fn with_context<T>(&self, plan: impl FnOnce(&Context<'_>) -> T) -> T {
        plan(&Context {
            base: BASE,
            zone: self.site.zone(),
            now: self.site.zone().to_datetime(Timestamp::now()),
            handling: Handling::Unsaid,
            count: CountLimits::default(),
        })
    }

    /// What is sealed in a page link.
    pub fn open_cursor(&self, cursor: &str, resource: &str) -> Cursor {
        self.inner.open_cursor(cursor, resource).unwrap()
    }
}

/// What a search of a type must say here, with `&` after it.
pub fn demanded(resource: &Resource) -> String {
    let named = resource.requires.iter().map(|it| &it.parameter);
    // A day of the demo on which people work.
    named.map(|name| format!("{name}=2026-03-02&")).collect()
}

pub fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}

pub fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

/// The resources of a Bundle that match.
pub fn matches(bundle: &Value) -> Vec<Value> {
    entries(bundle, "match")
}

/// The resources of a Bundle's entries of a mode.
pub fn entries(bundle: &Value, mode: &str) -> Vec<Value> {
    practice::entries(bundle, mode).cloned().collect()
}

/// `Type/id` of a resource.
pub fn url(resource: &Value) -> String {
    format!(
        "{}/{}",
        resource["resourceType"].as_str().expect("a type"),
        id(resource)
    )
}

/// Every `reference` in a resource.
pub fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("reference")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
