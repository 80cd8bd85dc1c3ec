//! A practice that is served as soon as its database can be, and taken up anew when its tables have changed.
//!
//! A practice's server may be down when Pilaster starts, or come back as a newer version of the product with other
//! columns. Neither is a reason to restart: a [`Keeper`] tries to open its site again and again, answers in the
//! meantime with the reason why it is closed, and, where a command finds a table or column missing or the server has been
//! away, looks at the database's catalogue once more. `metadata` does not need the database: until it has been seen, it is that of the
//! whole mapping.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::practice::{Practice, Reply};
use crate::cursor::CursorKey;
use crate::explain::{self, HttpCall, HttpOptions};
use crate::fhir::capability::{self, Access, StatementOptions};
use crate::gateway::link::Availability;
use crate::gateway::site::{PracticeMetadata, SiteStatus, Standing};
use crate::mapping::{Diagnostics, Loaded, Mapping, Options};
use crate::passthrough::{PassthroughError, Pool};
use crate::plan::CountLimits;
use crate::site::{
    self, Answer, OpenError, Opened, ReadCall, SearchCall, Site, SiteConfig, SiteError, SummaryCall,
};
use crate::verify::Report;

/// Between attempts to open a site: the first pause, and how long it grows.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);
/// Where the next attempt would end the same way until somebody has done something: a missing table.
const UNTIL_MENDED: Duration = Duration::from_secs(10);
/// A login that is refused may be locked by attempts: the first pause, and how long it grows.
const REFUSED: Duration = Duration::from_secs(60);
const LONGEST_REFUSED: Duration = Duration::from_secs(300);
/// What a database has is not looked at again sooner, whatever commands find missing.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Numbers of what is served: no two keepers ever have the same.
static VERSIONS: AtomicU64 = AtomicU64::new(1);

/// Loads the mapping of a site.
pub type Load = Box<dyn Fn(&Options) -> Result<Loaded, Diagnostics> + Send + Sync>;

/// What a practice is made of, before its database has been seen.
pub struct KeeperConfig {
    pub id: String,
    /// The practice's, for people.
    pub name: Option<String>,
    pub zone: TimeZone,
    pub count: CountLimits,
    pub cursor_key: Arc<CursorKey>,
    /// The mapping with all its optional columns.
    pub mapping: Arc<Mapping>,
    pub load: Load,
    pub pool: Arc<Pool>,
}

/// A practice, open or not.
pub struct Keeper {
    config: KeeperConfig,
    state: RwLock<State>,
    /// It has been open.
    was_open: AtomicBool,
    /// An attempt is under way.
    is_opening: AtomicBool,
    /// Attempts are made from time to time.
    is_tried: AtomicBool,
    /// Another whenever what is served changes.
    version: AtomicU64,
    /// When the database's catalogue was last looked at because of a caller.
    looked: Mutex<Option<Instant>>,
    /// Of the returns of the database's server, those after which its catalogue has been looked at.
    returns: AtomicU64,
}

enum State {
    Open(Arc<Site>, Report),
    Closed(PassthroughError),
}

impl Keeper {
    /// A practice that has not been opened.
    pub fn new(config: KeeperConfig) -> Arc<Keeper> {
        Arc::new(Keeper {
            config,
            state: RwLock::new(State::Closed(PassthroughError::Opening)),
            was_open: AtomicBool::new(false),
            is_opening: AtomicBool::new(false),
            is_tried: AtomicBool::new(false),
            version: AtomicU64::new(VERSIONS.fetch_add(1, Ordering::Relaxed)),
            looked: Mutex::new(None),
            returns: AtomicU64::new(0),
        })
    }

