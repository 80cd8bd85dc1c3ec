//! Whatever is asked of Bp Premier's mapping, over the driver: the stand-in reads each command with an independent
//! parser, and answers it with a row made up for its columns, so that the commands for children, includes and what else
//! follows from a row come as well. The answers mean nothing; the commands are those of a real practice.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use pilaster::relation::SqlType;
use pilaster::search::Compartment;
use sqlparser::ast::{Expr, Select, SelectItem, SetExpr, Statement, TableFactor};

use super::stand_in::{Asked, Setup, StandIn, Step, write};
use super::{limits, options, pool_of};
use crate::mappings::{cases, tsql};
use crate::practice::{Practice, demanded, load, mapping_folder};

/// What was asked, and what was wrong with it.
#[derive(Default)]
struct Heard {
    texts: BTreeSet<String>,
    problems: BTreeSet<String>,
}

/// The types of the mapping's columns, by name.
type Columns = HashMap<String, SqlType>;

impl Heard {
    /// The answer to a command, if it is one.
    fn answer(&mut self, asked: &Asked, columns: &Columns) -> Vec<Step> {
        let Asked::Procedure { parameters, .. } = asked else {
            return Vec::new();
        };
        let text = asked.text();
        let values = parameters.len().saturating_sub(2);
        for number in 1..=values {
            // A value without a marker, or the other way round, is a mistake of its own.
            if !has_marker(text, number) {
                self.problems
                    .insert(format!("@p{number} is in no place: {text}"));
            }
        }
        if has_marker(text, values + 1) {
            self.problems
                .insert(format!("@p{} has no value: {text}", values + 1));
        }
        self.texts.insert(text.to_owned());
        match tsql(text) {
            Ok(statements) => match row(&statements, columns) {
                Some(tokens) => vec![Step::Send(tokens)],
                None => {
                    self.problems.insert(format!("it gives no rows: {text}"));
                    Vec::new()
                }
            },
            Err(problem) => {
                self.problems.insert(format!("{problem}: {text}"));
                Vec::new()
            }
        }
    }
}

fn has_marker(text: &str, number: usize) -> bool {
    let marker = format!("@p{number}");
    text.match_indices(&marker).any(|(at, _)| {
        let next = text[at + marker.len()..].chars().next();
        next.is_none_or(|next| !next.is_ascii_digit())
    })
}

fn select(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::SetOperation { left, .. } => select(left),
        SetExpr::Query(query) => select(&query.body),
        _ => None,
    }
}

/// A row for a statement's columns.
fn row(statements: &[Statement], columns: &Columns) -> Option<Vec<u8>> {
    let [Statement::Query(query)] = statements else {
        return None;
    };
    let top = select(&query.body)?;
    let mut names = Vec::new();
    let mut cells = Vec::new();
    for item in &top.projection {
        let (name, expr) = match item {
            SelectItem::ExprWithAlias { expr, alias } => (alias.value.as_str(), expr),
            SelectItem::UnnamedExpr(expr) => ("", expr),
            _ => return None,
        };
        let (ty, value) = cell(type_of(expr, top, columns));
        names.push((name, ty));
        cells.push(value);
    }
    let cells: Vec<&[u8]> = cells.iter().map(Vec::as_slice).collect();
    Some(
        [
            write::columns(&names),
            write::row(&cells),
            write::done(0x10, 1),
        ]
        .concat(),
    )
}

/// Of a column, also where it is one of a derived table; else a number will do.
fn type_of(expr: &Expr, within: &Select, columns: &Columns) -> SqlType {
    let Expr::CompoundIdentifier(parts) = expr else {
        return match expr {
            Expr::Cast { data_type, .. } => SqlType::parse(&data_type.to_string()),
            _ => None,
        }
        .unwrap_or(SqlType::Int);
    };
    let [alias, name] = parts.as_slice() else {
        return SqlType::Int;
    };
    let tables = within.from.iter().flat_map(|from| {
        std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
    });
    for table in tables {
        if let TableFactor::Derived {
            subquery,
            alias: Some(of),
            ..
        } = table
            && of.name.value == alias.value
            && let Some(inner) = select(&subquery.body)
        {
            let found = inner.projection.iter().find_map(|item| match item {
                SelectItem::ExprWithAlias { expr, alias } if alias.value == name.value => {
                    Some(expr)
                }
                _ => None,
            });
            if let Some(expr) = found {
                return type_of(expr, inner, columns);
            }
        }
    }
    columns.get(&name.value).copied().unwrap_or(SqlType::Int)
}

