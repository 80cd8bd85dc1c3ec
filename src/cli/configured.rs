//! `pilaster serve --config`: a configuration file → the practices that are served, and those that are served when
//! it changes.
//!
//! The file is taken up again on SIGHUP, and when it, a secret's file or a mapping's file has changed. A site whose
//! entry is as it was goes on with its connections; one that has changed begins anew; a file with problems changes
//! nothing. What a running server cannot change is said, key by key.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::cloud::{Asked, Stands, State};
use super::files::{Files, look, look_at_folder};
use super::watched::{self, Looked};
use super::{StartError, tell};
use crate::config::{self, Config, Drivers, MappingSource, Process, Read, SiteEntry, StateKey};
use crate::cursor::CursorKey;
use crate::gateway::enrich::Known;
use crate::gateway::integrator::AddressRange;
use crate::gateway::rate::RateLimit;
use crate::gateway::service as gateway;
use crate::mapping::{Diagnostics, Options};
use crate::passthrough::Pool;
use crate::server::{
    App, Keeper, KeeperConfig, Keys, MappingProblem, MappingState, Practice, Served,
};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(2);

/// The practices of a configuration file, each with what it was made of.
pub(super) struct Configured {
    path: PathBuf,
    /// The folder of data that is named beside the file.
    data: Option<PathBuf>,
    cursor_key: Arc<CursorKey>,
    sites: HashMap<String, Kept>,
    /// The files that it was read from.
    files: Vec<PathBuf>,
    /// The folders of the mappings that it names.
    folders: Vec<PathBuf>,
    /// These files, and those in the folders, when they were last taken up.
    looked: Looked,
    /// An author is at work: what is saved is taken up at once, and what is wrong with it is shown.
    watch: Option<Watch>,
    /// What the server was started with.
    fixed: Fixed,
    /// What the command line says; it counts before the file.
    rate: Option<RateLimit>,
    drivers: Drivers,
}

/// Where a configuration comes from, and how.
pub(super) struct Source<'p> {
    pub path: &'p Path,
    /// A folder of data that is named beside it.
    pub data: Option<PathBuf>,
    pub is_watched: bool,
    /// The rate that the command line says, which counts before the file's.
    pub rate: Option<RateLimit>,
}

struct Kept {
    entry: SiteEntry,
    /// Of the mapping's files, as they were read.
    mapping: Files,
    keeper: Arc<Keeper>,
    /// As the gateway asks it; None where the id is no GUID, which a file's always is.
    asked: Option<Arc<Asked>>,
}

/// What a configuration gives.
struct Taken {
    sites: HashMap<String, Kept>,
    served: Served,
    /// Those that are new.
    fresh: Vec<Arc<Keeper>>,
}

/// What an author is told.
#[derive(Default)]
struct Watch {
    /// How often the configuration has been taken up.
    revision: u64,
    broken_since: Option<Instant>,
}

/// What a running server cannot change: what `config keys` marks as taken up at a start only.
struct Fixed {
    listen: Option<std::net::SocketAddr>,
    base_url: Option<String>,
    trusted_proxies: Vec<AddressRange>,
    data: Option<PathBuf>,
    explorer: Option<bool>,
    state_key: Option<StateKey>,
    audit_retention: Duration,
}

impl Fixed {
    fn of(config: &Config) -> Fixed {
        Fixed {
            listen: config.listen,
            base_url: config.base_url.as_ref().map(ToString::to_string),
            trusted_proxies: config.trusted_proxies.clone(),
            data: config.data.clone(),
            explorer: config.explorer,
            state_key: config.cloud.state_key.clone(),
            audit_retention: config.cloud.audit_retention,
        }
    }

    /// The keys that are otherwise in another configuration, as the file names them.
    fn others(&self, other: &Fixed) -> Vec<&'static str> {
        let all = [
            ("listen", self.listen == other.listen),
            ("base-url", self.base_url == other.base_url),
            (
                "trusted-proxies",
                self.trusted_proxies == other.trusted_proxies,
            ),
            ("data", self.data == other.data),
            (
                "explorer",
                self.explorer.unwrap_or_default() == other.explorer.unwrap_or_default(),
            ),
            ("state-key", self.state_key == other.state_key),
            (
                "[audit] retention-days",
                self.audit_retention == other.audit_retention,
            ),
        ];
        let others = all.into_iter().filter(|(_, is_same)| !is_same);
        others.map(|(name, _)| name).collect()
    }
}

