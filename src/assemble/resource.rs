//! One row (and its children's rows) → one resource, as JSON.

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Site;
use super::claims;
use super::dates;
use super::values::{self, Written};
use crate::mapping::Place;
use crate::passthrough::{CellRef, RowRef, Rows};
use crate::plan::{
    Alternative, ChildView, Need, Reader, View, ViewElement, ViewEntry, ViewField, ViewNeed,
    ViewNode, ViewObject,
};
use crate::relation::Expr;

/// The rows of a child table, found by the parent that they belong to.
#[derive(Debug, Default)]
pub struct ChildRows {
    /// As they were read.
    read: Vec<Rows>,
    keys: usize,
    /// Which of what was read, and which row.
    by_parent: FxHashMap<Key, Vec<(usize, usize)>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum KeyPart {
    Int(i64),
    Text(Box<[u8]>),
}

type Key = SmallVec<[KeyPart; 1]>;

/// A parent's key as both sides compare: text without trailing blanks and, where the column's collation
/// ignores it, without case, as the databases join it. Where case tells two parents apart, neither must
/// be given the other's children. What is declared as
/// a whole number may be kept as text, and the other way round: both sides are read as what they are declared as.
fn key<'c>(view: &ChildView, cells: impl Iterator<Item = CellRef<'c>>) -> Option<Key> {
    cells
        .zip(&view.child.on)
        .map(|(cell, (column, parent))| match cell {
            CellRef::Int(number) if is_integer(column) || is_integer(parent) => {
                Some(KeyPart::Int(number))
            }
            CellRef::Int(number) => {
                let mut digits = [0; 20];
                let text = super::json::integer_text(number, &mut digits);
                Some(KeyPart::Text(text.as_bytes().into()))
            }
            CellRef::Text(bytes) if is_integer(column) || is_integer(parent) => {
                let text = std::str::from_utf8(bytes).ok()?;
                text.trim().parse().ok().map(KeyPart::Int)
            }
            CellRef::Text(bytes) => {
                let mut text: Box<[u8]> = bytes.trim_ascii_end().into();
                if ignores_case(column) {
                    text.make_ascii_lowercase();
                }
                Some(KeyPart::Text(text))
            }
            CellRef::Null | CellRef::Real(_) | CellRef::Bytes(_) => None,
        })
        .collect()
}

fn is_integer(column: &Expr) -> bool {
    match column {
        Expr::Column(column) => column.ty.is_integer(),
        Expr::Raw(raw) => raw.ty.is_integer(),
        _ => false,
    }
}

fn ignores_case(column: &Expr) -> bool {
    let collation = match column {
        Expr::Column(column) => column.collation.as_deref(),
        Expr::Raw(raw) => raw.collation.as_deref(),
        _ => None,
    };
    collation.is_some_and(|collation| {
        // SQLite's own, which knows ASCII only and so is no case-insensitive search.
        collation.ignores_case || collation.name.eq_ignore_ascii_case("NOCASE")
    })
}

impl ChildRows {
    /// `rows` begin with the columns of the child's `on`, as a child's select asks for them.
    pub fn new(view: &ChildView, rows: Rows) -> ChildRows {
        let mut children = ChildRows::default();
        children.add(view, rows);
        children
    }

    /// Takes in the rows of further parents.
    pub fn add(&mut self, view: &ChildView, rows: Rows) {
        self.keys = view.child.on.len();
        for row in 0..rows.len() {
            if let Some(key) = key(view, (0..self.keys).map(|column| rows.cell(row, column))) {
                let of_parent = self.by_parent.entry(key).or_default();
                of_parent.push((self.read.len(), row));
            }
        }
        self.read.push(rows);
    }

    fn of<'r>(
        &'r self,
        view: &ChildView,
        parent: RowRef<'_>,
    ) -> impl Iterator<Item = RowRef<'r>> + use<'r> {
        key(view, view.parent.iter().map(|&column| parent.cell(column)))
            .and_then(|key| self.by_parent.get(&key))
            .into_iter()
            .flatten()
            .map(|&(read, row)| self.read[read].row(row).without(self.keys))
    }
}

fn has_only_null(reader: &Reader, row: RowRef<'_>) -> bool {
    let is_null = |&column| row.is_null(usize::from(column));
    reader.null_is_absent && reader.columns.iter().all(is_null)
}

/// Nothing but NULL is there, and NULL is no value: known without writing anything.
fn is_null(node: &ViewNode, row: RowRef<'_>) -> bool {
    match node {
        ViewNode::Value(reader) => has_only_null(reader, row),
        ViewNode::Wrapped(wrapped) => has_only_null(&wrapped.reader, row),
        ViewNode::When(_, node) => is_null(node, row),
        _ => false,
    }
}

/// Which alternative of the choice at hand is written.
#[derive(Default)]
struct Chosen<'v>(Option<&'v Alternative>);

