//! A database without a column whose name was invented is served all the same.

use std::collections::BTreeSet;

use pilaster::demo;
use pilaster::mapping::{self, Options};

use crate::practice::{Practice, mapping_folder};

const COLUMN: (&str, &str) = ("PASTHISTORY", "OPERATION");

fn without_the_column() -> Practice {
    let options = Options {
        missing: [(COLUMN.0.to_owned(), COLUMN.1.to_owned())].into(),
    };
    let loaded = mapping::load_folder(&mapping_folder("bp-premier"), &options).unwrap();
    assert!(loaded.warnings.is_empty());
    Practice::new(loaded.mapping, |connection| {
        let options = demo::Options {
            patients: 120,
            seed: 1,
            today: jiff::civil::date(2026, 3, 2),
        };
        demo::create(connection, &options, &mut |_, _| {}).unwrap();
        let (table, column) = COLUMN;
        connection
            .execute_batch(&format!("ALTER TABLE {table} DROP COLUMN {column}"))
            .unwrap();
    })
}

#[test]
fn operations_are_conditions_where_nothing_tells_them_apart() {
    let ids = |practice: &Practice, of: &str| -> BTreeSet<String> {
        let found = practice.ids(&format!("{of}?_count=200"));
        found.into_iter().collect()
    };
    let with = Practice::demo(120);
    let (conditions, procedures) = (ids(&with, "Condition"), ids(&with, "Procedure"));
    assert!(conditions.is_disjoint(&procedures) && !procedures.is_empty());

    let without = without_the_column();
    let all = ids(&without, "Condition");
    assert_eq!(all, conditions.union(&procedures).cloned().collect());
    assert!(!without.site.mapping().resources.contains_key("Procedure"));
    let error = without.search("Procedure?patient=1").unwrap_err();
    assert_eq!(error.code().status, 404);
}