fn cell(ty: SqlType) -> (Vec<u8>, Vec<u8>) {
    match ty {
        ty if ty.is_text() => (write::nvarchar(100), write::long(&write::utf16("1"))),
        ty if ty.has_day() => {
            let morning = [46_025i32.to_le_bytes(), 10_260_000i32.to_le_bytes()].concat();
            (write::sized(0x6F, 8), write::short(&morning))
        }
        SqlType::Float | SqlType::Real | SqlType::Decimal(..) | SqlType::Money => {
            (write::sized(0x6D, 8), write::short(&1.5f64.to_le_bytes()))
        }
        _ => (write::sized(0x26, 4), write::short(&1i32.to_le_bytes())),
    }
}

#[test]
fn stand_in_is_sent_nothing_but_tsql_whatever_is_asked() {
    let folder = mapping_folder("bp-premier");
    let mapping = load(&folder);
    let columns: Columns = mapping
        .tables
        .values()
        .flat_map(|table| table.columns.values())
        .map(|column| (column.name.to_string(), column.ty))
        .collect();
    let heard = Arc::new(Mutex::new(Heard::default()));
    let server = StandIn::start(Setup::default(), {
        let heard = Arc::clone(&heard);
        move |asked| heard.lock().unwrap().answer(asked, &columns)
    });
    let of_default = pilaster::passthrough::mssql::Options {
        databases: vec![(Arc::from("patients"), "BPSPATIENTS".to_owned())],
        ..options(&server)
    };
    let pool = pool_of(of_default, limits());
    let practice = Practice::over(mapping, pool, tempfile::tempdir().unwrap());
    let mut failures = Vec::new();
    let mut ask = |what: &str, answered: Result<(), String>| {
        if let Err(error) = answered {
            failures.push(format!("{what}: {error}"));
        }
    };
    let told = |error: pilaster::site::SiteError| error.to_string();
    let cases = cases(&folder);
    for case in &cases {
        let answered = case.ask(&practice).map(drop).map_err(told);
        if !case.is_refused() {
            ask(&case.name, answered);
        }
    }
    let after_cases = heard.lock().unwrap().texts.len();
    ask("$summary", practice.summary("1").map(drop).map_err(told));
    let of_patient = Some(Compartment {
        resource: "Patient".to_owned(),
        id: "1".to_owned(),
    });
    for query in [
        "",
        "?start=2025-01-01&end=2026-01-01",
        "?_type=Observation,Condition",
    ] {
        let mut call = Practice::call(query);
        call.compartment = of_patient.clone();
        call.everything = true;
        ask("$everything", practice.answer(call).map(drop).map_err(told));
    }
    // At the base, and all that includes may bring.
    ask(
        "base",
        practice
            .search("?_type=Patient,Appointment,Observation")
            .map(drop)
            .map_err(told),
    );
    let resources = &practice.site.mapping().resources;
    for (name, resource) in resources {
        for more in [
            "_include=*",
            "_revinclude=*",
            "_summary=count",
            "_total=accurate&_count=2",
            "_lastUpdated=gt2020",
        ] {
            let search = format!("{name}?{}{more}", demanded(resource));
            let answered = practice.search(&search).map(drop);
            // Not every type has them all.
            if let Err(error) = answered
                && error.code().status >= 500
            {
                ask(&search, Err(told(error)));
            }
        }
    }
    let heard = heard.lock().unwrap();
    let problems: Vec<&String> = heard.problems.iter().collect();
    assert!(
        problems.is_empty(),
        "{} problems: {problems:#?}",
        problems.len()
    );
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(
        cases.len() > 500 && after_cases > 300 && heard.texts.len() > after_cases,
        "{} cases, {after_cases} texts of them, {} in all",
        cases.len(),
        heard.texts.len()
    );
}
