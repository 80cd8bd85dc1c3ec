//! Sites: from a PMS's own number of a practice to its site, how a site stands, and enabling an integration at one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::frame::{Came, answer_any};
use super::refusal;
use crate::gateway::caller::Denied;
use crate::gateway::id::SiteId;
use crate::gateway::site::{Product, WireSite};
use crate::server::app::App;
use crate::server::observe::Trail;
use crate::server::reply::{self, Refusal};

const PMS_ID: &str = "practiceManagementSiteId";
const PMS_NAME: &str = "practiceManagementName";
const CODE: &str = "pairingCode";

/// Which practice is meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "the parameters are read by their names")]
struct OfPractice {
    /// The PMS's own number of the practice.
    #[param(min_length = 1, example = "12345")]
    practice_management_site_id: String,
    /// `Best Practice`, `Zedmed`, `D4w`, or another product's own name.
    #[param(min_length = 1, example = "Best Practice")]
    practice_management_name: String,
}

/// That the practice agrees.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "as above")]
struct WithCode {
    /// The code that the practice gave, whatever its product: its number alone opens no practice. It is good once, and not
    /// needed where the integration is enabled already.
    #[param(example = "7K2M-QX9D-4RTB")]
    pairing_code: Option<String>,
}

/// Sites that were looked up.
#[derive(Serialize, ToSchema)]
pub struct SiteList {
    /// One, or none.
    sites: Vec<WireSite>,
}

/// Look a site up by its PMS ID
///
/// Of several databases that have it, the authoritative one: the others cannot be asked.
#[utoipa::path(get, path = "/sites", operation_id = "findSites", params(OfPractice), responses(
    (status = 200, description = "The site, where the integration is enabled there", body = SiteList),
))]
pub async fn find(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer_any(app, request, "site-lookup", None, async |came, trail| {
        let caller = came.caller()?;
        let (product, pms_id) = practice(&came)?;
        let found = came.cloud.gateway.lookup(&caller, &product, &pms_id);
        trail.entries = found.len();
        let sites = found.iter().map(WireSite::from).collect();
        Ok(reply::json(StatusCode::OK, &SiteList { sites }))
    })
    .await
}

/// Ask how a site stands
#[utoipa::path(get, path = "/sites/{siteId}", operation_id = "getSite", responses(
    (status = 200, description = "The site", body = WireSite),
))]
pub async fn one(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer_any(app, request, "site", None, async |came, trail| {
        let caller = came.caller()?;
        let site = came.segment("siteId");
        let id: SiteId = site.parse().map_err(|_| refusal::no_site_id(site))?;
        let site = came.cloud.gateway.site(&caller, id);
        let site = site.map_err(|denied| refusal::denied(denied, came.surface))?;
        trail.site = Some(site.id.0);
        Ok(reply::json(StatusCode::OK, &WireSite::from(&site)))
    })
    .await
}

/// Enable the integration at a site
///
/// A practice agrees with a code, which its operator makes. Where the integration is enabled already no code is needed, and
/// nothing changes.
#[utoipa::path(post, path = "/pair-site", operation_id = "pairSite", params(OfPractice, WithCode), responses(
    (status = 200, description = "The site, at which the integration is enabled", body = WireSite),
))]
pub async fn pair(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer_any(app, request, "site-pair", None, paired).await
}

/// Enable the integration at a site, by the path's other name
#[utoipa::path(post, path = "/pairSite", operation_id = "pairSiteByOtherName", params(OfPractice, WithCode), responses(
    (status = 200, description = "The site, at which the integration is enabled", body = WireSite),
))]
pub async fn pair_by_other_name(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer_any(app, request, "site-pair", None, paired).await
}

async fn paired(came: Came, trail: &mut Trail) -> Result<Response<Body>, Refusal> {
    let caller = came.caller()?;
    let (product, pms_id) = practice(&came)?;
    let code = came.wish(CODE)?;
    let gateway = &came.cloud.gateway;
    let paired = gateway
        .pair(&caller, &product, &pms_id, code.as_deref())
        .await;
    let site = paired.map_err(refusal::store)?;
    let site = site.map_err(|denied| match denied {
        Denied::NotPaired => refusal::no_such_code(),
        denied => refusal::denied(denied, came.surface),
    })?;
    trail.site = Some(site.id.0);
    Ok(reply::json(StatusCode::OK, &WireSite::from(&site)))
}

fn practice(came: &Came) -> Result<(Product, String), Refusal> {
    let pms_id = came.parameter(PMS_ID)?;
    Ok((Product::named(&came.parameter(PMS_NAME)?), pms_id))
}
