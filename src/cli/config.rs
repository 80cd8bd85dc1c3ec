//! `pilaster config check`: a configuration file → its problems.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{self, Process, Read};

#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The configuration file
    #[arg(value_name = "FILE", default_value = "pilaster.toml")]
    file: PathBuf,
    /// The folder of data that the server will be started with, where the file names none
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Reports problems on standard error, as a compiler does; 1 if there are any but warnings.
pub(super) fn check(args: &CheckArgs) -> ExitCode {
    let colour = io::stderr().is_terminal();
    match config::read_to_serve(&args.file, &Process, args.data.as_deref()) {
        Ok(read) => {
            tell_warnings(&read, colour);
            let sites = read.config.sites.iter().map(|site| {
                let name = site.name.as_deref().unwrap_or("no name");
                format!("  {}  {} ({name})\n", site.id, site.server.driver())
            });
            let sites: String = sites.collect();
            super::print(&format!(
                "{} can be served:\n{sites}Whether their databases fit is for `pilaster mapping verify --config {} --site ID`.\n",
                args.file.display(),
                args.file.display()
            ))
        }
        Err(problems) => {
            super::tell(&problems.render(colour));
            ExitCode::FAILURE
        }
    }
}

/// What is odd in a configuration that can be used.
pub(super) fn tell_warnings(read: &Read, colour: bool) {
    for warnings in std::iter::once(&read.warnings).chain(&read.mapping_warnings) {
        if !warnings.is_empty() {
            super::tell(&warnings.render(colour));
        }
    }
}
