//! Queries go from waiting to their end, each step once, and their pages have their time.

use axum::body::Bytes;

use super::samples::{
    self, DAY, HOUR, at, begins, call, deliveries_of, delivery, executing, failure, page, query,
    scope, scope_with_webhook, start, succeed, success,
};
use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::link::Nature;
use crate::gateway::moment::Moment;
use crate::gateway::query::{Outcome, Query, Status};
use crate::store::{Finish, PageFound, Store, StoreError, Swept};

pub async fn a_query_from_waiting_to_its_end(store: &dyn Store) {
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
    let early = store
        .page(&scope, query.id, 1, start())
        .await
        .expect("looked");
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
        let found = store
            .page(&scope, query.id, number, start())
            .await
            .expect("looked");
        let Some(PageFound::Page(of, bytes)) = found else {
            panic!("no page {number}");
        };
        assert_eq!((of, &bytes[..]), (page(number, rows), rows));
    }
    for number in [0, 3, u32::MAX] {
        let past = store
            .page(&scope, query.id, number, start())
            .await
            .expect("looked");
        assert!(matches!(past, Some(PageFound::None)), "{past:?}");
    }

    let late = store.put_page(query.id, page(3, b"[]"), Bytes::from_static(b"[]"));
    let late = late.await;
    assert!(matches!(late, Err(StoreError::Unknown(_))), "{late:?}");
}

pub async fn each_step_is_made_once(store: &dyn Store) {
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
    let waits = samples::query(&scope);
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

pub async fn queries_wait_in_their_order(store: &dyn Store) {
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

pub async fn pages_have_their_time(store: &dyn Store) {
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
    let asked = |now| store.page(&scope, good.id, 1, now);
    let page = asked(earlier).await.expect("looked");
    assert!(matches!(page, Some(PageFound::Page(..))), "{page:?}");
    // Nobody waits for the next sweep.
    let page = asked(over).await.expect("looked");
    assert!(matches!(page, Some(PageFound::Expired)), "{page:?}");

    assert!(store.sweep(over).await.expect("swept").removed > 0);
    assert_eq!(store.sweep(over).await, Ok(Swept::default()));
    let page = store
        .page(&scope, good.id, 1, start())
        .await
        .expect("looked");
    assert!(matches!(page, Some(PageFound::Expired)), "{page:?}");
    let past = store
        .page(&scope, good.id, 2, start())
        .await
        .expect("looked");
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
    assert!(store.sweep(over.plus(DAY)).await.expect("swept").removed > 0);
    for query in [&good, &bad] {
        assert_eq!(store.query(&scope, query.id).await, Ok(None));
        let page = store
            .page(&scope, query.id, 1, start())
            .await
            .expect("looked");
        assert!(page.is_none(), "{page:?}");
    }
}
