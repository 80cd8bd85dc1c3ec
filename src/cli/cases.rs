//! `pilaster mapping test`: folders → their cases, run over their own fixtures.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::tz::TimeZone;
use thiserror::Error;

use crate::cases::{
    Case, Change, Decision, Outcome, Paint, PracticeError, State, Style, Suite, SuiteError, Tally,
    details, json, line, practice, review,
};
use crate::mapping::{Diagnostics, path_in};
use crate::site::OpenError;

/// Run a mapping's cases over its own fixture, and compare with what is expected and with their snapshots
///
/// The cases are in `cases.yaml`, the tables and rows that they run on in `fixture.sql`, in the mapping's folder.
/// Snapshots are in `../../snapshots/<name>` of a folder in a directory `mappings`, else in `snapshots` within it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The mappings' folders
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Only cases with this in their name; may be given several times
    #[arg(long = "case", value_name = "NAME")]
    names: Vec<String>,
    /// Look at each new or different snapshot, and accept it or not
    #[arg(long, conflicts_with_all = ["accept", "json"])]
    review: bool,
    /// Keep every new or different snapshot, and delete those of no case
    #[arg(long)]
    accept: bool,
    /// The time zone in which the practice keeps its times
    #[arg(long, value_name = "ZONE", default_value = practice::ZONE, value_parser = super::zone)]
    time_zone: TimeZone,
    /// Where the snapshots are: in DIR/<name> for each folder
    #[arg(long, value_name = "DIR")]
    snapshots: Option<PathBuf>,
    /// As JSON, for programs: a list with an entry for each folder
    #[arg(long)]
    json: bool,
    /// Only what is not as it should be, and how many are
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
}

