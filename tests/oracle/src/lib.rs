//! The tests' judge of R4 resources.
//!
//! Takes JSON; says whether fhirbolt's typed model of R4 reads it in strict mode: no element that R4 does
//! not have, none missing that R4 requires, each with its JSON type. Regexes of primitives, bindings of
//! code systems and invariants are not looked at.
//!
//! A crate of its own, with one function that is not generic: fhirbolt's generics are instantiated in the
//! crate that calls them, minutes of work, and here that is once.

use fhirbolt::model::r4::Resource;
use fhirbolt::serde::{DeserializationConfig, DeserializationMode};

/// Reads a resource (a Bundle too, with all that is in it) as R4 defines it.
///
/// # Errors
/// What the model does not know, misses or reads with another type.
pub fn strict_r4(json: &str) -> Result<(), String> {
    let config = DeserializationConfig {
        mode: DeserializationMode::Strict,
    };
    fhirbolt::json::from_str::<Resource>(json, Some(config))
        .map(drop)
        .map_err(|error| error.to_string())
}
