//! Result parameters (R4 §3.1.1.5): `_count`, `_sort`, … → the fields of the request.
//!
//! Each may be given once, except `_include` and `_revinclude`, which repeat, and `_sort`, which "can
//! repeat for inner sort orders" (§3.1.1.9) within the query string or within the body: between the two
//! there is no order.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::character::complete::char;
use nom::combinator::{all_consuming, opt};
use nom::sequence::preceded;

use super::ast::{Include, SearchRequest, SortKey, Summary, Total};
use super::error::{Place, SearchError};
use super::name;
use super::parse::Budget;

/// The result parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultParameter {
    Count,
    Sort,
    Total,
    Summary,
    Elements,
    Include,
    Revinclude,
    Format,
    Pretty,
    Cursor,
    Type,
}

impl ResultParameter {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "_count" => ResultParameter::Count,
            "_sort" => ResultParameter::Sort,
            "_total" => ResultParameter::Total,
            "_summary" => ResultParameter::Summary,
            "_elements" => ResultParameter::Elements,
            "_include" => ResultParameter::Include,
            "_revinclude" => ResultParameter::Revinclude,
            "_format" => ResultParameter::Format,
            "_pretty" => ResultParameter::Pretty,
            "_cursor" => ResultParameter::Cursor,
            "_type" => ResultParameter::Type,
            _ => return None,
        })
    }
}

/// Whether a parameter's name is that of a result parameter, whatever follows it.
pub fn is_result_parameter(name: &str) -> bool {
    ResultParameter::from_name(name::head(name)).is_some()
}

/// Which result parameters were given, and in which part of the request.
#[derive(Default)]
pub(super) struct Seen {
    once: u16,
    sort_in_form: Option<bool>,
}

impl Seen {
    /// Notes that a parameter is there; false if it must not be, after what was seen before.
    fn note(&mut self, parameter: ResultParameter, in_form: bool) -> bool {
        match parameter {
            ResultParameter::Include | ResultParameter::Revinclude => true,
            ResultParameter::Sort => *self.sort_in_form.get_or_insert(in_form) == in_form,
            once => {
                let bit = 1 << once as u16;
                let is_new = self.once & bit == 0;
                self.once |= bit;
                is_new
            }
        }
    }
}

/// One result parameter as it was given.
pub(super) struct Given<'a> {
    pub parameter: ResultParameter,
    /// What follows the parameter in its name, with its colon.
    pub modifier: &'a str,
    /// Not empty.
    pub value: &'a str,
    /// Whether it stood in the body.
    pub in_form: bool,
}

/// Puts a result parameter into `request`.
pub(super) fn apply(
    request: &mut SearchRequest,
    seen: &mut Seen,
    budget: &mut Budget,
    given: &Given<'_>,
    place: &dyn Fn() -> Place,
) -> Result<(), SearchError> {
    let Given {
        parameter,
        modifier,
        value,
        in_form,
    } = *given;
    let takes_iterate = matches!(
        parameter,
        ResultParameter::Include | ResultParameter::Revinclude
    );
    let iterate = match modifier {
        "" => false,
        // `:recurse` is what STU3 called it; clients still send it.
        ":iterate" | ":recurse" if takes_iterate => true,
        _ => {
            let allowed = if takes_iterate {
                "it takes iterate"
            } else {
                "it takes none"
            };
            return Err(SearchError::Modifier {
                place: place(),
                allowed: allowed.to_owned(),
            });
        }
    };
    if !seen.note(parameter, in_form) {
        return Err(SearchError::Repeated { place: place() });
    }
    let refused = |number, expected| SearchError::ResultParameter {
        place: place(),
        number,
        expected,
    };
    match parameter {
        ResultParameter::Count => {
            request.count = Some(count(value).ok_or_else(|| refused(1, COUNT))?)
        }
        ResultParameter::Sort => {
            for (index, part) in value.split(',').enumerate() {
                budget.take(place)?;
                request
                    .sort
                    .push(sort_key(part).ok_or_else(|| refused(index + 1, SORT))?);
            }
        }
        ResultParameter::Elements => {
            for (index, part) in value.split(',').enumerate() {
                budget.take(place)?;
                request
                    .elements
                    .push(element(part).ok_or_else(|| refused(index + 1, ELEMENTS))?);
            }
        }
        ResultParameter::Total => {
            request.total = Some(Total::from_word(value).ok_or_else(|| refused(1, TOTAL))?)
        }
        ResultParameter::Summary => {
            request.summary = Some(Summary::from_word(value).ok_or_else(|| refused(1, SUMMARY))?)
        }
        ResultParameter::Include | ResultParameter::Revinclude => {
            budget.take(place)?;
            let reverse = parameter == ResultParameter::Revinclude;
            request
                .includes
                .push(include(value, reverse, iterate).ok_or_else(|| refused(1, INCLUDE))?);
        }
        ResultParameter::Format => request.format = Some(format(value)),
        ResultParameter::Pretty => {
            request.pretty = Some(match value {
                "true" => true,
                "false" => false,
                _ => return Err(refused(1, "true or false")),
            });
        }
        ResultParameter::Cursor => request.cursor = Some(value.to_owned()),
        ResultParameter::Type => {
            for (index, part) in value.split(',').enumerate() {
                budget.take(place)?;
                let Ok(("", name)) = name::resource_type(part) else {
                    return Err(refused(index + 1, TYPE));
                };
                if !request.types.iter().any(|known| known == name) {
                    request.types.push(name.to_owned());
                }
            }
        }
    }
    Ok(())
}

