//! The syntax tree of a search × a mapping → a plan: which selects run, with which values.
//!
//! A [`Plan`] is plain data. Its selects hold no value of the request: those travel in
//! [`Part::values`], and a select is therefore the key under which its SQL text is kept. Nothing here
//! touches a database: a request that is wrong is refused before any practice server is asked.

mod bound;
mod chain;
mod claims;
mod compartment;
mod date;
mod elsewhere;
mod error;
mod filter;
mod implied;
mod include;
mod lookups;
mod newest;
mod number;
mod order;
mod planner;
mod reference;
mod several;
mod sort;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod values;
mod view;

use std::sync::Arc;

use jiff::tz::TimeZone;

pub use chain::references;
pub use claims::{Claims, ViewNeed};
pub use elsewhere::{Ask, MOST_ELSEWHERE, MOST_ROWS};
pub use error::{PlanError, UnknownName};
pub use include::{
    Across, AcrossSelect, Included, MOST_ADDED, MOST_INCLUDED, ROUNDS, Steps, merged,
};
pub(crate) use lookups::asked as asked_first;
pub use order::{Place, compare_keys};
pub use planner::Planner;
pub use sort::{Merged, merged as merged_keys};
pub use view::{
    Alternative, ChildView, Need, Reader, Selection, View, ViewElement, ViewEntry, ViewField,
    ViewNode, ViewObject,
};

use crate::mapping::Source;
use crate::relation::{ChildSelect, Select, Shared, Value};

/// What a plan depends on besides the request and the mapping.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The FHIR base URL of the site, without a slash at its end: references to it are its own.
    pub base: &'a str,
    /// The practice's zone.
    pub zone: &'a TimeZone,
    /// Wall-clock time at the practice, for `ap`.
    pub now: jiff::civil::DateTime,
    pub handling: Handling,
    pub count: CountLimits,
}

/// What becomes of parameters of a search that are not known, as `Prefer: handling=…` says it (R4 §3.1.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handling {
    /// The caller does not say: they are ignored and reported, unless that would leave nothing of what the caller filters by.
    #[default]
    Unsaid,
    /// Each is an error.
    Strict,
    /// They are ignored and reported, whatever is left.
    Lenient,
}

impl Handling {
    /// Strict, or unsaid.
    pub fn strict_if(is_strict: bool) -> Handling {
        match is_strict {
            true => Handling::Strict,
            false => Handling::Unsaid,
        }
    }
}

/// `_count`: where it is not given, and at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountLimits {
    pub default: u32,
    pub most: u32,
}

impl Default for CountLimits {
    fn default() -> Self {
        CountLimits {
            default: 20,
            most: 200,
        }
    }
}

/// What to run for one search or read.
#[derive(Debug)]
pub struct Plan {
    pub resource: &'static str,
    /// Entries a page; 0 asks for the total only.
    pub count: u32,
    /// The request asked for more than the cap.
    pub count_lowered: bool,
    /// The total is part of the answer.
    pub total: bool,
    /// One for each source of the resource type. Their rows are merged by their keys.
    pub parts: Vec<Part>,
    /// Which of the values that rows of several parts are compared by (without the id's) run downwards.
    pub descending: Vec<bool>,
    /// Of each part, where its type stands among those of a search of several; empty where there is one type.
    pub ranks: Vec<usize>,
}

impl Plan {
    /// Its parts' rows follow each other, part by part or type by type: a page is full before the later ones are
    /// needed.
    pub fn is_in_sequence(&self) -> bool {
        !self.ranks.is_empty() && self.descending.is_empty() && !self.total
    }

    /// Where the type of a part stands.
    pub fn rank(&self, part: usize) -> usize {
        self.ranks.get(part).copied().unwrap_or(0)
    }
}

/// One source's part in a plan.
#[derive(Debug, Clone)]
pub struct Part {
    pub source: Arc<Source>,
    pub view: Arc<View>,
    pub select: Select,
    /// Slot n takes the value at place n.
    pub values: Vec<Value>,
    /// How its rows are compared with those of other parts, by each parameter of `_sort`.
    pub merged: Vec<Merged>,
    /// The number of rows is asked for by a command of its own: in one with the rows, what it compares would stand twice.
    pub counted_apart: bool,
}

/// The rows of a child table for the parents of a page: which, and with what values.
#[derive(Debug)]
pub struct ChildPart {
    pub select: ChildSelect,
    pub values: Vec<Value>,
}

/// The most values that a list may have, which is filled up to a power of two, to stay within a limit.
fn filled_up_to(limit: usize) -> usize {
    1 << limit.max(1).ilog2()
}

/// The select of a child table for parents that are given by the values of their `on` columns, in
/// lists of lengths that repeat, so that the text of the command repeats too.
pub fn children(
    view: &ChildView,
    catalogue: Option<&Arc<str>>,
    parents: &[Vec<Value>],
) -> ChildPart {
    let mut values = values::Values::default();
    let parents = filter::parents(&view.child, parents, &mut values);
    ChildPart {
        select: ChildSelect {
            child: view.child.clone(),
            catalogue: catalogue.cloned(),
            parents,
            columns: Shared(Arc::clone(&view.columns.0)),
            joins: view.joins,
        },
        values: values.into_inner(),
    }
}
