//! What the tests keep: an integrator at a site, queries, pages, ends, messages; and the steps they are taken through.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;

use crate::gateway::id::{DeliveryId, IntegratorId, QueryId, SiteId};
use crate::gateway::integrator::{Environment, Integrator, Scope, WebhookTarget};
use crate::gateway::link::Nature;
use crate::gateway::moment::Moment;
use crate::gateway::query::{
    ErrorDetails, ErrorType, Mode, Outcome, Page, PageStatus, Query, Stage, Status, StatusTiming,
};
use crate::gateway::registered::{
    Registered, RegisteredMetrics, RegisteredResult, RegisteredStatus,
};
use crate::gateway::webhook::{Delivery, DeliveryStatus, Source};
use crate::passthrough::call::{
    Call, CommandType, Direction, ExecutionMode, Parameter, ParameterType,
};
use crate::secret::Secret;
use crate::store::{Change, DeliveryFilter, Finish, RunFinish, Store};

/// How long pages are kept here.
pub const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

pub const DAY: Duration = KEEP;

pub const HOUR: Duration = Duration::from_secs(60 * 60);

/// A moment of the tests: so long after they began.
pub fn at(after: Duration) -> Moment {
    Moment::from_millis(1_800_000_000_000).plus(after)
}

pub fn start() -> Moment {
    at(Duration::ZERO)
}

/// An integrator that the store has not.
pub fn integrator() -> Integrator {
    let id = IntegratorId::generate();
    Integrator {
        id,
        name: format!("Integrator {id}"),
        created_at: start(),
        rate: None,
        addresses: Vec::new(),
        disabled: false,
    }
}

/// An integrator that the store has, at a site.
pub async fn scope(store: &dyn Store) -> Scope {
    let integrator = integrator();
    let id = integrator.id;
    let added = store.change(Change::AddIntegrator(integrator)).await;
    added.expect("added");
    Scope {
        integrator: id,
        environment: Environment::Staging,
        site: SiteId::generate(),
        device: None,
    }
}

/// The same, with a webhook.
pub async fn scope_with_webhook(store: &dyn Store) -> Scope {
    let scope = scope(store).await;
    let added = store.change(Change::SetWebhook(webhook(&scope))).await;
    added.expect("added");
    scope
}

pub fn webhook(scope: &Scope) -> WebhookTarget {
    WebhookTarget {
        integrator: scope.integrator,
        environment: scope.environment,
        url: "https://hooks.example/{siteId}".to_owned(),
        secret: Secret::new("sign with me"),
        disabled: false,
    }
}

pub fn call(text: &str) -> Arc<Call> {
    Arc::new(Call {
        text: text.into(),
        mode: ExecutionMode::Reader,
        kind: CommandType::Text,
        parameters: vec![parameter("@surname", "O'Néill")],
        catalogue: Some("Patients".into()),
    })
}

pub fn parameter(name: &str, value: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        direction: Direction::InputOutput,
        ty: ParameterType::NVarChar,
        value: Some(value.to_owned()),
        size: Some(40),
    }
}

/// A query that waits.
pub fn query(scope: &Scope) -> Query {
    Query {
        id: QueryId::generate(),
        integrator: scope.integrator,
        environment: scope.environment,
        site: scope.site,
        device: scope.device.clone(),
        mode: Mode::Async,
        status: Status::Queued,
        max_time_in_queue: HOUR,
        command_size: 120,
        request_size: 150,
        sql_query_size: 80,
        created_at: start(),
        updated_at: start(),
        completed_at: None,
        timing: StatusTiming {
            queued: Some(stage(start(), None)),
            ..StatusTiming::default()
        },
        execution: None,
        error: None,
        outcome: None,
        expires_at: None,
        trace: None,
    }
}

pub fn stage(start_time: Moment, end_time: Option<Moment>) -> Stage {
    Stage {
        start_time,
        end_time,
    }
}

pub fn executing() -> StatusTiming {
    StatusTiming {
        queued: Some(stage(start(), Some(start()))),
        executing: Some(stage(start(), None)),
        ..StatusTiming::default()
    }
}

pub fn page(number: u32, rows: &[u8]) -> Page {
    Page {
        number,
        status: PageStatus::Cached,
        size: rows.len() as u64,
        count: 2,
        first: u64::from(number) * 2 - 1,
    }
}

