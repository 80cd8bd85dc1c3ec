//! What a FHIR path asks for: the segments after the base → an [`Interaction`].
//!
//! Strict where leniency would widen: `Patient/` is not `Patient`, because a caller whose id was empty
//! by mistake must not be given everyone.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::reply::Refusal;
use crate::errors;
use crate::fhir::Primitive;

/// What is asked of a site's FHIR base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interaction {
    /// `metadata`: the CapabilityStatement.
    Capabilities,
    /// `{Type}` by GET, or `{Type}/_search` by POST with a form.
    Search { resource: String, by_form: bool },
    /// `{Type}/{id}`
    Read { resource: String, id: String },
}

impl Interaction {
    /// The code of R4's value set restful-interaction: how logs and metrics name it.
    pub fn code(&self) -> &'static str {
        match self {
            Interaction::Capabilities => "capabilities",
            Interaction::Search { .. } => "search-type",
            Interaction::Read { .. } => "read",
        }
    }

    /// The type that the path names.
    pub fn resource(&self) -> Option<&str> {
        match self {
            Interaction::Capabilities => None,
            Interaction::Search { resource, .. } | Interaction::Read { resource, .. } => {
                Some(resource)
            }
        }
    }
}

/// The site's id and the segments after the base of `/integrator/sites/{site}/fhir/R4/…`, as they came.
pub fn split(path: &str) -> Option<(&str, Option<&str>)> {
    let (site, rest) = path.strip_prefix("/integrator/sites/")?.split_once('/')?;
    let rest = rest.strip_prefix("fhir/R4")?;
    match rest.strip_prefix('/') {
        Some(rest) => Some((site, Some(rest))),
        None => rest.is_empty().then_some((site, None)),
    }
}

/// Reads the path after the base, and whether the method applies to it.
///
/// # Errors
/// [`errors::UNKNOWN_PATH`] and [`errors::METHOD_NOT_ALLOWED`], with what there is instead.
pub fn interaction(method: &Method, rest: Option<&str>) -> Result<Interaction, Refusal> {
    let mut segments = Vec::with_capacity(2);
    for segment in rest.unwrap_or_default().split('/').take(4) {
        let decoded = percent_decode_str(segment)
            .decode_utf8()
            .map_err(|_| unknown())?;
        segments.push(decoded);
    }
    match segments.iter().map(AsRef::as_ref).collect::<Vec<_>>()[..] {
        ["metadata"] => {
            reading(method, "metadata is read by GET")?;
            Ok(Interaction::Capabilities)
        }
        [resource] if is_type(resource) => {
            reading(
                method,
                "resources are searched by GET, or by POST to _search; nothing is written here",
            )?;
            Ok(Interaction::Search {
                resource: resource.to_owned(),
                by_form: false,
            })
        }
        [resource, "_search"] if is_type(resource) => {
            if method != Method::POST {
                return Err(Refusal::method(
                    "POST",
                    "_search takes a form by POST; to search by GET, leave _search out",
                ));
            }
            Ok(Interaction::Search {
                resource: resource.to_owned(),
                by_form: true,
            })
        }
        [resource, id] if is_type(resource) && !id.is_empty() && !id.starts_with(['_', '$']) => {
            reading(method, "a resource is read by GET; nothing is written here")?;
            Ok(Interaction::Read {
                resource: resource.to_owned(),
                id: id.to_owned(),
            })
        }
        _ => Err(unknown()),
    }
}

/// Whether the text can be an id at all (R4: `[A-Za-z0-9\-\.]{1,64}`).
pub fn is_id(text: &str) -> bool {
    Primitive::Id.check(text)
}

/// Looks like the name of a resource type; whether it is one is judged later.
fn is_type(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_uppercase())
        && segment.len() <= 64
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn reading(method: &Method, text: &'static str) -> Result<(), Refusal> {
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    Err(Refusal::method("GET, HEAD", text))
}

fn unknown() -> Refusal {
    Refusal::new(
        errors::UNKNOWN_PATH,
        "there is nothing at this path; FHIR paths here are metadata, {resource}, {resource}/_search and {resource}/{id}",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(rest: &str) -> Result<Interaction, u16> {
        interaction(&Method::GET, Some(rest)).map_err(|refusal| refusal.code.status)
    }

    #[test]
    fn paths_are_split_at_the_base() {
        assert_eq!(split("/integrator/sites/a/fhir/R4"), Some(("a", None)));
        assert_eq!(split("/integrator/sites/a/fhir/R4/"), Some(("a", Some(""))));
        assert_eq!(
            split("/integrator/sites/a/fhir/R4/Patient/1"),
            Some(("a", Some("Patient/1")))
        );
        assert_eq!(split("/integrator/sites/a/fhir/R4B/Patient"), None);
        assert_eq!(split("/integrator/sites/a/fhir"), None);
        assert_eq!(split("/integrator/sites/a"), None);
    }

    #[test]
    fn each_form_is_an_interaction() {
        let search = |resource: &str, by_form| Interaction::Search {
            resource: resource.into(),
            by_form,
        };
        assert_eq!(get("metadata"), Ok(Interaction::Capabilities));
        assert_eq!(get("Patient"), Ok(search("Patient", false)));
        assert_eq!(get("%50atient"), Ok(search("Patient", false)));
        assert_eq!(
            get("Patient/kin-1.2"),
            Ok(Interaction::Read {
                resource: "Patient".into(),
                id: "kin-1.2".into()
            })
        );
        assert_eq!(
            interaction(&Method::POST, Some("Patient/_search")).ok(),
            Some(search("Patient", true))
        );
        assert!(interaction(&Method::HEAD, Some("Patient/1")).is_ok());
    }

    #[test]
    fn everything_else_is_refused() {
        for path in [
            "",
            "Patient/",
            "Patient//",
            "/Patient",
            "patient",
            "_search",
            "_history",
            "$convert",
            "Patient/$everything",
            "Patient/_history",
            "Patient/1/_history",
            "Patient/1/_history/1",
            "Patient/1/",
            "metadata/x",
            "Pat%20ient",
            "%ff",
            "Patient%2F1",
        ] {
            assert_eq!(get(path), Err(404), "{path}");
        }
        assert_eq!(
            interaction(&Method::GET, None).map_err(|refusal| refusal.code.status),
            Err(404)
        );
        assert_eq!(get("Patient/_search"), Err(405));
        for (method, path) in [
            (Method::POST, "Patient"),
            (Method::PUT, "Patient/1"),
            (Method::DELETE, "Patient/1"),
            (Method::PATCH, "Patient/1"),
            (Method::POST, "metadata"),
            (Method::OPTIONS, "Patient"),
            (Method::TRACE, "Patient"),
            (Method::PUT, "Patient/_search"),
        ] {
            let refused = interaction(&method, Some(path)).map_err(|refusal| refusal.code.status);
            assert_eq!(refused, Err(405), "{method} {path}");
        }
    }

    #[test]
    fn ids_have_the_form_of_r4() {
        assert!(is_id("kin-1.2"));
        for id in ["", "a b", "a_b", "é", &"1".repeat(65)] {
            assert!(!is_id(id), "{id:?}");
        }
    }
}
