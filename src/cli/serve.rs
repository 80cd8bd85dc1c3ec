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

use jiff::tz::TimeZone;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::configured::Configured;
use super::demo::{self, Folder};
use super::open::{Limits, open_site};
use super::{StartError, log, operator_key};
use crate::config::{self, Process};
use crate::demo::{MAX_PATIENTS, Options};
use crate::mapping::{embedded, load_files, load_folder};
use crate::passthrough::Limits as PoolLimits;
use crate::server::{
    self, App, BaseUrl, Keys, OperatorKey, Practice, Served, Setup, explain_base, fhir_base,
};
use crate::site::Site;

/// The one site of a server without configuration.
const SITE: &str = "00000000-0000-4000-8000-000000000001";
/// Its subscription key. It guards synthetic data, or an author's own test database, on one's own machine.
const KEY: &str = "demo-key";
/// Who the key belongs to.
const CALLER: &str = "demo";
/// Where nobody says another.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Serve the practices of this configuration file; it is taken up again when it changes, and on SIGHUP
    #[arg(long, value_name = "FILE", conflicts_with_all = ["mapping", "sqlite", "patients", "seed", "time_zone"])]
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
    /// A folder that keeps the embedded practice, and the key of page links, between starts; without it both are temporary
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Serve a database of your own through the mapping in this folder (with --sqlite)
    #[arg(long, value_name = "DIR", requires = "sqlite", conflicts_with_all = ["patients", "seed"])]
    mapping: Option<PathBuf>,
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
    log::start(args.log)?;
    let mut plan = Plan::of(&args)?;
    let metrics = server::install_metrics()?;
    let runtime = Runtime::new().map_err(StartError::Runtime)?;
    let served = runtime.block_on(async {
        let mut stop = std::pin::pin!(signal()?);
        let socket = bind(plan.listen)?;
        let folder = Folder::open(plan.data.as_deref())?;
        let opened = tokio::select! {
            // A practice that is being written goes with its draft, a temporary folder with `folder`.
            () = &mut stop => return Ok(()),
            opened = plan.open(&args, &folder) => opened?,
        };
        let listener = listen(socket, plan.listen)?;
        let listening = listener
            .local_addr()
            .map_err(|error| StartError::listen(plan.listen, error))?;
        let app = Arc::new(App::new(Setup {
            served: opened.served,
            base_url: plan.base_url,
            listening,
            limits: server::Limits::default(),
            metrics: Some(metrics),
        }));
        if opened.has_known_key && !plan.listen.ip().is_loopback() {
            super::tell("warning: whoever reaches this address reads the database, for the key is in the documentation");
        }
        // Nobody need read the greeting.
        let _ = super::print(&opened.greeting.text(&app));
        if let Some(configured) = opened.configured {
            tokio::spawn(configured.keep_up(Arc::clone(&app), hang_ups()?));
        }
        server::serve(listener, app, stop).await;
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
    data: Option<PathBuf>,
    operator: Option<OperatorKey>,
    read: Option<config::Read>,
}

impl Plan {
    fn of(args: &Args) -> Result<Plan, StartError> {
        let colour = io::stderr().is_terminal();
        let mut plan = Plan {
            listen: LISTEN,
            base_url: args.base_url.clone(),
            data: args.data.clone(),
            operator: operator_key::read(args.operator_key_file.as_deref())?,
            read: None,
        };
        if let Some(path) = &args.config {
            let mut read = config::read(path, &Process)
                .map_err(|problems| StartError::Config(problems.render(colour)))?;
            super::config::tell_warnings(&read, colour);
            plan.listen = read.config.listen.unwrap_or(LISTEN);
            plan.base_url = plan.base_url.or_else(|| read.config.base_url.clone());
            plan.data = plan.data.or_else(|| read.config.data.clone());
            if plan.operator.is_some() {
                read.config.operator_key = plan.operator.take();
            }
            plan.read = Some(read);
        }
        plan.listen = args.listen.unwrap_or(plan.listen);
        Ok(plan)
    }

    async fn open(&mut self, args: &Args, folder: &Folder) -> Result<Opened, StartError> {
        match (self.read.take(), &args.config) {
            (Some(read), Some(path)) => open_configured(path, read, folder).await,
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
    /// What keeps up with the configuration file.
    configured: Option<Configured>,
}

/// The practices of a configuration file. One whose database cannot be had is served when it can.
async fn open_configured(
    path: &Path,
    read: config::Read,
    folder: &Folder,
) -> Result<Opened, StartError> {
    let cursor_key = Arc::new(folder.cursor_key()?);
    let has_operator = read.config.operator_key.is_some();
    let (configured, served) = Configured::new(path, read, cursor_key)?;
    let lines = configured.open_all().await;
    Ok(Opened {
        served,
        greeting: Greeting::Configured {
            path: path.to_owned(),
            lines,
            has_operator,
        },
        has_known_key: false,
        configured: Some(configured),
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
    let (site, warnings, what, is_demo);
    if let (Some(mapping), Some(sqlite)) = (&args.mapping, &args.sqlite) {
        let load = |options: &_| load_folder(mapping, options);
        (site, warnings) = open_site(SITE, zone, cursor_key, sqlite, limits, load)?;
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
    Ok(Opened {
        served: Served::new(vec![practice], Keys::new([(CALLER, KEY)]), operator),
        greeting: Greeting::One {
            site,
            what,
            is_demo,
        },
        has_known_key: !is_demo,
        configured: None,
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

/// What a person reads when the server has started.
enum Greeting {
    One {
        site: Arc<Site>,
        what: String,
        is_demo: bool,
    },
    Configured {
        path: PathBuf,
        /// What became of each site.
        lines: Vec<String>,
        has_operator: bool,
    },
}

impl Greeting {
    fn text(&self, app: &App) -> String {
        match self {
            Greeting::One {
                site,
                what,
                is_demo,
            } => greeting(site, app, what, *is_demo),
            Greeting::Configured {
                path,
                lines,
                has_operator,
            } => {
                let root = app.root_url();
                let explain = match has_operator {
                    true => format!("explain     {}/{{path}}?…\n", explain_base(&root, "{site}")),
                    false => String::new(),
                };
                let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
                format!(
                    "Serving the sites of {}\n\nFHIR base   {}\n{explain}\nSites:\n{lines}\nReady; stop with Ctrl-C.\n",
                    path.display(),
                    fhir_base(&root, "{site}"),
                )
            }
        }
    }
}

/// Where it is, with what key, and what to try: searches that have results.
fn greeting(site: &Site, app: &App, what: &str, is_demo: bool) -> String {
    let root = app.root_url();
    let base = fhir_base(&root, SITE);
    let explain = if app.has_operator() {
        format!(
            "explain     {}/{{path}}?… with Authorization: Bearer and the operator's key\n",
            explain_base(&root, SITE)
        )
    } else {
        String::new()
    };
    let searches: Vec<String> = if is_demo {
        let today = jiff::Timestamp::now().to_zoned(site.zone().clone()).date();
        vec![
            "Patient?family=smith".to_owned(),
            format!("Appointment?date=ge{today}&_sort=date&_count=5"),
            "Practitioner?_count=5".to_owned(),
        ]
    } else {
        let types = site.mapping().resources.keys().take(3);
        types.map(|name| format!("{name}?_count=5")).collect()
    };
    let tries: Vec<String> = searches
        .iter()
        .map(|search| {
            format!("  curl -H 'Ocp-Apim-Subscription-Key: {KEY}' '{base}/{search}&_pretty=true'\n")
        })
        .collect();
    format!(
        "Serving {what}\n\n\
         FHIR base   {base}\n\
         key         {KEY}\n\
         time zone   {}\n\
         {explain}\n\
         Try:\n{}\n\
         Ready; stop with Ctrl-C.\n",
        site.zone_name(),
        tries.concat()
    )
}
