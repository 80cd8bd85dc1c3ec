//! `mappings/README.md` is true: every example in it is run, in the order in which it is read. The tutorial, which stands
//! before the reference, is followed by `tutorial`; this runs the rest.
//!
//! Fenced blocks say in their info string what they are:
//!
//! | info string | what is done |
//! |---|---|
//! | `sql db=NAME` | run in the database NAME |
//! | `yaml file=DIR/FILE` | written as a file of the mapping DIR, which must then load without a warning |
//! | `yaml in=DIR/FILE` | the same, but only the keys shown replace the file's, and only until the next block |
//! | `yaml wrong=DIR/FILE` | loaded in place of that file; a `text` block after it is what the loader says |
//! | `json` | after `in=`: elements of Patient/1. `…` is any text |
//! | `json of=TYPE/ID` | elements of that resource |
//! | `search` | `SEARCH → IDS`, or `→ none`, or `→ STATUS CODE` |
//! | `yaml cases=DIR` | cases as a mapping's `cases.yaml` has them, run on the mapping DIR as it stands |
//!
//! What is YAML must also be as the schema of editors says ([`mapping_schema`]).
//!
//! YAML without any of these marks is a failure: nothing in the document stays unread.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pilaster::cases;
use pilaster::cursor::CursorKey;
use pilaster::mapping::{self, Diagnostics, Loaded, Options};
use pilaster::passthrough::{Limits, sqlite};
use pilaster::plan::CountLimits;
use pilaster::relation::Dialect;
use pilaster::site::{Answer, ReadCall, SearchCall, Site, SiteConfig, SiteError};
use serde_json::Value;

use crate::mapping_schema;

const BASE: &str =
    "http://127.0.0.1:8080/integrator/sites/00000000-0000-4000-8000-000000000001/fhir/R4";
const ZONE: &str = "Australia/Brisbane";

/// A fenced block.
pub struct Block {
    /// Of its first line in the document, for messages.
    pub line: usize,
    pub language: String,
    /// `file=…`
    pub mark: Option<(String, String)>,
    pub text: String,
}

/// The lines of the tutorial.
pub fn tutorial(document: &str) -> Range<usize> {
    let line_of = |heading: &str| {
        let mut lines = document.lines();
        lines.position(|line| line == heading).expect("a heading") + 1
    };
    line_of("## A first mapping")..line_of("## Reference")
}

/// All fenced blocks, in their order.
pub fn blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in document.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let (language, mark) = info.split_once(' ').unwrap_or((info, ""));
                open = Some(Block {
                    line: number + 1,
                    language: language.to_owned(),
                    mark: mark
                        .split_once('=')
                        .map(|(key, value)| (key.to_owned(), value.to_owned())),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    blocks
}

/// A YAML file's text by its keys and, one level below, theirs.
struct Outline(Vec<Section>);

struct Section {
    key: String,
    /// What stands before the first key inside.
    head: String,
    inside: Vec<(String, String)>,
}

impl Outline {
    fn of(text: &str) -> Outline {
        let mut sections: Vec<Section> = Vec::new();
        let key = |line: &str| line.split(':').next().unwrap_or_default().trim().to_owned();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line_end = format!("{line}\n");
            let first = line.trim_start();
            let indent = line.len() - first.len();
            let is_key = !first.starts_with(['-', '#']);
            match sections.last_mut() {
                Some(section) if indent == 2 && is_key => {
                    section.inside.push((key(line), line_end));
                }
                Some(section) if indent > 0 => match section.inside.last_mut() {
                    Some((_, inner)) => inner.push_str(&line_end),
                    None => section.head.push_str(&line_end),
                },
                _ => sections.push(Section {
                    key: key(line),
                    head: line_end,
                    inside: Vec::new(),
                }),
            }
        }
        Outline(sections)
    }

    /// The keys of `piece` in place of these.
    fn replace(mut self, piece: Outline) -> String {
        for new in piece.0 {
            match self.0.iter_mut().find(|old| old.key == new.key) {
                Some(old) if !old.inside.is_empty() && !new.inside.is_empty() => {
                    for (key, text) in new.inside {
                        match old.inside.iter_mut().find(|(old, _)| *old == key) {
                            Some((_, old)) => *old = text,
                            None => old.inside.push((key, text)),
                        }
                    }
                }
                Some(old) => *old = new,
                None => self.0.push(new),
            }
        }
        let mut text = String::new();
        for section in self.0 {
            text.push_str(&section.head);
            section
                .inside
                .iter()
                .for_each(|(_, inner)| text.push_str(inner));
        }
        text
    }
}

