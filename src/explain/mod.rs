//! A search shown stage by stage: what was asked, how it is planned, and the command that would run.
//!
//! Takes a request and its plan; gives an [`Explanation`], which is plain data: serde writes it for
//! programs, [`render_text`] for people. Nothing in it needs a database, so that a mapping's author sees
//! the SQL of a practice that is not at hand; with one at hand, [`run`] adds the rows, the engine's own
//! plan, and the caller adds the Bundle.
//!
//! Each command is the body of a passthrough request as it stands. An explanation repeats what was asked
//! and, when run, what rows hold: it is for the one who asked and goes into no log.
//!
//! | file | takes → gives |
//! |---|---|
//! | `request` | the syntax tree → a tree of lines |
//! | `relation` | expressions and predicates → lines and trees of lines |
//! | `tree` | trees of lines → text that is safe on a terminal |
//! | `table` | columns and rows → aligned text |
//! | `sql` | a command's text → the same, broken into lines that fit |
//! | `json` | JSON text → the same, indented |
//! | `text` | an explanation → its sections |
//! | `lines` | a search and its plan → the mapping's lines that took part |
//! | `run` | an explanation and a connection → rows |
//! | `http` | a site and a search → an explanation for an operator |

mod http;
mod json;
mod lines;
mod relation;
mod request;
mod run;
mod sql;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod tree;

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;
use serde::{Serialize, Serializer};

pub use http::{HttpCall, HttpOptions, for_http};
pub use lines::{FileLines, Line, Mark, Why};
pub use run::{ROWS, run};
pub use text::{render_evidence, render_text};
pub(crate) use tree::harmless;

use crate::passthrough::Command;
use crate::plan::{self, ChildPart, ChildView, Part, Plan};
use crate::relation::{ChildSelect, Dialect, Select, TableSource, Value};
use crate::search::{Filter, Prefix, SearchRequest, Value as SearchValue};
use crate::site::elsewhere;
use crate::site::{Asked, CallPlanner, SearchCall, Timings};
use crate::sql::{Engine, SqlError, Statement};

/// What an explanation depends on besides the request and its plan.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// What reads and plans.
    pub calls: &'a CallPlanner,
    /// How the commands are spelled; it need not be that of the database that they are run on.
    pub engine: Engine,
    /// The IANA name of the practice's zone.
    pub zone_name: &'a str,
    /// Wall-clock time at the practice: what `ap` is near to.
    pub now: DateTime,
}

/// A request, stage by stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What was asked, as it stands after the FHIR base URL, without its text: `Patient`, `Patient/12/$everything`.
    pub path: String,
    /// What was asked: the syntax tree.
    pub asked: Subject,
    /// The time that each date of the search covers at the practice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<DateInterval>,
    /// The mapping's folder: `bp-premier`.
    pub mapping: Arc<str>,
    /// Of the commands.
    pub dialect: Dialect,
    /// The practice's IANA zone.
    pub zone: String,
    /// What the plan says of the answer as a whole.
    pub page: Page,
    /// One for each source of the resource type that may have an answer; their rows are merged.
    pub parts: Vec<PartExplanation>,
    /// The selects of what goes with the page (`_include` and the like), as they are for a page that holds one
    /// resource of each source, whose id is 0. What `:iterate` adds follows from what these bring.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included: Vec<PartExplanation>,
    /// The lines of the mapping that took part, by file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mapping_lines: Vec<FileLines>,
    /// The answer, when it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Json>,
    /// How long each stage took, when it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings: Option<StageTimings>,
}

/// The interaction that is explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// A search, as it was read.
    Search(Box<SearchRequest>),
    /// A read.
    Read {
        /// The resource type.
        resource: String,
        /// Its logical id, as given.
        id: String,
    },
}

/// The half-open interval `[start, end)`, local time of the practice, of a date in the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DateInterval {
    /// The filter's place in the request, counted from 0.
    pub filter: usize,
    /// The value's place in the filter, counted from 0.
    pub value: usize,
    /// The first moment of it; for `ap`, of what counts as near.
    pub start: DateTime,
    /// The first moment after it.
    pub end: DateTime,
}