/// Why nothing could be tested.
#[derive(Debug, Error)]
enum TestError {
    #[error(
        "--review asks about each difference, and {0} is no terminal; --accept keeps all of them"
    )]
    NoTerminal(&'static str),
    #[error("no case has `{0}` in its name")]
    NoSuchCase(String),
    #[error(transparent)]
    Practice(#[from] PracticeError),
    #[error("the snapshots in {} cannot be read or written: {source}", folder.display())]
    Snapshots { folder: PathBuf, source: io::Error },
    #[error("the answers cannot be read: {0}")]
    Answers(#[source] io::Error),
}

/// What became of all folders.
#[derive(Default)]
struct Tested {
    tally: Tally,
    /// Folders with problems of their own files.
    broken: usize,
    entries: Vec<serde_json::Value>,
    /// For each `--case`, whether a case has it in its name.
    found: Vec<bool>,
}

/// Results go to standard output, problems of the files to standard error. 0 where all is as expected and kept, 1 where
/// it is not, 2 where nothing could be tested.
pub(super) fn run(args: &Args) -> ExitCode {
    match test(args) {
        Ok(tested) => {
            let text = match args.json {
                true => format!("{:#}\n", serde_json::Value::from(tested.entries)),
                false if args.folders.len() > 1 => {
                    format!("\nall: {}\n", tested.tally.summary(paint()))
                }
                false => String::new(),
            };
            let printed = super::print(&text);
            match tested.tally.is_good() && tested.broken == 0 {
                true => printed,
                false => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            super::tell(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

fn paint() -> Paint {
    Paint {
        colour: io::stdout().is_terminal(),
    }
}

fn test(args: &Args) -> Result<Tested, TestError> {
    if args.review {
        // Whoever is asked must see the question, and be able to answer.
        let ends = [
            ("standard input", io::stdin().is_terminal()),
            ("standard output", io::stdout().is_terminal()),
        ];
        if let Some((end, _)) = ends.iter().find(|(_, is_terminal)| !is_terminal) {
            return Err(TestError::NoTerminal(end));
        }
    }
    let mut tested = Tested {
        found: vec![false; args.names.len()],
        ..Tested::default()
    };
    for folder in &args.folders {
        let error = match Suite::open(folder, args.snapshots.as_deref(), &args.time_zone) {
            Ok(suite) => {
                suite_of(args, &suite, &mut tested)?;
                continue;
            }
            Err(error) => error,
        };
        let (problems, code) = told(folder, error)?;
        super::tell(&problems);
        if let Some(code) = code {
            super::tell(&super::more_about(code));
        }
        tested.broken += 1;
        tested.entries.push(serde_json::json!({
            "folder": folder.display().to_string(),
            "problems": problems.trim_end(),
        }));
    }
    let missing = tested.found.iter().position(|found| !found);
    match missing.filter(|_| tested.broken == 0) {
        Some(index) => Err(TestError::NoSuchCase(args.names[index].clone())),
        None => Ok(tested),
    }
}

/// Why a folder's cases cannot be run, for its author, and the code of the gravest problem.
fn told(folder: &Path, error: SuiteError) -> Result<(String, Option<&'static str>), TestError> {
    let colour = io::stderr().is_terminal();
    Ok(match error {
        SuiteError::Problems(all) => {
            let all = all.into_iter().map(|one| one.in_folder(folder));
            let all: Vec<Diagnostics> = all.collect();
            let shown: Vec<String> = all.iter().map(|one| one.render(colour)).collect();
            let gravest = all.iter().flat_map(Diagnostics::iter);
            let gravest = gravest.min_by_key(|problem| problem.severity());
            (
                format!("{}\n\n{}\n", folder.display(), shown.join("\n\n")),
                gravest.map(|problem| problem.code()),
            )
        }
        SuiteError::Lacks(report, files) => {
            let text = report.render(
                |file| files.text(file),
                |file| path_in(folder, file),
                colour,
            );
            let told = format!(
                "{}: its fixture is not as its tables say\n\n{text}\n",
                folder.display()
            );
            let code = report.findings.first().map(|finding| finding.kind.code());
            (told, code)
        }
        SuiteError::Opening(error) => {
            let error = match *error {
                OpenError::Refused {
                    dialect,
                    place,
                    says,
                } => OpenError::Refused {
                    dialect,
                    place: path_in(folder, &place).to_string(),
                    says,
                },
                other => other,
            };
            (format!("error: {error}"), None)
        }
        SuiteError::NotBegun(steps) => (steps, None),
        SuiteError::Practice(error) => return Err(error.into()),
    })
}

fn suite_of(args: &Args, suite: &Suite, tested: &mut Tested) -> Result<(), TestError> {
    let say = |text: &str| {
        if !args.json {
            super::print(text);
        }
    };
    if !suite.warnings.is_empty() {
        let warnings = suite.warnings.clone().in_folder(&suite.folder);
        super::tell(&warnings.render(io::stderr().is_terminal()));
    }
    let paint = paint();
    let chosen = chosen(&suite.cases, &args.names, &mut tested.found);
    let zone = args.time_zone.iana_name().unwrap_or("UTC");
    let zone = match zone == practice::ZONE {
        true => String::new(),
        false => format!(", in {zone}"),
    };
    say(&format!(
        "{} {}{zone}\n",
        paint.styled(Style::Bold, &suite.id),
        paint.styled(Style::Faint, &format!("({})", suite.folder.display()))
    ));
    let mut tally = Tally::default();
    let mut outcomes = Vec::with_capacity(chosen.len());
    for case in chosen {
        let outcome = suite.run(case);
        tally.count(&outcome.state);
        if !(args.quiet && matches!(outcome.state, State::Ok)) {
            say(&line(&outcome, paint));
        }
        outcomes.push(outcome);
    }
    let unusable = |source| TestError::Snapshots {
        folder: suite.snapshots.folder().to_owned(),
        source,
    };
    // Of some cases it is not asked whose the others are.
    let stale = match args.names.is_empty() {
        true => suite.stale().map_err(unusable)?,
        false => Vec::new(),
    };
    tally.stale = stale.len();
    let is_decided = args.review || args.accept;
    for outcome in &outcomes {
        // What is going to be decided is shown then.
        let is_change = matches!(outcome.state, State::New(_) | State::Changed { .. });
        if !(is_change && is_decided) {
            say(&details(outcome, &suite.folder, paint));
        }
    }
    if !stale.is_empty() {
        say(&format!("\nsnapshots of no case: {}\n", stale.join(", ")));
    }
    if is_decided {
        let rejected = decide(args, suite, &outcomes, &stale, &mut tally)?;
        if !rejected.is_empty() {
            let names = rejected.join(", ");
            say(&format!("\nrejected, to be mended: {names}\n"));
        }
    }
    say(&format!("\n{}: {}\n", suite.id, tally.summary(paint)));
    if tally.new + tally.changed + tally.stale > 0 {
        say("--review shows what is new, changed or stale, and asks; --accept takes all of it\n");
    }
    let unasked = suite.unasked();
    if !unasked.is_empty() && args.names.is_empty() && !args.quiet {
        say(&format!("no case asks for {}\n", unasked.join(", ")));
    }
    tested.entries.push(json(suite, &outcomes, &stale));
    tested.tally += tally;
    Ok(())
}

/// The cases with one of the names, or all; notes which names there are.
fn chosen<'c>(cases: &'c [Case], names: &[String], found: &mut [bool]) -> Vec<&'c Case> {
    let mut chosen = Vec::new();
    for case in cases {
        let mut is_wanted = names.is_empty();
        for (name, found) in names.iter().zip(found.iter_mut()) {
            if case.name.contains(name.as_str()) {
                is_wanted = true;
                *found = true;
            }
        }
        if is_wanted {
            chosen.push(case);
        }
    }
    chosen
}

/// Accepts what a person, or the command line, says is right; gives the cases of which a person says that they are wrong.
fn decide(
    args: &Args,
    suite: &Suite,
    outcomes: &[Outcome<'_>],
    stale: &[String],
    tally: &mut Tally,
) -> Result<Vec<String>, TestError> {
    let of_cases = outcomes.iter().filter_map(|outcome| {
        let case = outcome.case.name.clone();
        match &outcome.state {
            State::New(text) => Some(Change::New {
                case,
                text: text.clone(),
            }),
            State::Changed { before, text } => Some(Change::Changed {
                case,
                before: before.clone(),
                text: text.clone(),
            }),
            _ => None,
        }
    });
    let of_nobody = stale
        .iter()
        .map(|case| Change::Stale { case: case.clone() });
    let changes: Vec<Change> = of_cases.chain(of_nobody).collect();
    let decisions = match args.accept {
        true => vec![Decision::Accept; changes.len()],
        false => review(
            &changes,
            &mut io::stdin().lock(),
            &mut io::stdout().lock(),
            paint(),
        )
        .map_err(TestError::Answers)?,
    };
    let mut rejected = Vec::new();
    for (change, decision) in changes.iter().zip(decisions) {
        match decision {
            Decision::Accept => {}
            Decision::Skip => continue,
            Decision::Reject => {
                rejected.push(change.case().to_owned());
                continue;
            }
        }
        let (done, count) = match change {
            Change::New { case, text } => (suite.snapshots.write(case, text), &mut tally.new),
            Change::Changed { case, text, .. } => {
                (suite.snapshots.write(case, text), &mut tally.changed)
            }
            Change::Stale { case } => (suite.snapshots.delete(case), &mut tally.stale),
        };
        done.map_err(|source| TestError::Snapshots {
            folder: suite.snapshots.folder().to_owned(),
            source,
        })?;
        *count -= 1;
        tally.accepted += 1;
    }
    Ok(rejected)
}