/// The document's mappings and databases, as far as it has been read.
struct Reader {
    folder: tempfile::TempDir,
    /// Files of the mappings by folder, then name.
    mappings: BTreeMap<String, BTreeMap<String, String>>,
    /// The mapping of the last example, served.
    site: Option<Arc<Site>>,
    /// What the loader said of the last `wrong=`.
    diagnostics: Option<String>,
    runtime: tokio::runtime::Runtime,
    /// How many examples were checked, by language.
    checked: BTreeMap<String, usize>,
}

impl Reader {
    fn database(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.sqlite"))
    }

    fn block(&mut self, block: &Block) -> Result<(), String> {
        let text = block.text.as_str();
        let mark = block
            .mark
            .as_ref()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        match (block.language.as_str(), mark) {
            ("sql", Some(("db", name))) => rusqlite::Connection::open(self.database(name))
                .and_then(|database| database.execute_batch(text))
                .map_err(|error| error.to_string())?,
            ("yaml", Some(("cases", folder))) => self.cases(folder, text)?,
            ("yaml", Some((how, path))) => self.yaml(how, path, text)?,
            ("yaml", None) => return Err("YAML that nothing checks: mark it".to_owned()),
            ("json", Some(("of", path))) => self.elements(path, text)?,
            ("json", None) => self.elements("Patient/1", text)?,
            ("search", None) => text.lines().try_for_each(|line| self.search(line))?,
            ("text", None) => match self.diagnostics.take() {
                Some(diagnostics) if diagnostics.trim() == text.trim() => {}
                Some(diagnostics) => return Err(format!("the loader says:\n{diagnostics}")),
                None => return Ok(()),
            },
            (language, _) => return Err(format!("what is `{language}` with this mark?")),
        }
        *self.checked.entry(block.language.clone()).or_default() += 1;
        Ok(())
    }

    fn yaml(&mut self, how: &str, path: &str, text: &str) -> Result<(), String> {
        let (folder, file) = path.split_once('/').ok_or("no DIR/FILE")?;
        let files = self.mappings.entry(folder.to_owned()).or_default();
        let mut current = files.clone();
        match how {
            "file" => {
                files.insert(file.to_owned(), text.to_owned());
                current = files.clone();
            }
            "in" => {
                let old = files.get(file).ok_or("there is no such file yet")?;
                let new = Outline::of(old).replace(Outline::of(text));
                current.insert(file.to_owned(), new);
            }
            "wrong" => {
                current.insert(file.to_owned(), text.to_owned());
                match load(folder, &current, &Options::default()) {
                    Ok(_) => return Err("nothing is wrong with it".to_owned()),
                    Err(diagnostics) => self.diagnostics = Some(diagnostics.to_string()),
                }
                return Ok(());
            }
            _ => return Err(format!("what is `{how}=`?")),
        }
        // A folder that is being written has a manifest first and a source last.
        let has_source = current
            .values()
            .any(|text| text.starts_with("resource:") || text.contains("\nresource:"));
        let complete = has_source && self.database(folder).exists();
        let problems = current
            .values()
            .flat_map(|text| mapping_schema::problems(text));
        let problems: Vec<String> = problems.collect();
        if !problems.is_empty() {
            return Err(format!("the schema of editors refuses it: {problems:#?}"));
        }
        self.site = if complete {
            Some(self.serve(folder, &current)?)
        } else {
            None
        };
        Ok(())
    }

