//! `pilaster admin webhook deliveries`: what became of messages. Ids, times and statuses; never what a query gave.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::failure::AdminError;
use super::find::{self, name_of};
use super::said::{Form, Said};
use super::state::State;
use crate::gateway::integrator::WebhookTarget;
use crate::gateway::webhook::{Delivery, DeliveryStatus};
use crate::store::{DeliveryFilter, Directory};

/// List messages to webhooks and what became of them, the newest first
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those to this integrator: a name or an id
    #[arg(long, value_name = "INTEGRATOR")]
    integrator: Option<String>,
    /// Only those that stand so
    #[arg(long, value_name = "STATUS")]
    status: Option<Status>,
    /// How many at the most
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    #[command(flatten)]
    form: Form,
}

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Status {
    /// It is tried, or will be; where its webhook is disabled, when that is enabled again
    Pending,
    Delivered,
    /// It was tried as often as it may be, or its receiver wants none
    Failed,
}

impl From<Status> for DeliveryStatus {
    fn from(status: Status) -> DeliveryStatus {
        match status {
            Status::Pending => DeliveryStatus::Pending,
            Status::Delivered => DeliveryStatus::Delivered,
            Status::Failed => DeliveryStatus::Failed,
        }
    }
}

fn name(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Failed => "failed",
    }
}

impl List {
    pub(super) fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let of = match &self.integrator {
            Some(asked) => Some(find::integrator(&directory, asked)?.id),
            None => None,
        };
        let all = state.deliveries(DeliveryFilter {
            integrator: of,
            status: self.status.map(DeliveryStatus::from),
            limit: usize::try_from(self.limit).unwrap_or(usize::MAX),
            ..DeliveryFilter::default()
        })?;
        let row = |it: &Delivery| row(&directory, it);
        let object = |it: &Delivery| object(&directory, it);
        let heads = [
            "ID",
            "OCCURRED",
            "INTEGRATOR",
            "ENVIRONMENT",
            "SOURCE",
            "STATUS",
            "ATTEMPTS",
            "LAST",
            "NEXT",
        ];
        Ok(self.form.list(&all, heads, row, object, "no messages"))
    }
}

fn row(directory: &Directory, it: &Delivery) -> [String; 9] {
    let said = it.last_status.map(|status| status.to_string());
    let last = said.or_else(|| it.last_problem.clone());
    let is_pending = it.status == DeliveryStatus::Pending;
    [
        it.id.to_string(),
        it.occurred_at.to_string(),
        name_of(directory, it.integrator).to_owned(),
        it.environment.name().to_owned(),
        it.source.name().to_owned(),
        name(it.status).to_owned(),
        it.attempts.to_string(),
        last.unwrap_or_else(|| "-".to_owned()),
        match (is_pending, is_held(directory, it)) {
            (_, true) => "when enabled".to_owned(),
            (true, false) => it.next_at.to_string(),
            (false, false) => "-".to_owned(),
        },
    ]
}

/// Whether it waits for a webhook that is disabled.
fn is_held(directory: &Directory, it: &Delivery) -> bool {
    let mut webhooks = directory.webhooks.iter();
    let of = |of: &WebhookTarget| (of.integrator, of.environment) == it.receiver() && of.disabled;
    it.status == DeliveryStatus::Pending && webhooks.any(of)
}

fn object(directory: &Directory, it: &Delivery) -> Value {
    let is_pending = it.status == DeliveryStatus::Pending;
    json!({
        "id": it.id,
        "integrator": name_of(directory, it.integrator),
        "environment": it.environment,
        "siteId": it.site,
        "queryId": it.query,
        "webhookSource": it.source,
        "occurredAt": it.occurred_at,
        "status": it.status,
        "attempts": it.attempts,
        "held": is_held(directory, it),
        "nextAt": is_pending.then_some(it.next_at),
        "lastStatus": it.last_status,
        "lastProblem": it.last_problem,
        "finishedAt": it.finished_at,
    })
}
