//! The explorer: a page at `/` on which one types a search and sees what becomes of it.
//!
//! Gives the page's files, which are part of the program, and `GET /explorer/session`: whether the page needs a key.
//! The page has no key of its own. It asks for the operator's, keeps it in the tab's memory, and sends it to the operator's
//! paths alone. A server whose key is in the documentation hands it out instead, so that the page works at once on
//! an author's machine, but only to that machine: where it listens on a loopback address, the request names a loopback
//! host (a page elsewhere may have its name resolved to 127.0.0.1, and would name itself), no proxy has passed it on, and
//! no other page has asked.
//!
//! The headers of [`Asset`] allow the page what it comes with, and nothing else.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{FORWARDED, HOST, VIA};
use axum::http::{HeaderMap, HeaderName, Response, StatusCode, Uri};
use serde::Serialize;

use super::app::App;
use super::asset::Asset;
use super::{health, reply};

/// Whether the page is there, and what it is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Explorer {
    /// `/` says where things are.
    #[default]
    Off,
    /// It asks for the operator's key.
    On,
    /// It is handed the operator's key, which is in the documentation, on this machine.
    WithKey(String),
}

/// The colours and typefaces of all pages.
pub(super) const PALETTE: &str = include_str!("page/palette.css");

/// A file of the page.
struct File {
    name: &'static str,
    media_type: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($name:literal: $media_type:literal),* $(,)?) => {
        [$(File { name: $name, media_type: $media_type, text: include_str!(concat!("page/", $name)) }),*]
    };
}

const FILES: [File; 12] = files! {
    "page.html": "text/html; charset=utf-8",
    "palette.css": "text/css; charset=utf-8",
    "explorer.css": "text/css; charset=utf-8",
    "main.js": "text/javascript; charset=utf-8",
    "api.js": "text/javascript; charset=utf-8",
    "colour.js": "text/javascript; charset=utf-8",
    "combobox.js": "text/javascript; charset=utf-8",
    "complete.js": "text/javascript; charset=utf-8",
    "dom.js": "text/javascript; charset=utf-8",
    "mapping.js": "text/javascript; charset=utf-8",
    "query.js": "text/javascript; charset=utf-8",
    "stages.js": "text/javascript; charset=utf-8",
};

/// [`FILES`], as they are sent.
static ASSETS: LazyLock<[Asset; FILES.len()]> = LazyLock::new(|| {
    std::array::from_fn(|place| Asset::new(FILES[place].media_type, FILES[place].text))
});

/// Set by proxies: with any of them, the caller is somewhere else.
const PASSED_ON: [HeaderName; 5] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];
/// Whose page asks, as the browser says.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The page, where it is on.
pub(super) async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response<Body> {
    match app.explorer {
        Explorer::Off => health::front_page(State(app)).await,
        _ => ASSETS[0].answer(&headers),
    }
}

/// What the page loads.
pub(super) async fn asset(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let found = FILES.iter().position(|file| file.name == name);
    match found.filter(|place| *place > 0 && app.explorer != Explorer::Off) {
        Some(place) => ASSETS[place].answer(&headers),
        None => reply::nothing_here(),
    }
}

/// What the page is told when it opens.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Session<'a> {
    version: &'static str,
    /// Without one there is nothing that the page could ask.
    has_operator: bool,
    /// Handed to whoever may have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// The mapping's files are watched: `/health/ready` says how they are.
    is_watched: bool,
}

/// Answers `/explorer/session`.
pub(super) async fn session(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let key = match &app.explorer {
        Explorer::Off => {
            return reply::nothing_here();
        }
        Explorer::On => None,
        Explorer::WithKey(key) => Some(key.as_str()),
    };
    let is_here = is_here(&app, request.uri(), request.headers());
    reply::json(
        StatusCode::OK,
        &Session {
            version: env!("CARGO_PKG_VERSION"),
            has_operator: app.has_operator(),
            key: key.filter(|_| is_here),
            is_watched: app.mapping_state().is_some(),
        },
    )
}

/// Whether a request may have, or use, a key that is in the documentation.
pub(super) fn is_here(app: &App, uri: &Uri, headers: &HeaderMap) -> bool {
    app.origin.is_loopback() && is_of_this_machine(uri, headers)
}

/// Whether a request says that it comes from a page of this server on this machine, or from no page at all.
fn is_of_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    if PASSED_ON.iter().any(|name| headers.contains_key(name)) {
        return false;
    }
    let mut fetched = headers.get_all(FETCH_SITE).iter();
    if !fetched.all(|site| site == "same-origin" || site == "none") {
        return false;
    }
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let target = uri.authority().map(|authority| authority.as_str());
    host.to_str().is_ok_and(is_loopback) && target.is_none_or(is_loopback)
}

/// `localhost`, `127.0.0.1` or `[::1]`, perhaps with a port.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_address = host
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    is_address || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn this_machine_is_told_from_others() {
        let asked = |headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            is_of_this_machine(&Uri::from_static("/explorer/session"), &map)
        };
        for host in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "127.1.2.3:1",
            "localhost:8080",
            "LocalHost",
            "[::1]:8080",
        ] {
            assert!(asked(&[("host", host)]), "{host}");
        }
        assert!(asked(&[
            ("host", "localhost"),
            ("sec-fetch-site", "same-origin")
        ]));
        for headers in [
            &[][..],
            &[("host", "rebound.example:8080")],
            &[("host", "localhost.example")],
            &[("host", "127.0.0.1.example")],
            &[("host", "192.0.2.7")],
            &[("host", "[2001:db8::1]")],
            &[("host", "")],
            &[("host", "localhost"), ("host", "rebound.example")],
            &[("host", "localhost"), ("x-forwarded-for", "192.0.2.7")],
            &[("host", "localhost"), ("forwarded", "for=192.0.2.7")],
            &[("host", "localhost"), ("via", "1.1 proxy")],
            &[("host", "localhost"), ("sec-fetch-site", "cross-site")],
            &[("host", "localhost"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(!asked(headers), "{headers:?}");
        }
        let absolute = Uri::from_static("http://rebound.example/explorer/session");
        let mut map = HeaderMap::new();
        map.insert(HOST, HeaderValue::from_static("localhost"));
        assert!(!is_of_this_machine(&absolute, &map));
    }

    #[test]
    fn the_page_loads_nothing_but_what_it_comes_with() {
        let page = FILES[0].text;
        for link in page
            .split(['"', '\''])
            .filter(|text| text.starts_with("/explorer/"))
        {
            let name = link.trim_start_matches("/explorer/");
            assert!(FILES.iter().any(|file| file.name == name), "{link}");
        }
        for file in &FILES {
            let text = file.text;
            assert!(!text.contains("innerHTML"), "{}", file.name);
            assert!(!text.contains("https://"), "{}", file.name);
        }
        let attributes = page.split([' ', '\n']).filter(|part| part.contains("=\""));
        let are_plain = |part: &str| !part.starts_with("on") && !part.starts_with("style=");
        assert!(attributes.into_iter().all(are_plain) && !page.contains("<style"));
    }
}
