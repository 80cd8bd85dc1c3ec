//! The FHIRPath of search parameters, as data.
//!
//! Takes the expression of an R4 SearchParameter; gives [`ElementPath`]s, plain data that a mapping's
//! elements can be held against, and says where they lead in [`super::definitions`]. FHIRPath is a
//! language of its own (<http://hl7.org/fhirpath/N1/>), of which R4's search parameters use a corner:
//! unions of dotted paths with `where`, `as`, an index, and one condition on `deceased`. Whatever lies
//! outside that corner is refused with its reason, never read as something else.

use std::fmt;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, multispace0, satisfy, u32};
use nom::combinator::{all_consuming, map, opt, recognize};
use nom::multi::separated_list1;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::definitions::{ElementRef, Structure};

/// Where a search parameter looks: one part of a union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementPath {
    /// The type that the path begins with: `Patient`, or `Resource` for what all types have. None for
    /// the path of a composite's component, which begins where the parameter's own paths lead.
    pub root: Option<&'static str>,
    /// From the root inwards; empty for the resource itself.
    pub steps: Vec<Step>,
    /// What is searched of what is there.
    pub test: Test,
}

/// One element on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name in FHIRPath: `deceased`, not `deceased[x]` or `deceasedDateTime`.
    pub name: &'static str,
    /// Only values of this type, of a choice: `dateTime`.
    pub cast: Option<&'static str>,
    /// All must hold.
    pub filters: Vec<StepFilter>,
}

/// Which of an element's values are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepFilter {
    /// `where(system='phone')`
    Equals {
        /// A child of the step's element.
        element: &'static str,
        /// Its value, a code.
        value: &'static str,
    },
    /// `where(resolve() is Patient)`: references that lead to that type.
    ResolvesTo(&'static str),
    /// `[0]`: the one at that place, counted from 0.
    Index(u32),
}

/// What is searched of what a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Test {
    /// The value.
    Value,
    /// Whether there is one: `exists()`, a boolean.
    Exists,
    /// Whether there is one that is not `false`: `x.exists() and x != false`, a boolean. So `deceased`
    /// is true of a patient with a date of death as well as of one with `true`.
    ExistsAndIsNotFalse,
}

/// Why an expression has no [`ElementPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It uses something else of FHIRPath.
    #[error("the expression goes beyond the paths that are understood, at byte {at}")]
    Syntax {
        /// Where, in bytes from the start.
        at: usize,
    },
    /// A component of a composite looks outside the element that the composite stands on.
    #[error("the expression begins with the variable %resource")]
    ResourceVariable,
}

/// Where a path does not lead to an element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{holder} has no element {step}{}", .cast.map(|c| format!(" of type {c}")).unwrap_or_default())]
pub struct Unresolved {
    /// The structure that was reached.
    pub holder: &'static str,
    /// The step that it does not have.
    pub step: &'static str,
    /// The type that was asked of it.
    pub cast: Option<&'static str>,
}

/// Reads a union of paths.
///
/// # Errors
/// [`ExpressionError`] for whatever lies outside of what [`ElementPath`] can say.
pub fn parse(expression: &'static str) -> Result<Vec<ElementPath>, ExpressionError> {
    if expression.contains("%resource") {
        return Err(ExpressionError::ResourceVariable);
    }
    let union = separated_list1((multispace0, char('|'), multispace0), path);
    match all_consuming(delimited(multispace0, union, multispace0)).parse(expression) {
        Ok((_, paths)) => Ok(paths),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => Err(ExpressionError::Syntax {
            at: expression.len() - error.input.len(),
        }),
        Err(nom::Err::Incomplete(_)) => Err(ExpressionError::Syntax {
            at: expression.len(),
        }),
    }
}

