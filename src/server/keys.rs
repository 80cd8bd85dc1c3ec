//! Who calls: subscription keys, and where a request carries one.
//!
//! Takes a request's headers and query string; gives the caller's name, or that there is none. Keys that differ are nobody's:
//! what stands in front of the server may have judged another of them. A key is compared in time that depends on the length of what was presented only, and is never written
//! anywhere: not in a log line, not in a link, not in a message, not in `Debug`.

use std::borrow::Cow;
use std::fmt;

use axum::http::HeaderMap;

use crate::gateway::caller::{CallerOfFile, Index, integrator_of_file};
use crate::gateway::id::IntegratorId;
use crate::gateway::integrator::Environment;

use crate::secret::equal;

/// The header that carries the key.
pub const KEY_HEADER: &str = "ocp-apim-subscription-key";
/// The query parameter that carries it where a header cannot be set.
pub const KEY_PARAMETER: &str = "subscription-key";

/// The keys that are taken, each with the name of its caller.
#[derive(Default)]
pub struct Keys(Vec<Key>);

struct Key {
    caller: String,
    secret: Vec<u8>,
    /// Where it counts; None: in both.
    environment: Option<Environment>,
}

/// What a request says of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'k> {
    /// The key is one of ours, and this is whose it is.
    Known(&'k str),
    /// There is a key, and it is none of ours.
    Wrong,
    /// There is no key.
    Absent,
    /// There are keys that differ.
    Several,
}

/// A request presents keys that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeveralKeys;

impl Keys {
    /// Keys from pairs of caller and secret. An empty secret is nobody's and is left out.
    pub fn new<C: Into<String>, S: Into<Vec<u8>>>(keys: impl IntoIterator<Item = (C, S)>) -> Keys {
        let keys = keys.into_iter();
        Keys::of_environments(keys.map(|(caller, secret)| (caller, secret, None)))
    }

    /// The same with the environment in which each key counts, where it is one.
    pub fn of_environments<C: Into<String>, S: Into<Vec<u8>>>(
        keys: impl IntoIterator<Item = (C, S, Option<Environment>)>,
    ) -> Keys {
        Keys(
            keys.into_iter()
                .map(|(caller, secret, environment)| Key {
                    caller: caller.into(),
                    secret: secret.into(),
                    environment,
                })
                .filter(|key| !key.secret.is_empty())
                .collect(),
        )
    }

    /// Who sent the request.
    pub fn caller(&self, headers: &HeaderMap, query: &[u8]) -> Caller<'_> {
        match presented(headers, query) {
            Ok(Some(key)) => self.of(&key),
            Ok(None) => Caller::Absent,
            Err(SeveralKeys) => Caller::Several,
        }
    }

    /// The number under which a practice counts what a caller holds: the same for all keys of a caller, and none
    /// where there is but one, who has nobody to leave room for.
    pub fn share(&self, caller: &str) -> Option<u32> {
        let place = self.0.iter().position(|key| key.caller == caller)?;
        self.0
            .iter()
            .any(|key| key.caller != caller)
            .then(|| u32::try_from(place).ok())
            .flatten()
    }

    /// Whose key it is.
    pub fn of(&self, presented: &[u8]) -> Caller<'_> {
        let owner = self.owner(presented);
        owner.map_or(Caller::Wrong, |(caller, _)| Caller::Known(caller))
    }

    /// Whose key it is, and where it counts.
    pub fn owner(&self, presented: &[u8]) -> Option<(&str, Option<Environment>)> {
        let mut found = None;
        // All are compared, whichever it is.
        for key in &self.0 {
            if equal(&key.secret, presented) {
                found = Some((key.caller.as_str(), key.environment));
            }
        }
        found
    }

    /// Callers with a key that is an integrator's of the state as well, each with that integrator's name.
    pub fn of_integrators<'k>(&'k self, index: &'k Index) -> Vec<(&'k str, &'k str)> {
        let keys = self.0.iter();
        let both = keys.filter_map(|key| Some((&*key.caller, &*index.owner(&key.secret)?.name)));
        both.collect()
    }

    /// All callers, each as often as it has keys.
    pub fn callers(&self) -> Vec<CallerOfFile> {
        let callers = self.0.iter();
        callers
            .map(|key| (integrator_of_file(&key.caller), key.environment))
            .collect()
    }

    /// Whose integrator an id is, among the callers.
    pub fn integrator(&self, id: IntegratorId) -> Option<&str> {
        let mut callers = self.0.iter().map(|key| key.caller.as_str());
        callers.find(|caller| integrator_of_file(caller) == id)
    }
}

