//! The search parameters of R4, by resource type.
//!
//! Takes a resource type and a parameter's code, as a request or a mapping writes them; gives what R4
//! says of the parameter: its kind, its canonical URL, the elements it looks at, where its references
//! may lead, and the parts of a composite (<http://hl7.org/fhir/R4/searchparameter-registry.html>).
//! A look-up is one hash or two, for it is made for each parameter of each request.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::definitions::{resource_types, structure};
use super::expression::{self, ElementPath, ExpressionError};
use crate::search::ParameterKind;

const TEXT: &str = include_str!("r4/search_parameters.txt");

/// What R4 says of one search parameter on one resource type.
#[derive(Debug)]
pub struct SearchParameter {
    /// The name in a search: `birthdate`.
    pub code: &'static str,
    /// The type of its values.
    pub kind: ParameterKind,
    /// The canonical URL; None for `_has`, `_list` and `_type`, which R4 describes without one.
    pub url: Option<&'static str>,
    /// The resource types that a reference may lead to; empty for other kinds, and where R4 names none.
    pub targets: Vec<&'static str>,
    /// The elements that it looks at, any of them; empty where [`Self::unsupported`] says why. Their
    /// root is the resource type, or `Resource` for a parameter of all types.
    pub paths: Vec<ElementPath>,
    /// The parts of a composite, in the order of a value's `$` parts.
    pub components: Vec<Component>,
    /// R4's one line on it.
    pub description: Option<&'static str>,
    /// Why there are no paths.
    pub unsupported: Option<Unsupported>,
}

/// One part of a composite.
#[derive(Debug)]
pub struct Component {
    /// The code of the parameter that defines it: `code`.
    pub code: &'static str,
    /// The type of its values.
    pub kind: ParameterKind,
    /// The canonical URL of the parameter that defines it.
    pub url: &'static str,
    /// The elements that it looks at, from where the composite's paths lead; empty where
    /// [`Self::unsupported`] says why.
    pub paths: Vec<ElementPath>,
    /// Why there are no paths.
    pub unsupported: Option<Unsupported>,
}

/// Why a parameter has no paths.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// R4 gives no expression: what it searches is not an element (`_text`, `_has`).
    #[error("R4 defines it without an expression")]
    NoExpression,
    /// R4 gives one that goes beyond paths.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
}

/// The parameters of one block of the text.
#[derive(Debug, Default)]
struct Parameters {
    all: Vec<SearchParameter>,
    by_code: FxHashMap<&'static str, usize>,
}

impl Parameters {
    fn get(&self, code: &str) -> Option<&SearchParameter> {
        self.all.get(*self.by_code.get(code)?)
    }
}

/// The parameters of one resource type.
#[derive(Debug)]
struct OfResource {
    own: Parameters,
    /// Whether it is a DomainResource, and so has a narrative to search (`_text`).
    domain: bool,
}

#[derive(Debug, Default)]
struct Tables {
    resource: Parameters,
    domain_resource: Parameters,
    by_resource: FxHashMap<&'static str, OfResource>,
}

/// The text is a constant of the program, and a test holds that it reads without an error: the
/// default, which is empty, is never used.
static TABLES: LazyLock<Tables> = LazyLock::new(|| read(TEXT).unwrap_or_default());

/// The parameter of that code on that resource type, those of all types (`_id`) included. Case counts.
pub fn parameter(resource: &str, code: &str) -> Option<&'static SearchParameter> {
    let tables = &*TABLES;
    let of_resource = tables.by_resource.get(resource)?;
    if !code.starts_with('_') {
        return of_resource.own.get(code);
    }
    let narrative = of_resource
        .domain
        .then(|| tables.domain_resource.get(code))
        .flatten();
    tables.resource.get(code).or(narrative)
}

/// The parameters of a resource type: those of all types, then its own, by code. None for a name that
/// is no resource type.
pub fn parameters(resource: &str) -> impl Iterator<Item = &'static SearchParameter> + use<> {
    let tables = &*TABLES;
    let of_resource = tables.by_resource.get(resource);
    let common = of_resource.map(|_| tables.resource.all.iter());
    let narrative = of_resource
        .filter(|of| of.domain)
        .map(|_| tables.domain_resource.all.iter());
    let own = of_resource.map(|of| of.own.all.iter());
    [common, narrative, own].into_iter().flatten().flatten()
}

