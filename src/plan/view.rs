//! Which elements an answer holds, and which columns they take.
//!
//! A view is a source's resource as one answer needs it: whole, or cut down by `_summary` and
//! `_elements`. It is made once for each such selection and kept: its nodes carry the places of their
//! columns in a row and the JSON text that stands around them, so that writing a resource is a walk
//! without look-ups.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::claims::{self, Claims, Needs, Part, ViewNeed};
use crate::mapping::{self, Binding, Conversion, Node, Object, Source};
use crate::relation::{Child, Expr, Shared};
use crate::search::Summary;

use crate::relation::Joins;

/// What of a resource an answer holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Selection {
    #[default]
    Whole,
    /// `_summary=true`
    Summary,
    /// `_summary=text`
    Text,
    /// `_summary=data`
    Data,
    /// `_elements`, sorted, each once.
    Elements(Vec<String>),
}

impl Selection {
    /// `_elements` wins over `_summary`, whose `count` and `false` select nothing less than the whole.
    pub fn of(summary: Option<Summary>, elements: &[String]) -> Selection {
        if !elements.is_empty() {
            let mut names = elements.to_vec();
            names.sort_unstable();
            names.dedup();
            return Selection::Elements(names);
        }
        match summary {
            Some(Summary::True) => Selection::Summary,
            Some(Summary::Text) => Selection::Text,
            Some(Summary::Data) => Selection::Data,
            Some(Summary::Count | Summary::False) | None => Selection::Whole,
        }
    }

    /// Something may be missing that the whole resource has (marked `SUBSETTED`).
    pub fn is_subset(&self) -> bool {
        *self != Selection::Whole
    }

    fn keeps_top(&self, field: &mapping::Field) -> bool {
        let fundamental = field.required || field.modifier;
        match self {
            Selection::Whole => true,
            Selection::Summary => field.summary || fundamental,
            Selection::Text => &*field.name == "text" || field.required,
            Selection::Data => &*field.name != "text",
            Selection::Elements(names) => {
                fundamental
                    || names
                        .binary_search_by(|name| name.as_str().cmp(element_name(&field.name)))
                        .is_ok()
            }
        }
    }

    fn keeps_nested(&self, field: &mapping::Field) -> bool {
        match self {
            Selection::Summary => field.summary || field.required || field.modifier,
            _ => true,
        }
    }
}

/// `_birthDate` holds the extensions of `birthDate`.
fn element_name(property: &str) -> &str {
    property.strip_prefix('_').unwrap_or(property)
}

/// A source's resource, as one answer needs it.
#[derive(Debug)]
pub struct View {
    pub resource: &'static str,
    /// Written in front of the id: `kin-`.
    pub id_prefix: Option<Arc<str>>,
    /// The columns of a row, in order.
    pub columns: Shared<Vec<Expr>>,
    /// The places of the id's columns.
    pub id: Vec<usize>,
    pub last_updated: Option<Reader>,
    /// `"profile":[…],"tag":[…]` of a resource that claims every profile, without braces; empty where
    /// there is none.
    pub meta: String,
    /// Which profiles a resource claims.
    pub claims: Claims,
    pub fields: Vec<ViewField>,
    /// The lookups that the columns need, a bit each.
    pub joins: u64,
    pub children: Vec<ChildView>,
}

/// A child table's part in a view.
#[derive(Debug)]
pub struct ChildView {
    pub child: Shared<Child>,
    /// The places, in the parent's row, of the values that the child's `on` compares with.
    pub parent: Vec<usize>,
    pub columns: Shared<Vec<Expr>>,
    pub joins: u64,
}

#[derive(Debug)]
pub struct ViewField {
    /// `,"family":`; of a constant the whole of it, `,"system":"phone"`, with the constants next to it.
    pub key: Box<str>,
    pub need: Need,
    /// Among several alternatives of a choice, of which one is written.
    pub choice: Option<Alternative>,
    /// Bits of the parts of profiles' needs that this field is.
    pub mark: u64,
    /// What profiles need of this top-level element.
    pub needs: Vec<ViewNeed>,
    pub node: ViewNode,
    pub place: mapping::Place,
}

/// What the absence of a field means for the object around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Optional,
    /// R4 requires it: without it the object would be none.
    Required,
    /// The object says nothing without it, and is absent too.
    Essential,
}

/// Which alternative of a choice a field belongs to. The fields of one choice stand next to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// `deceased`
    pub of: Arc<str>,
    /// `deceasedDateTime`, also of `_deceasedDateTime`.
    pub name: Box<str>,
    /// No further value of the choice follows.
    pub last: bool,
}

#[derive(Debug)]
pub enum ViewNode {
    /// JSON text; empty where it stands in the field's key.
    Constant(Arc<str>),
    Value(Reader),
    Object {
        fields: Vec<ViewField>,
        bound: bool,
        /// Where every one of these columns is NULL there is nothing of the object; empty where that cannot
        /// be said of columns alone.
        anchors: Vec<usize>,
    },
    List(Vec<ViewEntry>),
    /// There where the column at the place is 1.
    When(usize, Box<ViewNode>),
}

