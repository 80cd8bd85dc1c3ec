//! Which elements an answer holds, and which columns they take.
//!
//! A view is a source's resource as one answer needs it: whole, or cut down by `_summary` and
//! `_elements`. It is made once for each such selection and kept: its nodes carry the places of their
//! columns in a row and the JSON text that stands around them, so that writing a resource is a walk
//! without look-ups.

use std::sync::Arc;

use smallvec::SmallVec;

use super::claims::{Claims, ViewNeed};
use crate::mapping::{self, Binding};
use crate::relation::{Child, Expr, Shared};
use crate::search::Summary;

mod build;
mod tight;

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
    pub elements: Vec<ViewElement>,
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

/// A top-level element.
#[derive(Debug)]
pub struct ViewElement {
    pub field: ViewField,
    /// What profiles need of it.
    pub needs: Vec<ViewNeed>,
}

#[derive(Debug)]
pub struct ViewField {
    /// `,"family":`; of a constant the whole of it, `,"system":"phone"`, with the constants next to it.
    pub key: Box<str>,
    pub node: ViewNode,
    pub need: Need,
    /// Among several alternatives of a choice, of which one is written.
    pub choice: Option<Box<Alternative>>,
    /// Bits of the parts of profiles' needs that this field is.
    pub mark: u64,
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
    /// An object or a list of which only one value is not constant, and which is nothing without it.
    Wrapped(Box<Wrapped>),
    Object(Box<ViewObject>),
    List(Vec<ViewEntry>),
    /// There where the column at the place is 1.
    When(usize, Box<ViewNode>),
}

/// A value between constant texts: `{"system":"phone","value":` and `}`.
#[derive(Debug)]
pub struct Wrapped {
    pub before: Box<str>,
    pub reader: Reader,
    pub after: Box<str>,
    /// The marks of all fields in it.
    pub marks: u64,
    /// Of the value.
    pub place: mapping::Place,
}

#[derive(Debug)]
pub struct ViewObject {
    pub fields: Vec<ViewField>,
    /// Without a value from a column it is absent.
    pub bound: bool,
    /// Where every one of these columns is NULL there is nothing of the object; empty where that cannot
    /// be said of columns alone.
    pub anchors: Vec<usize>,
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
    pub columns: SmallVec<[u16; 4]>,
    /// The column of a value that is its text as it is: most are.
    pub text: Option<u16>,
    /// Where every column is NULL there is no value: so for all but a code table that gives NULL a code.
    pub null_is_absent: bool,
}
