//! Running a plan and writing its answer, with a connection in hand.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashSet;

use super::calls::{self, Includes};
use super::elsewhere::Elsewhere;
use super::include::Extras;
use super::read::Existence;
use super::{Answer, Clock, SearchCall, Site, SiteError, count_of};
use crate::assemble::{self, BundleWriter, ChildRows, EntryMode, Link, Outcome, ResourceWriter};
use crate::errors;
use crate::fhir::outcome::{Issue, OperationOutcome};
use crate::mapping;
use crate::passthrough::Rows;
use crate::passthrough::Session;
use crate::plan::{self, MOST_ADDED, MOST_INCLUDED, Part, Place, Plan, compare_keys, merged_keys};
use crate::relation::{Predicate, Value};
use crate::search::{IgnoredReason, SearchRequest};
use crate::sql::Statement;

/// A page of a search, ready to run.
pub(super) struct Page {
    pub call: SearchCall,
    /// The search as links say it.
    pub request: SearchRequest,
    pub includes: Includes,
    /// What the caller should know of how the search was read.
    pub notes: Vec<Issue>,
    pub plan: Plan,
    /// Where the page begins in each source; empty for the first page.
    pub places: Vec<Place>,
    /// Of each part of the plan; None where another database has to be asked first.
    pub statements: Vec<Option<Arc<Statement>>>,
    /// The cursor by which the page was asked for.
    pub own_link: Option<String>,
    /// What must be there for there to be an answer.
    pub exists: Option<Existence>,
}

/// What a part of the plan brought.
struct Fetched {
    /// It was its turn: the page was not full before.
    is_asked: bool,
    rows: Rows,
    keys_from: usize,
    keys: usize,
    /// Rows that went into the page.
    used: usize,
}

impl Fetched {
    fn key(&self, row: usize) -> Vec<Value> {
        (0..self.keys)
            .map(|key| self.rows.cell(row, self.keys_from + key).to_value())
            .collect()
    }
}

/// All that the database brought for a page.
struct Brought<'p> {
    /// Of each part of the plan.
    fetched: &'p [Fetched],
    children: &'p [Vec<ChildRows>],
    /// The entries of the page: part and row.
    order: &'p [(usize, usize)],
    total: Option<i64>,
    extras: &'p Extras,
}

impl Page {
    pub(super) fn run(
        mut self,
        site: &Site,
        session: &mut Session<'_>,
    ) -> Result<Answer, SiteError> {
        let mut clock = Clock(Instant::now());
        let mut answer = Answer::default();
        let mut total = self.plan.total.then_some(0i64);
        let asks_elsewhere = self.statements.iter().any(Option::is_none);
        if is_several(&self.plan) || !self.includes.is_empty() || asks_elsewhere {
            session.snapshot()?;
        }
        if let Some(existence) = &self.exists {
            existence.check(session, &mut answer.commands)?;
        }
        let statements = self.settled(site, session, &mut answer.commands)?;
        let mut fetched: Vec<Fetched> = Vec::with_capacity(self.plan.parts.len());
        let (in_sequence, mut found) = (self.plan.is_in_sequence(), 0);
        for (part, statement) in self.plan.parts.iter().zip(&statements) {
            // One more than the page holds tells that there is a next one.
            let is_asked = !in_sequence || found <= self.plan.count as usize;
            let mut rows = Rows::default();
            if is_asked && part.select.can_match() {
                rows = session.execute(statement, &part.values)?;
                answer.commands += 1;
            }
            found += rows.len();
            if let Some(total) = &mut total
                && part.select.can_match()
            {
                *total += if part.counted_apart {
                    answer.commands += 1;
                    count_alone(site, session, part)?
                } else if part.select.count_only {
                    count_of(rows.cell(0, 0))
                } else if !rows.is_empty() {
                    count_of(rows.cell(0, rows.width() - 1))
                } else if part.select.after == Predicate::True {
                    0
                } else {
                    // Past the last row there is no row to carry the total.
                    answer.commands += 1;
                    count_alone(site, session, part)?
                };
            }
            fetched.push(Fetched {
                is_asked,
                keys_from: part.select.columns.len(),
                keys: part.select.order.len(),
                rows,
                used: 0,
            });
        }
        if self.call.everything && self.places.is_empty() && self.exists.is_none() {
            let first = self
                .plan
                .ranks
                .iter()
                .take_while(|rank| **rank == 0)
                .count();
            if fetched.iter().take(first).all(|part| part.rows.is_empty()) {
                return Err(SiteError::NoSuchResource);
            }
        }
        let order = if self.plan.count == 0 {
            Vec::new()
        } else {
            self.merge(&mut fetched)
        };
        let mut children = Vec::with_capacity(self.plan.parts.len());
        for (part, fetched) in self.plan.parts.iter().zip(&fetched) {
            children.push(fetch_children(
                site,
                session,
                part,
                &fetched.rows,
                fetched.used,
                &mut answer.commands,
            )?);
        }
        let matched: Vec<(&Rows, usize)> =
            fetched.iter().map(|part| (&part.rows, part.used)).collect();
        let extras = self.extras(site, session, &matched, &mut answer.commands)?;
        answer.timings.database = clock.lap();
        let brought = Brought {
            fetched: &fetched,
            children: &children,
            order: &order,
            total,
            extras: &extras,
        };
        self.write(site, &brought, &mut answer);
        answer.timings.assemble = clock.lap();
        Ok(answer)
    }

