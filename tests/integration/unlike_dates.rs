//! Sources that keep the date of a type in unlike columns, or not at all: sorted as one.

use pilaster::mapping::{Options, load_files};

use crate::practice::Practice;

const TABLES: &str = "
tables:
  WHOLE: { key: ID, columns: { ID: integer, AT: datetime } }
  SPLIT: { key: ID, columns: { ID: integer, DAY: date, MINUTE: integer } }
  PARTS: { key: ID, columns: { ID: integer, Y: integer, M: integer, D: integer } }
  NONE: { key: ID, columns: { ID: integer, WHAT: varchar(9) } }
";

const ROWS: &str = "
CREATE TABLE WHOLE (ID integer PRIMARY KEY, AT);
INSERT INTO WHOLE VALUES (1, '2026-02-03 09:15:00'), (2, '2026-02-03 16:30:00'), (3, NULL), (4, '2025-01-01 00:00:00');
CREATE TABLE SPLIT (ID integer PRIMARY KEY, DAY, MINUTE);
INSERT INTO SPLIT VALUES (1, '2026-02-03', 600), (2, '2026-02-03', 555), (3, NULL, NULL), (4, '2026-02-02', 1439);
CREATE TABLE PARTS (ID integer PRIMARY KEY, Y, M, D);
INSERT INTO PARTS VALUES (1, 2026, 0, 0), (2, 2026, 2, 3), (3, 0, 0, 0), (4, 2026, 2, 4), (5, 2026, 2, 0);
CREATE TABLE NONE (ID integer PRIMARY KEY, WHAT);
INSERT INTO NONE VALUES (1, 'x'), (2, 'y');
";

fn practice() -> Practice {
    let source = |name: &str, table: &str, date: &str| {
        format!(
            "resource: Observation\nsource: {name}\ntable: {table} as t\nid: t.ID\nelements:\n  status: final\n  code: {{ text: {name} }}\n{date}"
        )
    };
    let date = |value: &str| format!("  effectiveDateTime: {value}\n");
    let manifest = "name: Small\nengine: sqlite\nverified: illustrative\ncollation: BINARY\n";
    let whole = source("whole", "WHOLE", &date("$t.AT"));
    let split = source(
        "split",
        "SPLIT",
        &date("{ date: t.DAY, minutes: t.MINUTE }"),
    );
    let parts = source(
        "parts",
        "PARTS",
        &date("{ year: t.Y, month: t.M, day: t.D }"),
    );
    let files = [
        ("mapping.yaml", manifest),
        ("tables.yaml", TABLES),
        ("whole.yaml", &whole),
        ("split.yaml", &split),
        ("parts.yaml", &parts),
        ("none.yaml", &source("none", "NONE", "")),
    ];
    let loaded = load_files("small", &files, &Options::default())
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    Practice::new(loaded.mapping, |connection| {
        connection.execute_batch(ROWS).unwrap();
    })
}

/// Upwards, each with what stands in no order among itself.
const ORDER: &[&[&str]] = &[
    &["none-1", "none-2", "parts-3", "split-3", "whole-3"],
    &["whole-4"],
    &["parts-1"],
    &["parts-5"],
    &["split-4"],
    &["parts-2"],
    &["split-2", "whole-1"],
    &["split-1"],
    &["whole-2"],
    &["parts-4"],
];

fn assert_order<'o>(found: &[String], order: impl Iterator<Item = &'o &'o [&'o str]>, what: &str) {
    let mut rest = found;
    for group in order {
        let (mut own, others): (Vec<_>, _) = {
            let (own, others) = rest.split_at(group.len().min(rest.len()));
            (own.to_vec(), others)
        };
        own.sort();
        assert_eq!(own, *group, "{what}: {found:?}");
        rest = others;
    }
    assert!(rest.is_empty(), "{what}: {rest:?}");
}

#[test]
fn dates_of_unlike_columns_are_one_order_page_by_page() {
    let practice = practice();
    for count in 1..=16 {
        let up = practice.ids(&format!("Observation?_sort=date&_count={count}"));
        assert_order(&up, ORDER.iter(), &format!("{count} upwards"));
        let down = practice.ids(&format!("Observation?_sort=-date&_count={count}"));
        assert_order(&down, ORDER.iter().rev(), &format!("{count} downwards"));
    }
}

#[test]
fn what_follows_decides_among_equal_dates() {
    let practice = practice();
    let found = practice.ids("Observation?date=2026-02-03&_sort=-date,-_id&_count=2");
    assert_eq!(
        found,
        ["whole-2", "split-1", "split-2", "whole-1", "parts-2"]
    );
}
