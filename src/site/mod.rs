//! One practice, served: its mapping, its database, and the corridor between a request and its answer.
//!
//! ```text
//! text ─ search ─► AST ─ plan ─► select + values ─ sql ─► statement ─ passthrough ─► rows ─ assemble ─► JSON
//! ```
//! The statement of a select is kept under the select itself, which holds no value of any request.

pub mod about;
mod answer;
mod calls;
pub mod elsewhere;
mod error;
pub mod etag;
mod everything;
mod include;
mod odd;
mod open;
mod operation;
mod pools;
mod read;
mod summary;
#[cfg(test)]
mod tests;
mod types;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use calls::{Asked, CallPlanner, Includes};
pub use error::SiteError;
pub use open::{OpenError, Opened, open};
pub use summary::SummaryCall;
pub use types::Types;

use pools::Pools;

use crate::cursor::{Cursor, CursorKey};
use crate::gateway::integrator::Login;
use crate::mapping::{Mapping, Resource};
use crate::passthrough::{CellRef, Measured, PassthroughError, Pool, Session};
use crate::plan::{CountLimits, Handling, Place, Plan, PlanError, Planner, Selection};
use crate::relation::{ChildSelect, Dialect, Select};
use crate::search::{Compartment, Input, SearchRequest};
use crate::sql::{self, Engine, SqlError, Statement};

/// Bytes of the statements kept. A shape is made of the parameters, modifiers and prefixes of a search, so a
/// site's callers use few; the bound is for those who try all.
const KEPT_STATEMENTS: u64 = 16 << 20;
/// The number of the next site that is made.
static NUMBERS: AtomicU64 = AtomicU64::new(1);
/// A page link is good for a day.
const CURSOR_SECONDS: i64 = 24 * 60 * 60;

/// What a site is made of.
pub struct SiteConfig {
    /// The site's GUID.
    pub id: String,
    /// The practice's IANA zone.
    pub zone: TimeZone,
    pub zone_name: String,
    /// The dialect of the database behind the pool.
    pub dialect: Dialect,
    pub count: CountLimits,
    /// Seals page links.
    pub cursor_key: Arc<CursorKey>,
}

/// One practice.
pub struct Site {
    id: String,
    number: u64,
    zone_name: String,
    cursor_key: Arc<CursorKey>,
    calls: CallPlanner,
    pools: Pools,
    engine: Engine,
    statements: moka::sync::Cache<Select, Arc<Statement>, rustc_hash::FxBuildHasher>,
    child_statements: moka::sync::Cache<ChildSelect, Arc<Statement>, rustc_hash::FxBuildHasher>,
    odd: odd::OddValues,
}

/// A search as it came over the wire.
#[derive(Debug, Clone, Default)]
pub struct SearchCall {
    /// The site's FHIR base URL for this caller, absolute, without a slash at its end.
    pub base: String,
    /// The type that the path names; empty for a search of several.
    pub resource: String,
    /// The compartment that the path names, `Patient/12`.
    pub compartment: Option<Compartment>,
    /// The operation `$everything` on what the compartment is named after.
    pub everything: bool,
    /// What follows the `?`, still percent-encoded.
    pub query: Vec<u8>,
    /// The form body of a POST.
    pub form: Vec<u8>,
    /// Who asks: page links are bound to it.
    pub caller: String,
    /// Whose share of the connections it takes, as a number; None where there is but one caller.
    pub share: Option<u32>,
    /// The caller's own at the practice's databases; else it is the practice's.
    pub login: Option<Login>,
    /// What becomes of unknown parameters.
    pub handling: Handling,
    /// The answer says what ran for it, and how long that took.
    pub measures: bool,
}

/// A read as it came over the wire.
#[derive(Debug, Clone, Default)]
pub struct ReadCall {
    pub base: String,
    pub resource: String,
    pub id: String,
    pub query: Vec<u8>,
    /// As [`SearchCall::share`].
    pub share: Option<u32>,
    /// As [`SearchCall::login`].
    pub login: Option<Login>,
    /// Refuse every unknown parameter.
    pub strict: bool,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<Timestamp>,
    /// What the entity tag of the form that is sent ends in; none of JSON.
    pub variant: &'static str,
    /// As [`SearchCall::measures`].
    pub measures: bool,
}

