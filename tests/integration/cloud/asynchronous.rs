//! What is run later: async queries page by page, registered queries run by run, and the message at the end of either.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use pilaster::gateway::caller::integrator_of_file;
use pilaster::gateway::integrator::{Environment, Scope};
use pilaster::gateway::link::Nature;
use pilaster::gateway::moment::Moment;
use pilaster::store::{RunFinish, Store};
use serde_json::{Value, json};
use sha2::Sha256;

use super::receiver::Message;
use super::{
    Cloud, FIRST, HOOKS, NOWHERE, OWNER_KEY, STAGING, data, has_fields, id, kilobytes, queries,
    rows, shared, text, until,
};

/// In which a program takes up what has changed in its state.
const SETTLED: Duration = Duration::from_millis(1_500);

const QUERY: &str = "id integratorId siteId mode status maxTimeInQueue commandSize requestSize sqlQuerySize \
    createdAt updatedAt statusTiming";

#[test]
fn a_large_result_comes_in_pages() {
    let cloud = shared();
    let acme = cloud.acme();
    let body = json!({"maxTimeInQueue": 60000, "command": {"text": kilobytes(2500)}});
    let said = acme.post(&queries(FIRST, "/async"), &body);
    let sent = said.json(201);
    has_fields(&sent, QUERY);
    assert_eq!(sent["mode"], "async");
    assert_eq!(sent["status"], "queued");
    assert_eq!(sent["maxTimeInQueue"], 60000);
    let query = id(&sent);
    let place = format!(
        "{}/integrator{}",
        cloud.root(),
        queries(FIRST, &format!("/{query}"))
    );
    assert_eq!(said.header("location"), place);

    let ended = acme.ended(FIRST, &query);
    has_fields(&ended, &format!("{QUERY} completedAt metrics result"));
    assert_eq!(ended["status"], "successful");
    let timing = &ended["statusTiming"];
    has_fields(timing, "initialising queued executing uploading");
    for stage in super::fields(timing) {
        has_fields(&timing[stage], "startTime endTime");
    }
    let result = &ended["result"];
    has_fields(result, "rows size pages");
    assert_eq!(result["rows"], 2500);
    let pages = result["pages"].as_array().expect("a list");
    assert!(pages.len() >= 2, "{result}");

    let (mut next, mut size) = (1, 0);
    for (place, page) in pages.iter().enumerate() {
        has_fields(page, "pageNumber status size rows");
        has_fields(&page["rows"], "count rangeStart rangeEnd");
        assert_eq!(page["pageNumber"], place + 1);
        assert_eq!(page["status"], "cached");
        assert_eq!(page["rows"]["rangeStart"], next);
        let path = queries(FIRST, &format!("/{query}/results/{}", place + 1));
        let whole = acme.get(&path);
        let streamed = acme.get(&format!("{path}/stream"));
        for said in [&whole, &streamed] {
            assert_eq!(said.header("content-type"), "application/json");
            for (header, value) in [
                ("size", &page["size"]),
                ("rows-count", &page["rows"]["count"]),
                ("rows-range-start", &page["rows"]["rangeStart"]),
                ("rows-range-end", &page["rows"]["rangeEnd"]),
            ] {
                assert_eq!(said.header(header), value.to_string(), "{header}");
            }
        }
        let whole = whole.json(200);
        has_fields(&whole, "data");
        assert_eq!(streamed.status, 200);
        let bytes = data(&whole);
        assert_eq!(bytes, streamed.body);
        assert_eq!(page["size"], bytes.len());
        let of_page = rows(&whole);
        assert_eq!(page["rows"]["count"], of_page.len());
        for row in of_page {
            assert_eq!(row["i"], next);
            next += 1;
        }
        assert_eq!(page["rows"]["rangeEnd"], next - 1);
        size += bytes.len();
    }
    assert_eq!(next, 2501);
    assert_eq!(result["size"], size);
}

/// What was kept for a day is not found after it, while its query still is.
#[test]
fn pages_are_gone_after_their_time() {
    let cloud = Cloud::start("", &[]);
    let acme = cloud.acme();
    let query = acme.submit(FIRST, &text("SELECT 1"));
    acme.ended(FIRST, &query);
    let page = queries(FIRST, &format!("/{query}/results/1"));
    assert_eq!(acme.get(&page).status, 200);
    let next_day = Moment::now().plus(Duration::from_secs(24 * 3600 + 60));
    cloud.state(async |store| store.sweep(next_day).await.expect("swept"));
    for path in [&page, &format!("{page}/stream")] {
        let gone = acme.get(path).json(410);
        has_fields(&gone, "error");
        has_fields(&gone["error"], "status statusText message");
        assert_eq!(gone["error"]["statusText"], "Gone");
    }
    let query = queries(FIRST, &format!("/{query}"));
    assert_eq!(acme.get(&query).json(200)["status"], "successful");
}

