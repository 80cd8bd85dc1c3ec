//! What a mapping says in SQL of its own, tried on the database before anything is served.
//!
//! A misspelt function or an open parenthesis in a fragment would otherwise fail every search of its type,
//! and the answer could not say where. Here each command that a mapping gives rise to is prepared, not run:
//! what is read of each source and its children, each search parameter, each sort key. The first that the
//! engine refuses is looked for in the elements, so that the message has the line.

use std::time::{Duration, Instant};

use super::OpenError;
use crate::mapping::{Binding, Entry, Field, Node, Place};
use crate::passthrough::PassthroughError;
use crate::plan::{self, Handling, Part};
use crate::relation::{Expr, Select, Shared, Value};
use crate::search::Input;
use crate::site::{Site, about};
use crate::sql::{SqlError, Statement};

/// A server far away is not asked for longer: what has not been tried by then shows when it is searched.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prepares all that a site may be asked for: first what is read, then what is searched and sorted by.
///
/// # Errors
/// [`OpenError::Fragment`], [`OpenError::Refused`], [`OpenError::Database`]
pub(super) fn prepare(site: &Site) -> Result<(), OpenError> {
    let trial = Trial {
        site,
        until: Instant::now() + PATIENCE,
    };
    trial.practice()?;
    for (name, resource) in &site.mapping().resources {
        // What a mapping demands of a search.
        let required: String = resource
            .requires
            .iter()
            .map(|it| format!("{}=2020-02-29&", it.parameter))
            .collect();
        let request = site.calls().parse(name, Input::query(&required));
        if let Ok(plan) =
            request.and_then(|request| site.calls().plan(&request, "", Handling::Unsaid))
        {
            for part in &plan.parts {
                trial.part(part)?;
            }
        }
        for parameter in resource.parameters.values() {
            let code = &parameter.name;
            let what = format!("the search parameter `{code}` of {name}");
            trial.search(
                name,
                &format!("{required}{code}:missing=false&_summary=count"),
                &what,
            )?;
            if parameter.sorted.is_some() {
                let what = format!("the sort key `{code}` of {name}");
                trial.search(
                    name,
                    &format!("{required}_sort={code}&_count=1&_elements=id"),
                    &what,
                )?;
            }
        }
    }
    Ok(())
}

struct Trial<'s> {
    site: &'s Site,
    until: Instant,
}

impl Trial<'_> {
    /// What the engine says of a statement; None where it takes it, or where there is no more time to ask.
    fn refusal(&self, statement: &Statement) -> Result<Option<String>, OpenError> {
        if Instant::now() >= self.until {
            return Ok(None);
        }
        let asked = self
            .site
            .pool()
            .run_now::<_, PassthroughError>(|session| session.refusal(statement));
        Ok(asked?)
    }

    fn refused(&self, place: String, says: String) -> OpenError {
        OpenError::Refused {
            dialect: self.site.dialect(),
            place,
            says,
        }
    }

    /// What is read of the practice itself. A server elsewhere may hide the table from the site's login: that keeps nothing
    /// else from being served, and is logged.
    fn practice(&self) -> Result<(), OpenError> {
        let Some(about) = &self.site.mapping().practice else {
            return Ok(());
        };
        // One for another engine says so where it is asked.
        let Ok(statement) = about::statement(about, self.site.engine()) else {
            return Ok(());
        };
        let Some(says) = self.refusal(&statement)? else {
            return Ok(());
        };
        let refused = self.refused(format!("{}, `practice`", about.place), says);
        match self.site.pool().driver().is_remote() {
            true => {
                tracing::warn!(
                    site = self.site.id(),
                    "which practice it is stays unknown: {refused}"
                );
                Ok(())
            }
            false => Err(refused),
        }
    }

    fn search(&self, resource: &str, query: &str, what: &str) -> Result<(), OpenError> {
        let Ok(request) = self.site.calls().parse(resource, Input::query(query)) else {
            return Ok(());
        };
        let Ok(plan) = self.site.calls().plan(&request, "", Handling::Unsaid) else {
            return Ok(());
        };
        for part in &plan.parts {
            let statement = self.spelled(&part.select, part)?;
            if let Some(says) = self.refusal(&statement)? {
                return Err(self.refused(format!("{}, {what}", part.source.place), says));
            }
        }
        Ok(())
    }

    fn spelled(&self, select: &Select, part: &Part) -> Result<Statement, OpenError> {
        let fragment = |source: SqlError| OpenError::Fragment {
            dialect: self.site.dialect(),
            resource: part.source.resource,
            source,
        };
        crate::sql::select(select, self.site.engine()).map_err(fragment)
    }

    /// What is read of a source, and of its children.
    fn part(&self, part: &Part) -> Result<(), OpenError> {
        let statement = self.spelled(&part.select, part)?;
        let mut says = self.refusal(&statement)?;
        for view in &part.view.children {
            let parents = [vec![Value::Null; view.parent.len()]];
            let catalogue = part.source.relation.catalogue.as_ref();
            let select = plan::children(view, catalogue, &parents).select;
            let statement = crate::sql::children(&select, self.site.engine());
            let statement = statement.map_err(|source| OpenError::Fragment {
                dialect: self.site.dialect(),
                resource: part.source.resource,
                source,
            })?;
            if says.is_none() {
                says = self.refusal(&statement)?;
            }
        }
        match says {
            Some(says) => Err(self.at_fault(part, says)),
            None => Ok(()),
        }
    }

    /// The element that the engine refuses, or else the source.
    fn at_fault(&self, part: &Part, says: String) -> OpenError {
        let mut found = None;
        for_each_expr(&part.source.elements, &mut |exprs, place| {
            if found.is_none() {
                let columns = Shared::new(exprs.to_vec());
                let select = Select {
                    columns,
                    ..part.select.clone()
                };
                let statement = self.spelled(&select, part).ok();
                let refusal = statement.and_then(|statement| self.refusal(&statement).ok()?);
                // A column of a child is no column of the source itself.
                found = refusal
                    .filter(|refusal| *refusal == says)
                    .map(|_| place.clone());
            }
        });
        let place = found.unwrap_or_else(|| part.source.place.clone());
        self.refused(place.to_string(), says)
    }
}

/// The columns and conditions of elements, with their places.
fn for_each_expr(fields: &[Field], visit: &mut impl FnMut(&[Expr], &Place)) {
    for field in fields {
        node(&field.node, &field.place, visit);
    }
}

fn node(of: &Node, place: &Place, visit: &mut impl FnMut(&[Expr], &Place)) {
    match of {
        Node::Constant(_) => {}
        Node::Value(binding) => {
            let Binding { columns, place, .. } = &**binding;
            visit(columns, place);
        }
        Node::Object(object) => for_each_expr(&object.fields, visit),
        Node::List(entries) => {
            for Entry {
                condition,
                node: inner,
                place,
                ..
            } in entries
            {
                if let Some(condition) = condition {
                    visit(std::slice::from_ref(&**condition), place);
                }
                node(inner, place, visit);
            }
        }
        Node::When(condition, inner) => {
            visit(std::slice::from_ref(&**condition), place);
            node(inner, place, visit);
        }
    }
}
