//! How a practice's database server is reached: the `[site.server]` of each driver.

use std::path::{Path, PathBuf};

use super::read::{Placed, Section};
use super::rules;
use super::secrets::Secrets;
use crate::mapping::Problem;
use crate::passthrough::mssql::{Encryption, LOCK_WAIT};
use crate::relation::Dialect;
use crate::secret::Secret;

/// A driver with what it needs, but for the databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    Sqlite,
    Mssql(MssqlServer),
    Firebird(FirebirdServer),
    Odbc(OdbcServer),
    Passthrough(UpstreamServer),
}

/// A SQL Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MssqlServer {
    pub host: String,
    /// None where the instance is looked up by its name, else 1433.
    pub port: Option<u16>,
    pub instance: Option<String>,
    pub login: MssqlLogin,
    pub encrypt: Encryption,
    pub trust: Trust,
    /// The name that the certificate has to bear, where it is not the host's.
    pub certificate_name: Option<String>,
}

/// Who logs in at a SQL Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MssqlLogin {
    Sql {
        user: String,
        password: Secret,
    },
    /// The user whom the program runs as.
    Integrated,
    /// `DOMAIN\user`
    Windows {
        user: String,
        password: Secret,
    },
}

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Those of the authorities that the system knows.
    System,
    /// Those that an authority of this PEM file has signed.
    Authority(PathBuf),
    /// Any: whoever answers is believed.
    Any,
}

/// A Firebird server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirebirdServer {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Secret,
    /// The character set of the connection.
    pub charset: String,
    /// False: the server need not encrypt the connection.
    pub encrypt: bool,
}

/// An ODBC data source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OdbcServer {
    /// Without user, password and database: `Driver=SQL Anywhere 17;Host=192.0.2.10`.
    pub connection: String,
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// The attribute of the connection string that names the database: `DatabaseName`.
    pub database_attribute: String,
    pub dialect: Dialect,
    /// Statements for each new connection.
    pub setup: Vec<String>,
}

/// An account at a SQL passthrough API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamServer {
    pub url: String,
    /// The practice's GUID there.
    pub site: String,
    pub key: Secret,
    /// Queries in any rolling 5 seconds that the account may send; None for no bound on this side.
    pub rate: Option<u32>,
    /// A PEM file of an authority that is trusted beside the system's.
    pub authority: Option<PathBuf>,
}

/// The names of the drivers.
pub(super) const DRIVERS: [&str; 5] = ["mssql", "firebird", "odbc", "passthrough", "sqlite"];

impl Server {
    /// The engine that the driver is for; None where it is the mapping's.
    pub fn dialect(&self) -> Option<Dialect> {
        match self {
            Server::Sqlite => Some(Dialect::Sqlite),
            Server::Mssql(_) => Some(Dialect::Mssql),
            Server::Firebird(_) => Some(Dialect::Firebird),
            Server::Odbc(server) => Some(server.dialect),
            Server::Passthrough(_) => None,
        }
    }

    /// `mssql`
    pub fn driver(&self) -> &'static str {
        match self {
            Server::Mssql(_) => DRIVERS[0],
            Server::Firebird(_) => DRIVERS[1],
            Server::Odbc(_) => DRIVERS[2],
            Server::Passthrough(_) => DRIVERS[3],
            Server::Sqlite => DRIVERS[4],
        }
    }
}

/// Reads the driver and its server of a site's entry; None where something of it is wrong, which is reported.
pub(super) fn read(site: &Section<'_>, secrets: &mut Secrets<'_>) -> Option<Server> {
    let of = format!("one of {}", DRIVERS.join(", "));
    let driver = site.need_text("driver", &of);
    let server = site.section("server", "the server of a site");
    let driver = driver?;
    if driver.value == "sqlite" {
        if let Some(server) = server {
            server.done();
        }
        return Some(Server::Sqlite);
    }
    if !DRIVERS.contains(&driver.value) {
        site.no_such(&driver, format!("`driver` is {of}"), DRIVERS);
        return None;
    }
    let Some(server) = server else {
        site.missing(
            "server",
            "how the database server is reached: write [site.server] below the entry",
        );
        return None;
    };
    let read = match driver.value {
        "mssql" => mssql(&server, secrets).map(Server::Mssql),
        "firebird" => firebird(&server, secrets).map(Server::Firebird),
        "odbc" => odbc(&server, secrets, &driver).map(Server::Odbc),
        _ => upstream(&server, secrets).map(Server::Passthrough),
    };
    server.done();
    read
}

fn host(server: &Section<'_>) -> Option<String> {
    let host = server.need_text("host", "the name or address of the database server")?;
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if !host.value.chars().all(is_host) {
        server.invalid(
            &host.span,
            "`host` is a name or an address, without port or scheme",
        );
        return None;
    }
    Some(host.value.to_owned())
}