#[test]
fn many_queries_are_asked_after_at_once() {
    let cloud = shared();
    let acme = cloud.acme();
    let good = acme.submit(FIRST, &text("SELECT 1"));
    let bad = acme.submit(FIRST, &text("SELECT * FROM NO_SUCH_TABLE"));
    let change = json!({"command": {"text": "UPDATE PATIENTS SET BORN = BORN WHERE ID <= 3", "executionMode": "nonQuery"}});
    let change = acme.submit(FIRST, &change);
    for query in [&good, &bad, &change] {
        acme.ended(FIRST, query);
    }
    let asked = json!({"queryIds": [bad, NOWHERE, good, change]});
    let list = acme.post(&queries(FIRST, "/status"), &asked).json(200);
    has_fields(&list, "results");
    let results = list["results"].as_array().expect("a list");
    let ids: Vec<&Value> = results.iter().map(|one| &one["queryId"]).collect();
    assert_eq!(json!(ids), asked["queryIds"]);
    let [failed, none, found, changed] = &results[..] else {
        panic!("{list}")
    };
    has_fields(none, "queryId status");
    assert_eq!(none["status"], "notFound");
    for one in [failed, found, changed] {
        has_fields(one, "queryId status query");
        assert_eq!(one["status"], "found");
    }
    let query = &failed["query"];
    assert_eq!(query["status"], "executionFailed");
    has_fields(&query["errorDetails"], "errorType errorCode errorMessage");
    assert!(query.get("result").is_none() && query.get("completedAt").is_some());
    assert_eq!(found["query"], acme.ended(FIRST, &good));
    let result = &changed["query"]["result"];
    assert_eq!(result["rowsAffected"], 3, "{result}");
    assert!(result.get("pages").is_none() && result.get("rows").is_none());
}

#[test]
fn a_query_that_may_not_wait_expires() {
    let cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    let staging = cloud.with_key(&cloud.keys.acme_staging);
    // The practice runs one at a time.
    let busy = staging.submit(STAGING, &text(ENDLESS));
    let path = queries(STAGING, &format!("/{busy}"));
    until(|| (staging.get(&path).json(200)["status"] == "executing").then_some(()));
    let hurried = json!({"maxTimeInQueue": 0, "command": {"text": "SELECT 1"}});
    let query = staging.submit(STAGING, &hurried);
    let query = staging.ended(STAGING, &query);
    assert_eq!(query["status"], "expiredInQueue");
    assert!(query.get("result").is_none(), "{query}");
    has_fields(&query["statusTiming"], "initialising queued");
    let said = staging.immediate(STAGING, &hurried).json(504);
    has_fields(&said, "error");
    assert_eq!(said["error"]["status"], 504);
    // Another practice has turns of its own.
    assert_eq!(cloud.acme().immediate(FIRST, &hurried).status, 200);
}

/// Longer than any test.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";

#[test]
fn messages_are_signed_and_say_where_to_look() {
    let cloud = shared();
    let acme = cloud.acme();
    let query = acme.submit(FIRST, &text("SELECT SURNAME FROM PATIENTS"));
    let message = HOOKS.about(&query);
    assert_eq!(message.path, format!("/acme/{FIRST}/async"));
    is_signed(&message, &cloud);
    let body = message.json();
    has_fields(&body, "id occurredAt siteId queryId webhookSource");
    assert_eq!(body["siteId"], FIRST);
    assert_eq!(body["webhookSource"], "async");
    assert_eq!(message.header("x-halo-id"), body["id"]);
    assert!(!String::from_utf8_lossy(&message.body).contains("Surname"));
    // What it tells of is there already.
    let path = queries(FIRST, &format!("/{query}"));
    assert_eq!(acme.get(&path).json(200)["status"], "successful");
    // A query that fails is told of, too.
    let failed = acme.submit(FIRST, &text("SELECT * FROM NO_SUCH_TABLE"));
    is_signed(&HOOKS.about(&failed), &cloud);
    let twice = HOOKS.all().into_iter();
    assert_eq!(twice.filter(|it| it.json()["queryId"] == query).count(), 1);
}

