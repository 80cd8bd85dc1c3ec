//! Messages are kept with what they tell of, tried one at a time, held for a webhook that is disabled, and tried anew.

use super::directory::changes;
use super::samples::{
    DAY, HOUR, at, begins, call, deliveries_of, delivery, failure, query, scope,
    scope_with_webhook, start, success, webhook,
};
use crate::gateway::id::DeliveryId;
use crate::gateway::integrator::{Environment, Scope, WebhookTarget};
use crate::gateway::link::Nature;
use crate::gateway::moment::Moment;
use crate::gateway::webhook::{Delivery, DeliveryStatus};
use crate::store::{Change, DeliveryFilter, Finish, Store, Tried};

pub async fn messages_are_kept_with_what_they_tell(store: &dyn Store) {
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
    for (scope, messages) in [(&with, 1), (&elsewhere, 1), (&disabled, 1), (&without, 0)] {
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

pub async fn messages_are_leased_and_end(store: &dyn Store) {
    nothing_is_left(store).await;
    let scope = scope_with_webhook(store).await;
    let mut messages = Vec::new();
    for number in 0..3 {
        messages.push(told(store, &scope, at(HOUR * number)).await);
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
        ..DeliveryFilter::default()
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

pub async fn messages_wait_for_a_disabled_webhook(store: &dyn Store) {
    nothing_is_left(store).await;
    let scope = scope_with_webhook(store).await;
    let other = scope_with_webhook(store).await;
    let set = async |disabled| {
        let target = WebhookTarget {
            disabled,
            ..webhook(&scope)
        };
        changes(store, Change::SetWebhook(target)).await;
    };
    let before = told(store, &scope, start()).await;
    // It was taken up when the webhook was disabled: that counts no attempt.
    let leased = store.due_deliveries(start(), at(HOUR), 10).await;
    let leased = leased.expect("leased");
    assert_eq!((leased[0].id, leased[0].attempts), (before.id, 1));
    set(true).await;
    assert_eq!(store.put_back(before.id, start()).await, Ok(()));
    let while_disabled = told(store, &scope, at(HOUR)).await;
    let both = vec![while_disabled, before.clone()];
    assert_eq!(deliveries_of(store, &scope).await, both);

    let to_other = told(store, &other, at(HOUR * 2)).await;
    let due = store.due_deliveries(at(HOUR * 2), at(HOUR * 3), 10).await;
    let due = due.expect("leased").into_iter().map(|it| it.id);
    assert_eq!(due.collect::<Vec<_>>(), [to_other.id]);
    let (_, next) = store.next_due().await.expect("looked");
    assert_eq!(next, Some(at(HOUR * 3)));
    tried(store, to_other.id, DeliveryStatus::Delivered, at(HOUR * 2)).await;
    let (_, next) = store.next_due().await.expect("looked");
    assert_eq!(next, None);
    assert_eq!(deliveries_of(store, &scope).await, both);

    // Enabled again, they are due in their order.
    set(false).await;
    let (_, next) = store.next_due().await.expect("looked");
    assert_eq!(next, Some(start()));
    let due = store.due_deliveries(at(HOUR * 3), at(HOUR * 4), 1).await;
    let due = due.expect("leased");
    assert_eq!((due[0].id, due[0].attempts), (before.id, 1));
    assert_eq!(store.put_back(before.id, start()).await, Ok(()));

    // A week after it was due, one that waits has failed; not where the webhook is there.
    let week = start().plus(DAY * 7);
    store.sweep(week).await.expect("swept");
    assert_eq!(deliveries_of(store, &scope).await, both);
    set(true).await;
    let earlier = Moment::from_millis(week.millis() - 1);
    store.sweep(earlier).await.expect("swept");
    assert_eq!(deliveries_of(store, &scope).await, both);
    store.sweep(week).await.expect("swept");
    let given_up = Delivery {
        status: DeliveryStatus::Failed,
        last_problem: Some("it was due a week ago, and its webhook is disabled".to_owned()),
        finished_at: Some(week),
        ..before
    };
    assert_eq!(
        deliveries_of(store, &scope).await,
        [both[0].clone(), given_up]
    );
    changes(
        store,
        Change::RemoveWebhook(scope.integrator, scope.environment),
    )
    .await;
    // Nobody is there to wait for: it is taken up, so that it fails.
    let due = store.due_deliveries(week, week.plus(HOUR), 10).await;
    assert_eq!(due.expect("leased")[0].id, both[0].id);
    tried(store, both[0].id, DeliveryStatus::Failed, week).await;
    assert_eq!(store.put_back(both[0].id, start()).await, Ok(()));
    let of_all = deliveries_of(store, &scope).await;
    assert!(of_all.iter().all(|it| it.status == DeliveryStatus::Failed));
}

pub async fn messages_that_failed_are_redelivered(store: &dyn Store) {
    nothing_is_left(store).await;
    let scope = scope_with_webhook(store).await;
    let other = scope_with_webhook(store).await;
    let mut failed = Vec::new();
    for scope in [&scope, &scope, &scope, &other] {
        failed.push(told(store, scope, start()).await);
    }
    let delivered = told(store, &scope, start()).await;
    let pending = told(store, &scope, at(HOUR * 9)).await;
    store
        .due_deliveries(start(), at(HOUR), 10)
        .await
        .expect("leased");
    for message in &failed {
        tried(store, message.id, DeliveryStatus::Failed, at(HOUR)).await;
    }
    tried(store, delivered.id, DeliveryStatus::Delivered, at(HOUR)).await;

    let of = |id| DeliveryFilter {
        id: Some(id),
        limit: 10,
        ..DeliveryFilter::default()
    };
    let now = at(HOUR * 2);
    for id in [delivered.id, pending.id, DeliveryId::generate()] {
        assert_eq!(store.redeliver(of(id), now).await, Ok(0));
    }
    let found = store.deliveries(of(pending.id)).await;
    assert_eq!(found, Ok(vec![pending.clone()]));
    assert_eq!(store.redeliver(of(failed[0].id), now).await, Ok(1));
    // It is as it was at first, but for what its receiver said last.
    let again = Delivery {
        next_at: now,
        last_status: Some(204),
        ..failed[0].clone()
    };
    let found = store.deliveries(of(again.id)).await;
    assert_eq!(found, Ok(vec![again.clone()]));
    let due = store.due_deliveries(now, at(HOUR * 3), 10).await;
    let due = due.expect("leased");
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].id, due[0].attempts), (again.id, 1));

    // All that failed of one integrator's, in one environment.
    let all = |environment| DeliveryFilter {
        integrator: Some(scope.integrator),
        environment: Some(environment),
        limit: usize::MAX,
        ..DeliveryFilter::default()
    };
    let elsewhere = store.redeliver(all(Environment::Production), now).await;
    assert_eq!(elsewhere, Ok(0));
    assert_eq!(store.redeliver(all(scope.environment), now).await, Ok(2));
    let failed_still = DeliveryFilter {
        status: Some(DeliveryStatus::Failed),
        limit: 10,
        ..DeliveryFilter::default()
    };
    let failed_still = store.deliveries(failed_still).await.expect("looked");
    assert!(failed_still.iter().any(|it| it.id == failed[3].id));
    assert!(
        failed_still
            .iter()
            .all(|it| it.integrator != scope.integrator)
    );
    // Its time to be kept begins when it ends again.
    tried(store, again.id, DeliveryStatus::Failed, at(HOUR * 3)).await;
    let week = DAY * 7;
    store.sweep(at(HOUR).plus(week)).await.expect("swept");
    let found = store.deliveries(of(again.id)).await.expect("looked");
    assert_eq!(found[0].finished_at, Some(at(HOUR * 3)));
    nothing_is_left(store).await;
}

/// Ends what is pending, so that what other parts left is out of the way.
async fn nothing_is_left(store: &dyn Store) {
    let far = at(DAY * 365);
    let left = store.due_deliveries(far, far, 1_000).await;
    for delivery in left.expect("leased") {
        tried(store, delivery.id, DeliveryStatus::Failed, at(HOUR)).await;
    }
}

/// A message that is kept, and due at a moment.
async fn told(store: &dyn Store, scope: &Scope, next_at: Moment) -> Delivery {
    let query = query(scope);
    let id = query.id;
    let added = store.add_query(query, call("select 1")).await;
    added.expect("added");
    let message = Delivery {
        next_at,
        ..delivery(scope, id)
    };
    let finish = Finish {
        delivery: Some(message.clone()),
        ..failure(id)
    };
    assert_eq!(store.finish(finish).await, Ok(true));
    message
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