/// A line that is not in the form that the file's first lines state. Seen only by whoever changes it.
#[derive(Debug, thiserror::Error)]
#[error("search_parameters.txt: {0}")]
struct BadLine(&'static str);

fn read(text: &'static str) -> Result<Tables, BadLine> {
    let mut blocks: FxHashMap<&'static str, Parameters> = FxHashMap::default();
    let mut block = Parameters::default();
    let mut name = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(part) = line.strip_prefix("    ") {
            let parameter = block.all.last_mut().ok_or(BadLine(line))?;
            if let Some(description) = part.strip_prefix('"') {
                parameter.description = Some(description);
            } else {
                parameter
                    .components
                    .push(read_component(part).ok_or(BadLine(line))?);
            }
        } else if let Some(part) = line.strip_prefix("  ") {
            let parameter = read_parameter(part).ok_or(BadLine(line))?;
            block.by_code.insert(parameter.code, block.all.len());
            block.all.push(parameter);
        } else if let Some(done) = name.replace(line) {
            blocks.insert(done, std::mem::take(&mut block));
        }
    }
    if let Some(last) = name {
        blocks.insert(last, block);
    }
    let resource = blocks.remove("Resource").unwrap_or_default();
    let domain_resource = blocks.remove("DomainResource").unwrap_or_default();
    let by_resource = blocks
        .into_iter()
        .map(|(name, own)| {
            let domain = structure(name).and_then(|s| s.base()) == Some("DomainResource");
            (name, OfResource { own, domain })
        })
        .collect();
    Ok(Tables {
        resource,
        domain_resource,
        by_resource,
    })
}

/// `code kind url [(targets)] [= path | path]`
fn read_parameter(line: &'static str) -> Option<SearchParameter> {
    let (head, expression) = match line.split_once(" = ") {
        Some((head, expression)) => (head, Some(expression)),
        None => (line, None),
    };
    let mut words = head.split(' ');
    let code = words.next()?;
    let kind = read_kind(words.next()?)?;
    let url = words.next().map(|url| (url != "-").then_some(url))?;
    let targets = match words.next() {
        None => Vec::new(),
        Some("(*)") => resource_types().map(|resource| resource.name()).collect(),
        Some(list) => list
            .strip_prefix('(')?
            .strip_suffix(')')?
            .split('|')
            .collect(),
    };
    let (paths, unsupported) = read_paths(expression);
    let (components, description) = (Vec::new(), None);
    Some(SearchParameter {
        code,
        kind,
        url,
        targets,
        paths,
        components,
        description,
        unsupported,
    })
}

/// `+ code kind url = path`
fn read_component(line: &'static str) -> Option<Component> {
    let (head, expression) = line.strip_prefix("+ ")?.split_once(" = ")?;
    let mut words = head.split(' ');
    let (code, kind, url) = (words.next()?, read_kind(words.next()?)?, words.next()?);
    let (paths, unsupported) = read_paths(Some(expression));
    Some(Component {
        code,
        kind,
        url,
        paths,
        unsupported,
    })
}

fn read_paths(expression: Option<&'static str>) -> (Vec<ElementPath>, Option<Unsupported>) {
    match expression.map(expression::parse) {
        None => (Vec::new(), Some(Unsupported::NoExpression)),
        Some(Err(error)) => (Vec::new(), Some(error.into())),
        Some(Ok(paths)) => (paths, None),
    }
}

