//! `pilaster mapping verify`: a site's mapping beside its live database → what differs.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::runtime::Runtime;

use super::StartError;
use crate::config::{self, Drivers, Process, SiteEntry};
use crate::mapping::Options;
use crate::passthrough::Pool;
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
    match report(args) {
        Ok((report, fits)) => {
            let text = if report.findings.is_empty() {
                format!("{fits}\n")
            } else {
                format!("{report}\n")
            };
            let printed = super::print(&text);
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

fn report(args: &Args) -> Result<(Report, String), StartError> {
    let read = config::read(&args.config, &Process)
        .map_err(|problems| StartError::Config(problems.render(io::stderr().is_terminal())))?;
    let wanted = args.site.to_ascii_lowercase();
    let mut sites = read.config.sites.into_iter();
    let Some(site) = sites.find(|site| site.id == wanted) else {
        return Err(StartError::NoSuchSite {
            path: args.config.clone(),
        });
    };
    let runtime = Runtime::new().map_err(StartError::Runtime)?;
    let report = compare(&site, &runtime)?;
    runtime.shutdown_background();
    let id = &site.id;
    Ok((
        report,
        format!("the databases of {id} are as the mapping says"),
    ))
}

fn compare(site: &SiteEntry, runtime: &Runtime) -> Result<Report, StartError> {
    let loaded = site.mapping.load(&Options::default());
    let mapping = loaded
        .map_err(|all| StartError::Mapping(Box::new(all)))?
        .mapping;
    let mut drivers = Drivers::new(runtime.handle().clone());
    let driver = drivers.of(site, mapping.engine);
    let driver = driver.map_err(|source| StartError::Driver {
        id: site.id.clone(),
        source,
    })?;
    let dialect = driver.dialect();
    let pool = Pool::new(driver, site.limits.clone());
    let asked = pool.run_now(|session| verify::verify(&mapping, dialect, session));
    asked.map_err(|source| StartError::Site {
        id: site.id.clone(),
        source,
    })
}
