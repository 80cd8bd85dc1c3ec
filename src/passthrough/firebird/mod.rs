//! The Firebird driver: practice databases on servers of Firebird 3 and newer.
//!
//! It speaks the wire protocol itself, in a blocking way, on the pool's threads. The client crate that there is
//! (rsfbclient) reads NUMERIC as binary numbers and does not tell DATE, TIME and TIMESTAMP apart; it waits for ever, on a
//! socket that nobody else can reach; and it asks three times for what can be asked at once. What
//! a driver that only reads needs of the protocol is small:
//!
//! | file | what it does |
//! |---|---|
//! | `wire` | bytes, deciphered, within a bound of time |
//! | `srp`, `login` | from a socket to an attached database |
//! | `status` | the server's errors, and which of ours they are |
//! | `message` | what a statement takes and gives, and the values that are bound |
//! | `cells`, `charset` | rows as they lie on the wire |
//! | `connection` | transactions, statements, rows |
//! | `line`, `reads` | statements of callers' own; which of them only read |
//! | `words` | the server's errors in words, for the caller whose statement it was |
//! | `blob` | values that do not lie in their rows |
//! | `scribe` | a connection that writes, which demos are created with and the driver never has |
//!
//! All that a job asks runs in one transaction, which reads and waits for no lock. It is begun with the job's first
//! statement and ended with the job, without waiting for the server's word: that is read when the next job
//! asks. So a connection that rests holds no transaction, which would keep the server from clearing away old
//! versions of rows, and a job of one statement costs two round trips.
//!
//! # Encryption
//! The wire is enciphered (`WireCrypt` of `firebird.conf`, on in a server as it is installed) with a key that both sides
//! have from the login and nobody in between: a server that does not agree hears the user's name and no more, unless
//! [`Options::encrypt`] says otherwise. Firebird 2.5 has no such encryption. The cipher is Arc4, which a reader in between
//! has to work at; where rows travel beyond one's own network they belong in a tunnel as well.

mod blob;
mod cells;
mod charset;
mod connection;
mod line;
mod login;
mod message;
mod reads;
mod scribe;
mod srp;
mod status;
mod wire;
mod words;

use std::sync::Arc;
use std::time::Instant;

pub use self::charset::Charset;
use self::connection::Attached;
use self::line::FirebirdLine;
pub use self::scribe::Scribe;
use self::wire::Wire;
use super::call::{Call, CallError, Line};
use super::{Connection, Driver, Limits, PassthroughError, Watch};
use crate::gateway::integrator::Login;
use crate::relation::Dialect;
use crate::secret::Secret;

/// A server, and the databases of a site on it.
#[derive(Debug, Clone)]
pub struct Options {
    /// A name or an address.
    pub host: String,
    /// Firebird's own is 3050.
    pub port: u16,
    /// As Firebird reads it: in upper case unless it stands in double quotes.
    pub user: String,
    pub password: Secret,
    pub charset: Charset,
    /// The server has to encipher the wire; else it may, and rows and values can be read on the way where it does not.
    pub encrypt: bool,
    /// The name of each database, and its path on the server or its alias there; the default one first. Where there
    /// is but one its name may be empty.
    pub databases: Vec<(Arc<str>, String)>,
}

/// A site's databases on a Firebird server.
pub struct Firebird {
    options: Options,
    catalogues: Vec<Arc<str>>,
    limits: Limits,
}

impl Firebird {
    /// Nothing is asked of the server yet.
    pub fn new(options: Options, limits: &Limits) -> Firebird {
        if !options.encrypt {
            tracing::warn!(
                "the connection to Firebird need not be encrypted: health data can be read on the way"
            );
        }
        let names = options.databases.iter().map(|(name, _)| Arc::clone(name));
        Firebird {
            catalogues: names.filter(|name| !name.is_empty()).collect(),
            limits: limits.clone(),
            options,
        }
    }

    /// The same databases, as a caller's login.
    fn entered_as(&self, login: &Login) -> Firebird {
        Firebird {
            options: Options {
                user: login.user.clone(),
                password: login.password.clone(),
                ..self.options.clone()
            },
            catalogues: self.catalogues.clone(),
            limits: self.limits.clone(),
        }
    }

    fn attach(&self, catalogue: usize, watch: &Watch) -> Result<Attached, PassthroughError> {
        let options = &self.options;
        let none = || PassthroughError::NoDatabase(String::new());
        let (name, path) = options.databases.get(catalogue).ok_or_else(none)?;
        let until = (Instant::now() + self.limits.connect).min(watch.deadline());
        let mut wire = Wire::connect(&options.host, options.port, until)
            .map_err(PassthroughError::Unreachable)?;
        let database = login::attach(&mut wire, options, path, name)?;
        Ok(Attached::new(wire, database, options.charset, &self.limits))
    }
}

impl Driver for Firebird {
    fn dialect(&self) -> Dialect {
        Dialect::Firebird
    }

    fn catalogues(&self) -> &[Arc<str>] {
        &self.catalogues
    }

    fn connect(
        &self,
        catalogue: usize,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Connection>, PassthroughError> {
        Ok(Box::new(self.attach(catalogue, watch)?))
    }

    fn line(
        &self,
        catalogue: usize,
        login: Option<&Login>,
        watch: &Arc<Watch>,
    ) -> Result<Box<dyn Line>, PassthroughError> {
        let own = login.map(|login| self.entered_as(login));
        let attached = own.as_ref().unwrap_or(self).attach(catalogue, watch)?;
        Ok(Box::new(FirebirdLine::new(attached)))
    }

    fn check(&self, call: &Call) -> Result<(), CallError> {
        line::check(call)
    }

    fn with_login(&self, login: &Login) -> Result<Option<Arc<dyn Driver>>, PassthroughError> {
        Ok(Some(Arc::new(self.entered_as(login))))
    }
}
