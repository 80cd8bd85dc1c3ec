//! The operator's key: a text that may be one, and whether a request carries it.
//!
//! It travels as a bearer token (RFC 6750), and is never written anywhere: not in a message, not in `Debug`.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::reply::Refusal;
use crate::errors;
use crate::secret::equal;

/// RFC 6750 §3: nothing but the scheme where no key was sent, else what is wrong with it.
const CHALLENGE: &str = "Bearer realm=\"pilaster operator\"";
const CHALLENGE_AGAIN: &str = "Bearer realm=\"pilaster operator\", error=\"invalid_token\"";

/// The key that opens the operator's paths.
#[derive(Clone)]
pub struct OperatorKey(Vec<u8>);

/// Why a text is no operator's key. Never the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OperatorKeyError {
    #[error(
        "it has {} to {} characters; `openssl rand -hex 32` makes one",
        OperatorKey::SHORTEST,
        OperatorKey::LONGEST
    )]
    Length,
    #[error(
        "it has letters, digits and signs of ASCII only, and no blanks: it travels in a header"
    )]
    Characters,
}

impl OperatorKey {
    /// Shorter ones can be guessed: what this opens is not counted or slowed down.
    pub const SHORTEST: usize = 16;
    /// More is a file of something else.
    pub const LONGEST: usize = 512;

    /// Takes a key; white space around it, such as a file's last line end, is none of it.
    ///
    /// # Errors
    /// When it could be guessed, or could not be sent in a header.
    pub fn new(text: &str) -> Result<OperatorKey, OperatorKeyError> {
        let text = text.trim();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(OperatorKeyError::Characters);
        }
        if !(Self::SHORTEST..=Self::LONGEST).contains(&text.len()) {
            return Err(OperatorKeyError::Length);
        }
        Ok(OperatorKey(text.into()))
    }

    /// Whether the headers carry this key as `Authorization: Bearer …`, in time that depends on what was
    /// presented only.
    ///
    /// # Errors
    /// 401 with its challenge.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut credentials = headers.get_all(AUTHORIZATION).iter();
        let (challenge, text) = match (credentials.next(), credentials.next()) {
            (None, _) => (CHALLENGE, "the request has no operator's key"),
            (Some(one), None) if bearer(one.as_bytes()).is_some_and(|key| equal(&self.0, key)) => {
                return Ok(());
            }
            _ => (CHALLENGE_AGAIN, "the operator's key is not valid here"),
        };
        Err(Refusal::challenge(
            errors::NOT_THE_OPERATOR,
            text,
            challenge,
        ))
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorKey")
    }
}

/// What follows the scheme `Bearer`, whose case does not count.
fn bearer(credentials: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = credentials.split_at_checked("Bearer ".len())?;
    (scheme.eq_ignore_ascii_case(b"Bearer ")).then(|| key.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const KEY: &str = "0123456789abcdef";

    fn judged(credentials: &[&'static str]) -> Result<(), u16> {
        let key = OperatorKey::new(KEY).expect("a key");
        let mut headers = HeaderMap::new();
        for one in credentials {
            headers.append(AUTHORIZATION, HeaderValue::from_static(one));
        }
        key.check(&headers).map_err(|refusal| refusal.code.status)
    }

    #[test]
    fn the_key_travels_as_a_bearer_token() {
        for right in [
            "Bearer 0123456789abcdef",
            "bearer 0123456789abcdef",
            "BEARER  0123456789abcdef",
        ] {
            assert_eq!(judged(&[right]), Ok(()), "{right}");
        }
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdeF",
            "Bearer 0123456789abcdef0123456789abcdef",
            "Basic 0123456789abcdef",
            "0123456789abcdef",
            "Bearer0123456789abcdef",
        ] {
            assert_eq!(judged(&[wrong]), Err(401), "{wrong:?}");
        }
        assert_eq!(judged(&[]), Err(401));
        let both = ["Bearer 0123456789abcdef", "Bearer 0123456789abcdef"];
        assert_eq!(judged(&both), Err(401), "which of two counts is unclear");
    }

    #[test]
    fn a_key_that_can_be_guessed_or_not_be_sent_is_none() {
        let problem = |text: &str| OperatorKey::new(text).err();
        assert_eq!(problem(KEY), None);
        assert_eq!(problem(&format!("{KEY}\r\n")), None);
        for text in ["", " \n", "short", &KEY.repeat(33)] {
            assert_eq!(problem(text), Some(OperatorKeyError::Length), "{text:?}");
        }
        for text in [
            "01234567 89abcdef",
            "01234567\n89abcdef",
            "0123456789äbcdef",
        ] {
            assert_eq!(
                problem(text),
                Some(OperatorKeyError::Characters),
                "{text:?}"
            );
        }
        let key = OperatorKey::new(KEY).expect("a key");
        assert_eq!(format!("{key:?}"), "OperatorKey");
    }
}
