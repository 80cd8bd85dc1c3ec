//! Messages to a webhook that an operator disables, enables, removes, and lets be told again.

use pilaster::gateway::moment::Moment;
use pilaster::gateway::webhook::DeliveryStatus;
use pilaster::store::{Store as _, Tried};
use serde_json::Value;

use super::asynchronous::is_signed;
use super::{Cloud, FIRST, HOOKS, text, until};

/// The message about a query, as `admin` shows it; the queries of other tests have states of their own.
fn shown(cloud: &Cloud, query: &str) -> Option<Value> {
    let all = cloud.admin(&["webhook", "deliveries", "--json"]);
    let all: Value = serde_json::from_str(&all).expect("JSON");
    let mut all = all.as_array().expect("a list").iter();
    all.find(|it| it["queryId"] == query).cloned()
}

/// A query of acme's that has ended, with its message.
fn asked(cloud: &Cloud) -> (String, Value) {
    let query = cloud
        .acme()
        .submit(FIRST, &text("SELECT SURNAME FROM PATIENTS"));
    let message = until(|| shown(cloud, &query));
    (query, message)
}

const OF_ACME: [&str; 3] = ["acme", "--environment", "production"];

#[test]
fn messages_wait_while_their_webhook_is_disabled() {
    let mut cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    cloud.admin(&[&["webhook", "disable"], &OF_ACME[..]].concat());
    let (query, message) = asked(&cloud);
    assert_eq!(message["status"], "pending");
    assert_eq!(
        (&message["held"], &message["attempts"]),
        (&true.into(), &0.into())
    );
    // A restart changes nothing about that.
    cloud.stop();
    cloud.serve(&[]);
    let (later, _) = asked(&cloud);
    assert_eq!(shown(&cloud, &query).expect("kept")["attempts"], 0);
    assert!(HOOKS.all().iter().all(|it| it.json()["queryId"] != query));

    cloud.admin(&[&["webhook", "enable"], &OF_ACME[..]].concat());
    let came = HOOKS.about(&query);
    assert_eq!(came.header("x-halo-id"), message["id"]);
    is_signed(&came, &cloud);
    HOOKS.about(&later);
    let delivered = until(|| shown(&cloud, &query).filter(|it| it["status"] == "delivered"));
    assert_eq!(
        (&delivered["attempts"], &delivered["held"]),
        (&1.into(), &false.into())
    );
}

#[test]
fn messages_fail_with_their_webhook() {
    let cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    cloud.admin(&[&["webhook", "disable"], &OF_ACME[..]].concat());
    let (query, _) = asked(&cloud);
    cloud.admin(&[&["webhook", "remove"], &OF_ACME[..]].concat());
    let failed = until(|| shown(&cloud, &query).filter(|it| it["status"] == "failed"));
    assert_eq!(failed["lastProblem"], "no webhook is set");
}

#[test]
fn a_message_that_failed_is_told_again_by_its_id() {
    let cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    cloud.admin(&[&["webhook", "disable"], &OF_ACME[..]].concat());
    let (query, message) = asked(&cloud);
    let id = message["id"].as_str().expect("an id").to_owned();
    let failed = Tried {
        id: id.parse().expect("an id"),
        status: DeliveryStatus::Failed,
        at: Moment::now(),
        next_at: Moment::now(),
        last_status: Some(410),
        last_problem: None,
    };
    cloud
        .state(async |store| store.tried(failed).await)
        .expect("noted");
    cloud.admin(&["webhook", "redeliver", &id]);
    let again = shown(&cloud, &query).expect("kept");
    assert_eq!(
        (&again["status"], &again["attempts"]),
        (&"pending".into(), &0.into())
    );
    cloud.admin(&[&["webhook", "enable"], &OF_ACME[..]].concat());
    let came = HOOKS.about(&query);
    assert_eq!(came.header("x-halo-id"), id);
    is_signed(&came, &cloud);
}
