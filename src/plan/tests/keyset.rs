//! Walking a table page by page: each row once, in order, whatever is NULL or equal.

use proptest::prelude::*;

use super::{Rig, column};
use crate::plan::order::after;
use crate::plan::values::Values;
use crate::relation::{Order, Predicate, SqlType, Value};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_follow_each_other(
        rows in proptest::collection::vec(
            (proptest::option::of(0i64..3), proptest::option::of(0usize..6)), 0..20),
        descending in proptest::collection::vec(any::<bool>(), 3),
        swapped in any::<bool>(),
        page in 1usize..5,
    ) {
        // Equal under the collation, or not, and one that is no UTF-8.
        const NAMES: [&[u8]; 6] = [b"", b"Zo\xc3\xab", b"zoe", b"O'Brien ", b"o'brien", b"Ren\xe9"];
        let rig = Rig::new(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, number, name TEXT)",
            "INSERT INTO t VALUES (?, ?, CAST(? AS TEXT))",
            (0i64..).zip(&rows).map(|(id, (number, name))| {
                (id, *number, name.map(|name| NAMES[name].to_vec()))
            }).collect(),
        );
        let mut exprs = vec![
            column("number", SqlType::Int, None),
            column("name", SqlType::VarChar(20), Some("Latin1_General_CI_AS")),
        ];
        if swapped {
            exprs.swap(0, 1);
        }
        exprs.push(column("id", SqlType::Int, None));
        let order: Vec<Order> = exprs.iter().zip(&descending)
            .map(|(expr, descending)| Order { expr: expr.clone(), descending: *descending })
            .collect();
        let whole = rig.select(exprs.clone(), Predicate::True, order.clone(), Values::default());
        let id = |rows: &crate::passthrough::Rows, row| rows.cell(row, 2).to_value();
        let expected: Vec<Value> = (0..whole.len()).map(|row| id(&whole, row)).collect();
        let mut given = Vec::new();
        let mut values = Values::default();
        let mut place = Predicate::True;
        while given.len() <= rows.len() {
            let found = rig.select(exprs.clone(), place, order.clone(), values);
            let used = found.len().min(page);
            given.extend((0..used).map(|row| id(&found, row)));
            if used == found.len() {
                break;
            }
            let keys: Vec<Value> = (0..3).map(|key| found.cell(used - 1, key).to_value()).collect();
            values = Values::default();
            place = after(&order, &keys, &mut values);
        }
        prop_assert_eq!(given, expected);
    }
}