/// What the plan says of the answer as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Entries at the most; 0 asks for the total only.
    pub count: u32,
    /// The request asked for more than the server's cap.
    pub count_lowered: bool,
    /// The total is part of the answer.
    pub total: bool,
}

/// One source's part: its select, and the command that it becomes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartExplanation {
    /// The type of its resources.
    pub resource: &'static str,
    /// The source's name, where the mapping gives it one; it begins the ids of its resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
    /// Where the mapping defines the source: `patient.yaml:1`.
    pub place: String,
    /// The source's table; None where it is a select of the mapping's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Arc<str>>,
    /// The plan's select. Slot n takes the command's parameter at place n.
    pub select: Select,
    /// What is asked of another database first: bodies of passthrough requests. What it gives is in the select as a
    /// list of one, until it was run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked_first: Vec<Command>,
    /// The names of the columns that come back, in order.
    pub columns: Arc<[String]>,
    /// The body of a passthrough request.
    pub command: Command,
    /// The child tables that the answer needs, each fetched once for the whole page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ChildExplanation>,
    /// What came back, when it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ran: Option<Ran>,
}

/// A child table's part. Until it is run its parents are not known: the command is then that of one
/// parent, whose key is NULL.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildExplanation {
    /// The name that the mapping's `each:` uses.
    pub name: Arc<str>,
    /// The plan's select.
    pub select: ChildSelect,
    /// The names of the columns that come back, in order.
    pub columns: Arc<[String]>,
    /// The body of a passthrough request.
    pub command: Command,
    /// What came back, when it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ran: Option<Ran>,
}

/// What a command brought.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ran {
    /// How many rows came back.
    pub count: usize,
    /// Microseconds from the command's being sent to its last row, when it ran for the answer: part of what
    /// [`StageTimings::database`] says. None where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// The first of them, cells in the order of the columns: null, numbers, text (what is no UTF-8
    /// replaced by U+FFFD), binary as base64.
    pub rows: Vec<Vec<serde_json::Value>>,
    /// The engine's own words on how it ran the command, a line for each step.
    pub query_plan: Vec<String>,
}

/// Microseconds that each stage took: reading the search, planning it, spelling its commands (where they are not kept
/// from before), running them, and writing the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageTimings {
    pub parse: u64,
    pub plan: u64,
    pub sql: u64,
    pub database: u64,
    pub assemble: u64,
}

impl From<&Timings> for StageTimings {
    fn from(timings: &Timings) -> Self {
        StageTimings {
            parse: micros(timings.parse),
            plan: micros(timings.plan),
            sql: micros(timings.sql),
            database: micros(timings.database),
            assemble: micros(timings.assemble),
        }
    }
}

/// Whole microseconds.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The answer's JSON as it goes over the wire, its properties in their order there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(String);

impl Json {
    /// The body of an answer; bytes that are no UTF-8 are replaced.
    pub fn new(body: &[u8]) -> Json {
        Json(String::from_utf8_lossy(body).into_owned())
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// As the JSON that it is; null where the text is none.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<serde_json::Value>(&self.0)
            .unwrap_or_default()
            .serialize(serializer)
    }
}

