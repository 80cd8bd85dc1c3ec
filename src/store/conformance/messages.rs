//! Messages are kept with what they tell of, and tried one at a time.

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

pub async fn messages_are_leased_and_end(store: &dyn Store) {
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