/// Sends a command, and does not wait for what comes of it.
fn sent(cloud: &Cloud, key: &str, path: &str, body: &Value) -> TcpStream {
    let address = cloud.root().strip_prefix("http://").expect("a root");
    let mut socket = TcpStream::connect(address).expect("connected");
    let body = body.to_string();
    let request = format!(
        "POST /integrator{path} HTTP/1.1\r\nHost: {address}\r\nOcp-Apim-Subscription-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).expect("sent");
    socket
}

/// What was kept of a request whose caller has gone is done as if it had stayed.
#[test]
fn a_caller_that_hangs_up_leaves_nothing_behind() {
    let mut cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    let path = queries(FIRST, "/async");
    for number in 0..80 {
        let socket = sent(&cloud, &cloud.keys.acme, &path, &text("SELECT 1"));
        std::thread::sleep(Duration::from_micros(number * 100));
        drop(socket);
    }
    // Another one, after them all in the queue.
    let acme = cloud.acme();
    acme.ended(FIRST, &acme.submit(FIRST, &text("SELECT 1")));
    cloud.stop();
    let waiting = cloud.state(async |store| store.waiting(None, 1_000).await.expect("read"));
    assert_eq!(waiting, []);
}

#[test]
fn what_was_admitted_is_not_run_when_it_is_no_longer_allowed() {
    let cloud = Cloud::start("rate-limit = \"off\"\n", &[]);
    let key = &cloud.keys.acme_staging;
    let staging = cloud.with_key(key);
    // The practice runs one at a time.
    let running = sent(&cloud, key, &queries(STAGING, "/immediate"), &text(ENDLESS));
    std::thread::sleep(SETTLED);
    let insert = "INSERT INTO PATIENTS (ID) VALUES (4242)";
    let insert = json!({"command": {"text": insert, "executionMode": "nonQuery"}});
    let query = staging.submit(STAGING, &insert);
    let pairing = ["acme", STAGING, "--environment", "staging"];
    cloud.admin(&[&["unpair"][..], &pairing].concat());
    std::thread::sleep(SETTLED);
    drop(running);
    std::thread::sleep(SETTLED);
    cloud.admin(&[&["pair"][..], &pairing].concat());
    let path = queries(STAGING, &format!("/{query}"));
    until(|| (staging.get(&path).status == 200).then_some(()));
    let ended = staging.ended(STAGING, &query);
    assert_eq!(ended["status"], "executionFailed", "{ended}");
    assert_eq!(ended["errorDetails"]["errorType"], "haloLink");
    assert_eq!(ended["errorDetails"]["errorCode"], 403);
    let found = text("SELECT ID FROM PATIENTS WHERE ID = 4242");
    let found = staging.immediate(STAGING, &found).json(200);
    assert_eq!(found["result"]["rows"], 0);
    assert!(HOOKS.all().iter().all(|it| it.json()["queryId"] != query));
}

#[test]
fn a_message_is_of_the_trace_of_the_query_that_it_tells_of() {
    let cloud = shared();
    let mut acme = cloud.acme();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let span = "00f067aa0ba902b7";
    let parent = ("traceparent".to_owned(), format!("00-{trace}-{span}-01"));
    acme.headers.push(parent);
    let query = acme.submit(FIRST, &text("SELECT SURNAME FROM PATIENTS"));
    let message = HOOKS.about(&query);
    let parts: Vec<&str> = message.header("traceparent").split('-').collect();
    assert_eq!(parts[..2], ["00", trace]);
    assert_eq!(parts[3], "01");
    // The span is none that the caller has.
    assert_eq!(parts[2].len(), span.len());
    assert_ne!(parts[2], span);
}

#[track_caller]
pub(super) fn is_signed(message: &Message, cloud: &Cloud) {
    assert_eq!(message.header("content-type"), "application/json");
    let timestamp = message.header("x-halo-timestamp");
    assert!(timestamp.parse::<jiff::Timestamp>().is_ok(), "{timestamp}");
    let key = cloud.keys.secret.as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(&message.body);
    mac.update(b".");
    mac.update(timestamp.as_bytes());
    let expected = mac.finalize().into_bytes();
    let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(message.header("x-halo-signature-256"), expected);
}

#[test]
fn a_registered_query_is_run_told_and_ended() {
    let cloud = shared();
    let acme = cloud.acme();
    let said = acme.post(
        &queries(FIRST, "/registered"),
        &super::registration("SELECT ID FROM PATIENTS WHERE ID <= 3"),
    );
    let made = said.json(202);
    has_fields(&made, "id");
    let query = id(&made);
    let path = queries(FIRST, &format!("/registered/{query}"));
    assert_eq!(
        said.header("location"),
        format!("{}/integrator{path}", cloud.root())
    );

    let one = acme.has_run(FIRST, &query, 1);
    has_fields(
        &one,
        "id name registeredQueryType status frequency duration lastHash metrics createdAt",
    );
    assert_eq!(one["registeredQueryType"], "query");
    assert_eq!(one["status"], "enabled");
    assert_eq!(
        (&one["frequency"], &one["duration"]),
        (&json!(60), &json!(3600))
    );
    has_fields(
        &one["metrics"],
        "lastSucceededAt lastExecutionDuration executionSucceededCount executionFailedCount resultSizeSum requestSize",
    );
    let list = acme.get(&queries(FIRST, "/registered")).json(200);
    has_fields(&list, "registeredQueries");
    let all = list["registeredQueries"].as_array().expect("a list");
    assert!(all.contains(&one), "{list}");

    let result = acme.get(&format!("{path}/results")).json(200);
    has_fields(&result, "data parameters rows size");
    assert_eq!(
        rows(&result),
        [json!({"ID": 1}), json!({"ID": 2}), json!({"ID": 3})]
    );
    assert_eq!(
        (&result["rows"], &result["parameters"]),
        (&json!(3), &json!([]))
    );
    assert_eq!(result["size"], data(&result).len());
    let message = HOOKS.about(&query);
    assert_eq!(message.path, format!("/acme/{FIRST}/registered"));
    is_signed(&message, &cloud);
    assert_eq!(message.json()["webhookSource"], "registered");

    // Twice is as once.
    for _ in 0..2 {
        let ended = acme.delete(&path);
        assert_eq!((ended.status, ended.body.len()), (204, 0));
    }
    let one = acme.get(&path).json(200);
    assert_eq!(one["status"], "cancelled");
    assert!(one["completedAt"].is_string());
    let list = acme.get(&queries(FIRST, "/registered")).json(200);
    let all = list["registeredQueries"].as_array().expect("a list");
    assert!(all.contains(&one), "{list}");
    // What it found last is still there.
    assert_eq!(acme.get(&format!("{path}/results")).json(200), result);
    // To a device it is something that is made, and not something that was taken on.
    let device = cloud.device(&acme, "desk-9", FIRST);
    let query = device.register(FIRST, "SELECT 1");
    assert_eq!(device.has_run(FIRST, &query, 1)["status"], "enabled");
}

#[test]
fn a_registered_query_without_a_further_run_is_enabled_for_its_duration() {
    let cloud = shared();
    let acme = cloud.acme();
    let mut once = super::registration("SELECT 7 AS N");
    once["frequency"] = json!(3600);
    let query = id(&acme.post(&queries(FIRST, "/registered"), &once).json(202));
    let path = queries(FIRST, &format!("/registered/{query}"));
    let one = acme.has_run(FIRST, &query, 1);
    assert_eq!(one["status"], "enabled");
    assert!(one.get("completedAt").is_none(), "{one}");
    let found = acme.get(&format!("{path}/results")).json(200);
    assert_eq!(rows(&found), [json!({"N": 7})]);
    assert_eq!(acme.delete(&path).status, 204);
    assert_eq!(acme.get(&path).json(200)["status"], "cancelled");
}

/// The runs between are made to be due by hand, since nobody registers a query for less than a minute.
#[test]
fn a_registered_query_goes_on_after_a_restart_and_tells_what_changed() {
    let mut cloud = Cloud::start("", &[]);
    let acme = cloud.acme();
    let mut counts = super::registration("SELECT COUNT(*) AS N FROM NOTES");
    counts["registerCommand"]["catalogue"] = json!("Notes");
    let query = id(&acme.post(&queries(FIRST, "/registered"), &counts).json(202));
    let first = acme.has_run(FIRST, &query, 1);
    HOOKS.about(&query);

    cloud.stop();
    due_now(&cloud, &query);
    cloud.serve(&[]);
    let same = cloud.acme().has_run(FIRST, &query, 2);
    assert_eq!(same["lastHash"], first["lastHash"]);

    let note = super::of_notes("INSERT INTO NOTES (BODY) VALUES ('new')", "nonQuery");
    cloud.acme().immediate(FIRST, &note).json(200);
    cloud.stop();
    due_now(&cloud, &query);
    cloud.serve(&[]);
    let changed = cloud.acme().has_run(FIRST, &query, 3);
    assert_ne!(changed["lastHash"], first["lastHash"]);
    let path = queries(FIRST, &format!("/registered/{query}/results"));
    let result = cloud.acme().get(&path).json(200);
    assert_eq!(rows(&result), [json!({"N": 1})]);
    // One message for the first result, none for the same again, one for the other.
    let messages = until(|| {
        let mut all = HOOKS.all();
        all.retain(|it| it.json()["queryId"] == query);
        (all.len() >= 2).then_some(all)
    });
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_ne!(messages[0].json()["id"], messages[1].json()["id"]);

    cloud.stop();
    cloud.state(async |store| {
        let over = Moment::now().plus(Duration::from_secs(3600));
        let due = store.due(over, 10).await.expect("read");
        assert!(due.is_empty(), "its duration is over: {due:?}");
    });
    cloud.serve(&[]);
    let path = queries(FIRST, &format!("/registered/{query}"));
    let one = cloud.acme().get(&path).json(200);
    assert_eq!(one["status"], "completed");
    // What has ended of itself was not cancelled.
    assert_eq!(cloud.acme().delete(&path).status, 204);
    assert_eq!(cloud.acme().get(&path).json(200), one);
}

#[test]
fn a_run_that_a_restart_interrupts_has_failed_and_is_in_the_journal() {
    let mut cloud = Cloud::start("", &[]);
    let asked = super::registration("SELECT 1 AS N");
    let path = queries(FIRST, "/registered");
    let query = id(&cloud.acme().post(&path, &asked).json(202));
    cloud.acme().has_run(FIRST, &query, 1);
    cloud.stop();
    let kept = |cloud: &Cloud| cloud.admin(&["audit", "export"]).matches(&query).count();
    let before = kept(&cloud);
    // As it is where the process dies during a statement that may write.
    cloud.state(async |store| {
        let due = store.due(Moment::now().plus(Duration::from_secs(120)), 10);
        let due = due.await.expect("read");
        let one = due
            .iter()
            .find(|due| due.registered.id.to_string() == query);
        let one = one.expect("it is due").registered.id;
        assert_eq!(store.begin_run(one, Nature::MayWrite).await, Ok(true));
    });
    cloud.serve(&[]);
    let one = cloud.acme().get(&format!("{path}/{query}")).json(200);
    assert_eq!(one["metrics"]["executionFailedCount"], 1, "{one}");
    assert_eq!(one["lastErrorDetails"]["errorType"], "haloLink");
    cloud.stop();
    let read_here = 1;
    assert_eq!(kept(&cloud), before + 1 + read_here);
}

#[test]
fn what_a_caller_left_whom_the_configuration_knows_no_more_is_not_run() {
    let mut cloud = Cloud::start("", &[]);
    let asked = super::registration("SELECT 1 AS N");
    let owner = cloud.with_key(OWNER_KEY);
    let query = id(&owner.post(&queries(FIRST, "/registered"), &asked).json(202));
    owner.has_run(FIRST, &query, 1);
    cloud.stop();
    due_now(&cloud, &query);
    let path = cloud.path("pilaster.toml");
    let text = std::fs::read_to_string(&path).expect("read");
    let other = text.replace("caller = \"owner\"", "caller = \"another\"");
    assert_ne!(other, text);
    std::fs::write(&path, other).expect("written");
    cloud.serve(&[]);
    let left = Scope {
        integrator: integrator_of_file("owner"),
        environment: Environment::Production,
        site: FIRST.parse().expect("an id"),
        device: None,
    };
    let one = until(|| {
        let all = cloud.state(async |store| store.registered(&left).await);
        let mut all = all.expect("read").into_iter();
        all.find(|one| one.metrics.execution_failed_count == 1)
    });
    assert_eq!(one.last_error.expect("why").error_code, 403);
    assert_eq!(one.metrics.execution_succeeded_count, 1);
}

/// Makes a registered query due, while nobody serves.
#[track_caller]
fn due_now(cloud: &Cloud, query: &str) {
    cloud.state(async |store| {
        // It is taken as if its time had come, and put back to be run now.
        let then = Moment::now().plus(Duration::from_secs(120));
        let due = store.due(then, 10).await.expect("read");
        let one = due
            .into_iter()
            .find(|due| due.registered.id.to_string() == query);
        let mut registered = one.expect("it is due").registered;
        registered.next_at = Moment::now();
        let finish = RunFinish {
            registered,
            result: None,
            delivery: None,
        };
        store.finish_run(finish).await.expect("kept");
    });
}

#[test]
fn staging_is_asked_with_a_key_of_its_own() {
    let cloud = shared();
    let staging = cloud.with_key(&cloud.keys.acme_staging);
    let query = staging.submit(STAGING, &text("SELECT 7 AS N"));
    assert_eq!(staging.ended(STAGING, &query)["status"], "successful");
    let page = staging.get(&queries(STAGING, &format!("/{query}/results/1")));
    assert_eq!(rows(&page.json(200)), [json!({"N": 7})]);
    // The webhook is of production.
    assert!(HOOKS.all().iter().all(|it| it.json()["queryId"] != query));
}