/// The key that a request presents: in the header, in the query parameter, or in both; a gateway in front may set the former
/// while the caller's own URL still has the latter.
///
/// # Errors
/// [`SeveralKeys`]: none of them counts more than another.
pub fn presented<'r>(
    headers: &'r HeaderMap,
    query: &'r [u8],
) -> Result<Option<Cow<'r, [u8]>>, SeveralKeys> {
    let in_header = headers.get_all(KEY_HEADER).into_iter();
    let in_header = in_header.map(|value| Cow::Borrowed(value.as_bytes()));
    let in_query = form_urlencoded::parse(query).filter(|(name, _)| name == KEY_PARAMETER);
    let in_query = in_query.map(|(_, value)| match value {
        Cow::Borrowed(value) => Cow::Borrowed(value.as_bytes()),
        Cow::Owned(value) => Cow::Owned(value.into_bytes()),
    });
    let mut all = in_header.chain(in_query);
    let first = all.next();
    match all.all(|other| first.as_ref() == Some(&other)) {
        true => Ok(first),
        false => Err(SeveralKeys),
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.caller))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn keys() -> Keys {
        Keys::new([("one", "first key"), ("two", "second"), ("nobody", "")])
    }

    fn caller<'k>(keys: &'k Keys, header: Option<&'static str>, query: &str) -> Caller<'k> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(KEY_HEADER, HeaderValue::from_static(header));
        }
        keys.caller(&headers, query.as_bytes())
    }

    #[test]
    fn a_key_is_found_in_the_header_or_the_query() {
        let keys = keys();
        assert_eq!(caller(&keys, Some("second"), ""), Caller::Known("two"));
        assert_eq!(
            caller(&keys, None, "family=x&subscription-key=first%20key"),
            Caller::Known("one")
        );
        assert_eq!(
            caller(&keys, None, "subscription-key=first+key"),
            Caller::Known("one")
        );
    }

    #[test]
    fn keys_that_differ_are_nobodys() {
        let keys = keys();
        for (header, query, expected) in [
            ("second", "subscription-key=second", Caller::Known("two")),
            ("second", "subscription-key=wrong", Caller::Several),
            ("wrong", "subscription-key=second", Caller::Several),
            ("second", "subscription-key=first+key", Caller::Several),
            ("second", "subscription-key=", Caller::Several),
        ] {
            assert_eq!(caller(&keys, Some(header), query), expected, "{query}");
        }
        let twice = "subscription-key=second&subscription-key=wrong";
        assert_eq!(caller(&keys, None, twice), Caller::Several);
        let mut headers = HeaderMap::new();
        headers.append(KEY_HEADER, HeaderValue::from_static("second"));
        headers.append(KEY_HEADER, HeaderValue::from_static("second"));
        assert_eq!(keys.caller(&headers, b""), Caller::Known("two"));
        headers.append(KEY_HEADER, HeaderValue::from_static("first key"));
        assert_eq!(keys.caller(&headers, b""), Caller::Several);
    }

    #[test]
    fn nothing_else_is_a_key() {
        let keys = keys();
        assert_eq!(
            caller(&keys, None, "family=subscription-key"),
            Caller::Absent
        );
        assert_eq!(caller(&keys, None, "subscription-key="), Caller::Wrong);
        for wrong in ["", "secon", "secondd", "Second", "secondsecond", "first"] {
            assert_eq!(caller(&keys, Some(wrong), ""), Caller::Wrong, "{wrong:?}");
        }
        assert_eq!(caller(&Keys::default(), Some("x"), ""), Caller::Wrong);
    }

    #[test]
    fn a_caller_has_a_share_where_there_are_others() {
        let keys = Keys::new([("one", "a"), ("one", "b"), ("two", "c"), ("one", "d")]);
        assert_eq!(keys.share("one"), Some(0));
        assert_eq!(keys.share("two"), Some(2));
        assert_eq!(keys.share("three"), None);
        let alone = Keys::new([("one", "a"), ("one", "b")]);
        assert_eq!(alone.share("one"), None);
    }

    #[test]
    fn no_secret_is_printed() {
        assert_eq!(format!("{:?}", keys()), r#"["one", "two"]"#);
    }
}
