//! The SQL Server driver, over tiberius: a connection for each catalogue, encrypted and its certificate checked unless
//! the site's configuration says otherwise.
//!
//! tiberius is asynchronous: a thread of the pool waits for it on the runtime that the driver was made with. What it
//! logs of its own is not let through, since rows and the server's words with values in them are among it.
//!
//! # Certificates
//! The server's certificate is checked against those that the system trusts, and those of a file. One that SQL Server
//! made for itself is neither; and where such a certificate says that it is an authority (`CA:TRUE`) it is refused even
//! when it is in the file. A server needs one that an authority signed, or [`Trust::Any`] is said, which any machine
//! in between can use.
//!
//! # Old servers
//! TLS 1.2 is the least that is spoken. SQL Server 2012 and 2014 speak it since an update (KB 3135244); without the
//! update there is no encrypted connection, and [`Encryption::Off`] is left for a network that nobody else is on. TLS
//! of the operating system's is not offered: it would take the place of this one for all sites.
//!
//! # What the login needs
//! To read, and no more (`db_datareader`): SQL Server has no session that only reads. `ApplicationIntent=ReadOnly` is
//! sent, so that an availability group may answer from a secondary. Statements take no locks that outlast them, wait
//! [`LOCK_WAIT`] for those of others, and lose where they deadlock with one. What belongs together in one answer is
//! read from one state of the database where the database allows it (`ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION
//! ON`), else each statement sees its own.
//!
//! Callers' own statements ([`line`]) run in sessions of their own, with the rights of the login that they are run as.

mod bind;
mod cells;
mod connect;
mod connection;
mod errors;
mod line;
mod scribe;
mod stream;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tiberius::{AuthMethod, Config, EncryptionLevel};
use tokio::runtime::Handle;

pub use scribe::Scribe;

use connect::Purpose;

use super::call::{Call, CallError, Line};
use super::{Connection, Driver, Limits, PassthroughError, Watch};
use crate::gateway::integrator;
use crate::relation::Dialect;
use crate::secret::Secret;

/// How long a statement waits for a lock that another program holds.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);

/// What a server's own monitors show for Pilaster's connections.
const APPLICATION: &str = "Pilaster";

/// Where a site's databases are, and how they are entered.
#[derive(Debug, Clone)]
pub struct Options {
    /// A name or an address.
    pub host: String,
    /// None for the instance's, where one is named, else 1433.
    pub port: Option<u16>,
    /// `BPSINSTANCE`: its port is asked of the SQL Server Browser at the host (UDP 1434), unless the port is given.
    pub instance: Option<String>,
    pub login: Login,
    pub encryption: Encryption,
    pub trust: Trust,
    /// The name that the certificate has to bear, where it is not the host's.
    pub server_name: Option<String>,
    /// Each catalogue's name in the mapping, and the database's on the server; the default one first.
    pub databases: Vec<(Arc<str>, String)>,
}

/// As whom a site's databases are read.
#[derive(Debug, Clone)]
pub enum Login {
    /// A login of the server's own.
    Sql { user: String, password: Secret },
    /// A Windows account, `DOMAIN\user`; on Windows only.
    Windows { user: String, password: Secret },
    /// The account that Pilaster runs as: on Windows; elsewhere with Kerberos, where the program is built with the
    /// feature `mssql-kerberos`.
    Integrated,
}

/// What of the connection is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encryption {
    /// All of it, or there is none.
    #[default]
    Required,
    /// All of it, from its first byte: TDS 8.0, of SQL Server 2022.
    Strict,
    /// The login; rows and values can be read on the way.
    LoginOnly,
    /// Nothing, the password included.
    Off,
}

/// Whose certificate is taken for the server's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// One that an authority signed which the system trusts.
    #[default]
    System,
    /// Also one signed by a certificate of this file (PEM).
    CaFile(PathBuf),
    /// Any: whoever is in between can read all, and the password.
    Any,
}

impl Options {
    /// An encrypted connection to the default instance at a host, as the login's own database has it.
    pub fn new(host: impl Into<String>, login: Login) -> Options {
        Options {
            host: host.into(),
            port: None,
            instance: None,
            login,
            encryption: Encryption::default(),
            trust: Trust::default(),
            server_name: None,
            databases: Vec::new(),
        }
    }
}

/// A site's databases on a SQL Server.
#[derive(Clone)]
pub struct Mssql {
    config: Config,
    catalogues: Vec<Arc<str>>,
    /// Beside [`Mssql::catalogues`]; none for a login's own database.
    databases: Vec<String>,
    target: connect::Target,
    limits: Limits,
    handle: Handle,
}