impl ElementPath {
    /// Every chain of JSON properties that the path leads through, from a structure inwards. A choice
    /// without a cast gives one chain for each of its types. A path without steps gives one empty chain.
    ///
    /// `from` is the structure of the resource type, or for a component's path the structure that the
    /// parameter's own path leads to.
    ///
    /// # Errors
    /// [`Unresolved`] when a structure on the way lacks a step, or lacks it with the step's cast.
    pub fn resolve(&self, from: &'static Structure) -> Result<Vec<Vec<ElementRef>>, Unresolved> {
        let mut chains: Vec<(Option<&'static Structure>, Vec<ElementRef>)> =
            vec![(Some(from), Vec::new())];
        for step in &self.steps {
            let mut longer = Vec::new();
            for (holder, chain) in chains {
                let unresolved = || Unresolved {
                    holder: holder.map_or("a primitive type", Structure::name),
                    step: step.name,
                    cast: step.cast,
                };
                let holder = holder.ok_or_else(unresolved)?;
                let element = holder.definition(step.name).ok_or_else(unresolved)?;
                let before = longer.len();
                for property in holder.typed(element) {
                    if step.cast.is_none_or(|cast| cast == property.type_name()) {
                        let mut chain = chain.clone();
                        chain.push(property);
                        longer.push((property.structure(), chain));
                    }
                }
                if longer.len() == before {
                    return Err(unresolved());
                }
            }
            chains = longer;
        }
        Ok(chains.into_iter().map(|(_, chain)| chain).collect())
    }
}

impl fmt::Display for ElementPath {
    /// As FHIRPath, in one of the forms that [`parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write_path = |f: &mut fmt::Formatter<'_>| -> fmt::Result {
            let mut dot = "";
            if let Some(root) = self.root {
                f.write_str(root)?;
                dot = ".";
            }
            for step in &self.steps {
                write!(f, "{dot}{step}")?;
                dot = ".";
            }
            Ok(())
        };
        write_path(f)?;
        match self.test {
            Test::Value => Ok(()),
            Test::Exists => f.write_str(".exists()"),
            Test::ExistsAndIsNotFalse => {
                f.write_str(".exists() and ")?;
                write_path(f)?;
                f.write_str(" != false")
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        for filter in &self.filters {
            match filter {
                StepFilter::Equals { element, value } => write!(f, ".where({element}='{value}')")?,
                StepFilter::ResolvesTo(resource) => write!(f, ".where(resolve() is {resource})")?,
                StepFilter::Index(index) => write!(f, "[{index}]")?,
            }
        }
        match self.cast {
            Some(cast) => write!(f, ".as({cast})"),
            None => Ok(()),
        }
    }
}

type Parsed<T> = IResult<&'static str, T>;

/// `path`, `path.exists()`, `path.exists() and path != false`
fn path(input: &'static str) -> Parsed<ElementPath> {
    let (rest, mut path) = steps(input)?;
    let (rest, exists) = opt(tag(".exists()")).parse(rest)?;
    if exists.is_none() {
        return Ok((rest, path));
    }
    let mut not_false = delimited(tag(" and "), steps, tag(" != false"));
    match not_false.parse(rest) {
        Ok((rest, same)) if same == path => {
            path.test = Test::ExistsAndIsNotFalse;
            Ok((rest, path))
        }
        _ => {
            path.test = Test::Exists;
            Ok((rest, path))
        }
    }
}

/// A dotted path, whose beginning may be `(path as Type)`.
fn steps(input: &'static str) -> Parsed<ElementPath> {
    let (rest, mut path) = alt((cast_in_parentheses, beginning)).parse(input)?;
    let rest = more_steps(rest, &mut path)?;
    Ok((rest, path))
}

/// `(path as Type)`
fn cast_in_parentheses(input: &'static str) -> Parsed<ElementPath> {
    let (inside, _) = char('(').parse(input)?;
    let (rest, mut path) = beginning(inside)?;
    let rest = more_steps(rest, &mut path)?;
    let (rest, cast) = delimited(tag(" as "), identifier, char(')')).parse(rest)?;
    match path.steps.last_mut() {
        Some(last) if last.cast.is_none() => {
            last.cast = Some(cast);
            Ok((rest, path))
        }
        _ => Err(fail(input)),
    }
}

/// The first name: a type if it is in upper case, else a step of a component's path.
fn beginning(input: &'static str) -> Parsed<ElementPath> {
    let (rest, name) = identifier(input)?;
    let mut path = ElementPath {
        root: None,
        steps: Vec::new(),
        test: Test::Value,
    };
    if name.starts_with(|first: char| first.is_ascii_uppercase()) {
        path.root = Some(name);
        return Ok((rest, path));
    }
    path.steps.push(Step {
        name,
        cast: None,
        filters: Vec::new(),
    });
    let rest = refinements(rest, &mut path)?;
    Ok((rest, path))
}

/// `.name` and its refinements, as often as they come.
fn more_steps(
    mut input: &'static str,
    path: &mut ElementPath,
) -> Result<&'static str, nom::Err<Error>> {
    loop {
        // A function is no step: its name is followed by a parenthesis.
        let step = preceded(char('.'), identifier).parse(input);
        match step {
            Ok((rest, name)) if !rest.starts_with('(') => {
                path.steps.push(Step {
                    name,
                    cast: None,
                    filters: Vec::new(),
                });
                input = refinements(rest, path)?;
            }
            _ => return Ok(input),
        }
    }
}

