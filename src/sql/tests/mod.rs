//! What the writer spells, where a snapshot of a mapping's cases does not reach.

mod shapes;

use std::sync::Arc;

use super::{SqlError, select};
use crate::relation::{
    Case, CaseKey, Collation, Column, CompareOp, Dialect, Expr, Like, Order, Predicate, RawSql,
    Select, Shared, Slot, Source, SqlType, Table, TableSource, Value,
};

fn column(name: &str, ty: SqlType) -> Expr {
    Expr::Column(Shared::new(Column {
        alias: Arc::from("t"),
        name: Arc::from(name),
        ty,
        collation: None,
        nullable: true,
    }))
}

fn spelled(
    filter: Predicate,
    order: Vec<Order>,
    dialect: Dialect,
) -> Result<super::Statement, SqlError> {
    let source = Shared::new(Source {
        table: Table {
            alias: Arc::from("t"),
            source: TableSource::Named(Arc::from("dbo.ODD]\"TABLE")),
        },
        key: Vec::new(),
        rows: Predicate::True,
        joins: Vec::new(),
        catalogue: None,
    });
    let columns = Shared::new(vec![column("A", SqlType::Int)]);
    let of = Select {
        order,
        ..Select::of(source, filter, columns)
    };
    select(&of, dialect)
}

fn text(filter: Predicate, dialect: Dialect) -> String {
    let statement = spelled(filter, Vec::new(), dialect).expect("spelled");
    statement
        .text
        .split_once("WHERE ")
        .map_or_else(String::new, |(_, filter)| filter.to_owned())
}

#[test]
fn names_keep_their_quotes_to_themselves() {
    let of = |dialect| {
        let statement = spelled(Predicate::True, Vec::new(), dialect).expect("spelled");
        statement.text.to_string()
    };
    assert_eq!(
        of(Dialect::Mssql),
        "SELECT [t].[A] AS [t_A]\nFROM [dbo].[ODD]]\"TABLE] AS [t]"
    );
    assert_eq!(
        of(Dialect::Sqlite),
        "SELECT \"t\".\"A\" AS \"t_A\"\nFROM \"dbo\".\"ODD]\"\"TABLE\" AS \"t\""
    );
}

#[test]
fn literals_of_a_mapping_keep_their_quotes_to_themselves() {
    let is = |literal: &str| {
        Predicate::Compare(
            column("B", SqlType::VarChar(9)),
            CompareOp::Eq,
            Expr::Text(Arc::from(literal)),
        )
    };
    assert_eq!(text(is("O'Brien"), Dialect::Mssql), "[t].[B] = 'O''Brien'");
    assert_eq!(text(is("é'"), Dialect::Mssql), "[t].[B] = N'é'''");
    assert_eq!(text(is("é'"), Dialect::Sqlite), "\"t\".\"B\" = 'é'''");
}

/// SQL Server refuses a column that is named twice in ORDER BY.
#[test]
fn a_sort_key_is_named_once() {
    let by = |name, descending| Order {
        expr: column(name, SqlType::Int),
        descending,
    };
    let shared = by("A", false);
    let order = vec![
        shared.clone(),
        by("B", true),
        Order {
            descending: true,
            ..shared
        },
    ];
    let statement = spelled(Predicate::True, order, Dialect::Mssql).expect("spelled");
    assert!(
        statement.text.ends_with("ORDER BY [t].[A], [t].[B] DESC"),
        "{}",
        statement.text
    );
}

/// A row whose text is no number must not fail the statement.
#[test]
fn what_a_row_holds_is_cast_without_failing() {
    let number = |inner| {
        Predicate::Compare(
            Expr::Cast(Box::new(inner), SqlType::Int),
            CompareOp::Gt,
            Expr::Slot(Slot {
                index: 0,
                ty: SqlType::Int,
            }),
        )
    };
    let of = column("B", SqlType::VarChar(9));
    assert_eq!(
        text(number(of.clone()), Dialect::Mssql),
        "TRY_CAST([t].[B] AS int) > @p1"
    );
    assert_eq!(
        text(number(of), Dialect::Sqlite),
        "CAST(\"t\".\"B\" AS INTEGER) > ?1"
    );
    assert_eq!(
        text(number(Expr::Text(Arc::from("7"))), Dialect::Mssql),
        "CAST('7' AS int) > @p1"
    );
}

