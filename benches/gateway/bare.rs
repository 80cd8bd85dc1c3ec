//! The bare driver: a practice's file, a statement, and its rows as the JSON that the API gives, written by hand.

use std::io::Write as _;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Makes a practice of so many patients.
pub fn make(path: &Path, rows: u32) {
    let database = Connection::open(path).expect("a database");
    database
        .execute_batch(&format!(
            "CREATE TABLE PATIENTS (ID INTEGER PRIMARY KEY, SURNAME TEXT, FIRSTNAME TEXT, DOB TEXT, SEX INTEGER, CITY TEXT,
               POSTCODE TEXT, UPDATED TEXT);
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {rows})
             INSERT INTO PATIENTS SELECT i, 'Surname ' || i, 'Firstname ' || i % 100, DATE('2020-01-01', -i || ' days'), i % 3,
               'City ' || i % 50, PRINTF('%04d', i % 9999), DATETIME('2020-01-01', i || ' minutes') FROM n;"
        ))
        .expect("a table");
}

pub fn open(path: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).expect("the practice opens")
}

/// Runs a statement and hands its rows over, as JSON arrays of about `page` bytes. How many rows there were.
pub fn run(
    connection: &Connection,
    text: &str,
    key: Option<i64>,
    page: usize,
    keep: &mut dyn FnMut(Vec<u8>),
) -> u64 {
    let mut statement = connection.prepare_cached(text).expect("a statement");
    if let Some(key) = key {
        statement.raw_bind_parameter(1, key).expect("bound");
    }
    let heads: Vec<String> = statement
        .column_names()
        .enumerate()
        .map(|(place, name)| format!("{}\"{name}\":", if place == 0 { '{' } else { ',' }))
        .collect();
    let mut rows = statement.raw_query();
    let (mut json, mut count) = (vec![b'['], 0);
    while let Some(row) = rows.next().expect("rows") {
        if json.len() > 1 {
            json.push(b',');
        }
        for (column, head) in heads.iter().enumerate() {
            json.extend_from_slice(head.as_bytes());
            match row.get_ref(column).expect("a cell") {
                ValueRef::Null => json.extend_from_slice(b"null"),
                ValueRef::Integer(number) => write!(json, "{number}").expect("memory"),
                ValueRef::Real(number) => serde_json::to_writer(&mut json, &number).expect("JSON"),
                ValueRef::Text(text) => {
                    let text = std::str::from_utf8(text).expect("UTF-8");
                    serde_json::to_writer(&mut json, text).expect("JSON");
                }
                ValueRef::Blob(_) => unreachable!("no statement here asks for bytes"),
            }
        }
        json.push(b'}');
        count += 1;
        if json.len() >= page {
            json.push(b']');
            keep(std::mem::replace(&mut json, vec![b'[']));
        }
    }
    if json.len() > 1 || count == 0 {
        json.push(b']');
        keep(json);
    }
    count
}
