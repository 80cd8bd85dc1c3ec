//! Any sequence of steps, kills included, against a model of a few lines.
//!
//! Of each scope exactly what is its own is found; each step is made at most once; and nothing that was answered for is
//! lost by a kill, which is a copy of the files as they lie there, opened anew.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use axum::body::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{files, folder, killed, open, scopes};
use crate::gateway::id::QueryId;
use crate::gateway::integrator::Scope;
use crate::gateway::link::Nature;
use crate::gateway::query::{Page, Status, StatusTiming};
use crate::gateway::webhook::DeliveryStatus;
use crate::store::conformance::samples::{
    KEEP, at, call, delivery, error, failure, page, query, start, success,
};
use crate::store::sqlite::{DATABASE_FILE, SqliteStore, pages};
use crate::store::{DeliveryFilter, Finish, PageFound, Recovered, Store as _, StoreError};

/// A step. A query is told by its place among those that there are, a scope by its place.
#[derive(Debug, Clone)]
enum Step {
    Add {
        scope: usize,
    },
    Begin {
        query: usize,
        may_write: bool,
    },
    Put {
        query: usize,
        rows: Vec<u8>,
    },
    Finish {
        query: usize,
        is_good: bool,
    },
    /// Pages whose time is over go.
    Sweep,
    Kill,
    /// After a page's file was written, before its row was.
    KillInPut {
        query: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let query = 0..100_usize;
    prop_oneof![
        4 => (0..5_usize).prop_map(|scope| Step::Add { scope }),
        4 => (query.clone(), any::<bool>())
            .prop_map(|(query, may_write)| Step::Begin { query, may_write }),
        6 => (query.clone(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(query, rows)| Step::Put { query, rows }),
        3 => (query.clone(), any::<bool>())
            .prop_map(|(query, is_good)| Step::Finish { query, is_good }),
        1 => Just(Step::Sweep),
        1 => Just(Step::Kill),
        1 => query.prop_map(|query| Step::KillInPut { query }),
    ]
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    Waits,
    Works {
        may_write: bool,
        pages: Vec<Vec<u8>>,
    },
    Good {
        pages: Vec<Vec<u8>>,
    },
    /// A good one whose pages are over.
    Over {
        pages: usize,
    },
    Bad,
}

struct Known {
    id: QueryId,
    scope: Scope,
    state: State,
}

struct Model {
    scopes: Vec<Scope>,
    queries: Vec<Known>,
    /// Queries of which a message tells.
    told: BTreeSet<QueryId>,
}

impl Model {
    fn has_webhook(&self, scope: &Scope) -> bool {
        scope.integrator == self.scopes[0].integrator
            && scope.environment == self.scopes[0].environment
    }
}

fn is_unknown<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unknown(_)))
}

/// Does a step in both, which must answer alike.
async fn take(store: &mut SqliteStore, folder: &mut TempDir, model: &mut Model, step: &Step) {
    let count = model.queries.len();
    let place = |query: usize| (count > 0).then(|| query % count);
    match step {
        Step::Add { scope } => {
            let scope = model.scopes[*scope].clone();
            let query = query(&scope);
            let id = query.id;
            let added = store.add_query(query, call("select 1")).await;
            assert_eq!(added, Ok(()));
            model.queries.push(Known {
                id,
                scope,
                state: State::Waits,
            });
        }
        Step::Begin { query, may_write } => {
            let Some(place) = place(*query) else { return };
            let known = &mut model.queries[place];
            let nature = match may_write {
                true => Nature::MayWrite,
                false => Nature::Reads,
            };
            let now = at(Duration::ZERO);
            let begun = store.begin(known.id, nature, StatusTiming::default(), now);
            assert_eq!(begun.await, Ok(known.state == State::Waits));
            if known.state == State::Waits {
                known.state = State::Works {
                    may_write: *may_write,
                    pages: Vec::new(),
                };
            }
        }
        Step::Put { query, rows } => {
            let Some(place) = place(*query) else { return };
            let known = &mut model.queries[place];
            let number = match &known.state {
                State::Works { pages, .. } => pages.len() as u32 + 1,
                _ => 1,
            };
            let rows = Bytes::from(rows.clone());
            let put = store.put_page(known.id, page(number, &rows), rows.clone());
            let put = put.await;
            match &mut known.state {
                State::Works { pages, .. } => {
                    assert_eq!(put, Ok(()));
                    pages.push(rows.to_vec());
                }
                _ => assert!(is_unknown(&put), "{put:?}"),
            }
        }
        Step::Finish { query, is_good } => {
            let Some(place) = place(*query) else { return };
            let has_webhook = model.has_webhook(&model.queries[place].scope);
            let known = &mut model.queries[place];
            // What never began has no result.
            let pages = match &known.state {
                State::Works { pages, .. } if *is_good => Some(pages.clone()),
                _ => None,
            };
            let finish = match pages {
                Some(_) => success(known.id),
                None => failure(known.id),
            };
            let finish = Finish {
                delivery: Some(delivery(&known.scope, known.id)),
                ..finish
            };
            let is_open = matches!(known.state, State::Waits | State::Works { .. });
            assert_eq!(store.finish(finish).await, Ok(is_open));
            if is_open {
                known.state = match pages {
                    Some(pages) => State::Good { pages },
                    None => State::Bad,
                };
                if has_webhook {
                    model.told.insert(known.id);
                }
            }
        }
        Step::Sweep => {
            let over = success(QueryId::generate()).expires_at;
            let good = |known: &&mut Known| matches!(known.state, State::Good { .. });
            let mut ended = 0;
            for known in model.queries.iter_mut().filter(good) {
                if let State::Good { pages } = &known.state {
                    known.state = State::Over { pages: pages.len() };
                    ended += 1;
                }
            }
            let swept = store.sweep(over).await.map(|swept| swept.removed);
            assert_eq!(swept, Ok(ended));
        }
        Step::Kill => kill(store, folder, model).await,
        Step::KillInPut { query } => {
            let Some(place) = place(*query) else { return };
            let known = &model.queries[place];
            let State::Works { pages, .. } = &known.state else {
                return;
            };
            let (id, number) = (known.id, pages.len() as u32 + 1);
            let files = store.files.clone();
            let write = move |db: &_| pages::write(db, &files, id, number, b"[]");
            assert_eq!(store.filers.ask(write).await, Ok(()));
            kill(store, folder, model).await;
        }
    }
}

