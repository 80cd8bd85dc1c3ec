//! Any sequence of steps of registered queries, kills included, against a model of a few lines.
//!
//! A run is given out once and ends once; what is cancelled stays so; a scope has what is its own.

use std::time::Duration;

use proptest::prelude::*;

use super::{folder, killed, open, scopes};
use crate::gateway::integrator::Scope;
use crate::gateway::link::Nature;
use crate::gateway::registered::{Registered, RegisteredResult, RegisteredStatus};
use crate::store::conformance::samples::{KEEP, at, call, error, registered};
use crate::store::sqlite::SqliteStore;
use crate::store::{Recovered, RunFinish, Store as _};

/// A step. A registered query is told by its place among those that there are, a scope by its place.
#[derive(Debug, Clone)]
enum Step {
    Register {
        scope: usize,
    },
    Due {
        limit: usize,
    },
    Begin {
        which: usize,
        may_write: bool,
    },
    Finish {
        which: usize,
        result: Option<Vec<u8>>,
        is_last: bool,
    },
    /// By a scope; by its own where none is told.
    Cancel {
        which: usize,
        scope: Option<usize>,
    },
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..100_usize;
    let result = prop::option::of(prop::collection::vec(any::<u8>(), 0..20));
    prop_oneof![
        3 => (0..5_usize).prop_map(|scope| Step::Register { scope }),
        4 => (1..4_usize).prop_map(|limit| Step::Due { limit }),
        4 => (which.clone(), any::<bool>())
            .prop_map(|(which, may_write)| Step::Begin { which, may_write }),
        4 => (which.clone(), result, prop::bool::weighted(0.2))
            .prop_map(|(which, result, is_last)| Step::Finish { which, result, is_last }),
        2 => (which, prop::option::weighted(0.3, 0..5_usize)).prop_map(|(which, scope)| Step::Cancel { which, scope }),
        1 => Just(Step::Kill),
    ]
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Run {
    None,
    GivenOut,
    Begun { may_write: bool },
}

struct Known {
    scope: Scope,
    now: Registered,
    run: Run,
    result: Option<Vec<u8>>,
}

impl Known {
    fn is_enabled(&self) -> bool {
        self.now.status == RegisteredStatus::Enabled
    }
}

/// Does a step in both, which must answer alike. Time stands still: what has not failed is due again at once.
async fn take(store: &SqliteStore, scopes: &[Scope], model: &mut [Known], step: &Step) {
    let start = at(Duration::ZERO);
    let count = model.len().max(1);
    match step {
        Step::Register { .. } | Step::Kill => {}
        Step::Due { limit } => {
            let due = store.due(start, *limit).await.expect("looked");
            let is_due = |known: &&mut Known| {
                known.is_enabled() && known.run == Run::None && known.now.next_at <= start
            };
            let expected = model.iter_mut().filter(is_due).take(*limit);
            let expected = expected.map(|known| {
                known.run = Run::GivenOut;
                known.now.clone()
            });
            let given = due.into_iter().map(|due| due.registered);
            assert_eq!(given.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
        Step::Begin { which, may_write } => {
            let Some(known) = model.get_mut(which % count) else {
                return;
            };
            let nature = match may_write {
                true => Nature::MayWrite,
                false => Nature::Reads,
            };
            let may = known.is_enabled() && known.run == Run::GivenOut;
            assert_eq!(store.begin_run(known.now.id, nature).await, Ok(may));
            if may {
                known.run = Run::Begun {
                    may_write: *may_write,
                };
            }
        }
        Step::Finish {
            which,
            result,
            is_last,
        } => {
            let Some(known) = model.get_mut(which % count) else {
                return;
            };
            let mut after = known.now.clone();
            after.metrics.execution_succeeded_count += 1;
            if *is_last {
                after.status = RegisteredStatus::Completed;
                after.completed_at = Some(start);
            }
            let counts = known.is_enabled() && known.run != Run::None;
            let finish = RunFinish {
                registered: after.clone(),
                result: result.clone().map(|data| RegisteredResult {
                    data,
                    rows: 1,
                    parameters: Vec::new(),
                }),
                delivery: None,
            };
            assert_eq!(store.finish_run(finish).await, Ok(counts));
            if counts {
                known.now = after;
                known.result = result.clone().or(known.result.take());
            }
            known.run = Run::None;
        }
        Step::Cancel { which, scope } => {
            let Some(known) = model.get_mut(which % count) else {
                return;
            };
            let scope = scope.map_or(&known.scope, |scope| &scopes[scope]);
            let may = known.is_enabled() && known.scope == *scope;
            let cancelled = store.cancel(scope, known.now.id, start).await;
            assert_eq!(cancelled, Ok(may));
            if may {
                known.now.status = RegisteredStatus::Cancelled;
                known.now.completed_at = Some(start);
            }
        }
    }
}

/// What a start makes of what was at work.
fn recovered(model: &mut [Known]) -> Recovered {
    let mut recovered = Recovered::default();
    for known in model {
        match known.run {
            _ if !known.is_enabled() => {}
            Run::None => {}
            Run::GivenOut | Run::Begun { may_write: false } => recovered.again += 1,
            Run::Begun { may_write: true } => {
                recovered.failed += 1;
                let now = at(Duration::ZERO);
                known.now.last_error = Some(error("It was interrupted."));
                known.now.metrics.execution_failed_count += 1;
                known.now.metrics.last_failed_at = Some(now);
                known.now.next_at = now.plus(known.now.frequency);
                recovered.runs.push(known.now.clone());
            }
        }
        known.run = Run::None;
    }
    recovered
}

/// That each scope has exactly what is its own, as the model says.
async fn check(store: &SqliteStore, scopes: &[Scope], model: &[Known]) {
    for scope in scopes {
        let own = model.iter().filter(|known| known.scope == *scope);
        let own = own.map(|known| known.now.clone()).collect::<Vec<_>>();
        assert_eq!(store.registered(scope).await, Ok(own));
        for known in model {
            let id = known.now.id;
            let is_own = known.scope == *scope;
            let one = store.registered_one(scope, id).await;
            assert_eq!(one, Ok(is_own.then(|| known.now.clone())));
            let result = store.registered_result(scope, id).await.expect("looked");
            let expected = known.result.clone().filter(|_| is_own);
            assert_eq!(result.map(|result| result.data), expected);
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
            let mut model = Vec::new();
            for step in &steps {
                match step {
                    Step::Register { scope } => {
                        let scope = scopes[*scope].clone();
                        let now = registered(&scope);
                        let kept = store.register(now.clone(), call("select 1"), usize::MAX).await;
                        assert_eq!(kept, Ok(true));
                        model.push(Known { scope, now, run: Run::None, result: None });
                    }
                    Step::Kill => {
                        let copy = killed(folder.path());
                        store = open(copy.path());
                        folder = copy;
                        let why = error("It was interrupted.");
                        let found = store.recover(at(Duration::ZERO), why, KEEP).await;
                        assert_eq!(found, Ok(recovered(&mut model)));
                        check(&store, &scopes, &model).await;
                    }
                    step => take(&store, &scopes, &mut model, step).await,
                }
            }
            check(&store, &scopes, &model).await;
        });
    }
}
