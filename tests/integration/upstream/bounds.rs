//! What bounds a query to an upstream: its account, its time, its caller.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pilaster::passthrough::upstream::{Rate, Upstream};
use pilaster::passthrough::{Limits, PassthroughError, Pool, Session};
use pilaster::sql::Statement;

use super::api::{Api, Mode};
use super::{Behind, account, options};
use crate::mappings::fixture;
use crate::practice::{Practice, mapping_folder};

const ONE: Statement_ = || Statement::constant("SELECT 1 AS a");
type Statement_ = fn() -> Statement;

fn limited(rate: Rate, limits: Limits) -> Behind {
    let practice = fixture(&mapping_folder("bp-premier"));
    let api = Api::limited(&practice.path, rate.most, rate.within);
    let options = options(account(&api.url, Some(rate)));
    Behind::with(practice, api, options, limits)
}

/// Many at once are sent as fast as the account may, and none of them is refused there.
#[test]
fn no_more_is_sent_than_an_account_may() {
    let rate = Rate {
        most: 5,
        within: Duration::from_millis(500),
        patience: Duration::from_secs(10),
    };
    let behind = limited(
        rate,
        Limits {
            wait: Duration::from_secs(20),
            ..Limits::default()
        },
    );
    let started = Instant::now();
    behind.runtime.block_on(async {
        let asked: Vec<_> = (0..18)
            .map(|_| {
                let pool = Arc::clone(&behind.pool);
                tokio::spawn(async move {
                    pool.run(|session: &mut Session<'_>| session.execute(&ONE(), &[]))
                        .await
                })
            })
            .collect();
        for asked in asked {
            asked.await.unwrap().unwrap();
        }
    });
    let sent: Vec<Instant> = behind.api.queries().into_iter().map(|(at, _)| at).collect();
    assert_eq!(sent.len(), 18);
    assert!(sent.windows(6).all(|six| six[5] - six[0] >= rate.within));
    assert!(started.elapsed() >= 3 * rate.within);
}

#[test]
fn who_would_wait_too_long_is_told_when_to_come_again() {
    let rate = Rate {
        most: 2,
        within: Duration::from_secs(30),
        patience: Duration::from_millis(10),
    };
    let behind = limited(rate, Limits::default());
    behind.rows(ONE()).unwrap();
    behind.rows(ONE()).unwrap();
    let error = behind.rows(ONE()).unwrap_err();
    let PassthroughError::UpstreamLimit { pause } = error else {
        panic!("{error}");
    };
    assert!(
        pause > Duration::from_secs(25) && pause < Duration::from_secs(31),
        "{pause:?}"
    );
    assert!(error.retry_after().is_some_and(|seconds| seconds > 25));
    assert_eq!(behind.api.queries().len(), 2);
}

/// The upstream says that it is too much: nothing is asked by any site of the account for as long.
#[test]
fn a_pause_is_kept_by_all_sites_of_an_account() {
    let behind = Behind::new(Limits::default());
    let shared = account(&behind.api.url, None);
    let pool = || {
        let runtime = behind.runtime.handle().clone();
        let driver = Upstream::new(options(Arc::clone(&shared)), &Limits::default(), runtime);
        Pool::new(Arc::new(driver.unwrap()), Limits::default())
    };
    let ask = |pool: &Pool| pool.run_now(|session| session.execute(&ONE(), &[]));
    let (one, other) = (pool(), pool());
    let refuse = |after: &str| Mode::Say(429, format!("retry-after: {after}\r\n"), "{}".to_owned());
    behind.api.set(refuse("1"));
    let pause = Duration::from_secs(1);
    assert_eq!(
        ask(&one).unwrap_err(),
        PassthroughError::UpstreamLimit { pause }
    );
    behind.api.set(Mode::Run);
    for pool in [&one, &other, &one] {
        let error = ask(pool).unwrap_err();
        assert!(matches!(error, PassthroughError::UpstreamLimit { pause: left } if left < pause));
    }
    assert_eq!(behind.api.queries().len(), 1);
    std::thread::sleep(pause);
    ask(&one).unwrap();
    ask(&other).unwrap();
    // As a date, and without a word.
    let soon = std::time::SystemTime::now() + Duration::from_secs(3);
    behind.api.set(refuse(&httpdate::fmt_http_date(soon)));
    let error = ask(&one).unwrap_err();
    assert!(
        matches!(error, PassthroughError::UpstreamLimit { pause }
            if pause > Duration::from_secs(1) && pause <= Duration::from_secs(3)),
        "{error:?}"
    );
}

#[test]
fn a_slow_answer_is_waited_for_as_long_as_the_job_may_take() {
    let limit = Duration::from_millis(300);
    let behind = Behind::new(Limits {
        statement: limit,
        ..Limits::default()
    });
    behind.api.set(Mode::Slow(Duration::from_secs(20)));
    let started = Instant::now();
    assert_eq!(
        behind.rows(ONE()).unwrap_err(),
        PassthroughError::Timeout(limit)
    );
    assert!(started.elapsed() < Duration::from_secs(5));
    gone(&behind.api, 1);
    behind.api.set(Mode::Slow(Duration::from_millis(50)));
    behind.rows(ONE()).unwrap();
}

/// The API sees its callers go.
fn gone(api: &Api, callers: u32) {
    let started = Instant::now();
    while api.gone() < callers {
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "the request goes on"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_request_ends_when_its_caller_goes() {
    let behind = Behind::new(Limits {
        connections: 1,
        ..Limits::default()
    });
    behind.api.set(Mode::Slow(Duration::from_secs(20)));
    behind.runtime.block_on(async {
        let search = behind.site.search(Practice::call("Patient?family=smith"));
        tokio::time::timeout(Duration::from_millis(200), search)
            .await
            .unwrap_err();
    });
    gone(&behind.api, 1);
    // The one connection is free again, and was of no harm.
    behind.api.set(Mode::Run);
    behind.rows(ONE()).unwrap();
    assert_eq!(behind.api.looks(), 1);
}

#[test]
fn who_finds_no_connection_is_turned_away() {
    let behind = Behind::new(Limits {
        connections: 1,
        waiting: 1,
        wait: Duration::from_millis(100),
        ..Limits::default()
    });
    behind.api.set(Mode::Slow(Duration::from_millis(600)));
    let results: Vec<_> = behind.runtime.block_on(async {
        let mut asked = Vec::new();
        for _ in 0..3 {
            let pool = Arc::clone(&behind.pool);
            asked.push(tokio::spawn(async move {
                pool.run(|session: &mut Session<'_>| session.execute(&ONE(), &[]))
                    .await
                    .map(drop)
            }));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut results = Vec::new();
        for asked in asked {
            results.push(asked.await.unwrap());
        }
        results
    });
    let busy = Err(PassthroughError::Busy);
    assert_eq!(results, [Ok(()), busy.clone(), busy]);
}
