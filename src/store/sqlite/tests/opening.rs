//! Whose folder it is, of which version, and under which key.

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use super::{folder, key, open};
use crate::store::Store as _;
use crate::store::seal::SealKey;
use crate::store::sqlite::migrations::{MIGRATIONS, NEWEST};
use crate::store::sqlite::{DATABASE_FILE, OpenStoreError, SqliteStore, lock};

/// SHA-256 of each migration's text.
const HASHES: &[&str] = &[
    "c9f734779666f896bfa1916421db0a4b743d2de9843fc7c5642cb6e95e47763b",
    "a4bc47f493605f14999a55a37887da34f67704b71b66f99227a32d505abfb071",
    "37f0cfa8f09e9c5d7c6d78f4bae98a13a99a0011a4fa961f3cf93aba8e27809a",
    "7f4eadc6be03d4deb6207da62c2af22c28e40bdb0b6c72c5516324e2a1c411b5",
];

/// A text that was released is not changed: files of its version are out there. Another one is added.
#[test]
fn migrations_stay_as_they_were_released() {
    let hashes = MIGRATIONS.iter().map(|text| {
        let hash = Sha256::digest(text.as_bytes());
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    });
    assert_eq!(hashes.collect::<Vec<String>>(), HASHES);
}

#[tokio::test]
async fn a_database_of_each_former_version_is_brought_to_the_newest() {
    for version in 0..=NEWEST {
        let folder = folder();
        let former = Connection::open(folder.path().join(DATABASE_FILE)).expect("made");
        for text in &MIGRATIONS[..version] {
            former.execute_batch(text).expect("made");
        }
        former
            .pragma_update(None, "user_version", version as i64)
            .expect("noted");
        if version > 0 {
            former
                .execute_batch(
                    "INSERT INTO integrators (id, name, created_at, addresses, disabled)
                     VALUES (randomblob(16), 'Kept', 0, '', 0)",
                )
                .expect("kept");
        }
        drop(former);
        let store = open(folder.path());
        let directory = store.directory().await.expect("read");
        assert_eq!(directory.integrators.len(), usize::from(version > 0));
        crate::store::conformance::conforms(&store).await;
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join(DATABASE_FILE);
    drop(open(folder.path()));
    let sql = Connection::open(&path).expect("opened");
    sql.pragma_update(None, "user_version", NEWEST as i64 + 1)
        .expect("noted");
    drop(sql);
    let before = std::fs::read(&path).expect("read");
    let refused = SqliteStore::open(folder.path(), key()).err();
    let refused = refused.expect("refused");
    assert!(matches!(refused, OpenStoreError::Newer { .. }));
    let text = refused.to_string();
    let said = format!(
        "is of version {}, and this pilaster knows versions up to {NEWEST}: run the pilaster that wrote it",
        NEWEST + 1
    );
    assert!(text.contains(&said), "{text}");
    assert_eq!(std::fs::read(&path).expect("read"), before);
}

#[test]
fn what_is_no_database_is_refused() {
    let folder = folder();
    std::fs::write(
        folder.path().join(DATABASE_FILE),
        b"no database".repeat(100),
    )
    .expect("written");
    let refused = SqliteStore::open(folder.path(), key()).err();
    assert!(matches!(refused, Some(OpenStoreError::Database { .. })));
    let file = tempfile::NamedTempFile::new().expect("a file");
    let refused = SqliteStore::open(file.path(), key()).err();
    assert!(matches!(refused, Some(OpenStoreError::Folder { .. })));
}

#[test]
fn another_key_is_refused_at_once() {
    let folder = folder();
    drop(open(folder.path()));
    let other = SealKey::from_bytes([6; 32]);
    let refused = SqliteStore::open(folder.path(), other).err();
    assert!(matches!(refused, Some(OpenStoreError::Key { .. })));
    drop(open(folder.path()));
}

#[test]
fn one_server_at_a_time_serves_from_a_folder() {
    let folder = folder();
    let held = lock(folder.path()).expect("locked");
    assert!(matches!(
        lock(folder.path()),
        Err(OpenStoreError::InUse { .. })
    ));
    // Who administers it need not hold it.
    drop(open(folder.path()));
    drop(held);
    lock(folder.path()).expect("locked again");
}

#[cfg(unix)]
#[tokio::test]
async fn all_of_it_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder();
    let inner = folder.path().join("state");
    let _lock = lock(&inner).expect("locked");
    let store = open(&inner);
    let scope = crate::store::conformance::samples::scope(&store).await;
    super::ended(&store, &scope, &[b"[{},{}]"]).await;
    let mut seen = 0;
    let mut folders = vec![inner.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("listed") {
            let entry = entry.expect("listed");
            let metadata = entry.metadata().expect("there");
            let mode = metadata.permissions().mode() & 0o777;
            let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{:?}", entry.file_name());
            seen += 1;
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    // The database, its log and its index, the lock, and the folder of pages with a folder with a page.
    assert_eq!(seen, 7);
}
