//! `[site.passthrough]`: whether callers' own SQL runs at a site, as whom, and how much of it at a time.

use super::read::Section;
use super::secrets::Secrets;
use super::{MssqlLogin, Server};
use crate::gateway::integrator::Login;

/// SQL passthrough at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passthrough {
    pub is_enabled: bool,
    /// Statements may change a SQLite file. Of other engines the login decides.
    pub writes: bool,
    /// Statements of callers' own that run at a time.
    pub connections: usize,
    /// Statements of one integrator that wait, at the most: of those that it waits for, and of all others.
    pub waiting: usize,
    /// Who logs in for them, where a caller has no login of its own; None: who reads for FHIR.
    pub login: Option<Login>,
}

impl Default for Passthrough {
    fn default() -> Passthrough {
        Passthrough {
            is_enabled: true,
            writes: false,
            connections: 4,
            waiting: 1000,
            login: None,
        }
    }
}

impl Passthrough {
    /// Its statements cannot run on what FHIR reads by: they have a login of their own, or may write to a file.
    pub fn has_own_driver(&self) -> bool {
        self.login.is_some() || self.writes
    }

    /// The same server with the login of passthrough, where it has one. A Windows user stays one; who reads as the
    /// program's own user logs in as the server's.
    pub(super) fn server(&self, server: &Server) -> Server {
        let mut server = server.clone();
        let Some(Login { user, password }) = self.login.clone() else {
            return server;
        };
        match &mut server {
            Server::Mssql(server) => {
                server.login = match server.login {
                    MssqlLogin::Windows { .. } => MssqlLogin::Windows { user, password },
                    MssqlLogin::Sql { .. } | MssqlLogin::Integrated => {
                        MssqlLogin::Sql { user, password }
                    }
                };
            }
            Server::Firebird(server) => (server.user, server.password) = (user, password),
            Server::Odbc(server) => {
                (server.user, server.password) = (Some(user), Some(password));
            }
            // They have no logins, which the reader has seen to.
            Server::Sqlite | Server::Passthrough(_) => {}
        }
        server
    }
}

/// Reads a site's; what is not said, or said wrongly (which is reported), is as elsewhere.
pub(super) fn read(
    site: &Section<'_>,
    server: Option<&Server>,
    secrets: &mut Secrets<'_>,
) -> Passthrough {
    let mut passthrough = Passthrough::default();
    let Some(section) = site.section("passthrough", "SQL passthrough at a site") else {
        return passthrough;
    };
    if let Some(is_enabled) = section.boolean("enabled") {
        passthrough.is_enabled = is_enabled;
    }
    let number = |key: &'static str, bounds, value: &mut usize| {
        if let Some(number) = section.number(key, bounds) {
            *value = number as usize;
        }
    };
    number("connections", 1..=64, &mut passthrough.connections);
    number("waiting", 1..=100_000, &mut passthrough.waiting);
    let span = |key| section.get(key).map(toml::Spanned::span);
    passthrough.writes = section.boolean("writes").unwrap_or(false);
    if let (Some(span), Some(server)) = (span("writes"), server)
        && *server != Server::Sqlite
    {
        section.invalid(
            &span,
            "`writes` is for the driver sqlite: on a database server the login decides what a statement may change",
        );
    }
    passthrough.login = login(&section, secrets);
    if let (Some(span), Some(server)) = (span("user").or_else(|| span("password")), server) {
        let why = match server {
            Server::Sqlite => Some("a file has no logins"),
            Server::Passthrough(_) => Some("the login is the upstream's, which has the practice"),
            Server::Mssql(_) | Server::Firebird(_) | Server::Odbc(_) => None,
        };
        if let Some(why) = why {
            let message = format!("`user` and `password` are for mssql, firebird and odbc: {why}");
            section.invalid(&span, message);
        }
    }
    section.done();
    passthrough
}

/// A login that is whole, or none.
fn login(section: &Section<'_>, secrets: &mut Secrets<'_>) -> Option<Login> {
    if !section.has("user") && !section.has("password") {
        // Known, and not there.
        let _ = (section.get("user"), section.get("password"));
        return None;
    }
    let user = section.need_text("user", "who logs in for the statements of callers");
    let password = secrets.need(
        section,
        "password",
        "{ env = \"NAME\" } or { file = \"path\" }",
    );
    Some(Login {
        user: user?.value.to_owned(),
        password: password?,
    })
}
