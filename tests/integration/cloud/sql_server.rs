//! What only a database server does, as its callers see it over HTTP: silence that lasts longer than a statement may, numbers and
//! words of its own for what it refuses, outputs and what a procedure returns, and that it goes away and comes back. The server is the stand-in of [`crate::mssql`].

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::asker::Said;
use super::errors::{outcome, refused};
use super::{Asker, Cloud, OWNER_KEY, data, has_fields, queries, registration, rows, text, until};
use crate::mssql::calls::{done_in_proc, outputs};
use crate::mssql::stand_in::{Asked, Setup, StandIn, Step, USER, write};

const SITE: &str = "7c9d40b1-0c3f-4a5e-9a41-0a4a7f0d6c01";
/// How long an immediate statement may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A program with a site of the stand-in.
fn served(server: &StandIn) -> Cloud {
    within(server, "connections = 2\n")
}

/// The same within bounds of its own.
fn within(server: &StandIn, bounds: &str) -> Cloud {
    let port = server.address.port();
    let head = format!(
        "rate-limit = \"off\"\n[[site]]\nid = \"{SITE}\"\nmapping = \"mapping\"\ntime-zone = \"Australia/Hobart\"\n\
         driver = \"mssql\"\npms = \"D4w\"\npms-id = \"777\"\n\
         [site.server]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"{USER}\"\npassword = {{ file = \"password\" }}\nencrypt = \"off\"\n\
         [site.databases]\nPatients = \"BPSPATIENTS\"\nNotes = \"BPSDRUGS\"\n[site.passthrough]\n{bounds}"
    );
    Cloud::start(&head, &[])
}

/// Whoever may ask every site, once this one can be asked.
fn asker(cloud: &Cloud) -> Asker<'_> {
    let owner = cloud.with_key(OWNER_KEY);
    until(|| (owner.immediate(SITE, &text("SELECT READY")).status == 200).then_some(()));
    owner
}

#[test]
fn a_server_that_stays_silent_for_longer_than_a_statement_may_take_is_504() {
    let silence = Step::Wait(4 * LIMIT);
    let server = StandIn::start(Setup::default(), move |asked| {
        match asked.text().contains("SLOW") {
            true => vec![silence.clone()],
            false => Vec::new(),
        }
    });
    let cloud = served(&server);
    let owner = asker(&cloud);
    let begun = Instant::now();
    let said = owner.immediate(SITE, &text("SELECT SLOW"));
    let took = begun.elapsed();
    let message = refused(&said, 504, "PG021");
    assert!(!message.contains("SLOW"), "{message}");
    assert!(
        took >= LIMIT && took < LIMIT + Duration::from_secs(8),
        "{took:?}"
    );
    // It was called off there, and the site serves on.
    server.seen.wait_attentions(1);
    assert_eq!(server.seen.attentions.load(Ordering::SeqCst), 1);
    owner.immediate(SITE, &text("SELECT 1")).json(200);
}

/// One statement runs at a time here, and one of each integrator's waits.
#[test]
fn a_queue_that_is_full_is_503_and_what_waits_is_run_all_the_same() {
    let server = StandIn::start(Setup::default(), |asked| {
        match asked.text().contains("SLOW") {
            true => vec![
                Step::Wait(Duration::from_secs(4)),
                Step::Send(write::done(0, 0)),
            ],
            false => Vec::new(),
        }
    });
    let cloud = within(&server, "connections = 1\nwaiting = 1\n");
    let owner = asker(&cloud);
    let site = owner.get(&format!("/sites/{SITE}")).json(200);
    // A server without the tables of the mapping: SQL needs none of them.
    assert_eq!(site["availability"], "online");
    assert_eq!(site["status"], "initialising");
    let running = owner.submit(SITE, &text("SELECT SLOW"));
    let status = |id: &str| {
        let query = owner.get(&queries(SITE, &format!("/{id}"))).json(200);
        query["status"].as_str().expect("a text").to_owned()
    };
    until(|| (status(&running) == "executing").then_some(()));
    let waiting = owner.submit(SITE, &text("SELECT 1"));
    assert_eq!(status(&waiting), "queued");
    let full = owner.post(&queries(SITE, "/async"), &text("SELECT 1"));
    refused(&full, 503, "PG019");
    assert!(full.header("retry-after").parse::<u32>().expect("seconds") > 0);
    for query in [&running, &waiting] {
        assert_eq!(owner.ended(SITE, query)["status"], "successful");
    }
    owner.immediate(SITE, &text("SELECT 1")).json(200);
}

#[test]
fn what_the_server_refuses_is_told_by_its_number_and_in_its_words() {
    const WORDS: &str = "Could not find stored procedure 'dbo.Find'.";
    let server = StandIn::start(Setup::default(), |asked| {
        match asked.text().contains("Find") {
            true => vec![Step::Send(
                [write::error(2812, 16, WORDS), write::done(2, 0)].concat(),
            )],
            false => Vec::new(),
        }
    });
    let cloud = served(&server);
    let owner = asker(&cloud);
    let procedure = json!({"command": {"text": "dbo.Find", "type": "storedProcedure"}});
    let expected = json!({"errorType": "mssql", "errorCode": 2812, "errorMessage": WORDS});
    let query = owner.immediate(SITE, &procedure).json(400);
    assert_eq!(query["status"], "executionFailed");
    assert_eq!(query["errorDetails"], expected);
    let query = owner.submit(SITE, &procedure);
    assert_eq!(owner.ended(SITE, &query)["errorDetails"], expected);
    let mut registered = registration("SELECT 1");
    registered["registerCommand"] = procedure;
    let made = owner.post(&queries(SITE, "/registered"), &registered);
    let path = queries(SITE, &format!("/registered/{}", super::id(&made.json(202))));
    let one = until(|| {
        let one = owner.get(&path).json(200);
        (one["metrics"]["executionFailedCount"] == 1).then_some(one)
    });
    assert_eq!(one["lastErrorDetails"], expected);
    assert!(one["metrics"]["lastFailedAt"].is_string(), "{one}");
    // It is tried again when its time has come.
    assert_eq!(one["status"], "enabled");
}

