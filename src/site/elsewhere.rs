//! What conditions go by in another of the site's databases: it is asked there, and put into the plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::SiteError;
use super::include::id_of;
use crate::passthrough::Session;
use crate::plan::{AcrossSelect, Ask, MOST_ELSEWHERE, MOST_ROWS, Part, PlanError};
use crate::relation::Value;
use crate::sql::{self, Engine, Statement};

/// Asks what the parts of one plan need: what several of them need, once.
#[derive(Default)]
pub struct Elsewhere {
    known: Vec<(Asked, BTreeSet<String>)>,
    /// Commands that it took.
    pub commands: u32,
}

/// Where something was asked, and what.
#[derive(PartialEq)]
struct Asked {
    catalogue: Option<Arc<str>>,
    text: Arc<str>,
    values: Vec<Value>,
}

/// Values of a command that are none of its conditions': its limit, where a page begins.
const BESIDE: usize = 20;

/// The command of what is asked.
///
/// # Errors
/// When the dialect cannot spell it.
pub fn statement(ask: &Ask, engine: Engine) -> Result<Statement, sql::SqlError> {
    match &ask.select {
        AcrossSelect::Source(select) => sql::select(select, engine),
        AcrossSelect::Child(select) => sql::children(select, engine),
    }
}

impl Elsewhere {
    /// Asks until the part's own command can be written.
    ///
    /// # Errors
    /// More values than a condition may bring; what the database reports.
    pub fn settle(
        &mut self,
        part: &mut Part,
        engine: Engine,
        session: &mut Session<'_>,
    ) -> Result<(), SiteError> {
        while let Some(ask) = part.asks_elsewhere() {
            let statement = statement(&ask, engine)?;
            let values = statement.bind(&ask.values);
            let asked = Asked {
                catalogue: statement.catalogue.clone(),
                text: Arc::clone(&statement.text),
                values: values.map(|(value, _)| value.into_owned()).collect(),
            };
            let place = match self.known.iter().position(|(known, _)| *known == asked) {
                Some(place) => place,
                None => {
                    let found = self.ask(&ask, &statement, session)?;
                    self.known.push((asked, found));
                    self.known.len() - 1
                }
            };
            let found = &self.known[place].1;
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            // Beside what the command compares already, which may stand twice, and the page's own.
            let taken = 2 * part.values.len() + BESIDE;
            let most = engine.dialect.most_values().saturating_sub(taken);
            if !part.settle(&found, most) {
                return Err(too_many(most.min(MOST_ELSEWHERE), "resources"));
            }
        }
        Ok(())
    }

    fn ask(
        &mut self,
        ask: &Ask,
        statement: &Statement,
        session: &mut Session<'_>,
    ) -> Result<BTreeSet<String>, SiteError> {
        let rows = session.execute(statement, &ask.values)?;
        self.commands += 1;
        let last = rows.width().saturating_sub(1);
        let ids = (0..rows.len()).filter_map(|row| id_of(rows.cell(row, last)));
        let mut found = BTreeSet::new();
        for id in ids {
            found.insert(id);
            if found.len() > MOST_ELSEWHERE {
                return Err(too_many(MOST_ELSEWHERE, "resources"));
            }
        }
        match rows.len() > MOST_ROWS {
            true => Err(too_many(MOST_ROWS, "rows")),
            false => Ok(found),
        }
    }
}

fn too_many(limit: usize, what: &'static str) -> SiteError {
    PlanError::TooManyElsewhere { limit, what }.into()
}