impl<'v> Chosen<'v> {
    /// Another alternative of the field's choice is written.
    fn excludes(&self, field: &ViewField) -> bool {
        matches!((self.0, &field.choice), (Some(chosen), Some(own))
            if chosen.of == own.of && chosen.name != own.name)
    }

    fn take(&mut self, field: &'v ViewField) {
        if field.choice.is_some() {
            self.0 = field.choice.as_deref();
        }
    }
}

/// The object cannot be without the field, which is absent; nor will another of its choice come.
fn is_missed(field: &ViewField) -> bool {
    field.need != Need::Optional && field.choice.as_ref().is_none_or(|choice| choice.last)
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its resource was appended.
    Written,
    /// It cannot be a resource: its id is none, or a required element is absent. Nothing was appended.
    LeftOut,
}

/// Writes resources of one view.
pub struct ResourceWriter<'v> {
    view: &'v View,
    site: Site<'v>,
    children: &'v [ChildRows],
    /// Everything up to the id's text.
    head: Vec<u8>,
    /// The places of the mapping where a row held what cannot be a FHIR value, in the order met.
    pub odd: Vec<&'v Place>,
    /// What of the profiles' needs the resource at hand meets.
    met: u64,
    /// The parts of needs that the entry at hand has.
    marks: u64,
    /// What profiles need of the list that is written next.
    watched: &'v [ViewNeed],
}

/// What a node came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Absent,
    Constant,
    /// A value from a column is in it.
    Bound,
}

