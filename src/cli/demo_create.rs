//! `pilaster demo create`: a mapping's id and the databases to write → a practice of synthetic data in them.
//!
//! What can be wrong is found before anything is written: a mapping without a demo, a database for a catalogue that there
//! is not, a file that exists. Files are written under temporary names and renamed when they are whole.
//!
//! An engine is one function, from what was asked for to what was written: see [`Engine::create`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::ValueEnum;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use tempfile::TempPath;

use super::demo::bar;
use super::named::Named;
use crate::demo::firebird::Firebird;
use crate::demo::mssql::Mssql;
use crate::demo::sqlite::Sqlite;
use crate::demo::target::Target;
use crate::demo::{self, Demo, DemoError, MAX_PATIENTS, Options};
use crate::key_file::part;
use crate::passthrough::{firebird, mssql};
use crate::secret::Secret;
use crate::secret_file::{self, SecretFileError};

/// Write a practice of synthetic data, in the tables of a product, into empty databases
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose tables: a mapping's folder, or the name of one (zedmed)
    #[arg(long, value_name = "DIR|ID")]
    mapping: PathBuf,
    /// What the databases are
    #[arg(long, value_enum)]
    engine: Engine,
    /// A database to write: a new file for sqlite; for firebird the path or alias, for mssql the name, of a database
    /// that is there and has no tables. Of a product with several, each with its catalogue: OFFICE=office.sqlite
    #[arg(long, value_name = "[CATALOGUE=]DATABASE", required = true, num_args = 1..)]
    database: Vec<Named>,
    #[command(flatten)]
    server: Server,
    /// How many patients the practice has
    #[arg(long, value_name = "NUMBER", default_value_t = 2000,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_PATIENTS)))]
    patients: u32,
    /// What it is drawn from: the same seed on the same day gives the same data on every machine
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// The day that comes next in the practice: nothing has happened on it [default: today]
    #[arg(long, value_name = "DATE")]
    today: Option<jiff::civil::Date>,
    /// The practice's IANA time zone, which says what day it is
    #[arg(long, value_name = "ZONE", default_value = "Australia/Brisbane", value_parser = super::zone)]
    time_zone: TimeZone,
}

/// Where a server is, and who writes. SQLite has none.
#[derive(Debug, Clone, Default, clap::Args)]
struct Server {
    /// The server's name or address
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Its port [default: the engine's own, 3050 for firebird and 1433 for mssql]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// mssql: the instance, whose port is looked up by its name
    #[arg(long, value_name = "NAME", conflicts_with = "port")]
    instance: Option<String>,
    /// mssql: as whom the server is entered; integrated is the account that this program runs as
    #[arg(long, value_enum, default_value_t)]
    login: LoginKind,
    /// Who may create tables there
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", conflicts_with = "password_file")]
    password_env: Option<String>,
    /// The file that holds the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// mssql: a PEM file of the authority that signed the server's certificate
    #[arg(long, value_name = "FILE", conflicts_with = "trust_any_certificate")]
    trusted_authority: Option<PathBuf>,
    /// mssql: believe whoever answers; for a test on one's own machine
    #[arg(long)]
    trust_any_certificate: bool,
    /// Connect also where a Firebird server does not encrypt, and have a SQL Server encrypt the login alone: passwords
    /// (Firebird) and data can then be read on the way
    #[arg(long)]
    no_encryption: bool,
}

/// How a SQL Server is entered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum LoginKind {
    #[default]
    Sql,
    Windows,
    Integrated,
}

/// What a demo can be written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Sqlite,
    Firebird,
    Mssql,
}

