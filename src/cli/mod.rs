//! The commands: what a person types → what runs, and an exit code.
//!
//! 0: done. 1: what was checked is wrong. 2: it could not start, or the command line is wrong. Results go to
//! standard output, everything else to standard error.

mod admin;
mod cases;
mod check;
mod cloud;
mod config;
mod configured;
mod coverage;
mod databases;
mod demo;
mod demo_create;
mod docs;
mod errors;
mod explain;
mod explain_code;
mod failure;
mod files;
mod greeting;
mod log;
mod named;
mod new;
mod open;
mod operator_key;
mod schema;
mod serve;
mod site;
mod verify;
mod watched;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::tz::TimeZone;

pub use databases::DatabasesError;
pub use failure::StartError;
pub use log::Format as LogFormat;
pub use open::{Limits as OpenLimits, open_site};

/// An HL7 FHIR R4 facade over the SQL databases of practice management systems.
#[derive(Debug, Parser)]
#[command(name = "pilaster", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve practices as FHIR: those of a configuration file, an embedded one of synthetic data, or a SQLite database of your own
    Serve(serve::Args),
    Explain(explain::Args),
    Admin(Box<admin::Args>),
    /// Work on mappings
    #[command(subcommand)]
    Mapping(MappingCommand),
    /// Work on a configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make practices of synthetic data
    #[command(subcommand)]
    Demo(DemoCommand),
    /// Print the table of all errors that a caller can meet, as Markdown
    Errors,
}

#[derive(Debug, Subcommand)]
enum MappingCommand {
    Check(check::Args),
    Coverage(coverage::Args),
    ExplainCode(explain_code::Args),
    Docs(docs::Args),
    Schema(schema::Args),
    New(new::Args),
    Test(cases::Args),
    Verify(verify::Args),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check a configuration file, with the mappings and secrets that it names, and report every problem with its place; no database is asked
    Check(config::CheckArgs),
    /// Print all keys that a configuration file may have, as Markdown
    Keys,
}

#[derive(Debug, Subcommand)]
enum DemoCommand {
    Create(demo_create::Args),
}

/// Runs the command of the program's own arguments.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Admin(args) => admin::run(*args),
        Command::Mapping(MappingCommand::Check(args)) => check::run(&args),
        Command::Mapping(MappingCommand::Coverage(args)) => coverage::run(&args),
        Command::Mapping(MappingCommand::ExplainCode(args)) => explain_code::run(&args),
        Command::Mapping(MappingCommand::Docs(args)) => docs::run(&args),
        Command::Mapping(MappingCommand::Schema(args)) => schema::run(&args),
        Command::Mapping(MappingCommand::New(args)) => new::run(&args),
        Command::Mapping(MappingCommand::Test(args)) => cases::run(&args),
        Command::Mapping(MappingCommand::Verify(args)) => verify::run(&args),
        Command::Config(ConfigCommand::Check(args)) => config::check(&args),
        Command::Config(ConfigCommand::Keys) => print(&crate::config::keys_page()),
        Command::Demo(DemoCommand::Create(args)) => demo_create::run(&args),
        Command::Errors => print(&errors::table()),
    }
}

/// Writes a result. Who reads it may have closed the pipe, as `head` does: that is no failure.
fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    }
}

/// Writes a result to a file, or to standard output.
fn deliver(text: &str, output: Option<&Path>) -> ExitCode {
    let Some(path) = output else {
        return print(text);
    };
    match std::fs::write(path, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!(
                "error: {} cannot be written: {error}",
                path.display()
            ));
            ExitCode::from(2)
        }
    }
}

/// Writes a message to standard error; if even that is gone there is nobody left to tell.
fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Where to read more of a problem, after problems were told.
fn more_about(code: &str) -> String {
    format!("for more about a problem: pilaster mapping explain-code {code}")
}

/// Reads the name of a time zone.
fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "no IANA time zone has this name".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_belongs_together_is_asked_for_together() {
        let parse = |args: &[&str]| Cli::try_parse_from([&["pilaster"], args].concat());
        assert!(parse(&["serve"]).is_ok());
        assert!(parse(&["serve", "--mapping", "m", "--sqlite", "f"]).is_ok());
        assert!(parse(&["serve", "--watch", "--mapping", "m", "--sqlite", "f"]).is_ok());
        assert!(parse(&["serve", "--watch", "--config", "f"]).is_ok());
        assert!(parse(&["mapping", "coverage"]).is_ok());
        assert!(parse(&["mapping", "test", "a", "b", "--case", "x", "--accept"]).is_ok());
        let create = ["demo", "create", "--mapping", "zedmed", "--engine"];
        assert!(
            parse(&[&create[..], &["sqlite", "--database", "a", "CLINICAL=b"]].concat()).is_ok()
        );
        assert!(parse(&[&create[..], &["oracle", "--database", "a"]].concat()).is_err());
        assert!(parse(&[&create[..], &["sqlite"]].concat()).is_err());
        assert!(parse(&["mapping", "coverage", "--json", "m"]).is_ok());
        for wrong in [
            &["serve", "--mapping", "m"][..],
            &["serve", "--sqlite", "f"],
            &[
                "serve",
                "--mapping",
                "m",
                "--sqlite",
                "f",
                "--patients",
                "5",
            ],
            &["serve", "--watch"],
            &["serve", "--explorer", "--no-explorer"],
            &["serve", "--patients", "0"],
            &["serve", "--patients", "10000001"],
            &["serve", "--listen", "nowhere"],
            &["serve", "--time-zone", "Mars/Olympus"],
            &["serve", "--base-url", "example.org"],
            &["serve", "--operator-key", "0123456789abcdef"],
            &["mapping"],
            &["mapping", "check"],
            &["mapping", "check", "--json", "--format", "text", "m"],
            &["mapping", "explain-code"],
            &["mapping", "explain-code", "--all", "PM001"],
            &["mapping", "test"],
            &["mapping", "test", "m", "--review", "--json"],
            &["admin"],
            &["admin", "integrator", "add"],
            &["admin", "integrator", "add", "x", "--key"],
            &["admin", "integrator", "set", "x"],
            &[
                "admin",
                "login",
                "set",
                "x",
                "--user",
                "y",
                "--product",
                "z",
            ],
            &[
                "admin",
                "login",
                "set",
                "x",
                "--user",
                "y",
                "--password",
                "z",
            ],
            &["nothing"],
            &[],
        ] {
            let refused = parse(wrong).expect_err("refused");
            assert_eq!(refused.exit_code(), 2, "{wrong:?}");
        }
    }
}
