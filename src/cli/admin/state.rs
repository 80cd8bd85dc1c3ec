//! Where the state is → the state, open; and what is asked and changed there.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use tokio::runtime::{self, Runtime};

use super::failure::AdminError;
use crate::config::{self, Config, Process, SiteEntry};
use crate::gateway::id::SiteId;
use crate::gateway::link::Later;
use crate::gateway::moment::Moment;
use crate::gateway::site::Product;
use crate::gateway::webhook::Delivery;
use crate::journal::{Entry, Journal, Retention};
use crate::store::seal::SealKey;
use crate::store::sqlite::{DATABASE_FILE, SqliteStore};
use crate::store::{Change, DeliveryFilter, Directory, Store, StoreError};

/// How long a journal that is opened here is kept: as long as can be. What is past its retention is the server's to remove.
pub(super) const KEPT: Retention = Retention { days: 36_525 };

/// Where the state is.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The server's folder of data, which holds the state
    #[arg(
        long,
        global = true,
        help_heading = "Where the state is",
        value_name = "DIR"
    )]
    data: Option<PathBuf>,
    /// The server's configuration, which names the folder of data (unless --data does) and knows the sites
    #[arg(
        long,
        global = true,
        help_heading = "Where the state is",
        value_name = "FILE"
    )]
    config: Option<PathBuf>,
}

/// What a command needs of the state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// It is begun where there is none.
    pub(super) begins: bool,
    /// Of the configuration, what the mappings say too.
    pub(super) mappings: Mappings,
}

/// Whether the configuration's mappings are read. One that is being worked on is no reason not to manage keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mappings {
    NotRead,
    /// Where nothing is wrong with them.
    Welcome,
    Needed,
}

impl Place {
    /// The folder alone.
    ///
    /// # Errors
    /// As [`Place::look_up`]
    pub(super) fn folder(&self) -> Result<PathBuf, AdminError> {
        let wanted = Wanted {
            begins: false,
            mappings: Mappings::NotRead,
        };
        self.look_up(wanted).map(|(folder, _)| folder)
    }

    /// The folder, and what the configuration says where one is named.
    ///
    /// # Errors
    /// [`AdminError::NoFolder`], [`AdminError::NoData`], [`AdminError::Config`]
    fn look_up(&self, wanted: Wanted) -> Result<(PathBuf, Option<Configured>), AdminError> {
        let Some(path) = &self.config else {
            let folder = self.data.clone().ok_or(AdminError::NoFolder)?;
            return Ok((folder, None));
        };
        let mapped = match wanted.mappings {
            Mappings::NotRead => None,
            Mappings::Welcome | Mappings::Needed => Some(config::read(path, &Process)),
        };
        let (read, has_mappings) = match mapped {
            Some(read) if read.is_ok() || wanted.mappings == Mappings::Needed => (read, true),
            _ => (config::read_unmapped(path, &Process), false),
        };
        let colour = io::stderr().is_terminal();
        let read = read.map_err(|problems| AdminError::Config(problems.render(colour)))?;
        let folder = self.data.as_ref().or(read.config.data.as_ref());
        let folder = folder.ok_or_else(|| AdminError::NoData { path: path.clone() })?;
        let folder = folder.clone();
        let configured = Configured {
            path: path.clone(),
            config: read.config,
            has_mappings,
        };
        Ok((folder, Some(configured)))
    }
}

/// What the configuration says.
struct Configured {
    path: PathBuf,
    config: Config,
    /// With what its mappings say.
    has_mappings: bool,
}

/// The state, as commands see it.
pub(super) struct State {
    runtime: Runtime,
    store: Box<dyn Store>,
    folder: PathBuf,
    /// Where one was named.
    configured: Option<Configured>,
    pub(super) now: Moment,
}

