//! AU Core 2.0.0: what it asks of a server that answers.
//!
//! Takes the text of `requirements.yaml`, which is part of the program; gives for each resource type the
//! interactions, search parameters, combinations and includes that are expected, and for each profile the elements that
//! a resource must have (mandatory) and those that must be there where the practice knows them (must-support). Read
//! once, at first use. Knows nothing of mappings: what one of them meets is worked out in
//! [`mapping::coverage`](crate::mapping::coverage).

mod path;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::search::ParameterKind;

pub use path::{ElementName, Path};

/// How strongly something is asked for (RFC 2119).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Expectation {
    Shall,
    Should,
    May,
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Expectation::Shall => "SHALL",
            Expectation::Should => "SHOULD",
            Expectation::May => "MAY",
        })
    }
}

/// All that is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    /// Of AU Core.
    pub version: String,
    /// By resource type.
    pub resources: BTreeMap<String, Resource>,
    /// By the last part of their URLs: `au-core-patient`.
    pub profiles: BTreeMap<String, Profile>,
    /// Where the slices of elements are known by, as `Patient.identifier:ihi`.
    pub slices: BTreeMap<String, Mark>,
}

/// What is asked of a resource type.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    pub expectation: Expectation,
    pub read: Option<Expectation>,
    pub search: Option<Expectation>,
    /// By name.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    #[serde(default)]
    pub combinations: Vec<Combination>,
    /// `Type:parameter`
    #[serde(default)]
    pub includes: BTreeMap<String, Expectation>,
}

/// A search parameter, and what searching by it means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Parameter {
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    pub expectation: Expectation,
    /// How a value is written, where the text says.
    pub value: Option<ValueForm>,
    /// Several values in one parameter, any of which may match.
    pub or: Option<Expectation>,
    /// The parameter several times, all of which must match.
    pub and: Option<Expectation>,
    /// `gt`, `lt`, `ge` and `le`
    pub comparators: Option<Expectation>,
    /// The identifiers that are searched by.
    pub identifiers: Option<Identifiers>,
    pub chain: Option<Chain>,
    /// Each code that a profile fixes is searched by.
    pub profile_codes: Option<Expectation>,
}

/// How the value of a parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueForm {
    /// `code`, and `system|code`
    Code,
    /// `system|code`
    SystemCode,
    /// `id`, and `Type/id`
    Id,
    /// A date-time with its second and its offset.
    Second,
    /// A day.
    Day,
}

/// Identifiers, by the names of their slices: `ihi`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifiers {
    pub expectation: Expectation,
    pub of: Vec<String>,
}

/// A parameter of the resource that is referred to: `patient.identifier`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    pub parameter: String,
    pub expectation: Expectation,
    /// By the names of their slices.
    pub identifiers: Vec<String>,
}

/// Parameters that are searched by together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combination {
    pub expectation: Expectation,
    pub of: Vec<String>,
}

/// What a profile asks of a resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Profile {
    /// The resource type.
    pub of: String,
    /// By which of the type's resources it is about; all where there is none.
    pub when: Option<Mark>,
    #[serde(default)]
    pub mandatory: Vec<Path>,
    pub must_support: Vec<Path>,
}

impl Profile {
    /// Every element that is asked for once, and whether it is mandatory.
    pub fn elements(&self) -> impl Iterator<Item = (&Path, bool)> {
        let further = self
            .mandatory
            .iter()
            .filter(|path| !self.must_support.contains(path));
        self.must_support
            .iter()
            .map(|path| (path, self.mandatory.contains(path)))
            .chain(further.map(|path| (path, true)))
    }
}

/// The value that something is known by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    pub at: Path,
    pub is: String,
}

const TEXT: &str = include_str!("requirements.yaml");

/// The text is a constant of the program, and a test holds that it reads without an error: the
/// default, which is empty, is never used.
static REQUIREMENTS: LazyLock<Requirements> =
    LazyLock::new(|| serde_saphyr::from_str(TEXT).unwrap_or_default());

/// What AU Core asks.
pub fn requirements() -> &'static Requirements {
    &REQUIREMENTS
}

impl Requirements {
    /// What a slice of a type's element is known by; `path` as far as the slice.
    pub fn slice(&self, resource: &str, path: &Path) -> Option<&Mark> {
        self.slices.get(&format!("{resource}.{path}"))
    }

    /// The profiles of a type, by name.
    pub fn profiles_of(&self, resource: &str) -> impl Iterator<Item = (&str, &Profile)> {
        self.profiles
            .iter()
            .filter(move |(_, profile)| profile.of == resource)
            .map(|(name, profile)| (name.as_str(), profile))
    }
}

#[cfg(test)]
mod tests;
