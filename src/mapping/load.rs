//! A folder → a checked [`Mapping`], or all of its problems at once.
//!
//! Takes the folder's path, or its files as texts (a mapping that is part of the program); reads
//! every file, merges the manifest, tables and shared code tables, compiles each source, and checks
//! what needs all of them: names of sources, and references between them.
//!
//! Bounded: a file has at most 1 MiB, a folder at most 200.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::diagnostic::{At, Diagnostics, Problem, Report, SourceFile};
use super::lines::Lines;
use super::model::Mapping;
use super::names::{nearest, suggest};
use super::origin;
use super::schema::{self, Schema};
use super::source::{self, Compiled, ReferenceUse};
use super::vocabulary::{self, names};
use super::yaml::{self, Node, Span, get};
use super::{about, assemble, lacks, predicate, rules, shape, syntax};
use crate::relation::Expr;

/// The largest file, in bytes.
pub const MAX_FILE: usize = 1024 * 1024;
/// The most files of a folder.
pub const MAX_FILES: usize = 200;

/// The manifest's file.
const MANIFEST: &str = "mapping.yaml";
/// What the mapping is tested with stands beside it, and is no part of it.
pub(crate) const CASES: &str = "cases.yaml";

/// What a loading may be told of the database that the mapping is for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Optional columns that the database does not have, as table and column: elements that are
    /// bound to them are left out, and with them the searches that these would have answered. A
    /// column that is not optional is not affected.
    pub missing: HashSet<(String, String)>,
}

impl Options {
    /// Whether the database lacks the column.
    pub fn is_missing(&self, table: &str, column: &str) -> bool {
        !self.missing.is_empty()
            && self
                .missing
                .contains(&(table.to_owned(), column.to_owned()))
    }
}

/// A mapping that can be served.
#[derive(Debug)]
pub struct Loaded {
    pub mapping: Mapping,
    /// What keeps nothing from working, but is probably not meant.
    pub warnings: Diagnostics,
}

/// Loads the mapping in a folder; the folder's name is its id. Only the YAML files at its top level
/// are read.
///
/// # Errors All problems of all files, warnings included, if any of them is an error; a folder that
/// cannot be read is one.
pub fn load_folder(path: &Path, options: &Options) -> Result<Loaded, Diagnostics> {
    Folder::read(path)?.load(options)
}

/// The files of a mapping's folder as they were when they were read.
#[derive(Debug, Clone)]
pub struct Folder {
    id: String,
    files: Vec<(String, String)>,
}

impl Folder {
    /// Reads the YAML files at the top of a folder, whose name is the mapping's id.
    ///
    /// # Errors
    /// A folder or file that cannot be read.
    pub fn read(path: &Path) -> Result<Folder, Diagnostics> {
        let files = read_folder(path).map_err(|(file, message)| unusable(&file, message))?;
        Ok(Folder {
            id: id_of(path),
            files,
        })
    }

    /// The text of one of its files.
    pub fn text(&self, file: &str) -> Option<&str> {
        let mut files = self.files.iter();
        files.find_map(|(name, text)| (name == file).then_some(text.as_str()))
    }

    /// Loads the mapping.
    ///
    /// # Errors
    /// As [`load_files`].
    pub fn load(&self, options: &Options) -> Result<Loaded, Diagnostics> {
        let files = self.files.iter();
        let files: Vec<_> = files
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        load_files(&self.id, &files, options)
    }
}

/// The name of a folder.
fn id_of(path: &Path) -> String {
    path.canonicalize()
        .ok()
        .and_then(|path| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        })
        .unwrap_or_else(|| "mapping".to_owned())
}

