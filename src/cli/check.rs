//! `pilaster mapping check`: a folder → its problems.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::mapping::{Options, load_folder};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The mapping's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Reports problems on standard error, as a compiler does; 1 if there are any but warnings.
pub(super) fn run(args: &Args) -> ExitCode {
    let colour = io::stderr().is_terminal();
    match load_folder(&args.folder, &Options::default()) {
        Ok(loaded) => {
            if !loaded.warnings.is_empty() {
                super::tell(&loaded.warnings.render(colour));
            }
            let resources: Vec<&str> = loaded.mapping.resources.keys().copied().collect();
            super::print(&format!(
                "{} can be served: {}\n",
                loaded.mapping.name,
                resources.join(", ")
            ))
        }
        Err(problems) => {
            super::tell(&problems.render(colour));
            ExitCode::FAILURE
        }
    }
}
