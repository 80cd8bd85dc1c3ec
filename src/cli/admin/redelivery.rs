//! `pilaster admin webhook redeliver`: messages that have failed are sent again, as what they were.

use std::collections::BTreeMap;

use super::failure::AdminError;
use super::find::{self, environment, name_of};
use super::said::{Said, count};
use super::state::State;
use crate::gateway::id::DeliveryId;
use crate::gateway::integrator::{Environment, WebhookTarget};
use crate::gateway::webhook::{Delivery, DeliveryStatus, Receiver};
use crate::journal::Entry;
use crate::store::{DeliveryFilter, Directory};

/// Send messages again that have failed: with the ids that they had, and with all their tries before them
///
/// A server that runs sends them within half a minute. A message is there for a week after it failed.
#[derive(Debug, clap::Args)]
pub(super) struct Redeliver {
    #[command(flatten)]
    which: Which,
    /// Of the integrator's messages, those of this environment only [default: of both]
    #[arg(
        long,
        value_name = "ENVIRONMENT",
        requires = "integrator",
        value_parser = environment()
    )]
    environment: Option<Environment>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// This message: an id, as `webhook deliveries` has it
    #[arg(value_name = "MESSAGE-ID", value_parser = message)]
    id: Option<DeliveryId>,
    /// All messages to this integrator that have failed: a name or an id
    #[arg(long, value_name = "INTEGRATOR")]
    integrator: Option<String>,
}

/// A message's id.
fn message(text: &str) -> Result<DeliveryId, String> {
    let id = text.parse();
    id.map_err(|_| "a message's id is a GUID, as `admin webhook deliveries` has it".to_owned())
}

impl Redeliver {
    pub(super) fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        match (self.which.id, &self.which.integrator) {
            (Some(id), _) => one(state, &directory, id),
            (None, Some(asked)) => self.all(state, &directory, asked),
            // clap has seen to it.
            (None, None) => Ok(Said::default()),
        }
    }

    /// All that have failed, where there is a webhook that they can go to.
    fn all(&self, state: &State, directory: &Directory, asked: &str) -> Result<Said, AdminError> {
        let integrator = find::integrator(directory, asked)?;
        let failed = state.deliveries(DeliveryFilter {
            integrator: Some(integrator.id),
            environment: self.environment,
            status: Some(DeliveryStatus::Failed),
            limit: usize::MAX,
            ..DeliveryFilter::default()
        })?;
        let mut receivers: BTreeMap<Receiver, usize> = BTreeMap::new();
        for message in &failed {
            *receivers.entry(message.receiver()).or_default() += 1;
        }
        let mut said = Said::default();
        for (receiver, failed) in receivers {
            let (_, environment) = receiver;
            let Some(target) = target(directory, receiver) else {
                said = said.and(format!(
                    "warning: failed still: {} to {} in {}, where no webhook is set; `admin webhook set` sets one",
                    count(failed, "message"),
                    integrator.name,
                    environment.name()
                ));
                continue;
            };
            let entry = Entry::of_redelivery(receiver, None);
            let filter = DeliveryFilter {
                integrator: Some(integrator.id),
                environment: Some(environment),
                limit: usize::MAX,
                ..DeliveryFilter::default()
            };
            let again = state.redeliver(filter, &entry)?;
            said = said.and(told(again, &integrator.name, target));
        }
        Ok(match failed.is_empty() {
            true => Said::done(format!(
                "no message to {}{} has failed in the last week",
                integrator.name,
                match self.environment {
                    Some(environment) => format!(" in {}", environment.name()),
                    None => String::new(),
                }
            )),
            false => said,
        })
    }
}

fn one(state: &State, directory: &Directory, id: DeliveryId) -> Result<Said, AdminError> {
    let filter = DeliveryFilter {
        id: Some(id),
        limit: 1,
        ..DeliveryFilter::default()
    };
    let found = state.deliveries(filter.clone())?;
    let message: &Delivery = found.first().ok_or(AdminError::NoMessage(id))?;
    let name = name_of(directory, message.integrator);
    match message.status {
        DeliveryStatus::Failed => {}
        DeliveryStatus::Pending => {
            return Ok(Said::done(format!(
                "message {id} to {name} is pending already"
            )));
        }
        DeliveryStatus::Delivered => return Err(AdminError::Delivered(id)),
    }
    let target = target(directory, message.receiver()).ok_or_else(|| AdminError::NoWebhook {
        integrator: name.to_owned(),
        environment: Some(message.environment.name()),
    })?;
    let entry = Entry::of_redelivery(message.receiver(), Some(message));
    let again = state.redeliver(filter, &entry)?;
    Ok(Said::done(told(again, name, target)))
}

/// Where messages to a receiver go.
fn target(directory: &Directory, (of, environment): Receiver) -> Option<&WebhookTarget> {
    let mut all = directory.webhooks.iter();
    all.find(|target| target.integrator == of && target.environment == environment)
}

/// What becomes of the messages that are pending again.
fn told(again: usize, name: &str, target: &WebhookTarget) -> String {
    let what = count(again, "message");
    let to = format!("to {name} in {}", target.environment.name());
    match target.disabled {
        true => format!(
            "pending again: {what} {to}, until `admin webhook enable`, since the webhook is disabled"
        ),
        false => {
            format!("pending again: {what} {to}; a server that runs sends within half a minute")
        }
    }
}
