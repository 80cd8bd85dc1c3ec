//! `pilaster demo create --engine mssql`: what the stand-in is sent is the synthetic practice of SQLite, table by table
//! and row by row.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Output};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::date;
use pilaster::demo;
use rusqlite::types::ValueRef;
use sqlparser::ast::{SetExpr, Statement, TableObject};
use tempfile::NamedTempFile;

use super::stand_in::{
    Asked, Certificate, Kind, PASSWORD, Parameter, Setup, StandIn, Step, USER, write,
};
use crate::mappings::tsql;

const PATIENTS: u32 = 30;
/// Rows by the name of their table, each value as text.
type Tables = BTreeMap<String, Vec<Vec<Option<String>>>>;

/// A stand-in that encrypts, and the file of the authority to trust.
fn stand_in(
    databases: Vec<&'static str>,
    answers: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static,
) -> (StandIn, NamedTempFile) {
    let certificate = Certificate::new(Kind::Sound);
    let mut authority = NamedTempFile::new().expect("a file");
    authority
        .write_all(certificate.authority.as_bytes())
        .expect("written");
    let setup = Setup {
        tls: Some(Arc::clone(&certificate.config)),
        databases,
        ..Setup::default()
    };
    (StandIn::start(setup, answers), authority)
}

fn create(
    server: &StandIn,
    authority: &NamedTempFile,
    mapping: &str,
    databases: &[&str],
) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pilaster"))
        .args(["demo", "create", "--mapping", mapping, "--engine", "mssql"])
        .args([
            "--host",
            "localhost",
            "--port",
            &server.address.port().to_string(),
        ])
        .args(["--user", USER, "--password-env", "PILASTER_TEST_PASSWORD"])
        .arg("--trusted-authority")
        .arg(authority.path())
        .args(["--patients", &PATIENTS.to_string(), "--today", "2026-03-02"])
        .arg("--database")
        .args(databases)
        .env("PILASTER_TEST_PASSWORD", PASSWORD)
        .output()
        .expect("the program runs")
}

/// The rows of a command that inserts, if it is one.
fn inserted(asked: &Asked, into: &mut Tables) {
    let Asked::Procedure { parameters, .. } = asked else {
        return;
    };
    let mut values = parameters[2.min(parameters.len())..].iter();
    for statement in tsql(asked.text()).unwrap_or_else(|problem| panic!("{problem}")) {
        let Statement::Insert(insert) = statement else {
            continue;
        };
        let (TableObject::TableName(table), Some(source)) = (&insert.table, &insert.source) else {
            panic!("{insert}");
        };
        let SetExpr::Values(given) = source.body.as_ref() else {
            panic!("{insert}");
        };
        let [row] = given.rows.as_slice() else {
            panic!("{insert}");
        };
        assert_eq!(row.len(), insert.columns.len());
        let row = row.iter().map(|marker| {
            let value = values.next().expect("a value for each marker");
            assert_eq!(marker.to_string(), value.name);
            text(value)
        });
        let name = table.to_string().replace(['[', ']'], "");
        into.entry(name).or_default().push(row.collect());
    }
    assert!(values.next().is_none(), "a value without a marker");
}

