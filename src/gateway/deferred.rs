//! Async queries: kept, run when their turn comes, their rows kept in pages, their end told.
//!
//! What an answer of 201 promises stands in the store before it is given. A query begins by a step of the store that only
//! one can take; its end and its message are one step too. So whatever moment the process dies at, the query is run once at
//! the most, and its message is sent at least once, with one id.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use tokio::runtime::Handle;

use super::ask::{Ask, Refused, bounds};
use super::failure;
use super::id::QueryId;
use super::immediate::{begun, new};
use super::lane::Turn;
use super::link::{Availability, Nature, Run};
use super::meter;
use super::moment::Moment;
use super::query::{
    ErrorDetails, ErrorType, Mode, Outcome, Page, Query, Stage, Status, StatusTiming,
};
use super::registry::interrupted_run;
use super::rows::{self, Paged};
use super::service::{Admitted, Gateway, Practice, to_its_end};
use super::webhook::{Delivery, Source};
use crate::journal::{Entry, What};
use crate::passthrough::call::{Call, CallError, Called, ExecutionMode};
use crate::store::{Finish, StoreError, Waiting};
use crate::trace_context;

/// Between attempts to keep a query's end: the first pause, and how long it grows.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// Waiting queries that are read at once when the gateway starts.
const READ_AT_ONCE: usize = 1_000;
/// Before a query that could not be begun waits again.
const AGAIN: Duration = Duration::from_secs(1);

impl Gateway {
    /// Keeps a command that is run later. Where the practice is away the query has ended as that says.
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn submit(self: &Arc<Self>, at: &Admitted, ask: Ask) -> Result<Query, Refused> {
        check(&at.practice, &ask.call)?;
        let mut query = new(at, &ask, Mode::Async, Moment::now());
        query.trace = trace_context::current().map(|request| request.child().text());
        let (gateway, practice) = (Arc::clone(self), Arc::clone(&at.practice));
        let kept = async move { gateway.take_in(&practice, query, Arc::new(ask.call)).await };
        let kept = to_its_end(kept).await;
        if let Err(refused) = &kept {
            meter::refused(meter::Class::Async, refused);
        }
        kept
    }

    async fn take_in(
        &self,
        practice: &Practice,
        mut query: Query,
        call: Arc<Call>,
    ) -> Result<Query, Refused> {
        let now = query.created_at;
        let away = match practice.link.availability() {
            Availability::Online => None,
            Availability::Offline => Some(Status::InitialisationFailedSiteOffline),
            Availability::Unreachable => {
                practice.link.seek();
                Some(Status::InitialisationFailedSiteUnreachable)
            }
        };
        let initialising = Stage {
            start_time: now,
            end_time: Some(now),
        };
        query.timing.initialising = Some(initialising);
        query.timing.queued = Some(begun(now));
        query.status = Status::Queued;
        // Until it waits there.
        let _room = match away {
            None => {
                let room = self.lane(query.site).room(query.integrator);
                Some(room.map_err(|_full| Refused::QueueFull)?)
            }
            Some(_) => None,
        };
        self.store.add_query(query.clone(), call).await?;
        if let Some(status) = away {
            query.status = status;
            query.timing.queued = None;
            query.completed_at = Some(now);
            self.end(self.finish_of(&query, status, now)).await;
            return Ok(query);
        }
        self.wait(&Waiting {
            id: query.id,
            integrator: query.integrator,
            site: query.site,
            expires_at: now.plus(query.max_time_in_queue),
        });
        Ok(query)
    }

    /// Lets a query that is kept wait for its turn.
    fn wait(&self, waiting: &Waiting) {
        let lane = self.lane(waiting.site);
        let mut expiries = self.expiries.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = lane.restore(waiting.clone());
        expiries.insert(
            (waiting.expires_at, waiting.id),
            (waiting.site, waiting.integrator, ticket),
        );
        drop(expiries);
        lane.give();
    }

