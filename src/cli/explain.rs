//! `pilaster explain`: a search → what it becomes, stage by stage.
//!
//! Without `--run` no database is touched or made. What is wrong with the search is said as a caller of the
//! server would hear it, with the code of the table of errors and what to do.
//!
//! Exit codes: 0 explained, 1 the search is refused, 2 it could not start, or the command line is wrong.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use axum::http::Method;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::TempDir;

use super::{OpenLimits, StartError, open_site, print, tell, zone};
use crate::cursor::{CursorError, CursorKey};
use crate::demo::{self, DemoError, MAX_PATIENTS};
use crate::explain::{
    About, Explanation, Json, ROWS, StageTimings, render_text, run as run_commands,
};
use crate::mapping::{Diagnostics, Loaded, Mapping, Options, embedded, load_files, load_folder};
use crate::passthrough::PassthroughError;
use crate::passthrough::{Limits as PoolLimits, sqlite};
use crate::plan::{CountLimits, Plan, PlanError, Selection};
use crate::relation::Dialect;
use crate::search::Input;
use crate::server::path::{self, Interaction};
use crate::site::{Answer, CallPlanner, ReadCall, SearchCall, Site, SiteConfig, SiteError};
use crate::sql::Engine;

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
    /// The SQL to show: mssql, firebird, sqlanywhere or sqlite; without it that of the mapping's own engine, or SQLite's with --run
    #[arg(long, value_name = "DIALECT", value_parser = dialect)]
    dialect: Option<Dialect>,
    /// The folder of a mapping; without it that of the embedded practice
    #[arg(long, value_name = "DIR")]
    mapping: Option<PathBuf>,
    /// Run it too, on the embedded practice or the database of --sqlite: adds rows and query plan (but of what is included), answer, times
    #[arg(long)]
    run: bool,
    /// A SQLite database to run it on, opened read-only
    #[arg(long, value_name = "FILE", requires = "run")]
    sqlite: Option<PathBuf>,
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
            strict,
            ..interaction.search()?
        })),
    }
}

fn explain(args: &Args) -> Result<Explanation, Failure> {
    let asked = asked(&args.asked, args.strict).ok_or(Failure::Form)?;
    // A database of the caller's may lack columns that are optional: the search is planned without them.
    let given = match &args.sqlite {
        Some(path) => Some(Practice::given(args, path)?),
        None => None,
    };
    let mapping = match &given {
        Some(practice) => Arc::clone(practice.site.mapping()),
        None => {
            let loaded = load(args, &Options::default());
            let Loaded { mapping, warnings } =
                loaded.map_err(|problems| StartError::Mapping(Box::new(problems)))?;
            warn(&warnings);
            Arc::new(mapping)
        }
    };
    let zone = args.time_zone.clone();
    let dialect = shown(args, mapping.engine);
    let calls =
        CallPlanner::new(Arc::clone(&mapping), zone, CountLimits::default()).within(dialect);
    let about = |engine| About {
        calls: &calls,
        engine,
        zone_name: args.time_zone.iana_name().unwrap_or("UTC"),
        now: args.time_zone.to_datetime(Timestamp::now()),
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
        tell(&warnings.render(io::stderr().is_terminal()));
    }
}

