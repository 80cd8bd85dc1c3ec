//! Calls read and planned: all that comes before the database.
//!
//! A call asks for a search of one type, of several, or for everything about a patient. All three end in the same: a
//! plan whose parts are fetched in turn and written into one Bundle. They differ in which types are looked at, and
//! with which conditions.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{SearchCall, SiteError, Types, everything};
use crate::errors;
use crate::fhir::compartment;
use crate::fhir::outcome::Issue;
use crate::mapping::{Mapping, Requirement, Resource};
use crate::plan::{
    self, Context, CountLimits, Handling, Included, Part, Place, Plan, PlanError, Planner, merged,
};
use crate::relation::Dialect;
use crate::search::{
    self, DateValue, Filter, Include, Input, Limits, ParameterFilter, ParameterKind, Prefix,
    SearchRequest, TimePrecision, Value,
};

/// Bytes of a search's text, as it came and as it is written into a page link, which seals it, with the
/// place where the page ended, into a third more: a longer link would be refused when it comes back.
const QUERY_BYTES: usize = 16 * 1024;
pub(super) const LINK_BYTES: usize = 32 * 1024;

/// Reads calls and plans them over one mapping; needs no database.
pub struct CallPlanner {
    planner: Planner,
    zone: TimeZone,
    count: CountLimits,
}

/// A call as it was read.
pub struct Asked {
    /// As links say it.
    pub request: SearchRequest,
    /// As it reads for each type, where there are several.
    pub each: Vec<SearchRequest>,
    /// What goes with the page.
    pub includes: Includes,
    /// What the caller should know of how it was read.
    pub notes: Vec<Issue>,
}

/// What goes with a page.
pub enum Includes {
    /// What `_include` and `_revinclude` ask for.
    Named(Vec<Include>),
    /// All that the page refers to, but nothing of a type that may be in the compartment of this one: that is a
    /// match, or somebody else's.
    Referenced {
        outside: &'static str,
        /// The types that are asked for; all where there are none.
        only: Vec<&'static str>,
        /// The page's own resources are not asked for.
        alone: bool,
    },
}

impl Includes {
    /// Nothing goes with it.
    pub fn is_empty(&self) -> bool {
        matches!(self, Includes::Named(list) if list.is_empty())
    }

    /// What is included may have more included in turn.
    pub fn goes_on(&self) -> bool {
        matches!(self, Includes::Named(list) if list.iter().any(|include| include.iterate))
    }

    /// Whether they are all that is asked for.
    pub fn are_alone(&self) -> bool {
        matches!(self, Includes::Referenced { alone: true, .. })
    }

    /// Whether resources of a type may be included.
    pub fn take(&self, resource: &str) -> bool {
        match self {
            Includes::Named(_) => true,
            Includes::Referenced { outside, only, .. } => {
                compartment::membership(outside, resource).is_none()
                    && (only.is_empty() || only.contains(&resource))
            }
        }
    }
}

impl SearchCall {
    /// The path behind the base.
    pub fn path(&self) -> String {
        let last = match (self.everything, self.resource.as_str()) {
            (true, _) => "$everything",
            (false, "") if self.compartment.is_some() => "*",
            (false, resource) => resource,
        };
        match &self.compartment {
            Some(of) => format!("{}/{}/{last}", of.resource, of.id),
            None => last.to_owned(),
        }
    }
}

impl CallPlanner {
    /// `zone` is the practice's.
    pub fn new(mapping: Arc<Mapping>, zone: TimeZone, count: CountLimits) -> CallPlanner {
        CallPlanner {
            planner: Planner::new(mapping),
            zone,
            count,
        }
    }

    /// Plans commands that keep to the bounds of a dialect ([`Planner::within`]).
    pub fn within(self, dialect: Dialect) -> CallPlanner {
        CallPlanner {
            planner: self.planner.within(dialect),
            ..self
        }
    }

    pub fn planner(&self) -> &Planner {
        &self.planner
    }

