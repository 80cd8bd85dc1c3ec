//! What every store has to keep, as a function over one: whatever it is made of, it is held to this.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;

use super::{
    Change, DeliveryFilter, Finish, PageFound, PairingCode, Recovered, RunFinish, Store,
    StoreError, Tried,
};
use crate::gateway::id::{DeliveryId, IntegratorId, KeyId, QueryId, SiteId};
use crate::gateway::integrator::{
    AddressRange, Environment, Integrator, Key, Login, LoginScope, Pairing, Scope, WebhookTarget,
};
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

/// How long pages are kept here.
pub const KEEP: Duration = Duration::from_secs(24 * 60 * 60);
const DAY: Duration = KEEP;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Holds a store, in which there is nothing yet, to all of it.
pub async fn conforms(store: &dyn Store) {
    integrators_and_keys(store).await;
    pairings_and_codes(store).await;
    logins_and_webhooks(store).await;
    an_integrator_goes_with_all_that_is_theirs(store).await;
    secrets_of_its_own(store).await;
    a_query_from_waiting_to_its_end(store).await;
    each_step_is_made_once(store).await;
    queries_wait_in_their_order(store).await;
    pages_have_their_time(store).await;
    nothing_of_another_scope_is_found(store).await;
    messages_are_kept_with_what_they_tell(store).await;
    messages_are_leased_and_end(store).await;
    a_registered_query_runs_and_ends(store).await;
    a_cancelled_run_leaves_nothing(store).await;
    a_restart_takes_up_what_was_at_work(store).await;
    a_restart_takes_up_runs(store).await;
}

/// A moment of the tests: so long after they began.
pub fn at(after: Duration) -> Moment {
    Moment::from_millis(1_800_000_000_000).plus(after)
}

fn start() -> Moment {
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
async fn scope_with_webhook(store: &dyn Store) -> Scope {
    let scope = scope(store).await;
    let added = store.change(Change::SetWebhook(webhook(&scope))).await;
    added.expect("added");
    scope
}

fn webhook(scope: &Scope) -> WebhookTarget {
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

fn parameter(name: &str, value: &str) -> Parameter {
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
    }
}

fn stage(start_time: Moment, end_time: Option<Moment>) -> Stage {
    Stage {
        start_time,
        end_time,
    }
}

fn executing() -> StatusTiming {
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
    }
}