    fn waits_no_more(&self, waiting: &Waiting) {
        let mut expiries = self.expiries.lock().unwrap_or_else(PoisonError::into_inner);
        expiries.remove(&(waiting.expires_at, waiting.id));
    }

    /// Takes up what a former process left.
    pub(super) async fn take_up(&self) -> Result<(), StoreError> {
        let interrupted = ErrorDetails {
            error_type: ErrorType::HaloLink,
            error_code: 500,
            error_message: "the gateway was restarted while the statement ran: whether it took effect is not known".to_owned(),
        };
        let recovered = self
            .store
            .recover(Moment::now(), interrupted, self.settings.pages_kept)
            .await?;
        if recovered.again + recovered.failed > 0 {
            tracing::warn!(
                again = recovered.again,
                failed = recovered.failed,
                "queries were interrupted by the end of the last process"
            );
        }
        for id in recovered.ended {
            self.note_end(id).await;
        }
        for registered in &recovered.runs {
            self.note(&interrupted_run(registered)).await;
        }
        let mut after = None;
        loop {
            let some = self.store.waiting(after, READ_AT_ONCE).await?;
            let Some(last) = some.last() else {
                return Ok(());
            };
            after = Some(last.id);
            some.iter().for_each(|waiting| self.wait(waiting));
        }
    }

    /// Ends the queries that have waited for as long as they may.
    pub(super) fn expire(self: &Arc<Self>, now: Moment) {
        loop {
            let due = {
                let mut expiries = self.expiries.lock().unwrap_or_else(PoisonError::into_inner);
                match expiries.first_entry() {
                    Some(first) if first.key().0 <= now => Some((first.key().1, first.remove())),
                    _ => None,
                }
            };
            let Some((id, (site, integrator, ticket))) = due else {
                return;
            };
            // One that has had its turn is past waiting.
            if self.lane(site).withdraw(integrator, ticket) {
                let gateway = Arc::clone(self);
                tokio::spawn(async move { gateway.expired(id, now).await });
            }
        }
    }

