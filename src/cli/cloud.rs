//! The cloud surface of a server: the state in its folder → the gateway, and the practices that it asks.

use std::path::Path;
use std::sync::Arc;

use super::StartError;
use crate::config;
use crate::gateway::direct::{self, Direct};
use crate::gateway::enrich::Known;
use crate::gateway::link::{Availability, Link};
use crate::gateway::rate::RateLimit;
use crate::gateway::service::{Gateway, Practice, Settings};
use crate::gateway::site::{Declared, Live, Product, Standing};
use crate::gateway::token::{LIFETIME, Tokens};
use crate::journal::{Journal, Retention};
use crate::passthrough::Driver;
use crate::server::{self, Cloud};
use crate::store::Store;
use crate::store::seal::SealKey;
use crate::store::sqlite::{SqliteStore, StateLock};

/// What the state is kept with, for as long as the server runs.
pub(super) struct State {
    pub(super) gateway: Arc<Gateway>,
    pub(super) known: Arc<Known>,
    pub(super) journal: Arc<Journal>,
    _lock: StateLock,
}

/// How a server's state is opened.
pub(super) struct Options {
    pub(super) cloud: config::Cloud,
    pub(super) rate: RateLimit,
}

/// Opens the state of a folder, which `claimed` makes this server's, and goes on where its last server ended. To be called
/// on a runtime.
///
/// # Errors
/// [`StartError::State`], [`StartError::Journal`]
pub(super) async fn open(
    folder: &Path,
    claimed: StateLock,
    options: &Options,
) -> Result<(State, Cloud), StartError> {
    let key = match &options.cloud.state_key {
        Some(key) => SealKey::from_bytes(*key.reveal()),
        None => SealKey::kept_in(folder)?,
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, key)?);
    let days = options.cloud.audit_retention.as_secs() / (24 * 3600);
    let retention = Retention {
        days: u32::try_from(days).unwrap_or(u32::MAX),
    };
    let journal = Arc::new(Journal::serving(folder, retention)?);
    let settings = Settings {
        rate: options.rate,
        private_webhooks: options.cloud.private_webhooks,
        ..Settings::default()
    };
    let secret = store.own_secret("tokens").await?;
    let gateway = Gateway::start(store, Arc::clone(&journal), settings).await?;
    let state = State {
        gateway: Arc::clone(&gateway),
        known: Arc::default(),
        journal,
        _lock: claimed,
    };
    let cloud = Cloud {
        gateway,
        tokens: Tokens::new(secret, LIFETIME),
    };
    Ok((state, cloud))
}

/// How it stands with a practice at the moment.
#[derive(Clone)]
pub(super) enum Stands {
    /// It is always there, as far as is known.
    There,
    /// As that of which FHIR is served.
    As(Arc<dyn server::Practice>),
}

impl Stands {
    fn now(&self) -> Standing {
        match self {
            Stands::There => Standing::ONLINE,
            Stands::As(practice) => practice.standing(),
        }
    }
}

impl direct::Standing for Stands {
    fn availability(&self) -> Availability {
        self.now().availability
    }

    fn seek(&self) -> Option<u32> {
        match self {
            Stands::There => None,
            Stands::As(practice) => practice.seek(),
        }
    }
}

/// How a practice is asked, beside FHIR.
pub(super) struct Asked {
    declared: Declared,
    passthrough: config::Passthrough,
    stands: Stands,
    link: Arc<dyn Link>,
}

impl Asked {
    /// A practice whose databases `driver` reaches.
    pub(super) fn new(
        declared: Declared,
        passthrough: config::Passthrough,
        stands: Stands,
        driver: Arc<dyn Driver>,
    ) -> Asked {
        let link = Direct::new(driver, stands.clone());
        Asked {
            declared,
            passthrough,
            stands,
            link: Arc::new(link),
        }
    }

    /// Names another product from now on; false where that is what it was called.
    pub(super) fn name_product(&mut self, product: Product) -> bool {
        let is_other = self.declared.product.wire_name() != product.wire_name();
        self.declared.product = product;
        is_other
    }

    /// The practice as the gateway has it.
    pub(super) fn practice(&self, known: &Arc<Known>) -> Practice {
        let (id, stands, known) = (self.declared.id, self.stands.clone(), Arc::clone(known));
        Practice {
            declared: self.declared.clone(),
            live: Box::new(move || Live::direct(stands.now(), known.get(id))),
            has_passthrough: self.passthrough.is_enabled,
            connections: self.passthrough.connections,
            waiting: self.passthrough.waiting,
            link: Arc::clone(&self.link),
        }
    }
}