fn port(server: &Section<'_>) -> Option<u16> {
    let port = server.number("port", 1..=u32::from(u16::MAX))?;
    u16::try_from(port).ok()
}

fn login(server: &Section<'_>, secrets: &mut Secrets<'_>) -> (Option<String>, Option<Secret>) {
    let user = server.need_text("user", "the login, which needs to read and nothing else");
    let password = secrets.need(
        server,
        "password",
        "{ env = \"NAME\" } or { file = \"path\" }",
    );
    (user.map(|user| user.value.to_owned()), password)
}

fn mssql(server: &Section<'_>, secrets: &mut Secrets<'_>) -> Option<MssqlServer> {
    let host = host(server);
    let instance = server.text("instance").map(|name| name.value.to_owned());
    let port = port(server);
    if instance.is_some() && port.is_some() {
        server.invalid(
            &server.span,
            "an instance is looked up by its name or reached by its port: give one of them",
        );
    }
    let kind = server.parsed("login", |text| match text {
        "sql" | "windows" | "integrated" => Ok(text.to_owned()),
        _ => Err("one of sql, windows, integrated".to_owned()),
    });
    let login = match kind.as_ref().map_or("sql", |kind| &*kind.value) {
        "integrated" => Some(MssqlLogin::Integrated),
        kind => match login(server, secrets) {
            (Some(user), Some(password)) if kind == "windows" => {
                Some(MssqlLogin::Windows { user, password })
            }
            (Some(user), Some(password)) => Some(MssqlLogin::Sql { user, password }),
            _ => None,
        },
    };
    let encrypt = encryption(server);
    let trust = trust(server, secrets.folder);
    let certificate_name = server.parsed("certificate-name", |name| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        match name.chars().all(is_name) {
            true => Ok(name.to_owned()),
            false => Err("the name or address of a host that the certificate is for".to_owned()),
        }
    });
    if let (Some(name), Some(Trust::Any)) = (&certificate_name, &trust) {
        server.invalid(
            &name.span,
            "any certificate is trusted, so its name says nothing",
        );
    }
    Some(MssqlServer {
        host: host?,
        port,
        instance,
        login: login?,
        encrypt: encrypt?,
        trust: trust?,
        certificate_name: certificate_name.map(|name| name.value),
    })
}

/// What of a connection to SQL Server is encrypted; all of it where nothing is said.
fn encryption(server: &Section<'_>) -> Option<Encryption> {
    let Some(value) = server.get("encrypt") else {
        return Some(Encryption::Required);
    };
    let said = value.get_ref();
    let encryption = match (said.as_bool(), said.as_str()) {
        (Some(true), _) => Encryption::Required,
        (Some(false), _) => Encryption::LoginOnly,
        (_, Some("strict")) => Encryption::Strict,
        (_, Some("off")) => Encryption::Off,
        _ => {
            server.invalid(
                &value.span(),
                "`encrypt` is true, false (the login alone), \"strict\" (TDS 8.0, from the first byte on) or \"off\" (nothing)",
            );
            return None;
        }
    };
    match encryption {
        Encryption::LoginOnly => {
            unsafe_connection(server, "encrypt", "the login alone is encrypted");
        }
        Encryption::Off => unsafe_connection(
            server,
            "encrypt",
            "nothing is encrypted, the password included",
        ),
        Encryption::Required | Encryption::Strict => {}
    }
    Some(encryption)
}

fn trust(server: &Section<'_>, folder: &Path) -> Option<Trust> {
    let authority = server.text("trusted-authority");
    let any = server.boolean("trust-any-certificate").unwrap_or(false);
    match (authority, any) {
        (Some(file), false) => {
            let path = folder.join(file.value);
            if path.is_file() {
                return Some(Trust::Authority(path));
            }
            server.invalid(
                &file.span,
                "`trusted-authority` is the path of a PEM file; there is none here",
            );
            None
        }
        (Some(file), true) => {
            server.invalid(
                &file.span,
                "any certificate is trusted, so that of an authority says nothing",
            );
            None
        }
        (None, true) => {
            unsafe_connection(
                server,
                "trust-any-certificate",
                "whoever answers is believed",
            );
            Some(Trust::Any)
        }
        (None, false) => Some(Trust::System),
    }
}

fn unsafe_connection(server: &Section<'_>, key: &'static str, why: &str) {
    let span = server
        .get(key)
        .map_or(server.span.clone(), |value| value.span());
    server.report(
        Problem::new(&rules::UNSAFE, &span, why).help("for a test on one's own machine only"),
    );
}