/// Two-valued: where SQL says neither, the opposite holds.
#[test]
fn the_opposite_holds_where_sql_knows_nothing() {
    let is = Predicate::Compare(column("B", SqlType::Int), CompareOp::Eq, Expr::Int(1));
    assert_eq!(
        text(is.negate(), Dialect::Sqlite),
        "CASE WHEN \"t\".\"B\" = 1 THEN 0 ELSE 1 END = 1"
    );
}

#[test]
fn a_fragment_without_a_text_is_said() {
    let raw = Predicate::Raw(Shared::new(RawSql {
        text: vec![(Dialect::Mssql, Arc::from("{t.A} = {t.[B C]}"))],
        ty: SqlType::Bit,
        collation: None,
        aliases: Vec::new(),
    }));
    assert_eq!(text(raw.clone(), Dialect::Mssql), "([t].[A] = [t].[B C])");
    assert_eq!(
        spelled(raw, Vec::new(), Dialect::Sqlite),
        Err(SqlError::FragmentMissing(Dialect::Sqlite))
    );
}

#[test]
fn the_subject_of_a_case_stands_once_where_it_can() {
    let sorted = |otherwise: Option<&str>, absent: Option<&str>, dialect| {
        let case = Expr::Case(Shared::new(Case {
            subject: Expr::NullIf(
                Box::new(column("S", SqlType::VarChar(9))),
                Box::new(Expr::Text("".into())),
            ),
            when: vec![(CaseKey::Text("a".into()), "x".into())],
            otherwise: otherwise.map(Arc::from),
            absent: absent.map(Arc::from),
        }));
        let order = vec![Order {
            expr: case,
            descending: false,
        }];
        let text = spelled(Predicate::True, order, dialect)
            .expect("spelled")
            .text;
        let (_, order) = text.split_once("ORDER BY ").expect("an order");
        order.to_owned()
    };
    use Dialect::{Mssql, Sqlite};
    let s = "NULLIF([t].[S], '')";
    assert_eq!(
        sorted(None, None, Mssql),
        format!("CASE {s} WHEN 'a' THEN 'x' END")
    );
    assert_eq!(
        sorted(None, Some("n"), Mssql),
        format!("CASE {s} WHEN 'a' THEN 'x' ELSE 'n' END")
    );
    assert_eq!(
        sorted(Some("o"), Some("o"), Sqlite),
        "CASE NULLIF(\"t\".\"S\", '') WHEN 'a' THEN 'x' ELSE 'o' END"
    );
    for (absent, written) in [(None, ""), (Some("n"), " ELSE 'n'")] {
        assert_eq!(
            sorted(Some("o"), absent, Mssql),
            format!(
                "CASE {s} WHEN 'a' THEN 'x' ELSE CASE WHEN LTRIM(RTRIM({s})) <> '' THEN 'o'{written} END END"
            )
        );
    }
}

#[test]
fn a_date_in_text_is_told_from_other_text() {
    let born = column("BORN", SqlType::Char(10));
    let is_date = Predicate::IsDate {
        text: born.clone(),
        layout: Arc::from("DD/MM/YYYY"),
        day: Expr::Concat(vec![
            Expr::Substring(Box::new(born), 7, 4),
            Expr::Text(Arc::from("-01-01")),
        ]),
    };
    assert_eq!(
        text(is_date.clone(), Dialect::Mssql),
        "([t].[BORN] LIKE '[0-9][0-9]_[0-9][0-9]_[0-9][0-9][0-9][0-9]' \
         AND TRY_CAST((SUBSTRING([t].[BORN], 7, 4) + '-01-01') AS date) IS NOT NULL)"
    );
    assert_eq!(
        text(is_date, Dialect::Sqlite),
        "(\"t\".\"BORN\" GLOB '[0-9][0-9]?[0-9][0-9]?[0-9][0-9][0-9][0-9]' \
         AND DATE((SUBSTR(\"t\".\"BORN\", 7, 4) || '-01-01')) = (SUBSTR(\"t\".\"BORN\", 7, 4) || '-01-01') \
         AND (SUBSTR(\"t\".\"BORN\", 7, 4) || '-01-01') >= '0001')"
    );
}