/// The dialect that is shown; what is run is SQLite's in any case.
fn shown(args: &Args, engine: Dialect) -> Dialect {
    match (args.dialect, engine) {
        (Some(dialect), _) => dialect,
        (None, engine) if !args.run => engine,
        (None, _) => Dialect::Sqlite,
    }
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

/// A practice to run a search at.
struct Practice {
    site: Arc<Site>,
    /// Of the embedded practice; removed when this is dropped.
    _folder: Option<TempDir>,
}

impl Practice {
    /// A database of the caller's, opened as a server opens it.
    fn given(args: &Args, path: &std::path::Path) -> Result<Practice, Failure> {
        let (site, warnings) = open_site(
            "explain",
            args.time_zone.clone(),
            Arc::new(CursorKey::generate()?),
            path,
            OpenLimits::default(),
            |options| load(args, options),
        )?;
        warn(&warnings);
        Ok(Practice {
            site: Arc::new(site),
            _folder: None,
        })
    }

    /// The embedded practice.
    fn demo(args: &Args, mapping: &Arc<Mapping>) -> Result<Practice, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("pilaster-")
            .tempdir()
            .map_err(Failure::Folder)?;
        let path = folder.path().join("practice.sqlite");
        create(args, &path)?;
        let pool = sqlite::pool(&path, PoolLimits::default()).map_err(Failure::Database)?;
        let config = SiteConfig {
            id: "explain".to_owned(),
            zone: args.time_zone.clone(),
            zone_name: args.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            dialect: Dialect::Sqlite,
            count: CountLimits::default(),
            cursor_key: Arc::new(CursorKey::generate()?),
        };
        let site = Site::new(config, Arc::clone(mapping), Arc::new(pool));
        Ok(Practice {
            site: Arc::new(site),
            _folder: Some(folder),
        })
    }

    /// Adds to the explanation what its commands bring, and the answer.
    fn run(
        &self,
        asked: Asked,
        shown: Engine,
        explanation: &mut Explanation,
        plan: &Plan,
    ) -> Result<(), Failure> {
        let database = self.site.engine();
        self.site
            .pool()
            .run_now(|session| run_commands(explanation, plan, shown, database, session, ROWS))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(Failure::Runtime)?;
        let answer: Answer = runtime.block_on(async {
            match asked {
                Asked::Search(call) => self.site.search(call).await,
                Asked::Read { resource, id } => {
                    let call = ReadCall {
                        base: BASE.to_owned(),
                        resource,
                        id,
                        ..ReadCall::default()
                    };
                    self.site.read(call).await
                }
            }
        })?;
        explanation.timings = Some(StageTimings::from(&answer.timings));
        explanation.answer = Some(Json::new(&answer.body));
        Ok(())
    }
}

