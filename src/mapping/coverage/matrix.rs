//! Several mappings beside each other: what each of them meets of each thing that AU Core asks for.

use super::{Coverage, State};
use crate::fhir::au_core::Expectation;

/// Rows of what is asked, with a column for each mapping.
#[derive(Debug)]
pub struct Matrix<'c> {
    pub mappings: Vec<&'c Coverage>,
    pub types: Vec<OfType<'c>>,
}

/// What is asked of a resource type.
#[derive(Debug)]
pub struct OfType<'c> {
    pub resource: &'static str,
    pub expectation: Expectation,
    /// Whether each mapping has the type at all.
    pub served: Vec<bool>,
    pub elements: Vec<Row<'c>>,
    pub searches: Vec<Row<'c>>,
}

/// One thing that is asked.
#[derive(Debug)]
pub struct Row<'c> {
    /// `name.family`, `patient&status`
    pub what: &'c str,
    /// `mandatory`, `must-support`, `SHALL`
    pub asked: String,
    /// The profiles that ask for an element, without `au-core-`; none where all profiles of the type do, and of
    /// searches.
    pub profiles: Vec<&'static str>,
    /// Of each mapping.
    pub states: Vec<&'c State>,
}

impl Row<'_> {
    /// All mappings meet it.
    pub fn is_met(&self) -> bool {
        self.states.iter().all(|state| **state == State::Met)
    }
}

impl<'c> Matrix<'c> {
    /// Of mappings in their order. What is asked is the same of each of them, and in the same order.
    pub fn of(mappings: &'c [Coverage]) -> Matrix<'c> {
        let types = mappings
            .first()
            .map_or(&[][..], |first| &first.resources[..]);
        let types = types.iter().enumerate().map(|(place, asked)| {
            let each: Vec<_> = mappings
                .iter()
                .filter_map(|mapping| mapping.resources.get(place))
                .collect();
            let elements = asked.elements.iter().enumerate().map(|(place, element)| {
                let states = each.iter().filter_map(|of| of.elements.get(place));
                Row {
                    what: &element.element,
                    asked: match element.mandatory {
                        true => "mandatory".to_owned(),
                        false => "must-support".to_owned(),
                    },
                    profiles: vec![element.profile.trim_start_matches("au-core-")],
                    states: states.map(|it| &it.state).collect(),
                }
            });
            let searches = asked.searches.iter().enumerate().map(|(place, search)| {
                let states = each.iter().filter_map(|of| of.searches.get(place));
                Row {
                    what: &search.search,
                    asked: search.expectation.to_string(),
                    profiles: Vec::new(),
                    states: states.map(|it| &it.state).collect(),
                }
            });
            OfType {
                resource: asked.resource,
                expectation: asked.expectation,
                served: each.iter().map(|of| of.served).collect(),
                elements: together(elements),
                searches: searches.collect(),
            }
        });
        Matrix {
            types: types.collect(),
            mappings: mappings.iter().collect(),
        }
    }
}

/// An element that several profiles ask for, with the same answers, is one row.
fn together<'c>(rows: impl Iterator<Item = Row<'c>>) -> Vec<Row<'c>> {
    let mut merged: Vec<Row<'c>> = Vec::new();
    let mut profiles: Vec<&'static str> = Vec::new();
    for row in rows {
        for profile in &row.profiles {
            if !profiles.contains(profile) {
                profiles.push(profile);
            }
        }
        let same = merged.iter_mut().find(|other| {
            other.what == row.what && other.asked == row.asked && other.states == row.states
        });
        match same {
            Some(same) => same.profiles.extend(row.profiles),
            None => merged.push(row),
        }
    }
    for row in &mut merged {
        if row.profiles.len() == profiles.len() {
            row.profiles.clear();
        }
    }
    merged
}
