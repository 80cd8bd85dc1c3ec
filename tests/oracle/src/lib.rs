//! The tests' judge of R4 resources.
//!
//! Takes JSON, or JSON and XML; says whether fhirbolt's typed model of R4 reads it in strict mode: no element
//! that R4 does not have, none missing that R4 requires, each with its JSON type; and whether JSON and XML are the
//! same resource. Regexes of primitives, bindings of code systems and invariants are not looked at.
//!
//! A crate of its own, with functions that are not generic: fhirbolt's generics are instantiated in the
//! crate that calls them, minutes of work, and here that is once.

use fhirbolt::model::r4::Resource;
use fhirbolt::serde::{DeserializationConfig, DeserializationMode};

/// Reads a resource (a Bundle too, with all that is in it) as R4 defines it.
///
/// # Errors
/// What the model does not know, misses or reads with another type.
pub fn strict_r4(json: &str) -> Result<(), String> {
    from_json(json).map(drop)
}

/// Reads a resource's JSON and XML as R4 defines them, and compares what was read.
///
/// # Errors
/// What the model does not know, misses or reads with another type; that they differ.
pub fn strict_r4_twice(json: &str, xml: &str) -> Result<(), String> {
    let from_xml = fhirbolt::xml::from_str::<Resource>(xml, Some(STRICT))
        .map_err(|error| format!("XML: {error}"))?;
    if from_json(json)? != from_xml {
        return Err("JSON and XML differ".to_owned());
    }
    Ok(())
}

const STRICT: DeserializationConfig = DeserializationConfig {
    mode: DeserializationMode::Strict,
};

fn from_json(json: &str) -> Result<Resource, String> {
    fhirbolt::json::from_str(json, Some(STRICT)).map_err(|error| format!("JSON: {error}"))
}
