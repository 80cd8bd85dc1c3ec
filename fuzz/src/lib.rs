//! What the search targets share: R4's parameters, and what must hold of every text.

use pilaster::fhir::{SearchParameter, parameter, resource_type};
use pilaster::search::{Input, Limits, ParameterKind, ParameterTypes, SearchRequest, parse};

/// The type that is searched where a text names none: it has most kinds of parameters.
const TYPE: &str = "Observation";

/// The parameters of R4, and no mapping's.
struct R4;

impl ParameterTypes for R4 {
    fn kind(&self, resource: &str, name: &str) -> Option<ParameterKind> {
        parameter(resource, name).map(|parameter| parameter.kind)
    }

    fn components(&self, resource: &str, name: &str) -> Option<Vec<ParameterKind>> {
        let kinds = |parameter: &SearchParameter| {
            let components = parameter.components.iter();
            components.map(|component| component.kind).collect()
        };
        parameter(resource, name)
            .filter(|parameter| parameter.kind == ParameterKind::Composite)
            .map(kinds)
    }

    fn reference_targets(&self, resource: &str, name: &str) -> Vec<&str> {
        parameter(resource, name).map_or_else(Vec::new, |parameter| parameter.targets.clone())
    }
}

/// Parts `Patient?family=smith` into a type of R4 and a query; any other text is a query on [`TYPE`].
pub fn part(text: &[u8]) -> (&str, &[u8]) {
    let at = text.iter().position(|byte| *byte == b'?');
    at.and_then(|at| {
        let name = std::str::from_utf8(&text[..at]).ok()?;
        resource_type(name)?;
        Some((name, &text[at + 1..]))
    })
    .unwrap_or((TYPE, text))
}

/// Reads a text; what can be read can be printed, and the print reads as the same.
pub fn check(resource: &str, input: Input<'_>) {
    let limits = Limits::default();
    let request = match parse(resource, input, &R4, &limits) {
        Ok(request) => request,
        Err(error) => {
            let _ = (error.to_string(), error.expression(), error.code());
            return;
        }
    };
    let printed = request.to_query();
    // Escapes make a print longer than what was read: no limit on its length.
    let limits = Limits {
        query_bytes: usize::MAX,
        ..limits
    };
    let again = parse(resource, Input::query(&printed), &R4, &limits).expect("a print can be read");
    assert!(again.ignored.is_empty());
    assert_eq!(printed, again.to_query());
    assert_eq!(without_places(again), without_places(request));
}

/// Without what a print leaves out: ignored parameters, and with them the positions.
fn without_places(mut request: SearchRequest) -> SearchRequest {
    use pilaster::search::Filter;
    request.ignored.clear();
    for mut filter in &mut request.filters {
        loop {
            match filter {
                Filter::Chain { filter: inner, .. } | Filter::Has { filter: inner, .. } => {
                    filter = inner
                }
                Filter::Parameter(parameter) => {
                    parameter.position = 0;
                    break;
                }
            }
        }
    }
    request
}