fn registered(scope: &Scope) -> Registered {
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

/// Of an integrator of its own alone, what a directory says.
async fn directory_of(store: &dyn Store, id: IntegratorId) -> super::Directory {
    let mut directory = store.directory().await.expect("directory");
    directory.integrators.retain(|it| it.id == id);
    directory.keys.retain(|key| key.integrator == id);
    directory.pairings.retain(|it| it.integrator == id);
    directory.logins.retain(|(of, ..)| *of == id);
    directory.webhooks.retain(|it| it.integrator == id);
    directory
        .pairing_codes
        .retain(|code| code.integrator == Some(id));
    directory
}

/// Makes a change, which is to be seen by the directory's number.
async fn changes(store: &dyn Store, change: Change) {
    let before = store.directory_version().await.expect("version");
    store.change(change).await.expect("changed");
    let after = store.directory_version().await.expect("version");
    assert_ne!(before, after);
}

async fn is_unknown(store: &dyn Store, change: Change) {
    let refused = store.change(change).await;
    assert!(
        matches!(refused, Err(StoreError::Unknown(_))),
        "{refused:?}"
    );
}

async fn is_taken(store: &dyn Store, change: Change) {
    let refused = store.change(change).await;
    assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
}

async fn integrators_and_keys(store: &dyn Store) {
    let mut it = integrator();
    is_unknown(store, Change::SetIntegrator(it.clone())).await;
    changes(store, Change::AddIntegrator(it.clone())).await;
    is_taken(
        store,
        Change::AddIntegrator(Integrator {
            id: IntegratorId::generate(),
            ..it.clone()
        }),
    )
    .await;
    it.name = format!("{} (renamed)", it.name);
    it.rate = Some(30);
    it.disabled = true;
    it.addresses = vec![
        AddressRange {
            first: "192.0.2.0".parse().expect("an address"),
            prefix: 24,
        },
        AddressRange {
            first: "2001:db8::".parse().expect("an address"),
            prefix: 32,
        },
    ];
    changes(store, Change::SetIntegrator(it.clone())).await;

    let key = Key {
        id: KeyId::generate(),
        integrator: it.id,
        environment: Environment::Production,
        hash: [7; 32],
        ends: "9f3a".to_owned(),
        created_at: start(),
        expires_at: Some(at(DAY)),
        revoked_at: None,
    };
    changes(store, Change::AddKey(key.clone())).await;
    let same = Key {
        id: KeyId::generate(),
        ..key.clone()
    };
    is_taken(store, Change::AddKey(same)).await;
    let of_nobody = Key {
        id: KeyId::generate(),
        integrator: IntegratorId::generate(),
        hash: [9; 32],
        ..key.clone()
    };
    is_unknown(store, Change::AddKey(of_nobody)).await;
    changes(store, Change::RevokeKey(key.id, at(HOUR))).await;
    // The first time counts.
    changes(store, Change::RevokeKey(key.id, at(DAY))).await;
    is_unknown(store, Change::RevokeKey(KeyId::generate(), at(HOUR))).await;

    let directory = directory_of(store, it.id).await;
    assert_eq!(directory.integrators, [it]);
    let revoked = Key {
        revoked_at: Some(at(HOUR)),
        ..key
    };
    assert_eq!(directory.keys, [revoked]);
}

async fn pairings_and_codes(store: &dyn Store) {
    let scope = scope(store).await;
    let mut pairing = Pairing {
        integrator: scope.integrator,
        environment: scope.environment,
        site: scope.site,
        enabled: true,
        changed_at: start(),
    };
    changes(store, Change::SetPairing(pairing.clone())).await;
    pairing.enabled = false;
    pairing.changed_at = at(HOUR);
    changes(store, Change::SetPairing(pairing.clone())).await;
    let code = PairingCode {
        site: scope.site,
        integrator: Some(scope.integrator),
        hash: [1; 32],
        expires_at: at(HOUR),
    };
    changes(store, Change::AddPairingCode(code.clone())).await;
    is_taken(store, Change::AddPairingCode(code.clone())).await;
    let directory = directory_of(store, scope.integrator).await;
    assert_eq!(directory.pairings, [pairing]);
    assert_eq!(directory.pairing_codes, [code]);
    changes(store, Change::UsePairingCode([1; 32])).await;
    is_unknown(store, Change::UsePairingCode([1; 32])).await;

    let (first, second) = (SiteId::generate(), SiteId::generate());
    for (site, other) in [(first, second), (second, first), (second, first)] {
        let others = vec![other];
        changes(store, Change::SetAuthoritative { site, others }).await;
        let directory = store.directory().await.expect("directory");
        assert_eq!(directory.authoritative, [site]);
    }
}

async fn logins_and_webhooks(store: &dyn Store) {
    let scope = scope(store).await;
    let id = scope.integrator;
    let login = |password| Login {
        user: "reader".to_owned(),
        password: Secret::new(password),
    };
    let product = LoginScope::Product("BestPractice".to_owned());
    let site = LoginScope::Site(scope.site);
    changes(store, Change::SetLogin(id, product.clone(), login("one"))).await;
    changes(store, Change::SetLogin(id, site.clone(), login("two"))).await;
    changes(store, Change::SetLogin(id, site.clone(), login("three"))).await;
    let directory = directory_of(store, id).await;
    let mut passwords = directory
        .logins
        .iter()
        .map(|(_, scope, login)| (scope == &site, login.password.reveal().to_owned()))
        .collect::<Vec<_>>();
    passwords.sort();
    assert_eq!(
        passwords,
        [(false, "one".to_owned()), (true, "three".to_owned())]
    );
    changes(store, Change::RemoveLogin(id, site.clone())).await;
    is_unknown(store, Change::RemoveLogin(id, site)).await;
    is_unknown(
        store,
        Change::SetLogin(IntegratorId::generate(), product, login("one")),
    )
    .await;

    let mut target = webhook(&scope);
    changes(store, Change::SetWebhook(target.clone())).await;
    target.secret = Secret::new("another");
    target.disabled = true;
    changes(store, Change::SetWebhook(target.clone())).await;
    assert_eq!(directory_of(store, id).await.webhooks, [target]);
    changes(store, Change::RemoveWebhook(id, scope.environment)).await;
    is_unknown(store, Change::RemoveWebhook(id, scope.environment)).await;
}

async fn an_integrator_goes_with_all_that_is_theirs(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    let waits = query(&scope);
    let done = query(&scope);
    for query in [&waits, &done] {
        let added = store.add_query(query.clone(), call("select 1")).await;
        added.expect("added");
    }
    succeed(store, &done, &[b"[{},{}]"]).await;
    let watched = registered(&scope);
    let kept = store.register(watched.clone(), call("select 2")).await;
    kept.expect("kept");

    changes(store, Change::RemoveIntegrator(scope.integrator)).await;
    is_unknown(store, Change::RemoveIntegrator(scope.integrator)).await;
    let directory = directory_of(store, scope.integrator).await;
    assert!(directory.integrators.is_empty() && directory.webhooks.is_empty());
    for query in [&waits, &done] {
        let found = store.query(&scope, query.id).await.expect("looked");
        assert_eq!(found, None);
    }
    let page = store.page(&scope, done.id, 1).await.expect("looked");
    assert!(page.is_none());
    assert!(!begins(store, waits.id, Nature::Reads).await);
    assert_eq!(store.registered(&scope).await, Ok(Vec::new()));
    let late = store.add_query(query(&scope), call("select 1")).await;
    assert!(matches!(late, Err(StoreError::Unknown(_))), "{late:?}");
    let late = store.register(registered(&scope), call("select 1")).await;
    assert!(matches!(late, Err(StoreError::Unknown(_))), "{late:?}");
}

async fn secrets_of_its_own(store: &dyn Store) {
    let one = store.own_secret("one").await.expect("made");
    assert_eq!(store.own_secret("one").await, Ok(one));
    let other = store.own_secret("other").await.expect("made");
    assert_ne!(one, other);
}

async fn begins(store: &dyn Store, id: QueryId, nature: Nature) -> bool {
    let begun = store.begin(id, nature, executing(), start()).await;
    begun.expect("asked")
}

/// Takes a waiting query to a good end, with pages.
async fn succeed(store: &dyn Store, query: &Query, pages: &[&'static [u8]]) {
    assert!(begins(store, query.id, Nature::Reads).await);
    for (number, rows) in (1..).zip(pages) {
        let put = store.put_page(query.id, page(number, rows), Bytes::from_static(rows));
        put.await.expect("put");
    }
    let finished = store.finish(success(query.id)).await;
    assert_eq!(finished, Ok(true));
}

async fn a_query_from_waiting_to_its_end(store: &dyn Store) {
    let scope = Scope {
        device: Some("device 7".to_owned()),
        ..scope(store).await
    };
    let query = query(&scope);
    let asked = call("select * from PATIENTS where SURNAME = @surname");
    let added = store.add_query(query.clone(), asked.clone()).await;
    added.expect("added");
    let again = store.add_query(query.clone(), asked.clone()).await;
    assert!(matches!(again, Err(StoreError::Taken(_))), "{again:?}");
    assert_eq!(store.query(&scope, query.id).await, Ok(Some(query.clone())));
    assert_eq!(store.call(query.id).await, Ok(Some(asked)));

    assert!(begins(store, query.id, Nature::Reads).await);
    assert_eq!(store.call(query.id).await, Ok(None));
    let found = store.query(&scope, query.id).await.expect("looked");
    let found = found.expect("there");
    assert_eq!(found.status, Status::Executing);
    assert_eq!(found.timing, executing());

    let rows: [&'static [u8]; 2] = [b"[{\"a\":1},{\"a\":2}]", b"[{\"a\":3},{\"a\":4}]"];
    for (number, rows) in (1..).zip(rows) {
        let put = store.put_page(query.id, page(number, rows), Bytes::from_static(rows));
        put.await.expect("put");
        let found = store.query(&scope, query.id).await.expect("looked");
        assert_eq!(found.map(|query| query.status), Some(Status::Uploading));
    }
    let twice = store.put_page(query.id, page(1, rows[0]), Bytes::from_static(rows[0]));
    let twice = twice.await;
    assert!(matches!(twice, Err(StoreError::Taken(_))), "{twice:?}");
    // A result that is not whole is none.
    let early = store.page(&scope, query.id, 1).await.expect("looked");
    assert!(matches!(early, Some(PageFound::None)), "{early:?}");

    let finish = success(query.id);
    assert_eq!(store.finish(finish.clone()).await, Ok(true));
    let found = store.query(&scope, query.id).await.expect("looked");
    let outcome = finish.outcome.map(|outcome| Outcome {
        pages: vec![page(1, rows[0]), page(2, rows[1])],
        ..outcome
    });
    assert_eq!(
        found,
        Some(Query {
            status: Status::Successful,
            updated_at: finish.at,
            completed_at: Some(finish.at),
            timing: finish.timing,
            execution: finish.execution,
            outcome,
            expires_at: Some(finish.expires_at),
            ..query.clone()
        })
    );
    for (number, rows) in (1..).zip(rows) {
        let found = store.page(&scope, query.id, number).await.expect("looked");
        let Some(PageFound::Page(of, bytes)) = found else {
            panic!("no page {number}");
        };
        assert_eq!((of, &bytes[..]), (page(number, rows), rows));
    }
    for number in [0, 3, u32::MAX] {
        let past = store.page(&scope, query.id, number).await.expect("looked");
        assert!(matches!(past, Some(PageFound::None)), "{past:?}");
    }

    let late = store.put_page(query.id, page(3, b"[]"), Bytes::from_static(b"[]"));
    let late = late.await;
    assert!(matches!(late, Err(StoreError::Unknown(_))), "{late:?}");
}

async fn each_step_is_made_once(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    let query = query(&scope);
    let id = query.id;
    let added = store.add_query(query, call("delete from NOTES")).await;
    added.expect("added");
    let early = store
        .put_page(id, page(1, b"[]"), Bytes::from_static(b"[]"))
        .await;
    assert!(matches!(early, Err(StoreError::Unknown(_))), "{early:?}");
    assert!(begins(store, id, Nature::MayWrite).await);
    assert!(!begins(store, id, Nature::Reads).await);
    assert!(!begins(store, QueryId::generate(), Nature::Reads).await);

    let bad = Finish {
        delivery: Some(delivery(&scope, id)),
        ..failure(id)
    };
    assert_eq!(store.finish(bad.clone()).await, Ok(true));
    let good = Finish {
        delivery: Some(delivery(&scope, id)),
        ..success(id)
    };
    assert_eq!(store.finish(good).await, Ok(false));
    assert_eq!(store.finish(success(QueryId::generate())).await, Ok(false));
    assert!(!begins(store, id, Nature::Reads).await);
    let found = store.query(&scope, id).await.expect("looked");
    let found = found.expect("there");
    assert_eq!(found.status, Status::ExecutionFailed);
    assert_eq!(found.error, bad.error);
    assert_eq!(found.outcome, None);
    assert_eq!(
        deliveries_of(store, &scope).await,
        [bad.delivery.expect("one")]
    );
    // One that never ran has an end too.
    let waits = self::query(&scope);
    let added = store.add_query(waits.clone(), call("select 1")).await;
    added.expect("added");
    let expired = Finish {
        status: Status::ExpiredInQueue,
        error: None,
        execution: None,
        ..failure(waits.id)
    };
    assert_eq!(store.finish(expired).await, Ok(true));
    assert!(!begins(store, waits.id, Nature::Reads).await);
    assert_eq!(store.call(waits.id).await, Ok(None));
}

async fn queries_wait_in_their_order(store: &dyn Store) {
    let scope = scope(store).await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        let query = query(&scope);
        ids.push(query.id);
        let added = store.add_query(query, call("select 1")).await;
        added.expect("added");
    }
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let some = store.waiting(after, 2).await.expect("looked");
        assert!(some.len() <= 2);
        let Some(last) = some.last() else { break };
        after = Some(last.id);
        found.extend(some);
    }
    found.retain(|waiting| waiting.integrator == scope.integrator);
    assert!(found.iter().all(|waiting| waiting.site == scope.site));
    assert!(found.iter().all(|waiting| waiting.expires_at == at(HOUR)));
    let found = found.iter().map(|waiting| waiting.id);
    assert_eq!(found.collect::<Vec<_>>(), ids);
    assert!(begins(store, ids[3], Nature::Reads).await);
    let rest = store.waiting(Some(ids[2]), 100).await.expect("looked");
    let rest = rest.iter().map(|waiting| waiting.id);
    assert_eq!(rest.collect::<Vec<_>>(), ids[4..]);
    for id in ids {
        assert_eq!(store.finish(failure(id)).await, Ok(true));
    }
}

async fn pages_have_their_time(store: &dyn Store) {
    let scope = scope(store).await;
    let good = query(&scope);
    let bad = query(&scope);
    for query in [&good, &bad] {
        let added = store.add_query(query.clone(), call("select 1")).await;
        added.expect("added");
    }
    succeed(store, &good, &[b"[{},{}]"]).await;
    assert_eq!(store.finish(failure(bad.id)).await, Ok(true));
    let over = success(good.id).expires_at;

    let earlier = Moment::from_millis(over.millis() - 1);
    store.sweep(earlier).await.expect("swept");
    let page = store.page(&scope, good.id, 1).await.expect("looked");
    assert!(matches!(page, Some(PageFound::Page(..))), "{page:?}");

    assert!(store.sweep(over).await.expect("swept") > 0);
    assert_eq!(store.sweep(over).await, Ok(0));
    let page = store.page(&scope, good.id, 1).await.expect("looked");
    assert!(matches!(page, Some(PageFound::Expired)), "{page:?}");
    let past = store.page(&scope, good.id, 2).await.expect("looked");
    assert!(matches!(past, Some(PageFound::None)), "{past:?}");
    let query = store.query(&scope, good.id).await.expect("looked");
    let query = query.expect("known for a day");
    assert_eq!(query.status, Status::Successful);
    let outcome = query.outcome.expect("of a successful one");
    assert_eq!(outcome.pages.len(), 1);
    assert!(outcome.parameters.is_empty(), "they go with the pages");

    let earlier = Moment::from_millis(over.plus(DAY).millis() - 1);
    store.sweep(earlier).await.expect("swept");
    for query in [&good, &bad] {
        let found = store.query(&scope, query.id).await.expect("looked");
        assert!(found.is_some());
    }
    assert!(store.sweep(over.plus(DAY)).await.expect("swept") > 0);
    for query in [&good, &bad] {
        assert_eq!(store.query(&scope, query.id).await, Ok(None));
        let page = store.page(&scope, query.id, 1).await.expect("looked");
        assert!(page.is_none(), "{page:?}");
    }
}

async fn nothing_of_another_scope_is_found(store: &dyn Store) {
    let own = Scope {
        device: Some("a".to_owned()),
        ..scope(store).await
    };
    let done = query(&own);
    let added = store.add_query(done.clone(), call("select 1")).await;
    added.expect("added");
    succeed(store, &done, &[b"[{},{}]"]).await;
    let watched = registered(&own);
    let kept = store.register(watched.clone(), call("select 1")).await;
    kept.expect("kept");
    run(store, &watched, Some(result(b"[1]"))).await;

    let others = [
        Scope {
            integrator: scope(store).await.integrator,
            ..own.clone()
        },
        Scope {
            environment: Environment::Production,
            ..own.clone()
        },
        Scope {
            site: SiteId::generate(),
            ..own.clone()
        },
        Scope {
            device: Some("b".to_owned()),
            ..own.clone()
        },
        Scope {
            device: None,
            ..own.clone()
        },
    ];
    for other in &others {
        assert_eq!(store.query(other, done.id).await, Ok(None));
        let page = store.page(other, done.id, 1).await.expect("looked");
        assert!(page.is_none(), "{other:?}");
        assert_eq!(store.registered(other).await, Ok(Vec::new()));
        assert_eq!(store.registered_one(other, watched.id).await, Ok(None));
        assert_eq!(store.registered_result(other, watched.id).await, Ok(None));
        assert_eq!(store.cancel(other, watched.id, start()).await, Ok(false));
    }
    // One's own kinds are not mixed up either.
    assert_eq!(store.query(&own, watched.id).await, Ok(None));
    assert_eq!(store.registered_one(&own, done.id).await, Ok(None));
    assert!(store.query(&own, done.id).await.expect("looked").is_some());
    assert_eq!(store.cancel(&own, watched.id, start()).await, Ok(true));
}

async fn deliveries_of(store: &dyn Store, scope: &Scope) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        integrator: Some(scope.integrator),
        status: None,
        limit: 100,
    };
    store.deliveries(filter).await.expect("looked")
}

