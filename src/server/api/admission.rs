//! Who calls, and whether it may ask the site of the path.
//!
//! Takes a request's head; gives a [`Caller`], then an [`Admitted`]. Integrators have a subscription key, which stands in the
//! configuration file or in the state store; devices have a token and say who they are. The words of a refusal are the same
//! whether a key is unknown, revoked or expired, and whether a site is another's or is not there at all.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use super::refusal;
use crate::fhir::Access;
use crate::gateway::caller::{Caller, Denied, integrator_of_file};
use crate::gateway::id::SiteId;
use crate::gateway::integrator::Environment;
use crate::gateway::moment::Moment;
use crate::gateway::service::{Admitted, Gateway};
use crate::gateway::token::{TokenClaims, TokenError, Tokens};
use crate::server::Peer;
use crate::server::app::App;
use crate::server::keys::{self, SeveralKeys};
use crate::server::reply::Refusal;

/// The header in which a device says who it is.
pub const DEVICE_HEADER: HeaderName = HeaderName::from_static("deviceid");

/// Whose API it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// With a subscription key.
    Integrator,
    /// With the token of a device.
    Desktop,
}

impl Surface {
    pub const ALL: [Surface; 2] = [Surface::Integrator, Surface::Desktop];

    /// Whose a path is, and the rest of it.
    pub fn of(path: &str) -> Option<(Surface, &str)> {
        let mut all = Surface::ALL.into_iter();
        all.find_map(|surface| Some((surface, path.strip_prefix(surface.prefix())?)))
    }

    /// The first segment of its paths, with a slash before it.
    pub fn prefix(self) -> &'static str {
        match self {
            Surface::Integrator => "/integrator",
            Surface::Desktop => "/desktop",
        }
    }

    /// What lets a caller in, as a CapabilityStatement says it.
    pub fn access(self) -> Access {
        match self {
            Surface::Integrator => Access::SubscriptionKey,
            Surface::Desktop => Access::DeviceToken,
        }
    }
}

/// What the paths are served with.
pub struct Cloud {
    pub gateway: Arc<Gateway>,
    /// Of devices.
    pub tokens: Tokens,
}

/// Whose subscription key a request has: of the state store, else of the configuration file. A key that both have is the
/// integrator's, with its limits, also where it was revoked: the file's caller may ask everything.
///
/// # Errors
/// [`Denied`]
pub fn caller_of_key(app: &App, gateway: &Gateway, head: &Parts) -> Result<Caller, Denied> {
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let key = keys::presented(&head.headers, query).map_err(|SeveralKeys| Denied::SeveralKeys)?;
    let key = key.ok_or(Denied::NoKey)?;
    if gateway.index().owner(&key).is_none()
        && let Some((name, environment)) = app.served().keys.owner(&key)
    {
        return Ok(caller_of_file(name, environment));
    }
    gateway.caller(&key, address(head))
}

/// A caller of the configuration file, which lets it ask every site.
fn caller_of_file(name: &str, environment: Option<Environment>) -> Caller {
    Caller {
        integrator: integrator_of_file(name),
        name: Arc::from(name),
        environment,
        key: None,
        rate: None,
        all_sites: true,
    }
}

/// Whose token a device's request has, and what it says.
///
/// # Errors
/// [`Denied`]
fn caller_of_token(
    app: &App,
    cloud: &Cloud,
    head: &Parts,
) -> Result<(Caller, TokenClaims), Denied> {
    let token = only(&head.headers, &AUTHORIZATION).and_then(bearer);
    let token = token.ok_or(Denied::NoToken)?;
    let device = only(&head.headers, &DEVICE_HEADER);
    let device = device.ok_or(Denied::Token("the request has no header DeviceId"))?;
    let claims = cloud.tokens.verify(token, device, Moment::now());
    let claims = claims.map_err(|error| match error {
        TokenError::NotOurs => Denied::Token("it is none of this server's"),
        TokenError::Expired => Denied::Token("it has expired"),
        TokenError::OtherDevice => Denied::Token("it is of another device than DeviceId says"),
        TokenError::OtherSite => Denied::OtherSite,
    })?;
    let (integrator, environment) = (claims.integrator, claims.environment);
    let caller = match app.served().keys.integrator(integrator) {
        Some(name) if cloud.gateway.is_of_file(integrator, environment) => {
            caller_of_file(name, Some(environment))
        }
        _ => {
            let (index, now) = (cloud.gateway.index(), Moment::now());
            index.bearer(integrator, environment, claims.key, address(head), now)?
        }
    };
    Ok((caller, claims))
}