/// What goes back.
#[derive(Debug, Default)]
pub struct Answer {
    /// JSON; empty where the resource was not modified.
    pub body: Vec<u8>,
    pub etag: Option<String>,
    pub last_modified: Option<Timestamp>,
    pub timings: Timings,
    /// Statements that ran.
    pub commands: u32,
    /// These, where the call asked for it.
    pub measured: Vec<Measured>,
    /// Resources in the body that match.
    pub entries: usize,
    /// The caller asked for indented JSON (`_pretty`).
    pub pretty: bool,
    /// The caller's copy is current (304).
    pub not_modified: bool,
}

/// How long each stage took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timings {
    pub parse: Duration,
    pub plan: Duration,
    pub sql: Duration,
    pub database: Duration,
    pub assemble: Duration,
    /// Making XML of the answer, where that was asked for.
    pub xml: Option<Duration>,
}

impl std::ops::AddAssign for Timings {
    fn add_assign(&mut self, other: Timings) {
        self.parse += other.parse;
        self.plan += other.plan;
        self.sql += other.sql;
        self.database += other.database;
        self.assemble += other.assemble;
        self.xml = self
            .xml
            .into_iter()
            .chain(other.xml)
            .reduce(|one, more| one + more);
    }
}

impl Answer {
    /// With the stages before the database, which the job there did not see.
    fn begun_with(self, before: Timings, pretty: bool) -> Answer {
        Answer {
            timings: Timings {
                database: self.timings.database,
                assemble: self.timings.assemble,
                ..before
            },
            pretty,
            ..self
        }
    }
}

/// Runs the clock of one request from stage to stage.
struct Clock(Instant);

impl Clock {
    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now.duration_since(self.0);
        self.0 = now;
        lap
    }
}

impl Site {
    /// A site over a database that is there.
    pub fn new(config: SiteConfig, mapping: Arc<Mapping>, pool: Arc<Pool>) -> Site {
        let engine = Engine {
            dialect: config.dialect,
            declared_collations: config.dialect == Dialect::Sqlite
                && declares_collations(&mapping, &pool),
        };
        Site {
            pools: Pools::new(&config.id, pool),
            id: config.id,
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            zone_name: config.zone_name,
            cursor_key: config.cursor_key,
            calls: CallPlanner::new(mapping, config.zone, config.count).within(config.dialect),
            engine,
            statements: kept(),
            child_statements: kept(),
            odd: odd::OddValues::default(),
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Another for each site that was ever made, those of one practice too.
    pub fn number(&self) -> u64 {
        self.number
    }

    pub fn mapping(&self) -> &Arc<Mapping> {
        self.calls.mapping()
    }

    pub fn planner(&self) -> &Planner {
        self.calls.planner()
    }

    pub fn zone(&self) -> &TimeZone {
        self.calls.zone()
    }

    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    pub fn dialect(&self) -> Dialect {
        self.engine.dialect
    }

    /// How its statements are spelled.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    pub fn pool(&self) -> &Arc<Pool> {
        self.pools.own()
    }

    /// A resource type that is served here.
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.mapping().resources.get(name)
    }

