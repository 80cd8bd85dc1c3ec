//! Mapping files → a checked [`Mapping`], or every problem with its place.

pub mod derive;
pub mod model;

pub use model::*;
