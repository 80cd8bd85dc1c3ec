//! `pilaster admin`: who may ask which practice, with all that belongs to them.
//!
//! Takes a command and the folder of the state; shows what the state's directory holds, or changes it. No server need run,
//! and one that runs on the same folder takes a change up within half a second. What is shown goes to standard output; what
//! was done, and what is odd about it, is said on standard error.
//!
//! A secret comes from a file or the environment, or is made here: then it is printed once, alone on standard output, so
//! that it can be captured, and never again. No secret stands on a command line, nor in a message.
//!
//! | room | what it does |
//! |---|---|
//! | `state` | `--data`, `--config` → the state, open |
//! | `integrator`, `show`, `key`, `pairing`, `pairing_code`, `login`, `webhook`, `delivery`, `redelivery`, `site`, `audit` | the commands |
//! | `find` | what a person typed → who or what is meant |
//! | `secrets` | secrets that are made, and secrets that are read |
//! | `span` | `90d`, `2027-01-31` → a time |
//! | `said` | what a command says, for people and for programs |
//! | `failure` | what keeps it from being done |

mod audit;
mod delivery;
mod failure;
mod find;
mod integrator;
mod key;
mod login;
mod pairing;
mod pairing_code;
mod redelivery;
mod said;
mod secrets;
mod show;
mod site;
mod span;
mod state;
mod webhook;

use std::process::ExitCode;

use clap::Subcommand;

use failure::AdminError;
use said::Said;
use state::{Mappings, Place, State, Wanted};

/// Manage who may ask which practice: integrators with their keys, pairings, logins and webhooks
///
/// The state is in the server's folder of data: name it with --data, or with --config the configuration that names it. No
/// server need run; one that does takes a change up within half a second. Run this as the user that the server runs as.
///
/// To let an integrator in:
///
///   pilaster admin integrator add "Example Health" --key --environment production
///   pilaster admin pair "Example Health" 8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a11
///   pilaster admin login set "Example Health" --product BestPractice --user example --password-file FILE
///   pilaster admin webhook set "Example Health" --environment production --url https://example.org/hook
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Who has keys
    #[command(subcommand)]
    Integrator(integrator::Command),
    #[command(subcommand)]
    Key(key::Command),
    Pair(pairing::Pair),
    Unpair(pairing::Unpair),
    Pairings(pairing::List),
    #[command(subcommand)]
    PairingCode(pairing_code::Command),
    #[command(subcommand)]
    Login(login::Command),
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// The practices' databases
    #[command(subcommand)]
    Site(site::Command),
    #[command(subcommand)]
    Audit(audit::Command),
}

impl Command {
    /// Whether it is a beginning, for which there need be no state yet. What else is asked of a folder without one is most
    /// likely asked of the wrong folder.
    fn begins(&self) -> bool {
        match self {
            Command::Integrator(command) => command.begins(),
            Command::PairingCode(command) => command.begins(),
            Command::Site(command) => command.begins(),
            Command::Key(_)
            | Command::Pair(_)
            | Command::Unpair(_)
            | Command::Pairings(_)
            | Command::Login(_)
            | Command::Webhook(_)
            | Command::Audit(_) => false,
        }
    }

    /// Whether it asks what the mappings say of the sites: which product's they are.
    fn mappings(&self) -> Mappings {
        match self {
            Command::Site(_) => Mappings::Needed,
            Command::Login(_) => Mappings::Welcome,
            _ => Mappings::NotRead,
        }
    }

    fn run(self, state: &State) -> Result<Said, AdminError> {
        match self {
            Command::Integrator(command) => command.run(state),
            Command::Key(command) => command.run(state),
            Command::Pair(command) => command.run(state),
            Command::Unpair(command) => command.run(state),
            Command::Pairings(command) => command.run(state),
            Command::PairingCode(command) => command.run(state),
            Command::Login(command) => command.run(state),
            Command::Webhook(command) => command.run(state),
            Command::Site(command) => command.run(state),
            Command::Audit(_) => Ok(Said::default()),
        }
    }
}

/// Does it. 0 when it is done, 2 when it could not be.
pub(super) fn run(args: Args) -> ExitCode {
    let Args { place, command } = args;
    // It is asked of the journal, without the state.
    let command = match command {
        Command::Audit(command) => return command.run(&place),
        command => command,
    };
    let wanted = Wanted {
        begins: command.begins(),
        mappings: command.mappings(),
    };
    let done = State::open(&place, wanted).and_then(|state| Ok((command.run(&state)?, state)));
    match done {
        // The state is let go when all is told.
        Ok((said, _state)) => said.tell(),
        Err(error) => {
            super::tell(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}
