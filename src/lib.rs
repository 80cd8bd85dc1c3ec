//! Pilaster: an HL7 FHIR R4 facade over the SQL databases of practice management systems.
pub mod cursor;
pub mod errors;
pub mod fhir;
pub mod search;
