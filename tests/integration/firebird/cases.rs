//! Zedmed's cases on a real server: its two databases, filled with the rows that the cases run on with SQLite, must give
//! the same Bundles, page by page.

use std::fmt::Write as _;
use std::sync::Arc;

use pilaster::cases::Case;
use pilaster::mapping::{Mapping, TableInfo};
use pilaster::passthrough::firebird::Firebird;
use pilaster::passthrough::{Limits, Pool};
use pilaster::plan::Handling;
use pilaster::relation::SqlType;
use pilaster::site::{Answer, SearchCall, SiteError};
use rusqlite::types::Value as Cell;

use super::server::{Database, Server, shared};
use crate::mappings::{cases, fixture, redact};
use crate::practice::{Practice, load, mapping_folder, next_cursor, parse, writable};

/// Pages that are followed of one search.
const PAGES: usize = 40;

/// Zedmed's databases.
pub struct Zedmed<'s> {
    pub office: Database<'s>,
    pub clinical: Database<'s>,
}

impl<'s> Zedmed<'s> {
    /// With the rows of the fixture.
    pub fn new(server: &'s Server, mapping: &Mapping, fixture: &Practice) -> Zedmed<'s> {
        let made = |catalogue: Option<&str>| {
            let file = match catalogue {
                None => fixture.path.clone(),
                Some(name) => fixture.path.with_file_name(format!("{name}.sqlite")),
            };
            let sqlite = writable(&file);
            let tables = mapping
                .tables
                .values()
                .filter(|table| table.derived.is_none() && table.catalogue.as_deref() == catalogue);
            // Rows come in another transaction than the tables.
            let (mut creates, mut inserts) = (String::new(), String::new());
            for table in tables {
                let (create, rows) = script(table, &sqlite);
                creates.push_str(&create);
                inserts.push_str(&rows);
            }
            server.database("UTF8", &format!("{creates}COMMIT;\n{inserts}"))
        };
        Zedmed {
            office: made(None),
            clinical: made(Some("CLINICAL")),
        }
    }

    /// The names of the databases, and where they are.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        vec![
            ("OFFICE", self.office.path.clone()),
            ("CLINICAL", self.clinical.path.clone()),
        ]
    }
}

/// Connections to both databases.
pub fn pool_over(server: &Server, databases: Vec<(&str, String)>) -> Arc<Pool> {
    let limits = Limits::default();
    let driver = Firebird::new(server.options(databases), &limits);
    Arc::new(Pool::new(Arc::new(driver), limits))
}

/// What makes a table, and what fills it with the rows that SQLite has.
fn script(table: &TableInfo, sqlite: &rusqlite::Connection) -> (String, String) {
    let name = &table.name;
    let there: Vec<String> = sqlite
        .prepare("SELECT name FROM pragma_table_info(?1)")
        .and_then(|mut of| of.query_map([&**name], |row| row.get(0))?.collect())
        .expect("a table of the fixture");
    let columns: Vec<_> = table
        .columns
        .values()
        .filter(|column| there.iter().any(|it| it.eq_ignore_ascii_case(&column.name)))
        .collect();
    let mut declared = Vec::new();
    for column in &columns {
        let null = if table.key.contains(&column.name) {
            " NOT NULL"
        } else {
            ""
        };
        let collation = match &column.collation {
            Some(collation) if column.ty.is_text() => format!(" COLLATE {}", collation.name),
            _ => String::new(),
        };
        let ty = declared_type(column.ty);
        declared.push(format!("\"{}\" {ty}{null}{collation}", column.name));
    }
    let quoted = |names: &mut dyn Iterator<Item = &str>| {
        names
            .map(|name| format!("\"{name}\""))
            .collect::<Vec<_>>()
            .join(", ")
    };
    declared.push(format!(
        "PRIMARY KEY ({})",
        quoted(&mut table.key.iter().map(|name| &**name))
    ));
    let create = format!("CREATE TABLE \"{name}\" ({});\n", declared.join(", "));
    let names = quoted(&mut columns.iter().map(|column| &*column.name));
    let rows: Vec<Vec<Cell>> = sqlite
        .prepare(&format!("SELECT {names} FROM \"{name}\""))
        .and_then(|mut of| {
            let width = columns.len();
            of.query_map([], |row| (0..width).map(|column| row.get(column)).collect())?
                .collect()
        })
        .expect("rows");
    let mut inserts = String::new();
    for row in rows {
        let values: Vec<String> = row.iter().map(literal).collect();
        let values = values.join(", ");
        writeln!(
            inserts,
            "INSERT INTO \"{name}\" ({names}) VALUES ({values});"
        )
        .unwrap();
    }
    (create, inserts)
}

