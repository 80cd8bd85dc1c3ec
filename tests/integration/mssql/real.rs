//! Bp Premier's cases on a real SQL Server, where `PILASTER_TEST_MSSQL` names one:
//!
//! ```text
//! server=localhost,1433;user=sa;password=…;database=pilaster_test;trust=any
//! ```
//!
//! `server` may be `host\INSTANCE`; `trust` is `any` or a file of authorities; `encrypt=off` is for a server without.
//! The tables of the mapping are made anew in the database, whose name must have `test` in it, from the fixture that the
//! cases run on with SQLite. Each case must give the same Bundle on both. Then the demo is written there, as `pilaster demo
//! create --engine mssql` does, and every type is read from both.

use std::fmt::Write as _;
use std::sync::Arc;

use pilaster::demo;
use pilaster::mapping::Mapping;
use pilaster::passthrough::mssql::{Encryption, Login, Options, Scribe, Trust};
use pilaster::relation::{SqlType, Value};
use pilaster::secret::Secret;
use pilaster::sql::Statement;
use rusqlite::types::Value as Cell;

use super::{RUNTIME, limits, pool_of};
use crate::mappings::{cases, fixture, redact, tsql};
use crate::practice::{Practice, demanded, load, mapping_folder, parse, writable};

const VARIABLE: &str = "PILASTER_TEST_MSSQL";

/// Where the server is, and the database that may be filled.
struct Door {
    options: Options,
}

impl Door {
    fn parse(text: &str) -> Door {
        let part = |name: &str| {
            text.split(';')
                .filter_map(|part| part.split_once('='))
                .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let needed = |name: &str| part(name).unwrap_or_else(|| panic!("{VARIABLE} has no {name}"));
        let server = needed("server");
        let (server, port) = match server.split_once(',') {
            Some((host, port)) => (host.to_owned(), Some(port.parse().expect("a port"))),
            None => (server, None),
        };
        let (host, instance) = match server.split_once('\\') {
            Some((host, instance)) => (host.to_owned(), Some(instance.to_owned())),
            None => (server, None),
        };
        let database = needed("database");
        assert!(
            database.to_ascii_lowercase().contains("test"),
            "{VARIABLE}: tables are dropped in a database whose name has `test` in it, and in no other"
        );
        let login = Login::Sql {
            user: needed("user"),
            password: Secret::new(needed("password")),
        };
        let options = Options {
            port,
            instance,
            encryption: match part("encrypt").as_deref() {
                Some("off") => Encryption::Off,
                _ => Encryption::Required,
            },
            trust: match part("trust").as_deref() {
                Some("any") => Trust::Any,
                Some(path) => Trust::CaFile(path.into()),
                None => Trust::System,
            },
            databases: vec![(Arc::from("patients"), database)],
            ..Options::new(host, login)
        };
        Door { options }
    }

    /// A connection that writes, which the driver has none of.
    fn enter(&self) -> Scribe {
        Scribe::enter(&self.options, 0, RUNTIME.handle().clone()).expect("a login")
    }
}

/// A table of the mapping, as far as the fixture has it.
struct Made {
    name: String,
    columns: Vec<(String, SqlType)>,
    create: String,
}

/// What makes the mapping's tables.
fn tables(mapping: &Mapping, sqlite: &rusqlite::Connection) -> Vec<Made> {
    let mut made = Vec::new();
    for table in mapping
        .tables
        .values()
        .filter(|table| table.derived.is_none())
    {
        let name = table.name.to_string();
        let there: Vec<String> = sqlite
            .prepare("SELECT name FROM pragma_table_info(?1)")
            .and_then(|mut of| of.query_map([&name], |row| row.get(0))?.collect())
            .expect("a table of the fixture");
        let mut create = format!("CREATE TABLE [{name}] (");
        let mut columns = Vec::new();
        for column in table.columns.values() {
            if !there
                .iter()
                .any(|there| there.eq_ignore_ascii_case(&column.name))
            {
                continue;
            }
            let between = if columns.is_empty() { "" } else { ", " };
            write!(create, "{between}[{}] {}", column.name, column.ty).unwrap();
            if let (true, Some(collation)) = (column.ty.is_text(), &column.collation) {
                write!(create, " COLLATE {}", collation.name).unwrap();
            }
            columns.push((column.name.to_string(), column.ty));
        }
        create.push(')');
        if !columns.is_empty() {
            made.push(Made {
                name,
                columns,
                create,
            });
        }
    }
    made
}

fn drop_table(name: &str) -> String {
    format!("IF OBJECT_ID(N'{name}') IS NOT NULL DROP TABLE [{name}]")
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => Value::Int(number),
        Cell::Real(number) => Value::Real(number),
        Cell::Text(text) => Value::Text(text),
        Cell::Blob(bytes) => Value::Bytes(bytes),
    }
}

