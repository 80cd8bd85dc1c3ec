//! A plan and a practice → the commands that answer it, as the mapping's own engine would be sent them.
//!
//! The fixture is a SQLite database, whatever the engine: what a command depends on that another brings (the parents of
//! a child table, values of another catalogue) is asked of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::practice::{Practice, entries};
use crate::passthrough::{CellRef, Rows};
use crate::plan::{
    self, AcrossSelect, ChildPart, Handling, Included, MOST_INCLUDED, Part, Plan, Planner,
    Selection,
};
use crate::relation::Value as SqlValue;
use crate::search::{Input, SearchRequest};
use crate::site::{SiteError, about, elsewhere};
use crate::sql::{self, Statement};

/// A list of one value, in the place of what another catalogue is asked for, may become so long.
const MOST_SETTLED: usize = 1_000;

/// A command, with the values that it takes.
pub struct Shown {
    pub statement: Statement,
    pub values: Vec<SqlValue>,
    pub catalogue: Option<Arc<str>>,
}

/// The commands of a read; none where it is refused before any runs.
pub(super) fn of_read(practice: &Practice, read: &str) -> Result<Vec<Shown>, SiteError> {
    let (path, query) = read.split_once('?').unwrap_or((read, ""));
    let (resource, id) = path.split_once('/').ok_or(SiteError::NoSuchResource)?;
    let calls = practice.site.calls();
    let served = calls.served(resource)?;
    let request = calls.parse(resource, Input::query(query))?;
    let selection = Planner::selection(served, &request)?;
    of_plan(
        practice,
        &practice.site.planner().read(served, id, &selection),
    )
}

/// The command that asks the practice's database which practice it is; none where the mapping does not say where that stands.
pub(super) fn of_practice(practice: &Practice) -> Result<Vec<Shown>, SiteError> {
    let mapping = practice.site.mapping();
    let Some(about) = &mapping.practice else {
        return Ok(Vec::new());
    };
    Ok(vec![Shown {
        statement: about::statement(about, mapping.engine)?,
        values: about::VALUES.to_vec(),
        catalogue: about.relation.catalogue.clone(),
    }])
}

/// The commands of a plan, as far as they are run; those for children by the rows that the fixture has for the page.
pub(super) fn of_plan(practice: &Practice, plan: &Plan) -> Result<Vec<Shown>, SiteError> {
    let mut shown = Vec::new();
    let mut children = Vec::new();
    for part in &plan.parts {
        let mut part = part.clone();
        shown.extend(asked_elsewhere(practice, &mut part)?);
        if !part.select.can_match() {
            continue;
        }
        shown.push(of_part(practice, &part)?);
        children.extend(of_children(practice, &part, plan.count as usize)?);
    }
    shown.extend(children);
    Ok(shown)
}

fn of_part(practice: &Practice, part: &Part) -> Result<Shown, SiteError> {
    Ok(Shown {
        statement: sql::select(&part.select, practice.site.mapping().engine)?,
        values: part.values.clone(),
        catalogue: part.source.relation.catalogue.clone(),
    })
}

/// The commands that ask another catalogue first; what the fixture has there is put into the part.
fn asked_elsewhere(practice: &Practice, part: &mut Part) -> Result<Vec<Shown>, SiteError> {
    let site = &practice.site;
    let mut shown = Vec::new();
    while let Some(ask) = part.asks_elsewhere() {
        let here = elsewhere::statement(&ask, site.engine())?;
        let rows = rows(practice, &here, &ask.values)?;
        let last = rows.width().saturating_sub(1);
        let found: BTreeSet<String> = (0..rows.len())
            .filter_map(|row| match rows.cell(row, last) {
                CellRef::Int(number) => Some(number.to_string()),
                CellRef::Text(text) => Some(String::from_utf8_lossy(text).trim().to_owned()),
                _ => None,
            })
            .collect();
        let statement = elsewhere::statement(&ask, site.mapping().engine.into())?;
        shown.push(Shown {
            catalogue: statement.catalogue.clone(),
            statement,
            values: ask.values,
        });
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        part.settle(&found, MOST_SETTLED);
    }
    Ok(shown)
}

