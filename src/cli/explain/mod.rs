//! `pilaster explain`: a search → what it becomes, stage by stage.
//!
//! Without `--run` no database is touched or made, but for the files of `--sqlite`. What is wrong with the search is said as a caller of the
//! server would hear it, with the code of the table of errors and what to do.
//!
//! Exit codes: 0 explained, 1 the search is refused, 2 it could not start, or the command line is wrong.

mod practice;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use axum::http::Method;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::named::Named;
use super::{StartError, print, tell, zone};
use crate::cursor::CursorError;
use crate::demo::{DemoError, MAX_PATIENTS};
use crate::explain::{About, Explanation, render_text};
use crate::mapping::{Diagnostics, Loaded, Options, embedded, load_files, load_folder};
use crate::passthrough::PassthroughError;
use crate::plan::{CountLimits, Handling, Plan, PlanError, Selection};
use crate::relation::Dialect;
use crate::search::Input;
use crate::server::path::{self, Interaction};
use crate::site::{CallPlanner, SearchCall, SiteError};
use practice::{Place, Practice};

/// What links in an answer begin with: nobody serves them here.
const BASE: &str = "http://localhost/fhir/R4";

const FORM: &str = "write it as it stands after a FHIR base URL, as Type?parameter=value&…, Type/id, \
                    Patient/id/Type, Patient/id/$everything or ?_type=…: \
                    pilaster explain 'Patient?family=smith&birthdate=gt1980&_sort=-birthdate'";

/// Show what a search becomes: its syntax tree, its plan, and the command for a practice database
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to explain, as it stands after the FHIR base URL: 'Patient?family=smith', 'Patient/12/$everything'
    #[arg(value_name = "SEARCH")]
    asked: String,
    /// The SQL to show: mssql, firebird, sqlanywhere or sqlite; without it that of the site or the mapping's own engine, or SQLite's where SQLite files are read
    #[arg(long, value_name = "DIALECT", value_parser = dialect)]
    dialect: Option<Dialect>,
    /// The folder of a mapping; without it that of the embedded practice
    #[arg(long, value_name = "DIR")]
    mapping: Option<PathBuf>,
    /// Run it too, on the embedded practice, the database of --sqlite or that of --site: adds rows and query plan (but of what is included), answer, times
    #[arg(long)]
    run: bool,
    /// A SQLite database to run it on, opened read-only; of several, each with its catalogue: OFFICE=office.sqlite
    #[arg(long, value_name = "[CATALOGUE=]FILE", num_args = 1.., requires = "run")]
    sqlite: Vec<Named>,
    /// A site of the configuration, with its mapping, its time zone and, with --run, its databases
    #[arg(long, value_name = "ID", conflicts_with_all = ["mapping", "sqlite", "time_zone", "patients", "seed"])]
    site: Option<String>,
    /// The configuration file
    #[arg(
        long,
        value_name = "FILE",
        default_value = "pilaster.toml",
        requires = "site"
    )]
    config: PathBuf,
    /// How many patients the embedded practice has
    #[arg(long, value_name = "NUMBER", default_value_t = 2000, conflicts_with = "sqlite",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_PATIENTS)))]
    patients: u32,
    /// What the embedded practice is drawn from
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1,
        conflicts_with = "sqlite"
    )]
    seed: u64,
    /// The practice's IANA time zone: dates and times without an offset are its
    #[arg(long, value_name = "ZONE", default_value = "Australia/Brisbane", value_parser = zone)]
    time_zone: TimeZone,
    /// Refuse every unknown parameter, as `Prefer: handling=strict` does
    #[arg(long)]
    strict: bool,
    /// JSON for programs
    #[arg(long)]
    json: bool,
}

fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::from_name(name).ok_or_else(|| {
        let names = Dialect::ALL.map(Dialect::name);
        format!("SQL is written for {}", names.join(", "))
    })
}

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The argument is no search and no read.
    #[error("{FORM}")]
    Form,
    /// The search would be refused.
    #[error(transparent)]
    Refused(#[from] SiteError),
    /// The mapping, or the database that it is to be run on.
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the practice cannot be created: {0}")]
    Demo(#[from] DemoError),
    #[error("no temporary folder can be made: {0}")]
    Folder(#[source] io::Error),
    #[error("{0}")]
    Database(#[source] PassthroughError),
    #[error(
        "the embedded practice has not this mapping's tables: name a database with --sqlite FILE, or a site with --config FILE --site ID"
    )]
    NoDatabase,
    #[error("the runtime cannot start: {0}")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Random(#[from] CursorError),
    #[error("the explanation cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Explains, on standard output; what is wrong goes to standard error.
pub fn run(args: Args) -> ExitCode {
    let text = explain(&args).and_then(|explanation| {
        if args.json {
            return Ok(serde_json::to_string_pretty(&explanation)? + "\n");
        }
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Ok(render_text(&explanation, colour))
    });
    match text {
        Ok(text) => print(&text),
        Err(Failure::Refused(error)) => {
            tell(&refusal(&error));
            ExitCode::FAILURE
        }
        Err(failure) => {
            tell(&format!("error: {failure}"));
            ExitCode::from(2)
        }
    }
}

/// A refusal as a caller hears it: code, text, place, remedy.
fn refusal(error: &SiteError) -> String {
    let code = error.code();
    let mut text = format!("error[{}]: {error}", code.id);
    if let Some(expression) = error.expression() {
        text.push_str(&format!("\n  at    {expression}"));
    }
    text.push_str(&format!("\n  help  {}", code.remedy));
    text.push_str(&format!("\n  HTTP  {} ({})", code.status, code.issue));
    text
}

/// What the argument asks for.
#[derive(Debug, Clone)]
enum Asked {
    Search(SearchCall),
    Read { resource: String, id: String },
}

/// Reads `Patient?family=smith`, `Patient/12`, `Patient/12/$everything` as a server reads it; a slash before them
/// does no harm.
fn asked(text: &str, strict: bool) -> Option<Asked> {
    let text = text.strip_prefix('/').unwrap_or(text);
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    match path::interaction(&Method::GET, Some(path)).ok()? {
        Interaction::Read { resource, id } if query.is_none() => Some(Asked::Read { resource, id }),
        _ if text.is_empty() => None,
        interaction => Some(Asked::Search(SearchCall {
            base: BASE.to_owned(),
            query: query.unwrap_or_default().into(),
            handling: Handling::strict_if(strict),
            ..interaction.search()?
        })),
    }
}

fn explain(args: &Args) -> Result<Explanation, Failure> {
    let asked = asked(&args.asked, args.strict).ok_or(Failure::Form)?;
    let Place {
        mapping,
        zone,
        dialect,
        given,
    } = Place::of(args)?;
    let dialect = args.dialect.unwrap_or(dialect);
    let calls = CallPlanner::new(Arc::clone(&mapping), zone.clone(), CountLimits::default())
        .within(dialect);
    let about = |engine| About {
        calls: &calls,
        engine,
        zone_name: zone.iana_name().unwrap_or("UTC"),
        now: zone.to_datetime(Timestamp::now()),
    };
    // What is wrong is said before a practice is made.
    let (explanation, _) = plan(&asked, &about(dialect.into()))?;
    if !args.run {
        return Ok(explanation);
    }
    let practice = match given {
        Some(practice) => practice,
        None => Practice::demo(args, &mapping)?,
    };
    let engine = match practice.site.engine() {
        engine if engine.dialect == dialect => engine,
        _ => dialect.into(),
    };
    let (mut explanation, plan) = plan(&asked, &about(engine))?;
    practice.run(asked, engine, &mut explanation, &plan)?;
    Ok(explanation)
}

fn load(args: &Args, options: &Options) -> Result<Loaded, Diagnostics> {
    match &args.mapping {
        Some(folder) => load_folder(folder, options),
        None => load_files(embedded::ID, embedded::FILES, options),
    }
}

fn warn(warnings: &Diagnostics) {
    if !warnings.is_empty() {
        tell(&warnings.render(colour()));
    }
}

/// Whether messages are coloured.
fn colour() -> bool {
    io::stderr().is_terminal()
}

fn plan(asked: &Asked, about: &About<'_>) -> Result<(Explanation, Plan), SiteError> {
    match asked {
        Asked::Search(call) => {
            let input = Input {
                query: &call.query,
                form: b"",
            };
            let asked = about.calls.ask(call, input)?;
            if asked.request.cursor.is_some() {
                // A page link opens with its server's key only.
                return Err(PlanError::Cursor.into());
            }
            let plan = about.calls.plan_asked(&asked, &[], call)?;
            Ok((about.search(call, &asked, &plan)?, plan))
        }
        Asked::Read { resource, id } => {
            let served = about.calls.served(resource)?;
            let plan = about.calls.planner().read(served, id, &Selection::Whole);
            Ok((about.read(resource, id, &plan)?, plan))
        }
    }
}
