//! A site's entry → the driver of its databases.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;

use super::{MssqlLogin, MssqlServer, Server, SiteEntry, Trust, UpstreamServer};
use crate::passthrough::firebird::{self, Charset, Firebird};
use crate::passthrough::mssql::{self, Mssql};
#[cfg(feature = "odbc")]
use crate::passthrough::odbc::{self, Odbc};
use crate::passthrough::sqlite::Sqlite;
use crate::passthrough::upstream::{self, Account, AccountError, AccountOptions, Rate, Upstream};
use crate::passthrough::{Driver, PassthroughError};
use crate::relation::Dialect;

/// Why a client cannot be made of what an entry says. No message holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A file of certificates, or a kind of login, that is not at hand.
    #[error(transparent)]
    Client(#[from] PassthroughError),
    #[error("this build has no driver of that kind")]
    NotBuilt,
}

/// Makes the drivers of sites, which share what they have in common.
pub struct Drivers {
    /// Clients that are asynchronous run on it.
    runtime: Handle,
    /// Accounts at upstreams: the queries of all sites of one are counted together.
    accounts: Vec<(UpstreamServer, Weak<Account>)>,
}

impl Drivers {
    /// Whose asynchronous clients run on `runtime`.
    pub fn new(runtime: Handle) -> Drivers {
        Drivers {
            runtime,
            accounts: Vec::new(),
        }
    }

    /// The driver of a site's databases. Nothing is connected to. `engine` is the mapping's.
    ///
    /// # Errors
    /// [`DriverError`]
    pub fn of(
        &mut self,
        site: &SiteEntry,
        engine: Dialect,
    ) -> Result<Arc<dyn Driver>, DriverError> {
        // A mapping without catalogues has one database, without a name.
        let named = || site.databases.iter().filter(|(name, _)| !name.is_empty());
        match &site.server {
            Server::Sqlite => Ok(Arc::new(sqlite(site))),
            Server::Passthrough(server) => {
                let options = upstream::Options {
                    account: self.account(server, site.limits.connect)?,
                    site_id: server.site.clone(),
                    dialect: engine,
                    catalogues: named().map(|(name, _)| Arc::clone(name)).collect(),
                    databases: named()
                        .map(|(_, there)| Arc::from(there.as_str()))
                        .collect(),
                    max_time_in_queue: site.limits.wait,
                };
                let driver = Upstream::new(options, &site.limits, self.runtime.clone())?;
                Ok(Arc::new(driver))
            }
            Server::Mssql(server) => {
                let options = mssql_options(server, site);
                let driver = Mssql::new(options, &site.limits, self.runtime.clone())?;
                Ok(Arc::new(driver))
            }
            #[cfg(feature = "odbc")]
            Server::Odbc(server) => {
                let database = |name: &str| odbc::attribute(&server.database_attribute, name);
                let options = odbc::Options {
                    dialect: server.dialect,
                    connection: server.connection.clone(),
                    user: server.user.clone(),
                    password: server.password.clone(),
                    databases: site
                        .databases
                        .iter()
                        .map(|(name, there)| (Arc::clone(name), database(there)))
                        .collect(),
                    setup: server.setup.clone(),
                };
                let driver = Odbc::new(options, &site.limits, self.runtime.clone());
                Ok(Arc::new(driver))
            }
            Server::Firebird(server) => {
                let options = firebird::Options {
                    host: server.host.clone(),
                    port: server.port,
                    user: server.user.clone(),
                    password: server.password.clone(),
                    charset: Charset::named(&server.charset).unwrap_or_default(),
                    encrypt: server.encrypt,
                    databases: site.databases.clone(),
                };
                Ok(Arc::new(Firebird::new(options, &site.limits)))
            }
            #[cfg(not(feature = "odbc"))]
            Server::Odbc(_) => Err(DriverError::NotBuilt),
        }
    }

    /// The driver of callers' own statements, where FHIR's own ([`Drivers::of`]) is not the one: they have a login of their
    /// own, or may write to a file. None where it is.
    ///
    /// # Errors
    /// [`DriverError`]
    pub fn of_passthrough(
        &mut self,
        site: &SiteEntry,
        engine: Dialect,
    ) -> Result<Option<Arc<dyn Driver>>, DriverError> {
        if !site.passthrough.has_own_driver() {
            return Ok(None);
        }
        if site.server == Server::Sqlite {
            return Ok(Some(Arc::new(sqlite(site).writable())));
        }
        let site = SiteEntry {
            server: site.passthrough.server(&site.server),
            ..site.clone()
        };
        self.of(&site, engine).map(Some)
    }

    fn account(
        &mut self,
        server: &UpstreamServer,
        connect: Duration,
    ) -> Result<Arc<Account>, AccountError> {
        self.accounts
            .retain(|(_, account)| account.strong_count() > 0);
        // The site is the practice's, all else is the account's.
        let is_it = |of: &UpstreamServer| {
            let site = server.site.clone();
            UpstreamServer { site, ..of.clone() } == *server
        };
        let known = self.accounts.iter().find(|(of, _)| is_it(of));
        if let Some(account) = known.and_then(|(_, account)| account.upgrade()) {
            return Ok(account);
        }
        let account = Account::new(&AccountOptions {
            base_url: server.url.clone(),
            key: server.key.clone(),
            ca_file: server.authority.clone(),
            rate: server.rate.map(|most| Rate {
                most: most as usize,
                ..Rate::default()
            }),
            connect,
        })?;
        self.accounts
            .push((server.clone(), Arc::downgrade(&account)));
        Ok(account)
    }
}

fn sqlite(site: &SiteEntry) -> Sqlite {
    let files = site.databases.iter();
    let files = files.map(|(name, file)| (Arc::clone(name), PathBuf::from(file)));
    Sqlite::files(files, &site.limits)
}

fn mssql_options(server: &MssqlServer, site: &SiteEntry) -> mssql::Options {
    let login = match server.login.clone() {
        MssqlLogin::Sql { user, password } => mssql::Login::Sql { user, password },
        MssqlLogin::Windows { user, password } => mssql::Login::Windows { user, password },
        MssqlLogin::Integrated => mssql::Login::Integrated,
    };
    mssql::Options {
        port: server.port,
        instance: server.instance.clone(),
        encryption: server.encrypt,
        trust: match &server.trust {
            Trust::System => mssql::Trust::System,
            Trust::Authority(file) => mssql::Trust::CaFile(file.clone()),
            Trust::Any => mssql::Trust::Any,
        },
        server_name: server.certificate_name.clone(),
        databases: site.databases.clone(),
        ..mssql::Options::new(&server.host, login)
    }
}
