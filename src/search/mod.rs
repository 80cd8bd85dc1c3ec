//! From the text of a search to its syntax tree, and back.
//!
//! Takes a query string, a form body or both; gives a [`SearchRequest`]. The types of parameters come
//! from [`ParameterTypes`] (the R4 definitions, and whatever a mapping adds), because the grammar of a
//! value follows from the type of its parameter. Knows nothing of mappings, SQL or HTTP.
//!
//! | file | takes → gives |
//! |---|---|
//! | `decode` | bytes → name and value pairs, percent-decoded |
//! | `name` | `_has:A:b:c.d:exact` → steps and a leaf |
//! | `resolve` | steps and a leaf → the kind of the parameter at the end |
//! | `modifier` | a kind and a word → a modifier, or those that would do |
//! | `value`, `number`, `date`, `reference` | text of a value → [`Value`] |
//! | `result` | `_count`, `_sort`, … → the fields of the request |
//! | `parse` | all of these in turn |
//! | `print` | [`SearchRequest`] → its canonical text |
//! | `interval` | [`DateValue`] → the time that it covers at a site |
//! | `words` | the words of the specification and their enums, both ways |

pub mod ast;
mod date;
mod decode;
mod error;
mod interval;
mod modifier;
mod name;
mod number;
mod parse;
mod print;
mod reference;
mod resolve;
mod result;
#[cfg(test)]
mod tests;
mod value;
mod words;

pub use ast::*;
pub use error::{Place, SearchError};
pub use interval::Interval;
pub use modifier::allowed_modifiers;
pub use parse::parse;
pub use result::is_result_parameter;

/// The text of a search, as it came over the wire: still percent-encoded.
#[derive(Clone, Copy, Default)]
pub struct Input<'a> {
    /// What follows the `?` of the URL.
    pub query: &'a [u8],
    /// The `application/x-www-form-urlencoded` body of a POST to `_search`. Both together are ANDed.
    pub form: &'a [u8],
}

impl<'a> Input<'a> {
    /// A search by GET.
    pub fn query(query: &'a str) -> Self {
        Input {
            query: query.as_bytes(),
            form: b"",
        }
    }

    /// A search by POST without a query string.
    pub fn form(form: &'a [u8]) -> Self {
        Input { query: b"", form }
    }
}

/// What must be known of search parameters to read a search.
pub trait ParameterTypes {
    /// The kind of the parameter `name` of `resource` (those of every resource, such as `_id`,
    /// included); None if there is no such parameter.
    fn kind(&self, resource: &str, name: &str) -> Option<ParameterKind>;

    /// The kinds of a composite parameter's components, in order; None for any other parameter.
    fn components(&self, resource: &str, name: &str) -> Option<Vec<ParameterKind>>;

    /// The resource types that a reference parameter may lead to; empty where that is not known.
    fn reference_targets(&self, resource: &str, name: &str) -> Vec<&str>;
}

/// How much one search may hold. Whatever is over is refused before it costs anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the query string, still encoded.
    pub query_bytes: usize,
    /// Bytes of the form body, still encoded: larger, since a form is the way out of a long URL.
    pub form_bytes: usize,
    /// Parameters in query string and body together.
    pub parameters: usize,
    /// Values (parts between commas) of all parameters together.
    pub values: usize,
    /// Steps of one chain, `_has` counted as one.
    pub chain_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            query_bytes: 16 * 1024,
            form_bytes: 64 * 1024,
            parameters: 64,
            values: 256,
            chain_depth: 4,
        }
    }
}
