//! FHIRPath, as far as it is used to say what must be true of a resource.
//!
//! Takes an expression's text and a resource as JSON; gives the collection that the expression stands for
//! (<http://hl7.org/fhirpath/N1/>). Written here because the crates that there are bring
//! generated models of all of FHIR, which take longer to build than the rest of the program, or are not kept up.
//!
//! What there is of the language:
//!
//! | | |
//! |---|---|
//! | paths | `name.family`, `name[0]`, `$this`; the resource's own type may begin one: `Patient.name` |
//! | choices | by their stem: `value` is what JSON calls `valueQuantity`; `value.ofType(Quantity)` is only that |
//! | collections | `where(…)` `exists()` `exists(…)` `all(…)` `empty()` `count()` `first()` `last()` `not()` |
//! | types | `is T` `as T` `is(T)` `as(T)` `ofType(T)` |
//! | texts | `startsWith(…)` `endsWith(…)` `contains(…)` |
//! | extensions | `extension('url')`, also of a primitive |
//! | operators | `=` `!=` `<` `<=` `>` `>=` `in` `contains` `and` `or` and the union `\|` |
//! | literals | `'text'` `5` `1.5` `true` `@2020-05-17` `@2020-05-17T10:30:00+10:00` `@T10:30` and `{}` for nothing |
//!
//! Everything else is refused with its place. So is a name that R4 does not have ([`Expression::check`]), and a date
//! compared with a text, which the language calls unequal whatever they hold. Where an operand is empty the result is
//! empty, as the specification asks; where one value is needed and there are several, that is an error.
//!
//! | file | takes → gives |
//! |---|---|
//! | `token` | text → tokens with their places |
//! | `syntax` | tokens → the expression's tree |
//! | `tree` | the tree itself |
//! | `check` | a tree and the type that it looks at → names that the type does not have |
//! | `item` | values of a resource and literals → what can be compared |
//! | `moment` | dates, times and both → their order, where their precision decides it |
//! | `evaluate` | a tree and a resource → a collection |

mod check;
mod evaluate;
mod item;
mod moment;
mod syntax;
#[cfg(test)]
mod tests;
mod token;
mod tree;

use std::ops::Range;

use serde_json::Value;
use thiserror::Error;

pub use item::Item;
pub(crate) use syntax::FUNCTIONS;

/// What is wrong, and where in the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{fault}")]
pub struct PathError {
    /// Bytes of the expression.
    pub span: Range<usize>,
    pub fault: Fault,
}

/// What is wrong with an expression, or with what it found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    #[error("the expression is empty")]
    Empty,
    #[error("the expression has more than {} names and signs", token::MOST)]
    TooLong,
    #[error("the expression ends here, and {0} is missing")]
    Ends(&'static str),
    #[error("{expected} belongs here")]
    Expected { expected: &'static str },
    #[error("the text is not closed: it ends with `'`")]
    OpenText,
    #[error("this is no sign of FHIRPath")]
    Unreadable,
    #[error(
        "this is no date or time; they are written `@2020-05-17`, `@2020-05-17T10:30:00+10:00`, `@T10:30`"
    )]
    Moment,
    /// A part of the language that is not there.
    #[error("{0} of FHIRPath is not to be had here")]
    Unsupported(&'static str),
    #[error("there is no function `{0}` here")]
    UnknownFunction(String),
    #[error("`{name}()` takes {takes}")]
    Arguments {
        name: &'static str,
        takes: &'static str,
    },
    #[error("R4 has no type `{0}`")]
    UnknownType(String),
    #[error("{holder} has no element `{name}`")]
    NoElement { holder: String, name: String },
    /// `valueQuantity`
    #[error("`{name}` is the name in JSON; FHIRPath calls the element `{stem}`")]
    ChoiceName {
        name: String,
        stem: &'static str,
        ty: &'static str,
    },
    #[error("one value is needed, and there are {0}")]
    Several(usize),
    #[error("{left} and {right} cannot be compared")]
    Incomparable {
        left: &'static str,
        right: &'static str,
    },
    #[error("a text is needed, and this is {0}")]
    NoText(&'static str),
    #[error("a whole number is needed, and this is {0}")]
    NoIndex(&'static str),
}

impl Fault {
    pub(self) fn at(self, span: &Range<usize>) -> PathError {
        PathError {
            span: span.clone(),
            fault: self,
        }
    }
}

/// An expression that can be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    tree: tree::Tree,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is no FHIRPath, or a part of it that is not to be had here.
    pub fn parse(text: &str) -> Result<Expression, PathError> {
        Ok(Expression {
            tree: syntax::parse(text)?,
        })
    }

    /// Holds its names against R4's definition of the type that it is to look at: `Patient`. Behind what may be of any
    /// type (`Bundle.entry.resource`) nothing is held against anything.
    ///
    /// # Errors
    /// The first element that its holder does not have.
    pub fn check(&self, resource: &str) -> Result<(), PathError> {
        check::check(&self.tree, resource)
    }

    /// What the expression stands for, of a resource; empty where it leads to nothing.
    ///
    /// # Errors
    /// Where one value is needed and there are several, or values cannot be compared.
    pub fn evaluate<'v>(&'v self, resource: &'v Value) -> Result<Vec<Item<'v>>, PathError> {
        evaluate::evaluate(&self.tree, resource)
    }

    /// The element that it begins with, for showing what it looked at: `telecom`.
    pub fn first_name(&self) -> Option<&str> {
        self.tree.first_name()
    }
}
