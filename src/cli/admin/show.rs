//! `pilaster admin integrator show`: an integrator with all that is its own, on one page. No secret is on it.

use std::fmt::Write as _;

use serde_json::Value;

use super::failure::AdminError;
use super::find;
use super::integrator::{self, Named};
use super::said::{Form, Said, columns};
use super::state::State;
use super::{key, login, pairing, webhook};
use crate::gateway::integrator::Integrator;
use crate::store::Directory;

/// Show an integrator with all that is its own; no secret is shown
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    form: Form,
}

impl Show {
    pub(super) fn run(&self, state: &State) -> Result<Said, AdminError> {
        let directory = state.directory()?;
        let one = find::integrator(&directory, &self.named.integrator)?;
        let all = Shown::of(state, &directory, one);
        Ok(self.form.one(|| all.text(), || all.object()))
    }
}

/// An integrator with all that is its own: a row of each, and the same for programs.
struct Shown<'d> {
    one: &'d Integrator,
    keys: Vec<([String; 5], Value)>,
    pairings: Vec<([String; 4], Value)>,
    logins: Vec<([String; 2], Value)>,
    webhooks: Vec<([String; 3], Value)>,
}

impl<'d> Shown<'d> {
    fn of(state: &State, directory: &'d Directory, one: &'d Integrator) -> Shown<'d> {
        let keys = directory.keys.iter().filter(|it| it.integrator == one.id);
        let pairings = directory.pairings.iter();
        let pairings = pairings.filter(|it| it.integrator == one.id);
        let logins = directory.logins.iter().filter(|(of, ..)| *of == one.id);
        let webhooks = directory.webhooks.iter();
        let webhooks = webhooks.filter(|it| it.integrator == one.id);
        Shown {
            one,
            keys: keys
                .map(|it| {
                    (
                        key::row(it, state.now),
                        key::object(directory, it, state.now),
                    )
                })
                .collect(),
            pairings: pairings
                .map(|it| (pairing::row(it), pairing::object(directory, it)))
                .collect(),
            logins: logins
                .map(|it| (login::row(it), login::object(directory, it)))
                .collect(),
            webhooks: webhooks
                .map(|it| (webhook::row(it), webhook::object(directory, it)))
                .collect(),
        }
    }

    fn text(&self) -> String {
        let one = self.one;
        let facts = [
            ["id", &one.id.to_string()],
            ["added", &one.created_at.to_string()],
            ["state", integrator::state_text(one)],
            ["rate", &integrator::rate_text(one.rate)],
            ["requests from", &integrator::addresses_text(one)],
        ];
        let facts = facts.map(|fact| fact.map(str::to_owned));
        let mut text = format!("{}\n", one.name);
        push(&mut text, None, &facts);
        push(&mut text, Some("keys"), &rows(&self.keys));
        push(&mut text, Some("pairings"), &rows(&self.pairings));
        push(&mut text, Some("logins"), &rows(&self.logins));
        push(&mut text, Some("webhooks"), &rows(&self.webhooks));
        text
    }

    fn object(&self) -> Value {
        let mut object = integrator::object(self.one);
        for (name, all) in [
            ("keys", objects(&self.keys)),
            ("pairings", objects(&self.pairings)),
            ("logins", objects(&self.logins)),
            ("webhooks", objects(&self.webhooks)),
        ] {
            object[name] = all;
        }
        object
    }
}

fn rows<const N: usize>(all: &[([String; N], Value)]) -> Vec<[String; N]> {
    all.iter().map(|(row, _)| row.clone()).collect()
}

/// What the integrator has of a kind; whose it is need not be said again.
fn objects<R>(all: &[(R, Value)]) -> Value {
    let own = all.iter().map(|(_, object)| {
        let mut object = object.clone();
        if let Some(members) = object.as_object_mut() {
            members.shift_remove("integrator");
        }
        object
    });
    own.collect()
}

/// Adds rows below their heading, indented; nothing where there are none.
fn push<const N: usize>(text: &mut String, heading: Option<&str>, rows: &[[String; N]]) {
    if rows.is_empty() {
        return;
    }
    let indent = match heading {
        // Writing to a String cannot fail.
        Some(heading) => {
            let _ = writeln!(text, "  {heading}");
            "    "
        }
        None => "  ",
    };
    for line in columns(rows).lines() {
        let _ = writeln!(text, "{indent}{line}");
    }
}
