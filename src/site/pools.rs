//! A practice's connections: those of its own login, and those of callers who have one of their own there.
//!
//! What a caller may see is then the practice database's decision. Each login has a pool of its own; one that nobody has used
//! for a while is closed with its connections.

use std::sync::Arc;
use std::time::Duration;

use crate::gateway::integrator::Login;
use crate::passthrough::{PassthroughError, Pool};

/// Logins beside the practice's own that have connections at a time; the one that was used longest ago is closed first.
const LOGINS: u64 = 64;
/// How long one's connections are kept without use.
const IDLE: Duration = Duration::from_secs(600);

/// The pools of one practice.
pub(super) struct Pools {
    id: String,
    own: Arc<Pool>,
    others: moka::sync::Cache<Login, Arc<Pool>>,
}

impl Pools {
    /// Those of the practice with an id, whose own login is that of `own`.
    pub(super) fn new(id: &str, own: Arc<Pool>) -> Pools {
        Pools {
            id: id.to_owned(),
            own,
            others: moka::sync::Cache::builder()
                .max_capacity(LOGINS)
                .time_to_idle(IDLE)
                .build(),
        }
    }

    /// That of the practice's own login.
    pub(super) fn own(&self) -> &Arc<Pool> {
        &self.own
    }

    /// That of a caller's login; the practice's own where the caller has none, or the databases know none. A login whose
    /// password has changed is another.
    ///
    /// # Errors
    /// [`PassthroughError::LoginNotCarried`]: the caller has a login, and cannot be let in as it.
    pub(super) fn of(&self, login: Option<&Login>) -> Result<Arc<Pool>, PassthroughError> {
        let Some(login) = login else {
            return Ok(Arc::clone(&self.own));
        };
        if let Some(pool) = self.others.get(login) {
            return Ok(pool);
        }
        let driver = self.own.driver().with_login(login);
        let Some(driver) = driver.inspect_err(|error| self.own.refused(error))? else {
            return Ok(Arc::clone(&self.own));
        };
        let limits = self.own.limits().clone();
        let make = || Arc::new(Pool::of_callers_login(&self.id, driver, limits));
        Ok(self.others.get_with_by_ref(login, make))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::passthrough::firebird::{Charset, Firebird, Options};
    use crate::passthrough::sqlite::Sqlite;
    use crate::passthrough::{Connection, Driver, Limits, Watch};
    use crate::relation::Dialect;
    use crate::secret::Secret;

    /// Databases that are reached as one login alone.
    struct OneLogin;

    impl Driver for OneLogin {
        fn dialect(&self) -> Dialect {
            Dialect::Mssql
        }

        fn catalogues(&self) -> &[Arc<str>] {
            &[]
        }

        fn connect(
            &self,
            _: usize,
            _: &Arc<Watch>,
        ) -> Result<Box<dyn Connection>, PassthroughError> {
            Err(PassthroughError::Login)
        }
    }

    fn pools(driver: impl Driver) -> Pools {
        let pool = Pool::new(Arc::new(driver), Limits::default());
        Pools::new("site", Arc::new(pool))
    }

    fn login(password: &str) -> Login {
        Login {
            user: "own".to_owned(),
            password: Secret::new(password),
        }
    }

    #[test]
    fn a_login_has_connections_of_its_own_and_another_password_is_another() {
        let options = Options {
            host: "localhost".to_owned(),
            port: 3050,
            user: "site".to_owned(),
            password: Secret::new("of the site"),
            charset: Charset::Utf8,
            encrypt: true,
            databases: vec![("".into(), "practice".to_owned())],
        };
        let pools = pools(Firebird::new(options, &Limits::default()));
        let of = |login: Option<&Login>| pools.of(login).expect("Firebird has logins");
        assert!(Arc::ptr_eq(&of(None), pools.own()));
        let first = of(Some(&login("one")));
        assert!(Arc::ptr_eq(&first, &of(Some(&login("one")))));
        let changed = of(Some(&login("two")));
        for other in [pools.own(), &changed] {
            assert!(!Arc::ptr_eq(&first, other));
        }
    }

    #[test]
    fn a_file_is_everybodys_and_another_way_in_is_nobodys() {
        let file = pools(Sqlite::file(Path::new("none"), &Limits::default()));
        let own = file.of(Some(&login("one"))).expect("a file has no logins");
        assert!(Arc::ptr_eq(&own, file.own()));
        let one = pools(OneLogin);
        let refused = one.of(Some(&login("one"))).map(drop);
        assert_eq!(refused, Err(PassthroughError::LoginNotCarried));
        assert!(one.of(None).is_ok());
    }
}
