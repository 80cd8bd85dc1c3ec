//! A source's elements → a view of them.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::tight::{self, anchors};
use super::{
    Alternative, ChildView, Need, Reader, Selection, View, ViewElement, ViewEntry, ViewField,
    ViewNode, ViewObject, element_name,
};
use crate::mapping::{self, Binding, Conversion, Node, Object, Source};
use crate::plan::claims::{self, Needs, Part};
use crate::relation::{Expr, Joins, Shared};

/// The columns of one table, each once.
#[derive(Default)]
struct Columns {
    list: Vec<Expr>,
    places: FxHashMap<Expr, usize>,
}

impl Columns {
    fn place(&mut self, expr: &Expr) -> usize {
        if let Some(place) = self.places.get(expr) {
            return *place;
        }
        let place = self.list.len();
        self.list.push(expr.clone());
        self.places.insert(expr.clone(), place);
        place
    }

    fn reader(&mut self, binding: &Arc<Binding>) -> Reader {
        // No table has as many columns; what lies outside a row reads as NULL.
        let place = |expr| u16::try_from(self.place(expr)).unwrap_or(u16::MAX);
        let columns: SmallVec<[u16; 4]> = binding.columns.iter().map(place).collect();
        let is_text = matches!(binding.conversion, Conversion::Text) && binding.absent.is_empty();
        Reader {
            text: columns.first().copied().filter(|_| is_text),
            columns,
            null_is_absent: null_is_absent(binding),
            binding: Arc::clone(binding),
        }
    }
}

struct Builder<'a> {
    selection: &'a Selection,
    own: Columns,
    /// By place in [`Source::children`]; None where no entry needs the child.
    children: Vec<Option<Columns>>,
}

fn null_is_absent(binding: &Binding) -> bool {
    match &binding.conversion {
        Conversion::Codes { table, .. } => table.absent.is_none(),
        Conversion::First(bindings) => bindings.iter().all(|binding| null_is_absent(binding)),
        _ => true,
    }
}

impl View {
    /// The view of a source for a selection.
    pub fn new(source: &Source, selection: &Selection) -> View {
        let mut builder = Builder {
            selection,
            own: Columns::default(),
            children: source.children.iter().map(|_| None).collect(),
        };
        let id = source
            .id
            .iter()
            .map(|expr| builder.own.place(expr))
            .collect();
        let last_updated = source
            .last_updated
            .as_ref()
            .map(|instant| builder.own.reader(&instant.binding));
        let needs = Needs::of(&source.profiles);
        let mut given = 0;
        let mut elements = Vec::new();
        let mut mapped_meta = None;
        for field in &source.elements {
            if &*field.name == "meta" {
                mapped_meta = Some(field);
            } else if selection.keeps_top(field) {
                // Of a choice another alternative may be written.
                if let (Node::Constant(json), None) = (&field.node, &field.choice) {
                    given |= needs.met_by(&field.name, json);
                }
                elements.push(ViewElement {
                    needs: needs.of_element(&field.name),
                    field: builder.field(field, None, &needs.parts),
                });
            }
        }
        let mut children = Vec::new();
        let mut places = vec![None; source.children.len()];
        for (index, columns) in builder.children.into_iter().enumerate() {
            let Some(columns) = columns else { continue };
            let child = &source.children[index];
            places[index] = Some(children.len());
            children.push(ChildView {
                child: child.clone(),
                parent: child
                    .on
                    .iter()
                    .map(|(_, parent)| builder.own.place(parent))
                    .collect(),
                joins: Joins::of(&child.joins).of_exprs(&columns.list),
                columns: Shared::new(columns.list),
            });
        }
        for element in &mut elements {
            renumber(&mut element.field.node, &places);
        }
        let elements = tight::elements(elements);
        let beside = beside_profiles(mapped_meta, selection);
        let claims = needs.claims(given, beside, |binding| builder.own.reader(binding));
        View {
            resource: source.resource,
            id_prefix: source.name.clone(),
            joins: Joins::of_source(&source.relation).of_exprs(&builder.own.list),
            columns: Shared::new(builder.own.list),
            id,
            last_updated,
            meta: claims.meta(claims.all),
            claims,
            elements,
            children,
        }
    }
}

/// Entries name children by their place in the source; a view holds only those that it needs.
fn renumber(node: &mut ViewNode, places: &[Option<usize>]) {
    match node {
        ViewNode::Constant(_) | ViewNode::Value(_) | ViewNode::Wrapped(_) => {}
        ViewNode::Object(object) => object
            .fields
            .iter_mut()
            .for_each(|field| renumber(&mut field.node, places)),
        ViewNode::When(_, node) => renumber(node, places),
        ViewNode::List(entries) => {
            for entry in entries {
                entry.each = entry
                    .each
                    .and_then(|index| places.get(index).copied().flatten());
                renumber(&mut entry.node, places);
            }
        }
    }
}

