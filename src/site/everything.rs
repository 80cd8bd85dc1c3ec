//! `Patient/{id}/$everything`: the patient, what belongs to them, and what that refers to
//! (<http://hl7.org/fhir/R4/patient-operation-everything.html>).
//!
//! It is a search of all types of the patient's compartment, page by page; each page brings along what its resources
//! refer to and is nobody's own: practitioners, organisations, locations.
//!
//! `start` and `end` are about care: what happened (encounters, results, appointments) lies between them; of what
//! lasts (conditions, medication) that is left out which had not begun by `end` or, where its end is kept, was over
//! before `start`. What has no date, and types that have none (cover, allergies), always belong to the picture.
//!
//! `_type` says what is returned. Of the types that are nobody's own those resources come that the others asked for
//! refer to; where no other is asked for, those that anything of the patient's does.
//!
//! `_since` narrows each type that has a moment of its last change; the patient is always there, unless `_type` leaves
//! them out.

use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::fhir::compartment::{compartments, membership};
use crate::plan::PlanError;
use crate::search::{
    self, DateValue, Filter, Input, ParameterFilter, ParameterKind, Prefix, SearchRequest,
    TimePrecision, Total, Value,
};

use super::calls::{Asked, CallPlanner, Includes};
use super::operation::Operation;
use super::{SearchCall, SiteError};

const OPERATION: Operation = Operation {
    own: &[
        ("start", ParameterKind::Date),
        ("end", ParameterKind::Date),
        ("_since", ParameterKind::Date),
    ],
    shared: &["_type", "_count", "_format", "_pretty"],
};

/// By which parameter a type's resources lie in time, for those that tell of something that happened: the first that is
/// offered. When something is to be done says more than when it was asked for.
const DATED: [(&str, &str); 28] = [
    ("AdverseEvent", "date"),
    ("Appointment", "date"),
    ("ChargeItem", "occurrence"),
    ("Claim", "created"),
    ("ClinicalImpression", "date"),
    ("Communication", "sent"),
    ("CommunicationRequest", "occurrence"),
    ("Composition", "date"),
    ("DetectedIssue", "identified"),
    ("DeviceRequest", "event-date"),
    ("DiagnosticReport", "date"),
    ("DocumentReference", "date"),
    ("Encounter", "date"),
    ("ImagingStudy", "started"),
    ("Immunization", "date"),
    ("Invoice", "date"),
    ("Media", "created"),
    ("MedicationAdministration", "effective-time"),
    ("MedicationDispense", "whenhandedover"),
    ("MedicationRequest", "authoredon"),
    ("Observation", "date"),
    ("Procedure", "date"),
    ("QuestionnaireResponse", "authored"),
    ("ServiceRequest", "occurrence"),
    ("ServiceRequest", "authored"),
    ("Specimen", "collected"),
    ("SupplyRequest", "date"),
    ("VisionPrescription", "datewritten"),
];

/// By which parameters a type's resources begin and, if so, end, for those that tell of something that lasts.
const LASTING: [(&str, &str, Option<&str>); 7] = [
    ("CarePlan", "date", Some("date")),
    ("CareTeam", "date", Some("date")),
    ("Condition", "onset-date", Some("abatement-date")),
    ("EpisodeOfCare", "date", Some("date")),
    ("Flag", "date", Some("date")),
    ("Goal", "start-date", None),
    ("MedicationStatement", "effective", Some("effective")),
];

/// Reads the operation's parameters, and makes a search of each type of them.
///
/// # Errors
/// What is wrong with them; a type that is not in the compartment.
pub(super) fn ask(
    calls: &CallPlanner,
    call: &SearchCall,
    input: Input<'_>,
) -> Result<Asked, SiteError> {
    let of = call.compartment.as_ref().ok_or(PlanError::NoTypes)?;
    let outside = compartments().find(|name| *name == of.resource);
    let outside = outside.ok_or(PlanError::NoTypes)?;
    let (request, given) = OPERATION.read(&of.resource, input)?;
    let times = Times::of(&given)?;
    if times.is_reversed(calls.zone()) {
        return Err(SiteError::RangeReversed);
    }
    let within = calls.types_of_compartment(&of.resource);
    let mut types = vec![calls.served(&of.resource)?.name];
    types.extend(within.iter().filter(|name| **name != of.resource));
    let served = calls.mapping().resources.keys().copied();
    let others: Vec<&str> = served
        .filter(|name| membership(outside, name).is_none() && !types.contains(name))
        .collect();
    let is_asked = |name: &&str| request.types.iter().any(|asked| asked == name);
    for (index, name) in request.types.iter().enumerate() {
        if !types.contains(&name.as_str()) && !others.contains(&name.as_str()) {
            types.extend(others);
            return Err(SiteError::TypeNotServed {
                number: index + 1,
                served: types,
            });
        }
    }
    let names_types = !request.types.is_empty();
    let only: Vec<&str> = others.into_iter().filter(is_asked).collect();
    let alone = names_types && !types.iter().any(is_asked);
    let mut each = Vec::with_capacity(types.len());
    for name in types {
        if names_types && !alone && !is_asked(&name) {
            continue;
        }
        let mut own = SearchRequest::new(name);
        // As many as there may be: it is asked for whole.
        own.count = Some(request.count.unwrap_or(calls.count().most));
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
            own.filters = times.conditions(calls, name);
        }
        each.push(own);
    }
    Ok(Asked {
        request,
        each,
        includes: match names_types && only.is_empty() {
            true => Includes::Named(Vec::new()),
            false => Includes::Referenced {
                outside,
                only,
                alone,
            },
        },
        notes: Vec::new(),
    })
}

