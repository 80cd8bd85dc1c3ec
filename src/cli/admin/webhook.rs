//! `pilaster admin webhook`: where messages to an integrator go, and what signs them.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::AdminError;
use super::find::{self, environment, name_of};
use super::said::{Form, Said};
use super::secrets;
use super::state::State;
use super::{delivery, redelivery};
use crate::gateway::integrator::{Environment, Integrator, WebhookTarget};
use crate::gateway::webhook::url::Template;
use crate::secret::Secret;
use crate::store::{Change, Directory};

/// Where integrators are told that a query has ended or a result has changed; never what it is
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say where an integrator's messages go. The secret that signs them is made when there is none yet, and printed once: it stands alone on standard output
    Set(Set),
    /// Send nothing until it is enabled again: messages wait for that, each for a week at the most
    Disable(Which),
    /// Send messages again, those first that waited
    Enable(Which),
    /// Forget a webhook with its secret; messages that wait for it fail
    Remove(Which),
    /// List webhooks, without their secrets: values in the query of a URL are shown as ***
    List(List),
    Deliveries(delivery::List),
    Redeliver(redelivery::Redeliver),
}

#[derive(Debug, clap::Args)]
pub(super) struct Set {
    /// Whose messages: a name or an id
    #[arg(value_name = "INTEGRATOR")]
    integrator: String,
    /// Those of which environment
    #[arg(long, value_name = "ENVIRONMENT", value_parser = environment())]
    environment: Environment,
    /// Where they go: an https URL, in which {siteId}, {queryId} and {source} stand for the message's own
    ///
    /// A private address, or plain http, is taken where the configuration's [webhooks] says `allow-private = true`: name it with
    /// --config.
    #[arg(long, value_name = "URL")]
    url: String,
    #[command(flatten)]
    secret: Signing,
}

/// Where the secret that signs comes from: else it stays as it was.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Signing {
    /// The file that holds the secret that signs
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The environment variable that holds the secret that signs
    #[arg(long, value_name = "VARIABLE")]
    secret_env: Option<String>,
    /// Make another secret, and print it once
    #[arg(long)]
    new_secret: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Whose webhook: a name or an id
    #[arg(value_name = "INTEGRATOR")]
    integrator: String,
    /// That of which environment [default: the one where there is one]
    #[arg(long, value_name = "ENVIRONMENT", value_parser = environment())]
    environment: Option<Environment>,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those of this integrator: a name or an id
    #[arg(value_name = "INTEGRATOR")]
    integrator: Option<String>,
    #[command(flatten)]
    form: Form,
}

impl Command {
    pub(super) fn run(self, state: &State) -> Result<Said, AdminError> {
        match self {
            Command::Set(set) => set.run(state),
            Command::Disable(which) => which.switch(state, true),
            Command::Enable(which) => which.switch(state, false),
            Command::Remove(which) => which.remove(state),
            Command::List(list) => list.run(state),
            Command::Deliveries(list) => list.run(state),
            Command::Redeliver(redeliver) => redeliver.run(state),
        }
    }
}

/// A secret, and whether it was made just now.
struct Signs {
    secret: Secret,
    is_made: bool,
}

impl Signing {
    fn secret(&self, known: Option<&WebhookTarget>) -> Result<Signs, AdminError> {
        let (file, variable) = (self.secret_file.as_deref(), self.secret_env.as_deref());
        let given = secrets::read(file, variable, "--secret-env")?;
        let kept = known.filter(|_| !self.new_secret);
        let kept = kept.map(|known| known.secret.clone());
        Ok(match given.or(kept) {
            Some(secret) => Signs {
                secret,
                is_made: false,
            },
            None => Signs {
                secret: secrets::webhook_secret()?,
                is_made: true,
            },
        })
    }
}

