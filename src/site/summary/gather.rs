//! Resources for a document: the rows of plans, written and read again.

use serde_json::Value;

use super::super::answer::fetch_children;
use super::super::{Site, SiteError};
use super::words;
use crate::assemble::{self, ChildRows, Outcome, ResourceWriter};
use crate::passthrough::Rows;
use crate::passthrough::Session;
use crate::plan::{Part, Plan};
use crate::relation::Predicate;

/// A resource that may be in the document.
pub(super) struct Resource {
    pub name: &'static str,
    /// As it is served.
    pub json: Vec<u8>,
    /// The same to look into, with numbers as texts.
    pub value: Value,
}

/// What a plan brought.
pub(super) struct Brought {
    parts: Vec<Rowed>,
    /// There are more rows than were asked for.
    pub is_cut: bool,
}

struct Rowed {
    part: Part,
    rows: Rows,
    /// How many of them are taken.
    used: usize,
    children: Vec<ChildRows>,
}

impl Brought {
    /// Runs a plan; of each part as many rows are taken as the plan asks for.
    ///
    /// # Errors
    /// Whatever the database reports.
    pub fn fetch(
        plan: Plan,
        site: &Site,
        session: &mut Session<'_>,
        commands: &mut u32,
    ) -> Result<Brought, SiteError> {
        let mut parts = Vec::with_capacity(plan.parts.len());
        let mut is_cut = false;
        for part in plan.parts {
            // A source whose resources never have what is asked for need not be.
            if part.select.filter == Predicate::False {
                continue;
            }
            let statement = site.statement(&part.select)?;
            let rows = session.execute(&statement, &part.values)?;
            *commands += 1;
            let used = rows.len().min(plan.count as usize);
            is_cut |= rows.len() > used;
            let children = fetch_children(site, session, &part, &rows, used, commands)?;
            parts.push(Rowed {
                part,
                rows,
                used,
                children,
            });
        }
        Ok(Brought { parts, is_cut })
    }

    /// Its resources, each with its URL; and how many rows could not be any.
    pub fn resources(&self, site: &Site, base: &str) -> (Vec<(String, Resource)>, usize) {
        let mut left_out = 0;
        let mut resources = Vec::new();
        for Rowed {
            part,
            rows,
            used,
            children,
        } in &self.parts
        {
            let of = assemble::Site { zone: site.zone() };
            let mut writer = ResourceWriter::new(&part.view, of, children);
            for row in 0..*used {
                match write(&mut writer, part, rows, row, base) {
                    Some(resource) => resources.push(resource),
                    None => {
                        left_out += 1;
                        site.odd.note_left_out(&site.mapping().id, &part.source);
                    }
                }
            }
            site.odd.note(&site.mapping().id, &writer.odd);
        }
        (resources, left_out)
    }
}

fn write<'v>(
    writer: &mut ResourceWriter<'v>,
    part: &Part,
    rows: &'v Rows,
    row: usize,
    base: &str,
) -> Option<(String, Resource)> {
    let name = part.source.resource;
    let id = writer.id_of(rows, row)?;
    let mut json = Vec::with_capacity(1024);
    if writer.write(&mut json, rows, row) != Outcome::Written {
        return None;
    }
    let value = words::read(&json).ok()?;
    Some((
        format!("{base}/{name}/{id}"),
        Resource { name, json, value },
    ))
}
