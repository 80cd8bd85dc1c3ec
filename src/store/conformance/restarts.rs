//! What a former process was at is taken up.

use axum::body::Bytes;

use super::samples::{
    DAY, HOUR, KEEP, at, begins, call, deliveries_of, delivery, error, failure, page, query,
    registered, scope, scope_with_webhook, start, succeed,
};
use crate::gateway::id::DeliveryId;
use crate::gateway::link::Nature;
use crate::gateway::query::Status;
use crate::gateway::registered::{Registered, RegisteredStatus};
use crate::gateway::webhook::{Delivery, DeliveryStatus};
use crate::store::{Finish, PageFound, Recovered, Store, Tried};

pub async fn a_restart_takes_up_what_was_at_work(store: &dyn Store) {
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
        ended: vec![writes.id],
        runs: Vec::new(),
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
        let found = store
            .page(&scope, query.id, 1, start())
            .await
            .expect("looked");
        let Some(PageFound::Page(_, bytes)) = found else {
            panic!("no page");
        };
        assert_eq!(bytes, rows);
    }
    let again = store.recover(at(DAY), why, KEEP).await;
    assert_eq!(again, Ok(Recovered::default()));
}

/// A message whose attempt was cut off is due at once, one that waits after an attempt that failed is not.
pub async fn a_restart_takes_up_what_was_being_sent(store: &dyn Store) {
    let left = store.due_deliveries(at(DAY * 9), at(DAY * 99), 1_000).await;
    for message in left.expect("leased") {
        store
            .tried(tried(message.id, DeliveryStatus::Failed))
            .await
            .expect("noted");
    }
    let scope = scope_with_webhook(store).await;
    let [cut_off, waits] = [(); 2].map(|()| query(&scope));
    for query in [&cut_off, &waits] {
        let added = store.add_query(query.clone(), call("select 1")).await;
        added.expect("added");
        assert!(begins(store, query.id, Nature::Reads).await);
        let finish = Finish {
            delivery: Some(delivery(&scope, query.id)),
            ..failure(query.id)
        };
        assert_eq!(store.finish(finish).await, Ok(true));
    }
    let due = store.due_deliveries(at(HOUR), at(HOUR * 5), 10).await;
    let due = due.expect("leased");
    assert_eq!(due.len(), 2);
    let is_of_waits = |message: &&Delivery| message.query == waits.id;
    let failed = due.iter().find(is_of_waits).expect("leased");
    let again = tried(failed.id, DeliveryStatus::Pending);
    store.tried(again).await.expect("noted");

    let why = error("The server was restarted.");
    store
        .recover(at(HOUR * 2), why, KEEP)
        .await
        .expect("taken up");
    let due = store.due_deliveries(at(HOUR * 2), at(HOUR * 9), 10).await;
    let due = due.expect("leased");
    let due = due.iter().map(|message| (message.query, message.attempts));
    assert_eq!(due.collect::<Vec<_>>(), [(cut_off.id, 2)]);
    let due = store.due_deliveries(at(HOUR * 3), at(HOUR * 9), 10).await;
    let due = due.expect("leased");
    let due = due.iter().map(|message| (message.query, message.attempts));
    assert_eq!(due.collect::<Vec<_>>(), [(waits.id, 2)]);
    for message in deliveries_of(store, &scope).await {
        store
            .tried(tried(message.id, DeliveryStatus::Failed))
            .await
            .expect("noted");
    }
}

/// An attempt after an hour; the next one is due after three, if there is one.
fn tried(id: DeliveryId, status: DeliveryStatus) -> Tried {
    Tried {
        id,
        status,
        at: at(HOUR),
        next_at: at(HOUR * 3),
        last_status: Some(500),
        last_problem: None,
    }
}

pub async fn a_restart_takes_up_runs(store: &dyn Store) {
    let scope = scope(store).await;
    let [due, reads, writes, cancelled] = [(); 4].map(|()| registered(&scope));
    for it in [&due, &reads, &writes, &cancelled] {
        let kept = store
            .register(it.clone(), call("select 1"), usize::MAX)
            .await;
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
    let found = store.registered_one(&scope, writes.id).await;
    let found = found.expect("looked").expect("there");
    let expected = Recovered {
        again: 2,
        failed: 1,
        ended: Vec::new(),
        runs: vec![found.clone()],
    };
    assert_eq!(recovered, Ok(expected));
    assert_eq!(found.status, RegisteredStatus::Enabled);
    assert_eq!(found.last_error, Some(why));
    assert_eq!(found.metrics.execution_failed_count, 1);
    assert_eq!(found.metrics.last_failed_at, Some(at(HOUR)));
    assert_eq!(found.next_at, at(HOUR).plus(writes.frequency));
    let again = store.due(at(HOUR), 100).await.expect("looked");
    let again = again.iter().map(|due| due.registered.id);
    assert_eq!(again.collect::<Vec<_>>(), [due.id, reads.id]);

    // Near its end it is looked at once more then, and not later.
    let short = Registered {
        duration: HOUR,
        frequency: HOUR * 2,
        ..registered(&scope)
    };
    let kept = store.register(short.clone(), call("select 1"), usize::MAX);
    kept.await.expect("kept");
    let taken = store.due(start(), 100).await.expect("looked");
    assert_eq!(taken.len(), 1);
    assert_eq!(store.begin_run(short.id, Nature::MayWrite).await, Ok(true));
    let why = error("The server was restarted.");
    let recovered = store.recover(at(HOUR / 2), why, KEEP).await;
    let runs = recovered.expect("recovered").runs;
    let next_at = runs
        .iter()
        .find(|one| one.id == short.id)
        .map(|one| one.next_at);
    assert_eq!(next_at, Some(at(HOUR)));
}
