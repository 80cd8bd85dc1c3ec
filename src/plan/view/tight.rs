//! Views with less in them to walk: what is known before any row is put together beforehand.

use std::sync::Arc;

use super::{Reader, ViewElement, ViewField, ViewNode, ViewObject, Wrapped};
use crate::mapping::Place;

/// The columns of an object's values, where it is absent if all of them are NULL.
pub(super) fn anchors(fields: &[ViewField]) -> Option<Vec<usize>> {
    fn of_reader(reader: &Reader, columns: &mut Vec<usize>) -> bool {
        columns.extend(reader.columns.iter().map(|&column| usize::from(column)));
        reader.null_is_absent
    }
    fn gather(node: &ViewNode, columns: &mut Vec<usize>) -> bool {
        match node {
            ViewNode::Constant(_) => true,
            ViewNode::Value(reader) => of_reader(reader, columns),
            ViewNode::Wrapped(wrapped) => of_reader(&wrapped.reader, columns),
            ViewNode::Object(object) => object
                .fields
                .iter()
                .all(|field| gather(&field.node, columns)),
            // An entry's condition, or its being a row of a child, is a value too.
            ViewNode::List(entries) => entries.iter().all(|entry| {
                entry.each.is_none() && entry.condition.is_none() && gather(&entry.node, columns)
            }),
            ViewNode::When(..) => false,
        }
    }
    let mut columns = Vec::new();
    fields
        .iter()
        .all(|field| gather(&field.node, &mut columns))
        .then_some(columns)
}

/// The fields of an object, tight.
pub(super) fn fields(mut fields: Vec<ViewField>) -> Vec<ViewField> {
    mark_last_alternatives(fields.iter_mut());
    for field in &mut fields {
        tighten(field);
    }
    fields.dedup_by(|field, before| is_joined(before, field));
    fields
}

/// The top-level elements, tight. A list of which profiles need something keeps its entries: each is looked at.
pub(super) fn elements(mut elements: Vec<ViewElement>) -> Vec<ViewElement> {
    mark_last_alternatives(elements.iter_mut().map(|element| &mut element.field));
    for element in &mut elements {
        match &mut element.field.node {
            ViewNode::List(entries) if !element.needs.is_empty() => {
                for entry in entries {
                    entry.node.tighten(&element.field.place);
                }
            }
            _ => tighten(&mut element.field),
        }
    }
    elements.dedup_by(|element, before| is_joined(&mut before.field, &element.field));
    elements
}

/// Says of each choice where its alternatives end.
fn mark_last_alternatives<'f>(fields: impl DoubleEndedIterator<Item = &'f mut ViewField>) {
    let mut after: Option<Arc<str>> = None;
    for field in fields.rev() {
        let of = field.choice.as_ref().map(|choice| Arc::clone(&choice.of));
        match &mut field.choice {
            // What stands beside a value (`_deceasedBoolean`) is none.
            Some(choice) if !choice.last => continue,
            Some(choice) => choice.last = of != after,
            None => {}
        }
        after = of;
    }
}

/// A constant's text goes into the key; what else is nested goes into fewer nodes.
fn tighten(field: &mut ViewField) {
    match &field.node {
        ViewNode::Constant(json) if field.choice.is_none() => {
            field.key = format!("{}{json}", field.key).into();
            field.node = ViewNode::Constant(Arc::from(""));
        }
        _ => field.node.tighten(&field.place),
    }
}

/// Takes a constant into the constant before it: they are written in one go.
fn is_joined(before: &mut ViewField, field: &ViewField) -> bool {
    let is_constant =
        |field: &ViewField| matches!(field.node, ViewNode::Constant(_)) && field.choice.is_none();
    if !is_constant(before) || !is_constant(field) {
        return false;
    }
    before.key = format!("{}{}", before.key, field.key).into();
    before.mark |= field.mark;
    true
}

impl ViewNode {
    /// Makes one node of an object or a list that is one value and what stands around it. `place` is where the
    /// mapping has the node.
    fn tighten(&mut self, place: &Place) {
        match self {
            ViewNode::List(entries) => {
                for entry in entries.iter_mut() {
                    entry.node.tighten(place);
                }
                if let [entry] = entries.as_mut_slice()
                    && entry.each.is_none()
                    && entry.condition.is_none()
                    && let Some(mut wrapped) = entry.node.take_wrapped(place)
                {
                    wrapped.surround("[", "]");
                    *self = ViewNode::Wrapped(wrapped);
                }
            }
            ViewNode::Object(object) => {
                if let Some(wrapped) = object.take_wrapped() {
                    *self = ViewNode::Wrapped(wrapped);
                }
            }
            ViewNode::When(_, node) => node.tighten(place),
            ViewNode::Constant(_) | ViewNode::Value(_) | ViewNode::Wrapped(_) => {}
        }
    }

    /// The node as a value with nothing around it yet, or with what stands around it already.
    fn take_wrapped(&mut self, place: &Place) -> Option<Box<Wrapped>> {
        match std::mem::replace(self, ViewNode::Constant(Arc::from(""))) {
            ViewNode::Value(reader) => Some(Box::new(Wrapped {
                before: Box::default(),
                reader,
                after: Box::default(),
                marks: 0,
                place: place.clone(),
            })),
            ViewNode::Wrapped(wrapped) => Some(wrapped),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl ViewObject {
    /// The object, where all but one of its fields are constants. It is nothing without that one, so nothing has
    /// to be known of what the field's absence means.
    fn take_wrapped(&mut self) -> Option<Box<Wrapped>> {
        let is_constant = |field: &ViewField| matches!(field.node, ViewNode::Constant(_));
        if !self.bound
            || self
                .fields
                .iter()
                .any(|field| field.choice.is_some() && is_constant(field))
        {
            return None;
        }
        let mut others = (0..self.fields.len()).filter(|&place| !is_constant(&self.fields[place]));
        let (Some(value), None) = (others.next(), others.next()) else {
            return None;
        };
        let place = self.fields[value].place.clone();
        let mut wrapped = self.fields[value].node.take_wrapped(&place)?;
        let text =
            |fields: &[ViewField]| -> String { fields.iter().map(|field| &*field.key).collect() };
        let before = text(&self.fields[..=value]);
        // The first field has nothing before it to be set apart from.
        wrapped.surround(
            &format!("{{{}", before.trim_start_matches(',')),
            &format!("{}}}", text(&self.fields[value + 1..])),
        );
        wrapped.marks |= self
            .fields
            .iter()
            .fold(0, |marks, field| marks | field.mark);
        Some(wrapped)
    }
}

impl Wrapped {
    fn surround(&mut self, before: &str, after: &str) {
        self.before = format!("{before}{}", self.before).into();
        self.after = format!("{}{after}", self.after).into();
    }
}
