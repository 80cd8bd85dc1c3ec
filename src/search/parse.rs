//! The whole of a search: each parameter in turn, from its bytes to its place in the request.
//!
//! The first thing that is wrong ends the reading. What is unknown or empty is noted as ignored, with
//! the reason, so that the caller can report it or refuse it.

use std::borrow::Cow;

use smallvec::smallvec;

use super::ast::{
    ChainLink, Filter, Ignored, IgnoredReason, ParameterFilter, ParameterKind, SearchRequest, Value,
};
use super::decode::Encoded;
use super::error::{Place, SearchError, is_name_like};
use super::name::{self, Name, Step};
use super::result::{self, Given, ResultParameter, Seen};
use super::value::{self, Refusal, ValueType};
use super::{Input, Limits, Modifier, ParameterTypes, modifier, resolve};

/// Authentication, which happens to travel in the query string: no part of a search.
const SUBSCRIPTION_KEY: &str = "subscription-key";

/// Room for the filters of most searches.
const FILTERS: usize = 8;

/// Reads a search on `resource`.
///
/// Parameters of the query string and of the form are ANDed, and counted on from one to the other.
///
/// # Errors
/// The first thing that is wrong, see [`SearchError`]; it never holds the text of a value.
pub fn parse(
    resource: &str,
    input: Input<'_>,
    types: &dyn ParameterTypes,
    limits: &Limits,
) -> Result<SearchRequest, SearchError> {
    if input.query.len() > limits.query_bytes {
        return Err(SearchError::QueryTooLong {
            limit: limits.query_bytes,
        });
    }
    if input.form.len() > limits.form_bytes {
        return Err(SearchError::FormTooLong {
            limit: limits.form_bytes,
        });
    }
    let mut reader = Reader {
        resource,
        types,
        limits,
        request: SearchRequest::new(resource),
        seen: Seen::default(),
        budget: Budget {
            left: limits.values,
            limit: limits.values,
        },
        position: 0,
    };
    for (text, in_form) in [(input.query, false), (input.form, true)] {
        let text = Encoded::new(text).map_err(|unreadable| SearchError::Encoding {
            place: Place::new(unreadable.name, reader.position + unreadable.pair),
            problem: unreadable.problem,
        })?;
        for pair in text.pairs() {
            reader.parameter(text, pair, in_form)?;
        }
    }
    Ok(reader.request)
}

impl SearchRequest {
    /// A search for everything of one type, to which parameters are added.
    pub fn new(resource: &str) -> Self {
        SearchRequest {
            resource: resource.to_owned(),
            compartment: None,
            types: Vec::new(),
            filters: Vec::new(),
            sort: Vec::new(),
            count: None,
            total: None,
            summary: None,
            elements: Vec::new(),
            includes: Vec::new(),
            format: None,
            pretty: None,
            cursor: None,
            ignored: Vec::new(),
        }
    }

    /// The parameters that shape the answer rather than choose its resources (R4 §3.1.1.5), as far as they are given,
    /// by their names.
    pub fn result_parameters(&self) -> impl Iterator<Item = &'static str> {
        let includes = |reverse: bool| self.includes.iter().any(|of| of.reverse == reverse);
        [
            (!self.types.is_empty(), "_type"),
            (!self.sort.is_empty(), "_sort"),
            (self.count.is_some(), "_count"),
            (self.total.is_some(), "_total"),
            (self.summary.is_some(), "_summary"),
            (!self.elements.is_empty(), "_elements"),
            (includes(false), "_include"),
            (includes(true), "_revinclude"),
            (self.format.is_some(), "_format"),
            (self.pretty.is_some(), "_pretty"),
            (self.cursor.is_some(), "_cursor"),
        ]
        .into_iter()
        .filter_map(|(is_given, name)| is_given.then_some(name))
    }
}

/// How many values the search may still hold.
pub(super) struct Budget {
    left: usize,
    limit: usize,
}

impl Budget {
    /// Takes one, or refuses the search.
    pub(super) fn take(&mut self, place: &dyn Fn() -> Place) -> Result<(), SearchError> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(SearchError::TooManyValues {
                place: place(),
                limit: self.limit,
            }),
        }
    }
}

struct Reader<'a> {
    resource: &'a str,
    types: &'a dyn ParameterTypes,
    limits: &'a Limits,
    request: SearchRequest,
    seen: Seen,
    budget: Budget,
    position: usize,
}

