//! Numbers of the gateway, for `/metrics`. Every label is of a closed set: a mode, a status, a class of waiting, a reason.
//!
//! None is of a site or an integrator: there may be thousands of both, and a series for each is kept for ever. Who asked
//! which practice is in [`crate::journal`].

use std::time::Duration;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use super::query::{Mode, Status};
use super::webhook::DeliveryStatus;

const QUERIES: &str = "pilaster_queries_total";
const REFUSED: &str = "pilaster_queries_refused_total";
const QUEUED: &str = "pilaster_queries_queued";
const QUEUE_SECONDS: &str = "pilaster_query_queue_seconds";
const EXECUTION_SECONDS: &str = "pilaster_query_execution_seconds";
const RESULT_BYTES: &str = "pilaster_query_result_bytes_total";
const PAGES: &str = "pilaster_result_pages_kept";
const RATE_LIMITED: &str = "pilaster_rate_limited_total";
const RUNS: &str = "pilaster_registered_runs_total";
const DELIVERIES: &str = "pilaster_webhook_attempts_total";

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
    describe_gauge!(PAGES, "Pages of results that are kept");
    describe_counter!(RATE_LIMITED, "Requests that were over their rate, by kind");
    describe_counter!(RUNS, "Runs of registered queries, by what came of them");
    describe_counter!(
        DELIVERIES,
        "Attempts to tell a webhook, by what came of them"
    );
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

/// Why a query was not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refused {
    /// Its body is not what it has to be.
    Malformed,
    TooLarge,
    /// A parameter that the driver does not carry, or an unknown catalogue.
    Command,
    Unauthenticated,
    /// The integration is not enabled at the site, or the site is not the authoritative one.
    Forbidden,
    UnknownSite,
    RateLimited,
    /// The queue is full.
    Busy,
    SiteOffline,
    SiteUnreachable,
    /// It could not be kept.
    Store,
}

impl Refused {
    pub fn name(self) -> &'static str {
        match self {
            Refused::Malformed => "malformed",
            Refused::TooLarge => "tooLarge",
            Refused::Command => "command",
            Refused::Unauthenticated => "unauthenticated",
            Refused::Forbidden => "forbidden",
            Refused::UnknownSite => "unknownSite",
            Refused::RateLimited => "rateLimited",
            Refused::Busy => "busy",
            Refused::SiteOffline => "siteOffline",
            Refused::SiteUnreachable => "siteUnreachable",
            Refused::Store => "store",
        }
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

/// A query was not taken in.
pub fn refused(class: Class, reason: Refused) {
    counter!(REFUSED, "class" => class.name(), "reason" => reason.name()).increment(1);
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

/// An attempt to tell a webhook ended: with [`DeliveryStatus::Pending`] where there will be another.
pub fn delivered(status: DeliveryStatus) {
    let outcome = match status {
        DeliveryStatus::Pending => "again",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Failed => "failed",
    };
    counter!(DELIVERIES, "outcome" => outcome).increment(1);
}

/// Pages came, or went.
pub fn pages(by: i64) {
    // Far fewer than a float counts exactly.
    #[expect(clippy::cast_precision_loss)]
    gauge!(PAGES).increment(by as f64);
}

/// A query that waits for its turn; it does so until this is dropped, or its turn comes.
#[must_use]
pub struct Queued(Class);

impl Queued {
    pub fn begin(class: Class) -> Queued {
        gauge!(QUEUED, "class" => class.name()).increment(1.0);
        Queued(class)
    }

    /// Its turn came, after so long.
    pub fn began(self, waited: Duration) {
        histogram!(QUEUE_SECONDS, "class" => self.0.name()).record(waited.as_secs_f64());
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        gauge!(QUEUED, "class" => self.0.name()).decrement(1.0);
    }
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
            refused(Class::Immediate, Refused::SiteOffline);
            rate_limited(Counted::FhirPost);
            executed(Class::Registered, Duration::from_millis(250), 40);
            executed(Class::Registered, Duration::from_millis(750), 2);
            ran(RunEnd::Unchanged);
            delivered(DeliveryStatus::Pending);
            pages(3);
            pages(-1);
            let _waits = Queued::begin(Class::Async);
            Queued::begin(Class::Async).began(Duration::from_secs(2));
            drop(Queued::begin(Class::Async));
            // While one still waits.
            let text = recorder.handle().render();
            for line in [
                r#"pilaster_queries_total{mode="async",status="expiredInQueue"} 1"#,
                r#"pilaster_queries_refused_total{class="immediate",reason="siteOffline"} 1"#,
                r#"pilaster_rate_limited_total{kind="fhirPost"} 1"#,
                r#"pilaster_query_execution_seconds_sum{class="registered"} 1"#,
                r#"pilaster_query_result_bytes_total{class="registered"} 42"#,
                r#"pilaster_registered_runs_total{outcome="unchanged"} 1"#,
                r#"pilaster_webhook_attempts_total{outcome="again"} 1"#,
                "pilaster_result_pages_kept 2",
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
