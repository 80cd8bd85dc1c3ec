//! `pilaster mapping coverage`: mappings → what they meet of AU Core, what they serve of R4, and what of their tables
//! is unmapped.

mod html;
mod text;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::mapping::coverage::{Coverage, Matrix, coverage};
use crate::mapping::{Options, embedded, load_files, load_folder};

/// Say what mappings meet of AU Core (elements and searches that are met, missing, or impossible), what they serve of R4, and which columns are not mapped
///
/// Impossible is what the mapping itself says that the database lacks (`lacks:`).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The mappings' folders; without one, the mappings that are part of the program
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
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

/// 1 where a mapping has errors: those of all are told, and nothing else.
pub(super) fn run(args: &Args) -> ExitCode {
    let options = Options::default();
    let loaded = match &args.folders[..] {
        [] => vec![load_files(embedded::ID, embedded::FILES, &options)],
        folders => folders
            .iter()
            .map(|folder| load_folder(folder, &options))
            .collect(),
    };
    let mut all: Vec<Coverage> = Vec::new();
    let mut failed = false;
    for loaded in loaded {
        match loaded {
            Ok(loaded) => all.push(coverage(&loaded.mapping)),
            Err(problems) => {
                failed = true;
                super::tell(&problems.render(io::stderr().is_terminal()));
            }
        }
    }
    if failed {
        return ExitCode::FAILURE;
    }
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

fn json(coverage: &[Coverage]) -> String {
    // Names and texts only: there is nothing that cannot be written.
    let mut text = serde_json::to_string_pretty(coverage).unwrap_or_default();
    text.push('\n');
    text
}