    pub fn mapping(&self) -> &Arc<Mapping> {
        self.planner.mapping()
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Entries of a page, where nothing is asked and at the most.
    pub fn count(&self) -> CountLimits {
        self.count
    }

    /// A resource type that is served.
    ///
    /// # Errors
    /// [`SiteError::UnknownResourceType`], for any other.
    pub fn served(&self, name: &str) -> Result<&Resource, SiteError> {
        let resources = &self.mapping().resources;
        resources
            .get(name)
            .ok_or_else(|| SiteError::UnknownResourceType {
                served: resources.keys().copied().collect(),
            })
    }

    /// What plans depend on now.
    pub fn context<'c>(&'c self, base: &'c str, handling: Handling) -> Context<'c> {
        Context {
            base,
            zone: &self.zone,
            now: self.zone.to_datetime(Timestamp::now()),
            handling,
            count: self.count,
        }
    }

    /// Reads the text of a search.
    ///
    /// # Errors
    /// The first thing that is wrong with the text.
    pub fn parse(&self, resource: &str, input: Input<'_>) -> Result<SearchRequest, SiteError> {
        let request = search::parse(resource, input, &Types::new(self.mapping()), &limits())?;
        let too_long = || search::SearchError::QueryTooLong { limit: QUERY_BYTES };
        if request.cursor.is_none() {
            if input.query.len() > QUERY_BYTES {
                return Err(too_long().into());
            }
            // Written, a byte takes three at the most, so only a long text need be written to know.
            if input.query.len() + input.form.len() > QUERY_BYTES / 3
                && link_text(&request).len() > QUERY_BYTES
            {
                return Err(too_long().into());
            }
        }
        Ok(request)
    }

    /// Plans a search of one type from its first page.
    ///
    /// # Errors
    /// Whatever the mapping cannot answer.
    pub fn plan(
        &self,
        request: &SearchRequest,
        base: &str,
        handling: Handling,
    ) -> Result<Plan, SiteError> {
        self.plan_from(request, &[], base, handling)
    }

    fn plan_from(
        &self,
        request: &SearchRequest,
        places: &[Place],
        base: &str,
        handling: Handling,
    ) -> Result<Plan, SiteError> {
        let resource = self.served(&request.resource)?;
        let context = self.context(base, handling);
        Ok(self.planner.search(resource, request, places, &context)?)
    }

    /// Reads the text of a call.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn ask(&self, call: &SearchCall, input: Input<'_>) -> Result<Asked, SiteError> {
        if !call.resource.is_empty() {
            self.served(&call.resource)?;
        }
        if call.everything {
            return everything::ask(self, call, input);
        }
        if call.resource.is_empty() {
            return self.several(call, input);
        }
        let mut request = self.parse(&call.resource, input)?;
        request.compartment.clone_from(&call.compartment);
        let notes = self.look_ahead(&mut request, call.handling)?;
        Ok(Asked {
            includes: Includes::Named(merged(&request.includes)),
            request,
            each: Vec::new(),
            notes,
        })
    }

    /// Plans what was asked.
    ///
    /// # Errors
    /// Whatever the mapping cannot answer.
    pub fn plan_asked(
        &self,
        asked: &Asked,
        places: &[Place],
        call: &SearchCall,
    ) -> Result<Plan, SiteError> {
        if asked.each.is_empty() {
            return self.plan_from(&asked.request, places, &call.base, call.handling);
        }
        let each = asked
            .each
            .iter()
            .map(|request| Ok((self.served(&request.resource)?, request)))
            .collect::<Result<Vec<(&Resource, &SearchRequest)>, SiteError>>()?;
        let context = self.context(&call.base, call.handling);
        Ok(self.planner.search_several(&each, places, &context)?)
    }

    /// The selects of what goes with a page of a plan, as they are for a page that holds one resource of each
    /// source, whose id is 0: which resources a page holds is not known before it is there.
    pub fn included(&self, asked: &Asked, plan: &Plan, call: &SearchCall) -> Vec<Part> {
        match &asked.includes {
            Includes::Named(list) => {
                let context = self.context(&call.base, call.handling);
                let page: Vec<Included> = plan
                    .parts
                    .iter()
                    .filter_map(|part| self.planner.stand_in(&part.source))
                    .collect();
                let mut parts = Vec::new();
                for include in list {
                    let request = &asked.request;
                    let steps = self.planner.include(include, &page, request, &context);
                    parts.extend(steps.parts.into_iter().map(|(_, part)| part));
                    // What lies in another catalogue is read by its ids.
                    let across = steps.across.iter();
                    let served = across.filter_map(|across| self.served(across.resource).ok());
                    parts.extend(served.flat_map(|of| self.planner.read_stand_in(of).parts));
                }
                parts
            }
            Includes::Referenced { .. } => {
                let types: BTreeSet<&str> = plan
                    .parts
                    .iter()
                    .flat_map(|part| plan::references(&part.source.references))
                    .map(|(_, to)| to.to)
                    .filter(|to| asked.includes.take(to))
                    .collect();
                let served = types.iter().filter_map(|name| self.served(name).ok());
                served
                    .flat_map(|resource| self.planner.read_stand_in(resource).parts)
                    .collect()
            }
        }
    }

    /// A search at the base or of a whole compartment, as it reads for each of its types.
    fn several(&self, call: &SearchCall, input: Input<'_>) -> Result<Asked, SiteError> {
        let named = self.named_types(input)?;
        let all_of_base = call.compartment.is_none() && named.is_empty();
        let types = match (&call.compartment, named.is_empty()) {
            (_, false) => named,
            (Some(of), true) => self.types_of_compartment(&of.resource),
            (None, true) => self.mapping().resources.keys().copied().collect(),
        };
        let mut shown = None;
        let mut each = Vec::with_capacity(types.len());
        let mut left_out = Vec::new();
        for name in types {
            let mut request = self.parse(name, input)?;
            request.compartment.clone_from(&call.compartment);
            if shown.is_none() {
                shown = Some(request.clone());
            }
            if all_of_base && !self.can_be_among_all(self.served(name)?, &request) {
                left_out.push(name);
                continue;
            }
            request.types.clear();
            each.push(request);
        }
        let shown = shown.ok_or(PlanError::NoTypes)?;
        let narrows = call.compartment.is_some()
            || !shown.types.is_empty()
            || !shown.filters.is_empty()
            || shown.cursor.is_some();
        if !narrows || each.is_empty() {
            return Err(PlanError::NoTypes.into());
        }
        let note = (!left_out.is_empty()).then(|| {
            Issue::information(format!(
                "not among the types searched, for they cannot be searched so: {}",
                left_out.join(", ")
            ))
            .at("http._type")
        });
        Ok(Asked {
            includes: Includes::Named(merged(&shown.includes)),
            request: shown,
            each,
            notes: note.into_iter().collect(),
        })
    }

