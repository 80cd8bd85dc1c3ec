//! A mapping's folder → its cases over its fixture, run one by one and held against what is expected and kept.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use thiserror::Error;

use super::check::{Difference, differences};
use super::fixture::{FixtureError, fixture};
use super::model::Case;
use super::practice::{Practice, PracticeError};
use super::read::{self, read_folder};
use super::run::{RunError, run};
use super::script::{self, file_name};
use super::snapshot::{self, Snapshots};
use super::why;
use crate::explain::Explanation;
use crate::mapping::{Diagnostics, Folder, Mapping, Options};
use crate::site::OpenError;
use crate::verify::Report;

/// Ids of which it is said why they are missing.
const MOST_MISSING: usize = 5;

/// A mapping's cases, ready to run.
pub struct Suite {
    /// The folder's name.
    pub id: String,
    pub folder: PathBuf,
    pub cases: Vec<Case>,
    pub snapshots: Snapshots,
    /// Of the mapping.
    pub warnings: Diagnostics,
    practice: Practice,
}

/// Why a folder's cases cannot be run.
#[derive(Debug, Error)]
pub enum SuiteError {
    /// Problems of the mapping's files, of its cases and of its fixture.
    #[error("{}", .0.iter().map(|it| it.render(false)).collect::<Vec<_>>().join("\n\n"))]
    Problems(Vec<Diagnostics>),
    /// There are no cases, or nothing that they could run on: how to begin.
    #[error("{0}")]
    NotBegun(String),
    /// The fixture has not every table and column that the mapping needs: what it lacks, and the mapping's files.
    #[error("{}", .0.render(|file| .1.text(file), |file| file.into(), false))]
    Lacks(Report, Folder),
    /// SQL of the mapping's own that SQLite refuses, or a database that cannot be asked.
    #[error(transparent)]
    Opening(Box<OpenError>),
    #[error(transparent)]
    Practice(#[from] PracticeError),
}

/// What became of a case.
pub struct Outcome<'s> {
    pub case: &'s Case,
    pub state: State,
}

/// A case's end.
pub enum State {
    /// As expected, and as kept.
    Ok,
    /// Not as expected.
    Failed {
        differences: Vec<Difference>,
        /// The commands and their first rows, where there were any.
        evidence: Option<Box<Explanation>>,
    },
    /// It could not be looked at.
    Broken(RunError),
    /// As expected, and nothing is kept of it yet: the text of its snapshot.
    New(String),
    /// As expected, and not as kept: both texts.
    Changed { before: String, text: String },
    /// Its snapshot cannot be read.
    Unreadable(io::Error),
}

impl Suite {
    /// Loads a mapping with its cases, makes its fixture's databases, and opens them as a site in a time zone. Snapshots
    /// lie where [`Snapshots::of`] says.
    ///
    /// # Errors
    /// [`SuiteError`]
    pub fn open(
        folder: &Path,
        snapshots: Option<&Path>,
        zone: &TimeZone,
    ) -> Result<Suite, SuiteError> {
        let files =
            Folder::read(folder).map_err(|problems| SuiteError::Problems(vec![problems]))?;
        let loaded = files.load(&Options::default());
        let has_cases = folder.join(read::FILE).exists();
        let (loaded, cases) = match (loaded, has_cases) {
            (Ok(loaded), false) => {
                return Err(SuiteError::NotBegun(first_steps(folder, &loaded.mapping)));
            }
            (Err(problems), false) => return Err(SuiteError::Problems(vec![problems])),
            (loaded, true) => match (loaded, read_folder(folder)) {
                (Ok(loaded), Ok(cases)) => (loaded, cases),
                (loaded, cases) => {
                    let all = loaded.err().into_iter().chain(cases.err());
                    return Err(SuiteError::Problems(all.collect()));
                }
            },
        };
        if lacking(folder, &loaded.mapping).next().is_some() {
            return Err(SuiteError::NotBegun(first_steps(folder, &loaded.mapping)));
        }
        let id = loaded.mapping.id.to_string();
        let practice = fixture(folder, loaded.mapping).map_err(|error| match error {
            FixtureError::Sql(problems) => SuiteError::Problems(vec![*problems]),
            FixtureError::Practice(error) => error.into(),
        })?;
        let practice = practice
            .opened(zone, &|options| files.load(options))
            .map_err(|error| match error {
                OpenError::Lacks(report) => SuiteError::Lacks(report.errors(), files.clone()),
                error => SuiteError::Opening(Box::new(error)),
            })?;
        Ok(Suite {
            id,
            folder: folder.to_owned(),
            cases,
            snapshots: Snapshots::of(folder, snapshots),
            warnings: loaded.warnings,
            practice,
        })
    }

    /// The practice that its cases ask.
    pub fn practice(&self) -> &Practice {
        &self.practice
    }

    /// Runs a case.
    pub fn run<'s>(&'s self, case: &'s Case) -> Outcome<'s> {
        Outcome {
            case,
            state: self.state(case),
        }
    }