impl Mssql {
    /// A driver whose connections are waited for on `handle`, a runtime with threads of its own.
    ///
    /// # Errors
    /// [`PassthroughError::Open`] where the file of certificates cannot be read, [`PassthroughError::NotCarried`] for a
    /// login that the program, as it was built, does not know.
    pub fn new(
        options: Options,
        limits: &Limits,
        handle: Handle,
    ) -> Result<Mssql, PassthroughError> {
        let mut config = Config::new();
        config.host(&options.host);
        config.application_name(APPLICATION);
        // A row with half a character in it is read as far as it can be.
        config.lossy_utf16_decoding(true);
        // The whole of it has a time of its own.
        config.handshake_timeout(None);
        config.command_timeout(None);
        config.authentication(authentication(options.login)?);
        config.encryption(match options.encryption {
            Encryption::Required => EncryptionLevel::Required,
            Encryption::Strict => EncryptionLevel::Strict,
            Encryption::LoginOnly => EncryptionLevel::Off,
            Encryption::Off => EncryptionLevel::NotSupported,
        });
        match &options.trust {
            Trust::System => {}
            Trust::CaFile(path) => {
                let bundle = std::fs::read(path).map_err(|error| {
                    let (path, why) = (path.display(), error.kind());
                    PassthroughError::Open(format!("{path}: {why}"))
                })?;
                config.trust_cert_ca_bundle(bundle);
            }
            Trust::Any => config.trust_cert(),
        }
        if let Some(name) = &options.server_name {
            config.hostname_in_certificate(name);
        }
        let target = match (options.port, options.instance) {
            (Some(port), _) => connect::Target::Port(options.host, port),
            (None, Some(instance)) => {
                config.instance_name(instance);
                connect::Target::Instance
            }
            (None, None) => connect::Target::Port(options.host, 1433),
        };
        if let connect::Target::Port(_, port) = &target {
            config.port(*port);
        }
        warn(options.encryption, &options.trust);
        let (catalogues, databases) = options.databases.into_iter().unzip();
        Ok(Mssql {
            config,
            catalogues,
            databases,
            target,
            limits: limits.clone(),
            handle,
        })
    }

    /// The same databases, as a caller's login: one of the server's own, however the site's enters.
    fn entered_as(&self, login: &integrator::Login) -> Mssql {
        let mut other = self.clone();
        let integrator::Login { user, password } = login;
        let own = AuthMethod::sql_server(user, password.reveal());
        other.config.authentication(own);
        other
    }

    /// `reads_only`: an availability group may then answer from a secondary.
    fn open(
        &self,
        catalogue: usize,
        reads_only: bool,
        watch: &Arc<Watch>,
    ) -> Result<connection::Opened, PassthroughError> {
        let mut config = self.config.clone();
        config.readonly(reads_only);
        self.enter(config, Purpose::Own, catalogue, watch)
    }

    fn enter(
        &self,
        mut config: Config,
        purpose: Purpose,
        catalogue: usize,
        watch: &Arc<Watch>,
    ) -> Result<connection::Opened, PassthroughError> {
        if let Some(database) = self.databases.get(catalogue) {
            config.database(database);
        }
        let name = self.catalogues.get(catalogue);
        connect::open(
            &self.handle,
            config,
            &self.target,
            purpose,
            name.map_or("", |name| &**name),
            &self.limits,
            watch,
        )
    }
}

/// Says what is given up, once for each site.
fn warn(encryption: Encryption, trust: &Trust) {
    match encryption {
        Encryption::Off => tracing::warn!(
            "the connection to SQL Server is not encrypted: passwords and health data can be read on the way"
        ),
        Encryption::LoginOnly => tracing::warn!(
            "only the login to SQL Server is encrypted: health data can be read on the way"
        ),
        Encryption::Required | Encryption::Strict => {}
    }
    if *trust == Trust::Any && encryption != Encryption::Off {
        tracing::warn!(
            "SQL Server's certificate is not checked: whoever is in between can read passwords and health data"
        );
    }
}

fn authentication(login: Login) -> Result<AuthMethod, PassthroughError> {
    match login {
        Login::Sql { user, password } => Ok(AuthMethod::sql_server(user, password.reveal())),
        #[cfg(windows)]
        Login::Windows { user, password } => Ok(AuthMethod::windows(user, password.reveal())),
        #[cfg(not(windows))]
        Login::Windows { .. } => Err(PassthroughError::NotCarried(
            "a Windows login with a password, but on Windows",
        )),
        #[cfg(any(windows, feature = "mssql-kerberos"))]
        Login::Integrated => Ok(AuthMethod::Integrated),
        #[cfg(not(any(windows, feature = "mssql-kerberos")))]
        Login::Integrated => Err(PassthroughError::NotCarried(
            "the login of its own account: it is built without the feature mssql-kerberos",
        )),
    }
}

impl Driver for Mssql {
    fn dialect(&self) -> Dialect {
        Dialect::Mssql
    }

    fn catalogues(&self) -> &[Arc<str>] {
        &self.catalogues
    }

    fn connect(
        &self,
        catalogue: usize,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Connection>, PassthroughError> {
        Ok(Box::new(self.open(catalogue, true, watch)?))
    }

    fn line(
        &self,
        catalogue: usize,
        login: Option<&integrator::Login>,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Line>, PassthroughError> {
        let own = login.map(|login| self.entered_as(login));
        let driver = own.as_ref().unwrap_or(self);
        let opened = driver.enter(driver.config.clone(), Purpose::Calls, catalogue, watch)?;
        Ok(Box::new(line::MssqlLine::new(opened)))
    }

    fn check(&self, call: &Call) -> Result<(), CallError> {
        line::check(call)
    }

    fn with_login(
        &self,
        login: &integrator::Login,
    ) -> Result<Option<Arc<dyn Driver>>, PassthroughError> {
        Ok(Some(Arc::new(self.entered_as(login))))
    }
}

/// Waits for the client, without a word of its own in the log.
fn wait<T>(handle: &Handle, future: impl Future<Output = T>) -> T {
    tracing::dispatcher::with_default(&tracing::Dispatch::none(), || handle.block_on(future))
}
