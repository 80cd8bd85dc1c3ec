//! An expression as data: what is asked, of what, and where each part stands in the text.

use std::ops::Range;

use super::item::Item;

/// A part of an expression, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    pub of: Part,
    pub span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Literal(Item<'static>),
    /// `{}`
    Nothing,
    This,
    /// An element of what stands before it; of what is looked at, where nothing does.
    Name {
        of: Option<Box<Tree>>,
        name: String,
    },
    Index {
        of: Box<Tree>,
        index: Box<Tree>,
    },
    Call {
        of: Option<Box<Tree>>,
        call: Call,
    },
    Binary {
        operator: Operator,
        left: Box<Tree>,
        right: Box<Tree>,
    },
}

/// A function with what it takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Call {
    Where(Box<Tree>),
    Exists(Option<Box<Tree>>),
    All(Box<Tree>),
    Empty,
    Count,
    First,
    Last,
    Not,
    StartsWith(Box<Tree>),
    EndsWith(Box<Tree>),
    Contains(Box<Tree>),
    Extension(Box<Tree>),
    Is(TypeName),
    /// Of one value; of several it is an error.
    As(TypeName),
    OfType(TypeName),
}

/// A type of R4, without the `FHIR.` before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypeName(pub String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    In,
    Contains,
    And,
    Or,
}

impl Tree {
    pub(super) fn first_name(&self) -> Option<&str> {
        match &self.of {
            Part::Name { of: None, name } if name.starts_with(char::is_uppercase) => None,
            Part::Name { of: None, name } => Some(name),
            Part::Name { of: Some(of), name } => of.first_name().or(match of.of {
                // `Patient.name`
                Part::Name { of: None, .. } => Some(name),
                _ => None,
            }),
            Part::Index { of, .. } | Part::Call { of: Some(of), .. } => of.first_name(),
            Part::Binary { left, right, .. } => left.first_name().or(right.first_name()),
            _ => None,
        }
    }
}