fn firebird(server: &Section<'_>, secrets: &mut Secrets<'_>) -> Option<FirebirdServer> {
    let host = host(server);
    let port = port(server).unwrap_or(3050);
    let (user, password) = login(server, secrets);
    let charset = server.parsed("charset", |text| {
        let upper = text.to_ascii_uppercase();
        match upper.as_str() {
            "UTF8" | "WIN1252" | "ISO8859_1" | "NONE" => Ok(upper),
            _ => Err("one of UTF8, WIN1252, ISO8859_1, NONE".to_owned()),
        }
    });
    let encrypt = server.boolean("encrypt").unwrap_or(true);
    if !encrypt {
        unsafe_connection(server, "encrypt", "the connection need not be encrypted");
    }
    Some(FirebirdServer {
        host: host?,
        port,
        user: user?,
        password: password?,
        charset: charset.map_or_else(|| "UTF8".to_owned(), |charset| charset.value),
        encrypt,
    })
}

fn odbc(
    server: &Section<'_>,
    secrets: &mut Secrets<'_>,
    driver: &Placed<&str>,
) -> Option<OdbcServer> {
    let connection = server.need_text(
        "connection",
        "the ODBC connection string without user, password and database, `Driver=SQL Anywhere 17;Host=192.0.2.10`",
    );
    let user = server.text("user").map(|user| user.value.to_owned());
    let password = secrets.read(server, "password");
    let database_attribute = server.text("database-attribute");
    let dialect = server.parsed("dialect", |text| {
        Dialect::from_name(text).ok_or_else(|| {
            let names = Dialect::ALL.map(Dialect::name);
            format!("one of {}", names.join(", "))
        })
    });
    let dialect = dialect.map_or(Dialect::SqlAnywhere, |dialect| dialect.value);
    let setup = server.texts("setup").unwrap_or_else(|| setup_of(dialect));
    if !cfg!(feature = "odbc") {
        server.report(
            Problem::new(
                &rules::NOT_BUILT,
                &driver.span,
                "this build has no ODBC driver",
            )
            .help("build it with `cargo build --release --features odbc`, which needs unixODBC"),
        );
        return None;
    }
    let connection = connection?;
    let names_a_secret = connection.value.split(';').any(|part| {
        let name = part.split('=').next().unwrap_or_default().trim();
        ["pwd", "password", "uid", "userid"].contains(&name.to_ascii_lowercase().as_str())
    });
    if names_a_secret {
        server.report(
            Problem::new(
                &rules::PLAIN_SECRET,
                &connection.span,
                "the connection string names a user or password",
            )
            .help("give `user` and `password = { env = \"NAME\" }` beside it"),
        );
        return None;
    }
    Some(OdbcServer {
        connection: connection.value.to_owned(),
        user,
        password,
        database_attribute: database_attribute
            .map_or_else(|| "DatabaseName".to_owned(), |name| name.value.to_owned()),
        dialect,
        setup,
    })
}

/// How a session with an engine begins where the file does not say it. SQL Anywhere's own level, 0, reads what may yet be
/// rolled back. The levels that see one state need the database's leave (`allow_snapshot_isolation`), so that 1, of what
/// is committed, is the one that every database has; and what waits for a lock there waits no longer than elsewhere.
fn setup_of(dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::SqlAnywhere => vec![
            "SET TEMPORARY OPTION isolation_level = 1".to_owned(),
            format!(
                "SET TEMPORARY OPTION blocking_timeout = {}",
                LOCK_WAIT.as_millis()
            ),
        ],
        Dialect::Mssql | Dialect::Firebird | Dialect::Sqlite => Vec::new(),
    }
}

fn upstream(server: &Section<'_>, secrets: &mut Secrets<'_>) -> Option<UpstreamServer> {
    let url = server.need_text(
        "url",
        "where the SQL passthrough API is, `https://api.example.org`",
    );
    let site = server.need_text("site", "the practice's GUID there");
    let key = secrets.need(
        server,
        "key",
        "the subscription key: { env = \"NAME\" } or { file = \"path\" }",
    );
    let rate = server.number("rate", 0..=1_000_000);
    let authority = server
        .text("trusted-authority")
        .map(|file| secrets.folder.join(file.value));
    let url = server.parse("url", url?, |text| {
        let text = text.trim_end_matches('/');
        text.parse::<crate::server::BaseUrl>()
            .map(|url| url.to_string())
            .map_err(|error| error.to_string())
    })?;
    let is_own = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    if url.value.starts_with("http://") && !is_own.iter().any(|own| url.value.starts_with(own)) {
        server.invalid(
            &url.span,
            "`url`: a key is sent over https, and over http to this computer only",
        );
        return None;
    }
    let site = site?;
    let site_id = server.parse("site", site, |text| {
        uuid::Uuid::parse_str(text)
            .map(|id| id.to_string())
            .map_err(|_| "this is no GUID".to_owned())
    })?;
    Some(UpstreamServer {
        url: url.value,
        site: site_id.value,
        key: key?,
        authority,
        rate: match rate {
            None => Some(15),
            Some(0) => None,
            Some(rate) => Some(rate),
        },
    })
}