impl About<'_> {
    /// Explains a search by its plan.
    ///
    /// # Errors
    /// When the dialect cannot spell a select of the plan.
    pub fn search(
        &self,
        call: &SearchCall,
        asked: &Asked,
        plan: &Plan,
    ) -> Result<Explanation, SqlError> {
        let included = self.calls.included(asked, plan, call);
        let mapping = self.calls.mapping();
        Ok(Explanation {
            dates: self.dates(&asked.request),
            mapping_lines: lines::of(mapping, Some(&asked.request), &plan.parts, &included, None),
            included: self.parts(&included)?,
            ..self.explain(
                call.path(),
                Subject::Search(Box::new(asked.request.clone())),
                plan,
            )?
        })
    }

    /// Explains a read by its plan.
    ///
    /// # Errors
    /// As [`About::search`].
    pub fn read(&self, resource: &str, id: &str, plan: &Plan) -> Result<Explanation, SqlError> {
        let asked = Subject::Read {
            resource: resource.to_owned(),
            id: id.to_owned(),
        };
        self.explain(format!("{resource}/{id}"), asked, plan)
    }

    fn explain(&self, path: String, asked: Subject, plan: &Plan) -> Result<Explanation, SqlError> {
        Ok(Explanation {
            path,
            asked,
            dates: Vec::new(),
            mapping: Arc::clone(&self.calls.mapping().id),
            dialect: self.engine.dialect,
            zone: self.zone_name.to_owned(),
            page: Page {
                count: plan.count,
                count_lowered: plan.count_lowered,
                total: plan.total,
            },
            parts: self.parts(&plan.parts)?,
            included: Vec::new(),
            mapping_lines: lines::of(self.calls.mapping(), None, &plan.parts, &[], None),
            answer: None,
            timings: None,
        })
    }

    fn parts(&self, parts: &[Part]) -> Result<Vec<PartExplanation>, SqlError> {
        parts
            .iter()
            .map(|part| part_explanation(part, self.engine))
            .collect()
    }

    fn dates(&self, request: &SearchRequest) -> Vec<DateInterval> {
        let mut dates = Vec::new();
        for (filter, of) in request.filters.iter().enumerate() {
            let Filter::Parameter(parameter) = of else {
                continue;
            };
            for (value, of) in parameter.values.iter().enumerate() {
                if let SearchValue::Date { prefix, date } = of {
                    let exact = date.interval(self.calls.zone());
                    let interval = match prefix {
                        Prefix::Ap => exact.approximate(self.now),
                        _ => exact,
                    };
                    dates.push(DateInterval {
                        filter,
                        value,
                        start: interval.start,
                        end: interval.end,
                    });
                }
            }
        }
        dates
    }
}

fn part_explanation(part: &Part, engine: Engine) -> Result<PartExplanation, SqlError> {
    // What comes of another database is not known before it is asked: one value stands for it.
    let mut settled = part.clone();
    let mut asked_first = Vec::new();
    while let Some(ask) = settled.asks_elsewhere() {
        let statement = elsewhere::statement(&ask, engine)?;
        asked_first.push(Command::new(&statement, &ask.values));
        settled.settle_with_stand_in();
    }
    let part = &settled;
    let statement = crate::sql::select(&part.select, engine)?;
    let catalogue = part.source.relation.catalogue.as_ref();
    let children = if part.select.count_only {
        &[]
    } else {
        part.view.children.as_slice()
    };
    Ok(PartExplanation {
        resource: part.source.resource,
        source: part.source.name.clone(),
        place: part.source.place.to_string(),
        table: match &part.source.relation.table.source {
            TableSource::Named(name) => Some(Arc::clone(name)),
            TableSource::Derived(_) => None,
        },
        columns: Arc::clone(&statement.columns),
        asked_first,
        command: Command::new(&statement, &part.values),
        select: part.select.clone(),
        children: children
            .iter()
            .map(|view| {
                let unknown = vec![Value::Null; view.child.on.len()];
                let child = plan::children(view, catalogue, &[unknown]);
                child_explanation(view, child, engine).map(|(explanation, _)| explanation)
            })
            .collect::<Result<_, _>>()?,
        ran: None,
    })
}

/// With the values that the command takes, for running it.
fn child_explanation(
    view: &ChildView,
    child: ChildPart,
    engine: Engine,
) -> Result<(ChildExplanation, Vec<Value>), SqlError> {
    let statement: Statement = crate::sql::children(&child.select, engine)?;
    let explanation = ChildExplanation {
        name: Arc::clone(&view.child.name),
        columns: Arc::clone(&statement.columns),
        command: Command::new(&statement, &child.values),
        select: child.select,
        ran: None,
    };
    Ok((explanation, child.values))
}

/// The lookups that a select joins, a bit each.
fn joined(select: &Select) -> u64 {
    match select.count_only {
        true => select.filter_joins,
        false => select.joins | select.page_joins,
    }
}

/// A text of the request in quotes, so that its ends are seen.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
