//! What keeps a command from being done. Nothing was changed then, but where [`AdminError::NotNoted`] says so.

use std::io;
use std::path::{Path, PathBuf};

use crate::gateway::id::{DeliveryId, SiteId};
use crate::gateway::webhook::url::UrlError;
use crate::journal::JournalError;
use crate::key_file::{KeyFileError, as_whom};
use crate::secret_file::SecretFileError;
use crate::store::StoreError;
use crate::store::sqlite::OpenStoreError;

/// One message each, exit code 2. No message shows a secret, nor what may be one in the wrong place.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdminError {
    #[error(
        "where is the state? Name the server's folder of data with --data DIR, or with --config FILE the configuration whose `data` names it"
    )]
    NoFolder,
    #[error(
        "{} names no folder of data, so that a server keeps nothing: write `data = \"…\"` before its first heading, or name the folder with --data",
        path.display()
    )]
    NoData { path: PathBuf },
    /// The problems of a configuration file, rendered.
    #[error("the configuration cannot be used\n\n{0}")]
    Config(String),
    #[error(
        "{} holds no state; is it the server's folder of data? `admin integrator add` begins one",
        folder.display()
    )]
    NoState { folder: PathBuf },
    #[error(
        "{} has no audit trail: audit.sqlite is not there. A server that runs on the folder begins one, as does the first change by `admin`; if there was one, it was taken away: put it back from a copy",
        folder.display()
    )]
    NoJournal { folder: PathBuf },
    #[error(
        "{} holds no audit trail (audit.sqlite), and no state either; is it the server's folder of data?",
        folder.display()
    )]
    NoJournalNorState { folder: PathBuf },
    #[error("the folder {} cannot be made: {source}{}", path.display(), as_whom(source))]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} cannot be used: {source}{}", path.display(), as_whom(source))]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error(transparent)]
    Open(#[from] OpenStoreError),
    #[error("the runtime cannot start: {0}")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The one that comes when something was changed.
    #[error("the change was made, and is not in the audit trail: {0}")]
    NotNoted(#[source] JournalError),
    #[error("no random numbers are to be had from the operating system")]
    Random,

    /// What was asked for, and what may be meant.
    #[error("there is no integrator `{asked}`{}", hint(.meant.as_ref()))]
    NoIntegrator {
        asked: String,
        meant: Option<String>,
    },
    /// Of the audit trail, which knows those that were removed.
    #[error(
        "there is no integrator `{asked}`{meant}; one that was removed is asked for by its id, which the entries of the audit trail have"
    )]
    NoIntegratorNow { asked: String, meant: String },
    #[error("--from is after --to: no entry is between them")]
    Backwards,
    #[error(
        "the integrator `{0}` is there already; names that differ in case alone are taken for one another"
    )]
    NameTaken(String),
    #[error(
        "{name} would be removed with {what}, and with its queries and their results; say --yes"
    )]
    NotSure { name: String, what: String },

    /// The argument is not shown: it may be the key itself.
    #[error(
        "that is no id of a key; `admin key list` has the ids (which are GUIDs, and no secrets)"
    )]
    NoKeyId,
    #[error("no key has the id {0}; `admin key list` has those there are")]
    NoKey(crate::gateway::id::KeyId),
    #[error("{0}: say --environment staging or --environment production")]
    WhichEnvironment(String),

    #[error("{integrator} is not paired with {site}{}", within(*.environment))]
    NotPaired {
        integrator: String,
        site: SiteId,
        environment: Option<&'static str>,
    },
    #[error("no pairing code of {0} is good any more")]
    NoPairingCode(SiteId),
    #[error("{integrator} has no login {at}; `admin login list` has those there are")]
    NoLogin { integrator: String, at: String },
    #[error("{integrator} has no webhook{}", within(*.environment))]
    NoWebhook {
        integrator: String,
        environment: Option<&'static str>,
    },
    #[error(
        "there is no message {0}; `admin webhook deliveries` has those that ended in the last week"
    )]
    NoMessage(DeliveryId),
    #[error("the message {0} was delivered, and is not sent again: only one that has failed is")]
    Delivered(DeliveryId),
    /// With the configuration that was named.
    #[error("{source}{}", unless_private(source, config.as_deref()))]
    WebhookUrl {
        source: UrlError,
        config: Option<PathBuf>,
    },

    /// The argument is not shown: it may be the secret itself.
    #[error("what follows {option} is the name of an environment variable: letters, digits and _")]
    NoVariableName { option: &'static str },
    #[error("the environment variable {name} is not set, or is empty")]
    NoVariable { name: String },
    #[error("the secret's file {} {source}", path.display())]
    SecretFile {
        path: PathBuf,
        source: SecretFileError,
    },

    #[error(
        "which sites have a PMS ID in common is said by the configuration: name it with --config"
    )]
    NeedsConfig,
    #[error("{} has no site {site}; `pilaster config check` lists those it has", path.display())]
    NoSite { path: PathBuf, site: SiteId },
    #[error(
        "{site} has no `pms-id` in the configuration, so that no other site can be taken for it"
    )]
    NoPmsId { site: SiteId },
    #[error(
        "no other site of the configuration has the PMS ID of {site} ({of}), so that there is nothing to choose; nothing was kept"
    )]
    NoOtherSite { site: SiteId, of: String },
    #[error(
        "no choice of {site} is kept; `admin site list` says which sites are authoritative by choice"
    )]
    NotChosen { site: SiteId },
}

fn hint(meant: Option<&String>) -> String {
    meant.map_or_else(String::new, |meant| format!("; {meant}"))
}

fn within(environment: Option<&'static str>) -> String {
    environment.map_or_else(String::new, |name| format!(" in {name}"))
}

/// How an address of a private network can be a webhook's.
fn unless_private(error: &UrlError, config: Option<&Path>) -> String {
    if !matches!(error, UrlError::Address | UrlError::Plain) {
        return String::new();
    }
    match config {
        Some(path) => format!(
            "; a test's may do without, where [webhooks] says `allow-private = true`, which {} does not",
            path.display()
        ),
        None => "; a test's may do without, where the configuration's [webhooks] says `allow-private = true`: name it with --config".to_owned(),
    }
}
