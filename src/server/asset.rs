//! A file that is part of the program → an answer: with a tag by which a browser keeps it, and the headers that let a page load
//! what it comes with and nothing else.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::site::etag;

/// No script or style in the page itself, nothing from another server, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// A file.
pub(super) struct Asset {
    media_type: &'static str,
    bytes: Bytes,
    tag: String,
}

impl Asset {
    /// A file of a media type.
    pub(super) fn new(media_type: &'static str, text: impl Into<Cow<'static, str>>) -> Asset {
        let bytes = match text.into() {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => Bytes::from(text),
        };
        Asset {
            media_type,
            tag: etag::weak(&bytes, ""),
            bytes,
        }
    }

    /// The file, or that the caller's copy of it is current.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response<Body> {
        let names = headers.get_all(IF_NONE_MATCH).iter();
        let is_current = names
            .filter_map(|value| value.to_str().ok())
            .any(|tags| etag::names(tags, &self.tag));
        let mut response = match is_current {
            true => Response::new(Body::empty()),
            false => Response::new(Body::from(self.bytes.clone())),
        };
        if is_current {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let set = response.headers_mut();
        set.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        set.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        set.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        set.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        // Another version of the program has other files under the same names.
        set.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // Hexadecimal digits in quotes are a header's value.
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            set.insert(ETAG, tag);
        }
        response
    }
}
