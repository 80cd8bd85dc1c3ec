//! Every shape that a plan can have, spelled for the engines whose markers have no numbers.
//!
//! What Firebird takes was tried on a server; for SQL Anywhere there was none, so a parser of common SQL reads
//! it, and the rest follows its documentation.

use std::fmt::Write as _;
use std::sync::Arc;

use super::super::{Statement, children, select};
use crate::relation::{
    Among, AmongFrom, Arithmetic, Case, CaseKey, Child, ChildSelect, Collation, Column, CompareOp,
    Dialect, Expr, Join, Like, Measured, Order, Predicate, RawSql, Select, Shared, Slot, Source,
    SqlType, Table, TableSource,
};

fn of(alias: &str, name: &str, ty: SqlType, collation: Option<&str>) -> Expr {
    let collation = collation.map(|name| Arc::new(Collation::parse(name).expect("a collation")));
    Expr::Column(Shared::new(Column {
        alias: Arc::from(alias),
        name: Arc::from(name),
        ty,
        collation,
        nullable: true,
    }))
}

fn column(name: &str, ty: SqlType) -> Expr {
    of("t", name, ty, None)
}

/// A column whose collation ignores case and accents.
fn name(dialect: Dialect) -> Expr {
    let collation = match dialect {
        Dialect::Firebird => "UNICODE_CI_AI",
        _ => "UCA",
    };
    of("t", "NAME", SqlType::VarChar(40), Some(collation))
}

/// A padded column of a code page.
fn code(dialect: Dialect) -> Expr {
    let collation = match dialect {
        Dialect::Firebird => "WIN1252",
        _ => "1252LATIN1",
    };
    of("t", "CODE", SqlType::Char(10), Some(collation))
}

fn slot(index: u16, ty: SqlType) -> Slot {
    Slot { index, ty }
}

fn value(index: u16, ty: SqlType) -> Expr {
    Expr::Slot(slot(index, ty))
}

fn boxed(expr: &Expr) -> Box<Expr> {
    Box::new(expr.clone())
}

fn literal(text: &str) -> Expr {
    Expr::Text(Arc::from(text))
}

fn is(left: Expr, right: Expr) -> Predicate {
    Predicate::Compare(left, CompareOp::Eq, right)
}

fn list(expr: Expr, list: Vec<Expr>, negated: bool) -> Predicate {
    Predicate::In {
        expr,
        list,
        negated,
    }
}

fn raw(text: &str) -> Shared<RawSql> {
    Shared::new(RawSql {
        text: Dialect::ALL
            .map(|dialect| (dialect, Arc::from(text)))
            .into(),
        ty: SqlType::Int,
        collation: None,
        aliases: Vec::new(),
    })
}

fn table(alias: &str, name: &str) -> Table {
    Table {
        alias: Arc::from(alias),
        source: TableSource::Named(Arc::from(name)),
    }
}

fn child(columns: &[&str]) -> Shared<Child> {
    Shared::new(Child {
        name: Arc::from("phones"),
        table: table("c", "PHONES"),
        on: columns
            .iter()
            .map(|name| {
                (
                    of("c", name, SqlType::Int, None),
                    column(name, SqlType::Int),
                )
            })
            .collect(),
        filter: is(of("c", "LIVE", SqlType::Bit, None), Expr::Int(1)),
        order: Vec::new(),
        joins: Vec::new(),
    })
}

