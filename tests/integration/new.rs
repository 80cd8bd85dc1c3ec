//! `pilaster mapping new`: a folder to start from, without a database, from the demos' and from those of a site.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::cli::pilaster;
use crate::mappings;

const SITE: &str = "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a21";

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        Desk { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program there: exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = pilaster(args)
            .current_dir(self.folder.path())
            .env("ACME_KEY", "a key that nobody asks with")
            .output()
            .expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    /// What it says when it is well.
    #[track_caller]
    fn well(&self, args: &[&str]) -> String {
        let (code, said, errors) = self.run(args);
        assert_eq!(code, Some(0), "{args:?}\n{said}{errors}");
        assert!(!errors.contains("warning"), "{errors}");
        said
    }

    #[track_caller]
    fn refused(&self, args: &[&str], told: &str) {
        let (code, said, errors) = self.run(args);
        assert_eq!(code, Some(2), "{args:?}\n{said}{errors}");
        assert!(errors.contains(told), "{told}\n{errors}");
        assert_eq!(said, "");
    }

    fn demo(&self, product: &str, databases: &[&str]) {
        let args = ["demo", "create", "--mapping", product, "--engine", "sqlite"];
        let more = ["--patients", "30", "--today", "2026-03-02", "--database"];
        self.well(&[&args[..], &more, databases].concat());
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect(name)
    }
}

fn entries(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// Runs the folder's own cases on its own fixture; how many there are.
fn cases_hold(folder: &Path) -> usize {
    let practice = mappings::fixture(folder);
    let cases = mappings::cases(folder);
    for case in &cases {
        mappings::check(&practice, case);
    }
    cases.len()
}

#[test]
fn without_a_database_the_example_is_true_in_itself() {
    let desk = Desk::new();
    for engine in ["mssql", "firebird", "sqlanywhere", "sqlite"] {
        let folder = format!("of/lyrebird-{engine}");
        let said = desk.well(&["mapping", "new", &folder, "--engine", engine]);
        assert!(
            said.ends_with(&format!("Next: pilaster mapping check {folder}\n")),
            "{said}"
        );
        let checked = desk.well(&["mapping", "check", &folder]);
        assert!(checked.contains("can be served: Patient"), "{checked}");
        let search = "Patient?family=nguyen&birthdate=lt1990";
        let explained = desk.well(&["explain", search, "--mapping", &folder]);
        assert!(explained.contains("SURNAME"), "{explained}");
        assert_eq!(cases_hold(&desk.path(&folder)), 6);
        let fixture = Connection::open(desk.path("fixture.sqlite")).expect("a database");
        let script = desk.read(&format!("{folder}/fixture.sql"));
        fixture
            .execute_batch("DROP TABLE IF EXISTS PATIENT; DROP TABLE IF EXISTS PRACTICE")
            .expect("dropped");
        fixture.execute_batch(&script).expect("its tables and rows");
        let run = ["explain", "Patient?family=nguyen", "--mapping", &folder];
        let run = [&run[..], &["--run", "--sqlite", "fixture.sqlite"]].concat();
        assert!(desk.well(&run).contains("Bao"));
    }
    // Nothing else is left beside them.
    let made = entries(&desk.path("of"));
    assert_eq!(made.len(), 4, "{made:?}");
    let named = [
        "mapping",
        "new",
        "plain",
        "--engine",
        "mssql",
        "--name",
        "It: \"x\" #1",
    ];
    desk.well(&named);
    assert!(
        desk.well(&["mapping", "check", "plain"])
            .starts_with("It: \"x\" #1 can be served")
    );
}

#[test]
fn from_a_demo_the_tables_of_people_and_of_the_book_are_found() {
    let desk = Desk::new();
    for (product, engine, databases, likely) in [
        (
            "zedmed",
            "firebird",
            &["OFFICE=office.sqlite", "CLINICAL=clinical.sqlite"][..],
            [
                "PATIENTS",
                "DOCTORS",
                "APPOINTMENTS",
                "ALLERGIES",
                "VACCINATIONS",
            ],
        ),
        (
            "dental4windows",
            "sqlanywhere",
            &["dental.sqlite"],
            ["Patients", "Providers", "Appointments", "Allergies", ""],
        ),
        (
            "bp-premier",
            "mssql",
            &["bp.sqlite"],
            [
                "PATIENTS",
                "USERS",
                "APPOINTMENTS",
                "REACTIONS",
                "IMMUNISATIONS",
            ],
        ),
    ] {
        desk.demo(product, databases);
        let args = [
            "mapping",
            "new",
            product,
            "--engine",
            engine,
            "--from-sqlite",
        ];
        let said = desk.well(&[&args[..], databases].concat());
        let resources = [
            "Patient",
            "Practitioner",
            "Appointment",
            "AllergyIntolerance",
            "Immunization",
        ];
        for (resource, table) in resources.into_iter().zip(likely) {
            let found = said
                .lines()
                .find_map(|line| line.strip_prefix("  ")?.strip_prefix(resource));
            assert_eq!(
                found.unwrap_or_default().trim(),
                table,
                "{resource}\n{said}"
            );
        }
        let checked = desk.well(&["mapping", "check", product]);
        assert!(checked.contains("can be served: Patient\n"), "{checked}");
        assert_eq!(cases_hold(&desk.path(product)), 1);
        no_row_is_told(&desk, product, databases);
    }
    let tables = desk.read("zedmed/tables.yaml");
    let problems = "  PROBLEMS:\n    key: PROBLEM_ID\n    catalogue: CLINICAL\n";
    assert!(tables.contains(problems), "{tables}");
    assert!(
        desk.read("zedmed/fixture.CLINICAL.sql")
            .contains("\"PROBLEMS\"")
    );
}

/// No telling value of any row stands in what was written: texts that have a digit and eight characters.
fn no_row_is_told(desk: &Desk, folder: &str, databases: &[&str]) {
    let files = entries(&desk.path(folder));
    let texts: String = files
        .iter()
        .map(|name| desk.read(&format!("{folder}/{name}")))
        .collect();
    let mut values = 0;
    for database in databases {
        let file = database.rsplit('=').next().expect("a file");
        let database = Connection::open(desk.path(file)).expect("a database");
        let mut tables = database
            .prepare("SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'")
            .expect("a question");
        let columns: Vec<(String, String)> = tables
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect)
            .expect("columns");
        for (table, column) in columns {
            let sql = format!(
                "SELECT DISTINCT \"{column}\" || '' FROM \"{table}\" WHERE typeof(\"{column}\") = 'text' AND length(\"{column}\") >= 8"
            );
            let mut rows = database.prepare(&sql).expect("a question");
            let found: Vec<String> = rows
                .query_map([], |row| row.get(0))
                .and_then(Iterator::collect)
                .expect("texts");
            let telling = found.iter().map(|value| value.trim());
            let telling =
                telling.filter(|it| it.len() >= 8 && it.contains(|c: char| c.is_ascii_digit()));
            for value in telling {
                values += 1;
                assert!(!texts.contains(value), "{table}.{column}: {value}");
            }
        }
    }
    assert!(values > 100, "{values}");
}

