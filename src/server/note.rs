//! What the journal will say of a request: begun when it is known who asks, added to by the handler, written by
//! [`super::observe`] before the answer is sent, or when nobody is there any more to be answered.
//!
//! Who is unknown is in the log alone: else anybody could make the journal grow. So is who was refused for asking too often.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::Extensions;

use super::observe::Trail;
use crate::gateway::caller::Caller;
use crate::gateway::id::QueryId;
use crate::gateway::query::Query;
use crate::gateway::service::Admitted;
use crate::journal::{self, Entry, What};

/// An entry that is being written. Its clones are the same one: who observes the request has one, so that what was noted is
/// known also where the handler was dropped.
#[derive(Debug, Clone, Default)]
pub struct Note(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    entry: Option<Entry>,
    trail: Trail,
}

impl Note {
    /// That of a request, by its extensions; one of its own where nobody observes it.
    pub fn of(extensions: &Extensions) -> Note {
        extensions.get::<Note>().cloned().unwrap_or_default()
    }

    /// Somebody who is known asks.
    pub fn begin(&self, what: What, caller: &Caller) {
        let known = journal::Caller {
            integrator: Some(caller.integrator),
            environment: caller.environment,
            ..journal::Caller::default()
        };
        self.set(Entry {
            caller: known,
            ..Entry::now(what)
        });
    }

    /// Somebody asks a site that it may ask.
    pub fn admitted(&self, what: What, at: &Admitted) {
        let scope = &at.scope;
        let known = journal::Caller {
            integrator: Some(scope.integrator),
            environment: Some(scope.environment),
            device: scope.device.clone(),
            ..journal::Caller::default()
        };
        self.set(Entry {
            caller: known,
            site: Some(scope.site),
            ..Entry::now(what)
        });
    }

    /// It is about a query.
    pub fn about(&self, query: QueryId) {
        self.change(|entry| entry.query = Some(query));
    }

    /// It is something more particular.
    pub fn what(&self, what: What) {
        self.change(|entry| entry.what = what);
    }

    /// A query, and all that is known of it.
    pub fn query(&self, what: What, query: &Query) {
        self.set(Entry::of_query(what, query));
    }

    /// What the line in the log says of the request where it is not answered: as far as it is known.
    pub fn follow(&self, trail: &Trail) {
        self.lock().trail = *trail;
    }

    /// What was noted, which is there no more afterwards; None where nobody who is known asked.
    pub fn entry(&self) -> Option<Entry> {
        self.lock().entry.take()
    }

    /// As [`Note::follow`] had it last.
    pub fn trail(&self) -> Trail {
        self.lock().trail
    }

    fn set(&self, entry: Entry) {
        self.lock().entry = Some(entry);
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = &mut self.lock().entry {
            change(entry);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request of the SQL paths is, by the name that its line in the log has.
pub fn what(interaction: &str) -> What {
    match interaction {
        "sql-immediate" => What::Immediate,
        "sql-async" => What::AsyncSubmit,
        "sql-register" => What::Register,
        "sql-registered-cancel" => What::RegisteredCancel,
        "sql-registered-list" | "sql-registered" | "sql-registered-result" => What::RegisteredRead,
        "sql-page" => What::Page {
            number: 0,
            streamed: false,
        },
        "sql-stream" => What::Page {
            number: 0,
            streamed: true,
        },
        "site-pair" => What::Pair,
        "site-lookup" | "site" => What::SiteRead,
        "token" => What::Token,
        _ => What::Status { queries: 1 },
    }
}
