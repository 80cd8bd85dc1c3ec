//! `pilaster mapping coverage`: mappings → what they meet of AU Core, what they serve of R4, and what of their tables
//! is unmapped.

mod html;
mod text;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::runtime::Runtime;

use super::databases::Databases;
use super::named::Named;
use super::{StartError, site};
use crate::config::{self, Process};
use crate::mapping::coverage::{Coverage, Matrix, coverage};
use crate::mapping::{Diagnostics, Mapping, Options, embedded, load_files, load_folder};
use crate::relation::Dialect;
use crate::verify;

/// Say what mappings meet of AU Core (elements and searches that are met, missing, or impossible), what they serve of R4, and which columns are not mapped
///
/// Impossible is what the mapping itself says that the database lacks (`lacks:`).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The mappings' folders; without one, the mappings that are part of the program
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Name the columns, too, that a SQLite file has in the mapping's tables and the mapping does not declare; of several, each with its catalogue: OFFICE=office.sqlite
    #[arg(long, value_name = "[CATALOGUE=]FILE", num_args = 1.., conflicts_with = "site")]
    sqlite: Vec<Named>,
    /// The same of a site of the configuration, with the site's own mapping
    #[arg(long, value_name = "ID", conflicts_with = "folders")]
    site: Option<String>,
    /// The configuration file
    #[arg(
        long,
        value_name = "FILE",
        default_value = "pilaster.toml",
        requires = "site"
    )]
    config: PathBuf,
    /// As JSON, for programs: a list with an entry for each mapping
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Lines for a terminal, JSON for programs, or one HTML page with the mappings beside each other
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Where to write it; without it, to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Html,
}

/// 1 where a mapping has errors: those of all are told, and nothing else. 2 where a database cannot be asked.
pub(super) fn run(args: &Args) -> ExitCode {
    let all = match &args.site {
        Some(id) => of_site(args, id).map(|of_site| vec![of_site]),
        None => of_folders(args),
    };
    let all = match all {
        Ok(all) => all,
        Err(Failure::Mappings(problems)) => {
            for all in problems {
                super::tell(&all.render(io::stderr().is_terminal()));
            }
            return ExitCode::FAILURE;
        }
        Err(Failure::Start(error)) => {
            super::tell(&format!("error: {error}"));
            return ExitCode::from(2);
        }
    };
    let format = if args.json { Format::Json } else { args.format };
    let shown = match format {
        Format::Json => json(&all),
        Format::Text => {
            let each: Vec<String> = all.iter().map(ToString::to_string).collect();
            each.join("\n\n")
        }
        Format::Html => html::page(&Matrix::of(&all)),
    };
    super::deliver(&shown, args.output.as_deref())
}

/// Why there is nothing to tell.
enum Failure {
    Mappings(Vec<Diagnostics>),
    Start(StartError),
}

fn of_folders(args: &Args) -> Result<Vec<Coverage>, Failure> {
    let options = Options::default();
    let loaded = match &args.folders[..] {
        [] => vec![load_files(embedded::ID, embedded::FILES, &options)],
        folders => folders
            .iter()
            .map(|folder| load_folder(folder, &options))
            .collect(),
    };
    let (mut mappings, mut problems) = (Vec::new(), Vec::new());
    for loaded in loaded {
        match loaded {
            Ok(loaded) => mappings.push(loaded.mapping),
            Err(all) => problems.push(all),
        }
    }
    match (&problems[..], &args.sqlite[..]) {
        ([], []) => Ok(mappings.iter().map(coverage).collect()),
        ([], files) => mappings
            .iter()
            .map(|mapping| beside_files(mapping, files).map_err(Failure::Start))
            .collect(),
        _ => Err(Failure::Mappings(problems)),
    }
}

fn beside_files(mapping: &Mapping, files: &[Named]) -> Result<Coverage, StartError> {
    let databases = Databases::of_mapping(files, mapping)?;
    let path = databases.first();
    let asked = databases
        .pool()
        .run_now(|session| verify::undeclared(mapping, Dialect::Sqlite, session));
    let undeclared = asked.map_err(|error| StartError::unreadable(&path, &error))?;
    Ok(coverage(mapping).beside(undeclared))
}

fn of_site(args: &Args, id: &str) -> Result<Coverage, Failure> {
    let read = config::read(&args.config, &Process).map_err(|problems| {
        Failure::Start(StartError::Config(
            problems.render(io::stderr().is_terminal()),
        ))
    })?;
    let site = site::find(read.config, id, &args.config).map_err(Failure::Start)?;
    let loaded = site.mapping.load(&Options::default());
    let mapping = loaded.map_err(|all| Failure::Mappings(vec![all]))?.mapping;
    let runtime = Runtime::new().map_err(|error| Failure::Start(StartError::Runtime(error)))?;
    let asked = site::asked(&site, mapping.engine, &runtime, |dialect, session| {
        verify::undeclared(&mapping, dialect, session)
    });
    runtime.shutdown_background();
    Ok(coverage(&mapping).beside(asked.map_err(Failure::Start)?))
}

fn json(coverage: &[Coverage]) -> String {
    // Names and texts only: there is nothing that cannot be written.
    let mut text = serde_json::to_string_pretty(coverage).unwrap_or_default();
    text.push('\n');
    text
}