/// A good end.
pub fn success(id: QueryId) -> Finish {
    Finish {
        id,
        status: Status::Successful,
        at: start().plus(HOUR),
        timing: executing(),
        execution: Some(Duration::from_micros(1_234)),
        error: None,
        outcome: Some(Outcome {
            rows: 4,
            size: 24,
            rows_affected: Some(-1),
            parameters: vec![parameter("@out", "secret")],
            pages: Vec::new(),
        }),
        expires_at: start().plus(HOUR).plus(KEEP),
        delivery: None,
    }
}

/// A bad one.
pub fn failure(id: QueryId) -> Finish {
    Finish {
        status: Status::ExecutionFailed,
        error: Some(error("Invalid object name 'PATIENT'.")),
        outcome: None,
        ..success(id)
    }
}

pub fn error(message: &str) -> ErrorDetails {
    ErrorDetails {
        error_type: ErrorType::Mssql,
        error_code: 208,
        error_message: message.to_owned(),
    }
}

pub fn delivery(scope: &Scope, query: QueryId) -> Delivery {
    Delivery {
        id: DeliveryId::generate(),
        integrator: scope.integrator,
        environment: scope.environment,
        site: scope.site,
        query,
        source: Source::Async,
        occurred_at: start(),
        status: DeliveryStatus::Pending,
        attempts: 0,
        next_at: start(),
        last_status: None,
        last_problem: None,
        finished_at: None,
        trace: None,
    }
}

pub fn registered(scope: &Scope) -> Registered {
    Registered {
        id: QueryId::generate(),
        integrator: scope.integrator,
        environment: scope.environment,
        site: scope.site,
        device: scope.device.clone(),
        name: "New appointments".to_owned(),
        status: RegisteredStatus::Enabled,
        frequency: Duration::from_secs(300),
        duration: Duration::from_secs(43_200),
        last_hash: None,
        last_error: None,
        metrics: RegisteredMetrics {
            request_size: 99,
            ..RegisteredMetrics::default()
        },
        created_at: start(),
        completed_at: None,
        next_at: start(),
    }
}

pub async fn begins(store: &dyn Store, id: QueryId, nature: Nature) -> bool {
    let begun = store.begin(id, nature, executing(), start()).await;
    begun.expect("asked")
}

/// Takes a waiting query to a good end, with pages.
pub async fn succeed(store: &dyn Store, query: &Query, pages: &[&'static [u8]]) {
    assert!(begins(store, query.id, Nature::Reads).await);
    for (number, rows) in (1..).zip(pages) {
        let put = store.put_page(query.id, page(number, rows), Bytes::from_static(rows));
        put.await.expect("put");
    }
    let finished = store.finish(success(query.id)).await;
    assert_eq!(finished, Ok(true));
}

pub async fn deliveries_of(store: &dyn Store, scope: &Scope) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        integrator: Some(scope.integrator),
        status: None,
        limit: 100,
        ..DeliveryFilter::default()
    };
    store.deliveries(filter).await.expect("looked")
}

pub fn result(data: &[u8]) -> RegisteredResult {
    RegisteredResult {
        data: data.to_vec(),
        rows: 1,
        parameters: vec![parameter("@out", "secret")],
    }
}

/// What a run makes of a registered query.
pub fn ran(registered: &Registered) -> Registered {
    Registered {
        last_hash: Some("ab".repeat(32)),
        metrics: RegisteredMetrics {
            last_succeeded_at: Some(at(HOUR)),
            execution_succeeded_count: registered.metrics.execution_succeeded_count + 1,
            result_size_sum: 3,
            ..registered.metrics.clone()
        },
        next_at: registered.next_at.plus(registered.frequency),
        ..registered.clone()
    }
}

/// Takes a registered query that is due through a run.
pub async fn run(store: &dyn Store, registered: &Registered, result: Option<RegisteredResult>) {
    let due = store.due(registered.next_at, 100).await.expect("looked");
    assert!(due.iter().any(|due| due.registered.id == registered.id));
    let begun = store.begin_run(registered.id, Nature::Reads).await;
    assert_eq!(begun, Ok(true));
    let finish = RunFinish {
        registered: ran(registered),
        result,
        delivery: None,
    };
    store.finish_run(finish).await.expect("finished");
}