/// What stands in the way. Nothing has been left half done.
#[derive(Debug, thiserror::Error)]
enum CreateError {
    #[error("no demo is known for the mapping `{asked}`; there is one for each of {known}")]
    NoDemo { asked: String, known: String },
    #[error("{demo} has no catalogue {asked}; it has {known}")]
    NoCatalogue {
        demo: &'static str,
        asked: String,
        known: String,
    },
    #[error("{demo} needs a database for its catalogue {catalogue}: --database {catalogue}=…")]
    Missing {
        demo: &'static str,
        catalogue: &'static str,
    },
    #[error("two databases are given for the catalogue {0}")]
    Twice(&'static str),
    #[error("{} is there already; a demo is written into a new file", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("a database on a server needs {0}")]
    NoServer(&'static str),
    #[error("the environment variable {0} holds no password")]
    NoPassword(String),
    #[error("the password's file {} {source}", path.display())]
    PasswordFile {
        path: PathBuf,
        source: SecretFileError,
    },
    #[error(
        "{database} is given for {demo}'s catalogue {first} and for {second}: each needs its own"
    )]
    Shared {
        demo: &'static str,
        database: String,
        first: &'static str,
        second: &'static str,
    },
    #[error(transparent)]
    Demo(#[from] DemoError),
}

/// How many rows each table was given.
type Counts = BTreeMap<&'static str, u64>;

/// Creates. 0 when it is done, 2 when it could not be.
pub(super) fn run(args: &Args) -> ExitCode {
    match create(args) {
        Ok(told) => super::print(&told),
        Err(error) => {
            let because = match std::error::Error::source(&error) {
                Some(source) => format!(" ({source})"),
                None => String::new(),
            };
            super::tell(&format!("error: {error}{because}"));
            ExitCode::from(2)
        }
    }
}

fn create(args: &Args) -> Result<String, CreateError> {
    let demo = find(&args.mapping)?;
    let databases = databases(demo, &args.database)?;
    let today = || {
        jiff::Timestamp::now()
            .to_zoned(args.time_zone.clone())
            .date()
    };
    let options = Options {
        patients: args.patients,
        seed: args.seed,
        today: args.today.unwrap_or_else(today),
    };
    let counts = args
        .engine
        .create(demo, &databases, &args.server, &options)?;
    let mut told = format!("{}: {} patients\n", demo.id, options.patients);
    for (catalogue, database) in demo.catalogues.iter().zip(&databases) {
        let rows = |name| counts.get(name).copied().unwrap_or_default();
        let rows: u64 = catalogue.tables.iter().map(|table| rows(table.name)).sum();
        // Writing to a String cannot fail.
        let _ = writeln!(told, "{} in {database}: {rows} rows", catalogue.name);
    }
    Ok(told)
}

/// The demo of a mapping, by its folder or its name.
fn find(mapping: &Path) -> Result<&'static Demo, CreateError> {
    let path = mapping.canonicalize();
    let path = path.as_deref().unwrap_or(mapping);
    let id = path.file_name().unwrap_or_default().to_string_lossy();
    demo::find(&id).ok_or_else(|| CreateError::NoDemo {
        asked: mapping.display().to_string(),
        known: listed(demo::DEMOS.iter().map(|demo| demo.id)),
    })
}

/// A database for each catalogue, in the demo's order. Without a name it is for the default one.
fn databases(demo: &'static Demo, given: &[Named]) -> Result<Vec<String>, CreateError> {
    let names = || demo.catalogues.iter().map(|catalogue| catalogue.name);
    let mut found = vec![None; demo.catalogues.len()];
    for Named {
        catalogue,
        database,
    } in given
    {
        let place = match catalogue {
            None => Some(0),
            Some(asked) => names().position(|name| name.eq_ignore_ascii_case(asked)),
        };
        let place = place.ok_or_else(|| CreateError::NoCatalogue {
            demo: demo.id,
            asked: catalogue.clone().unwrap_or_default(),
            known: listed(names()),
        })?;
        if let Some(slot) = found.get_mut(place)
            && slot.replace(database.clone()).is_some()
        {
            return Err(CreateError::Twice(demo.catalogues[place].name));
        }
    }
    let found = found.into_iter().zip(names()).map(|(database, catalogue)| {
        database.ok_or(CreateError::Missing {
            demo: demo.id,
            catalogue,
        })
    });
    let found: Vec<String> = found.collect::<Result<_, _>>()?;
    for (second, database) in found.iter().enumerate() {
        if let Some(first) = found[..second].iter().position(|other| other == database) {
            return Err(CreateError::Shared {
                demo: demo.id,
                database: database.clone(),
                first: demo.catalogues[first].name,
                second: demo.catalogues[second].name,
            });
        }
    }
    Ok(found)
}

