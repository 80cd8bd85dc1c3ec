//! What the search targets share: parameters of every kind, and what must hold of every text.

use pilaster::search::{Input, Limits, ParameterKind, ParameterTypes, SearchRequest, parse};

/// One parameter of each kind, named by it, on every resource type; `reference` leads to `Patient` and
/// `Group`, `any` to whatever.
pub struct Types;

impl ParameterTypes for Types {
    fn kind(&self, _: &str, name: &str) -> Option<ParameterKind> {
        match name {
            "_id" => Some(ParameterKind::Token),
            "any" => Some(ParameterKind::Reference),
            _ => ParameterKind::from_word(name),
        }
    }

    fn components(&self, _: &str, name: &str) -> Option<Vec<ParameterKind>> {
        (name == "composite").then(|| {
            vec![
                ParameterKind::Token,
                ParameterKind::Quantity,
                ParameterKind::Date,
            ]
        })
    }

    fn reference_targets(&self, _: &str, name: &str) -> Vec<&str> {
        if name == "reference" {
            vec!["Patient", "Group"]
        } else {
            Vec::new()
        }
    }
}

/// Reads a text; what can be read can be printed, and the print reads as the same.
pub fn check(input: Input<'_>) {
    let limits = Limits::default();
    let request = match parse("Patient", input, &Types, &limits) {
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
    let again =
        parse("Patient", Input::query(&printed), &Types, &limits).expect("a print can be read");
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