async fn messages_are_kept_with_what_they_tell(store: &dyn Store) {
    let with = scope_with_webhook(store).await;
    let disabled = scope_with_webhook(store).await;
    let target = WebhookTarget {
        disabled: true,
        ..webhook(&disabled)
    };
    changes(store, Change::SetWebhook(target)).await;
    let elsewhere = Scope {
        environment: Environment::Production,
        ..with.clone()
    };
    let without = scope(store).await;
    for (scope, messages) in [(&with, 1), (&elsewhere, 1), (&disabled, 0), (&without, 0)] {
        let query = query(scope);
        let id = query.id;
        let added = store.add_query(query, call("select 1")).await;
        added.expect("added");
        assert!(begins(store, id, Nature::Reads).await);
        let finish = Finish {
            delivery: Some(delivery(scope, id)),
            ..success(id)
        };
        assert_eq!(store.finish(finish).await, Ok(true));
        assert_eq!(
            deliveries_of(store, scope).await.len(),
            messages,
            "{scope:?}"
        );
    }
}

async fn messages_are_leased_and_end(store: &dyn Store) {
    // What the parts before this one left is out of the way.
    let left = store.due_deliveries(at(HOUR), at(DAY), 1_000).await;
    for delivery in left.expect("leased") {
        tried(store, delivery.id, DeliveryStatus::Failed, at(HOUR)).await;
    }
    let scope = scope_with_webhook(store).await;
    let mut messages = Vec::new();
    for number in 0..3 {
        let query = query(&scope);
        let id = query.id;
        let added = store.add_query(query, call("select 1")).await;
        added.expect("added");
        let message = Delivery {
            next_at: at(HOUR * number),
            ..delivery(&scope, id)
        };
        let finish = Finish {
            delivery: Some(message.clone()),
            ..failure(id)
        };
        assert_eq!(store.finish(finish).await, Ok(true));
        messages.push(message);
    }
    let (_, next) = store.next_due().await.expect("looked");
    assert_eq!(next, Some(start()));
    let due = store.due_deliveries(at(HOUR), at(HOUR * 5), 10).await;
    let leased = |message: &Delivery| Delivery {
        attempts: 1,
        next_at: at(HOUR * 5),
        ..message.clone()
    };
    let first = vec![leased(&messages[0]), leased(&messages[1])];
    assert_eq!(due, Ok(first));
    // Each of them once, until the lease is over.
    let due = store.due_deliveries(at(HOUR), at(HOUR * 5), 10).await;
    assert_eq!(due, Ok(Vec::new()));
    let (_, next) = store.next_due().await.expect("looked");
    assert_eq!(next, Some(at(HOUR * 2)));

    tried(store, messages[0].id, DeliveryStatus::Delivered, at(HOUR)).await;
    // What comes late changes nothing.
    tried(store, messages[0].id, DeliveryStatus::Pending, at(HOUR)).await;
    let due = store.due_deliveries(at(HOUR * 5), at(HOUR * 9), 10).await;
    let due = due.expect("leased");
    let attempts = due.iter().map(|message| (message.id, message.attempts));
    let mut attempts = attempts.collect::<Vec<_>>();
    attempts.sort();
    let mut expected = vec![(messages[1].id, 2), (messages[2].id, 1)];
    expected.sort();
    assert_eq!(attempts, expected);

    let newest = DeliveryFilter {
        integrator: Some(scope.integrator),
        status: Some(DeliveryStatus::Pending),
        limit: 1,
    };
    let found = store.deliveries(newest).await.expect("looked");
    assert_eq!(
        found.iter().map(|it| it.id).collect::<Vec<_>>(),
        [messages[2].id]
    );
    let of_all = deliveries_of(store, &scope).await;
    let delivered = &of_all[2];
    assert_eq!(delivered.finished_at, Some(at(HOUR)));
    assert_eq!(delivered.last_status, Some(204));

    let week = DAY * 7;
    let earlier = Moment::from_millis(at(HOUR).plus(week).millis() - 1);
    store.sweep(earlier).await.expect("swept");
    assert_eq!(deliveries_of(store, &scope).await.len(), 3);
    store.sweep(at(HOUR).plus(week)).await.expect("swept");
    assert_eq!(deliveries_of(store, &scope).await.len(), 2);
    for message in &messages[1..] {
        tried(store, message.id, DeliveryStatus::Failed, at(HOUR)).await;
    }
}