fn listed(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

impl Engine {
    /// Writes a demo into databases of this engine, one for each catalogue.
    fn create(
        self,
        demo: &'static Demo,
        databases: &[String],
        server: &Server,
        options: &Options,
    ) -> Result<Counts, CreateError> {
        match self {
            Engine::Sqlite => sqlite(demo, databases, options),
            Engine::Firebird => firebird(demo, databases, server, options),
            Engine::Mssql => mssql(demo, databases, server, options),
        }
    }
}

fn sqlite(
    demo: &'static Demo,
    databases: &[String],
    options: &Options,
) -> Result<Counts, CreateError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CreateError::File { path, source }
    };
    let paths: Vec<&Path> = databases.iter().map(Path::new).collect();
    if let Some(there) = paths.iter().find(|path| path.exists()) {
        return Err(CreateError::Exists((*there).to_owned()));
    }
    let mut parts: Vec<TempPath> = Vec::new();
    for path in &paths {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let file = part(folder.unwrap_or(Path::new("."))).map_err(failed(path))?;
        parts.push(file.into_temp_path());
    }
    let open = |path: &TempPath| Connection::open(path).map_err(DemoError::Sqlite);
    let connections: Vec<Connection> = parts.iter().map(open).collect::<Result<_, _>>()?;
    let mut target = Sqlite::begin(connections.iter().collect())?;
    let counts = filled(demo, &mut target, options)?;
    drop(target);
    drop(connections);
    for (part, path) in parts.into_iter().zip(paths) {
        // It was written without waiting for the disk.
        std::fs::File::open(&part)
            .and_then(|file| file.sync_all())
            .map_err(failed(path))?;
        part.persist_noclobber(path)
            .map_err(|error| failed(path)(error.error))?;
    }
    Ok(counts)
}

