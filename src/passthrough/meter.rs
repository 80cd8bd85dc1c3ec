//! Numbers of a site's connections, for `/metrics`. Labels are the site's id and codes of the table of errors.

use std::sync::Arc;

use metrics::{counter, describe_counter, describe_gauge, gauge};

use super::PassthroughError;

const CONNECTIONS: &str = "pilaster_database_connections";
const CONNECTS: &str = "pilaster_database_connects_total";
const ERRORS: &str = "pilaster_database_errors_total";
const UP: &str = "pilaster_database_up";

/// Says what the numbers mean; once, where they are recorded.
pub fn describe() {
    describe_gauge!(CONNECTIONS, "Open connections to a site's databases");
    describe_counter!(
        CONNECTS,
        "Attempts to connect to a site's databases, by what came of them"
    );
    describe_counter!(
        ERRORS,
        "Statements and waits for a connection that failed, and requests that were turned away as they would, by the code of the error"
    );
    describe_gauge!(
        UP,
        "1 where the last attempt to connect to a site's databases as the site's own login succeeded, else 0"
    );
}

/// Counts for one site; for none where it has no name.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    site: Option<Arc<str>>,
    /// By a caller's own login: whether that is let in says nothing of the site.
    is_callers: bool,
}

impl Meter {
    pub(super) fn of(site: &str) -> Meter {
        Meter {
            site: Some(Arc::from(site)),
            is_callers: false,
        }
    }

    /// Of the connections by callers' own logins, which are counted among the site's.
    pub(super) fn of_callers_login(site: &str) -> Meter {
        Meter {
            is_callers: true,
            ..Meter::of(site)
        }
    }

    /// Whose numbers they are.
    pub(super) fn site(&self) -> &str {
        self.site.as_deref().unwrap_or_default()
    }

    /// An attempt to connect ended.
    pub(super) fn connected(&self, outcome: Result<(), &PassthroughError>) {
        let Some(site) = &self.site else { return };
        let code = outcome.err().map_or("ok", |error| error.code().id);
        counter!(CONNECTS, "site" => Arc::clone(site), "outcome" => code).increment(1);
        if self.is_callers {
            return;
        }
        let up = if outcome.is_ok() { 1.0 } else { 0.0 };
        gauge!(UP, "site" => Arc::clone(site)).set(up);
    }

    fn opened(&self) {
        let Some(site) = &self.site else { return };
        gauge!(CONNECTIONS, "site" => Arc::clone(site)).increment(1.0);
    }

    /// A connection was given up.
    fn closed(&self) {
        let Some(site) = &self.site else { return };
        gauge!(CONNECTIONS, "site" => Arc::clone(site)).decrement(1.0);
    }

    /// A statement, or the wait for a connection, failed.
    pub(super) fn failed(&self, error: &PassthroughError) {
        let Some(site) = &self.site else { return };
        counter!(ERRORS, "site" => Arc::clone(site), "code" => error.code().id).increment(1);
    }
}

/// A connection that is counted for as long as it is there.
pub(super) struct Counted<C: ?Sized> {
    meter: Meter,
    pub(super) inner: Box<C>,
}

impl<C: ?Sized> Counted<C> {
    pub(super) fn new(meter: Meter, inner: Box<C>) -> Counted<C> {
        meter.opened();
        Counted { meter, inner }
    }
}

impl<C: ?Sized> Drop for Counted<C> {
    fn drop(&mut self) {
        self.meter.closed();
    }
}
