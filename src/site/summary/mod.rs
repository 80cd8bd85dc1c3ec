//! `Patient/{id}/$summary` and `Patient/$summary?identifier=…`: the International Patient Summary, a document of what
//! a stranger should know who treats the patient (<http://hl7.org/fhir/uv/ips/>).
//!
//! Each section is a search of the patient's compartment, as `$everything` is one of all its types: the newest
//! resources, at most as many as a page holds. What they refer to and is nobody's own goes with them. How many
//! commands that takes follows from the mapping. A type that is not served has no section; those that the guide
//! requires then say that nothing is known.

mod absent;
mod asked;
mod compose;
mod document;
mod gather;
mod narrative;
mod plans;
mod sections;
mod words;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::{Answer, Clock, Site, SiteError, Timings};
use crate::fhir::compartment::membership;
use crate::gateway::integrator::Login;
use crate::passthrough::Session;
use crate::plan::{Handling, Plan, ROUNDS, Selection};
use crate::search::{Filter, Input, SearchRequest, Total};
pub(super) use asked::{BUNDLE_PROFILE, COMPOSITION_PROFILE};
use compose::{Head, Listed};
use gather::{Brought, Resource};
use sections::SECTIONS;

/// `$summary` as it came over the wire.
#[derive(Debug, Clone, Default)]
pub struct SummaryCall {
    /// As [`super::SearchCall::base`].
    pub base: String,
    /// The patient's id, where the path says it.
    pub id: Option<String>,
    /// What follows the `?`, still percent-encoded.
    pub query: Vec<u8>,
    /// The parameters of a POST, as a form.
    pub form: Vec<u8>,
    /// As [`super::SearchCall::share`].
    pub share: Option<u32>,
    /// As [`super::SearchCall::login`].
    pub login: Option<Login>,
}

/// The operation, ready to run.
struct Summary {
    base: String,
    /// What finds the patient.
    patient: Plan,
}

impl Site {
    /// Answers `$summary` with a document.
    ///
    /// # Errors
    /// Whatever is wrong with what is asked for; that there is no such patient, or more than one; what the database
    /// reports.
    pub async fn summary(self: &Arc<Self>, call: SummaryCall) -> Result<Answer, SiteError> {
        let mut clock = Clock(Instant::now());
        let resource = self.calls.served("Patient")?;
        let input = Input {
            query: &call.query,
            form: &call.form,
        };
        let (request, identifier) = asked::read(input, call.id.is_some())?;
        let mut timings = Timings {
            parse: clock.lap(),
            ..Timings::default()
        };
        let patient = match (&call.id, identifier) {
            (Some(id), _) => self.planner().read(resource, id, &Selection::of(None, &[])),
            (None, identifier) => {
                let mut search = SearchRequest::new("Patient");
                search.filters.extend(identifier.map(Filter::Parameter));
                // One more than there may be.
                search.count = Some(2);
                search.total = Some(Total::None);
                self.calls.plan(&search, &call.base, Handling::Strict)?
            }
        };
        timings.plan = clock.lap();
        let pool = self.pools.of(call.login.as_ref())?;
        let summary = Summary {
            base: call.base,
            patient,
        };
        let site = Arc::clone(self);
        let answer = pool
            .run_for(call.share, move |session| summary.run(&site, session))
            .await?;
        Ok(answer.begun_with(timings, request.pretty == Some(true)))
    }
}