/// A column's type as Firebird declares it.
fn declared_type(ty: SqlType) -> String {
    match ty {
        SqlType::SmallInt => "SMALLINT".to_owned(),
        SqlType::Int => "INTEGER".to_owned(),
        SqlType::BigInt => "BIGINT".to_owned(),
        SqlType::Decimal(precision, scale) => format!("NUMERIC({precision}, {scale})"),
        SqlType::Float => "DOUBLE PRECISION".to_owned(),
        SqlType::Date => "DATE".to_owned(),
        SqlType::Time => "TIME".to_owned(),
        ty if ty.has_day_and_time() => "TIMESTAMP".to_owned(),
        SqlType::VarChar(0) => "BLOB SUB_TYPE TEXT CHARACTER SET UTF8".to_owned(),
        SqlType::Char(length) => format!("CHAR({length}) CHARACTER SET UTF8"),
        SqlType::VarChar(length) => format!("VARCHAR({length}) CHARACTER SET UTF8"),
        other => panic!("no column of Zedmed is {other}"),
    }
}

/// Days and times are text in SQLite, which Firebird reads as the column's type.
fn literal(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => format!("{number:?}"),
        Cell::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Cell::Blob(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{digits}'")
        }
    }
}

/// What a caller is told, without what differs from run to run.
pub fn told(answer: &Result<Answer, SiteError>) -> String {
    match answer {
        Ok(answer) => {
            let mut json = parse(&answer.body);
            redact(&mut json);
            serde_json::to_string_pretty(&json).unwrap()
        }
        Err(error) => format!("{} {error}", error.code().id),
    }
}

/// Every page of a search from here on.
fn pages(practice: &Practice, call: &SearchCall, first: Result<Answer, SiteError>) -> Vec<String> {
    let mut told_of = Vec::new();
    let mut answer = first;
    loop {
        told_of.push(told(&answer));
        let cursor = match &answer {
            Ok(answer) => next_cursor(&parse(&answer.body)),
            Err(_) => None,
        };
        let Some(cursor) = cursor.filter(|_| told_of.len() < PAGES) else {
            return told_of;
        };
        answer = practice.answer(SearchCall {
            query: format!("_cursor={cursor}").into_bytes(),
            form: Vec::new(),
            ..call.clone()
        });
    }
}

/// What a case gives: its answer, and the pages behind it.
fn answers(practice: &Practice, case: &Case) -> Vec<String> {
    let first = case.ask(practice);
    let Some(search) = case.search() else {
        return vec![told(&first)];
    };
    let call = SearchCall {
        handling: Handling::strict_if(search.strict),
        ..Practice::call(&search.text)
    };
    pages(practice, &call, first)
}

/// The same search by pages of one; a caller that is refused has none.
fn one_by_one(practice: &Practice, case: &Case) -> Vec<String> {
    let is_whole = |text: &str| !text.contains("_count=") && !text.contains("_summary=");
    let Some(search) = case
        .search()
        .filter(|it| is_whole(&it.text) && !case.is_refused())
    else {
        return Vec::new();
    };
    let text = &search.text;
    let sign = if text.contains('?') { '&' } else { '?' };
    let call = SearchCall {
        form: search.form.clone().into_bytes(),
        handling: Handling::strict_if(search.strict),
        ..Practice::call(&format!("{text}{sign}_count=1"))
    };
    let first = practice.answer(call.clone());
    pages(practice, &call, first)
}

#[test]
fn zedmed_on_firebird_gives_what_sqlite_gives() {
    let Some(server) = shared() else { return };
    let folder = mapping_folder("zedmed");
    let here = fixture(&folder);
    let mapping = load(&folder);
    let zedmed = Zedmed::new(server, &mapping, &here);
    let pool = pool_over(server, zedmed.named());
    let there = Practice::over(mapping, pool, tempfile::tempdir().unwrap());
    let mut differences = Vec::new();
    let mut count = 0;
    for case in cases(&folder) {
        for ask in [answers, one_by_one] {
            let (here, there) = (ask(&here, &case), ask(&there, &case));
            count += here.len();
            let unlike =
                (0..here.len().max(there.len())).find(|at| here.get(*at) != there.get(*at));
            if let Some(at) = unlike {
                let shown = |pages: &[String]| pages.get(at).cloned().unwrap_or_default();
                differences.push(format!(
                    "--- {}, page {at}\nSQLite: {}\nFirebird: {}",
                    case.name,
                    shown(&here),
                    shown(&there)
                ));
            }
        }
    }
    let (unlike, all) = (differences.len(), differences.join("\n"));
    assert!(differences.is_empty(), "{unlike} differ:\n{all}");
    assert!(count > 450, "{count} pages");
}
