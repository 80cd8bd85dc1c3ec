//! The forms of a reference (R4 §3.1.1.4.12): `12`, `Patient/12`, `http://…/Patient/12`, any other URL.
//!
//! A version (`Patient/12/_history/3`) is refused, not dropped: without it the search would be a wider one.

use super::ast::Reference;

/// What a message says that a reference looks like.
pub(super) const EXPECTED: &str = "a reference: id, Type/id or an absolute URL, without a version; \
    an id has 1 to 64 letters, digits, - and .";

/// `[A-Za-z0-9\-\.]{1,64}`: FHIR's id.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// Reads a reference whose escapes are undone. `target` is the type that `:Type` demands: a reference
/// that names another type contradicts it and is refused.
pub(super) fn reference(text: &str, target: Option<&str>) -> Option<Reference> {
    let reference = match text.split_once(':') {
        Some((scheme, rest)) => absolute(text, scheme, rest)?,
        None => match text.split_once('/') {
            Some((resource, id)) if is_type(resource) && is_id(id) => Reference::Relative {
                resource: resource.to_owned(),
                id: id.to_owned(),
            },
            None if is_id(text) => Reference::Id(text.to_owned()),
            _ => return None,
        },
    };
    match (&reference, target) {
        (
            Reference::Relative { resource, .. } | Reference::Absolute { resource, .. },
            Some(target),
        ) if resource != target => None,
        _ => Some(reference),
    }
}

fn absolute(text: &str, scheme: &str, rest: &str) -> Option<Reference> {
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !is_scheme || rest.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return None;
    }
    if !matches!(scheme, "http" | "https") {
        return Some(Reference::Url(text.to_owned()));
    }
    if text.contains("/_history/") {
        return None;
    }
    if let Some((before_id, id)) = text.rsplit_once('/')
        && let Some((base, resource)) = before_id.rsplit_once('/')
        && is_type(resource)
        && is_id(id)
        // A base is at least `http://` and a host.
        && base.len() > scheme.len() + 3
    {
        return Some(Reference::Absolute {
            base: base.to_owned(),
            resource: resource.to_owned(),
            id: id.to_owned(),
        });
    }
    Some(Reference::Url(text.to_owned()))
}

fn is_type(text: &str) -> bool {
    matches!(super::name::resource_type(text), Ok(("", _)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let relative = Reference::Relative {
            resource: "Patient".into(),
            id: "12".into(),
        };
        assert_eq!(reference("12", None), Some(Reference::Id("12".into())));
        assert_eq!(reference("Patient/12", None), Some(relative.clone()));
        assert_eq!(reference("Patient/12", Some("Patient")), Some(relative));
        assert_eq!(
            reference("https://example.org/fhir/R4/Patient/a-1.b", None),
            Some(Reference::Absolute {
                base: "https://example.org/fhir/R4".into(),
                resource: "Patient".into(),
                id: "a-1.b".into()
            })
        );
        for url in [
            "urn:uuid:6b1f2e9e-0000-4000-8000-000000000000",
            "http://example.org/profile|1.0",
            "http://Patient/12",
            "https://x",
        ] {
            assert_eq!(
                reference(url, None),
                Some(Reference::Url(url.into())),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        let long = "a".repeat(65);
        for text in [
            "",
            "a b",
            "a_b",
            "Patient/",
            "/12",
            "patient/12",
            "Patient/12/_history/3",
            "http://example.org/Patient/12/_history/3",
            "#contained",
            ":x",
            "1:x",
            "http:",
            "urn:a b",
            &long,
        ] {
            assert_eq!(reference(text, None), None, "{text}");
        }
        assert_eq!(reference("Group/12", Some("Patient")), None);
        assert_eq!(
            reference("http://example.org/Group/12", Some("Patient")),
            None
        );
    }
}
