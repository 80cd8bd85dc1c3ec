//! Neither the journal nor the log holds what was asked or found.

use super::*;

#[tokio::test]
async fn neither_the_journal_nor_the_log_holds_what_was_asked_or_found() {
    let folder = TempDir::new().expect("a folder");
    let asked = query(&scope());
    let parameters = asked
        .outcome
        .as_ref()
        .map(|outcome| outcome.parameters.clone());
    let name = parameters.and_then(|all| all.first().map(|one| one.name.clone()));
    assert!(name.is_some_and(|name| name.contains(SENTINEL)));
    let (log, guard) = Log::keep();
    let mut head = None;
    {
        let journal = serving(&folder);
        for entry in every_kind() {
            tracing::trace!(?entry, "recorded");
            journal.record(&entry).await.expect("kept");
        }
        let page = journal
            .entries(Filter::default(), None)
            .await
            .expect("read");
        tracing::trace!(?page, "read");
        let failing = Filter {
            kind: Some(Kind::Immediate),
            ..Filter::default()
        };
        journal.entries(failing, None).await.expect("read");
        let spooled = std::fs::read_to_string(folder.path().join(spool::FILE)).expect("read");
        assert_eq!(spooled.lines().count(), 1 + 15, "an id, and the entries");
        for file in std::fs::read_dir(folder.path()).expect("the folder") {
            holds_nothing(&std::fs::read(file.expect("a file").path()).expect("read"));
        }
        head.replace(journal.head().await.expect("read"));
    }
    drop(guard);
    let log = log.text();
    assert!(log.contains("recorded"), "{log}");
    holds_nothing(log.as_bytes());
    assert_eq!(head.map(|head| head.seq), Some(15));
}
