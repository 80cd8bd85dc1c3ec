//! A gateway with its store and its journal, practices, and a server over them: as `pilaster serve` makes them, but for the
//! rate limit, which is off.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pilaster::gateway::caller::key_hash;
use pilaster::gateway::direct::Direct;
use pilaster::gateway::id::{IntegratorId, KeyId, SiteId};
use pilaster::gateway::integrator::{Environment, Integrator, Key, Pairing};
use pilaster::gateway::link::{Availability, Link};
use pilaster::gateway::moment::Moment;
use pilaster::gateway::rate::RateLimit;
use pilaster::gateway::service::{Gateway, Practice, Settings};
use pilaster::gateway::site::{Declared, Live, Product, Standing};
use pilaster::gateway::token::Tokens;
use pilaster::journal::{Journal, Retention};
use pilaster::passthrough::Limits as PoolLimits;
use pilaster::passthrough::sqlite::Sqlite;
use pilaster::server::{self, App, Cloud, Explorer, Keys, Limits, Served, Setup};
use pilaster::store::seal::SealKey;
use pilaster::store::sqlite::SqliteStore;
use pilaster::store::{Change, Store};
use tokio::net::TcpListener;

/// Of the one integrator that asks a server.
pub const KEY: &str = "key-of-the-benchmark";
/// The site of a server's one practice.
pub const SITE: &str = "00000000-0000-4000-8000-000000000001";
/// Statements at a time, and of one integrator queries that may wait: the configuration's defaults.
const CONNECTIONS: usize = 4;
const WAITING: usize = 1_000;

/// A gateway, and what it keeps its things in.
pub struct Made {
    pub gateway: Arc<Gateway>,
    pub journal: Arc<Journal>,
}

/// A gateway whose directory has had these changes. To be called on a runtime.
pub async fn gateway(folder: &Path, changes: Vec<Change>) -> Made {
    let key = SealKey::kept_in(folder).expect("a key");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, key).expect("a store"));
    // Those that are made together go into one transaction.
    for some in changes.chunks(128) {
        let made = some.iter().map(|change| store.change(change.clone()));
        futures_util::future::try_join_all(made)
            .await
            .expect("a change");
    }
    let journal = Journal::serving(folder, Retention::default()).expect("a journal");
    let journal = Arc::new(journal);
    let settings = Settings {
        rate: RateLimit::Off,
        ..Settings::default()
    };
    let gateway = Gateway::start(store, Arc::clone(&journal), settings).await;
    Made {
        gateway: gateway.expect("a gateway"),
        journal,
    }
}

/// An integrator without bounds of its own.
pub fn integrator(id: IntegratorId, name: String) -> Integrator {
    Integrator {
        id,
        name,
        created_at: Moment::now(),
        rate: None,
        addresses: Vec::new(),
        disabled: false,
    }
}

/// Lets an integrator ask a practice.
pub fn pair(integrator: IntegratorId, site: SiteId) -> Change {
    Change::SetPairing(Pairing {
        integrator,
        environment: Environment::Production,
        site,
        enabled: true,
        changed_at: Moment::now(),
    })
}

/// A practice that is asked by a link.
pub fn practice(id: SiteId, link: Arc<dyn Link>) -> Practice {
    Practice {
        declared: Declared {
            id,
            environment: Environment::Production,
            product: Product::named("Bp Premier"),
            pms_id: None,
            authoritative: None,
            name: None,
            catalogues: Vec::new(),
        },
        live: Box::new(|| Live::direct(Standing::ONLINE, None)),
        has_passthrough: true,
        connections: CONNECTIONS,
        waiting: WAITING,
        link,
    }
}

/// Serves the practice in a file from now on, from the state in a folder; and once more without writing its requests into
/// the journal. Where. To be called on a runtime.
pub async fn serve(folder: &Path, practice_file: &Path) -> [SocketAddr; 2] {
    let id: SiteId = SITE.parse().expect("an id");
    let caller = IntegratorId::generate();
    let key = Key {
        id: KeyId::generate(),
        integrator: caller,
        environment: Environment::Production,
        hash: key_hash(KEY.as_bytes()),
        ends: "mark".to_owned(),
        created_at: Moment::now(),
        expires_at: None,
        revoked_at: None,
    };
    let changes = vec![
        Change::AddIntegrator(integrator(caller, "benchmark".to_owned())),
        Change::AddKey(key),
        pair(caller, id),
    ];
    let made = gateway(folder, changes).await;
    let driver = Sqlite::file(practice_file, &PoolLimits::default());
    let link = Direct::new(Arc::new(driver), Availability::Online);
    made.gateway.serve(vec![practice(id, Arc::new(link))]);
    let metrics = server::install_metrics().expect("metrics");
    let mut addresses = Vec::new();
    for is_noted in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let listening = listener.local_addr().expect("an address");
        let app = Arc::new(App::new(Setup {
            served: Served::new(Vec::new(), Keys::default(), None),
            base_url: None,
            proxies: server::TrustedProxies::default(),
            listening,
            limits: Limits::default(),
            metrics: Some(metrics.clone()),
            explorer: Explorer::Off,
            cloud: Some(Cloud {
                gateway: Arc::clone(&made.gateway),
                tokens: Tokens::new([7; 32], Duration::from_secs(3600)),
            }),
        }));
        if is_noted {
            app.keep_journal(Arc::clone(&made.journal));
        }
        tokio::spawn(server::serve(listener, app, std::future::pending()));
        addresses.push(listening);
    }
    [addresses[0], addresses[1]]
}
