//! What was acknowledged is kept, whoever writes beside, and whatever becomes of the process.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_write_at_once_in_two_processes() {
    let folder = TempDir::new().expect("a folder");
    let journals = [Arc::new(open(&folder)), Arc::new(open(&folder))];
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16_u32 {
        let journal = Arc::clone(&journals[task as usize % 2]);
        tasks.spawn(async move {
            for number in 0..50 {
                let entry = after(0, task * 50 + number);
                journal.record(&entry).await.expect("kept");
            }
        });
    }
    tasks.join_all().await;
    let page = journals[0].entries(Filter::default(), None).await;
    let mut all = numbers(&page.expect("read"));
    all.sort_unstable();
    assert_eq!(all, (0..800).collect::<Vec<_>>());
    assert!(matches!(
        verdict(&folder, None),
        Verdict::Whole { entries: 800, .. }
    ));
}

/// What is on the disk at this moment is what a killed process leaves.
#[tokio::test]
async fn what_was_acknowledged_outlives_the_process() {
    let folder = TempDir::new().expect("a folder");
    let journal = open(&folder);
    for number in 0..40 {
        journal.record(&after(0, number)).await.expect("kept");
        if number % 10 != 9 {
            continue;
        }
        let copy = TempDir::new().expect("a folder");
        for file in [FILE.to_owned(), format!("{FILE}-wal")] {
            std::fs::copy(folder.path().join(&file), copy.path().join(&file)).expect("copied");
        }
        let found = open(&copy);
        let page = found.entries(Filter::default(), None).await.expect("read");
        assert_eq!(numbers(&page), (0..=number).collect::<Vec<_>>());
        drop(found);
        assert!(matches!(verdict(&copy, None), Verdict::Whole { .. }));
    }
}

/// The same of a server's, whose database may be behind.
#[tokio::test]
async fn what_stands_in_the_spool_outlives_the_process() {
    let folder = TempDir::new().expect("a folder");
    let journal = serving(&folder);
    for number in 0..60 {
        journal.record(&after(0, number)).await.expect("kept");
        if number % 20 == 7 {
            std::thread::sleep(Duration::from_millis(50));
        }
        if number % 10 != 9 {
            continue;
        }
        let copy = TempDir::new().expect("a folder");
        // The spool last: what is in it and in the database is taken in once, what is in neither was not acknowledged.
        for file in [
            FILE.to_owned(),
            format!("{FILE}-wal"),
            spool::FILE.to_owned(),
        ] {
            std::fs::copy(folder.path().join(&file), copy.path().join(&file)).expect("copied");
        }
        for _ in 0..2 {
            let found = serving(&copy);
            let page = found.entries(Filter::default(), None).await.expect("read");
            assert_eq!(numbers(&page), (0..=number).collect::<Vec<_>>());
        }
        assert!(matches!(verdict(&copy, None), Verdict::Whole { .. }));
    }
}

/// A server's entries and those of a command beside it are one chain.
#[tokio::test]
async fn a_command_writes_beside_a_server() {
    let folder = TempDir::new().expect("a folder");
    let journal = serving(&folder);
    for number in 0..20 {
        journal.record(&after(0, number)).await.expect("kept");
        let beside = open(&folder);
        beside.record(&after(0, 100 + number)).await.expect("kept");
    }
    let page = journal
        .entries(Filter::default(), None)
        .await
        .expect("read");
    let mut found = numbers(&page);
    found.sort_unstable();
    let all: Vec<u32> = (0..20).chain(100..120).collect();
    assert_eq!(found, all);
    drop(journal);
    assert!(matches!(
        verdict(&folder, None),
        Verdict::Whole { entries: 40, .. }
    ));
}

#[tokio::test]
async fn a_line_that_is_no_entry_is_left_out_and_told() {
    let folder = TempDir::new().expect("a folder");
    let spool = Spool::open(folder.path()).expect("a spool");
    let entry = serde_json::to_string(&after(0, 1)).expect("JSON");
    let torn = format!("{{\"{SENTINEL}");
    for body in ["", &torn, &entry, "\0\0\0"] {
        spool.put(body).expect("room");
    }
    drop(spool);
    let recorder = PrometheusBuilder::new().build_recorder();
    let counted = metrics::set_default_local_recorder(&recorder);
    let (log, guard) = Log::keep();
    // It is taken in on this thread.
    let journal = serving(&folder);
    drop((guard, counted));
    let log = log.text();
    let lost = "ERROR pilaster::journal::writer: lines of the spool are no entries, and were left out lines=3";
    assert!(log.contains(lost), "{log}");
    holds_nothing(log.as_bytes());
    let counted = recorder.handle().render();
    for (outcome, count) in [("failed", 3), ("kept", 1)] {
        let line = format!("pilaster_journal_entries_total{{outcome=\"{outcome}\"}} {count}\n");
        assert!(counted.contains(&line), "{line}{counted}");
    }
    let page = journal
        .entries(Filter::default(), None)
        .await
        .expect("read");
    assert_eq!(numbers(&page), [1]);
}