async fn tried(store: &dyn Store, id: DeliveryId, status: DeliveryStatus, at: Moment) {
    let tried = Tried {
        id,
        status,
        at,
        next_at: at,
        last_status: Some(204),
        last_problem: None,
    };
    store.tried(tried).await.expect("noted");
}

fn result(data: &[u8]) -> RegisteredResult {
    RegisteredResult {
        data: data.to_vec(),
        rows: 1,
        parameters: vec![parameter("@out", "secret")],
    }
}

/// What a run makes of a registered query.
fn ran(registered: &Registered) -> Registered {
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
async fn run(store: &dyn Store, registered: &Registered, result: Option<RegisteredResult>) {
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

async fn a_registered_query_runs_and_ends(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    let first = registered(&scope);
    let asked = call("select * from APPOINTMENTS");
    let kept = store.register(first.clone(), asked.clone()).await;
    kept.expect("kept");
    let again = store.register(first.clone(), asked.clone()).await;
    assert!(matches!(again, Err(StoreError::Taken(_))), "{again:?}");
    let second = Registered {
        next_at: at(HOUR),
        ..registered(&scope)
    };
    let kept = store.register(second.clone(), call("select 2")).await;
    kept.expect("kept");
    assert_eq!(
        store.registered(&scope).await,
        Ok(vec![first.clone(), second.clone()])
    );
    assert_eq!(store.registered_result(&scope, first.id).await, Ok(None));
    let (next, _) = store.next_due().await.expect("looked");
    assert_eq!(next, Some(start()));

    let due = store.due(start(), 100).await.expect("looked");
    let [due] = &due[..] else {
        panic!("one is due: {due:?}")
    };
    assert_eq!((&due.registered, &due.call), (&first, &asked));
    assert!(store.due(start(), 100).await.expect("looked").is_empty());
    let (next, _) = store.next_due().await.expect("looked");
    assert_eq!(next, Some(at(HOUR)));
    assert_eq!(store.begin_run(first.id, Nature::Reads).await, Ok(true));
    assert_eq!(store.begin_run(first.id, Nature::Reads).await, Ok(false));
    assert_eq!(store.begin_run(second.id, Nature::Reads).await, Ok(false));
    let mut now = ran(&first);
    let finish = RunFinish {
        registered: now.clone(),
        result: Some(result(b"[1]")),
        delivery: Some(Delivery {
            source: Source::Registered,
            ..delivery(&scope, first.id)
        }),
    };
    store.finish_run(finish.clone()).await.expect("finished");
    // A run ends once.
    let late = RunFinish {
        registered: first.clone(),
        delivery: Some(delivery(&scope, first.id)),
        result: None,
    };
    store.finish_run(late).await.expect("ignored");
    let found = store.registered_one(&scope, first.id).await;
    assert_eq!(found, Ok(Some(now.clone())));
    let found = store.registered_result(&scope, first.id).await;
    assert_eq!(found, Ok(Some(result(b"[1]"))));
    assert_eq!(deliveries_of(store, &scope).await.len(), 1);

    // The same result again: the one before stays. Then it fails, and its time is over.
    run(store, &now, None).await;
    now = ran(&now);
    let found = store.registered_result(&scope, first.id).await;
    assert_eq!(found, Ok(Some(result(b"[1]"))));
    let due = store.due(now.next_at, 100).await.expect("looked");
    assert_eq!(due.len(), 1);
    assert_eq!(store.begin_run(first.id, Nature::MayWrite).await, Ok(true));
    let ended = Registered {
        status: RegisteredStatus::Completed,
        completed_at: Some(at(HOUR)),
        last_error: Some(error("Timeout expired.")),
        ..now
    };
    let finish = RunFinish {
        registered: ended.clone(),
        result: Some(result(b"[2]")),
        delivery: None,
    };
    store.finish_run(finish).await.expect("finished");
    let found = store.registered_one(&scope, first.id).await;
    assert_eq!(found, Ok(Some(ended.clone())));
    assert_eq!(store.cancel(&scope, first.id, start()).await, Ok(false));
    assert_eq!(store.cancel(&scope, second.id, start()).await, Ok(true));
    assert!(store.due(at(DAY), 100).await.expect("looked").is_empty());

    let over = at(HOUR).plus(DAY);
    let earlier = Moment::from_millis(over.millis() - 1);
    store.sweep(earlier).await.expect("swept");
    let found = store.registered_result(&scope, first.id).await;
    assert_eq!(found, Ok(Some(result(b"[2]"))));
    store.sweep(over).await.expect("swept");
    assert_eq!(store.registered_result(&scope, first.id).await, Ok(None));
    let found = store.registered_one(&scope, first.id).await;
    assert_eq!(found, Ok(Some(ended)));
    store.sweep(at(HOUR).plus(DAY * 7)).await.expect("swept");
    assert_eq!(store.registered(&scope).await, Ok(Vec::new()));
}

async fn a_cancelled_run_leaves_nothing(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    // Before it begins, and after.
    for begins_first in [false, true] {
        let it = registered(&scope);
        let kept = store.register(it.clone(), call("select 1")).await;
        kept.expect("kept");
        assert_eq!(store.due(start(), 100).await.expect("looked").len(), 1);
        if begins_first {
            assert_eq!(store.begin_run(it.id, Nature::Reads).await, Ok(true));
        }
        assert_eq!(store.cancel(&scope, it.id, at(HOUR)).await, Ok(true));
        assert_eq!(store.cancel(&scope, it.id, at(HOUR)).await, Ok(false));
        assert_eq!(store.begin_run(it.id, Nature::Reads).await, Ok(false));
        let finish = RunFinish {
            registered: ran(&it),
            result: Some(result(b"[1]")),
            delivery: Some(delivery(&scope, it.id)),
        };
        store.finish_run(finish).await.expect("finished");
        let found = store.registered_one(&scope, it.id).await.expect("looked");
        let found = found.expect("there");
        assert_eq!(found.status, RegisteredStatus::Cancelled);
        assert_eq!(found.completed_at, Some(at(HOUR)));
        assert_eq!(store.registered_result(&scope, it.id).await, Ok(None));
        assert_eq!(deliveries_of(store, &scope).await, []);
        assert!(store.due(at(DAY), 100).await.expect("looked").is_empty());
    }
}

async fn a_restart_takes_up_what_was_at_work(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    let [waits, reads, writes, done] = [(); 4].map(|()| query(&scope));
    for query in [&waits, &reads, &writes, &done] {
        let added = store.add_query(query.clone(), call("select 1")).await;
        added.expect("added");
    }
    assert!(begins(store, reads.id, Nature::Reads).await);
    assert!(begins(store, writes.id, Nature::MayWrite).await);
    for id in [reads.id, writes.id] {
        let put = store.put_page(id, page(1, b"[]"), Bytes::from_static(b"[]"));
        put.await.expect("put");
    }
    succeed(store, &done, &[b"[{},{}]"]).await;

    let why = error("The server was restarted.");
    let recovered = store.recover(at(DAY), why.clone(), KEEP).await;
    let expected = Recovered {
        again: 1,
        failed: 1,
    };
    assert_eq!(recovered, Ok(expected));
    let found = store.query(&scope, writes.id).await.expect("looked");
    let found = found.expect("there");
    assert_eq!(found.status, Status::ExecutionFailed);
    assert_eq!(found.error, Some(why.clone()));
    assert_eq!(found.completed_at, Some(at(DAY)));
    assert_eq!(found.outcome, None);
    let [message] = &deliveries_of(store, &scope).await[..] else {
        panic!("one message");
    };
    assert_eq!((message.query, message.next_at), (writes.id, at(DAY)));

    let waiting = store.waiting(None, 100).await.expect("looked");
    let waiting = waiting.iter().map(|waiting| waiting.id);
    assert_eq!(waiting.collect::<Vec<_>>(), [waits.id, reads.id]);
    let found = store.query(&scope, reads.id).await.expect("looked");
    let found = found.expect("there");
    assert_eq!(found.status, Status::Queued);
    assert_eq!(found.timing, reads.timing);
    assert_eq!(store.call(reads.id).await, Ok(Some(call("select 1"))));
    // With other pages than those that it had.
    succeed(store, &reads, &[b"[{},{} ]"]).await;
    for (query, rows) in [(&done, &b"[{},{}]"[..]), (&reads, b"[{},{} ]")] {
        let found = store.page(&scope, query.id, 1).await.expect("looked");
        let Some(PageFound::Page(_, bytes)) = found else {
            panic!("no page");
        };
        assert_eq!(bytes, rows);
    }
    let again = store.recover(at(DAY), why, KEEP).await;
    assert_eq!(again, Ok(Recovered::default()));
}

async fn a_restart_takes_up_runs(store: &dyn Store) {
    let scope = scope(store).await;
    let [due, reads, writes, cancelled] = [(); 4].map(|()| registered(&scope));
    for it in [&due, &reads, &writes, &cancelled] {
        let kept = store.register(it.clone(), call("select 1")).await;
        kept.expect("kept");
    }
    assert_eq!(store.due(start(), 100).await.expect("looked").len(), 4);
    for (it, nature) in [
        (&reads, Nature::Reads),
        (&writes, Nature::MayWrite),
        (&cancelled, Nature::MayWrite),
    ] {
        assert_eq!(store.begin_run(it.id, nature).await, Ok(true));
    }
    assert_eq!(store.cancel(&scope, cancelled.id, start()).await, Ok(true));
    let why = error("The server was restarted.");
    let recovered = store.recover(at(HOUR), why.clone(), KEEP).await;
    let expected = Recovered {
        again: 2,
        failed: 1,
    };
    assert_eq!(recovered, Ok(expected));
    let found = store.registered_one(&scope, writes.id).await;
    let found = found.expect("looked").expect("there");
    assert_eq!(found.status, RegisteredStatus::Enabled);
    assert_eq!(found.last_error, Some(why));
    assert_eq!(found.metrics.execution_failed_count, 1);
    assert_eq!(found.metrics.last_failed_at, Some(at(HOUR)));
    assert_eq!(found.next_at, at(HOUR).plus(writes.frequency));
    let again = store.due(at(HOUR), 100).await.expect("looked");
    let again = again.iter().map(|due| due.registered.id);
    assert_eq!(again.collect::<Vec<_>>(), [due.id, reads.id]);
}
