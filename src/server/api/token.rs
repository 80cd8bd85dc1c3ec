//! Tokens of devices: an integrator's server asks for one, and hands it to its program on a device at a practice.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::PRAGMA;
use axum::http::{HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::frame::answer_any;
use super::refusal;
use crate::errors;
use crate::gateway::id::SiteId;
use crate::gateway::moment::Moment;
use crate::gateway::token::{DeviceId, GrantType};
use crate::server::app::App;
use crate::server::reply::{self, Refusal};

/// What a token is asked for with.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "the form is read by the names of its fields")]
pub struct TokenRequest {
    #[schema(inline)]
    grant_type: Grant,
    /// The id of the device, which the integrator chooses: letters, digits, signs and blanks of ASCII, with no blank at its ends.
    #[schema(min_length = 1, max_length = 128, pattern = "^[!-~]([ -~]*[!-~])?$")]
    device_id: String,
    /// The only site that the device may ask.
    #[schema(value_type = Uuid)]
    site_id: SiteId,
}

/// The grant, by its newer or its older name.
#[derive(Deserialize, ToSchema)]
enum Grant {
    #[serde(rename = "urn:halo-connect:oauth:desktop-token")]
    Desktop,
    #[serde(rename = "urn:halo-connect:oauth:device-token")]
    Device,
}

/// A token.
#[derive(Serialize, ToSchema)]
pub struct Token<'t> {
    /// To be sent as `Authorization: Bearer …`, with the header `DeviceId`.
    #[schema(value_type = String)]
    access_token: &'t str,
    /// `Bearer`
    #[schema(value_type = String)]
    token_type: &'static str,
    /// Seconds for which it is good.
    expires_in: u64,
}

/// Make a token for a device
#[utoipa::path(post, path = "/token", operation_id = "makeToken",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded", example = json!({
        "grant_type": "urn:halo-connect:oauth:desktop-token", "device_id": "desk-7", "site_id": "$SITE"
    })),
    responses((status = 200, description = "The token", body = Token<'_>)))]
pub async fn make(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer_any(app, request, "token", None, async |mut came, trail| {
        let caller = came.caller()?;
        let surface = came.surface;
        let [grant, device, site] = came.form(["grant_type", "device_id", "site_id"]).await?;
        let wrong = |text: String| Refusal::new(errors::REQUEST_PARAMETER, text);
        let _: GrantType = grant.parse().map_err(|_| {
            wrong(format!(
                "grant_type has to be one of {}",
                GrantType::NAMES.join(", ")
            ))
        })?;
        let device: DeviceId = device.parse().map_err(|_| {
            wrong(format!(
                "device_id has to be 1 to {} letters, digits, signs and blanks of ASCII, with no blank at its ends",
                DeviceId::LONGEST
            ))
        })?;
        let site: SiteId = site
            .parse()
            .map_err(|_| wrong("site_id has to be a GUID".to_owned()))?;
        let admitted = came.cloud.gateway.admit(&caller, site, None);
        let scope = admitted
            .map_err(|denied| refusal::denied(denied, surface))?
            .scope;
        trail.site = Some(site.0);
        let issued = came
            .cloud
            .tokens
            .issue(
                &device,
                &caller,
                scope.environment,
                site,
                Moment::now(),
            )
            .map_err(|_| Refusal::new(errors::INTERNAL, "no token can be made"))?;
        let mut response = reply::json(
            StatusCode::OK,
            &Token {
                access_token: issued.access_token.reveal(),
                token_type: "Bearer",
                expires_in: issued.expires_in.as_secs(),
            },
        );
        // RFC 6749 §5.1.
        response
            .headers_mut()
            .insert(PRAGMA, HeaderValue::from_static("no-cache"));
        Ok(response)
    })
    .await
}
