//! `Patient/{id}/$everything`: the patient, what belongs to them, and what that refers to
//! (<http://hl7.org/fhir/R4/patient-operation-everything.html>).
//!
//! It is a search of all types of the patient's compartment, page by page; each page brings along what its resources
//! refer to and is nobody's own: practitioners, organisations, locations.
//!
//! `start` and `end` narrow what happened at a time: encounters, results, appointments. What is so until it is
//! otherwise (conditions, allergies, current medication, cover) always belongs to the picture. `_since` narrows
//! each type that has a moment of its last change; the patient is always there, unless `_type` leaves them out.

use crate::plan::PlanError;
use crate::search::{
    self, DateValue, Filter, Include, Input, Limits, ParameterFilter, ParameterKind,
    ParameterTypes, Prefix, SearchRequest, Total, Value,
};

use super::asked::{Asked, Includes, most};
use super::{LINK_BYTES, QUERY_BYTES, SearchCall, Site, SiteError};

/// The operation's parameters, beside those that every answer takes.
const PARAMETERS: [&str; 3] = ["start", "end", "_since"];

/// By which parameter a type's resources lie in time, for those that tell of something that happened.
const DATED: [(&str, &str); 11] = [
    ("Appointment", "date"),
    ("DiagnosticReport", "date"),
    ("DocumentReference", "date"),
    ("Encounter", "date"),
    ("Immunization", "date"),
    ("MedicationAdministration", "effective-time"),
    ("MedicationDispense", "whenhandedover"),
    ("MedicationRequest", "authoredon"),
    ("Observation", "date"),
    ("Procedure", "date"),
    ("ServiceRequest", "authored"),
];

/// What the text of the operation is read by.
struct OwnParameters;

impl ParameterTypes for OwnParameters {
    fn kind(&self, _: &str, name: &str) -> Option<ParameterKind> {
        PARAMETERS.contains(&name).then_some(ParameterKind::Date)
    }

    fn components(&self, _: &str, _: &str) -> Option<Vec<ParameterKind>> {
        None
    }

    fn reference_targets(&self, _: &str, _: &str) -> Vec<&str> {
        Vec::new()
    }
}

/// Reads the operation's parameters, and makes a search of each type of them.
///
/// # Errors
/// What is wrong with them; a type that is not in the compartment.
pub(super) fn ask(site: &Site, call: &SearchCall, input: Input<'_>) -> Result<Asked, SiteError> {
    let Some(of) = &call.compartment else {
        return Err(PlanError::NoTypes.into());
    };
    let limits = Limits {
        query_bytes: LINK_BYTES,
        form_bytes: QUERY_BYTES,
        ..Limits::default()
    };
    let request = search::parse(&of.resource, input, &OwnParameters, &limits)?;
    let asked = Parameters::of(&request)?;
    let within = site.types_of_compartment(&of.resource);
    let mut types = vec![site.served(&of.resource)?.name];
    types.extend(within.iter().filter(|name| **name != of.resource));
    for (index, name) in request.types.iter().enumerate() {
        if !types.contains(&name.as_str()) {
            return Err(SiteError::TypeNotServed {
                number: index + 1,
                served: types,
            });
        }
    }
    let mut each = Vec::with_capacity(types.len());
    for name in types {
        if !request.types.is_empty() && !request.types.iter().any(|asked| asked == name) {
            continue;
        }
        let mut own = SearchRequest::new(name);
        own.count = Some(most(site.config.count, request.count));
        own.total = Some(Total::None);
        if name == of.resource {
            own.filters.push(Filter::Parameter(ParameterFilter {
                name: "_id".to_owned(),
                kind: ParameterKind::Token,
                modifier: None,
                values: vec![Value::Token(search::Token {
                    system: search::TokenSystem::Any,
                    code: Some(of.id.clone()),
                })],
                position: 0,
            }));
        } else {
            own.compartment = Some(of.clone());
            own.filters = asked.conditions(site, name);
        }
        each.push(own);
    }
    let everything = Include {
        reverse: false,
        iterate: false,
        source: None,
        parameter: None,
        target: None,
    };
    let outside = crate::fhir::compartment::compartments().find(|name| *name == of.resource);
    Ok(Asked {
        request,
        each,
        includes: Includes {
            list: vec![everything],
            outside,
        },
    })
}

/// The times that were given.
#[derive(Default)]
struct Parameters {
    start: Option<DateValue>,
    end: Option<DateValue>,
    since: Option<DateValue>,
}

impl Parameters {
    fn of(request: &SearchRequest) -> Result<Parameters, SiteError> {
        if let Some(ignored) = request.ignored.iter().find(|of| of.is_unknown()) {
            return Err(not_taken(ignored.name.clone()));
        }
        let result = [
            (!request.sort.is_empty(), "_sort"),
            (request.total.is_some(), "_total"),
            (request.summary.is_some(), "_summary"),
            (!request.elements.is_empty(), "_elements"),
            (!request.includes.is_empty(), "_include"),
        ];
        if let Some((_, name)) = result.into_iter().find(|(given, _)| *given) {
            return Err(not_taken(Some(name.to_owned())));
        }
        let mut times = Parameters::default();
        for filter in &request.filters {
            let Filter::Parameter(filter) = filter else {
                return Err(not_taken(None));
            };
            let place = match filter.name.as_str() {
                "start" => &mut times.start,
                "end" => &mut times.end,
                _ => &mut times.since,
            };
            match (filter.values.as_slice(), &filter.modifier, &place) {
                (
                    [
                        Value::Date {
                            prefix: Prefix::Eq,
                            date,
                        },
                    ],
                    None,
                    None,
                ) => *place = Some(*date),
                _ => {
                    return Err(SiteError::OperationValue {
                        parameter: filter.name.clone(),
                    });
                }
            }
        }
        Ok(times)
    }

    /// What they mean for the resources of a type, as far as its parameters are offered.
    fn conditions(&self, site: &Site, resource: &str) -> Vec<Filter> {
        let dated = DATED.iter().find(|(name, _)| *name == resource);
        let dated = dated.map(|(_, parameter)| *parameter);
        [
            (self.start, dated, Prefix::Ge),
            (self.end, dated, Prefix::Le),
            (self.since, Some("_lastUpdated"), Prefix::Ge),
        ]
        .into_iter()
        .filter_map(|(date, name, prefix)| Some((date?, name?, prefix)))
        .filter(|(_, name, _)| {
            site.resource(resource)
                .is_some_and(|of| of.parameters.contains_key(*name))
        })
        .map(|(date, name, prefix)| {
            Filter::Parameter(ParameterFilter {
                name: name.to_owned(),
                kind: ParameterKind::Date,
                modifier: None,
                values: vec![Value::Date { prefix, date }],
                position: 0,
            })
        })
        .collect()
    }
}

fn not_taken(parameter: Option<String>) -> SiteError {
    SiteError::NotOfOperation {
        parameter,
        takes: "start, end, _since, _type, _count, _format and _pretty",
    }
}
