//! The resources that go with a page: `_include`, `_revinclude`, and what they lead to with `:iterate`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::answer::{Page, fetch_children};
use super::calls::Includes;
use super::{Site, SiteError};
use crate::assemble::{self, ChildRows, ResourceWriter};
use crate::mapping::{Matcher, ReferenceMatcher, Target};
use crate::passthrough::Session;
use crate::passthrough::{CellRef, Rows};
use crate::plan::{
    Across, AcrossSelect, Included, MOST_ADDED, MOST_INCLUDED, Part, ROUNDS, Selection, Steps, View,
};
use crate::relation::Predicate;

/// Resources that one select reads by their ids, at the most.
const READ_AT_ONCE: usize = 500;

/// The reference of a target, and the column of the rows that holds the id that it leads to; None where that is not
/// all that there is to it.
fn held<'t>(target: &'t Target, view: &View) -> Option<(&'t ReferenceMatcher, usize)> {
    let Matcher::Reference(to) = &target.matcher else {
        return None;
    };
    if target.child.is_some() || target.guard != Predicate::True {
        return None;
    }
    let column = view.columns.iter().position(|column| *column == to.expr)?;
    Some((to, column))
}

/// A raw value as an id's text; what is none leads nowhere.
pub(super) fn id_of(cell: CellRef<'_>) -> Option<String> {
    match cell {
        CellRef::Int(number) => Some(number.to_string()),
        CellRef::Text(text) => {
            let text = std::str::from_utf8(text).ok()?.trim_matches(' ');
            (!text.is_empty()).then(|| text.to_owned())
        }
        _ => None,
    }
}

/// Rows of one select, with those that are not on the page yet.
pub(super) struct Extra {
    pub part: Part,
    pub rows: Rows,
    pub children: Vec<ChildRows>,
    pub fresh: Vec<usize>,
}

/// What goes with a page.
#[derive(Default)]
pub(super) struct Extras {
    pub list: Vec<Extra>,
    /// Something was not included, for there is too much of it.
    pub cut: bool,
}

/// Ids by source; what is on the page is on it once.
#[derive(Default)]
struct OnPage {
    seen: FxHashSet<(&'static str, String)>,
    level: BTreeMap<usize, Vec<String>>,
}

impl OnPage {
    /// The rows that are not on the page yet; they now are.
    fn add(
        &mut self,
        place: usize,
        part: &Part,
        rows: &Rows,
        used: usize,
        site: &Site,
    ) -> Vec<usize> {
        let of = assemble::Site { zone: site.zone() };
        let writer = ResourceWriter::new(&part.view, of, &[]);
        let mut fresh = Vec::new();
        for row in 0..used {
            let Some(id) = writer.id_of(rows, row) else {
                // It is left out, and counted, when it is to be written.
                fresh.push(row);
                continue;
            };
            if self.seen.insert((part.source.resource, id.clone())) {
                self.level.entry(place).or_default().push(id);
                fresh.push(row);
            }
        }
        fresh
    }
}

impl Page {
    /// The selects of all that the page refers to: by the ids that its rows hold, as far as they do; what stands in a
    /// child's rows, or depends on a condition, is asked of the tables.
    fn referenced(&self, site: &Site, level: &[Included], matched: &[(&Rows, usize)]) -> Steps {
        let mut ids: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for (part, (rows, used)) in self.plan.parts.iter().zip(matched) {
            for target in &part.source.references {
                let Some((to, column)) = held(target, &part.view) else {
                    continue;
                };
                if self.includes.take(to.to) {
                    let found = (0..*used).filter_map(|row| {
                        let id = id_of(rows.cell(row, column))?;
                        Some(match &to.prefix {
                            Some(prefix) => format!("{prefix}-{id}"),
                            None => id,
                        })
                    });
                    ids.entry(to.to).or_default().extend(found);
                }
            }
        }
        let planner = site.planner();
        let mut steps = planner.referenced(level, &self.request, |of, target, to| {
            let of_page = self.plan.parts.iter();
            let is_held = of_page
                .filter(|part| std::ptr::eq(&*part.source, of))
                .any(|part| held(target, &part.view).is_some());
            !is_held && self.includes.take(to.to)
        });
        for (resource, ids) in ids {
            steps
                .parts
                .extend(read(site, resource, &ids, &Selection::Whole));
        }
        steps
    }

