//! A resource that is expected and was not found → what keeps it out; and what the commands of a case brought.

use std::path::Path;
use std::sync::Arc;

use super::model::{Case, Question, Search};
use super::practice::Practice;
use super::run::{Ran, call};
use crate::explain::{self, About, Explanation};
use crate::mapping::path_in;
use crate::passthrough::{PassthroughError, Rows};
use crate::plan::{Handling, Part, Plan, Planner, Selection};
use crate::relation::{Predicate, Shared, TableSource};
use crate::search::Input;
use crate::site::{SearchCall, SiteError};

/// Rows of a command that are shown.
const ROWS: usize = 5;

/// One sentence on where the resource of an id is. The mapping's files are in the folder.
pub(super) fn missing(practice: &Practice, folder: &Path, case: &Case, id: &str) -> String {
    let reference = format!("{}/{id}", case.resource());
    match practice.read(&reference) {
        Ok(_) => match case.search() {
            Some(search) if is_on_another_page(practice, search, id) => {
                format!("{reference} matches, but stands on another page")
            }
            _ => format!("{reference} is served, but does not match"),
        },
        Err(SiteError::NoSuchResource) => match row(practice, folder, case.resource(), id) {
            Ok(what) => format!("{reference} is not served: {what}"),
            Err(error) => {
                format!("{reference} is not served, and its row cannot be looked for: {error}")
            }
        },
        Err(error) => format!("{reference} cannot be read: {error}"),
    }
}

fn is_on_another_page(practice: &Practice, search: &Search, id: &str) -> bool {
    let sign = if search.text.contains('?') { '&' } else { '?' };
    let narrowed = Search {
        text: format!("{}{sign}_id={id}", search.text),
        ..search.clone()
    };
    matches!(practice.answer(call(&narrowed)), Ok(answer) if answer.entries > 0)
}

/// Whether a table has the row of an id at all.
fn row(practice: &Practice, folder: &Path, resource: &str, id: &str) -> Result<String, SiteError> {
    let site = &practice.site;
    let served = site.calls().served(resource)?;
    let nothing = Selection::of(None, &["id".to_owned()]);
    let plan = site.planner().read(served, id, &nothing);
    let mut tables = Vec::new();
    for part in &plan.parts {
        if !part.select.can_match() {
            continue;
        }
        let table = match &part.source.relation.table.source {
            TableSource::Named(name) => format!("`{name}`"),
            TableSource::Derived(_) => "the mapping's own select".to_owned(),
        };
        if count_without_rows(practice, part)? > 0 {
            let place = &part.source.place;
            let rows = site.mapping().lines.section(&place.file, "rows");
            return Ok(format!(
                "{table} has its row, and `rows:` leaves it out ({}:{})",
                path_in(folder, &place.file),
                rows.map_or(place.line, |rows| rows.first)
            ));
        }
        tables.push(table);
    }
    Ok(match tables.as_slice() {
        [] => "no source can have a resource of this id".to_owned(),
        [one] => format!("{one} has no row of this id"),
        all => format!("none of {} has a row of this id", all.join(", ")),
    })
}

/// The rows of a part, where `rows:` is not asked for.
fn count_without_rows(practice: &Practice, part: &Part) -> Result<usize, SiteError> {
    let mut select = part.select.clone();
    let mut source = (*select.source.0).clone();
    source.rows = Predicate::True;
    select.source = Shared(Arc::new(source));
    let statement = crate::sql::select(&select, practice.site.engine())?;
    let pool = practice.site.pool();
    let rows: Result<Rows, PassthroughError> =
        pool.run_now(|session| session.execute(&statement, &part.values));
    Ok(rows?.len())
}

/// The commands of a case in the dialect of the mapping's engine, and the first rows that they bring from the fixture;
/// None where nothing ran.
pub(super) fn evidence(practice: &Practice, case: &Case, ran: &Ran) -> Option<Explanation> {
    if ran.answer.is_err() || case.is_of_practice() {
        return None;
    }
    explained(practice, case, ran).ok()
}

fn explained(practice: &Practice, case: &Case, ran: &Ran) -> Result<Explanation, SiteError> {
    let site = &practice.site;
    let calls = site.calls();
    let shown = site.mapping().engine.into();
    let about = About {
        calls,
        engine: shown,
        zone_name: site.zone_name(),
        now: calls.context(super::practice::BASE, Handling::Unsaid).now,
    };
    let (mut explanation, plan) = match &case.question {
        // It has no plan.
        Question::Practice => return Err(SiteError::NoSuchResource),
        Question::Search(search) => {
            let call = call(search);
            let (asked, plan) = match &ran.resumed {
                None => planned(
                    practice,
                    &call,
                    Input {
                        query: &call.query,
                        form: &call.form,
                    },
                    &[],
                )?,
                Some(page) => planned(practice, &call, Input::query(&page.query), &page.places)?,
            };
            (about.search(&call, &asked, &plan)?, plan)
        }
        Question::Read(read) => {
            let (path, query) = read.split_once('?').unwrap_or((read, ""));
            let (resource, id) = path.split_once('/').ok_or(SiteError::NoSuchResource)?;
            let request = calls.parse(resource, Input::query(query))?;
            let served = calls.served(resource)?;
            let selection = Planner::selection(served, &request)?;
            let plan = site.planner().read(served, id, &selection);
            (about.read(resource, id, &plan)?, plan)
        }
    };
    // What is included stands for a page that is not known yet; its own rows are in the answer.
    explanation.included.clear();
    let database = site.engine();
    site.pool().run_now(|session| {
        explain::run(&mut explanation, &plan, shown, database, session, ROWS, &[])
    })?;
    for part in &mut explanation.parts {
        let children = part.children.iter_mut().map(|child| &mut child.ran);
        for ran in children.chain([&mut part.ran]).flatten() {
            // How SQLite runs it says nothing of the engine.
            ran.query_plan.clear();
        }
    }
    Ok(explanation)
}

fn planned(
    practice: &Practice,
    call: &SearchCall,
    input: Input<'_>,
    places: &[crate::plan::Place],
) -> Result<(crate::site::Asked, Plan), SiteError> {
    let calls = practice.site.calls();
    let asked = calls.ask(call, input)?;
    let plan = calls.plan_asked(&asked, places, call)?;
    Ok((asked, plan))
}
