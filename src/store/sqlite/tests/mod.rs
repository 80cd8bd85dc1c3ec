//! The store in a folder: what every store keeps, and what this one promises beyond.

mod model;
mod opening;
mod runs;
mod sealed;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use tempfile::TempDir;

use super::SqliteStore;
use crate::gateway::id::{QueryId, SiteId};
use crate::gateway::integrator::{Environment, Scope, WebhookTarget};
use crate::gateway::link::Nature;
use crate::gateway::query::StatusTiming;
use crate::secret::Secret;
use crate::store::conformance::conforms;
use crate::store::conformance::samples::{self, at, call, page, query, success};
use crate::store::seal::SealKey;
use crate::store::{Change, Store as _};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn key() -> SealKey {
    SealKey::from_bytes([5; 32])
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, key()).expect("opened")
}

/// All files in a folder, and in those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("listed") {
            let path = entry.expect("listed").path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files
}

/// The folder as a kill at this moment would leave it.
fn killed(folder: &Path) -> TempDir {
    let copy = self::folder();
    for file in files(folder) {
        let name = file.strip_prefix(folder).expect("in it");
        let to = copy.path().join(name);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        // The index of the log is shared memory of those that have it open: a start finds none that is of use.
        if !name.to_string_lossy().ends_with("-shm") {
            fs::copy(&file, to).expect("copied");
        }
    }
    copy
}

/// Two integrators; of one of them both environments, another site, and a device.
async fn scopes(store: &SqliteStore) -> Vec<Scope> {
    let first = samples::scope(store).await;
    let target = WebhookTarget {
        integrator: first.integrator,
        environment: first.environment,
        url: "https://hooks.example".to_owned(),
        secret: Secret::new("sign"),
        disabled: false,
    };
    let set = store.change(Change::SetWebhook(target)).await;
    set.expect("set");
    let second = Scope {
        site: first.site,
        ..samples::scope(store).await
    };
    let other = |change: fn(&mut Scope)| {
        let mut scope = first.clone();
        change(&mut scope);
        scope
    };
    vec![
        first.clone(),
        second,
        other(|scope| scope.environment = Environment::Production),
        other(|scope| scope.site = SiteId::generate()),
        other(|scope| scope.device = Some("device".to_owned())),
    ]
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
    let scope = samples::scope(&store).await;
    let id = ended(&store, &scope, &[b"[{},{}]"]).await;
    let query = store.query(&scope, id).await.expect("looked");
    let secret = store.own_secret("one").await.expect("made");
    drop(store);
    let store = open(folder.path());
    assert!(query.is_some());
    assert_eq!(store.query(&scope, id).await, Ok(query));
    assert_eq!(store.own_secret("one").await, Ok(secret));
}
