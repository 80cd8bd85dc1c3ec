//! The parameters of `$summary`, read from its text.

use crate::search::{Input, ParameterFilter, ParameterKind, SearchRequest, TokenSystem, Value};
use crate::site::SiteError;
use crate::site::operation::Operation;

/// Where it is asked for by a patient's id.
const OF_ONE: Operation = Operation {
    own: &[("profile", ParameterKind::Uri)],
    shared: &["_format", "_pretty"],
};
/// And where it is asked for without.
const OF_TYPE: Operation = Operation {
    own: &[
        ("identifier", ParameterKind::Token),
        ("profile", ParameterKind::Uri),
    ],
    shared: OF_ONE.shared,
};
/// The profiles that the document has: the Composition's, by which the operation's definition names it, and that of
/// the Bundle around it.
pub(in crate::site) const COMPOSITION_PROFILE: &str =
    "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips";
pub(in crate::site) const BUNDLE_PROFILE: &str =
    "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips";
/// Editions of the guide by which the document can be read.
const EDITIONS: [&str; 3] = ["1.1.0", "2.0.0", "2.0.1"];

/// Reads the parameters: what the answer's form is to be, and the identifier, which is there if the path names no
/// patient (`has_id`).
///
/// # Errors
/// What is wrong with them.
pub(super) fn read(
    input: Input<'_>,
    has_id: bool,
) -> Result<(SearchRequest, Option<ParameterFilter>), SiteError> {
    let operation = if has_id { OF_ONE } else { OF_TYPE };
    let (request, given) = operation.read("Patient", input)?;
    if request.cursor.is_some() {
        return Err(operation.does_not_take(Some("_cursor".to_owned())));
    }
    let mut identifier = None;
    let mut has_profile = false;
    for filter in given {
        match filter.name.as_str() {
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
