//! Many changes at once, several processes, a full disk.

use std::sync::mpsc;
use std::time::Duration;

use futures_util::future::join_all;

use super::{folder, open};
use crate::gateway::integrator::{Environment, Scope};
use crate::store::conformance::samples::{
    at, call, delivery, failure, integrator, query, scope, scope_with_webhook,
};
use crate::store::sqlite::tasks::WAITING;
use crate::store::sqlite::{SqliteStore, directory};
use crate::store::{Change, Finish, Store as _, StoreError};

/// Keeps the writer at work until what is given back is dropped.
async fn hold(store: &SqliteStore) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (began, begun) = tokio::sync::oneshot::channel();
    let held = store.writer.ask(move |_| {
        let _ = began.send(());
        let _ = released.recv();
        Ok(())
    });
    // Handed over; nobody waits for its answer.
    let mut held = Box::pin(held);
    tokio::select! {
        _ = &mut held => panic!("it is held"),
        begun = begun => begun.expect("begun"),
    }
    release
}

#[tokio::test]
async fn changes_that_wait_are_made_together_and_fail_alone() {
    let folder = folder();
    let store = open(folder.path());
    let held = hold(&store).await;
    let same = integrator();
    let release = async {
        tokio::task::yield_now().await;
        drop(held);
        Ok(())
    };
    // Counts what there is while the transaction goes on.
    let in_one = || {
        store.writer.ask(|db| {
            directory::change(db, Change::AddIntegrator(integrator()))?;
            let sql = "SELECT COUNT(*) FROM integrators";
            Ok(db.sql.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        })
    };
    let failing = store.writer.ask(|db| {
        directory::change(db, Change::AddIntegrator(integrator()))?;
        Err::<(), _>(StoreError::Unknown("on purpose".to_owned()))
    });
    let panicking = store.writer.ask(|db| {
        directory::change(db, Change::AddIntegrator(integrator()))?;
        panic!("on purpose");
        #[expect(unreachable_code, reason = "gives the closure its type")]
        Ok::<(), StoreError>(())
    });
    let (first, failed, taken, panicked, refused, last, released) = tokio::join!(
        in_one(),
        failing,
        store.change(Change::AddIntegrator(same.clone())),
        panicking,
        store.change(Change::AddIntegrator(same.clone())),
        in_one(),
        release,
    );
    let _: Result<(), StoreError> = released;
    assert_eq!(first, Ok(1));
    assert_eq!(failed, Err(StoreError::Unknown("on purpose".to_owned())));
    assert_eq!(taken, Ok(()));
    assert!(matches!(panicked, Err(StoreError::Failed(_))));
    assert!(matches!(refused, Err(StoreError::Taken(_))));
    assert_eq!(last, Ok(3));
    let directory = store.directory().await.expect("read");
    assert_eq!(directory.integrators.len(), 3);
}

#[tokio::test]
async fn many_at_once_are_all_kept() {
    let folder = folder();
    let store = open(folder.path());
    let scope = scope(&store).await;
    let queries = (0..500).map(|_| query(&scope)).collect::<Vec<_>>();
    let added = queries
        .iter()
        .map(|query| store.add_query(query.clone(), call("select 1")));
    assert!(join_all(added).await.iter().all(Result::is_ok));
    let waiting = store.waiting(None, 1_000).await.expect("looked");
    assert_eq!(waiting.len(), 500);
}

#[tokio::test]
async fn a_full_queue_is_told() {
    let folder = folder();
    let mut store = open(folder.path());
    store.writer.patience = Duration::from_millis(1);
    let held = hold(&store).await;
    // The first is at work, so many wait, and one more finds no place.
    let changes = (0..=WAITING).map(|_| store.change(Change::AddIntegrator(integrator())));
    let mut changes = Box::pin(join_all(changes));
    let busy = tokio::select! {
        biased;
        _ = &mut changes => panic!("they wait"),
        busy = store.change(Change::AddIntegrator(integrator())) => busy,
    };
    assert_eq!(busy, Err(StoreError::Busy));
    // Looking things up waits for no change.
    store.directory().await.expect("read");
    drop(held);
    let done = changes.await;
    let refused = done.iter().filter(|done| done.is_err()).count();
    assert_eq!(refused, 1);
    let directory = store.directory().await.expect("read");
    assert_eq!(directory.integrators.len(), WAITING);
}

#[tokio::test]
async fn a_change_by_another_process_is_noticed() {
    let folder = folder();
    let (server, admin) = (open(folder.path()), open(folder.path()));
    let before = server.directory_version().await.expect("looked");
    assert_eq!(server.directory_version().await, Ok(before));
    let added = integrator();
    let change = Change::AddIntegrator(added.clone());
    admin.change(change.clone()).await.expect("changed");
    assert_ne!(server.directory_version().await, Ok(before));
    let directory = server.directory().await.expect("read");
    assert_eq!(directory.integrators, [added]);
    // What was refused has changed nothing.
    let before = server.directory_version().await;
    assert!(admin.change(change).await.is_err());
    assert_eq!(server.directory_version().await, before);
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_what_was_there() {
    let folder = folder();
    let store = open(folder.path());
    let scope = scope(&store).await;
    let kept = query(&scope);
    let added = store.add_query(kept.clone(), call("select 1")).await;
    added.expect("added");
    let limit = |pages: i64| {
        store.writer.ask(move |db| {
            let set = db
                .sql
                .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
            Ok(set?)
        })
    };
    limit(1).await.expect("cut to what there is");
    let large = "x".repeat(1_000_000);
    let refused = store.add_query(query(&scope), call(&large)).await;
    let expected = StoreError::Failed("database or disk is full".to_owned());
    assert_eq!(refused, Err(expected));
    assert_eq!(store.query(&scope, kept.id).await, Ok(Some(kept)));
    limit(1_000_000).await.expect("room again");
    let added = store.add_query(query(&scope), call(&large)).await;
    added.expect("added");
    let waiting = store.waiting(None, 10).await.expect("looked");
    assert_eq!(waiting.len(), 2);
}

#[tokio::test]
async fn much_that_is_due_to_one_keeps_no_other_waiting() {
    let folder = folder();
    let store = open(folder.path());
    let [slow, other, third] = [
        scope_with_webhook(&store).await,
        scope_with_webhook(&store).await,
        scope_with_webhook(&store).await,
    ];
    for scope in [&slow, &slow, &slow, &slow, &other, &third] {
        let query = query(scope);
        let id = query.id;
        let added = store.add_query(query, call("select 1")).await;
        added.expect("added");
        let finish = Finish {
            delivery: Some(delivery(scope, id)),
            ..failure(id)
        };
        assert_eq!(store.finish(finish).await, Ok(true));
    }
    let due = async |each, busy: &[&Scope]| {
        let busy = busy
            .iter()
            .map(|scope| (scope.integrator, scope.environment));
        let now = at(Duration::ZERO);
        let leased = store.due_deliveries_for_all(now, now, 100, each, busy.collect());
        let leased = leased.await.expect("leased");
        let of = leased.iter().map(|message| message.integrator);
        of.collect::<Vec<_>>()
    };
    let [slow_id, other_id, third_id] = [&slow, &other, &third].map(|scope| scope.integrator);
    assert_eq!(due(100, &[]).await.len(), 6);
    assert_eq!(due(2, &[]).await, [slow_id, slow_id, other_id, third_id]);
    assert_eq!(due(2, &[&slow]).await, [other_id, third_id]);
    assert_eq!(due(2, &[&slow, &third]).await, [other_id]);
    // The other environment is another receiver.
    let elsewhere = Scope {
        environment: Environment::Production,
        ..other.clone()
    };
    assert_eq!(due(1, &[&elsewhere]).await, [slow_id, other_id, third_id]);
}
