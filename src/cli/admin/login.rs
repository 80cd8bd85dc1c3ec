//! `pilaster admin login`: an integrator's own logins at the practices' databases.

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::AdminError;
use super::find::{self, name_of};
use super::said::{Form, Said};
use super::secrets::Password;
use super::state::State;
use crate::gateway::id::{IntegratorId, SiteId};
use crate::gateway::integrator::{Login, LoginScope};
use crate::gateway::site::Product;
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
    /// None where neither is named, which clap has seen to.
    fn scope(&self) -> Option<LoginScope> {
        let product = self.product.clone().map(LoginScope::Product);
        self.site.map(LoginScope::Site).or(product)
    }
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
        let Some(scope) = self.at.scope() else {
            return Ok(Said::default());
        };
        let login = Login {
            user: self.user,
            password: self.password.read()?,
        };
        let warning = match &scope {
            LoginScope::Site(site) => state.warn_of_site(*site),
            LoginScope::Product(_) => None,
        };
        let told = format!(
            "SQL of {} runs as {} {}",
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
        let Some(scope) = self.at.scope() else {
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
