//! What the journal promises: it holds what it acknowledged, in order, for as long as it is to, and shows what was altered.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;
use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use super::chain::Hash;
use super::entry::{AdminAction, Caller, Cause, Interaction, Kind, What, millis};
use super::reader::Flaw;
use super::*;
use crate::gateway::id::{IntegratorId, KeyId, SiteId};
use crate::gateway::integrator::Environment;
use crate::gateway::query::{ErrorDetails, ErrorType, Mode, Outcome, Stage, Status, StatusTiming};
use crate::passthrough::call::{Direction, Parameter, ParameterType};

/// What must be nowhere: what a caller wrote, what a row holds.
const SENTINEL: &str = "Sentinelsurname";

/// Nothing of these tests is past it by the clock, in whichever year they run.
pub(crate) const KEPT: Retention = Retention { days: 100_000 };

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Long ago, so that nothing that is recorded by the clock is of that time.
fn start() -> Moment {
    Moment::from_millis(1_606_042_275_007)
}

pub(crate) fn scope() -> Scope {
    Scope {
        integrator: IntegratorId(Uuid::from_u128(1)),
        environment: Environment::Staging,
        site: SiteId(Uuid::from_u128(2)),
        device: None,
    }
}

fn query(scope: &Scope) -> Query {
    let at = |millis| start().plus(Duration::from_millis(millis));
    let stage = |start_time, end_time| {
        Some(Stage {
            start_time,
            end_time,
        })
    };
    Query {
        id: QueryId(Uuid::from_u128(3)),
        integrator: scope.integrator,
        environment: scope.environment,
        site: scope.site,
        device: scope.device.clone(),
        mode: Mode::Immediate,
        status: Status::Successful,
        max_time_in_queue: Duration::from_secs(30),
        command_size: 120,
        request_size: 150,
        sql_query_size: 80,
        created_at: start(),
        updated_at: at(52),
        completed_at: Some(at(52)),
        timing: StatusTiming {
            initialising: stage(start(), Some(at(1))),
            executing: stage(at(8), None),
            downloading: stage(at(20), None),
            ..StatusTiming::default()
        },
        execution: Some(Duration::from_millis(12)),
        error: None,
        outcome: Some(Outcome {
            rows: 30,
            size: 2_500,
            rows_affected: None,
            parameters: vec![Parameter {
                name: format!("@{SENTINEL}"),
                direction: Direction::Output,
                ty: ParameterType::NVarChar,
                value: Some(SENTINEL.to_owned()),
                size: Some(20),
            }],
            pages: Vec::new(),
        }),
        expires_at: None,
        trace: None,
    }
}

/// The entry of an immediate query of a scope's.
pub(crate) fn immediate(scope: &Scope) -> Entry {
    let entry = Entry::of_query(What::Immediate, &query(scope));
    Entry {
        at: start().plus(Duration::from_millis(52)),
        request: Some(Uuid::from_u128(4)),
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".parse().ok(),
        status: Some(200),
        caller: Caller {
            key: Some(KeyId(Uuid::from_u128(5))),
            address: "192.0.2.7".parse().ok(),
            ..entry.caller
        },
        ..entry
    }
}

/// An entry of each kind, some with all there is to say, some with nothing.
pub(crate) fn every_kind() -> Vec<Entry> {
    let plain = |what| Entry {
        at: start(),
        ..Entry::now(what)
    };
    let device = Scope {
        device: Some("WORKSTATION-7".to_owned()),
        ..scope()
    };
    let mut failed = query(&scope());
    failed.status = Status::ExecutionFailed;
    failed.outcome = None;
    failed.error = Some(ErrorDetails {
        error_type: ErrorType::Mssql,
        error_code: 2812,
        error_message: format!("no procedure {SENTINEL}"),
    });
    vec![
        immediate(&device),
        plain(What::AsyncSubmit),
        Entry {
            at: start(),
            ..Entry::of_query(What::AsyncEnd, &failed)
        },
        plain(What::Register),
        plain(What::RegisteredRun { changed: true }),
        plain(What::RegisteredCancel),
        plain(What::RegisteredRead),
        plain(What::Status { queries: 2 }),
        plain(What::Page {
            number: 3,
            streamed: true,
        }),
        plain(What::Fhir {
            interaction: Interaction::SearchCompartment,
            resource: crate::fhir::resource_type("Condition"),
        }),
        Entry {
            status: Some(401),
            error: Some(Cause::from(&crate::errors::UNAUTHORISED)),
            ..plain(What::Token)
        },
        plain(What::SiteRead),
        plain(What::Pair),
        plain(What::Admin {
            action: AdminAction::KeyAdded,
        }),
        plain(What::AuditRead),
    ]
}