fn output(asked: &Asked) -> Vec<Step> {
    if !asked.text().contains("EXEC") {
        return Vec::new();
    }
    let names = write::texts("NAME", &["Ann", "Zoë"]);
    // The rows, and that there is more behind them.
    let names = [&names[..names.len() - 13], &done_in_proc(0x10, 2)].concat();
    let cells: [&[u8]; 2] = [
        &write::short(&(-3i32).to_le_bytes()),
        &write::long(&write::utf16("back")),
    ];
    let given = outputs(asked, &[("v2", write::nvarchar(100))], &cells);
    vec![Step::Send([names, given, write::done(0, 0)].concat())]
}

#[test]
fn outputs_and_what_a_procedure_returns_come_with_every_result() {
    let server = StandIn::start(Setup::default(), output);
    let cloud = served(&server);
    let owner = asker(&cloud);
    let command = json!({"command": {"text": "dbo.Find", "type": "storedProcedure", "parameters": [
        {"name": "@status", "direction": "returnValue", "type": "Int"},
        {"name": "@name", "direction": "input", "type": "VarChar", "value": "A"},
        {"name": "@both", "direction": "inputOutput", "type": "NVarChar", "value": "there", "size": 10},
    ]}});
    let comes_back = |parameters: &Value| {
        let all = parameters.as_array().expect("a list");
        let told: Vec<Value> = all
            .iter()
            .map(|one| json!([one["name"], one["direction"], one["type"], one["value"]]))
            .collect();
        assert_eq!(
            json!(told),
            json!([
                ["@status", "returnValue", "Int", "-3"],
                ["@both", "inputOutput", "NVarChar", "back"],
            ])
        );
    };
    let names = [json!({"NAME": "Ann"}), json!({"NAME": "Zoë"})];
    let result = owner.immediate(SITE, &command).json(200)["result"].clone();
    assert_eq!(rows(&result), names);
    comes_back(&result["parameters"]);

    let query = owner.submit(SITE, &command);
    assert_eq!(owner.ended(SITE, &query)["status"], "successful");
    let page = queries(SITE, &format!("/{query}/results/1"));
    let whole = owner.get(&page).json(200);
    has_fields(&whole, "data parameters");
    assert_eq!(rows(&whole), names);
    comes_back(&whole["parameters"]);
    let streamed = owner.get(&format!("{page}/stream"));
    assert_eq!(streamed.status, 200);
    assert_eq!(streamed.body, data(&whole));

    let mut registered = registration("SELECT 1");
    registered["registerCommand"] = command;
    let made = owner.post(&queries(SITE, "/registered"), &registered);
    let id = super::id(&made.json(202));
    owner.has_run(SITE, &id, 1);
    let found = owner.get(&queries(SITE, &format!("/registered/{id}/results")));
    let found = found.json(200);
    assert_eq!(rows(&found), names);
    comes_back(&found["parameters"]);
}

#[test]
fn a_site_whose_server_is_away_is_unreachable_and_its_queries_end_so() {
    let server = StandIn::start(Setup::default(), |_| Vec::new());
    let address = server.address.to_string();
    let cloud = served(&server);
    let owner = asker(&cloud);
    let availability = || {
        let site = owner.get(&format!("/sites/{SITE}")).json(200);
        site["availability"].as_str().expect("a text").to_owned()
    };
    assert_eq!(availability(), "online");
    drop(server);
    until(|| (availability() == "unreachable").then_some(()));
    let said = owner.immediate(SITE, &text("SELECT 1"));
    refused(&said, 503, "PG018");
    // Somebody wants it: its server is looked for every 5 seconds, however it is asked.
    let soon = |said: &Said| {
        let seconds = said.header("retry-after").parse::<u32>();
        assert!((1..=6).contains(&seconds.expect("seconds")));
    };
    soon(&said);
    let base = format!("/sites/{SITE}/fhir/R4");
    let read = owner.get(&format!("{base}/Patient/7"));
    outcome(&read, 503, "PD007");
    soon(&read);
    // What the site serves is known without its database.
    let statement = owner.get(&format!("{base}/metadata")).json(200);
    assert_eq!(statement["resourceType"], "CapabilityStatement");
    // An async query is taken, and has ended as that says.
    let query = owner.post(&queries(SITE, "/async"), &text("SELECT 1"));
    let query = query.json(201);
    assert_eq!(query["status"], "initialisationFailedSiteUnreachable");
    assert!(query["completedAt"].is_string(), "{query}");
    has_fields(&query["statusTiming"], "initialising");
    let path = queries(SITE, &format!("/{}", super::id(&query)));
    assert_eq!(owner.get(&path).json(200)["status"], query["status"]);
    refused(&owner.get(&format!("{path}/results/1")), 404, "PG015");
    // And when it is back it is asked again.
    let _server = StandIn::start_at(&address, Setup::default(), |_| Vec::new());
    until(|| (availability() == "online").then_some(()));
    owner.immediate(SITE, &text("SELECT 1")).json(200);
}
