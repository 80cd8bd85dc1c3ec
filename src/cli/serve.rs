//! `pilaster serve`: options → a server, until it is told to stop.
//!
//! The order is that of what can fail soonest: the log, the operator's key, the address, the folder, the mapping, and only
//! then the practice, which may take a minute. The address is taken before that minute but answers only after
//! it, so that nothing is served half done. A signal ends any of it, and temporary files go with it.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;

use jiff::tz::TimeZone;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;

use super::demo::{self, Folder};
use super::open::{Limits, open_site};
use super::{StartError, log, operator_key};
use crate::demo::{MAX_PATIENTS, Options};
use crate::mapping::{Diagnostics, embedded, load_files, load_folder};
use crate::passthrough::Limits as PoolLimits;
use crate::server::{self, App, BaseUrl, Keys, Practice, Setup, explain_base, fhir_base};
use crate::site::Site;

/// The one site of a server without configuration.
const SITE: &str = "00000000-0000-4000-8000-000000000001";
/// Its subscription key. It guards synthetic data, or an author's own test database, on one's own machine.
const KEY: &str = "demo-key";
/// Who the key belongs to.
const CALLER: &str = "demo";
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The address and port to listen on; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
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
    let operator = operator_key::read(args.operator_key_file.as_deref())?;
    let metrics = server::install_metrics()?;
    let runtime = Runtime::new().map_err(StartError::Runtime)?;
    let served = runtime.block_on(async {
        let mut stop = std::pin::pin!(signal()?);
        let socket = bind(args.listen)?;
        let folder = Folder::open(args.data.as_deref())?;
        let opened = tokio::select! {
            // A practice that is being written goes with its draft, a temporary folder with `folder`.
            () = &mut stop => return Ok(()),
            opened = open(&args, &folder) => opened?,
        };
        let listener = listen(socket, args.listen)?;
        let listening = listener
            .local_addr()
            .map_err(|error| StartError::listen(args.listen, error))?;
        let site = Arc::new(opened.site);
        let app = Arc::new(App::new(Setup {
            sites: vec![Arc::clone(&site) as Arc<dyn Practice>],
            keys: Keys::new([(CALLER, KEY)]),
            operator,
            base_url: args.base_url.clone(),
            listening,
            limits: server::Limits::default(),
            metrics: Some(metrics),
        }));
        if !opened.warnings.is_empty() {
            super::tell(&opened.warnings.render(io::stderr().is_terminal()));
        }
        if !opened.is_demo && !args.listen.ip().is_loopback() {
            super::tell("warning: whoever reaches this address reads the database, for the key is in the documentation");
        }
        // Nobody need read the greeting.
        let _ = super::print(&greeting(&site, &app, &opened.what, opened.is_demo));
        server::serve(listener, app, stop).await;
        Ok(())
    });
    // A practice that is still being written is not waited for.
    runtime.shutdown_background();
    served
}

/// What is to be served.
struct Opened {
    site: Site,
    warnings: Diagnostics,
    /// For the greeting.
    what: String,
    is_demo: bool,
}

async fn open(args: &Args, folder: &Folder) -> Result<Opened, StartError> {
    let cursor_key = Arc::new(folder.cursor_key()?);
    let limits = Limits {
        pool: PoolLimits {
            connections: available_parallelism().map_or(4, |cores| cores.get().max(4)),
            ..PoolLimits::default()
        },
        ..Limits::default()
    };
    let zone = args.time_zone.clone();
    if let (Some(mapping), Some(sqlite)) = (&args.mapping, &args.sqlite) {
        let load = |options: &_| load_folder(mapping, options);
        let (site, warnings) = open_site(SITE, zone, cursor_key, sqlite, limits, load)?;
        return Ok(Opened {
            what: format!("{} through {}", sqlite.display(), site.mapping().name),
            site,
            warnings,
            is_demo: false,
        });
    }
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
    let (site, warnings) = open_site(SITE, zone, cursor_key, &path, limits, load)?;
    Ok(Opened {
        what: format!(
            "a synthetic practice of {} patients (seed {}), mapped as {}",
            options.patients,
            options.seed,
            site.mapping().name
        ),
        site,
        warnings,
        is_demo: true,
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
