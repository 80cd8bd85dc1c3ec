//! The embedded practice: a SQLite database of synthetic data with the tables of Bp Premier.
pub mod schema;
