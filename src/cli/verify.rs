//! `pilaster mapping verify`: a site's mapping beside its live database → what differs.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::runtime::Runtime;

use super::{StartError, site};
use crate::config::{self, MappingSource, Process};
use crate::mapping::{Options, path_in};
use crate::verify::{self, Report};

/// Compare a site's mapping with its live database: missing tables and columns, wrong types, searches without an index, other collations
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site's id in the configuration
    #[arg(long, value_name = "ID")]
    site: String,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "pilaster.toml")]
    config: PathBuf,
}

/// Findings go to standard output. 0 where the site can be served, 1 where it cannot, 2 where it could not be asked.
pub(super) fn run(args: &Args) -> ExitCode {
    match compared(args) {
        Ok((report, told)) => {
            let printed = super::print(&told);
            // The gravest comes first.
            if let Some(gravest) = report.findings.first() {
                super::tell(&super::more_about(gravest.kind.code()));
            }
            match report.has_errors() {
                true => ExitCode::FAILURE,
                false => printed,
            }
        }
        Err(error) => {
            super::tell(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

/// What differs, and how it is told.
fn compared(args: &Args) -> Result<(Report, String), StartError> {
    let read = config::read(&args.config, &Process)
        .map_err(|problems| StartError::Config(problems.render(io::stderr().is_terminal())))?;
    let site = site::find(read.config, &args.site, &args.config)?;
    let unusable = |all| StartError::Mapping(Box::new(all));
    let files = site.mapping.snapshot().map_err(unusable)?;
    let mapping = files.load(&Options::default()).map_err(unusable)?.mapping;
    let runtime = Runtime::new().map_err(StartError::Runtime)?;
    let asked = site::asked(&site, mapping.engine, &runtime, |dialect, session| {
        verify::verify(&mapping, dialect, session)
    });
    runtime.shutdown_background();
    let report = asked?;
    let told = match report.findings.is_empty() {
        true => format!("the databases of {} are as the mapping says\n", site.id),
        false => {
            let colour = io::stdout().is_terminal();
            let path = |file: &str| match &site.mapping {
                MappingSource::Folder(folder) => path_in(folder, file),
                MappingSource::Embedded => file.into(),
            };
            report.render(|file| files.text(file), path, colour) + "\n"
        }
    };
    Ok((report, told))
}
