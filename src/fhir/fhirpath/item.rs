//! What a collection holds: values of the resource, and values of the language.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use serde_json::Value;

use super::moment::Moment;
use super::{Fault, PathError};
use crate::fhir::Primitive;
use crate::fhir::definitions::{ElementRef, Structure, TypeKind, structure};

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Item<'v>(pub(super) Held<'v>);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Held<'v> {
    Node(Node<'v>),
    Boolean(bool),
    Integer(i64),
    Decimal(f64),
    Text(Cow<'v, str>),
    Moment(Moment),
}

/// A place in the resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'v> {
    /// None of a primitive of which there are only extensions.
    pub value: Option<&'v Value>,
    /// Id and extensions of a primitive: JSON's `_birthDate`.
    pub extra: Option<&'v Value>,
    pub ty: Type,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.value, self.extra) == (other.value, other.extra)
    }
}

/// What R4 says of a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Type {
    Structure(&'static Structure),
    Primitive(Primitive),
    /// Whatever the value's `resourceType` says, or nothing.
    Any,
}

impl Type {
    pub(super) fn of_property(property: &ElementRef) -> Type {
        match (property.kind(), property.structure()) {
            (TypeKind::Primitive(primitive), _) => Type::Primitive(primitive),
            (TypeKind::Resource, _) | (_, None) => Type::Any,
            (_, Some(structure)) => Type::Structure(structure),
        }
    }

    /// `HumanName`, `code`; None of what may be anything.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Type::Structure(structure) => Some(structure.name()),
            Type::Primitive(primitive) => Some(primitive.name()),
            Type::Any => None,
        }
    }

    /// Whether it is a type, or extends it.
    pub(super) fn is(self, wanted: &str) -> bool {
        let mut at = match self {
            Type::Structure(structure) => Some(structure),
            other => return other.name() == Some(wanted),
        };
        while let Some(structure) = at {
            if structure.name() == wanted {
                return true;
            }
            at = structure.base().and_then(self::structure);
        }
        false
    }
}

impl<'v> Node<'v> {
    /// The resource itself, or one within it.
    pub(super) fn resource(value: &'v Value) -> Node<'v> {
        Node {
            value: Some(value),
            extra: None,
            ty: type_of_resource(value),
        }
    }
}

/// What a resource's own `resourceType` says.
pub(super) fn type_of_resource(value: &Value) -> Type {
    value["resourceType"]
        .as_str()
        .and_then(structure)
        .map_or(Type::Any, Type::Structure)
}

/// A value that can be compared.
#[derive(Debug, Clone, PartialEq)]
enum Simple<'i> {
    Boolean(bool),
    Number(f64),
    Text(&'i str),
    Moment(Cow<'i, Moment>),
}

impl<'v> Item<'v> {
    pub(super) fn boolean(value: bool) -> Item<'static> {
        Item(Held::Boolean(value))
    }

    /// As JSON writes it.
    pub fn json(&self) -> Value {
        match &self.0 {
            Held::Node(node) => node.value.or(node.extra).cloned().unwrap_or_default(),
            Held::Boolean(value) => Value::from(*value),
            Held::Integer(value) => Value::from(*value),
            Held::Decimal(value) => Value::from(*value),
            Held::Text(text) => Value::from(text.as_ref()),
            Held::Moment(moment) => Value::from(moment.text()),
        }
    }

    /// Whether it is the value that a text writes: a number by its value, all else letter by letter. No text writes an
    /// object.
    pub fn is_written(&self, text: &str) -> bool {
        match self.simple() {
            Some(Simple::Boolean(value)) => text == if value { "true" } else { "false" },
            Some(Simple::Number(value)) => text.parse() == Ok(value),
            Some(Simple::Text(value)) => text == value,
            Some(Simple::Moment(moment)) => text == moment.text(),
            None => false,
        }
    }

    /// It has elements of its own.
    pub fn is_object(&self) -> bool {
        matches!(
            &self.0,
            Held::Node(Node {
                value: Some(Value::Object(_)),
                ..
            })
        )
    }

    pub(super) fn as_node(&self) -> Option<Node<'v>> {
        match &self.0 {
            Held::Node(node) => Some(*node),
            _ => None,
        }
    }

