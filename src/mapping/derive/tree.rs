//! A source's elements with what R4 says of them, in one shape for constants and bound values alike.
//!
//! Takes the fields of a [`Source`](crate::mapping::Source); gives a [`Tree`]. A constant object, kept
//! as JSON text by the mapping, is opened here, so that a path leads through it like through any other.

use std::sync::Arc;

use serde_json::Value;

use crate::fhir::{self, ElementRef, Structure};
use crate::mapping::{Binding, Field, Node};
use crate::relation::{CompareOp, Expr, Predicate};

pub(super) enum Tree {
    /// A primitive's text, without JSON's quotes and escapes.
    Constant(Arc<str>),
    Value(Arc<Binding>),
    Object(Object),
    List(Vec<Entry>),
    /// There only for rows that hold the condition.
    When(Predicate, Box<Tree>),
}

impl Tree {
    /// The first value in it that comes from columns.
    pub fn value(&self) -> Option<&Binding> {
        match self {
            Tree::Constant(_) => None,
            Tree::Value(binding) => Some(binding),
            Tree::Object(object) => object.properties.iter().find_map(|it| it.value.value()),
            Tree::List(entries) => entries.iter().find_map(|entry| entry.value.value()),
            Tree::When(_, inner) => inner.value(),
        }
    }
}

pub(super) struct Object {
    pub properties: Vec<Property>,
    /// It is there only with one of its bound values.
    pub bound: bool,
}

impl Object {
    /// The properties of one element, with their places: several where it is a choice. Of these the first that
    /// is there is written.
    pub fn alternatives(&self, name: &str) -> impl Iterator<Item = (usize, &Property)> {
        self.properties
            .iter()
            .enumerate()
            .filter(move |(_, property)| property.name == name)
    }
}

pub(super) struct Property {
    /// The element's name without `[x]`: `deceased` for `deceasedDateTime`.
    pub name: &'static str,
    /// Its R4 type: `dateTime`.
    pub ty: &'static str,
    /// The code systems of its required binding.
    pub systems: Vec<Arc<str>>,
    /// The object is not there without it, or without one of its choice.
    pub required: bool,
    pub value: Tree,
}

pub(super) struct Entry {
    pub each: Option<usize>,
    pub condition: Predicate,
    pub value: Tree,
}

impl Entry {
    /// Its being there is a value of the source's, whatever it holds.
    pub fn counts(&self) -> bool {
        self.each.is_some() || self.condition != Predicate::True
    }
}

impl Tree {
    /// Every binding in it.
    pub fn bindings(&self, visit: &mut impl FnMut(&Binding)) {
        match self {
            Tree::Constant(_) => {}
            Tree::Value(binding) => visit(binding),
            Tree::Object(object) => {
                for property in &object.properties {
                    property.value.bindings(visit);
                }
            }
            Tree::List(entries) => {
                for entry in entries {
                    entry.value.bindings(visit);
                }
            }
            Tree::When(_, inner) => inner.bindings(visit),
        }
    }

    /// The resource as one object. It is there for every row of its source.
    pub fn of_resource(fields: &[Field], resource: &str) -> Tree {
        let structure = fhir::structure(resource);
        Tree::Object(Object {
            properties: properties(fields, structure),
            bound: false,
        })
    }
}

/// What R4 does not know (a primitive's `_birthDate`, `resourceType`) no parameter can name.
fn properties(fields: &[Field], structure: Option<&'static Structure>) -> Vec<Property> {
    fields
        .iter()
        .filter_map(|field| {
            let element = structure?.element(&field.name)?;
            property(
                element,
                field.required || field.essential,
                of_node(&field.node, element.structure())?,
            )
        })
        .collect()
}

fn property(element: ElementRef, required: bool, value: Tree) -> Option<Property> {
    let mut systems: Vec<Arc<str>> = Vec::new();
    for (system, _) in element.binding().into_iter().flat_map(|set| set.codes()) {
        if !systems.iter().any(|known| &**known == system) {
            systems.push(system.into());
        }
    }
    let name = element.definition().stem();
    Some(Property {
        name,
        ty: element.type_name(),
        systems,
        required,
        value,
    })
}

fn of_node(node: &Node, structure: Option<&'static Structure>) -> Option<Tree> {
    match node {
        Node::Constant(json) => of_json(&serde_json::from_str(json).ok()?, structure),
        Node::Value(binding) => Some(Tree::Value(Arc::clone(binding))),
        Node::Object(object) => Some(Tree::Object(Object {
            properties: properties(&object.fields, structure),
            bound: object.bound,
        })),
        Node::When(condition, node) => Some(Tree::When(
            holds(condition),
            Box::new(of_node(node, structure)?),
        )),
        Node::List(entries) => Some(Tree::List(
            entries
                .iter()
                .filter_map(|entry| {
                    Some(Entry {
                        each: entry.each,
                        condition: entry.condition.as_deref().map_or(Predicate::True, holds),
                        value: of_node(&entry.node, structure)?,
                    })
                })
                .collect(),
        )),
    }
}

fn of_json(json: &Value, structure: Option<&'static Structure>) -> Option<Tree> {
    match json {
        Value::Null => None,
        Value::Bool(value) => Some(Tree::Constant(value.to_string().into())),
        Value::Number(number) => Some(Tree::Constant(number.to_string().into())),
        Value::String(text) => Some(Tree::Constant(text.as_str().into())),
        Value::Array(list) => {
            let entries = list.iter().filter_map(|item| {
                Some(Entry {
                    each: None,
                    condition: Predicate::True,
                    value: of_json(item, structure)?,
                })
            });
            Some(Tree::List(entries.collect()))
        }
        Value::Object(map) => {
            let properties = map
                .iter()
                .filter_map(|(name, item)| {
                    let element = structure?.element(name)?;
                    property(element, false, of_json(item, element.structure())?)
                })
                .collect();
            Some(Tree::Object(Object {
                properties,
                bound: false,
            }))
        }
    }
}

/// An expression that is 1 or 0, as a predicate.
fn holds(expr: &Expr) -> Predicate {
    match expr {
        Expr::Test(predicate) => (**predicate).clone(),
        expr => Predicate::Compare(expr.clone(), CompareOp::Eq, Expr::Int(1)),
    }
}