/// Conditions, by what they show.
fn predicates(dialect: Dialect) -> Vec<(&'static str, Predicate)> {
    use CompareOp::{Ge, Gt, Lt};
    use SqlType::{BigInt, Bit, Date, DateTime2, Decimal, Float, Int, VarChar};
    let (name, code) = (name(dialect), code(dialect));
    let text = VarChar(255);
    let like = |expr: &Expr, index| Predicate::Like {
        expr: Expr::Fold(boxed(expr)),
        pattern: Like::Slot(slot(index, text)),
        negated: false,
    };
    let exact = |expr: &Expr| Expr::Exact(boxed(expr));
    let (day, at) = (column("DAY", Date), column("AT", DateTime2));
    let number = column("N", Int);
    let written = column("WRITTEN", VarChar(12));
    let case = Expr::Case(Shared::new(Case {
        subject: code.clone(),
        when: vec![(CaseKey::Text("O'x".into()), "é\\n".into())],
        otherwise: Some("?".into()),
        absent: None,
    }));
    let cast = |ty| Expr::Cast(boxed(&written), ty);
    let arithmetic = Expr::Arithmetic(
        boxed(&number),
        Arithmetic::Multiply,
        Box::new(Expr::Test(Box::new(is(number.clone(), Expr::Int(7))))),
    );
    let measured = |part| Expr::Measured(boxed(&written), part);
    let among = |by_row| {
        let key = of("c", "OWNER", Int, None);
        Predicate::Among {
            expr: number.clone(),
            of: Box::new(Among {
                from: AmongFrom::Child(child(&["N"])),
                joins: 0,
                key,
                filter: is(of("c", "KIND", VarChar(2), None), value(0, VarChar(2))),
                by_row,
                elsewhere: None,
            }),
        }
    };
    let exists = |columns: &[&str]| Predicate::Exists {
        child: child(columns),
        joins: Vec::new(),
        filter: Box::new(is(of("c", "KIND", Int, None), value(0, Int))),
    };
    vec![
        (
            "starts with",
            Predicate::And(vec![
                Predicate::Compare(name.clone(), Ge, value(0, text)),
                Predicate::Compare(name.clone(), Lt, value(1, text)),
                like(&name, 2),
            ]),
        ),
        ("contains, by code page", like(&code, 0)),
        (
            "contains, in a column without a character set",
            like(&of("t", "OLD", VarChar(40), Some("NONE")), 0),
        ),
        (
            "to the letter, one value twice",
            Predicate::And(vec![
                is(code.clone(), value(0, text)),
                is(exact(&code), value(0, text)),
            ]),
        ),
        (
            "one of",
            list(exact(&name), vec![value(0, text), literal("a")], false),
        ),
        (
            "none of, without case",
            list(
                Expr::Fold(boxed(&code)),
                vec![Expr::Fold(Box::new(literal("Straße")))],
                true,
            ),
        ),
        (
            "a pattern of the mapping",
            Predicate::Like {
                expr: code.clone(),
                pattern: Like::Text("1__".into()),
                negated: true,
            },
        ),
        ("text is there", Predicate::Present(name.clone())),
        ("a number is there", Predicate::Present(number.clone())),
        (
            "not",
            Predicate::any([
                is(number.clone(), value(1, Int)),
                is(column("FLAG", Bit), Expr::Int(1)),
            ])
            .negate(),
        ),
        (
            "amounts",
            Predicate::And(vec![
                Predicate::Compare(column("A", Decimal(10, 2)), Ge, value(0, Float)),
                is(column("A", Decimal(10, 2)), value(1, Decimal(10, 2))),
            ]),
        ),
        (
            "days and moments",
            Predicate::And(vec![
                Predicate::Compare(day.clone(), Ge, value(0, Date)),
                Predicate::Compare(at.clone(), Lt, value(1, DateTime2)),
                list(
                    at.clone(),
                    vec![Expr::Cast(
                        Box::new(literal("1900-01-01T00:00:00")),
                        DateTime2,
                    )],
                    true,
                ),
                Predicate::Compare(Expr::DaysTo(boxed(&at), slot(0, Date)), Gt, Expr::Int(1)),
            ]),
        ),
        (
            "a date in text",
            Predicate::IsDate {
                text: written.clone(),
                layout: "DD/MM/YYYY".into(),
                day: Expr::Concat(vec![
                    Expr::Substring(boxed(&written), 7, 4),
                    literal("-01-01"),
                ]),
            },
        ),
        ("text as a number", is(cast(Int), value(0, Int))),
        ("text as a large one", is(cast(BigInt), value(0, BigInt))),
        (
            "text as a decimal",
            is(cast(Decimal(9, 2)), value(0, Float)),
        ),
        ("text as a day", is(cast(Date), value(0, Date))),
        (
            "a number as text",
            is(
                Expr::Cast(boxed(&number), VarChar(20)),
                value(0, VarChar(20)),
            ),
        ),
        (
            "a measurement",
            Predicate::And(vec![
                Predicate::Compare(measured(Measured::Number), Ge, value(0, Float)),
                list(measured(Measured::Comparator), vec![literal("<")], false),
            ]),
        ),
        ("bits", is(Expr::BitAnd(boxed(&number), 4), Expr::Int(4))),
        ("arithmetic", is(arithmetic, value(0, BigInt))),
        (
            "digits",
            is(Expr::Digits(boxed(&code)), value(0, VarChar(40))),
        ),
        (
            "blanks and NULL",
            is(
                Expr::Coalesce(vec![
                    Expr::NullIf(Box::new(Expr::Trim(boxed(&code))), Box::new(literal(""))),
                    name.clone(),
                ]),
                value(0, text),
            ),
        ),
        ("codes", is(case, value(0, text))),
        (
            "after a text",
            Predicate::any([
                Predicate::Key(name.clone(), Gt, slot(0, VarChar(40))),
                Predicate::Key(number.clone(), Gt, slot(1, Int)),
            ]),
        ),
        (
            "after a folded text",
            Predicate::Key(Expr::Fold(boxed(&code)), Lt, slot(0, VarChar(10))),
        ),
        ("a child", exists(&["N"])),
        ("a child by two columns", exists(&["N", "M"])),
        ("among", among(false)),
        ("among, row by row", among(true)),
        (
            "a fragment",
            Predicate::And(vec![
                is(number.clone(), value(0, Int)),
                Predicate::Raw(raw("{t.CODE} = '?' AND {t.N} > 1")),
                is(number, value(1, Int)),
            ]),
        ),
    ]
}

