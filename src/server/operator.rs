//! `GET /operator/sites/{siteId}/explain/{path}?<search>`: what becomes of a search, for an operator. The path is
//! one of the FHIR API after its base: a type, `Patient/12`, `Patient/12/Condition`, `Patient/12/$everything`, or nothing.
//! Beside it `GET /operator/sites` and `…/{siteId}/metadata` say what there is to explain.
//!
//! Takes a request with the operator's key; gives the search stage by stage as JSON, as `pilaster explain
//! --json` does. An explanation shows table names and, when run, rows: it has a key of its own, which no
//! integrator has, and without a configured key the path is not there. It is no FHIR path, so that
//! refusals are the envelope, whose message begins with the code of the table of errors.
//!
//! The search is written as the FHIR API takes it. Two names are the path's own and are taken out before
//! the search is read: `explain-dialect` (`mssql`, `firebird`, `sqlanywhere`, `sqlite`; without it the site's own) and `explain-run`
//! (`true`: rows, query plan and Bundle too). No parameter of R4 begins with `explain-`; a mapping's own
//! parameter of such a name could not be asked here. Page links in the Bundle are the operator's: no
//! subscription key opens them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use uuid::Uuid;

use super::api::Surface;
use super::app::{App, Served};
use super::base_url::fhir_base;
use super::explorer;
use super::fhir::{capabilities, not_served};
use super::observe::{RequestId, Trail};
use super::path::{self, Interaction};
use super::practice::Practice;
use super::reply::{self, Refusal};
use super::{observe, prefer, pretty};
use crate::errors;
use crate::explain::{HttpCall, HttpOptions};
use crate::plan::Handling;
use crate::relation::Dialect;
use crate::site::{ReadCall, SearchCall};

/// The paths as the router has them.
pub(super) const EXPLAIN: [&str; 2] = [
    "/operator/sites/{site}/explain",
    "/operator/sites/{site}/explain/{*path}",
];
/// The path of a site's CapabilityStatement, as the router has it.
pub(super) const METADATA: &str = "/operator/sites/{site}/metadata";
/// What all paths of a site begin with.
const SITES: &str = "/operator/sites/";
/// Whose the page links of a run are: no key's owner has a NUL in its name.
const CALLER: &str = "\0operator";

const DIALECT: &str = "explain-dialect";
const RUN: &str = "explain-run";

/// Where a site's explanations are: the path and the search follow. `root` has no slash at its end.
pub fn explain_base(root: &str, site: &str) -> String {
    format!("{root}/operator/sites/{site}/explain")
}

/// Answers a request for an explanation.
pub(super) async fn explain(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answered(&app, request, async |parts, trail| {
        explanation(&app, parts, trail).await
    })
    .await
}

/// Answers `GET /operator/sites`: which sites there are, and whether their databases can be reached.
pub(super) async fn sites(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answered(&app, request, async |parts, trail| {
        let now = opened(&app, parts)?;
        trail.interaction = Some("sites");
        let up = now.sites().map(|site| (site.id().to_owned(), site.is_up()));
        let mut all: Vec<(String, bool)> = up.collect();
        all.extend(now.waits_for().map(|id| (id.to_owned(), false)));
        all.sort();
        let all = all
            .iter()
            .map(|(id, up)| serde_json::json!({"id": id, "up": up}));
        // Texts and booleans, which JSON always has.
        Ok(
            serde_json::to_vec(&serde_json::json!({"sites": all.collect::<Vec<_>>()}))
                .unwrap_or_default(),
        )
    })
    .await
}

/// Answers `GET /operator/sites/{siteId}/metadata`: the site's CapabilityStatement, to who has this key and no other.
pub(super) async fn metadata(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answered(&app, request, async |parts, trail| {
        let now = opened(&app, parts)?;
        trail.interaction = Some("capabilities");
        let path = parts.uri.path();
        let id = path
            .strip_prefix(SITES)
            .and_then(|rest| rest.strip_suffix("/metadata"));
        let site = now.site(id.unwrap_or_default())?;
        trail.site = Uuid::try_parse(site.id()).ok();
        let base = fhir_base(&app.origin.of(&parts.uri, &parts.headers), site.id());
        Ok(capabilities(&app, &**site, base, Surface::Integrator)?.to_vec())
    })
    .await
}

