//! The kinds of search parameters: R4's, and those that a mapping adds.

use crate::fhir::search_parameters;
use crate::mapping::Mapping;
use crate::search::{ParameterKind, ParameterTypes};

/// What the parser asks of a mapping.
#[derive(Clone, Copy)]
pub struct Types<'m> {
    mapping: &'m Mapping,
}

impl<'m> Types<'m> {
    pub fn new(mapping: &'m Mapping) -> Types<'m> {
        Types { mapping }
    }
}

impl ParameterTypes for Types<'_> {
    fn kind(&self, resource: &str, name: &str) -> Option<ParameterKind> {
        if let Some(parameter) = search_parameters::parameter(resource, name) {
            return Some(parameter.kind);
        }
        self.mapping
            .resources
            .get(resource)?
            .parameters
            .get(name)
            .map(|parameter| parameter.kind)
    }

    fn components(&self, resource: &str, name: &str) -> Option<Vec<ParameterKind>> {
        let parameter = search_parameters::parameter(resource, name)?;
        (parameter.kind == ParameterKind::Composite).then(|| {
            parameter
                .components
                .iter()
                .map(|component| component.kind)
                .collect()
        })
    }

    fn reference_targets(&self, resource: &str, name: &str) -> Vec<&str> {
        search_parameters::parameter(resource, name)
            .map_or_else(Vec::new, |parameter| parameter.targets.clone())
    }
}