#[tokio::test]
async fn a_panic_of_its_threads_ends_nothing() {
    let folder = TempDir::new().expect("a folder");
    let journal = serving(&folder);
    journal.record(&after(0, 1)).await.expect("kept");
    for number in 2..5 {
        journal.orders.send(Order::Panic).expect("it is there");
        journal.record(&after(0, number)).await.expect("kept");
    }
    let page = journal.entries(Filter::default(), None).await;
    assert_eq!(numbers(&page.expect("read")), [1, 2, 3, 4]);
    // Without anybody who asks, too.
    journal.orders.send(Order::Panic).expect("it is there");
    journal.record(&after(0, 5)).await.expect("kept");
    let end = std::time::Instant::now() + Duration::from_secs(20);
    let count = || {
        let reader = Reader::open(folder.path()).expect("a journal");
        let page = reader.entries(&Filter::default(), None);
        page.expect("read").entries.len()
    };
    while count() < 5 {
        assert!(std::time::Instant::now() < end, "it is not taken in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn who_reads_for_too_long_is_told() {
    let folder = TempDir::new().expect("a folder");
    let mut journal = open(&folder);
    journal.longest = Duration::from_millis(20);
    let (go, wait) = mpsc::channel::<()>();
    let read = journal.read(move |_| {
        let _ = wait.recv_timeout(Duration::from_secs(20));
        Ok(())
    });
    assert_eq!(read.await, Err(JournalError::Busy));
    // Its thread has its turn still.
    assert_eq!(journal.turns.available_permits(), READERS - 1);
    drop(go);
    let turns = u32::try_from(READERS).expect("few");
    let all = tokio::time::timeout(Duration::from_secs(20), journal.turns.acquire_many(turns));
    drop(all.await.expect("in time").expect("all turns"));
    journal.longest = READ;
    assert_eq!(journal.head().await.expect("read").seq, 0);
}

#[tokio::test]
async fn what_nobody_waits_for_is_kept_when_that_returns() {
    let folder = TempDir::new().expect("a folder");
    for (number, journal) in [(1, serving(&folder)), (2, open(&folder))] {
        journal.record_unawaited(&after(0, number));
        // Where there is no spool, it is on its way.
        tokio::task::yield_now().await;
        drop(journal);
        let Verdict::Whole { entries, .. } = verdict(&folder, None) else {
            panic!("it is not whole");
        };
        assert_eq!(entries, u64::from(number));
    }
}

#[tokio::test]
async fn what_nobody_waits_for_is_written_before_it_closes() {
    let folder = TempDir::new().expect("a folder");
    let journal = serving(&folder);
    for number in 0..100 {
        drop(journal.record(&after(0, number)));
    }
    let late = journal.record(&after(0, 100));
    drop(journal);
    assert_eq!(late.await, Ok(()));
    assert!(matches!(
        verdict(&folder, None),
        Verdict::Whole { entries: 101, .. }
    ));
}

#[tokio::test]
async fn who_finds_no_room_is_told_in_the_end() {
    let folder = TempDir::new().expect("a folder");
    let mut journal = open(&folder);
    journal.patience = Duration::ZERO;
    let all = u32::try_from(WAITING).expect("few");
    let taken = journal.places.acquire_many(all).await.expect("all places");
    assert_eq!(journal.record(&after(0, 0)).await, Err(JournalError::Busy));
    drop(taken);
    assert_eq!(journal.record(&after(0, 0)).await, Ok(()));
    let turns = u32::try_from(READERS).expect("few");
    let taken = journal.turns.acquire_many(turns).await.expect("all turns");
    assert_eq!(journal.head().await, Err(JournalError::Busy));
    drop(taken);
    assert_eq!(journal.head().await.expect("read").seq, 1);
}

#[cfg(unix)]
#[test]
fn its_files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(FILE);
    std::fs::write(&path, b"").expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("rights");
    let _journal = serving(&folder);
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .expect("the folder")
        .collect();
    assert!(files.len() > 1, "beside it are those of its transactions");
    for file in files {
        let mode = file
            .expect("a file")
            .metadata()
            .expect("its rights")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
