//! `pilaster admin integrator`: who has keys.

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::AdminError;
use super::find::{self, new_name};
use super::key::{self, First};
use super::said::{Form, Said, count};
use super::show;
use super::state::State;
use crate::gateway::id::IntegratorId;
use crate::gateway::integrator::{AddressRange, Integrator};
use crate::gateway::rate::Limit;
use crate::store::{Change, Directory};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add an integrator; with --key and --environment, its first key too, which is printed once
    Add(Add),
    /// List all integrators, with how many keys and pairings of each are in force; keys are over that were revoked or expired
    List(Form),
    Show(show::Show),
    /// Change an integrator
    Set(Set),
    /// Refuse all its requests until it is enabled again; what it has is kept
    Disable(Named),
    /// Let a disabled integrator in again
    Enable(Named),
    /// Remove an integrator with all that is its own: keys, pairings, logins, webhooks, queries and their results
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// A name of its own, for people
    #[arg(value_name = "NAME", value_parser = new_name)]
    name: String,
    /// Queries that it may send in any rolling 5 seconds, of those that count [default: the server's rate-limit]
    #[arg(long, value_name = "NUMBER", value_parser = rate)]
    rate: Option<u32>,
    /// An address that its requests may come from, or a range: 192.0.2.0/24. May be given several times [default: any address]
    #[arg(long, value_name = "RANGE")]
    address: Vec<AddressRange>,
    #[command(flatten)]
    first: First,
}

#[derive(Debug, clap::Args)]
pub(super) struct Set {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// Another name
    #[arg(long, value_name = "NEW", value_parser = new_name)]
    name: Option<String>,
    /// Queries that it may send in any rolling 5 seconds, of those that count; `default`: as many as the server's rate-limit says
    #[arg(long, value_name = "NUMBER|default", value_parser = rate_or_default)]
    rate: Option<Rate>,
    /// An address that its requests may come from, or a range: 192.0.2.0/24. May be given several times; those that were there before go
    #[arg(long, value_name = "RANGE", conflicts_with = "any_address")]
    address: Vec<AddressRange>,
    /// Let its requests come from any address
    #[arg(long)]
    any_address: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// Its name or id
    #[arg(value_name = "INTEGRATOR")]
    pub(super) integrator: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Remove {
    #[command(flatten)]
    named: Named,
    /// Yes, with all that is its own
    #[arg(long)]
    yes: bool,
}

/// A rate that is set: None for the server's own.
#[derive(Debug, Clone, Copy)]
struct Rate(Option<u32>);

fn rate(text: &str) -> Result<u32, String> {
    let most = u32::from(Limit::MOST);
    let rate = text.parse().ok().filter(|rate| (1..=most).contains(rate));
    rate.ok_or_else(|| format!("a number of queries in any 5 seconds, from 1 to {most}"))
}

fn rate_or_default(text: &str) -> Result<Rate, String> {
    match text {
        "default" => Ok(Rate(None)),
        _ => rate(text)
            .map(|rate| Rate(Some(rate)))
            .map_err(|problem| format!("{problem}, or `default`")),
    }
}

impl Command {
    pub(super) fn begins(&self) -> bool {
        matches!(self, Command::Add(_))
    }

    pub(super) fn run(self, state: &State) -> Result<Said, AdminError> {
        match self {
            Command::Add(add) => add.run(state),
            Command::List(form) => list(form, state),
            Command::Show(show) => show.run(state),
            Command::Set(set) => set.run(state),
            Command::Disable(named) => named.switch(state, true),
            Command::Enable(named) => named.switch(state, false),
            Command::Remove(remove) => remove.run(state),
        }
    }
}

impl Add {
    fn run(self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        check_free(&directory, &self.name, None)?;
        let integrator = Integrator {
            id: IntegratorId::generate(),
            name: self.name,
            created_at: state.now,
            rate: self.rate,
            addresses: self.address,
            disabled: false,
        };
        state.change(Change::AddIntegrator(integrator.clone()))?;
        let said = Said::done(format!(
            "integrator {} added, with the id {}",
            integrator.name, integrator.id
        ));
        match self.first.wanted() {
            Some((environment, expires)) => {
                key::add(state, &integrator, environment, expires, said)
            }
            None => Ok(said),
        }
    }
}

/// A name is free where no other integrator has it.
fn check_free(
    directory: &Directory,
    name: &str,
    own: Option<IntegratorId>,
) -> Result<(), AdminError> {
    let mut others = directory.integrators.iter();
    let has_it = |one: &&Integrator| Some(one.id) != own && find::is_same_name(&one.name, name);
    match others.find(has_it) {
        Some(taken) => Err(AdminError::NameTaken(taken.name.clone())),
        None => Ok(()),
    }
}

impl Set {
    fn run(self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let was = find::integrator(&directory, &self.named.integrator)?;
        let mut integrator = was.clone();
        let mut said = Vec::new();
        let Changes {
            name,
            rate,
            address,
            any_address,
        } = self.changes;
        if let Some(name) = name {
            check_free(&directory, &name, Some(was.id))?;
            said.push(format!("it is called {name}"));
            integrator.name = name;
        }
        if let Some(Rate(rate)) = rate {
            integrator.rate = rate;
            said.push(format!("its rate is {}", rate_text(rate)));
        }
        if any_address || !address.is_empty() {
            integrator.addresses = address;
            let from = addresses_text(&integrator);
            said.push(format!("its requests may come from {from}"));
        }
        state.change(Change::SetIntegrator(integrator))?;
        Ok(Said::done(format!("{}: {}", was.name, said.join("; "))))
    }
}

impl Named {
    fn switch(&self, state: &State, disabled: bool) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let found = find::integrator(&directory, &self.integrator)?;
        let what = match disabled {
            true => "disabled: all its requests are refused",
            false => "enabled",
        };
        if found.disabled == disabled {
            return Ok(Said::done(format!("{} was {what} already", found.name)));
        }
        state.change(Change::SetIntegrator(Integrator {
            disabled,
            ..found.clone()
        }))?;
        Ok(Said::done(format!("{} is {what}", found.name)))
    }
}