fn create(args: &Args, path: &std::path::Path) -> Result<(), DemoError> {
    let options = demo::Options {
        patients: args.patients,
        seed: args.seed,
        today: args.time_zone.to_datetime(Timestamp::now()).date(),
    };
    let mut database = rusqlite::Connection::open(path)?;
    demo::create(&mut database, &options, &mut |_, _| {})?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn explained(line: &[&str]) -> Result<Explanation, Failure> {
        let line = [&["explain"], line].concat();
        explain(&Cli::try_parse_from(line).unwrap().args)
    }

    #[test]
    fn reads_what_stands_after_a_base_url() {
        let read = |text| {
            Some(match asked(text, false)? {
                Asked::Search(call) => {
                    let query = String::from_utf8(call.query.clone()).unwrap();
                    format!("search {} by {query}", call.path())
                }
                Asked::Read { resource, id } => format!("read {resource}/{id}"),
            })
        };
        for (text, expected) in [
            ("Patient?family=a/b?c", "search Patient by family=a/b?c"),
            ("/Patient?", "search Patient by "),
            ("Patient", "search Patient by "),
            ("Patient/12", "read Patient/12"),
            (
                "Patient/12/Condition?code=x",
                "search Patient/12/Condition by code=x",
            ),
            ("Patient/12/*", "search Patient/12/* by "),
            (
                "Patient/12/$everything",
                "search Patient/12/$everything by ",
            ),
            ("?_type=Patient", "search  by _type=Patient"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "/",
            "patient?family=smith",
            "family=smith",
            "Patient/",
            "Patient/1/2",
            "Patient/1?_elements=name",
            "Patient/1/$summary",
            "metadata",
            "https://example.org/Patient?a=b",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_readme_s_search_is_explained_for_both_dialects() {
        let search = "Patient?family=smith&birthdate=gt1980&_sort=-birthdate";
        let text_of = |line: &[&str]| {
            explained(line).unwrap().parts[0]
                .command
                .command
                .text
                .to_string()
        };
        assert!(text_of(&[search]).contains("TOP (@p"));
        assert!(text_of(&[search, "--dialect", "sqlite"]).contains("LIMIT ?"));
    }

    #[test]
    fn a_run_brings_rows_and_the_answer() {
        let search = "Patient?_sort=_id&_count=2";
        let ran = explained(&[search, "--run", "--patients", "20"]).unwrap();
        assert_eq!(ran.dialect, Dialect::Sqlite);
        assert_eq!(ran.parts[0].ran.as_ref().unwrap().count, 3);
        let bundle: serde_json::Value = serde_json::from_str(ran.answer.unwrap().text()).unwrap();
        assert_eq!(bundle["entry"].as_array().unwrap().len(), 2);
        let id = bundle["entry"][0]["resource"]["id"].as_str().unwrap();
        let read = format!("Patient/{id}");
        let ran = explained(&[&read, "--run", "--patients", "20"]).unwrap();
        assert!(
            ran.answer
                .unwrap()
                .text()
                .starts_with("{\"resourceType\":\"Patient\"")
        );
    }

    #[test]
    fn a_database_without_an_optional_column_is_explained_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "mapping.yaml",
            "name: Small\nengine: sqlite\nverified: illustrative\ncollation: BINARY\ntables:\n  T:\n    key: ID\n    columns: { ID: integer, NAME: varchar(20), NICK: { type: varchar(20), optional: true } }\n",
        );
        write(
            "patient.yaml",
            "resource: Patient\ntable: T as t\nid: t.ID\nelements:\n  name: [ { family: $t.NAME, given: [ $t.NICK ] } ]\n",
        );
        let path = folder.path().join("t.sqlite");
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE T (ID INTEGER PRIMARY KEY, NAME TEXT); INSERT INTO T VALUES (1, 'Able');")
            .unwrap();
        let mapping = folder.path().to_str().unwrap();
        let database = path.to_str().unwrap();
        let run = |search: &str, database: &str| {
            explained(&[search, "--run", "--mapping", mapping, "--sqlite", database])
        };
        let ran = run("Patient?name=able", database).unwrap();
        assert!(ran.answer.unwrap().text().contains("\"family\":\"Able\""));
        assert!(matches!(
            run("Patient?given=x", database),
            Err(Failure::Refused(_))
        ));
        // What no optional column explains is said as a server says it.
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute_batch("ALTER TABLE T RENAME COLUMN NAME TO SURNAME")
            .unwrap();
        let error = run("Patient", database).unwrap_err().to_string();
        assert!(error.contains("column T.NAME"), "{error}");
    }

    #[test]
    fn what_goes_with_a_page_is_explained_too() {
        let types = |parts: &[crate::explain::PartExplanation]| {
            let names = parts.iter().map(|part| part.resource);
            names.collect::<std::collections::BTreeSet<_>>()
        };
        let search = "Patient?family=smith&_include=Patient:general-practitioner&_revinclude=Condition:patient";
        let explanation = explained(&[search]).unwrap();
        assert_eq!(types(&explanation.parts), ["Patient"].into());
        assert_eq!(
            types(&explanation.included),
            ["Condition", "Practitioner"].into()
        );
        let text = render_text(&explanation, false);
        assert!(text.contains("included"), "{text}");
        let explanation =
            explained(&["Patient/12/$everything?_type=Patient,Condition,Practitioner"]).unwrap();
        assert_eq!(explanation.path, "Patient/12/$everything");
        assert_eq!(types(&explanation.parts), ["Condition", "Patient"].into());
        assert!(types(&explanation.included).contains("Practitioner"));
        let explanation = explained(&["Patient/12/Condition?code=x"]).unwrap();
        assert_eq!(types(&explanation.parts), ["Condition"].into());
        let several = explained(&["?_type=Patient,Practitioner&_id=1"]).unwrap();
        assert_eq!(types(&several.parts), ["Patient", "Practitioner"].into());
        assert!(explained(&["Patient/12/$everything?_sort=_id"]).is_err());
    }

    #[test]
    fn a_refusal_has_its_code_and_its_remedy() {
        let refused = |search: &str| match explained(&[search]) {
            Err(Failure::Refused(error)) => refusal(&error),
            other => panic!("{search}: {other:?}"),
        };
        insta::assert_snapshot!(refused("Patient?birthdate=tomorrow"));
        assert!(refused("Patient?famly=smith").starts_with("error[PP001]"));
        assert!(refused("Device").starts_with("error[PH002]"));
        assert!(refused("Patient?_cursor=x").starts_with("error[PP007]"));
        assert!(matches!(explained(&["smith"]), Err(Failure::Form)));
    }

    #[test]
    fn every_dialect_can_be_asked_for() {
        for known in Dialect::ALL {
            assert_eq!(dialect(known.name()), Ok(known));
        }
        let refused = dialect("oracle").unwrap_err();
        assert_eq!(
            refused,
            "SQL is written for mssql, firebird, sqlanywhere, sqlite"
        );
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for wrong in [
            &["Patient", "--dialect", "oracle"][..],
            &["Patient", "--sqlite", "x.sqlite"],
            &[
                "Patient",
                "--run",
                "--sqlite",
                "x.sqlite",
                "--patients",
                "5",
            ],
            &["Patient", "--time-zone", "Mars/Olympus"],
            &[],
        ] {
            let line = [&["explain"], wrong].concat();
            let refused = Cli::try_parse_from(line).unwrap_err();
            assert_eq!(refused.exit_code(), 2, "{wrong:?}");
        }
    }
}
