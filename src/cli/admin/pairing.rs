//! `pilaster admin pair`, `unpair`, `pairings`: at which practices an integration is enabled.

use serde_json::{Value, json};

use super::failure::AdminError;
use super::find::{self, environment, name_of};
use super::said::{Form, Said};
use super::state::State;
use crate::gateway::id::SiteId;
use crate::gateway::integrator::{Environment, Integrator, Pairing};
use crate::store::{Change, Directory};

/// Enable an integration at a practice: its keys may ask the site
#[derive(Debug, clap::Args)]
pub(super) struct Pair {
    #[command(flatten)]
    whom: Whom,
    /// Whose keys: those of the site's environment [default: what the configuration says of the site, else where all the integrator's keys are]
    #[arg(long, value_name = "ENVIRONMENT", value_parser = environment())]
    environment: Option<Environment>,
}

/// Disable an integration at a practice; that it was paired is kept, and `pair` enables it again
#[derive(Debug, clap::Args)]
pub(super) struct Unpair {
    #[command(flatten)]
    whom: Whom,
    /// In this environment only [default: in both]
    #[arg(long, value_name = "ENVIRONMENT", value_parser = environment())]
    environment: Option<Environment>,
}

#[derive(Debug, clap::Args)]
struct Whom {
    /// Its name or id
    #[arg(value_name = "INTEGRATOR")]
    integrator: String,
    /// The practice's id
    #[arg(value_name = "SITE", value_parser = find::site)]
    site: SiteId,
}

/// List at which practices which integrations are, or were, enabled
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those of this integrator: a name or an id
    #[arg(value_name = "INTEGRATOR")]
    integrator: Option<String>,
    /// Only those at this practice
    #[arg(long, value_name = "SITE", value_parser = find::site)]
    site: Option<SiteId>,
    #[command(flatten)]
    form: Form,
}

impl Pair {
    pub(super) fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let integrator = find::integrator(&directory, &self.whom.integrator)?;
        let site = self.whom.site;
        let of_site = state.site(site).map(|site| site.identity.environment);
        let environment = self.environment.or(of_site).or_else(|| {
            let keys = find::usable_keys(&directory, integrator.id, state.now);
            find::only(keys.map(|key| key.environment))
        });
        let environment = environment.ok_or_else(|| {
            AdminError::WhichEnvironment(format!(
                "the keys of {} do not say in which environment they are to be paired",
                integrator.name
            ))
        })?;
        let which = format!(
            "{} is paired with {site} in {}",
            integrator.name,
            environment.name()
        );
        let mut keys = find::usable_keys(&directory, integrator.id, state.now);
        let has_key = keys.any(|key| key.environment == environment);
        let without_key = (!has_key).then(|| {
            let (name, environment) = (&integrator.name, environment.name());
            format!(
                "warning: {name} has no key for {environment}, so that it cannot ask yet: `admin key add {name:?} --environment {environment}` makes one"
            )
        });
        if is_paired(&directory, integrator, environment, site) {
            return Ok(Said::done(format!("{which} already")).and_maybe(without_key));
        }
        state.change(Change::SetPairing(Pairing {
            integrator: integrator.id,
            environment,
            site,
            enabled: true,
            changed_at: state.now,
        }))?;
        let is_other = of_site.is_some_and(|of_site| of_site != environment);
        let warning = is_other.then(|| {
            format!(
                "warning: the configuration has the site in the other environment, so that keys for {} are refused there",
                environment.name()
            )
        });
        Ok(Said::done(which)
            .and_maybe(state.warn_of_site(site))
            .and_maybe(warning)
            .and_maybe(without_key))
    }
}

fn is_paired(
    directory: &Directory,
    integrator: &Integrator,
    environment: Environment,
    site: SiteId,
) -> bool {
    directory.pairings.iter().any(|it| {
        it.enabled
            && it.integrator == integrator.id
            && it.environment == environment
            && it.site == site
    })
}

impl Unpair {
    pub(super) fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let integrator = find::integrator(&directory, &self.whom.integrator)?;
        let site = self.whom.site;
        let asked = directory.pairings.iter().filter(|it| {
            it.integrator == integrator.id
                && it.site == site
                && self
                    .environment
                    .is_none_or(|wanted| it.environment == wanted)
        });
        let (enabled, disabled): (Vec<&Pairing>, Vec<&Pairing>) = asked.partition(|it| it.enabled);
        if enabled.is_empty() && disabled.is_empty() {
            return Err(AdminError::NotPaired {
                integrator: integrator.name.clone(),
                site,
                environment: self.environment.map(Environment::name),
            });
        }
        let which = format!("{} at {site}", integrator.name);
        if enabled.is_empty() {
            return Ok(Said::done(format!("{which} was disabled already")));
        }
        for pairing in &enabled {
            state.change(Change::SetPairing(Pairing {
                enabled: false,
                changed_at: state.now,
                ..(*pairing).clone()
            }))?;
        }
        let names = enabled.iter().map(|it| it.environment.name());
        let names = names.collect::<Vec<_>>().join(" and ");
        Ok(Said::done(format!("{which} is disabled in {names}")))
    }
}

impl List {
    pub(super) fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let of = match &self.integrator {
            Some(asked) => Some(find::integrator(&directory, asked)?.id),
            None => None,
        };
        let mut all: Vec<&Pairing> = directory
            .pairings
            .iter()
            .filter(|it| of.is_none_or(|of| it.integrator == of))
            .filter(|it| self.site.is_none_or(|site| it.site == site))
            .collect();
        all.sort_by_key(|it| (name_of(&directory, it.integrator), it.site, it.environment));
        let listed = |it: &&Pairing| {
            let [site, environment, stands, changed] = row(it);
            let integrator = name_of(&directory, it.integrator).to_owned();
            [integrator, site, environment, stands, changed]
        };
        let object = |it: &&Pairing| object(&directory, it);
        let heads = ["INTEGRATOR", "SITE", "ENVIRONMENT", "STATE", "SINCE"];
        Ok(self.form.list(&all, heads, listed, object, "no pairings"))
    }
}

/// What is to be seen of a pairing: where, how it stands, and since when.
pub(super) fn row(it: &Pairing) -> [String; 4] {
    let stands = match it.enabled {
        true => "enabled",
        false => "disabled",
    };
    [
        it.site.to_string(),
        it.environment.name().to_owned(),
        stands.to_owned(),
        it.changed_at.to_string(),
    ]
}

pub(super) fn object(directory: &Directory, it: &Pairing) -> Value {
    json!({
        "integrator": name_of(directory, it.integrator),
        "site": it.site,
        "environment": it.environment,
        "enabled": it.enabled,
        "changedAt": it.changed_at,
    })
}
