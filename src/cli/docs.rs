//! `pilaster mapping docs`: a mapping → a page that a person can check.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::docs;
use crate::mapping::{Options, load_folder};

/// Write a page for people, as Markdown: where each element comes from, what each column feeds, code tables, and each search with an example and the index that it wants
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The mapping's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where to write it; without it, to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// 1 where the mapping has errors, 2 where the file cannot be written.
pub(super) fn run(args: &Args) -> ExitCode {
    match load_folder(&args.folder, &Options::default()) {
        Ok(loaded) => {
            let page = docs::markdown(&docs::page(&loaded.mapping));
            super::deliver(&page, args.output.as_deref())
        }
        Err(problems) => {
            super::tell(&problems.render(io::stderr().is_terminal()));
            ExitCode::FAILURE
        }
    }
}
