//! The grammar of a parameter's name: `_has:Observation:patient:code`, `actor:Practitioner.family:exact`.
//!
//! Gives a flat list of steps and the leaf at the end, so that nothing recurses over what a caller sends.
//! Which of the names exist is judged in `resolve`. R4 §3.1.1.4.4, §3.1.1.4.15, §3.1.1.4.16.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::char;
use nom::combinator::{all_consuming, map, opt, recognize, verify};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};
use smallvec::SmallVec;

/// One step away from the resource that is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// `patient.` or `actor:Practitioner.`
    Link {
        parameter: &'a str,
        target: Option<&'a str>,
    },
    /// `_has:Observation:patient:`
    Has {
        resource: &'a str,
        reference: &'a str,
    },
}

/// A name taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub steps: SmallVec<[Step<'a>; 1]>,
    /// The parameter that the values are of.
    pub parameter: &'a str,
    /// What follows its colon, not yet judged.
    pub modifier: Option<&'a str>,
}

/// The parameter that a name begins with: all up to the first `:` or `.`.
pub(super) fn head(name: &str) -> &str {
    let end = name.bytes().position(|byte| matches!(byte, b':' | b'.'));
    end.map_or(name, |end| &name[..end])
}

/// Takes a name apart; None if it has not the form of one. `max_steps` bounds the work: one step more
/// than that is read, so that the caller can tell a chain that is too long from one that is malformed.
pub(super) fn name(text: &str, max_steps: usize) -> Option<Name<'_>> {
    let mut steps = SmallVec::new();
    let mut rest = text;
    while let Ok((after, step)) = step(rest) {
        rest = after;
        steps.push(step);
        if steps.len() > max_steps {
            return Some(Name {
                steps,
                parameter: "",
                modifier: None,
            });
        }
    }
    let (_, (parameter, modifier)) = all_consuming(leaf).parse(rest).ok()?;
    // By itself it names nothing.
    if parameter == "_has" {
        return None;
    }
    Some(Name {
        steps,
        parameter,
        modifier,
    })
}

fn step(input: &str) -> IResult<&str, Step<'_>> {
    alt((
        map(
            (
                preceded(tag("_has:"), terminated(resource_type, char(':'))),
                terminated(parameter, char(':')),
            ),
            |(resource, reference)| Step::Has {
                resource,
                reference,
            },
        ),
        map(
            terminated(
                (parameter, opt(preceded(char(':'), resource_type))),
                char('.'),
            ),
            |(parameter, target)| Step::Link { parameter, target },
        ),
    ))
    .parse(input)
}

fn leaf(input: &str) -> IResult<&str, (&str, Option<&str>)> {
    (
        parameter,
        opt(preceded(char(':'), take_while1(is_name_character))),
    )
        .parse(input)
}

/// A parameter's code. R4 asks servers to begin their own with `-`.
pub(super) fn parameter(input: &str) -> IResult<&str, &str> {
    take_while1(is_name_character).parse(input)
}

/// A resource type, by its form.
pub(super) fn resource_type(input: &str) -> IResult<&str, &str> {
    verify(
        recognize(take_while(|c: char| c.is_ascii_alphanumeric())),
        |name: &str| name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_uppercase()),
    )
    .parse(input)
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link<'a>(parameter: &'a str, target: Option<&'a str>) -> Step<'a> {
        Step::Link { parameter, target }
    }

    #[test]
    fn names_are_taken_apart() {
        let has = |resource, reference| Step::Has {
            resource,
            reference,
        };
        let cases: &[(&str, &[Step<'_>], &str, Option<&str>)] = &[
            ("family", &[], "family", None),
            ("family:exact", &[], "family", Some("exact")),
            ("subject:Patient", &[], "subject", Some("Patient")),
            (
                "patient.identifier",
                &[link("patient", None)],
                "identifier",
                None,
            ),
            (
                "actor:Practitioner.family:exact",
                &[link("actor", Some("Practitioner"))],
                "family",
                Some("exact"),
            ),
            ("a.b.c", &[link("a", None), link("b", None)], "c", None),
            (
                "_has:Observation:patient:code",
                &[has("Observation", "patient")],
                "code",
                None,
            ),
            (
                "_has:Observation:patient:_has:AuditEvent:entity:user",
                &[has("Observation", "patient"), has("AuditEvent", "entity")],
                "user",
                None,
            ),
            (
                "patient._has:Group:member:_id",
                &[link("patient", None), has("Group", "member")],
                "_id",
                None,
            ),
            ("-own", &[], "-own", None),
        ];
        for (text, steps, parameter, modifier) in cases {
            let name = name(text, 4).unwrap_or_else(|| panic!("{text} is a name"));
            assert_eq!(
                (name.steps.as_slice(), name.parameter, name.modifier),
                (*steps, *parameter, *modifier)
            );
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            ":",
            "family:",
            "family:a:b",
            "a.",
            ".a",
            "a..b",
            "_has",
            "_has:Observation:patient",
            "_has:a:b:c",
            "a b",
            "a:B.",
        ] {
            assert_eq!(name(text, 4), None, "{text}");
        }
    }

    #[test]
    fn a_long_chain_is_not_read_to_its_end() {
        let chain = "a.".repeat(5000);
        assert_eq!(name(&chain, 4).map(|name| name.steps.len()), Some(5));
    }
}
