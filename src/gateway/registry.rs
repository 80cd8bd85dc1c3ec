//! Registered queries: run when they are due, kept and told of when their result has changed.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;

use super::ask::{Refused, Registration, bounds};
use super::deferred::{check, not_allowed};
use super::failure;
use super::id::QueryId;
use super::link::{Availability, Run};
use super::meter::{self, RunEnd};
use super::moment::Moment;
use super::query::{ErrorDetails, ErrorType};
use super::registered::{Registered, RegisteredMetrics, RegisteredResult, RegisteredStatus};
use super::rows;
use super::service::{Admitted, Gateway, to_its_end};
use super::webhook::{Delivery, Source};
use crate::hex::hex;
use crate::journal::{self, Cause, Durations, Entry, Sizes, What, millis};
use crate::passthrough::call::{Call, CallError, Called};
use crate::store::{Due, RunFinish};

/// Runs that are taken up at once.
const AT_ONCE: usize = 64;
/// Between attempts to keep a run's end.
const PAUSE: Duration = Duration::from_secs(1);

impl Gateway {
    /// Keeps a command that is run again and again, at once for the first time.
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn register(
        self: &Arc<Self>,
        at: &Admitted,
        new: Registration,
    ) -> Result<QueryId, Refused> {
        let (gateway, at) = (Arc::clone(self), at.clone());
        to_its_end(async move { gateway.keep_registered(&at, new).await }).await
    }

    async fn keep_registered(&self, at: &Admitted, new: Registration) -> Result<QueryId, Refused> {
        check(&at.practice, &new.call)?;
        let now = Moment::now();
        let id = QueryId::generate();
        let registered = Registered {
            id,
            integrator: at.scope.integrator,
            environment: at.scope.environment,
            site: at.scope.site,
            device: at.scope.device.clone(),
            name: new.name,
            status: RegisteredStatus::Enabled,
            frequency: new.frequency,
            duration: new.duration,
            last_hash: None,
            last_error: None,
            metrics: RegisteredMetrics {
                request_size: new.request_size,
                ..RegisteredMetrics::default()
            },
            created_at: now,
            completed_at: None,
            next_at: now,
        };
        let most = bounds::REGISTERED_MOST;
        let call = Arc::new(new.call);
        if !self.store.register(registered, call, most).await? {
            return Err(Refused::TooManyRegistered { most });
        }
        self.runs.notify_one();
        Ok(id)
    }

    /// Starts the runs that are due. When the next ones are.
    pub(super) async fn run_due(self: &Arc<Self>, now: Moment) -> Option<Moment> {
        loop {
            let due = match self.store.due(now, AT_ONCE).await {
                Ok(due) => due,
                Err(error) => {
                    tracing::error!(%error, "registered queries cannot be read");
                    return Some(now.plus(PAUSE));
                }
            };
            let is_all = due.len() < AT_ONCE;
            for one in due {
                let gateway = Arc::clone(self);
                tokio::spawn(async move { gateway.run_registered(one).await });
            }
            if is_all {
                break;
            }
        }
        let next = self.store.next_due().await;
        next.map_or(Some(now.plus(PAUSE)), |(runs, _)| runs)
    }

