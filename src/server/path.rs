//! What a FHIR path asks for: the segments after the base → an [`Interaction`].
//!
//! Strict where leniency would widen: `Patient/` is not `Patient`, because a caller whose id was empty
//! by mistake must not be given everyone.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::api::Surface;
use super::reply::Refusal;
use crate::errors;
use crate::fhir::Primitive;
use crate::fhir::compartment::is_compartment;
use crate::search::Compartment;
use crate::site::SearchCall;

/// The methods of what is read, or asked for by POST.
const READ_OR_POSTED: &str = "GET, HEAD, POST";

/// What is asked of a site's FHIR base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interaction {
    /// `metadata`: the CapabilityStatement.
    Capabilities,
    /// A search by GET, or by POST to `_search` with a form.
    Search { scope: Scope, by_form: bool },
    /// `{Type}/{id}`
    Read { resource: String, id: String },
    /// `{Type}/{id}/$everything`, by GET or by POST with Parameters.
    Everything { of: Compartment, by_post: bool },
    /// `Patient/{id}/$summary` or, by an identifier, `Patient/$summary`; by GET or by POST with Parameters.
    Summary {
        resource: String,
        id: Option<String>,
        by_post: bool,
    },
    /// A Bundle of requests, by POST to the base.
    Batch,
}

/// What a search looks at: `Patient`, `Patient/12/Condition`, `Patient/12/*`, the base.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// None: several types.
    pub resource: Option<String>,
    pub compartment: Option<Compartment>,
}

impl Interaction {
    /// The code of R4's value set restful-interaction, or R5's where R4 has none: how logs and metrics name it.
    pub fn code(&self) -> &'static str {
        match self {
            Interaction::Capabilities => "capabilities",
            Interaction::Search { scope, .. } => match (&scope.compartment, &scope.resource) {
                (Some(_), _) => "search-compartment",
                (None, Some(_)) => "search-type",
                (None, None) => "search-system",
            },
            Interaction::Read { .. } => "read",
            Interaction::Everything { .. } | Interaction::Summary { .. } => "operation",
            Interaction::Batch => "batch",
        }
    }

    /// The search that the path asks for, without its text; None where it asks for no search.
    pub fn search(self) -> Option<SearchCall> {
        match self {
            Interaction::Search { scope, .. } => Some(SearchCall {
                resource: scope.resource.unwrap_or_default(),
                compartment: scope.compartment,
                ..SearchCall::default()
            }),
            Interaction::Everything { of, .. } => Some(SearchCall {
                compartment: Some(of),
                everything: true,
                ..SearchCall::default()
            }),
            _ => None,
        }
    }

    /// The types that the path names, the one that is asked for first.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Interaction::Capabilities | Interaction::Batch => (None, None),
            Interaction::Search { scope, .. } => {
                (scope.resource.as_deref(), scope.compartment.as_ref())
            }
            Interaction::Read { resource, .. } | Interaction::Summary { resource, .. } => {
                (Some(resource.as_str()), None)
            }
            Interaction::Everything { of, .. } => (None, Some(of)),
        };
        first
            .into_iter()
            .chain(second.map(|of| of.resource.as_str()))
    }
}

/// Whose API it is, the site's id and the segments after the base of `/integrator/sites/{site}/fhir/R4/…`, as they came.
pub fn split(path: &str) -> Option<(Surface, &str, Option<&str>)> {
    let (surface, rest) = Surface::of(path)?;
    let (site, rest) = rest.strip_prefix("/sites/")?.split_once('/')?;
    let rest = rest.strip_prefix("fhir/R4")?;
    match rest.strip_prefix('/') {
        Some(rest) => Some((surface, site, Some(rest))),
        None => rest.is_empty().then_some((surface, site, None)),
    }
}

/// Reads the path after the base, and whether the method applies to it.
///
/// # Errors
/// [`errors::UNKNOWN_PATH`] and [`errors::METHOD_NOT_ALLOWED`], with what there is instead.
pub fn interaction(method: &Method, rest: Option<&str>) -> Result<Interaction, Refusal> {
    let mut segments = Vec::with_capacity(2);
    for segment in rest.unwrap_or_default().split('/').take(6) {
        let decoded = percent_decode_str(segment)
            .decode_utf8()
            .map_err(|_| unknown())?;
        segments.push(decoded);
    }
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    if segments == ["metadata"] {
        reading(method, "metadata is read by GET")?;
        return Ok(Interaction::Capabilities);
    }
    if segments == [""] && method == Method::POST {
        return Ok(Interaction::Batch);
    }
    let (path, by_form) = match segments.as_slice() {
        [path @ .., "_search"] => (path, true),
        [""] => (&[][..], false),
        path => (path, false),
    };
    let searched = |scope: Scope| {
        if by_form && method != Method::POST {
            return Err(Refusal::method(
                "POST",
                "_search takes a form by POST; to search by GET, leave _search out",
            ));
        }
        if !by_form {
            let is_base = scope == Scope::default();
            let allowed = if is_base { READ_OR_POSTED } else { "GET, HEAD" };
            reading_or(
                allowed,
                method,
                "resources are searched by GET, or by POST to _search; nothing is written here",
            )?;
        }
        Ok(Interaction::Search { scope, by_form })
    };
    match *path {
        [] => searched(Scope::default()),
        [resource] if is_type(resource) => searched(Scope {
            resource: Some(resource.to_owned()),
            compartment: None,
        }),
        [of, id, "$everything"] if is_everything(of) && is_id(id) && !by_form => {
            let by_post = method == Method::POST;
            if !by_post {
                reading_or(
                    READ_OR_POSTED,
                    method,
                    "$everything is asked for by GET or POST",
                )?;
            }
            Ok(Interaction::Everything {
                of: compartment(of, id),
                by_post,
            })
        }
        [of, "$summary"] if is_summarised(of) && !by_form => summary(method, of, None),
        [of, id, "$summary"] if is_summarised(of) && is_id(id) && !by_form => {
            summary(method, of, Some(id))
        }
        [of, id, resource] if is_compartment(of) && is_id(id) && is_named(resource) => {
            searched(Scope {
                resource: (resource != "*").then(|| resource.to_owned()),
                compartment: Some(compartment(of, id)),
            })
        }
        [resource, id]
            if is_type(resource) && !id.is_empty() && !id.starts_with(['_', '$']) && !by_form =>
        {
            reading(method, "a resource is read by GET; nothing is written here")?;
            Ok(Interaction::Read {
                resource: resource.to_owned(),
                id: id.to_owned(),
            })
        }
        _ => Err(unknown()),
    }
}