impl State {
    /// Opens it.
    ///
    /// # Errors
    /// As [`Place::look_up`]; [`AdminError::NoState`], and why it cannot be opened.
    pub(super) fn open(place: &Place, wanted: Wanted) -> Result<State, AdminError> {
        let (folder, configured) = place.look_up(wanted)?;
        let is_new = !is_usable(&folder.join(DATABASE_FILE), true)?;
        if is_new {
            if !wanted.begins {
                return Err(AdminError::NoState { folder });
            }
            make(&folder)?;
        }
        let named = configured.as_ref();
        let named = named.and_then(|it| it.config.cloud.state_key.as_ref());
        let key = match named {
            Some(key) => SealKey::from_bytes(*key.reveal()),
            None => SealKey::kept_in(&folder)?,
        };
        let store = SqliteStore::open(&folder, key)?;
        if is_new {
            // A misspelt folder is seen at once.
            super::super::tell(&format!("began a new state in {}", folder.display()));
        }
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        Ok(State {
            runtime: runtime.map_err(AdminError::Runtime)?,
            store: Box::new(store),
            folder,
            configured,
            now: Moment::now(),
        })
    }

    /// Who may ask whom, as it is now.
    pub(super) fn directory(&self) -> Result<Directory, AdminError> {
        Ok(self.runtime.block_on(self.store.directory())?)
    }

    /// Makes a change to the directory, and notes it in the journal.
    pub(super) fn change(&self, change: Change) -> Result<(), AdminError> {
        let entry = Entry::of_change(&change);
        self.noted(&entry, self.store.change(change))
    }

    /// Lets failed messages of a filter wait again, and notes that in the journal. How many they are.
    pub(super) fn redeliver(
        &self,
        filter: DeliveryFilter,
        entry: &Entry,
    ) -> Result<usize, AdminError> {
        self.noted(entry, self.store.redeliver(filter, self.now))
    }

    /// Does something, and notes it in the journal. All that is changed is changed here.
    fn noted<T>(
        &self,
        entry: &Entry,
        done: Later<'_, Result<T, StoreError>>,
    ) -> Result<T, AdminError> {
        // First: where there is no journal nothing is done. What is done and then not noted is told.
        let journal = Journal::open(&self.folder, KEPT)?;
        let done = self.runtime.block_on(done)?;
        let noted = self.runtime.block_on(journal.record(entry));
        noted.map_err(AdminError::NotNoted)?;
        Ok(done)
    }

    /// Messages to webhooks, the newest first.
    pub(super) fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<Delivery>, AdminError> {
        Ok(self.runtime.block_on(self.store.deliveries(filter))?)
    }

    /// The configuration with its path, where one was named.
    pub(super) fn config(&self) -> Option<(&Path, &Config)> {
        let Configured { path, config, .. } = self.configured.as_ref()?;
        Some((path, config))
    }

    /// The products of the configuration's sites; none where none was named, or what its mappings say could not be read.
    pub(super) fn products(&self) -> Option<Vec<&Product>> {
        let Configured { config, .. } = self.configured.as_ref().filter(|it| it.has_mappings)?;
        let products = config.sites.iter().map(|site| &site.identity.product);
        Some(products.collect())
    }

    /// The sites of the configuration; none where none was named.
    pub(super) fn sites(&self) -> &[SiteEntry] {
        self.config().map_or(&[], |(_, config)| &config.sites)
    }

    /// A site's entry in the configuration.
    pub(super) fn site(&self, id: SiteId) -> Option<&SiteEntry> {
        let id = id.to_string();
        self.sites().iter().find(|site| site.id == id)
    }

    /// Whether messages may go to private addresses.
    pub(super) fn allows_private_webhooks(&self) -> bool {
        self.config()
            .is_some_and(|(_, config)| config.cloud.private_webhooks)
    }

    /// What is odd about a site: the configuration does not have it.
    pub(super) fn warn_of_site(&self, id: SiteId) -> Option<String> {
        let (path, _) = self.config()?;
        let is_there = self.site(id).is_some();
        (!is_there).then(|| format!("warning: {} has no site {id}", path.display()))
    }
}

/// Whether a file is there; it can be read then, and with `writes` be written.
///
/// # Errors
/// [`AdminError::File`]: before SQLite is asked, which says no more than that it cannot open it.
pub(super) fn is_usable(path: &Path, writes: bool) -> Result<bool, AdminError> {
    let opened = OpenOptions::new().read(true).write(writes).open(path);
    match opened {
        Ok(_) => Ok(true),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(AdminError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

/// The folder of a state that is to be begun.
fn make(folder: &Path) -> Result<(), AdminError> {
    std::fs::create_dir_all(folder).map_err(|source| AdminError::Folder {
        path: folder.to_owned(),
        source,
    })
}