    /// The statement of each part, once other databases have been asked what its conditions go by there.
    fn settled(
        &mut self,
        site: &Site,
        session: &mut Session<'_>,
        commands: &mut u32,
    ) -> Result<Vec<Arc<Statement>>, SiteError> {
        let mut elsewhere = Elsewhere::default();
        let mut statements = Vec::with_capacity(self.statements.len());
        for (part, statement) in self.plan.parts.iter_mut().zip(self.statements.drain(..)) {
            statements.push(match statement {
                Some(statement) => statement,
                None => {
                    elsewhere.settle(part, site.engine(), session)?;
                    site.statement(&part.select)?
                }
            });
        }
        *commands += elsewhere.commands;
        Ok(statements)
    }

    /// Takes rows from the parts in the order of their keys, as many as the page holds.
    fn merge(&self, fetched: &mut [Fetched]) -> Vec<(usize, usize)> {
        let count = self.plan.count as usize;
        let mut order = Vec::with_capacity(count);
        if let [only] = fetched {
            only.used = only.rows.len().min(count);
            order.extend((0..only.used).map(|row| (0, row)));
            return order;
        }
        let head = |index: usize, part: &Fetched| {
            let merged = &self.plan.parts[index].merged;
            (part.used < part.rows.len()).then(|| merged_keys(part.key(part.used), merged))
        };
        let mut heads: Vec<Option<Vec<Value>>> = fetched
            .iter()
            .enumerate()
            .map(|(index, part)| head(index, part))
            .collect();
        while order.len() < count {
            let next = heads
                .iter()
                .enumerate()
                .filter_map(|(index, head)| Some((index, head.as_ref()?)))
                .min_by(|(one, left), (other, right)| self.compare((*one, left), (*other, right)))
                .map(|(index, _)| index);
            let Some(index) = next else { break };
            let part = &mut fetched[index];
            order.push((index, part.used));
            part.used += 1;
            heads[index] = head(index, part);
        }
        order
    }

    /// By what is sorted by, then type by type; what is equal then keeps the order of the sources.
    fn compare(&self, left: (usize, &[Value]), right: (usize, &[Value])) -> Ordering {
        compare_keys(left.1, right.1, &self.plan.descending)
            .then_with(|| self.plan.rank(left.0).cmp(&self.plan.rank(right.0)))
    }

    /// Where the next page begins; None where there is none.
    fn next_places(&self, fetched: &[Fetched]) -> Option<Vec<Place>> {
        let more = fetched.iter().any(|part| part.used < part.rows.len());
        // A page of no entries asked for the total; nothing follows it.
        if !more || self.plan.count == 0 {
            return None;
        }
        let mut parts = self.plan.parts.iter().zip(fetched).peekable();
        let resource_sources = self.places.len().max(self.plan.parts.len());
        let mut places = Vec::with_capacity(resource_sources);
        for position in 0..resource_sources {
            // A source that had come to its end before has no part in the plan, unless the total asked for it.
            let before = self.places.get(position).cloned().unwrap_or(Place::Start);
            if before == Place::End && self.plan.parts.len() < resource_sources {
                places.push(Place::End);
                continue;
            }
            let Some((_, part)) = parts.next() else {
                places.push(before);
                continue;
            };
            let all_given =
                part.used == part.rows.len() && part.rows.len() <= self.plan.count as usize;
            places.push(if !part.is_asked {
                before
            } else if before == Place::End || all_given {
                Place::End
            } else if part.used == 0 {
                before
            } else {
                Place::After(part.key(part.used - 1))
            });
        }
        Some(places)
    }

