//! The configuration file: which practices are served, to whom, and how each is reached.
//!
//! Takes a TOML file; gives a [`Config`], or all of its problems at once, each with its place. Nothing is connected to:
//! whether a server is there shows when it is asked. A secret is named, never written: an environment variable or a
//! file holds it, and no message shows what stands in either, nor a line of the file in which somebody wrote one.

mod callers;
mod cloud;
mod drivers;
mod keys;
mod mask;
mod passthrough;
mod practice;
mod read;
pub mod rules;
mod secrets;
mod server;
mod site;
#[cfg(test)]
mod tests;
mod twice;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::gateway::integrator;
use crate::gateway::site::Declared;
use crate::mapping::{Diagnostics, Folder, Loaded, Options, embedded, load_files};
use crate::passthrough::Limits;
use crate::plan::CountLimits;
use crate::secret::Secret;
use crate::server::{BaseUrl, OperatorKey};

pub use cloud::{Cloud, StateKey};
pub use drivers::{DriverError, Drivers};
pub use keys::page as keys_page;
pub use passthrough::Passthrough;
pub use practice::Identity;
pub use server::{
    FirebirdServer, MssqlLogin, MssqlServer, OdbcServer, Server, Trust, UpstreamServer,
};

/// The longest file, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// What a server is started with, and what it takes up again when the file changes.
#[derive(Debug)]
pub struct Config {
    pub listen: Option<SocketAddr>,
    pub base_url: Option<BaseUrl>,
    /// Proxies that say in `X-Forwarded-For` whom they speak for.
    pub trusted_proxies: Vec<integrator::AddressRange>,
    /// Keeps the key of page links between starts.
    pub data: Option<PathBuf>,
    pub operator_key: Option<OperatorKey>,
    /// The page at `/` is there.
    pub explorer: Option<bool>,
    /// Callers with their subscription keys.
    pub keys: Vec<KeyEntry>,
    pub sites: Vec<SiteEntry>,
    pub cloud: Cloud,
    /// The files that it was read from: itself, and those of the secrets.
    pub files: Vec<PathBuf>,
}

/// A caller's subscription key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    pub caller: String,
    pub secret: Secret,
    /// Where it counts; None: in both.
    pub environment: Option<integrator::Environment>,
}

/// A practice, as its entry says.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteEntry {
    /// A GUID, in lower case.
    pub id: String,
    /// The practice's name, for people.
    pub name: Option<String>,
    /// As the API knows it.
    pub identity: Identity,
    pub mapping: MappingSource,
    pub zone: TimeZone,
    pub server: Server,
    /// Catalogue and database (its name on the server, or its path), the default one first. The name is empty where
    /// the mapping has no catalogues.
    pub databases: Vec<(Arc<str>, String)>,
    pub limits: Limits,
    pub count: CountLimits,
    pub passthrough: Passthrough,
}

impl SiteEntry {
    /// The site as the cloud surface declares it; None where the id is no GUID, which a file's always is.
    pub fn declared(&self) -> Option<Declared> {
        let Identity {
            environment,
            product,
            pms_id,
            authoritative,
        } = self.identity.clone();
        let named = self.databases.iter().map(|(name, _)| name);
        Some(Declared {
            id: self.id.parse().ok()?,
            environment,
            product,
            pms_id,
            authoritative,
            name: self.name.as_deref().map(Arc::from),
            catalogues: named.filter(|name| !name.is_empty()).cloned().collect(),
        })
    }
}

/// Where a mapping's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappingSource {
    Folder(PathBuf),
    /// The one that is part of the program.
    Embedded,
}

impl MappingSource {
    /// Loads it.
    ///
    /// # Errors
    /// All problems of its files.
    pub fn load(&self, options: &Options) -> Result<Loaded, Diagnostics> {
        self.snapshot()?
            .load(options)
            .map(|loaded| Loaded {
                warnings: self.named(loaded.warnings),
                ..loaded
            })
            .map_err(|problems| self.named(problems))
    }

    /// Problems with the way to their files: those of several mappings stand in one text.
    pub fn named(&self, problems: Diagnostics) -> Diagnostics {
        match self {
            MappingSource::Folder(folder) => problems.in_folder(folder),
            MappingSource::Embedded => problems,
        }
    }
}

/// A mapping's files, as they were.
#[derive(Debug, Clone)]
pub enum Snapshot {
    Folder(Folder),
    Embedded,
}