fn fill(scribe: &mut Scribe, made: &Made, sqlite: &rusqlite::Connection) {
    let name = &made.name;
    for text in [&drop_table(name), &made.create] {
        let done = scribe.execute(text);
        done.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let names = made.columns.iter().map(|(name, _)| format!("[{name}]"));
    let list = names.collect::<Vec<_>>().join(", ");
    let types: Vec<SqlType> = made.columns.iter().map(|(_, ty)| *ty).collect();
    let markers: Vec<String> = (1..=types.len())
        .map(|place| format!("@p{place}"))
        .collect();
    let insert = format!(
        "INSERT INTO [{name}] ({list}) VALUES ({})",
        markers.join(", ")
    );
    let insert = Statement::numbered(&insert, &types);
    let rows: Vec<Vec<Value>> = sqlite
        .prepare(&format!("SELECT {list} FROM [{name}]"))
        .and_then(|mut of| {
            let cells = |row: &rusqlite::Row<'_>| {
                let cells = (0..types.len()).map(|column| row.get(column).map(value));
                cells.collect::<rusqlite::Result<Vec<_>>>()
            };
            of.query_map([], cells)?.collect()
        })
        .expect("rows");
    for row in rows {
        let done = scribe.write(&insert, &row);
        done.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_real_server_gives_what_sqlite_gives() {
    let Ok(text) = std::env::var(VARIABLE) else {
        eprintln!("no real SQL Server: {VARIABLE} names none");
        return;
    };
    let door = Door::parse(&text);
    let folder = mapping_folder("bp-premier");
    let here = fixture(&folder);
    let mapping = load(&folder);
    let sqlite = writable(&here.path);
    let mut scribe = door.enter();
    let made = tables(&mapping, &sqlite);
    for made in &made {
        fill(&mut scribe, made, &sqlite);
    }
    let pool = pool_of(door.options.clone(), limits());
    let there = Practice::over(mapping, pool, tempfile::tempdir().unwrap());
    let mut differences = Vec::new();
    for case in cases(&folder) {
        let told = |practice: &Practice| match case.ask(practice) {
            Ok(answer) => {
                let mut json = parse(&answer.body);
                redact(&mut json);
                serde_json::to_string_pretty(&json).unwrap()
            }
            Err(error) => format!("{} {error}", error.code().id),
        };
        let (here, there) = (told(&here), told(&there));
        if here != there {
            differences.push(format!(
                "--- {}\nSQLite: {here}\nSQL Server: {there}",
                case.name
            ));
        }
    }
    drop(there);
    for made in &made {
        scribe.execute(&drop_table(&made.name)).expect("dropped");
    }
    differences.extend(demo_differences(&door));
    let (count, all) = (differences.len(), differences.join("\n"));
    assert!(differences.is_empty(), "{count} differ:\n{all}");
}

/// What `pilaster demo create` writes into the empty database, and whether every type of resource comes out of it as out
/// of SQLite. Takes the tables away again.
fn demo_differences(door: &Door) -> Vec<String> {
    const PATIENTS: u32 = 50;
    let bp = demo::find("bp-premier").expect("a demo");
    let options = demo::Options {
        patients: PATIENTS,
        seed: 1,
        today: jiff::civil::date(2026, 3, 2),
    };
    let mut target = demo::mssql::Mssql::begin(&door.options).expect("an empty database");
    demo::fill(bp, &mut target, &options, &mut |_, _| {}).expect("a demo");
    drop(target);
    let mapping = || load(&mapping_folder("bp-premier"));
    let pool = pool_of(door.options.clone(), limits());
    let (here, there) = (
        Practice::demo(PATIENTS),
        Practice::over(mapping(), pool, tempfile::tempdir().unwrap()),
    );
    let mut differences = Vec::new();
    for resource in mapping().resources.values() {
        let search = format!("{}?_count=200{}", resource.name, demanded(resource));
        let told = |practice: &Practice| {
            let answer = practice
                .search(&search)
                .unwrap_or_else(|error| panic!("{search}: {error}"));
            let mut json = parse(&answer.body);
            redact(&mut json);
            serde_json::to_string_pretty(&json).unwrap()
        };
        if told(&here) != told(&there) {
            differences.push(format!("the demo, by {search}"));
        }
    }
    drop(there);
    let mut scribe = door.enter();
    for table in bp.catalogues.iter().flat_map(|catalogue| catalogue.tables) {
        scribe.execute(&drop_table(table.name)).expect("dropped");
    }
    differences
}

/// As far as that can be said without a server.
#[test]
fn tables_for_a_real_server_are_tsql() {
    let folder = mapping_folder("bp-premier");
    let here = fixture(&folder);
    let made = tables(&load(&folder), &writable(&here.path));
    assert!(made.len() > 30, "{}", made.len());
    for table in &made {
        tsql(&table.create).unwrap_or_else(|problem| panic!("{problem}: {}", table.create));
    }
    let patients = made
        .iter()
        .find(|table| table.name == "PATIENTS")
        .expect("PATIENTS");
    assert!(
        patients
            .create
            .contains("[SURNAME] char(40) COLLATE Latin1_General_CI_AS")
    );
    tsql(&drop_table("PATIENTS")).expect("T-SQL");
}

#[test]
fn a_real_server_is_named_by_its_parts() {
    let door = Door::parse("server=pc\\BPS;user=sa;password=a=b;database=Pilaster_Test;trust=any");
    assert_eq!(door.options.host, "pc");
    assert_eq!(door.options.instance.as_deref(), Some("BPS"));
    assert_eq!(door.options.trust, Trust::Any);
    let Login::Sql { password, .. } = &door.options.login else {
        panic!("a SQL login");
    };
    assert_eq!(password.reveal(), "a=b");
    let door = Door::parse("server=pc,14330;user=sa;password=x;database=test;encrypt=off");
    assert_eq!(
        (door.options.port, door.options.encryption),
        (Some(14330), Encryption::Off)
    );
    let refused = std::panic::catch_unwind(|| {
        Door::parse("server=pc;user=sa;password=x;database=BPSPATIENTS")
    });
    assert!(refused.is_err());
}
