//! Which profiles a resource claims (`meta.profile`), by what is written of it.
//!
//! Each profile has needs, each need a bit; while a resource is written, the bits of the needs that it meets
//! are gathered. A need is about one top-level element: that it is there, or that one entry of it has all of some
//! parts, which have bits of their own; or about the row: that a code table names the profile for it.

use std::sync::Arc;

use super::view::Reader;
use crate::mapping::{self, Binding, Profile};

/// What an element of a resource must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewNeed {
    /// Set where the need is met.
    pub bit: u64,
    /// The marks ([`super::ViewField::mark`]) that one entry must have; 0 where it is enough that there is one.
    pub parts: u64,
}

/// The profiles of a view.
#[derive(Debug, Default)]
pub struct Claims {
    /// The needs of all profiles.
    pub all: u64,
    /// Needs that constants meet.
    pub given: u64,
    profiles: Vec<Claim>,
    /// What names one of several profiles for a row: the value, and what each URL, as JSON, meets.
    pub named: Vec<(Reader, Vec<(String, u64)>)>,
    /// What stands beside `profile` in `meta`.
    beside: String,
}

#[derive(Debug)]
struct Claim {
    /// The URL as JSON.
    url: String,
    needs: u64,
}

impl Claims {
    /// What stands in `meta` of a resource that meets the needs of `met`, without braces.
    pub fn meta(&self, met: u64) -> String {
        let claimed: Vec<&str> = self
            .profiles
            .iter()
            .filter(|claim| claim.needs & met == claim.needs)
            .map(|claim| &*claim.url)
            .collect();
        let profile = match claimed.is_empty() {
            true => String::new(),
            false => format!("\"profile\":[{}]", claimed.join(",")),
        };
        match (profile.is_empty(), self.beside.is_empty()) {
            (false, false) => format!("{profile},{}", self.beside),
            _ => profile + &self.beside,
        }
    }
}

/// A part of an element that a need asks for: the names that still lead to it, and its mark.
#[derive(Clone, Copy)]
pub(super) struct Part<'p> {
    pub path: &'p [Arc<str>],
    pub mark: u64,
}

/// The needs of a source's profiles, with their bits.
pub(super) struct Needs<'p> {
    needs: Vec<(&'p mapping::Need, ViewNeed)>,
    pub parts: Vec<Part<'p>>,
    profiles: &'p [Profile],
    /// Bits given out.
    bits: usize,
}

impl<'p> Needs<'p> {
    pub fn of(profiles: &'p [Profile]) -> Needs<'p> {
        let mut needs = Vec::new();
        let mut parts = Vec::new();
        for need in profiles.iter().flat_map(|profile| &profile.needs) {
            let mut marks = 0;
            for path in &need.parts {
                // The loader lets no more through than there are bits.
                let mark = 1u64.checked_shl(parts.len() as u32).unwrap_or(0);
                parts.push(Part { path, mark });
                marks |= mark;
            }
            let bit = 1u64.checked_shl(needs.len() as u32).unwrap_or(0);
            needs.push((need, ViewNeed { bit, parts: marks }));
        }
        Needs {
            bits: needs.len(),
            needs,
            parts,
            profiles,
        }
    }

    /// What is needed of a top-level element.
    pub fn of_element(&self, name: &str) -> Vec<ViewNeed> {
        self.needs
            .iter()
            .filter(|(need, _)| &*need.element == name)
            .map(|(_, need)| *need)
            .collect()
    }

    /// The needs that a constant element meets.
    pub fn met_by(&self, name: &str, json: &str) -> u64 {
        let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        let entries = match &value {
            serde_json::Value::Array(entries) => entries.as_slice(),
            one => std::slice::from_ref(one),
        };
        self.needs
            .iter()
            .filter(|(need, _)| {
                &*need.element == name
                    && entries
                        .iter()
                        .any(|entry| need.parts.iter().all(|path| has(entry, &path[1..])))
            })
            .fold(0, |met, (_, need)| met | need.bit)
    }

    /// The profiles, with what stands beside them in `meta`.
    pub fn claims(
        self,
        given: u64,
        beside: String,
        mut reader: impl FnMut(&Arc<Binding>) -> Reader,
    ) -> Claims {
        let mut bits = self.needs.iter().map(|(_, need)| need.bit);
        let mut own = self.bits;
        let mut named: Vec<(Reader, Vec<(String, u64)>)> = Vec::new();
        let profiles: Vec<Claim> = self
            .profiles
            .iter()
            .map(|profile| {
                let url = serde_json::Value::from(&*profile.url).to_string();
                let mut needs = bits
                    .by_ref()
                    .take(profile.needs.len())
                    .fold(0, |all, bit| all | bit);
                if let Some(binding) = &profile.named_by {
                    let bit = 1u64.checked_shl(own as u32).unwrap_or(0);
                    own += 1;
                    needs |= bit;
                    let is_it =
                        |(known, _): &&mut (Reader, _)| Arc::ptr_eq(&known.binding, binding);
                    match named.iter_mut().find(is_it) {
                        Some((_, urls)) => urls.push((url.clone(), bit)),
                        None => named.push((reader(binding), vec![(url.clone(), bit)])),
                    }
                }
                Claim { url, needs }
            })
            .collect();
        Claims {
            all: profiles.iter().fold(0, |all, claim| all | claim.needs),
            given,
            profiles,
            named,
            beside,
        }
    }
}

/// Whether a constant has something at a path.
pub(super) fn has(value: &serde_json::Value, path: &[Arc<str>]) -> bool {
    match (value, path) {
        (serde_json::Value::Array(entries), _) => entries.iter().any(|entry| has(entry, path)),
        (_, []) => true,
        (value, [name, rest @ ..]) => value.get(&**name).is_some_and(|value| has(value, rest)),
    }
}
