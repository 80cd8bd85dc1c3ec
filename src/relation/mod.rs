//! The vocabulary of tables that a mapping, a plan and a dialect share: columns, expressions,
//! predicates, selects.
//!
//! It holds no FHIR and, above all, no value of a request: a [`Select`] refers to values by [`Slot`],
//! and the values travel beside it. That a searched text cannot become SQL text is therefore a matter
//! of types: what is spelled into SQL comes from a mapping file, and nothing else fits in here.

mod collation;
mod expr;
mod joins;
mod select;
mod typed;
mod types;

pub use collation::Collation;
pub use expr::{
    Among, AmongFrom, Arithmetic, Case, CaseKey, Column, CompareOp, Elsewhere, Expr, Like,
    Measured, Predicate, RawSql, Slot,
};
pub use joins::Joins;
pub use select::{Child, ChildSelect, Join, Order, Select, Shared, Source, Table, TableSource};
pub use types::{Dialect, SqlType, Value};