    fn state(&self, case: &Case) -> State {
        let ran = match run(&self.practice, case) {
            Ok(ran) => ran,
            Err(error) => return State::Broken(error),
        };
        let mut differences = differences(case, &ran);
        if !differences.is_empty() {
            for difference in &mut differences {
                let missing = difference.missing.iter().take(MOST_MISSING);
                let why = missing.map(|id| why::missing(&self.practice, &self.folder, case, id));
                difference.notes.extend(why);
            }
            let evidence = match differences.iter().any(|it| it.is_of_rows) {
                true => why::evidence(&self.practice, case, &ran).map(Box::new),
                false => None,
            };
            return State::Failed {
                differences,
                evidence,
            };
        }
        let text = snapshot::text(&ran, case.depends_on_today);
        match self.snapshots.read(&case.name) {
            Ok(None) => State::New(text),
            Ok(Some(before)) if snapshot::is_same(&before, &text) => State::Ok,
            Ok(Some(before)) => State::Changed { before, text },
            Err(error) => State::Unreadable(error),
        }
    }

    /// Resource types that the mapping serves and no case asks for.
    pub fn unasked(&self) -> Vec<&'static str> {
        let asked: BTreeSet<&str> = self.cases.iter().map(Case::resource).collect();
        let served = self.practice.site.mapping().resources.keys().copied();
        served.filter(|name| !asked.contains(name)).collect()
    }

    /// Snapshots that belong to no case.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn stale(&self) -> io::Result<Vec<String>> {
        let names: BTreeSet<&str> = self.cases.iter().map(|case| case.name.as_str()).collect();
        self.snapshots.stale(&names)
    }
}

/// The files that a mapping's cases need and the folder has not.
fn lacking<'m>(folder: &Path, mapping: &'m Mapping) -> impl Iterator<Item = String> + use<'m> {
    let catalogues: BTreeSet<Option<&str>> = mapping
        .tables
        .values()
        .map(|table| table.catalogue.as_deref())
        .chain([None])
        .collect();
    let folder = folder.to_owned();
    let fixtures = catalogues.into_iter().map(file_name);
    std::iter::once(read::FILE.to_owned())
        .chain(fixtures)
        .filter(move |name| !folder.join(name).exists())
}

/// What to write first, made of the mapping itself.
fn first_steps(folder: &Path, mapping: &Mapping) -> String {
    let lacking: Vec<String> = lacking(folder, mapping).collect();
    let resource = match mapping.resources.contains_key("Patient") {
        true => "Patient",
        false => mapping
            .resources
            .keys()
            .next()
            .copied()
            .unwrap_or("Patient"),
    };
    let id = mapping
        .resources
        .get(resource)
        .and_then(|it| mapping.sources[*it.sources.first()?].name.as_ref())
        .map_or_else(|| "1".to_owned(), |source| format!("{source}-1"));
    let mut text = format!(
        "{} has no {}: there is nothing to test yet\n",
        folder.display(),
        lacking.join(" and no ")
    );
    for file in &lacking {
        text.push('\n');
        if file == read::FILE {
            let lower = resource.to_lowercase();
            text.push_str(&format!(
                "{file}: searches and reads, with what they must give\n\n\
                 \x20 - name: {lower}-read\n\
                 \x20   read: {resource}/{id}\n\
                 \x20   expect: {{ ids: [\"{id}\"] }}\n\
                 \x20 - name: {lower}-by-id\n\
                 \x20   search: \"{resource}?_id={id}\"\n\
                 \x20   expect: {{ ids: [\"{id}\"], total: 1, commands: {{ most: 1 }} }}\n"
            ));
            if let Some(about) = &mapping.practice
                && about.name.is_some()
            {
                text.push_str(
                    "\x20 - name: the-practice\n\
                     \x20   practice: true\n\
                     \x20   expect: { practice: { name: \"…\" } }\n",
                );
            }
        } else {
            text.push_str(&format!(
                "{file}: tables with a few invented rows, for SQLite\n\n{}",
                table_example(mapping, file)
            ));
        }
    }
    text.push_str(
        "\nThen look at what the cases give, and keep it: `pilaster mapping test --review`\n",
    );
    text
}

/// `CREATE TABLE …` of the first table that belongs into a fixture.
fn table_example(mapping: &Mapping, file: &str) -> String {
    let mut tables = mapping
        .tables
        .values()
        .filter(|table| table.derived.is_none());
    let Some(table) = tables.find(|table| file_name(table.catalogue.as_deref()) == file) else {
        return String::new();
    };
    let columns = table.columns.values();
    let create = script::create(
        &table.name,
        columns.map(|column| (&*column.name, column.ty)),
        table.key.iter().map(|name| &**name),
    );
    let mut text: String = create.lines().map(|line| format!("  {line}\n")).collect();
    text.push_str(&format!(
        "  INSERT INTO {} VALUES ({});\n",
        script::quoted(&table.name),
        vec!["…"; table.columns.len()].join(", ")
    ));
    text
}