fn files_of(mapping: &MappingSource) -> Files {
    match mapping {
        MappingSource::Folder(folder) => look_at_folder(folder),
        MappingSource::Embedded => Files::new(),
    }
}

/// The folders of the mappings that a configuration names.
fn folders(config: &Config) -> Vec<PathBuf> {
    let folder = |site: &SiteEntry| match &site.mapping {
        MappingSource::Folder(folder) => Some(folder.clone()),
        MappingSource::Embedded => None,
    };
    config.sites.iter().filter_map(folder).collect()
}

impl Configured {
    /// The practices of a file that was read, none of them open. To be called on a runtime.
    ///
    /// # Errors
    /// Where a driver cannot be made.
    pub(super) fn new(
        source: Source<'_>,
        read: Read,
        cursor_key: Arc<CursorKey>,
    ) -> Result<(Configured, Served), StartError> {
        let mut configured = Configured {
            path: source.path.to_owned(),
            data: source.data,
            cursor_key,
            sites: HashMap::new(),
            files: Vec::new(),
            folders: Vec::new(),
            looked: Looked::default(),
            watch: source.is_watched.then(Watch::default),
            fixed: Fixed::of(&read.config),
            rate: source.rate,
            drivers: Drivers::new(Handle::current()),
        };
        configured.mind(read.config.files.clone(), folders(&read.config));
        let taken = configured.take(read.config)?;
        configured.sites = taken.sites;
        Ok((configured, taken.served))
    }

    /// Keeps what is as it was, makes what is new, and leaves out the rest.
    fn take(&mut self, config: Config) -> Result<Taken, StartError> {
        let mut sites = HashMap::new();
        let mut fresh = Vec::new();
        for entry in config.sites {
            let mapping = files_of(&entry.mapping);
            let known = self.sites.get(&entry.id);
            let (keeper, asked) = match known {
                Some(kept) if kept.entry == entry && kept.mapping == mapping => {
                    (Arc::clone(&kept.keeper), kept.asked.clone())
                }
                _ => {
                    let (keeper, asked) = self.keeper(&entry)?;
                    fresh.push(Arc::clone(&keeper));
                    (keeper, asked.map(Arc::new))
                }
            };
            let kept = Kept {
                mapping,
                keeper,
                asked,
                entry,
            };
            sites.insert(kept.entry.id.clone(), kept);
        }
        let practices = sites
            .values()
            .map(|kept| Arc::clone(&kept.keeper) as Arc<dyn Practice>);
        let keys = config.keys.iter();
        let keys = keys.map(|key| (&*key.caller, key.secret.reveal(), key.environment));
        let served = Served::new(
            practices.collect(),
            Keys::of_environments(keys),
            config.operator_key,
        );
        Ok(Taken {
            sites,
            served,
            fresh,
        })
    }

    fn keeper(&mut self, entry: &SiteEntry) -> Result<(Arc<Keeper>, Option<Asked>), StartError> {
        // As it is now: what is written into its files later is taken up with the configuration, or not at all.
        let broken = |all| StartError::SiteMapping {
            id: entry.id.clone(),
            problems: Box::new(all),
        };
        let mapping = entry.mapping.snapshot().map_err(broken)?;
        let loaded = mapping.load(&Options::default());
        let loaded = loaded.map_err(|all| broken(entry.mapping.named(all)))?;
        let no_driver = |source| StartError::Driver {
            id: entry.id.clone(),
            source,
        };
        let engine = loaded.mapping.engine;
        let driver = self.drivers.of(entry, engine).map_err(no_driver)?;
        let own = self
            .drivers
            .of_passthrough(entry, engine)
            .map_err(no_driver)?;
        let keeper = Keeper::new(KeeperConfig {
            id: entry.id.clone(),
            name: entry.name.clone(),
            zone: entry.zone.clone(),
            count: entry.count,
            cursor_key: Arc::clone(&self.cursor_key),
            mapping: Arc::new(loaded.mapping),
            load: Box::new(move |options| mapping.load(options)),
            pool: Arc::new(Pool::of_site(
                &entry.id,
                Arc::clone(&driver),
                entry.limits.clone(),
            )),
        });
        let asked = entry.declared().map(|declared| {
            Asked::new(
                declared,
                entry.passthrough.clone(),
                Stands::As(Arc::clone(&keeper) as Arc<dyn Practice>),
                own.unwrap_or(driver),
            )
        });
        Ok((keeper, asked))
    }

    /// The practices as the gateway has them.
    pub(super) fn asked(&self, known: &Arc<Known>) -> Vec<gateway::Practice> {
        let asked = self.sites.values().filter_map(|kept| kept.asked.as_ref());
        asked.map(|asked| asked.practice(known)).collect()
    }

