//! What the database is asked for a section.

use super::sections::Kind;
use crate::mapping;
use crate::plan::{Handling, Plan};
use crate::search::{
    Compartment, Filter, Modifier, ParameterFilter, ParameterKind, SearchRequest, Token,
    TokenSystem, Total, Value,
};
use crate::site::{Site, SiteError};

impl Site {
    /// The plan of what a section lists of one type; None where no such resources can be the patient's here.
    ///
    /// # Errors
    /// None that is known: what is not offered is not asked.
    pub(super) fn plan_of_kind(
        &self,
        kind: &Kind,
        patient: &str,
        base: &str,
    ) -> Result<Option<Plan>, SiteError> {
        let Some(resource) = self.resource(kind.resource) else {
            return Ok(None);
        };
        if self
            .planner()
            .check_compartment("Patient", resource)
            .is_err()
        {
            return Ok(None);
        }
        let mut request = SearchRequest::new(kind.resource);
        request.compartment = Some(Compartment {
            resource: "Patient".to_owned(),
            id: patient.to_owned(),
        });
        request.count = Some(self.calls.count().most);
        request.total = Some(Total::None);
        request.filters.extend(condition(kind, resource));
        let context = self.calls.context(base, Handling::Strict);
        let plan = self
            .planner()
            .newest(resource, &request, kind.date, &context);
        Ok(Some(plan?))
    }
}

/// What the database is asked of a section's condition: all of it, or nothing.
fn condition(kind: &Kind, resource: &mapping::Resource) -> Option<Filter> {
    let condition = kind.condition.as_ref()?;
    let offered = resource.parameters.get(condition.parameter)?;
    let can_be_asked = offered.kind == ParameterKind::Token
        && (!condition.is_not || offered.modifiers.contains(&Modifier::Not));
    can_be_asked.then(|| {
        Filter::Parameter(ParameterFilter {
            name: condition.parameter.to_owned(),
            kind: ParameterKind::Token,
            modifier: condition.is_not.then_some(Modifier::Not),
            values: condition
                .codes
                .iter()
                .map(|code| {
                    Value::Token(Token {
                        system: TokenSystem::Any,
                        code: Some((*code).to_owned()),
                    })
                })
                .collect(),
            position: 0,
        })
    })
}
