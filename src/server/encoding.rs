//! Which coding an answer is sent in.
//!
//! RFC 9110 §12.5.3 lets a server pass over an `Accept-Encoding` that it cannot meet. The compression layer
//! does not: it makes an answer to which no coding is left a 406, with the whole answer as its body. It is
//! given what it can meet: gzip, or nothing.

use axum::extract::Request;
use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, HeaderValue};

/// Leaves gzip, or nothing, of what a caller accepts.
pub fn settle(mut request: Request) -> Request {
    let headers = request.headers_mut();
    if headers.contains_key(ACCEPT_ENCODING) {
        match takes_gzip(headers) {
            true => headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
            false => headers.remove(ACCEPT_ENCODING),
        };
    }
    request
}

/// Whether gzip is accepted, by its name or else by `*`.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut any = false;
    for value in headers.get_all(ACCEPT_ENCODING) {
        for coding in value.to_str().unwrap_or_default().split(',') {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let name = name.trim();
            let accepted = !is_zero(weight);
            if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
                return accepted;
            }
            any |= name == "*" && accepted;
        }
    }
    any
}

/// `q=0`, `q=0.000`
fn is_zero(weight: &str) -> bool {
    weight
        .trim()
        .strip_prefix(['q', 'Q'])
        .and_then(|rest| rest.trim_start().strip_prefix('='))
        .and_then(|number| number.trim().parse::<f32>().ok())
        .is_some_and(|number| number == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_it_is_accepted() {
        for (accepted, expected) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("*;q=0, gzip", true),
            ("gzip;q=0", false),
            ("*, gzip; q=0.0", false),
            ("identity;q=0", false),
            ("*;q=0", false),
            ("br, identity;q=0", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(takes_gzip(&headers), expected, "{accepted}");
        }
    }
}