    fn write(&self, site: &Site, brought: &Brought<'_>, answer: &mut Answer) {
        let Brought {
            fetched,
            children,
            order,
            total,
            extras,
        } = *brought;
        let base = match self.call.path() {
            path if path.is_empty() => self.call.base.clone(),
            path => format!("{}/{path}", self.call.base),
        };
        let used_count = self.request.count.map(|_| self.plan.count);
        let own = self
            .request
            .to_query_with(used_count, self.own_link.as_deref());
        let own = match &self.own_link {
            // No longer than a request may be.
            Some(cursor) if own.len() > calls::LINK_BYTES => self.request.page_query(cursor),
            _ => own,
        };
        let own = if own.is_empty() {
            base.clone()
        } else {
            format!("{base}?{own}")
        };
        let mut links = vec![Link {
            relation: "self",
            url: &own,
        }];
        let next_places = self.next_places(fetched);
        let more = next_places.is_some();
        let next = next_places
            .and_then(|places| site.seal(&self.request, places, &self.call))
            .map(|cursor| format!("{base}?{}", self.request.page_query(&cursor)));
        let cut_off = more && next.is_none();
        if let Some(next) = &next {
            links.push(Link {
                relation: "next",
                url: next,
            });
        }
        let mut bundle = BundleWriter::searchset(&new_id());
        bundle.head(total, &links);
        let mut writers: Vec<ResourceWriter<'_>> = self
            .plan
            .parts
            .iter()
            .zip(children)
            .map(|(part, children)| {
                ResourceWriter::new(&part.view, assemble::Site { zone: site.zone() }, children)
            })
            .collect();
        let mut entries = Entries {
            bundle: &mut bundle,
            base: &self.call.base,
            site,
            left_out: 0,
        };
        let shown = if self.includes.are_alone() {
            &[]
        } else {
            order
        };
        for &(part, row) in shown {
            let rows = &fetched[part].rows;
            let source = &self.plan.parts[part].source;
            let written = entries.write(EntryMode::Match, &mut writers[part], source, rows, row);
            answer.entries += usize::from(written);
        }
        for extra in &extras.list {
            let of = assemble::Site { zone: site.zone() };
            let mut writer = ResourceWriter::new(&extra.part.view, of, &extra.children);
            for &row in &extra.fresh {
                entries.write(
                    EntryMode::Include,
                    &mut writer,
                    &extra.part.source,
                    &extra.rows,
                    row,
                );
            }
            site.odd.note(&site.mapping().id, &writer.odd);
        }
        let left_out = entries.left_out;
        for writer in &writers {
            site.odd.note(&site.mapping().id, &writer.odd);
        }
        if let Some(outcome) = self.outcome(cut_off, left_out, extras.cut) {
            bundle.entry(EntryMode::Outcome, |out| {
                serde_json::to_writer(out, &outcome).is_ok()
            });
        }
        answer.body = bundle.finish();
    }

