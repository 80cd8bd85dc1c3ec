//! What callers know, held against what is: the practice's rows, pages and their files, messages, the journal.

use std::collections::{BTreeMap, BTreeSet};

use pilaster::gateway::id::QueryId;
use pilaster::gateway::integrator::{Environment, Scope};
use pilaster::gateway::moment::Moment;
use pilaster::journal::{Filter, Journal, Reader, Retention, Verdict};
use pilaster::store::Store as _;
use pilaster::store::seal::SealKey;
use pilaster::store::sqlite::SqliteStore;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use super::load::{Asked, Known, Load};
use super::receiver::Receiver;
use super::{Folder, SITE};

/// How often each row was inserted: how often its command ran.
fn runs(folder: &Folder) -> BTreeMap<Uuid, u64> {
    let practice = folder.practice();
    let mut statement = practice
        .prepare("SELECT ID, COUNT(*) FROM RUNS GROUP BY ID")
        .expect("prepared");
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?))
    });
    rows.expect("rows")
        .map(|row| row.expect("a row"))
        .map(|(id, count)| (id.parse().expect("an id"), u64::from(count)))
        .collect()
}

fn store(folder: &Folder) -> (SqliteStore, Runtime) {
    let data = folder.path("data");
    let key = SealKey::kept_in(&data).expect("a key");
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    (SqliteStore::open(&data, key).expect("a store"), runtime)
}

/// Every command that writes ran as often as is said of it. How they ended.
pub fn inserts(folder: &Folder, known: &Known) -> String {
    let runs = runs(folder);
    let (mut successful, mut interrupted, mut took_effect) = (0, 0, 0);
    for (id, asked) in &known.queries {
        let Asked::Insert(run) = asked else { continue };
        let (ended, ran) = (&known.ended[id], runs.get(run).copied().unwrap_or(0));
        match ended["status"].as_str() {
            Some("successful") => {
                successful += 1;
                assert_eq!(ran, 1, "{ended}");
                assert_eq!(ended["result"]["rowsAffected"], 1, "{ended}");
            }
            Some("executionFailed") => {
                interrupted += 1;
                took_effect += ran;
                // No other error is in order: statements are good, and the file's turns are short.
                assert_eq!(ended["errorDetails"]["errorType"], "haloLink", "{ended}");
                assert!(ran <= 1, "{ended}");
            }
            _ => panic!("{ended}"),
        }
    }
    // Of those too whose promise did not come back.
    for run in &known.sent {
        assert!(runs.get(run).is_none_or(|ran| *ran == 1), "{run} ran twice");
    }
    format!(
        "{successful} successful, {interrupted} interrupted, of which {took_effect} took effect"
    )
}

/// Every registered query ran once for each run that is counted as good, and never more often than runs are counted or due.
pub fn registered(folder: &Folder, known: &Known) {
    let runs = runs(folder);
    let (store, runtime) = store(folder);
    let directory = runtime.block_on(store.directory()).expect("read");
    let scope = Scope {
        integrator: directory.integrators[0].id,
        environment: Environment::Staging,
        site: SITE.parse().expect("an id"),
        device: None,
    };
    let found = runtime.block_on(store.registered(&scope)).expect("read");
    for (id, run) in &known.registered {
        let one = found.iter().find(|one| one.id == QueryId(*id));
        let one = one.unwrap_or_else(|| panic!("{id} was promised and is lost"));
        let metrics = &one.metrics;
        let (good, bad) = (
            metrics.execution_succeeded_count,
            metrics.execution_failed_count,
        );
        let ran = runs.get(run).copied().unwrap_or(0);
        let due = 1 + Moment::now().since(one.created_at).as_secs() / one.frequency.as_secs();
        assert!(good <= ran && ran <= good + bad, "{ran} runs, {one:?}");
        assert!((1..=due).contains(&(good + bad)), "{due} were due, {one:?}");
        if let Some(error) = &one.last_error {
            assert!(error.error_message.contains("was restarted"), "{one:?}");
        }
    }
}

