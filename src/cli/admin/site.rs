//! `pilaster admin site`: which sites are known, and which of several databases of one practice is asked.

use std::collections::BTreeSet;

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::AdminError;
use super::find::{self, name_of};
use super::said::{Form, Said};
use super::state::State;
use crate::gateway::id::{IntegratorId, SiteId};
use crate::gateway::integrator::Environment;
use crate::gateway::site::{Entry, Sites};
use crate::store::{Change, Directory};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the sites of the configuration (with --config), and those that somebody is or was paired with
    List(Form),
    /// Make a site the authoritative one of those that have its PMS ID: it is the one that is found and can be asked. Names the integrators that are paired with the one that was. Needs --config
    Authoritative(Authoritative),
}

#[derive(Debug, clap::Args)]
pub(super) struct Authoritative {
    /// The site's id
    #[arg(value_name = "SITE", value_parser = find::site)]
    site: SiteId,
    /// Forget that it was chosen: what the configuration says counts then. Needs no --config
    #[arg(long)]
    clear: bool,
}

impl Command {
    pub(super) fn begins(&self) -> bool {
        matches!(self, Command::Authoritative(it) if !it.clear)
    }

    pub(super) fn run(self, state: &State) -> Result<Said, AdminError> {
        match self {
            Command::List(form) => list(form, state),
            Command::Authoritative(it) => it.run(state),
        }
    }
}

/// The sites of the configuration; none where none was named.
fn configured(state: &State, directory: &Directory) -> Sites {
    let declared = state.sites().iter().filter_map(|site| site.declared());
    Sites::new(declared, &directory.authoritative)
}

impl Authoritative {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        if self.clear {
            return self.forget(state);
        }
        let (path, _) = state.config().ok_or(AdminError::NeedsConfig)?;
        let directory = state.directory()?;
        let sites = configured(state, &directory);
        let site = self.site;
        let entry = sites.get(site).ok_or_else(|| AdminError::NoSite {
            path: path.to_owned(),
            site,
        })?;
        if entry.declared.pms_id.is_none() {
            return Err(AdminError::NoPmsId { site });
        }
        let others: Vec<SiteId> = sites.siblings(entry).map(|it| it.declared.id).collect();
        let was = sites.siblings(entry).find(|it| it.is_authoritative);
        let warning = was.and_then(|was| cut_off(&directory, was, site));
        let of = format!("{} {}", entry.declared.product, entry.pms_id);
        if others.is_empty() {
            // It would count as soon as the site has another PMS ID.
            return Err(AdminError::NoOtherSite { site, of });
        }
        let names = others.iter().map(SiteId::to_string).collect::<Vec<_>>();
        let told = format!(
            "{site} is the authoritative one of {of}, and no more {}",
            names.join(", ")
        );
        state.change(Change::SetAuthoritative { site, others })?;
        Ok(Said::done(told).and_maybe(warning))
    }

    fn forget(&self, state: &State) -> Result<Said, AdminError> {
        let site = self.site;
        let mut directory = state.directory()?;
        if !directory.authoritative.contains(&site) {
            return Err(AdminError::NotChosen { site });
        }
        directory.authoritative.retain(|chosen| *chosen != site);
        let sites = configured(state, &directory);
        let now = sites.get(site).and_then(|entry| {
            let mut others = sites.siblings(entry);
            Some((entry, others.find(|it| it.is_authoritative)?))
        });
        let warning = now.and_then(|(was, now)| cut_off(&directory, was, now.declared.id));
        state.change(Change::ClearAuthoritative(site))?;
        let told = match now {
            Some((_, now)) => format!(
                "{site} is chosen no more; {} is the authoritative one",
                now.declared.id
            ),
            None => format!("{site} is chosen no more: what the configuration says counts"),
        };
        Ok(Said::done(told).and_maybe(warning))
    }
}