type Error = nom::error::Error<&'static str>;

fn fail(input: &'static str) -> nom::Err<Error> {
    nom::Err::Error(Error {
        input,
        code: nom::error::ErrorKind::Verify,
    })
}

/// What follows a step's name and belongs to it.
enum Refinement {
    Cast(&'static str),
    Filter(StepFilter),
}

/// `.where(…)`, `.as(Type)` and `[0]`, as often as they come.
fn refinements(
    mut input: &'static str,
    path: &mut ElementPath,
) -> Result<&'static str, nom::Err<Error>> {
    while let Ok((rest, refinement)) = refinement(input) {
        // There is a last step: every caller has just pushed one.
        let Some(step) = path.steps.last_mut() else {
            return Err(fail(input));
        };
        match refinement {
            Refinement::Cast(_) if step.cast.is_some() => return Err(fail(input)),
            Refinement::Cast(cast) => step.cast = Some(cast),
            Refinement::Filter(filter) => step.filters.push(filter),
        }
        input = rest;
    }
    Ok(input)
}

fn refinement(input: &'static str) -> Parsed<Refinement> {
    let cast = map(
        delimited(tag(".as("), identifier, char(')')),
        Refinement::Cast,
    );
    let resolves = map(
        delimited(tag(".where(resolve() is "), identifier, char(')')),
        |resource| Refinement::Filter(StepFilter::ResolvesTo(resource)),
    );
    let equals = map(
        delimited(
            tag(".where("),
            (identifier, multispace0, char('='), multispace0, code),
            char(')'),
        ),
        |(element, _, _, _, value)| Refinement::Filter(StepFilter::Equals { element, value }),
    );
    let index = map(delimited(char('['), u32, char(']')), |index| {
        Refinement::Filter(StepFilter::Index(index))
    });
    alt((cast, resolves, equals, index)).parse(input)
}

