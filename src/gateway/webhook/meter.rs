//! Numbers of webhooks, for `/metrics`. Labels are from closed sets: what became of a message, and what kind of answer it had.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::retry::{Answer, Next, Problem};

const ATTEMPTS: &str = "pilaster_webhook_attempts_total";
const SECONDS: &str = "pilaster_webhook_attempt_duration_seconds";
const HELD: &str = "pilaster_webhook_messages_held";

/// Says what the numbers mean; once, where they are recorded.
pub fn describe() {
    describe_counter!(
        ATTEMPTS,
        "Attempts to deliver a message to a webhook, by what becomes of it (delivered, again, failed) and by what came back"
    );
    describe_histogram!(
        SECONDS,
        "From an attempt's beginning to the head of its answer, or to its end without one"
    );
    describe_gauge!(
        HELD,
        "Messages that were taken up and wait for their receiver (waiting), and attempts under way (sending)"
    );
}

/// An attempt ended.
pub(super) fn tried(answer: Answer, next: Next, took: Duration) {
    counter!(ATTEMPTS, "outcome" => outcome(next), "answer" => kind(answer)).increment(1);
    histogram!(SECONDS).record(took.as_secs_f64());
}

/// A message that nothing can be sent of: its webhook was taken away, or is none any more.
pub(in crate::gateway) fn given_up(messages: usize) {
    counter!(ATTEMPTS, "outcome" => outcome(Next::Failed), "answer" => "no_webhook")
        .increment(messages as u64);
}

/// How many messages are held.
pub(super) fn held(waiting: usize, sending: usize) {
    for (state, count) in [("waiting", waiting), ("sending", sending)] {
        // So few that a float counts them exactly.
        gauge!(HELD, "state" => state).set(count as f64);
    }
}

fn outcome(next: Next) -> &'static str {
    match next {
        Next::Delivered => "delivered",
        Next::Again(_) => "again",
        Next::Failed => "failed",
    }
}

fn kind(answer: Answer) -> &'static str {
    match answer {
        Answer::Status(200..=299, _) => "2xx",
        Answer::Status(300..=399, _) => "3xx",
        Answer::Status(400..=499, _) => "4xx",
        Answer::Status(500..=599, _) => "5xx",
        Answer::Status(..) => "other",
        Answer::Nothing(problem) => match problem {
            Problem::TimedOut => "timeout",
            Problem::Unresolved => "no_address",
            Problem::Closed => "private_address",
            Problem::Unreachable => "no_connection",
            Problem::Tls => "tls",
            Problem::Lost => "lost",
        },
    }
}
