//! The store in a folder: what every store keeps, and what this one promises beyond.

mod model;
mod opening;
mod sealed;
mod writing;

use std::path::Path;

use axum::body::Bytes;
use tempfile::TempDir;

use super::SqliteStore;
use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::link::Nature;
use crate::gateway::query::StatusTiming;
use crate::store::Store as _;
use crate::store::conformance::conforms;
use crate::store::conformance::samples::{at, call, page, query, success};
use crate::store::seal::SealKey;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn key() -> SealKey {
    SealKey::from_bytes([5; 32])
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, key()).expect("opened")
}

/// A query that ended well with these pages.
async fn ended(store: &SqliteStore, scope: &Scope, pages: &[&'static [u8]]) -> QueryId {
    let query = query(scope);
    let id = query.id;
    let added = store.add_query(query, call("select 1")).await;
    added.expect("added");
    let now = at(std::time::Duration::ZERO);
    let begun = store.begin(id, Nature::Reads, StatusTiming::default(), now);
    assert_eq!(begun.await, Ok(true));
    for (number, rows) in (1..).zip(pages) {
        let put = store.put_page(id, page(number, rows), Bytes::from_static(rows));
        put.await.expect("put");
    }
    assert_eq!(store.finish(success(id)).await, Ok(true));
    id
}

#[tokio::test]
async fn it_keeps_what_every_store_has_to_keep() {
    let folder = folder();
    conforms(&open(folder.path())).await;
}

#[tokio::test]
async fn what_was_kept_is_there_when_it_is_opened_again() {
    let folder = folder();
    let store = open(folder.path());
    let scope = crate::store::conformance::samples::scope(&store).await;
    let id = ended(&store, &scope, &[b"[{},{}]"]).await;
    let query = store.query(&scope, id).await.expect("looked");
    let secret = store.own_secret("one").await.expect("made");
    drop(store);
    let store = open(folder.path());
    assert!(query.is_some());
    assert_eq!(store.query(&scope, id).await, Ok(query));
    assert_eq!(store.own_secret("one").await, Ok(secret));
}
