//! A site and a search → an explanation, for an operator over HTTP.
//!
//! The caller has checked the operator's key: an explanation shows table names and, when run, rows.

use std::sync::Arc;

use jiff::Timestamp;

use super::{About, Explanation, Json, ROWS, run};
use crate::plan::PlanError;
use crate::relation::Dialect;
use crate::search::Input;
use crate::site::{SearchCall, Site, SiteError};

/// How to explain.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpOptions {
    /// The dialect of the commands; None for the site's own.
    pub dialect: Option<Dialect>,
    /// Run it too: rows, the engine's plan, the Bundle, the time of each stage.
    pub run: bool,
}

/// Explains a search at a site from its first page: a page link (`_cursor`) is not followed.
///
/// `call` is the search as the FHIR API would take it.
///
/// # Errors
/// What is wrong with the search, or what the database reports, as the search itself would.
pub async fn for_http(
    site: &Arc<Site>,
    call: SearchCall,
    options: HttpOptions,
) -> Result<serde_json::Value, SiteError> {
    let input = Input {
        query: &call.query,
        form: &call.form,
    };
    let calls = site.calls();
    let asked = calls.ask(&call, input)?;
    if asked.request.cursor.is_some() {
        return Err(PlanError::Cursor.into());
    }
    let plan = calls.plan_asked(&asked, &[], &call)?;
    let shown = match options.dialect {
        Some(dialect) if dialect != site.dialect() => dialect.into(),
        _ => site.engine(),
    };
    let about = About {
        calls,
        engine: shown,
        zone_name: site.zone_name(),
        now: site.zone().to_datetime(Timestamp::now()),
    };
    let mut explanation = about.search(&call, &asked, &plan)?;
    if options.run {
        let database = site.engine();
        explanation = site
            .pool()
            .run(move |session| -> Result<Explanation, SiteError> {
                run(&mut explanation, &plan, shown, database, session, ROWS)?;
                Ok(explanation)
            })
            .await?;
        let answer = site.search(call).await?;
        explanation.timings = Some((&answer.timings).into());
        explanation.answer = Some(Json::new(&answer.body));
    }
    // Every part of an explanation is data with string keys, which serde_json can always write.
    Ok(serde_json::to_value(&explanation).unwrap_or_default())
}