#[test]
fn days_are_counted_from_a_column_to_a_value() {
    let slot = Slot {
        index: 0,
        ty: SqlType::Date,
    };
    let days = Expr::DaysTo(Box::new(column("DAY", SqlType::DateTime)), slot);
    let filter = Predicate::Compare(days, CompareOp::Ge, Expr::Int(1));
    assert_eq!(
        text(filter.clone(), Dialect::Mssql),
        "DATEDIFF(day, [t].[DAY], CAST(@p1 AS date)) >= 1"
    );
    assert_eq!(
        text(filter, Dialect::Sqlite),
        "CAST(JULIANDAY(DATE(?1)) - JULIANDAY(DATE(\"t\".\"DAY\")) AS INTEGER) >= 1"
    );
}

/// What is bound beside a column for a value that its code page may lack.
#[test]
fn a_letter_that_a_code_page_lacks_is_not_bound() {
    let of = |ty, collation: &str| {
        let collation = Collation::parse(collation).expect("a collation");
        Expr::Column(Shared::new(Column {
            alias: Arc::from("t"),
            name: Arc::from("B"),
            ty,
            collation: Some(Arc::new(collation)),
            nullable: true,
        }))
    };
    let slot = |ty| Slot { index: 0, ty };
    let bound = |filters: Vec<Predicate>, dialect| {
        let statement = spelled(Predicate::all(filters), Vec::new(), dialect).expect("spelled");
        let values = [Value::Text("α".to_owned())];
        let bound: Vec<Value> = statement
            .bind(&values)
            .map(|(value, _)| value.into_owned())
            .collect();
        bound
    };
    let (null, given) = (vec![Value::Null], vec![Value::Text("α".to_owned())]);
    let is = |column: Expr, op| {
        let ty = column.sql_type();
        Predicate::Compare(column, op, Expr::Slot(slot(ty)))
    };
    let narrow = SqlType::VarChar(20);
    let latin = || of(narrow, "Latin1_General_CI_AS");
    let list = |negated| Predicate::In {
        expr: latin(),
        list: vec![Expr::Slot(slot(narrow))],
        negated,
    };
    let key = Predicate::Key(latin(), CompareOp::Gt, slot(narrow));
    let folded = Predicate::Like {
        expr: Expr::Fold(Box::new(latin())),
        pattern: Like::Slot(slot(narrow)),
        negated: false,
    };
    let exact = Predicate::Compare(
        Expr::Exact(Box::new(latin())),
        CompareOp::Eq,
        Expr::Slot(slot(narrow)),
    );
    for (filters, expected) in [
        (vec![is(latin(), CompareOp::Eq)], &null),
        (vec![folded], &null),
        (vec![is(latin(), CompareOp::Eq), exact], &null),
        (vec![list(false)], &null),
        (
            vec![is(
                of(SqlType::Char(4), "SQL_Latin1_General_CP1_CI_AS"),
                CompareOp::Eq,
            )],
            &null,
        ),
        // NULL would find less, or nothing.
        (vec![is(latin(), CompareOp::Ne)], &given),
        (vec![list(true)], &given),
        (vec![key], &given),
        (vec![is(latin(), CompareOp::Eq), list(true)], &given),
        (vec![list(true), is(latin(), CompareOp::Eq)], &given),
        // They hold it, or nobody knows.
        (
            vec![is(
                of(SqlType::NVarChar(20), "Latin1_General_CI_AS"),
                CompareOp::Eq,
            )],
            &given,
        ),
        (
            vec![is(
                of(narrow, "Latin1_General_100_CI_AS_SC_UTF8"),
                CompareOp::Eq,
            )],
            &given,
        ),
        (vec![is(of(narrow, "Greek_CI_AS"), CompareOp::Eq)], &given),
        (
            vec![is(
                of(narrow, "SQL_Latin1_General_CP1253_CI_AS"),
                CompareOp::Eq,
            )],
            &given,
        ),
    ] {
        assert_eq!(
            bound(filters.clone(), Dialect::Mssql),
            *expected,
            "{filters:?}"
        );
    }
    assert_eq!(
        bound(vec![is(latin(), CompareOp::Eq)], Dialect::Sqlite),
        given
    );
}
