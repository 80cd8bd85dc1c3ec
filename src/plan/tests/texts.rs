//! String and token search, run on SQLite.

use proptest::prelude::*;

use super::{Rig, column};
use crate::collation::fold;
use crate::mapping::{TextColumn, TokenCode, TokenMatcher, TokenSystem};
use crate::plan::text::{self, Comparison, Searched};
use crate::plan::token;
use crate::plan::values::Values;
use crate::relation::{Collation, Expr, Predicate, SqlType, Value};
use crate::search::{self, Token};

fn name() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[azAZéÉëß'%_ \\[\\\\李-]{0,5}").expect("an expression")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// The index's range never takes a row away, and what it lets in beside is taken out again.
    #[test]
    fn text_is_found_as_it_folds(
        names in proptest::collection::vec(name(), 1..24),
        searches in proptest::collection::vec(name(), 1..8),
    ) {
        let rig = Rig::new(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
            "INSERT INTO t VALUES (?, ?)",
            (0i64..).zip(&names).map(|(id, name)| (id, format!("{name:20}"))).collect(),
        );
        for collation in ["Latin1_General_CI_AS", "Latin1_General_CI_AI", "Latin1_General_BIN2"] {
            let ty = SqlType::Char(20);
            let of = TextColumn {
                expr: column("name", ty, Some(collation)),
                ty,
                collation: Collation::parse(collation).map(std::sync::Arc::new),
            };
            for searched in searches.iter().filter(|searched| !searched.trim().is_empty()) {
                for comparison in [Comparison::StartsWith, Comparison::Contains, Comparison::Exact] {
                    let mut values = Values::default();
                    let found = text::predicate(&of, comparison, &Searched::new(searched), &mut values);
                    let wanted = searched.trim();
                    let expected: Vec<i64> = (0i64..).zip(&names).filter(|(_, name)| match comparison {
                        Comparison::StartsWith => fold(name).starts_with(&*fold(wanted)),
                        Comparison::Contains => fold(name).contains(&*fold(wanted)),
                        Comparison::Exact => name.trim_end() == wanted,
                    }).map(|(id, _)| id).collect();
                    prop_assert_eq!(
                        rig.ids(found, values), expected,
                        "{:?} {:?} under {} in {:?}", comparison, searched, collation, names
                    );
                }
            }
        }
    }
}

fn ids(code: TokenCode, rig: &Rig, searched: &str) -> Vec<i64> {
    let matcher = TokenMatcher {
        system: TokenSystem::None,
        code,
        present: Predicate::True,
        types: Some(Vec::new()),
    };
    let token = Token {
        system: search::TokenSystem::Any,
        code: Some(searched.to_owned()),
    };
    let mut values = Values::default();
    let found = token::predicate(
        &matcher,
        std::iter::once(&token::Asked::new(&token)),
        &mut values,
    );
    rig.ids(found, values)
}

#[test]
fn a_telephone_number_is_found_however_it_is_written() {
    let rig = Rig::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, phone TEXT)",
        "INSERT INTO t VALUES (?, ?)",
        vec![
            (1, "0412 345 678"),
            (2, "+61 412 345 678"),
            (3, "(07) 5550-1234"),
            (4, ""),
            (5, "5550 1234"),
        ],
    );
    let phone = |searched| {
        let column = column("phone", SqlType::VarChar(20), Some("Latin1_General_CI_AS"));
        ids(TokenCode::Digits(column), &rig, searched)
    };
    assert_eq!(phone("0412345678"), [1, 2]);
    assert_eq!(phone("+61 412-345-678"), [1, 2]);
    // As a `+` arrives that was not encoded.
    assert_eq!(phone(" 61 412-345-678"), [1, 2]);
    assert_eq!(phone("07 5550 1234"), [3]);
    assert_eq!(phone("55501234"), [5]);
    assert_eq!(phone("n/a"), [] as [i64; 0]);
}

#[test]
fn a_number_in_two_columns_is_found_with_and_without_its_end() {
    let rig = Rig::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, number TEXT, line TEXT)",
        "INSERT INTO t VALUES (?, ?, ?)",
        vec![
            (1, "2123456701", "1"),
            (2, "2123456701", "2"),
            (3, "3123456701", ""),
        ],
    );
    let medicare = |searched| {
        let part = |name, length| {
            let ty = SqlType::VarChar(length);
            (column(name, ty, Some("Latin1_General_CI_AS")), ty, length)
        };
        let parts = vec![part("number", 10), part("line", 1)];
        ids(TokenCode::Concat { parts }, &rig, searched)
    };
    assert_eq!(medicare("2123456701"), [1, 2]);
    assert_eq!(medicare("2123 45670 1 2"), [2]);
    assert_eq!(medicare("3123456701"), [3]);
    assert_eq!(medicare("212345670"), [] as [i64; 0]);
    assert_eq!(medicare("212345670123"), [] as [i64; 0]);
}

#[test]
fn only_what_a_type_can_hold_is_bound() {
    let raw = |text, ty| token::raw_value(text, ty);
    let int = |number| Some(Value::Int(number));
    let some = |text: &str| Some(Value::Text(text.to_owned()));
    assert_eq!(raw("2147483647", SqlType::Int), int(2_147_483_647));
    assert_eq!(raw("2147483648", SqlType::Int), None);
    assert_eq!(raw("-32769", SqlType::SmallInt), None);
    assert_eq!(raw("256", SqlType::TinyInt), None);
    assert_eq!(raw("2", SqlType::Bit), None);
    assert_eq!(raw("9223372036854775807", SqlType::BigInt), int(i64::MAX));
    assert_eq!(raw("012", SqlType::Int), None);
    assert_eq!(raw("12.50", SqlType::Decimal(4, 1)), some("12.50"));
    for text in [
        "12.55", "1234", "1e2", "NaN", "inf", "+1", "", "-", ".5", "5.",
    ] {
        assert_eq!(raw(text, SqlType::Decimal(4, 1)), None, "{text}");
    }
    assert_eq!(raw("12345", SqlType::VarChar(4)), None);
    assert_eq!(raw(" ", SqlType::VarChar(4)), None);
}

/// SQLite reads `a OR b OR …` no deeper than 1000.
#[test]
fn hundreds_of_conditions_are_answered() {
    let rig = Rig::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY)",
        "INSERT INTO t VALUES (?)",
        (0..5000).map(|id| (id,)).collect(),
    );
    let id = column("id", SqlType::Int, None);
    let is = |number| {
        Predicate::Compare(
            id.clone(),
            crate::relation::CompareOp::Eq,
            Expr::Int(number),
        )
    };
    let any = Predicate::any((0..4500).map(is));
    assert_eq!(rig.ids(any, Values::default()).len(), 4500);
    let all = Predicate::all((0..4500).map(|number| is(number).negate()));
    assert_eq!(rig.ids(all, Values::default()).len(), 500);
}