#[test]
fn a_site_whose_mapping_is_still_to_be_written_is_asked() {
    let desk = Desk::new();
    desk.demo(
        "zedmed",
        &["OFFICE=office.sqlite", "CLINICAL=clinical.sqlite"],
    );
    let configuration = |clinical: &str| {
        format!(
            "data = \"data\"\n[[key]]\ncaller = \"acme\"\nsecret = {{ env = \"ACME_KEY\" }}\n\n[[site]]\nid = \"{SITE}\"\nmapping = \"lyrebird\"\ntime-zone = \"Australia/Perth\"\ndriver = \"sqlite\"\n[site.databases]\nOFFICE = \"office.sqlite\"\nCLINICAL = \"{clinical}\"\n"
        )
    };
    let write = |clinical: &str| {
        std::fs::write(desk.path("pilaster.toml"), configuration(clinical)).expect("written");
    };
    let new = ["mapping", "new", "lyrebird", "--from-site", SITE];
    write("nowhere.sqlite");
    desk.refused(&new, "nowhere.sqlite");
    write("clinical.sqlite");
    let said = desk.well(&new);
    assert!(said.contains("Condition            PROBLEMS"), "{said}");
    let manifest = desk.read("lyrebird/mapping.yaml");
    assert!(manifest.contains("engine: sqlite\n"), "{manifest}");
    assert!(
        manifest.contains("catalogues: [ OFFICE, CLINICAL ]"),
        "{manifest}"
    );
    // What the configuration names is there now.
    desk.well(&["config", "check", "pilaster.toml"]);
    desk.refused(
        &[
            "mapping",
            "new",
            "other",
            "--from-site",
            "8f1ae3f6-0c3f-4a5e-9a41-0a4a7f0d6a99",
        ],
        "has no site of that id",
    );
    assert!(!desk.path("other").exists());
}