/// A value as SQLite holds it.
fn text(value: &Parameter) -> Option<String> {
    let raw = value.value.as_deref()?;
    let number = |text: &str| text.parse::<i64>().expect("a number");
    Some(match value.ty.as_str() {
        "datetime" => {
            let (days, ticks) = raw.split_once(' ').expect("two numbers");
            let at = date(1900, 1, 1).at(0, 0, 0, 0) + number(days).days();
            let at = at + (number(ticks) / 300).seconds();
            at.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        "date" => (date(1, 1, 1) + number(raw).days()).to_string(),
        "decimal" => raw.parse::<f64>().expect("a number").to_string(),
        _ => raw.to_owned(),
    })
}

/// The same practice in SQLite.
fn in_sqlite(mapping: &str) -> Tables {
    let of = demo::find(mapping).expect("a demo");
    let open = |_| rusqlite::Connection::open_in_memory().expect("a database");
    let files: Vec<rusqlite::Connection> = of.catalogues.iter().map(open).collect();
    let mut target = demo::sqlite::Sqlite::begin(files.iter().collect()).expect("empty");
    let options = demo::Options {
        patients: PATIENTS,
        seed: 1,
        today: date(2026, 3, 2),
    };
    demo::fill(of, &mut target, &options, &mut |_, _| {}).expect("a demo");
    drop(target);
    let mut tables = Tables::new();
    for (catalogue, file) in of.catalogues.iter().zip(&files) {
        for table in catalogue.tables {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            let list = columns.join(", ");
            let mut all = file
                .prepare(&format!("SELECT {list} FROM {} ORDER BY rowid", table.name))
                .expect("a table");
            let width = columns.len();
            let rows = all.query_map([], |row| {
                let cell = |place| match row.get_ref(place)? {
                    ValueRef::Null => Ok(None),
                    ValueRef::Integer(number) => Ok(Some(number.to_string())),
                    ValueRef::Real(number) => Ok(Some(number.to_string())),
                    ValueRef::Text(text) => Ok(Some(String::from_utf8_lossy(text).into_owned())),
                    ValueRef::Blob(_) => panic!("bytes"),
                };
                (0..width).map(cell).collect::<rusqlite::Result<Vec<_>>>()
            });
            let rows: Vec<_> = rows.expect("rows").map(|row| row.expect("a row")).collect();
            if !rows.is_empty() {
                tables.insert(table.name.to_owned(), rows);
            }
        }
    }
    tables
}

/// Everything that the stand-in was asked but for the sessions' own settings.
fn asked_of(server: &StandIn) -> Vec<Asked> {
    let asked = server.seen.asked.lock().unwrap();
    let is_own = |asked: &&Asked| {
        let text = asked.text();
        !text.starts_with("SET ") && !text.contains("snapshot_isolation_state")
    };
    asked.iter().filter(is_own).cloned().collect()
}

#[test]
fn stand_in_is_given_the_practice_that_sqlite_has() {
    for (mapping, databases) in [
        ("bp-premier", &["BPSPATIENTS"][..]),
        ("zedmed", &["OFFICE=BPSPATIENTS", "CLINICAL=BPSDRUGS"]),
        ("dental4windows", &["BPSPATIENTS"]),
    ] {
        let (server, authority) = stand_in(vec!["BPSPATIENTS", "BPSDRUGS"], |_| Vec::new());
        let done = create(&server, &authority, mapping, databases);
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        let problem = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{told}{problem}");
        assert!(
            told.starts_with(&format!("{mapping}: {PATIENTS} patients\n")),
            "{told}"
        );

        let of = demo::find(mapping).expect("a demo");
        let asked = asked_of(&server);
        let count = |start: &str| {
            asked
                .iter()
                .filter(|it| it.text().starts_with(start))
                .count()
        };
        let tables: usize = of.catalogues.iter().map(|it| it.tables.len()).sum();
        assert_eq!(count("CREATE TABLE"), tables);
        assert!(count("CREATE INDEX") > 5);
        assert_eq!(count("BEGIN TRANSACTION"), databases.len());
        assert_eq!(count("COMMIT TRANSACTION"), databases.len());
        assert_eq!(asked.last().map(Asked::text), Some("COMMIT TRANSACTION"));
        for create in asked
            .iter()
            .map(Asked::text)
            .filter(|it| it.starts_with("CREATE"))
        {
            tsql(create).unwrap_or_else(|problem| panic!("{problem}: {create}"));
        }
        let logins = server.seen.logins.lock().unwrap();
        assert!(logins.iter().all(|login| !login.read_only), "it writes");
        assert_eq!(logins.len(), databases.len());

        let mut sent = Tables::new();
        asked.iter().for_each(|asked| inserted(asked, &mut sent));
        let here = in_sqlite(mapping);
        assert_eq!(
            sent.keys().collect::<Vec<_>>(),
            here.keys().collect::<Vec<_>>()
        );
        for (table, rows) in &here {
            // SQLite's rows come by their key, where they have one that is theirs.
            let sorted = |rows: &[Vec<Option<String>>]| {
                let mut rows = rows.to_vec();
                rows.sort();
                rows
            };
            assert_eq!(sorted(&sent[table]), sorted(rows), "{mapping}: {table}");
        }
        let rows: usize = here.values().map(Vec::len).sum();
        assert!(rows > 500, "{mapping}: {rows}");
    }
}

#[test]
fn stand_in_with_tables_is_left_as_it_is() {
    let (server, authority) = stand_in(vec!["BPSPATIENTS"], |asked| {
        if !asked.text().contains("sys.objects") {
            return Vec::new();
        }
        let columns = write::columns(&[("a", write::int())]);
        let row = write::row(&[&1i32.to_le_bytes()]);
        vec![Step::Send([columns, row, write::done(0x10, 1)].concat())]
    });
    let refused = create(&server, &authority, "bp-premier", &["BPSPATIENTS"]);
    let problem = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{problem}");
    assert_eq!(
        problem,
        "error: BPSPATIENTS has tables already; a demo is written into an empty database\n"
    );
    assert_eq!(asked_of(&server).len(), 1);
}

#[test]
fn what_fails_on_the_stand_in_is_not_kept() {
    let (server, authority) = stand_in(vec!["BPSPATIENTS"], |asked| {
        if !asked.text().starts_with("INSERT INTO [PATIENTS]") {
            return Vec::new();
        }
        let full = write::error(
            1105,
            17,
            "Could not allocate space for 'Smith' in 'PRIMARY'.",
        );
        vec![Step::Send([full, write::done(2, 0)].concat())]
    });
    let failed = create(&server, &authority, "bp-premier", &["BPSPATIENTS"]);
    let problem = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert_eq!(failed.status.code(), Some(2), "{problem}");
    assert!(
        problem.contains("1105") && !problem.contains("Smith"),
        "{problem}"
    );
    assert!(
        asked_of(&server)
            .iter()
            .all(|it| !it.text().contains("COMMIT"))
    );
    server.seen.wait_open(0);
}

#[test]
fn who_is_not_let_in_by_the_stand_in_is_told_why() {
    let (server, authority) = stand_in(vec!["BPSPATIENTS"], |_| Vec::new());
    let told = |databases: &[&str], authority: &NamedTempFile| {
        let refused = create(&server, authority, "bp-premier", databases);
        assert_eq!(refused.status.code(), Some(2));
        String::from_utf8_lossy(&refused.stderr).into_owned()
    };
    assert_eq!(
        told(&["ELSEWHERE"], &authority),
        "error: the demo practice could not be written (the practice's database server does not open the database of \
         the catalogue `BPSPATIENTS`)\n"
    );
    let mut other = NamedTempFile::new().expect("a file");
    let stranger = Certificate::new(Kind::Sound).authority;
    other.write_all(stranger.as_bytes()).expect("written");
    assert_eq!(
        told(&["BPSPATIENTS"], &other),
        "error: the demo practice could not be written (the certificate of the practice's database server is not \
         trusted: no authority that is trusted has signed it)\n"
    );
    assert!(asked_of(&server).is_empty());
}