impl Remove {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let found = find::integrator(&directory, &self.named.integrator)?;
        let what = Belongings::of(&directory, found.id).text();
        if !self.yes {
            let name = found.name.clone();
            return Err(AdminError::NotSure { name, what });
        }
        state.change(Change::RemoveIntegrator(found.id))?;
        Ok(Said::done(format!("{} removed, with {what}", found.name)))
    }
}

/// How much an integrator has.
struct Belongings {
    keys: usize,
    pairings: usize,
    logins: usize,
    webhooks: usize,
}

impl Belongings {
    fn of(directory: &Directory, id: IntegratorId) -> Belongings {
        let all = directory;
        Belongings {
            keys: all.keys.iter().filter(|it| it.integrator == id).count(),
            pairings: all.pairings.iter().filter(|it| it.integrator == id).count(),
            logins: all.logins.iter().filter(|(of, ..)| *of == id).count(),
            webhooks: all.webhooks.iter().filter(|it| it.integrator == id).count(),
        }
    }

    fn text(&self) -> String {
        format!(
            "{}, {}, {} and {}",
            count(self.keys, "key"),
            count(self.pairings, "pairing"),
            count(self.logins, "login"),
            count(self.webhooks, "webhook")
        )
    }
}

/// What is in force of all that there is of something; what is not is told apart, with why.
fn in_force(now: usize, all: usize, others: &str) -> String {
    match all - now {
        0 => now.to_string(),
        not => format!("{now} ({not} {others})"),
    }
}

fn list(form: Form, state: &State) -> Result<Said, AdminError> {
    let directory = &state.directory()?;
    let row = |one: &Integrator| {
        let has = Belongings::of(directory, one.id);
        let keys = find::usable_keys(directory, one.id, state.now).count();
        let pairings = directory.pairings.iter();
        let enabled = pairings.filter(|it| it.integrator == one.id && it.enabled);
        [
            one.name.clone(),
            one.id.to_string(),
            state_text(one).to_owned(),
            rate_text(one.rate),
            addresses_text(one),
            in_force(keys, has.keys, "over"),
            in_force(enabled.count(), has.pairings, "disabled"),
        ]
    };
    let heads = [
        "NAME",
        "ID",
        "STATE",
        "RATE",
        "ADDRESSES",
        "KEYS",
        "PAIRINGS",
    ];
    let all = &directory.integrators;
    Ok(form.list(all, heads, row, object, "no integrators yet"))
}

pub(super) fn state_text(one: &Integrator) -> &'static str {
    match one.disabled {
        true => "disabled",
        false => "enabled",
    }
}

pub(super) fn rate_text(rate: Option<u32>) -> String {
    rate.map_or_else(
        || "the server's".to_owned(),
        |rate| format!("{rate} in 5 s"),
    )
}

pub(super) fn addresses_text(one: &Integrator) -> String {
    if one.addresses.is_empty() {
        return "any address".to_owned();
    }
    let ranges = one.addresses.iter().map(AddressRange::to_string);
    ranges.collect::<Vec<_>>().join(", ")
}

pub(super) fn object(one: &Integrator) -> Value {
    let addresses = one.addresses.iter().map(AddressRange::to_string);
    json!({
        "id": one.id,
        "name": one.name,
        "createdAt": one.created_at,
        "disabled": one.disabled,
        "rate": one.rate,
        "addresses": addresses.collect::<Vec<_>>(),
    })
}
