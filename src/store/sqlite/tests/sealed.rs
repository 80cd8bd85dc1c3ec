//! What stands in the files, and what happens where somebody alters them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Bytes;
use rusqlite::Connection;

use super::{ended, files, folder, open};
use crate::gateway::id::QueryId;
use crate::gateway::integrator::{Login, LoginScope, Scope, WebhookTarget};
use crate::gateway::link::Nature;
use crate::gateway::query::{Query, StatusTiming};
use crate::gateway::registered::RegisteredStatus;
use crate::secret::Secret;
use crate::store::conformance::samples::{
    at, call, failure, page, query, registered, scope, start, success,
};
use crate::store::sqlite::{DATABASE_FILE, SqliteStore};
use crate::store::{Change, PageFound, Store as _, StoreError};

fn page_path(folder: &Path, id: QueryId, number: u32) -> PathBuf {
    let pages = folder.join("pages").join(id.to_string());
    pages.join(number.to_string())
}

#[tokio::test]
async fn no_file_shows_what_callers_wrote_or_rows_hold() {
    let folder = folder();
    let store = open(folder.path());
    let scope = scope(&store).await;
    // In capitals and unlike anything else, so that it is found wherever it is.
    let waits = Query {
        device: Some("MADAGASCAR".to_owned()),
        ..query(&scope)
    };
    let added = store.add_query(waits, call("SELECT ZANZIBAR")).await;
    added.expect("added");
    let fails = query(&scope);
    let id = fails.id;
    let added = store.add_query(fails, call("SELECT ZANZIBAR")).await;
    added.expect("added");
    let mut bad = failure(id);
    bad.error.as_mut().expect("one").error_message = "no ZANZIBAR".to_owned();
    assert_eq!(store.finish(bad).await, Ok(true));
    let id = query(&scope);
    let (id, added) = (id.id, store.add_query(id, call("SELECT 1")).await);
    added.expect("added");
    let now = at(Duration::ZERO);
    let begun = store.begin(id, Nature::Reads, StatusTiming::default(), now);
    assert_eq!(begun.await, Ok(true));
    let rows = b"[{\"a\":\"ZANZIBAR\"}]";
    let put = store.put_page(id, page(1, rows), Bytes::from_static(rows));
    put.await.expect("put");
    let mut good = success(id);
    let parameters = &mut good.outcome.as_mut().expect("one").parameters;
    parameters[0].value = Some("ZANZIBAR".to_owned());
    assert_eq!(store.finish(good).await, Ok(true));
    let changes = [
        Change::SetLogin(
            scope.integrator,
            LoginScope::Site(scope.site),
            Login {
                user: "ZANZIBAR".to_owned(),
                password: Secret::new("ZANZIBAR"),
            },
        ),
        Change::SetWebhook(WebhookTarget {
            integrator: scope.integrator,
            environment: scope.environment,
            url: "https://hooks.example/ZANZIBAR".to_owned(),
            secret: Secret::new("ZANZIBAR"),
            disabled: false,
        }),
    ];
    for change in changes {
        store.change(change).await.expect("changed");
    }
    let secret = store.own_secret("one").await.expect("made");
    drop(store);
    let contents = files(folder.path()).into_iter();
    let contents = contents.map(|path| fs::read(path).expect("read"));
    let contents = contents.collect::<Vec<_>>();
    let shows = |what: &[u8]| {
        let shows = |file: &Vec<u8>| file.windows(what.len()).any(|part| part == what);
        contents.iter().any(shows)
    };
    assert!(shows(b"MADAGASCAR"), "what is not sealed is found");
    assert!(!shows(b"ZANZIBAR"));
    assert!(!shows(&secret));
}