/// The YAML files at the top of a folder, by name; or a file's name and what is wrong with it.
fn read_folder(path: &Path) -> Result<Vec<(String, String)>, (String, String)> {
    let of_folder = |message: String| (MANIFEST.to_owned(), message);
    let unreadable = |error: std::io::Error| {
        of_folder(format!(
            "the folder {} cannot be read: {error}",
            path.display()
        ))
    };
    let entries = std::fs::read_dir(path).map_err(unreadable)?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if let Some(name) = entry.file_name().to_str().filter(|name| is_mapping(name)) {
            if names.len() == MAX_FILES {
                return Err(of_folder(format!(
                    "the folder has more than {MAX_FILES} YAML files"
                )));
            }
            names.push(name.to_owned());
        }
    }
    names.sort();
    let mut files = Vec::new();
    for name in names {
        let unreadable =
            |error: std::io::Error| (name.clone(), format!("the file cannot be read: {error}"));
        let file = std::fs::File::open(path.join(&name)).map_err(unreadable)?;
        if !file.metadata().map_err(unreadable)?.is_file() {
            continue;
        }
        let mut bytes = Vec::new();
        // One byte more than allowed tells a file that is too large, whatever its size says.
        file.take(MAX_FILE as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        match String::from_utf8(bytes) {
            Ok(text) => files.push((name, text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                return Err((name, format!("the file is not UTF-8: byte {at}")));
            }
        }
    }
    Ok(files)
}

fn is_mapping(name: &str) -> bool {
    is_yaml(Path::new(name)) && !name.starts_with('.') && name != CASES
}

/// Whether a file's name ends as that of a YAML file does, in whatever case: one that is not read would be missed.
pub(crate) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
    })
}

/// A folder or file that cannot be used at all.
fn unusable(file: &str, message: String) -> Diagnostics {
    let report = Report::new(vec![SourceFile::new(file, "")]);
    for at in report.files() {
        at.report(Problem::new(&rules::FOLDER, &(0..0), message.clone()));
    }
    report.finish()
}

/// The manifest is not there, or has another name.
fn no_manifest(files: &[SourceFile]) -> Diagnostics {
    let is_manifest = |file: &&SourceFile| {
        let name = file.path.to_ascii_lowercase();
        let stem = name
            .rsplit_once('.')
            .map_or(name.as_str(), |(stem, _)| stem);
        matches!(stem, "mapping" | "manifest")
    };
    let report = Report::new(vec![SourceFile::new(MANIFEST, "")]);
    for at in report.files() {
        let problem = Problem::new(
            &rules::FOLDER,
            &(0..0),
            format!("the folder has no `{MANIFEST}`"),
        );
        at.report(match files.iter().find(is_manifest) {
            Some(other) => problem.help(format!("rename `{}` to `{MANIFEST}`", other.path)),
            None => problem.help(
                "begin a mapping with `pilaster mapping new NAME`, or name the folder that holds one",
            ),
        });
    }
    report.finish()
}

/// Loads a mapping from its files: paths relative to its folder, and their texts. Files in
/// subfolders and files that are not YAML are not read.
///
/// # Errors
/// All problems of all files, warnings included, if any of them is an error.
pub fn load_files(
    id: &str,
    files: &[(&str, &str)],
    options: &Options,
) -> Result<Loaded, Diagnostics> {
    let mut sources: Vec<_> = files
        .iter()
        .filter(|(path, _)| !path.contains(['/', '\\']) && is_mapping(path))
        .map(|(path, text)| SourceFile::new(path, if text.len() > MAX_FILE { "" } else { text }))
        .collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    if sources.len() > MAX_FILES {
        return Err(unusable(
            MANIFEST,
            format!("the folder has more than {MAX_FILES} YAML files"),
        ));
    }
    if !sources.iter().any(|file| &*file.path == MANIFEST) {
        return Err(no_manifest(&sources));
    }
    let too_large: Vec<&str> = files
        .iter()
        .filter(|(_, text)| text.len() > MAX_FILE)
        .map(|(path, _)| *path)
        .collect();
    let report = Report::new(sources);
    let mapping = mapping(id, &report, &too_large, options);
    let errors = report.errors();
    let diagnostics = report.finish();
    match mapping {
        Some(mapping) if errors == 0 => Ok(Loaded {
            mapping,
            warnings: diagnostics,
        }),
        _ => Err(diagnostics),
    }
}

