//! The log: to standard error, as lines for people or as JSON.
//!
//! What this program logs names no value of a request or a row. Other crates make no such promise: at
//! DEBUG and TRACE an HTTP library prints heads with their URLs and keys, a database library its
//! statements. So whatever level is asked for, they are held at WARN; only this crate's own events go
//! below.
//!
//! Lines are written by a thread of their own: where nobody reads them, requests go on, and lines are lost once so many wait.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use super::StartError;

/// Read first; the levels of this program only.
const OWN: &str = "PILASTER_LOG";
/// Read where the first is not set.
const COMMON: &str = "RUST_LOG";
const DEFAULT: &str = "info";
/// Lines that wait to be written, at the most.
const WAITING: usize = 16_384;

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Starts the log for the whole program. If there is one already it stays. What waits is written when the guard is dropped.
///
/// # Errors
/// [`StartError::LogFilter`]
pub(super) fn start(format: Format) -> Result<WorkerGuard, StartError> {
    let set = [OWN, COMMON]
        .into_iter()
        .find_map(|name| Some((name, std::env::var(name).ok()?)))
        .filter(|(_, text)| !text.trim().is_empty());
    let (variable, directives) = set.unwrap_or((OWN, DEFAULT.to_owned()));
    let levels = EnvFilter::try_new(directives).map_err(|_| StartError::LogFilter { variable })?;
    let filter = levels.and(filter_fn(may_be_said));
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING)
        .thread_name("log")
        .finish(std::io::stderr());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        Format::Text => lines.with_filter(filter).boxed(),
        Format::Json => lines.json().with_filter(filter).boxed(),
    };
    // Fails only where another log was started before, as a test may have done.
    let _ = tracing_subscriber::registry().with(lines).try_init();
    report_panics();
    Ok(guard)
}

/// Whether an event or span may be logged at all, whatever levels are asked for.
fn may_be_said(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let is_own = target == "pilaster" || target.starts_with("pilaster::");
    is_own || *metadata.level() <= Level::WARN
}

/// Logs where a panic happened, and not what it says: that may be a value.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| match panic.location() {
        Some(place) => tracing::error!(file = place.file(), line = place.line(), "panicked"),
        None => tracing::error!("panicked"),
    }));
}