async fn page_of(store: &SqliteStore, scope: &Scope, id: QueryId) -> Result<Bytes, StoreError> {
    match store.page(scope, id, 1, start()).await? {
        Some(PageFound::Page(_, rows)) => Ok(rows),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_that_was_altered_cut_or_moved_is_not_given() {
    let folder = folder();
    let store = open(folder.path());
    let scope = scope(&store).await;
    let id = ended(&store, &scope, &[b"[{\"a\":1}]", b"[{\"a\":2}]"]).await;
    let other = ended(&store, &scope, &[b"[{\"a\":3}]"]).await;
    let path = page_path(folder.path(), id, 1);
    let whole = fs::read(&path).expect("read");
    for at in [0, 1, 30, whole.len() - 1] {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(&path, altered).expect("written");
        let refused = page_of(&store, &scope, id).await;
        assert_eq!(refused, Err(StoreError::Sealed), "byte {at}");
    }
    for length in [0, 10, whole.len() - 1] {
        fs::write(&path, &whole[..length]).expect("written");
        let refused = page_of(&store, &scope, id).await;
        assert_eq!(refused, Err(StoreError::Sealed), "{length} bytes");
    }
    for moved in [
        page_path(folder.path(), id, 2),
        page_path(folder.path(), other, 1),
    ] {
        fs::copy(moved, &path).expect("copied");
        let refused = page_of(&store, &scope, id).await;
        assert_eq!(refused, Err(StoreError::Sealed));
    }
    fs::remove_file(&path).expect("removed");
    let refused = page_of(&store, &scope, id).await;
    let Err(StoreError::Failed(text)) = refused else {
        panic!("{refused:?}");
    };
    assert!(!text.contains(&id.to_string()), "{text}");
    fs::write(&path, whole).expect("written");
    assert_eq!(
        page_of(&store, &scope, id).await.as_deref(),
        Ok(&b"[{\"a\":1}]"[..])
    );
}

#[tokio::test]
async fn a_sealed_value_does_not_open_in_another_row() {
    let folder = folder();
    let store = open(folder.path());
    let scope = scope(&store).await;
    let [first, second] = [(); 2].map(|()| query(&scope));
    for query in [&first, &second] {
        let added = store.add_query(query.clone(), call("select 1")).await;
        added.expect("added");
    }
    let sql = Connection::open(folder.path().join(DATABASE_FILE)).expect("opened");
    let moved = "UPDATE queries SET sealed_call = (SELECT sealed_call FROM queries WHERE id = ?1) WHERE id = ?2";
    sql.execute(moved, [first.id, second.id]).expect("moved");
    assert_eq!(store.call(first.id).await, Ok(Some(call("select 1"))));
    assert_eq!(store.call(second.id).await, Err(StoreError::Sealed));
}

#[tokio::test]
async fn a_registered_query_that_does_not_open_ends_and_keeps_no_other_waiting() {
    let folder = folder();
    let store = open(folder.path());
    let scope = scope(&store).await;
    let [broken, whole] = [(); 2].map(|()| registered(&scope));
    for it in [&broken, &whole] {
        let kept = store
            .register(it.clone(), call("select 1"), usize::MAX)
            .await;
        kept.expect("kept");
    }
    let sql = Connection::open(folder.path().join(DATABASE_FILE)).expect("opened");
    let altered = "UPDATE registered SET sealed_call = zeroblob(100) WHERE id = ?1";
    sql.execute(altered, [broken.id]).expect("altered");
    let due = store.due(whole.next_at, 10).await.expect("looked");
    let due = due.iter().map(|due| due.registered.id);
    assert_eq!(due.collect::<Vec<_>>(), [whole.id]);
    let found = store.registered_one(&scope, broken.id).await;
    let found = found.expect("looked").expect("there");
    assert_eq!(
        found.status,
        RegisteredStatus::InitialisationFailedCacheError
    );
    assert_eq!(found.completed_at, Some(whole.next_at));
}

#[tokio::test]
async fn pages_go_with_what_they_belong_to() {
    let folder = folder();
    let store = open(folder.path());
    let scope = scope(&store).await;
    let one = ended(&store, &scope, &[b"[{},{}]"]).await;
    let over = success(one).expires_at;
    assert!(page_path(folder.path(), one, 1).is_file());
    store.sweep(over).await.expect("swept");
    let is_gone = |id| !page_path(folder.path(), id, 1).exists();
    assert!(is_gone(one));

    let two = query(&scope);
    let id = two.id;
    let added = store.add_query(two, call("select 1")).await;
    added.expect("added");
    let begun = store.begin(id, Nature::Reads, StatusTiming::default(), over);
    assert_eq!(begun.await, Ok(true));
    let put = store.put_page(id, page(1, b"[]"), Bytes::from_static(b"[]"));
    put.await.expect("put");
    assert!(!is_gone(id));
    assert_eq!(store.finish(failure(id)).await, Ok(true));
    assert!(is_gone(id));

    let three = ended(&store, &scope, &[b"[{},{}]"]).await;
    assert!(!is_gone(three));
    let removed = store
        .change(Change::RemoveIntegrator(scope.integrator))
        .await;
    removed.expect("removed");
    assert!(is_gone(three));
    let left = fs::read_dir(folder.path().join("pages")).expect("listed");
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_webhooks_url_that_a_former_version_kept_in_the_clear_is_sealed() {
    let folder = folder();
    let url = "https://hooks.example/?code=ZANZIBAR";
    let store = open(folder.path());
    let scope = scope(&store).await;
    let target = WebhookTarget {
        integrator: scope.integrator,
        environment: scope.environment,
        url: url.to_owned(),
        secret: Secret::new("secret"),
        disabled: false,
    };
    let set = store.change(Change::SetWebhook(target.clone())).await;
    set.expect("set");
    drop(store);
    let sql = Connection::open(folder.path().join(DATABASE_FILE)).expect("opened");
    let kept = sql.execute("UPDATE webhooks SET url = ?1, sealed_url = NULL", [url]);
    assert_eq!(kept, Ok(1));
    let store = open(folder.path());
    let found = store.directory().await.expect("read").webhooks;
    assert_eq!(found, [target]);
    let clear = sql.query_row("SELECT url FROM webhooks", [], |row| {
        row.get::<_, String>(0)
    });
    assert_eq!(clear, Ok(String::new()));
}