    /// Values of rows that could not be FHIR values, since the start.
    pub fn odd_values(&self) -> u64 {
        self.odd.total()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ready(&self) -> Result<(), PassthroughError> {
        self.pools.own().run(|session| session.ping()).await
    }

    /// What reads and plans its calls.
    pub fn calls(&self) -> &CallPlanner {
        &self.calls
    }

    /// The statement of a select in the site's dialect, kept.
    ///
    /// # Errors
    /// When the dialect cannot spell it.
    pub fn statement(&self, select: &Select) -> Result<Arc<Statement>, SqlError> {
        if let Some(statement) = self.statements.get(select) {
            return Ok(statement);
        }
        let statement = Arc::new(sql::select(select, self.engine)?);
        self.statements
            .insert(select.clone(), Arc::clone(&statement));
        Ok(statement)
    }

    /// The statement of each part of a plan, in order.
    fn statements(&self, plan: &Plan) -> Result<Vec<Arc<Statement>>, SqlError> {
        plan.parts
            .iter()
            .map(|part| self.statement(&part.select))
            .collect()
    }

    fn child_statement(&self, select: &ChildSelect) -> Result<Arc<Statement>, SqlError> {
        if let Some(statement) = self.child_statements.get(select) {
            return Ok(statement);
        }
        let statement = Arc::new(sql::children(select, self.engine)?);
        self.child_statements
            .insert(select.clone(), Arc::clone(&statement));
        Ok(statement)
    }

    /// Answers a search with a Bundle.
    ///
    /// # Errors
    /// Whatever is wrong with the search, before the database is asked; then what the database reports.
    pub async fn search(self: &Arc<Self>, call: SearchCall) -> Result<Answer, SiteError> {
        let mut clock = Clock(Instant::now());
        let given = Input {
            query: &call.query,
            form: &call.form,
        };
        let mut asked = self.calls.ask(&call, given)?;
        let mut timings = Timings {
            parse: clock.lap(),
            ..Timings::default()
        };
        let pretty = asked.request.pretty == Some(true);
        let own_link = asked.request.cursor.take();
        let mut places = Vec::new();
        if let Some(link) = &own_link {
            (asked, places) = self.resume(&asked.request, link, &call)?;
        }
        let plan = self.calls.plan_asked(&asked, &places, &call)?;
        // Where the patient's row is among what is asked for, that they are there is seen by the way.
        let is_seen = |of: &Compartment| plan.resource == of.resource && plan.count > 0;
        let exists = match &call.compartment {
            Some(of) if call.everything && places.is_empty() && !is_seen(of) => {
                Some(self.existence(of)?)
            }
            _ => None,
        };
        timings.plan = clock.lap();
        let statements = plan
            .parts
            .iter()
            .map(|part| match part.select.filter.asks_elsewhere() {
                true => Ok(None),
                false => self.statement(&part.select).map(Some),
            })
            .collect::<Result<_, SqlError>>()?;
        timings.sql = clock.lap();
        let site = Arc::clone(self);
        let (share, measures) = (call.share, call.measures);
        let pool = self.pools.of(call.login.as_ref())?;
        let page = answer::Page {
            call,
            request: asked.request,
            includes: asked.includes,
            notes: asked.notes,
            plan,
            places,
            statements,
            own_link,
            exists,
        };
        let answer = pool
            .run_for(share, move |session| {
                answered(session, measures, |session| page.run(&site, session))
            })
            .await?;
        Ok(answer.begun_with(timings, pretty))
    }

    /// What a page link stands for: the search that it began with, and how far it was given.
    fn resume(
        &self,
        asked: &SearchRequest,
        link: &str,
        call: &SearchCall,
    ) -> Result<(Asked, Vec<Place>), SiteError> {
        let invalid = || SiteError::Plan(PlanError::Cursor);
        let bare = asked.filters.is_empty()
            && asked.sort.is_empty()
            && asked.includes.is_empty()
            && asked.types.is_empty()
            && asked.ignored.is_empty()
            && asked.elements.is_empty()
            && (asked.count, asked.total, asked.summary) == (None, None, None);
        let cursor = self
            .cursor_key
            .open_cursor(link, &self.bound_to(call))
            .map_err(|_| invalid())?;
        let age = Timestamp::now()
            .as_second()
            .saturating_sub(cursor.issued_at);
        if !(-60..=CURSOR_SECONDS).contains(&age) {
            return Err(invalid());
        }
        let mut resumed = self.calls.ask(call, Input::query(&cursor.query))?;
        let request = &mut resumed.request;
        // A `self` link says the whole search beside its cursor; anything else beside it would be another search.
        let used = request
            .count
            .map(|count| count.min(self.calls.count().most));
        let is_whole =
            || asked.ignored.is_empty() && asked.criteria(asked.count) == request.criteria(used);
        if !bare && !is_whole() {
            return Err(invalid());
        }
        request.format.clone_from(&asked.format);
        request.pretty = asked.pretty;
        Ok((resumed, cursor.places))
    }

    /// What tells whether a resource is there.
    fn existence(&self, of: &Compartment) -> Result<read::Existence, SiteError> {
        let resource = self.calls.served(&of.resource)?;
        let nothing = Selection::of(None, &["id".to_owned()]);
        let plan = self.planner().read(resource, &of.id, &nothing);
        let statements = self.statements(&plan)?;
        Ok(read::Existence { plan, statements })
    }

    /// The cursor of the next page; None where the sort keys of the row where the page ends are too long for
    /// a link.
    fn seal(
        &self,
        request: &SearchRequest,
        places: Vec<Place>,
        call: &SearchCall,
    ) -> Option<String> {
        let cursor = Cursor {
            query: calls::link_text(request),
            places,
            issued_at: Timestamp::now().as_second(),
        };
        self.cursor_key
            .seal_cursor(&cursor, &self.bound_to(call))
            .ok()
            // A link that no request could bring back is none; `_format` and the like may stand beside it.
            .filter(|text| text.len() + 1024 <= calls::LINK_BYTES)
    }

    /// Site, caller, path, the caller's own login and mapping: a link works nowhere else. By another mapping the search may
    /// mean something else, and its order may be another: the pages would not fit together. Another login may see other rows;
    /// one that has another password is the same.
    fn bound_to(&self, call: &SearchCall) -> Vec<u8> {
        let path = call.path();
        let user = call.login.as_ref().map(|login| login.user.as_str());
        let words = [&*self.id, &*call.caller, &*path].into_iter().chain(user);
        bound_to(self.mapping(), &words.collect::<Vec<_>>())
    }

    /// Answers a read with the resource.
    ///
    /// # Errors
    /// When there is none; whatever else is wrong.
    pub async fn read(self: &Arc<Self>, call: ReadCall) -> Result<Answer, SiteError> {
        let mut clock = Clock(Instant::now());
        let resource = self.calls.served(&call.resource)?;
        let asked = self.calls.parse(
            &call.resource,
            Input {
                query: &call.query,
                form: b"",
            },
        )?;
        let mut timings = Timings {
            parse: clock.lap(),
            ..Timings::default()
        };
        if let Some(parameter) = read::not_for_reads(&asked) {
            return Err(SiteError::NotForReads { parameter });
        }
        if call.strict {
            Planner::refuse_unknown(resource, &asked)?;
        }
        let selection = Planner::selection(resource, &asked)?;
        let plan = self.planner().read(resource, &call.id, &selection);
        timings.plan = clock.lap();
        if plan.parts.is_empty() {
            return Err(SiteError::NoSuchResource);
        }
        let statements = self.statements(&plan)?;
        timings.sql = clock.lap();
        let pretty = asked.pretty == Some(true);
        let site = Arc::clone(self);
        let (share, measures) = (call.share, call.measures);
        let pool = self.pools.of(call.login.as_ref())?;
        let read = read::Read {
            call,
            plan,
            statements,
        };
        let answer = pool
            .run_for(share, move |session| {
                answered(session, measures, |session| read.run(&site, session))
            })
            .await?;
        Ok(answer.begun_with(timings, pretty))
    }
}

/// An answer, with what ran for it where that is asked for.
fn answered(
    session: &mut Session<'_>,
    measures: bool,
    answer: impl FnOnce(&mut Session<'_>) -> Result<Answer, SiteError>,
) -> Result<Answer, SiteError> {
    if !measures {
        return answer(session);
    }
    let (answer, measured) = session.measuring(answer)?;
    Ok(Answer { measured, ..answer })
}

/// Every text column that the mapping names is declared with the collation that the mapping says.
fn declares_collations(mapping: &Mapping, pool: &Pool) -> bool {
    let columns = mapping
        .tables
        .values()
        .filter(|table| table.derived.is_none())
        .flat_map(|table| {
            table.columns.values().filter_map(move |column| {
                let name = sql::sqlite_collation(column.collation.as_deref()?, Some(column.ty))?;
                Some((table, &*column.name, name))
            })
        });
    let declared = pool.run_now(|session| {
        let mut columns = columns;
        Ok::<bool, PassthroughError>(columns.all(|(table, column, collation)| {
            let catalogue = table.catalogue.as_ref();
            session.declares_collation(catalogue, &table.name, column, collation)
        }))
    });
    // A mapping that declares no table says nothing of its columns.
    !mapping.tables.is_empty() && declared.unwrap_or(false)
}

fn kept<K: std::hash::Hash + Eq + Send + Sync + 'static>()
-> moka::sync::Cache<K, Arc<Statement>, rustc_hash::FxBuildHasher> {
    moka::sync::Cache::builder()
        // A statement's key takes about as much room as its text, and holds a row of the cache.
        .weigher(|_, statement: &Arc<Statement>| {
            u32::try_from(2 * statement.text.len() + 1024).unwrap_or(u32::MAX)
        })
        .max_capacity(KEPT_STATEMENTS)
        .build_with_hasher(rustc_hash::FxBuildHasher)
}

/// The number in a cell; 0 where it is none.
fn count_of(cell: CellRef<'_>) -> i64 {
    match cell {
        CellRef::Int(number) => number,
        _ => 0,
    }
}

/// What a page link is sealed with, for a mapping and the words that stand for where it works.
pub(crate) fn bound_to(mapping: &Mapping, words: &[&str]) -> Vec<u8> {
    let mut bytes = words.join("\0").into_bytes();
    bytes.push(0);
    bytes.extend_from_slice(&mapping.version);
    bytes
}