    pub(super) fn as_boolean(&self) -> Option<bool> {
        match self.simple() {
            Some(Simple::Boolean(value)) => Some(value),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self.simple() {
            Some(Simple::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_index(&self) -> Option<usize> {
        match &self.0 {
            Held::Integer(index) => usize::try_from(*index).ok(),
            Held::Node(node) => usize::try_from(node.value?.as_u64()?).ok(),
            _ => None,
        }
    }

    fn simple(&self) -> Option<Simple<'_>> {
        Some(match &self.0 {
            Held::Boolean(value) => Simple::Boolean(*value),
            // Beyond 2^53 neighbours are one; no R4 integer has more than 31 bits.
            Held::Integer(value) => Simple::Number(*value as f64),
            Held::Decimal(value) => Simple::Number(*value),
            Held::Text(text) => Simple::Text(text),
            Held::Moment(moment) => Simple::Moment(Cow::Borrowed(moment)),
            Held::Node(node) => match node.value? {
                Value::Bool(value) => Simple::Boolean(*value),
                Value::Number(number) => Simple::Number(number.as_f64()?),
                Value::String(text) => match node.ty {
                    Type::Primitive(Primitive::Date | Primitive::DateTime | Primitive::Instant) => {
                        Simple::Moment(Cow::Owned(Moment::of(text, false)))
                    }
                    Type::Primitive(Primitive::Time) => {
                        Simple::Moment(Cow::Owned(Moment::of(text, true)))
                    }
                    _ => Simple::Text(text),
                },
                _ => return None,
            },
        })
    }

    /// What it is, for a sentence.
    pub(super) fn kind(&self) -> &'static str {
        match self.simple() {
            Some(Simple::Boolean(_)) => "a boolean",
            Some(Simple::Number(_)) => "a number",
            Some(Simple::Text(_)) => "a text",
            Some(Simple::Moment(moment)) if moment.is_time() => "a time",
            Some(Simple::Moment(_)) => "a date",
            None => "an object",
        }
    }

    /// Whether two values are equal; None where that is left open.
    pub(super) fn equals(
        &self,
        other: &Item<'_>,
        at: &Range<usize>,
    ) -> Result<Option<bool>, PathError> {
        match (self.simple(), other.simple()) {
            (None, None) => Ok(Some(self.json() == other.json())),
            (Some(Simple::Moment(one)), Some(Simple::Moment(two)))
                if one.is_time() == two.is_time() =>
            {
                Ok(one.compare(&two).map(Ordering::is_eq))
            }
            // Always unequal, and always a slip.
            (Some(Simple::Moment(_)), Some(Simple::Text(_)))
            | (Some(Simple::Text(_)), Some(Simple::Moment(_))) => Err(self.unlike(other, at)),
            (one, two) => Ok(Some(one == two)),
        }
    }

    /// The order of two values; None where that is left open.
    pub(super) fn compare(
        &self,
        other: &Item<'_>,
        at: &Range<usize>,
    ) -> Result<Option<Ordering>, PathError> {
        match (self.simple(), other.simple()) {
            (Some(Simple::Number(one)), Some(Simple::Number(two))) => Ok(one.partial_cmp(&two)),
            (Some(Simple::Text(one)), Some(Simple::Text(two))) => Ok(Some(one.cmp(two))),
            (Some(Simple::Moment(one)), Some(Simple::Moment(two)))
                if one.is_time() == two.is_time() =>
            {
                Ok(one.compare(&two))
            }
            _ => Err(self.unlike(other, at)),
        }
    }

    fn unlike(&self, other: &Item<'_>, at: &Range<usize>) -> PathError {
        Fault::Incomparable {
            left: self.kind(),
            right: other.kind(),
        }
        .at(at)
    }
}
