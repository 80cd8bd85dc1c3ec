//! `pilaster admin pairing-code`: a practice's consent, in a code that it gives to an integrator.

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::AdminError;
use super::find::{self, name_of};
use super::said::{Form, Said, count};
use super::secrets;
use super::span::code_validity;
use super::state::State;
use crate::gateway::caller::code_hash;
use crate::gateway::id::SiteId;
use crate::store::{Change, Directory, PairingCode};

/// Codes with which an integrator pairs with a practice by itself
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a code and print it, once: it stands alone on standard output. It is good once
    ///
    /// The integrator gives it to POST /integrator/pair-site. It can be read out: case, blanks and hyphens make no difference.
    New(New),
    /// List codes that are still good, without the codes themselves
    List(List),
    /// Take back all codes of a practice that are still good
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// The practice's id
    #[arg(value_name = "SITE", value_parser = find::site)]
    site: SiteId,
    /// Whom it is for: a name or an id [default: whoever has it]
    #[arg(long, value_name = "INTEGRATOR")]
    integrator: Option<String>,
    /// For how long it is good
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = code_validity)]
    valid: Duration,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    /// The practice's id
    #[arg(value_name = "SITE", value_parser = find::site)]
    site: SiteId,
}

impl Command {
    pub(super) fn begins(&self) -> bool {
        matches!(self, Command::New(_))
    }

    pub(super) fn run(self, state: &State) -> Result<Said, AdminError> {
        match self {
            Command::New(new) => new.run(state),
            Command::List(list) => list.run(state),
            Command::Revoke(revoke) => revoke.run(state),
        }
    }
}

impl New {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let of = match &self.integrator {
            Some(asked) => Some(find::integrator(&directory, asked)?),
            None => None,
        };
        let secret = secrets::pairing_code()?;
        let code = PairingCode {
            site: self.site,
            integrator: of.map(|one| one.id),
            hash: code_hash(secret.reveal()),
            expires_at: state.now.plus(self.valid),
        };
        let told = format!(
            "pairing code of {} for {} made, good once and until {}",
            self.site,
            of.map_or("whoever has it", |one| one.name.as_str()),
            code.expires_at
        );
        state.change(Change::AddPairingCode(code))?;
        Ok(Said::done(told)
            .and_maybe(state.warn_of_site(self.site))
            .and("it is shown this once; the integrator gives it to POST /integrator/pair-site as pairingCode")
            .with_secret(&secret))
    }
}

/// The codes that are good now, those that end first before the others.
fn good<'d>(state: &State, directory: &'d Directory) -> Vec<&'d PairingCode> {
    let codes = directory.pairing_codes.iter();
    let mut good: Vec<_> = codes.filter(|code| code.expires_at > state.now).collect();
    good.sort_by_key(|code| (code.expires_at, code.site));
    good
}

impl List {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let whom = |code: &PairingCode| code.integrator.map(|of| name_of(&directory, of));
        let row = |code: &&PairingCode| {
            [
                code.site.to_string(),
                whom(code).unwrap_or("whoever has it").to_owned(),
                code.expires_at.to_string(),
            ]
        };
        let object = |code: &&PairingCode| -> Value {
            json!({
                "site": code.site,
                "integrator": whom(code),
                "expiresAt": code.expires_at,
            })
        };
        let heads = ["SITE", "FOR", "GOOD UNTIL"];
        let good = good(state, &directory);
        let none = "no code is good now";
        Ok(self.form.list(&good, heads, row, object, none))
    }
}

impl Revoke {
    fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let codes = good(state, &directory).into_iter();
        let codes: Vec<_> = codes.filter(|code| code.site == self.site).collect();
        if codes.is_empty() {
            return Err(AdminError::NoPairingCode(self.site));
        }
        for code in &codes {
            state.change(Change::UsePairingCode(code.hash))?;
        }
        Ok(Said::done(format!(
            "{} of {} taken back",
            count(codes.len(), "pairing code"),
            self.site
        )))
    }
}
