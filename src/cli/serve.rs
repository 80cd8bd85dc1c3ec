//! `pilaster serve`: options → a server, until it is told to stop.
//!
//! The order is that of what can fail soonest: the log, the operator's key, the address, the folder, the mapping, and only
//! then the practice, which may take a minute. The address is taken before that minute but answers only after
//! it, so that nothing is served half done. A signal ends any of it, and temporary files go with it.

use std::io::{self, IsTerminal as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;

use super::cloud::{self, Asked, Stands};
use super::configured::{Configured, Source};
use super::demo::{self, Folder};
use super::greeting::{Greeting, WhatOpens};
use super::open::{Limits, open_site};
use super::watched::{self, Watched};
use super::{StartError, log, operator_key};
use crate::config::{self, Process};
use crate::demo::{MAX_PATIENTS, Options};
use crate::gateway::enrich::{Practices, keep_enriched};
use crate::gateway::id::SiteId;
use crate::gateway::integrator::Environment;
use crate::gateway::rate::RateLimit;
use crate::gateway::site::{Declared, Product};
use crate::mapping::{Mapping, embedded, load_files, load_folder};
use crate::passthrough::sqlite::Sqlite;
use crate::passthrough::{Driver as _, Limits as PoolLimits};
use crate::server::{
    self, App, BaseUrl, Explorer, Keys, MappingState, OperatorKey, Practice, Served, Setup,
    TrustedProxies,
};
use crate::store::sqlite::lock;

/// Threads for what may wait, at the most: made when they are needed, and ended when they are not.
const THREADS: usize = 4_096;

/// The one site of a server without configuration.
pub(super) const SITE: &str = "00000000-0000-4000-8000-000000000001";
/// Its subscription key. It guards synthetic data, or an author's own test database, on one's own machine.
const KEY: &str = "demo-key";
/// Who the key belongs to.
const CALLER: &str = "demo";
/// The operator's key where nobody gives another, of a server that only this machine can call.
const OPERATOR_KEY: &str = "demo-operator-key";
/// Where nobody says another.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Time for statements that nobody waits for, when the server stops.
const SHUTDOWN: Duration = Duration::from_secs(10);
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Serve the practices of this configuration file; it is taken up again when it changes, and on SIGHUP
    #[arg(long, value_name = "FILE", group = "watched", conflicts_with_all = ["mapping", "sqlite", "patients", "seed", "time_zone"])]
    config: Option<PathBuf>,
    /// The address and port to listen on; port 0 takes any free one [default: that of the configuration, else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// How many patients the embedded practice has
    #[arg(long, value_name = "NUMBER", default_value_t = 2000,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_PATIENTS)))]
    patients: u32,
    /// What the embedded practice is drawn from: the same seed gives the same data on every machine
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// A folder that keeps the embedded practice, the state (integrators, queries, pages), its key and the audit trail between starts; without it all of them are temporary
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Serve a database of your own through the mapping in this folder (with --sqlite)
    #[arg(long, value_name = "DIR", group = "watched", requires = "sqlite", conflicts_with_all = ["patients", "seed"])]
    mapping: Option<PathBuf>,
    /// Take up a mapping as soon as it is saved; one with errors is shown here and in /health/ready, and the last good one served (with --mapping or --config)
    #[arg(long, requires = "watched")]
    watch: bool,
    /// Serve the explorer at /, a page that shows what becomes of a search; it asks for the operator's key [default: where there is no --config]
    #[arg(long, conflicts_with = "no_explorer")]
    explorer: bool,
    /// Serve no explorer
    #[arg(long)]
    no_explorer: bool,
    /// The SQLite database to serve, opened read-only (with --mapping)
    #[arg(long, value_name = "FILE", requires = "mapping")]
    sqlite: Option<PathBuf>,
    /// The practice's IANA time zone: dates and times without an offset are its
    #[arg(long, value_name = "ZONE", default_value = "Australia/Brisbane", value_parser = super::zone)]
    time_zone: TimeZone,
    /// What links in answers begin with, where callers see another URL than this machine does: https://api.example.org
    #[arg(long, value_name = "URL")]
    base_url: Option<BaseUrl>,
    /// A file with the operator's key, which switches GET /operator/sites/{siteId}/explain/{path} on; without it the key is that of PILASTER_OPERATOR_KEY, or there is none
    #[arg(long, value_name = "FILE")]
    operator_key_file: Option<PathBuf>,
    /// How many queries one integrator may send in any 5 seconds (immediate SQL and FHIR together); off for benchmarks [default: that of the configuration, else 15]
    #[arg(long, value_name = "NUMBER|off")]
    rate_limit: Option<RateLimit>,
    /// How log lines look; levels are set by PILASTER_LOG or RUST_LOG (warn, info, pilaster=debug)
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = log::Format::Text)]
    log: log::Format,
}

