//! R4 facts: resource types, elements and their types, search parameters, OperationOutcome.
//!
//! Takes nothing but the text files under `r4/` and `au_core/`, which are part of the program; gives typed, immutable
//! tables that live as long as it does. They are read once, at first use, in a few milliseconds, and
//! most of what they hold are slices of that text. Knows nothing of databases or requests.
//!
//! | module | answers |
//! |---|---|
//! | [`definitions`] | which resource types there are; which elements a type has, of which types, how many, with which codes |
//! | [`primitive`] | whether a text has the form of a `date`, an `id`, a `decimal` … |
//! | [`xhtml`] | whether a text is the `div` of a narrative |
//! | [`search_parameters`] | which parameters a resource type has, of which kind, on which elements |
//! | [`compartment`] | which resources belong to a patient, an encounter, a practitioner |
//! | [`expression`] | what the FHIRPath of a search parameter says, as data, and where it leads in the definitions |
//! | [`fhirpath`] | what a FHIRPath expression finds in a resource |
//! | [`outcome`] | how a problem is said to a FHIR client |
//! | [`au_core`] | what AU Core asks of a server |
//! | [`capability`] | what a site answers: the one room here that reads a mapping |
//!
//! ```
//! use pilaster::fhir;
//!
//! let patient = fhir::structure("Patient").unwrap();
//! let deceased = patient.element("deceasedDateTime").unwrap();
//! assert_eq!(deceased.definition().name(), "deceased[x]");
//! assert_eq!(deceased.primitive(), Some(fhir::Primitive::DateTime));
//!
//! let phone = fhir::parameter("Patient", "phone").unwrap();
//! assert_eq!(phone.paths[0].to_string(), "Patient.telecom.where(system='phone')");
//! ```
//!
//! The files state their source and their form in their first lines. They come from HL7's own package
//! of R4 4.0.1 rather than from an implementation's copy, because such copies are altered: elements
//! added to Meta, whole resources replaced by R5's, targets widened.

pub mod au_core;
pub mod capability;
pub mod compartment;
pub mod definitions;
pub mod expression;
pub mod fhirpath;
pub mod outcome;
pub mod primitive;
pub mod search_parameters;
pub mod xhtml;

pub use capability::{Access, CapabilityStatement, StatementOptions};
pub use definitions::{
    Element, ElementRef, ElementType, ResourceType, Structure, StructureKind, TypeKind, ValueSet,
    resource_type, resource_types, structure, structures, value_set,
};
pub use expression::{ElementPath, Step, StepFilter, Test};
pub use outcome::{Issue, OperationOutcome, Severity};
pub use primitive::Primitive;
pub use search_parameters::{Component, SearchParameter, parameter, parameters};

/// The system that R4 §3.1.1.4.10 implies for the codes `true` and `false` of a boolean.
pub const BOOLEAN_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/special-values";