    /// Fetches what the request includes, given the rows of each part that are on the page. The number of commands
    /// follows from the request and the mapping, not from how many rows there are; for what brings nothing new no
    /// children are read.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub(super) fn extras(
        &self,
        site: &Site,
        session: &mut Session<'_>,
        matched: &[(&Rows, usize)],
        commands: &mut u32,
    ) -> Result<Extras, SiteError> {
        let mut extras = Extras::default();
        if self.includes.is_empty() {
            return Ok(extras);
        }
        let mut page = OnPage::default();
        let mut left = MOST_ADDED;
        for (part, (rows, used)) in self.plan.parts.iter().zip(matched) {
            if let Some(place) = place_of(site, part) {
                page.add(place, part, rows, *used, site);
            }
        }
        for round in 0..=ROUNDS {
            let level: Vec<Included> = std::mem::take(&mut page.level)
                .into_iter()
                .flat_map(|(source, mut ids)| {
                    extras.cut |= ids.len() > MOST_INCLUDED as usize;
                    ids.truncate(MOST_INCLUDED as usize);
                    let at_once = site.planner().ids_at_once(source);
                    let page = |ids: &[String]| Included {
                        source,
                        ids: ids.to_vec(),
                    };
                    ids.chunks(at_once).map(page).collect::<Vec<_>>()
                })
                .collect();
            if level.is_empty() {
                break;
            }
            if round == ROUNDS {
                extras.cut |= self.includes.goes_on();
                break;
            }
            let steps = self.round(site, round, &level, matched);
            let mut parts = steps.parts;
            // What `_elements` names are elements of the matches.
            let selection = Selection::of(self.request.summary, &[]);
            for across in &steps.across {
                let ids = ids_of(site, session, across, commands)?;
                extras.cut |= ids.len() > MOST_INCLUDED as usize;
                let ids = ids.into_iter().take(MOST_INCLUDED as usize).collect();
                parts.extend(read(site, across.resource, &ids, &selection));
            }
            for (place, part) in parts
                .into_iter()
                .filter(|(_, part)| part.select.can_match())
            {
                if left == 0 {
                    // There may be more: that is all that can be said without asking.
                    extras.cut = true;
                    return Ok(extras);
                }
                let statement = site.statement(&part.select)?;
                let rows = session.execute(&statement, &part.values)?;
                *commands += 1;
                let used = rows.len().min(MOST_INCLUDED as usize);
                extras.cut |= rows.len() > used;
                let mut fresh = page.add(place, &part, &rows, used, site);
                extras.cut |= fresh.len() > left;
                fresh.truncate(left);
                left -= fresh.len();
                if fresh.is_empty() {
                    continue;
                }
                let children = fetch_children(site, session, &part, &rows, used, commands)?;
                extras.list.push(Extra {
                    part,
                    rows,
                    children,
                    fresh,
                });
            }
        }
        Ok(extras)
    }

    /// The selects of one round, each with the place of its source: what is included for the resources that the
    /// round before it brought (`level`), for the first those of the page.
    fn round(
        &self,
        site: &Site,
        round: usize,
        level: &[Included],
        matched: &[(&Rows, usize)],
    ) -> Steps {
        match &self.includes {
            Includes::Named(list) => {
                let context = site.calls.context(&self.call.base, self.call.handling);
                let mut steps = Steps::default();
                for include in list.iter().filter(|it| round == 0 || it.iterate) {
                    let planner = site.planner();
                    let more = planner.include(include, level, &self.request, &context);
                    steps.parts.extend(more.parts);
                    steps.across.extend(more.across);
                }
                steps
            }
            Includes::Referenced { .. } if round == 0 => self.referenced(site, level, matched),
            Includes::Referenced { .. } => Steps::default(),
        }
    }
}

/// The selects that read resources of a type by their ids.
fn read(
    site: &Site,
    resource: &str,
    ids: &BTreeSet<String>,
    selection: &Selection,
) -> Vec<(usize, Part)> {
    let Some(resource) = site.resource(resource) else {
        return Vec::new();
    };
    let planner = site.planner();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let places = resource.sources.iter();
    let at_once = places.map(|&place| planner.ids_at_once(place)).min();
    let at_once = at_once.unwrap_or(READ_AT_ONCE).min(READ_AT_ONCE);
    let mut parts = Vec::new();
    for some in ids.chunks(at_once) {
        let plan = planner.read_all(resource, some, selection);
        let placed = plan.parts.into_iter();
        parts.extend(placed.filter_map(|part| Some((place_of(site, &part)?, part))));
    }
    parts
}

/// The ids that are read in one catalogue, of what lies in another.
fn ids_of(
    site: &Site,
    session: &mut Session<'_>,
    across: &Across,
    commands: &mut u32,
) -> Result<BTreeSet<String>, SiteError> {
    let statement = match &across.ids {
        AcrossSelect::Source(select) => site.statement(select)?,
        AcrossSelect::Child(select) => site.child_statement(select)?,
    };
    let rows = session.execute(&statement, &across.values)?;
    *commands += 1;
    let last = rows.width().saturating_sub(1);
    let ids = (0..rows.len()).filter_map(|row| id_of(rows.cell(row, last)));
    Ok(ids
        .map(|id| match &across.prefix {
            Some(prefix) => format!("{prefix}-{id}"),
            None => id,
        })
        .collect())
}

/// Where the source of a part stands in [`crate::mapping::Mapping::sources`].
fn place_of(site: &Site, part: &Part) -> Option<usize> {
    let mut sources = site.mapping().sources.iter();
    sources.position(|source| Arc::ptr_eq(source, &part.source))
}