/// `[A-Za-z][A-Za-z0-9]*`
fn identifier(input: &'static str) -> Parsed<&'static str> {
    recognize((
        satisfy(|c| c.is_ascii_alphabetic()),
        take_while(|c: char| c.is_ascii_alphanumeric()),
    ))
    .parse(input)
}

/// `'composed-of'`, without escapes.
fn code(input: &'static str) -> Parsed<&'static str> {
    delimited(
        char('\''),
        take_while1(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ')),
        char('\''),
    )
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::structure;

    fn step(name: &'static str) -> Step {
        Step {
            name,
            cast: None,
            filters: Vec::new(),
        }
    }

    #[test]
    fn a_union_of_dotted_paths() {
        let paths = parse("Patient.name.given | Patient.name.family").unwrap();
        assert_eq!(paths.len(), 2);
        assert_eq!(paths[0].root, Some("Patient"));
        assert_eq!(paths[0].steps, [step("name"), step("given")]);
        assert_eq!(paths[0].test, Test::Value);
    }

    #[test]
    fn filters_and_casts_belong_to_their_step() {
        let paths = parse("Patient.telecom.where(system='phone')").unwrap();
        assert_eq!(
            paths[0].steps[0].filters,
            [StepFilter::Equals {
                element: "system",
                value: "phone"
            }]
        );
        let paths = parse("Account.subject.where(resolve() is Patient)").unwrap();
        assert_eq!(
            paths[0].steps[0].filters,
            [StepFilter::ResolvesTo("Patient")]
        );
        let paths = parse("(Observation.value as CodeableConcept).text").unwrap();
        assert_eq!(
            paths[0].steps,
            [
                Step {
                    name: "value",
                    cast: Some("CodeableConcept"),
                    filters: vec![]
                },
                step("text")
            ]
        );
        let paths = parse("Bundle.entry[0].resource").unwrap();
        assert_eq!(paths[0].steps[0].filters, [StepFilter::Index(0)]);
        let paths = parse("value.as(dateTime) | value.as(Period)").unwrap();
        assert_eq!(
            (paths[0].root, paths[1].steps[0].cast),
            (None, Some("Period"))
        );
    }

    #[test]
    fn deceased_is_a_test_of_its_own() {
        let paths = parse("Patient.deceased.exists() and Patient.deceased != false").unwrap();
        assert_eq!(paths[0].test, Test::ExistsAndIsNotFalse);
        assert_eq!(paths[0].steps, [step("deceased")]);
        assert_eq!(
            parse("Patient.deceased.exists()").unwrap()[0].test,
            Test::Exists
        );
    }

    #[test]
    fn what_lies_outside_is_refused() {
        for expression in [
            "",
            "Patient.",
            "Patient.name.first()",
            "Patient.name | ",
            "Patient.deceased.exists() and Patient.active != false",
            "Patient.telecom.where(system='phone' and use='home')",
            "(Patient as Resource)",
            "((Observation.value as Quantity) as Range)",
            "Observation.value.as(Quantity).as(Range)",
            "Patient.name[4294967296]",
            "Patient.name.where(use='a\\'b')",
            "Päti.name",
        ] {
            assert!(
                matches!(parse(expression), Err(ExpressionError::Syntax { .. })),
                "{expression} should be refused"
            );
        }
        assert_eq!(
            parse("%resource.referenceSeq.chromosome"),
            Err(ExpressionError::ResourceVariable)
        );
    }

    #[test]
    fn a_choice_resolves_to_its_cast_or_to_each_of_its_types() {
        let names = |expression| -> Vec<String> {
            let path = &parse(expression).unwrap()[0];
            let chains = path.resolve(structure("Condition").unwrap()).unwrap();
            chains
                .iter()
                .map(|chain| {
                    chain
                        .iter()
                        .map(|p| p.json_name())
                        .collect::<Vec<_>>()
                        .join(".")
                })
                .collect()
        };
        assert_eq!(names("Condition.onset.as(dateTime)"), ["onsetDateTime"]);
        assert_eq!(
            names("Condition.onset"),
            [
                "onsetDateTime",
                "onsetAge",
                "onsetPeriod",
                "onsetRange",
                "onsetString"
            ]
        );
        assert_eq!(names("Condition.evidence.code"), ["evidence.code"]);
        assert_eq!(names("Condition"), [""]);
    }

    #[test]
    fn a_path_that_leads_nowhere_names_the_step() {
        let from = structure("Patient").unwrap();
        let error = parse("Patient.name.colour").unwrap()[0]
            .resolve(from)
            .unwrap_err();
        assert_eq!(error.to_string(), "HumanName has no element colour");
        let error = parse("Patient.deceased.as(string)").unwrap()[0]
            .resolve(from)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "Patient has no element deceased of type string"
        );
        let error = parse("Patient.birthDate.year").unwrap()[0]
            .resolve(from)
            .unwrap_err();
        assert_eq!(error.to_string(), "a primitive type has no element year");
    }
}