    /// Tries to open each site once, all at the same time; those that cannot be are tried on. A line for each: what
    /// became of it.
    pub(super) async fn open_all(&self) -> Vec<String> {
        let keepers = self.sites.values().map(|kept| Arc::clone(&kept.keeper));
        let became = open(keepers.collect()).await;
        let mut lines: Vec<String> = became.iter().map(Became::to_string).collect();
        lines.sort();
        lines
    }

    /// All files that matter, as they are now.
    fn look(&self) -> Files {
        let mut files = look(self.files.iter().cloned());
        for folder in &self.folders {
            files.extend(look_at_folder(folder));
        }
        files.sort();
        files
    }

    /// Looks at these from now on. Those that were looked at before count as they were then: what was written into them
    /// while they were read is seen as a change.
    fn mind(&mut self, files: Vec<PathBuf>, mut folders: Vec<PathBuf>) {
        folders.sort();
        folders.dedup();
        (self.files, self.folders) = (files, folders);
        let before: HashMap<_, _> = std::mem::take(&mut self.looked.taken).into_iter().collect();
        let mut now = self.look();
        for (path, seen) in &mut now {
            if let Some(known) = before.get(path) {
                *seen = *known;
            }
        }
        self.looked.taken = now;
    }

    /// What there is to try: the id of a site, and a type that it serves.
    pub(super) fn example(&self) -> Option<(String, &'static str)> {
        let mut ids: Vec<_> = self.sites.keys().collect();
        ids.sort();
        ids.into_iter().find_map(|id| {
            let types = self.sites.get(id)?.keeper.resources();
            let patients = types.iter().find(|name| **name == "Patient");
            Some((id.clone(), *patients.or(types.first())?))
        })
    }

    /// Looks at the files from time to time, and at once when it is told to; takes up what has changed.
    pub(super) async fn keep_up(
        mut self,
        app: Arc<App>,
        state: Arc<State>,
        mut told: mpsc::Receiver<()>,
    ) {
        let pause = match self.watch {
            Some(_) => watched::LOOK,
            None => LOOK,
        };
        if self.watch.is_some() {
            app.tell_mapping(MappingState::served(0, Vec::new()));
        }
        loop {
            let is_told = tokio::select! {
                // Where nobody can tell any more, time goes on.
                Some(()) = told.recv() => true,
                () = tokio::time::sleep(pause) => false,
            };
            // Folders may be far away.
            let now = tokio::task::block_in_place(|| self.look());
            // A file that has problems is not looked at again before it changes.
            if is_told {
                self.looked.taken = now;
            } else if !self.looked.settles(now) {
                continue;
            }
            self.reload(&app, &state).await;
            if is_told {
                // The database may have changed, too.
                self.sites.values().for_each(|kept| kept.keeper.look());
            }
        }
    }

    async fn reload(&mut self, app: &App, state: &State) {
        let began = Instant::now();
        let (path, data) = (self.path.clone(), self.data.clone());
        let read = move || config::read_to_serve(&path, &Process, data.as_deref());
        let read = tokio::task::spawn_blocking(read).await;
        let read = match read {
            Ok(Ok(read)) => read,
            Ok(Err(problems)) => {
                // What is mended there is taken up, also where the file itself stays as it is.
                let more = |known: &[PathBuf], named: &[PathBuf]| {
                    let new = named.iter().filter(|path| !known.contains(path));
                    known.iter().chain(new).cloned().collect()
                };
                let files = more(&self.files, &problems.files);
                let folders = more(&self.folders, &problems.folders);
                tokio::task::block_in_place(|| self.mind(files, folders));
                let all = problems.mappings.iter().chain([&problems.file]);
                let found = all.flat_map(MappingProblem::of).collect();
                let told = |colour| problems.render(colour);
                return self.broken(app, found, told);
            }
            Err(_) => return,
        };
        let config = read.config;
        let others = self.fixed.others(&Fixed::of(&config));
        let rate = self
            .rate
            .unwrap_or_else(|| RateLimit::of(config.cloud.rate_limit));
        let private_webhooks = config.cloud.private_webhooks;
        let taken = tokio::task::block_in_place(|| {
            self.mind(config.files.clone(), folders(&config));
            self.take(config)
        });
        match taken {
            Ok(Taken {
                sites,
                served,
                mut fresh,
            }) => {
                // What an author has asked for goes on being answered while what is new is opened, and where it cannot be.
                if self.watch.is_some() {
                    let opened = std::mem::take(&mut fresh);
                    let became = open(opened.clone()).await;
                    let closed = self.fallen(&opened, &became);
                    if !closed.is_empty() {
                        let found = closed.iter().cloned().map(MappingProblem::error);
                        return self.broken(app, found.collect(), |_| closed.join("\n"));
                    }
                    became.iter().for_each(|one| tracing::info!("{one}"));
                }
                self.sites = sites;
                app.serve(served);
                state.gateway.serve(self.asked(&state.known));
                state.gateway.go_by(rate, private_webhooks);
                if !others.is_empty() {
                    tracing::warn!(
                        "changed, and taken up at the next start only: {}",
                        others.join(", ")
                    );
                }
                tracing::info!(
                    sites = self.sites.len(),
                    new = fresh.len(),
                    "configuration taken up"
                );
                self.taken_up(app, &read.mapping_warnings, began);
                // Who is slow to open does not keep the next change waiting.
                tokio::spawn(async move {
                    for one in open(fresh).await {
                        tracing::info!("{one}");
                    }
                });
            }
            Err(error) => {
                let found = match &error {
                    StartError::SiteMapping { problems, .. } => MappingProblem::of(problems),
                    other => vec![MappingProblem::error(other.to_string())],
                };
                self.broken(app, found, |_| error.to_string());
            }
        }
    }

