//! What a call asks for, read from its text: a search of one type, of several, or of everything about a patient.
//!
//! All three end in the same: a plan whose parts are fetched in turn and written into one Bundle. They differ in
//! which types are looked at, and with which conditions.

use crate::fhir::compartment;
use crate::mapping::Resource;
use crate::plan::{CountLimits, Place, Plan, PlanError, merged};
use crate::search::{Include, Input, SearchRequest};

use super::{SearchCall, Site, SiteError, everything};

/// A search as it was read.
pub(super) struct Asked {
    /// As links say it.
    pub request: SearchRequest,
    /// As it reads for each type, where there are several.
    pub each: Vec<SearchRequest>,
    /// What goes with the page.
    pub includes: Includes,
}

/// What goes with a page.
#[derive(Default)]
pub(super) struct Includes {
    pub list: Vec<Include>,
    /// Types that may be in the compartment of this one are not included: they are matches, or somebody else's.
    pub outside: Option<&'static str>,
}

impl Includes {
    /// Whether resources of a type may be included.
    pub fn take(&self, resource: &str) -> bool {
        self.outside
            .is_none_or(|of| compartment::membership(of, resource).is_none())
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

impl Site {
    /// Reads the text of a call.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(super) fn ask(&self, call: &SearchCall, input: Input<'_>) -> Result<Asked, SiteError> {
        if call.everything {
            return everything::ask(self, call, input);
        }
        let (request, each) = if call.resource.is_empty() {
            self.several(call, input)?
        } else {
            let mut request = self.parse(&call.resource, input)?;
            request.compartment.clone_from(&call.compartment);
            (request, Vec::new())
        };
        let includes = Includes {
            list: merged(&request.includes),
            outside: None,
        };
        Ok(Asked {
            request,
            each,
            includes,
        })
    }

    /// Plans what was asked.
    ///
    /// # Errors
    /// Whatever the mapping cannot answer.
    pub(super) fn plan_asked(
        &self,
        asked: &Asked,
        places: &[Place],
        call: &SearchCall,
    ) -> Result<Plan, SiteError> {
        if asked.each.is_empty() {
            return self.plan_from(&asked.request, places, &call.base, call.strict);
        }
        let each = asked
            .each
            .iter()
            .map(|request| Ok((self.served(&request.resource)?, request)))
            .collect::<Result<Vec<(&Resource, &SearchRequest)>, SiteError>>()?;
        let context = self.context(&call.base, call.strict);
        Ok(self.planner.search_several(&each, places, &context)?)
    }

    /// A search at the base or of a whole compartment, as it reads for each of its types.
    fn several(
        &self,
        call: &SearchCall,
        input: Input<'_>,
    ) -> Result<(SearchRequest, Vec<SearchRequest>), SiteError> {
        let named = self.named_types(input)?;
        let types = match (&call.compartment, named.is_empty()) {
            (_, false) => named,
            (Some(of), true) => self.types_of_compartment(&of.resource),
            (None, true) => self.mapping().resources.keys().copied().collect(),
        };
        let mut shown = None;
        let mut each = Vec::with_capacity(types.len());
        for name in types {
            let mut request = self.parse(name, input)?;
            request.compartment.clone_from(&call.compartment);
            if shown.is_none() {
                shown = Some(request.clone());
            }
            request.types.clear();
            each.push(request);
        }
        let shown = shown.ok_or(PlanError::NoTypes)?;
        let narrows = call.compartment.is_some()
            || !shown.types.is_empty()
            || !shown.filters.is_empty()
            || shown.cursor.is_some();
        match narrows {
            true => Ok((shown, each)),
            false => Err(PlanError::NoTypes.into()),
        }
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
                let Some(resource) = self.resource(name) else {
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

/// The count of a page of what is asked for whole: as many as there may be.
pub(super) fn most(limits: CountLimits, asked: Option<u32>) -> u32 {
    asked.unwrap_or(limits.most)
}
