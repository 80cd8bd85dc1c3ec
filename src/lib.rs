//! Pilaster: an HL7 FHIR R4 facade over the SQL databases of practice management systems.
pub mod assemble;
pub mod cli;
pub mod collation;
pub mod cursor;
pub mod demo;
pub mod errors;
pub mod explain;
pub mod fhir;
pub mod mapping;
pub mod passthrough;
pub mod plan;
pub mod relation;
pub mod search;
pub mod secret;
pub mod server;
pub mod site;
pub mod sql;