/// R4's search-param-type.
fn read_kind(name: &str) -> Option<ParameterKind> {
    Some(match name {
        "number" => ParameterKind::Number,
        "date" => ParameterKind::Date,
        "string" => ParameterKind::String,
        "token" => ParameterKind::Token,
        "reference" => ParameterKind::Reference,
        "composite" => ParameterKind::Composite,
        "quantity" => ParameterKind::Quantity,
        "uri" => ParameterKind::Uri,
        "special" => ParameterKind::Special,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fhir::expression::{Step, StepFilter, Test};
    use crate::fhir::{Structure, resource_type};

    /// The resource types of practice management systems, which mappings are written for.
    const PRACTICE: [&str; 31] = [
        "Account",
        "AllergyIntolerance",
        "Appointment",
        "AuditEvent",
        "CareTeam",
        "Condition",
        "Coverage",
        "DiagnosticReport",
        "DocumentReference",
        "Encounter",
        "EpisodeOfCare",
        "HealthcareService",
        "Immunization",
        "Invoice",
        "Location",
        "Medication",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Procedure",
        "Provenance",
        "RelatedPerson",
        "Schedule",
        "ServiceRequest",
        "Slot",
        "Specimen",
        "Task",
    ];

    fn paths_of(resource: &str, code: &str) -> Vec<String> {
        parameter(resource, code)
            .unwrap()
            .paths
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_file_reads_without_an_error() {
        let tables = read(TEXT).unwrap();
        let all: usize = tables.by_resource.values().map(|of| of.own.all.len()).sum();
        let counted = TEXT
            .lines()
            .filter(|l| l.starts_with("  ") && !l.starts_with("    "))
            .count();
        assert_eq!(
            all + tables.resource.all.len() + tables.domain_resource.all.len(),
            counted
        );
        assert_eq!((counted, tables.resource.all.len()), (1711, 12));
        assert_eq!(tables.by_resource.len(), resource_types().len());
        for of in tables.by_resource.values() {
            assert_eq!(
                of.own.all.len(),
                of.own.by_code.len(),
                "a code stands twice"
            );
        }
    }

    #[test]
    fn the_resource_types_of_practices_have_all_of_theirs() {
        let own = |resource: &str| {
            parameters(resource)
                .filter(|p| !p.code.starts_with('_'))
                .count()
        };
        assert_eq!(
            PRACTICE.iter().map(|resource| own(resource)).sum::<usize>(),
            479
        );
        assert_eq!(
            (own("Patient"), own("Observation"), own("Appointment")),
            (23, 38, 17)
        );
    }

    /// Walks every path of every resource type to its elements.
    #[test]
    fn every_path_leads_to_elements() {
        let mut unsupported = BTreeSet::new();
        for resource in resource_types() {
            let from = structure(resource.name()).unwrap();
            for parameter in parameters(resource.name()) {
                let name = format!("{resource}.{}", parameter.code);
                assert_eq!(
                    parameter.paths.is_empty(),
                    parameter.unsupported.is_some(),
                    "{name}"
                );
                assert_eq!(
                    parameter.components.is_empty(),
                    parameter.kind != ParameterKind::Composite,
                    "{name}"
                );
                if let Some(reason) = &parameter.unsupported {
                    unsupported.insert(format!("{}: {reason}", parameter.code));
                }
                for path in &parameter.paths {
                    let root = path.root.unwrap();
                    assert!(
                        root == resource.name() || root == "Resource",
                        "{name} begins with {root}"
                    );
                    let ends = ends_of(path, from, &name);
                    for component in &parameter.components {
                        if let Some(reason) = &component.unsupported {
                            unsupported.insert(format!("{name}${}: {reason}", component.code));
                        }
                        for path in &component.paths {
                            assert_eq!(path.root, None, "{name}");
                            for end in &ends {
                                ends_of(path, end, &name);
                            }
                        }
                    }
                }
                for target in &parameter.targets {
                    assert!(resource_type(target).is_some(), "{name} refers to {target}");
                }
                // R4 itself names no target for this one.
                let named = name != "RequestGroup.instantiates-canonical";
                let reference = parameter.kind == ParameterKind::Reference;
                assert_eq!(!parameter.targets.is_empty(), reference && named, "{name}");
            }
        }
        let variable = "the expression begins with the variable %resource";
        let expected = [
            "_content", "_filter", "_has", "_list", "_query", "_text", "_type",
        ]
        .map(|code| format!("{code}: R4 defines it without an expression"))
        .into_iter()
        .chain([
            format!("MolecularSequence.chromosome-variant-coordinate$chromosome: {variable}"),
            format!(
                "MolecularSequence.referenceseqid-variant-coordinate$referenceseqid: {variable}"
            ),
        ])
        .collect::<BTreeSet<_>>();
        assert_eq!(unsupported, expected);
    }

    /// The structures that a path ends in, its filters and its printed form checked on the way.
    fn ends_of(
        path: &ElementPath,
        from: &'static Structure,
        name: &str,
    ) -> Vec<&'static Structure> {
        let chains = path
            .resolve(from)
            .unwrap_or_else(|error| panic!("{name}: {path}: {error}"));
        assert!(!chains.is_empty(), "{name}");
        for chain in &chains {
            for (step, property) in path.steps.iter().zip(chain) {
                check_filters(step, *property, name);
            }
        }
        let printed: &'static str = path.to_string().leak();
        assert_eq!(
            expression::parse(printed).unwrap(),
            std::slice::from_ref(path),
            "{name}"
        );
        chains
            .iter()
            .filter_map(|chain| chain.last().map_or(Some(from), |last| last.structure()))
            .collect()
    }

    fn check_filters(step: &Step, property: crate::fhir::ElementRef, name: &str) {
        for filter in &step.filters {
            match filter {
                StepFilter::Equals { element, value } => {
                    let child = property
                        .structure()
                        .and_then(|s| s.element(element))
                        .unwrap();
                    assert_eq!(
                        child.binding().and_then(|set| set.has(value)),
                        Some(true),
                        "{name}: {value}"
                    );
                }
                StepFilter::ResolvesTo(resource) => {
                    let resource = resource_type(resource).unwrap();
                    assert!(
                        property.element_type().may_refer_to(resource),
                        "{name}: {resource}"
                    );
                }
                StepFilter::Index(_) => assert!(property.is_list(), "{name}"),
            }
        }
    }

    #[test]
    fn parameters_of_patients() {
        let birthdate = parameter("Patient", "birthdate").unwrap();
        assert_eq!(birthdate.kind, ParameterKind::Date);
        assert_eq!(
            birthdate.url,
            Some("http://hl7.org/fhir/SearchParameter/individual-birthdate")
        );
        assert_eq!(birthdate.description, Some("The patient's date of birth"));
        assert_eq!(paths_of("Patient", "birthdate"), ["Patient.birthDate"]);
        assert_eq!(
            paths_of("Patient", "email"),
            ["Patient.telecom.where(system='email')"]
        );
        assert_eq!(
            paths_of("Patient", "death-date"),
            ["Patient.deceased.as(dateTime)"]
        );
        assert_eq!(
            parameter("Patient", "deceased").unwrap().paths[0].test,
            Test::ExistsAndIsNotFalse
        );
        let practitioner = parameter("Patient", "general-practitioner").unwrap();
        assert_eq!(
            practitioner.targets,
            ["Organization", "Practitioner", "PractitionerRole"]
        );
        assert!(parameter("Patient", "Birthdate").is_none());
        assert!(parameter("patient", "birthdate").is_none());
        assert!(parameter("Patient", "").is_none());
    }

    #[test]
    fn composites_have_their_components() {
        let composite = parameter("Observation", "code-value-quantity").unwrap();
        let components: Vec<_> = composite
            .components
            .iter()
            .map(|c| (c.code, c.kind))
            .collect();
        assert_eq!(
            components,
            [
                ("code", ParameterKind::Token),
                ("value-quantity", ParameterKind::Quantity)
            ]
        );
        assert_eq!(
            paths_of("Observation", "code-value-quantity"),
            ["Observation"]
        );
        let date = parameter("Observation", "code-value-date").unwrap();
        let paths: Vec<_> = date.components[1]
            .paths
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(paths, ["value.as(dateTime)", "value.as(Period)"]);
        assert_eq!(
            paths_of("Observation", "combo-code-value-concept"),
            ["Observation", "Observation.component"]
        );
    }

    #[test]
    fn every_type_has_the_common_ones_and_narratives_are_domain_resources() {
        for resource in resource_types() {
            for code in [
                "_id",
                "_lastUpdated",
                "_profile",
                "_tag",
                "_security",
                "_source",
                "_content",
                "_list",
                "_has",
            ] {
                assert!(
                    parameter(resource.name(), code).is_some(),
                    "{resource} {code}"
                );
            }
        }
        assert!(parameter("Patient", "_text").is_some());
        assert!(parameter("Bundle", "_text").is_none());
        assert!(parameters("Patient").any(|p| p.code == "_text"));
        assert!(parameters("Bundle").all(|p| p.code != "_text"));
        assert_eq!(parameters("Nothing").count(), 0);
        assert_eq!(
            parameter("Patient", "_lastUpdated").unwrap().kind,
            ParameterKind::Date
        );
        assert_eq!(paths_of("Patient", "_id"), ["Resource.id"]);
    }

    #[test]
    fn a_reference_to_anything_has_every_type() {
        let target = parameter("Provenance", "target").unwrap();
        assert_eq!(target.targets.len(), resource_types().len());
    }
}