    /// What the caller should know about an answer that is given all the same.
    /// `cut_off`: more follows, and no page link can lead there. `left_out`: rows of the page that cannot be
    /// resources.
    fn outcome(&self, cut_off: bool, left_out: usize, cut: bool) -> Option<OperationOutcome> {
        let ignored = self.request.ignored.iter().map(|ignored| {
            let what = match (&ignored.name, ignored.reason) {
                (Some(name), IgnoredReason::Unknown) => {
                    format!(
                        "{} has no search parameter `{name}`; it was ignored",
                        self.plan.resource
                    )
                }
                (Some(name), IgnoredReason::Empty) => {
                    format!("`{name}` has no value; it was ignored")
                }
                (None, _) => {
                    format!(
                        "parameter {} has no name of a search parameter; it was ignored",
                        ignored.position
                    )
                }
            };
            let issue = Issue::warning(&errors::UNKNOWN_PARAMETER, what);
            let issue = match &ignored.name {
                Some(name) => issue.at(errors::expression(name)),
                None => issue,
            };
            issue.with_diagnostics(errors::UNKNOWN_PARAMETER.remedy)
        });
        let lowered = self.plan.count_lowered.then(|| {
            Issue::information(format!(
                "a page holds at most {} entries; _count was lowered",
                self.plan.count
            ))
            .at("http._count")
        });
        let cut_off = cut_off.then(|| {
            Issue::warning(
                &errors::CURSOR,
                "more entries follow, but no page link can hold where this page ends: what it is sorted by is too long",
            )
            .at("http._sort")
            .with_diagnostics("Sort by another parameter, or by _id.")
        });
        let left_out = (left_out > 0).then(|| {
            let rows = match left_out {
                1 => "1 row of this page was".to_owned(),
                many => format!("{many} rows of this page were"),
            };
            Issue::incomplete(format!(
                "{rows} left out: the id or an element that R4 requires is absent there or has no FHIR form. `total` counts such rows"
            ))
            .with_diagnostics("Tell the operator: the log names the line of the mapping.")
        });
        let not_included = cut.then(|| {
            Issue::incomplete(format!(
                "not all that is asked for is included: a reference adds at most {MOST_INCLUDED} resources to a page, and all together {MOST_ADDED}"
            ))
            .with_diagnostics("Ask for fewer entries with _count, or search for the rest by what refers to it.")
        });
        let incomplete = left_out.into_iter().chain(not_included);
        let said = ignored
            .chain(lowered)
            .chain(self.notes.iter().cloned())
            .chain(cut_off);
        OperationOutcome::of(said.chain(incomplete))
    }
}

/// Writes the entries of a Bundle that are resources of rows.
struct Entries<'b> {
    bundle: &'b mut BundleWriter,
    base: &'b str,
    site: &'b Site,
    /// Rows that could not be resources.
    left_out: usize,
}

impl Entries<'_> {
    fn write<'v>(
        &mut self,
        mode: EntryMode,
        writer: &mut ResourceWriter<'v>,
        source: &mapping::Source,
        rows: &'v Rows,
        row: usize,
    ) -> bool {
        let written = match writer.id_of(rows, row) {
            Some(id) => self
                .bundle
                .entry_at(mode, self.base, source.resource, &id, |out| {
                    writer.write(out, rows, row) == Outcome::Written
                }),
            None => false,
        };
        if !written {
            self.left_out += 1;
            let site = self.site;
            site.odd.note_left_out(&site.mapping().id, source);
        }
        written
    }
}

/// A Bundle's own id: random, so that two answers never share one.
pub(super) fn new_id() -> String {
    let mut bytes = [0u8; 16];
    // Without random bytes the id is constant, which R4 allows: it names this answer only.
    let _ = getrandom::fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// More than one statement answers it: children are to be those of the rows that were read.
pub(super) fn is_several(plan: &Plan) -> bool {
    let statements = plan.parts.iter().map(|part| 1 + part.view.children.len());
    statements.sum::<usize>() > 1
}

fn count_alone(site: &Site, session: &mut Session<'_>, part: &Part) -> Result<i64, SiteError> {
    let mut select = part.select.clone();
    select.count_only = true;
    let statement = site.statement(&select)?;
    let rows = session.execute(&statement, &part.values)?;
    Ok(count_of(rows.cell(0, 0)))
}

/// The children of the first `used` rows: one statement for each child table, or several where one would take too many
/// values.
pub(super) fn fetch_children(
    site: &Site,
    session: &mut Session<'_>,
    part: &Part,
    rows: &Rows,
    used: usize,
    commands: &mut u32,
) -> Result<Vec<ChildRows>, SiteError> {
    let mut children = Vec::with_capacity(part.view.children.len());
    for view in &part.view.children {
        let mut seen = FxHashSet::default();
        let mut parents = Vec::with_capacity(used);
        for row in 0..used {
            let key: Vec<Value> = view
                .parent
                .iter()
                .map(|&column| rows.cell(row, column).to_value())
                .collect();
            if !key.contains(&Value::Null) && seen.insert(format!("{key:?}")) {
                parents.push(key);
            }
        }
        if parents.is_empty() {
            children.push(ChildRows::default());
            continue;
        }
        let catalogue = part.source.relation.catalogue.as_ref();
        let mut of_view = ChildRows::default();
        for some in parents.chunks(site.planner().parents_at_once(view)) {
            let child = plan::children(view, catalogue, some);
            let statement = site.child_statement(&child.select)?;
            of_view.add(view, session.execute(&statement, &child.values)?);
            *commands += 1;
        }
        children.push(of_view);
    }
    Ok(children)
}