    /// Of sites that were opened anew, what became of those that are served until now and could not be: a line each.
    fn fallen(&self, opened: &[Arc<Keeper>], became: &[Became]) -> Vec<String> {
        let is_fallen = |(keeper, one): &(&Arc<Keeper>, &Became)| {
            let before = self.sites.get(&one.id);
            !keeper.is_up() && before.is_some_and(|kept| kept.keeper.is_up())
        };
        let fallen = opened.iter().zip(became).filter(is_fallen);
        fallen.map(|(_, one)| one.to_string()).collect()
    }

    /// Says that nothing was taken up, and why.
    fn broken(
        &mut self,
        app: &App,
        found: Vec<MappingProblem>,
        render: impl FnOnce(bool) -> String,
    ) {
        let Some(watch) = &mut self.watch else {
            let problems = render(false);
            tracing::error!("the configuration has problems and is not taken up:\n{problems}");
            return;
        };
        watch.broken_since.get_or_insert_with(Instant::now);
        app.tell_mapping(MappingState::broken(watch.revision, found));
        let told = render(io::stderr().is_terminal());
        tell(&format!(
            "{told}\n\nmapping broken: what was good is served on\n"
        ));
    }

    /// Says to an author that what was saved is served.
    fn taken_up(&mut self, app: &App, warnings: &[Diagnostics], began: Instant) {
        let Some(watch) = &mut self.watch else { return };
        watch.revision += 1;
        let found = warnings.iter().flat_map(MappingProblem::of).collect();
        app.tell_mapping(MappingState::served(watch.revision, found));
        for warnings in warnings.iter().filter(|all| !all.is_empty()) {
            tell(&warnings.render(io::stderr().is_terminal()));
        }
        tell(&watched::taken_up(
            began.elapsed(),
            watch.broken_since.take(),
        ));
    }
}

/// How long the start waits for sites to open: one that takes longer is served when it is open.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a site that was to be opened: a line of a log.
struct Became {
    id: String,
    what: String,
}

impl fmt::Display for Became {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.id, self.what)
    }
}

/// Opens sites, all at the same time; what became of each, in their order.
async fn open(keepers: Vec<Arc<Keeper>>) -> Vec<Became> {
    let until = tokio::time::Instant::now() + PATIENCE;
    let opening: Vec<_> = keepers
        .into_iter()
        .map(|keeper| {
            let id = Practice::id(&*keeper).to_owned();
            let opened = tokio::spawn(async move {
                match keeper.open().await {
                    Some(Err(error)) => {
                        let id = Practice::id(&*keeper);
                        tracing::warn!(site = %id, "site closed, and tried again from time to time: {error}");
                        keeper.keep_trying();
                        format!("closed, and tried again from time to time: {error}")
                    }
                    _ => "open".to_owned(),
                }
            });
            (id, opened)
        })
        .collect();
    let mut all = Vec::new();
    for (id, opened) in opening {
        let what = match tokio::time::timeout_at(until, opened).await {
            Ok(Ok(what)) => what,
            _ => "not open yet".to_owned(),
        };
        all.push(Became { id, what });
    }
    all
}
