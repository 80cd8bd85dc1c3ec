//! Small mappings over a few rows: what is written, and what a search finds, agree.

mod choices;
mod dates;
mod measurements;
mod texts;

use pilaster::mapping::{Options, load_files};
use serde_json::Value;

use crate::practice::{Practice, parse};

const MANIFEST: &str = "name: Small\nengine: sqlite\nverified: illustrative\ncollation: BINARY\n";

/// A practice of one table `T`, its key `ID`: the types of its other columns, the source's keys below `table:`
/// and `id:`, and the rows.
fn practice(columns: &str, resource: &str, source: &str, rows: &str) -> Practice {
    practice_by("ID: integer", columns, resource, source, rows)
}

fn practice_by(id: &str, columns: &str, resource: &str, source: &str, rows: &str) -> Practice {
    let columns = format!("{id}, {columns}");
    let tables = format!("tables:\n  T: {{ key: ID, columns: {{ {columns} }} }}\n");
    let source = format!("resource: {resource}\ntable: T as t\nid: t.ID\n{source}");
    let files = [
        ("mapping.yaml", MANIFEST),
        ("tables.yaml", &tables),
        ("source.yaml", &source),
    ];
    let loaded = load_files("small", &files, &Options::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let names: Vec<&str> = columns
        .split(", ")
        .filter_map(|column| Some(column.split_once(": ")?.0))
        .collect();
    // Without types, so that values stay as they are given.
    let script = format!(
        "CREATE TABLE T ({});\nINSERT INTO T VALUES {rows};",
        names.join(", ")
    );
    Practice::new(loaded.mapping, |connection| {
        connection.execute_batch(&script).unwrap();
    })
}

fn resource(practice: &Practice, path: &str) -> Value {
    let answer = practice
        .read(path)
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    parse(&answer.body)
}

/// Each search finds these ids, in order.
fn assert_found(practice: &Practice, searches: &[(&str, &[&str])]) {
    for (search, ids) in searches {
        assert_eq!(&practice.ids(search), ids, "{search}");
    }
}