    fn state(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn site(&self) -> Result<Arc<Site>, PassthroughError> {
        match &*self.state() {
            State::Open(site, _) => Ok(Arc::clone(site)),
            State::Closed(why) => Err(why.clone()),
        }
    }

    fn set(&self, state: State) {
        if matches!(state, State::Open(..)) {
            self.was_open.store(true, Ordering::Relaxed);
        }
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        let version = VERSIONS.fetch_add(1, Ordering::Relaxed);
        self.version.store(version, Ordering::Relaxed);
    }

    /// Tries to open the site, off the runtime's threads; None where an attempt is under way already.
    pub async fn open(self: &Arc<Self>) -> Option<Result<(), Arc<OpenError>>> {
        if self.is_opening.swap(true, Ordering::AcqRel) {
            return None;
        }
        // Whoever waits may go away: the attempt goes on to its end, and ends being one however it does.
        let attempt = Attempt(Arc::clone(self));
        let opened = tokio::task::spawn_blocking(move || attempt.0.open_now()).await;
        // What it found out of the server, the pool goes on with.
        self.config.pool.try_again_where_down();
        Some(opened.unwrap_or_else(|_| {
            Err(Arc::new(OpenError::Database(PassthroughError::Failed {
                code: 0,
            })))
        }))
    }

    fn open_now(&self) -> Result<(), Arc<OpenError>> {
        let KeeperConfig {
            id,
            zone,
            count,
            cursor_key,
            load,
            pool,
            ..
        } = &self.config;
        let config = SiteConfig {
            id: id.clone(),
            zone_name: zone.iana_name().unwrap_or("UTC").to_owned(),
            zone: zone.clone(),
            dialect: pool.driver().dialect(),
            count: *count,
            cursor_key: Arc::clone(cursor_key),
        };
        match site::open(config, Arc::clone(pool), load) {
            // What a caller found missing is nothing that the catalogue knows of: the site stays, with all it keeps.
            Ok(Opened { report, .. }) if matches!(&*self.state(), State::Open(_, before) if *before == report) => {
                Ok(())
            }
            Ok(Opened { site, report, .. }) => {
                report.log(id);
                tracing::info!(site = %id, "site open");
                self.set(State::Open(Arc::new(site), report));
                Ok(())
            }
            Err(error) => {
                // What is served goes on: its statements report what becomes of them. But not over tables that it needs
                // and that have gone.
                let is_gone = matches!(&error, OpenError::Lacks(_));
                if is_gone || self.site().is_err() {
                    self.set(State::Closed(error.for_callers()));
                }
                Err(Arc::new(error))
            }
        }
    }

    /// Tries until the site is open, with pauses, unless it is tried already; ends when nobody has the keeper any more.
    pub fn keep_trying(self: &Arc<Self>) {
        if self.is_tried.swap(true, Ordering::AcqRel) {
            return;
        }
        let keeper = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut pause = SHORTEST;
            let mut refused = REFUSED;
            loop {
                tokio::time::sleep(pause).await;
                let Some(keeper) = Weak::upgrade(&keeper) else {
                    return;
                };
                if keeper.site().is_ok() {
                    keeper.is_tried.store(false, Ordering::Release);
                    // One that was closed just now was told that it is tried.
                    if keeper.site().is_ok() || keeper.is_tried.swap(true, Ordering::AcqRel) {
                        return;
                    }
                }
                let Some(Err(error)) = keeper.open().await else {
                    continue;
                };
                pause = match &*error {
                    OpenError::Database(error) if error.is_refusal() => {
                        let now = refused;
                        refused = (refused * 2).min(LONGEST_REFUSED);
                        now
                    }
                    OpenError::Database(_) => (pause * 2).min(LONGEST),
                    _ => UNTIL_MENDED,
                };
            }
        });
    }

    /// A command found a table or column missing: what the database has is looked at once more, but not for every
    /// command that does.
    fn look_again(self: &Arc<Self>) {
        let now = Instant::now();
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.is_some_and(|before| now.duration_since(before) < LOOK_AGAIN) {
            return;
        }
        *looked = Some(now);
        drop(looked);
        // What is looked at now is what there is after all returns so far.
        let returns = self.config.pool.returns();
        self.returns.store(returns, Ordering::Relaxed);
        self.look();
    }

    /// Looks at the database's own catalogue once more: it may have other columns than when the site was opened.
    pub fn look(self: &Arc<Self>) {
        let keeper = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut pause = SHORTEST;
            loop {
                let Some(keeper) = Weak::upgrade(&keeper) else {
                    return;
                };
                let error = match keeper.open().await {
                    Some(Ok(())) => return,
                    Some(Err(error)) => error,
                    // An attempt that began before: it may have seen what was there then.
                    None => {
                        drop(keeper);
                        tokio::time::sleep(SHORTEST).await;
                        continue;
                    }
                };
                if keeper.site().is_err() {
                    tracing::error!(site = %keeper.config.id, "the database no longer fits the mapping: {error}");
                    return keeper.keep_trying();
                }
                // The site is served as it was. A server that has just come back may not be ready for all.
                tracing::warn!(site = %keeper.config.id, "the database's catalogue cannot be read: {error}");
                if !matches!(&*error, OpenError::Database(_)) || pause > LONGEST {
                    return;
                }
                drop(keeper);
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        });
    }

    async fn ask<T, F>(self: Arc<Self>, ask: impl FnOnce(Arc<Site>) -> F) -> Result<T, SiteError>
    where
        F: Future<Output = Result<T, SiteError>>,
    {
        let site = self.site();
        if let Err(why) = &site {
            self.config.pool.refused(why);
        }
        let answer = ask(site?).await;
        if let Err(SiteError::Passthrough(
            PassthroughError::Schema(_) | PassthroughError::CallersSchema(_),
        )) = &answer
        {
            self.look_again();
        }
        // It may have been away for an update of the product, which brought other tables.
        if self.returns.load(Ordering::Relaxed) != self.config.pool.returns() {
            self.look_again();
        }
        answer
    }

    fn with_mapping<T>(&self, of: impl FnOnce(&Mapping) -> T) -> T {
        match &*self.state() {
            State::Open(site, _) => of(site.mapping()),
            State::Closed(_) => of(&self.config.mapping),
        }
    }
}

