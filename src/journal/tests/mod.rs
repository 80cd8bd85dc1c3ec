//! What the journal promises: it holds what it acknowledged, in order, for as long as it is to, and shows what was altered.

mod altered;
mod finding;
mod retention;
mod silent;
mod writing;

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;
use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use super::chain::Hash;
use super::entry::{AdminAction, Caller, Cause, Interaction, Kind, What, millis};
use super::reader::Flaw;
use super::*;
use crate::gateway::id::{IntegratorId, KeyId, SiteId};
use crate::gateway::integrator::Environment;
use crate::gateway::query::{ErrorDetails, ErrorType, Mode, Outcome, Stage, Status, StatusTiming};
use crate::passthrough::call::{Direction, Parameter, ParameterType};

/// What must be nowhere: what a caller wrote, what a row holds.
const SENTINEL: &str = "Sentinelsurname";

/// Nothing of these tests is past it by the clock, in whichever year they run.
pub(crate) const KEPT: Retention = Retention { days: 100_000 };

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Long ago, so that nothing that is recorded by the clock is of that time.
fn start() -> Moment {
    Moment::from_millis(1_606_042_275_007)
}

pub(crate) fn scope() -> Scope {
    Scope {
        integrator: IntegratorId(Uuid::from_u128(1)),
        environment: Environment::Staging,
        site: SiteId(Uuid::from_u128(2)),
        device: None,
    }
}

fn query(scope: &Scope) -> Query {
    let at = |millis| start().plus(Duration::from_millis(millis));
    let stage = |start_time, end_time| {
        Some(Stage {
            start_time,
            end_time,
        })
    };
    Query {
        id: QueryId(Uuid::from_u128(3)),
        integrator: scope.integrator,
        environment: scope.environment,
        site: scope.site,
        device: scope.device.clone(),
        mode: Mode::Immediate,
        status: Status::Successful,
        max_time_in_queue: Duration::from_secs(30),
        command_size: 120,
        request_size: 150,
        sql_query_size: 80,
        created_at: start(),
        updated_at: at(52),
        completed_at: Some(at(52)),
        timing: StatusTiming {
            initialising: stage(start(), Some(at(1))),
            executing: stage(at(8), None),
            downloading: stage(at(20), None),
            ..StatusTiming::default()
        },
        execution: Some(Duration::from_millis(12)),
        error: None,
        outcome: Some(Outcome {
            rows: 30,
            size: 2_500,
            rows_affected: None,
            parameters: vec![Parameter {
                name: format!("@{SENTINEL}"),
                direction: Direction::Output,
                ty: ParameterType::NVarChar,
                value: Some(SENTINEL.to_owned()),
                size: Some(20),
            }],
            pages: Vec::new(),
        }),
        expires_at: None,
        trace: None,
    }
}

/// The entry of an immediate query of a scope's.
pub(crate) fn immediate(scope: &Scope) -> Entry {
    let entry = Entry::of_query(What::Immediate, &query(scope));
    Entry {
        at: start().plus(Duration::from_millis(52)),
        request: Some(Uuid::from_u128(4)),
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".parse().ok(),
        status: Some(200),
        caller: Caller {
            key: Some(KeyId(Uuid::from_u128(5))),
            address: "192.0.2.7".parse().ok(),
            ..entry.caller
        },
        ..entry
    }
}

/// An entry of each kind, some with all there is to say, some with nothing.
pub(crate) fn every_kind() -> Vec<Entry> {
    let plain = |what| Entry {
        at: start(),
        ..Entry::now(what)
    };
    let device = Scope {
        device: Some("WORKSTATION-7".to_owned()),
        ..scope()
    };
    let mut failed = query(&scope());
    failed.status = Status::ExecutionFailed;
    failed.outcome = None;
    failed.error = Some(ErrorDetails {
        error_type: ErrorType::Mssql,
        error_code: 2812,
        error_message: format!("no procedure {SENTINEL}"),
    });
    vec![
        immediate(&device),
        plain(What::AsyncSubmit),
        Entry {
            at: start(),
            ..Entry::of_query(What::AsyncEnd, &failed)
        },
        plain(What::Register),
        plain(What::RegisteredRun { changed: true }),
        plain(What::RegisteredCancel),
        plain(What::RegisteredRead),
        plain(What::Status { queries: 2 }),
        plain(What::Page {
            number: 3,
            streamed: true,
        }),
        plain(What::Fhir {
            interaction: Interaction::SearchCompartment,
            resource: crate::fhir::resource_type("Condition"),
        }),
        Entry {
            status: Some(401),
            error: Some(Cause::from(&crate::errors::UNAUTHORISED)),
            ..plain(What::Token)
        },
        plain(What::SiteRead),
        plain(What::Pair),
        plain(What::Admin {
            action: AdminAction::KeyAdded,
        }),
        plain(What::AuditRead),
    ]
}

/// An entry so long after the start; numbered, so that it is known again.
fn after(days: u32, number: u32) -> Entry {
    Entry {
        at: start().plus(DAY * days),
        ..Entry::now(What::Page {
            number,
            streamed: false,
        })
    }
}

fn open(folder: &TempDir) -> Journal {
    Journal::open(folder.path(), KEPT).expect("a journal")
}

fn serving(folder: &TempDir) -> Journal {
    Journal::serving(folder.path(), KEPT).expect("a journal")
}

fn verdict(folder: &TempDir, noted: Option<Head>) -> Verdict {
    let reader = Reader::open(folder.path()).expect("a journal");
    reader.verify(noted).expect("read")
}

fn numbers(page: &Page) -> Vec<u32> {
    let number = |recorded: &Recorded| match recorded.entry.what {
        What::Page { number, .. } => number,
        other => panic!("not of this test: {other:?}"),
    };
    page.entries.iter().map(number).collect()
}

/// A log that is kept, at its finest.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What is logged on this thread, until the guard is dropped.
    pub(crate) fn keep() -> (Log, tracing::subscriber::DefaultGuard) {
        let log = Log::default();
        let kept = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || kept.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().expect("a lock").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Nothing of what a caller wrote or a row holds.
fn holds_nothing(bytes: &[u8]) {
    let sentinel = SENTINEL.as_bytes();
    let found = bytes.windows(sentinel.len()).any(|part| part == sentinel);
    assert!(!found, "it holds what was asked or found");
}

#[test]
fn durations_are_in_milliseconds() {
    let entry = immediate(&scope());
    assert_eq!(entry.durations.queued, Some(8));
    assert_eq!(entry.durations.execution, Some(12));
    assert_eq!(entry.durations.whole, Some(52));
    assert_eq!(millis(Duration::MAX), u64::MAX);
}