/// The commands of the includes, and of the children of what they bring.
pub(super) fn of_included(
    practice: &Practice,
    request: &SearchRequest,
    handling: Handling,
    bundle: &Value,
) -> Result<Vec<Shown>, SiteError> {
    let site = &practice.site;
    let calls = site.calls();
    let page = page(practice, request, bundle)?;
    let mut shown = Vec::new();
    for include in &request.includes {
        let context = calls.context(super::practice::BASE, handling);
        let steps = site.planner().include(include, &page, request, &context);
        for across in &steps.across {
            let engine = site.mapping().engine;
            let statement = match &across.ids {
                AcrossSelect::Source(select) => sql::select(select, engine),
                AcrossSelect::Child(select) => sql::children(select, engine),
            }?;
            shown.push(Shown {
                values: across.values.clone(),
                catalogue: statement.catalogue.clone(),
                statement,
            });
            // What the ids name is read by them.
            let ids: BTreeSet<&str> = entries(bundle, "include")
                .filter(|resource| resource["resourceType"] == across.resource)
                .filter_map(|resource| resource["id"].as_str())
                .collect();
            let ids: Vec<&str> = ids.into_iter().collect();
            let resource = calls.served(across.resource)?;
            let selection = Selection::of(request.summary, &[]);
            let plan = site.planner().read_all(resource, &ids, &selection);
            shown.extend(of_plan(practice, &plan)?);
        }
        for (_, part) in steps.parts {
            shown.push(of_part(practice, &part)?);
            shown.extend(of_children(practice, &part, MOST_INCLUDED as usize)?);
        }
    }
    Ok(shown)
}

/// The resources of a page by their sources, which their ids tell.
fn page(
    practice: &Practice,
    request: &SearchRequest,
    bundle: &Value,
) -> Result<Vec<Included>, SiteError> {
    let sources = &practice.site.mapping().sources;
    let resource = practice.site.calls().served(&request.resource)?;
    let of_source = |place: usize| {
        let prefix = sources[place].name.as_ref().map(|name| format!("{name}-"));
        let ids = entries(bundle, "match")
            .filter_map(|found| found["id"].as_str())
            .filter(|id| prefix.as_ref().is_none_or(|prefix| id.starts_with(prefix)))
            .map(str::to_owned)
            .collect();
        Included { source: place, ids }
    };
    Ok(resource
        .sources
        .iter()
        .map(|&place| of_source(place))
        .collect())
}

fn of_children(practice: &Practice, part: &Part, most: usize) -> Result<Vec<Shown>, SiteError> {
    child_parts(practice, most, part)?
        .into_iter()
        .map(|child| {
            Ok(Shown {
                statement: sql::children(&child.select, practice.site.mapping().engine)?,
                values: child.values,
                catalogue: part.source.relation.catalogue.clone(),
            })
        })
        .collect()
}

/// The child tables of a part, each for the rows that the fixture has for the page.
fn child_parts(practice: &Practice, most: usize, part: &Part) -> Result<Vec<ChildPart>, SiteError> {
    if most == 0 || part.view.children.is_empty() {
        return Ok(Vec::new());
    }
    let statement = practice.site.statement(&part.select)?;
    let rows = rows(practice, &statement, &part.values)?;
    let used = rows.len().min(most);
    let parents = |places: &[usize]| {
        let mut parents: Vec<Vec<SqlValue>> = Vec::new();
        for row in 0..used {
            let key: Vec<SqlValue> = places
                .iter()
                .map(|&column| rows.cell(row, column).to_value())
                .collect();
            if !key.contains(&SqlValue::Null) && !parents.contains(&key) {
                parents.push(key);
            }
        }
        parents
    };
    Ok(part
        .view
        .children
        .iter()
        .map(|child| (child, parents(&child.parent)))
        .filter(|(_, parents)| !parents.is_empty())
        .map(|(child, parents)| {
            plan::children(child, part.source.relation.catalogue.as_ref(), &parents)
        })
        .collect())
}

fn rows(
    practice: &Practice,
    statement: &Statement,
    values: &[SqlValue],
) -> Result<Rows, SiteError> {
    let pool = practice.site.pool();
    let asked: Result<Rows, crate::passthrough::PassthroughError> =
        pool.run_now(|session| session.execute(statement, values));
    Ok(asked?)
}
