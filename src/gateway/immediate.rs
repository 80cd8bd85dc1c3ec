//! Immediate queries: run while their callers wait.

use std::sync::Arc;
use std::time::Duration;

use super::ask::{Answered, Ask, Refused, bounds};
use super::failure;
use super::id::QueryId;
use super::link::{Availability, Run};
use super::meter;
use super::moment::Moment;
use super::query::{Mode, Outcome, Query, Stage, Status, StatusTiming};
use super::queue::Class;
use super::rows;
use super::service::{Admitted, Gateway};
use crate::passthrough::call::{CallError, ExecutionMode};

impl Gateway {
    /// Runs a command while its caller waits. When the future is dropped, the statement is cancelled.
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn immediate(&self, at: &Admitted, ask: Ask) -> Result<Answered, Refused> {
        let answered = self.answer(at, ask).await;
        match &answered {
            Ok(answered) => meter::ended(Mode::Immediate, answered.query.status),
            Err(Refused::Failed(query)) => meter::ended(Mode::Immediate, query.status),
            Err(refused) => meter::refused(meter::Class::Immediate, refused),
        }
        answered
    }

    async fn answer(&self, at: &Admitted, ask: Ask) -> Result<Answered, Refused> {
        match at.practice.link.availability() {
            Availability::Online => {}
            Availability::Offline => return Err(Refused::Offline),
            Availability::Unreachable => {
                let retry_after = at.practice.link.seek();
                return Err(Refused::Unreachable { retry_after });
            }
        }
        let created_at = Moment::now();
        let mut query = new(at, &ask, Mode::Immediate, created_at);
        let lane = self.lane(at.scope.site);
        let turn = lane.turn(Class::Immediate, at.scope.integrator);
        let turn = match tokio::time::timeout(ask.max_time_in_queue, turn).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_full)) => return Err(Refused::QueueFull),
            Err(_) => return Err(Refused::Expired),
        };
        let begun_at = Moment::now();
        meter::waited(meter::Class::Immediate, begun_at.since(created_at));
        query.timing.executing = Some(begun(begun_at));
        let mode = ask.call.mode;
        let (sink, collected) = rows::whole(bounds::RESULT_BYTES);
        let run = Run {
            call: Arc::new(ask.call),
            integrator: at.scope.integrator,
            login: self.login(at),
            limit: bounds::IMMEDIATE_LIMIT,
            rows: sink,
            begins: Box::new(|_| true),
            turn: Some(turn),
        };
        let ended = Arc::clone(&at.practice.link).run(run).await;
        let ended_at = Moment::now();
        query.updated_at = ended_at;
        query.completed_at = Some(ended_at);
        let ended = ended.and_then(|called| {
            let rows = collected.take().map_err(|_| CallError::TooLarge)?;
            Ok((called, rows))
        });
        let (called, rows) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                let limit = bounds::IMMEDIATE_LIMIT;
                if let Some(refused) = failure::refused(&error, limit) {
                    return Err(refused);
                }
                query.status = Status::ExecutionFailed;
                query.error = Some(failure::details(&error, at.practice.link.engine(), limit));
                return Err(Refused::Failed(Box::new(query)));
            }
        };
        meter::executed(meter::Class::Immediate, called.took, rows.json.len() as u64);
        query.status = Status::Successful;
        query.execution = Some(called.took);
        query.timing.downloading = Some(begun(ended_at));
        query.timing.uploading = Some(begun(ended_at));
        query.outcome = Some(Outcome {
            rows: rows.count,
            size: rows.json.len() as u64,
            rows_affected: called.rows_affected,
            parameters: called.parameters,
            pages: Vec::new(),
        });
        Ok(Answered {
            query,
            rows: (mode != ExecutionMode::NonQuery).then_some(rows.json),
        })
    }

    /// The caller's own login at the practice, where it has one.
    pub fn login(&self, at: &Admitted) -> Option<super::integrator::Login> {
        let index = self.index();
        let own = index.login(at.scope.integrator, at.scope.site, at.practice.product());
        own.cloned()
    }
}

/// A stage that begins.
pub(super) fn begun(at: Moment) -> Stage {
    Stage {
        start_time: at,
        end_time: None,
    }
}

/// A query that has just come.
pub(super) fn new(at: &Admitted, ask: &Ask, mode: Mode, now: Moment) -> Query {
    Query {
        id: QueryId::generate(),
        integrator: at.scope.integrator,
        environment: at.scope.environment,
        site: at.scope.site,
        device: at.scope.device.clone(),
        mode,
        status: Status::Initialising,
        max_time_in_queue: ask.max_time_in_queue,
        command_size: ask.command_size,
        request_size: ask.request_size,
        sql_query_size: ask.call.text.len() as u64,
        created_at: now,
        updated_at: now,
        completed_at: None,
        timing: StatusTiming {
            initialising: Some(begun(now)),
            ..StatusTiming::default()
        },
        execution: None::<Duration>,
        error: None,
        outcome: None,
        expires_at: None,
        trace: None,
    }
}
