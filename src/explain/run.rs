//! An explanation and a connection → what the commands bring.
//!
//! They are run for their rows. How long each took is that of the answer, which was made before: the times of a search are
//! then all of one run, and the first of two is not taken for the second.

use std::collections::HashSet;

use base64::Engine as _;
use serde_json::Value as JsonValue;

use super::{Explanation, Ran, child_explanation, micros};
use crate::passthrough::Command;
use crate::passthrough::{CellRef, Measured, Rows, Session};
use crate::plan::{self, Plan};
use crate::relation::Value;
use crate::site::SiteError;
use crate::site::elsewhere::Elsewhere;
use crate::sql::{self, Engine, Statement};

/// Rows of one command that an explanation keeps, unless told otherwise.
pub const ROWS: usize = 10;

/// Runs the commands of an explanation as `database` spells them, however they are shown (`shown`), and
/// keeps the first `most` rows of each. The commands of child tables are then those of the parents that
/// came back. `plan` is the one that the explanation was made of; `measured`, what ran for the answer, where there is one.
///
/// # Errors
/// What the database reports; a dialect that cannot spell a select.
pub fn run(
    explanation: &mut Explanation,
    plan: &Plan,
    shown: Engine,
    database: Engine,
    session: &mut Session<'_>,
    most: usize,
    measured: &[Measured],
) -> Result<(), SiteError> {
    let count = plan.count as usize;
    let mut elsewhere = Elsewhere::default();
    for (explained, part) in explanation.parts.iter_mut().zip(&plan.parts) {
        let mut settled = part.clone();
        elsewhere.settle(&mut settled, database, session)?;
        let part = &settled;
        if part.select.filter != explained.select.filter {
            // With the values that came back.
            explained.command = Command::new(&sql::select(&part.select, shown)?, &part.values);
            explained.select = part.select.clone();
        }
        if !part.select.can_match() {
            continue;
        }
        let statement = sql::select(&part.select, database)?;
        let rows = session.execute(&statement, &part.values)?;
        let took = time_of(measured, &statement, &part.values);
        explained.ran = Some(ran(session, &statement, &part.values, &rows, took, most)?);
        for (explained, view) in explained.children.iter_mut().zip(&part.view.children) {
            let parents = parents(&rows, &view.parent, count);
            if parents.is_empty() {
                continue;
            }
            let catalogue = part.source.relation.catalogue.as_ref();
            let child = plan::children(view, catalogue, &parents);
            let (mut of_child, values) = child_explanation(view, child, shown)?;
            let statement = sql::children(&of_child.select, database)?;
            let rows = session.execute(&statement, &values)?;
            let took = time_of(measured, &statement, &values);
            of_child.ran = Some(ran(session, &statement, &values, &rows, took, most)?);
            *explained = of_child;
        }
    }
    Ok(())
}

/// How long a command took when it ran for the answer, in microseconds; None where it did not: the page was full before it,
/// or held other parents.
fn time_of(measured: &[Measured], statement: &Statement, values: &[Value]) -> Option<u64> {
    let mut of = measured.iter();
    of.find(|one| one.statement == *statement && one.values == values)
        .map(|one| micros(one.took))
}

/// The keys of the page's rows, each once; a row past the page only tells that there is a next one.
fn parents(rows: &Rows, columns: &[usize], count: usize) -> Vec<Vec<Value>> {
    let mut seen = HashSet::new();
    (0..rows.len().min(count))
        .map(|row| {
            columns
                .iter()
                .map(|&column| rows.cell(row, column).to_value())
                .collect::<Vec<_>>()
        })
        .filter(|key| !key.contains(&Value::Null) && seen.insert(format!("{key:?}")))
        .collect()
}

fn ran(
    session: &mut Session<'_>,
    statement: &Statement,
    values: &[Value],
    rows: &Rows,
    took: Option<u64>,
    most: usize,
) -> Result<Ran, SiteError> {
    Ok(Ran {
        count: rows.len(),
        took,
        rows: (0..rows.len().min(most))
            .map(|row| {
                (0..rows.width())
                    .map(|column| json(rows.cell(row, column)))
                    .collect()
            })
            .collect(),
        query_plan: session.query_plan(statement, values)?,
    })
}

fn json(cell: CellRef<'_>) -> JsonValue {
    match cell {
        CellRef::Null => JsonValue::Null,
        CellRef::Int(number) => number.into(),
        CellRef::Real(number) => number.into(),
        CellRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned().into(),
        CellRef::Bytes(bytes) => base64::engine::general_purpose::STANDARD
            .encode(bytes)
            .into(),
    }
}