/// Serves. 0 when it was told to stop, 2 when it could not start.
pub(super) fn run(args: Args) -> ExitCode {
    match start(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            super::tell(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

fn start(args: Args) -> Result<(), StartError> {
    let _log = log::start(args.log)?;
    let mut plan = Plan::of(&args)?;
    let metrics = server::install_metrics()?;
    // A statement of a caller's has a thread for its time: how many there are, the practices' queues see to.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(THREADS)
        .build()
        .map_err(StartError::Runtime)?;
    let served = runtime.block_on(async {
        let mut stop = std::pin::pin!(signal()?);
        let socket = bind(plan.listen)?;
        let folder = Folder::open(plan.data.as_deref())?;
        // One server has a folder: nothing is written into another's.
        let claimed = lock(folder.path())?;
        let opened = tokio::select! {
            // A practice that is being written goes with its draft, a temporary folder with `folder`.
            () = &mut stop => return Ok(()),
            opened = plan.open(&args, &folder) => opened?,
        };
        let listener = listen(socket, plan.listen)?;
        let listening = listener
            .local_addr()
            .map_err(|error| StartError::listen(plan.listen, error))?;
        let what_opens = plan.what_opens();
        let options = cloud::Options {
            cloud: plan.cloud,
            rate: args.rate_limit.unwrap_or(plan.rate),
        };
        let (state, cloud) = cloud::open(folder.path(), claimed, &options).await?;
        let state = Arc::new(state);
        let app = Arc::new(App::new(Setup {
            served: opened.served,
            base_url: plan.base_url,
            proxies: plan.proxies,
            listening,
            limits: server::Limits::default(),
            metrics: Some(metrics),
            explorer: plan.explorer,
            cloud: Some(cloud),
        }));
        let practices = match &opened.kept_up {
            Some(KeptUp::Configured(configured)) => configured.asked(&state.known),
            _ => opened.asked.iter().map(|asked| asked.practice(&state.known)).collect(),
        };
        state.gateway.serve(practices);
        app.keep_journal(Arc::clone(&state.journal));
        tokio::spawn(server::keep_heard(Arc::clone(&app), server::HEARTBEAT));
        tokio::spawn(keep_enriched(Arc::clone(&app) as Arc<dyn Practices>, Arc::clone(&state.known)));
        if opened.has_known_key && !plan.listen.ip().is_loopback() {
            super::tell("warning: whoever reaches this address reads the database, for the key is in the documentation");
        }
        // Nobody need read the greeting.
        let _ = super::print(&opened.greeting.text(&app, &what_opens));
        match opened.kept_up {
            Some(KeptUp::Configured(configured)) => {
                let (app, state) = (Arc::clone(&app), Arc::clone(&state));
                tokio::spawn(configured.keep_up(app, state, hang_ups()?));
            }
            Some(KeptUp::Watched(watched, mapping)) => {
                app.tell_mapping(mapping);
                let (app, state) = (Arc::clone(&app), Arc::clone(&state));
                let asked = opened.asked.into_iter().next();
                tokio::spawn(watched.keep_up(app, state, asked));
            }
            None => {}
        }
        server::serve(listener, app, stop).await;
        state.gateway.close(SHUTDOWN).await;
        // A temporary folder goes before whoever still has the journal does. What is not taken in now is at the next start.
        let _ = state.journal.take_in().await;
        Ok(())
    });
    // A practice that is still being written is not waited for.
    runtime.shutdown_background();
    served
}

/// What the options and the configuration say together; an option counts before the file.
struct Plan {
    listen: SocketAddr,
    base_url: Option<BaseUrl>,
    proxies: TrustedProxies,
    data: Option<PathBuf>,
    operator: Option<OperatorKey>,
    explorer: Explorer,
    cloud: config::Cloud,
    rate: RateLimit,
    read: Option<config::Read>,
}

impl Plan {
    fn of(args: &Args) -> Result<Plan, StartError> {
        let colour = io::stderr().is_terminal();
        let mut plan = Plan {
            listen: LISTEN,
            base_url: args.base_url.clone(),
            proxies: TrustedProxies::default(),
            data: args.data.clone(),
            operator: operator_key::read(args.operator_key_file.as_deref())?,
            explorer: Explorer::Off,
            cloud: config::Cloud::default(),
            rate: RateLimit::default(),
            read: None,
        };
        let mut has_explorer = args.config.is_none();
        if let Some(path) = &args.config {
            let mut read = config::read_to_serve(path, &Process, args.data.as_deref())
                .map_err(|problems| StartError::Config(problems.render(colour)))?;
            super::config::tell_warnings(&read, colour);
            plan.listen = read.config.listen.unwrap_or(LISTEN);
            plan.base_url = plan.base_url.or_else(|| read.config.base_url.clone());
            plan.proxies = TrustedProxies::new(read.config.trusted_proxies.clone());
            plan.data = plan.data.or_else(|| read.config.data.clone());
            if plan.operator.is_some() {
                read.config.operator_key = plan.operator.take();
            }
            has_explorer = read.config.explorer.unwrap_or_default();
            plan.cloud = read.config.cloud.clone();
            plan.rate = RateLimit::of(plan.cloud.rate_limit);
            plan.read = Some(read);
        }
        plan.listen = args.listen.unwrap_or(plan.listen);
        let is_asked_for = args.explorer || args.config.is_some() && has_explorer;
        plan.explorer = match (has_explorer || args.explorer) && !args.no_explorer {
            true => plan.choose_explorer(is_asked_for)?,
            false => Explorer::Off,
        };
        Ok(plan)
    }

    /// The explorer with a key that there is; without one there is nothing for it to ask.
    fn choose_explorer(&mut self, is_asked_for: bool) -> Result<Explorer, StartError> {
        let has_key = match &self.read {
            Some(read) => read.config.operator_key.is_some(),
            None => self.operator.is_some(),
        };
        if has_key {
            return Ok(Explorer::On);
        }
        if self.read.is_none() && self.listen.ip().is_loopback() {
            // A key that is written here is as long as keys are.
            self.operator = OperatorKey::new(OPERATOR_KEY).ok();
            return Ok(Explorer::WithKey(OPERATOR_KEY.to_owned()));
        }
        match is_asked_for {
            true => Err(StartError::ExplorerWithoutKey),
            false => Ok(Explorer::Off),
        }
    }

    /// What the greeting says of keys and of the explorer.
    fn what_opens(&self) -> WhatOpens {
        WhatOpens {
            key: KEY,
            operator_key: match &self.explorer {
                Explorer::WithKey(_) => OPERATOR_KEY,
                Explorer::Off | Explorer::On => "and the operator's key",
            },
            has_explorer: self.explorer != Explorer::Off,
        }
    }

    async fn open(&mut self, args: &Args, folder: &Folder) -> Result<Opened, StartError> {
        match (self.read.take(), &args.config) {
            (Some(read), Some(path)) => {
                open_configured(
                    Source {
                        path,
                        data: args.data.clone(),
                        is_watched: args.watch,
                        rate: args.rate_limit,
                    },
                    read,
                    folder,
                )
                .await
            }
            _ => open_one(args, folder, self.operator.take()).await,
        }
    }
}

/// What is to be served.
struct Opened {
    served: Served,
    greeting: Greeting,
    /// The key is that of the documentation, and the data somebody's own.
    has_known_key: bool,
    kept_up: Option<KeptUp>,
    /// As the gateway asks it, where it is one practice.
    asked: Vec<Asked>,
}

/// What keeps up with files that change.
enum KeptUp {
    Configured(Configured),
    /// With what the mapping is like at the start.
    Watched(Watched, MappingState),
}

/// The practices of a configuration file. One whose database cannot be had is served when it can.
async fn open_configured(
    source: Source<'_>,
    read: config::Read,
    folder: &Folder,
) -> Result<Opened, StartError> {
    let cursor_key = Arc::new(folder.cursor_key()?);
    let has_operator = read.config.operator_key.is_some();
    let has_keys = !read.config.keys.is_empty();
    let path = source.path.to_owned();
    let (configured, served) = Configured::new(source, read, cursor_key)?;
    let lines = configured.open_all().await;
    Ok(Opened {
        served,
        greeting: Greeting::Configured {
            path,
            lines,
            has_operator,
            has_keys,
            example: configured.example(),
        },
        has_known_key: false,
        kept_up: Some(KeptUp::Configured(configured)),
        asked: Vec::new(),
    })
}

/// The embedded practice, or one SQLite file.
async fn open_one(
    args: &Args,
    folder: &Folder,
    operator: Option<OperatorKey>,
) -> Result<Opened, StartError> {
    let cursor_key = Arc::new(folder.cursor_key()?);
    let limits = Limits {
        pool: PoolLimits {
            connections: available_parallelism().map_or(4, |cores| cores.get().max(4)),
            ..PoolLimits::default()
        },
        ..Limits::default()
    };
    let zone = args.time_zone.clone();
    let pool_limits = limits.pool.clone();
    let (site, warnings, what, is_demo, driver);
    if let (Some(mapping), Some(sqlite)) = (&args.mapping, &args.sqlite) {
        if args.watch {
            return open_watched(watched::Parts {
                id: SITE,
                zone,
                cursor_key,
                limits,
                folder: mapping.clone(),
                database: sqlite.clone(),
                caller: (CALLER, KEY),
                operator,
            });
        }
        let load = |options: &_| load_folder(mapping, options);
        (site, warnings) = open_site(SITE, zone, cursor_key, sqlite, limits, load)?;
        driver = whole(sqlite, site.mapping(), &pool_limits);
        what = format!("{} through {}", sqlite.display(), site.mapping().name);
        is_demo = false;
    } else {
        let options = Options {
            patients: args.patients,
            seed: args.seed,
            today: jiff::Timestamp::now().to_zoned(zone.clone()).date(),
        };
        let path = match folder.find(&options) {
            Some(path) => path,
            None => create(folder, options).await?,
        };
        let load = |options: &_| load_files(embedded::ID, embedded::FILES, options);
        (site, warnings) = open_site(SITE, zone, cursor_key, &path, limits, load)?;
        // It is nobody's: callers' own statements may change it.
        driver = whole(&path, site.mapping(), &pool_limits).writable();
        what = format!(
            "a synthetic practice of {} patients (seed {}), mapped as {}",
            options.patients,
            options.seed,
            site.mapping().name
        );
        is_demo = true;
    }
    if !warnings.is_empty() {
        super::tell(&warnings.render(io::stderr().is_terminal()));
    }
    let site = Arc::new(site);
    let practice = Arc::clone(&site) as Arc<dyn Practice>;
    let stands = Stands::As(Arc::clone(&practice));
    let asked = vec![asked(&site.mapping().pms, stands, driver)];
    Ok(Opened {
        served: Served::new(vec![practice], Keys::new([(CALLER, KEY)]), operator),
        greeting: Greeting::One {
            site,
            what,
            is_demo,
        },
        has_known_key: !is_demo,
        kept_up: None,
        asked,
    })
}

/// One file that stands for all catalogues of a mapping, for statements of callers' own.
fn whole(file: &Path, mapping: &Mapping, limits: &PoolLimits) -> Sqlite {
    match mapping.catalogues.is_empty() {
        true => Sqlite::file(file, limits),
        false => {
            let catalogues = mapping.catalogues.iter();
            Sqlite::files(
                catalogues.map(|name| (Arc::clone(name), file.to_owned())),
                limits,
            )
        }
    }
}

/// The one practice of a server without configuration, as the gateway asks it.
fn asked(product: &str, stands: Stands, driver: Sqlite) -> Asked {
    let declared = Declared {
        id: SiteId(uuid::uuid!(SITE)),
        environment: Environment::Production,
        product: Product::named(product),
        pms_id: None,
        authoritative: None,
        name: None,
        catalogues: driver.catalogues().to_vec(),
    };
    let passthrough = config::Passthrough::default();
    let driver = Arc::new(driver);
    Asked::new(declared, passthrough, stands, driver)
}

/// One SQLite file, through a mapping that is being written: it may have errors, and is then waited for.
fn open_watched(parts: watched::Parts) -> Result<Opened, StartError> {
    let place = format!(
        "{} through {}",
        parts.database.display(),
        parts.folder.display()
    );
    let (database, limits) = (parts.database.clone(), parts.limits.pool.clone());
    let (watched, taken) = Watched::new(parts)?;
    if taken.site.is_none() || !taken.state.problems.is_empty() {
        super::tell(&taken.told);
    }
    // A mapping that cannot be read yet does not say which product it is for.
    let product = taken
        .site
        .as_ref()
        .map(|site| Arc::clone(&site.mapping().pms));
    let product = product.unwrap_or_else(|| Arc::from(place.as_str()));
    let driver = match &taken.site {
        Some(site) => whole(&database, site.mapping(), &limits),
        None => Sqlite::file(&database, &limits),
    };
    let asked = vec![asked(&product, Stands::There, driver)];
    let (served, greeting) = match taken.site {
        Some(site) => (
            watched.serving(&site),
            Greeting::One {
                what: format!("{place}, as it is saved"),
                site,
                is_demo: false,
            },
        ),
        None => (watched.waiting(), Greeting::Waiting { what: place }),
    };
    Ok(Opened {
        served,
        greeting,
        has_known_key: true,
        kept_up: Some(KeptUp::Watched(watched, taken.state)),
        asked,
    })
}

async fn create(folder: &Folder, options: Options) -> Result<PathBuf, StartError> {
    let draft = folder.begin(&options)?;
    let part = draft.part();
    match tokio::task::spawn_blocking(move || demo::write(&part, &options)).await {
        Ok(written) => written?,
        Err(_) => {
            return Err(StartError::Runtime(io::Error::other(
                "the practice was not finished",
            )));
        }
    }
    draft.finish()
}

/// Takes the address without answering on it yet.
fn bind(address: SocketAddr) -> Result<TcpSocket, StartError> {
    let take = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // So that a server that is started again need not wait for the old one's connections to be
        // forgotten. On Windows it would let two programs have one port.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    take().map_err(|error| StartError::listen(address, error))
}

fn listen(socket: TcpSocket, address: SocketAddr) -> Result<TcpListener, StartError> {
    socket
        .listen(BACKLOG)
        .map_err(|error| StartError::listen(address, error))
}

/// Ready at the first interrupt or request to end.
fn signal() -> Result<impl Future<Output = ()>, StartError> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signals)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signals)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            if tokio::signal::ctrl_c().await.is_err() {
                // It cannot be waited for: the server runs until it is ended from outside.
                std::future::pending::<()>().await;
            }
        })
    }
}

/// A message for each SIGHUP.
fn hang_ups() -> Result<mpsc::Receiver<()>, StartError> {
    let (tell, told) = mpsc::channel(1);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hang_up = signal(SignalKind::hangup()).map_err(StartError::Signals)?;
        tokio::spawn(async move {
            while hang_up.recv().await.is_some() {
                // One that waits already says the same.
                let _ = tell.try_send(());
            }
        });
    }
    #[cfg(not(unix))]
    std::mem::forget(tell);
    Ok(told)
}
