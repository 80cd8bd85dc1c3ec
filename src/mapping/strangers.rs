//! Aliases that a source names and does not declare.
//!
//! Takes each use as it is found; gives one problem for each alias when the source has been read, at its
//! first place, since one mistake where the alias is declared is met wherever it is used.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::diagnostic::{At, Problem};
use super::names::suggest;
use super::yaml::Span;
use super::{rules, shape};

/// How many uses are put in their order, and how many aliases are told: to find the place of one, its text is
/// read.
const MOST: usize = 500;

/// Where the aliases of a source are declared.
#[derive(Debug)]
pub(super) struct Home {
    /// `table:`
    pub span: Span,
    pub alias: String,
    /// No alias is written there: it is the table's name.
    pub bare: bool,
}

/// The uses of aliases that are not declared, by their names.
#[derive(Debug, Default)]
pub(super) struct Strangers(RefCell<Found>);

#[derive(Debug, Default)]
struct Found {
    uses: BTreeMap<String, Uses>,
    placed: usize,
}

#[derive(Debug)]
struct Uses {
    first: Span,
    count: usize,
}

impl Strangers {
    /// Notes a use.
    pub fn add(&self, alias: &str, span: impl FnOnce() -> Span) {
        let mut found = self.0.borrow_mut();
        let Found { uses, placed } = &mut *found;
        let room = uses.len() < MOST;
        match uses.get_mut(alias) {
            Some(known) => {
                known.count += 1;
                if *placed < MOST {
                    *placed += 1;
                    let span = span();
                    if span.start < known.first.start {
                        known.first = span;
                    }
                }
            }
            None if room => {
                let known = Uses {
                    first: span(),
                    count: 1,
                };
                uses.insert(alias.to_owned(), known);
            }
            None => {}
        }
    }

    /// Reports them. `declared` are the aliases that there are.
    pub fn report<'n>(
        &self,
        at: At<'_>,
        home: Option<&Home>,
        declared: impl Iterator<Item = &'n str> + Clone,
    ) {
        let found = self.0.take();
        // The one that is used most is likely to be the table's.
        let most = found.uses.values().map(|uses| uses.count).max();
        for (alias, Uses { first: span, count }) in &found.uses {
            let quoted = shape::clip(alias);
            let mut problem = Problem::new(
                &rules::UNKNOWN_ALIAS,
                span,
                format!("no table has the alias `{quoted}`"),
            );
            if at.is_full() {
                at.report(problem);
                continue;
            }
            let forgotten = home.filter(|home| home.bare && Some(*count) == most);
            problem = match forgotten {
                Some(Home { alias: table, .. }) => problem.help(format!(
                    "if it is meant for the table, write `table: {} as {quoted}`",
                    shape::clip(table)
                )),
                None => problem.maybe_help(suggest(alias, declared.clone(), "aliases here are")),
            };
            if let Some(home) = home {
                let own = shape::clip(&home.alias);
                let label = match home.bare {
                    true => format!("no alias is written here, so it is the table's name: `{own}`"),
                    false => format!("the table's alias is declared here: `{own}`"),
                };
                problem = problem.related(&home.span, label);
            }
            problem = match count - 1 {
                0 => problem,
                1 => problem.note("one more place in this file names it"),
                more => problem.note(format!("{more} more places in this file name it")),
            };
            at.report(problem);
        }
    }
}