/// A constant; one that has parts of profiles' needs as an object of one field, which carries their marks.
fn constant(json: &Arc<str>, sought: &[Part<'_>]) -> ViewNode {
    let mark = match sought {
        [] => 0,
        sought => {
            let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
            let had = sought.iter().filter(|part| claims::has(&value, part.path));
            had.fold(0, |mark, part| mark | part.mark)
        }
    };
    let inside = json
        .strip_prefix('{')
        .and_then(|json| json.strip_suffix('}'));
    match inside {
        Some(inside) if mark != 0 => ViewNode::Object(Box::new(ViewObject {
            fields: vec![ViewField {
                key: format!(",{inside}").into(),
                need: Need::Optional,
                choice: None,
                mark,
                node: ViewNode::Constant(Arc::from("")),
                // A constant is never odd, so that no message names its place.
                place: mapping::Place {
                    file: Arc::from(""),
                    line: 0,
                },
            }],
            bound: false,
            anchors: Vec::new(),
        })),
        _ => ViewNode::Constant(Arc::clone(json)),
    }
}

impl Builder<'_> {
    fn columns(&mut self, child: Option<usize>) -> &mut Columns {
        match child.and_then(|index| self.children.get_mut(index)) {
            Some(slot) => slot.get_or_insert_default(),
            None => &mut self.own,
        }
    }

    /// `sought`: the parts of profiles' needs that may be in the field.
    fn field(
        &mut self,
        field: &mapping::Field,
        child: Option<usize>,
        sought: &[Part<'_>],
    ) -> ViewField {
        let mut mark = 0;
        let mut inside = Vec::new();
        for part in sought {
            match part.path {
                [name, rest @ ..] if *name == field.name => match (&field.node, rest) {
                    (_, []) => mark |= part.mark,
                    (Node::Constant(json), rest) => {
                        let value = serde_json::from_str(json).unwrap_or_default();
                        if claims::has(&value, rest) {
                            mark |= part.mark;
                        }
                    }
                    (_, rest) => inside.push(Part {
                        path: rest,
                        ..*part
                    }),
                },
                _ => {}
            }
        }
        ViewField {
            mark,
            key: format!(",\"{}\":", field.name).into(),
            need: match (field.essential, field.required) {
                (true, _) => Need::Essential,
                (false, true) => Need::Required,
                (false, false) => Need::Optional,
            },
            choice: field.choice.as_ref().map(|of| {
                Box::new(Alternative {
                    of: Arc::clone(of),
                    name: element_name(&field.name).into(),
                    last: !field.name.starts_with('_'),
                })
            }),
            node: self.node(&field.node, child, &inside),
            place: field.place.clone(),
        }
    }

    fn node(&mut self, node: &Node, child: Option<usize>, sought: &[Part<'_>]) -> ViewNode {
        match node {
            Node::Constant(json) => constant(json, sought),
            Node::Value(binding) => ViewNode::Value(self.columns(child).reader(binding)),
            Node::Object(object) => self.object(object, child, sought),
            Node::When(condition, node) => {
                let place = self.columns(child).place(condition);
                ViewNode::When(place, Box::new(self.node(node, child, sought)))
            }
            Node::List(entries) => ViewNode::List(
                entries
                    .iter()
                    .map(|entry| {
                        let child = entry.each.or(child);
                        let condition = entry
                            .condition
                            .as_ref()
                            .map(|expr| self.columns(child).place(expr));
                        if entry.each.is_some() {
                            // Counted as needed even where its rows add nothing but their number.
                            self.columns(child);
                        }
                        ViewEntry {
                            each: entry.each,
                            condition,
                            node: self.node(&entry.node, child, sought),
                        }
                    })
                    .collect(),
            ),
        }
    }

    fn object(&mut self, object: &Object, child: Option<usize>, sought: &[Part<'_>]) -> ViewNode {
        let fields: Vec<ViewField> = object
            .fields
            .iter()
            .filter(|field| self.selection.keeps_nested(field))
            .map(|field| self.field(field, child, sought))
            .collect();
        let fields = tight::fields(fields);
        let anchors = object
            .bound
            .then(|| anchors(&fields))
            .flatten()
            .unwrap_or_default();
        ViewNode::Object(Box::new(ViewObject {
            fields,
            bound: object.bound,
            anchors,
        }))
    }
}

/// What stands in `meta` beside `lastUpdated` and `profile`.
fn beside_profiles(mapped: Option<&mapping::Field>, selection: &Selection) -> String {
    const SUBSETTED: &str = r#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}"#;
    let mut parts = Vec::new();
    let constants = match mapped.map(|field| &field.node) {
        Some(Node::Constant(json)) => serde_json::from_str(json).unwrap_or_default(),
        _ => serde_json::Map::new(),
    };
    let mut tags = match constants.get("tag") {
        Some(serde_json::Value::Array(tags)) => tags.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    for (name, value) in &constants {
        if !matches!(
            name.as_str(),
            "tag" | "profile" | "lastUpdated" | "versionId"
        ) {
            parts.push(format!("\"{name}\":{value}"));
        }
    }
    if selection.is_subset() {
        tags.push(SUBSETTED.to_owned());
    }
    if !tags.is_empty() {
        parts.push(format!("\"tag\":[{}]", tags.join(",")));
    }
    parts.join(",")
}
