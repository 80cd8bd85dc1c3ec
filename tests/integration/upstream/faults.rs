//! What fails at an upstream, or on the way to it.

use std::sync::Arc;
use std::time::Duration;

use pilaster::passthrough::upstream::Upstream;
use pilaster::passthrough::{Limits, PassthroughError, Pool};
use pilaster::site::SiteError;
use serde_json::json;

use super::api::{Api, Mode};
use super::{Behind, account, options};
use crate::practice::Practice;

const SEARCH: &str = "Patient?family=smith";

fn failed(details: &str) -> Mode {
    let body = format!(r#"{{"id":"q","status":"executionFailed","errorDetails":{details}}}"#);
    Mode::Say(400, String::new(), body)
}

fn say(status: u16, headers: &str, body: &str) -> Mode {
    Mode::Say(status, headers.to_owned(), body.to_owned())
}

fn upstream(words: &str) -> PassthroughError {
    PassthroughError::Upstream(words.to_owned())
}

/// What becomes of a query, what it is told as, and the code of the table of errors.
fn cases(elsewhere: &str) -> Vec<(&'static str, Mode, PassthroughError, &'static str)> {
    use PassthroughError as E;
    let whole = || upstream("its answer is not whole");
    let strange = || upstream("its answer is not understood");
    vec![
        (
            "column",
            failed(
                r#"{"errorType":"mssql","errorCode":207,"errorMessage":"Invalid column name 'SECRET'."}"#,
            ),
            E::Schema("code 207".into()),
            "PD003",
        ),
        (
            "permission",
            failed(r#"{"errorType":"mssql","errorCode":229,"errorMessage":"SECRET"}"#),
            E::Permission,
            "PD012",
        ),
        (
            "login",
            failed(r#"{"errorType":"mssql","errorCode":18456,"errorMessage":"SECRET"}"#),
            E::Login,
            "PD009",
        ),
        (
            "database",
            failed(r#"{"errorType":"mssql","errorCode":4060,"errorMessage":"SECRET"}"#),
            E::NoDatabase(String::new()),
            "PD010",
        ),
        (
            "engine",
            failed(r#"{"errorType":"mssql","errorCode":245,"errorMessage":"SECRET"}"#),
            E::Failed { code: 245 },
            "PD004",
        ),
        (
            "firebird",
            failed(r#"{"errorType":"fbsql","errorCode":335544580,"errorMessage":"SECRET"}"#),
            E::Schema("code 335544580".into()),
            "PD003",
        ),
        (
            "agent",
            failed(r#"{"errorType":"haloLink","errorCode":3,"errorMessage":"SECRET"}"#),
            upstream("the practice's agent reports the error 3"),
            "PD016",
        ),
        (
            "too large inside",
            failed(r#"{"errorType":"http","errorCode":413,"errorMessage":"SECRET"}"#),
            E::TooLarge(8),
            "PD006",
        ),
        (
            "late inside",
            failed(r#"{"errorType":"http","errorCode":504}"#),
            E::Timeout(Duration::from_secs(30)),
            "PD001",
        ),
        (
            "400",
            say(400, "", r#"{"error":{"message":"SECRET"}}"#),
            upstream("it does not take the form of the command"),
            "PD016",
        ),
        ("401", say(401, "", "SECRET"), E::UpstreamRefused, "PD013"),
        ("403", say(403, "", "SECRET"), E::UpstreamRefused, "PD013"),
        (
            "404",
            say(404, "", "SECRET"),
            upstream("it knows no such site"),
            "PD016",
        ),
        ("413", say(413, "", "SECRET"), E::TooLarge(8), "PD006"),
        (
            "500",
            say(500, "", "SECRET"),
            upstream("it answers with the status 500"),
            "PD016",
        ),
        (
            "503",
            say(503, "", "SECRET"),
            E::UpstreamOffline { pause: None },
            "PD015",
        ),
        (
            "503 for a while",
            say(503, "retry-after: 7\r\n", "SECRET"),
            E::UpstreamOffline {
                pause: Some(Duration::from_secs(7)),
            },
            "PD015",
        ),
        (
            "redirection",
            say(302, &format!("location: {elsewhere}\r\n"), ""),
            upstream("it answers with a redirection, which is not followed"),
            "PD016",
        ),
        (
            "HTML",
            say(200, "content-type: text/html\r\n", "<html>SECRET</html>"),
            strange(),
            "PD016",
        ),
        ("empty", say(200, "", ""), whole(), "PD016"),
        (
            "another shape",
            say(200, "", r#"{"status":"successful","result":[]}"#),
            strange(),
            "PD016",
        ),
        (
            "no result",
            say(200, "", r#"{"status":"successful"}"#),
            strange(),
            "PD016",
        ),
        (
            "another status",
            say(200, "", r#"{"status":"queued"}"#),
            upstream("the query did not end in success"),
            "PD016",
        ),
        (
            "half an answer",
            say(200, "", r#"{"status":"successful","resu"#),
            whole(),
            "PD016",
        ),
        (
            "no base64",
            Mode::Alter(|query| query["result"]["data"] = "SECRET*".into()),
            whole(),
            "PD016",
        ),
        (
            "fewer rows",
            Mode::Alter(|query| query["result"]["rows"] = 99.into()),
            whole(),
            "PD016",
        ),
        (
            "fewer bytes",
            Mode::Alter(|query| query["result"]["size"] = 9_999.into()),
            whole(),
            "PD016",
        ),
        (
            "no JSON inside",
            Mode::Rows(|data| data[..data.len() - 2].to_owned()),
            whole(),
            "PD016",
        ),
        (
            "no rows inside",
            Mode::Rows(|_| json!({"a": 1}).to_string()),
            strange(),
            "PD016",
        ),
        (
            "other columns",
            Mode::Rows(|data| data.replacen("SURNAME", "SECRET", 1)),
            strange(),
            "PD016",
        ),
        (
            "breaks off",
            Mode::BreakOff,
            upstream("its answer breaks off"),
            "PD016",
        ),
        ("endless", Mode::Endless, E::TooLarge(8), "PD006"),
    ]
}

#[test]
fn every_fault_has_its_code_and_leaks_nothing() {
    let behind = Behind::new(Limits::default());
    let elsewhere = Api::new(&behind.practice.path);
    let sound = behind.search(Practice::call(SEARCH)).unwrap().entries;
    assert!(sound > 0);
    for (name, mode, expected, code) in cases(&elsewhere.url) {
        behind.api.set(mode);
        let error = behind.search(Practice::call(SEARCH)).unwrap_err();
        assert_eq!(error.code().id, code, "{name}");
        match &error {
            SiteError::Passthrough(error) => assert_eq!(error, &expected, "{name}"),
            error => panic!("{name}: {error}"),
        }
        let text = format!("{error} {error:?}");
        for secret in [super::KEY, "SECRET", "smith", "Smith"] {
            assert!(!text.contains(secret), "{name}: {text}");
        }
        // As soon as it answers again, so does the site.
        behind.api.set(Mode::Run);
        assert_eq!(
            behind.search(Practice::call(SEARCH)).unwrap().entries,
            sound,
            "{name}"
        );
    }
    let taken = behind.api.written();
    assert!(
        taken < 32 << 20,
        "{taken} bytes of an answer without an end"
    );
    assert_eq!((elsewhere.looks(), elsewhere.queries().len()), (0, 0));
    let log = behind.practice.log();
    for secret in [super::KEY, "SECRET"] {
        assert!(!log.contains(secret), "{log}");
    }
}

/// A connection that is cut before there is an answer: once more on another, where it had been idle.
#[test]
fn a_connection_that_is_cut_is_told() {
    let behind = Behind::new(Limits::default());
    behind.api.set(Mode::Cut);
    let error = behind.search(Practice::call(SEARCH)).unwrap_err();
    assert_eq!(error.code().id, "PD008");
    behind.api.set(Mode::Run);
    behind.search(Practice::call(SEARCH)).unwrap();
}

#[test]
fn a_site_that_cannot_be_asked_is_told_before_a_query_is_sent() {
    use PassthroughError as E;
    type Describe = fn(&mut serde_json::Value);
    let cases: [(u16, Describe, PassthroughError); 9] = [
        (
            200,
            |site| site["availability"] = "offline".into(),
            E::UpstreamOffline { pause: None },
        ),
        (
            200,
            |site| site["availability"] = "unreachable".into(),
            E::UpstreamOffline { pause: None },
        ),
        (
            200,
            |site| site["status"] = "initialising".into(),
            E::UpstreamOffline { pause: None },
        ),
        (
            200,
            |site| site["status"] = "removed".into(),
            upstream("the site was removed there"),
        ),
        (
            200,
            |site| site["status"] = "uninstalled".into(),
            upstream("its agent was uninstalled at the practice"),
        ),
        (
            200,
            |site| *site = "SECRET".into(),
            upstream("what it says of the site is not understood"),
        ),
        (403, |_| {}, E::UpstreamRefused),
        (404, |_| {}, upstream("it knows no such site")),
        (500, |_| {}, upstream("it answers with the status 500")),
    ];
    let behind = Behind::new(Limits::default());
    for (status, describe, expected) in cases {
        behind.api.describe(status, describe);
        let runtime = behind.runtime.handle().clone();
        let options = options(account(&behind.api.url, None));
        let driver = Upstream::new(options, &Limits::default(), runtime).unwrap();
        let pool = Pool::new(Arc::new(driver), Limits::default());
        let ping = || pool.run_now::<_, PassthroughError>(|session| session.ping());
        assert_eq!(ping(), Err(expected));
        // Found again as soon as it is asked.
        behind.api.describe(200, |_| {});
        ping().unwrap();
    }
    assert!(behind.api.queries().is_empty());
}

/// What was online when it was last looked at may be so no more.
#[test]
fn a_site_that_went_offline_is_not_asked_by_everyone() {
    let behind = Behind::new(Limits {
        connections: 1,
        ..Limits::default()
    });
    behind.search(Practice::call(SEARCH)).unwrap();
    let sent = behind.api.queries().len();
    behind.api.set(Mode::Say(503, String::new(), String::new()));
    behind
        .api
        .describe(200, |site| site["availability"] = "offline".into());
    let first = behind.search(Practice::call(SEARCH)).unwrap_err();
    assert_eq!(first.code().id, "PD015");
    let (looks, queries) = (behind.api.looks(), behind.api.queries().len());
    assert_eq!(queries, sent + 1);
    for _ in 0..5 {
        behind.search(Practice::call(SEARCH)).unwrap_err();
    }
    assert_eq!(
        (behind.api.looks(), behind.api.queries().len()),
        (looks + 1, queries)
    );
}

#[test]
fn nobody_answers() {
    let behind = Behind::new(Limits::default());
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let runtime = behind.runtime.handle().clone();
    let driver = Upstream::new(options(account(&closed, None)), &Limits::default(), runtime);
    let pool = Pool::connected(Arc::new(driver.unwrap()), Limits::default());
    let error = pool.map(drop).unwrap_err();
    assert_eq!(
        error,
        PassthroughError::Unreachable("connection refused".to_owned())
    );
}
