//! `pilaster mapping new`: a name, an engine and perhaps a practice's databases → a folder to start a mapping from.
//!
//! All of it is made and checked before anything is written, and then put in its place at once: a folder is there whole,
//! or not at all. Of a database only the catalogue is read.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use tokio::runtime::Runtime;

use super::databases::Databases;
use super::named::Named;
use super::{StartError, site};
use crate::config::{self, Process};
use crate::mapping::json_schema;
use crate::mapping::{Diagnostics, Options, load_files};
use crate::passthrough::{PassthroughError, Session};
use crate::propose::{self, NewFile, Seen, Wish};
use crate::relation::Dialect;
use crate::verify::{self, Live};

/// Begin a mapping: a folder with a small example, or, from a database's own catalogue, with tables and suggestions
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder to make
    #[arg(value_name = "NAME")]
    folder: PathBuf,
    /// The product's database engine; with --from-site it is the site's, and with --from-sqlite SQLite unless it is said
    #[arg(long, value_name = "ENGINE", value_parser = engines(), required_unless_present_any = ["from_site", "from_sqlite"])]
    engine: Option<Dialect>,
    /// The product's name, for people [default: made of the folder's]
    #[arg(long, value_name = "TEXT", value_parser = product_name)]
    name: Option<String>,
    /// Suggest from the tables of a site of the configuration, whose mapping need not be there yet
    #[arg(long, value_name = "ID")]
    from_site: Option<String>,
    /// The configuration file
    #[arg(
        long,
        value_name = "FILE",
        default_value = "pilaster.toml",
        requires = "from_site"
    )]
    config: PathBuf,
    /// Suggest from the tables of a SQLite file; of several, each with its catalogue: OFFICE=office.sqlite
    #[arg(long, value_name = "[CATALOGUE=]FILE", num_args = 1.., conflicts_with = "from_site")]
    from_sqlite: Vec<Named>,
}

/// The name of a product: what people read.
fn product_name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err(
            "a product's name has characters; without --name it is made of the folder's".to_owned(),
        ),
        name if name.chars().any(char::is_control) => {
            Err("a product's name has no control characters".to_owned())
        }
        name => Ok(name.to_owned()),
    }
}

fn engines() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::name))
        .try_map(|name| Dialect::from_name(&name).ok_or("no engine has this name"))
}

/// Why there is no folder. Nothing has been left half done.
#[derive(Debug, thiserror::Error)]
enum NewError {
    #[error("{} is there already, and not empty; a mapping is begun in a folder of its own", .0.display())]
    Exists(PathBuf),
    #[error("{} names no folder", .0.display())]
    NoName(PathBuf),
    #[error("the folder {} cannot be made: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: PassthroughError,
    },
    #[error("{} is SQL text, and no database; make a database of it: sqlite3 {} < {}", path.display(), for_shell(&database(path)), for_shell(path))]
    SqlText { path: PathBuf },
    #[error("the site's databases are {found}, and --engine is {asked}: leave --engine out")]
    OtherEngine { asked: Dialect, found: Dialect },
    #[error("the driver of the site can reach any engine: say which with --engine")]
    NoEngine,
    #[error("what was to be written is no mapping: this is a fault of pilaster's own, and nothing was written\n\n{}", .0.render(false))]
    Unsound(Box<Diagnostics>),
    #[error(transparent)]
    Start(#[from] StartError),
}

/// What is made, before it is written.
struct Made {
    files: Vec<NewFile>,
    /// What the files say of a database, for people.
    told: String,
}