    async fn expired(&self, id: QueryId, now: Moment) {
        let _ending = Arc::clone(&self.ending);
        let query = loop {
            match self.store.any_query(id).await {
                Ok(Some(query)) => break query,
                // Its integrator is gone, and all of theirs.
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(query = %id, %error, "a query that has expired cannot be read; it is tried again");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        };
        let mut finish = self.finish_of(&query, Status::ExpiredInQueue, now);
        if let Some(queued) = &mut finish.timing.queued {
            queued.end_time = Some(now);
        }
        self.end(finish).await;
    }

    /// Runs a query whose turn it is.
    pub(super) async fn run_stored(self: Arc<Self>, waiting: Waiting, turn: Turn) {
        let now = Moment::now();
        self.waits_no_more(&waiting);
        // Its time may have ended between two looks at the clock.
        if waiting.expires_at < now {
            // Others need not wait until its end is kept.
            drop(turn);
            return self.expired(waiting.id, now).await;
        }
        match self.run_in_turn(waiting.id, &turn, now).await {
            Ok(finish) => {
                // Before the turn is over: who closes waits for either.
                let _ending = Arc::clone(&self.ending);
                drop(turn);
                if let Some(finish) = finish {
                    self.end(finish).await;
                }
            }
            Err(again) => {
                if let Some(error) = again {
                    tracing::error!(query = %waiting.id, %error, "a query waits again");
                }
                drop(turn);
                tokio::time::sleep(AGAIN).await;
                self.wait(&waiting);
            }
        }
    }

    /// How a query ended; None where it had ended before.
    ///
    /// # Errors
    /// It was not run, and is to wait again: perhaps for the store.
    async fn run_in_turn(
        self: &Arc<Self>,
        id: QueryId,
        turn: &Turn,
        now: Moment,
    ) -> Result<Option<Finish>, Option<StoreError>> {
        let practice = turn.practice().ok_or(None)?;
        let Some(mut query) = self.store.any_query(id).await? else {
            return Ok(None);
        };
        let call = match self.store.call(id).await {
            Ok(Some(call)) => call,
            Ok(None) => return Ok(None),
            // It will never be read.
            Err(StoreError::Sealed) => {
                let failed = Status::InitialisationFailedCacheError;
                return Ok(Some(self.finish_of(&query, failed, now)));
            }
            Err(error) => return Err(Some(error)),
        };
        if let Some(queued) = &mut query.timing.queued {
            queued.end_time = Some(now);
        }
        if !self.may_run(query.integrator, query.environment, query.site) {
            return Ok(Some(Finish {
                error: Some(not_allowed()),
                // Who may not ask is told nothing of the practice.
                delivery: None,
                ..self.finish_of(&query, Status::ExecutionFailed, now)
            }));
        }
        query.timing.executing = Some(begun(now));
        meter::waited(meter::Class::Async, now.since(query.created_at));
        self.run_in_pages(&query, &practice, call)
            .await
            .map(Some)
            .ok_or(None)
    }

    /// Runs a query, and keeps its pages. How it ended; None where it did not begin.
    async fn run_in_pages(
        self: &Arc<Self>,
        query: &Query,
        practice: &Arc<Practice>,
        call: Arc<Call>,
    ) -> Option<Finish> {
        let id = query.id;
        let index = self.index();
        let login = index.login(query.integrator, query.site, practice.product());
        let gives_rows = call.mode != ExecutionMode::NonQuery;
        let (sink, paged) = rows::paged(bounds::PAGE_BYTES, self.keeps_pages(id));
        let run = Run {
            call,
            integrator: query.integrator,
            login: login.cloned(),
            limit: bounds::ASYNC_LIMIT,
            rows: sink,
            begins: self.begins(id, query.timing.clone()),
            turn: None,
        };
        let ended = Arc::clone(&practice.link).run(run).await;
        let now = Moment::now();
        let mut timing = query.timing.clone();
        if let Some(executing) = &mut timing.executing {
            executing.end_time = Some(now);
        }
        let finish = Finish {
            timing,
            ..self.finish_of(query, Status::ExecutionFailed, now)
        };
        match ended {
            Ok(called) if gives_rows => Some(self.keep_last(finish, called, paged).await),
            Ok(called) => Some(Finish {
                status: Status::Successful,
                execution: Some(called.took),
                outcome: Some(Outcome {
                    rows_affected: called.rows_affected,
                    parameters: called.parameters,
                    ..Outcome::default()
                }),
                ..finish
            }),
            Err(CallError::Withdrawn) => None,
            Err(CallError::TooLarge) => Some(not_kept(finish)),
            Err(error) => Some(Finish {
                error: Some(failure::details(
                    &error,
                    practice.link.engine(),
                    bounds::ASYNC_LIMIT,
                )),
                ..finish
            }),
        }
    }

    /// Keeps the page that is not full.
    async fn keep_last(&self, finish: Finish, called: Called, paged: Paged) -> Finish {
        let kept = paged.finish().await;
        let now = Moment::now();
        let delivery = finish.delivery.map(|delivery| Delivery {
            occurred_at: now,
            next_at: now,
            ..delivery
        });
        let finish = Finish {
            at: now,
            expires_at: now.plus(self.settings.pages_kept),
            delivery,
            ..finish
        };
        let Ok(totals) = kept else {
            return not_kept(finish);
        };
        let uploading = Stage {
            start_time: totals.began,
            end_time: Some(now),
        };
        Finish {
            status: Status::Successful,
            timing: StatusTiming {
                uploading: Some(uploading),
                ..finish.timing
            },
            execution: Some(called.took),
            outcome: Some(Outcome {
                rows: totals.rows,
                size: totals.size,
                rows_affected: None,
                parameters: called.parameters,
                pages: Vec::new(),
            }),
            ..finish
        }
    }

    /// Notes that a query begins, before its statement does.
    fn begins(
        self: &Arc<Self>,
        id: QueryId,
        timing: StatusTiming,
    ) -> Box<dyn FnOnce(Nature) -> bool + Send> {
        let (store, runtime) = (Arc::clone(&self.store), Handle::current());
        Box::new(move |nature| {
            let begun = runtime.block_on(store.begin(id, nature, timing, Moment::now()));
            begun.unwrap_or_else(|error| {
                tracing::error!(query = %id, %error, "a query could not begin");
                false
            })
        })
    }

    /// Keeps the pages of a query as they become full. The statement waits meanwhile.
    fn keeps_pages(self: &Arc<Self>, id: QueryId) -> rows::Keep {
        let (store, runtime) = (Arc::clone(&self.store), Handle::current());
        Box::new(move |page: Page, json: Bytes| {
            let kept = runtime.block_on(store.put_page(id, page, json));
            if let Err(error) = &kept {
                tracing::error!(query = %id, %error, "a page could not be kept");
            }
            kept.is_ok()
        })
    }

    /// A query's end, with its message.
    pub(super) fn finish_of(&self, query: &Query, status: Status, now: Moment) -> Finish {
        Finish {
            id: query.id,
            status,
            at: now,
            timing: query.timing.clone(),
            execution: None,
            error: None,
            outcome: None,
            expires_at: now.plus(self.settings.pages_kept),
            delivery: Some(told(query, now)),
        }
    }

    /// Keeps a query's end, however long that takes: one that has run must not be run again.
    pub(super) async fn end(&self, finish: Finish) {
        let mut pause = SHORTEST;
        loop {
            match self.store.finish(finish.clone()).await {
                Ok(_) => break,
                Err(error) => {
                    tracing::error!(query = %finish.id, %error, "a query's end could not be kept; it is tried again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST);
                }
            }
        }
        self.messages.notify_one();
        meter::ended(Mode::Async, finish.status);
        if let Some(took) = finish.execution {
            let size = finish.outcome.as_ref().map_or(0, |outcome| outcome.size);
            meter::executed(meter::Class::Async, took, size);
        }
        self.note_end(finish.id).await;
    }

    /// Writes into the journal how a query ended: with its pages, as it is told from now on.
    async fn note_end(&self, id: QueryId) {
        match self.store.any_query(id).await {
            Ok(Some(query)) => self.note(&Entry::of_query(What::AsyncEnd, &query)).await,
            Ok(None) => {}
            Err(error) => tracing::error!(query = %id, %error, "the journal lacks a query's end"),
        }
    }

    /// Writes into the journal what no request waits for.
    pub(super) async fn note(&self, entry: &Entry) {
        if let Err(error) = self.journal.record(entry).await {
            tracing::error!(%error, "the journal lacks an entry");
        }
    }
}

/// That a command can be carried: who hands one in is told at once where it cannot.
pub(super) fn check(practice: &Practice, call: &Call) -> Result<(), Refused> {
    match practice.link.check(call) {
        Err(CallError::Command(text)) => Err(Refused::Command(text)),
        _ => Ok(()),
    }
}

/// What a run ends with that may not be made any more.
pub(super) fn not_allowed() -> ErrorDetails {
    ErrorDetails {
        error_type: ErrorType::HaloLink,
        error_code: 403,
        error_message: "the integration is no longer enabled at the site, or the site is not the authoritative one"
            .to_owned(),
    }
}

/// The message of a query that has ended.
fn told(query: &Query, now: Moment) -> Delivery {
    let receiver = (query.integrator, query.environment);
    let (source, trace) = (Source::Async, query.trace.clone());
    Delivery::new(receiver, query.site, query.id, source, trace, now)
}

/// The end of a query whose pages could not all be kept.
fn not_kept(finish: Finish) -> Finish {
    Finish {
        status: Status::UploadFailed,
        error: Some(ErrorDetails {
            error_type: ErrorType::Http,
            error_code: 507,
            error_message:
                "the result could not be kept: the store has no room, or a row is too large"
                    .to_owned(),
        }),
        ..finish
    }
}