    /// Loads a mapping as the server does, without what the document's database of the same name does not have.
    fn mapping(
        &self,
        folder: &str,
        files: &BTreeMap<String, String>,
    ) -> Result<mapping::Mapping, String> {
        let database = self.database(folder);
        let first =
            load(folder, files, &Options::default()).map_err(|problems| problems.to_string())?;
        let options = Options {
            missing: missing(&first, &database)?,
        };
        let Loaded { mapping, warnings } =
            load(folder, files, &options).map_err(|problems| problems.to_string())?;
        if !warnings.is_empty() {
            return Err(warnings.to_string());
        }
        Ok(mapping)
    }

    /// Loads a mapping, and serves it on the document's database of the same name.
    fn serve(&self, folder: &str, files: &BTreeMap<String, String>) -> Result<Arc<Site>, String> {
        let mapping = self.mapping(folder, files)?;
        let database = self.database(folder);
        let config = SiteConfig {
            id: "00000000-0000-4000-8000-000000000001".to_owned(),
            zone: jiff::tz::TimeZone::get(ZONE).map_err(|error| error.to_string())?,
            zone_name: ZONE.to_owned(),
            dialect: Dialect::Sqlite,
            count: CountLimits::default(),
            cursor_key: Arc::new(CursorKey::from_bytes([7; 32])),
        };
        let pool =
            sqlite::pool(&database, Limits::default()).map_err(|problem| problem.to_string())?;
        Ok(Arc::new(Site::new(
            config,
            Arc::new(mapping),
            Arc::new(pool),
        )))
    }

    /// `Patient?family=x` or `Patient/1`
    fn ask(&self, asked: &str) -> Result<Result<Answer, SiteError>, String> {
        let site = self
            .site
            .as_ref()
            .ok_or("no mapping with a database before this")?;
        let (path, query) = asked.split_once('?').unwrap_or((asked, ""));
        let base = BASE.to_owned();
        let query = query.as_bytes().to_vec();
        Ok(match path.split_once('/') {
            Some((resource, id)) => self.runtime.block_on(site.read(ReadCall {
                base,
                query,
                resource: resource.to_owned(),
                id: id.to_owned(),
                ..ReadCall::default()
            })),
            None => self.runtime.block_on(site.search(SearchCall {
                base,
                query,
                resource: path.to_owned(),
                ..SearchCall::default()
            })),
        })
    }

    /// `Patient?family=x → 1, 2`
    fn search(&self, line: &str) -> Result<(), String> {
        let (asked, expected) = line
            .split_once('→')
            .ok_or_else(|| format!("no `→`: {line}"))?;
        let got = match self.ask(asked.trim())? {
            Err(error) => format!("{} {}", error.code().status, error.code().id),
            Ok(answer) => {
                let body: Value =
                    serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
                let ids = ids(&body);
                if ids.is_empty() {
                    "none".to_owned()
                } else {
                    ids.join(", ")
                }
            }
        };
        if got == expected.trim() {
            Ok(())
        } else {
            Err(format!("{} → {got}", asked.trim()))
        }
    }

    /// `- { name: …, search: …, expect: { ids: [ … ] } }`
    fn cases(&self, folder: &str, text: &str) -> Result<(), String> {
        let files = self
            .mappings
            .get(folder)
            .ok_or("there is no such mapping")?;
        let mapping = self.mapping(folder, files)?;
        let pool = sqlite::pool(&self.database(folder), Limits::default())
            .map_err(|problem| problem.to_string())?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let practice = cases::Practice::over(mapping, Arc::new(pool), folder)
            .map_err(|error| error.to_string())?;
        for case in cases::read(text).map_err(|problems| problems.to_string())? {
            let ran = cases::run(&practice, &case).map_err(|error| error.to_string())?;
            let differences = cases::differences(&case, &ran);
            if !differences.is_empty() {
                return Err(format!("{}: {differences:#?}", case.name));
            }
        }
        Ok(())
    }

