//! `Prefer: handling=strict` and `handling=lenient`: how a caller wants unknown parameters treated.

use axum::http::{HeaderMap, HeaderName};

use super::negotiate::split_unquoted;
use crate::plan::Handling;

pub(super) const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What unknown parameters are to come to (R4 §3.1.1.3). The first `handling` counts, as RFC 7240
/// says of repeats; one that has another value than these two says nothing.
pub fn handling(headers: &HeaderMap) -> Handling {
    headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| split_unquoted(value, ','))
        .filter_map(|preference| {
            let preference = split_unquoted(preference, ';').next()?;
            let (name, value) = preference.split_once('=')?;
            let is_handling = name.trim().eq_ignore_ascii_case("handling");
            is_handling.then(|| of_word(value.trim().trim_matches('"')))
        })
        .next()
        .unwrap_or_default()
}

fn of_word(word: &str) -> Handling {
    if word.eq_ignore_ascii_case("strict") {
        Handling::Strict
    } else if word.eq_ignore_ascii_case("lenient") {
        Handling::Lenient
    } else {
        Handling::Unsaid
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn handling_is_found_among_other_preferences() {
        use Handling::{Lenient, Strict, Unsaid};
        for (values, expected) in [
            (&["handling=strict"][..], Strict),
            (&["respond-async, Handling = \"strict\"; a=b"], Strict),
            (&["return=minimal", "handling=strict"], Strict),
            (&["handling=strict, handling=lenient"], Strict),
            (&["handling=lenient", "handling=strict"], Lenient),
            (&["return=minimal, handling=\"Lenient\""], Lenient),
            (&[], Unsaid),
            (&["handling"], Unsaid),
            (&["handling=kind, handling=strict"], Unsaid),
            (&["a=\"handling=strict, handling=strict\""], Unsaid),
            (&["return=representation; handling=lenient"], Unsaid),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", HeaderValue::from_static(value));
            }
            assert_eq!(handling(&headers), expected, "{values:?}");
        }
    }
}