fn source(dialect: Dialect) -> Shared<Source> {
    let join = Join {
        table: table("title", "TITLES"),
        on: is(
            of("title", "ID", SqlType::Int, None),
            column("TITLE", SqlType::Int),
        ),
        index: 0,
        needs: 1,
    };
    Shared::new(Source {
        table: table("t", "PATIENTS"),
        key: vec![Arc::from("N")],
        rows: Predicate::Present(code(dialect)),
        joins: vec![Shared::new(join)],
        catalogue: None,
    })
}

/// Whole selects, by what they show.
fn selects(dialect: Dialect) -> Vec<(&'static str, Statement)> {
    let long = "ONE_OF_THOSE_NAMES_THAT_FILL_31";
    let columns = vec![
        column("N", SqlType::Int),
        name(dialect),
        of("t", "OLD", SqlType::VarChar(40), Some("NONE")),
        of("patient", long, SqlType::Int, None),
        of("patients", long, SqlType::Int, None),
    ];
    let filter = is(code(dialect), value(0, SqlType::VarChar(255)));
    let by = |expr: Expr, descending| Order { expr, descending };
    let order = vec![
        by(Expr::Fold(Box::new(code(dialect))), true),
        by(name(dialect), false),
        by(column("N", SqlType::Int), false),
    ];
    let whole = Select {
        order,
        limit: Some(slot(2, SqlType::Int)),
        joins: 1,
        few: true,
        ..Select::of(source(dialect), filter, Shared::new(columns))
    };
    let page = Select {
        total: true,
        few: false,
        after: Predicate::Key(
            column("N", SqlType::Int),
            CompareOp::Gt,
            slot(1, SqlType::Int),
        ),
        ..whole.clone()
    };
    let count = Select {
        count_only: true,
        ..page.clone()
    };
    let of_parents = ChildSelect {
        child: child(&["N"]),
        catalogue: None,
        parents: list(
            of("c", "N", SqlType::Int, None),
            vec![value(0, SqlType::Int), value(1, SqlType::Int)],
            false,
        ),
        columns: Shared::new(vec![of("c", "NUMBER", SqlType::VarChar(14), None)]),
        joins: 0,
    };
    let spelled = |of: &Select| select(of, dialect).expect("spelled");
    vec![
        ("at once", spelled(&whole)),
        ("the page first", spelled(&page)),
        ("a count", spelled(&count)),
        ("children", children(&of_parents, dialect).expect("spelled")),
    ]
}

