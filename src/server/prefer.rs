//! `Prefer: handling=strict`: how a caller wants unknown parameters treated.

use axum::http::{HeaderMap, HeaderName};

use super::negotiate::split_unquoted;

pub(super) const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Whether unknown parameters are to be errors (R4 §3.1.1.3). The first `handling` counts, as RFC 7240
/// says of repeats; anything but `strict` is R4's default, lenient.
pub fn is_strict(headers: &HeaderMap) -> bool {
    headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| split_unquoted(value, ','))
        .filter_map(|preference| {
            let preference = split_unquoted(preference, ';').next()?;
            let (name, value) = preference.split_once('=')?;
            let is_handling = name.trim().eq_ignore_ascii_case("handling");
            is_handling.then(|| {
                value
                    .trim()
                    .trim_matches('"')
                    .eq_ignore_ascii_case("strict")
            })
        })
        .next()
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn strict(values: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("prefer", HeaderValue::from_static(value));
        }
        is_strict(&headers)
    }

    #[test]
    fn handling_is_found_among_other_preferences() {
        assert!(strict(&["handling=strict"]));
        assert!(strict(&["respond-async, Handling = \"strict\"; a=b"]));
        assert!(strict(&["return=minimal", "handling=strict"]));
        assert!(strict(&["handling=strict, handling=lenient"]));
        assert!(!strict(&[]));
        assert!(!strict(&["handling=lenient", "handling=strict"]));
        assert!(!strict(&["handling"]));
        assert!(!strict(&["a=\"handling=strict, handling=strict\""]));
        assert!(!strict(&["return=representation; handling=strict"]));
    }
}
