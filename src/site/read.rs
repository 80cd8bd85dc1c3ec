//! Running the plan of a read, with a connection in hand.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::answer::{fetch_children, is_several};
use super::{Answer, Clock, ReadCall, Site, SiteError, etag};
use crate::assemble::{self, ChildRows, Outcome, ResourceWriter};
use crate::passthrough::Rows;
use crate::passthrough::Session;
use crate::plan::{Part, Plan};
use crate::search::{Filter, SearchRequest, Summary};
use crate::sql::Statement;

/// Whether a resource is there, ready to be asked.
pub(super) struct Existence {
    pub plan: Plan,
    pub statements: Vec<Arc<Statement>>,
}

impl Existence {
    /// # Errors
    /// [`SiteError::NoSuchResource`]; whatever the database reports.
    pub(super) fn check(
        &self,
        session: &mut Session<'_>,
        commands: &mut u32,
    ) -> Result<(), SiteError> {
        for (part, statement) in self.plan.parts.iter().zip(&self.statements) {
            *commands += 1;
            if !session.execute(statement, &part.values)?.is_empty() {
                return Ok(());
            }
        }
        Err(SiteError::NoSuchResource)
    }
}

/// A read, ready to run.
pub(super) struct Read {
    pub call: ReadCall,
    pub plan: Plan,
    pub statements: Vec<Arc<Statement>>,
}

impl Read {
    pub(super) fn run(self, site: &Site, session: &mut Session<'_>) -> Result<Answer, SiteError> {
        let mut clock = Clock(Instant::now());
        let mut answer = Answer::default();
        if is_several(&self.plan) {
            session.snapshot()?;
        }
        for (part, statement) in self.plan.parts.iter().zip(&self.statements) {
            let rows = session.execute(statement, &part.values)?;
            answer.commands += 1;
            if rows.is_empty() {
                continue;
            }
            let children = fetch_children(site, session, part, &rows, 1, &mut answer.commands)?;
            answer.timings.database = clock.lap();
            self.write(site, part, &rows, &children, &mut answer)?;
            answer.timings.assemble = clock.lap();
            return Ok(answer);
        }
        Err(SiteError::NoSuchResource)
    }

    fn write(
        &self,
        site: &Site,
        part: &Part,
        rows: &Rows,
        children: &[ChildRows],
        answer: &mut Answer,
    ) -> Result<(), SiteError> {
        let zone: &TimeZone = site.zone();
        let mut writer = ResourceWriter::new(&part.view, assemble::Site { zone }, children);
        let mut body = Vec::with_capacity(2048);
        let outcome = writer.write(&mut body, rows, 0);
        site.odd.note(&site.mapping().id, &writer.odd);
        if outcome == Outcome::LeftOut {
            site.odd.note_left_out(&site.mapping().id, &part.source);
            return Err(SiteError::NoSuchResource);
        }
        let tag = etag::weak(&body, self.call.variant);
        // A practice's clock may be ahead; no answer is from before what it holds (RFC 9110 §8.8.2.1).
        let modified = writer.last_updated(rows, 0);
        answer.last_modified = modified.map(|at| at.min(Timestamp::now()));
        let dated = modified.filter(|_| part.source.is_dated());
        answer.not_modified = self.is_current(&tag, dated);
        answer.etag = Some(tag);
        if !answer.not_modified {
            answer.entries = 1;
            answer.body = body;
        }
        Ok(())
    }

    /// `If-None-Match` decides where it is given; `If-Modified-Since` else, where it is known when all of the resource
    /// changed (RFC 9110 §13.1.3, §13.2.2).
    fn is_current(&self, tag: &str, modified: Option<Timestamp>) -> bool {
        match (&self.call.if_none_match, self.call.if_modified_since) {
            (Some(tags), _) => etag::names(tags, tag),
            (None, Some(since)) => {
                modified.is_some_and(|modified| modified.as_second() <= since.as_second())
            }
            (None, None) => false,
        }
    }
}

/// The first parameter of a read that only a search takes.
pub(super) fn not_for_reads(request: &SearchRequest) -> Option<String> {
    if let Some(filter) = request.filters.first() {
        return Some(match filter {
            Filter::Parameter(filter) => filter.name.clone(),
            Filter::Chain { link, .. } => link.parameter.clone(),
            Filter::Has { .. } => "_has".to_owned(),
        });
    }
    let of_reads = ["_summary", "_elements", "_format", "_pretty"];
    let counts = request.summary == Some(Summary::Count);
    let not_of_reads = |name: &&str| !of_reads.contains(name) || *name == "_summary" && counts;
    request
        .result_parameters()
        .find(not_of_reads)
        .map(str::to_owned)
}