#[derive(Debug)]
pub struct ViewEntry {
    /// A place in [`View::children`]; the entry's columns are then those of the child's row.
    pub each: Option<usize>,
    /// The place of the column that is 1 where the entry is there.
    pub condition: Option<usize>,
    pub node: ViewNode,
}

/// A binding, with the places of its columns in a row.
#[derive(Debug)]
pub struct Reader {
    pub binding: Arc<Binding>,
    pub columns: Vec<usize>,
    /// Where every column is NULL there is no value: so for all but a code table that gives NULL a code.
    pub null_is_absent: bool,
}

fn null_is_absent(binding: &Binding) -> bool {
    match &binding.conversion {
        Conversion::Codes { table, .. } => table.absent.is_none(),
        Conversion::First(bindings) => bindings.iter().all(|binding| null_is_absent(binding)),
        _ => true,
    }
}

/// The columns of an object's values, where it is absent if all of them are NULL.
fn anchors(fields: &[ViewField]) -> Option<Vec<usize>> {
    fn gather(node: &ViewNode, columns: &mut Vec<usize>) -> bool {
        match node {
            ViewNode::Constant(_) => true,
            ViewNode::Value(reader) => {
                columns.extend(&reader.columns);
                reader.null_is_absent
            }
            ViewNode::Object { fields, .. } => {
                fields.iter().all(|field| gather(&field.node, columns))
            }
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
        Reader {
            null_is_absent: null_is_absent(binding),
            binding: Arc::clone(binding),
            columns: binding
                .columns
                .iter()
                .map(|expr| self.place(expr))
                .collect(),
        }
    }
}

struct Builder<'a> {
    selection: &'a Selection,
    own: Columns,
    /// By place in [`Source::children`]; None where no entry needs the child.
    children: Vec<Option<Columns>>,
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
        let mut fields = Vec::new();
        let mut mapped_meta = None;
        for field in &source.elements {
            if &*field.name == "meta" {
                mapped_meta = Some(field);
            } else if selection.keeps_top(field) {
                // Of a choice another alternative may be written.
                if let (Node::Constant(json), None) = (&field.node, &field.choice) {
                    given |= needs.met_by(&field.name, json);
                }
                fields.push(ViewField {
                    needs: needs.of_element(&field.name),
                    ..builder.field(field, None, &needs.parts)
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
        for field in &mut fields {
            renumber(&mut field.node, &places);
        }
        let fields = with_constants_joined(fields);
        let claims = needs.claims(given, beside_profiles(mapped_meta, selection));
        View {
            resource: source.resource,
            id_prefix: source.name.clone(),
            joins: Joins::of_source(&source.relation).of_exprs(&builder.own.list),
            columns: Shared::new(builder.own.list),
            id,
            last_updated,
            meta: claims.meta(claims.all),
            claims,
            fields,
            children,
        }
    }
}

/// Says of each choice where its alternatives end.
fn mark_last_alternatives(fields: &mut [ViewField]) {
    let mut after: Option<Arc<str>> = None;
    for field in fields.iter_mut().rev() {
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

/// The fields, each run of constants as one: written in one go.
fn with_constants_joined(mut fields: Vec<ViewField>) -> Vec<ViewField> {
    mark_last_alternatives(&mut fields);
    let mut joined: Vec<ViewField> = Vec::with_capacity(fields.len());
    for mut field in fields {
        if let (ViewNode::Constant(json), None) = (&field.node, &field.choice) {
            let text = format!("{}{json}", field.key);
            if let Some(before) = joined.last_mut()
                && matches!(before.node, ViewNode::Constant(_))
                && before.choice.is_none()
            {
                before.key = format!("{}{text}", before.key).into();
                before.mark |= field.mark;
                continue;
            }
            field.key = text.into();
            field.node = ViewNode::Constant(Arc::from(""));
        }
        joined.push(field);
    }
    joined
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
        Some(inside) if mark != 0 => ViewNode::Object {
            fields: vec![ViewField {
                key: format!(",{inside}").into(),
                need: Need::Optional,
                choice: None,
                mark,
                needs: Vec::new(),
                node: ViewNode::Constant(Arc::from("")),
                // A constant is never odd, so that no message names its place.
                place: mapping::Place {
                    file: Arc::from(""),
                    line: 0,
                },
            }],
            bound: false,
            anchors: Vec::new(),
        },
        _ => ViewNode::Constant(Arc::clone(json)),
    }
}

/// Entries name children by their place in the source; a view holds only those that it needs.
fn renumber(node: &mut ViewNode, places: &[Option<usize>]) {
    match node {
        ViewNode::Constant(_) | ViewNode::Value(_) => {}
        ViewNode::Object { fields, .. } => fields
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
            needs: Vec::new(),
            key: format!(",\"{}\":", field.name).into(),
            need: match (field.essential, field.required) {
                (true, _) => Need::Essential,
                (false, true) => Need::Required,
                (false, false) => Need::Optional,
            },
            choice: field.choice.as_ref().map(|of| Alternative {
                of: Arc::clone(of),
                name: element_name(&field.name).into(),
                last: !field.name.starts_with('_'),
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
        let fields = with_constants_joined(fields);
        let anchors = object
            .bound
            .then(|| anchors(&fields))
            .flatten()
            .unwrap_or_default();
        ViewNode::Object {
            fields,
            bound: object.bound,
            anchors,
        }
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
