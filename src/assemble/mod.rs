//! Rows × a view → FHIR JSON: resources, and the Bundle around them; and JSON → XML, where that is asked for.
//!
//! A resource is written straight into the answer's bytes by a walk over its view, with no tree in
//! between. What turns out to be absent is taken back: an object whose bound values are all absent was
//! never there. No row fails an answer: what cannot be a FHIR value is left out, counted, and logged with
//! the mapping's line, never with the value.

mod bundle;
mod claims;
mod dates;
mod json;
mod resource;
#[cfg(test)]
mod tests;
mod values;
mod xml;

pub use bundle::{BundleWriter, EntryMode, Link};
pub use json::write_string;
pub use resource::{ChildRows, Outcome, ResourceWriter};
pub use xml::{XmlError, from_json as xml_from_json};

use jiff::tz::TimeZone;

/// What writing depends on besides rows and view.
#[derive(Debug, Clone)]
pub struct Site<'a> {
    /// The practice's zone: every `dateTime` and `instant` carries its offset for that day.
    pub zone: &'a TimeZone,
}
