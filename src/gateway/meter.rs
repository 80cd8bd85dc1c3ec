//! Numbers of the gateway, for `/metrics`. Every label is of a closed set: a mode, a status, a class of waiting, a reason.
//!
//! None is of a site or an integrator: there may be thousands of both, and a series for each is kept for ever. Who asked
//! which practice is in [`crate::journal`].

use std::time::Duration;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use super::ask::Refused;
use super::query::{Mode, Status};

const QUERIES: &str = "pilaster_queries_total";
const REFUSED: &str = "pilaster_queries_refused_total";
const QUEUED: &str = "pilaster_queries_queued";
const QUEUE_SECONDS: &str = "pilaster_query_queue_seconds";
const EXECUTION_SECONDS: &str = "pilaster_query_execution_seconds";
const RESULT_BYTES: &str = "pilaster_query_result_bytes_total";
const RATE_LIMITED: &str = "pilaster_rate_limited_total";
const RUNS: &str = "pilaster_registered_runs_total";

/// Says what the numbers mean; once, where they are recorded.
pub fn describe() {
    describe_counter!(QUERIES, "Queries that ended, by mode and status");
    describe_counter!(REFUSED, "Queries that were not taken in, by reason");
    describe_gauge!(QUEUED, "Queries that wait for their turn, by class");
    describe_histogram!(
        QUEUE_SECONDS,
        "How long queries waited for their turn, by class"
    );
    describe_histogram!(
        EXECUTION_SECONDS,
        "How long practice databases took for queries, by class"
    );
    describe_counter!(
        RESULT_BYTES,
        Unit::Bytes,
        "Rows that were given or kept, as JSON, by class"
    );
    describe_counter!(RATE_LIMITED, "Requests that were over their rate, by kind");
    describe_counter!(RUNS, "Runs of registered queries, by what came of them");
}

/// Whose turn comes how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Immediate,
    Async,
    /// Runs of registered queries.
    Registered,
}

impl Class {
    pub const ALL: [Class; 3] = [Class::Immediate, Class::Async, Class::Registered];

    pub fn name(self) -> &'static str {
        match self {
            Class::Immediate => "immediate",
            Class::Async => "async",
            Class::Registered => "registered",
        }
    }
}

impl From<Mode> for Class {
    fn from(mode: Mode) -> Class {
        match mode {
            Mode::Immediate => Class::Immediate,
            Mode::Async => Class::Async,
        }
    }
}

/// Why nothing came of a query that its caller might ask, by the names of the label.
fn reason(refused: &Refused) -> Option<&'static str> {
    match refused {
        Refused::Command(_) => Some("command"),
        // It ran, and is counted as ended.
        Refused::Failed(_) => None,
        Refused::Login(_) => Some("login"),
        Refused::Offline => Some("siteOffline"),
        Refused::Unreachable { .. } => Some("siteUnreachable"),
        Refused::QueueFull => Some("queueFull"),
        Refused::Expired => Some("expiredInQueue"),
        Refused::Timeout(_) => Some("timeout"),
        Refused::TooManyRegistered { .. } => Some("tooManyRegistered"),
        Refused::Store(_) => Some("store"),
    }
}

/// What counts towards a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    Immediate,
    FhirGet,
    FhirPost,
}

impl Counted {
    pub fn name(self) -> &'static str {
        match self {
            Counted::Immediate => "immediate",
            Counted::FhirGet => "fhirGet",
            Counted::FhirPost => "fhirPost",
        }
    }
}

/// What came of a registered query's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunEnd {
    Changed,
    Unchanged,
    Failed,
}

impl RunEnd {
    pub fn name(self) -> &'static str {
        match self {
            RunEnd::Changed => "changed",
            RunEnd::Unchanged => "unchanged",
            RunEnd::Failed => "failed",
        }
    }
}

/// A query ended.
pub fn ended(mode: Mode, status: Status) {
    let mode = Class::from(mode).name();
    counter!(QUERIES, "mode" => mode, "status" => status.name()).increment(1);
}

/// Nothing came of a query.
pub fn refused(class: Class, refused: &Refused) {
    if let Some(reason) = reason(refused) {
        counter!(REFUSED, "class" => class.name(), "reason" => reason).increment(1);
    }
}

/// A request was over its integrator's rate.
pub fn rate_limited(what: Counted) {
    counter!(RATE_LIMITED, "kind" => what.name()).increment(1);
}

/// How long a database took for a query, and how many bytes of rows there were.
pub fn executed(class: Class, took: Duration, result: u64) {
    histogram!(EXECUTION_SECONDS, "class" => class.name()).record(took.as_secs_f64());
    counter!(RESULT_BYTES, "class" => class.name()).increment(result);
}

/// A registered query's run ended.
pub fn ran(end: RunEnd) {
    counter!(RUNS, "outcome" => end.name()).increment(1);
}

/// How many wait for their turn now.
pub fn queued(class: Class, count: usize) {
    // Far fewer than a float counts exactly.
    #[expect(clippy::cast_precision_loss)]
    gauge!(QUEUED, "class" => class.name()).set(count as f64);
}

/// A query's turn came, after so long.
pub fn waited(class: Class, waited: Duration) {
    histogram!(QUEUE_SECONDS, "class" => class.name()).record(waited.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn what_happens_is_counted_under_its_name() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            ended(Mode::Async, Status::ExpiredInQueue);
            refused(Class::Immediate, &Refused::Offline);
            rate_limited(Counted::FhirPost);
            executed(Class::Registered, Duration::from_millis(250), 40);
            executed(Class::Registered, Duration::from_millis(750), 2);
            ran(RunEnd::Unchanged);
            queued(Class::Async, 1);
            waited(Class::Async, Duration::from_secs(2));
            let text = recorder.handle().render();
            for line in [
                r#"pilaster_queries_total{mode="async",status="expiredInQueue"} 1"#,
                r#"pilaster_queries_refused_total{class="immediate",reason="siteOffline"} 1"#,
                r#"pilaster_rate_limited_total{kind="fhirPost"} 1"#,
                r#"pilaster_query_execution_seconds_sum{class="registered"} 1"#,
                r#"pilaster_query_result_bytes_total{class="registered"} 42"#,
                r#"pilaster_registered_runs_total{outcome="unchanged"} 1"#,
                r#"pilaster_queries_queued{class="async"} 1"#,
                r#"pilaster_query_queue_seconds_count{class="async"} 1"#,
            ] {
                assert!(
                    text.lines().any(|is| is == line),
                    "{line}\nis not in\n{text}"
                );
            }
        });
    }
}
