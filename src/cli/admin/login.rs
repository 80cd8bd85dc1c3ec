//! `pilaster admin login`: an integrator's own logins at the practices' databases.

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::AdminError;
use super::find::{self, name_of};
use super::said::{Form, Said};
use super::secrets::Password;
use super::state::State;
use crate::config::Server;
use crate::gateway::id::{IntegratorId, SiteId};
use crate::gateway::integrator::{Login, LoginScope};
use crate::gateway::site::Product;
use crate::mapping::nearest;
use crate::store::{Change, Directory};

/// Integrators' own logins at the practices' databases, as which their SQL and their FHIR run: what they may see is the database's decision
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say as whom an integrator's SQL and FHIR run, at a practice or at all practices of a product; the password comes from a file or the environment
    Set(Set),
    /// List logins, without their passwords
    List(List),
    /// Forget a login: the integrator's SQL and FHIR run as the site's own then
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
pub(super) struct Set {
    /// Whose login it is: a name or an id
    #[arg(value_name = "INTEGRATOR")]
    integrator: String,
    #[command(flatten)]
    at: At,
    /// Who logs in
    #[arg(long, value_name = "NAME", value_parser = user)]
    user: String,
    #[command(flatten)]
    password: Password,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct At {
    /// At this practice; it counts before that of the product
    #[arg(long, value_name = "SITE", value_parser = find::site)]
    site: Option<SiteId>,
    /// At all practices of this product: BestPractice, Zedmed, D4w, or another's name
    #[arg(long, value_name = "PRODUCT", value_parser = product)]
    product: Option<String>,
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
pub(super) struct Remove {
    /// Whose login it is: a name or an id
    #[arg(value_name = "INTEGRATOR")]
    integrator: String,
    #[command(flatten)]
    at: At,
}

/// A login of the directory.
type Kept = (IntegratorId, LoginScope, Login);

/// A product by the name that the API has for it.
fn product(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a product has a name".to_owned()),
        name if name.chars().any(char::is_control) => {
            Err("a product's name has no control characters".to_owned())
        }
        _ => Ok(Product::named(text).wire_name().to_owned()),
    }
}

fn user(text: &str) -> Result<String, String> {
    match text.is_empty() || text.chars().any(char::is_control) {
        true => Err("a user's name has characters, and none that control a terminal".to_owned()),
        false => Ok(text.to_owned()),
    }
}

impl At {
    /// None where neither is named, which clap has seen to. A product as an integrator's login spells it already.
    fn scope(&self, directory: &Directory, of: IntegratorId) -> Option<LoginScope> {
        if let Some(site) = self.site {
            return Some(LoginScope::Site(site));
        }
        let asked = self.product.as_deref()?;
        let mut kept = directory.logins.iter();
        let kept = kept.find_map(|(whose, scope, _)| match scope {
            LoginScope::Product(name) if *whose == of => is_same(name, asked).then_some(name),
            _ => None,
        });
        let name = kept.map_or(asked, String::as_str);
        Some(LoginScope::Product(name.to_owned()))
    }
}

/// Whether two names are of one product.
fn is_same(one: &str, other: &str) -> bool {
    Product::named(one) == Product::named(other)
}

/// What is odd about a product: nobody knows its name. It may be one of a mapping that is still to come.
fn warn_of_product(state: &State, name: &str) -> Option<String> {
    let products = state.products();
    let of_sites = || {
        let products = products.iter().flatten();
        let others = products.filter(|product| !product.is_known());
        others.map(|product| product.name())
    };
    if Product::named(name).is_known() || of_sites().any(|other| is_same(other, name)) {
        return None;
    }
    let mut known: Vec<&str> = Product::NAMES.into_iter().chain(of_sites()).collect();
    known.sort_unstable();
    known.dedup();
    let nearest = nearest(name, known.iter().copied());
    let nearest = nearest.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
    let of_config = match state.config() {
        Some((path, _)) if products.is_some() => {
            format!(", and {} has no site of it", path.display())
        }
        Some((path, _)) => format!(" (the mappings of {} cannot be read)", path.display()),
        None => " (--config names the sites that may be of it)".to_owned(),
    };
    Some(format!(
        "warning: no product is known as `{name}`{of_config}; until a site is of it the login is for nobody.{nearest} Known are {}",
        known.join(", ")
    ))
}

/// What is odd about a site: nobody logs in there by a name.
fn warn_of_driver(state: &State, site: SiteId) -> Option<String> {
    let what = match &state.site(site)?.server {
        Server::Sqlite => {
            "is a SQLite file, which knows no logins: SQL and FHIR run as the site's, whatever is set here"
        }
        Server::Passthrough(_) => {
            "is behind an upstream, which takes no login of an integrator's: it refuses who has one"
        }
        Server::Mssql(_) | Server::Firebird(_) | Server::Odbc(_) => return None,
    };
    Some(format!("warning: {site} {what}"))
}

/// Where a login counts, in a sentence.
fn at_text(scope: &LoginScope) -> String {
    match scope {
        LoginScope::Site(site) => format!("at {site}"),
        LoginScope::Product(name) => format!("at all sites of {name}"),
    }
}

impl Command {
    pub(super) fn run(self, state: &State) -> Result<Said, AdminError> {
        match self {
            Command::Set(set) => set.run(state),
            Command::List(list) => list.run(state),
            Command::Remove(remove) => remove.run(state),
        }
    }
}

impl Set {
    fn run(self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let integrator = find::integrator(&directory, &self.integrator)?;
        let Some(scope) = self.at.scope(&directory, integrator.id) else {
            return Ok(Said::default());
        };
        let login = Login {
            user: self.user,
            password: self.password.read()?,
        };
        let warning = match &scope {
            LoginScope::Site(site) => state
                .warn_of_site(*site)
                .or_else(|| warn_of_driver(state, *site)),
            LoginScope::Product(name) => warn_of_product(state, name),
        };
        let told = format!(
            "SQL and FHIR of {} run as {} {}",
            integrator.name,
            login.user,
            at_text(&scope)
        );
        state.change(Change::SetLogin(integrator.id, scope, login))?;
        Ok(Said::done(told).and_maybe(warning))
    }
}

impl Remove {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let integrator = find::integrator(&directory, &self.integrator)?;
        let Some(scope) = self.at.scope(&directory, integrator.id) else {
            return Ok(Said::default());
        };
        let at = at_text(&scope);
        let is_it = |(of, known, _): &Kept| *of == integrator.id && *known == scope;
        let Some((.., login)) = directory.logins.iter().find(|login| is_it(login)) else {
            return Err(AdminError::NoLogin {
                integrator: integrator.name.clone(),
                at,
            });
        };
        let told = format!("login {} of {} {at} removed", login.user, integrator.name);
        state.change(Change::RemoveLogin(integrator.id, scope))?;
        Ok(Said::done(told))
    }
}