impl Summary {
    fn run(self, site: &Site, session: &mut Session<'_>) -> Result<Answer, SiteError> {
        let mut clock = Clock(Instant::now());
        let mut answer = Answer::default();
        let base = self.base.as_str();
        session.snapshot()?;
        let commands = &mut answer.commands;
        let found = Brought::fetch(self.patient, site, session, commands)?;
        let (mut patients, left_out) = found.resources(site, base);
        if patients.len() + left_out > 1 {
            return Err(SiteError::SeveralPatients);
        }
        let (patient, resource) = patients.pop().ok_or(SiteError::NoSuchResource)?;
        let id = words::text(&resource.value["id"]);
        let has_profile = document::has_profile(&resource.value);
        let name = words::name(&resource.value);
        let managed_by = resource.value["managingOrganization"].clone();
        let mut all = BTreeMap::from([(patient.clone(), resource)]);
        let mut listed = Vec::with_capacity(SECTIONS.len());
        for section in &SECTIONS {
            let mut of_section = Listed {
                section,
                urls: Vec::new(),
                is_cut: false,
                left_out: 0,
            };
            for kind in section.kinds {
                if section.takes_first && !of_section.urls.is_empty() {
                    break;
                }
                let Some(plan) = site.plan_of_kind(kind, &id, base)? else {
                    continue;
                };
                let found = Brought::fetch(plan, site, session, commands)?;
                let (mut resources, left_out) = found.resources(site, base);
                resources.retain(|(_, resource)| (kind.holds)(&resource.value));
                let moment = |(_, resource): &(String, Resource)| {
                    Reverse(words::moment(&resource.value, kind.moment).map(str::to_owned))
                };
                resources.sort_by_cached_key(moment);
                let most = site.calls.count().most as usize;
                of_section.is_cut |= found.is_cut || resources.len() > most;
                of_section.left_out += left_out;
                for (url, resource) in resources.into_iter().take(most) {
                    of_section.urls.push(url.clone());
                    all.insert(url, resource);
                }
            }
            listed.push(of_section);
        }
        let practice = site.practice(base, session, commands, &mut all)?;
        referred(site, session, base, commands, &mut all)?;
        answer.timings.database = clock.lap();
        let author = document::resolve(&managed_by, base, &all)
            .filter(|(_, resource)| resource.name == "Organization")
            .map(|(url, _)| url.clone())
            .or(practice);
        let head = Head {
            base,
            patient: &patient,
            name: &name,
            practice: author.as_deref(),
            now: &now(site),
            has_profile,
        };
        // What is made here is plain data, which has a JSON.
        let document = head.document(&listed, &all);
        let (body, entries) = document.map_err(|_| SiteError::Unwritable)?;
        (answer.body, answer.entries) = (body, entries);
        answer.timings.assemble = clock.lap();
        Ok(answer)
    }
}

/// The moment, as it is at the practice.
fn now(site: &Site) -> String {
    let now = Timestamp::now().to_zoned(site.zone().clone());
    now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Reads what the resources refer to and is in no patient's compartment, and what that refers to.
fn referred(
    site: &Site,
    session: &mut Session<'_>,
    base: &str,
    commands: &mut u32,
    all: &mut BTreeMap<String, Resource>,
) -> Result<(), SiteError> {
    for _ in 0..ROUNDS {
        let missing = document::missing(all, base);
        let mut is_done = true;
        for (name, ids) in &missing {
            let resource = site.resource(name);
            let Some(resource) = resource.filter(|of| membership("Patient", of.name).is_none())
            else {
                continue;
            };
            let most = site.calls.count().most as usize;
            let ids: Vec<&str> = ids.iter().map(String::as_str).take(most).collect();
            let whole = Selection::of(None, &[]);
            let plan = site.planner().read_all(resource, &ids, &whole);
            let found = Brought::fetch(plan, site, session, commands)?;
            let (resources, _) = found.resources(site, base);
            is_done &= resources.is_empty();
            all.extend(resources);
        }
        if is_done {
            break;
        }
    }
    Ok(())
}

impl Site {
    /// The practice, where it says who it is: the URL of the one Organization that there is.
    fn practice(
        &self,
        base: &str,
        session: &mut Session<'_>,
        commands: &mut u32,
        all: &mut BTreeMap<String, Resource>,
    ) -> Result<Option<String>, SiteError> {
        if self.resource("Organization").is_none() {
            return Ok(None);
        }
        let mut request = SearchRequest::new("Organization");
        request.count = Some(2);
        request.total = Some(Total::None);
        let plan = self.calls.plan(&request, base, Handling::Strict)?;
        let found = Brought::fetch(plan, self, session, commands)?;
        let (resources, left_out) = found.resources(self, base);
        let is_one = resources.len() + left_out == 1 && !found.is_cut;
        let mut only = None;
        for (url, resource) in resources.into_iter().filter(|_| is_one) {
            only = Some(url.clone());
            all.insert(url, resource);
        }
        Ok(only)
    }
}
