//! Registered queries run when they are due, and end.

use std::time::Duration;

use super::samples::{
    DAY, HOUR, at, call, deliveries_of, delivery, error, failure, query, ran, registered, result,
    run, scope_with_webhook, start,
};
use crate::gateway::id::{QueryId, SiteId};
use crate::gateway::integrator::Scope;
use crate::gateway::link::Nature;
use crate::gateway::moment::Moment;
use crate::gateway::registered::{Registered, RegisteredStatus};
use crate::gateway::webhook::{Delivery, DeliveryStatus, Source};
use crate::store::{Finish, RunFinish, Store, StoreError, Tried};

pub async fn a_registered_query_runs_and_ends(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    let first = registered(&scope);
    let asked = call("select * from APPOINTMENTS");
    let kept = store
        .register(first.clone(), asked.clone(), usize::MAX)
        .await;
    kept.expect("kept");
    let again = store
        .register(first.clone(), asked.clone(), usize::MAX)
        .await;
    assert!(matches!(again, Err(StoreError::Taken(_))), "{again:?}");
    let second = Registered {
        next_at: at(HOUR),
        ..registered(&scope)
    };
    let kept = store
        .register(second.clone(), call("select 2"), usize::MAX)
        .await;
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

pub async fn as_many_are_enabled_as_may_be(store: &dyn Store) {
    let first = scope_with_webhook(store).await;
    let other_device = Scope {
        device: Some("another".to_owned()),
        ..first.clone()
    };
    let elsewhere = Scope {
        site: SiteId::generate(),
        ..first.clone()
    };
    let add = |it: &Registered| store.register(it.clone(), call("select 1"), 2);
    let [one, two, three] = [&first, &other_device, &first].map(registered);
    assert_eq!(add(&one).await, Ok(true));
    assert_eq!(add(&two).await, Ok(true));
    assert_eq!(add(&three).await, Ok(false), "whichever device it is of");
    let kept = store.registered_one(&first, three.id).await;
    assert_eq!(kept, Ok(None));
    let beside = registered(&elsewhere);
    assert_eq!(add(&beside).await, Ok(true));
    // One that has ended leaves its room.
    assert_eq!(store.cancel(&other_device, two.id, start()).await, Ok(true));
    assert_eq!(add(&three).await, Ok(true));
    for (scope, one) in [(&first, &one), (&first, &three), (&elsewhere, &beside)] {
        assert_eq!(store.cancel(scope, one.id, start()).await, Ok(true));
    }
}

pub async fn what_a_clock_that_was_ahead_put_off_is_due(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    let put_off = Registered {
        frequency: HOUR,
        duration: DAY,
        next_at: at(HOUR).plus(Duration::from_millis(1)),
        ..registered(&scope)
    };
    let waits = Registered {
        next_at: at(HOUR),
        ..put_off.clone()
    };
    let waits = Registered {
        id: QueryId::generate(),
        ..waits
    };
    for one in [&put_off, &waits] {
        let kept = store
            .register(one.clone(), call("select 1"), usize::MAX)
            .await;
        kept.expect("kept");
    }
    let mut messages = Vec::new();
    for next_at in [at(HOUR), at(DAY)] {
        let query = query(&scope);
        let id = query.id;
        let added = store.add_query(query, call("select 1")).await;
        added.expect("added");
        let message = Delivery {
            next_at,
            ..delivery(&scope, id)
        };
        let finish = Finish {
            delivery: Some(message.clone()),
            ..failure(id)
        };
        assert_eq!(store.finish(finish).await, Ok(true));
        messages.push(message.id);
    }

    store.sweep(start()).await.expect("swept");
    let of_runs = store.registered(&scope).await.expect("looked");
    let of_runs = of_runs.iter().map(|one| one.next_at).collect::<Vec<_>>();
    assert_eq!(of_runs, [start(), at(HOUR)]);
    let found = deliveries_of(store, &scope).await;
    let next_at = |id| found.iter().find(|one| one.id == id).map(|one| one.next_at);
    let of_messages = messages.into_iter().map(next_at).collect::<Vec<_>>();
    assert_eq!(of_messages, [Some(at(HOUR)), Some(start())]);
    for one in [&put_off, &waits] {
        assert_eq!(store.cancel(&scope, one.id, start()).await, Ok(true));
    }
    for one in found {
        let ended = Tried {
            id: one.id,
            status: DeliveryStatus::Failed,
            at: start(),
            next_at: start(),
            last_status: None,
            last_problem: None,
        };
        store.tried(ended).await.expect("noted");
    }
}

pub async fn a_registered_query_does_not_run_after_its_time(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    let it = registered(&scope);
    let kept = store
        .register(it.clone(), call("select 1"), usize::MAX)
        .await;
    kept.expect("kept");
    let over = it.created_at.plus(it.duration);
    // Whatever kept it from running: nobody looked until then.
    assert!(store.due(over, 100).await.expect("looked").is_empty());
    let found = store.registered_one(&scope, it.id).await;
    let ended = Registered {
        status: RegisteredStatus::Completed,
        completed_at: Some(over),
        ..it.clone()
    };
    assert_eq!(found, Ok(Some(ended)));
    assert_eq!(store.cancel(&scope, it.id, over).await, Ok(false));
    // A moment before, it runs.
    let other = registered(&scope);
    let kept = store
        .register(other.clone(), call("select 1"), usize::MAX)
        .await;
    kept.expect("kept");
    let before = Moment::from_millis(over.millis() - 1);
    assert_eq!(store.due(before, 100).await.expect("looked").len(), 1);
    assert_eq!(store.cancel(&scope, other.id, before).await, Ok(true));
}

pub async fn a_cancelled_run_leaves_nothing(store: &dyn Store) {
    let scope = scope_with_webhook(store).await;
    // Before it begins, and after.
    for begins_first in [false, true] {
        let it = registered(&scope);
        let kept = store
            .register(it.clone(), call("select 1"), usize::MAX)
            .await;
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