/// Goes on from a copy of the files, as a start after a kill does.
async fn kill(store: &mut SqliteStore, folder: &mut TempDir, model: &mut Model) {
    let copy = killed(folder.path());
    *store = open(copy.path());
    *folder = copy;
    let mut expected = Recovered::default();
    for place in 0..model.queries.len() {
        let known = &model.queries[place];
        let State::Works { may_write, .. } = known.state else {
            continue;
        };
        let has_webhook = model.has_webhook(&known.scope);
        let known = &mut model.queries[place];
        if may_write {
            expected.failed += 1;
            expected.ended.push(known.id);
            known.state = State::Bad;
            if has_webhook {
                model.told.insert(known.id);
            }
        } else {
            expected.again += 1;
            known.state = State::Waits;
        }
    }
    let why = error("It was interrupted.");
    let recovered = store.recover(at(Duration::ZERO), why, KEEP).await;
    assert_eq!(recovered, Ok(expected));
    check(store, folder.path(), model).await;
}

/// That the store is as the model says: for each scope, for each query, page by page, and file by file.
async fn check(store: &SqliteStore, folder: &Path, model: &Model) {
    for known in &model.queries {
        for scope in &model.scopes {
            let found = store.query(scope, known.id).await.expect("looked");
            let is_own = *scope == known.scope;
            assert_eq!(found.is_some(), is_own);
            let first = store
                .page(scope, known.id, 1, start())
                .await
                .expect("looked");
            assert_eq!(first.is_some(), is_own);
        }
        check_query(store, known).await;
    }
    let waiting = store.waiting(None, usize::MAX).await.expect("looked");
    let waiting = waiting.iter().map(|waiting| waiting.id);
    let waits = model.queries.iter();
    let waits = waits.filter(|known| known.state == State::Waits);
    let waits = waits.map(|known| known.id).collect::<Vec<_>>();
    assert_eq!(waiting.collect::<Vec<_>>(), waits);

    let filter = DeliveryFilter {
        integrator: None,
        status: Some(DeliveryStatus::Pending),
        limit: usize::MAX,
        ..DeliveryFilter::default()
    };
    let messages = store.deliveries(filter).await.expect("looked");
    assert_eq!(messages.len(), model.told.len(), "each is told of once");
    let told = messages.iter().map(|message| message.query);
    assert_eq!(told.collect::<BTreeSet<_>>(), model.told);

    let mut expected = BTreeSet::new();
    for known in &model.queries {
        if let State::Works { pages, .. } | State::Good { pages } = &known.state {
            let folder = folder.join(pages::FOLDER).join(known.id.to_string());
            expected.extend((1..=pages.len()).map(|number| folder.join(number.to_string())));
        }
    }
    let there = files(&folder.join(pages::FOLDER));
    assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(folder.join(DATABASE_FILE).is_file());
}

async fn check_query(store: &SqliteStore, known: &Known) {
    let found = store.query(&known.scope, known.id).await.expect("looked");
    let found = found.expect("its own");
    let asked = store.call(known.id).await.expect("looked");
    assert_eq!(asked.is_some(), known.state == State::Waits);
    let (status, pages) = match &known.state {
        State::Waits => (Status::Queued, None),
        State::Works { pages, .. } if pages.is_empty() => (Status::Executing, None),
        State::Works { .. } => (Status::Uploading, None),
        State::Good { pages } => (Status::Successful, Some(pages.len())),
        State::Over { pages } => (Status::Successful, Some(*pages)),
        State::Bad => (Status::ExecutionFailed, None),
    };
    assert_eq!(found.status, status);
    assert_eq!(found.outcome.map(|outcome| outcome.pages.len()), pages);
    for number in 0..=pages.unwrap_or(0) as u32 + 1 {
        let found = store.page(&known.scope, known.id, number, start()).await;
        let found = found.expect("looked").expect("its own");
        let is_there = number >= 1 && number as usize <= pages.unwrap_or(0);
        match (&known.state, found) {
            (State::Good { pages }, PageFound::Page(of, rows)) if is_there => {
                let expected = &pages[number as usize - 1];
                let described: Page = page(number, expected);
                assert_eq!((of, &rows[..]), (described, &expected[..]));
            }
            (State::Over { .. }, PageFound::Expired) if is_there => {}
            (_, PageFound::None) if !is_there => {}
            (state, found) => panic!("page {number} of {state:?}: {found:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_sequence_of_steps_is_kept(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let mut folder = folder();
            let mut store = open(folder.path());
            let scopes = scopes(&store).await;
            let mut model = Model { scopes, queries: Vec::new(), told: BTreeSet::new() };
            for step in &steps {
                take(&mut store, &mut folder, &mut model, step).await;
            }
            check(&store, folder.path(), &model).await;
            kill(&mut store, &mut folder, &mut model).await;
        });
    }
}