/// An attempt to open a site, which is over when this is dropped.
struct Attempt(Arc<Keeper>);

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.is_opening.store(false, Ordering::Release);
    }
}

impl Practice for Keeper {
    fn id(&self) -> &str {
        &self.config.id
    }

    fn resource(&self, name: &str) -> Option<&'static str> {
        self.with_mapping(|mapping| mapping.resources.get(name).map(|resource| resource.name))
    }

    fn resources(&self) -> Vec<&'static str> {
        self.with_mapping(|mapping| mapping.resources.keys().copied().collect())
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    fn capabilities(
        &self,
        base: &str,
        since: &str,
        access: Access,
    ) -> Result<Vec<u8>, serde_json::Error> {
        let name = self.config.name.as_deref();
        let name = name.and_then(capability::shown_name);
        let options = StatementOptions {
            base,
            date: since,
            version: env!("CARGO_PKG_VERSION"),
            site: name.as_deref().unwrap_or(&self.config.id),
            zone: self.config.zone.iana_name().unwrap_or("UTC"),
            access,
        };
        self.with_mapping(|mapping| serde_json::to_vec(&capability::statement(mapping, &options)))
    }

    fn search(self: Arc<Self>, call: SearchCall) -> Reply<Result<Answer, SiteError>> {
        Box::pin(self.ask(|site| async move { site.search(call).await }))
    }

    fn read(self: Arc<Self>, call: ReadCall) -> Reply<Result<Answer, SiteError>> {
        Box::pin(self.ask(|site| async move { site.read(call).await }))
    }

    fn summary(self: Arc<Self>, call: SummaryCall) -> Reply<Result<Answer, SiteError>> {
        Box::pin(self.ask(|site| async move { site.summary(call).await }))
    }

    fn explain(
        self: Arc<Self>,
        call: HttpCall,
        options: HttpOptions,
    ) -> Reply<Result<serde_json::Value, SiteError>> {
        Box::pin(self.ask(move |site| async move { explain::for_http(&site, call, options).await }))
    }

    fn is_up(&self) -> bool {
        matches!(&*self.state(), State::Open(..)) && !self.config.pool.is_away()
    }

    /// A database that answers and does not fit the mapping is online: callers' own SQL needs no mapping.
    fn standing(&self) -> Standing {
        let answers = match &*self.state() {
            State::Open(..) => true,
            State::Closed(why) => why.is_of_the_database(),
        };
        let is_online = answers && !self.config.pool.is_away();
        Standing {
            availability: match is_online {
                true => Availability::Online,
                false => Availability::Unreachable,
            },
            status: match self.was_open.load(Ordering::Relaxed) {
                true => SiteStatus::Active,
                false => SiteStatus::Initialising,
            },
        }
    }

    /// The same as FHIR's callers are told.
    fn seek(&self) -> Option<u32> {
        match self.site() {
            Ok(_) => self.config.pool.seek(),
            Err(why) => why.retry_after(),
        }
    }

    fn metadata(self: Arc<Self>) -> Reply<Result<PracticeMetadata, PassthroughError>> {
        Box::pin(async move { self.site()?.practice_metadata().await })
    }

    fn ready(self: Arc<Self>) -> Reply<Result<(), PassthroughError>> {
        Box::pin(async move { self.site()?.ready().await })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::mapping::load_files;
    use crate::passthrough::sqlite::Sqlite;
    use crate::passthrough::{Connection, Driver, Limits, RowSink, Watch};
    use crate::relation::{Dialect, Value};
    use crate::sql::Statement;

    /// A server elsewhere with a file's database, which can be away.
    struct Server {
        behind: Sqlite,
        is_away: Arc<AtomicBool>,
    }

    impl Driver for Server {
        fn dialect(&self) -> Dialect {
            Dialect::Sqlite
        }

        fn catalogues(&self) -> &[Arc<str>] {
            self.behind.catalogues()
        }

        fn connect(
            &self,
            catalogue: usize,
            watch: &Arc<Watch>,
        ) -> Result<Box<dyn Connection>, PassthroughError> {
            match self.is_away.load(Ordering::Relaxed) {
                true => Err(PassthroughError::Unreachable("refused".to_owned())),
                false => Ok(Box::new(Cable {
                    behind: self.behind.connect(catalogue, watch)?,
                    is_away: Arc::clone(&self.is_away),
                })),
            }
        }
    }

    /// A connection that goes with its server.
    struct Cable {
        behind: Box<dyn Connection>,
        is_away: Arc<AtomicBool>,
    }

    impl Connection for Cable {
        fn begin(&mut self, watch: &Arc<Watch>) -> Result<(), PassthroughError> {
            match self.is_away.load(Ordering::Relaxed) {
                true => Err(PassthroughError::Lost),
                false => self.behind.begin(watch),
            }
        }

        fn snapshot(&mut self) -> Result<(), PassthroughError> {
            self.behind.snapshot()
        }

        fn execute(
            &mut self,
            statement: &Statement,
            values: &[Value],
            rows: &mut dyn RowSink,
        ) -> Result<(), PassthroughError> {
            self.behind.execute(statement, values, rows)
        }

        fn end(&mut self) -> bool {
            self.behind.end()
        }

        fn ping(&mut self) -> Result<(), PassthroughError> {
            self.behind.ping()
        }

        fn refusal(&mut self, statement: &Statement) -> Result<Option<String>, PassthroughError> {
            self.behind.refusal(statement)
        }

        fn declares_collation(&self, table: &str, column: &str, collation: &str) -> bool {
            self.behind.declares_collation(table, column, collation)
        }
    }

    fn mapping() -> Result<Loaded, Diagnostics> {
        let files = [
            (
                "mapping.yaml",
                "name: X\nengine: sqlite\nverified: public\ncollation: BINARY\npractice: { table: P as p, name: p.NAME }\n",
            ),
            (
                "patient.yaml",
                "resource: Patient\ntable: P as p\nid: p.ID\nelements: { active: true }\ntables:\n  P: { key: ID, columns: { ID: int, NAME: varchar(9) } }\n",
            ),
        ];
        load_files("x", &files, &Options::default())
    }

    fn keeper(file: &Path) -> (Arc<Keeper>, Arc<AtomicBool>) {
        keeper_of(|limits| Sqlite::file(file, limits))
    }

    fn keeper_of(behind: impl FnOnce(&Limits) -> Sqlite) -> (Arc<Keeper>, Arc<AtomicBool>) {
        let limits = Limits::default();
        let is_away = Arc::new(AtomicBool::new(true));
        let driver = Server {
            behind: behind(&limits),
            is_away: Arc::clone(&is_away),
        };
        let keeper = Keeper::new(KeeperConfig {
            id: "1".to_owned(),
            name: None,
            zone: TimeZone::UTC,
            count: CountLimits::default(),
            cursor_key: Arc::new(CursorKey::from_bytes([7; 32])),
            mapping: Arc::new(mapping().expect("a mapping").mapping),
            load: Box::new(|_| mapping()),
            pool: Arc::new(Pool::new(Arc::new(driver), limits)),
        });
        (keeper, is_away)
    }

    #[tokio::test]
    async fn how_a_site_stands_follows_its_database() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let (keeper, is_away) = keeper(file.path());
        let unreachable = Standing {
            availability: Availability::Unreachable,
            status: SiteStatus::Initialising,
        };
        assert_eq!(keeper.standing(), unreachable);
        let open = || async { keeper.open().await.expect("no other attempt") };
        assert!(open().await.is_err());
        assert_eq!(keeper.standing(), unreachable);

        // It answers, and has not the table.
        is_away.store(false, Ordering::Relaxed);
        assert!(open().await.is_err());
        let online = Standing {
            availability: Availability::Online,
            status: SiteStatus::Initialising,
        };
        assert_eq!(keeper.standing(), online);
        let db = rusqlite::Connection::open(file.path()).expect("a database");
        db.execute_batch(
            "CREATE TABLE P (ID INTEGER, NAME TEXT); INSERT INTO P VALUES (1, 'Harbour')",
        )
        .expect("a table");
        open().await.expect("open");
        assert_eq!(keeper.standing(), Standing::ONLINE);
        let said = Arc::clone(&keeper).metadata().await.expect("metadata");
        assert_eq!(said.practice_name.as_deref(), Some("Harbour"));

        // The connection that is kept goes with its server, and another is not to be had.
        is_away.store(true, Ordering::Relaxed);
        let ping = keeper.config.pool.run_now(|session| session.ping());
        assert!(ping.is_err());
        assert_eq!(keeper.standing(), Standing::UNREACHABLE);
    }

    /// Of whom nobody asks anything it is known all the same, of each of its databases.
    #[tokio::test]
    async fn a_site_that_nobody_asks_is_known_to_be_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = ["a", "b"].map(|name| (Arc::from(name), folder.path().join(name)));
        for (_, file) in &files {
            let db = rusqlite::Connection::open(file).expect("a database");
            db.execute_batch("CREATE TABLE P (ID INTEGER, NAME TEXT)")
                .expect("a table");
        }
        let (keeper, is_away) = keeper_of(|limits| Sqlite::files(files, limits));
        is_away.store(false, Ordering::Relaxed);
        keeper
            .open()
            .await
            .expect("no other attempt")
            .expect("open");
        assert_eq!(keeper.standing(), Standing::ONLINE);

        let practice: Arc<dyn Practice> = Arc::clone(&keeper) as _;
        let keys = crate::server::Keys::new::<String, String>([]);
        let app = crate::server::App::new(crate::server::Setup {
            served: crate::server::Served::new(vec![practice], keys, None),
            base_url: None,
            proxies: crate::server::TrustedProxies::default(),
            listening: ([127, 0, 0, 1], 80).into(),
            limits: crate::server::Limits::default(),
            metrics: None,
            explorer: crate::server::Explorer::Off,
            cloud: None,
        });
        let pause = Duration::from_millis(5);
        let heard = tokio::spawn(crate::server::keep_heard(Arc::new(app), pause));
        tokio::time::sleep(pause * 10).await;
        assert_eq!(keeper.standing(), Standing::ONLINE);
        is_away.store(true, Ordering::Relaxed);
        let known = async {
            while keeper.standing() != Standing::UNREACHABLE {
                tokio::time::sleep(pause).await;
            }
        };
        let known = tokio::time::timeout(Duration::from_secs(20), known).await;
        known.expect("it is known");
        heard.abort();
    }
}