/// Readers only read, so that each was successful in the end, and all of its pages are whole.
pub fn pages(load: &Load) {
    let readers: Vec<_> = {
        let known = load.known();
        let of = |(id, asked): (&Uuid, &Asked)| match asked {
            Asked::Read(tag, rows) => Some((*id, *tag, *rows, known.ended[id].clone())),
            Asked::Insert(_) => None,
        };
        known.queries.iter().filter_map(of).collect()
    };
    for (id, tag, rows, ended) in readers {
        assert_eq!(ended["status"], "successful", "{ended}");
        assert_eq!(ended["result"]["rows"], rows, "{ended}");
        let pages = ended["result"]["pages"].as_array().expect("pages");
        let mut next = 1;
        for (place, page) in pages.iter().enumerate() {
            assert_eq!(page["pageNumber"], place + 1, "{ended}");
            assert_eq!(page["rows"]["rangeStart"], next, "{ended}");
            next = page["rows"]["rangeEnd"].as_u64().expect("a number") + 1;
            load.page(id, tag, &ended, place, place % 2 == 0)
                .expect("an answer");
        }
        assert_eq!(next, rows + 1, "{ended}");
    }
}

/// Every file of a page is a page that its query has, and the other way round.
pub fn files(folder: &Folder) {
    let (store, runtime) = store(folder);
    let listed = |path| {
        let entries = std::fs::read_dir(path).expect("a folder");
        entries.map(|entry| entry.expect("an entry"))
    };
    for of_query in listed(folder.path("data").join("pages")) {
        let name = of_query.file_name().into_string().expect("text");
        let id = QueryId(name.parse().expect("an id"));
        let query = runtime.block_on(store.any_query(id)).expect("read");
        let query = query.unwrap_or_else(|| panic!("pages of {id}, which is no query"));
        let pages = query.outcome.iter().flat_map(|outcome| &outcome.pages);
        let pages: BTreeSet<String> = pages.map(|page| page.number.to_string()).collect();
        let there =
            listed(of_query.path()).map(|file| file.file_name().into_string().expect("text"));
        assert_eq!(there.collect::<BTreeSet<_>>(), pages, "of {id}");
    }
}

/// The journal is whole, and has all that was promised.
pub fn journal(folder: &Folder, known: &Known) {
    let data = folder.path("data");
    // What the last one that was killed left on its way.
    drop(Journal::serving(&data, Retention::default()).expect("a journal"));
    let reader = Reader::open(&data).expect("a journal");
    let verdict = reader.verify(None).expect("read");
    assert!(matches!(verdict, Verdict::Whole { .. }), "{verdict:?}");
    let mut written = BTreeSet::new();
    let mut after = None;
    loop {
        let page = reader.entries(&Filter::default(), after).expect("read");
        written.extend(page.entries.iter().filter_map(|it| it.entry.query));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for id in known.queries.keys().chain(known.registered.keys()) {
        assert!(written.contains(&QueryId(*id)), "the journal lacks {id}");
    }
}

/// Of every query there was a message, and all of its messages are one. How many there were.
pub fn messages(known: &Known, receiver: &Receiver) -> String {
    let told = receiver.told();
    for id in known.queries.keys() {
        let told = told
            .get(id)
            .unwrap_or_else(|| panic!("nobody was told of {id}"));
        assert!(told.is_accepted, "{id}: {told:?}");
        assert_eq!(told.ids.len(), 1, "{id}: {told:?}");
    }
    let all: usize = told.values().map(|told| told.messages).sum();
    let ids: usize = told.values().map(|told| told.ids.len()).sum();
    let different: BTreeSet<&Uuid> = told.values().flat_map(|told| &told.ids).collect();
    assert_eq!(different.len(), ids, "an id is of one query");
    format!("{all} messages, {} of them again", all - ids)
}