fn summary(method: &Method, of: &str, id: Option<&str>) -> Result<Interaction, Refusal> {
    let by_post = method == Method::POST;
    if !by_post {
        reading_or(
            READ_OR_POSTED,
            method,
            "$summary is asked for by GET or POST",
        )?;
    }
    Ok(Interaction::Summary {
        resource: of.to_owned(),
        id: id.map(str::to_owned),
        by_post,
    })
}

fn compartment(resource: &str, id: &str) -> Compartment {
    Compartment {
        resource: resource.to_owned(),
        id: id.to_owned(),
    }
}

/// R4 defines `$everything` of these; of others it would have to be guessed what everything is.
fn is_everything(resource: &str) -> bool {
    resource == "Patient"
}

/// The International Patient Summary is of patients.
fn is_summarised(resource: &str) -> bool {
    resource == "Patient"
}

fn is_named(segment: &str) -> bool {
    segment == "*" || is_type(segment)
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
    reading_or("GET, HEAD", method, text)
}

/// As [`reading`], of a path that takes other methods too: `allowed` lists them all.
fn reading_or(allowed: &'static str, method: &Method, text: &'static str) -> Result<(), Refusal> {
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    Err(Refusal::method(allowed, text))
}

fn unknown() -> Refusal {
    Refusal::new(
        errors::UNKNOWN_PATH,
        "there is nothing at this path; FHIR paths here are metadata, {resource}, {resource}/{id}, {compartment}/{id}/{resource}, these and the base with /_search, Patient/{id}/$everything, Patient/{id}/$summary, Patient/$summary and the base",
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
        assert_eq!(
            split("/desktop/sites/a/fhir/R4"),
            Some((Surface::Desktop, "a", None))
        );
        assert_eq!(
            split("/integrator/sites/a/fhir/R4/"),
            Some((Surface::Integrator, "a", Some("")))
        );
        assert_eq!(
            split("/integrator/sites/a/fhir/R4/Patient/1"),
            Some((Surface::Integrator, "a", Some("Patient/1")))
        );
        assert_eq!(split("/integrator/sites/a/fhir/R4B/Patient"), None);
        assert_eq!(split("/integrator/sites/a/fhir"), None);
        assert_eq!(split("/integrator/sites/a"), None);
    }

    #[test]
    fn each_form_is_an_interaction() {
        let search = |resource: &str, by_form| Interaction::Search {
            scope: Scope {
                resource: Some(resource.into()),
                compartment: None,
            },
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
    fn compartments_the_base_and_operations_have_paths() {
        let code = |method: Method, rest| {
            interaction(&method, rest).map_or_else(|refused| refused.code.id, |of| of.code())
        };
        for (path, expected) in [
            ("Patient/12/Condition", "search-compartment"),
            ("Patient/12/*", "search-compartment"),
            ("Patient/12/$everything", "operation"),
            ("Practitioner/12/$everything", "PH009"),
            ("Patient/12/$summary", "operation"),
            ("Patient/$summary", "operation"),
            ("Patient/a b/$summary", "PH009"),
            ("Practitioner/12/$summary", "PH009"),
            ("Practitioner/$summary", "PH009"),
            ("Location/12/Condition", "PH009"),
            ("Patient/a b/Condition", "PH009"),
            ("Patient/12/condition", "PH009"),
            ("Patient/12/Condition/1", "PH009"),
            ("", "search-system"),
        ] {
            assert_eq!(code(Method::GET, Some(path)), expected, "{path}");
        }
        assert_eq!(code(Method::GET, None), "search-system");
        for (path, expected) in [
            ("Patient/12/Condition/_search", "search-compartment"),
            ("Patient/12/$everything", "operation"),
            ("Patient/12/$summary", "operation"),
            ("Patient/$summary", "operation"),
            ("Patient/$summary/_search", "PH009"),
            ("_search", "search-system"),
            ("", "batch"),
            ("Patient/12/Condition", "PH008"),
        ] {
            assert_eq!(code(Method::POST, Some(path)), expected, "{path}");
        }
        let of = |path| {
            interaction(&Method::GET, Some(path))
                .map(|of| of.resources().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(
            of("Patient/12/Condition").ok(),
            Some(vec!["Condition".into(), "Patient".into()])
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for path in [
            "/",
            "Patient/",
            "Patient//",
            "/Patient",
            "patient",
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
        assert_eq!(get("Patient/_search"), Err(405));
        assert_eq!(get("_search"), Err(405));
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