/// Fills a target, and shows how far it is.
fn filled(
    demo: &'static Demo,
    target: &mut dyn Target,
    options: &Options,
) -> Result<Counts, CreateError> {
    let bar = bar(options);
    let counts = demo::fill(demo, target, options, &mut |done, whole| {
        bar.set_length(whole);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    Ok(counts)
}

impl Server {
    fn host(&self) -> Result<String, CreateError> {
        self.host.clone().ok_or(CreateError::NoServer("--host"))
    }

    fn user(&self) -> Result<String, CreateError> {
        self.user.clone().ok_or(CreateError::NoServer("--user"))
    }

    fn password(&self) -> Result<Secret, CreateError> {
        match (&self.password_env, &self.password_file) {
            (Some(name), _) => match std::env::var(name) {
                Ok(password) if !password.is_empty() => Ok(Secret::new(password)),
                _ => Err(CreateError::NoPassword(name.clone())),
            },
            (None, Some(path)) => {
                secret_file::read(path).map_err(|source| CreateError::PasswordFile {
                    path: path.clone(),
                    source,
                })
            }
            (None, None) => Err(CreateError::NoServer("--password-env or --password-file")),
        }
    }
}

fn firebird(
    demo: &'static Demo,
    databases: &[String],
    server: &Server,
    options: &Options,
) -> Result<Counts, CreateError> {
    let server = firebird::Options {
        host: server.host()?,
        port: server.port.unwrap_or(3050),
        user: server.user()?,
        password: server.password()?,
        charset: firebird::Charset::Utf8,
        encrypt: !server.no_encryption,
        databases: named(demo, databases),
    };
    let mut target = Firebird::begin(&server)?;
    filled(demo, &mut target, options)
}

fn mssql(
    demo: &'static Demo,
    databases: &[String],
    server: &Server,
    options: &Options,
) -> Result<Counts, CreateError> {
    let host = server.host()?;
    let login = match server.login {
        LoginKind::Integrated => mssql::Login::Integrated,
        LoginKind::Sql => mssql::Login::Sql {
            user: server.user()?,
            password: server.password()?,
        },
        LoginKind::Windows => mssql::Login::Windows {
            user: server.user()?,
            password: server.password()?,
        },
    };
    let server = mssql::Options {
        port: server.port,
        instance: server.instance.clone(),
        encryption: match server.no_encryption {
            true => mssql::Encryption::LoginOnly,
            false => mssql::Encryption::Required,
        },
        trust: match (&server.trusted_authority, server.trust_any_certificate) {
            (Some(path), _) => mssql::Trust::CaFile(path.clone()),
            (None, true) => mssql::Trust::Any,
            (None, false) => mssql::Trust::System,
        },
        databases: named(demo, databases),
        ..mssql::Options::new(host, login)
    };
    let mut target = Mssql::begin(&server)?;
    filled(demo, &mut target, options)
}

/// Each catalogue's name with its database's.
fn named(demo: &'static Demo, databases: &[String]) -> Vec<(Arc<str>, String)> {
    let names = demo.catalogues.iter().zip(databases);
    names
        .map(|(catalogue, database)| (catalogue.name.into(), database.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Named {
        text.parse().expect("a database")
    }

    #[test]
    fn a_demo_is_found_by_the_name_of_its_folder() {
        let found = |path: &str| find(Path::new(path)).map(|demo| demo.id);
        assert_eq!(found("zedmed").expect("a demo"), "zedmed");
        assert_eq!(found("mappings/bp-premier").expect("a demo"), "bp-premier");
        assert_eq!(
            found("a/dental4windows/").expect("a demo"),
            "dental4windows"
        );
        let error = found("mappings/physio").expect_err("none");
        assert!(error.to_string().contains("zedmed"), "{error}");
    }

    #[test]
    fn each_catalogue_has_one_database() {
        let zedmed = demo::find("zedmed").expect("a demo");
        let of = |given: &[&str]| {
            let given: Vec<Named> = given.iter().map(|text| named(text)).collect();
            databases(zedmed, &given).map_err(|error| error.to_string())
        };
        assert_eq!(
            of(&["clinical=b.db", "OFFICE=a.db"]),
            Ok(vec!["a.db".into(), "b.db".into()])
        );
        assert_eq!(
            of(&["a.db", "CLINICAL=c=d.db"]),
            Ok(vec!["a.db".into(), "c=d.db".into()])
        );
        for (given, problem) in [
            (&["a.db"][..], "needs a database for its catalogue CLINICAL"),
            (
                &["a.db", "b.db"],
                "two databases are given for the catalogue OFFICE",
            ),
            (
                &["a.db", "DRUGS=b.db"],
                "has no catalogue DRUGS; it has OFFICE, CLINICAL",
            ),
            (
                &["a.db", "CLINICAL=a.db"],
                "a.db is given for zedmed's catalogue OFFICE and for CLINICAL",
            ),
        ] {
            let error = of(given).expect_err("refused");
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn files_are_made_once_and_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let options = Options {
            patients: 20,
            seed: 1,
            today: jiff::civil::date(2026, 3, 2),
        };
        let zedmed = demo::find("zedmed").expect("a demo");
        let files = [path("office.sqlite"), path("clinical.sqlite")];
        let counts = Engine::Sqlite
            .create(zedmed, &files, &Server::default(), &options)
            .expect("created");
        assert_eq!(counts["PATIENTS"], 20);
        let again = Engine::Sqlite.create(zedmed, &files, &Server::default(), &options);
        assert!(matches!(again, Err(CreateError::Exists(_))));
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            2
        );
        let nowhere = [path("no/such/folder.sqlite"), path("b.sqlite")];
        let nowhere = Engine::Sqlite.create(zedmed, &nowhere, &Server::default(), &options);
        assert!(matches!(nowhere, Err(CreateError::File { .. })));
    }

    #[test]
    fn a_server_is_named_whole() {
        let options = Options {
            patients: 20,
            seed: 1,
            today: jiff::civil::date(2026, 3, 2),
        };
        let zedmed = demo::find("zedmed").expect("a demo");
        let files = ["office".to_owned(), "clinical".to_owned()];
        let refused = |server: &Server| {
            let created = Engine::Firebird.create(zedmed, &files, server, &options);
            created.expect_err("refused").to_string()
        };
        let mut server = Server::default();
        assert_eq!(refused(&server), "a database on a server needs --host");
        server.host = Some("localhost".to_owned());
        assert_eq!(refused(&server), "a database on a server needs --user");
        server.user = Some("sysdba".to_owned());
        assert!(refused(&server).contains("--password-env"));
        server.password_env = Some("PILASTER_TEST_NOT_SET".to_owned());
        assert!(refused(&server).contains("PILASTER_TEST_NOT_SET holds no password"));
        server.password_env = None;
        server.password_file = Some("no/such/file".into());
        assert!(refused(&server).contains("cannot be read"));
    }
}
