//! The numbers of `/metrics`: what there are, and where they are counted.
//!
//! Labels are from closed sets: interactions of R4 and `explain`, resource types that a site serves, statuses, stages.
//! Rows left out and odd values are counted where they are found, in [`crate::site`].

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use super::app::Served;
use super::observe::Trail;
use crate::site::Timings;

const REQUESTS: &str = "pilaster_requests_total";
const REQUEST_SECONDS: &str = "pilaster_request_duration_seconds";
const STAGE_SECONDS: &str = "pilaster_stage_duration_seconds";
const SITE_UP: &str = "pilaster_site_up";
const IN_FLIGHT: &str = "pilaster_requests_in_flight";

/// Bounds of the buckets of durations, in seconds: from parsing to a slow database.
const BUCKETS: [f64; 16] = [
    0.000_005, 0.000_02, 0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
    0.5, 1.0, 5.0, 30.0,
];

/// Starts counting, for the whole program; a second call gives what the first one did.
///
/// # Errors
/// When something else records metrics already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)?
        .install_recorder()?;
    describe_counter!(
        REQUESTS,
        "Requests by the status of their answer; `none` where nobody was there any more to be answered"
    );
    describe_histogram!(
        REQUEST_SECONDS,
        "From a request's head to its answer, or to the end of its connection"
    );
    describe_histogram!(
        STAGE_SECONDS,
        "Time in each stage of an answered FHIR request"
    );
    describe_gauge!(IN_FLIGHT, "Requests under way");
    describe_counter!(
        "pilaster_rows_left_out_total",
        "Rows that could not be a resource and were left out"
    );
    describe_counter!(
        "pilaster_odd_values_total",
        "Values of rows that could not be a FHIR value and were left out"
    );
    describe_gauge!(
        SITE_UP,
        "1 where requests to a site reach a database of it, 0 where all are turned away with the reason"
    );
    crate::passthrough::describe_metrics();
    crate::gateway::meter::describe();
    crate::journal::describe_metrics();
    crate::gateway::webhook::describe_metrics();
    *installed = Some(handle.clone());
    Ok(handle)
}

/// The numbers, in Prometheus' text format: of the sites that are served, each with whether it is up, and no others.
pub(super) fn render(handle: &PrometheusHandle, served: &Served) -> String {
    let mut ids = BTreeSet::new();
    for site in served.sites() {
        let up = if site.is_up() { 1.0 } else { 0.0 };
        gauge!(SITE_UP, "site" => site.id().to_owned()).set(up);
        ids.insert(site.id().to_owned());
    }
    let text = handle.render();
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let site = line.split_once("site=\"");
        let id = site.and_then(|(_, rest)| rest.split('"').next());
        // A site that was taken out of the configuration is counted no more.
        if id.is_none_or(|id| ids.contains(id)) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Counts a request; one without a status was not answered.
pub(super) fn request(trail: &Trail, status: impl Into<Option<StatusCode>>, took: Duration) {
    let interaction = trail.interaction.unwrap_or("other");
    counter!(
        REQUESTS,
        "interaction" => interaction,
        "resource" => trail.resource.unwrap_or(""),
        "status" => status.into().map_or("none", status_text),
    )
    .increment(1);
    histogram!(REQUEST_SECONDS, "interaction" => interaction).record(took.as_secs_f64());
}

/// Counts the stages of an answer.
pub(super) fn stages(timings: &Timings) {
    for (stage, took) in named(timings) {
        histogram!(STAGE_SECONDS, "stage" => stage).record(took.as_secs_f64());
    }
}

/// The stages by the names that metrics and `Server-Timing` give them.
pub(super) fn named(timings: &Timings) -> impl Iterator<Item = (&'static str, Duration)> {
    [
        ("parse", timings.parse),
        ("plan", timings.plan),
        ("sql", timings.sql),
        ("db", timings.database),
        ("assemble", timings.assemble),
    ]
    .into_iter()
    .chain(timings.xml.map(|took| ("xml", took)))
}

/// Statuses that this server gives, as labels without an allocation.
fn status_text(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200 => "200",
        201 => "201",
        202 => "202",
        204 => "204",
        304 => "304",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        406 => "406",
        408 => "408",
        410 => "410",
        412 => "412",
        413 => "413",
        414 => "414",
        415 => "415",
        429 => "429",
        431 => "431",
        500 => "500",
        503 => "503",
        504 => "504",
        _ => "other",
    }
}

/// One request under way; over when it is dropped, also when its caller goes away.
pub(super) struct InFlight;

impl InFlight {
    pub(super) fn begin() -> InFlight {
        gauge!(IN_FLIGHT).increment(1);
        InFlight
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(1);
    }
}
