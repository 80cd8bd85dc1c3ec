//! The store in a folder: what every store keeps, and what this one promises beyond.

use std::path::Path;

use tempfile::TempDir;

use super::SqliteStore;
use crate::store::conformance::conforms;
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

#[tokio::test]
async fn it_keeps_what_every_store_has_to_keep() {
    let folder = folder();
    conforms(&open(folder.path())).await;
}