#[test]
fn what_cannot_be_made_is_told_and_leaves_nothing() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("full/inner")).expect("a folder");
    std::fs::create_dir(desk.path("empty")).expect("a folder");
    std::fs::write(desk.path("file"), "no database").expect("written");
    let new = |more: &[&'static str]| [&["mapping", "new"][..], more].concat();
    desk.refused(
        &new(&["full", "--engine", "mssql"]),
        "full is there already",
    );
    desk.refused(
        &new(&["file", "--engine", "mssql"]),
        "file is there already",
    );
    desk.refused(&new(&["x", "--engine", "oracle"]), "firebird");
    desk.refused(&new(&["x"]), "--engine");
    desk.refused(&new(&["..", "--engine", "mssql"]), "..");
    let sqlite = ["x", "--engine", "mssql", "--from-sqlite"];
    let from = |files: &[&'static str]| new(&[&sqlite[..], files].concat());
    desk.refused(&from(&["nowhere.db"]), "there is no file nowhere.db");
    desk.refused(&from(&["file"]), "file cannot be read");
    std::fs::write(desk.path("travel.sql"), "CREATE TABLE x (y);").expect("written");
    desk.refused(
        &from(&["travel.sql"]),
        "travel.sql is SQL text, and no database; make a database of it: sqlite3 travel.sqlite < travel.sql",
    );
    std::fs::remove_file(desk.path("travel.sql")).expect("removed");
    desk.refused(&from(&["a.db", "b.db"]), "each needs its catalogue");
    desk.refused(&from(&["A=file", "a=file"]), "two databases are given");
    desk.refused(
        &new(&["x", "--engine", "mssql", "--config", "c.toml"]),
        "--from-site",
    );
    desk.refused(&new(&["x", "--from-site", SITE]), "pilaster.toml");
    assert_eq!(
        entries(desk.folder.path()),
        ["empty", "file", "full"].map(str::to_owned).into()
    );
    desk.well(&new(&["empty", "--engine", "mssql"]));
    assert!(desk.path("empty/mapping.yaml").is_file());
}

#[test]
fn where_nothing_is_recognised_the_next_step_is_told() {
    let desk = Desk::new();
    let database = Connection::open(desk.path("kunden.sqlite")).expect("a database");
    database
        .execute_batch("CREATE TABLE kunde (nr INTEGER PRIMARY KEY, vorname VARCHAR(40))")
        .expect("a table");
    // The engine of a SQLite file needs not be said.
    let said = desk.well(&["mapping", "new", "x 3", "--from-sqlite", "kunden.sqlite"]);
    assert!(
        said.contains("  nothing\nNo table was recognised as any resource: write a source"),
        "{said}"
    );
    assert!(
        said.ends_with("Next: pilaster mapping check 'x 3'\n"),
        "{said}"
    );
    assert!(desk.read("x 3/mapping.yaml").contains("engine: sqlite\n"));
    assert!(desk.read("x 3/tables.yaml").contains("\n  kunde:\n"));
    assert!(
        desk.read("x 3/fixture.sql")
            .contains("CREATE TABLE \"kunde\"")
    );
    desk.well(&["mapping", "check", "x 3"]);
    let other = ["mapping", "new", "y", "--engine", "mssql"];
    desk.well(&[&other[..], &["--from-sqlite", "kunden.sqlite"]].concat());
    assert!(desk.read("y/mapping.yaml").contains("engine: mssql\n"));
}

#[test]
fn one_file_for_several_catalogues_says_how_such_a_mapping_is_served() {
    let desk = Desk::new();
    desk.demo(
        "zedmed",
        &["OFFICE=office.sqlite", "CLINICAL=clinical.sqlite"],
    );
    let mapping = crate::practice::mapping_folder("zedmed");
    let mapping = mapping.to_str().expect("a path in UTF-8");
    let args = ["serve", "--mapping", mapping, "--sqlite", "office.sqlite"];
    for told in [
        "table ALLERGIES of the catalogue CLINICAL",
        "the catalogues OFFICE, CLINICAL, and this is one database",
        "serve --config",
    ] {
        desk.refused(&args, told);
    }
}

#[test]
fn a_product_has_a_name() {
    let desk = Desk::new();
    for name in ["", "  ", "a\u{1b}[2J"] {
        let new = ["mapping", "new", "x", "--engine", "sqlite", "--name", name];
        desk.refused(&new, "--name <TEXT>");
        assert!(!desk.path("x").exists());
    }
}