/// An entry so long after the start; numbered, so that it is known again.
fn after(days: u32, number: u32) -> Entry {
    Entry {
        at: start().plus(DAY * days),
        ..Entry::now(What::Page {
            number,
            streamed: false,
        })
    }
}

fn open(folder: &TempDir) -> Journal {
    Journal::open(folder.path(), KEPT).expect("a journal")
}

fn serving(folder: &TempDir) -> Journal {
    Journal::serving(folder.path(), KEPT).expect("a journal")
}

fn verdict(folder: &TempDir, noted: Option<Head>) -> Verdict {
    let reader = Reader::open(folder.path()).expect("a journal");
    reader.verify(noted).expect("read")
}

fn numbers(page: &Page) -> Vec<u32> {
    let number = |recorded: &Recorded| match recorded.entry.what {
        What::Page { number, .. } => number,
        other => panic!("not of this test: {other:?}"),
    };
    page.entries.iter().map(number).collect()
}

#[tokio::test]
async fn what_is_recorded_is_read_again() {
    let folder = TempDir::new().expect("a folder");
    let journal = open(&folder);
    let entries = every_kind();
    for entry in &entries {
        journal.record(entry).await.expect("kept");
    }
    let page = journal
        .entries(Filter::default(), None)
        .await
        .expect("read");
    assert_eq!(page.next, None);
    let mut read: Vec<_> = page.entries.into_iter().collect();
    read.sort_by_key(|recorded| recorded.seq);
    let seqs: Vec<i64> = read.iter().map(|recorded| recorded.seq).collect();
    assert_eq!(seqs, (1..=15).collect::<Vec<_>>());
    let read: Vec<Entry> = read.into_iter().map(|recorded| recorded.entry).collect();
    assert_eq!(read, entries);
    assert_eq!(journal.head().await.expect("read").seq, 15);
}

#[tokio::test]
async fn entries_are_found_by_what_they_are_about() {
    let folder = TempDir::new().expect("a folder");
    let journal = open(&folder);
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(9));
    // Written out of order, as is what ends at one time.
    for number in [3, 1, 2, 5, 4, 0] {
        let mut entry = after(number, number);
        let odd = number % 2 == 1;
        entry.caller.integrator = Some(IntegratorId(if odd { one } else { other }));
        entry.site = Some(SiteId(if number < 3 { one } else { other }));
        journal.record(&entry).await.expect("kept");
    }
    let found = async |filter: Filter| numbers(&journal.entries(filter, None).await.expect("read"));
    let filter = Filter::default;
    assert_eq!(found(filter()).await, [0, 1, 2, 3, 4, 5]);
    let integrator = Some(IntegratorId(one));
    assert_eq!(
        found(Filter {
            integrator,
            ..filter()
        })
        .await,
        [1, 3, 5]
    );
    let site = Some(SiteId(one));
    assert_eq!(found(Filter { site, ..filter() }).await, [0, 1, 2]);
    assert_eq!(
        found(Filter {
            site,
            integrator,
            ..filter()
        })
        .await,
        [1]
    );
    let day = |days| Some(start().plus(DAY * days));
    let between = Filter {
        from: day(1),
        to: day(3),
        ..filter()
    };
    assert_eq!(found(between).await, [1, 2]);
    let until = Some(3);
    assert_eq!(found(Filter { until, ..filter() }).await, [1, 2, 3]);
    for (kind, count) in [(Kind::Page, 6), (Kind::Immediate, 0)] {
        let kind = Some(kind);
        assert_eq!(found(Filter { kind, ..filter() }).await.len(), count);
    }
}