/// 0 when it is done, 2 when it could not be.
pub(super) fn run(args: &Args) -> ExitCode {
    match new(args) {
        Ok(told) => super::print(&told),
        Err(error) => {
            super::tell(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

fn new(args: &Args) -> Result<String, NewError> {
    let folder = &args.folder;
    let is_there = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    if is_there {
        return Err(NewError::Exists(folder.clone()));
    }
    let id = folder.file_name().map(|name| name.to_string_lossy());
    let id = id.ok_or_else(|| NewError::NoName(folder.clone()))?;
    let product = args.name.clone().unwrap_or_else(|| product(&id));
    let Made { mut files, told } = made(args, product)?;
    checked(&id, &files)?;
    files.push(NewFile {
        name: json_schema::FILE.to_owned(),
        text: json_schema::text(),
    });
    written(folder, &files)?;
    let mut out = told;
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{} has", folder.display());
    for file in &files {
        let _ = writeln!(out, "  {}", file.name);
    }
    let _ = writeln!(out, "Next: pilaster mapping check {}", for_shell(folder));
    Ok(out)
}

/// A path as it is typed to a shell: in quotes where it has to be.
fn for_shell(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| {
        c.is_alphanumeric()
            || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@')
            || cfg!(windows) && c == '\\'
    };
    match path.chars().all(is_plain) && !path.is_empty() {
        true => path,
        // No name of a file has such a quote there.
        false if cfg!(windows) => format!("\"{path}\""),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// `lyrebird-physio` as people write it.
fn product(id: &str) -> String {
    let words = id.split(['-', '_', ' ']).filter(|word| !word.is_empty());
    let words = words.map(|word| {
        let mut chars = word.chars();
        let first = chars.next().into_iter().flat_map(char::to_uppercase);
        first.chain(chars).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

fn made(args: &Args, product: String) -> Result<Made, NewError> {
    let (engine, seen) = match (&args.from_site, &*args.from_sqlite) {
        (Some(id), _) => {
            let (engine, seen) = of_site(args, id)?;
            (engine, Some(seen))
        }
        (None, []) => (args.engine.ok_or(NewError::NoEngine)?, None),
        (None, files) => (
            args.engine.unwrap_or(Dialect::Sqlite),
            Some(of_files(files)?),
        ),
    };
    let wish = Wish { product, engine };
    let Some(seen) = seen else {
        return Ok(Made {
            files: propose::example(&wish),
            told: String::new(),
        });
    };
    let proposal = propose::proposal(&wish, seen);
    let mut told = format!(
        "{} tables and views were looked at, by their names and types. What looks like a resource, as suggestions to judge:\n",
        proposal.tables
    );
    for (resource, table) in &proposal.likely {
        // Writing to a String cannot fail.
        let _ = writeln!(told, "  {resource:<20} {}", propose::shown(table));
    }
    if proposal.likely.is_empty() {
        told.push_str("  nothing\n");
    }
    let unknown = match &*proposal.likely {
        [] => Some("any resource"),
        likely if likely.iter().all(|(resource, _)| *resource != "Patient") => Some("Patient"),
        _ => None,
    };
    if let Some(unknown) = unknown {
        // Writing to a String cannot fail.
        let _ = writeln!(
            told,
            "No table was recognised as {unknown}: write a source for one yourself, from the tables of tables.yaml (\"Sources\" in mappings/README.md)."
        );
    }
    Ok(Made {
        files: proposal.files,
        told,
    })
}

/// What the databases of a site say of their tables, and which engine they are of.
fn of_site(args: &Args, id: &str) -> Result<(Dialect, Seen), NewError> {
    let read = config::read_unmapped(&args.config, &Process)
        .map_err(|problems| StartError::Config(problems.render(io::stderr().is_terminal())))?;
    let site = site::find(read.config, id, &args.config)?;
    let found = site.server.dialect().or(args.engine);
    let found = found.ok_or(NewError::NoEngine)?;
    // A SQLite file may stand in for a database of another engine.
    let engine = args.engine.unwrap_or(found);
    if engine != found && found != Dialect::Sqlite {
        return Err(NewError::OtherEngine {
            asked: engine,
            found,
        });
    }
    let names: Vec<Arc<str>> = site
        .databases
        .iter()
        .map(|(name, _)| Arc::clone(name))
        .collect();
    let runtime = Runtime::new().map_err(StartError::Runtime)?;
    let asked = site::asked(&site, found, &runtime, |dialect, session| {
        seen(&names, dialect, session)
    });
    runtime.shutdown_background();
    Ok((engine, asked?))
}

/// What SQLite files say of their tables.
fn of_files(files: &[Named]) -> Result<Seen, NewError> {
    let databases = Databases::new(files).map_err(StartError::Databases)?;
    let mut paths = files.iter().map(|file| Path::new(&file.database));
    if let Some(path) = paths.find(|path| is_sql_text(path)) {
        return Err(NewError::SqlText {
            path: path.to_owned(),
        });
    }
    let (names, path) = (databases.names(), databases.first());
    let asked = databases
        .pool()
        .run_now(|session| seen(&names, Dialect::Sqlite, session));
    asked.map_err(|source| NewError::Unreadable { path, source })
}

/// Whether a file begins as a script does: with a remark or a statement. One that cannot be read is none.
fn is_sql_text(path: &Path) -> bool {
    const BEGINNINGS: [&str; 10] = [
        "--", "/*", "alter", "begin", "create", "drop", "insert", "pragma", "set", "use",
    ];
    /// Bytes that are looked at.
    const BEGINNING: u64 = 512;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut bytes));
    if read.is_err() || bytes.contains(&0) {
        return false;
    }
    let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    BEGINNINGS.iter().any(|beginning| {
        let is_word = beginning.starts_with(|c: char| c.is_ascii_alphabetic());
        let ends = |rest: &str| !is_word || !rest.starts_with(|c: char| c.is_alphanumeric());
        text.strip_prefix(beginning).is_some_and(ends)
    })
}

/// What the database of a script may be called: not as the script, which would be written over.
fn database(script: &Path) -> PathBuf {
    let named = script.with_extension("sqlite");
    match named == script {
        true => script.with_extension("db"),
        false => named,
    }
}

fn seen(
    names: &[Arc<str>],
    dialect: Dialect,
    session: &mut Session<'_>,
) -> Result<Seen, PassthroughError> {
    let mut databases: Vec<(Arc<str>, Live)> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        // The default one is asked without its name.
        let catalogue = (place > 0).then_some(name);
        let mut live = verify::read(session, dialect, catalogue)?;
        verify::keys(session, dialect, catalogue, &mut live)?;
        databases.push((Arc::clone(name), live));
    }
    Ok(Seen { dialect, databases })
}

/// Nothing is written that does not check.
fn checked(id: &str, files: &[NewFile]) -> Result<(), NewError> {
    let texts: Vec<(&str, &str)> = files
        .iter()
        .map(|file| (&*file.name, &*file.text))
        .collect();
    match load_files(id, &texts, &Options::default()) {
        Ok(_) => Ok(()),
        Err(problems) => Err(NewError::Unsound(Box::new(problems))),
    }
}

/// Writes the files beside the folder's place, and then puts them there.
fn written(folder: &Path, files: &[NewFile]) -> Result<(), NewError> {
    let failed = |source: io::Error| NewError::Folder {
        path: folder.to_owned(),
        source,
    };
    let parent = folder.parent().filter(|it| !it.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(failed)?;
    let part = tempfile::Builder::new()
        .prefix(".pilaster-new-")
        .tempdir_in(parent)
        .map_err(failed)?;
    // As any folder is made, and not for its maker's eyes alone, as a temporary one is.
    let whole = part.path().join("mapping");
    std::fs::create_dir(&whole).map_err(failed)?;
    for file in files {
        std::fs::write(whole.join(&file.name), &file.text).map_err(failed)?;
    }
    // An empty folder may be there.
    match std::fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    std::fs::rename(&whole, folder).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_says_what_its_product_is_called() {
        assert_eq!(product("lyrebird-physio"), "Lyrebird Physio");
        assert_eq!(product("Best_Practice 2"), "Best Practice 2");
        assert_eq!(product("émile"), "Émile");
    }

    #[test]
    #[cfg(unix)]
    fn a_path_is_quoted_where_a_shell_needs_it() {
        for (path, typed) in [
            ("of/lyrebird-2.0", "of/lyrebird-2.0"),
            ("émile", "émile"),
            ("x 3", "'x 3'"),
            ("it's;rm", r"'it'\''s;rm'"),
            ("$HOME", "'$HOME'"),
            ("~x", "'~x'"),
        ] {
            assert_eq!(for_shell(Path::new(path)), typed);
        }
    }

    #[test]
    fn a_script_is_told_from_a_database() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        for (text, expected) in [
            ("\u{feff}\n -- Tables", true),
            ("create\nTABLE x (y)", true),
            ("BEGIN;", true),
            ("created", false),
            ("no database", false),
            ("SQLite format 3\0", false),
            ("--\0", false),
            ("", false),
        ] {
            std::fs::write(&path, text).expect("written");
            assert_eq!(is_sql_text(&path), expected, "{text:?}");
        }
        assert!(!is_sql_text(&folder.path().join("nowhere")));
        assert_eq!(
            database(Path::new("a/travel.sql")),
            Path::new("a/travel.sqlite")
        );
        assert_eq!(database(Path::new("travel.sqlite")), Path::new("travel.db"));
    }
}