    /// Adds the ranges that a type demands, which a search says nothing of and which then are from now on; a page link
    /// has them from its first page.
    fn look_ahead(
        &self,
        request: &mut SearchRequest,
        handling: Handling,
    ) -> Result<Vec<Issue>, SiteError> {
        let resource = self.served(&request.resource)?;
        let names = |name: &str| {
            let mut filters = request.filters.iter();
            filters.any(|filter| matches!(filter, Filter::Parameter(of) if of.name == name))
        };
        let wanted: Vec<&Requirement> = resource
            .requires
            .iter()
            .filter(|of| of.ahead && !names(&of.parameter))
            .collect();
        if wanted.is_empty() || names("_id") || request.cursor.is_some() {
            return Ok(Vec::new());
        }
        // Where nothing that was asked for is known, the search is refused as it is.
        let is_refused = handling != Handling::Lenient && request.filters.is_empty();
        if is_refused && request.ignored.iter().any(|of| of.is_unknown()) {
            return Ok(Vec::new());
        }
        let now = self.zone.to_datetime(Timestamp::now());
        let to_minute = |at: DateTime| DateValue::Time {
            at: at.date().at(at.hour(), at.minute(), 0, 0),
            precision: TimePrecision::Minute,
            offset: None,
        };
        let mut notes = Vec::with_capacity(wanted.len());
        for Requirement {
            parameter, days, ..
        } in wanted
        {
            let from = to_minute(now);
            let until = to_minute(now.saturating_add(i64::from(*days).days()));
            for (prefix, date) in [(Prefix::Ge, from), (Prefix::Lt, until)] {
                request.filters.push(Filter::Parameter(ParameterFilter {
                    name: parameter.to_string(),
                    kind: ParameterKind::Date,
                    modifier: None,
                    values: vec![Value::Date { prefix, date }],
                    position: 0,
                }));
            }
            notes.push(
                Issue::information(format!(
                    "`{parameter}` was not asked for: the search is from now on, for {days} days"
                ))
                .at(errors::expression(parameter)),
            );
        }
        Ok(notes)
    }

    /// Whether a type is searched where all are: not one of which the search says too little, nor one without a
    /// parameter that R4 gives to all types and that is asked for.
    fn can_be_among_all(&self, resource: &Resource, request: &SearchRequest) -> bool {
        let is_offered = |filter: &Filter| match filter {
            Filter::Parameter(filter) if filter.name.starts_with('_') => {
                resource.parameters.contains_key(&*filter.name)
            }
            _ => true,
        };
        Planner::is_enough(resource, request, &self.context("", Handling::Unsaid))
            && request.filters.iter().all(is_offered)
    }

    /// The served types that may be in a compartment.
    pub(super) fn types_of_compartment(&self, of: &str) -> Vec<&'static str> {
        self.mapping()
            .resources
            .values()
            .filter(|resource| self.planner.check_compartment(of, resource).is_ok())
            .map(|resource| resource.name)
            .collect()
    }

    /// The types that `_type` names, before anything else of the text can be read: what a parameter means follows
    /// from them. What else is wrong with the parameter is found then.
    fn named_types(&self, input: Input<'_>) -> Result<Vec<&'static str>, SiteError> {
        let pairs = [input.query, input.form]
            .into_iter()
            .flat_map(form_urlencoded::parse);
        let mut types: Vec<&'static str> = Vec::new();
        for (_, value) in pairs.filter(|(name, _)| name == "_type") {
            for (index, name) in value.split(',').enumerate() {
                if name.is_empty() {
                    continue;
                }
                let Some(resource) = self.mapping().resources.get(name) else {
                    return Err(SiteError::TypeNotServed {
                        number: index + 1,
                        served: self.mapping().resources.keys().copied().collect(),
                    });
                };
                if !types.contains(&resource.name) {
                    types.push(resource.name);
                }
            }
        }
        Ok(types)
    }
}

/// How much text a search may have: links, which are searches too, are the longest.
pub(super) fn limits() -> Limits {
    Limits {
        query_bytes: LINK_BYTES,
        form_bytes: QUERY_BYTES,
        ..Limits::default()
    }
}

/// The text of a search as a page link holds it.
pub(super) fn link_text(request: &SearchRequest) -> String {
    request.to_query_with(request.count, None)
}