impl MappingSource {
    /// Its files as they are now.
    ///
    /// # Errors
    /// A folder or file that cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, Diagnostics> {
        match self {
            MappingSource::Folder(path) => Folder::read(path)
                .map(Snapshot::Folder)
                .map_err(|problems| self.named(problems)),
            MappingSource::Embedded => Ok(Snapshot::Embedded),
        }
    }
}

impl Snapshot {
    /// The text of one of its files.
    pub fn text(&self, file: &str) -> Option<&str> {
        match self {
            Snapshot::Folder(folder) => folder.text(file),
            Snapshot::Embedded => {
                let mut files = embedded::FILES.iter();
                files.find_map(|(name, text)| (*name == file).then_some(*text))
            }
        }
    }

    /// Loads the mapping.
    ///
    /// # Errors
    /// All problems of its files.
    pub fn load(&self, options: &Options) -> Result<Loaded, Diagnostics> {
        match self {
            Snapshot::Folder(folder) => folder.load(options),
            Snapshot::Embedded => load_files(embedded::ID, embedded::FILES, options),
        }
    }
}

/// A configuration that can be used, and what is odd in it.
#[derive(Debug)]
pub struct Read {
    pub config: Config,
    /// Of the file itself.
    pub warnings: Diagnostics,
    /// Of the mappings that it names.
    pub mapping_warnings: Vec<Diagnostics>,
}

/// What keeps a configuration from being used.
#[derive(Debug)]
pub struct Problems {
    /// Of the file itself.
    pub file: Diagnostics,
    /// Of the mappings that it names.
    pub mappings: Vec<Diagnostics>,
    /// The files that it was read from, as far as that went: itself, and those of the secrets.
    pub files: Box<[PathBuf]>,
    /// The folders of the mappings that it names.
    pub folders: Box<[PathBuf]>,
}

impl Problems {
    /// The text for a terminal or a log.
    pub fn render(&self, colour: bool) -> String {
        let all = std::iter::once(&self.file).chain(&self.mappings);
        let shown = all.filter(|one| !one.is_empty());
        shown
            .map(|one| one.render(colour))
            .collect::<Vec<_>>()
            .join("\n\n")
    }
}

/// Where secrets come from.
pub trait Environment {
    /// The value of an environment variable; None where it is not set, or is no Unicode.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The process's own.
pub struct Process;

impl Environment for Process {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Reads a configuration file, with the mappings and secrets that it names, to look at its sites. Paths in it are relative
/// to its folder.
///
/// # Errors
/// All problems, warnings included, if one of them is an error.
pub fn read(path: &Path, environment: &dyn Environment) -> Result<Read, Problems> {
    read_with(path, environment, Use::Sites(Mappings::Needed))
}

/// The same for a server: who may ask it, and what it keeps, matter too. `data` is a folder that is named beside the file
/// and counts before that of the file.
///
/// # Errors
/// As [`read`], and where nobody could ask.
pub fn read_to_serve(
    path: &Path,
    environment: &dyn Environment,
    data: Option<&Path>,
) -> Result<Read, Problems> {
    let is_kept = data.is_some();
    read_with(path, environment, Use::Server { is_kept })
}

/// The same for one whose mappings may still have to be written: none of them is read, and the databases of a site are
/// those that its entry lists, in that order.
///
/// # Errors
/// As [`read`], but for what is wrong with a mapping.
pub fn read_unmapped(path: &Path, environment: &dyn Environment) -> Result<Read, Problems> {
    read_with(path, environment, Use::Sites(Mappings::NotRead))
}

/// What a configuration is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// `is_kept`: a folder of data is named beside the file.
    Server {
        is_kept: bool,
    },
    Sites(Mappings),
}

/// Whether the mappings that a configuration names are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mappings {
    Needed,
    NotRead,
}

fn read_with(path: &Path, environment: &dyn Environment, wanted: Use) -> Result<Read, Problems> {
    let text = std::fs::File::open(path).and_then(|file| {
        let mut text = String::new();
        file.take(MAX_FILE + 1).read_to_string(&mut text)?;
        Ok(text)
    });
    let shown = path.display().to_string();
    match text {
        Ok(text) if text.len() as u64 <= MAX_FILE => {
            site::config(path, &shown, &text, environment, wanted)
        }
        Ok(_) => Err(read::unreadable(path, "it has more than 1 MiB")),
        Err(error) => Err(read::unreadable(path, &error.to_string())),
    }
}