fn mapping(id: &str, report: &Report, too_large: &[&str], options: &Options) -> Option<Mapping> {
    let mut trees: Vec<(At<'_>, Node)> = Vec::new();
    let mut schema = Schema::default();
    for at in report.files() {
        let before = report.errors();
        if too_large.contains(&&*at.file().path) {
            at.report(Problem::new(
                &rules::FOLDER,
                &(0..0),
                "the file is larger than 1 MiB",
            ));
        } else if let Some(root) = tree(at) {
            trees.push((at, root));
            continue;
        }
        if report.errors() > before {
            schema.unread = true;
            schema.manifest_unread |= &*at.file().path == MANIFEST;
        }
    }
    if let Some((at, root)) = trees.iter().find(|(at, _)| &*at.file().path == MANIFEST) {
        schema.manifest = schema::manifest(*at, root);
    }
    let mut source_files = Vec::new();
    let mut lost_source = false;
    for (at, root) in &trees {
        let Some(pairs) = root.as_map() else { continue };
        let is_manifest = &*at.file().path == MANIFEST;
        let is_source = get(pairs, "resource").is_some();
        if let Some(pair) = get(pairs, "tables") {
            schema.add_tables(*at, &pair.value);
        }
        match get(pairs, "codes") {
            Some(pair) if is_manifest || !is_source && meant_as_source(pairs).is_none() => {
                schema.add_codes(*at, &pair.value);
            }
            _ => {}
        }
        if is_source {
            source::known_keys(*at, pairs);
            source_files.push((*at, root));
        } else if !is_manifest && !shared_file(*at, pairs) {
            lost_source = true;
        }
        // Tables that are not read are declared all the same.
        schema.unread |= shape::is_misspelt(*at, pairs, "tables");
        schema.codes_unread |= !is_source && shape::is_misspelt(*at, pairs, "codes");
    }
    let files = source_files.len();
    let mut compiled: Vec<(At<'_>, Compiled)> = Vec::new();
    for (at, root) in source_files {
        if let Some(source) = source::source(at, root, &schema, options) {
            compiled.push((at, source));
        }
    }
    if compiled.is_empty() && report.errors() == 0 {
        for at in report.files().filter(|at| &*at.file().path == MANIFEST) {
            at.report(
                Problem::new(&rules::FOLDER, &(0..0), "the mapping has no source: no file has a `resource:` key")
                    .help("add a file for a resource type: `resource: Patient`, `table: …`, `id: …`, `elements: …`"),
            );
        }
    }
    unique_names(&compiled);
    // A source that could not be read may be the one that a reference leads to.
    let all = !schema.unread && !lost_source && compiled.len() == files;
    references(&compiled, all);
    let mut practice = None;
    if let Some((at, root)) = trees.iter().find(|(at, _)| &*at.file().path == MANIFEST) {
        lacks::check(*at, &schema.manifest.lacks, &compiled);
        schema.catalogues_of_tables(*at);
        practice = about::of_manifest(*at, root, &schema, options);
    }
    if report.errors() > 0 {
        return None;
    }
    compiled.retain(|(_, source)| !source.absent);
    let mut mapping = assemble::mapping(id, schema, compiled);
    mapping.practice = practice;
    mapping.lines = Lines::of(trees.iter().map(|(at, root)| (at.file(), root)));
    mapping.version = version(report.files().map(|at| at.file()), options);
    (report.errors() == 0).then_some(mapping)
}

/// A number for the files and what a database lacks of them; the same on every machine.
fn version<'f>(files: impl Iterator<Item = &'f SourceFile>, options: &Options) -> [u8; 16] {
    let mut files: Vec<_> = files.map(|file| (&*file.path, &*file.text)).collect();
    files.sort_unstable();
    let mut missing: Vec<_> = options.missing.iter().collect();
    missing.sort_unstable();
    let missing = missing
        .iter()
        .map(|(table, column)| (table.as_str(), column.as_str()));
    let mut hash = Sha256::new();
    for (name, text) in files.into_iter().chain(missing) {
        for part in [name, text] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    let mut version = [0; 16];
    version.copy_from_slice(&hash.finalize()[..16]);
    version
}

/// A file's tree; its problems as YAML are reported.
fn tree(at: At<'_>) -> Option<Node> {
    let (root, readable) = syntax::tree(at);
    match &root {
        Some(root) => {
            shape::map(at, root, "a file of a mapping")?;
        }
        None if readable && &*at.file().path == MANIFEST => at.report(
            Problem::new(&rules::FOLDER, &(0..0), "the manifest says nothing")
                .help("it has `name:`, `engine:`, `verified:` and `collation:`"),
        ),
        // A source that is commented out was left so on purpose: `mapping new` writes suggestions in that form.
        None if readable && is_draft(at.text()) => {}
        None if readable => at.report(
            Problem::new(&rules::EMPTY_FILE, &(0..0), "the file says nothing")
                .help("write a source into it (`resource: …`), or take it away"),
        ),
        None => {}
    }
    root
}

/// Whether a file is comments alone, one of which is the `resource:` of a source.
fn is_draft(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    lines.any(|line| line.starts_with("# resource: "))
}

/// The key by which a file without `resource:` shows that it was meant to be a source: a misspelt `resource:`,
/// or else what only a source has.
fn meant_as_source(pairs: &[yaml::Pair]) -> Option<&yaml::Pair> {
    let misspelt = |pair: &&yaml::Pair| is_misspelt_resource(pair);
    let own =
        |pair: &&yaml::Pair| matches!(pair.key.as_str(), "table" | "elements" | "id" | "rows");
    pairs
        .iter()
        .find(misspelt)
        .or_else(|| pairs.iter().find(own))
}

fn is_misspelt_resource(pair: &yaml::Pair) -> bool {
    pair.key != "source" && nearest(&pair.key, ["resource"]).is_some()
}

/// A file that is neither the manifest nor a source holds tables and codes for all. False where it was meant to be
/// a source.
fn shared_file(at: At<'_>, pairs: &[yaml::Pair]) -> bool {
    let what = "a file of shared tables and codes";
    if let Some(pair) = meant_as_source(pairs) {
        match is_misspelt_resource(pair) {
            true => shape::unknown_key(at, pair, &["resource"], "a source"),
            false => at.report(
                Problem::new(
                    &rules::MISSING_KEY,
                    &pair.key_span,
                    "the file has no `resource:`",
                )
                .help("a source says which resource its rows are: `resource: Patient`"),
            ),
        }
        return false;
    }
    for pair in pairs
        .iter()
        .filter(|pair| !names(&vocabulary::SHARED).contains(&pair.key.as_str()))
    {
        let is_table = pair
            .value
            .as_map()
            .is_some_and(|inner| get(inner, "columns").is_some());
        if is_table {
            let message = format!("{what} has no key `{}`", shape::clip(&pair.key));
            at.report(
                Problem::new(&rules::UNKNOWN_KEY, &pair.key_span, message)
                    .help("it is a table: indent it, below `tables:`"),
            );
            at.misspelt(&pair.key_span, "tables");
        } else {
            shape::unknown_key_of_file(at, pair, &["tables", "codes", "resource"], what);
        }
    }
    true
}

/// The sources of a type have names that differ; one may be without.
fn unique_names(compiled: &[(At<'_>, Compiled)]) {
    let mut seen: HashMap<(&str, Option<&str>), String> = HashMap::new();
    for (at, Compiled { source, span, .. }) in compiled {
        let key = (source.resource, source.name.as_deref());
        let Some(first) = seen.get(&key) else {
            seen.insert(key, source.place.to_string());
            continue;
        };
        let message = match &source.name {
            Some(name) => format!("another source of {} is named `{name}`", source.resource),
            None => format!("another source of {} has no name either", source.resource),
        };
        at.report(
            Problem::new(&rules::DUPLICATE_NAME, span, message)
                .note(format!("first at {first}"))
                .help("give this one a name, which becomes part of its ids: `source: kin`"),
        );
    }
}

/// References lead to sources that there are, `all` of them if nothing kept one from being read, and whose ids
/// have one column.
fn references(compiled: &[(At<'_>, Compiled)], all: bool) {
    let mut served: HashMap<&str, Vec<&Compiled>> = HashMap::new();
    for (_, target) in compiled {
        served
            .entry(target.source.resource)
            .or_default()
            .push(target);
    }
    for (at, from) in compiled {
        for reference in &from.references {
            let targets = served
                .get(reference.to)
                .map_or(&[][..], |targets| &targets[..]);
            let mut targets_of = targets.iter();
            let target = match &reference.id {
                Some(_) => targets_of.find(|target| target.source.name == reference.source),
                None => targets_of.next(),
            };
            match target {
                Some(_) if reference.id.is_none() => {}
                Some(target) if target.source.id.len() > 1 => at.report(
                    Problem::new(
                        &rules::REFERENCE_ID,
                        &reference.span,
                        format!(
                            "the id of a {} has {} columns",
                            reference.to,
                            target.source.id.len()
                        ),
                    )
                    .note(format!("its source is at {}", target.source.place))
                    .help(format!(
                        "a type whose id has several columns cannot be referred to: make the id one fragment, and refer by the same: {}",
                        origin::ONE_ID
                    )),
                ),
                Some(target) => same_type(*at, reference, target),
                None if !all => {}
                None => at.report(not_served(
                    reference.to,
                    reference.source.as_deref(),
                    &reference.span,
                    targets,
                )),
            }
        }
    }
}

/// The column of a reference is compared with the id of what it leads to.
fn same_type(at: At<'_>, reference: &ReferenceUse, target: &Compiled) {
    let (Some((ty, span)), [id]) = (&reference.id, &target.source.id[..]) else {
        return;
    };
    let of_target = match id {
        Expr::Column(column) => column.ty,
        Expr::Raw(raw) => raw.ty,
        _ => return,
    };
    if predicate::compare(*ty, of_target) {
        return;
    }
    at.report(
        Problem::new(
            &rules::COMPARED_TYPES,
            span,
            format!(
                "a column of type `{ty}` refers to a {}, whose id is of type `{of_target}`",
                reference.to
            ),
        )
        .label(format!("of type `{ty}`"))
        .note(format!("its source is at {}", target.source.place))
        .note("if their contents agree all the same, convert one in a fragment: `{ sql: …, type: … }`"),
    );
}

fn not_served(to: &str, name: Option<&str>, span: &Span, targets: &[&Compiled]) -> Problem {
    if targets.is_empty() {
        return Problem::new(
            &rules::NOT_SERVED,
            span,
            format!("the mapping has no source of {to}"),
        )
        .help(format!(
            "map it in a file with `resource: {to}`, or take the reference out"
        ));
    }
    let names: Vec<&str> = targets
        .iter()
        .filter_map(|target| target.source.name.as_deref())
        .collect();
    let message = match name {
        Some(name) => format!("no source of {to} is named `{}`", shape::clip(name)),
        None => format!("every source of {to} has a name"),
    };
    let help = match names.is_empty() {
        true => Some(format!(
            "the mapping's one source of {to} has no name: leave `source:` out"
        )),
        false => suggest(
            name.unwrap_or_default(),
            names.iter().copied(),
            "say which with `source:`",
        ),
    };
    Problem::new(&rules::NOT_SERVED, span, message).maybe_help(help)
}