    async fn run_registered(self: Arc<Self>, due: Due) {
        let Due { registered, call } = due;
        let began = Moment::now();
        let ran = self.run_once(&registered, call).await;
        let finish = after(registered, ran, began, Moment::now());
        let _ending = Arc::clone(&self.ending);
        let is_kept = loop {
            match self.store.finish_run(finish.clone()).await {
                Ok(is_kept) => break is_kept,
                Err(error) => {
                    tracing::error!(query = %finish.registered.id, %error, "a run's end could not be kept; it is tried again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        // The result of one that was cancelled meanwhile is nowhere.
        let result = finish.result.as_ref().filter(|_| is_kept);
        self.messages.notify_one();
        self.runs.notify_one();
        meter::ran(match (&finish.registered.last_error, result) {
            (Some(_), _) => RunEnd::Failed,
            (None, Some(_)) => RunEnd::Changed,
            (None, None) => RunEnd::Unchanged,
        });
        let ran = Ran {
            result,
            whole: Some(Moment::now().since(began)),
        };
        self.note(&entry(&finish.registered, &ran)).await;
    }

    async fn run_once(
        self: &Arc<Self>,
        registered: &Registered,
        call: Arc<Call>,
    ) -> Result<(Called, RegisteredResult), ErrorDetails> {
        let away = |code, text: &str| ErrorDetails {
            error_type: ErrorType::HaloLink,
            error_code: code,
            error_message: text.to_owned(),
        };
        let lane = self.lane(registered.site);
        let practice = lane.practice();
        let practice = practice.ok_or_else(|| away(503, "the site is served no more"))?;
        if practice.link.availability() != Availability::Online {
            practice.link.seek();
            return Err(away(503, "the practice cannot be reached"));
        }
        let who = registered.integrator;
        // Until it is due again, or is over.
        let over_at = registered.created_at.plus(registered.duration);
        let patience = registered.frequency.min(over_at.since(Moment::now()));
        let turn = tokio::time::timeout(patience, lane.turn_of_registered(who)).await;
        let Ok(Ok(turn)) = turn else {
            return Err(away(503, "the practice had no time for the query"));
        };
        if !self.may_run(who, registered.environment, registered.site) {
            return Err(not_allowed());
        }
        let index = self.index();
        let login = index
            .login(who, registered.site, practice.product())
            .cloned();
        let (sink, collected) = rows::whole(bounds::RESULT_BYTES);
        let (store, runtime, id) = (Arc::clone(&self.store), Handle::current(), registered.id);
        let run = Run {
            call,
            integrator: who,
            login,
            limit: bounds::REGISTERED_LIMIT,
            rows: sink,
            begins: Box::new(move |nature| {
                let begun = runtime.block_on(store.begin_run(id, nature));
                begun.unwrap_or_else(|error| {
                    tracing::error!(query = %id, %error, "a registered query could not begin");
                    false
                })
            }),
            turn: None,
        };
        let ended = Arc::clone(&practice.link).run(run).await;
        drop(turn);
        let limit = bounds::REGISTERED_LIMIT;
        let ended = ended.and_then(|called| {
            let rows = collected.take().map_err(|_| CallError::TooLarge)?;
            Ok((called, rows))
        });
        let details = |error| failure::details(&error, practice.link.engine(), limit);
        let (called, rows) = ended.map_err(details)?;
        meter::executed(
            meter::Class::Registered,
            called.took,
            rows.json.len() as u64,
        );
        let result = RegisteredResult {
            data: rows.json,
            rows: rows.count,
            parameters: called.parameters.clone(),
        };
        Ok((called, result))
    }
}

/// A registered query after a run.
fn after(
    mut registered: Registered,
    ran: Result<(Called, RegisteredResult), ErrorDetails>,
    began: Moment,
    now: Moment,
) -> RunFinish {
    let (mut result, mut delivery) = (None, None);
    let metrics = &mut registered.metrics;
    match ran {
        Ok((called, found)) => {
            metrics.last_succeeded_at = Some(now);
            metrics.last_execution_duration = u64::try_from(called.took.as_millis()).ok();
            metrics.execution_succeeded_count += 1;
            metrics.result_size_sum += found.data.len() as u64;
            registered.last_error = None;
            let hash = hash(&found);
            if registered.last_hash.as_ref() != Some(&hash) {
                registered.last_hash = Some(hash);
                delivery = Some(message(&registered, now));
                result = Some(found);
            }
        }
        Err(error) => {
            metrics.last_failed_at = Some(now);
            metrics.execution_failed_count += 1;
            registered.last_error = Some(error);
        }
    }
    let over_at = registered.created_at.plus(registered.duration);
    let next_at = next(registered.next_at, registered.frequency, began.max(now));
    // One that is not run again stays enabled for its duration: then it is looked at once more, to be completed.
    registered.next_at = next_at.min(over_at);
    if over_at <= now {
        registered.status = RegisteredStatus::Completed;
        registered.completed_at = Some(over_at);
    }
    RunFinish {
        registered,
        result,
        delivery,
    }
}

/// What is known of a run beside what its query says.
#[derive(Default)]
struct Ran<'r> {
    /// Where it differs from the last one.
    result: Option<&'r RegisteredResult>,
    /// How long it took with its waiting.
    whole: Option<Duration>,
}

/// What the journal says of a run that a restart has interrupted.
pub(super) fn interrupted_run(registered: &Registered) -> Entry {
    entry(registered, &Ran::default())
}

/// What the journal says of a run.
fn entry(registered: &Registered, ran: &Ran<'_>) -> Entry {
    let error = registered.last_error.as_ref();
    let took = registered.metrics.last_execution_duration;
    Entry {
        caller: journal::Caller {
            integrator: Some(registered.integrator),
            environment: Some(registered.environment),
            device: registered.device.clone(),
            ..journal::Caller::default()
        },
        site: Some(registered.site),
        query: Some(registered.id),
        error: error.map(Cause::from),
        sizes: Sizes {
            result: ran.result.map(|result| result.data.len() as u64),
            rows: ran.result.map(|result| result.rows),
            ..Sizes::default()
        },
        durations: Durations {
            execution: took.filter(|_| error.is_none()),
            whole: ran.whole.map(millis),
            ..Durations::default()
        },
        ..Entry::now(What::RegisteredRun {
            changed: ran.result.is_some(),
        })
    }
}

/// The first of the query's times that lies after now: runs that were missed are not made up for.
fn next(last: Moment, frequency: Duration, now: Moment) -> Moment {
    let missed = now.since(last).as_millis() / frequency.as_millis().max(1);
    let steps = u32::try_from(missed + 1).unwrap_or(u32::MAX);
    last.plus(frequency.saturating_mul(steps))
}

/// SHA-256 of a result, its outputs included, in lowercase hex.
fn hash(result: &RegisteredResult) -> String {
    let mut hash = Sha256::new();
    hash.update((result.data.len() as u64).to_be_bytes());
    hash.update(&result.data);
    for parameter in &result.parameters {
        for part in [Some(&parameter.name), parameter.value.as_ref()] {
            let length = part.map_or(u64::MAX, |part| part.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(part.map_or(&[][..], |part| part.as_bytes()));
        }
    }
    hex(&hash.finalize())
}

fn message(registered: &Registered, now: Moment) -> Delivery {
    let receiver = (registered.integrator, registered.environment);
    let source = Source::Registered;
    Delivery::new(receiver, registered.site, registered.id, source, None, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::id::{IntegratorId, SiteId};
    use crate::gateway::integrator::Environment;

    const MINUTE: Duration = Duration::from_secs(60);

    fn registered(frequency: Duration, duration: Duration) -> Registered {
        let now = Moment::from_millis(0);
        Registered {
            id: QueryId::generate(),
            integrator: IntegratorId::generate(),
            environment: Environment::Staging,
            site: SiteId::generate(),
            device: None,
            name: "watched".to_owned(),
            status: RegisteredStatus::Enabled,
            frequency,
            duration,
            last_hash: None,
            last_error: None,
            metrics: RegisteredMetrics::default(),
            created_at: now,
            completed_at: None,
            next_at: now,
        }
    }

    fn ran(registered: Registered, at: Duration) -> Registered {
        let at = Moment::from_millis(0).plus(at);
        after(registered, Err(not_allowed()), at, at).registered
    }

    #[test]
    fn it_is_enabled_for_its_duration_whether_it_runs_again_or_not() {
        // Of the moments at which it may run within its duration, the first one only.
        let once = ran(registered(5 * MINUTE, 2 * MINUTE), MINUTE / 60);
        assert_eq!(once.status, RegisteredStatus::Enabled);
        assert_eq!(once.completed_at, None);
        assert_eq!(once.next_at, Moment::from_millis(120_000));

        let again = ran(registered(MINUTE, 2 * MINUTE), MINUTE / 60);
        assert_eq!(again.next_at, Moment::from_millis(60_000));
        let again = ran(again, MINUTE);
        assert_eq!(again.status, RegisteredStatus::Enabled);
        assert_eq!(again.next_at, Moment::from_millis(120_000));
    }

    #[test]
    fn a_run_that_ends_after_the_duration_completes_it() {
        let late = ran(registered(MINUTE, 2 * MINUTE), 3 * MINUTE);
        assert_eq!(late.status, RegisteredStatus::Completed);
        assert_eq!(late.completed_at, Some(Moment::from_millis(120_000)));
    }

    #[test]
    fn runs_that_were_missed_are_not_made_up_for() {
        let late = ran(registered(MINUTE, 60 * MINUTE), MINUTE * 7 / 2);
        assert_eq!(late.next_at, Moment::from_millis(240_000));
    }
}
