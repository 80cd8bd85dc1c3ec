//! A practice's connections: those of its own login, and those of callers who have one of their own there.
//!
//! What a caller may see is then the practice database's decision. Each login has a pool of its own; one that nobody has used
//! for a while is closed with its connections.

use std::sync::Arc;
use std::time::Duration;

use crate::gateway::integrator::Login;
use crate::passthrough::Pool;

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

    /// That of a caller's login; the practice's own where the caller has none, or the databases know none.
    pub(super) fn of(&self, login: Option<&Login>) -> Arc<Pool> {
        let own = || Arc::clone(&self.own);
        let Some(login) = login else { return own() };
        let made = self.others.optionally_get_with_by_ref(login, || {
            let driver = self.own.driver().with_login(login)?;
            let limits = self.own.limits().clone();
            Some(Arc::new(Pool::of_site(&self.id, driver, limits)))
        });
        made.unwrap_or_else(own)
    }
}