/// What every path of the operator does around its answer.
async fn answered(
    app: &App,
    request: Request,
    answer: impl AsyncFnOnce(&Parts, &mut Trail) -> Result<Vec<u8>, Refusal>,
) -> Response<Body> {
    // Without a key the paths are not there.
    if !app.has_operator() {
        return reply::envelope(StatusCode::NOT_FOUND, "there is nothing at this path");
    }
    let (parts, _) = request.into_parts();
    let id = request_id(&parts);
    let mut trail = Trail::default();
    let mut response = match answer(&parts, &mut trail).await {
        Ok(json) => reply::json_text(StatusCode::OK, json),
        Err(refusal) => {
            trail.refused(&refusal, id);
            refusal.into_envelope(id)
        }
    };
    response.extensions_mut().insert(trail);
    response
}

/// The request's id.
pub(super) fn request_id(parts: &Parts) -> Uuid {
    let id = parts.extensions.get::<RequestId>();
    id.map_or_else(observe::new_id, |id| id.0)
}

/// What is served, to who has the operator's key.
pub(super) fn opened(app: &App, parts: &Parts) -> Result<Arc<Served>, Refusal> {
    app.check_head(parts)?;
    let now = app.served();
    let key = now
        .operator
        .as_ref()
        .ok_or_else(|| Refusal::new(errors::UNKNOWN_PATH, "there is nothing at this path"))?;
    key.check(&parts.headers)?;
    // A key that everybody knows opens nothing to a page whose name was made to lead here.
    if app.has_known_key() && !explorer::is_here(app, &parts.uri, &parts.headers) {
        return Err(Refusal::new(
            errors::NOT_THE_OPERATOR,
            "the documented operator's key opens nothing from elsewhere than this machine",
        ));
    }
    Ok(now)
}

async fn explanation(app: &App, parts: &Parts, trail: &mut Trail) -> Result<Vec<u8>, Refusal> {
    let now = opened(app, parts)?;
    let query = parts.uri.query().unwrap_or_default();
    let asked = Asked::read(query)?;
    trail.interaction = Some(if asked.options.run {
        "explain-run"
    } else {
        "explain"
    });
    let (site, interaction) = place(&now, parts.uri.path())?;
    let base = fhir_base(&app.origin.of(&parts.uri, &parts.headers), site.id());
    let query = asked.search.into_bytes();
    let call = called(interaction, base, query, prefer::handling(&parts.headers))?;
    trail.site = Uuid::try_parse(site.id()).ok();
    trail.resource = site.resource(call.resource());
    let options = asked.options;
    app.within_limits(async move {
        let explanation = site.explain(call, options).await?;
        // Data with string keys, which JSON always has.
        let json = serde_json::to_vec(&explanation).unwrap_or_default();
        Ok(if asked.pretty {
            pretty::indent(&json)
        } else {
            json
        })
    })
    .await
}

/// The site, and what the path asks for of what it serves.
fn place(now: &Served, path: &str) -> Result<(Arc<dyn Practice>, Interaction), Refusal> {
    // The router sends only such paths here; others would be of no site.
    let (site, rest) = path
        .strip_prefix(SITES)
        .and_then(|rest| rest.split_once("/explain"))
        .unwrap_or_default();
    let site = now.site(site)?;
    let interaction = path::interaction(&Method::GET, rest.strip_prefix('/'))?;
    for name in interaction.resources() {
        site.resource(name)
            .ok_or_else(|| not_served(&**site, name))?;
    }
    Ok((Arc::clone(site), interaction))
}

