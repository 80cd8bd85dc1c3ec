//! Bp Premier's cases on a real SQL Server, where `PILASTER_TEST_MSSQL` names one:
//!
//! ```text
//! server=localhost,1433;user=sa;password=…;database=pilaster_test;trust=any
//! ```
//!
//! `server` may be `host\INSTANCE`; `trust` is `any` or a file of authorities; `encrypt=off` is for a server without.
//! The tables of the mapping are made anew in the database, whose name must have `test` in it, from the fixture that the
//! cases run on with SQLite. Each case must give the same Bundle on both.

use std::fmt::Write as _;
use std::sync::Arc;

use pilaster::mapping::Mapping;
use pilaster::passthrough::mssql::{Encryption, Login, Options, Trust};
use pilaster::relation::SqlType;
use pilaster::secret::Secret;
use rusqlite::types::Value as Cell;
use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel, Query, SqlBrowser};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::{RUNTIME, limits, pool_of};
use crate::mappings::{cases, fixture, redact, tsql};
use crate::practice::{Practice, load, mapping_folder, parse, writable};

const VARIABLE: &str = "PILASTER_TEST_MSSQL";
/// Values of one INSERT.
const BATCH: usize = 900;

/// Where the server is, and the database that may be filled.
struct Door {
    options: Options,
    database: String,
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
            databases: vec![(Arc::from("patients"), database.clone())],
            ..Options::new(host, login)
        };
        Door { options, database }
    }

    /// A connection that writes, which the driver has none of.
    async fn enter(&self) -> Client<Compat<TcpStream>> {
        let options = &self.options;
        let Login::Sql { user, password } = &options.login else {
            panic!("a SQL login");
        };
        let mut config = Config::new();
        config.host(&options.host);
        config.database(&self.database);
        config.authentication(AuthMethod::sql_server(user, password.reveal()));
        match &options.trust {
            Trust::Any => config.trust_cert(),
            Trust::CaFile(path) => config.trust_cert_ca(path.display()),
            Trust::System => {}
        }
        config.encryption(match options.encryption {
            Encryption::Off => EncryptionLevel::NotSupported,
            _ => EncryptionLevel::Required,
        });
        let tcp = match (&options.instance, options.port) {
            (Some(instance), None) => {
                config.instance_name(instance);
                TcpStream::connect_named(&config)
                    .await
                    .expect("an instance")
            }
            (_, port) => TcpStream::connect((options.host.as_str(), port.unwrap_or(1433)))
                .await
                .expect("a server"),
        };
        Client::connect(config, tcp.compat_write())
            .await
            .expect("a login")
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

/// How a value that SQLite has comes to be one of a column: times are text there.
fn placed(number: usize, ty: SqlType) -> String {
    match ty {
        ty if ty.has_day() || ty == SqlType::Time => format!("CONVERT({ty}, @P{number}, 121)"),
        _ => format!("CONVERT({ty}, @P{number})"),
    }
}

fn bound(cell: Cell) -> ColumnData<'static> {
    match cell {
        Cell::Null => ColumnData::String(None),
        Cell::Integer(number) => ColumnData::I64(Some(number)),
        Cell::Real(number) => ColumnData::F64(Some(number)),
        Cell::Text(text) => ColumnData::String(Some(text.into())),
        Cell::Blob(bytes) => ColumnData::Binary(Some(bytes.into())),
    }
}

async fn fill(client: &mut Client<Compat<TcpStream>>, made: &Made, sqlite: &rusqlite::Connection) {
    let name = &made.name;
    let names: Vec<String> = made
        .columns
        .iter()
        .map(|(name, _)| format!("[{name}]"))
        .collect();
    let drop = format!(
        "IF OBJECT_ID(N'{name}') IS NOT NULL DROP TABLE [{name}]; {}",
        made.create
    );
    let done = client.simple_query(drop).await.expect("a table");
    done.into_results()
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let list = names.join(", ").replace(['[', ']'], "\"");
    let rows: Vec<Vec<Cell>> = sqlite
        .prepare(&format!("SELECT {list} FROM \"{name}\""))
        .and_then(|mut of| {
            let width = names.len();
            of.query_map([], |row| (0..width).map(|column| row.get(column)).collect())?
                .collect()
        })
        .expect("rows");
    for rows in rows.chunks((BATCH / names.len()).max(1)) {
        let mut text = format!("INSERT INTO [{name}] ({}) VALUES ", names.join(", "));
        let mut number = 0;
        for row in 0..rows.len() {
            let values: Vec<String> = made
                .columns
                .iter()
                .map(|(_, ty)| {
                    number += 1;
                    placed(number, *ty)
                })
                .collect();
            let between = if row == 0 { "" } else { ", " };
            write!(text, "{between}({})", values.join(", ")).unwrap();
        }
        let mut query = Query::new(text);
        for cell in rows.iter().flatten() {
            query.bind(bound(cell.clone()));
        }
        let done = query.execute(client).await;
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
    RUNTIME.block_on(async {
        let mut client = door.enter().await;
        for made in tables(&mapping, &sqlite) {
            fill(&mut client, &made, &sqlite).await;
        }
    });
    let pool = pool_of(door.options, limits());
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
    let (count, all) = (differences.len(), differences.join("\n"));
    assert!(differences.is_empty(), "{count} differ:\n{all}");
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
    assert_eq!(placed(3, SqlType::DateTime), "CONVERT(datetime, @P3, 121)");
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
