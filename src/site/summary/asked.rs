//! The parameters of `$summary`, read from its text.

use super::super::{LINK_BYTES, QUERY_BYTES, SiteError};
use crate::search::{
    self, Filter, Input, Limits, ParameterFilter, ParameterKind, ParameterTypes, SearchRequest,
    TokenSystem, Value,
};

/// What the operation takes where it is asked for by a patient's id.
const OF_ONE: &str = "profile, _format and _pretty";
/// And where it is asked for without.
const OF_TYPE: &str = "identifier, profile, _format and _pretty";
/// The profiles that the document has: the Composition's, by which the operation's definition names it, and that of
/// the Bundle around it.
pub(in crate::site) const COMPOSITION_PROFILE: &str =
    "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips";
pub(in crate::site) const BUNDLE_PROFILE: &str =
    "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips";
/// Editions of the guide by which the document can be read.
const EDITIONS: [&str; 3] = ["1.1.0", "2.0.0", "2.0.1"];

/// What the text of the operation is read by.
struct OwnParameters;

impl ParameterTypes for OwnParameters {
    fn kind(&self, _: &str, name: &str) -> Option<ParameterKind> {
        match name {
            "identifier" => Some(ParameterKind::Token),
            "profile" => Some(ParameterKind::Uri),
            _ => None,
        }
    }

    fn components(&self, _: &str, _: &str) -> Option<Vec<ParameterKind>> {
        None
    }

    fn reference_targets(&self, _: &str, _: &str) -> Vec<&str> {
        Vec::new()
    }
}

/// Reads the parameters: what the answer's form is to be, and the identifier, which is there if the path names no
/// patient (`has_id`).
///
/// # Errors
/// What is wrong with them.
pub(super) fn read(
    input: Input<'_>,
    has_id: bool,
) -> Result<(SearchRequest, Option<ParameterFilter>), SiteError> {
    let limits = Limits {
        query_bytes: LINK_BYTES,
        form_bytes: QUERY_BYTES,
        ..Limits::default()
    };
    let mut request = search::parse("Patient", input, &OwnParameters, &limits)?;
    let takes = if has_id { OF_ONE } else { OF_TYPE };
    let not_taken = |parameter| SiteError::NotOfOperation { parameter, takes };
    if let Some(ignored) = request.ignored.iter().find(|of| of.is_unknown()) {
        return Err(not_taken(ignored.name.clone()));
    }
    let result = [
        (!request.sort.is_empty(), "_sort"),
        (request.count.is_some(), "_count"),
        (request.total.is_some(), "_total"),
        (request.summary.is_some(), "_summary"),
        (!request.elements.is_empty(), "_elements"),
        (!request.includes.is_empty(), "_include"),
        (!request.types.is_empty(), "_type"),
        (request.cursor.is_some(), "_cursor"),
    ];
    if let Some((_, name)) = result.into_iter().find(|(given, _)| *given) {
        return Err(not_taken(Some(name.to_owned())));
    }
    let mut identifier = None;
    let mut has_profile = false;
    for filter in std::mem::take(&mut request.filters) {
        let Filter::Parameter(filter) = filter else {
            return Err(not_taken(None));
        };
        match filter.name.as_str() {
            "identifier" if has_id => return Err(not_taken(Some(filter.name))),
            "identifier" if identifier.is_none() && is_identifier(&filter) => {
                identifier = Some(filter);
            }
            "identifier" => return Err(SiteError::SummaryIdentifier),
            _ if !has_profile && is_offered(&filter) => has_profile = true,
            _ => return Err(SiteError::SummaryProfile),
        }
    }
    match has_id || identifier.is_some() {
        true => Ok((request, identifier)),
        false => Err(SiteError::SummaryIdentifier),
    }
}

/// One identifier, with or without its system.
fn is_identifier(filter: &ParameterFilter) -> bool {
    match (filter.values.as_slice(), &filter.modifier) {
        ([Value::Token(token)], None) => token.code.is_some() && !is_blank(&token.system),
        _ => false,
    }
}

fn is_blank(system: &TokenSystem) -> bool {
    matches!(system, TokenSystem::Is(system) if system.is_empty())
}

fn is_offered(filter: &ParameterFilter) -> bool {
    let ([Value::Uri(canonical)], None) = (filter.values.as_slice(), &filter.modifier) else {
        return false;
    };
    let (url, edition) = match canonical.split_once('|') {
        Some((url, edition)) => (url, Some(edition)),
        None => (canonical.as_str(), None),
    };
    (url == COMPOSITION_PROFILE || url == BUNDLE_PROFILE)
        && edition.is_none_or(|edition| EDITIONS.contains(&edition))
}