    /// The elements shown are those of the resource; it may have others.
    fn elements(&self, path: &str, text: &str) -> Result<(), String> {
        let answer = self.ask(path)?.map_err(|error| error.to_string())?;
        let resource: Value =
            serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        let shown = parse(text)?;
        for (name, value) in shown.as_object().ok_or("an object is expected")? {
            same(name, value, &resource[name])?;
        }
        Ok(())
    }
}

fn load(
    folder: &str,
    files: &BTreeMap<String, String>,
    options: &Options,
) -> Result<Loaded, Diagnostics> {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    mapping::load_files(folder, &files, options)
}

/// Optional columns that the database does not have.
fn missing(
    loaded: &Loaded,
    database: &Path,
) -> Result<std::collections::HashSet<(String, String)>, String> {
    let mut missing = std::collections::HashSet::new();
    let database = rusqlite::Connection::open(database).map_err(|problem| problem.to_string())?;
    for table in loaded.mapping.tables.values() {
        let columns: Vec<String> = database
            .prepare("SELECT name FROM pragma_table_info(?1)")
            .and_then(|mut named| named.query_map([&*table.name], |row| row.get(0))?.collect())
            .map_err(|problem| problem.to_string())?;
        for column in table.columns.values().filter(|column| column.optional) {
            if !columns.iter().any(|name| **name == *column.name) {
                missing.insert((table.name.to_string(), column.name.to_string()));
            }
        }
    }
    Ok(missing)
}

/// The ids of what matches in a Bundle, or of the resource itself.
pub fn ids(body: &Value) -> Vec<&str> {
    match body["entry"].as_array() {
        Some(entries) => entries
            .iter()
            .filter(|entry| entry["search"]["mode"] == "match")
            .filter_map(|entry| entry["resource"]["id"].as_str())
            .collect(),
        None if body["resourceType"] == "Bundle" => Vec::new(),
        None => body["id"].as_str().into_iter().collect(),
    }
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))
}

/// `…` in what is shown is any text.
///
/// # Errors
/// What is shown, and what it is.
pub fn same(what: &str, shown: &Value, got: &Value) -> Result<(), String> {
    let differs = || Err(format!("{what} is {got:#}"));
    match (shown, got) {
        (Value::String(any), Value::String(_)) if any == "…" => Ok(()),
        (Value::Object(shown), Value::Object(got)) => {
            if shown.len() != got.len() {
                return differs();
            }
            shown.iter().try_for_each(|(name, value)| {
                same(name, value, got.get(name).unwrap_or(&Value::Null))
            })
        }
        (Value::Array(shown), Value::Array(got)) if shown.len() == got.len() => shown
            .iter()
            .zip(got)
            .try_for_each(|(shown, got)| same(what, shown, got)),
        _ if shown == got => Ok(()),
        _ => differs(),
    }
}

#[test]
fn every_example_of_the_mapping_guide_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/README.md");
    let document = std::fs::read_to_string(path).unwrap();
    let mut reader = Reader {
        folder: tempfile::tempdir().unwrap(),
        mappings: BTreeMap::new(),
        site: None,
        diagnostics: None,
        runtime: tokio::runtime::Runtime::new().unwrap(),
        checked: BTreeMap::new(),
    };
    let mut wrong = String::new();
    let tutorial = tutorial(&document);
    for block in blocks(&document)
        .into_iter()
        .filter(|block| !tutorial.contains(&block.line))
    {
        if let Err(problem) = reader.block(&block) {
            wrong.push_str(&format!("mappings/README.md:{}: {problem}\n\n", block.line));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    // The blocks were found: a document without any would be true as well.
    for (language, least) in [
        ("sql", 2),
        ("yaml", 40),
        ("json", 25),
        ("search", 15),
        ("text", 1),
    ] {
        let checked = reader.checked.get(language).copied().unwrap_or_default();
        assert!(checked >= least, "only {checked} examples of {language}");
    }
}