/// Who is paired with the site that was the authoritative one, and may ask it no more; and who of them cannot ask the one
/// that takes its place.
fn cut_off(directory: &Directory, was: &Entry, now: SiteId) -> Option<String> {
    let environment = was.declared.environment;
    let paired = |with: SiteId| -> BTreeSet<IntegratorId> {
        let pairings = directory.pairings.iter();
        pairings
            .filter(|it| it.enabled && it.site == with && it.environment == environment)
            .map(|it| it.integrator)
            .collect()
    };
    let names = |of: &mut dyn Iterator<Item = &IntegratorId>| {
        let mut names: Vec<&str> = of.map(|id| name_of(directory, *id)).collect();
        names.sort_unstable();
        names.join(", ")
    };
    let was = was.declared.id;
    let (refused, admitted) = (paired(was), paired(now));
    if refused.is_empty() {
        return None;
    }
    let mut text = format!(
        "warning: {} paired with {was} and refused there from now on: {}",
        match refused.len() {
            1 => "1 integrator is".to_owned(),
            number => format!("{number} integrators are"),
        },
        names(&mut refused.iter())
    );
    let without: Vec<&IntegratorId> = refused.difference(&admitted).collect();
    if !without.is_empty() {
        text += &format!(
            "; not paired with {now}, so that `admin pair` has to let them in there: {}",
            names(&mut without.iter().copied())
        );
    }
    Some(text)
}

/// A site, as far as it is known.
struct Known<'s> {
    id: SiteId,
    /// In the configuration.
    entry: Option<&'s Entry>,
    /// An operator has made it the authoritative one.
    is_chosen: bool,
    /// Integrations that are enabled there.
    pairings: usize,
    /// Where they are.
    environments: BTreeSet<Environment>,
}

fn list(form: Form, state: &State) -> Result<Said, AdminError> {
    let directory = state.directory()?;
    let sites = configured(state, &directory);
    let mut ids: Vec<SiteId> = sites.iter().map(|entry| entry.declared.id).collect();
    let others = directory.pairings.iter().map(|pairing| pairing.site);
    let others = others.chain(directory.authoritative.iter().copied());
    // Those of the configuration stand in its order, the others after them in that of their ids.
    let others: BTreeSet<SiteId> = others.filter(|id| !ids.contains(id)).collect();
    ids.extend(others);
    let known: Vec<Known<'_>> = ids
        .into_iter()
        .map(|id| {
            let pairings = directory.pairings.iter();
            let pairings: Vec<_> = pairings.filter(|it| it.site == id).collect();
            Known {
                id,
                entry: sites.get(id),
                is_chosen: directory.authoritative.contains(&id),
                pairings: pairings.iter().filter(|it| it.enabled).count(),
                environments: pairings.iter().map(|it| it.environment).collect(),
            }
        })
        .collect();
    let heads = [
        "SITE",
        "NAME",
        "ENVIRONMENT",
        "PMS",
        "PMS ID",
        "AUTHORITATIVE",
        "PAIRINGS",
    ];
    let none = "no sites are known; --config names those of a configuration";
    Ok(form.list(&known, heads, Known::row, Known::object, none))
}

impl Known<'_> {
    fn name(&self) -> Option<&str> {
        self.entry?.declared.name.as_deref()
    }

    /// That of the configuration; else where somebody is paired with it.
    fn environments(&self) -> Vec<&'static str> {
        match self.entry {
            Some(entry) => vec![entry.declared.environment.name()],
            None => self.environments.iter().map(|it| it.name()).collect(),
        }
    }

    fn row(&self) -> [String; 7] {
        let or_none = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let authoritative = match (self.entry, self.is_chosen) {
            (_, true) => "yes, by choice",
            (Some(entry), false) if entry.is_authoritative => "yes",
            (Some(_), false) => "no",
            (None, false) => "-",
        };
        [
            self.id.to_string(),
            or_none(self.name()),
            self.environments().join(", "),
            or_none(self.entry.map(|entry| entry.declared.product.name())),
            or_none(self.entry.map(|entry| &*entry.pms_id)),
            authoritative.to_owned(),
            self.pairings.to_string(),
        ]
    }

    fn object(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name(),
            "environments": self.environments(),
            "pmsType": self.entry.map(|entry| entry.declared.product.wire_name()),
            "practiceManagementSiteId": self.entry.map(|entry| &*entry.pms_id),
            "configured": self.entry.is_some(),
            "authoritative": self.entry.map(|entry| entry.is_authoritative),
            "authoritativeByChoice": self.is_chosen,
            "pairings": self.pairings,
        })
    }
}
