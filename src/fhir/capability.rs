//! CapabilityStatement: what a site answers, as its mapping says it.
//!
//! Takes a [`Mapping`] and what is known of the site; gives R4's resource
//! (<http://hl7.org/fhir/R4/capabilitystatement.html>) as data that serde writes in R4's order. Nothing in
//! it is kept by hand: a resource type is there when the mapping has a source of it, a parameter when
//! columns answer it. What is not declared is not offered.
//!
//! R4 has no element for the modifiers, the comparators and the sorting of a parameter. They are said to
//! programs in an extension, [`SEARCH_SUPPORT`], so that a test can walk all that is declared.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{compartment, search_parameters};
use crate::mapping::{Mapping, Matcher, ParameterInfo, Requirement, Resource};
use crate::search::{ParameterKind, Prefix, Summary, Total};

/// The extension of `rest.resource.searchParam` that says how the parameter may be used: `modifier`
/// (valueCode, one for each), `comparator` (valueCode, one for each prefix, `eq` included) and `sort`
/// (valueBoolean: whether `_sort` takes it).
pub const SEARCH_SUPPORT: &str = "urn:pilaster:fhir:search-support";

/// HL7's extension of `rest.resource`: parameters that a search must have together.
const COMBINATION: &str =
    "http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination";

/// The longest name of a practice that is shown, in characters.
const LONGEST_NAME: usize = 256;

/// A practice's name as FHIR's type string and XML can have it: one line, without control characters, of at most 256
/// characters. None where nothing of it is left.
pub fn shown_name(name: &str) -> Option<String> {
    let words = name.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name: String = words.join(" ").chars().take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

/// What a statement says besides what follows from the mapping.
#[derive(Debug, Clone, Copy)]
pub struct StatementOptions<'a> {
    /// The FHIR base URL of the site, without a slash at its end.
    pub base: &'a str,
    /// When the statement last changed, a FHIR dateTime: the start of the server or the mapping's loading.
    pub date: &'a str,
    /// The version of this program.
    pub version: &'a str,
    /// The practice's name as [`shown_name`] gives it, or the site's id where it has none.
    pub site: &'a str,
    /// The practice's IANA time zone, in which dates without an offset are read.
    pub zone: &'a str,
    pub access: Access,
}

/// What lets a caller in, which is another thing on each API that has FHIR bases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// An integrator's subscription key.
    SubscriptionKey,
    /// A device's token, and the device's id beside it.
    DeviceToken,
}

impl Access {
    /// `rest.security.description`. There is no `rest.security.service` beside it: R4's codes of it
    /// (<http://hl7.org/fhir/R4/valueset-restful-security-service.html>) have none for a key in a header, and what
    /// programs know of OAuth lets none of them in here, where a token is worth nothing without the header beside it and
    /// is asked for with a key.
    const fn description(self) -> &'static str {
        match self {
            Access::SubscriptionKey => {
                "A subscription key, in the header `Ocp-Apim-Subscription-Key` or the query parameter `subscription-key`."
            }
            Access::DeviceToken => {
                "A device's token, in the header `Authorization: Bearer …`, with the id of the device that it was made for \
                 in the header `DeviceId`. The token is of one site; the integrator asks for it with a subscription key, \
                 by POST to `/integrator/token`."
            }
        }
    }
}

