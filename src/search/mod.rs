//! From the text of a search to its syntax tree.
//!
//! Takes a query string, a form body or both; gives a [`SearchRequest`]. The types of parameters come
//! from [`ParameterTypes`] (the R4 definitions, and whatever a mapping adds), because the grammar of a
//! value follows from the type of its parameter. Knows nothing of mappings, SQL or HTTP.

pub mod ast;

pub use ast::*;