impl Reader<'_> {
    fn parameter<'t>(
        &mut self,
        text: Encoded<'t>,
        (raw_name, raw_value): (&'t str, &'t str),
        in_form: bool,
    ) -> Result<(), SearchError> {
        self.position += 1;
        let position = self.position;
        if position > self.limits.parameters {
            return Err(SearchError::TooManyParameters {
                limit: self.limits.parameters,
            });
        }
        let unreadable = |name: &str, problem| SearchError::Encoding {
            place: Place::new(name, position),
            problem,
        };
        let name = text
            .decode(raw_name)
            .map_err(|problem| unreadable("", problem))?;
        let name = name.as_ref();
        if name == SUBSCRIPTION_KEY {
            return Ok(());
        }
        let value = text
            .decode(raw_value)
            .map_err(|problem| unreadable(name, problem))?;
        let value = value.as_ref();
        let place = || Place::new(name, position);

        let head = name::head(name);
        if let Some(parameter) = ResultParameter::from_name(head) {
            if value.is_empty() {
                self.ignore(name, IgnoredReason::Empty);
                return Ok(());
            }
            let given = Given {
                parameter,
                modifier: &name[head.len()..],
                value,
                in_form,
            };
            return result::apply(
                &mut self.request,
                &mut self.seen,
                &mut self.budget,
                &given,
                &place,
            );
        }
        // `_has` by itself names nothing.
        let is_plain = head.len() == name.len() && head != "_has";
        let kind = resolve::kind(self.types, self.resource, head);
        let filter = match kind {
            Some(kind) if is_plain => {
                let leaf = resolve::Leaf {
                    kind,
                    resources: smallvec![self.resource],
                };
                let name = Name {
                    steps: Default::default(),
                    parameter: head,
                    modifier: None,
                };
                self.filter(&name, &leaf, value, &place)?
            }
            None if head != "_has" => {
                self.ignore(name, IgnoredReason::Unknown);
                return Ok(());
            }
            _ => {
                let depth = self.limits.chain_depth;
                let malformed = |problem: Cow<'static, str>| SearchError::Name {
                    place: place(),
                    problem,
                };
                let parts = name::name(name, depth).ok_or_else(|| malformed(NAME_FORM.into()))?;
                if parts.steps.len() > depth {
                    return Err(SearchError::ChainTooDeep {
                        place: place(),
                        limit: depth,
                    });
                }
                let leaf = resolve::leaf(self.types, self.resource, &parts.steps, parts.parameter)
                    .map_err(malformed)?;
                self.filter(&parts, &leaf, value, &place)?
            }
        };
        match filter {
            Some(filter) => {
                if self.request.filters.is_empty() {
                    self.request.filters.reserve(FILTERS);
                }
                self.request.filters.push(filter);
            }
            None => self.ignore(name, IgnoredReason::Empty),
        }
        Ok(())
    }

    /// The condition that a name and its values make; None where there is no value.
    fn filter(
        &mut self,
        name: &Name<'_>,
        leaf: &resolve::Leaf<'_>,
        text: &str,
        place: &dyn Fn() -> Place,
    ) -> Result<Option<Filter>, SearchError> {
        // The modifier first: R4 has a server refuse one that it does not know, whatever the value.
        let modifier = match name.modifier {
            None => None,
            Some(word) => Some(self.modifier(word, name.parameter, leaf, place)?),
        };
        if text.is_empty() {
            return Ok(None);
        }
        let values = self.values(text, name.parameter, leaf, modifier.as_ref(), place)?;
        let mut filter = Filter::Parameter(ParameterFilter {
            name: name.parameter.to_owned(),
            kind: leaf.kind,
            modifier,
            values,
            position: self.position,
        });
        for step in name.steps.iter().rev() {
            filter = match *step {
                Step::Link { parameter, target } => Filter::Chain {
                    link: ChainLink {
                        parameter: parameter.to_owned(),
                        target: target.map(str::to_owned),
                    },
                    filter: Box::new(filter),
                },
                Step::Has {
                    resource,
                    reference,
                } => Filter::Has {
                    resource: resource.to_owned(),
                    reference: reference.to_owned(),
                    filter: Box::new(filter),
                },
            };
        }
        Ok(Some(filter))
    }

    fn modifier(
        &self,
        word: &str,
        parameter: &str,
        leaf: &resolve::Leaf<'_>,
        place: &dyn Fn() -> Place,
    ) -> Result<Modifier, SearchError> {
        let mut targets = Vec::new();
        if leaf.kind == ParameterKind::Reference {
            for resource in &leaf.resources {
                targets.extend(self.types.reference_targets(resource, parameter));
            }
            targets.sort_unstable();
            targets.dedup();
        }
        modifier::modifier(word, leaf.kind, &targets).map_err(|allowed| SearchError::Modifier {
            place: place(),
            allowed,
        })
    }

    fn values(
        &mut self,
        text: &str,
        parameter: &str,
        leaf: &resolve::Leaf<'_>,
        modifier: Option<&Modifier>,
        place: &dyn Fn() -> Place,
    ) -> Result<Vec<Value>, SearchError> {
        if leaf.kind == ParameterKind::Special {
            self.budget.take(place)?;
            return Ok(vec![value::special(text)]);
        }
        let components = match leaf.kind {
            ParameterKind::Composite => leaf
                .resources
                .first()
                .and_then(|resource| self.types.components(resource, parameter))
                .unwrap_or_default(),
            _ => Vec::new(),
        };
        let of = ValueType {
            kind: leaf.kind,
            modifier,
            components: &components,
            is_id: parameter == "_id",
        };
        // Commas may be escaped, so this may be more than are needed, never more than are allowed.
        let commas = text.bytes().filter(|byte| *byte == b',').count();
        let mut values = Vec::with_capacity((commas + 1).min(self.budget.left));
        for raw in value::parts(text, ',') {
            self.budget.take(place)?;
            let number = values.len() + 1;
            let value =
                raw.and_then(|raw| value::value(raw, of))
                    .map_err(|refusal| match refusal {
                        Refusal::Empty => SearchError::EmptyValue {
                            place: place(),
                            number,
                        },
                        Refusal::Form(expected) => SearchError::Value {
                            place: place(),
                            number,
                            expected,
                        },
                        Refusal::Prefix(expected) => SearchError::Prefix {
                            place: place(),
                            number,
                            expected,
                        },
                    })?;
            values.push(value);
        }
        if values.len() > 1 && modifier == Some(&Modifier::Missing) {
            return Err(SearchError::Value {
                place: place(),
                number: 2,
                expected: "one value only, true or false".into(),
            });
        }
        Ok(values)
    }

    fn ignore(&mut self, name: &str, reason: IgnoredReason) {
        self.request.ignored.push(Ignored {
            name: is_name_like(name).then(|| name.to_owned()),
            position: self.position,
            reason,
        });
    }
}

const NAME_FORM: &str = "expected name, name:modifier, a chain as in patient.name or subject:Patient.name, \
    or _has:Type:reference:name";
