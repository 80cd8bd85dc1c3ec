//! Whole days go when their time is over.

use super::*;

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