impl List {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let of = match &self.integrator {
            Some(asked) => Some(find::integrator(&directory, asked)?.id),
            None => None,
        };
        let mut all: Vec<&Kept> = directory
            .logins
            .iter()
            .filter(|(id, ..)| of.is_none_or(|of| *id == of))
            .collect();
        all.sort_by_cached_key(|login| (name_of(&directory, login.0), row(login)));
        let listed = |login: &&Kept| {
            let [at, user] = row(login);
            [name_of(&directory, login.0).to_owned(), at, user]
        };
        let object = |login: &&Kept| object(&directory, login);
        let heads = ["INTEGRATOR", "AT", "USER"];
        Ok(self.form.list(&all, heads, listed, object, "no logins"))
    }
}

/// What is to be seen of a login: where it counts, and who logs in.
pub(super) fn row((_, scope, login): &Kept) -> [String; 2] {
    let at = match scope {
        LoginScope::Site(site) => site.to_string(),
        LoginScope::Product(name) => name.clone(),
    };
    [at, login.user.clone()]
}

pub(super) fn object(directory: &Directory, (of, scope, login): &Kept) -> Value {
    let (site, product) = match scope {
        LoginScope::Site(site) => (Some(site), None),
        LoginScope::Product(name) => (None, Some(name)),
    };
    json!({
        "integrator": name_of(directory, *of),
        "site": site,
        "product": product,
        "user": login.user,
    })
}