impl<'v> ResourceWriter<'v> {
    /// `children` are those of [`View::children`], in order.
    pub fn new(view: &'v View, site: Site<'v>, children: &'v [ChildRows]) -> ResourceWriter<'v> {
        let mut head = format!("{{\"resourceType\":\"{}\",\"id\":\"", view.resource).into_bytes();
        if let Some(prefix) = &view.id_prefix {
            head.extend_from_slice(prefix.as_bytes());
            head.push(b'-');
        }
        ResourceWriter {
            view,
            site,
            children,
            head,
            odd: Vec::new(),
            met: 0,
            marks: 0,
            watched: &[],
        }
    }

    /// Appends the resource of a row.
    pub fn write(&mut self, out: &mut Vec<u8>, rows: &'v Rows, row: usize) -> Outcome {
        let start = out.len();
        let row = rows.row(row);
        out.extend_from_slice(&self.head);
        if !self.id(out, row) {
            out.truncate(start);
            return Outcome::LeftOut;
        }
        out.push(b'"');
        let meta = out.len();
        self.meta(out, row);
        let after_meta = out.len();
        let view = self.view;
        self.met = view.claims.given | claims::met_by_row(&view.claims, row, self.site.zone);
        let mut chosen = Chosen::default();
        for element in &view.elements {
            let field = &element.field;
            if chosen.excludes(field) || field.need == Need::Optional && is_null(&field.node, row) {
                continue;
            }
            let mark = out.len();
            out.extend_from_slice(field.key.as_bytes());
            if self.top(out, element, row) != Presence::Absent {
                chosen.take(field);
                continue;
            }
            out.truncate(mark);
            if is_missed(field) {
                self.odd.push(&field.place);
                out.truncate(start);
                return Outcome::LeftOut;
            }
        }
        out.push(b'}');
        if self.met & view.claims.all != view.claims.all {
            self.claim_less(out, meta, after_meta);
        }
        Outcome::Written
    }

    /// A top-level element, and what profiles need of it.
    fn top(&mut self, out: &mut Vec<u8>, element: &'v ViewElement, row: RowRef<'v>) -> Presence {
        let ViewElement { field, needs } = element;
        if needs.is_empty() {
            return self.node(out, &field.node, row, row, &field.place);
        }
        self.marks = 0;
        let is_list = matches!(field.node, ViewNode::List(_));
        // A list looks at each of its entries.
        self.watched = if is_list { needs } else { &[] };
        let presence = self.node(out, &field.node, row, row, &field.place);
        if presence != Presence::Absent {
            let whole = needs.iter().filter(|need| need.parts == 0);
            self.met = whole.fold(self.met, |met, need| met | need.bit);
            if !is_list {
                self.meet(needs);
            }
        }
        presence
    }

    /// The entry at hand is whole: which needs it meets.
    fn meet(&mut self, needs: &[ViewNeed]) {
        for need in needs {
            if need.parts != 0 && self.marks & need.parts == need.parts {
                self.met |= need.bit;
            }
        }
    }

    /// `meta` was written, from `from` to `to`, as if every need were met: it usually is.
    fn claim_less(&self, out: &mut Vec<u8>, from: usize, to: usize) {
        let text = self.view.claims.meta(self.met);
        let start = to - 1 - self.view.meta.len();
        out.splice(start..to - 1, text.bytes());
        if text.is_empty() {
            // With nothing after it, `lastUpdated` has no comma; without that there is no `meta`.
            let nothing = match out[start - 1] {
                b',' => start - 1..start,
                _ => from..start + 1,
            };
            out.drain(nothing);
        }
    }

    /// The id of a row, without its source's name; None where it is not an id.
    pub fn id_of(&self, rows: &Rows, row: usize) -> Option<String> {
        let mut out = Vec::new();
        let row = rows.row(row);
        out.extend_from_slice(self.view.id_prefix.as_deref().unwrap_or("").as_bytes());
        if self.view.id_prefix.is_some() {
            out.push(b'-');
        }
        self.id(&mut out, row)
            .then(|| String::from_utf8(out).ok())
            .flatten()
    }

    fn id(&self, out: &mut Vec<u8>, row: RowRef<'_>) -> bool {
        let start = out.len();
        for (index, &column) in self.view.id.iter().enumerate() {
            if index > 0 {
                out.push(b'.');
            }
            match row.cell(column) {
                CellRef::Int(number) => super::json::write_integer(out, number),
                CellRef::Text(bytes) => out.extend_from_slice(bytes.trim_ascii()),
                CellRef::Null | CellRef::Real(_) | CellRef::Bytes(_) => return false,
            }
        }
        let prefix = self
            .view
            .id_prefix
            .as_ref()
            .map_or(0, |prefix| prefix.len() + 1);
        std::str::from_utf8(&out[start..])
            .is_ok_and(|id| values::is_id(id) && id.len() + prefix <= 64)
    }

    /// When a row last changed; None where that is not mapped or not known.
    pub fn last_updated(&self, rows: &Rows, row: usize) -> Option<Timestamp> {
        let reader = self.view.last_updated.as_ref()?;
        let row = rows.row(row);
        dates::timestamp(&reader.binding, &reader.columns, row, self.site.zone)
    }

    fn meta(&mut self, out: &mut Vec<u8>, row: RowRef<'_>) {
        let mark = out.len();
        out.extend_from_slice(b",\"meta\":{");
        let inside = out.len();
        if let Some(reader) = &self.view.last_updated {
            let before = out.len();
            out.extend_from_slice(b"\"lastUpdated\":");
            match values::write(out, &reader.binding, &reader.columns, row, self.site.zone) {
                Written::Value => {}
                written => {
                    out.truncate(before);
                    if written == Written::Odd {
                        self.odd.push(&reader.binding.place);
                    }
                }
            }
        }
        if !self.view.meta.is_empty() {
            if out.len() > inside {
                out.push(b',');
            }
            out.extend_from_slice(self.view.meta.as_bytes());
        }
        if out.len() == inside {
            out.truncate(mark);
        } else {
            out.push(b'}');
        }
    }

    /// `parent` is the row of the page; `row` the one whose columns the node names. Most nodes are constants and
    /// values, written here; what holds others is written by [`Self::compound`].
    #[inline]
    fn node(
        &mut self,
        out: &mut Vec<u8>,
        node: &'v ViewNode,
        row: RowRef<'v>,
        parent: RowRef<'v>,
        place: &'v Place,
    ) -> Presence {
        match node {
            ViewNode::Constant(json) => {
                out.extend_from_slice(json.as_bytes());
                Presence::Constant
            }
            ViewNode::Value(reader) => self.value(out, reader, row, place),
            ViewNode::Wrapped(wrapped) => {
                let start = out.len();
                out.extend_from_slice(wrapped.before.as_bytes());
                let presence = self.value(out, &wrapped.reader, row, &wrapped.place);
                if presence == Presence::Absent {
                    out.truncate(start);
                } else {
                    out.extend_from_slice(wrapped.after.as_bytes());
                    self.marks |= wrapped.marks;
                }
                presence
            }
            _ => self.compound(out, node, row, parent, place),
        }
    }

    #[inline]
    fn value(
        &mut self,
        out: &mut Vec<u8>,
        reader: &'v Reader,
        row: RowRef<'v>,
        place: &'v Place,
    ) -> Presence {
        let start = out.len();
        let written = match reader.text {
            Some(column) => values::write_text(out, row.cell(usize::from(column))),
            None => values::write(out, &reader.binding, &reader.columns, row, self.site.zone),
        };
        match written {
            Written::Value => Presence::Bound,
            written => {
                out.truncate(start);
                if written == Written::Odd {
                    self.odd.push(place);
                }
                Presence::Absent
            }
        }
    }

    /// An object, a list, or what a condition decides on.
    fn compound(
        &mut self,
        out: &mut Vec<u8>,
        node: &'v ViewNode,
        row: RowRef<'v>,
        parent: RowRef<'v>,
        place: &'v Place,
    ) -> Presence {
        match node {
            ViewNode::Object(object) => self.object(out, object, row, parent),
            ViewNode::List(entries) => self.list(out, entries, row, parent, place),
            ViewNode::When(column, _) if row.cell(*column) != CellRef::Int(1) => Presence::Absent,
            // That the condition holds is a value of the row's.
            ViewNode::When(_, node) => match self.node(out, node, row, parent, place) {
                Presence::Absent => Presence::Absent,
                Presence::Constant | Presence::Bound => Presence::Bound,
            },
            simple @ (ViewNode::Constant(_) | ViewNode::Value(_) | ViewNode::Wrapped(_)) => {
                self.node(out, simple, row, parent, place)
            }
        }
    }

    fn object(
        &mut self,
        out: &mut Vec<u8>,
        object: &'v ViewObject,
        row: RowRef<'v>,
        parent: RowRef<'v>,
    ) -> Presence {
        let anchors = &object.anchors;
        if !anchors.is_empty() && anchors.iter().all(|&column| row.is_null(column)) {
            return Presence::Absent;
        }
        let start = out.len();
        let marks = self.marks;
        out.push(b'{');
        let mut found = Presence::Absent;
        let mut missing = None;
        let mut chosen = Chosen::default();
        for field in &object.fields {
            if chosen.excludes(field) {
                continue;
            }
            if is_null(&field.node, row) {
                if is_missed(field) {
                    missing = Some(field);
                }
                continue;
            }
            let mark = out.len();
            // Before the first there is nothing to set apart.
            let from = usize::from(found == Presence::Absent);
            out.extend_from_slice(&field.key.as_bytes()[from..]);
            match self.node(out, &field.node, row, parent, &field.place) {
                Presence::Absent => {
                    out.truncate(mark);
                    if is_missed(field) {
                        missing = Some(field);
                    }
                    continue;
                }
                Presence::Bound => {
                    found = Presence::Bound;
                    self.marks |= field.mark;
                }
                Presence::Constant => {
                    if found == Presence::Absent {
                        found = Presence::Constant;
                    }
                    self.marks |= field.mark;
                }
            }
            chosen.take(field);
        }
        if found == Presence::Bound
            && let Some(field) = missing
            && field.need == Need::Required
        {
            // Something is there, but not what R4 requires beside it.
            self.odd.push(&field.place);
        }
        if found == Presence::Absent
            || missing.is_some()
            || (object.bound && found != Presence::Bound)
        {
            out.truncate(start);
            self.marks = marks;
            return Presence::Absent;
        }
        out.push(b'}');
        found
    }

    fn list(
        &mut self,
        out: &mut Vec<u8>,
        entries: &'v [ViewEntry],
        row: RowRef<'v>,
        parent: RowRef<'v>,
        place: &'v Place,
    ) -> Presence {
        let start = out.len();
        let watched = std::mem::take(&mut self.watched);
        out.push(b'[');
        let mut found = Presence::Absent;
        for entry in entries {
            match entry.each {
                None => {
                    self.watch(watched, |writer| {
                        writer.entry(out, entry, row, parent, place, &mut found);
                    });
                }
                Some(index) => {
                    let (Some(view), Some(child)) =
                        (self.view.children.get(index), self.children.get(index))
                    else {
                        continue;
                    };
                    for row in child.of(view, parent) {
                        self.watch(watched, |writer| {
                            writer.entry(out, entry, row, parent, place, &mut found);
                        });
                    }
                }
            }
        }
        if found == Presence::Absent {
            out.truncate(start);
        } else {
            out.push(b']');
        }
        found
    }

    /// Writes an entry of a list of which profiles need something; without such needs the marks are those of
    /// an entry around it.
    fn watch(&mut self, needs: &'v [ViewNeed], write: impl FnOnce(&mut Self)) {
        if needs.is_empty() {
            return write(self);
        }
        self.marks = 0;
        write(self);
        self.meet(needs);
    }

    fn entry(
        &mut self,
        out: &mut Vec<u8>,
        entry: &'v ViewEntry,
        row: RowRef<'v>,
        parent: RowRef<'v>,
        place: &'v Place,
        found: &mut Presence,
    ) {
        if let Some(column) = entry.condition
            && row.cell(column) != CellRef::Int(1)
        {
            return;
        }
        if is_null(&entry.node, row) {
            return;
        }
        let mark = out.len();
        if *found != Presence::Absent {
            out.push(b',');
        }
        match self.node(out, &entry.node, row, parent, place) {
            Presence::Absent => out.truncate(mark),
            // A row's condition, or its being a row of a child, is a value too.
            Presence::Constant
                if entry.condition.is_none()
                    && entry.each.is_none()
                    && *found != Presence::Bound =>
            {
                *found = Presence::Constant;
            }
            _ => *found = Presence::Bound,
        }
    }
}
