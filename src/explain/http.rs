//! A site and a search or read → an explanation, for an operator over HTTP.
//!
//! The caller has checked the operator's key: an explanation shows table names and, when run, rows.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::text::Outline;
use super::{About, Explanation, Json, ROWS, lines, run};
use crate::plan::{Plan, PlanError, Planner};
use crate::relation::Dialect;
use crate::search::{Input, SearchRequest};
use crate::site::{Answer, ReadCall, SearchCall, Site, SiteError};

/// How to explain.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpOptions {
    /// The dialect of the commands; None for the site's own.
    pub dialect: Option<Dialect>,
    /// Run it too: rows, the engine's plan, the answer, the time of each stage.
    pub run: bool,
}

/// What is explained, as the FHIR API would take it.
#[derive(Debug, Clone)]
pub enum HttpCall {
    Search(SearchCall),
    Read(ReadCall),
}

impl HttpCall {
    /// The resource type that the path names; empty for a search of several.
    pub fn resource(&self) -> &str {
        match self {
            HttpCall::Search(call) => &call.resource,
            HttpCall::Read(call) => &call.resource,
        }
    }

    /// The answer, with what ran for it.
    async fn run(self, site: &Arc<Site>) -> Result<Answer, SiteError> {
        let measures = true;
        match self {
            HttpCall::Search(call) => site.search(SearchCall { measures, ..call }).await,
            HttpCall::Read(call) => site.read(ReadCall { measures, ..call }).await,
        }
    }
}

/// An explanation, and what of it a person reads as trees.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    explanation: Explanation,
    outline: Outline,
}

/// A call planned and explained, before it was run.
struct Explained {
    explanation: Explanation,
    plan: Plan,
    /// None of a read.
    request: Option<SearchRequest>,
    included: Vec<crate::plan::Part>,
}

/// Explains a search at a site from its first page (a page link, `_cursor`, is not followed), or a read.
///
/// # Errors
/// What is wrong with the call, or what the database reports, as the call itself would.
pub async fn for_http(
    site: &Arc<Site>,
    call: HttpCall,
    options: HttpOptions,
) -> Result<serde_json::Value, SiteError> {
    let shown = match options.dialect {
        Some(dialect) if dialect != site.dialect() => dialect.into(),
        _ => site.engine(),
    };
    let about = About {
        calls: site.calls(),
        engine: shown,
        zone_name: site.zone_name(),
        now: site.zone().to_datetime(Timestamp::now()),
    };
    let Explained {
        mut explanation,
        plan,
        request,
        included,
    } = match &call {
        HttpCall::Search(call) => search(&about, call)?,
        HttpCall::Read(call) => read(&about, call)?,
    };
    if options.run {
        let database = site.engine();
        let answer = call.run(site).await?;
        let (json, timings) = (Json::new(&answer.body), (&answer.timings).into());
        let plan = Arc::new(plan);
        let planned = Arc::clone(&plan);
        explanation = site
            .pool()
            .run(move |session| -> Result<Explanation, SiteError> {
                let measured = &answer.measured;
                run(
                    &mut explanation,
                    &planned,
                    shown,
                    database,
                    session,
                    ROWS,
                    measured,
                )?;
                Ok(explanation)
            })
            .await?;
        explanation.timings = Some(timings);
        explanation.mapping_lines = lines::of(
            site.mapping(),
            request.as_ref(),
            &plan.parts,
            &included,
            Some(&json),
        );
        explanation.answer = Some(json);
    }
    let shown = Shown {
        outline: Outline::of(&explanation),
        explanation,
    };
    // Every part of an explanation is data with string keys, which serde_json can always write.
    Ok(serde_json::to_value(&shown).unwrap_or_default())
}

fn search(about: &About<'_>, call: &SearchCall) -> Result<Explained, SiteError> {
    let input = Input {
        query: &call.query,
        form: &call.form,
    };
    let asked = about.calls.ask(call, input)?;
    if asked.request.cursor.is_some() {
        return Err(PlanError::Cursor.into());
    }
    let plan = about.calls.plan_asked(&asked, &[], call)?;
    Ok(Explained {
        explanation: about.search(call, &asked, &plan)?,
        included: about.calls.included(&asked, &plan, call),
        request: Some(asked.request),
        plan,
    })
}

fn read(about: &About<'_>, call: &ReadCall) -> Result<Explained, SiteError> {
    let served = about.calls.served(&call.resource)?;
    let input = Input {
        query: &call.query,
        form: b"",
    };
    let asked = about.calls.parse(&call.resource, input)?;
    let selection = Planner::selection(served, &asked)?;
    let plan = about.calls.planner().read(served, &call.id, &selection);
    Ok(Explained {
        explanation: about.read(&call.resource, &call.id, &plan)?,
        plan,
        request: None,
        included: Vec::new(),
    })
}