/// The times that were given.
#[derive(Default)]
struct Times {
    start: Option<DateValue>,
    end: Option<DateValue>,
    since: Option<DateValue>,
}

impl Times {
    fn of(given: &[ParameterFilter]) -> Result<Times, SiteError> {
        let mut times = Times::default();
        for filter in given {
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

    /// The end lies before the start.
    fn is_reversed(&self, zone: &TimeZone) -> bool {
        let (Some(start), Some(end)) = (self.start, self.end) else {
            return false;
        };
        end.interval(zone).end <= start.interval(zone).start
    }

    /// What they mean for the resources of a type, as far as its parameters are offered.
    fn conditions(&self, calls: &CallPlanner, resource: &str) -> Vec<Filter> {
        let served = calls.mapping().resources.get(resource);
        let is_offered = |name: &str| served.is_some_and(|of| of.parameters.contains_key(name));
        let mut dated = DATED.iter().filter(|(name, _)| *name == resource);
        let dated = dated.find(|(_, parameter)| is_offered(parameter));
        let dated = dated.map(|(_, parameter)| *parameter);
        let lasting = LASTING.iter().find(|(name, ..)| *name == resource);
        let begins = dated.or(lasting.map(|(_, parameter, _)| *parameter));
        let ends = dated.or(lasting.and_then(|(.., parameter)| *parameter));
        [
            (
                self.start.map(|date| before(date, calls.zone())),
                ends,
                Prefix::Gt,
            ),
            (
                self.end.map(|date| after(date, calls.zone())),
                begins,
                Prefix::Lt,
            ),
            (self.since, Some("_lastUpdated"), Prefix::Ge),
        ]
        .into_iter()
        .filter_map(|(date, name, prefix)| Some((date?, name?, prefix)))
        .filter(|(_, name, _)| is_offered(name))
        .map(|(date, name, prefix)| {
            let mut values = vec![Value::Date { prefix, date }];
            // What has no date may belong; that a row changed since a moment is known of what says when it did.
            if name != "_lastUpdated" {
                values.push(Value::Missing(true));
            }
            Filter::Parameter(ParameterFilter {
                name: name.to_owned(),
                kind: ParameterKind::Date,
                modifier: None,
                values,
                position: 0,
            })
        })
        .collect()
    }
}

/// The moment before a date: what ends after it lasts into the date, wherever it began.
fn before(date: DateValue, zone: &TimeZone) -> DateValue {
    moment(date.interval(zone).start.saturating_sub(1.nanosecond()))
}

/// The moment after a date: what begins before it has begun by the end of the date, wherever it ends.
fn after(date: DateValue, zone: &TimeZone) -> DateValue {
    moment(date.interval(zone).end)
}

fn moment(at: DateTime) -> DateValue {
    DateValue::Time {
        at,
        precision: TimePrecision::Fraction(9),
        offset: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::search_parameters::parameter;

    #[test]
    fn what_narrows_types_are_parameters_of_r4_for_dates() {
        let lasting = LASTING
            .iter()
            .flat_map(|(of, begins, ends)| [Some((*of, *begins)), ends.map(|ends| (*of, ends))]);
        for (of, name) in DATED.into_iter().chain(lasting.flatten()) {
            let parameter = parameter(of, name).unwrap_or_else(|| panic!("{of}.{name}"));
            assert_eq!(parameter.kind, ParameterKind::Date, "{of}.{name}");
            assert!(membership("Patient", of).is_some(), "{of}");
        }
    }
}
