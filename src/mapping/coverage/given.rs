//! Whether the elements of a source give an element of AU Core's.
//!
//! Takes a path (`identifier:ihi`, `name.family`, `onset[x]`) and what is written under `elements:`; says whether a
//! resource may have it. What a slice is known by is looked for among constants and code tables: of a column no one
//! knows what it holds.

use serde_json::Value;

use crate::fhir::au_core::{Mark, Path, requirements};
use crate::fhir::{self, Structure};
use crate::mapping::{Binding, CodePart, CodeTable, Conversion, Field, Node};

/// Whether resources of a type may have the element.
pub fn gives(resource: &str, fields: &[Field], path: &Path) -> bool {
    let way = Way { resource, path };
    way.fields(fields, fhir::structure(resource), 0, &|_| true)
}

/// Whether resources of a type may have that value.
pub fn may_be(resource: &str, fields: &[Field], mark: &Mark) -> bool {
    let way = Way {
        resource,
        path: &mark.at,
    };
    way.fields(fields, fhir::structure(resource), 0, &|end| {
        end.may_be(&mark.is)
    })
}

struct Way<'p> {
    resource: &'p str,
    path: &'p Path,
}

/// Where a path ends.
#[derive(Clone, Copy)]
enum End<'n> {
    Node(&'n Node),
    /// A constant, or a part of one.
    Constant(&'n Value),
    /// The part of a code that is written out of a code table: `code`, `system`, `display`.
    Part(&'n Binding, &'n str),
}

type Test<'t> = &'t dyn Fn(End<'_>) -> bool;

impl Way<'_> {
    fn fields(
        &self,
        fields: &[Field],
        structure: Option<&'static Structure>,
        depth: usize,
        test: Test<'_>,
    ) -> bool {
        let Some(step) = self.path.steps.get(depth) else {
            return false;
        };
        fields.iter().any(|field| {
            // The extensions of a primitive element say why it is not there: the element is accounted for.
            let name = field.name.strip_prefix('_').unwrap_or(&field.name);
            step.is(name, structure) && self.node(&field.node, child(structure, name), depth, test)
        })
    }

    fn node(
        &self,
        node: &Node,
        structure: Option<&'static Structure>,
        depth: usize,
        test: Test<'_>,
    ) -> bool {
        match node {
            Node::When(_, node) => self.node(node, structure, depth, test),
            Node::List(entries) => entries
                .iter()
                .any(|entry| self.node(&entry.node, structure, depth, test)),
            Node::Constant(json) => serde_json::from_str(json)
                .is_ok_and(|constant| self.constant(&constant, structure, depth, test)),
            _ if !self.is_the_slice(node, structure, depth) => false,
            _ if depth + 1 == self.path.steps.len() => test(End::Node(node)),
            _ => self.inside(node, structure, depth + 1, test),
        }
    }

    /// A constant object is one text.
    fn constant(
        &self,
        constant: &Value,
        structure: Option<&'static Structure>,
        depth: usize,
        test: Test<'_>,
    ) -> bool {
        if let Value::Array(entries) = constant {
            return entries
                .iter()
                .any(|entry| self.constant(entry, structure, depth, test));
        }
        let is_the_slice = self.is_slice_by(depth, |way, test| {
            way.inside_constant(constant, structure, 0, test)
        });
        is_the_slice
            && match depth + 1 == self.path.steps.len() {
                true => test(End::Constant(constant)),
                false => self.inside_constant(constant, structure, depth + 1, test),
            }
    }

    fn inside_constant(
        &self,
        constant: &Value,
        structure: Option<&'static Structure>,
        depth: usize,
        test: Test<'_>,
    ) -> bool {
        let (Some(step), Value::Object(properties)) = (self.path.steps.get(depth), constant) else {
            return false;
        };
        properties.iter().any(|(name, value)| {
            step.is(name, structure) && self.constant(value, child(structure, name), depth, test)
        })
    }

    fn inside(
        &self,
        node: &Node,
        structure: Option<&'static Structure>,
        depth: usize,
        test: Test<'_>,
    ) -> bool {
        match node {
            Node::Object(object) => self.fields(&object.fields, structure, depth, test),
            // A Coding, or a CodeableConcept with one: what is in it comes from the table.
            Node::Value(binding) => {
                let names = self.path.steps.get(depth..).unwrap_or_default();
                match names {
                    [coding] if coding.name == "coding" => test(End::Node(node)),
                    [part] | [_, part] => {
                        matches!(part.name.as_str(), "system" | "code" | "display")
                            && test(End::Part(binding, &part.name))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn is_the_slice(
        &self,
        node: &Node,
        structure: Option<&'static Structure>,
        depth: usize,
    ) -> bool {
        self.is_slice_by(depth, |way, test| way.inside(node, structure, 0, test))
    }

    /// Whether a step asks for no slice, or the value that the slice is known by is found where `look` looks.
    fn is_slice_by(&self, depth: usize, look: impl Fn(&Way<'_>, Test<'_>) -> bool) -> bool {
        let step = self.path.steps.get(depth);
        if step.is_none_or(|step| step.slice.is_none()) {
            return true;
        }
        let Some(mark) = requirements().slice(self.resource, &self.path.up_to(depth)) else {
            return false;
        };
        let way = Way {
            resource: self.resource,
            path: &mark.at,
        };
        look(&way, &|end| end.may_be(&mark.is))
    }
}

/// The structure of a property.
fn child(structure: Option<&'static Structure>, name: &str) -> Option<&'static Structure> {
    let element = structure?.element(name)?;
    element.structure()
}

impl End<'_> {
    /// Whether the value may be that one.
    fn may_be(&self, value: &str) -> bool {
        match self {
            End::Constant(constant) => constant.as_str() == Some(value),
            End::Node(Node::Value(binding)) => coded(&binding.conversion, None, value),
            End::Node(_) => false,
            End::Part(binding, part) => coded(&binding.conversion, Some(part), value),
        }
    }
}

fn coded(conversion: &Conversion, part: Option<&str>, value: &str) -> bool {
    match conversion {
        Conversion::First(bindings) => bindings
            .iter()
            .any(|binding| coded(&binding.conversion, part, value)),
        Conversion::Codes {
            table,
            part: written,
        } => match (part, written) {
            (Some("system"), _) | (None, CodePart::System) => {
                codes(table).any(|code| table.system_of(code).is_some_and(|it| **it == *value))
            }
            (Some("code"), _) | (None, CodePart::Code) => {
                codes(table).any(|code| *code.code == *value)
            }
            _ => false,
        },
        _ => false,
    }
}

fn codes(table: &CodeTable) -> impl Iterator<Item = &crate::mapping::Code> {
    table
        .entries
        .iter()
        .map(|entry| &entry.code)
        .chain(&table.otherwise)
        .chain(&table.absent)
}
