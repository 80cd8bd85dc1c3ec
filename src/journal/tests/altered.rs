//! What was altered, cut off or written by a newer program is noticed.

use super::*;

/// Changes the file as somebody would who has it.
fn alter(folder: &TempDir, sql: &str) {
    let connection = Connection::open(folder.path().join(FILE)).expect("the file");
    let mut triggers = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .expect("triggers");
    let names: Vec<String> = triggers
        .query_map([], |row| row.get(0))
        .expect("triggers")
        .map(|name| name.expect("a name"))
        .collect();
    for name in names {
        let drop = format!("DROP TRIGGER {name}");
        connection.execute_batch(&drop).expect("dropped");
    }
    connection.execute_batch(sql).expect("altered");
}

async fn with_entries(count: u32) -> (TempDir, Head) {
    let folder = TempDir::new().expect("a folder");
    let journal = open(&folder);
    for number in 0..count {
        journal.record(&after(0, number)).await.expect("kept");
    }
    let head = journal.head().await.expect("read");
    (folder, head)
}

#[tokio::test]
async fn what_was_altered_is_found() {
    let (folder, head) = with_entries(5).await;
    let whole = Verdict::Whole { entries: 5, head };
    assert_eq!(verdict(&folder, None), whole);
    assert_eq!(verdict(&folder, Some(head)), whole);
    let cases = [
        // One digit of one entry.
        (
            "UPDATE entries SET body = replace(body, '\"number\":2', '\"number\":7')",
            3,
            Flaw::Altered,
        ),
        (
            "UPDATE entries SET hash = randomblob(32) WHERE seq = 5",
            5,
            Flaw::Altered,
        ),
        ("DELETE FROM entries WHERE seq = 4", 4, Flaw::Missing),
        ("DELETE FROM entries WHERE seq = 1", 1, Flaw::Missing),
        // As if that were its retention's doing.
        (
            "DELETE FROM entries WHERE seq = 1; UPDATE chain SET first = 2",
            2,
            Flaw::Altered,
        ),
        (
            "UPDATE entries SET seq = 9 WHERE seq = 2; UPDATE entries SET seq = 2 WHERE seq = 3; UPDATE entries SET seq = 3 WHERE seq = 9",
            2,
            Flaw::Altered,
        ),
        // What was said of a page is now said of another kind of thing.
        (
            "UPDATE entries SET body = replace(body, '\"page\"', '\"token\"') WHERE seq = 5",
            5,
            Flaw::Altered,
        ),
    ];
    for (sql, seq, flaw) in cases {
        let (folder, _) = with_entries(5).await;
        alter(&folder, sql);
        assert_eq!(
            verdict(&folder, None),
            Verdict::Broken { seq, flaw },
            "{sql}"
        );
    }
}

#[tokio::test]
async fn what_was_cut_off_is_found_by_who_noted_the_end() {
    let (folder, head) = with_entries(5).await;
    alter(&folder, "DELETE FROM entries WHERE seq > 3");
    assert!(matches!(
        verdict(&folder, None),
        Verdict::Whole { entries: 3, .. }
    ));
    let broken = |seq| Verdict::Broken {
        seq,
        flaw: Flaw::NotAsNoted,
    };
    assert_eq!(verdict(&folder, Some(head)), broken(5));
    // Nor does it help to write on.
    let journal = open(&folder);
    for number in 0..4 {
        journal.record(&after(0, number)).await.expect("kept");
    }
    drop(journal);
    assert!(matches!(
        verdict(&folder, None),
        Verdict::Whole { entries: 7, .. }
    ));
    assert_eq!(verdict(&folder, Some(head)), broken(5));
    let other = Head {
        seq: 2,
        hash: Hash([7; 32]),
    };
    assert_eq!(verdict(&folder, Some(other)), broken(2));
}

#[tokio::test]
async fn nothing_is_changed_and_nothing_removed() {
    let (folder, head) = with_entries(3).await;
    let connection = Connection::open(folder.path().join(FILE)).expect("the file");
    for sql in [
        "UPDATE entries SET body = '{}'",
        "UPDATE entries SET hash = zeroblob(32) WHERE seq = 2",
        "DELETE FROM entries",
        "DELETE FROM entries WHERE seq = 1",
        "DELETE FROM chain",
        "UPDATE chain SET first = 1",
        "UPDATE chain SET first = 3, before = zeroblob(32)",
        "UPDATE chain SET first = 9, before = zeroblob(32)",
        "INSERT INTO entries (seq, body, hash) VALUES (9, '{\"at\":\"x\",\"what\":{\"kind\":\"page\"}}', zeroblob(32))",
        "INSERT OR REPLACE INTO entries (seq, body, hash) VALUES (2, '{\"at\":\"x\",\"what\":{\"kind\":\"page\"}}', zeroblob(32))",
    ] {
        assert!(connection.execute(sql, []).is_err(), "{sql}");
    }
    assert_eq!(verdict(&folder, None), Verdict::Whole { entries: 3, head });
}

#[test]
fn a_newer_form_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    drop(open(&folder));
    alter(&folder, "PRAGMA user_version = 99");
    let form = JournalError::Form {
        found: 99,
        known: 2,
    };
    let opened = Journal::open(folder.path(), KEPT);
    assert_eq!(opened.map(drop), Err(form.clone()));
    assert_eq!(Reader::open(folder.path()).map(drop), Err(form));
    let nowhere = Reader::open(&folder.path().join("nowhere")).map(drop);
    assert!(matches!(nowhere, Err(JournalError::Failed(_))));
}