/// What is explained, as the FHIR API would be asked for it.
fn called(
    interaction: Interaction,
    base: String,
    query: Vec<u8>,
    handling: Handling,
) -> Result<HttpCall, Refusal> {
    if let Interaction::Read { resource, id } = interaction {
        return Ok(HttpCall::Read(ReadCall {
            base,
            resource,
            id,
            query,
            strict: handling == Handling::Strict,
            ..ReadCall::default()
        }));
    }
    let call = interaction.search().ok_or_else(|| {
        Refusal::new(
            errors::UNKNOWN_PATH,
            "searches, reads and $everything are explained here: {resource}, {resource}/{id}, {compartment}/{id}/{resource}, Patient/{id}/$everything and the base",
        )
    })?;
    Ok(HttpCall::Search(SearchCall {
        base,
        query,
        caller: CALLER.to_owned(),
        handling,
        ..call
    }))
}

/// A query string, its own names apart from the search.
struct Asked {
    options: HttpOptions,
    /// `_pretty=true`
    pretty: bool,
    /// The other pairs as they came.
    search: String,
}

impl Asked {
    fn read(query: &str) -> Result<Asked, Refusal> {
        let (mut dialect, mut run) = (None, None);
        let mut pretty = false;
        let mut search = String::with_capacity(query.len());
        for pair in query.split('&') {
            // A pair has no `&`, so that it is read as one or, if it is empty, none.
            let read = form_urlencoded::parse(pair.as_bytes()).next();
            let (name, value) = read.unwrap_or_default();
            match &*name {
                DIALECT => once(
                    &mut dialect,
                    Dialect::from_name(&value),
                    DIALECT,
                    "mssql, firebird, sqlanywhere and sqlite",
                )?,
                RUN => once(&mut run, boolean(&value), RUN, "true and false")?,
                _ => {
                    pretty |= name == "_pretty" && value == "true";
                    if !search.is_empty() {
                        search.push('&');
                    }
                    search.push_str(pair);
                }
            }
        }
        Ok(Asked {
            options: HttpOptions {
                dialect,
                run: run.unwrap_or_default(),
            },
            pretty,
            search,
        })
    }
}

/// Keeps a value that is one, the first time.
fn once<T>(
    kept: &mut Option<T>,
    value: Option<T>,
    name: &'static str,
    allowed: &'static str,
) -> Result<(), Refusal> {
    let refuse = |text| Err(Refusal::new(errors::EXPLAIN_PARAMETER, text));
    if value.is_none() {
        return refuse(format!("{name} takes {allowed}"));
    }
    if kept.is_some() {
        return refuse(format!("{name} is given twice"));
    }
    *kept = value;
    Ok(())
}

/// `true` or `false`, and nothing else.
fn boolean(text: &str) -> Option<bool> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_names_are_taken_out_of_the_search() {
        let read = |query: &str| {
            let asked = Asked::read(query).map_err(|refusal| refusal.code.id)?;
            let HttpOptions { dialect, run } = asked.options;
            Ok((asked.search, dialect, run, asked.pretty))
        };
        let search = |text: &str| text.to_owned();
        assert_eq!(read(""), Ok((search(""), None, false, false)));
        assert_eq!(
            read("explain-run=true&family=a%26b&explain%2Ddialect=mssql&given=c+d&_pretty=true"),
            Ok((
                search("family=a%26b&given=c+d&_pretty=true"),
                Some(Dialect::Mssql),
                true,
                true
            ))
        );
        assert_eq!(
            read("explain-run=false&family=explain-run=true"),
            Ok((search("family=explain-run=true"), None, false, false))
        );
        // What is malformed stays, for the grammar of the search to refuse.
        assert_eq!(read("%ff=%&x"), Ok((search("%ff=%&x"), None, false, false)));
        for wrong in [
            "explain-run",
            "explain-run=1",
            "explain-run=TRUE",
            "explain-dialect=oracle",
            "explain-dialect=",
            "explain-run=true&explain-run=true",
            "explain-dialect=mssql&explain-dialect=sqlite",
        ] {
            assert_eq!(read(wrong), Err("PH018"), "{wrong}");
        }
    }
}
