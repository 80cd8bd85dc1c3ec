//! What conditions go by in another of the site's databases: it is asked there, and put into the plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::SiteError;
use super::include::id_of;
use crate::passthrough::Session;
use crate::plan::{AcrossSelect, Ask, MOST_ELSEWHERE, Part, PlanError};
use crate::relation::Value;
use crate::sql::{self, Engine, Statement};

/// Asks what the parts of one plan need: what several of them need, once.
#[derive(Default)]
pub struct Elsewhere {
    known: Vec<(Arc<str>, Vec<Value>, BTreeSet<String>)>,
    /// Commands that it took.
    pub commands: u32,
}

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
            let bound: Vec<Value> = statement
                .bind(&ask.values)
                .map(|(value, _)| value.into_owned())
                .collect();
            let is_it =
                |known: &(Arc<str>, Vec<Value>, _)| known.0 == statement.text && known.1 == bound;
            let place = match self.known.iter().position(is_it) {
                Some(place) => place,
                None => {
                    let found = self.ask(&ask, &statement, session)?;
                    self.known.push((statement.text, bound, found));
                    self.known.len() - 1
                }
            };
            let found = &self.known[place].2;
            part.settle(&found.iter().map(String::as_str).collect::<Vec<_>>());
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
        let mut found = BTreeSet::new();
        for row in 0..rows.len() {
            found.extend(id_of(rows.cell(row, last)));
            if found.len() > MOST_ELSEWHERE || ask.is_cut(row + 1) {
                let limit = MOST_ELSEWHERE;
                return Err(PlanError::TooManyElsewhere { limit }.into());
            }
        }
        Ok(found)
    }
}