#[tokio::test]
async fn pages_follow_one_another() {
    let folder = TempDir::new().expect("a folder");
    let journal = open(&folder);
    // Three at each time, so that a page ends among them.
    for number in 0..12 {
        journal
            .record(&after(number / 3, number))
            .await
            .expect("kept");
    }
    let filter = Filter {
        limit: 5,
        ..Filter::default()
    };
    let mut all = Vec::new();
    let mut place = None;
    loop {
        let page = journal.entries(filter.clone(), place).await.expect("read");
        all.extend(numbers(&page));
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    assert_eq!(all, (0..12).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_immediate_query_is_known_again_to_who_asked_it() {
    let folder = TempDir::new().expect("a folder");
    let journal = open(&folder);
    let of_device = Scope {
        device: Some("WORKSTATION-7".to_owned()),
        ..scope()
    };
    let asked = query(&of_device);
    let id = asked.id;
    journal.record(&immediate(&of_device)).await.expect("kept");
    let found = journal.immediate(&of_device, id).await.expect("read");
    let mut expected = asked;
    // What it gave went with the answer.
    expected.outcome = expected.outcome.map(|outcome| Outcome {
        parameters: Vec::new(),
        ..outcome
    });
    assert_eq!(found, Some(expected));
    let others = [
        scope(),
        Scope {
            integrator: IntegratorId(Uuid::from_u128(9)),
            ..of_device.clone()
        },
        Scope {
            environment: Environment::Production,
            ..of_device.clone()
        },
        Scope {
            site: SiteId(Uuid::from_u128(9)),
            ..of_device.clone()
        },
    ];
    for other in &others {
        assert_eq!(journal.immediate(other, id).await, Ok(None), "{other:?}");
    }
    let unknown = QueryId(Uuid::from_u128(9));
    assert_eq!(journal.immediate(&of_device, unknown).await, Ok(None));

    let mut failed = query(&scope());
    failed.id = unknown;
    failed.status = Status::ExecutionFailed;
    failed.outcome = None;
    failed.error = Some(ErrorDetails {
        error_type: ErrorType::Fbsql,
        error_code: -204,
        error_message: SENTINEL.to_owned(),
    });
    let entry = Entry::of_query(What::Immediate, &failed);
    journal.record(&entry).await.expect("kept");
    let found = journal.immediate(&scope(), unknown).await.expect("read");
    let error = found.and_then(|query| query.error).expect("its error");
    assert_eq!(
        (error.error_type, error.error_code),
        (ErrorType::Fbsql, -204)
    );
    assert!(!error.error_message.contains(SENTINEL));
}

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

#[tokio::test]
async fn whole_days_go_when_their_time_is_over() {
    let folder = TempDir::new().expect("a folder");
    let journal = open(&folder);
    for number in 0..10 {
        journal.record(&after(number, number)).await.expect("kept");
    }
    // A clock that went back does not take an entry out of the middle.
    journal.record(&after(0, 10)).await.expect("kept");
    let noted = journal.head().await.expect("read");
    let left = async || {
        numbers(
            &journal
                .entries(Filter::default(), None)
                .await
                .expect("read"),
        )
    };
    let swept = async |days: u32| {
        let now = start().plus(DAY * (KEPT.days + days));
        journal.sweep(now).await.expect("swept")
    };
    assert_eq!(swept(0).await, 0);
    assert_eq!(swept(4).await, 4);
    assert_eq!(left().await, [10, 4, 5, 6, 7, 8, 9]);
    assert_eq!(
        verdict(&folder, Some(noted)),
        Verdict::Whole {
            entries: 7,
            head: noted
        }
    );
    // The last moment of a day belongs to the day.
    assert_eq!(swept(4).await, 0);
    assert_eq!(swept(20).await, 7);
    assert_eq!(journal.head().await, Ok(noted));
    journal.record(&after(30, 11)).await.expect("kept");
    assert_eq!(left().await, [11]);
    let Verdict::Whole { entries: 1, head } = verdict(&folder, Some(noted)) else {
        panic!("it is not whole");
    };
    assert_eq!(head.seq, 12);
}

#[tokio::test]
async fn more_goes_than_in_one_step() {
    let folder = TempDir::new().expect("a folder");
    let journal = open(&folder);
    let entry = after(0, 0);
    let all: Vec<_> = (0..2_300).map(|_| journal.record(&entry)).collect();
    for kept in all {
        kept.await.expect("kept");
    }
    let now = start().plus(DAY * (KEPT.days + 1));
    assert_eq!(journal.sweep(now).await, Ok(2_300));
    assert!(matches!(
        verdict(&folder, None),
        Verdict::Whole { entries: 0, .. }
    ));
}

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

/// A log that is kept, at its finest.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What is logged on this thread, until the guard is dropped.
    pub(crate) fn keep() -> (Log, tracing::subscriber::DefaultGuard) {
        let log = Log::default();
        let kept = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || kept.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().expect("a lock").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

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

fn holds_nothing(bytes: &[u8]) {
    let sentinel = SENTINEL.as_bytes();
    let found = bytes.windows(sentinel.len()).any(|part| part == sentinel);
    assert!(!found, "it holds what was asked or found");
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

#[test]
fn durations_are_in_milliseconds() {
    let entry = immediate(&scope());
    assert_eq!(entry.durations.queued, Some(8));
    assert_eq!(entry.durations.execution, Some(12));
    assert_eq!(entry.durations.whole, Some(52));
    assert_eq!(millis(Duration::MAX), u64::MAX);
}
