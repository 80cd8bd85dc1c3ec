//! `pilaster admin key`: subscription keys. What is kept of one is its hash and its last four characters.

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::AdminError;
use super::find::{self, environment, name_of};
use super::said::{Form, Said};
use super::secrets;
use super::span::expiry;
use super::state::State;
use crate::gateway::caller::key_hash;
use crate::gateway::id::KeyId;
use crate::gateway::integrator::{Environment, Integrator, Key};
use crate::gateway::moment::Moment;
use crate::store::{Change, Directory};

/// Subscription keys
///
/// An integrator may have several at once, so that one is exchanged for another without a break: add the new one, let the
/// integrator change over to it, then revoke the old one.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key and print it, once: it stands alone on standard output, so that it can be captured
    ///
    /// Requests bring it in the header Ocp-Apim-Subscription-Key. Its hash is kept, so that nobody can see it again. To
    /// exchange a key for another without a break: add the new one, let the integrator change over to it, revoke the old one.
    Add(Add),
    /// List keys by their last four characters
    List(List),
    /// Revoke a key for good: requests that bring it are refused, and tokens of devices that were made with it
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// Whose key it is: a name or an id
    #[arg(value_name = "INTEGRATOR")]
    integrator: String,
    /// Where it counts: it is refused at the sites of the other
    #[arg(long, value_name = "ENVIRONMENT", value_parser = environment())]
    environment: Environment,
    #[command(flatten)]
    end: End,
}

#[derive(Debug, Clone, Copy, clap::Args)]
struct End {
    /// Until when it is good: through a day (2027-01-31, UTC), or for a time (90d) [default: until it is revoked]
    #[arg(long, value_name = "DATE|TIME", value_parser = expiry)]
    expires: Option<Moment>,
}

/// A key that an integrator is given as it is added.
#[derive(Debug, clap::Args)]
pub(super) struct First {
    /// Make a first key, and print it once
    #[arg(long, requires = "environment")]
    key: bool,
    /// Where the first key counts
    #[arg(long, value_name = "ENVIRONMENT", requires = "key", value_parser = environment())]
    environment: Option<Environment>,
    /// Until when the first key is good: through a day (2027-01-31, UTC), or for a time (90d) [default: until it is revoked]
    #[arg(long, value_name = "DATE|TIME", requires = "key", value_parser = expiry)]
    expires: Option<Moment>,
}

impl First {
    /// Where it counts and until when, if one is wanted.
    pub(super) fn wanted(&self) -> Option<(Environment, Option<Moment>)> {
        Some((self.environment?, self.expires))
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those of this integrator: a name or an id
    #[arg(value_name = "INTEGRATOR")]
    integrator: Option<String>,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    /// The key's id, as `key list` has it; not the key itself
    #[arg(value_name = "KEY-ID")]
    id: String,
}

impl Command {
    pub(super) fn run(self, state: &State) -> Result<Said, AdminError> {
        match self {
            Command::Add(it) => {
                let directory = state.directory()?;
                let integrator = find::integrator(&directory, &it.integrator)?;
                let said = Said::default();
                add(state, integrator, it.environment, it.end.expires, said)
            }
            Command::List(list) => list.run(state),
            Command::Revoke(revoke) => revoke.run(state),
        }
    }
}

/// Makes a key, keeps what is kept of it, and says it with what was said before.
pub(super) fn add(
    state: &State,
    integrator: &Integrator,
    environment: Environment,
    expires_at: Option<Moment>,
    said: Said,
) -> Result<Said, AdminError> {
    let secret = secrets::subscription_key(environment)?;
    let key = Key {
        id: KeyId::generate(),
        integrator: integrator.id,
        environment,
        hash: key_hash(secret.reveal().as_bytes()),
        ends: secrets::ending(&secret),
        created_at: state.now,
        expires_at,
        revoked_at: None,
    };
    let until = match expires_at {
        Some(at) => format!("good until {at}"),
        None => "good until it is revoked".to_owned(),
    };
    let added = format!(
        "key {} of {} added for {}, {until}",
        key.id,
        integrator.name,
        environment.name()
    );
    let warning = integrator.disabled.then(|| {
        format!(
            "warning: {} is disabled, so that the key opens nothing until `admin integrator enable`",
            integrator.name
        )
    });
    state.change(Change::AddKey(key))?;
    Ok(said
        .and(added)
        .and_maybe(warning)
        .and("it is shown this once: hand it over by a safe way; requests bring it in the header Ocp-Apim-Subscription-Key")
        .with_secret(&secret))
}

impl List {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let of = match &self.integrator {
            Some(asked) => Some(find::integrator(&directory, asked)?.id),
            None => None,
        };
        let keys = directory.keys.iter();
        let keys: Vec<&Key> = keys
            .filter(|key| of.is_none_or(|of| key.integrator == of))
            .collect();
        let listed = |key: &&Key| {
            let [ends, id, environment, added, fate] = row(key, state.now);
            let integrator = name_of(&directory, key.integrator).to_owned();
            [integrator, ends, id, environment, added, fate]
        };
        let object = |key: &&Key| object(&directory, key, state.now);
        let heads = ["INTEGRATOR", "ENDS", "ID", "ENVIRONMENT", "ADDED", "STATE"];
        Ok(self.form.list(&keys, heads, listed, object, "no keys"))
    }
}

impl Revoke {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        let id: KeyId = self.id.parse().map_err(|_| AdminError::NoKeyId)?;
        let directory = state.directory()?;
        let mut keys = directory.keys.iter();
        let key = keys.find(|key| key.id == id).ok_or(AdminError::NoKey(id))?;
        let name = name_of(&directory, key.integrator);
        let which = format!(
            "the key of {name} for {} that ends in {}",
            key.environment.name(),
            key.ends
        );
        if let Some(at) = key.revoked_at {
            return Ok(Said::done(format!("{which} was revoked already, at {at}")));
        }
        state.change(Change::RevokeKey(id, state.now))?;
        let mut others = find::usable_keys(&directory, key.integrator, state.now);
        let is_last = !others.any(|other| other.id != id && other.environment == key.environment);
        let warning = is_last.then(|| {
            let environment = key.environment.name();
            format!("warning: {name} has no other key for {environment}")
        });
        Ok(Said::done(format!("{which} is revoked")).and_maybe(warning))
    }
}

/// What is to be seen of a key: its last four characters, its id, where it counts, since when, and how it stands.
pub(super) fn row(key: &Key, now: Moment) -> [String; 5] {
    let stands = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) if at <= now => format!("expired {at}"),
        (None, Some(at)) => format!("good until {at}"),
        (None, None) => "good".to_owned(),
    };
    [
        format!("…{}", key.ends),
        key.id.to_string(),
        key.environment.name().to_owned(),
        key.created_at.to_string(),
        stands,
    ]
}

pub(super) fn object(directory: &Directory, key: &Key, now: Moment) -> Value {
    let is_over = |at: Option<Moment>| at.is_some_and(|at| at <= now);
    json!({
        "id": key.id,
        "integrator": name_of(directory, key.integrator),
        "environment": key.environment,
        "ends": key.ends,
        "createdAt": key.created_at,
        "expiresAt": key.expires_at,
        "revokedAt": key.revoked_at,
        "usable": !is_over(key.revoked_at) && !is_over(key.expires_at),
    })
}