/// Who calls, and what its token says where it is a device.
///
/// # Errors
/// [`Denied`]
fn caller(
    app: &App,
    cloud: &Cloud,
    surface: Surface,
    head: &Parts,
) -> Result<(Caller, Option<TokenClaims>), Denied> {
    match surface {
        Surface::Integrator => Ok((caller_of_key(app, &cloud.gateway, head)?, None)),
        Surface::Desktop => {
            let (caller, claims) = caller_of_token(app, cloud, head)?;
            Ok((caller, Some(claims)))
        }
    }
}

/// Whether a request may ask the site of its path.
///
/// # Errors
/// [`Refusal`]: who calls is judged before the site is looked at.
pub fn admit_any(
    app: &App,
    cloud: &Cloud,
    surface: Surface,
    head: &Parts,
    site: &str,
) -> Result<Admitted, Refusal> {
    app.check_head(head)?;
    let denied = |denied| refusal::denied(denied, surface);
    let (caller, claims) = caller(app, cloud, surface, head).map_err(denied)?;
    let id: SiteId = site.parse().map_err(|_| refusal::no_site_id(site))?;
    if claims.as_ref().is_some_and(|claims| claims.site != id) {
        return Err(denied(Denied::OtherSite));
    }
    let device = claims.map(|claims| claims.device.as_str().to_owned());
    let admitted = cloud.gateway.admit(&caller, id, device);
    if matches!(admitted, Err(Denied::UnknownSite)) {
        // Who may ask any site is told why one of them is not there.
        app.served().site(site)?;
    }
    admitted.map_err(denied)
}

/// Whether a request may ask the site of its path, in SQL of its own.
///
/// # Errors
/// As [`admit_any`]
pub fn admit(
    app: &App,
    cloud: &Cloud,
    surface: Surface,
    head: &Parts,
    site: &str,
) -> Result<Admitted, Refusal> {
    let admitted = admit_any(app, cloud, surface, head, site)?;
    match admitted.practice.has_passthrough {
        true => Ok(admitted),
        false => Err(refusal::denied(Denied::PassthroughOff, surface)),
    }
}

/// Where a request comes from; None where it came by no socket.
pub fn address(head: &Parts) -> Option<IpAddr> {
    head.extensions.get::<Peer>().map(|peer| peer.0)
}

/// A header's value where there is one and no second one.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// The token in `Bearer …`. The word's case does not matter (RFC 9110 §11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn with(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn one_value_is_taken() {
        for (values, expected) in [
            (&["desk-7"][..], Some("desk-7")),
            (&[], None),
            (&["a", "b"], None),
        ] {
            let headers = with(DEVICE_HEADER, values);
            assert_eq!(only(&headers, &DEVICE_HEADER), expected, "{values:?}");
        }
    }

    #[test]
    fn a_bearer_token_is_taken() {
        for (value, expected) in [
            ("Bearer a.b.c", Some("a.b.c")),
            ("bearer  a.b.c ", Some("a.b.c")),
            ("Basic a.b.c", None),
            ("Bearer ", None),
            ("Bearer", None),
            ("a.b.c", None),
        ] {
            assert_eq!(bearer(value), expected, "{value}");
        }
    }
}
