//! What was recorded is found again, by what it is about, page by page, by who may ask.

use super::*;

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