/// R4's CapabilityStatement, as far as it is used here; what is absent or empty is not written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CapabilityStatement {
    resource_type: &'static str,
    url: String,
    name: &'static str,
    title: String,
    status: &'static str,
    date: String,
    kind: &'static str,
    software: Software,
    implementation: Implementation,
    fhir_version: &'static str,
    format: [&'static str; 4],
    rest: [Rest; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Software {
    name: &'static str,
    version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Implementation {
    description: String,
    url: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rest {
    mode: &'static str,
    documentation: String,
    security: Security,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource: Vec<RestResource>,
    /// Of the whole system.
    interaction: [Interaction; 2],
    search_param: Vec<SearchParam>,
    /// Canonicals of the compartments that can be searched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compartment: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Security {
    description: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct RestResource {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extension: Vec<SearchSupport>,
    #[serde(rename = "type")]
    ty: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    supported_profile: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documentation: Option<String>,
    interaction: [Interaction; 2],
    versioning: &'static str,
    read_history: bool,
    conditional_read: &'static str,
    /// `Appointment:patient`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    search_include: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    search_rev_include: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    search_param: Vec<SearchParam>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    operation: Vec<Operation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Operation {
    name: &'static str,
    definition: &'static str,
    documentation: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Interaction {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SearchParam {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extension: Vec<SearchSupport>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<String>,
    #[serde(rename = "type")]
    ty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    documentation: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SearchSupport {
    url: &'static str,
    /// Never empty: `sort` is always said.
    extension: Vec<Support>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Support {
    url: &'static str,
    #[serde(flatten)]
    value: SupportValue,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
enum SupportValue {
    #[serde(rename = "valueCode")]
    Code(String),
    #[serde(rename = "valueBoolean")]
    Boolean(bool),
    #[serde(rename = "valueString")]
    String(String),
}

/// The statement of a site that serves a mapping.
pub fn statement(mapping: &Mapping, options: &StatementOptions<'_>) -> CapabilityStatement {
    CapabilityStatement {
        resource_type: "CapabilityStatement",
        url: format!("{}/metadata", options.base),
        name: "PilasterCapabilityStatement",
        title: format!("FHIR R4 of {} over {}", options.site, mapping.name),
        status: "active",
        date: options.date.to_owned(),
        kind: "instance",
        software: Software {
            name: "Pilaster",
            version: options.version.to_owned(),
        },
        implementation: Implementation {
            description: format!("{}, read from its {} database", options.site, mapping.name),
            url: options.base.to_owned(),
        },
        fhir_version: "4.0.1",
        format: [
            "application/fhir+json",
            "json",
            "application/fhir+xml",
            "xml",
        ],
        rest: [Rest {
            mode: "server",
            documentation: documentation(options.zone),
            security: Security {
                description: options.access.description(),
            },
            // A map of the mapping's, so sorted by type already; and parameters by name.
            resource: mapping
                .resources
                .values()
                .map(|resource| rest_resource(mapping, resource))
                .collect(),
            interaction: [
                Interaction {
                    code: "search-system",
                },
                Interaction { code: "batch" },
            ],
            search_param: result_parameters(),
            compartment: compartments(mapping),
        }],
    }
}

fn documentation(zone: &str) -> String {
    format!(
        "Search by GET, or by POST of a form to `_search`. Dates and times without an offset are those of {zone}. \
         A parameter that is not known is ignored and reported in an `outcome` entry, unless `Prefer: handling=strict` \
         asks for an error, or nothing else narrows the search and `Prefer: handling=lenient` does not ask for it all the \
         same. A parameter of R4 that this practice's records cannot \
         answer, and is therefore not listed here, is always an error. References chain, and `_has` goes against them, at \
         most four steps deep; `_include` and `_revinclude` take `*` and `:iterate` too. Page links carry no key and no token: send \
         it with each request. The base is searched with `_type`, `Patient/12/Condition` and `Patient/12/*` search a compartment; what \
         is searched in several types is what all of them have, and is sorted by `_lastUpdated` or not at all. A batch \
         is a Bundle of at most 64 GETs, by POST to the base. `_format` and `_pretty` go with every interaction. \
         A string parameter finds what starts with the text that is asked for, without case and accents; blanks and \
         punctuation count: `obrien` does not find O'Brien, nor `smith jones` Smith-Jones. \
         The ETag of a read follows from the whole content of the resource; `If-Modified-Since` counts where all of a \
         resource is in one row (`conditionalRead`), since `meta.lastUpdated` says of no other when it changed. \
         Each search parameter says in the extension `{SEARCH_SUPPORT}` which modifiers and comparators it takes and \
         whether `_sort` takes it."
    )
}

fn rest_resource(mapping: &Mapping, resource: &Resource) -> RestResource {
    // One source that is not would make the promise false for its resources.
    let mut sources = resource.sources.iter();
    let is_dated = sources.all(|&index| mapping.sources.get(index).is_some_and(|of| of.is_dated()));
    RestResource {
        extension: combinations(resource),
        ty: resource.name,
        supported_profile: resource.profiles.iter().map(ToString::to_string).collect(),
        documentation: requirements(resource),
        interaction: [
            Interaction { code: "read" },
            Interaction {
                code: "search-type",
            },
        ],
        versioning: "no-version",
        read_history: false,
        // Every read has an ETag; `If-Modified-Since` asks for a date.
        conditional_read: if is_dated {
            "full-support"
        } else {
            "not-match"
        },
        search_include: included(mapping, |link| link.from == resource.name),
        // What must be searched with a range is not read for what it refers to.
        search_rev_include: included(mapping, |link| {
            let from = mapping.resources.get(link.from);
            link.to == resource.name && from.is_some_and(|from| from.requires.is_empty())
        }),
        search_param: resource
            .parameters
            .values()
            .map(|info| search_param(resource.name, info))
            .collect(),
        operation: match resource.name {
            "Patient" => vec![EVERYTHING, SUMMARY],
            _ => Vec::new(),
        },
    }
}

const EVERYTHING: Operation = Operation {
    name: "everything",
    definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    documentation: "Of one patient, by GET or POST: the patient, what belongs to them, and what that refers to and is \
                    nobody's own; page by page. start and end narrow what happened at a time or, as conditions and \
                    medication, lasted; what has no date is always there. _type says what is returned; of types that \
                    are nobody's own, such as Practitioner, what the others asked for refer to, or all does.",
};

const SUMMARY: Operation = Operation {
    name: "summary",
    definition: "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
    documentation: "The International Patient Summary, a document, by GET or POST: of one patient by id, or of the one \
                    whose identifier is given. profile may name the guide's own. A section lists what is newest, as \
                    many as a page holds.",
};

/// The compartments whose own type is served.
fn compartments(mapping: &Mapping) -> Vec<String> {
    compartment::compartments()
        .filter(|name| mapping.resources.contains_key(*name))
        .map(|name| {
            let mut letters = name.chars();
            let first = letters.next().map(|first| first.to_ascii_lowercase());
            let id: String = first.into_iter().chain(letters).collect();
            format!("http://hl7.org/fhir/CompartmentDefinition/{id}")
        })
        .collect()
}

/// The parameters of which a search must have those of one list; none where it need not have any.
fn combinations(resource: &Resource) -> Vec<SearchSupport> {
    let required = |name: &str| Support {
        url: "required",
        value: SupportValue::String(name.to_owned()),
    };
    if resource.requires.is_empty() {
        return Vec::new();
    }
    let ranges = resource.requires.iter().map(|it| required(&it.parameter));
    [ranges.collect(), vec![required("_id")]]
        .map(|extension| SearchSupport {
            url: COMBINATION,
            extension,
        })
        .into()
}

/// The same in words; None where it need not say anything.
fn requirements(resource: &Resource) -> Option<String> {
    let texts: Vec<String> = resource
        .requires
        .iter()
        .map(|Requirement { parameter, days, ahead }| {
            let otherwise = match ahead {
                true => " Without any of these it is from now on, for so many days.",
                false => "",
            };
            format!(
                "A search gives `{parameter}` from one day on and before another, at most {days} days apart \
                 (`{parameter}=ge…&{parameter}=lt…`), or names its resources by `_id`.{otherwise}"
            )
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// A reference parameter, and a type that is served here and that it leads to.
struct Link<'m> {
    from: &'static str,
    parameter: &'m str,
    to: &'static str,
}

/// What `_include` and `_revinclude` take, of the links that are wanted.
fn included(mapping: &Mapping, wanted: impl Fn(&Link<'_>) -> bool) -> Vec<String> {
    let links = mapping.sources.iter().flat_map(|source| {
        source.search.values().flat_map(|parameter| {
            parameter.targets.iter().filter_map(|target| {
                let Matcher::Reference(reference) = &target.matcher else {
                    return None;
                };
                mapping
                    .resources
                    .contains_key(reference.to)
                    .then_some(Link {
                        from: source.resource,
                        parameter: &parameter.name,
                        to: reference.to,
                    })
            })
        })
    });
    let texts: BTreeSet<String> = links
        .filter(wanted)
        .map(|link| format!("{}:{}", link.from, link.parameter))
        .collect();
    texts.into_iter().collect()
}

fn search_param(resource: &str, info: &ParameterInfo) -> SearchParam {
    // A mapping's own parameter of R4's name is described by the mapping alone.
    let described = search_parameters::parameter(resource, &info.name)
        .filter(|definition| definition.url == Some(&*info.url))
        .and_then(|definition| definition.description);
    // R4's own words for a search of names leave open which parts of a name are searched.
    let narrowed = described
        .filter(|text| info.kind == ParameterKind::String && text.contains("HumanName"))
        .map(|_| "Searched here are family, given and, where it is a column of its own, text; prefix and suffix are not");
    let documentation = described
        .into_iter()
        .chain(narrowed)
        .chain(info.documentation.as_deref());
    SearchParam {
        extension: vec![support(info)],
        name: info.name.to_string(),
        definition: (!info.url.is_empty()).then(|| info.url.to_string()),
        ty: info.kind.word(),
        documentation: documentation.map(str::to_owned).reduce(sentences),
    }
}

/// One sentence after the other.
fn sentences(before: String, next: String) -> String {
    format!("{}. {next}", before.trim_end_matches('.'))
}

fn support(info: &ParameterInfo) -> SearchSupport {
    let code = |url, code: &str| Support {
        url,
        value: SupportValue::Code(code.to_owned()),
    };
    let mut extension: Vec<Support> = info
        .modifiers
        .iter()
        .map(|modifier| code("modifier", modifier.word()))
        .collect();
    if has_comparators(info.kind) {
        extension.extend(Prefix::WORDS.iter().map(|word| code("comparator", word)));
    }
    extension.push(Support {
        url: "sort",
        // Every order ends in the id, whatever the mapping says of `_id` as a parameter.
        value: SupportValue::Boolean(info.sorted.is_some() || &*info.name == "_id"),
    });
    SearchSupport {
        url: SEARCH_SUPPORT,
        extension,
    }
}

/// R4 §3.1.1.4.5: prefixes are for the ordered kinds.
const fn has_comparators(kind: ParameterKind) -> bool {
    matches!(
        kind,
        ParameterKind::Number | ParameterKind::Date | ParameterKind::Quantity
    )
}

/// The parameters of R4 that say how to answer, not what to find: `rest.searchParam` is for those of all
/// resource types. R4 gives them no definition; the kinds are those of the table in §3.1.1.7.
/// What goes with every search, and what the base is searched by.
fn result_parameters() -> Vec<SearchParam> {
    let parameter = |name: &str, kind: ParameterKind, documentation: String| SearchParam {
        extension: Vec::new(),
        name: name.to_owned(),
        definition: None,
        ty: kind.word(),
        documentation: Some(documentation),
    };
    vec![
        parameter(
            "_type",
            ParameterKind::Token,
            "The types that a search of the base or of a whole compartment looks at; takes several, apart by commas.".to_owned(),
        ),
        parameter(
            "_id",
            ParameterKind::Token,
            "Searches the base, as it does each type.".to_owned(),
        ),
        parameter(
            "_lastUpdated",
            ParameterKind::Date,
            "Searches the base: those types that list it.".to_owned(),
        ),
        parameter(
            "_count",
            ParameterKind::Number,
            "Entries a page; 0 asks for the total only. Lowered to the server's cap, as the `self` link then says.".to_owned(),
        ),
        parameter(
            "_elements",
            ParameterKind::String,
            "Top-level elements to answer with, besides those that R4 requires.".to_owned(),
        ),
        parameter(
            "_sort",
            ParameterKind::String,
            "Parameters to sort by, most significant first, `-` before one for descending.".to_owned(),
        ),
        parameter(
            "_summary",
            ParameterKind::String,
            format!("One of {}.", Summary::WORDS.join(", ")),
        ),
        parameter(
            "_total",
            ParameterKind::String,
            format!(
                "One of {}. Without it, the first page has the total.",
                Total::WORDS.join(", ")
            ),
        ),
    ]
}

#[cfg(test)]
pub(crate) mod tests;