const COUNT: &str = "a whole number, 0 or more";
const TYPE: &str = "the name of a resource type";
const SORT: &str = "the name of a search parameter, with - before it for descending order";
const ELEMENTS: &str = "the name of an element";
const TOTAL: &str = "none, estimate or accurate";
const SUMMARY: &str = "true, text, data, count or false";
const INCLUDE: &str =
    "Source:parameter, Source:parameter:Target, Source:* or *, and one of them only";

/// A number too large for `u32` counts as the largest: the server's cap is far below either.
fn count(value: &str) -> Option<u32> {
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| value.parse().unwrap_or(u32::MAX))
}

/// A sort key's name cannot begin with `-`: that is the sign of descending order.
fn sort_key(part: &str) -> Option<SortKey> {
    let (parameter, descending) = part
        .strip_prefix('-')
        .map_or((part, false), |name| (name, true));
    let is_name = matches!(name::parameter(parameter), Ok(("", _)))
        && !parameter.starts_with('-')
        && parameter.len() <= 64;
    is_name.then(|| SortKey {
        parameter: parameter.to_owned(),
        descending,
    })
}

/// By its form; whether the resource has it is judged later. `deceased[x]` is taken, for clients that write it.
fn element(part: &str) -> Option<String> {
    let name = part.strip_suffix("[x]").unwrap_or(part);
    let is_name = part.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    is_name.then(|| part.to_owned())
}

fn include(value: &str, reverse: bool, iterate: bool) -> Option<Include> {
    if value == "*" {
        return Some(Include {
            reverse,
            iterate,
            source: None,
            parameter: None,
            target: None,
        });
    }
    let (_, (source, parameter, target)) = all_consuming((
        name::resource_type,
        preceded(char(':'), alt((tag("*"), name::parameter))),
        opt(preceded(char(':'), name::resource_type)),
    ))
    .parse(value)
    .ok()?;
    Some(Include {
        reverse,
        iterate,
        source: Some(source.to_owned()),
        parameter: (parameter != "*").then(|| parameter.to_owned()),
        target: target.map(str::to_owned),
    })
}

/// A media type or a short name. The `+` of `application/fhir+json`, unencoded in a URL, arrives as a
/// space; a media type has spaces only after a semicolon, so that one within a word was a `+`.
fn format(value: &str) -> String {
    let mut before = ';';
    value
        .chars()
        .map(|character| {
            let written = if character == ' ' && before != ';' {
                '+'
            } else {
                character
            };
            if character != ' ' {
                before = character;
            }
            written
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_get_their_plus_back() {
        assert_eq!(format("json"), "json");
        assert_eq!(
            format("application/fhir json; fhirVersion=4.0"),
            "application/fhir+json; fhirVersion=4.0"
        );
        assert_eq!(format(&format("a b;  c d ")), format("a b;  c d "));
    }

    #[test]
    fn counts_saturate() {
        assert_eq!(count("0"), Some(0));
        assert_eq!(count("99999999999999999999"), Some(u32::MAX));
        for text in ["", "-1", "+1", "1.0", "1e2", " 1", "\u{661}"] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