/// The `?` of a text that stand for a value.
fn places(text: &str) -> usize {
    let mut quote = None;
    text.chars()
        .filter(|c| {
            match quote {
                Some(open) if open == *c => quote = None,
                None if matches!(c, '\'' | '"') => quote = Some(*c),
                _ => {}
            }
            quote.is_none() && *c == '?'
        })
        .count()
}

fn show(out: &mut String, title: &str, text: &str, statement: &Statement) {
    assert_eq!(places(&statement.text), statement.markers.len(), "{title}");
    let markers: Vec<String> = statement
        .markers
        .iter()
        .map(|marker| format!("{} {:?}", marker.slot, marker.fit))
        .collect();
    writeln!(out, "-- {title} [{}]\n{text}\n", markers.join(", ")).expect("written");
}

fn shown(dialect: Dialect) -> String {
    let mut out = String::new();
    for (title, filter) in predicates(dialect) {
        let columns = Shared::new(vec![column("N", SqlType::Int)]);
        let source = Shared::new(Source {
            rows: Predicate::True,
            ..(*source(dialect).0).clone()
        });
        let statement = select(&Select::of(source, filter, columns), dialect).expect("spelled");
        let (_, text) = statement.text.split_once("WHERE ").expect("a condition");
        show(&mut out, title, text, &statement);
    }
    for (title, statement) in selects(dialect) {
        show(&mut out, title, &statement.text, &statement);
    }
    out
}

#[test]
fn firebird_as_a_server_took_it() {
    insta::assert_snapshot!("firebird", shown(Dialect::Firebird));
}

#[test]
fn sql_anywhere_by_its_documentation_alone() {
    insta::assert_snapshot!("sqlanywhere", shown(Dialect::SqlAnywhere));
}

/// A parser that knows neither engine: what is SQL Anywhere's own is taken out before.
#[test]
fn sql_anywhere_reads_as_common_sql() {
    use sqlparser::dialect::GenericDialect;
    use sqlparser::parser::Parser;
    for (title, statement) in selects(Dialect::SqlAnywhere) {
        let text = statement.text.replace("TOP ? ", "");
        if let Err(problem) = Parser::parse_sql(&GenericDialect {}, &text) {
            panic!("{title}: {problem}\n{text}");
        }
    }
    for (title, filter) in predicates(Dialect::SqlAnywhere) {
        let columns = Shared::new(vec![column("N", SqlType::Int)]);
        let select = Select::of(source(Dialect::SqlAnywhere), filter, columns);
        let text = super::select(&select, Dialect::SqlAnywhere)
            .expect("spelled")
            .text
            .replace("LONG NVARCHAR", "NVARCHAR(9)")
            .replace("LONG VARCHAR", "VARCHAR(9)");
        if let Err(problem) = Parser::parse_sql(&GenericDialect {}, &text) {
            panic!("{title}: {problem}\n{text}");
        }
    }
}

/// Each place counts where markers have no numbers, and the dialect's bound is kept.
#[test]
fn more_places_than_a_command_takes_are_refused() {
    let search = |times: usize, dialect| {
        let filter = Predicate::any(
            (0..times).map(|_| is(column("N", SqlType::Int), value(0, SqlType::Int))),
        );
        let columns = Shared::new(vec![column("N", SqlType::Int)]);
        select(&Select::of(source(dialect), filter, columns), dialect).map(drop)
    };
    assert_eq!(search(500, Dialect::Firebird), Ok(()));
    assert_eq!(
        search(501, Dialect::Firebird),
        Err(super::SqlError::TooManyValues {
            count: 501,
            limit: 500
        })
    );
    assert_eq!(search(2_001, Dialect::Mssql), Ok(()));
}
