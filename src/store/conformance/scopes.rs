//! What is one scope's is found by no other.

use super::samples::{call, query, registered, result, run, scope, start, succeed};
use crate::gateway::id::{QueryId, SiteId};
use crate::gateway::integrator::{Environment, Scope};
use crate::store::Store;

pub async fn nothing_of_another_scope_is_found(store: &dyn Store) {
    let own = Scope {
        device: Some("a".to_owned()),
        ..scope(store).await
    };
    let done = query(&own);
    let added = store.add_query(done.clone(), call("select 1")).await;
    added.expect("added");
    succeed(store, &done, &[b"[{},{}]"]).await;
    let watched = registered(&own);
    let kept = store
        .register(watched.clone(), call("select 1"), usize::MAX)
        .await;
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
        let page = store
            .page(other, done.id, 1, start())
            .await
            .expect("looked");
        assert!(page.is_none(), "{other:?}");
        assert_eq!(store.registered(other).await, Ok(Vec::new()));
        assert_eq!(store.registered_one(other, watched.id).await, Ok(None));
        assert_eq!(store.registered_result(other, watched.id).await, Ok(None));
        assert_eq!(store.cancel(other, watched.id, start()).await, Ok(false));
    }
    // But by the gateway itself.
    let found = store.any_query(done.id).await.expect("looked");
    assert_eq!(found, store.query(&own, done.id).await.expect("looked"));
    assert!(found.is_some());
    assert_eq!(store.any_query(watched.id).await, Ok(None));
    assert_eq!(store.any_query(QueryId::generate()).await, Ok(None));
    // One's own kinds are not mixed up either.
    assert_eq!(store.query(&own, watched.id).await, Ok(None));
    assert_eq!(store.registered_one(&own, done.id).await, Ok(None));
    assert!(store.query(&own, done.id).await.expect("looked").is_some());
    assert_eq!(store.cancel(&own, watched.id, start()).await, Ok(true));
}