impl Set {
    fn run(self, state: &State) -> Result<Said, AdminError> {
        let parsed = Template::parse(&self.url, state.allows_private_webhooks());
        parsed.map_err(|source| AdminError::WebhookUrl {
            source,
            config: state.config().map(|(path, _)| path.to_owned()),
        })?;
        let directory = state.directory()?;
        let integrator = find::integrator(&directory, &self.integrator)?;
        let of_integrator = targets(&directory, integrator);
        let known = of_integrator
            .into_iter()
            .find(|target| target.environment == self.environment);
        let Signs { secret, is_made } = self.secret.secret(known)?;
        let disabled = known.is_some_and(|known| known.disabled);
        let target = WebhookTarget {
            integrator: integrator.id,
            environment: self.environment,
            url: self.url,
            secret: secret.clone(),
            disabled,
        };
        let told = format!(
            "messages to {} in {} go to {}",
            integrator.name,
            target.environment.name(),
            target.shown_url()
        );
        state.change(Change::SetWebhook(target))?;
        let warning = disabled
            .then_some("warning: it is disabled, and messages wait until `admin webhook enable`");
        let said = Said::done(told).and_maybe(warning.map(str::to_owned));
        Ok(match is_made {
            true => said
                .and("the secret that signs them is shown this once: hand it over by a safe way")
                .with_secret(&secret),
            false => said,
        })
    }
}

/// An integrator's webhooks.
fn targets<'d>(directory: &'d Directory, of: &Integrator) -> Vec<&'d WebhookTarget> {
    let all = directory.webhooks.iter();
    all.filter(|target| target.integrator == of.id).collect()
}

impl Which {
    /// Whose webhook is meant, and which it is.
    fn find<'d>(
        &self,
        directory: &'d Directory,
    ) -> Result<(&'d Integrator, &'d WebhookTarget), AdminError> {
        let integrator = find::integrator(directory, &self.integrator)?;
        let mut all = targets(directory, integrator);
        all.retain(|it| {
            self.environment
                .is_none_or(|wanted| it.environment == wanted)
        });
        match all[..] {
            [] => Err(AdminError::NoWebhook {
                integrator: integrator.name.clone(),
                environment: self.environment.map(Environment::name),
            }),
            [one] => Ok((integrator, one)),
            _ => Err(AdminError::WhichEnvironment(format!(
                "{} has webhooks in both environments",
                integrator.name
            ))),
        }
    }

    fn switch(&self, state: &State, disabled: bool) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let (integrator, target) = self.find(&directory)?;
        let which = text(integrator, target);
        let what = state_text(disabled);
        if target.disabled == disabled {
            return Ok(Said::done(format!("{which} was {what} already")));
        }
        state.change(Change::SetWebhook(WebhookTarget {
            disabled,
            ..target.clone()
        }))?;
        let then = match disabled {
            true => "its messages wait until it is enabled again, each for a week at the most",
            false => "messages that waited for it are sent now",
        };
        Ok(Said::done(format!("{which} is {what}: {then}")))
    }

    fn remove(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let (integrator, target) = self.find(&directory)?;
        state.change(Change::RemoveWebhook(integrator.id, target.environment))?;
        Ok(Said::done(format!(
            "{} is removed, and messages that waited for it fail",
            text(integrator, target)
        )))
    }
}

/// A webhook, in a sentence.
fn text(integrator: &Integrator, target: &WebhookTarget) -> String {
    let environment = target.environment.name();
    format!("the webhook of {} in {environment}", integrator.name)
}

fn state_text(disabled: bool) -> &'static str {
    match disabled {
        true => "disabled",
        false => "enabled",
    }
}

impl List {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let of = match &self.integrator {
            Some(asked) => Some(find::integrator(&directory, asked)?.id),
            None => None,
        };
        let mut all: Vec<&WebhookTarget> = directory
            .webhooks
            .iter()
            .filter(|target| of.is_none_or(|of| target.integrator == of))
            .collect();
        all.sort_by_key(|target| (name_of(&directory, target.integrator), target.environment));
        let listed = |target: &&WebhookTarget| {
            let [environment, stands, url] = row(target);
            let integrator = name_of(&directory, target.integrator).to_owned();
            [integrator, environment, stands, url]
        };
        let object = |target: &&WebhookTarget| object(&directory, target);
        let heads = ["INTEGRATOR", "ENVIRONMENT", "STATE", "URL"];
        Ok(self.form.list(&all, heads, listed, object, "no webhooks"))
    }
}

/// What is to be seen of a webhook: of which messages, how it stands, and where they go.
pub(super) fn row(target: &WebhookTarget) -> [String; 3] {
    [
        target.environment.name().to_owned(),
        state_text(target.disabled).to_owned(),
        target.shown_url(),
    ]
}

pub(super) fn object(directory: &Directory, target: &WebhookTarget) -> Value {
    json!({
        "integrator": name_of(directory, target.integrator),
        "environment": target.environment,
        "url": target.shown_url(),
        "disabled": target.disabled,
    })
}
